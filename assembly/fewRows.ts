// The form of `multiplyColumns` in `product.ts` for few rows and columns of C, as the filter gradient of a grey image has them: B
// is then read so few times that packing it would cost as much as using it. Tiles are 3 rows × 8 or 12 columns;
// B's rows are read where they lie, and the block of them stays in L1 while all rows of C use it.

import { bytesOf, loadPart, madd, storePart } from "./simd";

/** Most rows and columns of C for which this form is the faster one: packing B pays from then on. */
export const THIN: i32 = 12;
export const THIN_COLUMNS: i32 = 48;
const TILE_ROWS: i32 = 3;
/** Bytes of B's rows in one block: half of L1. */
const BLOCK_BYTES: i32 = 16384;
const MAX_BLOCK: i32 = 256;

/** Bytes between two packed rows of A, for what the copies spill. */
const GAP: usize = 16;

/** Scratch of `multiplyThin`: a block of A. */
export const THIN_BYTES: usize = <usize>MAX_BLOCK * (<usize>THIN * 4 + GAP);

/** Copies A's runs to [k][rows], vector by vector; what a run's last vector spills is overwritten by the next run,
 *  or lies in the gap between two rows. */
function packRuns(
  out: usize,
  bases: usize,
  count: i32,
  runs: usize,
  runCount: i32,
  runLength: i32,
  row: usize,
): void {
  const end = bases + bytesOf(count);
  for (let run = 0; run < runCount; run++, out += bytesOf(runLength)) {
    const offset = <usize>load<u32>(runs + bytesOf(run));
    for (let i: usize = 0; i < bytesOf(runLength); i += 16) {
      let to = out + i;
      for (let at = bases; at < end; at += 4, to += row) {
        v128.store(to, v128.load(<usize>load<u32>(at) + offset + i));
      }
    }
  }
}

/** Adds 4, 8 or 12 columns to one row of C; `columns` of them exist. */
function finishRow(target: usize, x0: v128, x1: v128, x2: v128, columns: i32): void {
  finishVector(target, x0, columns);
  if (columns > 4) finishVector(target + 16, x1, columns - 4);
  if (columns > 8) finishVector(target + 32, x2, columns - 8);
}

function finishVector(target: usize, x: v128, columns: i32): void {
  const lanes = min(4, columns);
  storePart(target, f32x4.add(x, loadPart(target, lanes, x)), lanes);
}

/** Three rows of C times 12 columns: 9 products for 6 loads. */
function tile12(a: usize, row: usize, listed: usize, end: usize, at: usize, targets: usize, rows: i32): void {
  let c00 = f32x4.splat(0),
    c01 = c00,
    c02 = c00,
    c10 = c00,
    c11 = c00,
    c12 = c00,
    c20 = c00,
    c21 = c00,
    c22 = c00;
  for (; listed < end; listed += 4, a += row) {
    const b = <usize>load<u32>(listed) + at;
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const b2 = v128.load(b, 32);
    const x0 = v128.load32_splat(a);
    c00 = madd(x0, b0, c00);
    c01 = madd(x0, b1, c01);
    c02 = madd(x0, b2, c02);
    const x1 = v128.load32_splat(a, 4);
    c10 = madd(x1, b0, c10);
    c11 = madd(x1, b1, c11);
    c12 = madd(x1, b2, c12);
    const x2 = v128.load32_splat(a, 8);
    c20 = madd(x2, b0, c20);
    c21 = madd(x2, b1, c21);
    c22 = madd(x2, b2, c22);
  }
  finishRow(<usize>load<u32>(targets) + at, c00, c01, c02, 12);
  if (rows > 1) finishRow(<usize>load<u32>(targets, 4) + at, c10, c11, c12, 12);
  if (rows > 2) finishRow(<usize>load<u32>(targets, 8) + at, c20, c21, c22, 12);
}

/** Three rows of C times 8 columns. */
function tile8(a: usize, row: usize, listed: usize, end: usize, at: usize, targets: usize, rows: i32): void {
  let c00 = f32x4.splat(0),
    c01 = c00,
    c10 = c00,
    c11 = c00,
    c20 = c00,
    c21 = c00;
  for (; listed < end; listed += 4, a += row) {
    const b = <usize>load<u32>(listed) + at;
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const x0 = v128.load32_splat(a);
    c00 = madd(x0, b0, c00);
    c01 = madd(x0, b1, c01);
    const x1 = v128.load32_splat(a, 4);
    c10 = madd(x1, b0, c10);
    c11 = madd(x1, b1, c11);
    const x2 = v128.load32_splat(a, 8);
    c20 = madd(x2, b0, c20);
    c21 = madd(x2, b1, c21);
  }
  finishRow(<usize>load<u32>(targets) + at, c00, c01, c01, 8);
  if (rows > 1) finishRow(<usize>load<u32>(targets, 4) + at, c10, c11, c11, 8);
  if (rows > 2) finishRow(<usize>load<u32>(targets, 8) + at, c20, c21, c21, 8);
}

/** Three rows of C times the last one to four columns. */
function tileRest(
  a: usize,
  row: usize,
  listed: usize,
  end: usize,
  at: usize,
  targets: usize,
  rows: i32,
  columns: i32,
): void {
  let c0 = f32x4.splat(0),
    c1 = c0,
    c2 = c0;
  for (; listed < end; listed += 4, a += row) {
    const b = loadPart(<usize>load<u32>(listed) + at, columns, c0);
    c0 = madd(v128.load32_splat(a), b, c0);
    c1 = madd(v128.load32_splat(a, 4), b, c1);
    c2 = madd(v128.load32_splat(a, 8), b, c2);
  }
  finishRow(<usize>load<u32>(targets) + at, c0, c0, c0, columns);
  if (rows > 1) finishRow(<usize>load<u32>(targets, 4) + at, c1, c1, c1, columns);
  if (rows > 2) finishRow(<usize>load<u32>(targets, 8) + at, c2, c2, c2, columns);
}

/**
 * Computes C[i][j] += Σ_k A[k][i]·B[k][j], i < runCount·runLength ≤ THIN, j < columns.
 * Layout A's element (k, i) lies at bases[k] + runs[i div runLength] + 4·(i mod runLength); B's row k at listed[k];
 *   C's row i at targets[i].
 * Requires 12 readable bytes behind every run; `scratch` of THIN_BYTES.
 */
export function multiplyThin(
  bases: usize,
  runs: usize,
  runCount: i32,
  runLength: i32,
  listed: usize,
  depth: i32,
  targets: usize,
  columns: i32,
  scratch: usize,
): void {
  const rows = runCount * runLength;
  const row = bytesOf(rows) + GAP;
  const block = max(16, min(MAX_BLOCK, BLOCK_BYTES / (columns * 4)));
  for (let k = 0; k < depth; k += block) {
    const count = min(block, depth - k);
    const first = listed + bytesOf(k);
    const end = first + bytesOf(count);
    packRuns(scratch, bases + bytesOf(k), count, runs, runCount, runLength, row);
    for (let i = 0; i < rows; i += TILE_ROWS) {
      const a = scratch + bytesOf(i);
      const rowTargets = targets + bytesOf(i);
      const rest = rows - i;
      let j = 0;
      // Twelve columns make chains enough for fused products; separate ones need fewer, and with twelve Node 20
      // spills.
      if (ASC_FEATURE_RELAXED_SIMD) {
        for (; j + 12 <= columns; j += 12) tile12(a, row, first, end, bytesOf(j), rowTargets, rest);
      }
      for (; j + 8 <= columns; j += 8) tile8(a, row, first, end, bytesOf(j), rowTargets, rest);
      for (; j < columns; j += 4) {
        tileRest(a, row, first, end, bytesOf(j), rowTargets, rest, min(4, columns - j));
      }
    }
  }
}
