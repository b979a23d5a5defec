// Nearest upsampling and a convolution as one operation: the enlarged image is never made, and taps that read the same
// pixel are added up beforehand. What is computed instead, and why it is the same: wasm/mergedFilter.ts.

import { defineOp } from "../autodiff/autodiff.js";
import { checkOptions, checkResult } from "../check/check.js";
import { checkPair, type Conv2dGeometry, type Pair } from "../geometry/conv2d.js";
import { checkTensor, emptyTensor, type Tensor } from "../tensor/tensor.js";
import { mergeFilter, mergeFilterGradient, type MergeSizes } from "../wasm/mergedFilter.js";
import { conv2d, type Conv2dOptions, conv2dTranspose } from "./conv2d.js";
import { geometryOf, WINDOW_OPTIONS } from "./conv2dGeometry.js";
import { checkEpilogue } from "./epilogue.js";
import { upsampleNearest } from "./upsample2d.js";

/** Options of {@link resizeConv2d}. */
export interface ResizeConv2dOptions extends Conv2dOptions {
  /** How much the image grows before the convolution, integer ≥ 1 or `[height, width]` (default 2). */
  readonly factor?: Pair | undefined;
}

const mergeOp = defineOp<readonly [Tensor], MergeSizes>({
  name: "mergeFilter",
  forward: ([filter], sizes) => {
    const { kernelHeight, kernelWidth, channels, outputs, factorHeight, factorWidth } = sizes;
    const taps = [kernelHeight + factorHeight - 1, kernelWidth + factorWidth - 1];
    const merged = emptyTensor([...taps, outputs, channels]);
    mergeFilter(filter, merged, sizes);
    return merged;
  },
  gradients: [
    (gradMerged, { inputs: [filter], options }) => {
      const gradFilter = emptyTensor(filter.shape);
      mergeFilterGradient(gradMerged, gradFilter, options);
      return gradFilter;
    },
  ],
});

/** Whether taps can be merged, and that leaves fewer products. */
function canMerge(g: Conv2dGeometry, [factorHeight, factorWidth]: readonly [number, number]): boolean {
  const isPlain =
    g.groups === 1 && Math.max(g.strideHeight, g.strideWidth, g.dilationHeight, g.dilationWidth) === 1;
  const fits =
    Math.max(g.padTop, g.padBottom) < g.kernelHeight && Math.max(g.padLeft, g.padRight) < g.kernelWidth;
  const pixels = (g.inHeight / factorHeight) * (g.inWidth / factorWidth);
  const merged = pixels * (g.kernelHeight + factorHeight - 1) * (g.kernelWidth + factorWidth - 1);
  return isPlain && fits && merged < g.outHeight * g.outWidth * g.kernelHeight * g.kernelWidth;
}

/**
 * Nearest-neighbour upsampling, then a convolution: `conv2d(upsampleNearest(input, factor), filter, options)` up to
 * rounding, with fewer products: 16 instead of 36 for each pixel of the input at factor 2 and 3×3 taps.
 *
 * @param input - images, shape `[batch, height, width, channels]`
 * @param filter - shape `[kernelHeight, kernelWidth, channels / groups, outChannels]`
 * @param options.factor - how much the image grows, integer ≥ 1 or `[height, width]` (default 2)
 * @param options - further as for {@link conv2d}, of the enlarged image; with stride, dilation or groups above 1 the
 *   enlarged image is made
 * @returns shape `[batch, outHeight, outWidth, outChannels]`
 * @throws {TypeError} when an argument or option is of the wrong kind
 * @throws {RangeError} when a factor is not an integer ≥ 1, or as {@link conv2d}
 * @example
 * ops.resizeConv2d(ones([1, 7, 7, 64]), ones([3, 3, 64, 32]), { padding: "same" }).shape; // [1, 14, 14, 32]
 * @see Odena, Dumoulin & Olah, "Deconvolution and checkerboard artifacts" (2016)
 */
export function resizeConv2d(input: Tensor, filter: Tensor, options: ResizeConv2dOptions = {}): Tensor {
  const where = "resizeConv2d";
  checkTensor(where, "input", input, 4, "[batch, height, width, channels]");
  checkTensor(where, "filter", filter, 4, "[kernelHeight, kernelWidth, inChannels / groups, outChannels]");
  checkOptions(where, options, [...WINDOW_OPTIONS, "bias", "activation", "alpha", "factor"]);
  const { factor = 2, ...convolution } = options;
  const factors = checkPair(where, "factor", factor, 1);
  const [factorHeight, factorWidth] = factors;
  const [batch, height, width, channels] = input.shape;
  checkResult(where, "factor", factor, input.size * factorHeight * factorWidth);
  const enlarged = [batch, height * factorHeight, width * factorWidth, channels];
  const g = geometryOf(where, enlarged, filter.shape, convolution);
  checkEpilogue(where, options, filter.shape[3], "filter.shape[3]");
  if (!canMerge(g, factors)) return conv2d(upsampleNearest(input, factors), filter, convolution);
  const { kernelHeight, kernelWidth, outChannels: outputs } = g;
  const sizes = { kernelHeight, kernelWidth, channels, outputs, factorHeight, factorWidth };
  const { bias, activation, alpha } = convolution;
  return conv2dTranspose(input, mergeOp([filter], sizes), {
    stride: factors,
    padding: [
      [kernelHeight - 1 - g.padTop, kernelHeight - 1 - g.padBottom],
      [kernelWidth - 1 - g.padLeft, kernelWidth - 1 - g.padRight],
    ],
    bias,
    activation,
    alpha,
  });
}
