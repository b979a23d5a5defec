// The fully connected layer.

import { checkBoolean, checkInteger, checkOptions, refuseValue } from "../check.js";
import * as ops from "../ops/index.js";
import { type Tensor, zeros } from "../tensor.js";
import { activated, type ActivationOptions, checkActivation } from "./activations.js";
import { checkInitializer, initialize, type InitializerName } from "./initializers.js";
import { defineLayer, type Layer, type None, specArgs } from "./layer.js";

/** Options that dense and convolution layers share. */
export interface KernelOptions extends ActivationOptions {
  /** Whether a bias is added (default true). */
  readonly useBias?: boolean;
  /** How the kernel begins (default `"glorotUniform"`); biases begin at 0. */
  readonly kernelInitializer?: InitializerName;
}

/** Parameters with a kernel; the bias is absent with `useBias: false`. */
export type KernelParams = {
  readonly kernel: Tensor;
  readonly bias?: Tensor;
};

export const KERNEL_OPTIONS = ["activation", "alpha", "useBias", "kernelInitializer"];

/** Checks the shared options. */
export function checkKernelOptions(where: string, options: KernelOptions): void {
  checkActivation(where, options);
  if (options.useBias !== undefined) checkBoolean(where, "useBias", options.useBias);
  if (options.kernelInitializer !== undefined) checkInitializer(where, options.kernelInitializer);
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
  checkKernelOptions(where, options);
  const { useBias = true, kernelInitializer = "glorotUniform" } = options;
  const featuresOf = (inputShape: readonly number[]) => {
    if (inputShape.length !== 1)
      refuseValue(where, "input shape", "be [features]: put flatten() before", inputShape);
    return inputShape[0];
  };
  const outputShape = (inputShape: readonly number[]) => {
    featuresOf(inputShape);
    return [units];
  };
  return defineLayer<KernelParams, None, Tensor>({
    spec: { type: where, args: specArgs([units], options) },
    outputShape,
    multiplyAdds: (inputShape) => featuresOf(inputShape) * units,
    init: (key, inputShape) => {
      const features = featuresOf(inputShape);
      const kernel = initialize(where, kernelInitializer, key, [features, units], {
        fanIn: features,
        fanOut: units,
      });
      return {
        params: useBias ? { kernel, bias: zeros([units]) } : { kernel },
        state: {},
        outputShape: [units],
      };
    },
    apply: (params, state, input) => ({
      output: activated(options, (fused) =>
        ops.dense(input, params.kernel, { ...fused, ...biasOption(params) }),
      ),
      state,
    }),
  });
}
