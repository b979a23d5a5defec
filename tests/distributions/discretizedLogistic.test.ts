// Laws of the logistic distribution on levels: masses by two definitions, a sum of 1, gradients, and both tails.

import { describe, expect, it } from "vitest";
import {
  bitsPerDimension,
  discretizedLogisticLogProb,
  grad,
  item,
  ops,
  type Tensor,
  tensor,
} from "../../src/index.js";
import { reals } from "../support/arbitraries.js";
import { type Definition, expectDefined, expectGradient } from "../support/differentiable.js";
import { expectRefused } from "../support/refusals.js";

const LEVELS = 6;
const none = { levels: LEVELS, reduction: "none" } as const;

/** The mass by the integral of the density sech²((x − mean) / 2s) / 4s, by Simpson's rule with so many parts. */
function integral(mean: number, scale: number, level: number, parts = 20_000): number {
  const density = (x: number) => 1 / (4 * scale * Math.cosh((x - mean) / (2 * scale)) ** 2);
  const from = level === 0 ? mean - 60 * scale - 1 : (level - 0.5) / (LEVELS - 1);
  const to = level === LEVELS - 1 ? mean + 60 * scale + 1 : (level + 0.5) / (LEVELS - 1);
  const step = (to - from) / parts;
  let sum = density(from) + density(to);
  for (let i = 1; i < parts; i++) sum += (i % 2 === 0 ? 2 : 4) * density(from + i * step);
  return (sum * step) / 3;
}

/** The mass by hyperbolic tangents, of which the distribution function is made, too. */
function byTangents(mean: number, scale: number, level: number): number {
  const at = (edge: number) => 0.5 * Math.tanh((edge - mean) / (2 * scale));
  const from = level === 0 ? -0.5 : at((level - 0.5) / (LEVELS - 1));
  const to = level === LEVELS - 1 ? 0.5 : at((level + 0.5) / (LEVELS - 1));
  return to - from;
}

const x = tensor(
  Float32Array.from({ length: 12 }, (_, i) => (i % LEVELS) / (LEVELS - 1)),
  [4, 3],
);
const means = ops.scale(reals([4, 3], 1), 0.6, 0.5);
const logScales = ops.scale(reals([4, 3], 2), 1, -1.5);
const [mixedMeans, mixedScales, logits] = [3, 4, 5].map((seed) =>
  ops.scale(reals([4, 3, 2], seed), 0.8, 0.1),
);

describe("discretizedLogisticLogProb", () => {
  it("is the mass of the level's interval, by its integral and by hyperbolic tangents", () => {
    const values = discretizedLogisticLogProb(x, { means, logScales }, none).data;
    x.data.forEach((value, i) => {
      const [mean, scale, level] = [means.data[i]!, Math.exp(logScales.data[i]!), Math.round(5 * value)];
      expect(values[i]).toBeCloseTo(Math.log(integral(mean, scale, level)), 4);
      expect(values[i]).toBeCloseTo(Math.log(byTangents(mean, scale, level)), 5);
    });
  });

  it("has the gradients of the definition, of a single one and of mixtures", () => {
    const alone: Definition = (mean, logScale) =>
      Array.from(x.data, (v, i) =>
        Math.log(byTangents(mean[i]!, Math.exp(logScale![i]!), Math.round(5 * v))),
      );
    const mixture: Definition = (mean, logScale, logit) =>
      Array.from(x.data, (v, i) => {
        const at = (k: number) =>
          byTangents(mean[2 * i + k]!, Math.exp(logScale![2 * i + k]!), Math.round(5 * v));
        const weight = 1 / (1 + Math.exp(logit![2 * i + 1]! - logit![2 * i]!));
        return Math.log(weight * at(0) + (1 - weight) * at(1));
      });
    const call = (m: Tensor, s: Tensor) => discretizedLogisticLogProb(x, { means: m, logScales: s }, none);
    const mixed = (m: Tensor, s: Tensor, l: Tensor) =>
      discretizedLogisticLogProb(x, { means: m, logScales: s, logits: l }, none);
    const parameters = [mixedMeans!, mixedScales!, logits!];
    expectDefined(call, alone, [means, logScales], 2e-6, 2e-6);
    expectGradient(call, alone, [means, logScales], 7, 1e-4);
    expectDefined(mixed, mixture, parameters, 2e-6, 2e-6);
    expectGradient(mixed, mixture, parameters, 7, 1e-4);
  });

  it("sums to 1 over all levels, whatever the parameters", () => {
    for (const [mean, logScale] of [
      [0.3, -3],
      [-2, 0],
      [1, -19],
      [0.5, 4],
      [40, -6],
      [0.1, -1e9],
    ] as const) {
      const all = Float32Array.from({ length: 256 }, (_, level) => level / 255);
      const alike = (value: number) => tensor(new Float32Array(256).fill(value));
      const distribution = { means: alike(mean), logScales: alike(logScale) };
      const logProbs = discretizedLogisticLogProb(tensor(all), distribution, { reduction: "none" });
      const sum = logProbs.data.reduce((total, value) => total + Math.exp(value), 0);
      expect([mean, logScale, Math.abs(sum - 1) < 1e-5]).toEqual([mean, logScale, true]);
    }
  });

  it("is finite far out, and pulls back with the slope of the tail", () => {
    const far = (m: Tensor) =>
      item(
        discretizedLogisticLogProb(
          tensor([0.5]),
          { means: m, logScales: tensor([-5]) },
          { reduction: "sum" },
        ),
      );
    expect(far(tensor([200]))).toBeCloseTo(-199.5 * Math.exp(5), -1);
    const slope = grad((m: Tensor) =>
      discretizedLogisticLogProb(tensor([0.5]), { means: m, logScales: tensor([-5]) }, { reduction: "sum" }),
    )(tensor([200]));
    expect(item(slope)).toBeCloseTo(-Math.exp(5), 2);
    const flat = { means: tensor([0.5]), logScales: tensor([30]) };
    expect(item(discretizedLogisticLogProb(tensor([0.5]), flat, { reduction: "sum" }))).toBeCloseTo(
      Math.log(1 / 255 / 4) - 30,
      3,
    );
  });

  it("takes a value as its nearest level, and reduces by examples", () => {
    const near = ops.scale(x, 0.98, 0.01);
    const exact = discretizedLogisticLogProb(x, { means, logScales }, none);
    expect([...discretizedLogisticLogProb(near, { means, logScales }, none).data]).toEqual([...exact.data]);
    const perExample = discretizedLogisticLogProb(x, { means, logScales }, { levels: LEVELS });
    expect(perExample.shape).toEqual([4]);
    expect(perExample.data[1]).toBeCloseTo(
      exact.data.slice(3, 6).reduce((a, b) => a + b),
      4,
    );
  });

  it("refuses values outside of [0, 1], shapes that do not fit, and levels that are none", () => {
    const where = "discretizedLogisticLogProb";
    const call = (...args: Parameters<typeof discretizedLogisticLogProb>) =>
      discretizedLogisticLogProb(...args);
    const wide = tensor([[2]]);
    const one = tensor([[0.5]]);
    expectRefused(() => call(wide, { means: one, logScales: one }), RangeError, `${where}: x.data[0]`);
    expectRefused(
      () => call(x, { means: one, logScales: one }),
      RangeError,
      `${where}: distribution.means.shape`,
    );
    expectRefused(
      () => call(one, { means: one, logScales: x }),
      RangeError,
      `${where}: distribution.logScales.shape`,
    );
    const mixture = { means: one, logScales: one, logits: one };
    expectRefused(() => call(one, mixture), RangeError, `${where}: distribution.means.shape`);
    expectRefused(
      () => call(one, { means: one, logScales: one }, { levels: 1 }),
      RangeError,
      `${where}: levels`,
    );
  });
});

describe("bitsPerDimension", () => {
  it("is 8 where 256 levels are equally probable", () => {
    expect(bitsPerDimension(12 * Math.log(256), [2, 2, 3])).toBeCloseTo(8, 12);
    expectRefused(() => bitsPerDimension(1, [0]), RangeError, "bitsPerDimension: inputShape[0]");
  });
});
