// Batch normalisation and its gradients in float64, written from their definitions, and cases to compare them on.

import * as fc from "fast-check";
import { type Shape, tensor, type Tensor } from "../../src/index.js";
import type { Values } from "./naive.js";
import { seededFloats } from "./seeded.js";

/** An array of [rows, channels], and what is added to variances. */
export interface Sizes {
  readonly rows: number;
  readonly channels: number;
  readonly epsilon: number;
}

/** The values of each channel of [rows, channels]. */
function columnsOf(values: ArrayLike<number>, { rows, channels }: Omit<Sizes, "epsilon">): number[][] {
  return Array.from({ length: channels }, (_, c) =>
    Array.from({ length: rows }, (_, r) => values[r * channels + c]),
  );
}

/** [rows, channels] from the values of each channel. */
function joined(columns: readonly (readonly number[])[]): Float64Array {
  const [rows, channels] = [columns[0].length, columns.length];
  return Float64Array.from(
    { length: rows * channels },
    (_, i) => columns[i % channels][Math.floor(i / channels)],
  );
}

export const meanOf = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
const largestOf = (list: readonly number[]) =>
  list.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Mean and biased variance of each channel. */
export function momentsOf(x: ArrayLike<number>, sizes: Sizes): { mean: number; variance: number }[] {
  return columnsOf(x, sizes).map((column) => {
    const mean = meanOf(column);
    return { mean, variance: meanOf(column.map((value) => (value - mean) ** 2)) };
  });
}

/** Normalisation by the batch's own moments. */
export function normalized(
  x: ArrayLike<number>,
  gamma: ArrayLike<number>,
  beta: ArrayLike<number>,
  sizes: Sizes,
) {
  const moments = momentsOf(x, sizes);
  return joined(
    columnsOf(x, sizes).map((column, c) => {
      const slope = gamma[c] / Math.sqrt(moments[c].variance + sizes.epsilon);
      return column.map((value) => slope * (value - moments[c].mean) + beta[c]);
    }),
  );
}

/** γ/σ·(dy − mean dy − x̂·mean(dy·x̂)), Σ dy·x̂ and Σ dy. */
export function gradientsOf(x: Tensor, gradOutput: Tensor, gamma: Tensor, sizes: Sizes) {
  const moments = momentsOf(x.data, sizes);
  const gradients = columnsOf(gradOutput.data, sizes);
  const hats = columnsOf(x.data, sizes).map((column, c) => {
    const deviation = Math.sqrt(moments[c].variance + sizes.epsilon);
    return column.map((value) => (value - moments[c].mean) / deviation);
  });
  const slopes = moments.map(({ variance }, c) => gamma.data[c] / Math.sqrt(variance + sizes.epsilon));
  const byBeta = gradients.map(meanOf);
  const byGamma = gradients.map((column, c) => meanOf(column.map((dy, r) => dy * hats[c][r])));
  const byInput = gradients.map((column, c) =>
    column.map((dy, r) => slopes[c] * (dy - byBeta[c] - hats[c][r] * byGamma[c])),
  );
  return {
    x: joined(byInput),
    gamma: byGamma.map((mean) => mean * sizes.rows),
    beta: byBeta.map((mean) => mean * sizes.rows),
    slopes,
  };
}

/** How much the largest rounding of a channel weighs in its normalised values. */
export function conditionOf(x: Tensor, sizes: Sizes): number[] {
  const moments = momentsOf(x.data, sizes);
  return columnsOf(x.data, sizes).map(
    (column, c) => 1 + largestOf(column) / Math.sqrt(moments[c].variance + sizes.epsilon),
  );
}

/** A bound per element from one per channel, in units of float32's rounding. */
export function boundOf(x: Tensor, perChannel: readonly number[], roundings: number): Values {
  const { length } = perChannel;
  const data = Float64Array.from(x.data, (_, i) => perChannel[i % length] * roundings * 2 ** -24);
  return { shape: x.shape, data };
}

/** A normalisation's inputs, and a gradient of its output. */
export interface NormCase {
  readonly sizes: Sizes;
  readonly x: Tensor;
  readonly gamma: Tensor;
  readonly beta: Tensor;
  readonly gradOutput: Tensor;
  readonly seed: number;
}

/** Seeded numbers in [−1, 1). */
export function caseOf(sizes: Sizes, seed: number): NormCase {
  const { rows, channels } = sizes;
  const drawn = (shape: Shape, seed: number) =>
    tensor(
      seededFloats(
        seed,
        shape.reduce((product, size) => product * size, 1),
      ),
      shape,
    );
  return {
    sizes,
    x: drawn([rows, channels], seed),
    gamma: drawn([channels], seed + 1),
    beta: drawn([channels], seed + 2),
    gradOutput: drawn([rows, channels], seed + 3),
    seed,
  };
}

/** Cases around vectors and their rests, of one row and of many. */
export const normCases = fc
  .record({
    rows: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 300 })),
    channels: fc.integer({ min: 1, max: 19 }),
    epsilon: fc.constantFrom(1e-5, 1e-3, 0.5),
    seed: fc.nat(2 ** 30),
  })
  .map(({ seed, ...sizes }) => caseOf(sizes, seed));
