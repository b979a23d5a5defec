// Bernoulli distributions as plain data, { logits } or { probabilities }: log probability, samples, entropy; in nats.

import { checkOptions, refuseKind } from "../check.js";
import {
  checkUnitInterval,
  crossEntropyOfLogits,
  crossEntropyOfProbabilities,
} from "../losses/binaryCrossEntropy.js";
import { countExamples, type Reduction, type ReductionOptions } from "../losses/reduction.js";
import { scale, sigmoid } from "../ops/pointwise.js";
import { uniform } from "../random/draws.js";
import { checkKey, type Key } from "../random/keys.js";
import { inScope } from "../scope.js";
import { adoptArray, checkTensor, type Tensor } from "../tensor.js";

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
): { kind: keyof typeof ENTROPIES; values: Tensor } {
  const { logits, probabilities } = (distribution ?? {}) as { logits?: Tensor; probabilities?: Tensor };
  if ((logits === undefined) === (probabilities === undefined)) {
    refuseKind(where, "distribution", "have either logits or probabilities", distribution);
  }
  const kind = logits === undefined ? "probabilities" : "logits";
  const values = logits ?? probabilities;
  checkTensor(where, `distribution.${kind}`, values);
  return { kind, values };
}

const ENTROPIES = { logits: crossEntropyOfLogits, probabilities: crossEntropyOfProbabilities };

/** sign · cross-entropy, reduced; a mean is over the examples. */
function signedCrossEntropy(
  where: string,
  distribution: Bernoulli,
  target: (kind: string, values: Tensor) => readonly [string, Tensor],
  sign: number,
  options: ReductionOptions,
): Tensor {
  const { kind, values } = parametersOf(where, distribution);
  checkOptions(where, options, ["reduction"]);
  const { reduction = "perExample" } = options;
  const [applied, factor]: [Reduction, number] =
    reduction === "mean" ? ["sum", sign / countExamples(values.shape)] : [reduction, sign];
  return inScope(() => {
    const name = `distribution.${kind}`;
    const loss = ENTROPIES[kind](where, [name, values], target(kind, values), applied);
    return factor === 1 ? loss : scale(loss, factor);
  });
}

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
  return signedCrossEntropy("bernoulliLogProb", distribution, () => ["x", x], -1, options);
}

/**
 * Entropy −p·log p − (1 − p)·log(1 − p).
 *
 * @param distribution - `{ logits }`, or `{ probabilities }`, which are cut to [1e-7, 1 − 1e-7]
 * @param options.reduction - `"perExample"` (default: the sum over all axes but the first), `"none"`, `"sum"`, or
 *   `"mean"` over the examples
 * @returns nats, ≥ 0; `[batch]` for perExample, rank 0 for sum and mean, else the distribution's shape
 * @throws {TypeError} when neither or both of `logits` and `probabilities` are given
 * @throws {RangeError} when a probability lies outside [0, 1]
 * @example
 * bernoulliEntropy({ logits: zeros([1, 1]) }).data; // [0.6931…]
 */
export function bernoulliEntropy(distribution: Bernoulli, options: ReductionOptions = {}): Tensor {
  // An entropy is the cross-entropy of a distribution with itself.
  const itself = (kind: string, values: Tensor) =>
    [`distribution.${kind}`, kind === "logits" ? sigmoid(values) : values] as const;
  return signedCrossEntropy("bernoulliEntropy", distribution, itself, 1, options);
}

/**
 * Draws zeros and ones. No gradient flows to the distribution: a draw jumps.
 *
 * @param from - key
 * @param distribution - `{ logits }` or `{ probabilities }`
 * @returns tensor of the distribution's shape
 * @throws {TypeError} when `from` is not a key, or neither or both of `logits` and `probabilities` are given
 * @throws {RangeError} when a probability lies outside [0, 1]
 * @example
 * const pixels = sampleBernoulli(key(1), { logits: zeros([16, 28, 28, 1]) });
 */
export function sampleBernoulli(from: Key, distribution: Bernoulli): Tensor {
  const where = "sampleBernoulli";
  checkKey(where, "from", from);
  const { kind, values } = parametersOf(where, distribution);
  return inScope(() => {
    if (kind === "probabilities") checkUnitInterval(where, "distribution.probabilities", values);
    const probabilities = kind === "logits" ? sigmoid(values) : values;
    // Uniform numbers lie in [0, 1): a probability of 1 always gives a one, of 0 never.
    const draws = uniform(from, values.shape).data;
    const { data } = probabilities;
    return adoptArray(
      draws.map((draw, i) => (draw < data[i] ? 1 : 0)),
      values.shape,
    );
  });
}
