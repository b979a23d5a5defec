// Sums over one axis of an [outer, axis, inner] array, of the outer blocks from first on, and numbers that describe a
// flat array.
//
// Sums run in float64 lanes, so 10⁷ rows cost no accuracy. Two elements are added in float32 first: that
// rounds by at most 2⁻²⁴ of their magnitude and halves the conversions, which are slower than the memory.
// Wide rows are cut into tiles of 16 or 4 columns whose sums stay in registers down the rows; the last tile
// overlaps the one before, not to run past the row. The order depends on the shape alone.

import { Count, First, Grain, Operand, Results, Scratch, Width } from "./operand";
import { bytesOf, loadLanes, Part, promoteHigh } from "./simd";

/** Columns whose sums are kept at a time, in scratch: 8 KB. */
const MOST_COLUMNS: i32 = 1024;

/** Columns that are summed together; rather some more than 1 to 3 that are left. */
function columnsOf(left: i32): i32 {
  return left < MOST_COLUMNS + 4 ? left : MOST_COLUMNS;
}

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
  scratch: Scratch,
): void {
  const step = bytesOf(inner);
  x += <usize>first * step * axis;
  y += <usize>first * step;
  // Narrow blocks are so small that each for itself would cost much beside its sum.
  const together = inner < 4 ? MOST_COLUMNS / inner : 1;
  for (let o = 0, count = 0; o < outer; o += count, x += step * axis * count, y += step * count) {
    count = min(together, outer - o);
    if (inner < 4) {
      sumNarrow(x, scratch, count, axis, inner);
      divide(scratch, y, count * inner, divisor);
      continue;
    }
    for (let i = 0, columns = 0; i < inner; i += columns) {
      columns = columnsOf(inner - i);
      sumColumns(x + bytesOf(i), scratch, axis, columns, step);
      divide(scratch, y + bytesOf(i), columns, divisor);
    }
  }
}

/**
 * Computes y[i] = Σₐ x[a, i] over the rows from first on. Every grain has float64 sums of its own, one behind the other.
 * Layout x [axis, inner]. Requires sizes ≥ 1. Aliasing none.
 */
export function sumOfRows(
  x: Operand,
  y: Operand,
  inner: i32,
  first: First,
  rows: Count,
  grain: Grain,
  scratch: Scratch,
): void {
  const step = bytesOf(inner);
  x += <usize>first * step;
  y += (step << 1) * (first / grain);
  for (let i = 0, columns = 0; i < inner; i += columns) {
    columns = columnsOf(inner - i);
    sumColumns(x + bytesOf(i), scratch, rows, columns, step);
    memory.copy(y + (bytesOf(i) << 1), scratch, bytesOf(columns) << 1);
  }
}

/** Leaves float64 sums, and up to 3 numbers without meaning behind them; `step` bytes lead from one row to the next. */
function sumColumns(x: usize, sums: usize, axis: i32, columns: i32, step: usize): void {
  if (columns < 4) {
    sumNarrow(x, sums, 1, axis, columns);
    return;
  }
  const wide = columns & ~15;
  if (wide) sumWide(x, sums, axis, wide, step);
  sums += bytesOf(wide) << 1;
  let i = wide;
  for (; i < columns; i += 4, sums += 32) sum4(x + bytesOf(min(i, columns - 4)), sums, axis, step);
  // The last four overlap those before.
  if (i > columns) memory.copy(sums - 32 - ((<usize>(i - columns)) << 3), sums - 32, 32);
}

/** y[i] = sums[i] / divisor. */
function divide(sums: usize, y: usize, n: i32, divisor: f64): void {
  for (; n >= 4; n -= 4, sums += 32, y += 16) {
    v128.store(y, quotient(v128.load(sums), v128.load(sums, 16), divisor));
  }
  for (; n > 0; n--, sums += 8, y += 4) store<f32>(y, <f32>(load<f64>(sums) / divisor));
}

/**
 * Blocks of rows of 1 to 3 columns, each read as one stream: 12 elements are a whole number of such rows, so lane k of
 * every group of 12 belongs to column k mod inner. Two groups are added at a time.
 */
function sumNarrow(x: usize, sums: usize, outer: i32, axis: i32, inner: i32): void {
  const pairRows = 24 / inner;
  for (; outer > 0; outer--, sums += bytesOf(inner) << 1) {
    x = sumBlock(x, sums, axis, inner, pairRows);
  }
}

/** The same of one block; returns where the next begins. */
function sumBlock(x: usize, sums: usize, axis: i32, inner: i32, pairRows: i32): usize {
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let s4 = s0;
  let s5 = s0;
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
  store<f64>(sums, first);
  store<f64>(sums, second, 8);
  store<f64>(sums, third, 16);
  return x;
}

/** Bytes of the rows that all columns go down before they go on: they stay in L1. */
const BLOCK_BYTES: usize = 16384;

/**
 * A multiple of 16 columns. Rows of the first half are added to those of the second in float32; the last of an odd number
 * comes at the end, alone.
 */
function sumWide(x: usize, sums: usize, axis: i32, columns: i32, step: usize): void {
  const half = axis >>> 1;
  const z = x + <usize>half * step;
  const block = <i32>max<usize>(8, BLOCK_BYTES / bytesOf(columns));
  memory.fill(sums, 0, bytesOf(columns) << 1);
  for (let r = 0; r < half; r += block) {
    const at = <usize>r * step;
    for (let i: usize = 0; i < bytesOf(columns); i += 64) {
      add16(x + at + i, z + at + i, sums + (i << 1), min(block, half - r), step);
    }
  }
  if (axis & 1) {
    for (let i: usize = 0; i < bytesOf(columns); i += 16) {
      const last = v128.load(z + <usize>half * step + i);
      const at = sums + (i << 1);
      v128.store(at, f64x2.add(v128.load(at), f64x2.promote_low_f32x4(last)));
      v128.store(at, f64x2.add(v128.load(at, 16), promoteHigh(last)), 16);
    }
  }
}

/** Adds x + z of 16 columns down some rows; their sums are in registers meanwhile. */
function add16(x: usize, z: usize, sums: usize, rows: i32, step: usize): void {
  let s0 = v128.load(sums);
  let s1 = v128.load(sums, 16);
  let s2 = v128.load(sums, 32);
  let s3 = v128.load(sums, 48);
  let s4 = v128.load(sums, 64);
  let s5 = v128.load(sums, 80);
  let s6 = v128.load(sums, 96);
  let s7 = v128.load(sums, 112);
  for (; rows > 0; rows--, x += step, z += step) {
    const a = f32x4.add(v128.load(z), v128.load(x));
    const b = f32x4.add(v128.load(z, 16), v128.load(x, 16));
    const c = f32x4.add(v128.load(z, 32), v128.load(x, 32));
    const d = f32x4.add(v128.load(z, 48), v128.load(x, 48));
    s0 = f64x2.add(s0, f64x2.promote_low_f32x4(a));
    s1 = f64x2.add(s1, promoteHigh(a));
    s2 = f64x2.add(s2, f64x2.promote_low_f32x4(b));
    s3 = f64x2.add(s3, promoteHigh(b));
    s4 = f64x2.add(s4, f64x2.promote_low_f32x4(c));
    s5 = f64x2.add(s5, promoteHigh(c));
    s6 = f64x2.add(s6, f64x2.promote_low_f32x4(d));
    s7 = f64x2.add(s7, promoteHigh(d));
  }
  v128.store(sums, s0);
  v128.store(sums, s1, 16);
  v128.store(sums, s2, 32);
  v128.store(sums, s3, 48);
  v128.store(sums, s4, 64);
  v128.store(sums, s5, 80);
  v128.store(sums, s6, 96);
  v128.store(sums, s7, 112);
}

/** 4 columns, even and odd rows apart: one chain of additions alone would wait for itself. */
function sum4(x: usize, sums: usize, axis: i32, step: usize): void {
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
  v128.store(sums, f64x2.add(s0, s2));
  v128.store(sums, f64x2.add(s1, s3), 16);
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
