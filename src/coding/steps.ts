// How finely each dimension of a code should be told: the more it changes in the output, the finer.

import type { EncodingModel } from "../models/fromSpec.js";
import type { ModelParams } from "../models/model.js";
import { adoptArray, sizeOf, type Tensor } from "../tensor/tensor.js";
import { decodedBy } from "./coder.js";

/** Codes that are looked at. */
const MOST_CODES = 32;
/** Share of a dimension's deviation by which codes are moved. */
const MOVE = 0.25;
/** Dimensions that change the output less than this share of the others' most are told as coarsely as that one. */
const LEAST_EFFECT = 1e-3;

/** The mean square deviation of the numbers of every channel from their dimension's mean. */
function deviationsOf({ data }: Tensor, dimensions: number, channels: number): Float64Array {
  const count = data.length / dimensions;
  const [means, squares] = [new Float64Array(dimensions), new Float64Array(channels)];
  data.forEach((value, i) => (means[i % dimensions] += value / count));
  const perChannel = data.length / channels;
  data.forEach((value, i) => (squares[i % channels] += (value - means[i % dimensions]) ** 2 / perChannel));
  return squares.map(Math.sqrt);
}

/** The root of the mean squared difference of two arrays. */
function distance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return Math.sqrt(sum / a.length);
}

/**
 * Steps in proportion to 1 over what a step of each dimension changes in the output, as it is measured at some codes:
 * an error of the output is then shared out evenly, which costs the fewest bits (as long as it is small). Of codes that
 * are images, all places of a channel have the same step, and are moved together, every other one in the opposite
 * direction.
 */
export function fittedSteps(
  where: string,
  model: EncodingModel,
  params: ModelParams,
  codes: Tensor,
): Float64Array {
  const { codeShape } = model;
  const dimensions = sizeOf(codeShape);
  const channels = codeShape[codeShape.length - 1] ?? 1;
  const deviations = deviationsOf(codes, dimensions, channels);
  const count = Math.min(MOST_CODES, codes.shape[0]);
  const stride = Math.floor(codes.shape[0] / count);
  const some = new Float32Array(count * dimensions);
  for (let i = 0; i < count; i++) {
    some.set(codes.data.subarray(i * stride * dimensions, (i * stride + 1) * dimensions), i * dimensions);
  }
  const decoded = (values: Float32Array) =>
    decodedBy(where, model, params, adoptArray(values, [count, ...codeShape])).data;
  const before = decoded(some);
  const signOf = (i: number) => (Math.floor((i % dimensions) / channels) % 2 === 0 ? 1 : -1);
  const effects = deviations.map((deviation, channel) => {
    if (deviation === 0) return 0;
    const moved = some.map((value, i) =>
      i % channels === channel ? value + signOf(i) * MOVE * deviation : value,
    );
    return distance(decoded(moved), before) / (MOVE * deviation);
  });
  const most = effects.reduce((largest, effect) => Math.max(largest, effect), 0);
  // Where nothing changes, or overflows, no dimension is known to matter more than another.
  if (!(most > 0 && most < Infinity)) return new Float64Array(dimensions).fill(1);
  return Float64Array.from({ length: dimensions }, (_, i) => {
    return 1 / Math.max(effects[i % channels], LEAST_EFFECT * most);
  });
}
