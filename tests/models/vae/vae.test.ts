// Laws of variational autoencoders: shapes, the loss and its terms, batches, samples.

import { describe, expect, it } from "vitest";
import {
  type BatchLike,
  dense,
  type DiagonalGaussian,
  dropout,
  fold,
  item,
  key,
  type Key,
  klStandardNormal,
  ones,
  ops,
  random,
  reparameterize,
  schedules,
  sequential,
  tensor,
  type Tensor,
  vae,
  type VaeLossOptions,
  type VaeOptions,
  zeros,
} from "../../../src/index.js";
import { tensorsOf } from "../../../src/tensor/tree.js";
import { expectNear, expectSame, forAll } from "../../support/laws.js";
import { imagesOf, inParts, noting, vaes } from "../../support/modelCases.js";
import { moments } from "../../support/statistics.js";
import { plain } from "../../support/trees.js";

/** What a posterior's KL costs with free bits: means over the batch, each or their sum at least the free nats. */
function paidFor({ mean, logVar }: DiagonalGaussian, freeBits: VaeOptions["freeBits"]): number {
  const [count, latentSize] = mean.shape;
  const perDimension = Array.from({ length: latentSize }, () => 0);
  mean.data.forEach((m, i) => {
    const v = logVar.data[i];
    perDimension[i % latentSize] += (0.5 * (m ** 2 + Math.exp(v) - 1 - v)) / count;
  });
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  if (freeBits === undefined) return sum(perDimension);
  if ("total" in freeBits) return Math.max(sum(perDimension), freeBits.total);
  return sum(perDimension.map((kl) => Math.max(kl, freeBits.perDimension)));
}

/** A bound of rounding for every element. */
const rounding = ({ shape, data }: Tensor) => ({
  shape,
  data: data.map((value) => 2e-5 * (1 + Math.abs(value))),
});

describe("vae", () => {
  it("has the shapes of its layers and latents", () => {
    forAll(vaes, 60, ({ model, options: { inputShape, latentSize }, seed }) => {
      const params = model.init(key(seed));
      const images = imagesOf(inputShape, 4, seed);
      const { mean, logVar } = model.encode(params, images);
      expect([model.inputShape, model.latentSize]).toEqual([inputShape, latentSize]);
      expect([mean.shape, logVar.shape]).toEqual([
        [4, latentSize],
        [4, latentSize],
      ]);
      expect(model.sampleLatent(params, images, { key: key(seed) }).shape).toEqual([4, latentSize]);
      expect(model.decode(params, mean).shape).toEqual([4, ...inputShape]);
      expect(model.generate(params, { count: 3, key: key(seed) }).shape).toEqual([3, ...inputShape]);
      expect(model.refinePosterior(params, images, { steps: 2 }).logVar.shape).toEqual([4, latentSize]);
      const { klPerDimension, kl, elbo } = model.elbo(params, images);
      expect(klPerDimension).toHaveLength(latentSize);
      expect([kl, elbo].every(Number.isFinite)).toBe(true);
      for (const by of ["elbo", "reconstruction", "logLikelihood"] as const) {
        expect(model.score(params, images, { by, samples: 2 }).shape).toEqual([4]);
      }
      expectSame(model.reconstruct(params, images), model.decode(params, mean));
      expectSame(
        model.sampleLatent(params, images, { key: key(seed) }),
        reparameterize(key(seed), { mean, logVar }),
      );
    });
  });

  it("gives the same for any batch size, one example after the other up to rounding", () => {
    forAll(vaes, 30, ({ model, options, seed }) => {
      const params = model.init(key(seed));
      const images = imagesOf(options.inputShape, 18, seed);
      const functions: ((part: Tensor, batchSize?: number) => Tensor)[] = [
        (part, batchSize = 128) => model.encode(params, part, { batchSize }).mean,
        (part, batchSize = 128) => model.encode(params, part, { batchSize }).logVar,
        (part, batchSize = 128) => model.reconstruct(params, part, { batchSize }),
        (part, batchSize = 128) => model.score(params, part, { batchSize }),
        (part, batchSize = 128) => model.score(params, part, { batchSize, samples: 3, by: "logLikelihood" }),
      ];
      for (const f of functions) {
        const whole = f(images);
        for (const batchSize of [6, 9, 18, 1000]) expectSame(f(images, batchSize), whole);
        for (const batchSize of [1, 5]) expectNear(f(images, batchSize), whole, rounding(whole));
      }
      const encode = (part: Tensor) => model.encode(params, part).mean;
      expectSame(inParts(encode, images, 6), encode(images));
    });
  });

  it("has the loss reconstruction + beta·kl, in nats per example, whatever the noise is from", () => {
    forAll(vaes, 60, ({ model, options, seed }) => {
      const params = model.init(key(seed));
      const { inputShape, latentSize, beta = 1, freeBits } = options;
      const images = imagesOf(inputShape, 5, seed);
      const { loss, terms } = model.loss(params, images, { noise: zeros([5, latentSize]) });
      const q = model.encode(params, images);
      expect(item(terms.kl)).toBeCloseTo(item(klStandardNormal(q, { reduction: "mean" })), 4);
      const atMean = item(ops.mean(model.score(params, images, { by: "reconstruction" })));
      expect(Math.abs(item(terms.reconstruction) - atMean)).toBeLessThan(1e-5 * (1 + Math.abs(atMean)));
      const wanted = item(terms.reconstruction) + (beta as number) * paidFor(q, freeBits);
      expect(Math.abs(item(loss) - wanted)).toBeLessThan(1e-5 * (1 + Math.abs(wanted)));
      const drawn = model.loss(params, images, { key: key(seed) });
      const noise = random.normal(fold(key(seed), 3), [5, latentSize]);
      expectSame(drawn.loss, model.loss(params, images, { noise, key: key(seed) }).loss);
    });
  });

  it("gives back a state like its own, and moves averages in training only", () => {
    forAll(vaes, 20, ({ model, options, seed }) => {
      const params = model.init(key(seed));
      const images = imagesOf(options.inputShape, 5, seed);
      const still = model.loss(params, images, { key: key(1) });
      expect(plain(still.state)).toEqual(plain(params.state));
      const moved = model.loss(params, images, { key: key(1), training: true });
      expect(Object.keys(moved.state)).toEqual(Object.keys(params.state));
      const hasAverages = JSON.stringify(model.spec).includes("batchNorm");
      expect(JSON.stringify(plain(moved.state)) !== JSON.stringify(plain(params.state))).toBe(hasAverages);
    });
  });
});

describe("init", () => {
  it("draws every weight from a key of its own", () => {
    const square = () => sequential(dense(2), dense(2));
    const options = { inputShape: [2], latentSize: 2, encoder: square(), decoder: square() };
    const { weights } = vae(options).init(key(1));
    const kernels = tensorsOf(weights).filter(({ shape }) => shape.length === 2);
    expect(new Set(kernels.map(({ data }) => data.join())).size).toBe(6);
    expect(plain(vae(options).init(key(1)).weights)).toEqual(plain(weights));
    expect(plain(vae(options).init(key(2)).weights)).not.toEqual(plain(weights));
  });
});

const layers = { inputShape: [3], latentSize: 2, encoder: dense(4), decoder: dense(3) };
const x = imagesOf([3], 6, 1);

describe("a VAE's loss", () => {
  it("asks a schedule for beta at every step, and keeps its end in the spec", () => {
    const rate = schedules.linearWarmup({ steps: 10, next: schedules.constant(4) });
    const model = vae({ ...layers, beta: rate });
    const params = model.init(key(1));
    const noise = zeros([6, 2]);
    const at = (step?: number) => {
      const { loss, terms } = model.loss(params, x, step === undefined ? { noise } : { noise, step });
      return (item(loss) - item(terms.reconstruction)) / item(terms.kl);
    };
    for (const step of [0, 1, 5, 10, 1000]) expect(at(step)).toBeCloseTo(rate(step), 3);
    expect(at()).toBeCloseTo(rate(0), 3);
    expect(model.spec.options.beta).toBe(4);
    expect(vae({ ...layers, beta: 0.25 }).spec.options.beta).toBe(0.25);
    expect(vae(layers).spec.options).toEqual({
      latentSize: 2,
      likelihood: "bernoulli",
      beta: 1,
      freeBits: null,
    });
  });

  it("is taken on the target where one is given, and on hidden elements alone", () => {
    const model = vae(layers);
    const params = model.init(key(1));
    const target = imagesOf([3], 6, 2);
    const options = { noise: zeros([6, 2]) };
    const values = (against: Tensor) => {
      const p = model.reconstruct(params, x).data;
      return against.data.map((t, i) => -t * Math.log(p[i]) - (1 - t) * Math.log(1 - p[i]));
    };
    const reconstruction = (more: VaeLossOptions, batch: BatchLike = x) =>
      item(model.loss(params, batch, { ...options, ...more }).terms.reconstruction);
    const sum = (list: Float32Array, mask?: Float32Array) =>
      list.reduce((total, value, i) => total + value * (mask?.[i] ?? 1), 0);
    expect(reconstruction({}, { inputs: x, targets: target })).toBeCloseTo(sum(values(target)) / 6, 4);
    const hidden = random.bernoulli(key(3), [6, 3]);
    expect(reconstruction({ hidden })).toBeCloseTo(sum(values(x), hidden.data) / 6, 4);
    expect(reconstruction({ hidden }, { inputs: x, targets: target })).toBeCloseTo(
      sum(values(target), hidden.data) / 6,
      4,
    );
    expect(reconstruction({ hidden: ones([6, 1]) })).toBeCloseTo(sum(values(x)) / 6, 4);
  });

  it("draws for every part from a key of its own", () => {
    const decoder = sequential(dropout(0.5), dense(3));
    const model = vae({ ...layers, encoder: sequential(dropout(0.5), dense(4)), decoder });
    const params = model.init(key(1));
    const loss = (options: VaeLossOptions) => item(model.loss(params, x, options).loss);
    const noise = zeros([6, 2]);
    expect(loss({ noise, key: key(1) })).toBe(loss({ noise }));
    const training = true;
    expect(loss({ noise, key: key(1), training })).not.toBe(loss({ noise, key: key(2), training }));
    expect(loss({ key: key(1), training })).toBe(loss({ key: key(1), training }));
    const keys: (Key | undefined)[] = [key(1), fold(key(1), 3)];
    const spied = vae({ ...layers, encoder: noting(dense(4), keys), decoder: noting(dense(3), keys) });
    spied.loss(spied.init(key(1)), x, { key: key(1) });
    expect(new Set(keys.map((used) => used?.words.join())).size).toBe(4);
    expect(() => loss({ noise, training })).toThrow(/^encoder\[0\]\.dropout: key must be given in training/);
  });
});

describe("generate", () => {
  const model = vae({ ...layers, likelihood: { type: "gaussian", gamma: 1 }, decoder: sequential(dense(3)) });
  const params = model.init(key(1));

  it("decodes samples of the prior, scaled by the temperature", () => {
    const count = 20_000;
    const codes = random.normal(key(5), [count, 2]);
    expectSame(model.generate(params, { count, key: key(5) }), model.decode(params, codes));
    const cold = model.generate(params, { count: 9, key: key(5), temperature: 0 });
    expectSame(cold, model.decode(params, zeros([9, 2])));
    const spread = (temperature: number) =>
      moments(model.generate(params, { count, key: key(6), temperature }).data)[1];
    const centre = moments(cold.data)[1];
    expect((spread(0.5) - centre) / (spread(1) - centre)).toBeCloseTo(0.25, 2);
  });

  it("gives the same for the same key, something else for another", () => {
    const of = (seed: number) => plain(model.generate(params, { count: 5, key: key(seed) }));
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
  });
});

describe("a VAE's warnings", () => {
  it("are those of its latents' use, at the step's beta", () => {
    const model = vae({ ...layers, beta: (step) => step + 1 });
    const { weights, state } = model.init(key(1));
    const head = (bias: number) => ({ kernel: zeros([4, 2]), bias: tensor([bias, bias]) });
    const at = (logVar: number) => ({
      state,
      weights: { ...weights, posterior: { mean: head(0), logVar: head(logVar) } },
    });
    const moment = { step: 3, isImproving: true };
    expect(model.warnings?.(at(0), x, moment)).toEqual([
      expect.stringMatching(/^KL is below 0\.01 nats in 2 of 2 latents while .*: beta = 4 is too large/),
    ]);
    expect(model.warnings?.(at(-9), x, moment)).toEqual([
      expect.stringMatching(/deviation is below 0\.03 .*beta = 4 is too small/),
    ]);
    expect(model.warnings?.(at(-2), x, moment)).toEqual([]);
  });
});
