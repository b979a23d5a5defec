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
import { batchOf, checkBatch } from "../batch.js";
import { batchSizeOf, mapBatches } from "../batches.js";
import { betaAt, checkedBeta } from "./beta.js";
import {
  boundOf,
  importanceWeightedBound,
  type LatentModel,
  negativeElboPerExample,
  negativeLogProbAtMean,
} from "./bound.js";
import { checkedCondition, type LabelOptions, vectorsOf } from "./condition.js";
import { latentUsage, usageWarnings } from "./latentUsage.js";
import { VAE_DRAWS } from "../draws.js";
import { checkFreeBits, penalty } from "./freeBits.js";
import { checkLossOptions, checkMoment, checkParams, type ModelParams } from "../model.js";
import { networkOf, PARTS } from "./network.js";
import { reduceWhere } from "../reconstructionLoss.js";
import { refine } from "./refinePosterior.js";
import type { SampleOptions, ScoreOptions, Vae, VaeOptions } from "./types.js";

const OPTIONS = [
  "inputShape",
  "latentSize",
  "encoder",
  "decoder",
  "likelihood",
  "beta",
  "freeBits",
  "condition",
];

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
 * @param options.condition - what is known of every example: `{ classes, names }` or `{ size }`, see {@link Condition}.
 *   Batches then are `{ inputs, labels }`, and all functions take `labels`. Encoder or features, and the codes that the
 *   decoder gets, are wider by so many numbers
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
 * @see Kingma & Welling, "Auto-encoding variational Bayes" (2014); Higgins et al., "beta-VAE" (2017); Sohn, Lee & Yan,
 *   "Learning structured output representation using deep conditional generative models" (2015)
 */
export function vae(options: VaeOptions): Vae {
  const where = "vae";
  const checked = checkVaeOptions(where, options);
  const { inputShape, latentSize, likelihood = "bernoulli", freeBits } = options;
  const beta = checkedBeta(where, options.beta === undefined ? 1 : options.beta);
  const condition = checkedCondition(where, options.condition);
  const network = networkOf(where, checked, condition);
  /** What files keep: the number or the goal as stated, else the weight at the last step. */
  let goal = typeof beta === "number" ? beta : (beta.final ?? 1);
  const withParams = (params: ModelParams, y: Tensor | undefined): LatentModel => ({
    latentSize,
    y,
    encode: (inputs, batchSize) =>
      mapBatches(inputs, batchSize, (batch, own) => network.encode(params, { inputs: batch, y: own }), y),
    decode: (codes, batchSize) =>
      mapBatches(codes, batchSize, (batch, own) => network.decode(params, batch, own), y),
    negativeLogProb: (codes, known) => network.negativeLogProb(params, codes, known),
  });
  const vectors = (whereCall: string, callOptions: LabelOptions, count: number, argument?: string) =>
    vectorsOf(whereCall, condition, (callOptions as LabelOptions | null)?.labels, count, argument);
  /** A function of the model on any number of inputs, from one that finds its arguments checked. */
  const onInputs =
    <Options extends LabelOptions, Result>(
      name: string,
      f: (where: string, own: LatentModel, inputs: Tensor, options: Options) => Result,
    ) =>
    (params: ModelParams, inputs: Tensor, callOptions = {} as Options): Result => {
      const whereCall = `${where}.${name}`;
      checkParams(whereCall, params, PARTS);
      checkBatch(whereCall, "inputs", inputs, inputShape);
      const y = vectors(whereCall, callOptions, inputs.shape[0]);
      return f(whereCall, withParams(params, y), inputs, callOptions);
    };

  /** A function of the model on any number of codes. */
  const onCodes =
    (name: string, f: (params: ModelParams, codes: Tensor, y: Tensor | undefined) => Tensor) =>
    (params: ModelParams, codes: Tensor, callOptions: LabelOptions = {}): Tensor => {
      const whereCall = `${where}.${name}`;
      checkParams(whereCall, params, PARTS);
      checkBatch(whereCall, "codes", codes, [latentSize]);
      checkResult(whereCall, "codes", codes, codes.shape[0] * network.outputSize);
      const batchSize = batchSizeOf(whereCall, callOptions, ["labels"]);
      const y = vectors(whereCall, callOptions, codes.shape[0]);
      return mapBatches(codes, batchSize, (batch, own) => f(params, batch, own), y);
    };

  const model: Vae = {
    type: where,
    get spec() {
      return {
        type: "vae" as const,
        inputShape,
        encoder: options.encoder.spec,
        decoder: options.decoder.spec,
        options: {
          latentSize,
          likelihood,
          beta: goal,
          freeBits: freeBits ?? null,
          ...(condition && { condition }),
        },
      };
    },
    parts: network.parts,
    inputShape,
    latentSize,
    codeShape: [latentSize],
    beta,
    ...(condition && { condition }),
    init(key) {
      checkKey(`${where}.init`, "key", key);
      return network.init(key);
    },
    loss(params, batch, lossOptions = {}) {
      const whereLoss = `${where}.loss`;
      checkParams(whereLoss, params, PARTS);
      const { inputs, targets = inputs, labels, weights } = batchOf(whereLoss, "batch", batch, inputShape);
      const y = vectors(whereLoss, { labels }, inputs.shape[0], "batch.labels");
      checkLossOptions(whereLoss, lossOptions, ["noise"]);
      const { key, noise, training = false, step = 0, hidden } = lossOptions;
      if (noise === undefined) checkKey(whereLoss, "key", key);
      else checkBatch(whereLoss, "noise", noise, [latentSize], inputs.shape[0]);
      const sample = (q: DiagonalGaussian) =>
        displace(q.mean, q.logVar, noise ?? normal(fold(key as Key, VAE_DRAWS.sample), q.mean.shape));
      const context = key === undefined ? { training } : { training, key };
      const { q, negativeLogProb, state } = network.pass(params, { inputs, y }, targets, sample, context);
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
    decode: onCodes("decode", network.decode),
    decoderOutputs: onCodes("decoderOutputs", network.outputs),
    reconstruct: onInputs("reconstruct", reconstructionOf),
    generate(params, generateOptions) {
      const whereGenerate = `${where}.generate`;
      const batchSize = batchSizeOf(whereGenerate, generateOptions, [
        "labels",
        "count",
        "key",
        "temperature",
      ]);
      const { count, key, temperature = 1 } = generateOptions;
      checkInteger(whereGenerate, "count", count, 1);
      checkResult(whereGenerate, "count", count, count * Math.max(latentSize, sizeOf(inputShape)));
      checkKey(whereGenerate, "key", key);
      checkNumber(whereGenerate, "temperature", temperature, 0);
      checkParams(whereGenerate, params, PARTS);
      const y = vectors(whereGenerate, generateOptions, count);
      const codes = normal(key, [count, latentSize], { deviation: temperature });
      return withParams(params, y).decode(codes, batchSize);
    },
    elbo: onInputs("elbo", boundOf),
    logLikelihood: onInputs("logLikelihood", importanceWeightedBound),
    refinePosterior: onInputs("refinePosterior", refine),
    score: onInputs("score", scoreOf),
    warnings: (params, batch, moment) => {
      const { step, isImproving } = checkMoment("vae.warnings", moment);
      const { inputs, labels } = batchOf("vae.warnings", "batch", batch, inputShape);
      return usageWarnings(latentUsage(model.encode(params, inputs, { labels })), {
        beta: betaAt(beta, step),
        isImproving,
      });
    },
  };
  return model;
}

/** The posterior of every input. */
function posteriorOf(where: string, model: LatentModel, inputs: Tensor, options: LabelOptions) {
  return model.encode(inputs, batchSizeOf(where, options, ["labels"]));
}

/** A sample of the posterior of every input. */
function sampleOf(where: string, model: LatentModel, inputs: Tensor, options: SampleOptions): Tensor {
  const batchSize = batchSizeOf(where, options, ["key", "labels"]);
  checkKey(where, "key", options.key);
  return reparameterize(options.key, model.encode(inputs, batchSize));
}

/** Every input, by way of its posterior's mean. */
function reconstructionOf(where: string, model: LatentModel, inputs: Tensor, options: LabelOptions) {
  const batchSize = batchSizeOf(where, options, ["labels"]);
  return model.decode(model.encode(inputs, batchSize).mean, batchSize);
}

/** How unusual every input is. */
function scoreOf(where: string, model: LatentModel, inputs: Tensor, options: ScoreOptions): Tensor {
  batchSizeOf(where, options, ["by", "key", "samples", "posterior", "labels"]);
  const { by = "elbo", ...boundOptions } = options;
  checkOneOf(where, "by", by, ["elbo", "reconstruction", "logLikelihood"]);
  if (by === "elbo") return negativeElboPerExample(where, model, inputs, boundOptions);
  if (by === "reconstruction") return negativeLogProbAtMean(where, model, inputs, boundOptions);
  return ops.scale(importanceWeightedBound(where, model, inputs, boundOptions), -1);
}
