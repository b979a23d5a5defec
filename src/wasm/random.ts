// Random kernels with a key's two words as one argument.

import * as generated from "./generated.js";
import { currentKernels, currentRuntime, integers } from "./runtime.js";
import type { Operand } from "./storage.js";

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
  generated.threefryBits({ key0, key1, counter0: 0, y, n });
}

export function drawUniform([key0, key1]: KeyWords, y: Operand, n: number, low: number, high: number): void {
  generated.uniform({ key0, key1, y, n, low, high });
}

export function drawNormal(
  [key0, key1]: KeyWords,
  y: Operand,
  n: number,
  mean: number,
  deviation: number,
): void {
  generated.normal({ key0, key1, y, n, mean, deviation });
}

export function drawTruncatedNormal(
  [key0, key1]: KeyWords,
  y: Operand,
  n: number,
  low: number,
  high: number,
): void {
  generated.truncatedNormal({ key0, key1, y, n, low, high });
}

export function drawBernoulli([key0, key1]: KeyWords, y: Operand, n: number, p: number): void {
  generated.bernoulli({ key0, key1, y, n, p });
}
