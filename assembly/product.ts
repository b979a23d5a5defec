// Blocked products of gathered matrices, A by rows or A by columns: what GEMM and every convolution are made of.
// Addresses of rows come from tables, so that a row of A may be an image's window and a row of C a pixel anywhere.
//
// What `multiplyRows` computes, written plainly (depth = Σ of the runs' lengths):
//
//     for i < rows, j < columns:
//       sum = 0, bias[j], or what C[i][j] holds
//       for k < depth:
//         sum += [bases[i] + runs[k div runLength] + 4·(k mod runLength)] · B[k][j]
//       C[i][j] = f(sum), at targets[i] + column + 4·j
//
// And how, from the outside in: blocks of k, so that panels stay in L1; blocks of rows, so that packed A stays in L2;
// panels of B; panels of A; and under them the register tile.
//
//            B   packed by pack.ts, COLUMNS wide
//              ┌────┬────┬────┬─┐
//              │    │ ▓▓ │    │ │ k: up to DEPTH_BLOCK
//     A        └────┴────┴────┴─┘
//     ┌──────┐ ┌────┬────┬────┬─┐
//     │      │ │    │    │    │ │
//     ├──────┤ ├────┼────┼────┼─┤
//     │ ▒▒▒▒ │ │    │ ██ │    │ │ ██ = ▒▒▒▒ · ▓▓: one tile of `strip` in `microKernel.ts`
//     ├──────┤ ├────┼────┼────┼─┤
//     └──────┘ └────┴────┴────┴─┘ the edges: `edgeStrip`
//     ROWS high        C
//
// Who calls: `blockedProduct.ts` with rows a fixed step apart; `correlate.ts` with the windows that `tile.ts` lists.

import { activate, Activation } from "./fusedActivation";
import { COLUMNS, EDGE_BYTES, edgeStrip, FROM_TARGET, ROWS, strip } from "./microKernel";
import { packColumns, packListed, packRows } from "./pack";
import { bytesOf, divideUp } from "./simd";

/** Widest C that the forms of oneColumn.ts take. */
export const NARROW: i32 = 4;

/** Longest k block: a panel of B is then 16 KB and one of A up to 10 KB, together in L1. */
export const DEPTH_BLOCK: i32 = 512;
/** Longest contraction that is packed at once: a panel of B is then half a megabyte. */
export const MAX_PACKED_DEPTH: i32 = 16384;
/** Longest k block of a sum over very many rows, as filter gradients over pixels are: the blocks' sums are added
 *  up, so rounding grows with the length of a block and their number, not with all the rows. */
const SUM_BLOCK: i32 = 192;
/** Floats of packed A: a block that stays in L2 while the panels of B pass. */
const ROW_BLOCK_FLOATS: i32 = 24576;
const MAX_ROW_BLOCK: i32 = 640;

/** Scratch for packed A and edges; packed B of `multiplyColumns` lies behind it. */
export const PACKED_A_BYTES: usize = <usize>(ROW_BLOCK_FLOATS + ROWS * DEPTH_BLOCK) * 4;

/** `total` cut into equal blocks of at most `limit`, so that no short block is left over. */
export function evenBlock(total: i32, limit: i32): i32 {
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
  const aPanel = bytesOf(depth * ROWS);
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
      const target = targets + bytesOf(i);
      edgeStrip(panel, b, depth, target, min(ROWS, rows - i), column, width, start, bias, rectify, spare);
    }
  }
}

/** Applies an activation other than relu to columns of C while they are in cache. */
function activateRows(
  targets: usize,
  rows: i32,
  column: usize,
  columns: i32,
  activation: Activation,
  alpha: f32,
): void {
  const end = targets + bytesOf(rows);
  for (; targets < end; targets += 4)
    activate(<usize>load<u32>(targets) + column, 0, columns, activation, alpha);
}

/**
 * Multiplies rows gathered in runs with a packed B.
 *
 * Computes C[i][j] = f(start + Σ_k A[i][k]·B[k][j]), i < rows, j < columns; depth 0 gives f(start).
 * Layout A's element k lies at bases[i] + runs[k div runLength] + 4·(k mod runLength); `b` is packed panels
 *   [columns/8][depth][8]; C's row i begins at targets[i] + column; `bias` (FROM_BIAS) has `columns` values.
 * Requires `scratch` of PACKED_A_BYTES + EDGE_BYTES.
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
  activation: Activation,
  alpha: f32,
  scratch: usize,
): void {
  const depthBlock = evenBlock(depth, DEPTH_BLOCK);
  const block = rowBlock(depthBlock);
  const spare = scratch + PACKED_A_BYTES;
  const panelBytes = (<usize>depth) << 5;
  for (let i = 0; i < rows; i += block) {
    const blockRows = min(block, rows - i);
    const blockTargets = targets + bytesOf(i);
    let k = 0;
    do {
      const count = min(depthBlock, depth - k);
      const panel = bytesOf(count * ROWS);
      let out = scratch;
      for (let r = 0; r < blockRows; r += ROWS, out += panel) {
        if (count > 0) {
          packRows(out, bases + bytesOf(i + r), min(ROWS, blockRows - r), runs, runLength, k, count);
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
        activation == Activation.relu && k + count == depth,
        spare,
      );
      k += count;
    } while (k < depth);
    if (activation != Activation.linear && activation != Activation.relu)
      activateRows(blockTargets, blockRows, column, columns, activation, alpha);
  }
}

/**
 * Multiplies the transpose of rows gathered by base and offset with listed rows of B.
 *
 * Computes C[i][j] = start + alpha·Σ_k A[k][i]·B[k][j], i < rows, j < columns.
 * Layout A's element (k, i) lies at bases[k] + offsets[i]; B's row k begins at listed[k] + first, its columns
 *   `columnStep` bytes apart; C's row i begins at targets[i] + column.
 * Requires `scratch` of PACKED_A_BYTES + EDGE_BYTES, then 512·(columns rounded up to 8) floats.
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
  const depthBlock = evenBlock(depth, SUM_BLOCK);
  const block = rowBlock(depthBlock);
  const spare = scratch + PACKED_A_BYTES;
  const packedB = spare + EDGE_BYTES;
  for (let k = 0; k < depth; k += depthBlock) {
    const count = min(depthBlock, depth - k);
    const panelBytes = (<usize>count) << 5;
    const bytesToK = bytesOf(k);
    let out = packedB;
    for (let j = 0; j < columns; j += COLUMNS, out += panelBytes) {
      const offset = first + <usize>j * columnStep;
      packListed(out, listed + bytesToK, offset, columnStep, count, min(COLUMNS, columns - j));
    }
    if (alpha != 1) scale(packedB, out, alpha);
    for (let i = 0; i < rows; i += block) {
      const blockRows = min(block, rows - i);
      const bytesToRow = bytesOf(i);
      const panel = bytesOf(count * ROWS);
      out = scratch;
      for (let r = 0; r < blockRows; r += ROWS, out += panel) {
        const offset = offsets + bytesToRow + bytesOf(r);
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
