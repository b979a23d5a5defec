// Packing: copies parts of A and B into the panels that the micro-kernel reads front to back.
// im2col lives here as an order of reading, never as a matrix in memory.

import { COLUMNS, ROWS } from "./microKernel";
import { bytesOf } from "./simd";

/** Four consecutive values of each of the panel's rows, transposed. */
export function packFour(out: usize, r0: usize, r1: usize, r2: usize, r3: usize, r4: usize): void {
  const q0 = v128.load(r0);
  const q1 = v128.load(r1);
  const q2 = v128.load(r2);
  const q3 = v128.load(r3);
  const low01 = v128.shuffle<f32>(q0, q1, 0, 4, 1, 5);
  const low23 = v128.shuffle<f32>(q2, q3, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(q0, q1, 2, 6, 3, 7);
  const high23 = v128.shuffle<f32>(q2, q3, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<f64>(low01, low23, 0, 2));
  v128.store(out, v128.shuffle<f64>(low01, low23, 1, 3), ROWS * 4);
  v128.store(out, v128.shuffle<f64>(high01, high23, 0, 2), ROWS * 8);
  v128.store(out, v128.shuffle<f64>(high01, high23, 1, 3), ROWS * 12);
  if (ROWS == 5) {
    const q4 = v128.load(r4);
    v128.store32_lane(out, q4, 0, 16);
    v128.store32_lane(out, q4, 1, 36);
    v128.store32_lane(out, q4, 2, 56);
    v128.store32_lane(out, q4, 3, 76);
  }
}

/**
 * Packs up to ROWS rows of A, each scattered in equal runs, to [k][ROWS].
 *
 * Computes out[k − first][r] = the k-th element of row r, for k in [first, first + count); element k lies
 *   `k mod runLength` floats behind bases[r] + runs[k div runLength].
 * Layout `bases` holds byte addresses, `runs` byte offsets. Where fewer than ROWS `rows` exist the last one
 *   is repeated: its products are computed and thrown away.
 * Requires 12 readable bytes behind every run, and room for 3 more rows behind the packed ones.
 */
export function packRows(
  out: usize,
  bases: usize,
  rows: i32,
  runs: usize,
  runLength: i32,
  first: i32,
  count: i32,
): void {
  const last = rows - 1;
  const r0 = <usize>load<u32>(bases);
  const r1 = <usize>load<u32>(bases + bytesOf(min(1, last)));
  const r2 = <usize>load<u32>(bases + bytesOf(min(2, last)));
  const r3 = <usize>load<u32>(bases + bytesOf(min(3, last)));
  const r4 = <usize>load<u32>(bases + bytesOf(min(4, last)));
  let run = first / runLength;
  let inside = first - run * runLength;
  while (count > 0) {
    const length = min(runLength - inside, count);
    let o = <usize>load<u32>(runs + bytesOf(run)) + bytesOf(inside);
    for (const end4 = o + bytesOf(length & ~3); o < end4; o += 16, out += ROWS * 16) {
      packFour(out, r0 + o, r1 + o, r2 + o, r3 + o, r4 + o);
    }
    // A rest of one to three goes the same way: the surplus rows are overwritten by what is packed next.
    const rest = length & 3;
    if (rest > 0) packFour(out, r0 + o, r1 + o, r2 + o, r3 + o, r4 + o);
    out += <usize>(rest * ROWS * 4);
    run++;
    inside = 0;
    count -= length;
  }
}

/**
 * Packs ROWS columns of A to [k][ROWS], row k being found by its base address.
 *
 * Computes out[k][c] = the float at bases[k] + offsets[c].
 * Layout `bases` holds byte addresses, `offsets` byte offsets; missing columns repeat the last one.
 */
export function packColumns(out: usize, bases: usize, count: i32, offsets: usize, columns: i32): void {
  const last = columns - 1;
  const o0 = <usize>load<u32>(offsets);
  const o1 = <usize>load<u32>(offsets + bytesOf(min(1, last)));
  const o2 = <usize>load<u32>(offsets + bytesOf(min(2, last)));
  const o3 = <usize>load<u32>(offsets + bytesOf(min(3, last)));
  const o4 = <usize>load<u32>(offsets + bytesOf(min(4, last)));
  const end = bases + bytesOf(count);
  if (o1 == o0 + 4 && o2 == o0 + 8 && o3 == o0 + 12) {
    for (; bases < end; bases += 4, out += ROWS * 4) {
      const base = <usize>load<u32>(bases);
      v128.store(out, v128.load(base + o0));
      if (ROWS == 5) store<f32>(out, load<f32>(base + o4), 16);
    }
    return;
  }
  for (; bases < end; bases += 4, out += ROWS * 4) {
    const base = <usize>load<u32>(bases);
    store<f32>(out, load<f32>(base + o0));
    store<f32>(out, load<f32>(base + o1), 4);
    store<f32>(out, load<f32>(base + o2), 8);
    store<f32>(out, load<f32>(base + o3), 12);
    if (ROWS == 5) store<f32>(out, load<f32>(base + o4), 16);
  }
}

/** Packs one row of at most 8 columns of B, zeros behind the last. */
function packPartialRow(out: usize, row: usize, columnStep: usize, columns: i32): void {
  for (let j = 0; j < COLUMNS; j++) {
    store<f32>(out + bytesOf(j), j < columns ? load<f32>(row + <usize>j * columnStep) : 0);
  }
}

/**
 * Packs a run of B's rows to [k][8], the rows `rowStep` bytes apart, the columns `columnStep`; columns from
 * `columns` on are zero. One of the steps is 4 bytes in every call that matters for speed.
 */
export function packRun(
  out: usize,
  row: usize,
  rowStep: usize,
  columnStep: usize,
  count: i32,
  columns: i32,
): void {
  if (columnStep == 4 && columns == COLUMNS) {
    for (; count > 0; count--, row += rowStep, out += 32) {
      v128.store(out, v128.load(row));
      v128.store(out, v128.load(row, 16), 16);
    }
    return;
  }
  if (rowStep == 4 && columns == COLUMNS) {
    for (; count >= 4; count -= 4, row += 16, out += 128) {
      transposeTo(out, row, columnStep);
      transposeTo(out + 16, row + 4 * columnStep, columnStep);
    }
  }
  for (; count > 0; count--, row += rowStep, out += 32) packPartialRow(out, row, columnStep, columns);
}

/** Four values of each of four columns, written as four rows 32 bytes apart. */
function transposeTo(out: usize, column: usize, step: usize): void {
  const q0 = v128.load(column);
  const q1 = v128.load(column + step);
  const q2 = v128.load(column + 2 * step);
  const q3 = v128.load(column + 3 * step);
  const low01 = v128.shuffle<f32>(q0, q1, 0, 4, 1, 5);
  const low23 = v128.shuffle<f32>(q2, q3, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(q0, q1, 2, 6, 3, 7);
  const high23 = v128.shuffle<f32>(q2, q3, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<f64>(low01, low23, 0, 2));
  v128.store(out, v128.shuffle<f64>(low01, low23, 1, 3), 32);
  v128.store(out, v128.shuffle<f64>(high01, high23, 0, 2), 64);
  v128.store(out, v128.shuffle<f64>(high01, high23, 1, 3), 96);
}

/** Packs rows of B that lie at listed addresses (plus `offset`) to [k][8]. */
export function packListed(
  out: usize,
  rows: usize,
  offset: usize,
  columnStep: usize,
  count: i32,
  columns: i32,
): void {
  const end = rows + bytesOf(count);
  if (columnStep == 4 && columns == COLUMNS) {
    for (; rows < end; rows += 4, out += 32) {
      const row = <usize>load<u32>(rows) + offset;
      v128.store(out, v128.load(row));
      v128.store(out, v128.load(row, 16), 16);
    }
    return;
  }
  for (; rows < end; rows += 4, out += 32) {
    packPartialRow(out, <usize>load<u32>(rows) + offset, columnStep, columns);
  }
}
