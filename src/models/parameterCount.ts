// How many parameters a model may have.

import { refuseValue } from "../check/check.js";
import { memoryLimit } from "../wasm/runtime.js";

/** Bytes that training holds per parameter: its value, gradient, Adam's two averages, and the last good value. */
const TRAINING_BYTES = 5 * 4;

/**
 * Refuses networks whose parameters would fill more than half of the memory in training: the other half is for what
 * passes through them. Counted from shapes, before anything is allocated; `cure` says what to give instead.
 */
export function checkParameterCount(
  where: string,
  argument: string,
  value: unknown,
  count: number,
  cure: string,
): void {
  const most = Math.floor(memoryLimit() / 2 / TRAINING_BYTES);
  if (count <= most) return;
  const million = (n: number) => `${(n / 1e6).toFixed(n < 1e7 ? 1 : 0)} million`;
  const gigabytes = ((count * TRAINING_BYTES) / 1e9).toFixed(1);
  const rule =
    `need at most ${million(most)} parameters, half of configure's maxMemory in training, but would need ` +
    `${million(count)} (${gigabytes} GB with gradients and Adam): ${cure}`;
  refuseValue(where, argument, rule, value);
}
