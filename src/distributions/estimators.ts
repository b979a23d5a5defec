// Two estimators of the gradient of E_q[f(z)] by q's parameters, side by side: to see why one trains autoencoders.

import { vjp } from "../autodiff/autodiff.js";
import {
  checkFunction,
  checkInteger,
  checkNumber,
  checkOptions,
  checkResult,
  refuseKind,
  refuseValue,
} from "../check/check.js";
import { add, sub } from "../ops/arithmetic.js";
import { scale, square } from "../ops/pointwise.js";
import { mean, sum } from "../ops/reduce.js";
import { checkKey, type Key } from "../random/keys.js";
import { inScope } from "../tensor/scope.js";
import { ones, Tensor, zeros } from "../tensor/tensor.js";
import { mapTree } from "../tensor/tree.js";
import { checkGaussian, type DiagonalGaussian, gaussianLogProb, reparameterize } from "./gaussian.js";

/** A function of samples, shape `[samples, ...]`, to one value for each, shape `[samples]`. */
export type SampleFunction = (z: Tensor) => Tensor;

/** An estimated gradient, and how far single samples stray from it. */
export interface GradientEstimate {
  /** The mean over the samples. */
  readonly gradient: DiagonalGaussian;
  /** The variance of one sample's gradient, per parameter; that of the mean is this divided by the samples. */
  readonly variance: DiagonalGaussian;
}

/** Options of both estimators. */
export interface EstimatorOptions {
  /** How many samples, integer ≥ 2 (default 1000). */
  readonly samples?: number | undefined;
}

/** Options of {@link scoreFunctionGradient}. */
export interface ScoreFunctionOptions extends EstimatorOptions {
  /** Subtracted from f: a number (default 0), or for each sample the mean of f at the others. */
  readonly baseline?: number | "leaveOneOut" | undefined;
}

function checkEstimator(
  where: string,
  key: Key,
  f: SampleFunction,
  q: DiagonalGaussian,
  samples: number,
): void {
  checkKey(where, "key", key);
  checkFunction(where, "f", f);
  checkGaussian(where, "q", q);
  checkInteger(where, "samples", samples, 2);
  checkResult(where, "samples", samples, samples * q.mean.size);
}

/** f, with its result checked. */
function checkedValues(where: string, f: SampleFunction, z: Tensor): Tensor {
  const values = f(z);
  if (!(values instanceof Tensor)) refuseKind(where, "f", "return a tensor", values);
  if (values.shape.length !== 1 || values.shape[0] !== z.shape[0]) {
    refuseValue(where, "f", `return one value per sample, shape [${z.shape[0]}]`, values);
  }
  return values;
}

/** The distribution once per sample: gradients by the copies are the gradients of single samples. */
function copies({ mean, logVar }: DiagonalGaussian, samples: number): DiagonalGaussian {
  const room = zeros([samples, ...mean.shape]);
  return { mean: add(room, mean), logVar: add(room, logVar) };
}

function summarize(perSample: DiagonalGaussian, samples: number): GradientEstimate {
  const spread = (each: Tensor) => {
    const strayed = sub(each, mean(each, { axis: 0, keepDims: true }));
    return scale(sum(square(strayed), { axis: 0 }), 1 / (samples - 1));
  };
  return {
    gradient: mapTree(perSample, (each) => mean(each, { axis: 0 })),
    variance: mapTree(perSample, spread),
  };
}

/**
 * The gradient of E_q[f(z)] through the samples: the mean of d f(mean + σ·ε) / d (mean, logVar) over ε from N(0, I).
 *
 * Uses the gradient of f, and so has a small variance; f must be differentiable.
 *
 * @param key - key
 * @param f - from samples, shape `[samples, ...q's shape]`, to `[samples]`; each value depends on its sample alone
 * @param q - `{ mean, logVar }`
 * @param options.samples - integer ≥ 2 (default 1000)
 * @returns the gradient by mean and logVar, and the variance of one sample's gradient, of q's shapes
 * @throws {TypeError} when `key` is not a key or `f` not a function to a tensor
 * @throws {RangeError} when shapes do not fit or samples < 2
 * @example
 * const q = { mean: tensor([1]), logVar: tensor([0]) };
 * const f = (z) => ops.sum(ops.square(z), { axis: -1 }); // E = mean² + σ²
 * reparameterizedGradient(key(1), f, q).gradient.mean.data; // about [2]
 * @see Kingma & Welling, "Auto-encoding variational Bayes" (2014), section 2.3
 */
export function reparameterizedGradient(
  key: Key,
  f: SampleFunction,
  q: DiagonalGaussian,
  options: EstimatorOptions = {},
): GradientEstimate {
  const where = "reparameterizedGradient";
  checkOptions(where, options, ["samples"]);
  const { samples = 1000 } = options;
  checkEstimator(where, key, f, q, samples);
  return inScope(() => {
    const values = (each: DiagonalGaussian) => checkedValues(where, f, reparameterize(key, each));
    const { grads } = vjp(values)(ones([samples]), copies(q, samples));
    return summarize(grads, samples);
  });
}

/**
 * The gradient of E_q[f(z)] through the density: the mean of (f(z) − baseline) · d log q(z) / d (mean, logVar) over z
 * from q, also called REINFORCE.
 *
 * Uses f's values only, which need not be differentiable; the price is a variance that grows with f and with the
 * number of dimensions. A baseline leaves the mean as it is and can lower the variance.
 *
 * @param key - key; the same key draws the same samples as {@link reparameterizedGradient}
 * @param f - from samples, shape `[samples, ...q's shape]`, to `[samples]`
 * @param q - `{ mean, logVar }`
 * @param options.samples - integer ≥ 2 (default 1000)
 * @param options.baseline - a number (default 0), or `"leaveOneOut"`: the mean of f at the other samples
 * @returns the gradient by mean and logVar, and the variance of one sample's gradient, of q's shapes
 * @throws {TypeError} when `key` is not a key or `f` not a function to a tensor
 * @throws {RangeError} when shapes do not fit or samples < 2
 * @example
 * const q = { mean: tensor([1]), logVar: tensor([0]) };
 * const f = (z) => ops.sum(ops.square(z), { axis: -1 });
 * scoreFunctionGradient(key(1), f, q, { baseline: "leaveOneOut" }).gradient.mean.data; // about [2]
 * @see Williams, "Simple statistical gradient-following algorithms" (1992); Kool et al. (2019) for leaving one out
 */
export function scoreFunctionGradient(
  key: Key,
  f: SampleFunction,
  q: DiagonalGaussian,
  options: ScoreFunctionOptions = {},
): GradientEstimate {
  const where = "scoreFunctionGradient";
  checkOptions(where, options, ["samples", "baseline"]);
  const { samples = 1000, baseline = 0 } = options;
  checkEstimator(where, key, f, q, samples);
  if (baseline !== "leaveOneOut") checkNumber(where, "baseline", baseline);
  return inScope(() => {
    const each = copies(q, samples);
    const z = reparameterize(key, each);
    const values = checkedValues(where, f, z);
    // f − (sum of f − f) / (samples − 1) = (f − mean of f) · samples / (samples − 1)
    const advantage =
      baseline === "leaveOneOut"
        ? scale(sub(values, mean(values)), samples / (samples - 1))
        : scale(values, 1, -baseline);
    const { grads } = vjp((own: DiagonalGaussian) => gaussianLogProb(z, own))(advantage, each);
    return summarize(grads, samples);
  });
}
