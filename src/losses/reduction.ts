// How the values of a loss become its result, and what losses and distributions check alike.

import { checkOneOf, refuseValue } from "../check/check.js";
import { mean, sum } from "../ops/reduce.js";
import { scale } from "../ops/pointwise.js";
import { expand } from "../ops/shape.js";
import { checkTensor, emptyTensor, isSameShape, type Shape, Tensor } from "../tensor/tensor.js";
import * as kernels from "../wasm/kernels.js";

/**
 * What becomes of a loss's values: all of them (`"none"`), their `"sum"`, their `"mean"`, or one sum for each
 * example, over all axes but the first (`"perExample"`).
 */
export type Reduction = "none" | "mean" | "sum" | "perExample";

/** Options of a loss or of a distribution's function. */
export interface ReductionOptions {
  /** Each function states its default, and what its `"mean"` is the mean of. */
  readonly reduction?: Reduction | undefined;
}

const REDUCTIONS: readonly Reduction[] = ["none", "mean", "sum", "perExample"];

/** Checks a reduction for values of a shape. */
export function checkReduction(where: string, reduction: unknown, argument: string, shape: Shape): void {
  checkOneOf(where, "reduction", reduction, REDUCTIONS);
  if (reduction === "perExample" && shape.length === 0) {
    refuseValue(where, `${argument}.shape`, "have an axis of examples first", shape);
  }
}

/** Checks that two arguments are tensors of one shape. */
export function checkAlike(
  where: string,
  firstName: string,
  first: unknown,
  secondName: string,
  second: unknown,
): void {
  checkTensor(where, firstName, first);
  checkTensor(where, secondName, second);
  if (!isSameShape(first.shape, second.shape)) {
    const rule = `equal ${firstName}.shape = [${first.shape.join(", ")}]`;
    refuseValue(where, `${secondName}.shape`, rule, second.shape);
  }
}

/** Reduces; `"mean"` is over all elements. */
export function reduceElements(values: Tensor, reduction: Reduction): Tensor {
  if (reduction === "none") return values;
  if (reduction === "mean") return mean(values);
  if (reduction === "sum") return sum(values);
  const axis = values.shape.map((_, i) => i).slice(1);
  return axis.length === 0 ? values : sum(values, { axis });
}

/** Reduces; `"mean"` is over the examples, each of which is summed up. */
export function reduceExamples(values: Tensor, reduction: Reduction): Tensor {
  if (reduction !== "mean") return reduceElements(values, reduction);
  return scale(sum(values), 1 / countExamples(values.shape));
}

/** How many examples a batch of that shape holds; a single number is one. */
export function countExamples(shape: Shape): number {
  return shape[0] ?? 1;
}

/** The gradient of `values` from that of `reduceElements`: of their shape, or one number that all share. */
export function upstreamOf(gradOutput: Tensor, { shape, size }: Tensor, reduction: Reduction): Tensor {
  if (reduction === "mean") {
    const share = emptyTensor(gradOutput.shape);
    kernels.scale(gradOutput, share, 1, 1 / size, 0);
    return share;
  }
  if (reduction !== "perExample") return gradOutput;
  const column = shape.map((length, axis) => (axis === 0 ? length : 1));
  return expand(new Tensor(gradOutput.storage, column, gradOutput.offset), shape);
}
