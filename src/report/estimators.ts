// Two ways to estimate the gradient of an expectation, measured on a problem whose gradient is known, and the page about
// them.

import {
  type GradientEstimate,
  reparameterizedGradient,
  scoreFunctionGradient,
} from "../distributions/estimators.js";
import type { DiagonalGaussian } from "../distributions/gaussian.js";
import * as ops from "../ops/index.js";
import { fold, type Key } from "../random/keys.js";
import { full, type Tensor, zeros } from "../tensor/tensor.js";
import { curves, type Point } from "./chart.js";
import { ESTIMATOR_DRAWS } from "./draws.js";
import type { Content } from "./markup.js";
import { markup } from "./markup.js";
import { type Fact, headOf, numberTable, pageOf, type Settings } from "./page.js";
import { rangeOf, shortNumber } from "./scale.js";
import { beside, chartFigure, counted, section, swatch } from "./section.js";

/** E[Σ z²] over z from N(1, 1) in every dimension: its gradient is 2 by each mean. */
const MEAN = 1;
const SLOPE = 2 * MEAN;
const sumOfSquares = (z: Tensor) => ops.sum(ops.square(z), { axis: -1 });

type Estimator = (key: Key, q: DiagonalGaussian, samples: number) => GradientEstimate;

/** The estimators, as page and table call them. */
export const ESTIMATORS: Readonly<Record<string, Estimator>> = {
  reparameterized: (key, q, samples) => reparameterizedGradient(key, sumOfSquares, q, { samples }),
  "score function": (key, q, samples) => scoreFunctionGradient(key, sumOfSquares, q, { samples }),
  "leave one out": (key, q, samples) =>
    scoreFunctionGradient(key, sumOfSquares, q, { samples, baseline: "leaveOneOut" }),
};

const NAMES = Object.keys(ESTIMATORS);

/** Gradients that an error is averaged over. */
const REPEATS = 32;
/** Dimensions in which errors are measured. */
const ERROR_DIMENSIONS = 8;

/** One number for each estimator, in their order. */
interface Row {
  /** Of dimensions, or of samples. */
  readonly at: number;
  readonly values: readonly number[];
}

/** What was measured. */
export interface EstimatorStudy {
  /** By the number of dimensions: the variance of one sample's gradient by a mean, averaged over the means. */
  readonly variances: readonly Row[];
  /** By the number of samples: the error of the gradient by a mean, root mean square, in 8 dimensions. */
  readonly errors: readonly Row[];
}

const gaussianOf = (dimensions: number): DiagonalGaussian => ({
  mean: full([dimensions], MEAN),
  logVar: zeros([dimensions]),
});

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Measures the estimators of the gradient of E[Σ z²], z from N(1, I), by the mean. The same key draws the same samples
 * for each of them.
 */
export function studyEstimators(
  key: Key,
  { dimensions, samples }: { readonly dimensions: readonly number[]; readonly samples: readonly number[] },
): EstimatorStudy {
  const most = Math.max(...samples);
  const all = Object.values(ESTIMATORS);
  return {
    variances: dimensions.map((at) => {
      const own = fold(fold(key, ESTIMATOR_DRAWS.variance), at);
      return {
        at,
        values: all.map((estimate) => meanOf([...estimate(own, gaussianOf(at), most).variance.mean.data])),
      };
    }),
    errors: samples.map((at) => {
      const own = fold(fold(key, ESTIMATOR_DRAWS.error), at);
      const squares = (estimate: Estimator) =>
        Array.from({ length: REPEATS }, (_, repeat) => {
          const { data } = estimate(fold(own, repeat), gaussianOf(ERROR_DIMENSIONS), at).gradient.mean;
          return meanOf(Array.from(data, (slope) => (slope - SLOPE) ** 2));
        });
      return { at, values: all.map((estimate) => Math.sqrt(meanOf(squares(estimate)))) };
    }),
  };
}

/** Curves on axes of powers of ten. */
function powers(rows: readonly Row[], x: string, y: string) {
  const log = (value: number) => Math.log10(value);
  const [low, high] = rangeOf(rows.flatMap(({ values }) => values.map(log)));
  const room = 0.05 * (high - low);
  return curves(
    { description: `${y} against ${x}, for each estimator`, x: `log₁₀ ${x}`, y: `log₁₀ ${y}` },
    NAMES.map((_, i) => ({
      points: rows.map(({ at, values }): Point => [log(at), log(values[i])]),
      tone: i,
      hasDots: true,
    })),
    [low - room, high + room],
  );
}

const LEGEND: readonly Content[] = NAMES.map((name, i) => [i === 0 ? "" : ", ", swatch(i), ` ${name}`]);

const tableOf = (caption: string, first: string, rows: readonly Row[]) =>
  numberTable(
    caption,
    [first, ...NAMES],
    rows.map(({ at, values }): [Content, ...Content[]] => [at, ...values.map(shortNumber)]),
  );

/** The page about what was measured. */
export function estimatorsPage(study: EstimatorStudy, title: string, settings: Settings): string {
  const { variances, errors } = study;
  const last = variances[variances.length - 1];
  const [pathwise, score, leaveOneOut] = last.values;
  const facts: readonly Fact[] = [
    {
      name: "Reparameterized",
      value: shortNumber(pathwise),
      note: `variance of one sample's gradient in ${counted(last.at, "dimension")}`,
    },
    {
      name: "Score function",
      value: shortNumber(score),
      note: `the same samples; ${shortNumber(score / pathwise)} times as much`,
    },
    {
      name: "Leave one out",
      value: shortNumber(leaveOneOut),
      note: `with the others' mean as a baseline; ${shortNumber(leaveOneOut / pathwise)} times as much`,
    },
  ];
  return pageOf(title, [
    headOf(title, settings, facts),
    section(
      "variance",
      "Variance by dimensions",
      markup`The gradient of E[Σ z²] by the mean of z, from N(1, I), is 2 in every dimension, and both ways give it on average. Reparameterized, a sample's gradient is 2z, which knows nothing of the other dimensions. The score function weighs z − 1 by the whole of Σ z², so that every dimension adds noise to all others.`,
      beside(
        chartFigure(powers(variances, "dimensions", "variance"), LEGEND),
        tableOf("Variance of one sample's gradient", "dimensions", variances),
      ),
    ),
    section(
      "error",
      "Error by samples",
      `A mean over N samples strays by the root of variance / N. To come as near as the reparameterized gradient, the score function needs as many times more samples as its variance is larger. Measured in ${ERROR_DIMENSIONS} dimensions, over ${REPEATS} gradients each.`,
      beside(
        chartFigure(powers(errors, "samples", "error"), LEGEND),
        tableOf("Root mean square error of the gradient, whose value is 2", "samples", errors),
      ),
    ),
  ]);
}
