// The geometry of convolutions, as their operations share it: made from shapes and options, taken apart into shapes,
// and checked where a user hands one in. How windows lie along an axis is geometry.ts's business.

import { checkInteger, checkOptions, checkShape, refuseKind, refuseValue } from "../check/check.js";
import { type Conv2dGeometry, forwardGeometry, type WindowOptions } from "../geometry/conv2d.js";
import { checkTensor } from "../tensor/tensor.js";

/** Where a convolution's windows lie, and how its channels are grouped. */
export interface Conv2dWindowOptions extends WindowOptions {
  /** Number of channel groups, a divisor of input and output channels (default 1); all channels: depthwise. */
  readonly groups?: number | undefined;
}

/** The names of those options. */
export const WINDOW_OPTIONS = ["stride", "dilation", "padding", "groups"];

/** Shape of what the geometry's convolution reads. */
export function inputShapeOf(g: Conv2dGeometry): [number, number, number, number] {
  return [g.batch, g.inHeight, g.inWidth, g.inChannels];
}

/** Shape of what it writes. */
export function outputShapeOf(g: Conv2dGeometry): [number, number, number, number] {
  return [g.batch, g.outHeight, g.outWidth, g.outChannels];
}

/** Shape of its filter. */
export function filterShapeOf(g: Conv2dGeometry): [number, number, number, number] {
  return [g.kernelHeight, g.kernelWidth, g.inChannels / g.groups, g.outChannels];
}

/** Multiply-adds of each of its three products. */
export function multiplyAddsOf(g: Conv2dGeometry): number {
  const [kernelHeight, kernelWidth, channels] = filterShapeOf(g);
  return g.batch * g.outHeight * g.outWidth * g.outChannels * kernelHeight * kernelWidth * channels;
}

/** Checks that channel groups divide the channels on both sides. */
export function checkGroups(where: string, groups: number, inChannels: number, outChannels: number): void {
  checkInteger(where, "groups", groups, 1);
  const rule = "divide the input channels and the output channels";
  if (inChannels % groups !== 0 || outChannels % groups !== 0) {
    refuseValue(where, "groups", `${rule} (${inChannels} and ${outChannels})`, groups);
  }
}

/**
 * The sizes of a convolution, validated: output size, padding per side, everything that its three kernels share.
 *
 * @param inputShape - `[batch, height, width, channels]`
 * @param filterShape - `[kernelHeight, kernelWidth, channels / groups, outChannels]`
 * @param options - stride, dilation, padding, groups, as for {@link conv2d}
 * @returns the geometry record
 * @throws {TypeError} when an argument or option is of the wrong kind
 * @throws {RangeError} when shapes, groups or padding do not go together
 * @example
 * ops.conv2dGeometry([1, 28, 28, 1], [3, 3, 1, 32], { stride: 2, padding: "same" }).outHeight; // 14
 */
export function conv2dGeometry(
  inputShape: readonly number[],
  filterShape: readonly number[],
  options: Conv2dWindowOptions = {},
): Conv2dGeometry {
  checkSizes("conv2dGeometry", "inputShape", inputShape);
  checkSizes("conv2dGeometry", "filterShape", filterShape);
  checkOptions("conv2dGeometry", options, WINDOW_OPTIONS);
  return geometryOf("conv2dGeometry", inputShape, filterShape, options);
}

function checkSizes(where: string, argument: string, shape: readonly number[]): void {
  checkShape(where, argument, shape);
  if (shape.length !== 4) refuseValue(where, argument, "have 4 sizes", shape);
}

/** What {@link conv2dGeometry} returns, for the function `where`, which has checked shapes and names of options. */
export function geometryOf(
  where: string,
  inputShape: readonly number[],
  filterShape: readonly number[],
  options: Conv2dWindowOptions,
): Conv2dGeometry {
  const { groups = 1 } = options;
  const [kernelHeight, kernelWidth, channels, outChannels] = filterShape;
  const inChannels = inputShape[3];
  checkGroups(where, groups, inChannels, outChannels);
  if (channels * groups !== inChannels) {
    const rule = `equal input.shape[3] / groups = ${inChannels / groups} (input channels per group)`;
    refuseValue(where, "filter.shape[2]", rule, channels);
  }
  return forwardGeometry(
    where,
    { input: inputShape, kernelHeight, kernelWidth, outChannels, groups },
    options,
  );
}

/** Checks that a geometry is whole, as {@link conv2dGeometry} makes it: kernels trust its numbers. */
export function checkGeometry(where: string, geometry: unknown): asserts geometry is Conv2dGeometry {
  const rule = "be what conv2dGeometry returns";
  if (typeof geometry !== "object" || geometry === null) refuseKind(where, "geometry", rule, geometry);
  const g = geometry as Conv2dGeometry;
  checkInteger(where, "geometry.groups", g.groups, 1);
  checkShape(where, "geometry's input shape", inputShapeOf(g));
  checkShape(where, "geometry's filter shape", filterShapeOf(g));
  const { outHeight, outWidth } = geometryOf(where, inputShapeOf(g), filterShapeOf(g), {
    stride: [g.strideHeight, g.strideWidth],
    dilation: [g.dilationHeight, g.dilationWidth],
    padding: [
      [g.padTop, g.padBottom],
      [g.padLeft, g.padRight],
    ],
    groups: g.groups,
  });
  if (outHeight !== g.outHeight || outWidth !== g.outWidth) refuseValue(where, "geometry", rule, geometry);
}

/** Checks a tensor against the shape that a geometry gives it. */
export function checkFits(where: string, argument: string, t: unknown, shape: readonly number[]): void {
  checkTensor(where, argument, t, shape.length);
  shape.forEach((size, axis) => {
    if (t.shape[axis] !== size) {
      refuseValue(where, `${argument}.shape`, `equal [${shape.join(", ")}] of the geometry`, t.shape);
    }
  });
}
