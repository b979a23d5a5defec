// What a model is trained on: inputs, and what may go with each of them. The one place that checks their shapes.

import { checkOptions, refuseKind, refuseValue } from "../check/check.js";
import { reshape, sum } from "../ops/index.js";
import { div } from "../ops/arithmetic.js";
import { checkTensor, isSameShape, type Shape, type Tensor, viewOf } from "../tensor/tensor.js";
import { isPlainObject } from "../tensor/tree.js";

/** Examples with what goes with each of them: all first sizes are the same n. */
export interface Batch {
  /** What the model takes, `[n, ...inputShape]`. */
  readonly inputs: Tensor;
  /** What its output is compared with, `[n, ...inputShape]` (default: the inputs). */
  readonly targets?: Tensor;
  /** Classes as integers `[n]`, or `[n, k]` numbers each, for models that take them. */
  readonly labels?: Tensor;
  /** How much each example counts in the loss, `[n]`, ≥ 0 and not all 0 (default: all the same). */
  readonly weights?: Tensor;
}

/** A batch; a tensor alone is its inputs. */
export type BatchLike = Tensor | Batch;

const FIELDS = ["inputs", "targets", "labels", "weights"] as const;

/** Whether a value has the form of a batch with names. */
export const isBatchObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  isPlainObject(value) && Object.hasOwn(value, "inputs");

/** Checks a tensor `[n, ...shape]`, of any n or a given one. */
export function checkBatch(
  where: string,
  argument: string,
  batch: unknown,
  shape: Shape,
  count?: number,
): asserts batch is Tensor {
  checkTensor(where, argument, batch);
  const [n, ...rest] = batch.shape;
  if (n === undefined || n !== (count ?? n) || !isSameShape(rest, shape)) {
    refuseValue(where, `${argument}.shape`, `be [${[count ?? "n", ...shape].join(", ")}]`, batch.shape);
  }
}

/** The batch that an argument is, checked. */
export function batchOf(where: string, argument: string, value: unknown, inputShape: Shape): Batch {
  if (!isBatchObject(value)) {
    checkBatch(where, argument, value, inputShape);
    return { inputs: value };
  }
  checkOptions(`${where}.${argument}`, value, FIELDS);
  const { inputs, targets, labels, weights } = value;
  checkBatch(where, `${argument}.inputs`, inputs, inputShape);
  const [count] = inputs.shape;
  if (targets !== undefined) checkBatch(where, `${argument}.targets`, targets, inputShape, count);
  if (labels !== undefined) checkLabels(where, `${argument}.labels`, labels, count);
  if (weights !== undefined) checkWeights(where, `${argument}.weights`, weights, count);
  return mapBatch({ inputs, targets, labels, weights } as Batch, (t) => t);
}

function checkLabels(where: string, argument: string, labels: unknown, count: number): void {
  checkTensor(where, argument, labels);
  const { shape } = labels;
  if (shape[0] !== count || shape.length > 2) {
    refuseValue(where, `${argument}.shape`, `be [${count}] or [${count}, k]`, shape);
  }
  if (shape.length === 2) return;
  const odd = viewOf(labels).find((label) => !Number.isInteger(label));
  if (odd !== undefined) refuseValue(where, argument, "hold integers", odd);
}

function checkWeights(where: string, argument: string, weights: unknown, count: number): void {
  checkBatch(where, argument, weights, [], count);
  // NaN and infinity pass: training tells of them better.
  const negative = viewOf(weights).find((weight) => weight < 0);
  if (negative !== undefined) refuseValue(where, argument, "be ≥ 0", negative);
  if (viewOf(weights).every((weight) => weight === 0))
    refuseValue(where, argument, "be above 0 somewhere", 0);
}

/** A batch with every tensor replaced. */
export function mapBatch(batch: Batch, f: (t: Tensor) => Tensor): Batch {
  const entries = FIELDS.flatMap((name) => {
    const t = batch[name];
    return t === undefined ? [] : [[name, f(t)] as const];
  });
  return Object.fromEntries(entries) as unknown as Batch;
}

/** A batch that a model's loss is taken on which knows no labels. */
export function unlabelled(where: string, value: unknown, inputShape: Shape): Batch {
  const batch = batchOf(where, "batch", value, inputShape);
  if (batch.labels !== undefined) {
    refuseKind(where, "batch.labels", "be left out: this model takes none", batch.labels);
  }
  return batch;
}

/** Every example's share in a weighted mean, `[n, 1, …]` with as many axes as are wanted. */
export function sharesOf(weights: Tensor, rank: number): Tensor {
  const shape = [weights.size, ...Array.from({ length: rank - 1 }, () => 1)];
  return reshape(div(weights, sum(weights)), shape);
}

/** How much a batch weighs beside others: its weights, or its number of examples. */
export function weightOf({ inputs, weights }: Batch): number {
  return weights === undefined
    ? inputs.shape[0]
    : viewOf(weights).reduce((total, weight) => total + weight, 0);
}
