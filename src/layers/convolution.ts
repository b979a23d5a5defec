// Convolution layers: conv2d, its transpose, and upsampling followed by a convolution.

import { checkInteger, checkOptions, refuseKind, within } from "../check.js";
import { checkPair, type ConvolutionSizes, forwardGeometry, type Padding, type Pair } from "../geometry.js";
import { checkGroups } from "../ops/conv2dGeometry.js";
import * as ops from "../ops/index.js";
import { type Shape, type Tensor, zeros } from "../tensor.js";
import { transposedGeometry, type TransposeOptions } from "../transposedGeometry.js";
import { activated } from "./activations.js";
import {
  biasOption,
  checkKernelOptions,
  KERNEL_OPTIONS,
  type KernelOptions,
  type KernelParams,
} from "./dense.js";
import { initialize } from "./initializers.js";
import { defineLayer, type Layer, type None, plainLayer } from "./layer.js";
import { checkImage, checkWindow, given } from "./support.js";

/** Options of {@link conv2d}. */
export interface Conv2dLayerOptions extends KernelOptions {
  /** Size of the kernel, a number or `[height, width]`. */
  readonly kernel: Pair;
  /** Default 1. */
  readonly stride?: Pair;
  /** Default `"same"`. */
  readonly padding?: Padding;
  /** Default 1. */
  readonly dilation?: Pair;
  /** Default 1. */
  readonly groups?: number;
}

/** Options of {@link conv2dTranspose}. */
export interface Conv2dTransposeLayerOptions extends Conv2dLayerOptions {
  /** `[height, width]` of the output, where several are possible. */
  readonly outputShape?: readonly [number, number];
  /** Extra rows and columns, below the stride (numeric padding only). */
  readonly outputPadding?: Pair;
}

const CONVOLUTION_OPTIONS = [...KERNEL_OPTIONS, "kernel", "stride", "padding", "dilation", "groups"];

function checkConvolution(
  where: string,
  filters: number,
  options: Conv2dLayerOptions,
  names: string[],
): void {
  checkInteger(where, "filters", filters, 1);
  checkOptions(where, options, names);
  if (options.kernel === undefined)
    refuseKind(where, "kernel", "be given: a number or [height, width]", undefined);
  checkPair(where, "kernel", options.kernel, 1);
  checkWindow(where, options);
  if (options.groups !== undefined) checkInteger(where, "groups", options.groups, 1);
  checkKernelOptions(where, options);
}

/** What the geometry needs to know of one image and the filter, checked. */
function sizesOf(
  where: string,
  inputShape: Shape,
  filters: number,
  { kernel, groups = 1 }: Conv2dLayerOptions,
): ConvolutionSizes {
  checkImage(where, inputShape);
  checkGroups(where, groups, inputShape[2], filters);
  const [kernelHeight, kernelWidth] = checkPair(where, "kernel", kernel, 1);
  return { input: [1, ...inputShape], kernelHeight, kernelWidth, outChannels: filters, groups };
}

/** Where windows lie, as the operations take it; layers pad to the same size unless told otherwise. */
function windowOf({ stride, padding = "same", dilation, groups }: Conv2dLayerOptions) {
  return given({ stride, padding, dilation, groups });
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
  checkConvolution(where, filters, options, CONVOLUTION_OPTIONS);
  const { useBias = true, kernelInitializer = "glorotUniform", groups = 1 } = options;
  const [kernelHeight, kernelWidth] = checkPair(where, "kernel", options.kernel, 1);
  const filterShapeOf = (channels: number) => [kernelHeight, kernelWidth, channels / groups, filters];
  const geometryOf = (inputShape: Shape) =>
    forwardGeometry(where, sizesOf(where, inputShape, filters, options), windowOf(options));
  const outputShape = (inputShape: Shape) => {
    const { outHeight, outWidth } = geometryOf(inputShape);
    return [outHeight, outWidth, filters];
  };
  return defineLayer<KernelParams, None, Tensor>({
    spec: { type: where, args: [filters, options] },
    outputShape,
    multiplyAdds: (inputShape) => {
      const { outHeight, outWidth, inChannels } = geometryOf(inputShape);
      return (outHeight * outWidth * filters * kernelHeight * kernelWidth * inChannels) / groups;
    },
    init: (key, inputShape) => {
      const shape = outputShape(inputShape);
      const taps = kernelHeight * kernelWidth;
      const fans = { fanIn: (taps * inputShape[2]) / groups, fanOut: (taps * filters) / groups };
      const kernel = initialize(where, kernelInitializer, key, filterShapeOf(inputShape[2]), fans);
      return {
        params: useBias ? { kernel, bias: zeros([filters]) } : { kernel },
        state: {},
        outputShape: shape,
      };
    },
    apply: (params, state, input) => ({
      output: activated(options, (fused) =>
        ops.conv2d(input, params.kernel, { ...windowOf(options), ...fused, ...biasOption(params) }),
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
  checkConvolution(where, filters, options, [...CONVOLUTION_OPTIONS, "outputShape", "outputPadding"]);
  const { useBias = true, kernelInitializer = "glorotUniform", groups = 1 } = options;
  const [kernelHeight, kernelWidth] = checkPair(where, "kernel", options.kernel, 1);
  const transposeOptions: TransposeOptions & { groups?: number } = {
    ...windowOf(options),
    ...given({ outputShape: options.outputShape, outputPadding: options.outputPadding }),
  };
  const outputShape = (inputShape: Shape) => {
    const sizes = sizesOf(where, inputShape, filters, options);
    const { inHeight, inWidth } = transposedGeometry(where, sizes, transposeOptions);
    return [inHeight, inWidth, filters];
  };
  return defineLayer<KernelParams, None, Tensor>({
    spec: { type: where, args: [filters, options] },
    outputShape,
    multiplyAdds: ([height, width, channels]) =>
      (height * width * channels * kernelHeight * kernelWidth * filters) / groups,
    init: (key, inputShape) => {
      const shape = outputShape(inputShape);
      const channels = inputShape[2];
      const taps = kernelHeight * kernelWidth;
      const fans = { fanIn: (taps * channels) / groups, fanOut: (taps * filters) / groups };
      const kernel = initialize(
        where,
        kernelInitializer,
        key,
        [kernelHeight, kernelWidth, filters / groups, channels],
        fans,
      );
      return {
        params: useBias ? { kernel, bias: zeros([filters]) } : { kernel },
        state: {},
        outputShape: shape,
      };
    },
    apply: (params, state, input) => ({
      output: activated(options, (fused) =>
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
  return plainLayer(
    where,
    [factor],
    (inputShape) => {
      checkImage(where, inputShape);
      const [height, width, channels] = inputShape;
      return [height * factorHeight, width * factorWidth, channels];
    },
    (input) => ops.upsampleNearest(input, factor),
  );
}

/** Options of {@link resizeConv2d}. */
export interface ResizeConv2dOptions extends Conv2dLayerOptions {
  /** How much the image grows before the convolution (default 2). */
  readonly factor?: Pair;
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
export function resizeConv2d(filters: number, options: ResizeConv2dOptions): Layer<KernelParams, None> {
  const where = "resizeConv2d";
  checkConvolution(where, filters, options, [...CONVOLUTION_OPTIONS, "factor"]);
  const { factor = 2, ...rest } = options;
  checkPair(where, "factor", factor, 1);
  const grow = upsampleNearest(factor);
  const convolve = conv2d(filters, rest);
  return defineLayer<KernelParams, None, Tensor>({
    spec: { type: where, args: [filters, options] },
    outputShape: (inputShape) => within(where, () => convolve.outputShape(grow.outputShape(inputShape))),
    multiplyAdds: (inputShape) => convolve.multiplyAdds?.(grow.outputShape(inputShape)) ?? 0,
    init: (key, inputShape) => within(where, () => convolve.init(key, grow.outputShape(inputShape))),
    apply: (params, state, input, context) =>
      within(where, () => convolve.apply(params, state, grow.apply({}, {}, input).output, context)),
  });
}
