// Typed entries of the kernels of binary cross-entropy. Upstream gradients hold n values, or one that all share.

import { currentKernels } from "./runtime.js";
import { addressOf, type Operand } from "./storage.js";

/** Where probabilities are cut off; 0 < low ≤ high < 1, as float32. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

export function bceLogits(z: Operand, t: Operand, y: Operand, n: number): void {
  currentKernels().bceLogits(addressOf(z), addressOf(t), addressOf(y), n);
}

export function bceLogitsGradient(
  z: Operand,
  t: Operand,
  dy: Operand,
  dyLength: number,
  dz: Operand,
  n: number,
): void {
  currentKernels().bceLogitsGradient(addressOf(z), addressOf(t), addressOf(dy), dyLength, addressOf(dz), n);
}

export function bceProbabilities(p: Operand, t: Operand, y: Operand, n: number, { low, high }: Bounds): void {
  currentKernels().bceProbabilities(addressOf(p), addressOf(t), addressOf(y), n, low, high);
}

export function bceProbabilitiesGradient(
  p: Operand,
  t: Operand,
  dy: Operand,
  dyLength: number,
  dp: Operand,
  n: number,
  { low, high }: Bounds,
): void {
  const kernel = currentKernels().bceProbabilitiesGradient;
  kernel(addressOf(p), addressOf(t), addressOf(dy), dyLength, addressOf(dp), n, low, high);
}

/** How many of n values lie outside [low, high]; NaN does not. */
export function countOutside(x: Operand, n: number, low: number, high: number): number {
  return currentKernels().countOutside(addressOf(x), n, low, high);
}
