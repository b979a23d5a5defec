// Bernoulli distributions as plain data, { logits } or { probabilities }: log probability, samples, entropy; in nats.

import { defineOp } from "../autodiff/autodiff.js";
import { checkOptions, refuseKind } from "../check/check.js";
import {
  checkUnitInterval,
  crossEntropyOfLogits,
  crossEntropyOfProbabilities,
  DEFAULT_CLIP,
} from "../losses/binaryCrossEntropy.js";
import {
  checkReduction,
  countExamples,
  reduceExamples,
  type Reduction,
  type ReductionOptions,
} from "../losses/reduction.js";
import { scale, sigmoid } from "../ops/pointwise.js";
import { uniform } from "../random/draws.js";
import { checkKey, type Key } from "../random/keys.js";
import { checkNotNaN } from "../random/parameters.js";
import { inScope } from "../tensor/scope.js";
import { adoptArray, checkTensor, type Tensor } from "../tensor/tensor.js";

/** Independent Bernoulli distributions, one per element, by their logits or by the probabilities of a one. */
export type Bernoulli =
  | {
      /** log(p / (1 − p)). */
      readonly logits: Tensor;
    }
  | {
      /** From 0 to 1. */
      readonly probabilities: Tensor;
    };

/** The tensor of a Bernoulli distribution and its kind. */
function parametersOf(
  where: string,
  distribution: Bernoulli,
): { kind: keyof typeof CROSS_ENTROPIES; values: Tensor } {
  const { logits, probabilities } = (distribution ?? {}) as { logits?: Tensor; probabilities?: Tensor };
  if ((logits === undefined) === (probabilities === undefined)) {
    refuseKind(where, "distribution", "have either logits or probabilities", distribution);
  }
  const kind = logits === undefined ? "probabilities" : "logits";
  const values = logits ?? probabilities;
  checkTensor(where, `distribution.${kind}`, values);
  return { kind, values };
}

const CROSS_ENTROPIES = { logits: crossEntropyOfLogits, probabilities: crossEntropyOfProbabilities };

/** The checked reduction; a mean is over the examples. */
function reductionOf(where: string, options: ReductionOptions, kind: string, { shape }: Tensor): Reduction {
  checkOptions(where, options, ["reduction"]);
  const { reduction = "perExample" } = options;
  checkReduction(where, reduction, `distribution.${kind}`, shape);
  return reduction;
}

function entropyOfProbability(p: number): number {
  // At 0 and 1, 0·∞.
  return p === 0 || p === 1 ? 0 : -p * Math.log(p) - (1 - p) * Math.log1p(-p);
}

/** The same from a logit z: log(1 + odds) + |z|·odds / (1 + odds) with odds = exp(−|z|), so that both tails are kept. */
function entropyOfLogit(logit: number): number {
  const distance = Math.abs(logit);
  const odds = Math.exp(-distance);
  // Where a category is ruled out, 0·∞.
  return odds === 0 ? 0 : Math.log1p(odds) + (distance * odds) / (1 + odds);
}

function slopeAtLogit(logit: number): number {
  const odds = Math.exp(-Math.abs(logit));
  return odds === 0 ? 0 : (-logit * odds) / (1 + odds) ** 2;
}

/** Cut as the log probability is, for it is infinite at 0 and 1. */
function slopeAtProbability(p: number): number {
  const cut = Math.min(Math.max(p, DEFAULT_CLIP[0]), DEFAULT_CLIP[1]);
  return p === p ? Math.log1p(-cut) - Math.log(cut) : p;
}

/** The entropy of every element, in float64: in float32 the terms of nearly sure events cancel. */
const entropyOp = defineOp<readonly [Tensor], keyof typeof CROSS_ENTROPIES>({
  name: "bernoulliEntropy",
  forward: ([values], kind) => {
    const entropy = kind === "logits" ? entropyOfLogit : entropyOfProbability;
    return adoptArray(values.data.map(entropy), values.shape);
  },
  gradients: [
    (gradOutput, { inputs: [values], options: kind }) => {
      const slope = kind === "logits" ? slopeAtLogit : slopeAtProbability;
      const { data } = values;
      return adoptArray(
        gradOutput.data.map((gradient, i) => gradient * slope(data[i])),
        values.shape,
      );
    },
  ],
});

/**
 * Log probability x·log p + (1 − x)·log(1 − p), the negative binary cross-entropy.
 *
 * For x strictly between 0 and 1 (grey images) the value is customary but not that of a normalised density
 * (Loaiza-Ganem & Cunningham, "The continuous Bernoulli", 2019).
 *
 * @param x - from 0 to 1, of the distribution's shape
 * @param distribution - `{ logits }`, or `{ probabilities }`, which are cut to [1e-7, 1 − 1e-7]
 * @param options.reduction - `"perExample"` (default: the sum over all axes but the first), `"none"`, `"sum"`, or
 *   `"mean"` over the examples
 * @returns nats, ≤ 0; `[batch]` for perExample, rank 0 for sum and mean, else x's shape
 * @throws {TypeError} when neither or both of `logits` and `probabilities` are given
 * @throws {RangeError} when the shapes differ, or x or a probability lies outside [0, 1]
 * @example
 * bernoulliLogProb(tensor([[1, 0]]), { logits: zeros([1, 2]) }).data; // [-1.386…]
 */
export function bernoulliLogProb(x: Tensor, distribution: Bernoulli, options: ReductionOptions = {}): Tensor {
  const where = "bernoulliLogProb";
  const { kind, values } = parametersOf(where, distribution);
  const reduction = reductionOf(where, options, kind, values);
  // A loss's mean is over the elements.
  const isMean = reduction === "mean";
  return inScope(() => {
    const parameters = [`distribution.${kind}`, values] as const;
    const loss = CROSS_ENTROPIES[kind](where, parameters, ["x", x], isMean ? "sum" : reduction);
    return scale(loss, isMean ? -1 / countExamples(values.shape) : -1);
  });
}

/**
 * Entropy −p·log p − (1 − p)·log(1 − p).
 *
 * @param distribution - `{ logits }`, or `{ probabilities }`, which only the gradient cuts to [1e-7, 1 − 1e-7]
 * @param options.reduction - `"perExample"` (default: the sum over all axes but the first), `"none"`, `"sum"`, or
 *   `"mean"` over the examples
 * @returns nats, ≥ 0; `[batch]` for perExample, rank 0 for sum and mean, else the distribution's shape
 * @throws {TypeError} when neither or both of `logits` and `probabilities` are given
 * @throws {RangeError} when a probability lies outside [0, 1]
 * @example
 * bernoulliEntropy({ logits: zeros([1, 1]) }).data; // [0.6931…]
 */
export function bernoulliEntropy(distribution: Bernoulli, options: ReductionOptions = {}): Tensor {
  const where = "bernoulliEntropy";
  const { kind, values } = parametersOf(where, distribution);
  const reduction = reductionOf(where, options, kind, values);
  return inScope(() => {
    if (kind === "probabilities") checkUnitInterval(where, `distribution.${kind}`, values);
    return reduceExamples(entropyOp([values], kind), reduction);
  });
}

/**
 * Draws zeros and ones. No gradient flows to the distribution: a draw jumps.
 *
 * @param key - key
 * @param distribution - `{ logits }` or `{ probabilities }`
 * @returns tensor of the distribution's shape
 * @throws {TypeError} when `key` is not a key, or neither or both of `logits` and `probabilities` are given
 * @throws {RangeError} when a probability lies outside [0, 1] or a parameter is NaN
 * @example
 * const pixels = sampleBernoulli(key(1), { logits: zeros([16, 28, 28, 1]) });
 */
export function sampleBernoulli(key: Key, distribution: Bernoulli): Tensor {
  const where = "sampleBernoulli";
  checkKey(where, "key", key);
  const { kind, values } = parametersOf(where, distribution);
  checkNotNaN(where, `distribution.${kind}`, values);
  return inScope(() => {
    if (kind === "probabilities") checkUnitInterval(where, "distribution.probabilities", values);
    const probabilities = kind === "logits" ? sigmoid(values) : values;
    // Uniform numbers lie in [0, 1): a probability of 1 always gives a one, of 0 never.
    const draws = uniform(key, values.shape).data;
    const { data } = probabilities;
    return adoptArray(
      draws.map((draw, i) => (draw < data[i] ? 1 : 0)),
      values.shape,
    );
  });
}
