// The Gaussian likelihood as a reconstruction loss: with a fixed, a shared or a per-pixel variance.

import { checkBoolean, checkNumber, checkOptions, refuseKind, refuseValue } from "../check/check.js";
import { checkAlike, checkReduction, reduceElements, type ReductionOptions } from "../losses/reduction.js";
import { add, sub } from "../ops/arithmetic.js";
import { scale, square } from "../ops/pointwise.js";
import { inScope } from "../tensor/scope.js";
import { checkTensor, type Shape, type Tensor } from "../tensor/tensor.js";
import { LOG_TWO_PI } from "./gaussian.js";
import { halfDistance } from "./gaussianTerms.js";

/** What a decoder gives of a Gaussian likelihood: the mean, with a learned log-variance or a fixed deviation. */
export type GaussianLikelihood =
  | {
      readonly mean: Tensor;
      /** log σ², of the mean's shape (per pixel) or one that broadcasts to it (shared: one number, one per channel). */
      readonly logVar: Tensor;
    }
  | {
      readonly mean: Tensor;
      /** The standard deviation of every element, > 0. */
      readonly gamma: number;
    };

/** Options of {@link gaussianNll}. */
export interface GaussianNllOptions extends ReductionOptions {
  /** Keep the constants, so that the value is a density's (default true; PyTorch's default is false). */
  readonly full?: boolean | undefined;
}

/** Float32's least normal number: the inverses of smaller ones are not finite there. */
export const LEAST_GAMMA = 2 ** -126;

/** Whether a shape repeats to exactly `shape`. */
function broadcastsTo(part: Shape, shape: Shape): boolean {
  const missing = shape.length - part.length;
  return missing >= 0 && part.every((size, axis) => size === 1 || size === shape[missing + axis]);
}

/**
 * Negative log-likelihood of x under a Gaussian: ½(logVar + (x − mean)² / exp(logVar)) + ½ log 2π or, with a fixed
 * γ, (x − mean)² / (2γ²) + log γ + ½ log 2π.
 *
 * @param x - tensor of the mean's shape; gradients flow to it, too
 * @param likelihood - `{ mean, logVar }` with a log-variance per pixel or one that broadcasts, or `{ mean, gamma }`
 * @param options.reduction - `"mean"` over all elements (default), `"sum"`, `"perExample"` (over all axes but the
 *   first: a VAE's reconstruction term) or `"none"`
 * @param options.full - add the constants ½ log 2π and log γ (default true). Without them neither gradients nor the
 *   best mean change, but values for different γ no longer compare
 * @returns nats; rank 0 for mean and sum, `[batch]` for perExample, else x's shape
 * @throws {TypeError} when neither or both of `logVar` and `gamma` are given
 * @throws {RangeError} when shapes do not fit or gamma ≤ 0
 * @example
 * item(gaussianNll(tensor([1]), { mean: tensor([0]), gamma: 1 })); // 1.4189…
 * @see PyTorch `gaussian_nll_loss` (which takes the variance)
 */
export function gaussianNll(
  x: Tensor,
  likelihood: GaussianLikelihood,
  options: GaussianNllOptions = {},
): Tensor {
  const where = "gaussianNll";
  const { mean, logVar, gamma } = (likelihood ?? {}) as { mean: Tensor; logVar?: Tensor; gamma?: number };
  checkAlike(where, "x", x, "likelihood.mean", mean);
  if ((logVar === undefined) === (gamma === undefined)) {
    refuseKind(where, "likelihood", "have either logVar or gamma", likelihood);
  }
  checkOptions(where, options, ["reduction", "full"]);
  const { reduction = "mean", full = true } = options;
  checkBoolean(where, "full", full);
  checkReduction(where, reduction, "x", x.shape);
  const constant = full ? 0.5 * LOG_TWO_PI : 0;
  if (logVar !== undefined) {
    checkTensor(where, "likelihood.logVar", logVar);
    if (!broadcastsTo(logVar.shape, x.shape)) {
      refuseValue(
        where,
        "likelihood.logVar.shape",
        `equal or broadcast to mean.shape = [${x.shape.join(", ")}]`,
        logVar.shape,
      );
    }
    return inScope(() =>
      reduceElements(add(halfDistance(x, mean, logVar), scale(logVar, 0.5, constant)), reduction),
    );
  }
  checkNumber(where, "likelihood.gamma", gamma);
  if (gamma < LEAST_GAMMA) refuseValue(where, "likelihood.gamma", "be above 0 (at least 2⁻¹²⁶)", gamma);
  return inScope(() => {
    const distance = square(scale(sub(x, mean), 1 / gamma));
    return reduceElements(scale(distance, 0.5, full ? constant + Math.log(gamma) : 0), reduction);
  });
}
