// Softmax over the last axis, log-sum-exp over any axis, and their gradients: of the rows, or the outer blocks, from
// first on.
//
// Everything is shifted by the maximum, so exp never overflows; sums of exponentials run in float64 lanes. Logarithms of
// such sums leave out the 1 of the maximum itself and take log1p of the rest, or terms below 2^-24 would drown in it.

import { Count, First, Operand, Width } from "./operand";
import { bytesOf, loadPart, promoteHigh, storePart } from "./simd";
import { maxColumns, maxRow } from "./maxima";
import { dot, quotient } from "./reduce";
import { expV, log1pV } from "./vectorMath";

/**
 * Computes y = exp(x − max) / Σ exp(x − max) along each row; a row of −∞ alone gives NaN.
 * Layout x, y [rows, columns]. Requires sizes ≥ 1. Aliasing y == x allowed.
 */
export function softmax(x: Operand, y: Operand, first: First, rows: Count, columns: Width): void {
  const step = bytesOf(columns);
  x += <usize>first * step;
  y += <usize>first * step;
  const zero = f32x4.splat(0);
  for (; rows > 0; rows--, x += step, y += step) {
    const shift = f32x4.splat(maxRow(x, columns));
    let low = f64x2.splat(0);
    let high = low;
    for (let i = 0; i < columns; i += 4) {
      const at = bytesOf(i);
      const e = expV(f32x4.sub(loadPart(x + at, columns - i, nothing()), shift));
      low = f64x2.add(low, f64x2.promote_low_f32x4(e));
      high = f64x2.add(high, promoteHigh(e));
      storePart(y + at, e, columns - i);
    }
    const scale = f32x4.splat(<f32>(1 / sumPairs(low, high)));
    for (let i = 0; i < columns; i += 4) {
      const at = y + bytesOf(i);
      storePart(at, f32x4.mul(loadPart(at, columns - i, zero), scale), columns - i);
    }
  }
}

/** Computes y = x − max − log Σ exp(x − max) along each row. Layout, requires and aliasing as `softmax`. */
export function logSoftmax(x: Operand, y: Operand, first: First, rows: Count, columns: Width): void {
  const step = bytesOf(columns);
  x += <usize>first * step;
  y += <usize>first * step;
  const zero = f32x4.splat(0);
  for (; rows > 0; rows--, x += step, y += step) {
    const shift = f32x4.splat(maxRow(x, columns));
    const logTotal = log1pV(f32x4.splat(<f32>sumRestOfRow(x, columns, shift)));
    for (let i = 0; i < columns; i += 4) {
      const at = bytesOf(i);
      const shifted = f32x4.sub(loadPart(x + at, columns - i, zero), shift);
      storePart(y + at, f32x4.sub(shifted, logTotal), columns - i);
    }
  }
}

/**
 * Computes dx = y (dy − Σ y dy) along each row, y = softmax x.
 * Layout y, dy, dx [rows, columns]. Requires sizes ≥ 1. Aliasing dx == dy or dx == y allowed.
 */
export function softmaxGradient(
  y: Operand,
  dy: Operand,
  dx: Operand,
  first: First,
  rows: Count,
  columns: Width,
): void {
  const step = bytesOf(columns);
  y += <usize>first * step;
  dy += <usize>first * step;
  dx += <usize>first * step;
  const zero = f32x4.splat(0);
  for (; rows > 0; rows--, y += step, dy += step, dx += step) {
    const total = f32x4.splat(<f32>dot(y, dy, columns));
    for (let i = 0; i < columns; i += 4) {
      const at = bytesOf(i);
      const above = f32x4.sub(loadPart(dy + at, columns - i, zero), total);
      storePart(dx + at, f32x4.mul(loadPart(y + at, columns - i, zero), above), columns - i);
    }
  }
}

/** Computes dx = dy − exp(y) Σ dy along each row, y = logSoftmax x. Otherwise as `softmaxGradient`. */
export function logSoftmaxGradient(
  y: Operand,
  dy: Operand,
  dx: Operand,
  first: First,
  rows: Count,
  columns: Width,
): void {
  const step = bytesOf(columns);
  y += <usize>first * step;
  dy += <usize>first * step;
  dx += <usize>first * step;
  const zero = f32x4.splat(0);
  for (; rows > 0; rows--, y += step, dy += step, dx += step) {
    const total = f32x4.splat(<f32>sumOfRow(dy, columns));
    for (let i = 0; i < columns; i += 4) {
      const at = bytesOf(i);
      const share = f32x4.mul(expV(loadPart(y + at, columns - i, zero)), total);
      storePart(dx + at, f32x4.sub(loadPart(dy + at, columns - i, zero), share), columns - i);
    }
  }
}

/**
 * Computes y[o, i] = log Σₐ exp x[o, a, i], shifted by the maximum so that nothing overflows: −∞ alone
 * gives −∞, any +∞ gives +∞, any NaN gives NaN.
 * Layout x [outer, axis, inner], y [outer, inner]. Requires sizes ≥ 1. Aliasing none.
 */
export function logSumExp(
  x: Operand,
  y: Operand,
  first: First,
  outer: Count,
  axis: Width,
  inner: Width,
): void {
  const xStep = bytesOf(axis * inner);
  const yStep = bytesOf(inner);
  x += <usize>first * xStep;
  y += <usize>first * yStep;
  const lanes = min(inner, 4);
  for (let o = 0; o < outer; o++, x += xStep, y += yStep) {
    if (inner == 1) {
      const shift = finiteOrZero(f32x4.splat(maxRow(x, axis)));
      const rest = f32x4.splat(<f32>sumRestOfRow(x, axis, shift));
      storePart(y, f32x4.add(shift, log1pV(rest)), 1);
      continue;
    }
    for (let i = 0; i < inner; i += 4) {
      const column = bytesOf(min(i, inner - lanes));
      storePart(y + column, logSumExpColumns(x + column, axis, yStep, lanes), lanes);
    }
  }
}

/**
 * Σ exp(x − shift) − 1 over `count` consecutive elements: the 1 is that of one element at the shift.
 * Pairs are added in float32, all else in float64: half of the conversions pay for the comparisons.
 */
function sumRestOfRow(x: usize, count: i32, shift: v128): f64 {
  const zero = f32x4.splat(0);
  let low = zero;
  let high = zero;
  let atShift = zero;
  for (; count > 7; count -= 8, x += 32) {
    const a = f32x4.sub(v128.load(x), shift);
    const b = f32x4.sub(v128.load(x, 16), shift);
    const pair = f32x4.add(expBelow(a), expBelow(b));
    low = f64x2.add(low, f64x2.promote_low_f32x4(pair));
    high = f64x2.add(high, promoteHigh(pair));
    atShift = i32x4.sub(atShift, i32x4.add(f32x4.eq(a, zero), f32x4.eq(b, zero)));
  }
  for (; count > 0; count -= 4, x += 16) {
    const a = f32x4.sub(loadPart(x, count, nothing()), shift);
    const e = expBelow(a);
    low = f64x2.add(low, f64x2.promote_low_f32x4(e));
    high = f64x2.add(high, promoteHigh(e));
    atShift = i32x4.sub(atShift, f32x4.eq(a, zero));
  }
  const pairs = i32x4.add(atShift, v128.shuffle<i32>(atShift, atShift, 2, 3, 0, 1));
  const others = i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1) - 1;
  return sumPairs(low, high) + <f64>others;
}

/** log Σ exp(x) of each of 1 to 4 columns. */
function logSumExpColumns(x: usize, axis: i32, step: usize, lanes: i32): v128 {
  const shift = finiteOrZero(maxColumns(x, axis, step, lanes));
  const zero = f32x4.splat(0);
  let low = zero;
  let high = zero;
  let others = i32x4.splat(-1);
  for (; axis > 0; axis--, x += step) {
    const a = f32x4.sub(loadPart(x, lanes, shift), shift);
    const e = expBelow(a);
    low = f64x2.add(low, f64x2.promote_low_f32x4(e));
    high = f64x2.add(high, promoteHigh(e));
    others = i32x4.sub(others, f32x4.eq(a, zero));
  }
  low = f64x2.add(low, f64x2.convert_low_i32x4_s(others));
  high = f64x2.add(high, f64x2.convert_low_i32x4_s(v128.shuffle<i32>(others, others, 2, 3, 2, 3)));
  return f32x4.add(shift, log1pV(quotient(low, high, 1)));
}

/** exp(x), but 0 where x = 0. */
function expBelow(x: v128): v128 {
  return v128.andnot(expV(x), f32x4.eq(x, f32x4.splat(0)));
}

/** Shifting by an infinite maximum would make ∞ − ∞; without a shift exp and log reach the right limit. */
function finiteOrZero(x: v128): v128 {
  return v128.and(x, f32x4.lt(f32x4.abs(x), f32x4.splat(Infinity)));
}

/** Lanes past the end of a row hold −∞: their exponential adds nothing to a sum. */
function nothing(): v128 {
  return f32x4.splat(-Infinity);
}

function sumOfRow(x: usize, count: i32): f64 {
  const zero = f64x2.splat(0);
  let low = zero;
  let high = zero;
  for (; count > 0; count -= 4, x += 16) {
    const values = loadPart(x, count, zero);
    low = f64x2.add(low, f64x2.promote_low_f32x4(values));
    high = f64x2.add(high, promoteHigh(values));
  }
  return sumPairs(low, high);
}

function sumPairs(low: v128, high: v128): f64 {
  const pair = f64x2.add(low, high);
  return f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
}

/**
 * Computes dx[o, a, i] = dy[o, i] exp(x[o, a, i] − y[o, i]), 0 where y = −∞ (every x is −∞ there).
 * Layout x, dx [outer, axis, inner]; y = logSumExp x, dy [outer, inner]. Requires sizes ≥ 1.
 * Aliasing dx == x allowed.
 */
export function logSumExpGradient(
  x: Operand,
  y: Operand,
  dy: Operand,
  dx: Operand,
  first: First,
  outer: Count,
  axis: Width,
  inner: Width,
): void {
  const zero = f32x4.splat(0);
  const xStep = bytesOf(axis * inner);
  const yStep = bytesOf(inner);
  x += <usize>first * xStep;
  dx += <usize>first * xStep;
  y += <usize>first * yStep;
  dy += <usize>first * yStep;
  for (; outer > 0; outer--, y += yStep, dy += yStep) {
    if (inner == 1) {
      const shift = aboveNothing(v128.load32_splat(y));
      const scale = v128.load32_splat(dy);
      for (let a = 0; a < axis; a += 4) {
        const e = expV(f32x4.sub(loadPart(x + bytesOf(a), axis - a, zero), shift));
        storePart(dx + bytesOf(a), f32x4.mul(scale, e), axis - a);
      }
      x += bytesOf(axis);
      dx += bytesOf(axis);
      continue;
    }
    for (let a = 0; a < axis; a++, x += yStep, dx += yStep) {
      for (let i = 0; i < inner; i += 4) {
        const at = bytesOf(i);
        const shift = aboveNothing(loadPart(y + at, inner - i, zero));
        const e = expV(f32x4.sub(loadPart(x + at, inner - i, zero), shift));
        storePart(dx + at, f32x4.mul(loadPart(dy + at, inner - i, zero), e), inner - i);
      }
    }
  }
}

/** Replaces −∞ by 0, because −∞ − (−∞) would be NaN. */
function aboveNothing(x: v128): v128 {
  return v128.and(x, f32x4.ne(x, nothing()));
}
