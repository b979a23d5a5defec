// The general matrix product: plans tables for, and calls, the blocked products.

import { Count, First, Grain, Operand, OptionalOperand, Scratch, SCRATCH_BYTES, Width } from "./operand";
import { activate, Activation } from "./fusedActivation";
import { FEW_ROWS, FEW_ROWS_ACROSS, multiplyFewRows } from "./rowProduct";
import { COLUMNS, EDGE_BYTES, FROM_BIAS, FROM_TARGET, FROM_ZERO } from "./microKernel";
import { packRun } from "./pack";
import {
  MAX_PACKED_DEPTH,
  multiplyColumns,
  multiplyRows,
  NARROW,
  PACKED_A_BYTES,
  packedColumns,
  scale,
} from "./product";
import { combineRows, dotRows } from "./oneColumn";
import { bytesOf } from "./simd";

/** Rows of one table of addresses. */
const TABLE: i32 = 8192;
const FIRST_TABLE: usize = 0;
const SECOND_TABLE: usize = <usize>TABLE * 4;
const THIRD_TABLE: usize = <usize>TABLE * 8;
const RUN: usize = <usize>TABLE * 12; // one run at offset 0
const PACKED_A: usize = RUN + 64;
const PACKED_B: usize = PACKED_A + ((PACKED_A_BYTES + EDGE_BYTES + 63) & ~63);
/** Longest dot product taken at once. */
const DOT_BLOCK: i32 = 256;

/** Lists `count` addresses, `step` bytes apart. */
function listAddresses(table: usize, first: usize, step: usize, count: i32): void {
  for (const end = table + bytesOf(count); table < end; table += 4, first += step) {
    store<u32>(table, <u32>first);
  }
}

/** C = scaleTarget·C + bias, row by row; scaleTarget 0 overwrites whatever C held, NaN too. */
function startFrom(c: usize, m: i32, n: i32, scaleTarget: f32, bias: usize): void {
  for (let i = 0; i < m; i++) {
    for (let j: usize = 0; j < bytesOf(n); j += 4, c += 4) {
      let value: f32 = bias ? load<f32>(bias + j) : 0;
      if (scaleTarget != 0) value += scaleTarget * load<f32>(c);
      store<f32>(c, value);
    }
  }
}

/**
 * The narrow product: n ≤ NARROW, or m ≤ NARROW and A stored k × m, one row or column of C at a time, added to C.
 * Seen from that line, the other operand is `lines` × k: either its rows run along k (dot products), or
 * its rows run along the line (weighted sums of rows).
 */
function multiplyLine(
  matrix: usize,
  alongDepth: bool,
  pitch: usize,
  lines: i32,
  k: i32,
  vector: usize,
  vectorStep: usize,
  c: usize,
  cStep: usize,
  scaleProduct: f32,
  scratch: usize,
): void {
  const bases = scratch + FIRST_TABLE;
  const listed = scratch + SECOND_TABLE;
  const targets = scratch + THIRD_TABLE;
  // A dot product adds one by one: short ones, added up in C, round less.
  const block = alongDepth ? DOT_BLOCK : TABLE;
  for (let d = 0; d < k; d += block) {
    const depth = min(block, k - d);
    const part = vector + <usize>d * vectorStep;
    for (let i = 0; i < lines; i += TABLE) {
      const count = min(TABLE, lines - i);
      listAddresses(targets, c + <usize>i * cStep, cStep, count);
      if (alongDepth) {
        const values = scratch + PACKED_B;
        for (let e: usize = 0; e < <usize>depth; e++)
          store<f32>(values + (e << 2), scaleProduct * load<f32>(part + e * vectorStep));
        listAddresses(bases, matrix + <usize>i * pitch + bytesOf(d), pitch, count);
        store<u32>(scratch + RUN, 0);
        dotRows(bases, targets, count, scratch + RUN, 1, depth, values, 0, FROM_TARGET, 0);
      } else {
        listAddresses(bases, matrix + <usize>d * pitch + bytesOf(i), pitch, depth);
        listAddresses(listed, part, vectorStep, depth);
        combineRows(bases, 0, count, listed, depth, 0, targets, 0, scaleProduct, scratch + PACKED_A);
      }
    }
  }
}

/**
 * Computes C = f(scaleProduct·op(A)·op(B) + scaleTarget·C + bias), op(A) m × k, op(B) k × n, C m × n: `rows` rows of C
 * from first on. A row's bits depend neither on which others are computed nor, where A is stored m × k, on m.
 * Layout all row-major and dense; `transposeA` says that A is stored k × m, `transposeB` that B is n × k;
 *   `bias` has n values, or is 0; `packed` is what `packProduct` made of op(B), or 0. scaleTarget 0 does not read C.
 *   k = 0 gives f(scaleTarget·C + bias).
 * Requires first to be a multiple of 24 where A is stored k × m and n ≤ NARROW, and all rows at once where A is stored
 *   k × m and m ≤ NARROW < n. `packed` goes with n > NARROW, A stored m × k, and k ≤ MAX_PACKED_DEPTH.
 * Aliasing C, A, B and scratch are apart.
 */
export function gemm(
  a: Operand,
  b: Operand,
  c: Operand,
  bias: OptionalOperand,
  packed: OptionalOperand,
  m: i32,
  n: i32,
  k: i32,
  transposeA: bool,
  transposeB: bool,
  scaleProduct: f32,
  scaleTarget: f32,
  activation: Activation,
  alpha: f32,
  first: First,
  rows: Count,
  _grain: Grain,
  scratch: Scratch,
): void {
  const pitchA = bytesOf(transposeA ? m : k);
  const pitchB = bytesOf(transposeB ? k : n);
  const pitchC = bytesOf(n);
  const stepA: usize = transposeA ? pitchA : 4; // bytes from one k to the next
  const stepB: usize = transposeB ? 4 : pitchB;
  a += <usize>first * (transposeA ? 4 : pitchA);
  c += <usize>first * pitchC;
  const narrow = n <= NARROW || (transposeA && m <= NARROW);
  if (k == 0 || scaleTarget != 0 || narrow) startFrom(c, rows, n, scaleTarget, bias);
  const start = scaleTarget != 0 ? FROM_TARGET : bias ? FROM_BIAS : FROM_ZERO;
  if (k == 0) {
    // The start is all there is.
  } else if (n <= NARROW) {
    for (let j: usize = 0; j < <usize>n; j++) {
      const column = b + (transposeB ? j * pitchB : j << 2);
      const target = c + (j << 2);
      multiplyLine(a, !transposeA, pitchA, rows, k, column, stepB, target, pitchC, scaleProduct, scratch);
    }
  } else if (narrow) {
    for (let i: usize = 0; i < <usize>m; i++) {
      const target = c + i * pitchC;
      multiplyLine(b, transposeB, pitchB, n, k, a + (i << 2), stepA, target, 4, scaleProduct, scratch);
    }
  } else if (transposeA) {
    multiplyByColumns(a, b, c, bias, rows, n, k, pitchA, pitchB, stepB, start, scaleProduct, scratch);
  } else if (scaleProduct == 1 && rows <= (transposeB ? FEW_ROWS_ACROSS : FEW_ROWS)) {
    multiplyFewRows(a, b, c, bias, rows, n, k, transposeB, start);
  } else {
    multiplyByRows(
      a,
      b,
      c,
      bias,
      packed,
      rows,
      n,
      k,
      transposeB,
      start,
      scaleProduct,
      activation,
      alpha,
      scratch,
    );
    return;
  }
  if (activation) activate(c, 0, rows * n, activation, alpha);
}

/**
 * Packs scale·op(B) for `gemm`, panels of 8 columns from first on.
 *
 * Layout `packed` is [n / 8, rounded up][k][8]; the rest as there. Requires k ≤ MAX_PACKED_DEPTH.
 */
export function packProduct(
  b: Operand,
  packed: Operand,
  n: i32,
  transposeB: bool,
  scaleProduct: f32,
  first: First,
  panels: Count,
  k: Width,
): void {
  const columns = min(n - first * COLUMNS, panels * COLUMNS);
  packPanels(
    b,
    packed + bytesOf(first * COLUMNS * k),
    n,
    k,
    transposeB,
    scaleProduct,
    0,
    k,
    first * COLUMNS,
    columns,
  );
}

/** Packs columns [j, j + columns) of rows [d, d + depth) of op(B). */
function packPanels(
  b: usize,
  out: usize,
  n: i32,
  k: i32,
  transposeB: bool,
  scaleProduct: f32,
  d: i32,
  depth: i32,
  j: i32,
  columns: i32,
): void {
  const stepB: usize = transposeB ? 4 : bytesOf(n);
  const columnStep: usize = transposeB ? bytesOf(k) : 4;
  const first = b + <usize>d * stepB;
  const begin = out;
  for (let p = 0; p < columns; p += COLUMNS, out += (<usize>depth) << 5) {
    packRun(out, first + <usize>(j + p) * columnStep, stepB, columnStep, depth, min(COLUMNS, columns - p));
  }
  if (scaleProduct != 1) scale(begin, out, scaleProduct);
}

function multiplyByRows(
  a: usize,
  b: usize,
  c: usize,
  bias: usize,
  packed: usize,
  m: i32,
  n: i32,
  k: i32,
  transposeB: bool,
  start: i32,
  scaleProduct: f32,
  activation: Activation,
  alpha: f32,
  scratch: usize,
): void {
  const bases = scratch + FIRST_TABLE;
  const targets = scratch + SECOND_TABLE;
  const panels = packed ? packed : scratch + PACKED_B;
  store<u32>(scratch + RUN, 0);
  for (let d = 0; d < k; d += MAX_PACKED_DEPTH) {
    const depth = min(MAX_PACKED_DEPTH, k - d);
    const most = packed ? n : ((SCRATCH_BYTES - <i32>PACKED_B) / 4 / depth) & ~7;
    const last = d + depth == k;
    for (let j = 0; j < n; j += most) {
      const columns = min(most, n - j);
      const column = bytesOf(j);
      if (!packed) packPanels(b, panels, n, k, transposeB, scaleProduct, d, depth, j, columns);
      for (let i = 0; i < m; i += TABLE) {
        const rows = min(TABLE, m - i);
        listAddresses(bases, a + (<usize>i * <usize>k + <usize>d) * 4, bytesOf(k), rows);
        listAddresses(targets, c + <usize>i * <usize>n * 4, bytesOf(n), rows);
        multiplyRows(
          bases,
          targets,
          rows,
          scratch + RUN,
          depth,
          depth,
          panels,
          column,
          columns,
          d > 0 ? FROM_TARGET : start,
          bias + column,
          last ? activation : 0,
          alpha,
          scratch + PACKED_A,
        );
      }
    }
  }
}

function multiplyByColumns(
  a: usize,
  b: usize,
  c: usize,
  bias: usize,
  m: i32,
  n: i32,
  k: i32,
  pitchA: usize,
  pitchB: usize,
  stepB: usize,
  start: i32,
  scaleProduct: f32,
  scratch: usize,
): void {
  const bases = scratch + FIRST_TABLE;
  const listed = scratch + SECOND_TABLE;
  // Offsets of A's columns and addresses of C's rows share the third table, half each.
  const offsets = scratch + THIRD_TABLE;
  const targets = offsets + <usize>TABLE * 2;
  const columnStep: usize = stepB == 4 ? pitchB : 4;
  const most = packedColumns(SCRATCH_BYTES - <i32>(PACKED_B + PACKED_A_BYTES));
  if (start == FROM_BIAS) startFrom(c, m, n, 0, bias);
  const begin = start == FROM_BIAS ? FROM_TARGET : start;
  for (let d = 0; d < k; d += TABLE) {
    const depth = min(TABLE, k - d);
    listAddresses(bases, a + <usize>d * pitchA, pitchA, depth);
    listAddresses(listed, b + <usize>d * stepB, stepB, depth);
    for (let i = 0; i < m; i += TABLE / 2) {
      const rows = min(TABLE / 2, m - i);
      listAddresses(offsets, bytesOf(i), 4, rows);
      listAddresses(targets, c + <usize>i * <usize>n * 4, bytesOf(n), rows);
      for (let j = 0; j < n; j += most) {
        multiplyColumns(
          bases,
          offsets,
          rows,
          listed,
          depth,
          <usize>j * columnStep,
          columnStep,
          targets,
          bytesOf(j),
          min(most, n - j),
          d > 0 ? FROM_TARGET : begin,
          scaleProduct,
          scratch + PACKED_A,
        );
      }
    }
  }
}
