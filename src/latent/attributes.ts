// Averages of codes, and the direction that an attribute has among them.

import { refuseValue } from "../check/check.js";
import { type Values, valuesOf } from "../statistics/values.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkCodes, makeCodes, rowOf } from "./rows.js";

/** Σ weight·code over the rows, in float64. */
function weightedSum(where: string, codes: Tensor, weightOf: (row: number) => number): Tensor {
  const [count, latentSize] = codes.shape;
  const sum = new Float64Array(latentSize);
  for (let row = 0; row < count; row++) {
    const code = rowOf(codes, row);
    const weight = weightOf(row);
    for (let i = 0; i < latentSize; i++) sum[i] += weight * code[i];
  }
  return makeCodes(where, 1, latentSize, (place) => place.set(sum));
}

/**
 * The mean of codes, as one code: what it decodes to is their common face. Not differentiable.
 *
 * @param codes - shape `[count, latent]`
 * @returns shape `[1, latent]`
 * @throws {TypeError} when `codes` is not a tensor
 * @throws {RangeError} when it has not two axes
 * @example
 * averageCode(tensor([[1, 2], [3, 6]])).data; // [2, 4]
 */
export function averageCode(codes: Tensor): Tensor {
  const where = "averageCode";
  checkCodes(where, "codes", codes);
  return weightedSum(where, codes, () => 1 / codes.shape[0]);
}

/**
 * The direction in which codes move with an attribute: how much the code changes, by least squares, when the
 * attribute grows by 1. Not differentiable.
 *
 * For labels this is the mean of the codes with the attribute minus the mean of those without. For measured
 * attributes it is the slope of the regression `Σ (value − mean)·code / Σ (value − mean)²`; standardise the values
 * first to have steps of one standard deviation.
 *
 * @param codes - shape `[count, latent]`
 * @param values - of each code's attribute: true and false, 1 and 0, or any numbers
 * @returns shape `[1, latent]`, for {@link moveAlong}
 * @throws {TypeError} when an argument is of the wrong kind
 * @throws {RangeError} when there is not one value for each code, or all values are equal
 * @example
 * const codes = tensor([[0, 1], [2, 1], [9, 1]]);
 * attributeVector(codes, [false, false, true]).data; // [8, 0]
 * @see Larsen et al., "Autoencoding beyond pixels using a learned similarity metric" (2015), section 4.2
 */
export function attributeVector(codes: Tensor, values: Values): Tensor {
  const where = "attributeVector";
  checkCodes(where, "codes", codes);
  const attribute = valuesOf(where, "values", values);
  const [count] = codes.shape;
  if (attribute.length !== count) {
    refuseValue(where, "values", `hold codes.shape[0] = ${count} values`, attribute.length);
  }
  // Deviations from the first value, which are exactly 0 where all are equal.
  const offsets = attribute.map((value) => value - attribute[0]);
  const mean = offsets.reduce((sum, offset) => sum + offset, 0) / count;
  const spread = offsets.reduce((sum, offset) => sum + (offset - mean) ** 2, 0);
  if (!(spread > 0 && spread < Infinity)) {
    refuseValue(where, "values", "be finite and not all equal", [...attribute]);
  }
  return weightedSum(where, codes, (row) => (offsets[row] - mean) / spread);
}
