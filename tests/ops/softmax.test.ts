// Laws of softmax and logSoftmax over the last axis.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ops, scope, type Tensor, tensor, vjp } from "../../src/index.js";
import { expectRefused } from "../support/refusals.js";
import { seededFloats } from "../support/seeded.js";
import { ulpDistance } from "../support/ulp.js";

const total = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0);

/** log softmax in float64. */
function exactLogSoftmax(row: readonly number[]): number[] {
  const largest = Math.max(...row);
  const shift = largest + Math.log(total(row.map((value) => Math.exp(value - largest))));
  return row.map((value) => value - shift);
}

/** Rows whose greatest value comes first and has nearly all of the mass. */
const SATURATED = [
  [20, 0],
  [0, -5, -30],
  [0, -40],
  [0, -80],
  [3, -17, -17],
  [100, 84, 60, 60, 60],
  [0, -1000],
];

const matrices = fc.record({
  rows: fc.integer({ min: 1, max: 6 }),
  columns: fc.integer({ min: 1, max: 40 }),
  spread: fc.constantFrom(0.1, 3, 30, 300),
  seed: fc.nat(),
});

const rowsOf = (values: Float32Array, columns: number) =>
  Array.from({ length: values.length / columns }, (_, r) => [
    ...values.subarray(r * columns, (r + 1) * columns),
  ]);

describe("softmax", () => {
  it("agrees with float64, rows of every length and spread", () => {
    fc.assert(
      fc.property(matrices, ({ rows, columns, spread, seed }) => {
        const x = tensor(seededFloats(seed, rows * columns, -spread, spread), [rows, columns]);
        const truth = rowsOf(x.data, columns).map(exactLogSoftmax);
        for (const [r, row] of rowsOf(ops.softmax(x).data, columns).entries()) {
          for (const [c, value] of row.entries()) {
            // x − max is rounded: an error of the exponent, relative to exp; exp itself is within 2 ulp.
            const exact = Math.exp(truth[r]![c]!);
            const bound = (Math.min(2 * spread, 104) + 4) * 2 ** -23 * exact + 2 ** -148;
            expect(Math.abs(value - exact)).toBeLessThanOrEqual(bound);
          }
          expect(Math.abs(total(row) - 1)).toBeLessThanOrEqual(columns * 2 ** -24 + 2 ** -22);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("has the gradient y (dy − Σ y dy)", () => {
    fc.assert(
      fc.property(matrices, ({ rows, columns, spread, seed }) => {
        const x = tensor(seededFloats(seed, rows * columns, -spread, spread), [rows, columns]);
        const gradOutput = tensor(seededFloats(seed + 1, rows * columns), [rows, columns]);
        const { value, grads } = vjp(ops.softmax)(gradOutput, x);
        const y = rowsOf(value.data, columns);
        const dy = rowsOf(gradOutput.data, columns);
        for (const [r, row] of rowsOf(grads.data, columns).entries()) {
          const mean = total(y[r]!.map((share, c) => share * dy[r]![c]!));
          for (const [c, gradient] of row.entries()) {
            const exact = y[r]![c]! * (dy[r]![c]! - mean);
            expect(Math.abs(gradient - exact)).toBeLessThanOrEqual(4 * 2 ** -24 * y[r]![c]! + 2 ** -148);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it("does not change when a constant is added to a row", () => {
    const x = tensor([1, 2, 3, 4, 5]);
    expect(ops.softmax(ops.add(x, 1024)).data).toEqual(ops.softmax(x).data);
  });

  it("neither overflows nor loses a row of very negative numbers", () => {
    expect([...ops.softmax(tensor([3e38, 3e38, -3e38])).data]).toEqual([0.5, 0.5, 0]);
    expect([...ops.softmax(tensor([-3e38, -3e38])).data]).toEqual([0.5, 0.5]);
  });

  it("gives −∞ no share, and NaN to all of a row that holds one", () => {
    expect([...ops.softmax(tensor([-Infinity, 0, -Infinity, 0])).data]).toEqual([0, 0.5, 0, 0.5]);
    const mixed = tensor([
      [0, NaN, 1],
      [2, 2, -Infinity],
    ]);
    expect([...ops.softmax(mixed).data]).toEqual([NaN, NaN, NaN, 0.5, 0.5, 0]);
  });
});

describe("logSoftmax", () => {
  it("and its gradient agree with float64, rows of every length and spread", () => {
    fc.assert(
      fc.property(matrices, ({ rows, columns, spread, seed }) => {
        const x = tensor(seededFloats(seed, rows * columns, -spread, spread), [rows, columns]);
        const gradOutput = tensor(seededFloats(seed + 1, rows * columns), [rows, columns]);
        const { value, grads } = vjp(ops.logSoftmax)(gradOutput, x);
        const truth = rowsOf(x.data, columns).map(exactLogSoftmax);
        const dy = rowsOf(gradOutput.data, columns);
        const gradients = rowsOf(grads.data, columns);
        for (const [r, row] of rowsOf(value.data, columns).entries()) {
          const sum = total(dy[r]!);
          for (const [c, y] of row.entries()) {
            expect(Math.abs(y - truth[r]![c]!)).toBeLessThanOrEqual((2 * spread + 4) * 2 ** -23);
            const exact = dy[r]![c]! - Math.exp(y) * sum;
            const bound = (Math.abs(exact) + 3 * Math.exp(y) * Math.abs(sum)) * 2 ** -23 + 2 ** -148;
            expect(Math.abs(gradients[r]![c]! - exact)).toBeLessThanOrEqual(bound);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it("stays finite where softmax is 0", () => {
    expect([...ops.logSoftmax(tensor([0, -1000])).data]).toEqual([0, -1000]);
  });

  it.each(SATURATED)("of %o keeps what is far below 1", (...row) => {
    const others = total(row.slice(1).map((value) => Math.exp(value - row[0]!)));
    const truth = row.map((value) => value - row[0]! - Math.log1p(others));
    // Alone, as one of many rows, and longer than any vector.
    const rows = ops.logSoftmax(tensor([row, row, row])).data;
    const long = ops.logSoftmax(tensor([...row, ...Array.from({ length: 37 }, () => -Infinity)])).data;
    for (const [i, value] of [...truth, ...truth, ...truth].entries()) {
      expect(ulpDistance(rows[i]!, value)).toBeLessThanOrEqual(8);
    }
    for (const [i, value] of truth.entries()) expect(ulpDistance(long[i]!, value)).toBeLessThanOrEqual(8);
  });

  it("of −∞ is −∞", () => {
    expect([...ops.logSoftmax(tensor([0, -Infinity])).data]).toEqual([0, -Infinity]);
  });
});

describe.each([
  { name: "softmax", f: ops.softmax, single: 1 },
  { name: "logSoftmax", f: ops.logSoftmax, single: 0 },
])("$name", ({ name, f, single }) => {
  it("takes every leading axis as rows, and a single row without any", () => {
    const x = seededFloats(3, 24);
    const flat = f(tensor(x, [6, 4]));
    const cube = f(tensor(x, [2, 3, 4]));
    expect(cube.shape).toEqual([2, 3, 4]);
    expect(cube.data).toEqual(flat.data);
    expect(f(tensor(x.slice(0, 4))).data).toEqual(flat.data.slice(0, 4));
  });

  it("runs along any axis, gradients too", () => {
    const x = tensor(seededFloats(4, 60), [3, 4, 5]);
    const gradOutput = tensor(seededFloats(5, 60), [3, 4, 5]);
    for (const axis of [0, 1, 2, -1, -3]) {
      const order = axis === 1 ? [0, 2, 1] : axis === 0 || axis === -3 ? [2, 1, 0] : [0, 1, 2];
      const turned = vjp((t: Tensor) => f(t))(ops.transpose(gradOutput, order), ops.transpose(x, order));
      const { value, grads } = vjp((t: Tensor) => f(t, { axis }))(gradOutput, x);
      expect(value.data).toEqual(ops.transpose(turned.value, order).data);
      expect(grads.data).toEqual(ops.transpose(turned.grads, order).data);
    }
    expectRefused(() => f(x, { axis: 3 }), RangeError, `${name}: axis`);
    expectRefused(() => f(x, { axis: "0" as never }), TypeError, `${name}: axis`);
  });

  it("of rows of one element is constant, with gradient 0", () => {
    const { value, grads } = vjp((t: Tensor) => f(t))(tensor([[3], [4]]), tensor([[5], [-6]]));
    expect([...value.data]).toEqual([single, single]);
    expect([...grads.data].map((v) => v + 0)).toEqual([0, 0]);
  });

  it("is the same inside a scope and leaves its input unchanged", () => {
    const x = tensor([1, 2, 3]);
    expect(scope(() => f(x)).data).toEqual(f(x).data);
    expect([...x.data]).toEqual([1, 2, 3]);
  });

  it("refuses a single number, and what is not a tensor", () => {
    expectRefused(() => f(tensor(1)), RangeError, `${name}: x.shape`);
    expectRefused(() => f([1, 2] as never), TypeError, `${name}: x`);
  });
});
