// How much a VAE uses its latents, and warnings when it gives them up or turns them into points.

import { checkBoolean, checkNumber, checkOptions, refuseKind } from "../../check/check.js";
import { checkGaussian, type DiagonalGaussian } from "../../distributions/gaussian.js";
import { klToStandard } from "../../distributions/gaussianTerms.js";
import { checkTensor } from "../../tensor/tensor.js";

/** How much each latent dimension carries, over a set of examples. */
export interface LatentUsage {
  /** KL to the prior in nats, averaged over the examples. */
  readonly klPerDimension: readonly number[];
  /** Variance of the posterior's mean over the examples. */
  readonly activity: readonly number[];
  /** The posterior's variance, averaged over the examples. */
  readonly posteriorVariance: readonly number[];
  /** Dimensions with an activity above 0.01. */
  readonly activeUnits: number;
}

/** Where a dimension counts as active: Burda, Grosse & Salakhutdinov 2016, section 5.2. */
export const ACTIVE = 0.01;
/** KL in nats below which a dimension carries nothing. */
const COLLAPSED = 0.01;
/** Posterior variance below which codes are points: a deviation of 0.03. */
const POINT = 1e-3;

/**
 * How much of a VAE's latent space is in use.
 *
 * @param q - the posterior of a set of examples, as `model.encode` gives it: both `[n, latentSize]`
 * @returns one number per dimension of each kind, and the number of active units
 * @throws {RangeError} when the shapes differ or are not `[n, latentSize]`
 * @example
 * latentUsage({ mean: tensor([[1], [-1]]), logVar: zeros([2, 1]) }).activeUnits; // 1
 * @see Burda, Grosse & Salakhutdinov, "Importance weighted autoencoders" (2016), section 5.2
 */
export function latentUsage(q: DiagonalGaussian): LatentUsage {
  checkGaussian("latentUsage", "q", q);
  checkTensor("latentUsage", "q.mean", q.mean, 2, "[n, latentSize]");
  const [count, latentSize] = q.mean.shape;
  const mean = q.mean.data;
  const logVar = q.logVar.data;
  const columns = Array.from({ length: latentSize }, (_, column) => {
    let kl = 0;
    let sum = 0;
    let sumOfSquares = 0;
    let variance = 0;
    for (let i = column; i < mean.length; i += latentSize) {
      const ownVariance = Math.exp(logVar[i]);
      kl += klToStandard(mean[i], logVar[i]);
      sum += mean[i];
      variance += ownVariance;
    }
    for (let i = column; i < mean.length; i += latentSize) sumOfSquares += (mean[i] - sum / count) ** 2;
    return { kl: kl / count, activity: sumOfSquares / count, variance: variance / count };
  });
  return {
    klPerDimension: columns.map(({ kl }) => kl),
    activity: columns.map(({ activity }) => activity),
    posteriorVariance: columns.map(({ variance }) => variance),
    activeUnits: columns.filter(({ activity }) => activity > ACTIVE).length,
  };
}

/**
 * What is worth a warning in the use of latents, with its cause: dimensions given up (posterior collapse: beta too
 * large), or shrunk to points (beta too small).
 *
 * @param usage - from {@link latentUsage}
 * @param options.beta - the KL term's weight at this moment of training
 * @param options.isImproving - whether the reconstruction still gets better (default false)
 * @returns sentences; none when half of the latents or more are in use and none of these causes shows
 * @throws {TypeError} when the usage is not one, or an option unknown or of the wrong kind
 * @throws {RangeError} when beta is negative
 * @example
 * const usage = latentUsage({ mean: zeros([8, 16]), logVar: zeros([8, 16]) });
 * usageWarnings(usage, { beta: 4 }).length; // 1
 * @see Bowman et al., "Generating sentences from a continuous space" (2016), section 3.1
 */
export function usageWarnings(
  usage: LatentUsage,
  options: { readonly beta: number; readonly isImproving?: boolean | undefined },
): string[] {
  const where = "usageWarnings";
  if (!Array.isArray(usage?.klPerDimension) || !Array.isArray(usage.posteriorVariance)) {
    refuseKind(where, "usage", "come from latentUsage", usage);
  }
  for (const [i, kl] of usage.klPerDimension.entries()) {
    const variance: unknown = usage.posteriorVariance[i];
    // Not finite they may be: that is worth a warning, too.
    if (typeof kl !== "number") refuseKind(where, `usage.klPerDimension[${i}]`, "be a number", kl);
    if (typeof variance !== "number") {
      refuseKind(where, `usage.posteriorVariance[${i}]`, "be a number", variance);
    }
  }
  checkOptions(where, options, ["beta", "isImproving"]);
  const { beta, isImproving = false } = options;
  checkBoolean(where, "isImproving", isImproving);
  checkNumber(where, "beta", beta, 0);
  const count = usage.klPerDimension.length;
  const collapsed = usage.klPerDimension.filter((kl) => kl < COLLAPSED).length;
  const points = usage.posteriorVariance.filter((variance) => variance < POINT).length;
  const infinite = usage.klPerDimension.filter((kl) => !Number.isFinite(kl)).length;
  const warnings: string[] = [];
  if (infinite > 0) {
    warnings.push(
      `KL is not finite in ${infinite} of ${count} latents: what the encoder gives is too large; a smaller learning rate ` +
        "or clipByGlobalNorm may help",
    );
  }
  if (2 * collapsed > count) {
    const cause =
      beta > 0
        ? `beta = ${beta} is too large for these data, or ${count} latents are more than they need: ` +
          "lower beta, raise it slowly from 0 (a schedule), or set freeBits"
        : "the decoder does not use its input: check that it depends on the code";
    const moment = isImproving ? " while reconstruction still improves" : "";
    warnings.push(`KL is below ${COLLAPSED} nats in ${collapsed} of ${count} latents${moment}: ${cause}`);
  }
  if (2 * points > count) {
    warnings.push(
      `the posterior's deviation is below ${Math.sqrt(POINT).toFixed(2)} in ${points} of ${count} latents: beta = ` +
        `${beta} is too small; codes are points, and samples of N(0, I) fall between them`,
    );
  }
  return warnings;
}
