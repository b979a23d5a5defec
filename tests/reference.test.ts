// The reference set, computed by PyTorch in float64: every case by name, every invalid call refused.

import { describe, expect, it } from "vitest";
import { ones } from "../src/index.js";
import { callers, differencesOf, referenceSet } from "./support/referenceCases.js";

describe("reference set", () => {
  it.for(referenceSet.cases)("$group › $name", (one, { skip }) => {
    skip(one.tags?.includes("optional") === true, "asks more than plain float32 gives");
    expect(differencesOf(one)).toEqual([]);
  });

  it("refuses what a case says and nothing reads", () => {
    const dense = referenceSet.cases.find(({ op }) => op === "dense");
    if (dense === undefined) throw new Error("the set has no dense product");
    const found = differencesOf({ ...dense, attrs: { ...dense.attrs, rho: 0.9 } });
    expect(found).toEqual(["nothing reads the attribute rho"]);
  });

  it.each(referenceSet.invalid)("$op refuses: $why", ({ op, attrs, shapes }) => {
    const inputs = Object.fromEntries(Object.entries(shapes).map(([role, shape]) => [role, ones(shape)]));
    expect(() => callers[op](attrs)(inputs)).toThrow(/^\w+: .+ must .+, got /);
  });
});
