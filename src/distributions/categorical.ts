// Categorical distributions as plain data { logits }: log probability, samples, entropy; in nats.

import { defineOp } from "../autodiff/autodiff.js";
import { checkOptions, refuseKind, refuseValue } from "../check/check.js";
import { checkReduction, reduceExamples, type ReductionOptions } from "../losses/reduction.js";
import type { Labels } from "../ops/labels.js";
import { drawCategories } from "../random/draws.js";
import { checkKey, type Key } from "../random/keys.js";
import { inScope } from "../tensor/scope.js";
import { adoptArray, checkTensor, isSameShape, type Shape, Tensor } from "../tensor/tensor.js";

/** Categorical distributions, one per row: unnormalised log probabilities, shape `[..., categories]`. */
export interface Categorical {
  readonly logits: Tensor;
}

/** A row of logits, in float64: in float32 a nearly sure category's log probability rounds to 0. */
interface Row {
  /** The first of the largest logits. */
  readonly largest: number;
  /** The sum of exp(logit − largest) over the others. */
  readonly rest: number;
  /** The mean of largest − logit. */
  readonly depth: number;
}

function readRow(logits: Float32Array, start: number, end: number): Row {
  let likeliest = start;
  for (let i = start + 1; i < end; i++) if (logits[i] > logits[likeliest]) likeliest = i;
  const largest = logits[likeliest];
  let [rest, weighted] = [0, 0];
  for (let i = start; i < end; i++) {
    if (i === likeliest) continue;
    const weight = Math.exp(logits[i] - largest);
    rest += weight;
    // A category that is ruled out adds nothing, where 0·∞ would be NaN.
    if (weight !== 0) weighted += weight * (largest - logits[i]);
  }
  return { largest, rest, depth: weighted / (1 + rest) };
}

/** Calls `visit` with every row of a table of logits. */
function eachRow(logits: Tensor, visit: (row: Row, index: number, start: number, end: number) => void): void {
  const { data } = logits;
  const categories = logits.shape[logits.shape.length - 1];
  for (let start = 0; start < data.length; start += categories) {
    visit(readRow(data, start, start + categories), start / categories, start, start + categories);
  }
}

/** The log probability of each row's label. */
const logProbOp = defineOp<readonly [Tensor], ArrayLike<number>>({
  name: "categoricalLogProb",
  forward: ([logits], labels) => {
    const values = new Float32Array(labels.length);
    const { data } = logits;
    eachRow(logits, ({ largest, rest }, row, start) => {
      values[row] = data[start + labels[row]] - largest - Math.log1p(rest);
    });
    return adoptArray(values, logits.shape.slice(0, -1));
  },
  gradients: [
    (gradOutput, { inputs: [logits], options: labels }) => {
      const gradLogits = new Float32Array(logits.size);
      const [{ data }, gradients] = [logits, gradOutput.data];
      eachRow(logits, ({ largest, rest }, row, start, end) => {
        const label = start + labels[row];
        let others = 0;
        for (let i = start; i < end; i++) {
          const p = Math.exp(data[i] - largest) / (1 + rest);
          gradLogits[i] = -gradients[row] * p;
          if (i !== label) others += p;
        }
        // Not 1 − p, of which nothing is left where the label is nearly sure.
        gradLogits[label] = gradients[row] * others;
      });
      return adoptArray(gradLogits, logits.shape);
    },
  ],
});

/** The entropy of each row, log Σ exp − Σ p·logit counted from the largest logit: two terms that are never below 0. */
const entropyOp = defineOp<readonly [Tensor], undefined>({
  name: "categoricalEntropy",
  forward: ([logits]) => {
    const values = new Float32Array(logits.size / logits.shape[logits.shape.length - 1]);
    eachRow(logits, ({ rest, depth }, row) => (values[row] = Math.log1p(rest) + depth));
    return adoptArray(values, logits.shape.slice(0, -1));
  },
  gradients: [
    (gradOutput, { inputs: [logits] }) => {
      const gradLogits = new Float32Array(logits.size);
      const [{ data }, gradients] = [logits, gradOutput.data];
      eachRow(logits, ({ largest, rest, depth }, row, start, end) => {
        for (let i = start; i < end; i++) {
          const p = Math.exp(data[i] - largest) / (1 + rest);
          // −p·(log p + entropy)
          gradLogits[i] = p === 0 ? 0 : gradients[row] * p * (largest - data[i] - depth);
        }
      });
      return adoptArray(gradLogits, logits.shape);
    },
  ],
});

function checkCategorical(where: string, distribution: Categorical): Tensor {
  const logits = distribution?.logits;
  checkTensor(where, "distribution.logits", logits);
  if (logits.shape.length === 0) {
    refuseValue(where, "distribution.logits.shape", "have at least one axis", logits.shape);
  }
  return logits;
}

/** Checks one label for each of the distributions of shape `rows` and gives them as an array. */
function checkLabels(where: string, labels: Labels, rows: Shape, categories: number): ArrayLike<number> {
  const count = rows.reduce((product, size) => product * size, 1);
  if (typeof labels !== "object" || labels === null || !(labels instanceof Tensor || "length" in labels)) {
    refuseKind(where, "labels", "be a tensor or an array of numbers", labels);
  }
  if (labels instanceof Tensor && !isSameShape(labels.shape, rows)) {
    refuseValue(
      where,
      "labels.shape",
      `equal the leading shape [${rows.join(", ")}] of the logits`,
      labels.shape,
    );
  }
  const list = labels instanceof Tensor ? labels.data : labels;
  // Before anything is copied: what is no array may claim any length.
  if (list.length !== count) {
    refuseValue(where, "labels.length", `equal the number of distributions ${count}`, list.length);
  }
  // Copied, for the caller may change an array before the gradient reads it.
  const values = Array.from(list);
  const wrong = values.findIndex((label) => !(Number.isInteger(label) && label >= 0 && label < categories));
  if (wrong >= 0) {
    refuseValue(where, `labels[${wrong}]`, `be an integer from 0 to ${categories - 1}`, values[wrong]);
  }
  return values;
}

/**
 * Log probability of labels, log softmax(logits)[label]: the negative cross-entropy of classification.
 *
 * @param labels - integers from 0 to categories − 1, one per distribution
 * @param distribution - `{ logits }`, shape `[..., categories]`
 * @param options.reduction - `"perExample"` (default: the sum over all axes of the labels but the first), `"none"`,
 *   `"sum"`, or `"mean"` over the examples
 * @returns nats, ≤ 0; `[batch]` for perExample, rank 0 for sum and mean, else the logits' leading shape
 * @throws {RangeError} when a label is no integer or names no category, or their number does not fit
 * @example
 * categoricalLogProb([1, 0], { logits: zeros([2, 4]) }).data; // [-1.386…, -1.386…]
 */
export function categoricalLogProb(
  labels: Labels,
  distribution: Categorical,
  options: ReductionOptions = {},
): Tensor {
  const where = "categoricalLogProb";
  const logits = checkCategorical(where, distribution);
  const rows = logits.shape.slice(0, -1);
  const picked = checkLabels(where, labels, rows, logits.shape[rows.length]);
  checkOptions(where, options, ["reduction"]);
  const { reduction = rows.length === 0 ? "none" : "perExample" } = options;
  checkReduction(where, reduction, "labels", rows);
  return inScope(() => reduceExamples(logProbOp([logits], picked), reduction));
}

/**
 * Entropy −Σ p·log p of p = softmax(logits).
 *
 * @param distribution - `{ logits }`, shape `[..., categories]`
 * @param options.reduction - `"perExample"` (default: the sum over all leading axes but the first), `"none"`,
 *   `"sum"`, or `"mean"` over the examples
 * @returns nats, from 0 to log(categories) each; `[batch]` for perExample, rank 0 for sum and mean, else the logits'
 *   leading shape
 * @throws {RangeError} when `logits` has no axis
 * @example
 * categoricalEntropy({ logits: zeros([1, 4]) }).data; // [1.386…]
 */
export function categoricalEntropy(distribution: Categorical, options: ReductionOptions = {}): Tensor {
  const where = "categoricalEntropy";
  const logits = checkCategorical(where, distribution);
  const rows = logits.shape.slice(0, -1);
  checkOptions(where, options, ["reduction"]);
  const { reduction = rows.length === 0 ? "none" : "perExample" } = options;
  checkReduction(where, reduction, "distribution.logits", rows);
  return inScope(() => reduceExamples(entropyOp([logits], undefined), reduction));
}

/**
 * Draws one category from each distribution. No gradient flows: a draw jumps.
 *
 * @param key - key
 * @param distribution - `{ logits }`, shape `[..., categories]`
 * @returns category numbers, row-major over the leading axes
 * @throws {TypeError} when `key` is not a key
 * @throws {RangeError} when `logits` has no axis, holds NaN, or leaves no category possible in a row
 * @example
 * sampleCategorical(key(1), { logits: zeros([5, 10]) }); // Uint32Array of 5 labels
 */
export function sampleCategorical(key: Key, distribution: Categorical): Uint32Array {
  const where = "sampleCategorical";
  checkKey(where, "key", key);
  return drawCategories(where, key, "distribution.logits", checkCategorical(where, distribution));
}
