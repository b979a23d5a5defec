// Checks of what is drawn from: NaN, or no probability anywhere, would give numbers that only look drawn.

import { refuseValue } from "../check/check.js";
import type { Tensor } from "../tensor/tensor.js";

/** Checks that parameters are not NaN, naming the first that is. */
export function checkNotNaN(where: string, argument: string, { data }: Tensor): void {
  const index = data.findIndex((value) => value !== value);
  if (index >= 0) refuseValue(where, `${argument}.data[${index}]`, "not be NaN", data[index]);
}

/** Checks that parameters are finite, naming the first that is not. */
export function checkFinite(where: string, argument: string, { data }: Tensor): void {
  const index = data.findIndex((value) => !Number.isFinite(value));
  if (index >= 0) refuseValue(where, `${argument}.data[${index}]`, "be a finite number", data[index]);
}

/** Checks unnormalised log probabilities, one distribution per row of so many categories. */
export function checkLogits(where: string, argument: string, { data }: Tensor, categories: number): void {
  for (let start = 0; start < data.length; start += categories) {
    let largest = -Infinity;
    for (let i = start; i < start + categories; i++) {
      if (!(data[i] < Infinity)) refuseValue(where, `${argument}.data[${i}]`, "be below Infinity", data[i]);
      if (data[i] > largest) largest = data[i];
    }
    if (largest === -Infinity) {
      const rule = `have a category above -Infinity in row ${start / categories}`;
      // An array, of which a message shows the beginning.
      refuseValue(where, argument, rule, [...data.subarray(start, start + Math.min(categories, 7))]);
    }
  }
}
