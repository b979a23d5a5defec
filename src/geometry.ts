// The one place that settles sizes: where the windows of a convolution or pooling lie, and how many there are.

import { checkInteger, checkOneOf, MAX_ELEMENTS, refuseKind, refuseValue, show } from "./check.js";

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
  readonly stride?: Pair;
  /** Distance between neighbouring taps of the window, integer ≥ 1 (default 1). */
  readonly dilation?: Pair;
  /** Default `"valid"`. */
  readonly padding?: Padding;
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
interface Axis {
  readonly name: "height" | "width";
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
}

/** Checks a number or a pair of integers ≥ `low`. */
export function checkPair(where: string, argument: string, value: unknown, low: number): [number, number] {
  if (!Array.isArray(value)) {
    checkInteger(where, argument, value, low);
    return [value, value];
  }
  if (value.length !== 2) refuseValue(where, argument, "be a number or [height, width]", value);
  checkInteger(where, `${argument}[0]`, value[0], low);
  checkInteger(where, `${argument}[1]`, value[1], low);
  return [value[0], value[1]];
}

function checkPadding(where: string, padding: unknown): asserts padding is Padding {
  const rule = 'be "same", "valid", a number or [[top, bottom], [left, right]]';
  if (typeof padding === "string") checkOneOf(where, "padding", padding, ["same", "valid"]);
  else if (typeof padding === "number") checkInteger(where, "padding", padding, 0);
  else {
    if (!Array.isArray(padding)) refuseKind(where, "padding", rule, padding);
    if (padding.length !== 2 || padding.some((side) => !Array.isArray(side) || side.length !== 2)) {
      refuseValue(where, "padding", rule, padding);
    }
    for (const axis of [0, 1]) {
      for (const side of [0, 1]) checkInteger(where, `padding[${axis}][${side}]`, padding[axis][side], 0);
    }
  }
}

/** Pixels that a kernel of `kernel` taps covers. */
function extent({ kernel, dilation }: Axis): number {
  return (kernel - 1) * dilation + 1;
}

/** Padding before and after one axis of a forward convolution. */
function sidesOf(axis: Axis, padding: Padding): [number, number] {
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
  const [strideHeight, strideWidth] = checkPair(where, "stride", options.stride ?? 1, 1);
  const [dilationHeight, dilationWidth] = checkPair(where, "dilation", options.dilation ?? 1, 1);
  const padding = options.padding ?? "valid";
  checkPadding(where, padding);
  const [batch, inHeight, inWidth, inChannels] = sizes.input;
  const { kernelHeight, kernelWidth, outChannels, groups } = sizes;
  const high: Axis = {
    name: "height",
    size: inHeight,
    kernel: kernelHeight,
    stride: strideHeight,
    dilation: dilationHeight,
  };
  const wide: Axis = {
    name: "width",
    size: inWidth,
    kernel: kernelWidth,
    stride: strideWidth,
    dilation: dilationWidth,
  };
  const [padTop, padBottom] = sidesOf(high, padding);
  const [padLeft, padRight] = sidesOf(wide, padding);
  const outHeight = windowsOf(where, high, [padTop, padBottom]);
  const outWidth = windowsOf(where, wide, [padLeft, padRight]);
  checkElements(where, "output shape", [batch, outHeight, outWidth, outChannels]);
  return {
    batch,
    inHeight,
    inWidth,
    inChannels,
    outHeight,
    outWidth,
    outChannels,
    kernelHeight,
    kernelWidth,
    strideHeight,
    strideWidth,
    dilationHeight,
    dilationWidth,
    padTop,
    padBottom,
    padLeft,
    padRight,
    groups,
  };
}

function checkElements(where: string, name: string, shape: readonly number[]): void {
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

/** Options of a transposed convolution's shape. */
export interface TransposeOptions extends WindowOptions {
  /** Height and width of the output, where more than one size is possible; or the whole shape. */
  readonly outputShape?: readonly number[] | null;
  /** Extra rows and columns at the bottom and right, below the stride (numeric padding only; default 0). */
  readonly outputPadding?: Pair | null;
}

/** One axis of a transposed convolution: its output size and the padding of the convolution that maps it back. */
interface TransposedAxis {
  readonly size: number;
  readonly before: number;
  readonly after: number;
}

function transposedAxis(
  where: string,
  axis: Axis,
  padding: Padding,
  wanted: number | undefined,
  extra: number,
): TransposedAxis {
  const { size: windows, stride } = axis;
  const reach = (windows - 1) * stride + extent(axis);
  // Output sizes that the forward convolution maps to `windows`: from `least` on, one stride long.
  const [before, after] = typeof padding === "string" ? [0, 0] : sidesOf(axis, padding);
  const least = padding === "same" ? (windows - 1) * stride + 1 : reach - before - after;
  const inferred =
    padding === "same"
      ? windows * stride
      : padding === "valid"
        ? windows * stride + Math.max(extent(axis) - stride, 0)
        : least + extra;
  const size = wanted ?? inferred;
  const smallest = Math.max(least, 1);
  const largest = least + stride - 1;
  if (size < smallest || size > largest) {
    const sizes = smallest === largest ? `${smallest}` : `from ${smallest} to ${largest}`;
    const rule = largest < 1 ? "be reachable: the padding cuts everything away" : `be ${sizes}`;
    const why = `(an image whose convolution has ${axis.name} ${windows})`;
    refuseValue(where, `output ${axis.name}`, `${rule} ${why}`, size);
  }
  if (padding !== "same") return { size, before, after };
  const total = Math.max(reach - size, 0);
  return { size, before: Math.floor(total / 2), after: Math.ceil(total / 2) };
}

/**
 * The geometry of the convolution whose gradient by input is a given transposed convolution: `in…` is the
 * transposed convolution's output, `out…` its input.
 *
 * @param input - shape of the transposed convolution's input
 * @throws {RangeError} when no convolution maps the wanted output size back to the input
 */
export function transposedGeometry(
  where: string,
  sizes: ConvolutionSizes,
  options: TransposeOptions,
): Conv2dGeometry {
  const [strideHeight, strideWidth] = checkPair(where, "stride", options.stride ?? 1, 1);
  const [dilationHeight, dilationWidth] = checkPair(where, "dilation", options.dilation ?? 1, 1);
  const padding = options.padding ?? "valid";
  checkPadding(where, padding);
  const [batch, height, width, channels] = sizes.input;
  const { kernelHeight, kernelWidth, outChannels: targetChannels, groups } = sizes;
  const [wantedHeight, wantedWidth] = wantedSize(where, options.outputShape, batch, targetChannels);
  const extra = outputPaddingOf(where, options, padding, [strideHeight, strideWidth]);
  const high: Axis = {
    name: "height",
    size: height,
    kernel: kernelHeight,
    stride: strideHeight,
    dilation: dilationHeight,
  };
  const wide: Axis = {
    name: "width",
    size: width,
    kernel: kernelWidth,
    stride: strideWidth,
    dilation: dilationWidth,
  };
  const rows = transposedAxis(where, high, padding, wantedHeight, extra[0]);
  const columns = transposedAxis(where, wide, padding, wantedWidth, extra[1]);
  checkElements(where, "output shape", [batch, rows.size, columns.size, targetChannels]);
  return {
    batch,
    inHeight: rows.size,
    inWidth: columns.size,
    inChannels: targetChannels,
    outHeight: height,
    outWidth: width,
    outChannels: channels,
    kernelHeight,
    kernelWidth,
    strideHeight,
    strideWidth,
    dilationHeight,
    dilationWidth,
    padTop: rows.before,
    padBottom: rows.after,
    padLeft: columns.before,
    padRight: columns.after,
    groups,
  };
}

function wantedSize(
  where: string,
  outputShape: unknown,
  batch: number,
  channels: number,
): readonly [number | undefined, number | undefined] {
  if (outputShape === undefined || outputShape === null) return [undefined, undefined];
  const rule = `be [height, width] or [${batch}, height, width, ${channels}]`;
  if (!Array.isArray(outputShape)) refuseKind(where, "outputShape", rule, outputShape);
  const whole = outputShape.length === 4;
  if (!whole && outputShape.length !== 2) refuseValue(where, "outputShape", rule, outputShape);
  outputShape.forEach((size, axis) => checkInteger(where, `outputShape[${axis}]`, size, 1));
  if (whole && (outputShape[0] !== batch || outputShape[3] !== channels)) {
    refuseValue(where, "outputShape", rule, outputShape);
  }
  return whole ? [outputShape[1], outputShape[2]] : [outputShape[0], outputShape[1]];
}

function outputPaddingOf(
  where: string,
  options: TransposeOptions,
  padding: Padding,
  strides: readonly [number, number],
): readonly [number, number] {
  if (options.outputPadding === undefined || options.outputPadding === null) return [0, 0];
  if (typeof padding === "string") {
    refuseKind(where, "outputPadding", `be absent where padding is ${show(padding)}`, options.outputPadding);
  }
  if (options.outputShape)
    refuseKind(where, "outputPadding", "be absent beside outputShape", options.outputPadding);
  const extra = checkPair(where, "outputPadding", options.outputPadding, 0);
  for (const axis of [0, 1]) {
    if (extra[axis] >= strides[axis]) {
      refuseValue(where, `outputPadding[${axis}]`, `be below the stride ${strides[axis]}`, extra[axis]);
    }
  }
  return extra;
}
