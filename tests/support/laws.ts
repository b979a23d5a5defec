// Laws that many operations obey, and comparisons that name the first element at fault.

import * as fc from "fast-check";
import { expect } from "vitest";
import { configure, ops, scope, tensor, type Tensor } from "../../src/index.js";
import { innerProduct, type Values } from "./naive.js";

/** Two tensors of the same shapes and values; 0 equals −0 and NaN equals NaN. */
export function expectSame(actual: Values, expected: Values): void {
  expectNear(actual, expected, { shape: expected.shape, data: new Float64Array(expected.data.length) });
}

/** Every element no further from the expected one than the bound's. */
export function expectNear(actual: Values, expected: Values, bound: Values): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(actual.data.length).toBe(expected.data.length);
  for (let at = 0; at < expected.data.length; at++) {
    const [got, want] = [actual.data[at], expected.data[at]];
    if (got === want || Math.abs(got - want) <= bound.data[at] || (got !== got && want !== want)) continue;
    expect.fail(`element ${at} of ${expected.data.length} [${expected.shape}] must be ${want}, got ${got}`);
  }
}

/** m·a + n·b, in plain numbers. */
export function combined(m: number, a: Values, n: number, b: Values): Tensor {
  return tensor(
    Float32Array.from(a.data, (value, at) => m * value + n * b.data[at]),
    a.shape,
  );
}

/** f(2a − 3b) = 2f(a) − 3f(b), exactly; a and b hold small integers. */
export function expectLinear(f: (x: Tensor) => Tensor, a: Tensor, b: Tensor): void {
  expectSame(f(combined(2, a, -3, b)), combined(2, f(a), -3, f(b)));
}

/** ⟨f(x), y⟩ = ⟨x, g(y)⟩, exactly; x and y hold small integers. */
export function expectAdjoint(
  f: (x: Tensor) => Tensor,
  g: (y: Tensor) => Tensor,
  x: Tensor,
  y: Tensor,
): void {
  expect(innerProduct(f(x), y)).toBe(innerProduct(x, g(y)));
}

/** f gives the same result inside a scope and outside, and leaves its inputs alone, here and on the heap. */
export function expectPure(f: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[]): void {
  const before = inputs.map(({ shape, data }) => ({ shape, data: data.slice() }));
  const outside = f(...inputs);
  const { inside, after } = scope(() => {
    const onHeap = inputs.map((input) => ops.scale(input, 1));
    return { inside: f(...onHeap), after: onHeap };
  });
  expectSame(inside, outside);
  before.forEach((copy, i) => {
    expectSame(inputs[i], copy);
    expectSame(after[i], copy);
  });
}

/** Runs f with one binary after the other, and hands both results out; the automatic choice is then restored. */
export function withBothBinaries<Result>(f: () => Result): { simd: Result; relaxed: Result } {
  try {
    configure({ relaxedSimd: false });
    const simd = f();
    configure({ relaxedSimd: true });
    return { simd, relaxed: f() };
  } finally {
    configure({ relaxedSimd: "auto" });
  }
}

/** Checks a law on `count` cases. */
export function forAll<Case>(cases: fc.Arbitrary<Case>, count: number, law: (drawn: Case) => void): void {
  fc.assert(
    fc.property(cases, (drawn) => {
      law(drawn);
    }),
    { numRuns: count },
  );
}
