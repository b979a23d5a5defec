// Reconstruction losses of plain autoencoders, by name: values per element, and how they become one number.

import { checkOneOf, refuseKind, refuseValue } from "../check.js";
import { binaryCrossEntropy, binaryCrossEntropyWithLogits } from "../losses/binaryCrossEntropy.js";
import { squaredError } from "../losses/squaredError.js";
import * as ops from "../ops/index.js";
import { checkTensor, isSameShape, Tensor } from "../tensor.js";

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

/**
 * Values per element to one number; with `hidden`, only where that is 1. A mean is then over those elements, a sum
 * over those of each example.
 */
export function reduceWhere(
  where: string,
  values: Tensor,
  reduction: ReconstructionReduction,
  hidden: Tensor | undefined,
): Tensor {
  const examples = values.shape[0];
  if (hidden === undefined) {
    return reduction === "mean" ? ops.mean(values) : ops.scale(ops.sum(values), 1 / examples);
  }
  checkTensor(where, "hidden", hidden);
  const { shape } = values;
  const isMask =
    hidden.shape.length === shape.length &&
    hidden.shape.every((size, axis) => size === shape[axis] || (size === 1 && axis === shape.length - 1));
  if (!isMask) {
    const rule = `equal [${shape.join(", ")}], or have 1 as its last size`;
    refuseValue(where, "hidden.shape", rule, hidden.shape);
  }
  const counted = hidden.data.reduce((sum, value) => sum + value, 0) * (values.size / hidden.size);
  if (counted === 0) refuseValue(where, "hidden", "be 1 somewhere", hidden);
  return ops.scale(ops.sum(ops.mul(values, hidden)), 1 / (reduction === "mean" ? counted : examples));
}
