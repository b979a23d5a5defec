// Families of kernels under one entry each: products with an epilogue, arithmetic, reductions, copies. Sizes and shapes
// have been checked before.

import * as generated from "./generated.js";
import { fill as fillKernel } from "./generated.js";
import { writeIntegers } from "./records.js";
import { currentRuntime, SCRATCH_BYTES } from "./runtime.js";
import type { Operand } from "./storage.js";

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
  const { scratch } = currentRuntime();
  generated.gemm({
    a,
    b,
    c,
    bias,
    m,
    n,
    k,
    transposeA,
    transposeB,
    scaleProduct,
    scaleTarget,
    activation,
    alpha,
    scratch,
    scratchBytes: SCRATCH_BYTES,
  });
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
  return generated.countNonFinite({ x, n });
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

const REDUCTIONS = {
  sum: generated.sum,
  mean: generated.mean,
  max: generated.max,
  logSumExp: generated.logSumExp,
};
export type ReductionName = keyof typeof REDUCTIONS;

export function reduce(name: ReductionName, x: Operand, y: Operand, { outer, axis, inner }: Block): void {
  REDUCTIONS[name]({ x, y, outer, axis, inner });
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

export function transpose(x: Operand, y: Operand, batch: number, rows: number, columns: number): void {
  generated.transpose({ x, y, batch, rows, columns });
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
  const [shapeAt, xStridesAt, yStridesAt] = writeIntegers(shape, xStrides, yStrides);
  generated.stridedCopy({
    x,
    y,
    rank: shape.length,
    shape: shapeAt,
    xStrides: xStridesAt,
    yStrides: yStridesAt,
  });
}
