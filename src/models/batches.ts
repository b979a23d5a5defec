// Passing any number of examples through a model: part by part, so that memory stays flat.

import { isDifferentiating } from "../autodiff/autodiff.js";
import { checkInteger, checkOptions } from "../check/check.js";
import { slice } from "../ops/shape.js";
import { scope } from "../tensor/scope.js";
import { adoptArray, type Shape, sizeOf, type Tensor, viewOf } from "../tensor/tensor.js";
import { mapTree, tensorsOf } from "../tensor/tree.js";
import { checkBatch } from "./batch.js";
import type { ModelParams } from "./model.js";

/** Examples that pass through a model at once where the caller does not say. */
export const BATCH_SIZE = 128;

/** An option of every function that takes any number of examples. */
export interface BatchOptions {
  /**
   * Examples computed at once (default 128): less takes less memory. Results are the same bits.
   */
  readonly batchSize?: number | undefined;
}

/** Checks and completes {@link BatchOptions}, which may have `more` names. */
export function batchSizeOf(where: string, options: BatchOptions, more: readonly string[] = []): number {
  checkOptions(where, options, [...more, "batchSize"]);
  const { batchSize = BATCH_SIZE } = options;
  checkInteger(where, "batchSize", batchSize, 1);
  return batchSize;
}

/** Examples `start` to `end` as a tensor that a kernel can read without the others, and without a copy. */
export function rowsOf(t: Tensor, start: number, end: number): Tensor {
  // A view of the heap could be left behind where memory that is not shared moves as it grows.
  if (t.storage.array === undefined) return slice(t, start, end);
  const length = t.size / t.shape[0];
  const shape = [end - start, ...t.shape.slice(1)];
  return adoptArray(t.data.subarray(start * length, end * length), shape);
}

/**
 * Calls `f` with one range of examples after the other, each in a scope of its own, and joins what it returns: a
 * tensor or a tree of tensors, one entry per example on the first axis.
 */
export function mapRanges<T>(count: number, batchSize: number, f: (start: number, end: number) => T): T {
  let joined: T | undefined;
  let arrays: Float32Array[] = [];
  for (let start = 0; start < count; start += batchSize) {
    const end = Math.min(start + batchSize, count);
    scope(() => {
      const part = f(start, end);
      if (joined === undefined) {
        joined = mapTree(part, (t) => {
          const shape = [count, ...t.shape.slice(1)];
          return adoptArray(new Float32Array(sizeOf(shape)), shape);
        });
        arrays = tensorsOf(joined).map(({ data }) => data);
      }
      tensorsOf(part).forEach((t, i) => arrays[i].set(viewOf(t), (start * t.size) / t.shape[0]));
    });
  }
  return joined as T;
}

/**
 * {@link mapRanges} over the examples of a batch, and of what goes with it; all at once in a function that is being
 * differentiated.
 */
export function mapBatches<T, Y extends Tensor | undefined = undefined>(
  inputs: Tensor,
  batchSize: number,
  f: (batch: Tensor, y: Y) => T,
  y?: Y,
): T {
  // Parts are copied out and joined, which would cut gradients off without a word.
  if (isDifferentiating()) return f(inputs, y as Y);
  return mapRanges(inputs.shape[0], batchSize, (start, end) =>
    f(rowsOf(inputs, start, end), (y && rowsOf(y, start, end)) as Y),
  );
}

/**
 * Makes a model's functions over any number of examples from functions over a batch, all of the arguments checked first.
 */
export function batchedBy(where: string, checkParams: (where: string, params: ModelParams) => void) {
  return (name: string, argument: string, shape: Shape, f: (params: ModelParams, batch: Tensor) => Tensor) =>
    (params: ModelParams, input: Tensor, options: BatchOptions = {}): Tensor => {
      const whereCall = `${where}.${name}`;
      const batchSize = batchSizeOf(whereCall, options);
      checkParams(whereCall, params);
      checkBatch(whereCall, argument, input, shape);
      return mapBatches(input, batchSize, (batch) => f(params, batch));
    };
}
