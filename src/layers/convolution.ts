// Convolution layers: conv2d, its transpose, and upsampling followed by a convolution.

import { checkInteger, checkOptions, given, refuseKind, within } from "../check/check.js";
import {
  checkPair,
  type ConvolutionSizes,
  forwardGeometry,
  type Padding,
  type Pair,
} from "../geometry/conv2d.js";
import { checkGroups } from "../ops/conv2dGeometry.js";
import * as ops from "../ops/index.js";
import type { Shape, Tensor } from "../tensor/tensor.js";
import { transposedGeometry, type TransposeOptions } from "../geometry/conv2dTranspose.js";
import { activated } from "./activations.js";
import {
  biasOption,
  checkKernel,
  type Kernel,
  KERNEL_OPTIONS,
  kernelOf,
  type KernelOptions,
  type KernelParams,
  paramsOf,
} from "./dense.js";
import { defineLayer, type Layer, type None, plainLayer } from "./layer.js";
import { checkImage, type Window, windowOf } from "./checks.js";

/** Options of {@link conv2d}. */
export interface Conv2dLayerOptions extends KernelOptions {
  /** Size of the kernel, a number or `[height, width]`. */
  readonly kernel: Pair;
  /** Default 1. */
  readonly stride?: Pair | undefined;
  /** Default `"same"`. */
  readonly padding?: Padding | undefined;
  /** Default 1. */
  readonly dilation?: Pair | undefined;
  /** Default 1. */
  readonly groups?: number | undefined;
}

/** Options of {@link conv2dTranspose}. */
export interface Conv2dTransposeLayerOptions extends Conv2dLayerOptions {
  /** `[height, width]` of the output, where several are possible. */
  readonly outputShape?: readonly [number, number] | undefined;
  /** Extra rows and columns, below the stride (numeric padding only). */
  readonly outputPadding?: Pair | undefined;
}

const CONVOLUTION_OPTIONS = [...KERNEL_OPTIONS, "kernel", "stride", "padding", "dilation", "groups"];

/** The options of a convolution, completed. */
interface Convolution extends Kernel, Window {
  readonly kernel: readonly [number, number];
  readonly groups: number;
}

/** The options that convolutions share, checked and completed; `more` are the names of further ones. */
function convolutionOf(
  where: string,
  filters: number,
  options: Conv2dLayerOptions,
  more: readonly string[] = [],
): Convolution {
  checkInteger(where, "filters", filters, 1);
  checkOptions(where, options, [...CONVOLUTION_OPTIONS, ...more]);
  if (options.kernel === undefined)
    refuseKind(where, "kernel", "be given: a number or [height, width]", undefined);
  const kernel = checkPair(where, "kernel", options.kernel, 1);
  const window = windowOf(where, { padding: "same", ...given(options) });
  const { groups = 1 } = options;
  checkInteger(where, "groups", groups, 1);
  return { kernel, ...window, groups, ...kernelOf(where, options) };
}

/** What the geometry needs to know of one image and the filter, checked. */
function sizesOf(
  where: string,
  inputShape: Shape,
  filters: number,
  { kernel: [kernelHeight, kernelWidth], groups }: Convolution,
): ConvolutionSizes {
  checkImage(where, inputShape);
  checkGroups(where, groups, inputShape[2], filters);
  return { input: [1, ...inputShape], kernelHeight, kernelWidth, outChannels: filters, groups };
}

/** Where windows lie, as the operations take it. */
function placesOf({ stride, padding, dilation, groups }: Convolution) {
  return { stride, padding, dilation, groups };
}

/**
 * Two-dimensional convolution.
 *
 * @param filters - number of output channels
 * @param options.kernel - size of the kernel
 * @param options.stride - default 1
 * @param options.padding - default `"same"`
 * @param options.dilation - default 1
 * @param options.groups - default 1
 * @param options.activation - default `"linear"`
 * @param options.useBias - default true
 * @param options.kernelInitializer - default `"glorotUniform"`
 * @returns layer from `[height, width, channels]` to `[outHeight, outWidth, filters]`; parameters `kernel`
 *   `[kernelHeight, kernelWidth, channels / groups, filters]` and `bias` `[filters]`
 * @throws {TypeError} when an option is unknown or of the wrong kind
 * @throws {RangeError} when a size is out of range
 * @example
 * conv2d(32, { kernel: 3, stride: 2, activation: "relu" }).outputShape([28, 28, 1]); // [14, 14, 32]
 */
export function conv2d(filters: number, options: Conv2dLayerOptions): Layer<KernelParams, None> {
  const where = "conv2d";
  const completed = convolutionOf(where, filters, options);
  const { kernel, groups } = completed;
  const [kernelHeight, kernelWidth] = kernel;
  const filterShapeOf = (channels: number) => [kernelHeight, kernelWidth, channels / groups, filters];
  const outputShape = (inputShape: Shape) => {
    const sizes = sizesOf(where, inputShape, filters, completed);
    checkKernel(where, filterShapeOf(inputShape[2]));
    const { outHeight, outWidth } = forwardGeometry(where, sizes, completed);
    return [outHeight, outWidth, filters];
  };
  return defineLayer<KernelParams, None, Tensor>({
    spec: { type: where, args: [filters, completed] },
    outputShape,
    init: (key, inputShape) => {
      const shape = outputShape(inputShape);
      const taps = kernelHeight * kernelWidth;
      const fans = { fanIn: (taps * inputShape[2]) / groups, fanOut: (taps * filters) / groups };
      const params = paramsOf(where, key, filterShapeOf(inputShape[2]), fans, filters, completed);
      return { params, state: {}, outputShape: shape };
    },
    apply: (params, state, input) => ({
      output: activated(completed, (fused) =>
        ops.conv2d(input, params.kernel, { ...placesOf(completed), ...fused, ...biasOption(params) }),
      ),
      state,
    }),
  });
}

/**
 * Transposed convolution, for decoders: with stride s the image grows s-fold.
 *
 * @param filters - number of output channels
 * @param options - as for {@link conv2d}, and `outputShape`, `outputPadding`
 * @returns layer from `[height, width, channels]` to `[outHeight, outWidth, filters]`; parameters `kernel`
 *   `[kernelHeight, kernelWidth, filters / groups, channels]` and `bias` `[filters]`
 * @throws {TypeError} when an option is unknown or of the wrong kind
 * @throws {RangeError} when a size is out of range or the output size is impossible
 * @example
 * conv2dTranspose(32, { kernel: 3, stride: 2 }).outputShape([7, 7, 64]); // [14, 14, 32]
 */
export function conv2dTranspose(
  filters: number,
  options: Conv2dTransposeLayerOptions,
): Layer<KernelParams, None> {
  const where = "conv2dTranspose";
  const convolution = convolutionOf(where, filters, options, ["outputShape", "outputPadding"]);
  const { kernel, groups } = convolution;
  const [kernelHeight, kernelWidth] = kernel;
  const { outputShape: wanted, outputPadding } = options;
  const extras = given({ outputShape: wanted, outputPadding });
  const completed = { ...convolution, ...extras };
  const transposeOptions: TransposeOptions & { groups: number } = { ...placesOf(completed), ...extras };
  const filterShapeOf = (channels: number) => [kernelHeight, kernelWidth, filters / groups, channels];
  const outputShape = (inputShape: Shape) => {
    const sizes = sizesOf(where, inputShape, filters, completed);
    checkKernel(where, filterShapeOf(inputShape[2]));
    const { inHeight, inWidth } = transposedGeometry(where, sizes, transposeOptions);
    return [inHeight, inWidth, filters];
  };
  return defineLayer<KernelParams, None, Tensor>({
    spec: { type: where, args: [filters, completed] },
    outputShape,
    init: (key, inputShape) => {
      const shape = outputShape(inputShape);
      const channels = inputShape[2];
      const taps = kernelHeight * kernelWidth;
      const fans = { fanIn: (taps * channels) / groups, fanOut: (taps * filters) / groups };
      const params = paramsOf(where, key, filterShapeOf(channels), fans, filters, completed);
      return { params, state: {}, outputShape: shape };
    },
    apply: (params, state, input) => ({
      output: activated(completed, (fused) =>
        ops.conv2dTranspose(input, params.kernel, { ...transposeOptions, ...fused, ...biasOption(params) }),
      ),
      state,
    }),
  });
}

/**
 * Repeats every pixel.
 *
 * @param factor - integer ≥ 1, or `[height, width]`
 * @returns layer from `[height, width, channels]` to `[height·factor, width·factor, channels]`
 * @throws {RangeError} when a factor is not an integer ≥ 1
 * @example
 * upsampleNearest(2).outputShape([7, 7, 64]); // [14, 14, 64]
 */
export function upsampleNearest(factor: Pair): Layer<None, None> {
  const where = "upsampleNearest";
  const [factorHeight, factorWidth] = checkPair(where, "factor", factor, 1);
  const factors: Pair = [factorHeight, factorWidth];
  return plainLayer(
    where,
    [factors],
    (inputShape) => {
      checkImage(where, inputShape);
      const [height, width, channels] = inputShape;
      return [height * factorHeight, width * factorWidth, channels];
    },
    (input) => ops.upsampleNearest(input, factors),
  );
}

/** Options of {@link resizeConv2d}. */
export interface ResizeConv2dLayerOptions extends Conv2dLayerOptions {
  /** How much the image grows before the convolution (default 2). */
  readonly factor?: Pair | undefined;
}

/**
 * Upsamples, then convolves: a decoder block that writes every pixel equally often, so it leaves no checkerboard.
 *
 * @param filters - number of output channels
 * @param options - as for {@link conv2d}, and `factor` (default 2)
 * @returns layer with the parameters of the convolution
 * @throws {TypeError} when an option is unknown or of the wrong kind
 * @throws {RangeError} when a size is out of range
 * @example
 * resizeConv2d(32, { kernel: 3 }).outputShape([7, 7, 64]); // [14, 14, 32]
 * @see Odena, Dumoulin & Olah, "Deconvolution and checkerboard artifacts" (2016)
 */
export function resizeConv2d(filters: number, options: ResizeConv2dLayerOptions): Layer<KernelParams, None> {
  const where = "resizeConv2d";
  const convolution = convolutionOf(where, filters, options, ["factor"]);
  const { factor = 2 } = options;
  const checkedFactor = checkPair(where, "factor", factor, 1);
  const grow = upsampleNearest(checkedFactor);
  const convolve = conv2d(filters, convolution);
  return defineLayer<KernelParams, None, Tensor>({
    spec: { type: where, args: [filters, { factor: checkedFactor, ...convolution }] },
    outputShape: (inputShape) => within(where, () => convolve.outputShape(grow.outputShape(inputShape))),
    init: (key, inputShape) => within(where, () => convolve.init(key, grow.outputShape(inputShape))),
    apply: (params, state, input) => ({
      output: activated(convolution, (fused) =>
        ops.resizeConv2d(input, params.kernel, {
          factor: checkedFactor,
          ...placesOf(convolution),
          ...fused,
          ...biasOption(params),
        }),
      ),
      state,
    }),
  });
}
