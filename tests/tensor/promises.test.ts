// Promises where values belong: refused at once, and their own failure later harms nobody.

import { describe, expect, it } from "vitest";
import {
  defineOp,
  fit,
  grad,
  item,
  lectures,
  ones,
  scope,
  sgd,
  type Tensor,
  tensor,
  valueAndGrad,
  vjp,
} from "../../src/index.js";
import { expectRefused } from "../support/refusals.js";

describe("a promise that is refused", () => {
  const failing = () =>
    new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error("later")), 1);
    });
  const asynchronous = async () => {
    await Promise.resolve();
    throw new Error("later");
  };
  const custom = (result: () => unknown) =>
    defineOp<[Tensor], undefined>({ name: "custom", forward: result as () => Tensor, gradients: [null] });
  const CALLS: readonly [string, () => unknown][] = [
    ["by scope", () => scope(() => failing())],
    ["by a scope in a scope", () => scope(() => scope(() => asynchronous()))],
    ["by scope, of a training", () => scope(() => fit(lectures.linear(), tensor([1]), {} as never))],
    ["by grad", () => grad(() => failing() as never)(tensor([1]))],
    ["by grad of an asynchronous function", () => grad(asynchronous as never)(tensor([1]))],
    ["by grad, as [loss, aux]", () => grad(() => [failing(), 1] as never)(tensor([1]))],
    ["by valueAndGrad", () => valueAndGrad(() => failing() as never)(tensor([1]))],
    ["by vjp", () => vjp(() => failing() as never)(tensor([1]), tensor([1]))],
    ["by an operation", () => custom(failing)([tensor([1])], undefined)],
    ["by an operation in a scope", () => scope(() => custom(asynchronous)([tensor([1])], undefined))],
    [
      "by an operation that is differentiated",
      () => grad((x: Tensor) => custom(failing)([x], undefined))(ones([1])),
    ],
    ["as an argument", () => item(failing() as never)],
    [
      "as a schedule's rate",
      () => sgd({ learningRate: failing as never }).update(ones([1]), { step: 0 }, ones([1])),
    ],
  ];

  it.each(CALLS)("%s, fails later without a word", async (_, call) => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on("unhandledRejection", note);
    try {
      expect(call).toThrow(/must .+, got/);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(unhandled).toEqual([]);
    } finally {
      process.off("unhandledRejection", note);
    }
  });

  it("has no other `then` run than that of promises", () => {
    let isAsked = false;
    const run = (): void => {
      isAsked = true;
    };
    const lazy = Object.defineProperty({}, `th${"en"}`, { value: run });
    expectRefused(() => scope(() => lazy), TypeError, "scope: f must be synchronous");
    expect(isAsked).toBe(false);
  });
});
