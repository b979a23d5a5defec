// Axes: round ticks within the range, in even steps, with labels that tell them apart.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fixedNumber, rangeOf, scaleOf, shortNumber, ticksOf } from "../../src/report/scale.js";

/** Ranges of any magnitude, none so narrow that float64 runs out of digits. */
const range = fc
  .tuple(
    fc.double({ min: -1, max: 1, noNaN: true }),
    fc.double({ min: 0.01, max: 1, noNaN: true }),
    fc.integer({ min: -8, max: 12 }),
  )
  .map(([low, width, power]) => [low * 10 ** power, (low + width) * 10 ** power] as const);

const most = fc.integer({ min: 2, max: 10 });

describe("ticksOf", () => {
  it("stays within the range, and reaches to its ends but for less than a step", () => {
    fc.assert(
      fc.property(range, most, ([low, high], count) => {
        const { ticks } = ticksOf(low, high, count);
        const step = ticks.length > 1 ? ticks[1]! - ticks[0]! : high - low;
        const slack = (high - low) * 1e-6;
        expect(ticks[0]!).toBeGreaterThanOrEqual(low - slack);
        expect(ticks.at(-1)!).toBeLessThanOrEqual(high + slack);
        if (ticks.length < 2) return;
        expect(ticks[0]! - low).toBeLessThan(step + slack);
        expect(high - ticks.at(-1)!).toBeLessThan(step + slack);
      }),
    );
  });

  it("steps evenly by 1, 2 or 5 times a power of ten", () => {
    fc.assert(
      fc.property(range, most, ([low, high], count) => {
        const { ticks } = ticksOf(low, high, count);
        for (let i = 1; i < ticks.length; i++) {
          const step = ticks[i]! - ticks[i - 1]!;
          const mantissa = step / 10 ** Math.floor(Math.log10(step) + 1e-6);
          expect([1, 2, 5].some((factor) => Math.abs(mantissa - factor) < 1e-3)).toBe(true);
          expect(step).toBeCloseTo(ticks[1]! - ticks[0]!, 12 - Math.ceil(Math.log10(high - low)));
        }
      }),
    );
  });

  it("gives as many as are wanted at most, and at least two fifths of them", () => {
    fc.assert(
      fc.property(range, most, ([low, high], count) => {
        const { ticks } = ticksOf(low, high, count);
        expect(ticks.length).toBeLessThanOrEqual(count + 1);
        expect(ticks.length).toBeGreaterThanOrEqual(Math.floor(count / 2.5));
      }),
    );
  });

  it("has no minus nought and no noise in its digits", () => {
    expect(ticksOf(-0.3, 0.3, 6).ticks).toEqual([-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3]);
    expect(Object.is(ticksOf(-1, 1, 2).ticks[1], 0)).toBe(true);
    expect(ticksOf(0, 40, 5)).toEqual({ ticks: [0, 10, 20, 30, 40], decimals: 0 });
    expect(ticksOf(0.61, 0.64, 3)).toEqual({ ticks: [0.61, 0.62, 0.63, 0.64], decimals: 2 });
  });
});

describe("scaleOf", () => {
  it("places the ends at the ends, and labels different ticks differently", () => {
    fc.assert(
      fc.property(range, most, (ends, count) => {
        const scale = scaleOf(ends, [10, 110], count);
        expect(scale.place(ends[0])).toBeCloseTo(10, 6);
        expect(scale.place(ends[1])).toBeCloseTo(110, 6);
        const labels = scale.ticks.map(scale.label);
        // Ranges far from 0 would need more digits than there is room for.
        const isNear = Math.abs(ends[0]) < 10 * (ends[1] - ends[0]);
        expect(new Set(isNear ? labels : []).size).toBe(isNear ? labels.length : 0);
      }),
    );
  });

  it("has three ticks or more, however few are wanted", () => {
    fc.assert(fc.property(range, (ends) => scaleOf(ends, [0, 1], 1).ticks.length >= 3));
  });

  it("labels with a true minus and as many digits as the step needs", () => {
    const scale = scaleOf([-1, 1], [0, 1], 4);
    expect(scale.ticks.map(scale.label)).toEqual(["−1.0", "−0.5", "0.0", "0.5", "1.0"]);
  });
});

describe("rangeOf", () => {
  it("spans the finite values", () => {
    expect(rangeOf([3, NaN, -2, Infinity, 1])).toEqual([-2, 3]);
  });

  it("has a width even where nothing varies, or nothing is there", () => {
    for (const values of [[], [NaN], [0], [5], [-1e-9, -1e-9], [1e12]]) {
      const [low, high] = rangeOf(values);
      expect(high).toBeGreaterThan(low);
      for (const value of values.filter(Number.isFinite)) {
        expect(value).toBeGreaterThanOrEqual(low);
        expect(value).toBeLessThanOrEqual(high);
      }
    }
  });

  it("keeps low below high where all values lie beyond what an axis reaches", () => {
    for (const values of [[-5.6e307], [5.6e307, 1e308], [-1e308, -6e307]]) {
      const [low, high] = rangeOf(values);
      expect(high - low).toBeGreaterThan(0);
      expect(Number.isFinite(high - low)).toBe(true);
    }
  });
});

describe("numbers as text", () => {
  it.each([
    [0, "0"],
    [-0, "0"],
    [-1.5, "−1.5"],
    [652.3456, "652.3"],
    [0.0123456, "0.01235"],
    [9999.7, "10000"],
    [12345.6, "12\u202f346"],
    [1234567, "1\u202f234\u202f567"],
    [1e-7, "1 · 10^−7"],
    [-2.5e12, "−2.5 · 10^12"],
    [Infinity, "∞"],
    [-Infinity, "−∞"],
    [NaN, "–"],
  ])("shortNumber(%d) is %s", (value, shown) => {
    expect(shortNumber(value)).toBe(shown);
  });

  it("fixedNumber keeps the decimals, and never shows minus nought", () => {
    expect(fixedNumber(-0.001, 2)).toBe("0.00");
    expect(fixedNumber(-0.4, 0)).toBe("0");
    expect(fixedNumber(-1, 1)).toBe("−1.0");
    expect(fixedNumber(-0.5, 1)).toBe("−0.5");
    expect(fixedNumber(Infinity, 1)).toBe("∞");
  });
});
