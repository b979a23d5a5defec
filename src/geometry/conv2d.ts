// The one place that settles sizes: where the windows of a convolution or pooling lie, and how many there are.

import { checkInteger, checkOneOf, MAX_ELEMENTS, refuseKind, refuseValue } from "../check/check.js";

/**
 * Padding of the two spatial axes: `"valid"` (none), `"same"` (output size ⌈input / stride⌉, the odd pixel at
 * the bottom and right, TensorFlow's rule), a number for all four sides, or `[[top, bottom], [left, right]]`.
 */
export type Padding =
  "same" | "valid" | number | readonly [readonly [number, number], readonly [number, number]];

/** One number for both spatial axes, or `[height, width]`. */
export type Pair = number | readonly [number, number];

/** How a window moves over an image. */
export interface WindowOptions {
  /** Step in pixels, integer ≥ 1 (default 1). */
  readonly stride?: Pair | undefined;
  /** Distance between neighbouring taps of the window, integer ≥ 1 (default 1). */
  readonly dilation?: Pair | undefined;
  /** Default `"valid"`. */
  readonly padding?: Padding | undefined;
}

/**
 * A convolution's sizes, validated: what its forward pass, both gradients and the transposed convolution share.
 * Every number is an integer; padding may be unequal on the four sides.
 */
export interface Conv2dGeometry {
  readonly batch: number;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly inChannels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outChannels: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
  readonly padTop: number;
  readonly padBottom: number;
  readonly padLeft: number;
  readonly padRight: number;
  readonly groups: number;
}

/** Sizes of one spatial axis. */
export interface Axis {
  readonly name: "height" | "width";
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
}

/** Most pixels that a window, its step or its padding may have: kernels reckon places in 32 bits. */
const MOST_PIXELS = 2 ** 24;

/** Checks a number of pixels. */
function checkPixels(where: string, argument: string, value: unknown, low: number): asserts value is number {
  checkInteger(where, argument, value, low);
  if (value > MOST_PIXELS) refuseValue(where, argument, `be at most ${MOST_PIXELS}`, value);
}

/** Checks a number or a pair of integers ≥ `low`. */
export function checkPair(where: string, argument: string, value: unknown, low: number): [number, number] {
  if (!Array.isArray(value)) {
    checkPixels(where, argument, value, low);
    return [value, value];
  }
  if (value.length !== 2) refuseValue(where, argument, "be a number or [height, width]", value);
  const [height, width] = value as readonly unknown[];
  checkPixels(where, `${argument}[0]`, height, low);
  checkPixels(where, `${argument}[1]`, width, low);
  return [height, width];
}

export function checkPadding(where: string, padding: unknown): asserts padding is Padding {
  const rule = 'be "same", "valid", a number or [[top, bottom], [left, right]]';
  if (typeof padding === "string") checkOneOf(where, "padding", padding, ["same", "valid"]);
  else if (typeof padding === "number") checkInteger(where, "padding", padding, 0);
  else {
    if (!Array.isArray(padding)) refuseKind(where, "padding", rule, padding);
    if (padding.length !== 2) refuseValue(where, "padding", rule, padding);
    for (const axis of [0, 1]) {
      const sides: unknown = padding[axis];
      if (!Array.isArray(sides) || sides.length !== 2) refuseValue(where, "padding", rule, padding);
      for (const side of [0, 1]) checkInteger(where, `padding[${axis}][${side}]`, sides[side], 0);
    }
  }
}

/** Pixels that a kernel of `kernel` taps covers. */
export function extent({ kernel, dilation }: Axis): number {
  return (kernel - 1) * dilation + 1;
}

/** Padding before and after one axis of a forward convolution. */
export function sidesOf(axis: Axis, padding: Padding): [number, number] {
  if (padding === "valid") return [0, 0];
  if (padding === "same") {
    const total = Math.max(
      (Math.ceil(axis.size / axis.stride) - 1) * axis.stride + extent(axis) - axis.size,
      0,
    );
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  }
  if (typeof padding === "number") return [padding, padding];
  const [before, after] = padding[axis.name === "height" ? 0 : 1];
  return [before, after];
}

/** Windows along one axis, or a refusal where not even one fits. */
function windowsOf(where: string, axis: Axis, [before, after]: readonly [number, number]): number {
  const padded = axis.size + before + after;
  if (extent(axis) > padded) {
    const rule = `fit the padded input's ${padded} pixels`;
    refuseValue(where, `kernel ${axis.name} (with dilation ${axis.dilation})`, rule, extent(axis));
  }
  const count = Math.floor((padded - extent(axis)) / axis.stride) + 1;
  if (count * axis.stride > MAX_ELEMENTS || padded > MAX_ELEMENTS) {
    refuseValue(where, `padded ${axis.name}`, `be at most ${MAX_ELEMENTS}`, padded);
  }
  return count;
}

/** What the geometry functions need to know of the arrays. */
export interface ConvolutionSizes {
  /** `[batch, height, width, channels]` of the image that the forward convolution reads. */
  readonly input: readonly number[];
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly outChannels: number;
  readonly groups: number;
}

/** The two axes of the input, and the padding, checked. */
export function axesOf(
  where: string,
  { input: [, height, width], kernelHeight, kernelWidth }: ConvolutionSizes,
  options: WindowOptions,
): { readonly high: Axis; readonly wide: Axis; readonly padding: Padding } {
  const stride = checkPair(where, "stride", options.stride ?? 1, 1);
  const dilation = checkPair(where, "dilation", options.dilation ?? 1, 1);
  const padding = options.padding ?? "valid";
  checkPadding(where, padding);
  return {
    high: { name: "height", size: height, kernel: kernelHeight, stride: stride[0], dilation: dilation[0] },
    wide: { name: "width", size: width, kernel: kernelWidth, stride: stride[1], dilation: dilation[1] },
    padding,
  };
}

/** What a geometry holds of the window. */
export function windowSizes(high: Axis, wide: Axis) {
  return {
    kernelHeight: high.kernel,
    kernelWidth: wide.kernel,
    strideHeight: high.stride,
    strideWidth: wide.stride,
    dilationHeight: high.dilation,
    dilationWidth: wide.dilation,
  };
}

/**
 * The geometry of a forward convolution (or pooling).
 *
 * @throws {RangeError} when a window does not fit the padded image
 */
export function forwardGeometry(
  where: string,
  sizes: ConvolutionSizes,
  options: WindowOptions,
): Conv2dGeometry {
  const { high, wide, padding } = axesOf(where, sizes, options);
  const [batch, inHeight, inWidth, inChannels] = sizes.input;
  const { outChannels, groups } = sizes;
  const [padTop, padBottom] = sidesOf(high, padding);
  const [padLeft, padRight] = sidesOf(wide, padding);
  const outHeight = windowsOf(where, high, [padTop, padBottom]);
  const outWidth = windowsOf(where, wide, [padLeft, padRight]);
  checkPadded(where, [inHeight + padTop + padBottom, inWidth + padLeft + padRight, inChannels]);
  checkElements(where, "output shape", [batch, outHeight, outWidth, outChannels]);
  return {
    batch,
    inHeight,
    inWidth,
    inChannels,
    outHeight,
    outWidth,
    outChannels,
    ...windowSizes(high, wide),
    padTop,
    padBottom,
    padLeft,
    padRight,
    groups,
  };
}

/** Refuses padding with which the places in one image would not be reckoned in 32 bits. */
export function checkPadded(where: string, shape: readonly [number, number, number]): void {
  const [height, width, channels] = shape;
  if (height * width * channels >= 2 ** 31) {
    refuseValue(where, "padded image", "have fewer than 2^31 elements", shape);
  }
}

export function checkElements(where: string, name: string, shape: readonly number[]): void {
  if (shape.reduce((product, size) => product * size, 1) > MAX_ELEMENTS) {
    refuseValue(where, name, `have at most ${MAX_ELEMENTS} elements`, shape);
  }
}

/** Refuses windows that see nothing but padding: a pooling has no value there. */
export function checkWindowsSeePixels(where: string, g: Conv2dGeometry): void {
  const sees = (
    windows: number,
    stride: number,
    before: number,
    dilation: number,
    kernel: number,
    size: number,
  ) => {
    for (let window = 0; window < windows; window++) {
      const origin = window * stride - before;
      const tap = Math.max(0, Math.ceil(-origin / dilation));
      if (tap >= kernel || origin + tap * dilation >= size) return false;
    }
    return true;
  };
  const rule = "leave at least one pixel in every window";
  if (!sees(g.outHeight, g.strideHeight, g.padTop, g.dilationHeight, g.kernelHeight, g.inHeight)) {
    refuseValue(where, "padding", rule, [g.padTop, g.padBottom]);
  }
  if (!sees(g.outWidth, g.strideWidth, g.padLeft, g.dilationWidth, g.kernelWidth, g.inWidth)) {
    refuseValue(where, "padding", rule, [g.padLeft, g.padRight]);
  }
}
