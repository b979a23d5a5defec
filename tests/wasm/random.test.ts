// Laws of the random kernels: threefry's bits, and the distributions made from them.

import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { configure } from "../../src/index.js";
import * as kernels from "../../src/wasm/random.js";
import { expectClose, withArrays } from "../support/heapArrays.js";
import { expectNothingHeld } from "../support/refusals.js";
import { erfc, normalDensity } from "../support/specialFunctions.js";
import { moments } from "../support/statistics.js";
import { threefry, threefryWords } from "../support/threefry.js";

afterEach(() => {
  configure({ relaxedSimd: "auto" });
  expectNothingHeld();
});

const lengths = fc.integer({ min: 1, max: 40 });

const words = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe("threefry", () => {
  it.each([
    [
      [0, 0],
      [0, 0],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x13198a2e, 0x03707344],
      [0x243f6a88, 0x85a308d3],
      [0xc4923a9c, 0x483df7a0],
    ],
  ] as [[number, number], [number, number], [number, number]][])(
    "gives Random123's known answer for key %o and counter %o",
    (key, counter, answer) => {
      expect(threefry(key, counter)).toEqual(answer);
      expect(kernels.threefryBlock(key, ...counter)).toEqual(answer);
    },
  );

  it("gives streams of every length: block i is of the counts i and half + i, an odd end padded with 0", () => {
    fc.assert(
      fc.property(words, words, words, fc.integer({ min: 1, max: 70 }), (key0, key1, counter0, n) => {
        withArrays([new Float32Array(n)], (y) => {
          kernels.threefryBits([key0, key1], y!, n, counter0);
          expect([...y!.readWords()]).toEqual(threefryWords([key0, key1], n, counter0));
        });
      }),
      { numRuns: 200 },
    );
  });
});

describe("uniform", () => {
  const draw = (key: [number, number], n: number, low: number, high: number) =>
    withArrays([new Float32Array(n)], (y) => {
      kernels.drawUniform(key, y!, n, low, high);
      return y!.read();
    });

  it("is the words' upper 23 bits as a fraction of the interval", () => {
    fc.assert(
      fc.property(words, words, lengths, (key0, key1, n) => {
        const bits = withArrays([new Float32Array(n)], (y) => {
          kernels.threefryBits([key0, key1], y!, n);
          return y!.readWords();
        });
        expect([...draw([key0, key1], n, 0, 1)]).toEqual(Array.from(bits, (word) => (word >>> 9) / 2 ** 23));
      }),
      { numRuns: 50 },
    );
  });

  it("stays in its interval and has its moments", () => {
    for (const [low, high] of [
      [0, 1],
      [-3, 5],
      [1e-3, 2e-3],
    ] as const) {
      const n = 200_001;
      const values = draw([7, 8], n, low, high);
      expect(values.every((x) => x >= Math.fround(low) && x <= Math.fround(high))).toBe(true);
      const [mean, variance, skewness, kurtosis] = moments(values);
      const width = high - low;
      // Four standard errors of each.
      expect(Math.abs(mean - (low + high) / 2)).toBeLessThan((4 * width) / Math.sqrt(12 * n));
      expect(Math.abs(variance / (width ** 2 / 12) - 1)).toBeLessThan(4 * Math.sqrt(0.8 / n));
      expect(Math.abs(skewness)).toBeLessThan(0.02);
      expect(Math.abs(kurtosis - 1.8)).toBeLessThan(0.02);
    }
  });
});

describe("normal", () => {
  const draw = (key: [number, number], n: number, mean = 0, deviation = 1) =>
    withArrays([new Float32Array(n)], (y) => {
      kernels.drawNormal(key, y!, n, mean, deviation);
      return y!.read();
    });

  it("has the moments and tails of the normal distribution, and no infinity", () => {
    const n = 400_003;
    const values = draw([1, 2], n);
    const [mean, variance, skewness, kurtosis] = moments(values);
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(n));
    expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    expect(Math.abs(skewness)).toBeLessThan(4 * Math.sqrt(6 / n));
    expect(Math.abs(kurtosis - 3)).toBeLessThan(4 * Math.sqrt(24 / n));
    expect(values.every(Number.isFinite)).toBe(true);
    const tails = { 1: 0.31731, 2: 0.0455, 3: 0.0026998 };
    for (const [bound, share] of Object.entries(tails)) {
      const count = values.filter((x) => Math.abs(x) > Number(bound)).length;
      expect(Math.abs(count - n * share)).toBeLessThan(4 * Math.sqrt(n * share));
    }
  });

  it("is the normal quantile of a uniform number of the same key", () => {
    const n = 20_001;
    const z = draw([11, 12], n);
    const u = withArrays([new Float32Array(n)], (y) => {
      kernels.drawUniform([11, 12], y!, n, -0.99999994, 1);
      return y!.read();
    });
    // By Newton's method the quantile is off by (erf(z / √2) − u) / (2φ(z)), taken from the nearer tail.
    const errors = z.map((x, i) => {
      const excess = 1 - Math.abs(u[i]!) - erfc(Math.abs(x) / Math.SQRT2);
      return Math.abs(excess / (2 * normalDensity(x)) / x);
    });
    expect(z.every((x, i) => Math.sign(x) === Math.sign(u[i]!))).toBe(true);
    expect(errors.every((error) => error < 6 * 2 ** -24)).toBe(true);
  });

  it("is scaled and shifted", () => {
    const plain = draw([3, 4], 101);
    expectClose(
      draw([3, 4], 101, 5, 0.25),
      plain.map((x) => 5 + 0.25 * x),
      (i) => 5 + Math.abs(plain[i]!),
    );
  });

  it("is the same in both binaries, and another for another key", () => {
    configure({ relaxedSimd: false });
    const first = draw([5, 6], 1001);
    configure({ relaxedSimd: true });
    expect(draw([5, 6], 1001)).toEqual(first);
    expect(draw([5, 7], 1001)).not.toEqual(first);
    expect(draw([6, 6], 1001)).not.toEqual(first);
  });
});

describe("bernoulli", () => {
  it("is 1 as often as it is told to, else 0", () => {
    const n = 100_001;
    for (const probability of [0, 0.1, 0.5, 0.999, 1]) {
      const values = withArrays([new Float32Array(n)], (y) => {
        kernels.drawBernoulli([9, 9], y!, n, probability);
        return y!.read();
      });
      expect(values.every((x) => x === 0 || x === 1)).toBe(true);
      const count = values.reduce((sum, x) => sum + x, 0);
      expect(Math.abs(count - n * probability)).toBeLessThanOrEqual(
        4 * Math.sqrt(n * probability * (1 - probability)),
      );
    }
  });
});
