// Pooling layers.

import { checkBoolean, checkOptions, given } from "../check/check.js";
import { checkPair, checkWindowsSeePixels, forwardGeometry, type Pair } from "../geometry/conv2d.js";
import * as ops from "../ops/index.js";
import type { Shape, Tensor } from "../tensor/tensor.js";
import { type Layer, type None, plainLayer } from "./layer.js";
import { checkImage, type Window, windowOf } from "./checks.js";

const WINDOW_OPTIONS = ["stride", "dilation", "padding"];

/** A pooling layer from its completed options. */
function poolingLayer(
  where: string,
  size: readonly [number, number],
  options: Window,
  f: (input: Tensor) => Tensor,
): Layer<None, None> {
  const [kernelHeight, kernelWidth] = size;
  const outputShape = (inputShape: Shape) => {
    checkImage(where, inputShape);
    const channels = inputShape[2];
    const sizes = {
      input: [1, ...inputShape],
      kernelHeight,
      kernelWidth,
      outChannels: channels,
      groups: channels,
    };
    const geometry = forwardGeometry(where, sizes, options);
    checkWindowsSeePixels(where, geometry);
    return [geometry.outHeight, geometry.outWidth, channels];
  };
  return plainLayer(where, [size, options], outputShape, f);
}

/**
 * Maximum over windows.
 *
 * @param size - window, a number or `[height, width]` (default 2)
 * @param options.stride - default: the size
 * @param options.padding - default `"valid"`
 * @returns layer from `[height, width, channels]` to `[outHeight, outWidth, channels]`
 * @throws {TypeError} when an option is unknown
 * @throws {RangeError} when no window fits
 * @example
 * maxPool2d(2).outputShape([28, 28, 8]); // [14, 14, 8]
 */
export function maxPool2d(size: Pair = 2, options: ops.MaxPool2dOptions = {}): Layer<None, None> {
  const where = "maxPool2d";
  const sides = checkPair(where, "size", size, 1);
  checkOptions(where, options, WINDOW_OPTIONS);
  const completed = windowOf(where, { stride: sides, ...given(options) });
  return poolingLayer(where, sides, completed, (input) => ops.maxPool2d(input, sides, completed));
}

/**
 * Mean over windows.
 *
 * @param size - window, a number or `[height, width]` (default 2)
 * @param options.stride - default: the size
 * @param options.padding - default `"valid"`
 * @param options.countIncludePad - default false
 * @returns layer from `[height, width, channels]` to `[outHeight, outWidth, channels]`
 * @throws {TypeError} when an option is unknown
 * @throws {RangeError} when no window fits
 * @example
 * avgPool2d(2).outputShape([28, 28, 8]); // [14, 14, 8]
 */
export function avgPool2d(size: Pair = 2, options: ops.AvgPool2dOptions = {}): Layer<None, None> {
  const where = "avgPool2d";
  const sides = checkPair(where, "size", size, 1);
  checkOptions(where, options, [...WINDOW_OPTIONS, "countIncludePad"]);
  const window = windowOf(where, { stride: sides, ...given(options) });
  const { countIncludePad = false } = options;
  checkBoolean(where, "countIncludePad", countIncludePad);
  const completed = { ...window, countIncludePad };
  return poolingLayer(where, sides, completed, (input) => ops.avgPool2d(input, sides, completed));
}

/**
 * Mean over all pixels.
 *
 * @returns layer from `[height, width, channels]` to `[channels]`
 * @example
 * globalAvgPool().outputShape([7, 7, 64]); // [64]
 */
export function globalAvgPool(): Layer<None, None> {
  return plainLayer(
    "globalAvgPool",
    [],
    (inputShape) => {
      checkImage("globalAvgPool", inputShape);
      return [inputShape[2]];
    },
    (input) => ops.mean(input, { axis: [1, 2] }),
  );
}
