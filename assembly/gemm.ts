// The general matrix product: chooses, by the shapes of the whole product, how it is computed.

import { multiplyByColumns, multiplyByRows, packPanels } from "./blockedProduct";
import { activate, Activation } from "./fusedActivation";
import { COLUMNS, FROM_BIAS, FROM_TARGET, FROM_ZERO } from "./microKernel";
import { multiplyLine } from "./narrowProduct";
import { Count, First, Grain, Operand, OptionalOperand, Scratch, Width } from "./operand";
import { NARROW } from "./product";
import { startFrom } from "./productTables";
import { FEW_ROWS, FEW_ROWS_ACROSS, multiplyFewRows } from "./rowProduct";
import { bytesOf } from "./simd";

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
