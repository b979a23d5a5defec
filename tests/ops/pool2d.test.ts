// Laws of max and average pooling and their gradients.

import { describe, expect, it } from "vitest";
import { ops, type Tensor, tensor, vjp } from "../../src/index.js";
import { integers, pooling, type PoolingCase, poolingGeometry, shuffled } from "../support/arbitraries.js";
import {
  combined,
  expectAdjoint,
  expectLinear,
  expectPure,
  expectSame,
  forAll,
  withBothBinaries,
} from "../support/laws.js";
import * as naive from "../support/naivePooling.js";
import { innerProduct, map, type Values } from "../support/naive.js";
import { outputShape } from "../support/naiveGeometry.js";

const maxPool =
  ({ poolSize, options }: PoolingCase) =>
  (x: Tensor) =>
    ops.maxPool2d(x, poolSize, options);
const avgPool =
  ({ poolSize, options }: PoolingCase, countIncludePad: boolean) =>
  (x: Tensor) =>
    ops.avgPool2d(x, poolSize, { ...options, countIncludePad });

/** Gradient of a pooling at x. */
const gradient = (pool: (x: Tensor) => Tensor, x: Tensor, y: Tensor) => vjp(pool)(y, x).grads;

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
/** −1, 0 or 1 times a number that every divisor divides: all shares are integers, float32 exact in any order. */
function divisible(shape: readonly number[], divisors: readonly number[], seed: number): Tensor {
  const multiple = divisors.reduce((a, b) => (a * b) / gcd(a, b), 1);
  return tensor(
    integers(shape, seed, 1).data.map((value) => value * multiple),
    shape,
  );
}

/** Exact quotients rounded once, as float32 division does. */
const rounded = (values: Values) => map(values, Math.fround);

describe("maxPool2d", () => {
  it("agrees with the definition, and ties go to the first maximum", () => {
    forAll(pooling, 300, (drawn) => {
      const g = poolingGeometry(drawn);
      // Seven values: most windows hold ties.
      const [x, y] = [integers(drawn.input, drawn.seed), integers(outputShape(g), drawn.seed + 1)];
      expectSame(maxPool(drawn)(x), naive.maxPool2d(x, g));
      expectSame(gradient(maxPool(drawn), x, y), naive.maxPool2dGradient(x, y, g));
    });
  });

  it("lets padding never win, though all pixels be −∞", () => {
    forAll(pooling, 60, (drawn) => {
      const g = poolingGeometry(drawn);
      const y = integers(outputShape(g), drawn.seed);
      for (const low of [-1e30, -Infinity]) {
        const x = tensor(new Float32Array(drawn.input.reduce((a, b) => a * b)).fill(low), drawn.input);
        expectSame(maxPool(drawn)(x), naive.maxPool2d(x, g));
        expectSame(gradient(maxPool(drawn), x, y), naive.maxPool2dGradient(x, y, g));
      }
    });
  });

  it("lets NaN win, whose first takes the gradient", () => {
    forAll(pooling, 100, (drawn) => {
      const g = poolingGeometry(drawn);
      const values = integers(drawn.input, drawn.seed, 6).data.map((value) => {
        if (value > 4) return Number.NaN;
        return value < -5 ? Infinity : value;
      });
      const [x, y] = [tensor(values, drawn.input), integers(outputShape(g), drawn.seed + 1)];
      expectSame(maxPool(drawn)(x), naive.maxPool2d(x, g));
      expectSame(gradient(maxPool(drawn), x, y), naive.maxPool2dGradient(x, y, g));
    });
  });

  it("has the slope of its gradient, exactly, as it is linear between ties", () => {
    forAll(pooling, 60, (drawn) => {
      const x = shuffled(drawn.input, drawn.seed);
      const direction = integers(drawn.input, drawn.seed + 1, 1);
      const y = integers(outputShape(poolingGeometry(drawn)), drawn.seed + 2);
      const pool = maxPool(drawn);
      const moved = combined(1, x, 1 / 4, direction);
      const slope = combined(4, pool(moved), -4, pool(x));
      expect(innerProduct(slope, y)).toBe(innerProduct(direction, gradient(pool, x, y)));
    });
  });
});

describe.each([{ countIncludePad: false }, { countIncludePad: true }])(
  "avgPool2d › countIncludePad $countIncludePad",
  ({ countIncludePad }) => {
    it("agrees with the definition", () => {
      forAll(pooling, 200, (drawn) => {
        const g = poolingGeometry(drawn);
        const x = integers(drawn.input, drawn.seed);
        expectSame(avgPool(drawn, countIncludePad)(x), rounded(naive.avgPool2d(x, g, countIncludePad)));
      });
    });

    it("has the gradient of the definition", () => {
      forAll(pooling, 200, (drawn) => {
        const g = poolingGeometry(drawn);
        const divisors = naive.divisorsOf(g, countIncludePad);
        const x = integers(drawn.input, drawn.seed);
        const y = divisible(outputShape(g), divisors, drawn.seed + 1);
        const actual = gradient(avgPool(drawn, countIncludePad), x, y);
        expectSame(actual, naive.avgPool2dGradient(y, g, countIncludePad));
      });
    });

    it("is linear, and the adjoint of its gradient", () => {
      forAll(pooling, 60, (drawn) => {
        const g = poolingGeometry(drawn);
        const divisors = naive.divisorsOf(g, countIncludePad);
        const pool = avgPool(drawn, countIncludePad);
        const x = divisible(drawn.input, divisors, drawn.seed);
        const y = divisible(outputShape(g), divisors, drawn.seed + 1);
        expectLinear(pool, x, divisible(drawn.input, divisors, drawn.seed + 2));
        expectAdjoint(pool, (grad) => gradient(pool, x, grad), x, y);
      });
    });
  },
);

describe("pooling", () => {
  it("gives the same result from both binaries, inside and outside a scope, and leaves its inputs unchanged", () => {
    forAll(pooling, 40, (drawn) => {
      const [x, y] = [integers(drawn.input, drawn.seed), integers(outputShape(poolingGeometry(drawn)), 1)];
      for (const pool of [maxPool(drawn), avgPool(drawn, false)]) {
        expectPure((image) => pool(image), [x]);
        expectPure((image, grad) => gradient(pool, image, grad), [x, y]);
        const { simd, relaxed } = withBothBinaries(() => [pool(x), gradient(pool, x, y)]);
        simd.forEach((result, i) => expectSame(relaxed[i], result));
      }
    });
  });

  it("strides by the window's size unless told otherwise", () => {
    const x = integers([1, 6, 9, 2], 1);
    expect(ops.maxPool2d(x, [2, 3]).shape).toEqual([1, 3, 3, 2]);
    expect(ops.avgPool2d(x, [2, 3], { stride: 1 }).shape).toEqual([1, 5, 7, 2]);
  });

  it("refuses exactly the windows that see padding only", () => {
    const x = integers([1, 5, 5, 1], 1);
    for (const pool of [ops.maxPool2d, ops.avgPool2d]) {
      expect(() => pool(x, 2, { padding: 2 })).toThrow(
        "padding must leave at least one pixel in every window",
      );
      expect(() =>
        pool(x, 2, {
          padding: [
            [0, 0],
            [0, 3],
          ],
        }),
      ).toThrow(RangeError);
      // Taps before and behind the image, none on it.
      expect(() => pool(integers([1, 1, 1, 1], 1), 2, { padding: 1, dilation: 2, stride: 1 })).toThrow(
        RangeError,
      );
      expect(pool(x, 3, { padding: 2, stride: 1 }).shape).toEqual([1, 7, 7, 1]);
    }
  });

  it.each([
    { what: "a window larger than the image", poolSize: [2, 6], options: {}, kind: RangeError },
    { what: "a window of zero", poolSize: 0, options: {}, kind: RangeError },
    { what: "a fractional window", poolSize: [2, 1.5], options: {}, kind: RangeError },
    { what: "three sizes", poolSize: [2, 2, 2], options: {}, kind: RangeError },
    { what: "a stride of zero", poolSize: 2, options: { stride: 0 }, kind: RangeError },
    { what: "a window in words", poolSize: "2", options: {}, kind: TypeError },
    { what: "a misspelt option", poolSize: 2, options: { strides: 2 }, kind: TypeError },
  ])("refuses $what", ({ poolSize, options, kind }) => {
    const x = integers([1, 5, 5, 1], 1);
    expect(() => ops.maxPool2d(x, poolSize as never, options)).toThrow(kind);
    expect(() => ops.avgPool2d(x, poolSize as never, options)).toThrow(kind);
  });

  it("refuses countIncludePad where it means nothing or is no boolean", () => {
    const x = integers([1, 4, 4, 1], 1);
    expect(() => ops.maxPool2d(x, 2, { countIncludePad: true } as never)).toThrow(TypeError);
    expect(() => ops.avgPool2d(x, 2, { countIncludePad: 1 } as never)).toThrow(TypeError);
  });
});
