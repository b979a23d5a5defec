// Rearrangements of elements: the matrix transpose and the general strided copy.

import { Count, First, Grain, List, Operand } from "./operand";
import { bytesOf, divideUp } from "./simd";

/** Rows of one strip: 16 write whole cache lines of y; with 4, each line is fetched and written 4 times. */
const STRIP: i32 = 16;

/**
 * Computes y[b, c, r] = x[b, r, c] for the strips of 16 rows from first on, those of a matrix after those of the one
 * before; the last of a matrix may be lower.
 * Layout x [batch, rows, columns], y [batch, columns, rows]. Requires sizes ≥ 1. Aliasing none.
 */
export function transpose(
  x: Operand,
  y: Operand,
  rows: i32,
  columns: i32,
  first: First,
  strips: Count,
  _grain: Grain,
): void {
  const perMatrix = divideUp(rows, STRIP);
  for (const end = first + strips; first < end; first++) {
    const b = first / perMatrix;
    const r = (first - b * perMatrix) * STRIP;
    const matrix = <usize>b * bytesOf(rows * columns);
    const from = x + matrix + bytesOf(r) * columns;
    transposeStrip(from, y + matrix + bytesOf(r), min(STRIP, rows - r), rows, columns);
  }
}

function transposeStrip(x: usize, y: usize, height: i32, rows: i32, columns: i32): void {
  const xStep = bytesOf(columns);
  const yStep = bytesOf(rows);
  let c = 0;
  if (height == STRIP) {
    for (; c + 4 <= columns; c += 4, x += 16, y += 4 * yStep) {
      for (let i = 0; i < STRIP; i += 4) transpose4(x + <usize>i * xStep, y + bytesOf(i), xStep, yStep);
    }
  }
  for (; c < columns; c++, x += 4, y += yStep) gather(x, y, height, xStep);
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
 * Computes y[Σ iₖ·yStrides[k]] = x[Σ iₖ·xStrides[k]] for every index i below the shape, i₀ being one of the `count`
 * from first on: permutation, crop, pad, reversal (negative strides) and broadcast (zero strides in x).
 * Layout shape, xStrides, yStrides: i32 tables of `rank` entries, strides counted in elements; x and y
 * point at the element of index 0. Requires rank ≥ 1, sizes ≥ 1. Aliasing none.
 */
export function stridedCopy(
  x: Operand,
  y: Operand,
  rank: i32,
  shape: List,
  xStrides: List,
  yStrides: List,
  first: First,
  count: Count,
  _grain: Grain,
): void {
  const xFirst = <usize>first * bytesOf(load<i32>(xStrides));
  const yFirst = <usize>first * bytesOf(load<i32>(yStrides));
  copyAxis(x + xFirst, y + yFirst, count, rank, shape, xStrides, yStrides);
}

function copyAxis(
  x: usize,
  y: usize,
  count: i32,
  rank: i32,
  shape: usize,
  xStrides: usize,
  yStrides: usize,
): void {
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
  const inner = load<i32>(shape, 4);
  for (; count > 0; count--, x += xStep, y += yStep) {
    copyAxis(x, y, inner, rank - 1, shape + 4, xStrides + 4, yStrides + 4);
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
