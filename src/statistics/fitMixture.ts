// Fits a mixture of diagonal Gaussians by expectation–maximisation, from a k-means++ start. In float64: the
// likelihood then rises to the last step, where float32 would drown a step's gain.

import { checkInteger, checkNumber, checkOptions, checkResult, refuseValue } from "../check/check.js";
import { bits, checkKey, fold, type Key } from "../random/keys.js";
import { checkTensor, tensor, type Tensor } from "../tensor/tensor.js";
import { LOG_TWO_PI } from "../distributions/gaussian.js";
import type { GaussianMixture } from "../distributions/mixture.js";

/** Options of {@link fitMixture}. */
export interface FitMixtureOptions {
  /** How many Gaussians, integer ≥ 1. */
  readonly components: number;
  /** Most steps, integer ≥ 1 (default 200). */
  readonly steps?: number | undefined;
  /** Stop when a step gains less than this, in nats per point (default 1e-6). */
  readonly tolerance?: number | undefined;
  /** Least variance, > 0: without it a Gaussian that shrinks to one point has infinite density (default 1e-6). */
  readonly minVariance?: number | undefined;
}

/** What {@link fitMixture} found, and how it got there. */
export interface MixtureFit {
  readonly mixture: GaussianMixture;
  /** Mean log-likelihood per point, in nats: of the start, then after each step; never falls. */
  readonly logLikelihoods: readonly number[];
  /** Whether the last step gained less than the tolerance. */
  readonly converged: boolean;
}

/** Points, row-major. */
interface Points {
  readonly values: Float64Array;
  readonly count: number;
  readonly dimensions: number;
}

/** The mixture while it is fitted: weights [K], means and variances [K, D]. */
interface Estimate {
  readonly weights: Float64Array;
  readonly means: Float64Array;
  readonly variances: Float64Array;
}

/** Uniform numbers in [0, 1), one per call. */
function uniforms(key: Key): () => number {
  let drawn = 0;
  return () => bits(fold(key, drawn++), 1)[0] / 2 ** 32;
}

function squaredDistance({ values, dimensions }: Points, a: number, b: number): number {
  let sum = 0;
  for (let d = 0; d < dimensions; d++) sum += (values[a * dimensions + d] - values[b * dimensions + d]) ** 2;
  return sum;
}

/** Position in `shares` of a fraction, below 1, of their total. */
function positionOf(shares: Float64Array, fraction: number): number {
  const total = shares.reduce((sum, share) => sum + share, 0);
  // Where all points coincide with seeds, any will do.
  if (total === 0) return Math.floor(fraction * shares.length);
  let rest = fraction * total;
  let position = 0;
  for (let i = 0; i < shares.length && rest >= 0; i++) {
    if (shares[i] === 0) continue;
    position = i;
    rest -= shares[i];
  }
  return position;
}

/**
 * k-means++ (Arthur & Vassilvitskii 2007): each next seed is a point drawn in proportion to its squared distance from
 * the seeds so far; of a few such points the one that leaves the least distances is taken, as the authors advise.
 */
function chooseSeeds(
  points: Points,
  components: number,
  next: () => number,
): { seeds: number[]; spread: number } {
  const { count } = points;
  const trials = 2 + Math.floor(Math.log(components));
  const seeds = [Math.floor(next() * count)];
  let distances = Float64Array.from({ length: count }, (_, n) => squaredDistance(points, n, seeds[0]));
  const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
  while (seeds.length < components) {
    let best: { seed: number; left: Float64Array<ArrayBuffer>; total: number } | undefined;
    for (let trial = 0; trial < trials; trial++) {
      const seed = positionOf(distances, next());
      const left = distances.map((distance, n) => Math.min(distance, squaredDistance(points, n, seed)));
      const total = sum(left);
      if (best === undefined || total < best.total) best = { seed, left, total };
    }
    const { seed, left } = best as NonNullable<typeof best>;
    seeds.push(seed);
    distances = left;
  }
  return { seeds, spread: sum(distances) / (count * points.dimensions) };
}

/** Equal weights, means at the seeds, and for all one variance: that of the points around their nearest seeds. */
function startOf(points: Points, components: number, minVariance: number, next: () => number): Estimate {
  const { values, dimensions } = points;
  const { seeds, spread } = chooseSeeds(points, components, next);
  return {
    weights: new Float64Array(components).fill(1 / components),
    means: Float64Array.from({ length: components * dimensions }, (_, i) => {
      return values[seeds[Math.floor(i / dimensions)] * dimensions + (i % dimensions)];
    }),
    variances: new Float64Array(components * dimensions).fill(Math.max(spread, minVariance)),
  };
}

/** The expectation step: writes each component's share in each point, returns the mean log-likelihood. */
function expectation(points: Points, { weights, means, variances }: Estimate, shares: Float64Array): number {
  const { values, count, dimensions } = points;
  const components = weights.length;
  const offsets = weights.map((weight, k) => {
    let logVolume = 0;
    for (let d = 0; d < dimensions; d++) logVolume += Math.log(variances[k * dimensions + d]) + LOG_TWO_PI;
    return Math.log(weight) - 0.5 * logVolume;
  });
  const precisions = variances.map((variance) => 1 / variance);
  let logLikelihood = 0;
  for (let n = 0; n < count; n++) {
    let largest = -Infinity;
    for (let k = 0; k < components; k++) {
      let distance = 0;
      for (let d = 0; d < dimensions; d++) {
        const at = k * dimensions + d;
        const difference = values[n * dimensions + d] - means[at];
        distance += difference * difference * precisions[at];
      }
      const logJoint = offsets[k] - 0.5 * distance;
      shares[n * components + k] = logJoint;
      if (logJoint > largest) largest = logJoint;
    }
    let sum = 0;
    for (let k = 0; k < components; k++) {
      const at = n * components + k;
      shares[at] = Math.exp(shares[at] - largest);
      sum += shares[at];
    }
    for (let k = 0; k < components; k++) shares[n * components + k] /= sum;
    logLikelihood += largest + Math.log(sum);
  }
  return logLikelihood / count;
}

/** Most shares, of a point in a component: they are float64. */
const MAX_SHARES = 2 ** 27;

/** Float32's least normal number: with less, the density of points that are float32 is not finite. */
const LEAST_VARIANCE = 2 ** -126;

/** Checks what a fit of so many components, given by an argument, needs. */
export function checkFit(
  where: string,
  x: Tensor,
  argument: string,
  components: number,
  minVariance: number,
): void {
  const [count, dimensions] = x.shape;
  checkNumber(where, "minVariance", minVariance);
  if (minVariance < LEAST_VARIANCE)
    refuseValue(where, "minVariance", "be above 0 (at least 2⁻¹²⁶)", minVariance);
  checkResult(where, argument, components, components * Math.max(count, dimensions), MAX_SHARES);
  const infinite = x.data.findIndex((value) => !Number.isFinite(value));
  if (infinite >= 0) refuseValue(where, `x.data[${infinite}]`, "be a finite number", x.data[infinite]);
}

/** Far below one point's share, far above where float64 loses digits. */
const LEAST_MASS = 1e-200;

/** Σ share·term of each component, divided by its mass, for a term of a point and a position in [K, D]. */
function weightedMeans(
  { count, dimensions }: Points,
  shares: Float64Array,
  masses: Float64Array,
  term: (n: number, d: number, at: number) => number,
): Float64Array {
  const components = masses.length;
  const sums = new Float64Array(components * dimensions);
  for (let n = 0; n < count; n++) {
    for (let k = 0; k < components; k++) {
      const share = shares[n * components + k];
      if (share === 0) continue;
      for (let d = 0, at = k * dimensions; d < dimensions; d++, at++) sums[at] += share * term(n, d, at);
    }
  }
  return sums.map((sum, at) => sum / masses[Math.floor(at / dimensions)]);
}

/**
 * The maximisation step: the weights, means and variances of the points, each counted by its shares. The variances in
 * another pass, around the new means: E[δ²] − E[δ]² would leave rounding where points do not vary.
 */
function maximization(points: Points, shares: Float64Array, old: Estimate, minVariance: number): Estimate {
  const { values, count, dimensions } = points;
  const components = old.weights.length;
  const masses = new Float64Array(components);
  for (let i = 0; i < shares.length; i++) masses[i % components] += shares[i];
  // From the old means: what does not vary then adds up to exactly its difference.
  const shifts = weightedMeans(
    points,
    shares,
    masses,
    (n, d, at) => values[n * dimensions + d] - old.means[at],
  );
  // A component that no point believes in has no moments; it stays where it is.
  const isEmpty = (at: number) => masses[Math.floor(at / dimensions)] < LEAST_MASS;
  const means = old.means.map((mean, at) => (isEmpty(at) ? mean : mean + shifts[at]));
  const squares = weightedMeans(
    points,
    shares,
    masses,
    (n, d, at) => (values[n * dimensions + d] - means[at]) ** 2,
  );
  return {
    weights: masses.map((mass) => mass / count),
    means,
    variances: old.variances.map((variance, at) =>
      isEmpty(at) ? variance : Math.max(squares[at], minVariance),
    ),
  };
}

/** The estimate as tensors; a weight of 0 becomes the least that float32's exp still tells from it. */
function mixtureOf({ weights, means, variances }: Estimate, dimensions: number): GaussianMixture {
  const shape = [weights.length, dimensions];
  return {
    logits: tensor(weights.map((weight) => Math.max(Math.log(weight), -100))),
    means: tensor(means, shape),
    logVars: tensor(variances.map(Math.log), shape),
  };
}

/**
 * Fits a mixture of diagonal Gaussians to points by expectation–maximisation: the steps, starting from k-means++
 * seeds, never lower the likelihood and end at a local maximum; another key may find a better one.
 *
 * @param key - key of the start
 * @param x - points, shape `[count, D]`
 * @param options.components - how many Gaussians, integer from 1 to count
 * @param options.steps - most steps (default 200)
 * @param options.tolerance - stop when a step gains less, in nats per point (default 1e-6)
 * @param options.minVariance - least variance, > 0 (default 1e-6)
 * @returns the mixture, the mean log-likelihood per point (nats) of the start and after every step, and whether the
 *   gain fell below the tolerance
 * @throws {TypeError} when `key` is not a key
 * @throws {RangeError} when `x` is not finite or an option is out of range
 * @example
 * const codes = ops.concat([random.normal(key(1), [200, 2]), random.normal(key(2), [200, 2], { mean: 5 })]);
 * const { mixture, converged } = fitMixture(key(3), codes, { components: 2 }); // converged is true
 * @see Bishop, "Pattern recognition and machine learning" (2006), section 9.2.2
 */
export function fitMixture(key: Key, x: Tensor, options: FitMixtureOptions): MixtureFit {
  const where = "fitMixture";
  checkKey(where, "key", key);
  checkTensor(where, "x", x, 2, "[count, dimensions]");
  checkOptions(where, options, ["components", "steps", "tolerance", "minVariance"]);
  const { components, steps = 200, tolerance = 1e-6, minVariance = 1e-6 } = options;
  const [count, dimensions] = x.shape;
  checkInteger(where, "components", components, 1, count);
  checkInteger(where, "steps", steps, 1);
  checkNumber(where, "tolerance", tolerance, 0);
  checkFit(where, x, "components", components, minVariance);

  const points: Points = { values: Float64Array.from(x.data), count, dimensions };
  const shares = new Float64Array(count * components);
  let estimate = startOf(points, components, minVariance, uniforms(key));
  const logLikelihoods = [expectation(points, estimate, shares)];
  let gain = Infinity;
  for (let step = 0; step < steps && gain >= tolerance; step++) {
    estimate = maximization(points, shares, estimate, minVariance);
    const logLikelihood = expectation(points, estimate, shares);
    gain = logLikelihood - logLikelihoods[step];
    logLikelihoods.push(logLikelihood);
  }
  return { mixture: mixtureOf(estimate, dimensions), logLikelihoods, converged: gain < tolerance };
}
