// Blocked products of gathered matrices: the two drivers (A by rows, A by columns) and their narrow forms,
// which GEMM and every convolution are made of. Addresses of rows come from tables, so that a row of A may be
// an image's window and a row of C a pixel anywhere.
//
// Legend: C is m × n, contracted over k. "Narrow" means n ≤ NARROW, where an eight-column tile would be
// mostly padding and the contraction is vectorised instead.

import { activate, RELU } from "./activation";
import { COLUMNS, EDGE_BYTES, edgeStrip, FROM_TARGET, ROWS, strip } from "./microKernel";
import { packColumns, packListed, packRows } from "./pack";
import { divideUp, madd, sumLanes } from "./simd";

/** Widest C that the narrow forms take. */
export const NARROW: i32 = 4;

/** Longest k block: an 8-column panel of B is then 16 KB and a 5-row panel of A 10 KB, together in L1. */
const DEPTH_BLOCK: i32 = 512;
/** Floats of packed A: a block that stays in L2 while the panels of B pass. */
const ROW_BLOCK_FLOATS: i32 = 24576;
const MAX_ROW_BLOCK: i32 = 640;

/** Scratch for packed A and edges; packed B of `multiplyColumns` lies behind it. */
export const PACKED_A_BYTES: usize = <usize>(ROW_BLOCK_FLOATS + ROWS * DEPTH_BLOCK) * 4;
const SPARE_BYTES: usize = EDGE_BYTES;

/** `total` cut into equal blocks of at most `limit`, so that no short block is left over. */
function evenBlock(total: i32, limit: i32): i32 {
  return max(1, divideUp(total, max(1, divideUp(total, limit))));
}

function rowBlock(depth: i32): i32 {
  const rows = max(ROWS, min(MAX_ROW_BLOCK, ROW_BLOCK_FLOATS / max(1, depth)));
  return rows - (rows % ROWS);
}

/** One packed block of A times all packed panels of B. `panelBytes` is the distance between B's panels. */
function multiplyBlock(
  a: usize,
  b: usize,
  panelBytes: usize,
  depth: i32,
  targets: usize,
  rows: i32,
  column: usize,
  columns: i32,
  start: i32,
  bias: usize,
  rectify: bool,
  spare: usize,
): void {
  const panels = rows / ROWS;
  const restRows = rows - panels * ROWS;
  const aPanel = (<usize>(depth * ROWS)) << 2;
  for (let j = 0; j < columns; j += COLUMNS, b += panelBytes, column += 32, bias += 32) {
    const width = min(COLUMNS, columns - j);
    let first = 0;
    if (width == COLUMNS) {
      strip(a, b, depth, targets, panels, column, start, bias, rectify);
      if (restRows == 0) continue;
      first = panels * ROWS;
    }
    for (let i = first; i < rows; i += ROWS) {
      const panel = a + <usize>(i / ROWS) * aPanel;
      const target = targets + ((<usize>i) << 2);
      edgeStrip(panel, b, depth, target, min(ROWS, rows - i), column, width, start, bias, rectify, spare);
    }
  }
}

/** Applies an activation other than relu to columns of C while they are in cache. */
function activateRows(targets: usize, rows: i32, column: usize, columns: i32, kind: i32, alpha: f32): void {
  const end = targets + ((<usize>rows) << 2);
  for (; targets < end; targets += 4) activate(<usize>load<u32>(targets) + column, columns, kind, alpha);
}

/**
 * Multiplies rows gathered in runs with a packed B.
 *
 * Computes: C[i][j] = f(start + Σ_k A[i][k]·B[k][j]), i < rows, j < columns; depth 0 gives f(start).
 * Layout: A's element k lies at bases[i] + runs[k div runLength] + 4·(k mod runLength); `b` is packed panels
 *   [columns/8][depth][8]; C's row i begins at targets[i] + column; `bias` (FROM_BIAS) has `columns` values.
 * Requires: `scratch` of PACKED_A_BYTES + EDGE_BYTES.
 */
export function multiplyRows(
  bases: usize,
  targets: usize,
  rows: i32,
  runs: usize,
  runLength: i32,
  depth: i32,
  b: usize,
  column: usize,
  columns: i32,
  start: i32,
  bias: usize,
  activation: i32,
  alpha: f32,
  scratch: usize,
): void {
  const depthBlock = evenBlock(depth, DEPTH_BLOCK);
  const block = rowBlock(depthBlock);
  const spare = scratch + PACKED_A_BYTES;
  const panelBytes = (<usize>depth) << 5;
  for (let i = 0; i < rows; i += block) {
    const blockRows = min(block, rows - i);
    const blockTargets = targets + ((<usize>i) << 2);
    let k = 0;
    do {
      const count = min(depthBlock, depth - k);
      const panel = (<usize>(count * ROWS)) << 2;
      let out = scratch;
      for (let r = 0; r < blockRows; r += ROWS, out += panel) {
        if (count > 0) {
          packRows(out, bases + ((<usize>(i + r)) << 2), min(ROWS, blockRows - r), runs, runLength, k, count);
        }
      }
      multiplyBlock(
        scratch,
        b + ((<usize>k) << 5),
        panelBytes,
        count,
        blockTargets,
        blockRows,
        column,
        columns,
        k == 0 ? start : FROM_TARGET,
        bias,
        activation == RELU && k + count == depth,
        spare,
      );
      k += count;
    } while (k < depth);
    if (activation > RELU) activateRows(blockTargets, blockRows, column, columns, activation, alpha);
  }
}

/**
 * Multiplies the transpose of rows gathered by base and offset with listed rows of B.
 *
 * Computes: C[i][j] = start + alpha·Σ_k A[k][i]·B[k][j], i < rows, j < columns.
 * Layout: A's element (k, i) lies at bases[k] + offsets[i]; B's row k begins at listed[k] + first, its columns
 *   `columnStep` bytes apart; C's row i begins at targets[i] + column.
 * Requires: `scratch` of PACKED_A_BYTES + EDGE_BYTES, then 512·(columns rounded up to 8) floats.
 */
export function multiplyColumns(
  bases: usize,
  offsets: usize,
  rows: i32,
  listed: usize,
  depth: i32,
  first: usize,
  columnStep: usize,
  targets: usize,
  column: usize,
  columns: i32,
  start: i32,
  alpha: f32,
  scratch: usize,
): void {
  const depthBlock = evenBlock(depth, DEPTH_BLOCK);
  const block = rowBlock(depthBlock);
  const spare = scratch + PACKED_A_BYTES;
  const packedB = spare + SPARE_BYTES;
  for (let k = 0; k < depth; k += depthBlock) {
    const count = min(depthBlock, depth - k);
    const panelBytes = (<usize>count) << 5;
    const bytesToK = (<usize>k) << 2;
    let out = packedB;
    for (let j = 0; j < columns; j += COLUMNS, out += panelBytes) {
      const offset = first + <usize>j * columnStep;
      packListed(out, listed + bytesToK, offset, columnStep, count, min(COLUMNS, columns - j));
    }
    if (alpha != 1) scale(packedB, out, alpha);
    for (let i = 0; i < rows; i += block) {
      const blockRows = min(block, rows - i);
      const bytesToRow = (<usize>i) << 2;
      const panel = (<usize>(count * ROWS)) << 2;
      out = scratch;
      for (let r = 0; r < blockRows; r += ROWS, out += panel) {
        const offset = offsets + bytesToRow + ((<usize>r) << 2);
        packColumns(out, bases + bytesToK, count, offset, min(ROWS, blockRows - r));
      }
      multiplyBlock(
        scratch,
        packedB,
        panelBytes,
        count,
        targets + bytesToRow,
        blockRows,
        column,
        columns,
        k == 0 ? start : FROM_TARGET,
        0,
        false,
        spare,
      );
    }
  }
}

/** Multiplies the packed values in [from, to) by alpha. */
export function scale(from: usize, to: usize, alpha: f32): void {
  for (const factor = f32x4.splat(alpha); from < to; from += 16) {
    v128.store(from, f32x4.mul(v128.load(from), factor));
  }
}

/** Columns of B that `multiplyColumns` can pack into `bytes`. */
export function packedColumns(bytes: i32): i32 {
  return (bytes / (DEPTH_BLOCK * 4)) & ~7;
}

/** Adds `sum` to what the rule `start` says and stores it. */
function finish(target: usize, sum: f32, start: i32, bias: f32): void {
  store<f32>(target, start == FROM_TARGET ? load<f32>(target) + sum : bias + sum);
}

/**
 * The narrow form of `multiplyRows`: one column, as dot products of four gathered rows with `vector`.
 *
 * Layout: as there; `vector` holds the column's runCount·runLength values in order; the result for row i goes
 *   to targets[i] + column. `bias` is the value to start from unless `start` is FROM_TARGET.
 */
export function dotRows(
  bases: usize,
  targets: usize,
  rows: i32,
  runs: usize,
  runCount: i32,
  runLength: i32,
  vector: usize,
  column: usize,
  start: i32,
  bias: f32,
): void {
  const runBytes = (<usize>runLength) << 2;
  const bytes8 = (<usize>(runLength & ~7)) << 2;
  for (let i = 0; i < rows; i += 4) {
    const last = rows - 1 - i;
    const table = bases + ((<usize>i) << 2);
    const base0 = <usize>load<u32>(table);
    const base1 = <usize>load<u32>(table + ((<usize>min(1, last)) << 2));
    const base2 = <usize>load<u32>(table + ((<usize>min(2, last)) << 2));
    const base3 = <usize>load<u32>(table + ((<usize>min(3, last)) << 2));
    let a0 = f32x4.splat(0),
      a1 = a0,
      a2 = a0,
      a3 = a0,
      c0 = a0,
      c1 = a0,
      c2 = a0,
      c3 = a0;
    let s0: f32 = 0,
      s1: f32 = 0,
      s2: f32 = 0,
      s3: f32 = 0;
    let w = vector;
    for (let run = 0; run < runCount; run++) {
      const offset = <usize>load<u32>(runs + ((<usize>run) << 2));
      let r0 = base0 + offset,
        r1 = base1 + offset,
        r2 = base2 + offset,
        r3 = base3 + offset;
      const end = w + runBytes;
      for (const end8 = w + bytes8; w < end8; w += 32, r0 += 32, r1 += 32, r2 += 32, r3 += 32) {
        const w0 = v128.load(w);
        const w1 = v128.load(w, 16);
        a0 = madd(v128.load(r0), w0, a0);
        a1 = madd(v128.load(r1), w0, a1);
        a2 = madd(v128.load(r2), w0, a2);
        a3 = madd(v128.load(r3), w0, a3);
        c0 = madd(v128.load(r0, 16), w1, c0);
        c1 = madd(v128.load(r1, 16), w1, c1);
        c2 = madd(v128.load(r2, 16), w1, c2);
        c3 = madd(v128.load(r3, 16), w1, c3);
      }
      for (; w < end; w += 4, r0 += 4, r1 += 4, r2 += 4, r3 += 4) {
        const x = load<f32>(w);
        s0 += x * load<f32>(r0);
        s1 += x * load<f32>(r1);
        s2 += x * load<f32>(r2);
        s3 += x * load<f32>(r3);
      }
    }
    const target = targets + ((<usize>i) << 2);
    finish(<usize>load<u32>(target) + column, sumLanes(f32x4.add(a0, c0)) + s0, start, bias);
    if (last > 0) finish(<usize>load<u32>(target, 4) + column, sumLanes(f32x4.add(a1, c1)) + s1, start, bias);
    if (last > 1) finish(<usize>load<u32>(target, 8) + column, sumLanes(f32x4.add(a2, c2)) + s2, start, bias);
    if (last > 2)
      finish(<usize>load<u32>(target, 12) + column, sumLanes(f32x4.add(a3, c3)) + s3, start, bias);
  }
}

/** Adds alpha times the `count` sums at `sums` to C's rows at targets[i] + column, or stores them. */
function scatter(sums: usize, count: i32, targets: usize, column: usize, accumulate: bool, alpha: f32): void {
  for (let i: usize = 0; i < (<usize>count) << 2; i += 4) {
    const target = <usize>load<u32>(targets + i) + column;
    const sum = alpha * load<f32>(sums + i);
    store<f32>(target, accumulate ? load<f32>(target) + sum : sum);
  }
}

/**
 * The narrow form of `multiplyColumns`: one column, over one run of `length` neighbouring offsets.
 *
 * Computes: C[i] (+)= alpha·Σ_k A[k][i]·y[k], the float A[k][i] at bases[k] + run + 4·i, y[k] at listed[k] + first.
 * Requires: `scratch` of 128 bytes.
 */
export function combineRows(
  bases: usize,
  run: usize,
  length: i32,
  listed: usize,
  depth: i32,
  first: usize,
  targets: usize,
  column: usize,
  start: i32,
  alpha: f32,
  scratch: usize,
): void {
  for (let k = 0; k < depth; k += DEPTH_BLOCK) {
    const accumulate = start == FROM_TARGET || k > 0;
    const begin = (<usize>k) << 2;
    const end = (<usize>min(depth, k + DEPTH_BLOCK)) << 2;
    let i = 0;
    for (; i + 32 <= length; i += 32) {
      let c0 = f32x4.splat(0),
        c1 = c0,
        c2 = c0,
        c3 = c0,
        c4 = c0,
        c5 = c0,
        c6 = c0,
        c7 = c0;
      const offset = run + ((<usize>i) << 2);
      for (let o = begin; o < end; o += 4) {
        const y = v128.load32_splat(<usize>load<u32>(listed + o) + first);
        const x = <usize>load<u32>(bases + o) + offset;
        c0 = madd(v128.load(x), y, c0);
        c1 = madd(v128.load(x, 16), y, c1);
        c2 = madd(v128.load(x, 32), y, c2);
        c3 = madd(v128.load(x, 48), y, c3);
        c4 = madd(v128.load(x, 64), y, c4);
        c5 = madd(v128.load(x, 80), y, c5);
        c6 = madd(v128.load(x, 96), y, c6);
        c7 = madd(v128.load(x, 112), y, c7);
      }
      v128.store(scratch, c0);
      v128.store(scratch, c1, 16);
      v128.store(scratch, c2, 32);
      v128.store(scratch, c3, 48);
      v128.store(scratch, c4, 64);
      v128.store(scratch, c5, 80);
      v128.store(scratch, c6, 96);
      v128.store(scratch, c7, 112);
      scatter(scratch, 32, targets + ((<usize>i) << 2), column, accumulate, alpha);
    }
    for (; i + 4 <= length; i += 4) {
      let even = f32x4.splat(0),
        odd = even;
      const offset = run + ((<usize>i) << 2);
      let o = begin;
      for (; o + 8 <= end; o += 8) {
        const y0 = v128.load32_splat(<usize>load<u32>(listed + o) + first);
        const y1 = v128.load32_splat(<usize>load<u32>(listed + o, 4) + first);
        even = madd(v128.load(<usize>load<u32>(bases + o) + offset), y0, even);
        odd = madd(v128.load(<usize>load<u32>(bases + o, 4) + offset), y1, odd);
      }
      if (o < end) {
        const y = v128.load32_splat(<usize>load<u32>(listed + o) + first);
        even = madd(v128.load(<usize>load<u32>(bases + o) + offset), y, even);
      }
      v128.store(scratch, f32x4.add(even, odd));
      scatter(scratch, 4, targets + ((<usize>i) << 2), column, accumulate, alpha);
    }
    for (; i < length; i++) {
      let sum: f32 = 0;
      const offset = run + ((<usize>i) << 2);
      for (let o = begin; o < end; o += 4) {
        sum +=
          load<f32>(<usize>load<u32>(bases + o) + offset) * load<f32>(<usize>load<u32>(listed + o) + first);
      }
      store<f32>(scratch, sum);
      scatter(scratch, 1, targets + ((<usize>i) << 2), column, accumulate, alpha);
    }
  }
}
