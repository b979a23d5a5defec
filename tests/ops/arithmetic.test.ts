// Laws of add, sub, mul and div: NumPy's broadcasting, and gradients that add up what was repeated.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ops, scope, type Tensor, tensor, vjp } from "../../src/index.js";
import { broadcastShapes, broadcastTo, sumBack } from "../support/broadcasting.js";
import { expectRefused } from "../support/refusals.js";
import { seededIntegers } from "../support/seeded.js";

type Shape = readonly number[];
const sizeOf = (shape: Shape) => shape.reduce((product, size) => product * size, 1);

/** Two shapes that broadcast: of a common one, each drops leading axes and has some of size 1. */
const pairs = fc
  .record({
    shape: fc
      .array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constantFrom(16, 17, 24, 33)), { maxLength: 4 })
      .filter((shape) => sizeOf(shape) <= 3000),
    thinA: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    thinB: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    dropA: fc.nat(4),
    dropB: fc.nat(4),
    seed: fc.nat(),
  })
  .map(({ shape, thinA, thinB, dropA, dropB, seed }) => ({
    a: shape.map((size, axis) => (thinA[axis] ? 1 : size)).slice(dropA),
    b: shape.map((size, axis) => (thinB[axis] ? 1 : size)).slice(dropB),
    seed,
  }));

/** Powers of two of both signs, as divisors: quotients of small integers by them are exact. */
function powersOf2(seed: number, count: number): Float32Array {
  return seededIntegers(seed, count, 3).map((exponent, i) => (i % 3 === 0 ? -1 : 1) * 2 ** exponent);
}

interface Case {
  readonly name: string;
  readonly op: typeof ops.add;
  readonly value: (a: number, b: number) => number;
  readonly slopeA: (a: number, b: number) => number;
  readonly slopeB: (a: number, b: number) => number;
}

const CASES: readonly Case[] = [
  { name: "add", op: ops.add, value: (a, b) => a + b, slopeA: () => 1, slopeB: () => 1 },
  { name: "sub", op: ops.sub, value: (a, b) => a - b, slopeA: () => 1, slopeB: () => -1 },
  { name: "mul", op: ops.mul, value: (a, b) => a * b, slopeA: (_, b) => b, slopeB: (a) => a },
  { name: "div", op: ops.div, value: (a, b) => a / b, slopeA: (_, b) => 1 / b, slopeB: (a, b) => -a / b / b },
];

const plain = (values: ArrayLike<number>) => Array.from(values, (value) => value + 0);

describe.each(CASES)("$name", ({ name, op, value, slopeA, slopeB }) => {
  it("and its gradients agree with the definition, exactly on integers, however the shapes broadcast", () => {
    fc.assert(
      fc.property(pairs, (pair) => {
        const shape = broadcastShapes(pair.a, pair.b);
        const a = tensor(seededIntegers(pair.seed, sizeOf(pair.a), 20), pair.a);
        const bValues =
          name === "div" ? powersOf2 : (seed: number, count: number) => seededIntegers(seed, count, 20);
        const b = tensor(bValues(pair.seed + 1, sizeOf(pair.b)), pair.b);
        const gradOutput = tensor(seededIntegers(pair.seed + 2, sizeOf(shape), 5), shape);
        const { value: y, grads } = vjp(([a, b]: [Tensor, Tensor]) => op(a, b))(gradOutput, [a, b]);

        const left = broadcastTo(a.data, pair.a, shape);
        const right = broadcastTo(b.data, pair.b, shape);
        expect(y.shape).toEqual(shape);
        expect(plain(y.data)).toEqual(plain(left.map((x, i) => value(x, right[i]!))));
        const terms = (slope: typeof slopeA) => left.map((x, i) => gradOutput.data[i]! * slope(x, right[i]!));
        expect(grads[0].shape).toEqual(pair.a);
        expect(grads[1].shape).toEqual(pair.b);
        expect(plain(grads[0].data)).toEqual(plain(sumBack(terms(slopeA), shape, pair.a)));
        expect(plain(grads[1].data)).toEqual(plain(sumBack(terms(slopeB), shape, pair.b)));
      }),
      { numRuns: 250 },
    );
  });

  it("takes numbers on either side, or on both", () => {
    const x = tensor([[1, 2, 4]]);
    expect([...op(x, 2).data]).toEqual([1, 2, 4].map((v) => value(v, 2)));
    expect([...op(8, x).data]).toEqual([1, 2, 4].map((v) => value(8, v)));
    expect(op(x, 2).shape).toEqual([1, 3]);
    expect(op(6, 3).shape).toEqual([]);
    expect([...op(6, 3).data]).toEqual([value(6, 3)]);
  });

  it("has gradients beside a number", () => {
    const x = tensor([1, 2, 4]);
    const gradOutput = tensor([1, 2, 3]);
    const right = vjp((t: Tensor) => op(t, 2))(gradOutput, x).grads;
    expect([...right.data]).toEqual([1, 2, 4].map((v, i) => (i + 1) * slopeA(v, 2)));
    const left = vjp((t: Tensor) => op(8, t))(gradOutput, x).grads;
    expect([...left.data]).toEqual([1, 2, 4].map((v, i) => (i + 1) * slopeB(8, v)));
  });

  it("combines a tensor with itself", () => {
    const x = tensor([1, 2, 4]);
    const { value: y, grads } = vjp((t: Tensor) => op(t, t))(tensor([1, 1, 1]), x);
    expect([...y.data]).toEqual([1, 2, 4].map((v) => value(v, v)));
    expect([...grads.data]).toEqual([1, 2, 4].map((v) => slopeA(v, v) + slopeB(v, v)));
  });

  it("leaves its inputs unchanged, in and out of a scope", () => {
    const a = tensor([1, 2, 3, 4], [2, 2]);
    const b = tensor([2, 4]);
    const inside = scope(() => op(a, b));
    expect(inside.data).toEqual(op(a, b).data);
    expect([...a.data, ...b.data]).toEqual([1, 2, 3, 4, 2, 4]);
  });

  it("combines slices without copying them out", () => {
    const x = tensor([1, 2, 4, 8, 16, 32], [3, 2]);
    const y = op(ops.slice(x, 1, 2), ops.slice(x, 2));
    expect([...y.data]).toEqual([value(4, 16), value(8, 32)]);
  });

  it.each([
    [[2], [3]],
    [[2, 3], [2]],
    [
      [4, 1, 3],
      [2, 3, 3],
    ],
    [
      [5, 2],
      [5, 2, 1, 3],
    ],
  ])("refuses shapes %o and %o", (a, b) => {
    const make = (shape: number[]) => tensor(new Float32Array(sizeOf(shape)), shape);
    expectRefused(() => op(make(a), make(b)), RangeError, `${name}: b.shape must broadcast`);
  });

  it("refuses what is neither a tensor nor a number", () => {
    expectRefused(() => op("1" as never, 1), TypeError, `${name}: a`);
    expectRefused(() => op(1, [1] as never), TypeError, `${name}: b`);
    expectRefused(() => op(tensor(1), undefined as never), TypeError, `${name}: b`);
    expectRefused(() => op(null as never, 1), TypeError, `${name}: a`);
  });

  it("refuses a result that is too large", () => {
    const column = tensor(new Float32Array(2 ** 15), [2 ** 15, 1]);
    const row = tensor(new Float32Array(2 ** 15));
    expectRefused(() => op(column, row), RangeError, `${name}: b.shape must give at most`);
  });
});

describe("arithmetic", () => {
  it("follows IEEE 754 at zeros, infinities and NaN", () => {
    const special = [0, -0, 1, -1, Infinity, -Infinity, NaN, 3.4e38, 1e-45];
    const a = tensor(special, [9, 1]);
    const b = tensor(special);
    for (const { op, value } of CASES) {
      const expected = Float32Array.from(
        special.flatMap((x) => special.map((y) => value(Math.fround(x), Math.fround(y)))),
      );
      expect(op(a, b).data).toEqual(expected);
    }
  });
});
