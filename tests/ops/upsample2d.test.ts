// Laws of nearest-neighbour upsampling and its adjoint, the sum over blocks.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ops, type Pair, type Tensor, vjp } from "../../src/index.js";
import { channels, integers, seed } from "../support/arbitraries.js";
import {
  expectAdjoint,
  expectLinear,
  expectPure,
  expectSame,
  forAll,
  withBothBinaries,
} from "../support/laws.js";
import { blockSum, upsampleNearest } from "../support/naivePooling.js";

const upTo = (max: number) => fc.integer({ min: 1, max });
const upsampling = fc
  .record({
    batch: upTo(3),
    height: upTo(9),
    width: upTo(17),
    channels,
    factors: fc.oneof(fc.tuple(upTo(5), upTo(5)), fc.constant<[number, number]>([2, 2])),
    seed,
  })
  .map(({ batch, height, width, channels, factors, seed }) => {
    const small = [batch, height, width, channels];
    const large = [batch, height * factors[0], width * factors[1], channels];
    return {
      factors,
      small,
      x: integers(small, seed),
      other: integers(small, seed + 1),
      y: integers(large, seed + 2),
    };
  });

/** The gradient of upsampling: the block sum. */
const gradient = (y: Tensor, x: Tensor, factors: Pair) =>
  vjp((image: Tensor) => ops.upsampleNearest(image, factors))(y, x).grads;

describe("upsampleNearest", () => {
  it("repeats every pixel, and its gradient sums over blocks", () => {
    forAll(upsampling, 300, ({ factors, small, x, y }) => {
      expectSame(ops.upsampleNearest(x, factors), upsampleNearest(x, factors));
      expectSame(gradient(y, x, factors), blockSum(y, small, factors));
    });
  });

  it("is the adjoint of the block sum, and linear", () => {
    forAll(upsampling, 60, ({ factors, x, other, y }) => {
      const up = (image: Tensor) => ops.upsampleNearest(image, factors);
      expectAdjoint(up, (large) => gradient(large, x, factors), x, y);
      expectLinear(up, x, other);
    });
  });

  it("takes one factor for both axes", () => {
    const x = integers([2, 3, 2, 5], 1);
    expectSame(ops.upsampleNearest(x, 3), ops.upsampleNearest(x, [3, 3]));
  });

  it("gives the same result from both binaries, inside and outside a scope, and leaves its input unchanged", () => {
    forAll(upsampling, 40, ({ factors, x, y }) => {
      expectPure((image) => ops.upsampleNearest(image, factors), [x]);
      expectPure((large) => gradient(large, x, factors), [y]);
      const { simd, relaxed } = withBothBinaries(() => gradient(y, x, factors));
      expectSame(relaxed, simd);
    });
  });

  it.each([0, -1, 1.5, Number.NaN, Infinity, [2, 0], [1, 2, 3]])("refuses the factor %s", (factor) => {
    expect(() => ops.upsampleNearest(integers([1, 2, 2, 1], 1), factor as Pair)).toThrow(RangeError);
  });

  it("refuses factors of other kinds, images of other ranks and results beyond measure", () => {
    const x = integers([1, 2, 2, 1], 1);
    expect(() => ops.upsampleNearest(x, "2" as never)).toThrow(TypeError);
    expect(() => ops.upsampleNearest(x.data as never, 2)).toThrow(TypeError);
    expect(() => ops.upsampleNearest(integers([2, 2, 1], 1), 2)).toThrow(RangeError);
    expect(() => ops.upsampleNearest(x, 2 ** 20)).toThrow("factor must give at most");
  });
});
