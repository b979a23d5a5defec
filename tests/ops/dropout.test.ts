// Laws of dropout: which values are dropped, how the others are scaled, and the mask in its gradient.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { key, ones, ops, type Tensor, vjp } from "../../src/index.js";
import { reals, seed } from "../support/arbitraries.js";
import { expectPure, expectSame, forAll } from "../support/laws.js";
import { expectRefused } from "../support/refusals.js";

const cases = fc.record({
  shape: fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 4 }),
  rate: fc.constantFrom(0, 0.1, 0.5, 0.75, 0.99),
  seed,
});

describe("dropout", () => {
  it("drops values or scales them by 1 / (1 − rate), the same ones for the same key", () => {
    forAll(cases, 100, ({ shape, rate, seed }) => {
      const x = ops.add(reals(shape, seed), 2);
      const { data } = ops.dropout(key(seed), x, rate);
      const scale = Math.fround(1 / (1 - rate));
      data.forEach((value, i) => expect([0, Math.fround(x.data[i] * scale)]).toContain(value));
      expectSame(ops.dropout(key(seed), x, rate), { shape, data });
    });
  });

  it("drops the share that the rate says, in every part of a large tensor", () => {
    const [rows, columns] = [50, 4001];
    for (const rate of [0.05, 0.5, 0.9]) {
      const { data } = ops.dropout(key(3), ones([rows, columns]), rate);
      const counts = Array.from(
        { length: rows },
        (_, row) => data.subarray(row * columns, (row + 1) * columns).filter((value) => value === 0).length,
      );
      const deviation = Math.sqrt(columns * rate * (1 - rate));
      for (const count of counts) expect(Math.abs(count - rate * columns)).toBeLessThan(5 * deviation);
      expect(new Set(counts).size).toBeGreaterThan(10);
    }
  });

  it("drops other values for another key", () => {
    const [first, second] = [1, 2].map((seed) => ops.dropout(key(seed), ones([1000]), 0.5).data);
    const agreeing = first.filter((value, i) => value === second[i]).length;
    expect(Math.abs(agreeing - 500)).toBeLessThan(5 * Math.sqrt(250));
  });

  it("of rate 0 changes nothing", () => {
    const x = reals([3, 5], 1);
    expectSame(ops.dropout(key(1), x, 0), x);
  });

  it("has the gradient through what was kept, scaled alike", () => {
    forAll(cases, 100, ({ shape, rate, seed }) => {
      const [x, gradOutput] = [reals(shape, seed), reals(shape, seed + 1)];
      const drop = (t: Tensor) => ops.dropout(key(seed), t, rate);
      expectSame(vjp(drop)(gradOutput, x).grads, drop(gradOutput));
    });
  });

  it("gives the same result inside a scope and leaves its input unchanged", () => {
    expectPure((x) => ops.dropout(key(1), x, 0.4), [reals([4, 9], 1)]);
  });

  it.each<[unknown, unknown, unknown, ErrorConstructor, string]>([
    [[1, 2], 0.5, key(1), TypeError, "x"],
    [ones([2]), 1, key(1), RangeError, "rate must be below 1"],
    [ones([2]), 1.1, key(1), RangeError, "rate"],
    [ones([2]), -0.1, key(1), RangeError, "rate"],
    [ones([2]), NaN, key(1), RangeError, "rate"],
    [ones([2]), undefined, key(1), TypeError, "rate"],
    [ones([2]), 0.5, undefined, TypeError, "key must be a key"],
    [ones([2]), 0.5, 7, TypeError, "key must be a key"],
    [ones([2]), 0.5, { words: [1, -1] }, TypeError, "key must be a key"],
  ])("refuses %o with rate %o and key %o", (x, rate, drawn, kind, start) => {
    const call = () => ops.dropout(drawn as ReturnType<typeof key>, x as Tensor, rate as number);
    expectRefused(call, kind, `dropout: ${start}`);
  });
});
