// The register tile under every matrix product and convolution: ROWS × COLUMNS of C.
//
// Five by eight is the largest tile whose ten accumulators, two B vectors and one broadcast fit the fifteen vector
// registers that V8 hands out; the relaxed binary has it. In the baseline a product apart from its sum needs a register
// of its own, and the tile is 4×8.

import { bytesOf, madd } from "./simd";

/** Whether the tile has a fifth row. */
const FIVE = ASC_FEATURE_RELAXED_SIMD;
/** Rows and columns of the register tile: packed A panels are ROWS wide, packed B panels COLUMNS. */
export const ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 5 : 4;
export const COLUMNS: i32 = 8;

/** What the accumulators of a tile hold before the first product. */
export const FROM_ZERO: i32 = 0;
export const FROM_BIAS: i32 = 1;
export const FROM_TARGET: i32 = 2;

/** Row `r` of the A panel, broadcast: from its own load, or out of the one vector that holds rows 0–3.
 *  Separate multiplies and adds keep every vector port busy, so there the load ports do the broadcasting;
 *  fused ones leave a port idle, and shuffling saves the loads. */
function row0(a: usize, q: v128): v128 {
  return FIVE ? v128.shuffle<f32>(q, q, 0, 0, 0, 0) : v128.load32_splat(a);
}
function row1(a: usize, q: v128): v128 {
  return FIVE ? v128.shuffle<f32>(q, q, 1, 1, 1, 1) : v128.load32_splat(a, 4);
}
function row2(a: usize, q: v128): v128 {
  return FIVE ? v128.shuffle<f32>(q, q, 2, 2, 2, 2) : v128.load32_splat(a, 8);
}
function row3(a: usize, q: v128): v128 {
  return FIVE ? v128.shuffle<f32>(q, q, 3, 3, 3, 3) : v128.load32_splat(a, 12);
}

/** NaN passes: `pmax` keeps its first operand unless the second is greater. */
function relu(x: v128, zero: v128): v128 {
  return f32x4.pmax(x, zero);
}

/**
 * Multiplies consecutive A panels with one B panel.
 *
 * Computes C[m][j] = start + Σ_k A[m][k]·B[k][j], then max(·, 0) where `rectify`, for `panels`·ROWS rows and
 *   COLUMNS columns; `start` is 0, bias[j], or what C holds.
 * Layout `a` is panel after panel of [depth][ROWS]; `b` is [depth][COLUMNS]; `targets` lists the byte addresses of the
 *   rows of C, `column` (bytes) is added to each; `bias` holds COLUMNS values.
 * Requires every row of the last panel to have a target, all columns of each target to exist (edges go
 *   through `edgeStrip`).
 * Aliasing C overlaps neither panel.
 */
export function strip(
  a: usize,
  b: usize,
  depth: i32,
  targets: usize,
  panels: i32,
  column: usize,
  start: i32,
  bias: usize,
  rectify: bool,
): void {
  for (const lastTarget = targets + <usize>(panels * ROWS * 4); targets < lastTarget; targets += ROWS * 4) {
    const t0 = <usize>load<u32>(targets) + column;
    const t1 = <usize>load<u32>(targets, 4) + column;
    const t2 = <usize>load<u32>(targets, 8) + column;
    const t3 = <usize>load<u32>(targets, 12) + column;
    const t4 = FIVE ? <usize>load<u32>(targets, 16) + column : 0;
    let c00 = f32x4.splat(0),
      c01 = c00,
      c10 = c00,
      c11 = c00,
      c20 = c00;
    let c21 = c00,
      c30 = c00,
      c31 = c00,
      c40 = c00,
      c41 = c00;
    if (start == FROM_BIAS) {
      c00 = v128.load(bias);
      c01 = v128.load(bias, 16);
      c10 = c00;
      c11 = c01;
      c20 = c00;
      c21 = c01;
      c30 = c00;
      c31 = c01;
      c40 = c00;
      c41 = c01;
    }
    let p = b;
    for (const end = a + <usize>(depth * ROWS * 4); a < end; a += ROWS * 4, p += 32) {
      const b0 = v128.load(p);
      const b1 = v128.load(p, 16);
      const q = FIVE ? v128.load(a) : b0;
      const x0 = row0(a, q);
      c00 = madd(x0, b0, c00);
      c01 = madd(x0, b1, c01);
      const x1 = row1(a, q);
      c10 = madd(x1, b0, c10);
      c11 = madd(x1, b1, c11);
      const x2 = row2(a, q);
      c20 = madd(x2, b0, c20);
      c21 = madd(x2, b1, c21);
      const x3 = row3(a, q);
      c30 = madd(x3, b0, c30);
      c31 = madd(x3, b1, c31);
      if (FIVE) {
        const x4 = v128.load32_splat(a, 16);
        c40 = madd(x4, b0, c40);
        c41 = madd(x4, b1, c41);
      }
    }
    // Added at the end: a sum over blocks then rounds like the blocks' few sums, not like all their terms.
    if (start == FROM_TARGET) {
      c00 = f32x4.add(c00, v128.load(t0));
      c01 = f32x4.add(c01, v128.load(t0, 16));
      c10 = f32x4.add(c10, v128.load(t1));
      c11 = f32x4.add(c11, v128.load(t1, 16));
      c20 = f32x4.add(c20, v128.load(t2));
      c21 = f32x4.add(c21, v128.load(t2, 16));
      c30 = f32x4.add(c30, v128.load(t3));
      c31 = f32x4.add(c31, v128.load(t3, 16));
      if (FIVE) {
        c40 = f32x4.add(c40, v128.load(t4));
        c41 = f32x4.add(c41, v128.load(t4, 16));
      }
    }
    if (rectify) {
      // A zero of its own: one kept across the loop would take a register from it.
      const zero = f32x4.splat(0);
      c00 = relu(c00, zero);
      c01 = relu(c01, zero);
      c10 = relu(c10, zero);
      c11 = relu(c11, zero);
      c20 = relu(c20, zero);
      c21 = relu(c21, zero);
      c30 = relu(c30, zero);
      c31 = relu(c31, zero);
      if (FIVE) {
        c40 = relu(c40, zero);
        c41 = relu(c41, zero);
      }
    }
    v128.store(t0, c00);
    v128.store(t0, c01, 16);
    v128.store(t1, c10);
    v128.store(t1, c11, 16);
    v128.store(t2, c20);
    v128.store(t2, c21, 16);
    v128.store(t3, c30);
    v128.store(t3, c31, 16);
    if (FIVE) {
      v128.store(t4, c40);
      v128.store(t4, c41, 16);
    }
  }
}

/** Bytes that `edgeStrip` needs at its `spare`: a tile of 5×8, the addresses of its rows, and COLUMNS bias values. */
export const EDGE_BYTES: usize = 160 + 20 + 32;

/**
 * `strip` for one panel of which only `rows` rows and `columns` columns exist: through a spare tile, so that
 * nothing outside C is touched and the micro-kernel needs no second form.
 */
export function edgeStrip(
  a: usize,
  b: usize,
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
  const bytes = bytesOf(columns);
  const addresses = spare + 160;
  const spareBias = spare + 180;
  for (let r = 0; r < ROWS; r++) store<u32>(addresses + <usize>r * 4, <u32>(spare + <usize>r * 32));
  if (start == FROM_BIAS) memory.copy(spareBias, bias, bytes);
  else if (start == FROM_TARGET) {
    for (let r = 0; r < rows; r++) {
      memory.copy(spare + <usize>r * 32, <usize>load<u32>(targets + <usize>r * 4) + column, bytes);
    }
  }
  strip(a, b, depth, addresses, 1, 0, start, spareBias, rectify);
  for (let r = 0; r < rows; r++) {
    memory.copy(<usize>load<u32>(targets + <usize>r * 4) + column, spare + <usize>r * 32, bytes);
  }
}
