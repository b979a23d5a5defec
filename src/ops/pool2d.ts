// Max and average pooling over windows.

import { defineOp } from "../autodiff/autodiff.js";
import { checkBoolean, checkOptions } from "../check/check.js";
import {
  checkPair,
  checkWindowsSeePixels,
  type Conv2dGeometry,
  forwardGeometry,
  type Pair,
  type WindowOptions,
} from "../geometry/conv2d.js";
import { checkTensor, emptyTensor, type Tensor } from "../tensor/tensor.js";
import * as kernels from "../wasm/generated.js";
import { outputShapeOf } from "./conv2dGeometry.js";

/** Options of {@link maxPool2d}; the stride defaults to the pool size. */
export type MaxPool2dOptions = WindowOptions;

/** Options of {@link avgPool2d}; the stride defaults to the pool size. */
export interface AvgPool2dOptions extends WindowOptions {
  /** Whether padding counts in the divisor (default false, as in TensorFlow; PyTorch's default is true). */
  readonly countIncludePad?: boolean | undefined;
}

const maxOp = defineOp<readonly [Tensor], Conv2dGeometry>({
  name: "maxPool2d",
  forward: ([input], geometry) => {
    const output = emptyTensor(outputShapeOf(geometry));
    kernels.maxPool2d({ x: input, y: output, geometry });
    return output;
  },
  gradients: [
    (gradOutput, { inputs: [input], options: geometry }) => {
      const gradInput = emptyTensor(input.shape);
      kernels.maxPool2dGradient({ x: input, dy: gradOutput, dx: gradInput, geometry });
      return gradInput;
    },
  ],
});

const avgOp = defineOp<
  readonly [Tensor],
  { readonly geometry: Conv2dGeometry; readonly countIncludePad: boolean }
>({
  name: "avgPool2d",
  forward: ([input], options) => {
    const output = emptyTensor(outputShapeOf(options.geometry));
    kernels.avgPool2d({ x: input, y: output, ...options });
    return output;
  },
  gradients: [
    (gradOutput, { inputs: [input], options }) => {
      const gradInput = emptyTensor(input.shape);
      kernels.avgPool2dGradient({ dy: gradOutput, dx: gradInput, ...options });
      return gradInput;
    },
  ],
});

function poolGeometry(where: string, input: Tensor, size: Pair, options: WindowOptions): Conv2dGeometry {
  checkTensor(where, "input", input, 4, "[batch, height, width, channels]");
  const [kernelHeight, kernelWidth] = checkPair(where, "size", size, 1);
  const channels = input.shape[3];
  const sizes = { input: input.shape, kernelHeight, kernelWidth, outChannels: channels, groups: channels };
  const stride = options.stride ?? [kernelHeight, kernelWidth];
  const geometry = forwardGeometry(where, sizes, { ...options, stride });
  checkWindowsSeePixels(where, geometry);
  return geometry;
}

/**
 * Maximum over windows. Padding never wins; NaN does; of equal values the first takes the gradient.
 *
 * @param input - images, shape `[batch, height, width, channels]`
 * @param size - window, integer ≥ 1 or `[height, width]`
 * @param options.stride - default: the pool size
 * @param options.dilation - distance between the window's pixels (default 1)
 * @param options.padding - as for conv2d (default `"valid"`)
 * @returns shape `[batch, outHeight, outWidth, channels]`, sizes as for conv2d
 * @throws {TypeError} when an argument or option is of the wrong kind
 * @throws {RangeError} when no window fits the padded image
 * @example
 * ops.maxPool2d(tensor([1, 2, 3, 4], [1, 2, 2, 1]), 2).data; // [4]
 */
export function maxPool2d(input: Tensor, size: Pair, options: MaxPool2dOptions = {}): Tensor {
  checkOptions("maxPool2d", options, ["stride", "dilation", "padding"]);
  return maxOp([input], poolGeometry("maxPool2d", input, size, options));
}

/**
 * Mean over windows.
 *
 * @param input - images, shape `[batch, height, width, channels]`
 * @param size - window, integer ≥ 1 or `[height, width]`
 * @param options.stride - default: the pool size
 * @param options.dilation - distance between the window's pixels (default 1)
 * @param options.padding - as for conv2d (default `"valid"`)
 * @param options.countIncludePad - whether padding counts in the divisor (default false)
 * @returns shape `[batch, outHeight, outWidth, channels]`, sizes as for conv2d
 * @throws {TypeError} when an argument or option is of the wrong kind
 * @throws {RangeError} when no window fits the padded image
 * @example
 * ops.avgPool2d(tensor([1, 2, 3, 4], [1, 2, 2, 1]), 2).data; // [2.5]
 */
export function avgPool2d(input: Tensor, size: Pair, options: AvgPool2dOptions = {}): Tensor {
  const where = "avgPool2d";
  checkOptions(where, options, ["stride", "dilation", "padding", "countIncludePad"]);
  const { countIncludePad = false } = options;
  checkBoolean(where, "countIncludePad", countIncludePad);
  const geometry = poolGeometry(where, input, size, options);
  return avgOp([input], { geometry, countIncludePad });
}
