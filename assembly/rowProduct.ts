// The form of `multiplyRows` in `product.ts` for a few rows of C, too few to be worth the packing of B: B is read where it
// lies. Every element of C is added up in the same order as there, so that a row has the same bits in any company.

import { FROM_BIAS, FROM_TARGET } from "./microKernel";
import { DEPTH_BLOCK, evenBlock, MAX_PACKED_DEPTH } from "./product";
import { bytesOf, loadPart, madd, storePart } from "./simd";

/** Most rows for which this form is the faster one; where B is stored n × k, each row transposes it again. */
export const FEW_ROWS: i32 = 4;
export const FEW_ROWS_ACROSS: i32 = 3;

/** 24 columns of one row of C over one block of k. */
function columns24(a: usize, end: usize, b: usize, pitch: usize, c: usize, start: i32, bias: usize): void {
  let c0 = f32x4.splat(0),
    c1 = c0,
    c2 = c0,
    c3 = c0,
    c4 = c0,
    c5 = c0;
  if (start == FROM_BIAS) {
    c0 = v128.load(bias);
    c1 = v128.load(bias, 16);
    c2 = v128.load(bias, 32);
    c3 = v128.load(bias, 48);
    c4 = v128.load(bias, 64);
    c5 = v128.load(bias, 80);
  }
  for (; a < end; a += 4, b += pitch) {
    const x = v128.load32_splat(a);
    c0 = madd(x, v128.load(b), c0);
    c1 = madd(x, v128.load(b, 16), c1);
    c2 = madd(x, v128.load(b, 32), c2);
    c3 = madd(x, v128.load(b, 48), c3);
    c4 = madd(x, v128.load(b, 64), c4);
    c5 = madd(x, v128.load(b, 80), c5);
  }
  if (start == FROM_TARGET) {
    c0 = f32x4.add(c0, v128.load(c));
    c1 = f32x4.add(c1, v128.load(c, 16));
    c2 = f32x4.add(c2, v128.load(c, 32));
    c3 = f32x4.add(c3, v128.load(c, 48));
    c4 = f32x4.add(c4, v128.load(c, 64));
    c5 = f32x4.add(c5, v128.load(c, 80));
  }
  v128.store(c, c0);
  v128.store(c, c1, 16);
  v128.store(c, c2, 32);
  v128.store(c, c3, 48);
  v128.store(c, c4, 64);
  v128.store(c, c5, 80);
}

/** Eight columns of one row of C. */
function columns8(a: usize, end: usize, b: usize, pitch: usize, c: usize, start: i32, bias: usize): void {
  let c0 = f32x4.splat(0),
    c1 = c0;
  if (start == FROM_BIAS) {
    c0 = v128.load(bias);
    c1 = v128.load(bias, 16);
  }
  for (; a < end; a += 4, b += pitch) {
    const x = v128.load32_splat(a);
    c0 = madd(x, v128.load(b), c0);
    c1 = madd(x, v128.load(b, 16), c1);
  }
  if (start == FROM_TARGET) {
    c0 = f32x4.add(c0, v128.load(c));
    c1 = f32x4.add(c1, v128.load(c, 16));
  }
  v128.store(c, c0);
  v128.store(c, c1, 16);
}

/** Up to four columns of one row of C. */
function columns4(
  a: usize,
  end: usize,
  b: usize,
  pitch: usize,
  c: usize,
  start: i32,
  bias: usize,
  lanes: i32,
): void {
  const zero = f32x4.splat(0);
  let sum = start == FROM_BIAS ? loadPart(bias, lanes, zero) : zero;
  for (; a < end; a += 4, b += pitch) sum = madd(v128.load32_splat(a), loadPart(b, lanes, zero), sum);
  if (start == FROM_TARGET) sum = f32x4.add(sum, loadPart(c, lanes, zero));
  storePart(c, sum, lanes);
}

/** One value of each of four rows of B. */
function loadDown(b: usize, pitch: usize): v128 {
  const b01 = v128.load32_lane(b + pitch, v128.load32_zero(b), 1);
  return v128.load32_lane(b + 3 * pitch, v128.load32_lane(b + 2 * pitch, b01, 2), 3);
}

/**
 * 16 columns of one row of C over one block of k, B stored n × k: four 4 × 4 blocks of it at a time, each transposed.
 * Fewer columns would leave the sums waiting for each other.
 */
function across16(a: usize, end: usize, b: usize, pitch: usize, c: usize, start: i32, bias: usize): void {
  let c0 = f32x4.splat(0),
    c1 = c0,
    c2 = c0,
    c3 = c0;
  if (start == FROM_BIAS) {
    c0 = v128.load(bias);
    c1 = v128.load(bias, 16);
    c2 = v128.load(bias, 32);
    c3 = v128.load(bias, 48);
  }
  const pitch2 = pitch << 1;
  const pitch3 = pitch2 + pitch;
  let b1 = b + 4 * pitch;
  let b2 = b + 8 * pitch;
  let b3 = b + 12 * pitch;
  for (const end4 = a + ((end - a) & ~15); a < end4; a += 16, b += 16, b1 += 16, b2 += 16, b3 += 16) {
    const x0 = v128.load32_splat(a);
    const x1 = v128.load32_splat(a, 4);
    const x2 = v128.load32_splat(a, 8);
    const x3 = v128.load32_splat(a, 12);
    let r0 = v128.load(b);
    let r1 = v128.load(b + pitch);
    let r2 = v128.load(b + pitch2);
    let r3 = v128.load(b + pitch3);
    let low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    let low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    let high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    let high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    c0 = madd(x0, v128.shuffle<f64>(low01, low23, 0, 2), c0);
    c0 = madd(x1, v128.shuffle<f64>(low01, low23, 1, 3), c0);
    c0 = madd(x2, v128.shuffle<f64>(high01, high23, 0, 2), c0);
    c0 = madd(x3, v128.shuffle<f64>(high01, high23, 1, 3), c0);
    r0 = v128.load(b1);
    r1 = v128.load(b1 + pitch);
    r2 = v128.load(b1 + pitch2);
    r3 = v128.load(b1 + pitch3);
    low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    c1 = madd(x0, v128.shuffle<f64>(low01, low23, 0, 2), c1);
    c1 = madd(x1, v128.shuffle<f64>(low01, low23, 1, 3), c1);
    c1 = madd(x2, v128.shuffle<f64>(high01, high23, 0, 2), c1);
    c1 = madd(x3, v128.shuffle<f64>(high01, high23, 1, 3), c1);
    r0 = v128.load(b2);
    r1 = v128.load(b2 + pitch);
    r2 = v128.load(b2 + pitch2);
    r3 = v128.load(b2 + pitch3);
    low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    c2 = madd(x0, v128.shuffle<f64>(low01, low23, 0, 2), c2);
    c2 = madd(x1, v128.shuffle<f64>(low01, low23, 1, 3), c2);
    c2 = madd(x2, v128.shuffle<f64>(high01, high23, 0, 2), c2);
    c2 = madd(x3, v128.shuffle<f64>(high01, high23, 1, 3), c2);
    r0 = v128.load(b3);
    r1 = v128.load(b3 + pitch);
    r2 = v128.load(b3 + pitch2);
    r3 = v128.load(b3 + pitch3);
    low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    c3 = madd(x0, v128.shuffle<f64>(low01, low23, 0, 2), c3);
    c3 = madd(x1, v128.shuffle<f64>(low01, low23, 1, 3), c3);
    c3 = madd(x2, v128.shuffle<f64>(high01, high23, 0, 2), c3);
    c3 = madd(x3, v128.shuffle<f64>(high01, high23, 1, 3), c3);
  }
  for (; a < end; a += 4, b += 4, b1 += 4, b2 += 4, b3 += 4) {
    const x = v128.load32_splat(a);
    c0 = madd(x, loadDown(b, pitch), c0);
    c1 = madd(x, loadDown(b1, pitch), c1);
    c2 = madd(x, loadDown(b2, pitch), c2);
    c3 = madd(x, loadDown(b3, pitch), c3);
  }
  if (start == FROM_TARGET) {
    c0 = f32x4.add(c0, v128.load(c));
    c1 = f32x4.add(c1, v128.load(c, 16));
    c2 = f32x4.add(c2, v128.load(c, 32));
    c3 = f32x4.add(c3, v128.load(c, 48));
  }
  v128.store(c, c0);
  v128.store(c, c1, 16);
  v128.store(c, c2, 32);
  v128.store(c, c3, 48);
}

/** One column of one row of C over one block of k, B stored n × k; fused where the other columns are. */
function across1(a: usize, end: usize, b: usize, c: usize, start: i32, bias: usize): void {
  let sum = start == FROM_BIAS ? v128.load32_zero(bias) : f32x4.splat(0);
  for (; a < end; a += 4, b += 4) sum = madd(v128.load32_zero(a), v128.load32_zero(b), sum);
  if (start == FROM_TARGET) sum = f32x4.add(sum, v128.load32_zero(c));
  v128.store32_lane(c, sum, 0);
}

/** One row of C over one block of k, B stored n × k. */
function multiplyRowAcross(
  a: usize,
  depth: i32,
  b: usize,
  pitch: usize,
  c: usize,
  n: i32,
  start: i32,
  bias: usize,
): void {
  const end = a + bytesOf(depth);
  let j = 0;
  for (; j + 16 <= n; j += 16) {
    across16(a, end, b + <usize>j * pitch, pitch, c + bytesOf(j), start, bias + bytesOf(j));
  }
  for (; j < n; j++) across1(a, end, b + <usize>j * pitch, c + bytesOf(j), start, bias + bytesOf(j));
}

/** One row of C over one block of k. */
function multiplyRow(a: usize, depth: i32, b: usize, c: usize, n: i32, start: i32, bias: usize): void {
  const end = a + bytesOf(depth);
  const pitch = bytesOf(n);
  let j = 0;
  for (; j + 24 <= n; j += 24) {
    columns24(a, end, b + bytesOf(j), pitch, c + bytesOf(j), start, bias + bytesOf(j));
  }
  for (; j + 8 <= n; j += 8) {
    columns8(a, end, b + bytesOf(j), pitch, c + bytesOf(j), start, bias + bytesOf(j));
  }
  for (; j < n; j += 4) {
    const at = bytesOf(j);
    columns4(a, end, b + at, pitch, c + at, start, bias + at, min(4, n - j));
  }
}

/**
 * Computes C[i][j] = start + Σ_k A[i][k]·op(B)[k][j], i < rows, j < n, as `multiplyRows` would of a packed B.
 * Layout all row-major and dense; `transposeB` says that B is stored n × k; `bias` (FROM_BIAS) has n values.
 */
export function multiplyFewRows(
  a: usize,
  b: usize,
  c: usize,
  bias: usize,
  rows: i32,
  n: i32,
  k: i32,
  transposeB: bool,
  start: i32,
): void {
  for (let d = 0; d < k; d += MAX_PACKED_DEPTH) {
    const depth = min(MAX_PACKED_DEPTH, k - d);
    const block = evenBlock(depth, DEPTH_BLOCK);
    for (let e = d; e < d + depth; e += block) {
      const count = min(block, d + depth - e);
      const from = e > 0 ? FROM_TARGET : start;
      for (let i = 0; i < rows; i++) {
        const x = a + (<usize>i * <usize>k + <usize>e) * 4;
        const y = c + <usize>i * bytesOf(n);
        if (transposeB) multiplyRowAcross(x, count, b + bytesOf(e), bytesOf(k), y, n, from, bias);
        else multiplyRow(x, count, b + <usize>e * bytesOf(n), y, n, from, bias);
      }
    }
  }
}
