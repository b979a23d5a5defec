// Arrays on the heap for tests that call kernels, with guards around them that no kernel may touch.

import { expect } from "vitest";
import { floats } from "../../src/wasm/runtime.js";
import { allocate, closeFrame, openFrame, type Operand } from "../../src/wasm/storage.js";

/** Odd, so that arrays begin at multiples of 4 bytes only, as slices do. */
const GUARD = 7;

/** An array on the heap between guards of NaN. */
export interface Placed extends Operand {
  read(): Float32Array;
  /** The same bytes as unsigned integers. */
  readWords(): Uint32Array;
}

/** Runs a kernel call on arrays placed on the heap; nothing around them may be written. */
export function withArrays<Result>(
  arrays: readonly Float32Array[],
  run: (...placed: Placed[]) => Result,
): Result {
  openFrame();
  try {
    const places = arrays.map((values) => {
      const storage = allocate(values.length + 2 * GUARD);
      const first = storage.address / 4 + GUARD;
      floats.fill(NaN, first - GUARD, first + values.length + GUARD);
      floats.set(values, first);
      const read = () => floats.slice(first, first + values.length);
      const isIntact = () =>
        [
          ...floats.slice(first - GUARD, first),
          ...floats.slice(first + values.length, first + values.length + GUARD),
        ].every(Number.isNaN);
      return { storage, offset: GUARD, read, readWords: () => new Uint32Array(read().buffer), isIntact };
    });
    const result = run(...places);
    expect(places.every((place) => place.isIntact())).toBe(true);
    return result;
  } finally {
    closeFrame([]);
  }
}

/** Expects float32 results within some half ulps of a scale around the float64 truth. */
export function expectClose(
  got: Float32Array,
  want: ArrayLike<number>,
  scale: (i: number) => number,
  halfUlps = 4,
): void {
  const wrong = got.findIndex(
    (x, i) => !(Math.abs(x - want[i]!) <= halfUlps * 2 ** -24 * scale(i) + 2 ** -119),
  );
  expect(wrong, `element ${wrong}: ${got[wrong]} for ${want[wrong]}`).toBe(-1);
}
