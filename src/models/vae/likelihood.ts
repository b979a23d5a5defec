// Likelihoods p(x | z) of variational autoencoders: what the decoder's output means.

import { checkNumber, checkOneOf, checkOptions, refuseKind, refuseValue } from "../../check/check.js";
import { gaussianNll, LEAST_GAMMA } from "../../distributions/gaussianNll.js";
import { binaryCrossEntropy, binaryCrossEntropyWithLogits } from "../../losses/binaryCrossEntropy.js";
import * as ops from "../../ops/index.js";
import { isSameShape, type Shape, type Tensor, zeros } from "../../tensor/tensor.js";
import type { Tree } from "../../tensor/tree.js";

/**
 * - `"bernoulli"`: values in [0, 1]; the decoder ends in logits (no activation).
 * - `{ type: "bernoulli", outputs: "probabilities" }`: the decoder ends in a sigmoid of its own.
 * - `{ type: "gaussian", gamma }`: the decoder gives the mean; `gamma` is the standard deviation of every value: a
 *   number, `"learned"` (one number for all, a parameter), or `"perPixel"` (the decoder has twice the channels: means,
 *   then log-variances).
 */
export type Likelihood =
  | "bernoulli"
  | { readonly type: "bernoulli"; readonly outputs?: "logits" | "probabilities" }
  | { readonly type: "gaussian"; readonly gamma: number | "learned" | "perPixel" };

/** A likelihood at work. */
export interface Observation {
  /** Its own weights at the start. */
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
  checkOneOf(where, "likelihood.type", options.type, ["bernoulli", "gaussian"]);
  const isPerPixel = options.type === "gaussian" && options.gamma === "perPixel";
  const wanted = isPerPixel
    ? [...inputShape.slice(0, -1), 2 * inputShape[inputShape.length - 1]]
    : inputShape;
  if (!isSameShape(outputShape, wanted)) {
    const reason = isPerPixel ? "twice the input's channels: mean and log-variance" : "the input's shape";
    refuseValue(where, "decoder", `give [${wanted.join(", ")}], ${reason}`, outputShape);
  }
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
