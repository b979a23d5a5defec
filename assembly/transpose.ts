// Rearrangements of elements: the matrix transpose and the general strided copy.

import { Operand } from "./operand";
import { bytesOf } from "./simd";

/**
 * Computes y[b, c, r] = x[b, r, c].
 * Layout x [batch, rows, columns], y [batch, columns, rows]. Requires sizes ≥ 1. Aliasing none.
 */
export function transpose(x: Operand, y: Operand, batch: i32, rows: i32, columns: i32): void {
  const xStep = bytesOf(columns);
  const yStep = bytesOf(rows);
  for (; batch > 0; batch--, x += bytesOf(rows * columns), y += bytesOf(rows * columns)) {
    let r = 0;
    for (; r + 16 <= rows; r += 16) {
      const strip = x + bytesOf(r) * columns;
      let c = 0;
      // 16 rows at a time write whole cache lines of y: with 4, each line is fetched and written 4 times.
      for (; c + 4 <= columns; c += 4) {
        const from = strip + bytesOf(c);
        const to = y + bytesOf(c) * rows + bytesOf(r);
        transpose4(from, to, xStep, yStep);
        transpose4(from + 4 * xStep, to + 16, xStep, yStep);
        transpose4(from + 8 * xStep, to + 32, xStep, yStep);
        transpose4(from + 12 * xStep, to + 48, xStep, yStep);
      }
      for (; c < columns; c++) gather(strip + bytesOf(c), y + bytesOf(c) * rows + bytesOf(r), 16, xStep);
    }
    for (let c = 0; c < columns; c++) {
      gather(x + bytesOf(r) * columns + bytesOf(c), y + bytesOf(c) * rows + bytesOf(r), rows - r, xStep);
    }
  }
}

/** The 4 × 4 block at x, transposed, to y. */
function transpose4(x: usize, y: usize, xStep: usize, yStep: usize): void {
  const a = v128.load(x);
  const b = v128.load(x + xStep);
  const c = v128.load(x + 2 * xStep);
  const d = v128.load(x + 3 * xStep);
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(y, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5));
  v128.store(y + yStep, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
  v128.store(y + 2 * yStep, v128.shuffle<f32>(abHigh, cdHigh, 0, 1, 4, 5));
  v128.store(y + 3 * yStep, v128.shuffle<f32>(abHigh, cdHigh, 2, 3, 6, 7));
}

/** `count` elements, `step` bytes apart in x, to consecutive places. */
function gather(x: usize, y: usize, count: i32, step: usize): void {
  for (; count > 0; count--, x += step, y += 4) store<f32>(y, load<f32>(x));
}

/**
 * Computes y[Σ iₖ·yStrides[k]] = x[Σ iₖ·xStrides[k]] for every index i below the shape: permutation, crop,
 * pad, reversal (negative strides) and broadcast (zero strides in x).
 * Layout shape, xStrides, yStrides: i32 tables of `rank` entries, strides counted in elements; x and y
 * point at the element of index 0. Requires rank ≥ 1, sizes ≥ 1. Aliasing none.
 */
export function stridedCopy(
  x: Operand,
  y: Operand,
  rank: i32,
  shape: usize,
  xStrides: usize,
  yStrides: usize,
): void {
  let count = load<i32>(shape);
  const xStep = bytesOf(load<i32>(xStrides));
  const yStep = bytesOf(load<i32>(yStrides));
  if (rank == 1) {
    if (xStep == 4 && yStep == 4) {
      copy(x, y, count);
    } else {
      for (; count > 0; count--, x += xStep, y += yStep) store<f32>(y, load<f32>(x));
    }
    return;
  }
  for (; count > 0; count--, x += xStep, y += yStep) {
    stridedCopy(x, y, rank - 1, shape + 4, xStrides + 4, yStrides + 4);
  }
}

/** `count` consecutive elements. Faster than memory.copy beyond the caches, and without its start-up. */
export function copy(x: usize, y: usize, count: i32): void {
  for (; count >= 8; count -= 8, x += 32, y += 32) {
    const a = v128.load(x);
    const b = v128.load(x, 16);
    v128.store(y, a);
    v128.store(y, b, 16);
  }
  for (; count > 0; count--, x += 4, y += 4) store<f32>(y, load<f32>(x));
}
