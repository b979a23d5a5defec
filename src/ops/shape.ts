// Operations that move values without computing: reshape, slice, concat, transpose, and the expansion of a shape.

import { defineOp } from "../autodiff/autodiff.js";
import { checkInteger, checkShape, MAX_ELEMENTS, refuseKind, refuseValue } from "../check/check.js";
import { checkTensor, emptyTensor, type Shape, sizeOf, Tensor } from "../tensor/tensor.js";
import { fill, stridedCopy, transpose as transposeKernel } from "../wasm/kernels.js";

/** Distances, in elements, between neighbours along each axis of a row-major array. */
export function stridesOf(shape: Shape): number[] {
  const strides = shape.map(() => 1);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis];
  }
  return strides;
}

const reshapeOp = defineOp<readonly [Tensor], Shape>({
  name: "reshape",
  forward: ([t], shape) => new Tensor(t.storage, shape, t.offset),
  gradients: [(gradOutput, { inputs: [t] }) => new Tensor(gradOutput.storage, t.shape, gradOutput.offset)],
});

/**
 * The same values under another shape, without a copy.
 *
 * @param t - tensor
 * @param shape - sizes whose product is `t.size`; one of them may be −1 and is worked out
 * @returns tensor of that shape, sharing the values
 * @throws {RangeError} when the sizes do not multiply to `t.size`
 * @example
 * ops.reshape(ones([2, 6]), [3, -1]).shape; // [3, 4]
 */
export function reshape(t: Tensor, shape: Shape): Tensor {
  const where = "reshape";
  checkTensor(where, "t", t);
  if (!Array.isArray(shape)) refuseKind(where, "shape", "be an array of sizes", shape);
  const unknown = shape.indexOf(-1);
  const known = Array.from(shape, (size, axis) => (axis === unknown ? 1 : size));
  const product = checkShape(where, "shape", known);
  if (unknown >= 0) known[unknown] = t.size / product;
  if (unknown >= 0 ? t.size % product !== 0 : product !== t.size) {
    refuseValue(where, "shape", `multiply to the tensor's ${t.size} values`, shape);
  }
  return reshapeOp([t], known);
}

interface Rows {
  readonly start: number;
  readonly end: number;
}

const sliceOp = defineOp<readonly [Tensor], Rows>({
  name: "slice",
  forward: ([t], { start, end }) => {
    const row = t.size / t.shape[0];
    return new Tensor(t.storage, [end - start, ...t.shape.slice(1)], t.offset + start * row);
  },
  gradients: [
    (gradOutput, { inputs: [t], options: { start } }) => {
      const gradInput = emptyTensor(t.shape);
      fill(gradInput, t.size, 0);
      const row = t.size / t.shape[0];
      copyInto(gradInput, start * row, gradOutput, gradOutput.size);
      return gradInput;
    },
  ],
});

function copyInto(target: Tensor, at: number, source: Tensor, count: number): void {
  stridedCopy(source, { storage: target.storage, offset: target.offset + at }, [count], [1], [1]);
}

/**
 * Rows `start` to `end` (exclusive) along the first axis, without a copy.
 *
 * @param t - tensor of rank ≥ 1
 * @param start - first row; negative counts from the end
 * @param end - one past the last row (default: all); negative counts from the end
 * @returns shape `[end − start, ...t.shape.slice(1)]`, sharing the values
 * @throws {RangeError} when the rows do not exist or there is none
 * @example
 * ops.slice(tensor([1, 2, 3, 4]), 1, 3).data; // [2, 3]
 */
export function slice(t: Tensor, start: number, end: number = t?.shape?.[0]): Tensor {
  const where = "slice";
  checkTensor(where, "t", t);
  if (t.shape.length === 0) refuseValue(where, "t.shape", "have at least one axis", t.shape);
  const rows = t.shape[0];
  checkInteger(where, "start", start, -rows, rows - 1);
  checkInteger(where, "end", end, -rows, rows);
  const first = start < 0 ? start + rows : start;
  const last = end < 0 ? end + rows : end;
  if (last <= first) refuseValue(where, "end", `lie behind start = ${start}`, end);
  return sliceOp([t], { start: first, end: last });
}

const concatOp = defineOp<readonly Tensor[], number>({
  name: "concat",
  forward: (tensors, axis) => {
    const [{ shape }] = tensors;
    const lengths = tensors.map((t) => t.shape[axis]);
    const total = lengths.reduce((sum, length) => sum + length, 0);
    const output = emptyTensor(shape.map((size, i) => (i === axis ? total : size)));
    const inner = sizeOf(shape.slice(axis + 1));
    let at = 0;
    for (const [i, t] of tensors.entries()) {
      const width = lengths[i] * inner;
      const place = { storage: output.storage, offset: at };
      stridedCopy(t, place, [t.size / width, width], [width, 1], [total * inner, 1]);
      at += width;
    }
    return output;
  },
  gradients:
    (index) =>
    (gradOutput, { inputs, options: axis }) => {
      const { shape } = inputs[index];
      const gradInput = emptyTensor(shape);
      const inner = sizeOf(shape.slice(axis + 1));
      const width = shape[axis] * inner;
      const before = inputs.slice(0, index).reduce((sum, t) => sum + t.shape[axis], 0) * inner;
      const place = { storage: gradOutput.storage, offset: gradOutput.offset + before };
      const total = gradOutput.shape[axis] * inner;
      stridedCopy(place, gradInput, [gradInput.size / width, width], [total, 1], [width, 1]);
      return gradInput;
    },
});

/** Checks an axis, counted from the end where negative. */
export function checkAxis(where: string, axis: unknown, rank: number): number {
  checkInteger(where, "axis", axis, -rank, rank - 1);
  return axis < 0 ? axis + rank : axis;
}

/**
 * Joins tensors along one axis.
 *
 * @param tensors - at least one, alike in all sizes but that of `axis`
 * @param axis - which axis (default 0); negative counts from the end
 * @returns tensor whose size along `axis` is the sum
 * @throws {RangeError} when the other sizes differ
 * @example
 * ops.concat([tensor([1, 2]), tensor([3])]).data; // [1, 2, 3]
 */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  const where = "concat";
  if (!Array.isArray(tensors)) refuseKind(where, "tensors", "be an array of tensors", tensors);
  if (tensors.length === 0) refuseValue(where, "tensors", "hold at least one tensor", tensors);
  // Copied first: what is checked must be what is read, and of a hole there is nothing to be read.
  const list: readonly Tensor[] = Array.from(tensors);
  for (const [i, t] of list.entries()) checkTensor(where, `tensors[${i}]`, t);
  const [{ shape }] = list;
  const along = checkAxis(where, axis, shape.length);
  for (const [i, t] of list.entries()) {
    const isAlike =
      t.shape.length === shape.length && t.shape.every((size, k) => k === along || size === shape[k]);
    if (!isAlike) {
      refuseValue(
        where,
        `tensors[${i}].shape`,
        `equal [${shape.join(", ")}] except along axis ${along}`,
        t.shape,
      );
    }
  }
  const elements = list.reduce((sum, t) => sum + t.size, 0);
  if (elements > MAX_ELEMENTS)
    refuseValue(where, "tensors", `have at most ${MAX_ELEMENTS} elements together`, elements);
  return concatOp(list, along);
}

const transposeOp = defineOp<readonly [Tensor], readonly number[]>({
  name: "transpose",
  forward: ([t], axes) => permute(t, axes),
  gradients: [(gradOutput, { options: axes }) => permute(gradOutput, invert(axes))],
});

function permute(t: Tensor, axes: readonly number[]): Tensor {
  const output = emptyTensor(axes.map((axis) => t.shape[axis]));
  const rank = axes.length;
  const isMatrix = rank >= 2 && axes[rank - 1] === rank - 2 && axes[rank - 2] === rank - 1;
  if (isMatrix && axes.slice(0, -2).every((axis, i) => axis === i)) {
    const [rows, columns] = t.shape.slice(-2);
    transposeKernel(t, output, t.size / (rows * columns), rows, columns);
    return output;
  }
  const strides = stridesOf(t.shape);
  stridedCopy(
    t,
    output,
    output.shape,
    axes.map((axis) => strides[axis]),
    stridesOf(output.shape),
  );
  return output;
}

function invert(axes: readonly number[]): number[] {
  const inverse = axes.map(() => 0);
  axes.forEach((axis, i) => (inverse[axis] = i));
  return inverse;
}

/**
 * Permutes the axes.
 *
 * @param t - tensor
 * @param axes - for every axis of the result, the axis of `t` it comes from (default: reversed)
 * @returns tensor of the permuted shape
 * @throws {RangeError} when `axes` is not a permutation
 * @example
 * ops.transpose(tensor([[1, 2], [3, 4]])).data; // [1, 3, 2, 4]
 */
export function transpose(t: Tensor, axes?: readonly number[]): Tensor {
  const where = "transpose";
  checkTensor(where, "t", t);
  const order = axes ?? t.shape.map((_, i) => t.shape.length - 1 - i);
  if (!Array.isArray(order)) refuseKind(where, "axes", "be an array of axes", order);
  const rank = t.shape.length;
  const rule = `be a permutation of the ${rank} axes`;
  if (order.length !== rank) refuseValue(where, "axes", rule, order);
  const list = Array.from(order);
  if (!t.shape.every((_, axis) => list.includes(axis))) refuseValue(where, "axes", rule, order);
  return transposeOp([t], list);
}

/** The tensor repeated along axes of size 1 (and new leading ones) to `shape`, for kernels of a frame. */
export function expand(t: Tensor, shape: Shape): Tensor {
  const missing = shape.length - t.shape.length;
  const strides = stridesOf(t.shape);
  const stepAlong = (axis: number) =>
    axis < missing || t.shape[axis - missing] === 1 ? 0 : strides[axis - missing];
  const output = emptyTensor(shape);
  stridedCopy(
    t,
    output,
    shape,
    shape.map((_, axis) => stepAlong(axis)),
    stridesOf(shape),
  );
  return output;
}
