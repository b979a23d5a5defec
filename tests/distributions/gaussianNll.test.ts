// Laws of the Gaussian likelihood with a fixed, a shared and a per-pixel variance.

import { describe, expect, it } from "vitest";
import {
  gaussianLogProb,
  gaussianNll,
  type GaussianLikelihood,
  item,
  type Reduction,
  type Shape,
  tensor,
  type Tensor,
  zeros,
} from "../../src/index.js";
import { broadcastTo } from "../support/broadcasting.js";
import { type Definition, expectDefined, expectGradient, reducedValues } from "../support/differentiable.js";
import { expectRefused } from "../support/refusals.js";
import { seededFloats } from "../support/seeded.js";

const LOG_TWO_PI = Math.log(2 * Math.PI);
const SHAPE = [3, 4, 5, 2];
const sizeOf = (shape: Shape) => shape.reduce((product, size) => product * size, 1);
const draw = (shape: Shape, seed: number, range = 2) =>
  tensor(seededFloats(seed, sizeOf(shape), -range, range), shape);

describe("gaussianNll", () => {
  const likelihoods = [
    { variance: "per pixel", shape: SHAPE },
    { variance: "shared by all", shape: [] },
    { variance: "shared by all, of rank 1", shape: [1] },
    { variance: "per channel", shape: [2] },
    { variance: "per image", shape: [3, 1, 1, 1] },
  ];

  it.each(likelihoods)("agrees with the definition and has its gradient, variance $variance", ({ shape }) => {
    for (const reduction of ["none", "mean", "sum", "perExample"] as const) {
      for (const full of [true, false]) {
        const definition: Definition = (x, mean, logVar) => {
          const repeated = broadcastTo(logVar, shape, SHAPE);
          const values = x.map(
            (value, i) =>
              0.5 * (repeated[i] + (value - mean[i]) ** 2 / Math.exp(repeated[i])) +
              (full ? 0.5 * LOG_TWO_PI : 0),
          );
          return reducedValues(values, SHAPE, reduction);
        };
        const call = (x: Tensor, mean: Tensor, logVar: Tensor) =>
          gaussianNll(x, { mean, logVar }, { reduction, full });
        const inputs = [draw(SHAPE, 1), draw(SHAPE, 2), draw(shape, 3)];
        expectDefined(call, definition, inputs, 2e-6, 1e-5);
        expectGradient(call, definition, inputs, 4);
      }
    }
  });

  it.each([1e-3, 0.1, 1, 25])("with γ = %d is that of the variance γ², constants kept or not", (gamma) => {
    const [x, mean] = [draw(SHAPE, 1), draw(SHAPE, 2)];
    const sum = { reduction: "sum" } as const;
    const fixed = item(gaussianNll(x, { mean, gamma }, sum));
    const learned = item(gaussianNll(x, { mean, logVar: tensor(2 * Math.log(gamma)) }, sum));
    expect(fixed / learned).toBeCloseTo(1, 5);
    const constant = x.size * (Math.log(gamma) + 0.5 * LOG_TWO_PI);
    const bare = item(gaussianNll(x, { mean, gamma }, { ...sum, full: false }));
    expect((bare + constant) / fixed).toBeCloseTo(1, 5);
  });

  it("is the negative log density", () => {
    const [x, mean, logVar] = [draw(SHAPE, 1), draw(SHAPE, 2), draw(SHAPE, 3)];
    const nll = gaussianNll(x, { mean, logVar }, { reduction: "perExample" }).data;
    const logProb = gaussianLogProb(x, { mean, logVar }).data;
    for (const [i, value] of nll.entries()) expect(value + logProb[i]).toBeCloseTo(0, 3);
  });

  it("is finite with its gradients for log-variances of ±30", () => {
    for (const exponent of [-30, 30]) {
      const definition: Definition = ([x], [mean], [logVar]) => [
        0.5 * (logVar + (x - mean) ** 2 / Math.exp(logVar) + LOG_TWO_PI),
      ];
      const call = (x: Tensor, mean: Tensor, logVar: Tensor) => gaussianNll(x, { mean, logVar });
      const inputs = [tensor([1]), tensor([-1]), tensor([exponent])];
      expectDefined(call, definition, inputs, 1e-5);
      expectGradient(call, definition, inputs, 1);
    }
  });

  it("refuses γ ≤ 0, variances that do not broadcast, both or neither", () => {
    const x = zeros([2, 3]);
    const call = (likelihood: object) => () =>
      gaussianNll(x, { mean: x, ...likelihood } as GaussianLikelihood);
    const gamma = "gaussianNll: likelihood.gamma must be ";
    for (const wrong of [0, -1, 1e-40]) expectRefused(call({ gamma: wrong }), RangeError, `${gamma}above 0`);
    expectRefused(call({ gamma: NaN }), RangeError, `${gamma}a finite number`);
    expectRefused(call({ gamma: "1" }), TypeError, `${gamma}a number`);
    for (const shape of [[2], [3, 2], [1, 2, 3], [6]]) {
      const start = "gaussianNll: likelihood.logVar.shape must equal or broadcast to mean.shape = [2, 3]";
      expectRefused(call({ logVar: zeros(shape) }), RangeError, start);
    }
    expectRefused(call({}), TypeError, "gaussianNll: likelihood must have either logVar or gamma");
    expectRefused(call({ gamma: 1, logVar: x }), TypeError, "gaussianNll: likelihood must have either");
    const short = () => gaussianNll(x, { mean: zeros([3]), gamma: 1 });
    expectRefused(short, RangeError, "gaussianNll: likelihood.mean.shape must equal x.shape = [2, 3]");
    const likelihood = { mean: x, gamma: 1 };
    expectRefused(
      () => gaussianNll(x, likelihood, { full: 1 as never }),
      TypeError,
      "gaussianNll: full must be true or false",
    );
    expectRefused(
      () => gaussianNll(x, likelihood, { reduction: "" as Reduction }),
      RangeError,
      "gaussianNll: reduction must",
    );
  });
});
