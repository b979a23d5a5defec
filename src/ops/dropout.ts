// Dropout.

import { checkNumber, refuseValue } from "../check/check.js";
import { bernoulli } from "../random/draws.js";
import { checkKey, type Key } from "../random/keys.js";
import { inScope } from "../tensor/scope.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { mul } from "./arithmetic.js";
import { scale } from "./pointwise.js";

/**
 * Sets each value to 0 with probability `rate` and scales the others up by 1 / (1 − rate), so that the mean stays.
 *
 * @param key - the same key drops the same values
 * @param x - tensor
 * @param rate - from 0 to below 1
 * @returns tensor of the same shape
 * @throws {TypeError} when the key is none
 * @throws {RangeError} when the rate is out of range
 * @example
 * ops.dropout(key(1), ones([2, 3]), 0).data; // [1, 1, 1, 1, 1, 1]
 * @see Srivastava et al., "Dropout" (2014)
 */
export function dropout(key: Key, x: Tensor, rate: number): Tensor {
  const where = "dropout";
  checkTensor(where, "x", x);
  checkNumber(where, "rate", rate, 0, 1);
  if (rate === 1) refuseValue(where, "rate", "be below 1", rate);
  checkKey(where, "key", key);
  return inScope(() => mul(x, scale(bernoulli(key, x.shape, 1 - rate), 1 / (1 - rate))));
}
