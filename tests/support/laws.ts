// Laws that many operations obey, and comparisons that name the first element at fault.

import fc from "fast-check";
import { expect } from "vitest";
import { configure, scope, tensor, Tensor, type Tensor as TensorType } from "../../src/index.js";
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
export function combined(m: number, a: Values, n: number, b: Values): TensorType {
  return tensor(
    Float32Array.from(a.data, (value, at) => m * value + n * b.data[at]),
    a.shape,
  );
}

/** f(2a − 3b) = 2f(a) − 3f(b), exactly; a and b hold small integers. */
export function expectLinear(f: (x: TensorType) => TensorType, a: TensorType, b: TensorType): void {
  expectSame(f(combined(2, a, -3, b)), combined(2, f(a), -3, f(b)));
}

/** ⟨f(x), y⟩ = ⟨x, g(y)⟩, exactly; x and y hold small integers. */
export function expectAdjoint(
  f: (x: TensorType) => TensorType,
  g: (y: TensorType) => TensorType,
  x: TensorType,
  y: TensorType,
): void {
  expect(innerProduct(f(x), y)).toBe(innerProduct(x, g(y)));
}

/** f gives the same result in a scope, where its inputs stay on the heap, and outside; and it leaves them alone. */
export function expectPure(f: (...inputs: TensorType[]) => TensorType, inputs: readonly TensorType[]): void {
  const before = inputs.map(({ data }) => data.slice());
  const outside = f(...inputs);
  const [first, again, seen] = scope(() => {
    const results = [f(...inputs), f(...inputs)];
    return [...results, ...inputs.map((input) => tensor(input.data, input.shape))];
  }) as [Tensor, Tensor, Tensor];
  expectSame(first, outside);
  expectSame(again, outside);
  if (inputs.length > 0) expectSame(seen, { shape: inputs[0].shape, data: before[0] });
  inputs.forEach((input, i) => expectSame(input, { shape: input.shape, data: before[i] }));
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
    fc.property(cases, (drawn) => law(drawn)),
    { numRuns: count },
  );
}
