// Sums over grains: a place for what each grain leaves, and the job that adds it up.

import * as generated from "./generated.js";
import { allocate, type Operand, releaseEarly } from "./storage.js";

/** Calls `f` with a place for so many floats, which it loses afterwards. */
export function withSpace(length: number, f: (space: Operand) => void): void {
  const storage = allocate(length);
  f({ storage, offset: 0 });
  releaseEarly(storage);
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
