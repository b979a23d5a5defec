// Mixtures of diagonal Gaussians as plain data: log density and samples. Fitting one lives in fitMixture.ts.

import { checkInteger, checkOptions, checkResult, refuseValue } from "../check/check.js";
import { checkAlike, checkReduction, reduceExamples, type ReductionOptions } from "../losses/reduction.js";
import { add } from "../ops/arithmetic.js";
import { logSumExp, sum } from "../ops/reduce.js";
import { reshape } from "../ops/shape.js";
import { logSoftmax, softmax } from "../ops/softmax.js";
import { categorical, normal } from "../random/draws.js";
import { checkKey, type Key, split } from "../random/keys.js";
import { checkFinite, checkLogits } from "../random/parameters.js";
import { inScope } from "../tensor/scope.js";
import { adoptArray, checkTensor, type Tensor, zeros } from "../tensor/tensor.js";
import { logDensity } from "./gaussian.js";

/** A mixture of K diagonal Gaussians in D dimensions. */
export interface GaussianMixture {
  /** Unnormalised log weights, shape `[K]`. */
  readonly logits: Tensor;
  /** Shape `[K, D]`. */
  readonly means: Tensor;
  /** log σ², shape `[K, D]`. */
  readonly logVars: Tensor;
}

function checkMixture(where: string, mixture: GaussianMixture): { components: number; dimensions: number } {
  const { logits, means, logVars } = mixture ?? {};
  checkTensor(where, "mixture.logits", logits, 1, "[components]");
  checkTensor(where, "mixture.means", means, 2, "[components, dimensions]");
  checkAlike(where, "mixture.means", means, "mixture.logVars", logVars);
  const [components, dimensions] = means.shape;
  if (logits.shape[0] !== components) {
    const rule = `equal mixture.means.shape[0] = ${components} (components)`;
    refuseValue(where, "mixture.logits.shape[0]", rule, logits.shape[0]);
  }
  return { components, dimensions };
}

/** The logarithm of each component's weight times its density, shape `[batch, K]`. */
function logJoint(where: string, x: Tensor, mixture: GaussianMixture): Tensor {
  const { dimensions } = checkMixture(where, mixture);
  checkTensor(where, "x", x, 2, "[batch, dimensions]");
  if (x.shape[1] !== dimensions) {
    const rule = `equal mixture.means.shape[1] = ${dimensions} (dimensions)`;
    refuseValue(where, "x.shape[1]", rule, x.shape[1]);
  }
  const points = reshape(x, [x.shape[0], 1, dimensions]);
  const components = { mean: mixture.means, logVar: mixture.logVars };
  return add(sum(logDensity(points, components), { axis: -1 }), logSoftmax(mixture.logits));
}

/**
 * Log density of a mixture, log Σₖ softmax(logits)ₖ N(x; meansₖ, exp(logVarsₖ)), by log-sum-exp: finite also where
 * every component's density underflows.
 *
 * @param x - points, shape `[batch, D]`; gradients flow to it and to the mixture
 * @param mixture - `{ logits, means, logVars }`
 * @param options.reduction - `"perExample"` or `"none"` (default, the same here), `"sum"`, or `"mean"` over the
 *   points
 * @returns nats; `[batch]`, or rank 0 for sum and mean
 * @throws {RangeError} when the shapes do not fit
 * @example
 * const mixture = { logits: zeros([1]), means: zeros([1, 2]), logVars: zeros([1, 2]) };
 * mixtureLogProb(zeros([1, 2]), mixture).data; // [-1.8378…]
 */
export function mixtureLogProb(x: Tensor, mixture: GaussianMixture, options: ReductionOptions = {}): Tensor {
  const where = "mixtureLogProb";
  checkOptions(where, options, ["reduction"]);
  const { reduction = "perExample" } = options;
  return inScope(() => {
    const joint = logJoint(where, x, mixture);
    checkReduction(where, reduction, "x", x.shape);
    return reduceExamples(logSumExp(joint, { axis: -1 }), reduction);
  });
}

/**
 * How much each component has to do with each point: its weight times its density, as a share of all, by Bayes' rule.
 * Also called responsibilities.
 *
 * @param x - points, shape `[batch, D]`; gradients flow to it and to the mixture
 * @param mixture - `{ logits, means, logVars }`
 * @returns probabilities, shape `[batch, K]`, that sum to 1 for each point
 * @throws {RangeError} when the shapes do not fit
 * @example
 * const mixture = { logits: zeros([2]), means: tensor([[-1], [1]]), logVars: zeros([2, 1]) };
 * mixtureResponsibilities(tensor([[0], [1]]), mixture).data; // [0.5, 0.5, 0.1192…, 0.8807…]
 * @see Bishop, "Pattern recognition and machine learning" (2006), equation 9.13
 */
export function mixtureResponsibilities(x: Tensor, mixture: GaussianMixture): Tensor {
  const where = "mixtureResponsibilities";
  return inScope(() => softmax(logJoint(where, x, mixture)));
}

/**
 * Draws points from a mixture. No gradient flows: the choice of a component jumps.
 *
 * @param key - key
 * @param mixture - `{ logits, means, logVars }`
 * @param options.count - how many points, integer ≥ 1
 * @returns points, shape `[count, D]`
 * @throws {TypeError} when `key` is not a key
 * @throws {RangeError} when the shapes do not fit, the count is not an integer ≥ 1, or the mixture holds NaN or no weight
 * @example
 * const mixture = { logits: zeros([2]), means: tensor([[-3], [3]]), logVars: zeros([2, 1]) };
 * const points = sampleMixture(key(1), mixture, { count: 500 }); // shape [500, 1]
 */
export function sampleMixture(
  key: Key,
  mixture: GaussianMixture,
  options: { readonly count: number },
): Tensor {
  const where = "sampleMixture";
  checkKey(where, "key", key);
  const { components, dimensions } = checkMixture(where, mixture);
  checkOptions(where, options, ["count"]);
  const { count } = options;
  checkInteger(where, "count", count, 1);
  checkResult(where, "count", count, count * Math.max(components, dimensions));
  checkLogits(where, "mixture.logits", mixture.logits, components);
  checkFinite(where, "mixture.means", mixture.means);
  checkFinite(where, "mixture.logVars", mixture.logVars);
  const [choiceKey, noiseKey] = split(key);
  return inScope(() => {
    const choices = categorical(choiceKey, add(zeros([count, components]), mixture.logits));
    const noise = normal(noiseKey, [count, dimensions]).data;
    const means = mixture.means.data;
    const logVars = mixture.logVars.data;
    const points = Float32Array.from(noise, (epsilon, i) => {
      const at = choices[Math.floor(i / dimensions)] * dimensions + (i % dimensions);
      return means[at] + Math.exp(0.5 * logVars[at]) * epsilon;
    });
    return adoptArray(points, [count, dimensions]);
  });
}
