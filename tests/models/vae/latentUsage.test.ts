// Laws of the use of latents: its numbers by the definition, and each warning when its cause is there, not otherwise.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  dense,
  fit,
  key,
  type LatentUsage,
  latentUsage,
  random,
  sgd,
  tensor,
  usageWarnings,
  vae,
  zeros,
} from "../../../src/index.js";
import { reals, seed } from "../../support/arbitraries.js";
import { forAll } from "../../support/laws.js";
import { rowsOf } from "../../support/linearGaussian.js";
import { expectRefused } from "../../support/refusals.js";

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe("latentUsage", () => {
  it("agrees with the definition", () => {
    const sizes = fc.record({
      count: fc.integer({ min: 1, max: 20 }),
      latents: fc.integer({ min: 1, max: 6 }),
      seed,
    });
    forAll(sizes, 60, ({ count, latents, seed }) => {
      const q = { mean: reals([count, latents], seed), logVar: reals([count, latents], seed + 1) };
      const [means, logVars] = [rowsOf(q.mean), rowsOf(q.logVar)];
      const usage = latentUsage(q);
      for (let j = 0; j < latents; j++) {
        const own = means.map((row) => row[j]);
        const spread = logVars.map((row) => row[j]);
        const kl = own.map((m, i) => 0.5 * (m ** 2 + Math.exp(spread[i]) - 1 - spread[i]));
        expect(usage.klPerDimension[j]).toBeCloseTo(mean(kl), 9);
        expect(usage.activity[j]).toBeCloseTo(mean(own.map((m) => (m - mean(own)) ** 2)), 9);
        expect(usage.posteriorVariance[j]).toBeCloseTo(mean(spread.map(Math.exp)), 9);
      }
      expect(usage.activeUnits).toBe(usage.activity.filter((activity) => activity > 0.01).length);
      expect(usage.klPerDimension).toHaveLength(latents);
    });
  });

  it("tells active dimensions from the rest at a variance of 0.01, however far the mean is from 0", () => {
    // Means 8 ± a have the variance a².
    const means = [0.0999, 0.1001, 0, 5];
    const rows = [1, -1].map((sign) => means.map((a) => 8 + sign * a));
    const { activeUnits, activity } = latentUsage({ mean: tensor(rows), logVar: zeros([2, 4]) });
    expect(activeUnits).toBe(2);
    expect(activity[2]).toBe(0);
  });

  it("refuses what is no posterior of a batch", () => {
    const where = "latentUsage: q.";
    const [vector, matrix] = [zeros([3]), zeros([2, 3])];
    expectRefused(() => latentUsage(undefined as never), TypeError, `${where}mean must be a tensor`);
    expectRefused(() => latentUsage({ mean: matrix } as never), TypeError, `${where}logVar must be a tensor`);
    const skew = { mean: matrix, logVar: vector };
    expectRefused(
      () => latentUsage(skew),
      RangeError,
      `${where}logVar.shape must equal q.mean.shape = [2, 3]`,
    );
    const one = { mean: vector, logVar: vector };
    expectRefused(() => latentUsage(one), RangeError, `${where}mean.shape must have 2 axes [n, latentSize]`);
  });
});

/** The use of four latents with these KL terms and variances. */
const usage = (klPerDimension: number[], posteriorVariance = [0.5, 0.5, 0.5, 0.5]): LatentUsage => ({
  klPerDimension,
  posteriorVariance,
  activity: [1, 1, 1, 1],
  activeUnits: 4,
});

describe("usageWarnings", () => {
  it("says nothing where half of the latents or more carry something and have a width", () => {
    expect(usageWarnings(usage([1, 1, 1, 1]), { beta: 1 })).toEqual([]);
    expect(usageWarnings(usage([1, 0.01, 0.0099, 0]), { beta: 1 })).toEqual([]);
    expect(usageWarnings(usage([1, 1, 1, 1], [0.0009, 0, 0.001, 1]), { beta: 1 })).toEqual([]);
  });

  it("names a beta that is too large for latents given up", () => {
    const [warning, ...others] = usageWarnings(usage([0, 0.009, 0, 0.01]), { beta: 4 });
    expect(others).toEqual([]);
    expect(warning).toBe(
      "KL is below 0.01 nats in 3 of 4 latents: beta = 4 is too large for these data, or 4 latents are more " +
        "than they need: lower beta, raise it slowly from 0 (a schedule), or set freeBits",
    );
  });

  it("names the moment where reconstruction still improves", () => {
    const [warning] = usageWarnings(usage([0, 0, 0, 0]), { beta: 0.5, isImproving: true });
    expect(warning).toMatch(
      /^KL is below 0\.01 nats in 4 of 4 latents while reconstruction still improves: beta = 0\.5 is too large/,
    );
  });

  it("names the decoder where beta is 0", () => {
    expect(usageWarnings(usage([0, 0, 0, 0]), { beta: 0 })).toEqual([
      "KL is below 0.01 nats in 4 of 4 latents: the decoder does not use its input: check that it depends on the code",
    ]);
  });

  it("names a beta that is too small for codes that are points", () => {
    expect(usageWarnings(usage([9, 9, 9, 9], [1e-4, 1e-4, 1e-4, 1]), { beta: 0.001 })).toEqual([
      "the posterior's deviation is below 0.03 in 3 of 4 latents: beta = 0.001 is too small; codes are points, and " +
        "samples of N(0, I) fall between them",
    ]);
  });

  it("tells of KL that is not finite, and ends no training", async () => {
    for (const value of [Infinity, NaN]) {
      const [warning] = usageWarnings(usage([1, value, 1, value], [1, value, 1, 1]), { beta: 1 });
      expect(warning).toMatch(/^KL is not finite in 2 of 4 latents: /);
    }
    const model = vae({ inputShape: [4], latentSize: 2, encoder: dense(3), decoder: dense(4) });
    const images = random.uniform(key(1), [8, 4]);
    const wild = sgd({ learningRate: 1e30 });
    const run = fit(model, images, { key: key(1), steps: 1, batchSize: 8, optimizer: wild });
    expect((await run).history.epochs[0]!.warnings.join()).toMatch(/^KL is not finite in \d of 2 latents/);
  });

  it("refuses what is no use of latents, no weight and no answer", () => {
    const fine = usage([1, 1, 1, 1]);
    const where = "usageWarnings: ";
    expectRefused(
      () => usageWarnings({} as never, { beta: 1 }),
      TypeError,
      `${where}usage must come from latentU`,
    );
    expectRefused(() => usageWarnings(fine, {} as never), TypeError, `${where}beta must be a number`);
    expectRefused(
      () => usageWarnings(fine, undefined as never),
      TypeError,
      `${where}options must be an object`,
    );
    expectRefused(() => usageWarnings(fine, { beta: -1 }), RangeError, `${where}beta must be ≥ 0, got -1`);
    const unsure = { beta: 1, isImproving: "no" as never };
    expectRefused(() => usageWarnings(fine, unsure), TypeError, `${where}isImproving must be true or false`);
    const misspelt = { beta: 1, improving: true } as never;
    expectRefused(
      () => usageWarnings(fine, misspelt),
      TypeError,
      `${where}options must have only the names beta`,
    );
  });
});
