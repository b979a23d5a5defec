// How well a value can be read off codes or images by a linear rule: fitted on half of the rows, judged on the rest.

import { ridge } from "../statistics/ridge.js";
import { pca, project } from "../statistics/pca.js";
import * as ops from "../ops/index.js";
import { adoptArray, tensor, type Tensor } from "../tensor/tensor.js";
import { gatherRows } from "../training/source.js";

/** A fitted rule. */
export interface LinearRule {
  /** Share of the values' variance that it explains on the rows that it was not fitted on; below 0: none. */
  readonly rSquared: number;
  /** What it reads, one value per row. */
  read(data: Tensor): Float32Array;
}

/** Fewer rows make no rule, nor a judgement of one. */
const FEWEST_ROWS = 20;
/** Rows to every direction that a rule may use: fewer would be learnt by heart. */
const ROWS_PER_DIRECTION = 3;
/** Directions at most. */
const MOST_DIRECTIONS = 64;
/** Rows that principal components are taken of: their cost grows with the cube. */
const MOST_ROWS = 300;
/** Share of the features' variance that the weights are held back with. */
const PENALTY = 0.01;

/**
 * Prepares linear rules for data `[count, ...]`: coordinates along their first principal components, each with
 * variance 1. Returns a function from values, one per row, to the rule; undefined where there are too few rows.
 */
export function linearRules(data: Tensor): ((values: Tensor) => LinearRule) | undefined {
  const count = data.shape[0];
  const size = data.size / count;
  const directions = Math.min(MOST_DIRECTIONS, size, Math.floor(count / 2 / ROWS_PER_DIRECTION));
  if (count < FEWEST_ROWS) return undefined;
  const asRows = (t: Tensor) => ops.reshape(t, [t.shape[0], size]);
  const basis = pca(ops.slice(asRows(data), 0, Math.min(count, MOST_ROWS)), { components: directions });
  const { variance } = basis;
  const greatest = variance.data[0];
  // Directions without variance hold rounding only, which must not be blown up.
  const scales = tensor(variance.data.map((value) => (value > 1e-7 * greatest ? 1 / Math.sqrt(value) : 0)));
  const featuresOf = (rows: Tensor) => ops.mul(project(basis, asRows(rows)), scales);
  const features = featuresOf(data);
  const indices = Uint32Array.from({ length: count }, (_, i) => i);
  const [fitted, judged] = [0, 1].map((rest) => indices.filter((i) => i % 2 === rest));

  return (values) => {
    const known = gatherRows(values, fitted).data;
    const offset = known.reduce((sum, value) => sum + value, 0) / known.length;
    const targets = adoptArray(
      known.map((value) => value - offset),
      [known.length, 1],
    );
    const { mean, weights } = ridge(gatherRows(features, fitted), targets, PENALTY);
    const readFeatures = (rows: Tensor) =>
      ops.matmul(ops.sub(rows, mean), weights).data.map((value) => value + offset);
    const rSquared = explained(gatherRows(values, judged).data, readFeatures(gatherRows(features, judged)));
    return { rSquared, read: (rows) => readFeatures(featuresOf(rows)) };
  };
}

/** 1 − Σ (value − read)² / Σ (value − mean)²; 0 where the values do not vary. */
export function explained(values: Float32Array, read: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const total = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const left = values.reduce((sum, value, i) => sum + (value - read[i]) ** 2, 0);
  return total === 0 ? 0 : 1 - left / total;
}
