// The general matrix product: plans tables for, and calls, the blocked products.

import { Operand, OptionalOperand } from "./operand";
import { activate, Activation } from "./fusedActivation";
import { EDGE_BYTES, FROM_BIAS, FROM_TARGET, FROM_ZERO } from "./microKernel";
import { packRun } from "./pack";
import { multiplyColumns, multiplyRows, NARROW, PACKED_A_BYTES, packedColumns, scale } from "./product";
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
/** Longest contraction whose packed panel of B fits the smallest scratch. */
const MAX_DEPTH: i32 = 16384;

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
 * The narrow product: m ≤ NARROW or n ≤ NARROW, one row or column of C at a time, added to C.
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
 * Computes C = f(scaleProduct·op(A)·op(B) + scaleTarget·C + bias), op(A) m × k, op(B) k × n, C m × n.
 * Layout all row-major and dense; `transposeA` says that A is stored k × m, `transposeB` that B is n × k;
 *   `bias` has n values, or is 0. scaleTarget 0 does not read C. k = 0 gives f(scaleTarget·C + bias).
 * Requires `scratchBytes` ≥ 1 MB at `scratch`.
 * Aliasing C, A, B and scratch are apart.
 */
export function gemm(
  a: Operand,
  b: Operand,
  c: Operand,
  bias: OptionalOperand,
  m: i32,
  n: i32,
  k: i32,
  transposeA: bool,
  transposeB: bool,
  scaleProduct: f32,
  scaleTarget: f32,
  activation: Activation,
  alpha: f32,
  scratch: usize,
  scratchBytes: i32,
): void {
  const pitchA = bytesOf(transposeA ? m : k);
  const pitchB = bytesOf(transposeB ? k : n);
  const pitchC = bytesOf(n);
  const stepA: usize = transposeA ? pitchA : 4; // bytes from one k to the next
  const stepB: usize = transposeB ? 4 : pitchB;
  const narrow = m <= NARROW || n <= NARROW;
  if (k == 0 || scaleTarget != 0 || narrow) startFrom(c, m, n, scaleTarget, bias);
  if (k == 0 || narrow) {
    if (m <= n && narrow) {
      for (let i: usize = 0; k > 0 && i < <usize>m; i++) {
        const row = a + (transposeA ? i << 2 : i * pitchA);
        multiplyLine(b, transposeB, pitchB, n, k, row, stepA, c + i * pitchC, 4, scaleProduct, scratch);
      }
    } else if (narrow) {
      for (let j: usize = 0; k > 0 && j < <usize>n; j++) {
        const column = b + (transposeB ? j * pitchB : j << 2);
        multiplyLine(
          a,
          !transposeA,
          pitchA,
          m,
          k,
          column,
          stepB,
          c + (j << 2),
          pitchC,
          scaleProduct,
          scratch,
        );
      }
    }
    if (activation) activate(c, m * n, activation, alpha);
    return;
  }
  const start = scaleTarget != 0 ? FROM_TARGET : bias ? FROM_BIAS : FROM_ZERO;
  if (transposeA) {
    multiplyByColumns(
      a,
      b,
      c,
      bias,
      m,
      n,
      k,
      pitchA,
      pitchB,
      stepB,
      start,
      scaleProduct,
      scratch,
      scratchBytes,
    );
    if (activation) activate(c, m * n, activation, alpha);
  } else {
    multiplyByRows(
      a,
      b,
      c,
      bias,
      m,
      n,
      k,
      pitchB,
      stepB,
      start,
      scaleProduct,
      activation,
      alpha,
      scratch,
      scratchBytes,
    );
  }
}

function multiplyByRows(
  a: usize,
  b: usize,
  c: usize,
  bias: usize,
  m: i32,
  n: i32,
  k: i32,
  pitchB: usize,
  stepB: usize,
  start: i32,
  scaleProduct: f32,
  activation: i32,
  alpha: f32,
  scratch: usize,
  scratchBytes: i32,
): void {
  const bases = scratch + FIRST_TABLE;
  const targets = scratch + SECOND_TABLE;
  const packed = scratch + PACKED_B;
  const columnStep: usize = stepB == 4 ? pitchB : 4;
  store<u32>(scratch + RUN, 0);
  for (let d = 0; d < k; d += MAX_DEPTH) {
    const depth = min(MAX_DEPTH, k - d);
    const most = ((scratchBytes - <i32>PACKED_B) / 4 / depth) & ~7;
    const last = d + depth == k;
    const first = b + <usize>d * stepB;
    for (let j = 0; j < n; j += most) {
      const columns = min(most, n - j);
      const column = bytesOf(j);
      let out = packed;
      for (let p = 0; p < columns; p += 8, out += (<usize>depth) << 5) {
        packRun(out, first + <usize>(j + p) * columnStep, stepB, columnStep, depth, min(8, columns - p));
      }
      if (scaleProduct != 1) scale(packed, out, scaleProduct);
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
          packed,
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
  scratchBytes: i32,
): void {
  const bases = scratch + FIRST_TABLE;
  const listed = scratch + SECOND_TABLE;
  // Offsets of A's columns and addresses of C's rows share the third table, half each.
  const offsets = scratch + THIRD_TABLE;
  const targets = offsets + <usize>TABLE * 2;
  const columnStep: usize = stepB == 4 ? pitchB : 4;
  const most = packedColumns(scratchBytes - <i32>(PACKED_B + PACKED_A_BYTES));
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
