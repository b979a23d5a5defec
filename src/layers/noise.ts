// Layers that are random in training and do nothing in inference.

import { checkNumber, refuseKind, refuseValue } from "../check.js";
import * as ops from "../ops/index.js";
import { normal } from "../random/draws.js";
import type { Key } from "../random/keys.js";
import type { Tensor } from "../tensor.js";
import { type ApplyContext, type Layer, type None, plainLayer } from "./layer.js";

function noiseLayer(
  where: string,
  parameter: number,
  disturb: (input: Tensor, key: Key) => Tensor,
): Layer<None, None> {
  const apply = (input: Tensor, { training = false, key }: ApplyContext) => {
    if (!training || parameter === 0) return input;
    if (key === undefined) refuseKind(where, "key", "be given in training", key);
    return disturb(input, key);
  };
  return plainLayer(where, [parameter], (inputShape) => inputShape, apply);
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
  return noiseLayer("dropout", rate, (input, key) => ops.dropout(input, rate, key));
}

/**
 * Adds normal noise in training.
 *
 * @param deviation - standard deviation, ≥ 0
 * @returns layer that keeps the shape
 * @throws {RangeError} when the deviation is negative
 * @example
 * gaussianNoise(0.1).outputShape([28, 28, 1]); // [28, 28, 1]
 */
export function gaussianNoise(deviation: number): Layer<None, None> {
  checkNumber("gaussianNoise", "deviation", deviation, 0);
  return noiseLayer("gaussianNoise", deviation, (input, key) =>
    ops.add(input, normal(key, input.shape, { deviation })),
  );
}
