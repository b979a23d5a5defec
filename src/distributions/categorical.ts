// Categorical distributions as plain data { logits }: log probability, samples, entropy; in nats.

import { defineOp } from "../autodiff.js";
import { checkOptions, refuseKind, refuseValue } from "../check.js";
import { checkReduction, reduceExamples, type ReductionOptions } from "../losses/reduction.js";
import { mul } from "../ops/arithmetic.js";
import { clip, exp, scale } from "../ops/pointwise.js";
import { sum } from "../ops/reduce.js";
import { logSoftmax } from "../ops/softmax.js";
import type { Labels } from "../ops/labels.js";
import { categorical } from "../random/draws.js";
import type { Key } from "../random/keys.js";
import { inScope } from "../scope.js";
import { adoptArray, checkTensor, isSameShape, type Shape, Tensor } from "../tensor.js";

/** Categorical distributions, one per row: unnormalised log probabilities, shape `[..., categories]`. */
export interface Categorical {
  readonly logits: Tensor;
}

/** One value per row, at the row's label. Plain loops: there is one number per distribution to move. */
const pickOp = defineOp<readonly [Tensor], ArrayLike<number>>({
  name: "pick",
  forward: ([table], labels) => {
    const shape = table.shape.slice(0, -1);
    const { data } = table;
    const categories = data.length / labels.length;
    return adoptArray(
      Float32Array.from(labels, (label, row) => data[row * categories + label]),
      shape,
    );
  },
  gradients: [
    (gradOutput, { inputs: [table], options: labels }) => {
      const gradTable = new Float32Array(table.size);
      const categories = table.size / labels.length;
      for (const [row, gradient] of gradOutput.data.entries()) {
        gradTable[row * categories + labels[row]] = gradient;
      }
      return adoptArray(gradTable, table.shape);
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
  return inScope(() => reduceExamples(pickOp([logSoftmax(logits)], picked), reduction));
}

// Below, exp is 0 in float32; so is the product, also for a logit of −∞ (a category ruled out).
const LEAST_LOG = -128;

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
  return inScope(() => {
    const logs = logSoftmax(logits);
    const values = scale(sum(mul(exp(logs), clip(logs, LEAST_LOG, 0)), { axis: -1 }), -1);
    return reduceExamples(values, reduction);
  });
}

/**
 * Draws one category from each distribution. No gradient flows: a draw jumps.
 *
 * @param from - key
 * @param distribution - `{ logits }`, shape `[..., categories]`
 * @returns category numbers, row-major over the leading axes
 * @throws {TypeError} when `from` is not a key
 * @throws {RangeError} when `logits` has no axis
 * @example
 * sampleCategorical(key(1), { logits: zeros([5, 10]) }); // Uint32Array of 5 labels
 */
export function sampleCategorical(from: Key, distribution: Categorical): Uint32Array {
  const where = "sampleCategorical";
  return categorical(from, checkCategorical(where, distribution));
}
