// The evidence lower bound and its relatives on any number of examples, in nats: sums in float64, memory flat.

import { checkInteger, checkResult } from "../../check/check.js";
import { checkGaussian, type DiagonalGaussian } from "../../distributions/gaussian.js";
import { displaced, klToStandard, logPriorRatio } from "../../distributions/gaussianTerms.js";
import { normal } from "../../random/draws.js";
import { checkKey, fold, key as makeKey, type Key } from "../../random/keys.js";
import { scope } from "../../tensor/scope.js";
import { adoptArray, type Tensor } from "../../tensor/tensor.js";
import { batchSizeOf, mapRanges, rowsOf } from "../batches.js";
import { checkBatch } from "../batch.js";
import type { LabelOptions } from "./condition.js";
import type { Known } from "./network.js";

/** A model with its parameters, and with what is known of the examples at hand: what the bounds need of it. */
export interface LatentModel {
  readonly latentSize: number;
  /** y of every example, `[n, width]`; undefined where the model has no condition. */
  readonly y: Tensor | undefined;
  /** The amortised posterior of all examples. */
  encode(inputs: Tensor, batchSize: number): DiagonalGaussian;
  /** The likelihood's mean for a code of every example. */
  decode(codes: Tensor, batchSize: number): Tensor;
  /** −log p(x | z, y) of every row of a batch, in nats. */
  negativeLogProb(codes: Tensor, known: Known): Tensor;
}

/** Options of a bound. */
export interface BoundOptions extends LabelOptions {
  /** For the samples of the posterior (default `key(0)`: the same call gives the same value). */
  readonly key?: Key | undefined;
  /** Samples per example (default 1). */
  readonly samples?: number | undefined;
  /** Another posterior than the encoder's, both `[n, latentSize]`: a refined one, for example. */
  readonly posterior?: DiagonalGaussian | undefined;
}

/** The bound and its terms, in nats per example, averaged over the examples. */
export interface Bound {
  /** −(reconstruction + kl) ≤ log p(x). */
  readonly elbo: number;
  /** −E[log p(x | z)]. */
  readonly reconstruction: number;
  /** KL(q(z | x) ‖ N(0, I)). */
  readonly kl: number;
  /** Its parts, one per latent dimension. */
  readonly klPerDimension: readonly number[];
}

interface Checked {
  readonly key: Key;
  readonly samples: number;
  readonly batchSize: number;
  readonly posterior: DiagonalGaussian;
}

function checked(
  where: string,
  model: LatentModel,
  inputs: Tensor,
  options: BoundOptions,
  defaultSamples = 1,
): Checked {
  const batchSize = batchSizeOf(where, options, ["key", "samples", "posterior", "labels"]);
  const { key = makeKey(0), samples = defaultSamples, posterior } = options;
  checkKey(where, "key", key);
  checkInteger(where, "samples", samples, 1);
  checkResult(where, "samples", samples, samples * model.latentSize);
  const [count] = inputs.shape;
  const rows = Math.min(batchSize, count * samples);
  checkResult(where, "batchSize", batchSize, rows * Math.max(model.latentSize, inputs.size / count));
  if (posterior !== undefined) {
    checkGaussian(where, "posterior", posterior);
    checkBatch(where, "posterior.mean", posterior.mean, [model.latentSize], inputs.shape[0]);
  }
  return { key, samples, batchSize, posterior: posterior ?? model.encode(inputs, batchSize) };
}

/**
 * Draws from the posterior of every example and decodes, `batchSize` pairs of example and sample at a time. Noise
 * comes from a key per example, so that no sample depends on the batch size. `visit` gets, pair by pair in order,
 * log p(x | z) and log p(z) − log q(z | x).
 */
function visitSamples(
  model: LatentModel,
  inputs: Tensor,
  { key, samples, batchSize, posterior: { mean, logVar } }: Checked,
  visit: (example: number, logLikelihood: number, logRatio: number) => void,
): void {
  const { latentSize, y } = model;
  const length = inputs.size / inputs.shape[0];
  const width = y === undefined ? 0 : y.shape[1];
  const pairs = inputs.shape[0] * samples;
  let noise: Float32Array = new Float32Array(0);
  for (let start = 0; start < pairs; start += batchSize) {
    const count = Math.min(batchSize, pairs - start);
    const codes = new Float32Array(count * latentSize);
    const targets = new Float32Array(count * length);
    const known = new Float32Array(count * width);
    const logRatios = new Float64Array(count);
    for (let row = 0; row < count; row++) {
      const example = Math.floor((start + row) / samples);
      const sample = (start + row) % samples;
      if (sample === 0) noise = normal(fold(key, example), [samples, latentSize]).data.slice();
      // Read anew each time: in a scope these may lie on the heap, which may move as it grows.
      const [pixels, means, logVars] = [inputs.data, mean.data, logVar.data];
      targets.set(pixels.subarray(example * length, (example + 1) * length), row * length);
      if (y !== undefined) known.set(y.data.subarray(example * width, (example + 1) * width), row * width);
      for (let j = 0; j < latentSize; j++) {
        const at = example * latentSize + j;
        const epsilon = noise[sample * latentSize + j];
        const z = displaced(means[at], logVars[at], epsilon);
        codes[row * latentSize + j] = z;
        logRatios[row] += logPriorRatio(z, logVars[at], epsilon);
      }
    }
    scope(() => {
      const z = adoptArray(codes, [count, latentSize]);
      const nll = model.negativeLogProb(z, {
        inputs: adoptArray(targets, [count, ...inputs.shape.slice(1)]),
        y: y && adoptArray(known, [count, width]),
      }).data;
      for (let row = 0; row < count; row++) {
        visit(Math.floor((start + row) / samples), -nll[row], logRatios[row]);
      }
    });
  }
}

/** The KL term of every example and latent dimension, in float64. */
function klOf({ mean, logVar }: DiagonalGaussian): Float64Array {
  const [means, logVars] = [mean.data, logVar.data];
  return Float64Array.from(means, (m, i) => klToStandard(m, logVars[i]));
}

/** The bound's terms, averaged over the examples. */
export function boundOf(where: string, model: LatentModel, inputs: Tensor, options: BoundOptions): Bound {
  const settings = checked(where, model, inputs, options);
  const count = inputs.shape[0];
  let reconstruction = 0;
  visitSamples(model, inputs, settings, (_, logLikelihood) => {
    reconstruction -= logLikelihood / (count * settings.samples);
  });
  const klPerDimension = Array.from({ length: model.latentSize }, () => 0);
  klOf(settings.posterior).forEach((kl, i) => (klPerDimension[i % model.latentSize] += kl / count));
  const kl = klPerDimension.reduce((a, b) => a + b, 0);
  return { elbo: -(reconstruction + kl), reconstruction, kl, klPerDimension };
}

/** −ELBO of every example. */
export function negativeElboPerExample(
  where: string,
  model: LatentModel,
  inputs: Tensor,
  options: BoundOptions,
): Tensor {
  const settings = checked(where, model, inputs, options);
  const values = new Float64Array(inputs.shape[0]);
  visitSamples(model, inputs, settings, (example, logLikelihood) => {
    values[example] -= logLikelihood / settings.samples;
  });
  klOf(settings.posterior).forEach((kl, i) => (values[Math.floor(i / model.latentSize)] += kl));
  return adoptArray(Float32Array.from(values), [values.length]);
}

/** −log p(x | z) of every example at its posterior's mean. */
export function negativeLogProbAtMean(
  where: string,
  model: LatentModel,
  inputs: Tensor,
  options: BoundOptions,
): Tensor {
  const { batchSize, posterior } = checked(where, model, inputs, options);
  return mapRanges(inputs.shape[0], batchSize, (start, end) =>
    model.negativeLogProb(rowsOf(posterior.mean, start, end), {
      inputs: rowsOf(inputs, start, end),
      y: model.y && rowsOf(model.y, start, end),
    }),
  );
}

/**
 * log (1/k Σ p(x | z) p(z) / q(z | x)) of every example: a lower bound of log p(x) that rises with the samples k.
 * The sum runs along with its largest term, so that memory does not grow with k.
 */
export function importanceWeightedBound(
  where: string,
  model: LatentModel,
  inputs: Tensor,
  options: BoundOptions,
): Tensor {
  const settings = checked(where, model, inputs, options, 64);
  const count = inputs.shape[0];
  const largest = new Float64Array(count).fill(-Infinity);
  const sums = new Float64Array(count);
  visitSamples(model, inputs, settings, (example, logLikelihood, logRatio) => {
    const weight = logLikelihood + logRatio;
    if (weight > largest[example]) {
      sums[example] = sums[example] * Math.exp(largest[example] - weight) + 1;
      largest[example] = weight;
    } else if (weight !== -Infinity) sums[example] += Math.exp(weight - largest[example]);
  });
  const values = sums.map((sum, i) => largest[i] + Math.log(sum / settings.samples));
  return adoptArray(Float32Array.from(values), [count]);
}
