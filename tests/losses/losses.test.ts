// Laws of every loss over elements: values, reductions, gradients, refusals.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  gaussianNll,
  halfSquaredError,
  ops,
  type Reduction,
  type ReductionOptions,
  type Shape,
  squaredError,
  type Tensor,
  tensor,
  zeros,
} from "../../src/index.js";
import { type Definition, expectDefined, expectGradient, reducedValues } from "../support/differentiable.js";
import { expectPure, forAll } from "../support/laws.js";
import { expectRefused } from "../support/refusals.js";
import { seededFloats } from "../support/seeded.js";

interface Loss {
  readonly f: (a: Tensor, b: Tensor, options?: ReductionOptions) => Tensor;
  /** Where both arguments are drawn from. */
  readonly ranges: readonly [readonly [number, number], readonly [number, number]];
  readonly value: (a: number, b: number) => number;
}

const LOG_TWO_PI = Math.log(2 * Math.PI);
const real = [-3, 3] as const;

const LOSSES: Record<string, Loss> = {
  squaredError: { f: squaredError, ranges: [real, real], value: (p, t) => (p - t) ** 2 },
  binaryCrossEntropy: {
    f: binaryCrossEntropy,
    ranges: [
      [0.01, 0.99],
      [0, 1],
    ],
    value: (p, t) => -t * Math.log(p) - (1 - t) * Math.log1p(-p),
  },
  binaryCrossEntropyWithLogits: {
    f: binaryCrossEntropyWithLogits,
    ranges: [
      [-9, 9],
      [0, 1],
    ],
    value: (z, t) => t * Math.log1p(Math.exp(-z)) + (1 - t) * Math.log1p(Math.exp(z)),
  },
  gaussianNll: {
    f: (x, mean, options) => gaussianNll(x, { mean, gamma: 0.3 }, options),
    ranges: [real, real],
    value: (x, mean) => (x - mean) ** 2 / (2 * 0.3 ** 2) + Math.log(0.3) + 0.5 * LOG_TWO_PI,
  },
};

const REDUCTIONS = ["none", "mean", "sum", "perExample"] as const;
const cases = fc.record({
  shape: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
  reduction: fc.constantFrom(...REDUCTIONS),
  seed: fc.nat(),
});

const draw = (shape: Shape, seed: number, [low, high]: readonly [number, number]) =>
  tensor(
    seededFloats(
      seed,
      shape.reduce((product, size) => product * size, 1),
      low,
      high,
    ),
    shape,
  );

describe.each(Object.entries(LOSSES))("%s", (name, { f, ranges, value }) => {
  const inputsOf = (shape: Shape, seed: number) => ranges.map((range, i) => draw(shape, seed + i, range));
  const definitionOf =
    (shape: Shape, reduction: Reduction): Definition =>
    (a, b) =>
      reducedValues(
        a.map((x, i) => value(x, b[i])),
        shape,
        reduction,
      );

  it("agrees with the definition for every shape and reduction", () => {
    forAll(cases, 120, ({ shape, reduction, seed }) => {
      const call = (a: Tensor, b: Tensor) => f(a, b, { reduction });
      expectDefined(call, definitionOf(shape, reduction), inputsOf(shape, seed), 1e-6, 1e-5);
    });
  });

  it("has the gradient of the definition by both arguments, for every shape and reduction", () => {
    forAll(cases, 120, ({ shape, reduction, seed }) => {
      const call = (a: Tensor, b: Tensor) => f(a, b, { reduction });
      expectGradient(call, definitionOf(shape, reduction), inputsOf(shape, seed), seed + 2);
    });
  });

  it("gives the shape of its reduction, the mean where none is named", () => {
    const [a, b] = inputsOf([2, 3, 4], 1);
    expect(f(a, b).shape).toEqual([]);
    expect(f(a, b).data).toEqual(f(a, b, { reduction: "mean" }).data);
    expect(REDUCTIONS.map((reduction) => f(a, b, { reduction }).shape)).toEqual([[2, 3, 4], [], [], [2]]);
  });

  it("takes single numbers, which are no batch", () => {
    const [a, b] = inputsOf([], 1);
    expect(f(a, b, { reduction: "none" }).shape).toEqual([]);
    const [argument] = name === "gaussianNll" ? ["x"] : name.endsWith("Logits") ? ["logits"] : ["prediction"];
    expectRefused(() => f(a, b, { reduction: "perExample" }), RangeError, `${name}: ${argument}.shape must`);
  });

  it("gives the same inside a scope and leaves its inputs alone", () => {
    for (const reduction of REDUCTIONS) expectPure((a, b) => f(a, b, { reduction }), inputsOf([3, 5], 2));
  });

  it("refuses shapes that differ, unknown reductions and options, and what is no tensor", () => {
    const [a] = inputsOf([2, 3], 1);
    const half = draw([3, 2], 1, [0.4, 0.6]);
    expectRefused(() => f(a, half), RangeError, `${name}: `);
    expectRefused(
      () => f(a, a, { reduction: "max" as Reduction }),
      RangeError,
      `${name}: reduction must be one`,
    );
    expectRefused(() => f(a, a, { reduce: "sum" } as ReductionOptions), TypeError, `${name}: options must`);
    expectRefused(() => f(a, [1] as never), TypeError, `${name}: `);
    expectRefused(() => f(undefined as never, a), TypeError, `${name}: `);
  });
});

describe("halfSquaredError", () => {
  const images = fc.record({
    shape: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 4, maxLength: 4 }),
    reduction: fc.constantFrom(...REDUCTIONS),
    seed: fc.nat(),
  });
  const definitionOf =
    (shape: Shape, reduction: Reduction): Definition =>
    (p, t) => {
      const parts = p.map((x, i) => (x - t[i]) ** 2 / (2 * shape[1] * shape[2]));
      const summed = reducedValues(parts, shape, reduction === "mean" ? "sum" : reduction);
      return reduction === "mean" ? [summed[0] / shape[0]] : summed;
    };

  it("is 1/(2wh) Σ (p − t)² of each image, and its mean is over the images", () => {
    forAll(images, 120, ({ shape, reduction, seed }) => {
      const call = (a: Tensor, b: Tensor) => halfSquaredError(a, b, { reduction });
      const inputs = [draw(shape, seed, real), draw(shape, seed + 1, real)];
      expectDefined(call, definitionOf(shape, reduction), inputs, 1e-6, 1e-6);
      expectGradient(call, definitionOf(shape, reduction), inputs, seed + 2);
    });
  });

  it("refuses what are no images", () => {
    const start = "halfSquaredError: prediction.shape must have 4 axes";
    expectRefused(() => halfSquaredError(zeros([4, 4, 1]), zeros([4, 4, 1])), RangeError, start);
    const call = () => halfSquaredError(zeros([1, 4, 4, 1]), zeros([1, 4, 4, 2]));
    expectRefused(
      call,
      RangeError,
      "halfSquaredError: target.shape must equal prediction.shape = [1, 4, 4, 1]",
    );
  });
});

describe("the law of gradients", () => {
  it("catches a gradient that is off by one part in ten thousand", () => {
    const x = draw([7], 1, real);
    const wrong = (values: Float64Array) => values.map((value) => 1.0001 * value ** 2);
    expect(() => expectGradient((input) => ops.square(input), wrong, [x], 2)).toThrow("for");
    expectGradient(
      (input) => ops.square(input),
      (values) => values.map((value) => value ** 2),
      [x],
      2,
    );
  });
});
