// Typed arrays of numbers, as tensors are made from them.

import { refuseKind, refuseValue } from "../check/check.js";
import { isDetached } from "../check/show.js";
import { isOwnBuffer } from "../wasm/runtime.js";

/** Typed arrays whose values are read as numbers. */
export type NumericArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/** Checks that a typed array holds numbers that can be read now and will not change meanwhile. */
export function checkNumericArray(where: string, data: ArrayBufferView): asserts data is NumericArray {
  const rule = "be a typed array of numbers (not BigInts or a DataView)";
  // By name, for arrays of another realm (a frame, a worker's test environment) have classes of their own.
  const kind = Object.prototype.toString.call(data);
  if (/BigInt|BigUint|DataView/.test(kind)) refuseKind(where, "data", rule, data);
  const { buffer } = data;
  if (
    typeof SharedArrayBuffer === "function" &&
    buffer instanceof SharedArrayBuffer &&
    !isOwnBuffer(buffer)
  ) {
    refuseKind(
      where,
      "data",
      "not lie in shared memory, which others may change; copy it first (data.slice())",
      data,
    );
  }
  if (isDetached(data))
    refuseKind(where, "data", "be attached to its buffer, which was transferred or has grown", data);
  if ((data as NumericArray).length === 0) refuseValue(where, "data", "hold at least one value", data);
}
