// The order in which test files start: those that take longest first, so that none of them runs alone at the end.

import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files of more than some seconds; random calls, whose time is bounded, not beside the build of the package. */
const LONGEST = [
  "tests/package/package",
  "tests/cli/options",
  "tests/wasm/run",
  "tests/fuzz/",
  "tests/documentation",
  "tests/wasm/residence",
  "tests/cli/train",
  "tests/bench",
  "tests/cli/kill",
];

/** vitest's sequencer, with the longest files in front. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rankOf = ({ moduleId }: TestSpecification): number => {
      const rank = LONGEST.findIndex((path) => moduleId.includes(`/${path}`));
      return rank < 0 ? LONGEST.length : rank;
    };
    return (await super.sort(files)).sort((a, b) => rankOf(a) - rankOf(b));
  }
}
