// Random tensors, permutations and categories drawn with a key.

import { checkInteger, checkNumber, checkOptions, checkShape, refuseValue } from "../check/check.js";
import { checkTensor, type Shape, sizeOf, type Tensor } from "../tensor/tensor.js";
import { clip } from "../wasm/kernels.js";
import * as kernels from "../wasm/random.js";
import { GREATEST, leastFrom, mostBelow, mostUpTo } from "./float32.js";
import { bits, checkKey, draw, type Key } from "./keys.js";
import { checkLogits } from "./parameters.js";

/** Checks that float32 has a number in an interval whose least and greatest such are given. */
function checkInterval(where: string, low: number, high: number, least: number, greatest: number): void {
  if (low >= high) refuseValue(where, "low", `be below high = ${high}`, low);
  if (!(least <= greatest && least < Infinity && greatest > -Infinity)) {
    refuseValue(where, "high", `leave a float32 number between low = ${low} and itself`, high);
  }
}

/**
 * Uniform random numbers in [low, high), also where float32 has few numbers there.
 *
 * @param key - key
 * @param shape - of the result
 * @param options.low - default 0
 * @param options.high - default 1
 * @returns tensor of that shape
 * @throws {TypeError} when `key` is not a key
 * @throws {RangeError} when the shape is wrong, low ≥ high, float32 has no number between, or high − low is beyond it
 * @example
 * random.uniform(key(1), [2, 3], { low: -1 });
 */
export function uniform(
  key: Key,
  shape: Shape,
  options: { readonly low?: number | undefined; readonly high?: number | undefined } = {},
): Tensor {
  const where = "uniform";
  checkKey(where, "key", key);
  const size = checkShape(where, "shape", shape);
  checkOptions(where, options, ["low", "high"]);
  const { low = 0, high = 1 } = options;
  checkNumber(where, "low", low);
  checkNumber(where, "high", high);
  const [least, greatest] = [leastFrom(low), mostBelow(high)];
  checkInterval(where, low, high, least, greatest);
  const width = Math.fround(Math.fround(high) - Math.fround(low));
  if (!(width < Infinity)) refuseValue(where, "high", "lie within float32's range of low", high);
  // What the kernel makes of its greatest fraction, in its own steps: rounding may take it to high.
  const reached = Math.fround(Math.fround(width * (1 - 2 ** -23)) + Math.fround(low));
  return draw(shape, (y) => {
    kernels.drawUniform(key.words, y, size, low, high);
    if (reached > greatest || Math.fround(low) < least) clip(y, y, size, least, greatest);
  });
}

/** No draw is so many deviations away: the kernel's greatest is √2·erf⁻¹(1 − 2⁻²⁴) = 5.42. */
const FARTHEST = 5.5;

/**
 * Normal random numbers.
 *
 * @param key - key
 * @param shape - of the result
 * @param options.mean - default 0
 * @param options.deviation - standard deviation, ≥ 0 (default 1)
 * @returns tensor of that shape
 * @throws {TypeError} when `key` is not a key
 * @throws {RangeError} when the shape is wrong, the deviation negative, or draws could lie beyond float32
 * @example
 * const noise = random.normal(key(1), [64, 16]);
 */
export function normal(
  key: Key,
  shape: Shape,
  options: { readonly mean?: number | undefined; readonly deviation?: number | undefined } = {},
): Tensor {
  const where = "normal";
  checkKey(where, "key", key);
  const size = checkShape(where, "shape", shape);
  checkOptions(where, options, ["mean", "deviation"]);
  const { mean = 0, deviation = 1 } = options;
  checkNumber(where, "mean", mean);
  checkNumber(where, "deviation", deviation, 0);
  if (Math.abs(mean) + FARTHEST * deviation > GREATEST) {
    const [name, value] = Math.abs(mean) > GREATEST ? ["mean", mean] : ["deviation", deviation];
    refuseValue(where, name, `keep mean ± ${FARTHEST}·deviation within float32's range`, value);
  }
  return draw(shape, (y) => kernels.drawNormal(key.words, y, size, mean, deviation));
}

/**
 * Standard normal random numbers cut to [low, high]. They come from float32's error function, which is ±1 beyond 5.5:
 * intervals farther out than 4 give few different numbers (as jax.random's do).
 *
 * @param key - key
 * @param shape - of the result
 * @param options.low - default −2
 * @param options.high - default 2
 * @returns tensor of that shape
 * @throws {TypeError} when `key` is not a key
 * @throws {RangeError} when the shape is wrong, low ≥ high, or float32 has no number between
 * @example
 * const weights = random.truncatedNormal(key(1), [3, 3, 1, 8]);
 */
export function truncatedNormal(
  key: Key,
  shape: Shape,
  options: { readonly low?: number | undefined; readonly high?: number | undefined } = {},
): Tensor {
  const where = "truncatedNormal";
  checkKey(where, "key", key);
  const size = checkShape(where, "shape", shape);
  checkOptions(where, options, ["low", "high"]);
  const { low = -2, high = 2 } = options;
  checkNumber(where, "low", low);
  checkNumber(where, "high", high);
  const [least, greatest] = [leastFrom(low), mostUpTo(high)];
  checkInterval(where, low, high, least, greatest);
  const [from32, to32] = [Math.max(low, -GREATEST), Math.min(high, GREATEST)];
  return draw(shape, (y) => {
    kernels.drawTruncatedNormal(key.words, y, size, from32, to32);
    if (Math.fround(from32) < least || Math.fround(to32) > greatest) clip(y, y, size, least, greatest);
  });
}

/**
 * Zeros and ones.
 *
 * @param key - key
 * @param shape - of the result
 * @param p - probability of a one, from 0 to 1 (default 0.5)
 * @returns tensor of that shape
 * @throws {TypeError} when `key` is not a key
 * @throws {RangeError} when the shape is wrong or p outside [0, 1]
 * @example
 * const mask = random.bernoulli(key(1), [10], 0.8);
 */
export function bernoulli(key: Key, shape: Shape, p = 0.5): Tensor {
  const where = "bernoulli";
  checkKey(where, "key", key);
  const size = checkShape(where, "shape", shape);
  checkNumber(where, "p", p, 0, 1);
  return draw(shape, (y) => kernels.drawBernoulli(key.words, y, size, p));
}

/** Most numbers in random order: there are three arrays of them at a time. */
const MAX_ORDER = 2 ** 28;

/**
 * The numbers 0 to count − 1 in random order (Fisher–Yates).
 *
 * @param key - key
 * @param count - how many, integer from 1 to 2²⁸
 * @returns the permutation
 * @throws {TypeError} when `key` is not a key
 * @throws {RangeError} when the count is out of range
 * @example
 * const order = random.permutation(key(1), 60000);
 */
export function permutation(key: Key, count: number): Uint32Array {
  checkKey("permutation", "key", key);
  checkInteger("permutation", "count", count, 1, MAX_ORDER);
  const words = bits(key, count);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    // The word as a fraction of i + 1: uneven by less than count / 2³².
    const j = Math.floor((words[i] / 2 ** 32) * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/**
 * Draws from categorical distributions by Gumbel's trick: the argmax of logits plus Gumbel noise.
 *
 * @param key - key
 * @param logits - unnormalised log probabilities, shape `[..., categories]`
 * @returns one index per distribution, row-major over the leading axes
 * @throws {TypeError} when an argument is of the wrong kind
 * @throws {RangeError} when `logits` has no axis, holds NaN or Infinity, or leaves no category possible in a row
 * @example
 * random.categorical(key(1), tensor([[0, 0], [0, 5]])); // Uint32Array of 2 indices
 */
export function categorical(key: Key, logits: Tensor): Uint32Array {
  const where = "categorical";
  checkKey(where, "key", key);
  checkTensor(where, "logits", logits);
  if (logits.shape.length === 0) refuseValue(where, "logits.shape", "have at least one axis", logits.shape);
  return drawCategories(where, key, "logits", logits);
}

/** {@link categorical}, for functions that call the logits otherwise. */
export function drawCategories(where: string, key: Key, argument: string, logits: Tensor): Uint32Array {
  const categories = logits.shape[logits.shape.length - 1];
  checkLogits(where, argument, logits, categories);
  const rows = sizeOf(logits.shape) / categories;
  const words = bits(key, logits.size);
  const { data } = logits;
  return Uint32Array.from({ length: rows }, (_, row) => {
    let best = row * categories;
    let bestValue = -Infinity;
    for (let i = best; i < (row + 1) * categories; i++) {
      // Half a step off zero keeps both logarithms finite.
      const value = data[i] - Math.log(-Math.log((words[i] + 0.5) / 2 ** 32));
      if (value > bestValue) [best, bestValue] = [i, value];
    }
    return best - row * categories;
  });
}
