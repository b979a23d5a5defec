// Lists of numbers as arguments: tensors, arrays and typed arrays, of truth values too.

import { refuseKind, refuseValue } from "../check/check.js";
import { checkNumericArray, type NumericArray } from "../tensor/numericArray.js";
import { Tensor } from "../tensor/tensor.js";

/** One number or truth value (true is 1, false 0) each; a tensor of any shape is read row-major. */
export type Values = Tensor | NumericArray | readonly (number | boolean)[];

/** The numbers, of which there is at least one, and none NaN. */
export function valuesOf(where: string, argument: string, values: unknown): Float64Array {
  const list = values instanceof Tensor ? values.data : values;
  if (!Array.isArray(list) && !(ArrayBuffer.isView(list) && "length" in list)) {
    refuseKind(where, argument, "be a tensor or an array of numbers", values);
  }
  if (ArrayBuffer.isView(list)) checkNumericArray(where, list);
  const numbers = Float64Array.from(list as ArrayLike<unknown>, (value, i) => {
    if (typeof value !== "number" && typeof value !== "boolean") {
      refuseKind(where, `${argument}[${i}]`, "be a number, true or false", value);
    }
    if (Number.isNaN(value)) refuseValue(where, `${argument}[${i}]`, "not be NaN", value);
    return Number(value);
  });
  if (numbers.length === 0) refuseValue(where, argument, "hold at least one value", values);
  return numbers;
}

/** Checks that there are as many values as others. */
export function checkSameLength(
  where: string,
  argument: string,
  values: Float64Array,
  other: string,
  others: Float64Array,
): void {
  if (values.length !== others.length) {
    refuseValue(where, argument, `hold as many values as ${other}, ${others.length}`, values);
  }
}
