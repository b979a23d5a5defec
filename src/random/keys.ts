// Keys of random numbers. A key is a value: the same key gives the same numbers, on every runtime; new numbers need
// a new key, from `split` or `fold`. The generator is threefry2x32 with 20 rounds (Salmon et al. 2011).

import { checkInteger, MAX_ELEMENTS, refuseKind } from "../check/check.js";
import { inScope } from "../tensor/scope.js";
import { emptyTensor, type Shape, type Tensor } from "../tensor/tensor.js";
import * as kernels from "../wasm/random.js";

/** A key: 64 bits, as plain data that JSON can hold. */
export interface Key {
  readonly words: readonly [number, number];
}

function makeKey([first, second]: readonly [number, number]): Key {
  return Object.freeze({ words: Object.freeze([first, second] as const) });
}

/** Checks that an argument is a key. */
export function checkKey(where: string, argument: string, value: unknown): asserts value is Key {
  const words: unknown = (value as Key | undefined)?.words;
  const isKey =
    Array.isArray(words) &&
    words.length === 2 &&
    // Counted, for every() passes over holes.
    [words[0], words[1]].every((word) => Number.isInteger(word) && word >= 0 && word < 2 ** 32);
  if (!isKey) refuseKind(where, argument, "be a key, from key(seed), split or fold", value);
}

/**
 * The key of a seed.
 *
 * @param seed - integer from 0 to 2⁵³ − 1
 * @returns the key, as `jax.random.PRNGKey(seed)`
 * @throws {RangeError} when the seed is not such an integer
 * @example
 * const k = key(1);
 */
export function key(seed: number): Key {
  checkInteger("key", "seed", seed, 0);
  return makeKey([Math.floor(seed / 2 ** 32), seed >>> 0]);
}

/** Most keys of one split: each is two objects. Where more are needed, `fold` makes one at a time. */
const MAX_KEYS = 2 ** 20;

/**
 * Independent keys from one, which should not be used again.
 *
 * @param key - key
 * @param count - how many, integer from 1 to 2²⁰ (default 2); `fold` makes any number, one by one
 * @returns the new keys, as `jax.random.split` (non-partitionable threefry)
 * @throws {TypeError} when `key` is not a key
 * @throws {RangeError} when the count is out of range
 * @example
 * const [initKey, sampleKey] = split(key(1));
 */
export function split(key: Key, count = 2): Key[] {
  checkKey("split", "key", key);
  checkInteger("split", "count", count, 1, MAX_KEYS);
  const words = bits(key, 2 * count);
  return Array.from({ length: count }, (_, i) => makeKey([words[2 * i], words[2 * i + 1]]));
}

/**
 * The key of a key and a number: one per step of a loop, without keeping keys.
 *
 * @param key - key
 * @param data - integer from 0 to 2³² − 1
 * @returns the new key, as `jax.random.fold_in`
 * @throws {TypeError} when `key` is not a key
 * @throws {RangeError} when `data` is not such an integer
 * @example
 * const stepKey = fold(key(1), 17);
 */
export function fold(key: Key, data: number): Key {
  checkKey("fold", "key", key);
  checkInteger("fold", "data", data, 0, 2 ** 32 - 1);
  return makeKey(kernels.threefryBlock(key.words, 0, data) as [number, number]);
}

/** A random tensor of a checked shape, filled by a kernel. */
export function draw(shape: Shape, fill: (y: Tensor) => void): Tensor {
  return inScope(() => {
    const y = emptyTensor(shape);
    fill(y);
    return y;
  });
}

/**
 * Random 32-bit words.
 *
 * @param key - key
 * @param count - how many, integer from 1 to 2²⁹
 * @returns the words
 * @throws {TypeError} when `key` is not a key
 * @throws {RangeError} when the count is out of range
 * @example
 * random.bits(key(1), 4).length; // 4
 */
export function bits(key: Key, count: number): Uint32Array {
  checkKey("bits", "key", key);
  checkInteger("bits", "count", count, 1, MAX_ELEMENTS);
  const { data } = draw([count], (y) => kernels.threefryBits(key.words, y, count));
  // Copied, for inside a scope the data lie on the heap.
  return new Uint32Array(data.buffer, data.byteOffset, count).slice();
}
