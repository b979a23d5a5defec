// The reference set, computed by PyTorch in float64: every case by name, every invalid call refused.

import { describe, expect, it } from "vitest";
import { ones } from "../src/index.js";
import { callers, differencesOf, isKnown, referenceSet } from "./support/referenceCases.js";

describe("reference set", () => {
  const cases = referenceSet.cases.filter(isKnown);

  it.each(cases)("$group › $name", (one) => {
    expect(differencesOf(one)).toEqual([]);
  });

  it.each(referenceSet.invalid)("$op refuses: $why", ({ op, attrs, shapes }) => {
    const inputs = Object.fromEntries(Object.entries(shapes).map(([role, shape]) => [role, ones(shape)]));
    expect(() => callers[op](attrs)(inputs)).toThrow(new RegExp(`^${op}: .+ must .+, got `));
  });
});
