// The blocked product of the general matrix product: cuts it so that tables and packed panels fit into scratch.

import { Activation } from "./fusedActivation";
import { COLUMNS, FROM_BIAS, FROM_TARGET } from "./microKernel";
import { SCRATCH_BYTES } from "./operand";
import { packRun } from "./pack";
import {
  MAX_PACKED_DEPTH,
  multiplyColumns,
  multiplyRows,
  PACKED_A_BYTES,
  packedColumns,
  scale,
} from "./product";
import {
  FIRST_TABLE,
  listAddresses,
  PACKED_A,
  PACKED_B,
  RUN,
  SECOND_TABLE,
  startFrom,
  TABLE,
  THIRD_TABLE,
} from "./productTables";
import { bytesOf } from "./simd";

/** Packs columns [j, j + columns) of rows [d, d + depth) of op(B). */
export function packPanels(
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

/** Where A is stored m × k. */
export function multiplyByRows(
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

/** Where A is stored k × m. */
export function multiplyByColumns(
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
