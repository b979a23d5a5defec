// Where windows lie, found by counting them one by one: the references' own sizes, apart from the library's formulas.

import { type Conv2dGeometry, type Padding, type Pair, type WindowOptions } from "../../src/index.js";

/** One spatial axis of a convolution or pooling. */
export interface NaiveAxis {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
}

/** Windows that lie within the axis and its padding. */
export function countWindows({ size, kernel, stride, dilation }: NaiveAxis, before: number, after: number) {
  let count = 0;
  for (let first = -before; first + (kernel - 1) * dilation < size + after; first += stride) count++;
  return count;
}

/** Padding before and after. `"same"`: the least that gives ⌈size / stride⌉ windows, the smaller half before. */
export function paddingSides(axis: NaiveAxis, padding: Padding, which: 0 | 1): readonly [number, number] {
  if (padding === "valid") return [0, 0];
  if (typeof padding === "number") return [padding, padding];
  if (padding !== "same") return padding[which];
  let total = 0;
  while (countWindows(axis, 0, total) < Math.ceil(axis.size / axis.stride)) total++;
  return [Math.floor(total / 2), total - Math.floor(total / 2)];
}

const pair = (value: Pair = 1): readonly [number, number] =>
  typeof value === "number" ? [value, value] : value;

/** The geometry of a convolution, window by window; its output may be empty, which the library refuses. */
export function naiveGeometry(
  input: readonly number[],
  filter: readonly number[],
  options: WindowOptions & { readonly groups?: number },
): Conv2dGeometry {
  const [batch, inHeight, inWidth, inChannels] = input;
  const [kernelHeight, kernelWidth, , outChannels] = filter;
  const [strideHeight, strideWidth] = pair(options.stride);
  const [dilationHeight, dilationWidth] = pair(options.dilation);
  const { padding = "valid", groups = 1 } = options;
  const high = { size: inHeight, kernel: kernelHeight, stride: strideHeight, dilation: dilationHeight };
  const wide = { size: inWidth, kernel: kernelWidth, stride: strideWidth, dilation: dilationWidth };
  const [padTop, padBottom] = paddingSides(high, padding, 0);
  const [padLeft, padRight] = paddingSides(wide, padding, 1);
  const outHeight = countWindows(high, padTop, padBottom);
  const outWidth = countWindows(wide, padLeft, padRight);
  const sizes = { batch, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, groups };
  const steps = { strideHeight, strideWidth, dilationHeight, dilationWidth };
  return { ...sizes, ...steps, kernelHeight, kernelWidth, padTop, padBottom, padLeft, padRight };
}

export const inputShape = (g: Conv2dGeometry) => [g.batch, g.inHeight, g.inWidth, g.inChannels];
export const outputShape = (g: Conv2dGeometry) => [g.batch, g.outHeight, g.outWidth, g.outChannels];
export const filterShape = (g: Conv2dGeometry) => [
  g.kernelHeight,
  g.kernelWidth,
  g.inChannels / g.groups,
  g.outChannels,
];
