// Typed entries of the random kernels: keys are pairs of 32-bit words.

import { currentKernels, currentRuntime, integers } from "./runtime.js";
import { addressOf, type Operand } from "./storage.js";

/** The two words of a key. */
export type KeyWords = readonly [number, number];

/** One block of threefry2x32-20: two words from two counters. */
export function threefryBlock([key0, key1]: KeyWords, counter0: number, counter1: number): KeyWords {
  const { records } = currentRuntime();
  currentKernels().threefryBlock(key0, key1, counter0, counter1, records);
  return [integers[records / 4] >>> 0, integers[records / 4 + 1] >>> 0];
}

/** n words of the key's stream, as bit patterns in y. */
export function threefryBits([key0, key1]: KeyWords, y: Operand, n: number): void {
  currentKernels().threefryBits(key0, key1, 0, addressOf(y), n);
}

export function drawUniform([key0, key1]: KeyWords, y: Operand, n: number, low: number, high: number): void {
  currentKernels().uniform(key0, key1, addressOf(y), n, low, high);
}

export function drawNormal(
  [key0, key1]: KeyWords,
  y: Operand,
  n: number,
  mean: number,
  deviation: number,
): void {
  currentKernels().normal(key0, key1, addressOf(y), n, mean, deviation);
}

export function drawTruncatedNormal(
  [key0, key1]: KeyWords,
  y: Operand,
  n: number,
  low: number,
  high: number,
): void {
  currentKernels().truncatedNormal(key0, key1, addressOf(y), n, low, high);
}

export function drawBernoulli([key0, key1]: KeyWords, y: Operand, n: number, p: number): void {
  currentKernels().bernoulli(key0, key1, addressOf(y), n, p);
}
