// Numbers in nested arrays: their shape, and their values in a row.

import { MAX_RANK, refuseKind, refuseValue } from "../check/check.js";

/** Numbers in arrays, arrays of arrays, and so on. */
export type NestedArray = readonly (number | NestedArray)[];

/** Lengths along the first elements of nested arrays. */
export function nestingOf(data: NestedArray): number[] {
  const shape: number[] = [];
  // An array that holds itself has no end.
  for (let level: unknown = data; Array.isArray(level) && shape.length <= MAX_RANK; level = level[0]) {
    shape.push(level.length);
  }
  return shape;
}

/** Writes the numbers in nested arrays of a shape one behind the other, from a position on; returns the next. */
export function flattenInto(
  values: Float32Array,
  position: number,
  data: NestedArray,
  shape: readonly number[],
  axis: number,
): number {
  if (data.length !== shape[axis]) {
    refuseValue("tensor", "data", `have ${shape[axis]} entries in every array of axis ${axis}`, data);
  }
  for (const entry of data) {
    if (axis === shape.length - 1) {
      if (typeof entry !== "number") refuseKind("tensor", "data", "hold only numbers, nested evenly", entry);
      values[position++] = entry;
    } else {
      if (!Array.isArray(entry)) refuseKind("tensor", "data", "hold only arrays, nested evenly", entry);
      position = flattenInto(values, position, entry, shape, axis + 1);
    }
  }
  return position;
}
