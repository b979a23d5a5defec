// Batch normalisation and layer normalisation.

import { defineOp } from "../autodiff/autodiff.js";
import { checkBoolean, checkNumber, checkOneOf, checkOptions, refuseValue } from "../check/check.js";
import { inScope } from "../tensor/scope.js";
import { checkTensor, emptyTensor, full, type Tensor } from "../tensor/tensor.js";
import * as kernels from "../wasm/generated.js";
import { arithmetic, channelVariance, normalizeParameterGradients, reduce, scale } from "../wasm/kernels.js";
import { add, div, mul, sub } from "./arithmetic.js";
import { scale as line, sqrt, square } from "./pointwise.js";
import { mean } from "./reduce.js";

/** Options of {@link batchNorm}. */
export interface BatchNormOptions {
  /** Normalise with the batch's moments and move the running ones (default false: use the running ones). */
  readonly training?: boolean | undefined;
  /** Added to the variance, > 0 (default 1e-3, Keras's; PyTorch's is 1e-5). */
  readonly epsilon?: number | undefined;
  /** Share of the old running value that is kept, from 0 to 1 (default 0.99, Keras's; 1 − PyTorch's momentum). */
  readonly momentum?: number | undefined;
  /** Which variance enters the running one: `"biased"` (default, Keras) or `"unbiased"` (PyTorch). */
  readonly runningVariance?: "biased" | "unbiased" | undefined;
}

/** What {@link batchNorm} gives. */
export interface BatchNormResult {
  readonly output: Tensor;
  /** The running moments afterwards; in inference those that were given. */
  readonly runningMean: Tensor;
  readonly runningVariance: Tensor;
}

interface Normalization {
  readonly moments: { readonly mean: Tensor; readonly variance: Tensor };
  /** The input as [rows, channels], and what is added to its variances. */
  readonly sizes: { readonly rows: number; readonly channels: number; readonly epsilon: number };
  readonly training: boolean;
}
type NormInputs = readonly [Tensor, Tensor, Tensor];

/** Gradients of gamma and beta; they are part of the input's gradient, too. */
interface ParameterGradients {
  readonly gamma: Tensor;
  readonly beta: Tensor;
}

const normalizeOp = defineOp<NormInputs, Normalization, ParameterGradients>({
  name: "batchNorm",
  forward: ([x, gamma, beta], { moments, sizes }) => {
    const output = emptyTensor(x.shape);
    kernels.normalize({ x, ...moments, gamma, beta, y: output, ...sizes });
    return output;
  },
  shared: (gradOutput, { inputs: [x], options: { moments, sizes } }) => {
    const sums = { gamma: emptyTensor([sizes.channels]), beta: emptyTensor([sizes.channels]) };
    normalizeParameterGradients({
      x,
      dy: gradOutput,
      dgamma: sums.gamma,
      dbeta: sums.beta,
      ...moments,
      ...sizes,
    });
    return sums;
  },
  gradients: [
    (gradOutput, { inputs: [x, gamma], options: { moments, sizes, training } }, sums) => {
      const gradInput = emptyTensor(x.shape);
      // With fixed moments the line alone is differentiated: the sums have no part in it.
      const zero = training ? undefined : full([sizes.channels], 0);
      const [dgamma, dbeta] = zero ? [zero, zero] : [sums.gamma, sums.beta];
      kernels.normalizeInputGradient({
        x,
        dy: gradOutput,
        gamma,
        dgamma,
        dbeta,
        dx: gradInput,
        allRows: sizes.rows,
        ...moments,
        ...sizes,
      });
      return gradInput;
    },
    (_gradOutput, _context, { gamma }) => gamma,
    (_gradOutput, _context, { beta }) => beta,
  ],
});

/** The batch's mean and biased variance per channel. */
function momentsOf(x: Tensor, rows: number, channels: number): { mean: Tensor; variance: Tensor } {
  const moments = { mean: emptyTensor([channels]), variance: emptyTensor([channels]) };
  reduce("mean", x, moments.mean, { outer: 1, axis: rows, inner: channels });
  channelVariance(x, moments.mean, moments.variance, rows, channels);
  return moments;
}

/** momentum · running + (1 − momentum) · factor · batch. */
function moveRunning(running: Tensor, batch: Tensor, momentum: number, factor: number): Tensor {
  const { size } = running;
  const moved = emptyTensor(running.shape);
  const share = emptyTensor(running.shape);
  scale(running, moved, size, momentum, 0);
  scale(batch, share, size, (1 - momentum) * factor, 0);
  arithmetic("add", moved, size, share, size, moved, size);
  return moved;
}

/**
 * Batch normalisation over all axes but the last: `gamma · (x − mean) / √(variance + epsilon) + beta`.
 *
 * In training the moments are those of the batch (biased variance), gradients flow through them, and the running
 * moments move: `running = momentum · running + (1 − momentum) · batch`. In inference the running moments are used.
 *
 * @param input - shape `[..., channels]`
 * @param gamma - scale, shape `[channels]`
 * @param beta - offset, shape `[channels]`
 * @param runningMean - shape `[channels]`
 * @param runningVariance - shape `[channels]`
 * @param options.training - default false
 * @param options.epsilon - default 1e-3
 * @param options.momentum - default 0.99
 * @param options.runningVariance - `"biased"` (default) or `"unbiased"`
 * @returns output of the input's shape, and the running moments
 * @throws {RangeError} when sizes differ, or training sees one value per channel and wants its unbiased variance
 * @example
 * const [one, zero] = [ones([1]), zeros([1])];
 * const { output } = ops.batchNorm(tensor([[1], [3]]), one, zero, zero, one, { training: true });
 * @see Ioffe & Szegedy, "Batch normalization" (2015)
 */
export function batchNorm(
  input: Tensor,
  gamma: Tensor,
  beta: Tensor,
  runningMean: Tensor,
  runningVariance: Tensor,
  options: BatchNormOptions = {},
): BatchNormResult {
  const where = "batchNorm";
  checkTensor(where, "input", input);
  if (input.shape.length < 2) refuseValue(where, "input.shape", "have at least 2 axes", input.shape);
  const channels = input.shape[input.shape.length - 1];
  for (const [name, value] of Object.entries({ gamma, beta, runningMean, runningVariance })) {
    checkChannels(where, name, value, channels);
  }
  const { training, epsilon, momentum, runningVariance: kind } = checkBatchNormOptions(where, options);
  const rows = input.size / channels;
  if (training && kind === "unbiased" && rows === 1) {
    const cure = "in fit, dropLast: true leaves a last batch of one example out, as does another batchSize";
    const rule = `have more than one value per channel for an unbiased variance (${cure})`;
    refuseValue(where, "input.shape", rule, input.shape);
  }
  const sizes = { rows, channels, epsilon };
  return inScope(() => {
    if (!training) {
      const moments = { mean: runningMean, variance: runningVariance };
      return {
        output: normalizeOp([input, gamma, beta], { moments, sizes, training }),
        runningMean,
        runningVariance,
      };
    }
    const moments = momentsOf(input, rows, channels);
    return {
      output: normalizeOp([input, gamma, beta], { moments, sizes, training }),
      runningMean: moveRunning(runningMean, moments.mean, momentum, 1),
      runningVariance: moveRunning(
        runningVariance,
        moments.variance,
        momentum,
        kind === "unbiased" ? rows / (rows - 1) : 1,
      ),
    };
  });
}

/** Checks the options of a batch norm, and fills in those that are absent. */
export function checkBatchNormOptions(
  where: string,
  options: BatchNormOptions,
): { readonly [Name in keyof BatchNormOptions]-?: NonNullable<BatchNormOptions[Name]> } {
  checkOptions(where, options, ["training", "epsilon", "momentum", "runningVariance"]);
  const { training = false, epsilon = 1e-3, momentum = 0.99, runningVariance = "biased" } = options;
  checkBoolean(where, "training", training);
  checkEpsilon(where, epsilon);
  checkNumber(where, "momentum", momentum, 0, 1);
  checkOneOf(where, "runningVariance", runningVariance, ["biased", "unbiased"]);
  return { training, epsilon, momentum, runningVariance };
}

function checkChannels(where: string, name: string, value: unknown, channels: number): void {
  checkTensor(where, name, value, 1);
  if (value.shape[0] !== channels) {
    refuseValue(where, `${name}.shape[0]`, `equal the input's last size ${channels}`, value.shape[0]);
  }
}

/** What {@link layerNorm} adds to the variance unless told. */
export const LAYER_NORM_EPSILON = 1e-5;

/** Checks what is added to a variance. */
export function checkEpsilon(where: string, epsilon: unknown): void {
  checkNumber(where, "epsilon", epsilon, 0);
  if (epsilon === 0) refuseValue(where, "epsilon", "be above 0", epsilon);
}

/**
 * Layer normalisation over the last axis: each row to mean 0 and variance 1, then `gamma · row + beta`.
 *
 * @param input - shape `[..., features]`
 * @param gamma - scale, shape `[features]`
 * @param beta - offset, shape `[features]`
 * @param options.epsilon - added to the variance (default 1e-5)
 * @returns tensor of the input's shape
 * @throws {RangeError} when sizes differ
 * @example
 * ops.layerNorm(tensor([[1, 3]]), ones([2]), zeros([2])).data; // about [-1, 1]
 * @see Ba, Kiros & Hinton, "Layer normalization" (2016)
 */
export function layerNorm(
  input: Tensor,
  gamma: Tensor,
  beta: Tensor,
  options: { readonly epsilon?: number | undefined } = {},
): Tensor {
  const where = "layerNorm";
  checkTensor(where, "input", input);
  if (input.shape.length < 1) refuseValue(where, "input.shape", "have at least 1 axis", input.shape);
  const features = input.shape[input.shape.length - 1];
  checkChannels(where, "gamma", gamma, features);
  checkChannels(where, "beta", beta, features);
  checkOptions(where, options, ["epsilon"]);
  const { epsilon = LAYER_NORM_EPSILON } = options;
  checkEpsilon(where, epsilon);
  return inScope(() => {
    const centered = sub(input, mean(input, { axis: -1, keepDims: true }));
    const variance = mean(square(centered), { axis: -1, keepDims: true });
    return add(mul(div(centered, sqrt(line(variance, 1, epsilon))), gamma), beta);
  });
}
