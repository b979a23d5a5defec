// Laws of diagonal Gaussians: definitions in float64, gradients, extremes, divergences against Monte Carlo.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type DiagonalGaussian,
  fold,
  gaussianEntropy,
  gaussianLogProb,
  item,
  key,
  klGaussians,
  klStandardNormal,
  ops,
  random,
  type Reduction,
  type ReductionOptions,
  reparameterize,
  type Shape,
  tensor,
  type Tensor,
  zeros,
} from "../../src/index.js";
import { type Definition, expectDefined, expectGradient, reducedValues } from "../support/differentiable.js";
import { expectPure, forAll } from "../support/laws.js";
import { expectRefused } from "../support/refusals.js";
import { seededFloats } from "../support/seeded.js";

const LOG_TWO_PI = Math.log(2 * Math.PI);
const sizeOf = (shape: Shape) => shape.reduce((product, size) => product * size, 1);
const draw = (shape: Shape, seed: number, range = 2) =>
  tensor(seededFloats(seed, sizeOf(shape), -range, range), shape);
const gaussian = (shape: Shape, seed: number): DiagonalGaussian => ({
  mean: draw(shape, seed),
  logVar: draw(shape, seed + 1),
});

/** A function of distributions with as many tensors as `value` takes numbers. */
interface Law {
  readonly f: (tensors: readonly Tensor[], options?: ReductionOptions) => Tensor;
  readonly arity: number;
  readonly value: (...numbers: number[]) => number;
}

const LAWS: Record<string, Law> = {
  gaussianLogProb: {
    f: ([x, mean, logVar], options) => gaussianLogProb(x, { mean, logVar }, options),
    arity: 3,
    value: (x, mean, logVar) => -0.5 * (LOG_TWO_PI + logVar + (x - mean) ** 2 / Math.exp(logVar)),
  },
  gaussianEntropy: {
    f: ([mean, logVar], options) => gaussianEntropy({ mean, logVar }, options),
    arity: 2,
    value: (_, logVar) => 0.5 * (1 + LOG_TWO_PI + logVar),
  },
  klGaussians: {
    f: ([a, b, c, d], options) => klGaussians({ mean: a, logVar: b }, { mean: c, logVar: d }, options),
    arity: 4,
    value: (meanQ, logVarQ, meanP, logVarP) =>
      0.5 * (logVarP - logVarQ + (Math.exp(logVarQ) + (meanQ - meanP) ** 2) / Math.exp(logVarP) - 1),
  },
  klStandardNormal: {
    f: ([mean, logVar], options) => klStandardNormal({ mean, logVar }, options),
    arity: 2,
    value: (mean, logVar) => -0.5 * (1 + logVar - mean ** 2 - Math.exp(logVar)),
  },
};

const cases = fc.record({
  shape: fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 }),
  reduction: fc.constantFrom<Reduction>("none", "mean", "sum", "perExample"),
  seed: fc.nat(),
});

describe.each(Object.entries(LAWS))("%s", (name, { f, arity, value }) => {
  const inputsOf = (shape: Shape, seed: number) =>
    Array.from({ length: arity }, (_, i) => draw(shape, seed + i));
  /** The mean is over the examples. */
  const definitionOf =
    (shape: Shape, reduction: Reduction): Definition =>
    (...columns) => {
      const values = columns[0].map((_, i) => value(...columns.map((column) => column[i])));
      if (reduction !== "mean") return reducedValues(values, shape, reduction);
      return [reducedValues(values, shape, "sum")[0] / shape[0]];
    };

  it("agrees with the definition for every shape and reduction", () => {
    forAll(cases, 120, ({ shape, reduction, seed }) => {
      const call = (...tensors: Tensor[]) => f(tensors, { reduction });
      expectDefined(call, definitionOf(shape, reduction), inputsOf(shape, seed), 2e-6, 1e-5);
    });
  });

  it("has the gradient of the definition by every argument", () => {
    forAll(cases, 120, ({ shape, reduction, seed }) => {
      const call = (...tensors: Tensor[]) => f(tensors, { reduction });
      expectGradient(call, definitionOf(shape, reduction), inputsOf(shape, seed), seed + 9);
    });
  });

  it("sums up each example where no reduction is named", () => {
    const inputs = inputsOf([3, 2, 4], 1);
    expect(f(inputs).shape).toEqual([3]);
    expect(f(inputs).data).toEqual(f(inputs, { reduction: "perExample" }).data);
    expectPure((...tensors) => f(tensors), inputs);
  });

  it("refuses shapes that differ and unknown reductions", () => {
    const wrong = (at: number) => inputsOf([2, 3], 1).map((t, i) => (i === at ? zeros([3, 2]) : t));
    for (let at = 0; at < arity; at++) expectRefused(() => f(wrong(at)), RangeError, `${name}: `);
    const inputs = inputsOf([2, 3], 1);
    expectRefused(() => f(inputs, { reduction: "all" as Reduction }), RangeError, `${name}: reduction must`);
    expectRefused(() => f(inputs.slice(1)), TypeError, `${name}: `);
  });
});

describe("klStandardNormal", () => {
  it("is KL to the Gaussian of mean 0 and log-variance 0, not what a common slide says", () => {
    const q = gaussian([5, 8], 3);
    const standard = { mean: zeros([5, 8]), logVar: zeros([5, 8]) };
    expect(ops.sub(klStandardNormal(q), klGaussians(q, standard)).data.every((x) => Math.abs(x) < 1e-5)).toBe(
      true,
    );
    // Σσ² + μ² − log σ − 1 is 1 for μ = 1, σ = 1: twice the divergence.
    const one = { mean: tensor([[1]]), logVar: zeros([1, 1]) };
    expect(klStandardNormal(one).data[0]).toBe(0.5);
  });
});

describe("klGaussians", () => {
  it("is never below 0 beyond rounding, and exactly 0 for equal arguments only", () => {
    forAll(
      fc.record({ seed: fc.nat(), range: fc.constantFrom(1e-3, 0.1, 2, 20) }),
      200,
      ({ seed, range }) => {
        const drawn = (i: number) => draw([20], seed + i, range);
        const q = { mean: drawn(0), logVar: drawn(1) };
        const p = { mean: drawn(2), logVar: drawn(3) };
        const divergences = klGaussians(q, p, { reduction: "none" }).data;
        for (const [i, divergence] of divergences.entries()) {
          const ratio = q.logVar.data[i] - p.logVar.data[i];
          expect(divergence).toBeGreaterThanOrEqual(-(2 ** -23) * (1 + Math.abs(ratio)));
          expect(range > 1e-3 && divergence === 0).toBe(false);
        }
        expect(klGaussians(q, q, { reduction: "none" }).data.every((x) => x === 0)).toBe(true);
      },
    );
  });

  it("agrees with Monte Carlo, as do entropy and cross-entropy", () => {
    const samples = 100_000;
    const [q, p] = [gaussian([3], 11), gaussian([3], 21)];
    const tiled = (g: DiagonalGaussian): DiagonalGaussian => ({
      mean: ops.add(zeros([samples, 3]), g.mean),
      logVar: ops.add(zeros([samples, 3]), g.logVar),
    });
    const z = reparameterize(key(5), tiled(q));
    const logQ = gaussianLogProb(z, tiled(q));
    const ratios = ops.sub(logQ, gaussianLogProb(z, tiled(p)));
    const expectMean = (values: Tensor, expected: number) => {
      const mean = item(ops.mean(values));
      const variance = item(ops.mean(ops.square(ops.sub(values, mean))));
      expect(Math.abs(mean - expected)).toBeLessThan(4 * Math.sqrt(variance / samples));
    };
    expectMean(ratios, item(klGaussians(q, p, { reduction: "sum" })));
    expectMean(ops.scale(logQ, -1), item(gaussianEntropy(q, { reduction: "sum" })));
  });
});

describe("Gaussians", () => {
  it("give finite values and gradients for log-variances of ±30", () => {
    for (const logVarQ of [-30, 30]) {
      for (const logVarP of [-30, 30]) {
        const inputs = [0.5, logVarQ, -0.5, logVarP].map((x) => tensor([[x]]));
        for (const { f, arity, value } of Object.values(LAWS)) {
          const numbers = inputs.slice(0, arity).map(item);
          const call = (...tensors: Tensor[]) => f(tensors);
          expectDefined(call, () => [value(...numbers)], inputs.slice(0, arity), 1e-5, 1e-9);
          expectGradient(
            call,
            (...columns) => [value(...columns.map(([x]) => x))],
            inputs.slice(0, arity),
            3,
          );
        }
      }
    }
  });
});

describe("reparameterize", () => {
  it("is mean + exp(½ logVar)·ε with the key's normal numbers, and passes gradients to both", () => {
    const q = gaussian([4, 5], 1);
    const noise = random.normal(key(7), [4, 5]).data;
    const definition: Definition = (mean, logVar) =>
      mean.map((centre, i) => centre + Math.exp(0.5 * logVar[i]) * noise[i]);
    const call = (mean: Tensor, logVar: Tensor) => reparameterize(key(7), { mean, logVar });
    expectDefined(call, definition, [q.mean, q.logVar], 1e-6, 1e-6);
    expectGradient(call, definition, [q.mean, q.logVar], 3);
  });

  it("gives the same for the same key, something else for another", () => {
    const q = gaussian([4, 5], 1);
    expect(reparameterize(key(7), q).data).toEqual(reparameterize(key(7), q).data);
    expect(reparameterize(fold(key(7), 1), q).data).not.toEqual(reparameterize(key(7), q).data);
  });

  it("refuses what is no key and shapes that differ", () => {
    const q = gaussian([4, 5], 1);
    expectRefused(() => reparameterize(7 as never, q), TypeError, "reparameterize: key must be a key");
    const skew = { ...q, logVar: zeros([4, 1]) };
    const start = "reparameterize: q.logVar.shape must equal q.mean.shape = [4, 5]";
    expectRefused(() => reparameterize(key(1), skew), RangeError, start);
    expectRefused(() => reparameterize(key(1), undefined as never), TypeError, "reparameterize: q.mean must");
  });
});
