// Sums over grains: a place for what each grain leaves, and the job that adds it up.

import * as generated from "./generated.js";
import { allocate, type Operand, releaseEarly } from "./storage.js";

/** A place for so many floats, for the caller to release. */
export function takeSpace(length: number): Operand {
  return { storage: allocate(length), offset: 0 };
}

/** Calls `f` with a place for so many floats, which it loses afterwards. */
export function withSpace(length: number, f: (space: Operand) => void): void {
  const space = takeSpace(length);
  f(space);
  releaseEarly(space.storage);
}

/**
 * Runs a kernel that leaves a sum of `size` values per grain, and puts the sum of these sums, divided, into y; one
 * grain's sum goes there at once.
 */
export function addUp(
  y: Operand,
  size: number,
  parts: number,
  divisor: number,
  f: (sums: Operand) => void,
): void {
  if (parts === 1 && divisor === 1) return f(y);
  withSpace(parts * size, (partials) => {
    f(partials);
    generated.addPartials({ partials, y, size, divisor, n: size, parts });
  });
}
