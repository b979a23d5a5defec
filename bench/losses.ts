// Benchmarks of binary cross-entropy, element by element, at one million of them.

import * as kernels from "../src/wasm/generated.js";
import { type Case, poisonedTensor, randomTensor } from "./support.js";

const COUNT = 1_000_000;
const BOUNDS = { low: Math.fround(1e-7), high: Math.fround(1 - 1e-7) };

interface Loss {
  readonly title: string;
  readonly low: number;
  readonly high: number;
  readonly kernel: typeof kernels.bceLogits;
  readonly definition: (x: number, target: number) => number;
}

const LOSSES: readonly Loss[] = [
  {
    title: "binary cross-entropy of logits",
    low: -10,
    high: 10,
    kernel: kernels.bceLogits,
    definition: (z, target) => Math.max(z, 0) - z * target + Math.log1p(Math.exp(-Math.abs(z))),
  },
  {
    title: "binary cross-entropy of probabilities",
    low: 0,
    high: 1,
    kernel: ({ z, t, y, n }) => kernels.bceProbabilities({ p: z, t, y, n, ...BOUNDS }),
    definition: (p, target) => {
      const cut = Math.min(Math.max(p, BOUNDS.low), BOUNDS.high);
      return -target * Math.log(cut) - (1 - target) * Math.log1p(-cut);
    },
  },
];

function lossCase({ title, low, high, kernel, definition }: Loss): Case {
  return {
    title: `${title} 1,000,000`,
    work: { bytes: 12 * COUNT, elements: COUNT },
    prepare() {
      const x = randomTensor(1, [COUNT], low, high);
      const target = randomTensor(2, [COUNT], 0, 1);
      const y = poisonedTensor([COUNT]);
      const run = () => {
        kernel({ z: x, t: target, y, n: COUNT });
        return y;
      };
      // Terms as large as the logits cancel; a few units of their last place are left.
      const bound = 2 ** -21 * Math.max(high, 1);
      const expected = (index: number) => ({ value: definition(x.data[index], target.data[index]), bound });
      return { run, expected };
    },
  };
}

export const lossCases: readonly Case[] = LOSSES.map(lossCase);
