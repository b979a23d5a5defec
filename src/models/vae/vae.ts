// Variational autoencoders: an encoder to a diagonal Gaussian over latents, a decoder to a likelihood, and the bound.

import {
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
  checkResult,
  checkShape,
} from "../../check/check.js";
import { type DiagonalGaussian, klStandardNormal, reparameterize } from "../../distributions/gaussian.js";
import { displace } from "../../distributions/gaussianTerms.js";
import { layerOf } from "../../layers/given.js";
import * as ops from "../../ops/index.js";
import { normal } from "../../random/draws.js";
import { checkKey, fold, type Key } from "../../random/keys.js";
import { sizeOf, type Tensor } from "../../tensor/tensor.js";
import { checkBatch, unlabelled } from "../batch.js";
import { type BatchOptions, batchSizeOf, mapBatches } from "../batches.js";
import { betaAt, checkedBeta } from "./beta.js";
import {
  boundOf,
  importanceWeightedBound,
  type LatentModel,
  negativeElboPerExample,
  negativeLogProbAtMean,
} from "./bound.js";
import { latentUsage, usageWarnings } from "./latentUsage.js";
import { VAE_DRAWS } from "../draws.js";
import { checkFreeBits, penalty } from "./freeBits.js";
import { checkLossOptions, checkMoment, checkParams, type ModelParams } from "../model.js";
import { networkOf, PARTS } from "./network.js";
import { reduceWhere } from "../reconstructionLoss.js";
import { refine } from "./refinePosterior.js";
import type { SampleOptions, ScoreOptions, Vae, VaeOptions } from "./types.js";

const OPTIONS = ["inputShape", "latentSize", "encoder", "decoder", "likelihood", "beta", "freeBits"];

function checkVaeOptions(where: string, options: VaeOptions): VaeOptions {
  checkOptions(where, options, OPTIONS);
  checkShape(where, "inputShape", options.inputShape);
  checkInteger(where, "latentSize", options.latentSize, 1);
  const encoder = layerOf(where, "encoder", options.encoder);
  const decoder = layerOf(where, "decoder", options.decoder);
  const { freeBits } = options;
  if (freeBits !== undefined) checkFreeBits(where, freeBits);
  return { ...options, encoder, decoder };
}

/**
 * A variational autoencoder: the encoder's features pass two dense heads to the mean and log-variance of a Gaussian
 * over `latentSize` latents; the decoder maps a sample of it to the parameters of a likelihood. All terms are in
 * nats per example: sums over pixels and latents, means over the batch.
 *
 * @param options.inputShape - the shape of one input, without the batch axis
 * @param options.latentSize - number of latents, integer ≥ 1
 * @param options.encoder - layer from an input to features `[f]`; the heads are added to it
 * @param options.decoder - layer from latents `[latentSize]` to the input's shape: logits for the Bernoulli
 *   likelihood, means for the Gaussian
 * @param options.likelihood - `"bernoulli"` (default), or see {@link Likelihood}
 * @param options.beta - weight of the KL term: a number ≥ 0 (default 1); a function of the step, as a warm-up, asked only
 *   at steps that are trained; or `{ schedule, final }`, with the value that training is for. Files keep that value;
 *   where it is not said, what the function gave at the last step (1 before the first)
 * @param options.freeBits - KL that costs nothing, `{ perDimension }` or `{ total }` in nats
 * @returns the model; see {@link Vae} for its functions
 * @throws {TypeError} when an option is unknown or of the wrong kind
 * @throws {RangeError} when a number is out of range, or the layers do not fit the shape or each other
 * @example
 * const model = vae({
 *   inputShape: [28, 28, 1],
 *   latentSize: 16,
 *   encoder: sequential(conv2d(8, { kernel: 3, stride: 2, activation: "relu" }), flatten(), dense(32)),
 *   decoder: sequential(dense(14 * 14 * 8), reshape([14, 14, 8]), conv2dTranspose(1, { kernel: 3, stride: 2 })),
 * });
 * const params = model.init(key(1));
 * model.generate(params, { count: 3, key: key(2) }).shape; // [3, 28, 28, 1]
 * @see Kingma & Welling, "Auto-encoding variational Bayes" (2014); Higgins et al., "beta-VAE" (2017)
 */
export function vae(options: VaeOptions): Vae {
  const where = "vae";
  const checked = checkVaeOptions(where, options);
  const { inputShape, latentSize, likelihood = "bernoulli", freeBits } = options;
  const beta = checkedBeta(where, options.beta === undefined ? 1 : options.beta);
  const network = networkOf(where, checked);
  /** What files keep: the number or the goal as stated, else the weight at the last step. */
  let goal = typeof beta === "number" ? beta : (beta.final ?? 1);
  const withParams = (params: ModelParams): LatentModel => ({
    latentSize,
    encode: (inputs, batchSize) => mapBatches(inputs, batchSize, (batch) => network.encode(params, batch)),
    decode: (codes, batchSize) => mapBatches(codes, batchSize, (batch) => network.decode(params, batch)),
    negativeLogProb: (codes, inputs) => network.negativeLogProb(params, codes, inputs),
  });
  /** A function of the model on any number of inputs, from one that finds its arguments checked. */
  const onInputs =
    <Options extends object, Result>(
      name: string,
      f: (where: string, own: LatentModel, inputs: Tensor, options: Options) => Result,
    ) =>
    (params: ModelParams, inputs: Tensor, callOptions = {} as Options): Result => {
      const whereCall = `${where}.${name}`;
      checkParams(whereCall, params, PARTS);
      checkBatch(whereCall, "inputs", inputs, inputShape);
      return f(whereCall, withParams(params), inputs, callOptions);
    };

  /** A function of the model on any number of codes. */
  const onCodes =
    (name: string, f: (params: ModelParams, codes: Tensor) => Tensor) =>
    (params: ModelParams, codes: Tensor, batchOptions: BatchOptions = {}): Tensor => {
      const whereCall = `${where}.${name}`;
      checkParams(whereCall, params, PARTS);
      checkBatch(whereCall, "codes", codes, [latentSize]);
      checkResult(whereCall, "codes", codes, codes.shape[0] * network.outputSize);
      const batchSize = batchSizeOf(whereCall, batchOptions);
      return mapBatches(codes, batchSize, (batch) => f(params, batch));
    };

  const model: Vae = {
    type: where,
    get spec() {
      return {
        type: "vae" as const,
        inputShape,
        encoder: options.encoder.spec,
        decoder: options.decoder.spec,
        options: { latentSize, likelihood, beta: goal, freeBits: freeBits ?? null },
      };
    },
    parts: network.parts,
    inputShape,
    latentSize,
    codeShape: [latentSize],
    beta,
    init(key) {
      checkKey(`${where}.init`, "key", key);
      return network.init(key);
    },
    loss(params, batch, lossOptions = {}) {
      const whereLoss = `${where}.loss`;
      checkParams(whereLoss, params, PARTS);
      const { inputs, targets = inputs, weights } = unlabelled(whereLoss, batch, inputShape);
      checkLossOptions(whereLoss, lossOptions, ["noise"]);
      const { key, noise, training = false, step = 0, hidden } = lossOptions;
      if (noise === undefined) checkKey(whereLoss, "key", key);
      else checkBatch(whereLoss, "noise", noise, [latentSize], inputs.shape[0]);
      const sample = (q: DiagonalGaussian) =>
        displace(q.mean, q.logVar, noise ?? normal(fold(key as Key, VAE_DRAWS.sample), q.mean.shape));
      const context = key === undefined ? { training } : { training, key };
      const { q, negativeLogProb, state } = network.pass(params, inputs, targets, sample, context);
      const reconstruction = reduceWhere(whereLoss, negativeLogProb, "perExample", { hidden, weights });
      const klElements = klStandardNormal(q, { reduction: "none" });
      const paid = penalty(klElements, freeBits, weights);
      const weight = betaAt(beta, step);
      const isOpen = typeof beta !== "number" && beta.final === undefined;
      if (isOpen && lossOptions.step !== undefined) goal = weight;
      return {
        loss: ops.add(reconstruction, ops.scale(paid, weight)),
        terms: {
          reconstruction,
          ...(freeBits === undefined
            ? { kl: paid }
            : { kl: penalty(klElements, undefined, weights), paidKl: paid }),
        },
        state,
      };
    },
    encode: onInputs("encode", posteriorOf),
    sampleLatent: onInputs("sampleLatent", sampleOf),
    decode: onCodes("decode", (params, batch) => network.decode(params, batch)),
    decoderOutputs: onCodes("decoderOutputs", (params, batch) => network.outputs(params, batch)),
    reconstruct: onInputs("reconstruct", reconstructionOf),
    generate(params, generateOptions) {
      const whereGenerate = `${where}.generate`;
      const batchSize = batchSizeOf(whereGenerate, generateOptions, ["count", "key", "temperature"]);
      const { count, key, temperature = 1 } = generateOptions;
      checkInteger(whereGenerate, "count", count, 1);
      checkResult(whereGenerate, "count", count, count * Math.max(latentSize, sizeOf(inputShape)));
      checkKey(whereGenerate, "key", key);
      checkNumber(whereGenerate, "temperature", temperature, 0);
      checkParams(whereGenerate, params, PARTS);
      return withParams(params).decode(
        normal(key, [count, latentSize], { deviation: temperature }),
        batchSize,
      );
    },
    elbo: onInputs("elbo", boundOf),
    logLikelihood: onInputs("logLikelihood", importanceWeightedBound),
    refinePosterior: onInputs("refinePosterior", refine),
    score: onInputs("score", scoreOf),
    warnings: (params, inputs, moment) => {
      const { step, isImproving } = checkMoment("vae.warnings", moment);
      return usageWarnings(latentUsage(model.encode(params, inputs)), {
        beta: betaAt(beta, step),
        isImproving,
      });
    },
  };
  return model;
}

/** The posterior of every input. */
function posteriorOf(where: string, model: LatentModel, inputs: Tensor, options: BatchOptions) {
  return model.encode(inputs, batchSizeOf(where, options));
}

/** A sample of the posterior of every input. */
function sampleOf(where: string, model: LatentModel, inputs: Tensor, options: SampleOptions): Tensor {
  const batchSize = batchSizeOf(where, options, ["key"]);
  checkKey(where, "key", options.key);
  return reparameterize(options.key, model.encode(inputs, batchSize));
}

/** Every input, by way of its posterior's mean. */
function reconstructionOf(where: string, model: LatentModel, inputs: Tensor, options: BatchOptions) {
  const batchSize = batchSizeOf(where, options);
  return model.decode(model.encode(inputs, batchSize).mean, batchSize);
}

/** How unusual every input is. */
function scoreOf(where: string, model: LatentModel, inputs: Tensor, options: ScoreOptions): Tensor {
  batchSizeOf(where, options, ["by", "key", "samples", "posterior"]);
  const { by = "elbo", ...boundOptions } = options;
  checkOneOf(where, "by", by, ["elbo", "reconstruction", "logLikelihood"]);
  if (by === "elbo") return negativeElboPerExample(where, model, inputs, boundOptions);
  if (by === "reconstruction") return negativeLogProbAtMean(where, model, inputs, boundOptions);
  return ops.scale(importanceWeightedBound(where, model, inputs, boundOptions), -1);
}
