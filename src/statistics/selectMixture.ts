// The number of Gaussians in a mixture, by the Bayesian information criterion.

import { checkInteger, checkOptions } from "../check/check.js";
import { checkKey, fold, type Key } from "../random/keys.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { checkFit, fitMixture, type MixtureFit } from "./fitMixture.js";

/** Options of {@link selectMixture}. */
export interface SelectMixtureOptions {
  /** Fewest Gaussians that are tried, integer ≥ 1 (default 1). */
  readonly from?: number | undefined;
  /** Most Gaussians that are tried, integer up to the number of points (default 10, or the number of points). */
  readonly to?: number | undefined;
  /** Least variance, > 0 (default 1e-6); see {@link fitMixture}. */
  readonly minVariance?: number | undefined;
}

/** A mixture of so many Gaussians, and what speaks for it. */
export interface MixtureCandidate extends MixtureFit {
  readonly components: number;
  /** Mean log-likelihood per point, in nats. */
  readonly logLikelihood: number;
  /** Free numbers: components − 1 weights, and a mean and a variance for each component and dimension. */
  readonly freeParameters: number;
  /** −2 · points · logLikelihood + freeParameters · ln(points): less is better. */
  readonly bic: number;
}

/** What {@link selectMixture} found. */
export interface MixtureSelection {
  /** The candidate with the least BIC. */
  readonly best: MixtureCandidate;
  /** All that were tried, by their number of components. */
  readonly candidates: readonly MixtureCandidate[];
}

/** Fits begin at random seeds and end at local maxima: the best of so many counts. */
const STARTS = 3;

/**
 * Fits mixtures of `from` to `to` diagonal Gaussians and chooses the one with the least Bayesian information criterion,
 * `−2 · log-likelihood + free parameters · ln(points)`: a Gaussian more must explain more than it costs to describe.
 * Each number of components is fitted from three starts, of which the likeliest counts.
 *
 * @param key - key of the starts
 * @param x - points, shape `[count, D]`
 * @param options.from - fewest components, integer ≥ 1 (default 1)
 * @param options.to - most components, integer from `from` to count (default 10, or count where that is less)
 * @param options.minVariance - least variance, > 0 (default 1e-6)
 * @returns the best candidate, and all of them with log-likelihood, parameters and BIC
 * @throws {TypeError} when `key` is not a key
 * @throws {RangeError} when `x` is not finite or an option is out of range
 * @example
 * const codes = ops.concat([random.normal(key(1), [200, 2]), random.normal(key(2), [200, 2], { mean: 9 })]);
 * selectMixture(key(3), codes, { to: 4 }).best.components; // 2
 * @see Schwarz, "Estimating the dimension of a model" (1978)
 */
export function selectMixture(key: Key, x: Tensor, options: SelectMixtureOptions = {}): MixtureSelection {
  const where = "selectMixture";
  checkKey(where, "key", key);
  checkTensor(where, "x", x, 2, "[count, dimensions]");
  checkOptions(where, options, ["from", "to", "minVariance"]);
  const [count, dimensions] = x.shape;
  const { from = 1, to = Math.max(from, Math.min(10, count)), minVariance = 1e-6 } = options;
  checkInteger(where, "from", from, 1, count);
  checkInteger(where, "to", to, from, count);
  checkFit(where, x, "to", to, minVariance);
  const candidates = Array.from({ length: to - from + 1 }, (_, i) => {
    const components = from + i;
    const own = fold(key, components);
    const fits = Array.from({ length: components === 1 ? 1 : STARTS }, (_, start) =>
      fitMixture(fold(own, start), x, { components, minVariance }),
    );
    const likelihoodOf = ({ logLikelihoods }: MixtureFit) => logLikelihoods[logLikelihoods.length - 1];
    const fit = fits.reduce((best, other) => (likelihoodOf(other) > likelihoodOf(best) ? other : best));
    const logLikelihood = likelihoodOf(fit);
    const freeParameters = components - 1 + 2 * components * dimensions;
    const bic = -2 * count * logLikelihood + freeParameters * Math.log(count);
    return { ...fit, components, logLikelihood, freeParameters, bic };
  });
  const best = candidates.reduce((least, other) => (other.bic < least.bic ? other : least));
  return { best, candidates };
}
