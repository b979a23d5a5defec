// The narrow product: few columns, or few rows that lie apart, one line of the result at a time.

import { FROM_TARGET } from "./microKernel";
import { combineRows, dotRows } from "./oneColumn";
import {
  FIRST_TABLE,
  listAddresses,
  PACKED_A,
  PACKED_B,
  RUN,
  SECOND_TABLE,
  TABLE,
  THIRD_TABLE,
} from "./productTables";
import { bytesOf } from "./simd";

/** Longest dot product taken at once. */
const DOT_BLOCK: i32 = 256;

/**
 * The narrow product: n ≤ NARROW, or m ≤ NARROW and A stored k × m, one row or column of C at a time, added to C.
 * Seen from that line, the other operand is `lines` × k: either its rows run along k (dot products), or
 * its rows run along the line (weighted sums of rows).
 */
export function multiplyLine(
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
