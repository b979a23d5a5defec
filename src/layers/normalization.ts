// Normalisation layers.

import { checkOptions, refuseValue } from "../check/check.js";
import * as ops from "../ops/index.js";
import { checkBatchNormOptions, checkEpsilon, LAYER_NORM_EPSILON } from "../ops/norm.js";
import { ones, type Shape, type Tensor, zeros } from "../tensor/tensor.js";
import { defineLayer, type Layer, type None } from "./layer.js";

/** Scale and offset of a normalisation, shape `[channels]` each. */
export type NormParams = {
  readonly gamma: Tensor;
  readonly beta: Tensor;
};

/** Moving averages of a batch norm, shape `[channels]` each. */
export type BatchNormState = {
  readonly movingMean: Tensor;
  readonly movingVariance: Tensor;
};

/** Options of {@link batchNorm}. */
export interface BatchNormLayerOptions extends Omit<ops.BatchNormOptions, "training"> {}

/** The input's shape, which is the output's, with at least the axis of the channels. */
function checkInput(where: string, inputShape: Shape): Shape {
  if (inputShape.length === 0) refuseValue(where, "input shape", "have at least one axis", inputShape);
  return inputShape;
}

function initialParams(inputShape: Shape): NormParams {
  const shape = inputShape.slice(-1);
  return { gamma: ones(shape), beta: zeros(shape) };
}

/**
 * Batch normalisation over all axes but the last; in inference by moving averages.
 *
 * @param options.momentum - share of the old moving average that is kept (default 0.99)
 * @param options.epsilon - added to the variance (default 1e-3)
 * @param options.runningVariance - `"biased"` (default, Keras) or `"unbiased"` (PyTorch)
 * @returns layer that keeps the shape; parameters `gamma`, `beta`, state `movingMean`, `movingVariance`
 * @throws {TypeError} when an option is unknown or of the wrong kind
 * @example
 * const { state } = batchNorm().init(key(1), [14, 14, 32]);
 * state.movingMean.shape; // [32]
 */
export function batchNorm(options: BatchNormLayerOptions = {}): Layer<NormParams, BatchNormState> {
  const where = "batchNorm";
  checkOptions(where, options, ["momentum", "epsilon", "runningVariance"]);
  const { momentum, epsilon, runningVariance } = checkBatchNormOptions(where, options);
  const completed = { momentum, epsilon, runningVariance };
  return defineLayer<NormParams, BatchNormState, Tensor>({
    spec: { type: where, args: [completed] },
    outputShape: (inputShape) => checkInput(where, inputShape),
    init: (_, inputShape) => {
      const outputShape = checkInput(where, inputShape);
      const shape = inputShape.slice(-1);
      const state = { movingMean: zeros(shape), movingVariance: ones(shape) };
      return { params: initialParams(inputShape), state, outputShape };
    },
    apply: ({ gamma, beta }, { movingMean, movingVariance }, input, { training = false } = {}) => {
      const all = { ...completed, training };
      const result = ops.batchNorm(input, gamma, beta, movingMean, movingVariance, all);
      const { output, runningMean, runningVariance } = result;
      return { output, state: { movingMean: runningMean, movingVariance: runningVariance } };
    },
  });
}

/**
 * Layer normalisation over the last axis.
 *
 * @param options.epsilon - added to the variance (default 1e-5)
 * @returns layer that keeps the shape; parameters `gamma`, `beta`
 * @throws {TypeError} when an option is unknown
 * @example
 * layerNorm().outputShape([128]); // [128]
 */
export function layerNorm(options: { readonly epsilon?: number | undefined } = {}): Layer<NormParams, None> {
  const where = "layerNorm";
  checkOptions(where, options, ["epsilon"]);
  const { epsilon = LAYER_NORM_EPSILON } = options;
  checkEpsilon(where, epsilon);
  return defineLayer<NormParams, None, Tensor>({
    spec: { type: where, args: [{ epsilon }] },
    outputShape: (inputShape) => checkInput(where, inputShape),
    init: (_, inputShape) => {
      const outputShape = checkInput(where, inputShape);
      return { params: initialParams(inputShape), state: {}, outputShape };
    },
    apply: ({ gamma, beta }, state, input) => ({
      output: ops.layerNorm(input, gamma, beta, { epsilon }),
      state,
    }),
  });
}
