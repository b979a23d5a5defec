// Compares float32 results with float64 truths of any size: also where they lie beyond float32, or below it.

import * as fc from "fast-check";
import { expect } from "vitest";
import { type Tensor, tensor, vjp } from "../../src/index.js";

const GREATEST = 2 ** 128 - 2 ** 104;

/**
 * Expects a float32 result to be within `relative` of the truth (or of `magnitude`, the size of the terms that add up
 * to it), infinite just where float32 does not reach, and as near to a subnormal as those are to each other.
 */
export function expectTruth(
  what: string,
  actual: number,
  truth: number,
  relative: number,
  magnitude = Math.abs(truth),
): void {
  const beyond = Math.abs(truth) / GREATEST;
  if (beyond > 1 + relative) {
    expect(actual, what).toBe(Math.sign(truth) * Infinity);
    return;
  }
  if (beyond > 1 - relative && Math.abs(actual) === Infinity) return;
  const bound = relative * Math.max(magnitude, Math.abs(truth)) + 8 * 2 ** -149;
  if (!(Math.abs(actual - truth) <= bound)) expect.fail(`${what} must be ${truth}, got ${actual}`);
}

/** The value of a function at single numbers, and its slope by each. */
export function valueAndSlopes(
  f: (...inputs: Tensor[]) => Tensor,
  numbers: readonly number[],
): { value: number; slopes: number[] } {
  const inputs = numbers.map((x) => tensor([x]));
  const { value, grads } = vjp((all: readonly Tensor[]) => f(...all))(tensor([1]), inputs);
  return { value: value.data[0], slopes: grads.map(({ data }) => data[0]) };
}

/** Numbers spread evenly; fast-check's own doubles are even in their exponents, nearly all of which are tiny. */
export function evenly(min: number, max: number): fc.Arbitrary<number> {
  const steps = 2 ** 24;
  return fc.integer({ min: 0, max: steps }).map((i) => min + ((max - min) * i) / steps);
}
