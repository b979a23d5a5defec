// Laws of mixtures of Gaussians: density, samples, and the fit by expectation–maximisation.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  full,
  gaussianLogProb,
  type GaussianMixture,
  item,
  key,
  mixtureLogProb,
  mixtureResponsibilities,
  ops,
  random,
  type Reduction,
  sampleMixture,
  tensor,
  type Tensor,
  vjp,
  zeros,
} from "../../src/index.js";
import { fitMixture, type FitMixtureOptions } from "../../src/latent/index.js";
import { type Definition, expectDefined, expectGradient } from "../support/differentiable.js";
import { expectPure, forAll } from "../support/laws.js";
import { expectRefused } from "../support/refusals.js";
import { seededFloats } from "../support/seeded.js";

const LOG_TWO_PI = Math.log(2 * Math.PI);

function drawMixture(components: number, dimensions: number, seed: number): GaussianMixture {
  const draw = (shape: number[], i: number) =>
    tensor(
      seededFloats(
        seed + i,
        shape.reduce((a, b) => a * b),
        -2,
        2,
      ),
      shape,
    );
  return {
    logits: draw([components], 0),
    means: draw([components, dimensions], 1),
    logVars: draw([components, dimensions], 2),
  };
}

/** log Σ softmax(logits) N(x; means, exp(logVars)) in float64. */
const definitionOf =
  (count: number, dimensions: number): Definition =>
  (x, logits, means, logVars) =>
    Array.from({ length: count }, (_, n) => {
      const joint = Array.from(logits, (logit, k) => {
        let log = logit;
        for (let d = 0; d < dimensions; d++) {
          const at = k * dimensions + d;
          const distance = (x[n * dimensions + d] - means[at]) ** 2 / Math.exp(logVars[at]);
          log -= 0.5 * (LOG_TWO_PI + logVars[at] + distance);
        }
        return log;
      });
      const logSum = (values: readonly number[]) => {
        const largest = Math.max(...values);
        return largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
      };
      return logSum(joint) - logSum([...logits]);
    });

const density = (x: Tensor, logits: Tensor, means: Tensor, logVars: Tensor) =>
  mixtureLogProb(x, { logits, means, logVars });

describe("mixtureLogProb", () => {
  const sizes = fc.record({
    count: fc.integer({ min: 1, max: 9 }),
    components: fc.integer({ min: 1, max: 6 }),
    dimensions: fc.integer({ min: 1, max: 5 }),
    seed: fc.nat(),
  });

  it("agrees with the definition and has its gradient by points and mixture", () => {
    forAll(sizes, 150, ({ count, components, dimensions, seed }) => {
      const { logits, means, logVars } = drawMixture(components, dimensions, seed);
      const x = tensor(seededFloats(seed + 3, count * dimensions, -3, 3), [count, dimensions]);
      const definition = definitionOf(count, dimensions);
      expectDefined(density, definition, [x, logits, means, logVars], 4e-6, 2e-5);
      expectGradient(density, definition, [x, logits, means, logVars], seed + 4);
    });
  });

  it("reduces by sum and mean over the points", () => {
    const mixture = drawMixture(3, 2, 1);
    const x = tensor(seededFloats(4, 10), [5, 2]);
    const sum = item(mixtureLogProb(x, mixture, { reduction: "sum" }));
    expect(item(mixtureLogProb(x, mixture, { reduction: "mean" }))).toBeCloseTo(sum / 5, 5);
    expect(mixtureLogProb(x, mixture, { reduction: "none" }).data).toEqual(mixtureLogProb(x, mixture).data);
    expectPure((points) => mixtureLogProb(points, mixture), [x]);
  });

  it("is the Gaussian's for one component, and a density: it integrates to 1", () => {
    const one = drawMixture(1, 1, 5);
    const x = ops.reshape(tensor(Float32Array.from({ length: 4001 }, (_, i) => (i - 2000) / 100)), [4001, 1]);
    const room = zeros([4001, 1]);
    const q = { mean: ops.add(room, one.means), logVar: ops.add(room, one.logVars) };
    expect(ops.sub(mixtureLogProb(x, one), gaussianLogProb(x, q)).data.every((v) => Math.abs(v) < 1e-3)).toBe(
      true,
    );
    for (const mixture of [one, drawMixture(4, 1, 6)]) {
      expect(item(ops.sum(ops.exp(mixtureLogProb(x, mixture)))) / 100).toBeCloseTo(1, 4);
    }
  });

  it("is finite with its gradients where every density underflows, and for log-variances of ±30", () => {
    for (const logVar of [-30, 0, 30]) {
      const inputs = [
        tensor([[300], [-300]]),
        tensor([200, -200]),
        tensor([[0], [1]]),
        full([2, 1], logVar),
      ] as const;
      expectDefined(density, definitionOf(2, 1), inputs, 1e-5);
      const { grads } = vjp((all: readonly Tensor[]) => density(all[0], all[1], all[2], all[3]))(
        full([2], 1),
        inputs,
      );
      for (const { data } of grads) expect(data.every(Number.isFinite)).toBe(true);
    }
  });

  it("refuses shapes that do not fit", () => {
    const mixture = drawMixture(3, 2, 1);
    const where = "mixtureLogProb: ";
    const refused = (x: Tensor, wrong: object, start: string) =>
      expectRefused(() => mixtureLogProb(x, { ...mixture, ...wrong }), RangeError, where + start);
    refused(zeros([5, 3]), {}, "x.shape[1] must equal mixture.means.shape[1] = 2 (dimensions), got 3");
    refused(zeros([5]), {}, "x.shape must have 2 axes");
    refused(zeros([5, 2]), { logits: zeros([2]) }, "mixture.logits.shape[0] must equal");
    refused(
      zeros([5, 2]),
      { logVars: zeros([2, 3]) },
      "mixture.logVars.shape must equal mixture.means.shape = [3, 2]",
    );
    const call = () => mixtureLogProb(zeros([5, 2]), mixture, { reduction: "all" as Reduction });
    expectRefused(call, RangeError, `${where}reduction must`);
  });
});

const PLANTED: GaussianMixture = {
  logits: tensor([Math.log(0.2), Math.log(0.3), Math.log(0.5)]),
  means: tensor([
    [-4, 0],
    [4, 1],
    [0, 6],
  ]),
  logVars: tensor([
    [0, -1],
    [-0.5, 0.5],
    [0.2, -0.2],
  ]),
};

describe("sampleMixture", () => {
  it("draws each component as often as its weight says, with its moments", () => {
    const count = 40_000;
    const x = sampleMixture(key(2), PLANTED, { count });
    expect(x.shape).toEqual([count, 2]);
    const weights = [0.2, 0.3, 0.5];
    for (let d = 0; d < 2; d++) {
      const at = (values: Tensor) => weights.map((_, k) => values.data[2 * k + d]);
      const [means, variances] = [at(PLANTED.means), at(PLANTED.logVars).map(Math.exp)];
      const mean = weights.reduce((sum, w, k) => sum + w * means[k], 0);
      const variance = weights.reduce((sum, w, k) => sum + w * (variances[k] + (means[k] - mean) ** 2), 0);
      const drawn = x.data.filter((_, i) => i % 2 === d);
      const drawnMean = drawn.reduce((sum, value) => sum + value, 0) / count;
      const drawnVariance = drawn.reduce((sum, value) => sum + (value - drawnMean) ** 2, 0) / count;
      expect(Math.abs(drawnMean - mean)).toBeLessThan(4 * Math.sqrt(variance / count));
      expect(drawnVariance / variance).toBeCloseTo(1, 1);
    }
    const left = x.data.filter((value, i) => i % 2 === 0 && value < -2.2).length;
    expect(left / count).toBeCloseTo(0.2, 1);
    expect(sampleMixture(key(2), PLANTED, { count }).data).toEqual(x.data);
  });

  it("refuses a count that is none, and what is no key", () => {
    const start = "sampleMixture: count must be an integer ≥ 1, got 0";
    expectRefused(() => sampleMixture(key(1), PLANTED, { count: 0 }), RangeError, start);
    const call = () => sampleMixture({} as never, PLANTED, { count: 1 });
    expectRefused(call, TypeError, "sampleMixture: key must be a key");
  });
});

describe("fitMixture", () => {
  const points = sampleMixture(key(1), PLANTED, { count: 6000 });

  it.each([1, 2, 3, 4])("recovers a planted mixture, key %d", (seed) => {
    const { mixture, converged, logLikelihoods } = fitMixture(key(seed), points, { components: 3 });
    expect(converged).toBe(true);
    const found = [0, 1, 2].sort((a, b) => mixture.logits.data[a] - mixture.logits.data[b]);
    for (const [k, at] of found.entries()) {
      expect(Math.abs(mixture.logits.data[at] - PLANTED.logits.data[k])).toBeLessThan(0.1);
      for (let d = 0; d < 2; d++) {
        expect(Math.abs(mixture.means.data[2 * at + d] - PLANTED.means.data[2 * k + d])).toBeLessThan(0.15);
        expect(Math.abs(mixture.logVars.data[2 * at + d] - PLANTED.logVars.data[2 * k + d])).toBeLessThan(
          0.2,
        );
      }
    }
    const best = item(mixtureLogProb(points, PLANTED, { reduction: "mean" }));
    expect(logLikelihoods[logLikelihoods.length - 1]).toBeGreaterThan(best - 1e-3);
  });

  it("never lowers the likelihood, whatever the points, components and least variance", () => {
    const cases = fc.record({
      count: fc.integer({ min: 1, max: 60 }),
      dimensions: fc.integer({ min: 1, max: 4 }),
      components: fc.integer({ min: 1, max: 5 }),
      minVariance: fc.constantFrom(1e-6, 0.01, 1),
      /** Few values, so that points coincide. */
      levels: fc.constantFrom(1, 3, 1e6),
      seed: fc.nat(),
    });
    forAll(cases, 200, ({ count, dimensions, components, minVariance, levels, seed }) => {
      const values = seededFloats(seed, count * dimensions, -2, 2).map(
        (x) => Math.round(x * levels) / levels,
      );
      const x = tensor(values, [count, dimensions]);
      const fit = fitMixture(key(seed), x, {
        components: Math.min(components, count),
        minVariance,
        steps: 30,
      });
      const { logLikelihoods, mixture } = fit;
      for (let i = 1; i < logLikelihoods.length; i++) {
        const [before, after] = [logLikelihoods[i - 1], logLikelihoods[i]];
        expect(after - before).toBeGreaterThanOrEqual(-1e-12 * (1 + Math.abs(before)));
      }
      for (const { data } of [mixture.logits, mixture.means, mixture.logVars]) {
        expect(data.every(Number.isFinite)).toBe(true);
      }
      expect(mixture.logVars.data.every((x) => x >= Math.log(minVariance) - 1e-5)).toBe(true);
    });
  });

  it("reports the likelihood of the mixture it returns, and whether it converged", () => {
    const fit = fitMixture(key(1), points, { components: 2 });
    const last = fit.logLikelihoods[fit.logLikelihoods.length - 1];
    expect(item(mixtureLogProb(points, fit.mixture, { reduction: "mean" }))).toBeCloseTo(last, 4);
    const short = fitMixture(key(1), points, { components: 2, steps: 2 });
    expect(short.converged).toBe(false);
    expect(short.logLikelihoods).toEqual(fit.logLikelihoods.slice(0, 3));
    expect(fitMixture(key(1), points, { components: 2 }).mixture.means.data).toEqual(fit.mixture.means.data);
  });

  it("with one component gives mean and biased variance at once", () => {
    const x = random.normal(key(3), [500, 3], { mean: 2, deviation: 0.5 });
    const { mixture, logLikelihoods } = fitMixture(key(1), x, { components: 1 });
    const mean = ops.mean(x, { axis: 0 });
    const variance = ops.mean(ops.square(ops.sub(x, mean)), { axis: 0 });
    for (let d = 0; d < 3; d++) {
      expect(mixture.means.data[d]).toBeCloseTo(mean.data[d], 5);
      expect(Math.exp(mixture.logVars.data[d])).toBeCloseTo(variance.data[d], 5);
    }
    expect(logLikelihoods.length).toBe(3);
    expect([...mixture.logits.data]).toEqual([0]);
  });

  it("refuses more components than points, options out of range, and values that are not finite", () => {
    const call = (options: object, x = zeros([5, 2])) => {
      return () => fitMixture(key(1), x, { components: 2, ...options } as FitMixtureOptions);
    };
    const refused = (options: object, start: string) =>
      expectRefused(call(options), RangeError, `fitMixture: ${start}`);
    refused({ components: 6 }, "components must be an integer from 1 to 5, got 6");
    refused({ components: 0 }, "components must be an integer from 1 to 5, got 0");
    refused({ steps: 0 }, "steps must be an integer ≥ 1");
    refused({ tolerance: -1 }, "tolerance must be ≥ 0");
    refused({ minVariance: 0 }, "minVariance must be above 0");
    const holes = tensor([[0], [NaN]]);
    expectRefused(call({}, holes), RangeError, "fitMixture: x.data[1] must be a finite number, got NaN");
    expectRefused(call({}, zeros([5])), RangeError, "fitMixture: x.shape must have 2 axes");
    expectRefused(call({ clusters: 3 }), TypeError, "fitMixture: options must have only the names");
  });
});

describe("mixtureResponsibilities", () => {
  it("are the shares of the components' joint densities, by Bayes' rule", () => {
    const mixture = drawMixture(3, 2, 5);
    const x = random.normal(key(4), [7, 2], { deviation: 2 });
    const shares = mixtureResponsibilities(x, mixture);
    expect(shares.shape).toEqual([7, 3]);
    const weights = ops.softmax(mixture.logits).data;
    const row = (t: Tensor, k: number) => ops.slice(t, k, k + 1);
    const all = mixtureLogProb(x, mixture).data;
    weights.forEach((weight, k) => {
      const own = { logits: zeros([1]), means: row(mixture.means, k), logVars: row(mixture.logVars, k) };
      const density = mixtureLogProb(x, own).data;
      all.forEach((whole, n) => {
        expect(shares.data[3 * n + k]).toBeCloseTo(weight * Math.exp(density[n]! - whole), 5);
      });
    });
  });

  it("sum to 1, also where every density underflows", () => {
    const far = mixtureResponsibilities(full([1, 2], 1e6), drawMixture(4, 2, 1));
    expect(far.data.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
  });

  it("refuse points of other dimensions", () => {
    expectRefused(
      () => mixtureResponsibilities(zeros([2, 3]), drawMixture(2, 2, 1)),
      RangeError,
      "mixtureResponsibilities: x.shape[1]",
    );
  });
});
