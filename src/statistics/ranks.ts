// Measures that depend on the order of values only: each value counts by its rank, equal values by their mean rank.

import { refuseValue } from "../check/check.js";
import { checkSameLength, type Values, valuesOf } from "./values.js";

/** Ranks from 1 on; equal values share the mean of theirs. */
function ranksOf(values: Float64Array): Float64Array {
  // Infinities minus themselves are NaN, which a sort takes for equal.
  const order = Uint32Array.from(values.keys()).sort((i, j) => values[i] - values[j]);
  const ranks = new Float64Array(values.length);
  for (let start = 0, end = 0; start < order.length; start = end) {
    while (end < order.length && values[order[end]] === values[order[start]]) end++;
    for (const i of order.subarray(start, end)) ranks[i] = (start + 1 + end) / 2;
  }
  return ranks;
}

/**
 * The area under the receiver operating characteristic: the probability that an example with the label has a higher
 * score than one without, where equal scores count one half. 0.5 is chance, 1 perfect. Not differentiable.
 *
 * @param scores - one per example
 * @param labels - true or 1, and false or 0
 * @returns from 0 to 1
 * @throws {TypeError} when an argument is of the wrong kind
 * @throws {RangeError} when the lengths differ, a score is NaN, or the labels are not of two kinds, 0 and 1
 * @example
 * rocAuc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]); // 0.75
 * @see Fawcett, "An introduction to ROC analysis" (2006); Mann & Whitney (1947)
 */
export function rocAuc(scores: Values, labels: Values): number {
  const where = "rocAuc";
  const score = valuesOf(where, "scores", scores);
  const label = valuesOf(where, "labels", labels);
  checkSameLength(where, "labels", label, "scores", score);
  const wrong = label.findIndex((value) => value !== 0 && value !== 1);
  if (wrong >= 0) refuseValue(where, `labels[${wrong}]`, "be 0 or 1", label[wrong]);
  const positives = label.reduce((sum, value) => sum + value, 0);
  const negatives = label.length - positives;
  if (positives === 0 || negatives === 0) {
    refuseValue(where, "labels", "hold both 0 and 1", `${label.length} times ${label[0]}`);
  }
  const rankSum = ranksOf(score).reduce((sum, rank, i) => sum + rank * label[i], 0);
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/**
 * Spearman's rank correlation: 1 where one list rises whenever the other does, −1 where it falls. Not
 * differentiable.
 *
 * @param a - values
 * @param b - as many values
 * @returns Pearson's correlation of the ranks, from −1 to 1; NaN where all values of a list are equal
 * @throws {TypeError} when an argument is of the wrong kind
 * @throws {RangeError} when the lengths differ or a value is NaN
 * @example
 * spearman([1, 2, 3, 4], [1, 10, 100, 50]); // 0.8
 * @see Spearman, "The proof and measurement of association between two things" (1904)
 */
export function spearman(a: Values, b: Values): number {
  const where = "spearman";
  const valuesOfA = valuesOf(where, "a", a);
  const valuesOfB = valuesOf(where, "b", b);
  checkSameLength(where, "b", valuesOfB, "a", valuesOfA);
  const [ranksOfA, ranksOfB] = [ranksOf(valuesOfA), ranksOf(valuesOfB)];
  const mean = (ranksOfA.length + 1) / 2;
  let [product, squareOfA, squareOfB] = [0, 0, 0];
  for (let i = 0; i < ranksOfA.length; i++) {
    const [x, y] = [ranksOfA[i] - mean, ranksOfB[i] - mean];
    product += x * y;
    squareOfA += x * x;
    squareOfB += y * y;
  }
  return product / Math.sqrt(squareOfA * squareOfB);
}
