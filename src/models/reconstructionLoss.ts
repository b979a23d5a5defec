// Reconstruction losses of plain autoencoders, by name: values per element, and how they become one number.

import { checkOneOf, refuseKind, refuseValue } from "../check/check.js";
import { binaryCrossEntropy, binaryCrossEntropyWithLogits } from "../losses/binaryCrossEntropy.js";
import { squaredError } from "../losses/squaredError.js";
import * as ops from "../ops/index.js";
import { checkTensor, isSameShape, item, Tensor } from "../tensor/tensor.js";
import { sharesOf } from "./batch.js";

/** A loss by name, or the function that gives its values per element from output and target. */
export type ReconstructionLoss =
  | "squaredError"
  | "binaryCrossEntropy"
  | "binaryCrossEntropyWithLogits"
  | ((output: Tensor, target: Tensor) => Tensor);

/** The mean over all elements, or over the examples the sum of each. */
export type ReconstructionReduction = "mean" | "perExample";

const none = { reduction: "none" } as const;
const byName: Record<string, (output: Tensor, target: Tensor) => Tensor> = {
  squaredError: (output, target) => squaredError(output, target, none),
  binaryCrossEntropy: (output, target) => binaryCrossEntropy(output, target, none),
  binaryCrossEntropyWithLogits: (output, target) => binaryCrossEntropyWithLogits(output, target, none),
};

/** The checked function of a loss. */
export function elementsOf(where: string, loss: unknown): (output: Tensor, target: Tensor) => Tensor {
  if (typeof loss !== "function") {
    checkOneOf(where, "loss", loss, Object.keys(byName));
    return byName[loss];
  }
  return (output, target) => {
    const values: unknown = loss(output, target);
    if (!(values instanceof Tensor)) refuseKind(where, "loss", "return a tensor", values);
    if (!isSameShape(values.shape, output.shape)) {
      const rule = `return a value per element, [${output.shape.join(", ")}]`;
      return refuseValue(where, "loss", rule, values.shape);
    }
    return values;
  };
}

/** What counts in a loss, and how much. */
export interface Counted {
  /** 1 where an element counts and 0 where it does not, of the values' shape or with one channel. */
  readonly hidden?: Tensor | undefined;
  /** Of each example. */
  readonly weights?: Tensor | undefined;
}

/**
 * Values per element to one number; with `hidden`, only where that is 1. A mean is then over those elements, a sum
 * over those of each example. With `weights`, examples count by them.
 */
export function reduceWhere(
  where: string,
  values: Tensor,
  reduction: ReconstructionReduction,
  { hidden, weights }: Counted,
): Tensor {
  const examples = values.shape[0];
  if (hidden !== undefined) checkHidden(where, hidden, values);
  if (weights !== undefined) {
    const shares = sharesOf(weights, values.shape.length);
    const sum = ops.sum(ops.mul(hidden === undefined ? values : ops.mul(values, hidden), shares));
    if (reduction === "perExample") return sum;
    if (hidden === undefined) return ops.scale(sum, examples / values.size);
    const counted = ops.sum(ops.mul(hidden, shares));
    if (item(counted) === 0) refuseValue(where, "hidden", "be 1 somewhere in what has a weight", hidden);
    return ops.div(ops.scale(sum, hidden.size / values.size), counted);
  }
  if (hidden === undefined) {
    return reduction === "mean" ? ops.mean(values) : ops.scale(ops.sum(values), 1 / examples);
  }
  const counted = hidden.data.reduce((sum, value) => sum + value, 0) * (values.size / hidden.size);
  return ops.scale(ops.sum(ops.mul(values, hidden)), 1 / (reduction === "mean" ? counted : examples));
}

function checkHidden(where: string, hidden: Tensor, { shape }: Tensor): void {
  checkTensor(where, "hidden", hidden);
  const isMask =
    hidden.shape.length === shape.length &&
    hidden.shape.every((size, axis) => size === shape[axis] || (size === 1 && axis === shape.length - 1));
  if (!isMask) {
    const rule = `equal [${shape.join(", ")}], or have 1 as its last size`;
    refuseValue(where, "hidden.shape", rule, hidden.shape);
  }
  if (hidden.data.every((value) => value === 0)) refuseValue(where, "hidden", "be 1 somewhere", hidden);
}
