// Laws of random draws: the distribution that each promises, with fixed keys, so that no run differs from another.

import { afterEach, describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { fold, key, ops, random, scope, split, tensor } from "../../src/index.js";
import { withBothBinaries } from "../support/laws.js";
import { expectNothingHeld, expectRefused } from "../support/refusals.js";
import { normalCumulative } from "../support/specialFunctions.js";
import { chiSquare, countsOf, kolmogorovSmirnov, moments } from "../support/statistics.js";
import { threefryWords } from "../support/threefry.js";

afterEach(expectNothingHeld);

const COUNT = 20_001;
/** What one sample in a thousand exceeds; the keys are fixed, so a correct library passes once and for all. */
const KS_LIMIT = 1.95;
const seeds = fc.nat();

describe("uniform", () => {
  it("turns the upper 23 bits of each word into a fraction, as jax.random.uniform", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 50 }), (seed, count) => {
        const wanted = threefryWords(key(seed).words, count).map((word) => (word >>> 9) / 2 ** 23);
        expect([...random.uniform(key(seed), [count]).data]).toEqual(wanted);
      }),
    );
  });

  it("fills its interval evenly", () => {
    for (const [low, high] of [
      [0, 1],
      [-3, 5],
      [10, 10.5],
    ] as const) {
      const { data } = random.uniform(key(3), [COUNT], { low, high });
      expect(data.every((x) => x >= low && x <= high)).toBe(true);
      const distance = kolmogorovSmirnov(data, (x) => (x - low) / (high - low));
      expect(distance).toBeLessThan(KS_LIMIT);
      const [mean, variance] = moments(data);
      const width = high - low;
      expect(Math.abs(mean - (low + high) / 2)).toBeLessThan((4 * width) / Math.sqrt(12 * COUNT));
      expect(Math.abs(variance / (width ** 2 / 12) - 1)).toBeLessThan(4 * Math.sqrt(0.8 / COUNT));
    }
  });

  it("has one default for each bound", () => {
    const { data } = random.uniform(key(3), [100], { low: -1 });
    expect(data).toEqual(random.uniform(key(3), [100], { low: -1, high: 1 }).data);
    expect(random.uniform(key(3), [100], { high: 4 }).data).toEqual(
      random.uniform(key(3), [100]).data.map((x) => 4 * x),
    );
  });
});

describe("normal", () => {
  // Printed in JAX's "Common gotchas".
  it("gives the numbers that JAX gives", () => {
    const [first, second] = split(key(0));
    const [next, subkey] = split(first);
    const drawn = [key(0), second, subkey, ...split(next, 4).slice(1)].map(
      (from) => random.normal(from, [1]).data[0],
    );
    const printed = [-0.20584226, -1.2515389, -0.58665055, -0.37533438, 0.98645043, 0.14553197];
    for (const [i, value] of drawn.entries()) {
      expect(Math.abs(value / printed[i] - 1)).toBeLessThan(4 * 2 ** -24);
    }
  });

  it("has the normal distribution and its moments", () => {
    const { data } = random.normal(key(4), [COUNT]);
    expect(kolmogorovSmirnov(data, normalCumulative)).toBeLessThan(KS_LIMIT);
    const [mean, variance, skewness, kurtosis] = moments(data);
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(COUNT));
    expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / COUNT));
    expect(Math.abs(skewness)).toBeLessThan(4 * Math.sqrt(6 / COUNT));
    expect(Math.abs(kurtosis - 3)).toBeLessThan(4 * Math.sqrt(24 / COUNT));
  });

  it("is shifted by the mean and scaled by the deviation", () => {
    const plain = random.normal(key(4), [101]).data;
    const moved = random.normal(key(4), [101], { mean: 5, deviation: 0.25 }).data;
    moved.forEach((x, i) => {
      expect(Math.abs(x - (5 + 0.25 * plain[i]))).toBeLessThanOrEqual(2 ** -22 * (5 + Math.abs(plain[i])));
    });
    expect(random.normal(key(4), [3], { mean: 7, deviation: 0 }).data).toEqual(Float32Array.of(7, 7, 7));
  });

  it("of different keys is not correlated", () => {
    const [a, b] = split(key(6)).map((child) => random.normal(child, [COUNT]).data);
    const correlation = a.reduce((sum, x, i) => sum + x * b[i], 0) / COUNT;
    expect(Math.abs(correlation)).toBeLessThan(4 / Math.sqrt(COUNT));
  });
});

describe("truncatedNormal", () => {
  it("has the distribution of a normal cut to the bounds", () => {
    for (const [low, high] of [
      [-2, 2],
      [-0.1, 0.2],
      [1, 3],
      [0.5, 1e30],
      [-1e38, -1],
      [-1e38, 1e38],
    ] as const) {
      const { data } = random.truncatedNormal(key(8), [COUNT], { low, high });
      expect(data.every((x) => x >= Math.fround(low) && x <= Math.fround(high))).toBe(true);
      const [below, above] = [normalCumulative(low), normalCumulative(high)];
      const distance = kolmogorovSmirnov(data, (x) => (normalCumulative(x) - below) / (above - below));
      expect(distance, `[${low}, ${high}]`).toBeLessThan(KS_LIMIT);
    }
  });

  it("keeps to bounds so far out, or so close, that float32 knows few numbers between", () => {
    for (const [low, high] of [
      [4, 10],
      [5.3, 5.4],
      [8, 9],
      [39, 1e38],
      [-9, -8],
      [-1e38, -39],
      [0, 1e-8],
      [1, 1.0000001],
    ]) {
      const { data } = random.truncatedNormal(key(8), [1001], { low, high });
      expect(data.every((x) => x >= Math.fround(low) && x <= Math.fround(high))).toBe(true);
    }
  });

  it("is cut at ±2 by default", () => {
    const { data } = random.truncatedNormal(key(8), [1001]);
    expect(data).toEqual(random.truncatedNormal(key(8), [1001], { low: -2, high: 2 }).data);
  });
});

describe("bernoulli", () => {
  it("is 1 where a uniform number of the same key lies below p, else 0", () => {
    fc.assert(
      fc.property(seeds, fc.double({ min: 0, max: 1, noNaN: true }), (seed, p) => {
        const uniform = random.uniform(key(seed), [31]).data;
        const wanted = uniform.map((x) => Number(x < Math.fround(p)));
        expect(random.bernoulli(key(seed), [31], p).data).toEqual(wanted);
      }),
    );
  });

  it("is 1 as often as it is told to, half of the time by default", () => {
    const shares = [0, 0.001, 0.3, 0.5, 0.999, 1];
    for (const p of shares) {
      const { data } = random.bernoulli(key(9), [COUNT], p);
      const ones = data.reduce((sum, x) => sum + x, 0);
      expect(Math.abs(ones - COUNT * p)).toBeLessThanOrEqual(4 * Math.sqrt(COUNT * p * (1 - p)));
    }
    expect(random.bernoulli(key(9), [99]).data).toEqual(random.bernoulli(key(9), [99], 0.5).data);
  });
});

describe("permutation", () => {
  it("holds every number below the count once", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 300 }), (seed, count) => {
        const order = random.permutation(key(seed), count);
        expect([...order].sort((a, b) => a - b)).toEqual([...order.keys()]);
      }),
    );
  });

  it("gives all orders of four things equally often", () => {
    const orders = new Map<string, number>();
    const draws = 9600;
    for (let i = 0; i < draws; i++) {
      const name = random.permutation(fold(key(1), i), 4).join();
      orders.set(name, (orders.get(name) ?? 0) + 1);
    }
    expect(orders.size).toBe(24);
    // 23 degrees of freedom: exceeded once in a thousand.
    const even = Array.from({ length: 24 }, () => draws / 24);
    expect(chiSquare([...orders.values()], even)).toBeLessThan(49.7);
  });

  it("moves every number of many to every place", () => {
    const count = 20;
    const draws = 2000;
    const places = Array.from({ length: count }, (): number[] => []);
    for (let i = 0; i < draws; i++) {
      random.permutation(fold(key(7), i), count).forEach((value, place) => places[place].push(value));
    }
    const even = Array.from({ length: count }, () => draws / count);
    // 19 degrees of freedom: exceeded once in ten thousand, over twenty places.
    for (const values of places) expect(chiSquare(countsOf(values, count), even)).toBeLessThan(50.8);
  });
});

describe("categorical", () => {
  it("draws categories as often as the softmax of the logits says", () => {
    const logits = [0.3, -1, 2, 0, -0.5];
    const draws = 20_000;
    const rows = tensor(
      Float32Array.from({ length: draws * 5 }, (_, i) => logits[i % 5]),
      [draws, 5],
    );
    const expected = [...ops.softmax(tensor(logits)).data].map((share) => share * draws);
    const observed = countsOf(random.categorical(key(12), rows), 5);
    // 4 degrees of freedom: exceeded once in a thousand.
    expect(chiSquare(observed, expected)).toBeLessThan(18.5);
  });

  it("gives one index per distribution, row-major over the leading axes", () => {
    const certain = (row: number) => Array.from({ length: 3 }, (_, i) => (i === row % 3 ? 0 : -Infinity));
    const logits = tensor(Array.from({ length: 8 }, (_, row) => certain(row)).flat(), [2, 4, 3]);
    expect([...random.categorical(key(1), logits)]).toEqual([0, 1, 2, 0, 1, 2, 0, 1]);
    expect([...random.categorical(key(1), tensor([5, -Infinity]))]).toEqual([0]);
    expect([...random.categorical(key(1), tensor([[1], [2]]))]).toEqual([0, 0]);
  });

  it("never draws what has no probability, and does not overflow", () => {
    const logits = tensor(
      Float32Array.from({ length: 3000 }, (_, i) => [3e38, -Infinity, -3e38][i % 3]),
      [1000, 3],
    );
    expect(new Set(random.categorical(key(1), logits))).toEqual(new Set([0]));
  });
});

describe("a draw", () => {
  const draws = {
    uniform: () => random.uniform(key(1), [7, 11], { low: -2, high: 3 }).data,
    normal: () => random.normal(key(1), [7, 11], { mean: 1, deviation: 2 }).data,
    truncatedNormal: () => random.truncatedNormal(key(1), [7, 11]).data,
    bernoulli: () => random.bernoulli(key(1), [7, 11], 0.3).data,
    permutation: () => random.permutation(key(1), 77),
    categorical: () => random.categorical(key(1), random.normal(key(2), [7, 11])),
  };

  it.each(Object.entries(draws))("%s gives the same bits from both binaries and in a scope", (_, draw) => {
    const { simd, relaxed } = withBothBinaries<ArrayLike<number>>(draw);
    expect(relaxed).toEqual(simd);
    expect(scope(() => draw().slice())).toEqual(simd);
  });

  it("has the shape that is asked for", () => {
    for (const shape of [[], [1], [3, 1, 2]]) {
      expect(random.uniform(key(1), shape).shape).toEqual(shape);
      expect(random.normal(key(1), shape).shape).toEqual(shape);
      expect(random.truncatedNormal(key(1), shape).shape).toEqual(shape);
      expect(random.bernoulli(key(1), shape).shape).toEqual(shape);
    }
  });

  it("is refused by name where key, shape or numbers are wrong", () => {
    const k = key(1);
    const { uniform, normal, truncatedNormal, bernoulli } = random;
    for (const [name, draw] of Object.entries<(from: never, shape: never) => unknown>({
      uniform,
      normal,
      truncatedNormal,
      bernoulli,
    })) {
      expectRefused(() => draw(1 as never, [2] as never), TypeError, `${name}: key must be a key`);
      expectRefused(() => draw(k as never, 3 as never), TypeError, `${name}: shape`);
      expectRefused(() => draw(k as never, [0] as never), RangeError, `${name}: shape[0]`);
      expectRefused(() => draw(k as never, [1.5] as never), RangeError, `${name}: shape[0]`);
    }
    for (const [name, draw] of Object.entries({ uniform, truncatedNormal })) {
      expectRefused(
        () => draw(k, [2], { low: 1, high: 1 }),
        RangeError,
        `${name}: low must be below high = 1`,
      );
      expectRefused(() => draw(k, [2], { low: 9 }), RangeError, `${name}: low must be below high`);
      expectRefused(() => draw(k, [2], { low: NaN }), RangeError, `${name}: low must be a finite number`);
      expectRefused(
        () => draw(k, [2], { high: Infinity }),
        RangeError,
        `${name}: high must be a finite number`,
      );
      expectRefused(() => draw(k, [2], { max: 1 } as never), TypeError, `${name}: options`);
    }
    expectRefused(
      () => random.uniform(k, [2], { low: -3e38, high: 3e38 }),
      RangeError,
      "uniform: high must lie within float32's range of low",
    );
    expectRefused(
      () => random.normal(k, [2], { deviation: -1 }),
      RangeError,
      "normal: deviation must be ≥ 0",
    );
    expectRefused(
      () => random.normal(k, [2], { mean: NaN }),
      RangeError,
      "normal: mean must be a finite number",
    );
    expectRefused(() => random.normal(k, [2], { std: 1 } as never), TypeError, "normal: options");
    for (const p of [-0.1, 1.1, NaN]) {
      expectRefused(() => random.bernoulli(k, [2], p), RangeError, "bernoulli: p must be");
    }
    expectRefused(() => random.permutation(3 as never, 2), TypeError, "permutation: key must be a key");
    expectRefused(() => random.permutation(k, 0), RangeError, "permutation: count must be an integer");
    expectRefused(() => random.categorical(3 as never, tensor([1])), TypeError, "categorical: key");
    expectRefused(() => random.categorical(k, [1] as never), TypeError, "categorical: logits");
    expectRefused(() => random.categorical(k, tensor(1)), RangeError, "categorical: logits.shape");
  });
});
