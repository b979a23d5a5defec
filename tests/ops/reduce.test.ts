// Laws of sum, mean, max and logSumExp over all axes, some axes, and very many elements.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { item, ones, ops, scope, type Tensor, tensor, vjp } from "../../src/index.js";
import { expectRefused } from "../support/refusals.js";
import { seededFloats, seededIntegers } from "../support/seeded.js";
import { ulpDistance } from "../support/ulp.js";

type Shape = readonly number[];
const sizeOf = (shape: Shape) => shape.reduce((product, size) => product * size, 1);

/** A shape, a run of neighbouring axes of it (none, some or all), and how they are named. */
const reductions = fc
  .record({
    shape: fc
      .array(fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constantFrom(16, 17, 67)), { maxLength: 4 })
      .filter((shape) => sizeOf(shape) <= 3000),
    cuts: fc.tuple(fc.nat(4), fc.nat(4)),
    areNegative: fc.boolean(),
    isReversed: fc.boolean(),
    keepDims: fc.boolean(),
    seed: fc.nat(),
  })
  .map(({ shape, cuts, areNegative, isReversed, keepDims, seed }) => {
    const rank = shape.length;
    const [first, end] = cuts.map((cut) => Math.min(cut, rank)).sort((a, b) => a - b) as [number, number];
    const axes = Array.from({ length: end - first }, (_, i) => first + i - (areNegative ? rank : 0));
    if (isReversed) axes.reverse();
    const inner = sizeOf(shape.slice(end));
    const kept = shape.map((size, axis) => (axis >= first && axis < end ? 1 : size));
    const dropped = shape.filter((_, axis) => axis < first || axis >= end);
    const axis = axes.length === 1 ? axes[0]! : axes;
    const groups = { outer: sizeOf(shape.slice(0, first)), axis: sizeOf(shape.slice(first, end)), inner };
    return { shape, axis, keepDims, seed, groups, result: keepDims ? kept : dropped };
  });

type Reduction = typeof reductions extends fc.Arbitrary<infer T> ? T : never;

/** The values that are reduced to each output, in order. */
function groupsOf(x: ArrayLike<number>, { groups: { outer, axis, inner } }: Reduction): number[][] {
  return Array.from({ length: outer * inner }, (_, at) => {
    const start = Math.floor(at / inner) * axis * inner + (at % inner);
    return Array.from({ length: axis }, (_, a) => x[start + a * inner]!);
  });
}

/** The groups back in the places they were taken from. */
function scatter(lists: readonly number[][], { groups: { outer, axis, inner } }: Reduction): number[] {
  const x = Array.from({ length: outer * axis * inner }, () => 0);
  for (const [at, list] of lists.entries()) {
    const start = Math.floor(at / inner) * axis * inner + (at % inner);
    for (const [a, value] of list.entries()) x[start + a * inner] = value;
  }
  return x;
}

const total = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0);

function exactLogSumExp(list: readonly number[]): number {
  const largest = Math.max(...list);
  if (!Number.isFinite(largest)) return largest;
  return largest + Math.log(total(list.map((value) => Math.exp(value - largest))));
}

const plain = (values: ArrayLike<number>) => Array.from(values, (value) => value + 0);

describe("sum", () => {
  it("and its gradient agree with the definition, exactly on integers, for every choice of axes", () => {
    fc.assert(
      fc.property(reductions, (reduction) => {
        const { shape, axis, keepDims, seed, result } = reduction;
        const x = tensor(seededIntegers(seed, sizeOf(shape), 100), shape);
        const gradOutput = tensor(seededIntegers(seed + 1, sizeOf(result), 100), result);
        const { value, grads } = vjp((t: Tensor) => ops.sum(t, { axis, keepDims }))(gradOutput, x);
        expect(value.shape).toEqual(result);
        expect(plain(value.data)).toEqual(plain(groupsOf(x.data, reduction).map(total)));
        const spread = groupsOf(x.data, reduction).map((list, at) => list.map(() => gradOutput.data[at]!));
        expect(grads.shape).toEqual(shape);
        expect(plain(grads.data)).toEqual(plain(scatter(spread, reduction)));
      }),
      { numRuns: 300 },
    );
  });

  const widths = [1, 2, 3, 4, 15, 16, 17, 30, 64, 1023, 1024, 1025, 1027, 1028, 1030, 2048, 2051];
  it.each(widths)("is exact down many rows, few, and an odd number of %i columns", (columns) => {
    for (const rows of [1, 2, 3, 7, 18, 41, 130, 1027].filter((rows) => rows * columns < 300_000)) {
      // Of two blocks, each is summed by itself; of one with many rows, the rows are cut into parts.
      for (const outer of [1, 2]) {
        const groups = { outer, axis: rows, inner: columns };
        const x = tensor(seededIntegers(rows, outer * rows * columns, 100), [outer, rows, columns]);
        const wanted = groupsOf(x.data, { groups } as Reduction).map(total);
        const { data } = ops.sum(x, { axis: 1 });
        const wrong = wanted.findIndex((value, at) => data[at] !== value);
        expect([outer, rows, wrong, data.length]).toEqual([outer, rows, -1, outer * columns]);
      }
    }
  });

  it("is within half an ulp of the float64 sum of numbers of every size", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 40 }),
        fc.nat(),
        (rows, columns, seed) => {
          const x = seededFloats(seed, rows * columns).map((v) => v * v * v);
          const y = ops.sum(tensor(x, [rows, columns]), { axis: 0 }).data;
          for (let c = 0; c < columns; c++) {
            const list = Array.from({ length: rows }, (_, r) => x[r * columns + c]!);
            const magnitude = total(list.map(Math.abs));
            // One rounding of neighbouring pairs in float32, and one of the result.
            expect(Math.abs(y[c]! - total(list))).toBeLessThanOrEqual(magnitude * 2 ** -23);
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe("mean", () => {
  it("and its gradient agree with the definition for every choice of axes", () => {
    fc.assert(
      fc.property(reductions, (reduction) => {
        const { shape, axis, keepDims, seed, result, groups } = reduction;
        const x = tensor(seededIntegers(seed, sizeOf(shape), 100), shape);
        const gradOutput = tensor(seededIntegers(seed + 1, sizeOf(result), 100), result);
        const { value, grads } = vjp((t: Tensor) => ops.mean(t, { axis, keepDims }))(gradOutput, x);
        expect(value.shape).toEqual(result);
        const expected = groupsOf(x.data, reduction).map((list) => Math.fround(total(list) / list.length));
        expect(plain(value.data)).toEqual(plain(expected));
        const share = Math.fround(1 / groups.axis);
        const spread = groupsOf(x.data, reduction).map((list, at) =>
          list.map(() => Math.fround(gradOutput.data[at]! * share)),
        );
        expect(plain(grads.data)).toEqual(plain(scatter(spread, reduction)));
      }),
      { numRuns: 200 },
    );
  });
});

describe("max", () => {
  it("agrees with the definition, and its gradient goes to the first of equals", () => {
    fc.assert(
      fc.property(reductions, (reduction) => {
        const { shape, axis, keepDims, seed, result } = reduction;
        const x = tensor(seededIntegers(seed, sizeOf(shape), 3), shape);
        const gradOutput = tensor(seededIntegers(seed + 1, sizeOf(result), 100), result);
        const { value, grads } = vjp((t: Tensor) => ops.max(t, { axis, keepDims }))(gradOutput, x);
        expect(value.shape).toEqual(result);
        const lists = groupsOf(x.data, reduction);
        expect(plain(value.data)).toEqual(plain(lists.map((list) => Math.max(...list))));
        const taken = lists.map((list, at) => {
          const first = list.indexOf(Math.max(...list));
          return list.map((_, i) => (i === first ? gradOutput.data[at]! : 0));
        });
        expect(plain(grads.data)).toEqual(plain(scatter(taken, reduction)));
      }),
      { numRuns: 300 },
    );
  });

  it("is NaN where there is one, wherever it stands, and gives it the gradient", () => {
    for (let length = 1; length <= 20; length++) {
      for (let at = 0; at < length; at++) {
        const list = Array.from({ length }, (_, i) => (i === at ? NaN : i));
        const { value, grads } = vjp((t: Tensor) => ops.max(t))(tensor(1), tensor(list));
        expect(item(value)).toBeNaN();
        expect([...grads.data]).toEqual(list.map((_, i) => Number(i === at)));
        const columns = tensor(
          list.flatMap((v) => [v, 1]),
          [length, 2],
        );
        expect([...ops.max(columns, { axis: 0 }).data]).toEqual([NaN, 1]);
      }
    }
  });

  it("reaches both infinities", () => {
    expect(item(ops.max(tensor([-Infinity, -Infinity])))).toBe(-Infinity);
    expect(item(ops.max(tensor([1, Infinity, 2])))).toBe(Infinity);
  });
});

describe("logSumExp", () => {
  it("and its gradient agree with float64 for every choice of axes", () => {
    fc.assert(
      fc.property(reductions, (reduction) => {
        const { shape, axis, keepDims, seed, result } = reduction;
        const x = tensor(seededFloats(seed, sizeOf(shape), -50, 50), shape);
        const gradOutput = tensor(seededFloats(seed + 1, sizeOf(result)), result);
        const { value, grads } = vjp((t: Tensor) => ops.logSumExp(t, { axis, keepDims }))(gradOutput, x);
        expect(value.shape).toEqual(result);
        const lists = groupsOf(x.data, reduction);
        const shares = lists.map((list, at) => {
          const truth = exactLogSumExp(list);
          // exp and log are within 2 ulp; the shift by the maximum and its return round by an ulp of 50.
          expect(Math.abs(value.data[at]! - truth)).toBeLessThanOrEqual(16 * 2 ** -23 + 50 * 2 ** -23);
          return list.map((v) => gradOutput.data[at]! * Math.exp(v - truth));
        });
        const expected = scatter(shares, reduction);
        for (const [i, gradient] of expected.entries()) {
          // The exponent x − y is off by an ulp of 50, which is a relative error of the exponential.
          expect(Math.abs(grads.data[i]! - gradient)).toBeLessThanOrEqual(
            80 * 2 ** -23 * Math.abs(gradient) + 1e-37,
          );
        }
      }),
      { numRuns: 200 },
    );
  });

  it("neither overflows nor underflows", () => {
    expect(ulpDistance(item(ops.logSumExp(tensor([1000, 1000]))), 1000 + Math.LN2)).toBeLessThanOrEqual(1);
    expect(ulpDistance(item(ops.logSumExp(tensor([-1000, -1000]))), -1000 + Math.LN2)).toBeLessThanOrEqual(1);
    expect(item(ops.logSumExp(tensor([3.4e38, 3.4e38])))).toBe(Math.fround(3.4e38));
  });

  it.each([[[0, -20]], [[0, -5, -30]], [[-40, 0]], [[-80, -80, 0]], [[-25, -18, 0, -30, -17.5]]])(
    "of %o keeps what is far below 1",
    (list) => {
      const truth = Math.log1p(total(list.filter((value) => value < 0).map((value) => Math.exp(value))));
      const columns = list.flatMap((value) => [value, value, value, value, value, value]);
      const long = [...list, ...Array.from({ length: 37 }, () => -Infinity)];
      const results = [
        item(ops.logSumExp(tensor(list))),
        item(ops.logSumExp(tensor(long))),
        ...ops.logSumExp(tensor(columns, [list.length, 6]), { axis: 0 }).data,
      ];
      for (const result of results) expect(ulpDistance(result, truth)).toBeLessThanOrEqual(8);
    },
  );

  it("of ties counts each of them", () => {
    for (const count of [2, 3, 8, 9, 40]) {
      const result = item(ops.logSumExp(tensor([...Array.from({ length: count }, () => 0), -20])));
      expect(ulpDistance(result, Math.log(count + Math.exp(-20)))).toBeLessThanOrEqual(2);
    }
  });

  it.each([
    [[-Infinity, -Infinity, -Infinity], -Infinity],
    [[-Infinity, 2, -Infinity], 2],
    [[1, Infinity, 2], Infinity],
    [[-Infinity, Infinity, 0], Infinity],
    [[1, NaN, Infinity], NaN],
  ])("of %o is %d", (list, expected) => {
    expect(item(ops.logSumExp(tensor(list)))).toBe(expected);
    const pairs = list.flatMap((value) => [value, 0]);
    const [first, second] = ops.logSumExp(tensor(pairs, [3, 2]), { axis: 0 }).data;
    expect(first).toBe(expected);
    expect(ulpDistance(second!, Math.log(3))).toBeLessThanOrEqual(2);
  });

  it("gives −∞ no gradient, alone or beside numbers", () => {
    const gradient = (...list: number[]) => [
      ...vjp((t: Tensor) => ops.logSumExp(t))(tensor(1), tensor(list)).grads.data,
    ];
    expect(gradient(-Infinity, -Infinity, -Infinity)).toEqual([0, 0, 0]);
    expect(gradient(-Infinity, 2, -Infinity)).toEqual([0, 1, 0]);
  });
});

describe("ten million elements", () => {
  const count = 10_000_000;
  const manyOnes = ones([count]);
  const random = seededFloats(1, count, 0, 1);

  it("of 1 have a mean of exactly 1, over all, over the last axis, and over all but the last", () => {
    expect(item(ops.mean(manyOnes))).toBe(1);
    expect(item(ops.sum(manyOnes))).toBe(count);
    for (const columns of [1, 2, 3, 4, 10, 16, 20]) {
      const rows = Math.floor(count / columns);
      const tall = ops.reshape(ops.slice(manyOnes, 0, rows * columns), [rows, columns]);
      const wide = ops.reshape(tall, [columns, rows]);
      expect([...ops.mean(tall, { axis: 0 }).data]).toEqual(Array.from({ length: columns }, () => 1));
      expect([...ops.mean(wide, { axis: -1 }).data]).toEqual(Array.from({ length: columns }, () => 1));
    }
  });

  it("of random values have sums within 1e-6 relative", () => {
    const truth = (first: number, step: number, end: number) => {
      let sum = 0;
      for (let i = first; i < end; i += step) sum += random[i]!;
      return sum;
    };
    const close = (sum: number, exact: number) => expect(Math.abs(sum / exact - 1)).toBeLessThan(1e-6);
    const x = tensor(random);
    close(item(ops.sum(x)), truth(0, 1, count));
    for (const columns of [2, 5, 16]) {
      const rows = count / columns;
      const tall = ops.sum(ops.reshape(x, [rows, columns]), { axis: 0 });
      const wide = ops.sum(ops.reshape(x, [columns, rows]), { axis: 1 });
      for (let c = 0; c < columns; c++) {
        close(tall.data[c]!, truth(c, columns, count));
        close(wide.data[c]!, truth(c * rows, 1, (c + 1) * rows));
      }
    }
  });
});

describe.each([
  { name: "sum", reduce: ops.sum },
  { name: "mean", reduce: ops.mean },
  { name: "max", reduce: ops.max },
  { name: "logSumExp", reduce: ops.logSumExp },
])("$name", ({ name, reduce }) => {
  const x = tensor([[1, 2, 3]]);

  it("of a single number, or over no axes, is the number itself", () => {
    expect(item(reduce(tensor(2)))).toBe(2);
    expect(reduce(tensor(2)).shape).toEqual([]);
    expect([...reduce(x, { axis: [] }).data]).toEqual([1, 2, 3]);
    expect([...vjp((t: Tensor) => reduce(t))(tensor(3), tensor(2)).grads.data]).toEqual([3]);
  });

  it("is the same inside a scope", () => {
    expect(scope(() => reduce(ops.scale(x, 1), { axis: -1 })).data).toEqual(reduce(x, { axis: 1 }).data);
  });

  it.each<[unknown, ErrorConstructor, string]>([
    [{ axis: 2 }, RangeError, "axis must be an integer from -2 to 1"],
    [{ axis: -3 }, RangeError, "axis must"],
    [{ axis: NaN }, RangeError, "axis must"],
    [{ axis: 0.5 }, RangeError, "axis must"],
    [{ axis: [0, 0] }, RangeError, "axis must name neighbouring axes"],
    [{ axis: [0, -2] }, RangeError, "axis must name neighbouring axes"],
    [{ axis: "0" }, TypeError, "axis must"],
    [{ axis: null }, TypeError, "axis must"],
    [{ axis: [null] }, TypeError, "axis must"],
    [{ keepDims: 1 }, TypeError, "keepDims must"],
    [{ axes: 0 }, TypeError, "options must have only the names axis, keepDims"],
    [0, TypeError, "options must"],
    [null, TypeError, "options must"],
  ])("refuses the options %o", (options, kind, words) => {
    expectRefused(() => reduce(x, options as never), kind, `${name}: ${words}`);
  });

  it("refuses axes apart from each other, and what is not a tensor", () => {
    const cube = tensor(new Float32Array(8), [2, 2, 2]);
    expectRefused(() => reduce(cube, { axis: [0, 2] }), RangeError, `${name}: axis must name neighbouring`);
    expectRefused(() => reduce([1, 2] as never), TypeError, `${name}: x`);
  });
});
