// Families of kernels under one entry each: products with an epilogue, arithmetic, reductions, copies. Sizes and shapes
// have been checked before.

import * as generated from "./generated.js";
import { fill as fillKernel } from "./generated.js";
import { addUp, takeSpace, withSpace } from "./partials.js";
import { grainOf, grainOfProducts, grainOfSums, grainWithResult, sumOfResults } from "./run.js";
import { type Operand, releaseEarly } from "./storage.js";

/** What a product does to each value it writes. */
export interface Epilogue {
  readonly bias: Operand | undefined;
  readonly activation: keyof typeof generated.ACTIVATION;
  /** Slope of leakyRelu, scale of elu. */
  readonly alpha: number;
}

/** A matrix product's sizes: op(A) is m × k, op(B) is k × n. */
export interface ProductSizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** Least rows of a grain: those that pack op(B) for themselves need many, the others whole blocks of rows. */
const LEAST_ROWS = { packing: 400, packed: 120 };
/** Floats of op(B) that are packed once for all grains, at most. */
const MOST_PACKED = 1 << 20;
/** Rows are computed 24 at a time, or 4 or 5: a grain has whole groups. */
const ROW_GROUP = 120;

/** C = f(scaleProduct · op(A) · op(B) + scaleTarget · C + bias). */
export function gemm(
  a: Operand,
  b: Operand,
  c: Operand,
  { m, n, k, transposeA, transposeB }: ProductSizes,
  { bias, activation, alpha }: Epilogue,
  scaleProduct = 1,
  scaleTarget = 0,
): void {
  let grain = m;
  let packed: Operand | undefined;
  if (m > ROW_GROUP) {
    const space = Math.ceil(n / 8) * 8 * k;
    const isRows = !transposeA && n > generated.NARROW;
    const canShare = isRows && k > 0 && k <= generated.MAX_PACKED_DEPTH && space <= MOST_PACKED;
    grain = grainOfRows(m, n * k, canShare ? LEAST_ROWS.packed : LEAST_ROWS.packing);
    if (canShare && grain < m) {
      packed = takeSpace(space);
      generated.packProduct({ b, packed, n, k, transposeB, scaleProduct, panels: Math.ceil(n / 8) });
    }
  }
  generated.gemm({
    a,
    b,
    c,
    bias,
    packed,
    m,
    n,
    k,
    transposeA,
    transposeB,
    scaleProduct,
    scaleTarget,
    activation,
    alpha,
    rows: m,
    grain,
  });
  if (packed !== undefined) releaseEarly(packed.storage);
}

/** Rows of grains of about the same size. */
function grainOfRows(m: number, products: number, least: number): number {
  const grains = Math.max(1, Math.floor(m / grainOfProducts(products, least)));
  return Math.ceil(m / grains / ROW_GROUP) * ROW_GROUP;
}

/** y = factor · x + offset. */
export function scale(x: Operand, y: Operand, n: number, factor: number, offset: number): void {
  generated.scale({ x, y, n, factor, offset });
}

export function clip(x: Operand, y: Operand, n: number, low: number, high: number): void {
  generated.clip({ x, y, n, low, high });
}

const ARITHMETIC = {
  add: generated.add,
  sub: generated.sub,
  mul: generated.mul,
  div: generated.div,
};
export type ArithmeticName = keyof typeof ARITHMETIC;

/** y[i] = a[i mod aLength] ∘ b[i mod bLength]. */
export function arithmetic(
  name: ArithmeticName,
  a: Operand,
  aLength: number,
  b: Operand,
  bLength: number,
  y: Operand,
  n: number,
): void {
  ARITHMETIC[name]({ a, aLength, b, bLength, y, n });
}

/** How many values are NaN or infinite. */
export function countNonFinite(x: Operand, n: number): number {
  const grain = grainWithResult(n, generated.MAX_RESULTS);
  generated.countNonFinite({ x, n, grain });
  return sumOfResults(n, grain);
}

/** How many values lie below `low` or above `high`; NaN lies nowhere. */
export function countOutside(x: Operand, n: number, low: number, high: number): number {
  const grain = grainWithResult(n, generated.MAX_RESULTS);
  generated.countOutside({ x, n, low, high, grain });
  return sumOfResults(n, grain);
}

/** Σ x², in float64. */
export function sumOfSquares(x: Operand, n: number): number {
  const grain = grainWithResult(n, generated.MAX_RESULTS);
  generated.sumOfSquares({ x, n, grain });
  return sumOfResults(n, grain);
}

export function fill(y: Operand, n: number, value: number): void {
  fillKernel({ y, n, value });
}

/** A tensor seen as [outer, axis, inner]; reductions run over `axis`. */
export interface Block {
  readonly outer: number;
  readonly axis: number;
  readonly inner: number;
}

export type ReductionName = "sum" | "mean" | "max" | "logSumExp";

export function reduce(name: ReductionName, x: Operand, y: Operand, { outer, axis, inner }: Block): void {
  if (name === "max") return generated.max({ x, y, outer, axis, inner });
  if (name === "logSumExp") return generated.logSumExp({ x, y, outer, axis, inner });
  const divisor = name === "mean" ? axis : 1;
  // Sums over many rows are cut along them, short ones apart: a sum's bits do not depend on how many there are.
  const grain = grainOfSums(axis, grainOf(inner), 2 * inner);
  if (grain >= axis) return generated.sum({ x, y, outer, axis, inner, divisor });
  for (let o = 0; o < outer; o++) {
    const [from, to] = [behind(x, o * axis * inner), behind(y, o * inner)];
    addRows(from, to, axis, inner, grain, divisor);
  }
}

const behind = ({ storage, offset }: Operand, by: number): Operand => ({ storage, offset: offset + by });

function addRows(x: Operand, y: Operand, rows: number, inner: number, grain: number, divisor: number): void {
  const parts = Math.ceil(rows / grain);
  withSpace(2 * parts * inner, (partials) => {
    generated.sumOfRows({ x, y: partials, inner, rows, grain });
    generated.addSums({ partials, y, size: inner, divisor, n: inner, parts });
  });
}

/** variance[c] = Σ (x[r, c] − mean[c])² / rows. */
export function channelVariance(
  x: Operand,
  mean: Operand,
  variance: Operand,
  rows: number,
  channels: number,
): void {
  const grain = grainOfSums(rows, grainOf(channels), channels);
  addUp(variance, channels, Math.ceil(rows / grain), rows, (sums) =>
    generated.channelSquares({ x, mean, sums, rows, channels, grain }),
  );
}

/** What the gradients of a normalisation's parameters are made of. */
export interface NormalizationGradients {
  readonly x: Operand;
  readonly dy: Operand;
  readonly mean: Operand;
  readonly variance: Operand;
  readonly dgamma: Operand;
  readonly dbeta: Operand;
  readonly rows: number;
  readonly channels: number;
  readonly epsilon: number;
}

/** dbeta[c] = Σ dy, dgamma[c] = Σ dy·x̂, with x̂ the normalised x. */
export function normalizeParameterGradients({ dgamma, dbeta, ...rest }: NormalizationGradients): void {
  const { rows, channels } = rest;
  const grain = grainOfSums(rows, grainOf(channels), channels);
  const parts = Math.ceil(rows / grain);
  addUp(dgamma, channels, parts, 1, (gammas) =>
    addUp(dbeta, channels, parts, 1, (betas) =>
      generated.normalizeParameterGradients({ ...rest, dgamma: gammas, dbeta: betas, grain }),
    ),
  );
}

export function reduceGradient(
  name: "max" | "logSumExp",
  x: Operand,
  y: Operand,
  dy: Operand,
  dx: Operand,
  { outer, axis, inner }: Block,
): void {
  const kernel = name === "max" ? generated.maxGradient : generated.logSumExpGradient;
  kernel({ x, y, dy, dx, outer, axis, inner });
}

/** Rows of one strip of the transpose's kernel. */
const STRIP = 16;

export function transpose(x: Operand, y: Operand, batch: number, rows: number, columns: number): void {
  const strips = batch * Math.ceil(rows / STRIP);
  generated.transpose({ x, y, rows, columns, strips, grain: grainOf(STRIP * columns) });
}

/** Copies elements between two strided layouts of one shape; strides in elements. */
export function stridedCopy(
  x: Operand,
  y: Operand,
  shape: readonly number[],
  xStrides: readonly number[],
  yStrides: readonly number[],
): void {
  // The kernel's innermost loop is an axis; a single number is an axis of one.
  if (shape.length === 0) return stridedCopy(x, y, [1], [1], [1]);
  const count = shape[0];
  const inner = shape.reduce((product, size) => product * size, 1) / count;
  generated.stridedCopy({
    x,
    y,
    rank: shape.length,
    shape,
    xStrides,
    yStrides,
    count,
    grain: grainOf(inner),
  });
}
