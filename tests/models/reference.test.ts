// The whole models of the reference set, as public autoencoders and VAEs, on both binaries.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configure } from "../../src/index.js";
import { differencesOf, referenceSet } from "../support/referenceCases.js";

const models = referenceSet.cases.filter(({ op }) => op === "trainModel");

describe.each([
  { binary: "simd", relaxedSimd: false },
  { binary: "relaxed", relaxedSimd: true },
])("public models on the $binary binary", ({ relaxedSimd }) => {
  beforeAll(() => configure({ relaxedSimd }));
  afterAll(() => configure({ relaxedSimd: "auto" }));

  it.each(models)("train as the reference does, $name", (one) => {
    expect(differencesOf(one)).toEqual([]);
  });
});

describe("the reference set", () => {
  it("holds whole models of both kinds", () => {
    const kinds = new Set(models.map(({ attrs }) => (attrs as unknown as { kind: string }).kind));
    expect([...kinds].sort()).toEqual(["ae", "vae"]);
  });
});
