// Large arrays of reproducible numbers, where fast-check's would take too long to make and to shrink.

/** A stream of uniform numbers in [0, 1), the same for the same seed (mulberry32). */
export function seededStream(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), 1 | state);
    word ^= word + Math.imul(word ^ (word >>> 7), 61 | word);
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `count` uniform float32 values in [low, high). */
export function seededFloats(seed: number, count: number, low = -1, high = 1): Float32Array {
  const next = seededStream(seed);
  return new Float32Array(count).map(() => low + (high - low) * next());
}

/** `count` integers from −bound to bound, as float32: sums of few products of them are exact. */
export function seededIntegers(seed: number, count: number, bound: number): Float32Array {
  const next = seededStream(seed);
  return new Float32Array(count).map(() => Math.floor(next() * (2 * bound + 1)) - bound);
}
