// Maxima over one axis of an [outer, axis, inner] array, of the outer blocks from first on; a NaN wins.

import { Count, First, Operand, Width } from "./operand";
import { bytesOf, loadPart, storePart } from "./simd";

/** Computes y[o, i] = maxₐ x[o, a, i]; a NaN wins. Layout, requires and aliasing as `sum`. */
export function max(x: Operand, y: Operand, first: First, outer: Count, axis: Width, inner: Width): void {
  const xStep = bytesOf(axis * inner);
  const yStep = bytesOf(inner);
  x += <usize>first * xStep;
  y += <usize>first * yStep;
  for (let o = 0; o < outer; o++, x += xStep, y += yStep) {
    if (inner == 1) {
      store<f32>(y, maxRow(x, axis));
      continue;
    }
    let i = 0;
    for (; i + 16 <= inner; i += 16) max16(x + bytesOf(i), y + bytesOf(i), axis, yStep);
    const lanes = min(inner, 4);
    for (; i < inner; i += 4) {
      const column = bytesOf(min(i, inner - lanes));
      storePart(y + column, maxColumns(x + column, axis, yStep, lanes), lanes);
    }
  }
}

/** Maximum of `count` consecutive elements; a NaN wins. */
export function maxRow(x: usize, count: i32): f32 {
  const lowest = f32x4.splat(-Infinity);
  let m0 = lowest;
  let m1 = lowest;
  for (; count >= 8; count -= 8, x += 32) {
    m0 = nanMax(m0, v128.load(x));
    m1 = nanMax(m1, v128.load(x, 16));
  }
  for (; count > 0; count -= 4, x += 16) m0 = nanMax(m0, loadPart(x, count, lowest));
  m0 = nanMax(m0, m1);
  m0 = nanMax(m0, v128.shuffle<f32>(m0, m0, 2, 3, 0, 1));
  return f32x4.extract_lane(nanMax(m0, v128.shuffle<f32>(m0, m0, 1, 0, 3, 2)), 0);
}

/** Maxima of 16 columns; `step` bytes lead from one row to the next. */
function max16(x: usize, y: usize, axis: i32, step: usize): void {
  let m0 = v128.load(x);
  let m1 = v128.load(x, 16);
  let m2 = v128.load(x, 32);
  let m3 = v128.load(x, 48);
  for (; axis > 1; axis--) {
    x += step;
    m0 = nanMax(m0, v128.load(x));
    m1 = nanMax(m1, v128.load(x, 16));
    m2 = nanMax(m2, v128.load(x, 32));
    m3 = nanMax(m3, v128.load(x, 48));
  }
  v128.store(y, m0);
  v128.store(y, m1, 16);
  v128.store(y, m2, 32);
  v128.store(y, m3, 48);
}

/** Maxima of 1 to 4 columns. */
export function maxColumns(x: usize, axis: i32, step: usize, lanes: i32): v128 {
  let m = loadPart(x, lanes, f32x4.splat(0));
  for (; axis > 1; axis--) {
    x += step;
    m = nanMax(m, loadPart(x, lanes, m));
  }
  return m;
}

/**
 * Computes dx[o, a, i] = dy[o, i] where x[o, a, i] is the first maximum (or first NaN) of its axis, else 0.
 * Layout x, dx [outer, axis, inner]; y = max x, dy [outer, inner]. Requires sizes ≥ 1. Aliasing none.
 */
export function maxGradient(
  x: Operand,
  y: Operand,
  dy: Operand,
  dx: Operand,
  first: First,
  outer: Count,
  axis: Width,
  inner: Width,
): void {
  const xStep = bytesOf(axis * inner);
  const yStep = bytesOf(inner);
  x += <usize>first * xStep;
  dx += <usize>first * xStep;
  y += <usize>first * yStep;
  dy += <usize>first * yStep;
  const lanes = min(inner, 4);
  for (let o = 0; o < outer; o++, x += xStep, dx += xStep, y += yStep, dy += yStep) {
    for (let i = 0; i < inner; i += 4) {
      const column = bytesOf(min(i, inner - lanes));
      const largest = loadPart(y + column, lanes, f32x4.splat(0));
      const gradient = loadPart(dy + column, lanes, largest);
      let taken = i32x4.splat(0);
      for (let at = column; at < xStep; at += yStep) {
        const value = loadPart(x + at, lanes, largest);
        const first = v128.andnot(isWinner(value, largest), taken);
        taken = v128.or(taken, first);
        storePart(dx + at, v128.and(gradient, first), lanes);
      }
    }
  }
}

/**
 * The larger of each lane, NaN if either is; of +0 and −0 either. Each pmax keeps its first operand's NaN, and
 * without one both give the same bits. Three instructions: f32x4.max, which also orders the zeros, takes ten.
 */
export function nanMax(a: v128, b: v128): v128 {
  return v128.or(f32x4.pmax(a, b), f32x4.pmax(b, a));
}

/** Lanes that hold the maximum; where that is NaN, every NaN. */
export function isWinner(x: v128, largest: v128): v128 {
  return v128.or(f32x4.eq(x, largest), f32x4.ne(x, x));
}
