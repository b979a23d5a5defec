// The logistic distribution on levels of grey, alone or mixed: the likelihood of pixels that are integers.

import { defineOp } from "../autodiff/autodiff.js";
import { checkInteger, checkOptions, checkSizes, refuseKind, refuseValue } from "../check/check.js";
import { checkUnitInterval } from "../losses/binaryCrossEntropy.js";
import { checkAlike, checkReduction, reduceExamples, type ReductionOptions } from "../losses/reduction.js";
import { inScope } from "../tensor/scope.js";
import { adoptArray, checkTensor, isSameShape, sizeOf, type Shape, type Tensor } from "../tensor/tensor.js";
import { levelOf } from "./levels.js";

/**
 * Logistic distributions, one per value, or a mixture of some for each along one more axis, the last. Values lie in
 * [0, 1].
 */
export interface DiscretizedLogistic {
  /** The shape of the values; with logits `[...values, components]`. */
  readonly means: Tensor;
  /** log s, of the means' shape: the deviation is s·π/√3. */
  readonly logScales: Tensor;
  /** Unnormalised log probabilities of the components, of the means' shape (absent: one component, no axis for it). */
  readonly logits?: Tensor | undefined;
}

/** Options of {@link discretizedLogisticLogProb}. */
export interface DiscretizedLogisticOptions extends ReductionOptions {
  /** Levels from 0 to 1, integer from 2 to 4096 (default 256). */
  readonly levels?: number | undefined;
}

/** Most levels: what a file tells of each must fit in 2¹⁶ parts. */
export const MOST_LEVELS = 4096;
/** Scales below e⁻²⁰ are as sharp as any: all of their mass lies on one level. */
export const LEAST_LOG_SCALE = -20;

/** log(1 + eˣ). */
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const logistic = (x: number) => 1 / (1 + Math.exp(-x));

/** log(1 − e⁻ˣ) of x > 0, where either end is small (Mächler 2012). */
const logOfRest = (x: number) => (x < Math.LN2 ? Math.log(-Math.expm1(-x)) : Math.log1p(-Math.exp(-x)));

/** Where a value's interval begins and ends, in scales from the mean; the outermost levels reach to infinity. */
interface Interval {
  readonly from: number;
  readonly to: number;
}

function intervalOf(value: number, mean: number, logScale: number, levels: number): Interval {
  const level = levelOf(value, levels);
  const perScale = Math.exp(-Math.max(logScale, LEAST_LOG_SCALE));
  return {
    from: level <= 0 ? -Infinity : ((level - 0.5) / (levels - 1) - mean) * perScale,
    to: level >= levels - 1 ? Infinity : ((level + 0.5) / (levels - 1) - mean) * perScale,
  };
}

/** log(σ(to) − σ(from)) = log σ(to) + log σ(−from) + log(1 − e^(from − to)): three terms that never cancel. */
const logMass = ({ from, to }: Interval): number => -softplus(-to) - softplus(from) + logOfRest(to - from);

/** Its slopes by mean and log-scale, of `perScale` = 1 / scale. */
function slopesOf({ from, to }: Interval, perScale: number): readonly [mean: number, logScale: number] {
  const [above, below] = [logistic(-to), logistic(from)];
  const width = to - from;
  const closing = width === Infinity ? 0 : width / Math.expm1(width);
  const atEnds = (to === Infinity ? 0 : -to * above) + (from === -Infinity ? 0 : from * below);
  return [perScale * (below - above), atEnds - closing];
}

interface Settings {
  readonly components: number;
  readonly levels: number;
}

type In = readonly [values: Tensor, means: Tensor, logScales: Tensor, logits: Tensor | undefined];

/** log Σ exp of entries `start` to `end`. */
function logSum(values: ArrayLike<number>, start: number, end: number): number {
  let most = -Infinity;
  for (let i = start; i < end; i++) most = Math.max(most, values[i]);
  if (!Number.isFinite(most)) return most;
  let sum = 0;
  for (let i = start; i < end; i++) sum += Math.exp(values[i] - most);
  return most + Math.log(sum);
}

/** Visits value by value, with the log mass of every component and its logit added to it. */
function eachValue(
  [values, means, logScales, logits]: In,
  { components, levels }: Settings,
  visit: (i: number, terms: Float64Array) => void,
): void {
  const [x, mean, logScale, logit] = [values.data, means.data, logScales.data, logits?.data];
  const terms = new Float64Array(components);
  for (let i = 0; i < x.length; i++) {
    for (let k = 0; k < components; k++) {
      const at = i * components + k;
      terms[k] = logMass(intervalOf(x[i], mean[at], logScale[at], levels)) + (logit?.[at] ?? 0);
    }
    visit(i, terms);
  }
}

/** The gradients of all parameters, which share what they are made from. */
interface Gradients {
  readonly means: Tensor;
  readonly logScales: Tensor;
  readonly logits: Tensor;
}

function gradientsOf(gradOutput: Tensor, inputs: In, settings: Settings): Gradients {
  const [values, means, logScales, logits] = inputs;
  const [x, mean, logScale, logit] = [values.data, means.data, logScales.data, logits?.data];
  const { components, levels } = settings;
  const [byMean, byScale, byLogit] = [0, 1, 2].map(() => new Float32Array(means.size));
  const upstream = gradOutput.data;
  eachValue(inputs, settings, (i, terms) => {
    const start = i * components;
    const all = logSum(terms, 0, components);
    const weights = logit === undefined ? 0 : logSum(logit, start, start + components);
    for (let k = 0; k < components; k++) {
      const at = start + k;
      const share = components === 1 ? 1 : Math.exp(terms[k] - all);
      const interval = intervalOf(x[i], mean[at], logScale[at], levels);
      const [slope, scaleSlope] = slopesOf(interval, Math.exp(-Math.max(logScale[at], LEAST_LOG_SCALE)));
      byMean[at] = upstream[i] * share * slope;
      byScale[at] = logScale[at] < LEAST_LOG_SCALE ? 0 : upstream[i] * share * scaleSlope;
      if (logit !== undefined) byLogit[at] = upstream[i] * (share - Math.exp(logit[at] - weights));
    }
  });
  const { shape } = means;
  return {
    means: adoptArray(byMean, shape),
    logScales: adoptArray(byScale, shape),
    logits: adoptArray(byLogit, shape),
  };
}

const logProbOp = defineOp<In, Settings, Gradients>({
  name: "discretizedLogisticLogProb",
  forward: (inputs, settings) => {
    const [values, , , logits] = inputs;
    const { components } = settings;
    const logProbs = new Float32Array(values.size);
    const logit = logits?.data;
    eachValue(inputs, settings, (i, terms) => {
      const weights = logit === undefined ? 0 : logSum(logit, i * components, (i + 1) * components);
      logProbs[i] = logSum(terms, 0, components) - weights;
    });
    return adoptArray(logProbs, values.shape);
  },
  shared: (gradOutput, { inputs, options }) => gradientsOf(gradOutput, inputs, options),
  // Values are levels, which jump.
  gradients: [
    null,
    (_, __, { means }) => means,
    (_, __, { logScales }) => logScales,
    (_, __, { logits }) => logits,
  ],
});

/** Checks the levels of grey of an argument. */
export function checkLevels(where: string, argument: string, levels: unknown): asserts levels is number {
  checkInteger(where, argument, levels, 2, MOST_LEVELS);
}

/**
 * Log probability of values on equal levels from 0 to 1 under a logistic distribution, or a mixture of some: the mass
 * σ((x + h − mean) / s) − σ((x − h − mean) / s) within half a level h of the value; the outermost levels have all that
 * lies beyond. It is the probability of an integer, so that models of pixels compare in one unit, and it bounds the bits
 * of a lossless file.
 *
 * @param x - values from 0 to 1, each taken as its nearest level; no gradient flows to them
 * @param distribution - `{ means, logScales }` of x's shape, or `{ means, logScales, logits }` of shape
 *   `[...x.shape, components]`
 * @param options.levels - integer from 2 to 4096 (default 256)
 * @param options.reduction - `"perExample"` (default: the sum over all axes but the first), `"none"`, `"sum"`, or
 *   `"mean"` over the examples
 * @returns nats, ≤ 0; `[batch]` for perExample, rank 0 for sum and mean, else x's shape
 * @throws {RangeError} when shapes do not fit each other, or x lies outside [0, 1]
 * @example
 * const flat = { means: zeros([1, 1]), logScales: full([1, 1], 12) };
 * discretizedLogisticLogProb(tensor([[0.5]]), flat, { levels: 2 }).data; // [-0.693…]
 * @see Salimans et al., "PixelCNN++" (2017); Kingma et al., "Improved variational inference with inverse autoregressive
 *   flow" (2016)
 */
export function discretizedLogisticLogProb(
  x: Tensor,
  distribution: DiscretizedLogistic,
  options: DiscretizedLogisticOptions = {},
): Tensor {
  const where = "discretizedLogisticLogProb";
  const { means, logScales, logits } = (distribution ?? {}) as Partial<DiscretizedLogistic>;
  checkTensor(where, "x", x);
  checkAlike(where, "distribution.means", means, "distribution.logScales", logScales);
  if (logits !== undefined) checkAlike(where, "distribution.means", means, "distribution.logits", logits);
  const components = componentsOf(where, x.shape, means as Tensor, logits !== undefined);
  checkOptions(where, options, ["reduction", "levels"]);
  const { reduction = "perExample", levels = 256 } = options;
  checkLevels(where, "levels", levels);
  checkReduction(where, reduction, "x", x.shape);
  return inScope(() => {
    checkUnitInterval(where, "x", x);
    const settings = { components, levels };
    return reduceExamples(logProbOp([x, means as Tensor, logScales as Tensor, logits], settings), reduction);
  });
}

/** How many components there are for every value. */
function componentsOf(where: string, shape: Shape, means: Tensor, isMixture: boolean): number {
  const components = isMixture ? (means.shape[means.shape.length - 1] ?? 1) : 1;
  const wanted = isMixture ? [...shape, components] : shape;
  if (!isSameShape(means.shape, wanted)) {
    const more = isMixture ? " with the components behind" : "";
    refuseValue(
      where,
      "distribution.means.shape",
      `equal x.shape = [${shape.join(", ")}]${more}`,
      means.shape,
    );
  }
  return components;
}

/**
 * Nats per example as bits per dimension, log₂ e · nats / values: what models of pixels are compared by.
 *
 * @param nats - of one example: a negative log-likelihood, for example
 * @param inputShape - the shape of one example
 * @returns bits per value
 * @throws {TypeError} when an argument is of the wrong kind
 * @throws {RangeError} when a size is no integer ≥ 1
 * @example
 * bitsPerDimension(784 * Math.log(256), [28, 28, 1]); // 8
 */
export function bitsPerDimension(nats: number, inputShape: Shape): number {
  const where = "bitsPerDimension";
  if (typeof nats !== "number") refuseKind(where, "nats", "be a number", nats);
  checkSizes(where, "inputShape", inputShape);
  return nats / Math.LN2 / sizeOf(inputShape);
}
