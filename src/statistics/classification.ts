// How right labels are: their share, which are taken for which, and what is gained by rejecting some.

import { checkInteger, checkNumber, checkOptions, checkResult } from "../check/check.js";
import { adoptArray, type Tensor } from "../tensor/tensor.js";
import { checkSameLength, type Values, valuesOf } from "./values.js";

/** Counts of a confusion matrix at most: 4096 classes. */
const MOST_COUNTS = 2 ** 24;

/** Labels and what they were taken for, as checked integers ≥ 0. */
function pairsOf(where: string, labels: Values, predicted: Values, classes?: number) {
  const last = classes === undefined ? undefined : classes - 1;
  const [own, other] = [valuesOf(where, "labels", labels), valuesOf(where, "predicted", predicted)];
  checkSameLength(where, "predicted", other, "labels", own);
  own.forEach((label, i) => checkInteger(where, `labels[${i}]`, label, 0, last));
  other.forEach((label, i) => checkInteger(where, `predicted[${i}]`, label, 0, last));
  return { own, other };
}

/**
 * The share of examples whose label was predicted. Not differentiable.
 *
 * @param labels - integers ≥ 0
 * @param predicted - as many
 * @returns from 0 to 1
 * @throws {TypeError} when an argument is of the wrong kind
 * @throws {RangeError} when the lengths differ, or a label is no integer ≥ 0
 * @example
 * accuracy([0, 1, 2, 2], [0, 1, 1, 2]); // 0.75
 */
export function accuracy(labels: Values, predicted: Values): number {
  const { own, other } = pairsOf("accuracy", labels, predicted);
  return own.reduce((right, label, i) => right + Number(label === other[i]), 0) / own.length;
}

/**
 * How often examples of each class were taken for each. Not differentiable.
 *
 * @param labels - integers from 0 to classes − 1
 * @param predicted - as many
 * @param options.classes - how many classes there are, integer ≥ 1 (default: up to the greatest that occurs)
 * @returns counts `[classes, classes]`: a row for each class, a column for what was predicted
 * @throws {TypeError} when an argument is of the wrong kind, or an option unknown
 * @throws {RangeError} when the lengths differ, or a label is no such integer
 * @example
 * confusionMatrix([0, 1, 1], [0, 1, 0]).data; // [1, 0, 1, 1]
 */
export function confusionMatrix(
  labels: Values,
  predicted: Values,
  options: { readonly classes?: number | undefined } = {},
): Tensor {
  const where = "confusionMatrix";
  checkOptions(where, options, ["classes"]);
  if (options.classes !== undefined) checkInteger(where, "classes", options.classes, 1);
  const { own, other } = pairsOf(where, labels, predicted, options.classes);
  const greatest = [...own, ...other].reduce((a, b) => Math.max(a, b));
  const classes = options.classes ?? greatest + 1;
  checkResult(where, "classes", classes, classes * classes, MOST_COUNTS);
  const counts = new Float32Array(classes * classes);
  own.forEach((label, i) => counts[label * classes + other[i]]++);
  return adoptArray(counts, [classes, classes]);
}

/** What is left after some examples were rejected. */
export interface RejectionPoint {
  /** The share of examples that were rejected. */
  readonly rejected: number;
  /** The accuracy of the others. */
  readonly accuracy: number;
}

/**
 * Accuracy against the share of examples that are rejected, those with the lowest evidence first. Examples of equal
 * evidence go together. Not differentiable.
 *
 * @param labels - integers ≥ 0
 * @param predicted - as many
 * @param evidence - as many numbers: how sure each example belongs to what is known
 * @returns a point for every number of rejected examples, from none on; the last has some left
 * @throws {TypeError} when an argument is of the wrong kind
 * @throws {RangeError} when the lengths differ, a label is no integer ≥ 0, or evidence is NaN
 * @example
 * accuracyByRejection([0, 1], [1, 1], [-9, -2]);
 * // [{ rejected: 0, accuracy: 0.5 }, { rejected: 0.5, accuracy: 1 }]
 * @see El-Yaniv & Wiener, "On the foundations of noise-free selective classification" (2010)
 */
export function accuracyByRejection(labels: Values, predicted: Values, evidence: Values): RejectionPoint[] {
  const where = "accuracyByRejection";
  const { own, other } = pairsOf(where, labels, predicted);
  const values = valuesOf(where, "evidence", evidence);
  checkSameLength(where, "evidence", values, "labels", own);
  // Infinities minus themselves are NaN, which a sort takes for equal.
  const order = Uint32Array.from(values.keys()).sort((i, j) => values[i] - values[j]);
  const count = own.length;
  let right = own.reduce((sum, label, i) => sum + Number(label === other[i]), 0);
  const points: RejectionPoint[] = [];
  for (let start = 0, end = 0; start < count; start = end) {
    points.push({ rejected: start / count, accuracy: right / (count - start) });
    for (; end < count && values[order[end]] === values[order[start]]; end++) {
      right -= Number(own[order[end]] === other[order[end]]);
    }
  }
  return points;
}

/**
 * The value below which a share of values lies: with ranks from 0 to n − 1 that of rank share·(n − 1), and between two
 * values on the line from one to the other. Not differentiable.
 *
 * @param values - at least one number, none NaN
 * @param share - from 0 (the least) to 1 (the greatest)
 * @returns the quantile, float64
 * @throws {TypeError} when an argument is of the wrong kind
 * @throws {RangeError} when a value is NaN, or the share not from 0 to 1
 * @example
 * quantile([4, 1, 3, 2], 0.5); // 2.5
 * @see Hyndman & Fan, "Sample quantiles in statistical packages" (1996), definition 7
 */
export function quantile(values: Values, share: number): number {
  const sorted = valuesOf("quantile", "values", values).sort();
  checkNumber("quantile", "share", share, 0, 1);
  const at = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  // Not by their difference: that of infinities is NaN.
  return below === above ? below : below * (Math.ceil(at) - at) + above * (at - Math.floor(at));
}
