// Results of the baseline binary stay the same to the last bit: checksums of what every operation, layer, optimizer
// and model computed. A change that means to change bits renews them by `npx vitest run -u tests/golden.test.ts`.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configure, scope } from "../src/index.js";
import { checksumOf } from "./support/checksum.js";
import { type GoldenCase, opCases } from "./support/goldenOps.js";
import { productCases } from "./support/goldenProducts.js";
import { trainingCases } from "./support/goldenTraining.js";

const linesOf = (cases: readonly GoldenCase[]) =>
  cases.map(([name, compute]) => `${scope(() => checksumOf(compute()) as never)} ${name}\n`).join("");

describe("the baseline binary gives the same bits as ever", () => {
  beforeAll(() => configure({ relaxedSimd: false }));
  afterAll(() => configure({ relaxedSimd: "auto" }));

  it("in every operation and its gradient", async () => {
    await expect(linesOf([...opCases, ...productCases])).toMatchFileSnapshot("golden/operations.txt");
  });

  it("in training every model, with every layer, optimizer and loss", async () => {
    await expect(linesOf(trainingCases)).toMatchFileSnapshot("golden/training.txt");
  });

  it("and the names of the cases tell them apart", () => {
    const names = [...opCases, ...productCases, ...trainingCases].map(([name]) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
