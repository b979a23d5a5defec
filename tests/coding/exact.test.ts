// What both sides of a file compute alike: the exponential and two distribution functions by arithmetic alone.

import { describe, expect, it } from "vitest";
import { exactExp, exactLogistic, exactNormalCdf, exactNormalQuantile } from "../../src/coding/exact.js";
import { normalQuantile } from "../../src/latent/index.js";
import { sourcesBelow } from "../support/sources.js";

/** How far a number is from another, relative to that. */
const errorOf = (got: number, wanted: number) => Math.abs(got - wanted) / Math.abs(wanted);

describe("functions that are the same bits everywhere", () => {
  it("agree with the exponential within a few units of the last place", () => {
    for (let x = -700; x < 709; x += 0.37) expect(errorOf(exactExp(x), Math.exp(x))).toBeLessThan(2e-15);
    expect([exactExp(0), exactExp(-800), exactExp(-Infinity)]).toEqual([1, 0, 0]);
    expect(exactExp(NaN)).toBeNaN();
  });

  it("agree with the logistic function, both tails kept", () => {
    for (let x = -600; x < 600; x += 0.71) {
      expect(errorOf(exactLogistic(x), 1 / (1 + Math.exp(-x)))).toBeLessThan(4e-15);
    }
  });

  it("agree with the normal distribution function by its series, and in the tail by its expansion", () => {
    for (let x = -4; x <= 4; x += 0.13) {
      let [term, sum] = [x, x];
      for (let k = 1; k < 200; k++) sum += term *= (x * x) / (2 * k + 1);
      const wanted = 0.5 + (sum * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI);
      expect(Math.abs(exactNormalCdf(x) - wanted)).toBeLessThan(1e-13);
    }
    for (const x of [6.9, 7.2, 12, 30]) {
      const series = 1 - 1 / x ** 2 + 3 / x ** 4 - 15 / x ** 6 + 105 / x ** 8;
      const wanted = (Math.exp(-0.5 * x * x) / x / Math.sqrt(2 * Math.PI)) * series;
      expect(errorOf(exactNormalCdf(-x), wanted)).toBeLessThan(1e-4);
    }
  });

  it("have a quantile that is the inverse", () => {
    for (const p of [1e-6, 0.01, 0.3, 0.5, 0.8, 0.9999]) {
      expect(exactNormalQuantile(p)).toBeCloseTo(normalQuantile(p), 10);
    }
  });

  it("stand beside no function of Math that runtimes may compute differently", () => {
    const unsafe =
      /Math\.(exp|expm1|log\w*|pow|sin\w*|cos\w*|tan\w*|a\w+h?|cbrt|hypot)\b(?<!Math\.abs)|\*\* -?\(?[a-z]/;
    const shared = /coding\/(exact|rans|tables|adaptive|symbols|codeBlocks|pixels|latentBuckets)\.ts$/;
    const sources = sourcesBelow("src/coding").filter(({ path }) => shared.test(path));
    expect(sources.length).toBeGreaterThan(4);
    for (const { path, text } of sources) {
      const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
      expect([path, unsafe.exec(code)?.[0]]).toEqual([path, undefined]);
    }
  });
});
