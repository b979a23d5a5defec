// What tests of codes share: a tensor's rows as lists, and equally spaced numbers.

import { type Tensor } from "../../src/index.js";

/** The rows of a matrix. */
export function rowsOf({ data, shape: [count, width] }: Tensor): number[][] {
  return Array.from({ length: count }, (_, row) => [...data.subarray(row * width, (row + 1) * width)]);
}

/** Number i of `count` from `from` to `to`. */
export function at(from: number, to: number, count: number, i: number): number {
  return from + ((to - from) * i) / (count - 1);
}
