// How finely each dimension of a code should be told: the more it changes in the output, the finer.

import type { AnyModel } from "../models/fromSpec.js";
import type { ModelParams } from "../models/model.js";
import { adoptArray, sizeOf, type Tensor } from "../tensor/tensor.js";

/** Codes that are looked at. */
const MOST_CODES = 32;
/** Share of a dimension's deviation by which codes are moved. */
const MOVE = 0.25;
/** Dimensions that change the output less than this share of the others' most are told as coarsely as that one. */
const LEAST_EFFECT = 1e-3;

/** The deviation of every dimension of codes. */
function deviationsOf({ data }: Tensor, dimensions: number): Float64Array {
  const count = data.length / dimensions;
  const [sums, squares] = [new Float64Array(dimensions), new Float64Array(dimensions)];
  data.forEach((value, i) => (sums[i % dimensions] += value / count));
  data.forEach((value, i) => (squares[i % dimensions] += (value - sums[i % dimensions]) ** 2 / count));
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
 * an error of the output is then shared out evenly, which costs the fewest bits (as long as it is small).
 */
export function fittedSteps(model: AnyModel, params: ModelParams, codes: Tensor): Float64Array {
  const dimensions = sizeOf(model.codeShape);
  const deviations = deviationsOf(codes, dimensions);
  const count = Math.min(MOST_CODES, codes.shape[0]);
  const stride = Math.floor(codes.shape[0] / count);
  const some = new Float32Array(count * dimensions);
  for (let i = 0; i < count; i++) {
    some.set(codes.data.subarray(i * stride * dimensions, (i * stride + 1) * dimensions), i * dimensions);
  }
  const decoded = (values: Float32Array) =>
    model.decode(params, adoptArray(values, [count, ...model.codeShape])).data;
  const before = decoded(some);
  const effects = deviations.map((deviation, j) => {
    if (deviation === 0) return 0;
    const moved = some.map((value, i) => (i % dimensions === j ? value + MOVE * deviation : value));
    return distance(decoded(moved), before) / (MOVE * deviation);
  });
  const most = effects.reduce((largest, effect) => Math.max(largest, effect), 0);
  if (!(most > 0)) return new Float64Array(dimensions).fill(1);
  return effects.map((effect) => 1 / Math.max(effect, LEAST_EFFECT * most));
}
