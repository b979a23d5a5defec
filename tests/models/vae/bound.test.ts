// Laws of the evidence lower bound and its importance-weighted relative, where log p(x) is known exactly.

import { describe, expect, it } from "vitest";
import {
  fold,
  gaussianLogProb,
  key,
  type Key,
  ops,
  random,
  reparameterizedGradient,
  scoreFunctionGradient,
  tensor,
  type Tensor,
  valueAndGrad,
  zeros,
} from "../../../src/index.js";
import { reals } from "../../support/arbitraries.js";
import { expectNear } from "../../support/laws.js";
import {
  examplesOf,
  exactPosterior,
  klTerm,
  linearVae,
  logEvidence,
  meanOf,
  posteriorsOf,
  randomModel,
  reconstructionTerm,
  rowsOf,
} from "../../support/linearGaussian.js";

const linear = randomModel(3, 5, 2, true);
const exact = linearVae(linear);
const bad = linearVae(linear, true);
const x = examplesOf(linear, 60, 7);
const evidence = rowsOf(x).map((row) => logEvidence(linear, row));
const expectAbout = (actual: Tensor, expected: readonly number[], distance: number) =>
  expectNear(
    actual,
    { shape: [expected.length], data: Float64Array.from(expected) },
    {
      shape: [expected.length],
      data: new Float64Array(expected.length).fill(distance),
    },
  );

describe("elbo", () => {
  it("is log p(x) for the exact posterior", () => {
    const { elbo } = exact.model.elbo(exact.params, x, { samples: 2000, batchSize: 1024 });
    expect(Math.abs(elbo - meanOf(evidence))).toBeLessThan(0.01);
  });

  it.each([
    { columns: "orthogonal columns", orthogonal: true },
    { columns: "any columns", orthogonal: false },
  ])("has the closed forms' terms for any posterior, $columns", ({ orthogonal }) => {
    const other = randomModel(4, 6, 3, orthogonal);
    const { model, params } = linearVae(other);
    const images = examplesOf(other, 40, 9);
    const posterior = { mean: reals([40, 3], 1), logVar: reals([40, 3], 2) };
    const each = posteriorsOf(posterior);
    const bound = model.elbo(params, images, { posterior, samples: 4000, batchSize: 2048, key: key(5) });
    const terms = rowsOf(images).map((row, i) => reconstructionTerm(other, row, each[i]));
    expect(Math.abs(bound.reconstruction - meanOf(terms))).toBeLessThan(0.05);
    expect(bound.kl).toBeCloseTo(meanOf(each.map(klTerm)), 6);
    bound.klPerDimension.forEach((kl, j) => {
      const own = each.map(({ mean, variance }) => klTerm({ mean: [mean[j]], variance: [variance[j]] }));
      expect(kl).toBeCloseTo(meanOf(own), 6);
    });
    expect(bound.elbo).toBe(-(bound.reconstruction + bound.kl));
    const below = rowsOf(images).map((row) => logEvidence(other, row));
    expect(bound.elbo).toBeLessThan(meanOf(below));
  });

  it("is below log p(x) by KL(q ‖ p(z | x)) where the encoder is bad", () => {
    const [shift, widening] = [0.5, 0.8];
    const { variance } = exactPosterior(linear, linear.b);
    const gap = variance.reduce(
      (sum, v) => sum + 0.5 * (Math.exp(widening) - 1 - widening + shift ** 2 / v),
      0,
    );
    const { elbo } = bad.model.elbo(bad.params, x, { samples: 4000, batchSize: 2048 });
    expect(Math.abs(meanOf(evidence) - elbo - gap)).toBeLessThan(0.03);
  });

  it("is the mean of what score gives for each example, with the same noise", () => {
    const options = { samples: 3, key: key(8) };
    const score = bad.model.score(bad.params, x, options);
    expect(score.shape).toEqual([60]);
    expect(meanOf(score.data)).toBeCloseTo(-bad.model.elbo(bad.params, x, options).elbo, 4);
  });

  it("gives the same for the same key, something else for another", () => {
    const elbo = (seed?: number) =>
      bad.model.elbo(bad.params, x, seed === undefined ? {} : { key: key(seed) }).elbo;
    expect(elbo()).toBe(elbo(0));
    expect(elbo(1)).not.toBe(elbo(0));
  });
});

describe("logLikelihood", () => {
  it("is log p(x) by any single sample of the exact posterior: all weights are one", () => {
    for (const seed of [1, 2, 3]) {
      const options = { samples: 1, key: key(seed) };
      expectAbout(exact.model.logLikelihood(exact.params, x, options), evidence, 1e-4);
    }
    expectAbout(exact.model.logLikelihood(exact.params, x), evidence, 1e-4);
    expectAbout(
      exact.model.score(exact.params, x, { by: "logLikelihood" }),
      evidence.map((value) => -value),
      1e-4,
    );
  });

  it("rises with the samples, from the elbo to log p(x)", () => {
    const many = examplesOf(linear, 400, 8);
    const wanted = meanOf(rowsOf(many).map((row) => logEvidence(linear, row)));
    const options = { key: key(3), batchSize: 4096 };
    const bound = (samples: number) =>
      meanOf(bad.model.logLikelihood(bad.params, many, { ...options, samples }).data);
    const { elbo } = bad.model.elbo(bad.params, many, { ...options, samples: 100 });
    const rising = [1, 4, 16, 64, 256].map(bound);
    expect(Math.abs(rising[0] - elbo)).toBeLessThan(0.35);
    for (let i = 1; i < rising.length; i++) expect(rising[i]).toBeGreaterThan(rising[i - 1]);
    expect(rising[4]).toBeLessThan(wanted + 0.02);
    expect(wanted - rising[4]).toBeLessThan(0.05);
    const unless = meanOf(bad.model.logLikelihood(bad.params, many, options).data);
    expect(unless).toBe(rising[3]);
  });

  it("is the elbo's own estimate with one sample where the posterior is the prior", () => {
    const posterior = { mean: zeros([60, 2]), logVar: zeros([60, 2]) };
    const options = { samples: 1, posterior, key: key(4) };
    const score = bad.model.score(bad.params, x, options);
    expectAbout(
      bad.model.logLikelihood(bad.params, x, options),
      [...score.data].map((value) => -value),
      1e-6,
    );
  });

  /** The bound of an example in float64, its largest weight taken out, from the noise that its key gives. */
  function naiveBound(gamma: number, example: number, from: Key, samples: number): number {
    const row = rowsOf(x)[example];
    const { mean, variance } = posteriorsOf(bad.model.encode(bad.params, x))[example];
    const weights = rowsOf(random.normal(fold(from, example), [samples, 2])).map((noise) => {
      const z = mean.map((m, j) => m + Math.sqrt(variance[j]) * noise[j]);
      const point = { mean: z, variance: [0, 0] };
      const prior = z.reduce((sum, value) => sum - 0.5 * value ** 2, 0);
      const density = noise.reduce((sum, e, j) => sum - 0.5 * (e ** 2 + Math.log(variance[j])), 0);
      return prior - density - reconstructionTerm({ ...linear, gamma }, row, point);
    });
    const largest = Math.max(...weights);
    return largest + Math.log(meanOf(weights.map((weight) => Math.exp(weight - largest))));
  }

  it.each([0.5, 1e-3, 1e-6, 1e-12])("agrees with the definition and stays finite, gamma = %d", (gamma) => {
    const { model } = linearVae({ ...linear, gamma });
    const { data } = model.logLikelihood(bad.params, x, { samples: 8, key: key(6) });
    for (const [i, value] of data.entries()) {
      const wanted = naiveBound(gamma, i, key(6), 8);
      expect(Number.isFinite(value)).toBe(true);
      expect(Math.abs(value - wanted)).toBeLessThan(2e-5 * (1 + Math.abs(wanted)));
    }
    expect(meanOf(data)).toBeLessThan(10 - 0.01 / gamma ** 2);
  });

  it("is −Infinity, not NaN, where no sample explains the example at all", () => {
    const sharp = linearVae({ ...linear, gamma: 1e-30 }).model;
    const { data } = sharp.logLikelihood(bad.params, x, { samples: 3 });
    expect([...data]).toEqual(Array.from({ length: 60 }, () => -Infinity));
  });
});

describe("bounds", () => {
  const all = (options: { batchSize?: number }) => {
    const { model, params } = bad;
    const { elbo, reconstruction, kl, klPerDimension } = model.elbo(params, x, { samples: 5, ...options });
    const scores = (["elbo", "reconstruction", "logLikelihood"] as const).map(
      (by) => model.score(params, x, { by, ...options }).data,
    );
    const bound = model.logLikelihood(params, x, { samples: 5, ...options }).data;
    return [elbo, reconstruction, kl, ...klPerDimension, ...bound, ...scores.flatMap((one) => [...one])];
  };

  it.each([1, 4, 7, 10, 15, 128, 1000])("do not depend on the batch size, %d", (batchSize) => {
    expect(all({ batchSize })).toEqual(all({}));
  });

  it("of one example do not depend on those behind it", () => {
    const options = { samples: 6 };
    const first = bad.model.logLikelihood(bad.params, ops.slice(x, 0, 9), options);
    expect(first.data).toEqual(bad.model.logLikelihood(bad.params, x, options).data.slice(0, 9));
  });

  it("score by reconstruction at the posterior's mean, a given one too", () => {
    const each = posteriorsOf(bad.model.encode(bad.params, x));
    const atMean = (posteriors: typeof each) =>
      rowsOf(x).map((row, i) => reconstructionTerm(linear, row, { ...posteriors[i], variance: [0, 0] }));
    expectAbout(bad.model.score(bad.params, x, { by: "reconstruction" }), atMean(each), 1e-4);
    const posterior = { mean: reals([60, 2], 4), logVar: zeros([60, 2]) };
    const score = bad.model.score(bad.params, x, { by: "reconstruction", posterior });
    expectAbout(score, atMean(posteriorsOf(posterior)), 1e-4);
  });
});

describe("gradients of the bound", () => {
  const row = rowsOf(x)[0];
  const [q] = posteriorsOf(bad.model.encode(bad.params, ops.slice(x, 0, 1)));
  const { W, b, gamma } = linear;
  const squares = [0, 1].map((j) => W.reduce((sum, own) => sum + own[j] ** 2, 0));
  /** d/d mean and d/d logVar of −E_q[log p(x | z)]. */
  const truth = {
    mean: [0, 1].map(
      (j) =>
        -W.reduce((sum, own, i) => {
          const given = own.reduce((total, w, k) => total + w * q.mean[k], 0);
          return sum + own[j] * (row[i] - b[i] - given);
        }, 0) /
        gamma ** 2,
    ),
    logVar: [0, 1].map((j) => (0.5 * q.variance[j] * squares[j]) / gamma ** 2),
  };

  it("agree with the closed form in the mean, reparameterized and of the score function", () => {
    const samples = 40_000;
    const repeated = ops.add(zeros([samples, 5]), tensor(row));
    const f = (z: Tensor) => {
      const mean = bad.decoder.apply(bad.params.weights.decoder, [{}], z).output;
      const logVar = ops.add(zeros([samples, 5]), tensor(2 * Math.log(gamma)));
      return ops.scale(gaussianLogProb(repeated, { mean, logVar }), -1);
    };
    const at = { mean: tensor([...q.mean]), logVar: tensor(q.variance.map(Math.log)) };
    const estimates = [
      reparameterizedGradient(key(1), f, at, { samples }),
      scoreFunctionGradient(key(2), f, at, { samples, baseline: "leaveOneOut" }),
    ];
    for (const { gradient, variance } of estimates) {
      for (const name of ["mean", "logVar"] as const) {
        gradient[name].data.forEach((slope, j) => {
          const deviation = Math.sqrt(variance[name].data[j] / samples);
          expect(deviation).toBeLessThan(0.2);
          expect(Math.abs(slope - truth[name][j])).toBeLessThan(4 * deviation);
        });
      }
    }
  });

  it("reach the heads through the loss, KL included", () => {
    const copies = 20_000;
    const images = ops.add(zeros([copies, 5]), tensor(row));
    const { state } = bad.params;
    const { grads } = valueAndGrad(
      (weights: typeof bad.params.weights) =>
        bad.model.loss({ weights, state }, images, { key: fold(key(1), 2) }).loss,
    )(bad.params.weights);
    const heads = grads.posterior as unknown as Record<"mean" | "logVar", { bias: Tensor }>;
    heads.mean.bias.data.forEach((slope, j) => {
      expect(Math.abs(slope - truth.mean[j] - q.mean[j])).toBeLessThan(0.05);
    });
    heads.logVar.bias.data.forEach((slope, j) => {
      expect(Math.abs(slope - truth.logVar[j] - 0.5 * (q.variance[j] - 1))).toBeLessThan(0.05);
    });
  });
});
