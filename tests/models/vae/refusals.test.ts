// What variational autoencoders refuse, before anything is computed, and in which words.

import { describe, it } from "vitest";
import {
  conv2d,
  conv2dTranspose,
  dense,
  type DiagonalGaussian,
  key,
  ones,
  reshape,
  vae,
  type VaeOptions,
  zeros,
} from "../../../src/index.js";
import { expectRefused } from "../../support/refusals.js";

const layers = { inputShape: [3], latentSize: 2, encoder: dense(4), decoder: dense(3) };
const x = ones([6, 3]);

describe("vae refuses", () => {
  const make = (options: object) => () => vae({ ...layers, ...options } as VaeOptions);

  it.each<[object, ErrorConstructor, string]>([
    [
      { latent: 2 },
      TypeError,
      "vae: options must have only the names inputShape, latentSize, encoder, decoder",
    ],
    [{ latentSize: 0 }, RangeError, "vae: latentSize must be an integer ≥ 1, got 0"],
    [{ latentSize: "2" }, TypeError, "vae: latentSize must be an integer ≥ 1, got"],
    [{ inputShape: "3" }, TypeError, "vae: inputShape must be an array of sizes"],
    [{ encoder: 3 }, TypeError, "vae: encoder must be a layer, such as sequential(…), got 3"],
    [{ decoder: null }, TypeError, "vae: decoder must be a layer, such as sequential(…), got null"],
    [{ decoder: dense(6) }, RangeError, "vae: decoder must give [3], the input's shape, got [6]"],
    [{ encoder: reshape([3, 1, 1]) }, RangeError, "posterior.mean.dense: "],
    [{ decoder: conv2dTranspose(1, { kernel: 3 }) }, RangeError, "decoder.conv2dTranspose: "],
    [{ encoder: conv2d(1, { kernel: 3 }) }, RangeError, "encoder.conv2d: "],
    [{ beta: -1 }, RangeError, "vae: beta must be ≥ 0, got -1"],
    [{ beta: "1" }, TypeError, "vae: beta must be a number"],
    [{ beta: { final: 1 } }, TypeError, "vae: beta.schedule must be a function"],
    [{ beta: { schedule: () => 1, final: -1 } }, RangeError, "vae: beta.final must be ≥ 0, got -1"],
    [{ beta: { schedule: () => 1, end: 1 } }, TypeError, "vae.beta: options must have only the names"],
    [{ beta: null }, TypeError, "vae: beta must be a number, a function of the step, or { schedule, final }"],
    [{ freeBits: 0.5 }, TypeError, "vae.freeBits: options must be an object, got 0.5"],
    [{ freeBits: {} }, TypeError, "vae: freeBits must have either perDimension or total, in nats"],
    [{ freeBits: { total: 1, perDimension: 1 } }, TypeError, "vae: freeBits must have either perDimension"],
    [{ freeBits: { total: -1 } }, RangeError, "vae: freeBits.total must be ≥ 0, got -1"],
    [
      { freeBits: { all: 1 } },
      TypeError,
      "vae.freeBits: options must have only the names perDimension, total",
    ],
  ])("options that do not fit, %#", (options, kind, start) => {
    expectRefused(make(options), kind, start);
  });

  const model = vae(layers);
  const params = model.init(key(1));
  const loss = (options: object) => () => model.loss(params, x, options);
  const q = (count: number, size = 2): DiagonalGaussian => ({
    mean: zeros([count, size]),
    logVar: zeros([count, size]),
  });

  it.each<[() => unknown, ErrorConstructor, string]>([
    [() => model.init(1 as never), TypeError, "vae.init: key must be a key"],
    [
      () => model.encode({} as never, x),
      TypeError,
      "vae.encode: params.weights must have the entries encoder, p",
    ],
    [() => model.encode(params, ones([3])), RangeError, "vae.encode: inputs.shape must be [n, 3], got [3]"],
    [
      () => model.encode(params, x, { batchSize: 1.5 }),
      RangeError,
      "vae.encode: batchSize must be an integer ≥",
    ],
    [
      () => model.encode(params, x, null as never),
      TypeError,
      "vae.encode: options must be an object, got null",
    ],
    [() => model.decode(params, x), RangeError, "vae.decode: codes.shape must be [n, 2], got [6, 3]"],
    [() => model.reconstruct(params, 3 as never), TypeError, "vae.reconstruct: inputs must be a tensor"],
    [
      () => model.sampleLatent(params, x, { key: 1 as never }),
      TypeError,
      "vae.sampleLatent: key must be a key",
    ],
    [
      () => model.sampleLatent(params, ones([1]), { key: key(1) }),
      RangeError,
      "vae.sampleLatent: inputs.shape must be [n",
    ],
    [() => model.generate(params, undefined as never), TypeError, "vae.generate: options must be an object"],
    [
      () => model.generate(params, { count: 0, key: key(1) }),
      RangeError,
      "vae.generate: count must be an integer",
    ],
    [() => model.generate(params, { count: 1 } as never), TypeError, "vae.generate: key must be a key"],
    [
      () => model.generate(params, { count: 1, key: key(1), temperature: -1 }),
      RangeError,
      "vae.generate: temperature must be ≥ 0, got -1",
    ],
    [
      () => model.generate({} as never, { count: 1, key: key(1) }),
      TypeError,
      "vae.generate: params.weights must",
    ],
    [
      () => model.elbo(params, x, { samples: 0 }),
      RangeError,
      "vae.elbo: samples must be an integer ≥ 1, got 0",
    ],
    [
      () => model.elbo(params, x, { sample: 3 } as never),
      TypeError,
      "vae.elbo: options must have only the names",
    ],
    [() => model.elbo(params, x, { key: 3 as never }), TypeError, "vae.elbo: key must be a key"],
    [
      () => model.elbo(params, x, { posterior: 3 as never }),
      TypeError,
      "vae.elbo: posterior.mean must be a tens",
    ],
    [
      () => model.logLikelihood(params, x, { posterior: q(5) }),
      RangeError,
      "vae.logLikelihood: posterior.mean.shape must be [6, 2], got [5, 2]",
    ],
    [
      () => model.elbo(params, x, { posterior: q(6, 3) }),
      RangeError,
      "vae.elbo: posterior.mean.shape must be [6, 2], got [6, 3]",
    ],
    [
      () => model.elbo(params, x, { posterior: { ...q(6), logVar: zeros([6]) } }),
      RangeError,
      "vae.elbo: posterior.logVar.shape must equal posterior.mean.shape = [6, 2]",
    ],
    [
      () => model.score(params, x, { by: "nll" as never }),
      RangeError,
      'vae.score: by must be one of "elbo", "re',
    ],
    [
      () => model.score(params, x, { by: "reconstruction", steps: 1 } as never),
      TypeError,
      "vae.score: options must have only the names by, key, samples, posterior, labels, batchSize",
    ],
    [
      () => model.refinePosterior(params, x, { steps: 0 }),
      RangeError,
      "vae.refinePosterior: steps must be an in",
    ],
    [
      () => model.refinePosterior(params, x, { steps: 2 ** 29 }),
      RangeError,
      "vae.refinePosterior: steps must be an integer from 1 to 100000",
    ],
    [
      () => model.refinePosterior(params, x, { samples: 1e9 }),
      RangeError,
      "vae.refinePosterior: samples must be an integer from 1 to 10000",
    ],
    [
      () => model.refinePosterior(params, x, { samples: 0 }),
      RangeError,
      "vae.refinePosterior: samples must be an",
    ],
    [
      () => model.refinePosterior(params, x, { key: 0 as never }),
      TypeError,
      "vae.refinePosterior: key must be a k",
    ],
    [
      () => model.refinePosterior(params, x, { learningRate: -1 }),
      RangeError,
      "vae.refinePosterior: learningRate must be ≥ 0, got -1",
    ],
    [
      () => model.refinePosterior(params, x, { rate: 1 } as never),
      TypeError,
      "vae.refinePosterior: options must h",
    ],
    [loss({}), TypeError, "vae.loss: key must be a key, from key(seed), split or fold, got undefined"],
    [loss({ key: 3 }), TypeError, "vae.loss: key must be a key"],
    [loss({ key: 3, noise: zeros([6, 2]) }), TypeError, "vae.loss: key must be a key"],
    [
      loss({ key: key(1), beta: 3 }),
      TypeError,
      "vae.loss: options must have only the names key, training, step",
    ],
    [loss({ noise: zeros([1, 2]) }), RangeError, "vae.loss: noise.shape must be [6, 2], got [1, 2]"],
    [
      () => model.loss(params, { inputs: ones([6, 3]), targets: ones([5, 3]) }, { key: key(1) }),
      RangeError,
      "vae.loss: batch.targets.shape must be [6, 3], got [5, 3]",
    ],
    [
      loss({ key: key(1), hidden: ones([3]) }),
      RangeError,
      "vae.loss: hidden.shape must equal [6, 3], or have 1",
    ],
    [loss({ key: key(1), step: -1 }), RangeError, "vae.loss: step must be an integer ≥ 0, got -1"],
    [loss({ key: key(1), training: "yes" }), TypeError, "vae.loss: training must be true or false"],
  ])("what does not fit, %#", (call, kind, start) => {
    expectRefused(call, kind, start);
  });

  it("a schedule's value that is no weight, naming the step", () => {
    const sinking = vae({ ...layers, beta: (step) => (step === 7 ? -1 : 1) });
    const call = () => sinking.loss(params, x, { key: key(1), step: 7 });
    expectRefused(call, RangeError, "vae: beta(7) must be ≥ 0, got -1");
  });
});
