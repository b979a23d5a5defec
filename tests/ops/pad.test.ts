// Laws of padding and cropping: what stands where, and that each is the other's gradient.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ones, ops, scope, tensor, type Tensor, vjp } from "../../src/index.js";
import { integers, seed, shuffled } from "../support/arbitraries.js";
import { expectAdjoint, expectLinear, expectPure, expectSame, forAll } from "../support/laws.js";
import { expectRefused } from "../support/refusals.js";

type Sides = ops.Sides;

/** Tensors of up to five axes, and what stands on the two sides of each. */
const frames = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.tuple(fc.nat(3), fc.nat(3))), { maxLength: 5 })
  .map((axes) => {
    const sides: Sides = axes.map(([, side]) => side);
    const small = axes.map(([size]) => size);
    return { sides, small, large: small.map((size, axis) => size + sides[axis][0] + sides[axis][1]) };
  })
  .filter(({ large }) => large.reduce((product, size) => product * size, 1) < 4000);
const cases = fc.record({ frame: frames, seed });

/** The indices along all axes of the element at `flat`. */
function indicesOf(flat: number, shape: readonly number[]): number[] {
  const indices = [...shape];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    indices[axis] = flat % shape[axis];
    flat = Math.floor(flat / shape[axis]);
  }
  return indices;
}

/** Padding by its definition: each element of the result looked up. */
function padded(x: Tensor, sides: Sides, shape: readonly number[], value: number): Tensor {
  const data = Float32Array.from(
    { length: shape.reduce((product, size) => product * size, 1) },
    (_, flat) => {
      const indices = indicesOf(flat, shape).map((index, axis) => index - sides[axis][0]);
      if (indices.some((index, axis) => index < 0 || index >= x.shape[axis])) return value;
      return x.data[indices.reduce((at, index, axis) => at * x.shape[axis] + index, 0)];
    },
  );
  return tensor(data, shape);
}

describe("pad", () => {
  it("puts the value around, on every side of every axis", () => {
    forAll(cases, 200, ({ frame: { sides, small, large }, seed }) => {
      const x = integers(small, seed);
      expectSame(ops.pad(x, sides), padded(x, sides, large, 0));
      for (const value of [2.5, -Infinity, NaN]) {
        expectSame(ops.pad(x, sides, value), padded(x, sides, large, value));
      }
    });
  });

  it("is undone by crop", () => {
    forAll(cases, 60, ({ frame: { sides, small }, seed }) => {
      const x = integers(small, seed);
      expectSame(ops.crop(ops.pad(x, sides, 7), sides), x);
    });
  });

  it("with zeros is linear and the adjoint of crop, exactly", () => {
    forAll(cases, 100, ({ frame: { sides, small, large }, seed }) => {
      const [x, other, y] = [integers(small, seed), integers(small, seed + 1), integers(large, seed + 2)];
      const grow = (t: Tensor) => ops.pad(t, sides);
      expectLinear(grow, x, other);
      expectAdjoint(grow, (t) => ops.crop(t, sides), x, y);
    });
  });

  it("has crop for its gradient, whatever the value, and crop has pad", () => {
    forAll(cases, 100, ({ frame: { sides, small, large }, seed }) => {
      const [x, y] = [integers(small, seed), integers(large, seed + 1)];
      expectSame(vjp((t: Tensor) => ops.pad(t, sides, 9))(y, x).grads, ops.crop(y, sides));
      expectSame(vjp((t: Tensor) => ops.crop(t, sides))(x, y).grads, ops.pad(x, sides));
    });
  });

  it("like crop gives the same result inside a scope, and leaves its input unchanged", () => {
    forAll(cases, 40, ({ frame: { sides, small, large }, seed }) => {
      expectPure((x) => ops.pad(x, sides, 1), [integers(small, seed)]);
      expectPure((y) => ops.crop(y, sides), [integers(large, seed)]);
    });
  });

  it("reads a slice from where it begins, on the heap too", () => {
    const x = shuffled([5, 3], 1);
    const copy = tensor(x.data.slice(6, 12), [2, 3]);
    const sides: Sides = [
      [1, 0],
      [0, 2],
    ];
    for (const f of [ops.pad, ops.crop]) {
      expectSame(f(ops.slice(x, 2, 4), sides), f(copy, sides));
      expectSame(
        scope(() => f(ops.slice(ops.scale(x, 1), 2, 4), sides)),
        f(copy, sides),
      );
    }
  });

  it("takes single numbers, which have no sides", () => {
    expect(ops.pad(tensor(5), []).shape).toEqual([]);
    expect([...ops.crop(tensor(5), []).data]).toEqual([5]);
  });
});

describe.each([
  ["pad", (t: Tensor, sides: unknown) => ops.pad(t, sides as Sides)],
  ["crop", (t: Tensor, sides: unknown) => ops.crop(t, sides as Sides)],
] as const)("%s", (name, f) => {
  it.each<[unknown, ErrorConstructor, string]>([
    [1, TypeError, "sides must be [before, after] for each of the 2 axes"],
    [undefined, TypeError, "sides"],
    [[[1, 1]], RangeError, "sides must be [before, after] for each of the 2 axes"],
    [[1, 1], RangeError, "sides[0] must be [before, after]"],
    [[[0, 0], [1]], RangeError, "sides[1] must be [before, after]"],
    [
      [
        [0, 0],
        [0, -1],
      ],
      RangeError,
      "sides[1][1]",
    ],
    [
      [
        [0.5, 0],
        [0, 0],
      ],
      RangeError,
      "sides[0][0]",
    ],
    [
      [
        ["1", 0],
        [0, 0],
      ],
      TypeError,
      "sides[0][0]",
    ],
  ])("refuses the sides %o", (sides, kind, start) => {
    expectRefused(() => f(ones([3, 4]), sides), kind, `${name}: ${start}`);
  });

  it("refuses what is no tensor", () => {
    expectRefused(() => f([1, 2] as never, [[0, 0]]), TypeError, `${name}: t`);
  });
});

describe("the result", () => {
  it("of crop has at least one element, and of pad not too many", () => {
    expectRefused(() => ops.crop(ones([3]), [[1, 2]]), RangeError, "crop: cropped shape[0]");
    expectRefused(() => ops.crop(ones([3]), [[4, 0]]), RangeError, "crop: cropped shape[0]");
    expectRefused(() => ops.pad(ones([3]), [[2 ** 30, 0]]), RangeError, "pad: padded shape");
    expectRefused(() => ops.pad(ones([3]), [[0, 0]], "0" as never), TypeError, "pad: value");
  });
});
