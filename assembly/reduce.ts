// Sums over one axis of an [outer, axis, inner] array, of the outer blocks from first on, and numbers that describe a
// flat array.
//
// Sums run in float64 lanes, so 10⁷ rows cost no accuracy. Two elements are added in float32 first: that
// rounds by at most 2⁻²⁴ of their magnitude and halves the conversions, which are slower than the memory.
// Wide rows are cut into tiles of 16 or 4 columns whose sums stay in registers down the rows; the last tile
// overlaps the one before, not to run past the row. The order depends on the shape alone.

import { Count, First, Grain, Operand, Results, Width } from "./operand";
import { bytesOf, loadLanes, Part, promoteHigh } from "./simd";

/**
 * Computes y[o, i] = (Σₐ x[o, a, i]) / divisor, rounded once to float32.
 * Layout x [outer, axis, inner], y [outer, inner]. Requires sizes ≥ 1, divisor ≠ 0. Aliasing none.
 */
export function sum(
  x: Operand,
  y: Operand,
  first: First,
  outer: Count,
  axis: Width,
  inner: Width,
  divisor: f64,
): void {
  const xStep = bytesOf(axis * inner);
  const yStep = bytesOf(inner);
  x += <usize>first * xStep;
  y += <usize>first * yStep;
  for (let o = 0; o < outer; o++, x += xStep, y += yStep) {
    sumColumns(x, y, axis, inner, divisor);
  }
}

/**
 * Computes y[i] = Σₐ x[a, i] over the rows from first on. Every grain has float64 sums of its own, one behind the other.
 * Layout x [axis, inner]. Requires sizes ≥ 1. Aliasing none.
 */
export function sumOfRows(x: Operand, y: Operand, inner: i32, first: First, rows: Count, grain: Grain): void {
  const own = y + (bytesOf(inner) << 1) * (first / grain);
  sumColumns(x + <usize>first * bytesOf(inner), own, rows, inner, 0);
}

/** Leaves quotients in float32, or, for the divisor 0, sums in float64. */
function sumColumns(x: usize, y: usize, axis: i32, inner: i32, divisor: f64): void {
  const bytes: usize = divisor == 0 ? 8 : 4;
  if (inner < 4) {
    sumNarrow(x, y, axis, inner, divisor);
    return;
  }
  const step = bytesOf(inner);
  let i = 0;
  for (; i + 16 <= inner; i += 16) sum16(x + bytesOf(i), y + <usize>i * bytes, axis, step, divisor);
  for (; i < inner; i += 4) {
    const column = min(i, inner - 4);
    sum4(x + bytesOf(column), y + <usize>column * bytes, axis, step, divisor);
  }
}

/** One quotient, or sum, at place `i` of y. */
function leave(y: usize, i: i32, sum: f64, divisor: f64): void {
  if (divisor == 0) store<f64>(y + (bytesOf(i) << 1), sum);
  else store<f32>(y + bytesOf(i), <f32>(sum / divisor));
}

/** Four of them. */
function leaveFour(y: usize, i: i32, low: v128, high: v128, divisor: f64): void {
  if (divisor == 0) {
    const at = y + (bytesOf(i) << 1);
    v128.store(at, low);
    v128.store(at, high, 16);
  } else v128.store(y + bytesOf(i), quotient(low, high, divisor));
}

/**
 * Rows of 1 to 3 columns, read as one stream: 12 elements are a whole number of such rows, so lane k of
 * every group of 12 belongs to column k mod inner. Two groups are added at a time.
 */
function sumNarrow(x: usize, y: usize, axis: i32, inner: i32, divisor: f64): void {
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let s4 = s0;
  let s5 = s0;
  const pairRows = 24 / inner;
  for (; axis >= pairRows; axis -= pairRows, x += 96) {
    const a = f32x4.add(v128.load(x), v128.load(x, 48));
    const b = f32x4.add(v128.load(x, 16), v128.load(x, 64));
    const c = f32x4.add(v128.load(x, 32), v128.load(x, 80));
    s0 = f64x2.add(s0, f64x2.promote_low_f32x4(a));
    s1 = f64x2.add(s1, promoteHigh(a));
    s2 = f64x2.add(s2, f64x2.promote_low_f32x4(b));
    s3 = f64x2.add(s3, promoteHigh(b));
    s4 = f64x2.add(s4, f64x2.promote_low_f32x4(c));
    s5 = f64x2.add(s5, promoteHigh(c));
  }
  s0 = f64x2.add(s0, s3);
  s1 = f64x2.add(s1, s4);
  s2 = f64x2.add(s2, s5);
  let first: f64;
  let second: f64;
  let third: f64 = 0;
  if (inner == 3) {
    // What is left of the 12 columns is 0 1 | 2 0 | 1 2.
    first = f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s1, 1);
    second = f64x2.extract_lane(s0, 1) + f64x2.extract_lane(s2, 0);
    third = f64x2.extract_lane(s1, 0) + f64x2.extract_lane(s2, 1);
  } else {
    const pair = f64x2.add(s0, f64x2.add(s1, s2));
    first = f64x2.extract_lane(pair, 0);
    second = f64x2.extract_lane(pair, 1);
  }
  for (const step = bytesOf(inner); axis > 0; axis--, x += step) {
    first += load<f32>(x);
    if (inner > 1) second += load<f32>(x, 4);
    if (inner > 2) third += load<f32>(x, 8);
  }
  if (inner == 1) first += second;
  leave(y, 0, first, divisor);
  if (inner > 1) leave(y, 1, second, divisor);
  if (inner > 2) leave(y, 2, third, divisor);
}

/** 16 columns; `step` bytes lead from one row to the next. */
function sum16(x: usize, y: usize, axis: i32, step: usize, divisor: f64): void {
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let s4 = s0;
  let s5 = s0;
  let s6 = s0;
  let s7 = s0;
  // The upper half of the rows is added to the lower; the lower half's spare row of an odd axis to nothing.
  const half = axis >>> 1;
  let z = x + <usize>half * step;
  for (let rows = axis - half; rows > 0; rows--, x += step, z += step) {
    const keep = i32x4.splat(rows > 1 || !(axis & 1) ? -1 : 0);
    const a = f32x4.add(v128.load(z), v128.and(keep, v128.load(x)));
    const b = f32x4.add(v128.load(z, 16), v128.and(keep, v128.load(x, 16)));
    const c = f32x4.add(v128.load(z, 32), v128.and(keep, v128.load(x, 32)));
    const d = f32x4.add(v128.load(z, 48), v128.and(keep, v128.load(x, 48)));
    s0 = f64x2.add(s0, f64x2.promote_low_f32x4(a));
    s1 = f64x2.add(s1, promoteHigh(a));
    s2 = f64x2.add(s2, f64x2.promote_low_f32x4(b));
    s3 = f64x2.add(s3, promoteHigh(b));
    s4 = f64x2.add(s4, f64x2.promote_low_f32x4(c));
    s5 = f64x2.add(s5, promoteHigh(c));
    s6 = f64x2.add(s6, f64x2.promote_low_f32x4(d));
    s7 = f64x2.add(s7, promoteHigh(d));
  }
  leaveFour(y, 0, s0, s1, divisor);
  leaveFour(y, 4, s2, s3, divisor);
  leaveFour(y, 8, s4, s5, divisor);
  leaveFour(y, 12, s6, s7, divisor);
}

/** 4 columns, even and odd rows apart: one chain of additions alone would wait for itself. */
function sum4(x: usize, y: usize, axis: i32, step: usize, divisor: f64): void {
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (; axis > 1; axis -= 2, x += step + step) {
    const even = v128.load(x);
    const odd = v128.load(x + step);
    s0 = f64x2.add(s0, f64x2.promote_low_f32x4(even));
    s1 = f64x2.add(s1, promoteHigh(even));
    s2 = f64x2.add(s2, f64x2.promote_low_f32x4(odd));
    s3 = f64x2.add(s3, promoteHigh(odd));
  }
  if (axis) {
    const last = v128.load(x);
    s0 = f64x2.add(s0, f64x2.promote_low_f32x4(last));
    s1 = f64x2.add(s1, promoteHigh(last));
  }
  leaveFour(y, 0, f64x2.add(s0, s2), f64x2.add(s1, s3), divisor);
}

/** (low, high) / divisor as four float32. */
export function quotient(low: v128, high: v128, divisor: f64): v128 {
  const by = f64x2.splat(divisor);
  const a = f32x4.demote_f64x2_zero(f64x2.div(low, by));
  const b = f32x4.demote_f64x2_zero(f64x2.div(high, by));
  return v128.shuffle<f32>(a, b, 0, 1, 4, 5);
}

/** The grain that begins at `first` leaves a result. */
export function setResult(results: usize, first: i32, grain: i32, value: f64): void {
  store<f64>(results + ((<usize>(first / grain)) << 3), value);
}

/** Computes Σ x² over the n elements from first on, in float64. */
export function sumOfSquares(x: Operand, first: First, n: Count, grain: Grain, sums: Results): void {
  x += bytesOf(first);
  setResult(sums, first, grain, dot(x, x, n));
}

/** Σ x y in float64. */
export function dot(x: usize, y: usize, n: i32): f64 {
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (; n >= 8; n -= 8, x += 32, y += 32) {
    const a = v128.load(x);
    const b = v128.load(x, 16);
    const c = v128.load(y);
    const d = v128.load(y, 16);
    s0 = f64x2.add(s0, f64x2.mul(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(c)));
    s1 = f64x2.add(s1, f64x2.mul(promoteHigh(a), promoteHigh(c)));
    s2 = f64x2.add(s2, f64x2.mul(f64x2.promote_low_f32x4(b), f64x2.promote_low_f32x4(d)));
    s3 = f64x2.add(s3, f64x2.mul(promoteHigh(b), promoteHigh(d)));
  }
  s0 = f64x2.add(f64x2.add(s0, s2), f64x2.add(s1, s3));
  let total = f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1);
  for (; n > 0; n--, x += 4, y += 4) total += <f64>load<f32>(x) * <f64>load<f32>(y);
  return total;
}

/** Computes how many of x's n elements from first on are infinite or NaN. */
export function countNonFinite(x: Operand, first: First, n: Count, grain: Grain, counts: Results): void {
  x += bytesOf(first);
  const exponent = i32x4.splat(0x7f800000);
  let count = i32x4.splat(0);
  for (; n > 3; n -= 4, x += 16) {
    count = i32x4.sub(count, i32x4.eq(v128.and(v128.load(x), exponent), exponent));
  }
  if (n) count = i32x4.sub(count, i32x4.eq(v128.and(loadLanes<Part>(x, n), exponent), exponent));
  count = i32x4.add(count, v128.shuffle<i32>(count, count, 2, 3, 0, 1));
  setResult(counts, first, grain, i32x4.extract_lane(count, 0) + i32x4.extract_lane(count, 1));
}
