// The entry `reparam/ndarray`: the way from and to the package ndarray.

import ndarray from "ndarray";
import { type Float32NdArray, plainView } from "./plainView.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";

export { fromNdarray, type GenericStore, type NdArrayLike } from "../tensor/ndarrayLike.js";
export type { Float32NdArray } from "./plainView.js";

/** Whether the package has failed to make a view: it makes code for that, and pages and platforms may forbid it. */
let isCodeForbidden = false;

/**
 * An ndarray that shows a tensor's values: those of {@link Tensor.data}, which may be kept.
 *
 * @param t - tensor
 * @returns ndarray of the same shape, row-major; not to be written to, as the tensor shares it. Where code may not be made
 *   from strings (Cloudflare Workers, a Content-Security-Policy without `unsafe-eval`), which the package does, it is
 *   a view of the same members that needs none
 * @throws {TypeError} when `t` is not a tensor
 * @example
 * toNdarray(tensor([[1, 2], [3, 4]])).get(1, 0); // 3
 */
export function toNdarray(t: Tensor): Float32NdArray {
  checkTensor("toNdarray", "t", t);
  if (!isCodeForbidden) {
    try {
      return ndarray(t.data, [...t.shape]) as unknown as Float32NdArray;
    } catch {
      // Asking again would be reported as an offence again.
      isCodeForbidden = true;
    }
  }
  return plainView(t.data, t.shape);
}
