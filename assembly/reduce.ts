// Reductions over one axis of an [outer, axis, inner] array, and numbers that describe a flat array.
//
// Sums run in float64 lanes, so 10⁷ rows cost no accuracy. Two elements are added in float32 first: that
// rounds by at most 2⁻²⁴ of their magnitude and halves the conversions, which are slower than the memory.
// Wide rows are cut into tiles of 16 or 4 columns whose sums stay in registers down the rows; the last tile
// overlaps the one before, not to run past the row. The order depends on the shape alone.

import { Operand } from "./operand";
import { bytesOf, loadLanes, loadPart, Part, promoteHigh, storePart } from "./simd";

/**
 * Computes y[o, i] = Σₐ x[o, a, i], rounded once to float32.
 * Layout x [outer, axis, inner], y [outer, inner]. Requires sizes ≥ 1. Aliasing none.
 */
export function sum(x: Operand, y: Operand, outer: i32, axis: i32, inner: i32): void {
  sumAndDivide(x, y, outer, axis, inner, 1);
}

/** Computes y[o, i] = (Σₐ x[o, a, i]) / axis. Layout, requires and aliasing as `sum`. */
export function mean(x: Operand, y: Operand, outer: i32, axis: i32, inner: i32): void {
  sumAndDivide(x, y, outer, axis, inner, axis);
}

function sumAndDivide(x: usize, y: usize, outer: i32, axis: i32, inner: i32, divisor: f64): void {
  const xStep = bytesOf(axis * inner);
  const yStep = bytesOf(inner);
  for (let o = 0; o < outer; o++, x += xStep, y += yStep) {
    if (inner < 4) {
      sumNarrow(x, y, axis, inner, divisor);
      continue;
    }
    let i = 0;
    for (; i + 16 <= inner; i += 16) sum16(x + bytesOf(i), y + bytesOf(i), axis, yStep, divisor);
    for (; i < inner; i += 4) {
      const column = bytesOf(min(i, inner - 4));
      sum4(x + column, y + column, axis, yStep, divisor);
    }
  }
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
  store<f32>(y, <f32>(first / divisor));
  if (inner > 1) store<f32>(y, <f32>(second / divisor), 4);
  if (inner > 2) store<f32>(y, <f32>(third / divisor), 8);
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
  v128.store(y, quotient(s0, s1, divisor));
  v128.store(y, quotient(s2, s3, divisor), 16);
  v128.store(y, quotient(s4, s5, divisor), 32);
  v128.store(y, quotient(s6, s7, divisor), 48);
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
  v128.store(y, quotient(f64x2.add(s0, s2), f64x2.add(s1, s3), divisor));
}

/** (low, high) / divisor as four float32. */
export function quotient(low: v128, high: v128, divisor: f64): v128 {
  const by = f64x2.splat(divisor);
  const a = f32x4.demote_f64x2_zero(f64x2.div(low, by));
  const b = f32x4.demote_f64x2_zero(f64x2.div(high, by));
  return v128.shuffle<f32>(a, b, 0, 1, 4, 5);
}

/** Computes y[o, i] = maxₐ x[o, a, i]; a NaN wins. Layout, requires and aliasing as `sum`. */
export function max(x: Operand, y: Operand, outer: i32, axis: i32, inner: i32): void {
  const xStep = bytesOf(axis * inner);
  const yStep = bytesOf(inner);
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
  outer: i32,
  axis: i32,
  inner: i32,
): void {
  const xStep = bytesOf(axis * inner);
  const yStep = bytesOf(inner);
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

/** Computes Σ x², in float64. Layout x [n]. */
export function sumOfSquares(x: Operand, n: i32): f64 {
  return dot(x, x, n);
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

/** Computes how many of x [n] are infinite or NaN. */
export function countNonFinite(x: Operand, n: i32): i32 {
  const exponent = i32x4.splat(0x7f800000);
  let count = i32x4.splat(0);
  for (; n > 3; n -= 4, x += 16) {
    count = i32x4.sub(count, i32x4.eq(v128.and(v128.load(x), exponent), exponent));
  }
  if (n) count = i32x4.sub(count, i32x4.eq(v128.and(loadLanes<Part>(x, n), exponent), exponent));
  count = i32x4.add(count, v128.shuffle<i32>(count, count, 2, 3, 0, 1));
  return i32x4.extract_lane(count, 0) + i32x4.extract_lane(count, 1);
}
