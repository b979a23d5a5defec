// Laws of forms: the way back undoes the way there, and data that do not fit are told how they would.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/cli/command.js";
import type { Data } from "../../src/cli/data.js";
import {
  checkFits,
  dataRange,
  type Form,
  fromModel,
  ranged,
  standardized,
  toModel,
} from "../../src/cli/form.js";
import { key, random, type Shape, tensor, type Tensor, zeros } from "../../src/index.js";
import { expectNear, expectSame, forAll } from "../support/laws.js";

/** What rounding may do to values of a size on the way there and back. */
const expectClose = (actual: Tensor, wanted: Tensor, size: number) =>
  expectNear(actual, wanted, {
    shape: wanted.shape,
    data: new Float64Array(wanted.size).fill(size * 2 ** -22),
  });

const tables = fc
  .record({
    rows: fc.integer({ min: 2, max: 30 }),
    columns: fc.integer({ min: 1, max: 6 }),
    mean: fc.integer({ min: -1000, max: 1000 }),
    deviation: fc.constantFrom(0.01, 1, 300),
    seed: fc.nat(),
  })
  .map(({ rows, columns, mean, deviation, seed }) => ({
    table: random.normal(key(seed), [rows, columns], { mean, deviation }),
    size: Math.abs(mean) + 6 * deviation,
  }));

const ranges = fc
  .tuple(fc.integer({ min: -300, max: 300 }), fc.integer({ min: 1, max: 600 }))
  .map(([low, width]) => [low, low + width] as const);

describe("a standardized table", () => {
  const columnOf = ({ data, shape: [, columns = 1] }: Tensor, column: number) =>
    [...data].filter((_, i) => i % columns === column);
  const meanOf = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
  const deviationOf = (values: readonly number[]) =>
    Math.sqrt(meanOf(values.map((value) => (value - meanOf(values)) ** 2)));

  it("has mean 0 in every column, and deviation 1 but where the column is constant up to rounding", () => {
    forAll(tables, 100, ({ table }) => {
      const [, columns] = table.shape as [number, number];
      const standard = toModel(table, standardized(table), { inputShape: [columns] });
      for (let column = 0; column < columns; column++) {
        const [before, after] = [columnOf(table, column), columnOf(standard, column)];
        const [low, high] = [Math.min(...before), Math.max(...before)];
        const isConstant = high - low <= 2 ** -23 * Math.max(Math.abs(low), Math.abs(high));
        expect(Math.abs(meanOf(after))).toBeLessThan(1e-3);
        expect(deviationOf(after)).toBeCloseTo(isConstant ? deviationOf(before) : 1, 3);
      }
    });
  });

  it("divides columns that are constant up to rounding by 1, so that no row stands out by it", () => {
    for (const value of [5, 0.1, -0.3, 1e-30, 123456.7, 1e30, 0]) {
      for (const rows of [1, 2, 3, 7, 60, 1000]) {
        const table = tensor(Array.from({ length: rows }, (_, i) => [value, i % 2]));
        const { mean, deviation } = standardized(table);
        expect(mean[0]).toBe(Math.fround(value));
        expect(deviation[0]).toBe(1);
      }
    }
    const rounded = tensor(Array.from({ length: 60 }, (_, i) => [i % 2 ? 5 : 5 + 2 ** -22]));
    expect(standardized(rounded).deviation).toEqual([1]);
    const form = standardized(tensor(new Float32Array(60).fill(5), [60, 1]));
    expect(toModel(tensor([[5.001]]), form, { inputShape: [1] }).data[0]).toBeCloseTo(0.001, 6);
  });

  it("keeps the deviation of small differences between large numbers", () => {
    for (const offset of [0, 1e3, -1e6, 2 ** 22]) {
      const small = Array.from({ length: 500 }, (_, i) => ((i * 7) % 11) / 2);
      const { mean, deviation } = standardized(tensor(small.map((value) => [value + offset])));
      const average = small.reduce((a, b) => a + b) / 500;
      const variance = small.reduce((sum, value) => sum + (value - average) ** 2, 0) / 500;
      expect(Math.abs(mean[0] - offset - average)).toBeLessThan(1e-9);
      expect(Math.abs(deviation[0] - Math.sqrt(variance))).toBeLessThan(1e-9);
    }
  });

  it("comes from the finite numbers of each column, so that one bad cell spoils no other", () => {
    const whole = standardized(tensor([[1], [3], [8]]));
    for (const bad of [NaN, Infinity, -Infinity]) {
      expect(standardized(tensor([[bad], [1], [3], [bad], [8]]))).toEqual(whole);
      const rows = toModel(tensor([[bad], [1]]), whole, { inputShape: [1] }).data;
      expect(rows[0]).toBe(bad);
      expect(rows[1]).toBeLessThan(0);
    }
    expect(standardized(tensor([[NaN], [NaN]]))).toMatchObject({ mean: [0], deviation: [1] });
  });

  it("comes back in its own units", () => {
    forAll(tables, 100, ({ table, size }) => {
      const form = standardized(table);
      expectClose(fromModel(toModel(table, form, { inputShape: form.dataShape }), form), table, size);
    });
  });

  it("has 0 in columns that do not vary, and gives them back exactly", () => {
    const table = tensor([
      [5, 1, 0.1],
      [5, 2, 0.1],
      [5, 6, 0.1],
    ]);
    const form = standardized(table);
    expect([form.dataShape, form.mean[0], form.deviation[0]]).toEqual([[3], 5, 1]);
    expect(form.mean[1]).toBeCloseTo(3);
    expect(form.deviation[1]).toBeCloseTo(Math.sqrt(14 / 3));
    const seen = toModel(table, form, { inputShape: [3] });
    expect([...seen.data].filter((_, i) => i % 3 === 0)).toEqual([0, 0, 0]);
    expect(fromModel(seen, form).data[0]).toBe(5);
  });
});

describe("a range", () => {
  it("becomes another, end to end, and comes back", () => {
    forAll(fc.tuple(ranges, fc.constantFrom([0, 1] as const, [-1, 1] as const)), 200, ([from, to]) => {
      const form = ranged([2, 2, 1], from, to);
      const [low, high] = from;
      const images = tensor([low, high, (low + high) / 2, low], [1, 2, 2, 1]);
      const seen = toModel(images, form, { inputShape: [4] });
      expect(seen.shape).toEqual([1, 4]);
      expectClose(seen, tensor([to[0], to[1], (to[0] + to[1]) / 2, to[0]], [1, 4]), 2);
      const back = fromModel(seen, form);
      expect(back.shape).toEqual([1, 2, 2, 1]);
      expectClose(back, images, Math.abs(low) + Math.abs(high) + 1);
      const range = dataRange(form)!;
      expect(range[0]).toBeCloseTo(low, 6);
      expect(range[1]).toBeCloseTo(high, 6);
    });
  });

  it("stays as it is where none is told", () => {
    const images = random.uniform(key(1), [3, 4, 4, 1]);
    const form = ranged([4, 4, 1]);
    expect(form).toEqual({ dataShape: [4, 4, 1], mean: [0], deviation: [1], range: [0, 1] });
    expectSame(toModel(images, form, { inputShape: [4, 4, 1] }), images);
    expectSame(fromModel(images, form), images);
  });

  it("of one value only stays finite", () => {
    const form = ranged([1], [7, 7]);
    expect([...toModel(tensor([[7]]), form, { inputShape: [1] }).data]).toEqual([0]);
    expect([...fromModel(zeros([1, 1]), form).data]).toEqual([7]);
  });

  it("is none for standardized tables", () => {
    expect(dataRange(standardized(tensor([[1], [2]])))).toBeUndefined();
  });
});

describe("checkFits", () => {
  const of = (shape: Shape, columns?: readonly string[]): Data => ({
    values: zeros([2, ...shape]),
    ...(columns && { columns }),
  });
  const table = (...columns: string[]): Form => ({ ...ranged([columns.length]), columns });

  it("takes data of the model's shape", () => {
    expect(() => checkFits("x", of([4, 4, 1]), ranged([4, 4, 1]))).not.toThrow();
    expect(() => checkFits("x", of([3], ["a", "b", "c"]), table("d", "e", "f"))).not.toThrow();
  });

  it.each<[Form, Data, string]>([
    [ranged([4, 4, 1]), of([5, 4, 1]), "the model takes 4×4×1, x has 5×4×1: add --size 4"],
    [ranged([4, 6, 3]), of([5, 4, 3]), "the model takes 4×6×3, x has 5×4×3: add --size 4x6"],
    [ranged([4, 6, 1]), of([4, 6, 3]), "the model takes 4×6×1, x has 4×6×3: add --grey --size 4x6"],
    [ranged([4, 4, 3]), of([4, 4, 1]), "the model takes 4×4×3, x has 4×4×1"],
    [ranged([3]), of([4]), "the model takes 3 columns, x has 4 columns"],
    [ranged([4, 4, 1]), of([16]), "the model takes 4×4×1, x has 16 columns"],
    [
      table("a", "b"),
      of([3], ["a", "kind", "b"]),
      "the model takes 2 columns, x has 3 columns: add --labels kind",
    ],
    [table("a", "b"), of([4], ["a", "c", "b", "d"]), "the model takes 2 columns, x has 4 columns"],
    [table("a", "b"), of([3]), "the model takes 2 columns, x has 3 columns"],
  ])("says what to do, %#", (form, data, words) => {
    expect(() => checkFits("x", data, form)).toThrow(new UsageError(words));
  });
});
