// The fully connected layer.

import { checkBoolean, checkInteger, checkOptions, checkResult, refuseValue } from "../check/check.js";
import * as ops from "../ops/index.js";
import type { Key } from "../random/keys.js";
import { type Shape, sizeOf, type Tensor, zeros } from "../tensor/tensor.js";
import { activated, type Activation, activationOf, type ActivationOptions } from "./activations.js";
import { checkInitializer, type Fans, initialize, type InitializerName } from "./initializers.js";
import { defineLayer, type Layer, type None } from "./layer.js";

/** Options that dense and convolution layers share. */
export interface KernelOptions extends ActivationOptions {
  /** Whether a bias is added (default true). */
  readonly useBias?: boolean | undefined;
  /** How the kernel begins (default `"glorotUniform"`); biases begin at 0. */
  readonly kernelInitializer?: InitializerName | undefined;
}

/** Parameters with a kernel; the bias is absent with `useBias: false`. */
export type KernelParams = {
  readonly kernel: Tensor;
  readonly bias?: Tensor;
};

export const KERNEL_OPTIONS = ["activation", "alpha", "useBias", "kernelInitializer"];

/** The shared options, completed. */
export interface Kernel extends Activation {
  readonly useBias: boolean;
  readonly kernelInitializer: InitializerName;
}

/** The shared options among a layer's, checked and completed. */
export function kernelOf(where: string, options: KernelOptions): Kernel {
  const { useBias = true, kernelInitializer = "glorotUniform" } = options;
  const activation = activationOf(where, options);
  checkBoolean(where, "useBias", useBias);
  checkInitializer(where, kernelInitializer);
  return { ...activation, useBias, kernelInitializer };
}

/**
 * Checks that a kernel is not too large to be made. Shapes of outputs ask, too: layers before it are not made in vain.
 */
export function checkKernel(where: string, kernelShape: Shape): void {
  checkResult(where, "kernel", kernelShape, sizeOf(kernelShape));
}

/** New parameters: a kernel, and a bias of `channels` zeros where one is wanted. */
export function paramsOf(
  where: string,
  key: Key,
  kernelShape: Shape,
  fans: Fans,
  channels: number,
  { useBias, kernelInitializer }: Kernel,
): KernelParams {
  checkKernel(where, kernelShape);
  const kernel = initialize(kernelInitializer, key, kernelShape, fans);
  return useBias ? { kernel, bias: zeros([channels]) } : { kernel };
}

/** The bias as an option of an operation. */
export function biasOption({ bias }: KernelParams): { bias?: Tensor } {
  return bias === undefined ? {} : { bias };
}

/**
 * `f(x·kernel + bias)`: every output from every input.
 *
 * @param units - number of outputs
 * @param options.activation - applied to the output (default `"linear"`)
 * @param options.useBias - default true
 * @param options.kernelInitializer - default `"glorotUniform"`
 * @returns layer from `[features]` to `[units]`; parameters `kernel` `[features, units]` and `bias` `[units]`
 * @throws {TypeError} when an option is unknown or of the wrong kind
 * @throws {RangeError} when units is not an integer ≥ 1
 * @example
 * const layer = dense(32, { activation: "relu" });
 * layer.outputShape([784]); // [32]
 */
export function dense(units: number, options: KernelOptions = {}): Layer<KernelParams, None> {
  const where = "dense";
  checkInteger(where, "units", units, 1);
  checkOptions(where, options, KERNEL_OPTIONS);
  const completed = kernelOf(where, options);
  const featuresOf = (inputShape: readonly number[]) => {
    if (inputShape.length !== 1)
      refuseValue(where, "input shape", "be [features]: put flatten() before", inputShape);
    return inputShape[0];
  };
  const outputShape = (inputShape: readonly number[]) => {
    checkKernel(where, [featuresOf(inputShape), units]);
    return [units];
  };
  return defineLayer<KernelParams, None, Tensor>({
    spec: { type: where, args: [units, completed] },
    outputShape,
    init: (key, inputShape) => {
      const features = featuresOf(inputShape);
      const fans = { fanIn: features, fanOut: units };
      const params = paramsOf(where, key, [features, units], fans, units, completed);
      return { params, state: {}, outputShape: [units] };
    },
    apply: (params, state, input) => ({
      output: activated(completed, (fused) =>
        ops.dense(input, params.kernel, { ...fused, ...biasOption(params) }),
      ),
      state,
    }),
  });
}
