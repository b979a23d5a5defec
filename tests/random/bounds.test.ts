// Laws of draws at the edges of what they are drawn from: bounds that float32 rounds, and parameters that say nothing.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  full,
  key,
  ops,
  random,
  sampleBernoulli,
  sampleCategorical,
  sampleMixture,
  type Shape,
  tensor,
  zeros,
} from "../../src/index.js";
import { leastFrom, mostBelow, mostUpTo } from "../../src/random/float32.js";
import { evenly } from "../support/extremes.js";
import { forAll, withBothBinaries } from "../support/laws.js";
import { expectRefused } from "../support/refusals.js";

const extremesOf = (data: Float32Array) =>
  data.reduce(([least, most], x) => [Math.min(least, x), Math.max(most, x)], [Infinity, -Infinity]);

describe("the float32 next to a number", () => {
  it("is the number itself where it is a float32, else on the side that is asked for", () => {
    const numbers = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.float({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(0, 1e-46, -1e-46, 2 ** -149, 1e39, -1e39, 2 ** 128 - 2 ** 104, 1 + 2 ** -52),
    );
    const floats = new Float32Array(1);
    const order = new Int32Array(floats.buffer);
    const before = (x: number) => {
      floats[0] = x;
      if (x === 0) return -(2 ** -149);
      order[0] += x > 0 ? -1 : 1;
      return floats[0];
    };
    forAll(numbers, 1000, (x) => {
      const [least, most, below] = [leastFrom(x), mostUpTo(x), mostBelow(x)];
      for (const one of [least, most, below]) expect(Math.fround(one)).toBe(one);
      expect(least >= x && before(least) < x).toBe(true);
      expect(most <= x && -before(-most) > x).toBe(true);
      expect(below < x && -before(-below) >= x).toBe(true);
    });
  });
});

describe("uniform", () => {
  it.each([
    [1000, 1001],
    [-1001, -1000],
    [0.7, 1.7],
    [1, 1 + 1e-9],
    [16777216, 16777217.5],
    [-1, 0],
    [0, 1e-45],
    [-1e-45, 1e-45],
    [1e6, 1e6 + 0.1],
    [-3e38, 1e37],
    [0.1, 0.1 + 2 ** -27],
  ])("stays in [%d, %d), the upper end left out", (low, high) => {
    const [least, most] = extremesOf(random.uniform(key(5), [2 ** 20], { low, high }).data);
    expect(least).toBeGreaterThanOrEqual(low);
    expect(most).toBeLessThan(high);
  });

  it("stays in any interval that holds a float32", () => {
    const bound = fc.oneof(evenly(-1e38, 1e38), evenly(-10, 10));
    forAll(fc.tuple(bound, evenly(2e-7, 1e-5), fc.nat()), 300, ([low, share, seed]) => {
      const high = low + Math.max(Math.abs(low), 2 ** -120) * share;
      const [least, most] = extremesOf(random.uniform(key(seed), [500], { low, high }).data);
      expect(least >= low && most < high).toBe(true);
    });
  });

  it("changes no draw that lay inside, and is the same on both binaries", () => {
    const fractions = random.uniform(key(5), [4096]).data;
    const draw = () => random.uniform(key(5), [4096], { low: 1000, high: 1001 }).data;
    const { simd, relaxed } = withBothBinaries(draw);
    expect(simd).toEqual(relaxed);
    const plain = fractions.map((u) => Math.fround(1000) + u);
    simd.forEach((x, i) => expect(x).toBe(Math.min(plain[i], mostBelow(1001))));
  });

  it("refuses intervals without a float32, and widths beyond it", () => {
    for (const [low, high, start] of [
      [1.00000001, 1.00000002, "high must leave a float32 number"],
      [1e39, 1.0000001e39, "high must leave a float32 number"],
      [-1.0000001e39, -1e39, "high must leave a float32 number"],
      [-3e38, 3e38, "high must lie within float32's range of low"],
      [0, 1e39, "high must lie within float32's range of low"],
      [2, 2, "low must be below high"],
    ] as const) {
      expectRefused(() => random.uniform(key(1), [2], { low, high }), RangeError, `uniform: ${start}`);
    }
  });
});

describe("normal", () => {
  it("refuses means and deviations whose draws would leave float32, and draws up to there", () => {
    for (const options of [{ deviation: 1e38 }, { mean: 3.4e38, deviation: 1e37 }, { deviation: 1e300 }]) {
      expectRefused(
        () => random.normal(key(1), [2], options),
        RangeError,
        "normal: deviation must keep mean ± ",
      );
    }
    expectRefused(() => random.normal(key(1), [2], { mean: -1e39 }), RangeError, "normal: mean must keep");
    const { data } = random.normal(key(1), [2 ** 18], { deviation: 6e37 });
    expect(data.every(Number.isFinite)).toBe(true);
  });
});

describe("truncatedNormal", () => {
  it.each([
    [0.7, 0.8],
    [-0.7, 0.3],
    [-1e39, 1e39],
    [0.7, 1e300],
    [1, 1.0000001],
  ])("stays in [%d, %d], as these are and not as float32 rounds them", (low, high) => {
    const [least, most] = extremesOf(random.truncatedNormal(key(2), [2 ** 16], { low, high }).data);
    expect(least >= low && most <= high).toBe(true);
  });

  it("refuses intervals without a float32", () => {
    for (const [low, high] of [
      [0.7, 0.70000001],
      [1e39, 2e39],
    ]) {
      const start = "truncatedNormal: high must leave a float32 number";
      expectRefused(() => random.truncatedNormal(key(1), [2], { low, high }), RangeError, start);
    }
  });
});

describe("bernoulli", () => {
  it("is never 1 at 0 and always at 1", () => {
    expect(extremesOf(random.bernoulli(key(1), [2 ** 20], 0).data)).toEqual([0, 0]);
    expect(extremesOf(random.bernoulli(key(1), [2 ** 20], 1).data)).toEqual([1, 1]);
  });
});

describe("sampling from what is no distribution", () => {
  const categorical = { categorical: random.categorical, sampleCategorical: undefined };
  const rows = (...values: number[][]) => tensor(values);
  const bad = [
    { logits: rows([0, 1], [NaN, 0]), rule: ".data[2] must be below Infinity, got NaN" },
    { logits: rows([0, 1], [0, NaN]), rule: ".data[3] must be below Infinity, got NaN" },
    { logits: rows([0, Infinity]), rule: ".data[1] must be below Infinity, got Infinity" },
    {
      logits: rows([0, 1], [-Infinity, -Infinity]),
      rule: " must have a category above -Infinity in row 1, got [",
    },
    { logits: rows([-Infinity]), rule: " must have a category above -Infinity in row 0, got [" },
  ];

  it.each(bad)("is refused: logits$rule", ({ logits, rule }) => {
    expectRefused(() => categorical.categorical(key(1), logits), RangeError, `categorical: logits${rule}`);
    const start = `sampleCategorical: distribution.logits${rule}`;
    expectRefused(() => sampleCategorical(key(1), { logits }), RangeError, start);
    const row = ops.slice(logits, -1);
    const components = row.shape[1];
    const parts = zeros([components, 2]);
    const mixture = { logits: ops.reshape(row, [components]), means: parts, logVars: parts };
    expectRefused(
      () => sampleMixture(key(1), mixture, { count: 3 }),
      RangeError,
      "sampleMixture: mixture.logits",
    );
  });

  it("is refused for logits of weights that are all 0", () => {
    const logits = ops.log(zeros([1, 3]));
    expectRefused(
      () => random.categorical(key(1), logits),
      RangeError,
      "categorical: logits must have a category",
    );
  });

  it("is refused for mixtures and Bernoulli distributions with NaN", () => {
    const mixture = { logits: zeros([2]), means: zeros([2, 1]), logVars: zeros([2, 1]) };
    const broken = tensor([[0], [NaN]]);
    for (const part of ["means", "logVars"] as const) {
      const start = `sampleMixture: mixture.${part}.data[1] must be a finite number, got NaN`;
      expectRefused(
        () => sampleMixture(key(1), { ...mixture, [part]: broken }, { count: 1 }),
        RangeError,
        start,
      );
    }
    for (const kind of ["logits", "probabilities"] as const) {
      const start = `sampleBernoulli: distribution.${kind}.data[1] must not be NaN, got NaN`;
      expectRefused(() => sampleBernoulli(key(1), { [kind]: broken } as never), RangeError, start);
    }
  });

  it("is not refused where some categories are ruled out, or logits are infinite", () => {
    expect([...random.categorical(key(1), rows([-Infinity, 3], [-3e38, -Infinity]))]).toEqual([1, 0]);
    const sure = sampleBernoulli(key(1), { logits: tensor([-Infinity, Infinity]) });
    expect([...sure.data]).toEqual([0, 1]);
    const shape: Shape = [64];
    expect(new Set(sampleBernoulli(key(1), { probabilities: full(shape, 1) }).data)).toEqual(new Set([1]));
  });
});
