// Refining the posterior of each example by gradient steps: what the encoder's single pass leaves on the table.

import { valueAndGrad } from "../../autodiff/autodiff.js";
import { checkInteger, checkNumber } from "../../check/check.js";
import { type DiagonalGaussian, klStandardNormal } from "../../distributions/gaussian.js";
import { displace } from "../../distributions/gaussianTerms.js";
import * as ops from "../../ops/index.js";
import { adam } from "../../optimizers/adam.js";
import { cosineDecay } from "../../optimizers/schedules.js";
import { normal } from "../../random/draws.js";
import { checkKey, fold, key as makeKey, type Key } from "../../random/keys.js";
import { scope } from "../../tensor/scope.js";
import { adoptArray, type Tensor } from "../../tensor/tensor.js";
import { batchSizeOf, mapRanges, rowsOf } from "../batches.js";
import type { LatentModel } from "./bound.js";
import type { LabelOptions } from "./condition.js";

/** Options of `Vae.refinePosterior`. */
export interface RefineOptions extends LabelOptions {
  /** For the noise (default `key(0)`). */
  readonly key?: Key | undefined;
  /** Gradient steps, integer from 1 to 100,000 (default 100). */
  readonly steps?: number | undefined;
  /** Adam's first rate, which falls to 0 as a cosine (default 0.05). */
  readonly learningRate?: number | undefined;
  /** Samples per step, integer from 1 to 10,000 (default 1). */
  readonly samples?: number | undefined;
}

/** Far beyond use: what is asked for more takes hours, or more memory than there is. */
const MOST_STEPS = 100_000;
const MOST_SAMPLES = 10_000;

/** Noise of a step, `[end − start, latentSize]`: of a key per example, so that it does not depend on the batch. */
function noiseOf(key: Key, start: number, end: number, draw: number, latentSize: number): Tensor {
  const values = new Float32Array((end - start) * latentSize);
  for (let example = start; example < end; example++) {
    const row = normal(fold(fold(key, example), draw), [latentSize]).data;
    values.set(row, (example - start) * latentSize);
  }
  return adoptArray(values, [end - start, latentSize]);
}

/** The posterior of every example after gradient steps on its mean and log-variance. */
export function refine(
  where: string,
  model: LatentModel,
  inputs: Tensor,
  options: RefineOptions,
): DiagonalGaussian {
  const batchSize = batchSizeOf(where, options, ["key", "steps", "learningRate", "samples", "labels"]);
  const { key = makeKey(0), steps = 100, learningRate = 0.05, samples = 1 } = options;
  checkKey(where, "key", key);
  checkInteger(where, "steps", steps, 1, MOST_STEPS);
  checkNumber(where, "learningRate", learningRate, 0);
  checkInteger(where, "samples", samples, 1, MOST_SAMPLES);
  const start = model.encode(inputs, batchSize);

  return mapRanges(inputs.shape[0], batchSize, (from, to) => {
    const known = { inputs: rowsOf(inputs, from, to), y: model.y && rowsOf(model.y, from, to) };
    const negativeElbo = (q: DiagonalGaussian, step: number) => {
      let loss = klStandardNormal(q, { reduction: "sum" });
      for (let sample = 0; sample < samples; sample++) {
        const noise = noiseOf(key, from, to, step * samples + sample, model.latentSize);
        const z = displace(q.mean, q.logVar, noise);
        loss = ops.add(loss, ops.scale(ops.sum(model.negativeLogProb(z, known)), 1 / samples));
      }
      return loss;
    };
    // The decoder is in inference mode: examples do not see each other, and the gradient of the sum is theirs.
    const optimizer = adam({ learningRate: cosineDecay({ from: learningRate, steps }) });
    let q: DiagonalGaussian = {
      mean: rowsOf(start.mean, from, to),
      logVar: rowsOf(start.logVar, from, to),
    };
    let state = optimizer.init(q);
    const gradientOf = valueAndGrad(negativeElbo);
    for (let step = 0; step < steps; step++) {
      [q, state] = scope(() => optimizer.update(gradientOf(q, step).grads, state, q));
    }
    return q;
  });
}
