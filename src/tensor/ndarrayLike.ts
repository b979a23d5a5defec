// Tensors from objects that look like ndarrays, with any strides and offset; needs no package.

import { checkShape, refuseKind, refuseValue } from "../check/check.js";
import { checkNumericArray } from "./numericArray.js";
import { adoptArray, type Shape, type Tensor } from "./tensor.js";

/** What `fromNdarray` reads of an ndarray: any strides and offset, typed or generic data. */
export interface NdArrayLike {
  readonly data: { readonly length: number; readonly [index: number]: number } | GenericStore;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
  readonly offset: number;
}

/** Data that ndarray reads through functions. */
export interface GenericStore {
  readonly length: number;
  get(index: number): number;
}

/**
 * Makes a tensor from an ndarray, whatever its strides, offset and type of numbers. The values are copied.
 *
 * @param array - from the package `ndarray`, or any object with its `data`, `shape`, `stride` and `offset`
 * @returns tensor of the same shape
 * @throws {TypeError} when it is not such an object, or holds other things than numbers
 * @throws {RangeError} when shape, strides and offset point outside its data
 * @example
 * // import ndarray from "ndarray"
 * fromNdarray(ndarray([1, 2, 3, 4], [2, 2]).transpose(1, 0)).data; // [1, 3, 2, 4]
 */
export function fromNdarray(array: NdArrayLike): Tensor {
  const where = "fromNdarray";
  const { data, shape, stride, offset } = (array ?? {}) as NdArrayLike;
  if (typeof data !== "object" || data === null || !Array.isArray(shape) || !Array.isArray(stride)) {
    refuseKind(where, "array", "be an ndarray with data, shape, stride and offset", array);
  }
  const size = checkShape(where, "array.shape", shape);
  if (stride.length !== shape.length)
    refuseValue(where, "array.stride", `have ${shape.length} entries`, stride);
  if (ArrayBuffer.isView(data)) checkNumericArray(where, data);
  checkReach(where, shape, stride, offset, data.length);
  const read =
    "get" in data && typeof data.get === "function"
      ? (index: number) => (data as GenericStore).get(index)
      : (index: number) => (data as { readonly [index: number]: number })[index];
  const values = new Float32Array(size);
  const index = shape.map(() => 0);
  let position = offset;
  for (let i = 0; i < size; i++) {
    const value: unknown = read(position);
    if (typeof value !== "number") refuseKind(where, "array.data", "hold only numbers", value);
    values[i] = value;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position += stride[axis];
      if (++index[axis] < shape[axis]) break;
      position -= stride[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return adoptArray(values, shape);
}

function checkWhole(where: string, argument: string, value: unknown): void {
  if (typeof value !== "number") refuseKind(where, argument, "be an integer", value);
  if (!Number.isInteger(value)) refuseValue(where, argument, "be an integer", value);
}

function checkReach(where: string, shape: Shape, stride: Shape, offset: number, length: number): void {
  let first = offset;
  let last = offset;
  checkWhole(where, "array.offset", offset);
  for (const [axis, step] of stride.entries()) {
    checkWhole(where, `array.stride[${axis}]`, step);
    if (step < 0) first += step * (shape[axis] - 1);
    else last += step * (shape[axis] - 1);
  }
  if (first < 0 || last >= length) {
    refuseValue(where, "array", `stay within the ${length} values of its data`, [first, last]);
  }
}
