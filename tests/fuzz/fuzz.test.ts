// Random calls over all exports: whatever the arguments, a result or a refusal in the library's form, nothing held,
// and the next call right.

import { afterAll, describe, expect, it } from "vitest";
import * as library from "../support/entries.js";
import { asCode, type Fault, faultOf, fuzz } from "./calls.js";
import { RECIPES } from "./recipes.js";
import { argument, evaluate, NAMES } from "./values.js";

const CALLS = 100_000;
const SEED = 1;

/** Classes whose constructors are not for users, and what is no function. */
const isCallable = (value: unknown): boolean =>
  typeof value === "function" && !/^class\b/.test(String(value));

/** The paths of all functions of a namespace. */
function functionsOf(namespace: object, path = ""): string[] {
  return Object.entries(namespace).flatMap(([name, value]) => {
    if (isCallable(value)) return [`${path}${name}`];
    return /^(ops|random|schedules|lectures)$/.test(name) ? functionsOf(value as object, `${name}.`) : [];
  });
}

afterAll(() => {
  library.configure({ relaxedSimd: "auto", maxMemory: 2 ** 32 });
});

describe("the recipes of random calls", () => {
  const called = new Set(Object.keys(RECIPES).map((call) => call.trim()));

  it("begin from every function of the library", () => {
    expect(functionsOf(library).filter((name) => !called.has(name))).toEqual([]);
  });

  it("begin from every method of models", () => {
    const methods = ["tinyVae", "tinyModel", "vqModel", "classVae", "rnnModel", "cnnModel"].flatMap((model) =>
      functionsOf(NAMES[model] as object, `${model}.`),
    );
    expect(methods.filter((name) => !called.has(name))).toEqual([]);
  });

  it("are good calls", async () => {
    for (const [call, variants] of Object.entries(RECIPES)) {
      for (const args of variants) {
        const code = asCode({ call: call.trim(), args: args.map(argument) });
        await expect(
          Promise.resolve().then(() => void evaluate(code)),
          code,
        ).resolves.toBe(undefined);
      }
    }
  });
});

describe("a random call", () => {
  it(`gives a result or a refusal, ${CALLS} times`, async () => {
    const faults: Fault[] = [];
    await fuzz(SEED, CALLS, (fault) => faults.push(fault));
    expect(faults.slice(0, 5)).toEqual([]);
    // A busy machine may take many times the usual quarter of a minute.
  }, 900_000);

  it.each([
    ["an error that is none of the library's", "(() => undefined.x)", /TypeError/],
    [
      "a tensor whose size is not that of its shape",
      "(() => ({ a: Object.assign(ones([2]), { size: 3 }) }))",
      /size 3/,
    ],
    ["a message that is too long", "(() => ops.exp({ a: DEFINED }))", /ReferenceError/],
  ])("with %s is found", async (_, call, fault) => {
    expect(await faultOf({ call, args: [] })).toMatch(fault);
  });
});
