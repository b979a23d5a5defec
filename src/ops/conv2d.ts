// Convolution and transposed convolution. A convolution is bilinear in image and filter: one product with three
// kernels (forward, gradient by input, gradient by filter), and the transposed convolution is the second of them.

import { defineOp } from "../autodiff/autodiff.js";
import { checkInteger, checkOptions, refuseValue } from "../check/check.js";
import type { Conv2dGeometry } from "../geometry/conv2d.js";
import { type TransposeOptions, transposedGeometry } from "../geometry/conv2dTranspose.js";
import { checkTensor, emptyTensor, type Tensor } from "../tensor/tensor.js";
import * as kernels from "../wasm/conv2d.js";
import { reduce } from "../wasm/kernels.js";
import {
  checkFits,
  checkGeometry,
  checkGroups,
  type Conv2dWindowOptions,
  filterShapeOf,
  geometryOf,
  inputShapeOf,
  multiplyAddsOf,
  outputShapeOf,
  WINDOW_OPTIONS,
} from "./conv2dGeometry.js";
import {
  type Activation,
  checkEpilogue,
  type EpilogueOptions,
  PLAIN,
  throughActivation,
  withActivation,
} from "./epilogue.js";

/** Options of {@link conv2d}. */
export interface Conv2dOptions extends Conv2dWindowOptions, EpilogueOptions {}

/** Options of {@link conv2dTranspose}. */
export interface Conv2dTransposeOptions extends TransposeOptions, EpilogueOptions {
  /** Number of channel groups, a divisor of input and output channels (default 1). */
  readonly groups?: number | undefined;
}

type Layer = Activation & { readonly geometry: Conv2dGeometry };
type ProductInputs = readonly [Tensor, Tensor, Tensor | undefined];

const EPILOGUE_OPTIONS = ["bias", "activation", "alpha"];
const CONV2D_OPTIONS = [...WINDOW_OPTIONS, ...EPILOGUE_OPTIONS];
const TRANSPOSE_OPTIONS = [...CONV2D_OPTIONS, "outputShape", "outputPadding"];

/** Sum over batch and pixels: the gradient of a bias. */
function sumChannels(gradOutput: Tensor): Tensor {
  const channels = gradOutput.shape[gradOutput.shape.length - 1];
  const sum = emptyTensor([channels]);
  reduce("sum", gradOutput, sum, { outer: 1, axis: gradOutput.size / channels, inner: channels });
  return sum;
}

function inputGradient(gradOutput: Tensor, filter: Tensor, geometry: Conv2dGeometry): Tensor {
  const gradInput = emptyTensor(inputShapeOf(geometry));
  kernels.conv2dInputGradient(gradOutput, filter, gradInput, geometry, PLAIN);
  return gradInput;
}

function filterGradient(input: Tensor, gradOutput: Tensor, geometry: Conv2dGeometry): Tensor {
  const gradFilter = emptyTensor(filterShapeOf(geometry));
  kernels.conv2dFilterGradient(input, gradOutput, gradFilter, geometry);
  return gradFilter;
}

const forwardOp = defineOp<ProductInputs, Layer>({
  name: "conv2d",
  multiplyAdds: ({ geometry }) => multiplyAddsOf(geometry),
  forward: ([input, filter, bias], { geometry, activation, alpha }) => {
    const output = emptyTensor(outputShapeOf(geometry));
    kernels.conv2d(input, filter, output, geometry, { bias, activation, alpha });
    return output;
  },
  shared: (gradOutput, { output, options }) => throughActivation(gradOutput, output, options),
  gradients: [
    (_, { inputs: [, filter], options }, grad) => inputGradient(grad, filter, options.geometry),
    (_, { inputs: [input], options }, grad) => filterGradient(input, grad, options.geometry),
    (_gradOutput, _context, grad) => sumChannels(grad),
  ],
});

const transposedOp = defineOp<ProductInputs, Layer>({
  name: "conv2dTranspose",
  multiplyAdds: ({ geometry }) => multiplyAddsOf(geometry),
  forward: ([input, filter, bias], { geometry, activation, alpha }) => {
    const output = emptyTensor(inputShapeOf(geometry));
    kernels.conv2dInputGradient(input, filter, output, geometry, { bias, activation, alpha });
    return output;
  },
  shared: (gradOutput, { output, options }) => throughActivation(gradOutput, output, options),
  gradients: [
    (_, { inputs: [, filter], options }, grad) => {
      const gradInput = emptyTensor(outputShapeOf(options.geometry));
      kernels.conv2d(grad, filter, gradInput, options.geometry, PLAIN);
      return gradInput;
    },
    (_, { inputs: [input], options }, grad) => filterGradient(grad, input, options.geometry),
    (_gradOutput, _context, grad) => sumChannels(grad),
  ],
});

const inputGradientOp = defineOp<readonly [Tensor, Tensor], Conv2dGeometry>({
  name: "conv2dInputGradient",
  multiplyAdds: multiplyAddsOf,
  forward: ([gradOutput, filter], geometry) => inputGradient(gradOutput, filter, geometry),
  gradients: [
    (grad, { inputs: [, filter], options: geometry }) => {
      const output = emptyTensor(outputShapeOf(geometry));
      kernels.conv2d(grad, filter, output, geometry, PLAIN);
      return output;
    },
    (grad, { inputs: [gradOutput], options: geometry }) => filterGradient(grad, gradOutput, geometry),
  ],
});

const filterGradientOp = defineOp<readonly [Tensor, Tensor], Conv2dGeometry>({
  name: "conv2dFilterGradient",
  multiplyAdds: multiplyAddsOf,
  forward: ([input, gradOutput], geometry) => filterGradient(input, gradOutput, geometry),
  gradients: [
    (grad, { inputs: [, gradOutput], options: geometry }) => inputGradient(gradOutput, grad, geometry),
    (grad, { inputs: [input], options: geometry }) => {
      const output = emptyTensor(outputShapeOf(geometry));
      kernels.conv2d(input, grad, output, geometry, PLAIN);
      return output;
    },
  ],
});

function checkFilter(where: string, filter: unknown, layout: string): asserts filter is Tensor {
  checkTensor(where, "filter", filter, 4, layout);
}

/**
 * Two-dimensional convolution (cross-correlation, as in every framework), with bias and activation on the way out:
 * `y[b, r, c, o] = f(Σ x[b, r·stride + i·dilation − pad, …, k] · w[i, j, k, o] + bias[o])`.
 *
 * @param input - images, shape `[batch, height, width, channels]`
 * @param filter - shape `[kernelHeight, kernelWidth, channels / groups, outChannels]`
 * @param options.stride - step in pixels, integer ≥ 1 or `[height, width]` (default 1)
 * @param options.dilation - distance between taps, integer ≥ 1 or `[height, width]` (default 1)
 * @param options.padding - `"valid"` (default), `"same"`, a number, or `[[top, bottom], [left, right]]`
 * @param options.groups - channel groups (default 1)
 * @param options.bias - shape `[outChannels]`
 * @param options.activation - `"linear"` (default) or any {@link FusedActivation}
 * @param options.alpha - slope of `"leakyRelu"` (default 0.01) or scale of `"elu"` (default 1), ≥ 0
 * @returns shape `[batch, outHeight, outWidth, outChannels]`; with `"same"` the sizes are ⌈size / stride⌉, else
 *   ⌊(size + padding − (kernel − 1)·dilation − 1) / stride⌋ + 1
 * @throws {TypeError} when an argument or option is of the wrong kind
 * @throws {RangeError} when channels differ, groups do not divide them, or no window fits the padded image
 * @example
 * const image = tensor([[1, 2], [3, 4]], [1, 2, 2, 1]);
 * const filter = ones([2, 2, 1, 1]);
 * ops.conv2d(image, filter, { padding: "valid" }).data; // [10]
 * @see Dumoulin & Visin, "A guide to convolution arithmetic for deep learning" (2016)
 */
export function conv2d(input: Tensor, filter: Tensor, options: Conv2dOptions = {}): Tensor {
  const where = "conv2d";
  checkTensor(where, "input", input, 4, "[batch, height, width, channels]");
  checkFilter(where, filter, "[kernelHeight, kernelWidth, inChannels / groups, outChannels]");
  checkOptions(where, options, CONV2D_OPTIONS);
  const epilogue = checkEpilogue(where, options, filter.shape[3], "filter.shape[3]");
  const geometry = geometryOf(where, input.shape, filter.shape, options);
  return withActivation(epilogue, (fused) =>
    forwardOp([input, filter, options.bias], { geometry, ...fused }),
  );
}

/**
 * Transposed convolution: the adjoint (gradient by input) of the convolution with the same filter and options, so
 * that one filter array serves both.
 *
 * Several image sizes can convolve to one size. The output is: with `"same"` size·stride; with `"valid"`
 * size·stride + max(kernel − stride, 0) (Keras's rules); with numbers (size − 1)·stride + kernel − padding +
 * outputPadding (PyTorch's rule); or what `outputShape` says. A size that no convolution maps back is refused.
 *
 * @param input - shape `[batch, height, width, channels]`
 * @param filter - shape `[kernelHeight, kernelWidth, outChannels / groups, channels]`
 * @param options.stride - integer ≥ 1 or `[height, width]` (default 1)
 * @param options.dilation - integer ≥ 1 or `[height, width]` (default 1)
 * @param options.padding - that of the convolution: `"valid"` (default), `"same"`, a number, or per side
 * @param options.outputShape - `[height, width]` or the whole output shape
 * @param options.outputPadding - extra rows and columns, below the stride (numeric padding only)
 * @param options.groups - channel groups (default 1)
 * @param options.bias - shape `[outChannels]`
 * @param options.activation - as for {@link conv2d}
 * @param options.alpha - slope of `"leakyRelu"` (default 0.01) or scale of `"elu"` (default 1), ≥ 0
 * @returns shape `[batch, outHeight, outWidth, outChannels]`
 * @throws {TypeError} when an argument or option is of the wrong kind
 * @throws {RangeError} when channels differ or the output size is impossible (the message lists the possible ones)
 * @example
 * const code = tensor([[1, 2], [3, 4]], [1, 2, 2, 1]);
 * ops.conv2dTranspose(code, ones([2, 2, 1, 1]), { stride: 2 }).shape; // [1, 4, 4, 1]
 * @see Dumoulin & Visin (2016), chapter 4
 */
export function conv2dTranspose(input: Tensor, filter: Tensor, options: Conv2dTransposeOptions = {}): Tensor {
  const where = "conv2dTranspose";
  checkTensor(where, "input", input, 4, "[batch, height, width, channels]");
  checkFilter(where, filter, "[kernelHeight, kernelWidth, outChannels / groups, inChannels]");
  checkOptions(where, options, TRANSPOSE_OPTIONS);
  const { groups = 1 } = options;
  const [kernelHeight, kernelWidth, channelsOfGroup, inChannels] = filter.shape;
  checkInteger(where, "groups", groups, 1);
  const outChannels = channelsOfGroup * groups;
  if (inChannels !== input.shape[3]) {
    refuseValue(
      where,
      "filter.shape[3]",
      `equal input.shape[3] = ${input.shape[3]} (input channels)`,
      inChannels,
    );
  }
  checkGroups(where, groups, inChannels, outChannels);
  const epilogue = checkEpilogue(where, options, outChannels, "filter.shape[2] · groups");
  const sizes = { input: input.shape, kernelHeight, kernelWidth, outChannels, groups };
  const geometry = transposedGeometry(where, sizes, options);
  return withActivation(epilogue, (fused) =>
    transposedOp([input, filter, options.bias], { geometry, ...fused }),
  );
}

/**
 * The gradient of a convolution by its input: `Σ y · d conv2d(x, w) / d x` for upstream gradients y.
 *
 * @param gradOutput - upstream gradient, of the convolution's output shape
 * @param filter - the convolution's filter
 * @param geometry - from {@link conv2dGeometry}
 * @returns shape of the convolution's input
 * @throws {TypeError} when `geometry` is no object
 * @throws {RangeError} when the geometry is not one, or a shape does not fit it
 * @example
 * const geometry = ops.conv2dGeometry([1, 3, 3, 1], [2, 2, 1, 1]);
 * ops.conv2dInputGradient(ones([1, 2, 2, 1]), ones([2, 2, 1, 1]), geometry).data; // [1, 2, 1, 2, 4, 2, 1, 2, 1]
 */
export function conv2dInputGradient(gradOutput: Tensor, filter: Tensor, geometry: Conv2dGeometry): Tensor {
  checkGeometry("conv2dInputGradient", geometry);
  checkFits("conv2dInputGradient", "gradOutput", gradOutput, outputShapeOf(geometry));
  checkFits("conv2dInputGradient", "filter", filter, filterShapeOf(geometry));
  return inputGradientOp([gradOutput, filter], geometry);
}

/**
 * The gradient of a convolution by its filter.
 *
 * @param input - the convolution's input
 * @param gradOutput - upstream gradient, of the convolution's output shape
 * @param geometry - from {@link conv2dGeometry}
 * @returns shape of the filter
 * @throws {TypeError} when `geometry` is no object
 * @throws {RangeError} when the geometry is not one, or a shape does not fit it
 * @example
 * const geometry = ops.conv2dGeometry([1, 3, 3, 1], [2, 2, 1, 1]);
 * ops.conv2dFilterGradient(ones([1, 3, 3, 1]), ones([1, 2, 2, 1]), geometry).data; // [4, 4, 4, 4]
 */
export function conv2dFilterGradient(input: Tensor, gradOutput: Tensor, geometry: Conv2dGeometry): Tensor {
  checkGeometry("conv2dFilterGradient", geometry);
  checkFits("conv2dFilterGradient", "input", input, inputShapeOf(geometry));
  checkFits("conv2dFilterGradient", "gradOutput", gradOutput, outputShapeOf(geometry));
  return filterGradientOp([input, gradOutput], geometry);
}
