// One typed entry per kernel: operands in, addresses out of sight. Inputs are found or copied onto the heap,
// outputs are written in place; sizes and shapes have been checked before.

import type { Conv2dGeometry } from "../geometry.js";
import type { ArithmeticName, ReductionName, UnaryName } from "./exports.js";
import { currentKernels, currentRuntime, integers, SCRATCH_BYTES } from "./runtime.js";
import { addressOf, type Operand } from "./storage.js";

/** Activations that matrix products and convolutions can apply while they write: those whose derivative is a
 *  function of their output. The numbers are the kernels'. */
export const FUSED = { linear: 0, relu: 1, leakyRelu: 2, elu: 3, sigmoid: 4, tanh: 5 } as const;
export type FusedActivation = keyof typeof FUSED;

/** What a product does to each value it writes. */
export interface Epilogue {
  readonly bias: Operand | undefined;
  readonly activation: FusedActivation;
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
  sizes: ProductSizes,
  epilogue: Epilogue,
  scaleProduct = 1,
  scaleTarget = 0,
): void {
  const bias = epilogue.bias === undefined ? 0 : addressOf(epilogue.bias);
  const { m, n, k, transposeA, transposeB } = sizes;
  currentKernels().gemm(
    addressOf(a),
    addressOf(b),
    addressOf(c),
    bias,
    m,
    n,
    k,
    Number(transposeA),
    Number(transposeB),
    scaleProduct,
    scaleTarget,
    FUSED[epilogue.activation],
    epilogue.alpha,
    currentRuntime().scratch,
    SCRATCH_BYTES,
  );
}

/** Applies a fused activation in place, where the product before it was of another kind. */
export function activate(y: Operand, n: number, { activation, alpha }: Omit<Epilogue, "bias">): void {
  if (activation === "linear") return;
  if (activation === "leakyRelu") leakyRelu(y, y, n, alpha);
  else if (activation === "elu") elu(y, y, n, alpha);
  else unary(activation, y, y, n);
}

export function unary(name: UnaryName | "negate", x: Operand, y: Operand, n: number): void {
  currentKernels()[name](addressOf(x), addressOf(y), n);
}

/** dx = dy · f′, where `saved` is f's input or output, as the kernel of that name asks. */
export function unaryGradient(name: UnaryName, saved: Operand, dy: Operand, dx: Operand, n: number): void {
  currentKernels()[`${name}Gradient`](addressOf(saved), addressOf(dy), addressOf(dx), n);
}

export function leakyRelu(x: Operand, y: Operand, n: number, alpha: number): void {
  currentKernels().leakyRelu(addressOf(x), addressOf(y), n, alpha);
}

export function leakyReluGradient(saved: Operand, dy: Operand, dx: Operand, n: number, alpha: number): void {
  currentKernels().leakyReluGradient(addressOf(saved), addressOf(dy), addressOf(dx), n, alpha);
}

export function elu(x: Operand, y: Operand, n: number, alpha: number): void {
  currentKernels().elu(addressOf(x), addressOf(y), n, alpha);
}

export function eluGradient(saved: Operand, dy: Operand, dx: Operand, n: number, alpha: number): void {
  currentKernels().eluGradient(addressOf(saved), addressOf(dy), addressOf(dx), n, alpha);
}

/** y = factor · x + offset. */
export function scale(x: Operand, y: Operand, n: number, factor: number, offset: number): void {
  currentKernels().scale(addressOf(x), addressOf(y), n, factor, offset);
}

export function clip(x: Operand, y: Operand, n: number, low: number, high: number): void {
  currentKernels().clip(addressOf(x), addressOf(y), n, low, high);
}

export function clipGradient(
  saved: Operand,
  dy: Operand,
  dx: Operand,
  n: number,
  low: number,
  high: number,
): void {
  currentKernels().clipGradient(addressOf(saved), addressOf(dy), addressOf(dx), n, low, high);
}

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
  currentKernels()[name](addressOf(a), aLength, addressOf(b), bLength, addressOf(y), n);
}

/** How many values are NaN or infinite. */
export function countNonFinite(x: Operand, n: number): number {
  return currentKernels().countNonFinite(addressOf(x), n);
}

export function fill(y: Operand, n: number, value: number): void {
  currentKernels().fill(addressOf(y), n, value);
}

/** A tensor seen as [outer, axis, inner]; reductions run over `axis`. */
export interface Block {
  readonly outer: number;
  readonly axis: number;
  readonly inner: number;
}

export function reduce(name: ReductionName, x: Operand, y: Operand, { outer, axis, inner }: Block): void {
  currentKernels()[name](addressOf(x), addressOf(y), outer, axis, inner);
}

export function reduceGradient(
  name: "max" | "logSumExp",
  x: Operand,
  y: Operand,
  dy: Operand,
  dx: Operand,
  { outer, axis, inner }: Block,
): void {
  const kernel = currentKernels()[`${name}Gradient`];
  kernel(addressOf(x), addressOf(y), addressOf(dy), addressOf(dx), outer, axis, inner);
}

export function softmax(
  name: "softmax" | "logSoftmax",
  x: Operand,
  y: Operand,
  rows: number,
  columns: number,
): void {
  currentKernels()[name](addressOf(x), addressOf(y), rows, columns);
}

export function softmaxGradient(
  name: "softmax" | "logSoftmax",
  y: Operand,
  dy: Operand,
  dx: Operand,
  rows: number,
  columns: number,
): void {
  currentKernels()[`${name}Gradient`](addressOf(y), addressOf(dy), addressOf(dx), rows, columns);
}

export function transpose(x: Operand, y: Operand, batch: number, rows: number, columns: number): void {
  currentKernels().transpose(addressOf(x), addressOf(y), batch, rows, columns);
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
  const rank = shape.length;
  const records = writeRecords([...shape, ...xStrides, ...yStrides]);
  currentKernels().stridedCopy(
    addressOf(x),
    addressOf(y),
    rank,
    records,
    records + rank * 4,
    records + rank * 8,
  );
}

/** Sizes of an upsampling: the small image, and by how much it grows. */
export interface UpsamplingSizes {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly factorHeight: number;
  readonly factorWidth: number;
}

export function upsampleNearest(
  name: "upsampleNearest2d" | "upsampleNearest2dGradient",
  from: Operand,
  to: Operand,
  { batch, height, width, channels, factorHeight, factorWidth }: UpsamplingSizes,
): void {
  const kernel = currentKernels()[name];
  kernel(addressOf(from), addressOf(to), batch, height, width, channels, factorHeight, factorWidth);
}

export function maxPool2d(x: Operand, y: Operand, geometry: Conv2dGeometry): void {
  currentKernels().maxPool2d(addressOf(x), addressOf(y), writeGeometry(geometry));
}

export function maxPool2dGradient(x: Operand, dy: Operand, dx: Operand, geometry: Conv2dGeometry): void {
  currentKernels().maxPool2dGradient(addressOf(x), addressOf(dy), addressOf(dx), writeGeometry(geometry));
}

export function avgPool2d(x: Operand, y: Operand, geometry: Conv2dGeometry, countPadding: boolean): void {
  currentKernels().avgPool2d(addressOf(x), addressOf(y), writeGeometry(geometry, Number(countPadding)));
}

export function avgPool2dGradient(
  dy: Operand,
  dx: Operand,
  geometry: Conv2dGeometry,
  countPadding: boolean,
): void {
  currentKernels().avgPool2dGradient(
    addressOf(dy),
    addressOf(dx),
    writeGeometry(geometry, Number(countPadding)),
  );
}

export function im2col(x: Operand, columns: Operand, geometry: Conv2dGeometry): void {
  currentKernels().im2col(addressOf(x), addressOf(columns), writeGeometry(geometry));
}

export function col2im(columns: Operand, x: Operand, geometry: Conv2dGeometry): void {
  currentKernels().col2im(addressOf(columns), addressOf(x), writeGeometry(geometry));
}

/** Writes integers where kernels read their records and returns the address. */
export function writeRecords(values: readonly number[]): number {
  const { records } = currentRuntime();
  integers.set(values, records / 4);
  return records;
}

/** Writes a geometry in the order of `assembly/geometry.ts`. */
export function writeGeometry(g: Conv2dGeometry, countPadding = 0): number {
  return writeRecords([
    g.batch,
    g.inHeight,
    g.inWidth,
    g.inChannels,
    g.outHeight,
    g.outWidth,
    g.outChannels,
    g.kernelHeight,
    g.kernelWidth,
    g.strideHeight,
    g.strideWidth,
    g.dilationHeight,
    g.dilationWidth,
    g.padTop,
    g.padBottom,
    g.padLeft,
    g.padRight,
    g.groups,
    countPadding,
  ]);
}
