// Labels as vectors: one-hot rows, and rows of a table.

import { checkInteger, checkResult, refuseKind, refuseValue } from "../check/check.js";
import { adoptArray, checkTensor, type Tensor } from "../tensor/tensor.js";
import { matmul } from "./matmul.js";

/** Class numbers. */
export type Labels = Tensor | ArrayLike<number>;

/**
 * One row per label, 1 at the label's place and 0 elsewhere.
 *
 * @param labels - integers from 0 to classes − 1; a tensor of any shape is read row-major
 * @param classes - number of classes
 * @returns shape `[labels, classes]`
 * @throws {RangeError} when a label is not such an integer
 * @example
 * ops.oneHot([1, 0], 2).data; // [0, 1, 1, 0]
 */
export function oneHot(labels: Labels, classes: number): Tensor {
  checkInteger("oneHot", "classes", classes, 1);
  return rowsOf("oneHot", labels, classes);
}

function rowsOf(where: string, labels: Labels, classes: number): Tensor {
  const values = listOf(where, labels);
  const shape = [values.length, classes];
  checkResult(where, where === "oneHot" ? "classes" : "labels", shape, values.length * classes);
  for (let i = 0; i < values.length; i++) checkInteger(where, `labels[${i}]`, values[i], 0, classes - 1);
  const rows = new Float32Array(values.length * classes);
  for (let i = 0; i < values.length; i++) rows[i * classes + values[i]] = 1;
  return adoptArray(rows, shape);
}

function listOf(where: string, labels: unknown): ArrayLike<number> {
  const list = typeof labels === "object" && labels !== null && "data" in labels ? labels.data : labels;
  const length = (list as { readonly length?: unknown } | null | undefined)?.length;
  if (typeof list !== "object" || typeof length !== "number") {
    refuseKind(where, "labels", "be a tensor or an array of integers", labels);
  }
  if (!(Number.isSafeInteger(length) && length > 0)) {
    refuseValue(where, "labels", "hold at least one label", labels);
  }
  return list as ArrayLike<number>;
}

/**
 * The table's row of every label: `oneHot(labels)·table`.
 *
 * @param labels - integers from 0 to the number of rows − 1
 * @param table - shape `[classes, features]`
 * @returns shape `[labels, features]`
 * @throws {RangeError} when a label has no row
 * @example
 * ops.embedding([1], tensor([[1, 2], [3, 4]])).data; // [3, 4]
 */
export function embedding(labels: Labels, table: Tensor): Tensor {
  const where = "embedding";
  checkTensor(where, "table", table, 2, "[classes, features]");
  return matmul(rowsOf(where, labels, table.shape[0]), table);
}
