// The sizes of a transposed convolution: which image sizes its convolution maps back to the input, and which is meant.

import { checkInteger, refuseKind, refuseValue, show } from "../check/check.js";
import {
  axesOf,
  type Axis,
  checkElements,
  checkPadded,
  checkPair,
  type Conv2dGeometry,
  type ConvolutionSizes,
  extent,
  type Padding,
  type Pair,
  sidesOf,
  type WindowOptions,
  windowSizes,
} from "./conv2d.js";

/** Options of a transposed convolution's shape. */
export interface TransposeOptions extends WindowOptions {
  /** Height and width of the output, where more than one size is possible; or the whole shape. */
  readonly outputShape?: readonly number[] | null | undefined;
  /** Extra rows and columns at the bottom and right, below the stride (numeric padding only; default 0). */
  readonly outputPadding?: Pair | null | undefined;
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
  const { high, wide, padding } = axesOf(where, sizes, options);
  const [batch, height, width, channels] = sizes.input;
  const { outChannels: targetChannels, groups } = sizes;
  const [wantedHeight, wantedWidth] = wantedSize(where, options.outputShape, batch, targetChannels);
  const extra = outputPaddingOf(where, options, padding, [high.stride, wide.stride]);
  const rows = transposedAxis(where, high, padding, wantedHeight, extra[0]);
  const columns = transposedAxis(where, wide, padding, wantedWidth, extra[1]);
  const paddedHeight = rows.size + rows.before + rows.after;
  const paddedWidth = columns.size + columns.before + columns.after;
  checkPadded(where, [paddedHeight, paddedWidth, targetChannels]);
  checkElements(where, "output shape", [batch, rows.size, columns.size, targetChannels]);
  return {
    batch,
    inHeight: rows.size,
    inWidth: columns.size,
    inChannels: targetChannels,
    outHeight: height,
    outWidth: width,
    outChannels: channels,
    ...windowSizes(high, wide),
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
  for (const [axis, size] of outputShape.entries()) checkInteger(where, `outputShape[${axis}]`, size, 1);
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
