// Laws of the benchmarks: what they time is what they say.

import { describe, expect, it } from "vitest";
import { CASES } from "../bench/cases.js";
import { withTrial } from "../bench/support.js";

describe("the case", () => {
  it.each(CASES.map((one) => [one.title, one] as const))("%s agrees with its definition", (_, one) => {
    expect(withTrial(one, (run) => typeof run)).toBe("function");
  });

  it("has a name of its own", () => {
    expect(new Set(CASES.map(({ title }) => title)).size).toBe(CASES.length);
  });
});
