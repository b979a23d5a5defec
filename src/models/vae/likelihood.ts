// Likelihoods p(x | z) of variational autoencoders: what the decoder's output means.

import {
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
  refuseKind,
  refuseValue,
} from "../../check/check.js";
import {
  checkLevels,
  type DiscretizedLogistic,
  discretizedLogisticLogProb,
} from "../../distributions/discretizedLogistic.js";
import { gaussianNll, LEAST_GAMMA } from "../../distributions/gaussianNll.js";
import { binaryCrossEntropy, binaryCrossEntropyWithLogits } from "../../losses/binaryCrossEntropy.js";
import * as ops from "../../ops/index.js";
import { isSameShape, type Shape, type Tensor, zeros } from "../../tensor/tensor.js";
import type { Tree } from "../../tensor/tree.js";

/**
 * - `"bernoulli"`: values in [0, 1]; the decoder ends in logits (no activation).
 * - `{ type: "bernoulli", outputs: "probabilities" }`: the decoder ends in a sigmoid.
 * - `{ type: "gaussian", gamma }`: the decoder gives the mean; `gamma` is the standard deviation of every value: a
 *   number, `"learned"` (one number for all, a parameter), or `"perPixel"` (the decoder has twice the channels: means,
 *   then log-variances).
 * - `{ type: "discretizedLogistic", levels, components }`: values on equal levels from 0 to 1 (default 256), each with a
 *   logistic distribution or a mixture of some (default 1); its log probability is that of an integer. The decoder has
 *   twice the channels, mean and log-scale of each, or three times as many as there are components: logits, means and
 *   log-scales of each.
 */
export type Likelihood =
  | "bernoulli"
  | { readonly type: "bernoulli"; readonly outputs?: "logits" | "probabilities" }
  | { readonly type: "gaussian"; readonly gamma: number | "learned" | "perPixel" }
  | DiscretizedOptions;

interface DiscretizedOptions {
  readonly type: "discretizedLogistic";
  readonly levels?: number | undefined;
  readonly components?: number | undefined;
}

/** Most logistic distributions in a mixture. */
const MOST_COMPONENTS = 64;

/** How many channels the decoder gives for each of the input's; what is no likelihood counts as one. */
export function channelsPerChannel(likelihood: Likelihood): number {
  if (typeof likelihood !== "object" || likelihood === null) return 1;
  if (likelihood.type === "gaussian") return likelihood.gamma === "perPixel" ? 2 : 1;
  if (likelihood.type !== "discretizedLogistic") return 1;
  const { components = 1 } = likelihood;
  const isMixture = Number.isInteger(components) && components > 1 && components <= MOST_COMPONENTS;
  return isMixture ? 3 * components : 2;
}

/** A likelihood at work. */
export interface Observation {
  /** Its weights at the start. */
  readonly init: () => Tree;
  /** −log p of every element of the target, in nats. */
  readonly negativeLogProb: (output: Tensor, target: Tensor, weights: Tree) => Tensor;
  /** The expected target. */
  readonly mean: (output: Tensor) => Tensor;
}

const none = { reduction: "none" } as const;

/** The likelihood of targets of a shape, checked, for a decoder that gives `outputShape`. */
export function observationOf(
  where: string,
  likelihood: Likelihood,
  inputShape: Shape,
  outputShape: Shape,
): Observation {
  const options = likelihood === "bernoulli" ? { type: likelihood } : likelihood;
  if (typeof options !== "object" || options === null) {
    refuseKind(where, "likelihood", 'be "bernoulli" or { type, … }', likelihood);
  }
  checkOneOf(where, "likelihood.type", options.type, ["bernoulli", "gaussian", "discretizedLogistic"]);
  if (options.type === "discretizedLogistic") checkDiscretized(where, options);
  const times = channelsPerChannel(likelihood);
  const wanted = [...inputShape.slice(0, -1), times * inputShape[inputShape.length - 1]];
  if (!isSameShape(outputShape, wanted)) {
    const spread = options.type === "gaussian" ? "variance" : "scale";
    const reason =
      times === 1
        ? "the input's shape"
        : times === 2
          ? `twice the input's channels: mean and log-${spread}`
          : `${times} times the input's channels: logits, means and log-scales`;
    refuseValue(where, "decoder", `give [${wanted.join(", ")}], ${reason}`, outputShape);
  }
  if (options.type === "discretizedLogistic") return discretized(options.levels, options.components);
  if (options.type === "bernoulli") {
    checkOptions(`${where}.likelihood`, options, ["type", "outputs"]);
    const { outputs = "logits" } = options;
    checkOneOf(where, "likelihood.outputs", outputs, ["logits", "probabilities"]);
    return outputs === "logits" ? bernoulliOfLogits : bernoulliOfProbabilities;
  }
  checkOptions(`${where}.likelihood`, options, ["type", "gamma"]);
  const { gamma } = options;
  if (gamma === "perPixel") return gaussianPerPixel;
  if (gamma === "learned") return gaussianLearned;
  const rule = 'be a number > 0, "learned" or "perPixel"';
  if (typeof gamma !== "number") refuseKind(where, "likelihood.gamma", rule, gamma);
  checkNumber(where, "likelihood.gamma", gamma);
  if (gamma < LEAST_GAMMA) refuseValue(where, "likelihood.gamma", rule, gamma);
  return gaussianFixed(gamma);
}

function checkDiscretized(where: string, options: DiscretizedOptions): void {
  checkOptions(`${where}.likelihood`, options, ["type", "levels", "components"]);
  const { levels = 256, components = 1 } = options;
  checkLevels(where, "likelihood.levels", levels);
  checkInteger(where, "likelihood.components", components, 1, MOST_COMPONENTS);
}

const identity = (output: Tensor) => output;
const nothing = () => ({});

const bernoulliOfLogits: Observation = {
  init: nothing,
  negativeLogProb: (output, target) => binaryCrossEntropyWithLogits(output, target, none),
  mean: (output) => ops.sigmoid(output),
};

const bernoulliOfProbabilities: Observation = {
  init: nothing,
  negativeLogProb: (output, target) => binaryCrossEntropy(output, target, none),
  mean: identity,
};

const gaussianFixed = (gamma: number): Observation => ({
  init: nothing,
  negativeLogProb: (mean, target) => gaussianNll(target, { mean, gamma }, none),
  mean: identity,
});

/** One variance for all values, learned: Rybkin, Daniilidis & Levine, "Simple and effective VAE training" (2021). */
const gaussianLearned: Observation = {
  init: () => ({ logVar: zeros([]) }),
  negativeLogProb: (mean, target, weights) =>
    gaussianNll(target, { mean, logVar: (weights as { logVar: Tensor }).logVar }, none),
  mean: identity,
};

/** Half of the channels: the first for the mean, the second for the log-variance. */
function half(output: Tensor, isSecond: boolean): Tensor {
  const channels = output.shape[output.shape.length - 1] / 2;
  const sides = output.shape.map((_, axis): [number, number] => {
    if (axis < output.shape.length - 1) return [0, 0];
    return isSecond ? [channels, 0] : [0, channels];
  });
  return ops.crop(output, sides);
}

const gaussianPerPixel: Observation = {
  init: nothing,
  negativeLogProb: (output, target) =>
    gaussianNll(target, { mean: half(output, false), logVar: half(output, true) }, none),
  mean: (output) => half(output, false),
};

/** What an output of 0 means: the middle of the range, and a scale that reaches over a good part of it. */
export const MEAN_AT_0 = 0.5;
export const LOG_SCALE_AT_0 = -2;

/** The distribution that outputs mean, each channel's numbers side by side: `[..., channels · numbers]`. */
function distributionOf(output: Tensor, target: Shape, components: number): DiscretizedLogistic {
  const numbers = components === 1 ? 2 : 3 * components;
  const whole = ops.reshape(output, [...target, numbers]);
  const part = (from: number, to: number) =>
    ops.crop(whole, [...target.map((): [number, number] => [0, 0]), [from, numbers - to]]);
  const first = components === 1 ? 0 : components;
  const shape = components === 1 ? target : [...target, components];
  return {
    means: ops.reshape(ops.scale(part(first, first + components), 1, MEAN_AT_0), shape),
    logScales: ops.reshape(ops.scale(part(first + components, numbers), 1, LOG_SCALE_AT_0), shape),
    ...(components > 1 && { logits: part(0, components) }),
  };
}

function discretized(levels = 256, components = 1): Observation {
  const times = channelsPerChannel({ type: "discretizedLogistic", components });
  return {
    init: nothing,
    negativeLogProb: (output, target) =>
      ops.scale(
        discretizedLogisticLogProb(target, distributionOf(output, target.shape, components), {
          levels,
          ...none,
        }),
        -1,
      ),
    mean(output) {
      const last = output.shape.length - 1;
      const shape = [...output.shape.slice(0, last), output.shape[last] / times];
      const { means, logits } = distributionOf(output, shape, components);
      const bounded = ops.clip(means, 0, 1);
      return logits === undefined
        ? bounded
        : ops.sum(ops.mul(bounded, ops.softmax(logits)), { axis: shape.length });
    },
  };
}
