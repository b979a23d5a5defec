// Layers that are random in training, value by value, and do nothing in inference.

import { checkNumber, checkOptions, given, refuseKind, refuseValue } from "../check/check.js";
import * as ops from "../ops/index.js";
import { normal, uniform } from "../random/draws.js";
import type { Key } from "../random/keys.js";
import { adoptArray, type Tensor } from "../tensor/tensor.js";
import { type Layer, type None, plainLayer, specArgs } from "./layer.js";
import { disturbed, pixelShape } from "./disturbance.js";

/** A layer that keeps the shape and is random in training, unless it is told to do nothing. */
function noiseLayer(
  where: string,
  args: readonly unknown[],
  isIdle: boolean,
  disturb: (input: Tensor, key: Key) => Tensor,
): Layer<None, None> {
  return plainLayer(
    where,
    args,
    (inputShape) => inputShape,
    (input, context) => disturbed(where, isIdle, input, context, disturb),
  );
}

/**
 * Sets values to 0 with probability `rate` in training, and scales the others up by 1 / (1 − rate).
 *
 * @param rate - from 0 to below 1
 * @returns layer that keeps the shape
 * @throws {RangeError} when the rate is out of range
 * @example
 * dropout(0.5).outputShape([128]); // [128]
 * @see Srivastava et al., "Dropout" (2014)
 */
export function dropout(rate: number): Layer<None, None> {
  checkNumber("dropout", "rate", rate, 0, 1);
  if (rate === 1) refuseValue("dropout", "rate", "be below 1", rate);
  return noiseLayer("dropout", [rate], rate === 0, (input, key) => ops.dropout(key, input, rate));
}

/** Options of {@link gaussianNoise}. */
export interface GaussianNoiseOptions {
  /** Range `[low, high]` that the noisy values are cut to, as pixels are that must stay in [0, 1] (default none). */
  readonly clip?: readonly [number, number] | undefined;
}

function checkClip(where: string, clip: unknown): void {
  if (!Array.isArray(clip)) refuseKind(where, "clip", "be [low, high]", clip);
  if (clip.length !== 2) refuseValue(where, "clip", "be [low, high]", clip);
  // Finite, for JSON has no infinity to describe the layer with.
  checkNumber(where, "clip[0]", clip[0]);
  checkNumber(where, "clip[1]", clip[1]);
  if (clip[0] >= clip[1]) refuseValue(where, "clip[0]", `be below clip[1] = ${clip[1]}`, clip[0]);
}

/**
 * Adds normal noise in training: with `clip: [0, 1]` the corruption of images that a denoising autoencoder undoes.
 *
 * @param deviation - standard deviation, ≥ 0
 * @param options.clip - range `[low, high]` that the noisy values are cut to, in training (default none)
 * @returns layer that keeps the shape
 * @throws {TypeError} when an option is unknown or of the wrong kind
 * @throws {RangeError} when the deviation is negative or the range empty
 * @example
 * gaussianNoise(0.5, { clip: [0, 1] }).outputShape([28, 28, 1]); // [28, 28, 1]
 * @see Vincent et al., "Stacked denoising autoencoders" (2010), section 3.3
 */
export function gaussianNoise(deviation: number, options: GaussianNoiseOptions = {}): Layer<None, None> {
  const where = "gaussianNoise";
  checkNumber(where, "deviation", deviation, 0);
  checkOptions(where, options, ["clip"]);
  const { clip } = options;
  if (clip !== undefined) checkClip(where, clip);
  const isIdle = deviation === 0 && clip === undefined;
  return noiseLayer(
    where,
    specArgs([deviation], given({ clip: clip && [clip[0], clip[1]] })),
    isIdle,
    (input, key) => {
      const noisy = ops.add(input, normal(key, input.shape, { deviation }));
      return clip === undefined ? noisy : ops.clip(noisy, clip[0], clip[1]);
    },
  );
}

/** Options of {@link saltAndPepper}. */
export interface SaltAndPepperOptions {
  /** Value of pepper (default 0). */
  readonly low?: number | undefined;
  /** Value of salt (default 1). */
  readonly high?: number | undefined;
}

/**
 * Sets each pixel (all its channels; of vectors each value) to `low` or `high` in training, with probability p / 2
 * each.
 *
 * @param p - probability that a pixel is changed, from 0 to 1
 * @param options.low - value of pepper (default 0)
 * @param options.high - value of salt (default 1)
 * @returns layer that keeps the shape; inputs `[batch, height, width, channels]` are images, of others each value
 *   stands for itself
 * @throws {TypeError} when an option is unknown or of the wrong kind
 * @throws {RangeError} when p lies outside [0, 1]
 * @example
 * saltAndPepper(0.1).outputShape([28, 28, 1]); // [28, 28, 1]
 * @see Vincent et al., "Stacked denoising autoencoders" (2010), section 3.3
 */
export function saltAndPepper(p: number, options: SaltAndPepperOptions = {}): Layer<None, None> {
  const where = "saltAndPepper";
  checkNumber(where, "p", p, 0, 1);
  checkOptions(where, options, ["low", "high"]);
  const { low = 0, high = 1 } = options;
  checkNumber(where, "low", low);
  checkNumber(where, "high", high);
  return noiseLayer(where, [p, { low, high }], p === 0, (input, key) => {
    const shape = pixelShape(input.shape);
    const { data } = uniform(key, shape);
    const kept = new Float32Array(data.length);
    const grains = new Float32Array(data.length);
    for (let i = 0; i < data.length; i++) {
      if (data[i] >= p) kept[i] = 1;
      else grains[i] = data[i] < p / 2 ? low : high;
    }
    return ops.add(ops.mul(input, adoptArray(kept, shape)), adoptArray(grains, shape));
  });
}
