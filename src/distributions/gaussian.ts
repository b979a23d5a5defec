// Diagonal Gaussians as plain data { mean, logVar }: sampling, densities, entropy and divergences, in nats.

import { isDifferentiating } from "../autodiff/autodiff.js";
import { checkOptions } from "../check/check.js";
import { checkAlike, checkReduction, reduceExamples, type ReductionOptions } from "../losses/reduction.js";
import { add } from "../ops/arithmetic.js";
import { scale } from "../ops/pointwise.js";
import { normal } from "../random/draws.js";
import { checkKey, type Key } from "../random/keys.js";
import { checkNotNaN } from "../random/parameters.js";
import { inScope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { displace, halfDistance, klToStandardOp, spreadDivergence } from "./gaussianTerms.js";

/** Independent normal distributions, one per element: both tensors have the same shape, `[batch, ...]`. */
export interface DiagonalGaussian {
  readonly mean: Tensor;
  /** log σ². */
  readonly logVar: Tensor;
}

/** log 2π. */
export const LOG_TWO_PI = Math.log(2 * Math.PI);

/** Checks that an argument is a diagonal Gaussian. */
export function checkGaussian(where: string, argument: string, q: DiagonalGaussian): void {
  checkAlike(where, `${argument}.mean`, q?.mean, `${argument}.logVar`, q?.logVar);
}

/** The checked reduction of a function of distributions: per example unless it says otherwise. */
function reductionOf(where: string, options: ReductionOptions, argument: string, { shape }: Tensor) {
  checkOptions(where, options, ["reduction"]);
  const { reduction = "perExample" } = options;
  checkReduction(where, reduction, argument, shape);
  return reduction;
}

/**
 * Draws from a diagonal Gaussian so that gradients pass: mean + exp(½ logVar)·ε with ε from N(0, I).
 *
 * Named after the field's term for it, the reparameterization trick; this is the one way to sample a Gaussian here.
 *
 * @param key - key
 * @param q - `{ mean, logVar }`; gradients flow to both
 * @returns sample of the mean's shape
 * @throws {TypeError} when `key` is not a key
 * @throws {RangeError} when the shapes of mean and logVar differ, or one holds NaN (but passed on where gradients are
 *   computed: training tells of it better)
 * @example
 * const z = reparameterize(key(1), { mean: zeros([64, 16]), logVar: zeros([64, 16]) });
 * @see Kingma & Welling, "Auto-encoding variational Bayes" (2014), section 2.4
 */
export function reparameterize(key: Key, q: DiagonalGaussian): Tensor {
  const where = "reparameterize";
  checkKey(where, "key", key);
  checkGaussian(where, "q", q);
  if (!isDifferentiating()) {
    checkNotNaN(where, "q.mean", q.mean);
    checkNotNaN(where, "q.logVar", q.logVar);
  }
  return inScope(() => displace(q.mean, q.logVar, normal(key, q.mean.shape)));
}

/**
 * The logarithm of the density of N(mean, exp(logVar)) at x: −½ Σ (log 2π + logVar + (x − mean)² / exp(logVar)).
 *
 * @param x - tensor of the mean's shape; gradients flow to it, too
 * @param q - `{ mean, logVar }`
 * @param options.reduction - `"perExample"` (default: the joint density of all elements but the first axis's),
 *   `"none"`, `"sum"`, or `"mean"` over the examples
 * @returns nats; `[batch]` for perExample, rank 0 for sum and mean, else x's shape
 * @throws {RangeError} when the shapes differ
 * @example
 * gaussianLogProb(zeros([1, 2]), { mean: zeros([1, 2]), logVar: zeros([1, 2]) }).data; // [-1.8378…]
 */
export function gaussianLogProb(x: Tensor, q: DiagonalGaussian, options: ReductionOptions = {}): Tensor {
  const where = "gaussianLogProb";
  checkGaussian(where, "q", q);
  checkAlike(where, "q.mean", q.mean, "x", x);
  const reduction = reductionOf(where, options, "x", x);
  return inScope(() => reduceExamples(logDensity(x, q), reduction));
}

/** The log density of each element; the distribution broadcasts to x. */
export function logDensity(x: Tensor, { mean, logVar }: DiagonalGaussian): Tensor {
  const halfLogVolume = scale(logVar, 0.5, 0.5 * LOG_TWO_PI);
  return scale(add(halfDistance(x, mean, logVar), halfLogVolume), -1);
}

/**
 * Differential entropy ½ Σ (1 + log 2π + logVar).
 *
 * @param q - `{ mean, logVar }`; the mean has no part in the value
 * @param options.reduction - `"perExample"` (default), `"none"`, `"sum"`, or `"mean"` over the examples
 * @returns nats; `[batch]` for perExample, rank 0 for sum and mean, else the mean's shape
 * @throws {RangeError} when the shapes of mean and logVar differ
 * @example
 * gaussianEntropy({ mean: zeros([1, 1]), logVar: zeros([1, 1]) }).data; // [1.4189…]
 */
export function gaussianEntropy(q: DiagonalGaussian, options: ReductionOptions = {}): Tensor {
  const where = "gaussianEntropy";
  checkGaussian(where, "q", q);
  const reduction = reductionOf(where, options, "q.logVar", q.logVar);
  return inScope(() => reduceExamples(scale(q.logVar, 0.5, 0.5 * (1 + LOG_TWO_PI)), reduction));
}

/**
 * Kullback–Leibler divergence KL(q ‖ p) of two diagonal Gaussians:
 * ½ Σ (σq²/σp² − 1 − log(σq²/σp²) + (mean_q − mean_p)² / σp²), with σ² = exp(logVar).
 *
 * @param q - `{ mean, logVar }`, the distribution that the expectation is over
 * @param p - `{ mean, logVar }` of the same shape
 * @param options.reduction - `"perExample"` (default: Σ over all axes but the first), `"none"`, `"sum"`, or
 *   `"mean"` over the examples (never over the latent dimensions, which would divide the term by their number)
 * @returns nats, ≥ 0, and 0 just for equal arguments; `[batch]` for perExample, rank 0 for sum and mean,
 *   else the mean's shape
 * @throws {RangeError} when shapes differ
 * @example
 * const standard = { mean: zeros([1, 1]), logVar: zeros([1, 1]) };
 * klGaussians({ mean: ones([1, 1]), logVar: zeros([1, 1]) }, standard).data; // [0.5]
 */
export function klGaussians(
  q: DiagonalGaussian,
  p: DiagonalGaussian,
  options: ReductionOptions = {},
): Tensor {
  const where = "klGaussians";
  checkGaussian(where, "q", q);
  checkGaussian(where, "p", p);
  checkAlike(where, "q.mean", q.mean, "p.mean", p.mean);
  const reduction = reductionOf(where, options, "q.mean", q.mean);
  return inScope(() => {
    const spread = spreadDivergence([q.logVar, p.logVar], undefined);
    return reduceExamples(add(spread, halfDistance(q.mean, p.mean, p.logVar)), reduction);
  });
}

/**
 * Kullback–Leibler divergence KL(q ‖ N(0, I)) = ½ Σ (mean² + exp(logVar) − 1 − logVar).
 *
 * A common slide gives Σ (σ² + μ² − log σ − 1), without the ½ of the sum and the square in log σ²: twice the value
 * for σ = 1, and least at σ² = ½, not at the standard normal. This is the right one (Kingma & Welling, appendix B).
 *
 * @param q - `{ mean, logVar }`
 * @param options.reduction - `"perExample"` (default: Σ over all axes but the first), `"none"`, `"sum"`, or
 *   `"mean"` over the examples (never over the latent dimensions, which would divide the term by their number)
 * @returns nats, ≥ 0, and 0 just for N(0, I); `[batch]` for perExample, rank 0 for sum and mean, else the
 *   mean's shape
 * @throws {RangeError} when the shapes of mean and logVar differ
 * @example
 * klStandardNormal({ mean: tensor([[1, 2]]), logVar: zeros([1, 2]) }).data; // [2.5]
 * @see Kingma & Welling, "Auto-encoding variational Bayes" (2014), appendix B
 */
export function klStandardNormal(q: DiagonalGaussian, options: ReductionOptions = {}): Tensor {
  const where = "klStandardNormal";
  checkGaussian(where, "q", q);
  const reduction = reductionOf(where, options, "q.mean", q.mean);
  return inScope(() => reduceExamples(klToStandardOp([q.mean, q.logVar], undefined), reduction));
}
