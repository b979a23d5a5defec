// Laws of refined posteriors: never worse, exact where the exact one is known, and each example by itself.

import { describe, expect, it } from "vitest";
import { key, ops, tensor } from "../../../src/index.js";
import { expectNear, forAll } from "../../support/laws.js";
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
import { imagesOf, vaes } from "../../support/modelCases.js";

const linear = randomModel(3, 5, 2, true);
const bad = linearVae(linear, true);
const x = examplesOf(linear, 12, 7);

describe("refinePosterior", () => {
  it("reaches the exact posterior from a bad encoder, and its bound log p(x)", () => {
    const options = { steps: 400, samples: 16, learningRate: 0.1 };
    const refined = bad.model.refinePosterior(bad.params, x, options);
    posteriorsOf(refined).forEach((q, i) => {
      const wanted = exactPosterior(linear, rowsOf(x)[i]);
      q.mean.forEach((mean, j) => {
        expect(Math.abs(mean - wanted.mean[j])).toBeLessThan(0.1 * Math.sqrt(wanted.variance[j]));
        expect(Math.abs(Math.log(q.variance[j] / wanted.variance[j]))).toBeLessThan(0.15);
      });
    });
    // In closed form, so that no sampling stands between.
    const bound = posteriorsOf(refined).map(
      (q, i) => -reconstructionTerm(linear, rowsOf(x)[i], q) - klTerm(q),
    );
    const evidence = rowsOf(x).map((row) => logEvidence(linear, row));
    bound.forEach((elbo, i) => {
      expect(elbo).toBeLessThan(evidence[i] + 1e-5);
      expect(elbo).toBeGreaterThan(evidence[i] - 0.03);
    });
    const { elbo, kl } = bad.model.elbo(bad.params, x, { posterior: refined, samples: 4000 });
    expect(Math.abs(elbo - meanOf(bound))).toBeLessThan(0.05);
    expect(kl).toBeCloseTo(meanOf(posteriorsOf(refined).map(klTerm)), 5);
    expect(elbo - bad.model.elbo(bad.params, x, { samples: 4000 }).elbo).toBeGreaterThan(1);
  });

  it("stays where the encoder is exact already", () => {
    const exact = linearVae(linear);
    const start = posteriorsOf(exact.model.encode(exact.params, x));
    posteriorsOf(exact.model.refinePosterior(exact.params, x, { steps: 200, samples: 4 })).forEach((q, i) => {
      const elbo = (own: typeof q) => -reconstructionTerm(linear, rowsOf(x)[i], own) - klTerm(own);
      expect(elbo(q)).toBeGreaterThan(elbo(start[i]) - 0.03);
    });
  });

  it("never lowers the bound noticeably, whatever the model", () => {
    forAll(vaes, 10, ({ model, options, seed }) => {
      const params = model.init(key(seed));
      const images = imagesOf(options.inputShape, 6, seed);
      const posterior = model.refinePosterior(params, images, { steps: 60, samples: 2 });
      const bounds = { samples: 400, batchSize: 512 };
      const before = model.elbo(params, images, bounds).elbo;
      expect(model.elbo(params, images, { ...bounds, posterior }).elbo).toBeGreaterThan(before - 0.05);
    });
  });

  it("treats each example by itself, whatever the batch size, up to rounding", () => {
    const whole = bad.model.refinePosterior(bad.params, x, { steps: 20 });
    const bound = ops.add(ops.scale(whole.mean, 0), tensor(1e-4));
    for (const batchSize of [1, 5, 6]) {
      const parts = bad.model.refinePosterior(bad.params, x, { steps: 20, batchSize });
      expectNear(parts.mean, whole.mean, bound);
      expectNear(parts.logVar, whole.logVar, bound);
    }
    const first = bad.model.refinePosterior(bad.params, ops.slice(x, 0, 6), { steps: 20 });
    expectNear(first.mean, ops.slice(whole.mean, 0, 6), ops.slice(bound, 0, 6));
  });

  it("gives the same for the same key, something else for another, and leaves the encoder's alone", () => {
    const before = bad.model.encode(bad.params, x).mean.data.slice();
    const mean = (seed: number) =>
      bad.model.refinePosterior(bad.params, x, { steps: 5, key: key(seed) }).mean.data;
    expect(mean(1)).toEqual(mean(1));
    expect(mean(1)).not.toEqual(mean(2));
    expect(bad.model.encode(bad.params, x).mean.data).toEqual(before);
  });

  it("with a rate of 0 gives back the encoder's posterior", () => {
    const still = bad.model.refinePosterior(bad.params, x, { steps: 3, learningRate: 0 });
    const start = bad.model.encode(bad.params, x);
    expect(still.mean.data).toEqual(start.mean.data);
    expect(still.logVar.data).toEqual(start.logVar.data);
  });
});
