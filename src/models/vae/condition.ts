// What a conditional model knows of every example besides its input: a class, or numbers. The one home of y.

import { checkInteger, checkOneOf, checkOptions, refuseKind } from "../../check/check.js";
import * as ops from "../../ops/index.js";
import { adoptArray, type Shape, Tensor, viewOf, zeros } from "../../tensor/tensor.js";
import { checkBatch } from "../batch.js";
import type { BatchOptions } from "../batches.js";

/** Where the encoder sees y: beside its features, or beside its inputs, in images as channels of one value each. */
const PLACES = ["features", "maps"] as const;

/**
 * - `{ classes, names }`: one of so many classes, which may have names; y is its one-hot vector.
 * - `{ size }`: y is so many numbers.
 *
 * The decoder gets y beside the latents. The encoder gets it beside its features (`as: "features"`, the default), or
 * beside the inputs (`as: "maps"`): in images as channels of one value each, in vectors as further entries.
 */
export type Condition = ClassCondition | NumberCondition;

interface ClassCondition {
  readonly classes: number;
  readonly names?: readonly string[] | undefined;
  readonly as?: (typeof PLACES)[number] | undefined;
}

interface NumberCondition {
  readonly size: number;
  readonly as?: (typeof PLACES)[number] | undefined;
}

/** What is known of examples: classes `[n]`, or numbers `[n, size]`; a class alone, or its name, is that of all. */
export type GivenLabels = Tensor | number | string;

/** Options of functions that take labels in a conditional model, and none in another. */
export interface LabelOptions extends BatchOptions {
  /** Classes `[n]`, or numbers `[n, size]`; the number or the name of a class is that of all examples. */
  readonly labels?: GivenLabels | undefined;
}

/** The condition checked, with all that is left to its defaults; undefined where there is none. */
export function checkedCondition(where: string, condition: unknown): Condition | undefined {
  if (condition === undefined) return undefined;
  checkOptions(`${where}.condition`, condition, ["classes", "size", "names", "as"]);
  const { classes, size, names, as = "features" } = condition as Partial<ClassCondition & NumberCondition>;
  checkOneOf(where, "condition.as", as, PLACES);
  if ((classes === undefined) === (size === undefined)) {
    refuseKind(where, "condition", "have either classes or size", condition);
  }
  checkInteger(where, `condition.${classes === undefined ? "size" : "classes"}`, classes ?? size, 1);
  if (names === undefined) return { ...(classes === undefined ? { size } : { classes }), as } as Condition;
  const isWhole = Array.isArray(names) && names.length === classes && new Set(names).size === classes;
  if (!isWhole || names.some((name) => typeof name !== "string")) {
    refuseKind(where, "condition.names", "be different strings, one for each of the classes", names);
  }
  return { classes: names.length, names: [...names], as };
}

/** How many numbers y has; none without a condition. */
export function widthOf(condition: Condition | undefined): number {
  if (condition === undefined) return 0;
  return "classes" in condition ? condition.classes : condition.size;
}

/** A shape with further entries on its last axis. */
export const widened = (shape: Shape, more: number): Shape =>
  more === 0 || shape.length === 0 ? shape : [...shape.slice(0, -1), shape[shape.length - 1] + more];

/** A batch with y beside its last axis, the same at every place; as it is where there is no y. */
export function withLabels(batch: Tensor, y: Tensor | undefined): Tensor {
  if (y === undefined) return batch;
  const [count, ...places] = batch.shape.slice(0, -1);
  const column = ops.reshape(y, [count, ...places.map(() => 1), y.shape[1]]);
  return ops.concat([batch, ops.add(column, zeros([1, ...places, 1]))], batch.shape.length - 1);
}

/**
 * The vectors y `[count, width]` of labels, one for each of so many examples; undefined for a model without a
 * condition. Labels that do not fit it are refused, and so are labels that are missing, or too many.
 */
export function vectorsOf(
  where: string,
  condition: Condition | undefined,
  labels: unknown,
  count: number,
  argument = "labels",
): Tensor | undefined {
  if (condition === undefined) {
    if (labels !== undefined) refuseKind(where, argument, "be left out: this model takes none", labels);
    return undefined;
  }
  if ("size" in condition) {
    checkBatch(where, argument, labels, [condition.size], count);
    return labels;
  }
  const { classes, names } = condition;
  if (labels instanceof Tensor) checkBatch(where, argument, labels, [], count);
  else if (typeof labels === "string" && names !== undefined) checkOneOf(where, argument, labels, names);
  else if (typeof labels !== "number") {
    const rule = `be a tensor [${count}] or an integer, from 0 to ${classes - 1}: this model takes classes`;
    refuseKind(where, argument, rule, labels);
  }
  const list = labels instanceof Tensor ? viewOf(labels) : undefined;
  const one = typeof labels === "string" ? names?.indexOf(labels) : labels;
  const rows = new Float32Array(count * classes);
  for (let i = 0; i < count; i++) {
    const label = list ? list[i] : one;
    checkInteger(where, list ? `${argument}[${i}]` : argument, label, 0, classes - 1);
    rows[i * classes + label] = 1;
  }
  return adoptArray(rows, [count, classes]);
}

/** Labels that any model of the condition takes, for one who only looks at shapes. */
export const anyLabels = (condition: Condition, count: number): Tensor =>
  zeros("classes" in condition ? [count] : [count, condition.size]);
