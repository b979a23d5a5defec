// Laws of planning: how a convolution is cut into parts that one call of a kernel can take.

import { describe, expect, it } from "vitest";
import { type Correlation, planForward, planInputGradient } from "../../src/wasm/correlation.js";
import { clip, fit } from "../../src/wasm/correlationParts.js";
import { convolution } from "../support/arbitraries.js";
import { forAll } from "../support/laws.js";
import { naiveGeometry } from "../support/naiveGeometry.js";

type Taps = Correlation["tapsHeight"];

/** Source positions that one axis reads: the first and the last. */
function reach(taps: Taps, positions: number, step: number): [number, number] {
  return [taps.offset, taps.offset + (positions - 1) * step + (taps.count - 1) * taps.offsetStep];
}

const span = ({ count, offsetStep }: Taps): number => (count - 1) * offsetStep + 1;
const tapsOf = ({ tapsHeight, tapsWidth }: Correlation): number => tapsHeight.count * tapsWidth.count;

/** Both plans of a drawn convolution. */
function forAllPlans(count: number, law: (part: Correlation) => void): void {
  forAll(convolution, count, ({ input, filter, options }) => {
    const g = naiveGeometry(input, filter, options);
    [...planForward(g), ...planInputGradient(g)].forEach(law);
  });
}

/** The first target element of every grid point. */
function targetsOf({ rows, columns, targetFirst, rowStep, pixelStep }: Correlation): number[] {
  return Array.from(
    { length: rows * columns },
    (_, at) => targetFirst + Math.floor(at / columns) * rowStep + (at % columns) * pixelStep,
  );
}

describe("planInputGradient", () => {
  it("writes every pixel of every channel group once", () => {
    forAll(convolution, 100, ({ input, filter, options }) => {
      const g = naiveGeometry(input, filter, options);
      const targets = planInputGradient(g).flatMap(targetsOf);
      expect(new Set(targets).size).toBe(targets.length);
      expect(targets.length).toBe(g.inHeight * g.inWidth * g.groups);
    });
  });
});

describe("clip", () => {
  it("keeps every grid point, once", () => {
    forAllPlans(60, (whole) => {
      const targets = clip(whole).flatMap(targetsOf);
      expect(targets.sort((a, b) => a - b)).toEqual(targetsOf(whole).sort((a, b) => a - b));
    });
  });

  it("leaves no tap outside the source", () => {
    forAllPlans(60, (whole) => {
      for (const part of clip(whole)) {
        const [top, bottom] = reach(part.tapsHeight, part.rows, part.stepHeight);
        const [left, right] = reach(part.tapsWidth, part.columns, part.stepWidth);
        expect(Math.min(top, left)).toBeGreaterThanOrEqual(0);
        expect(bottom).toBeLessThan(part.sourceHeight);
        expect(right).toBeLessThan(part.sourceWidth);
      }
    });
  });
});

describe("fit", () => {
  const limits = { taps: 5, depth: 24, window: 90 };

  it("makes parts within the limits that share out taps and channels", () => {
    forAllPlans(60, (whole) => {
      const parts = fit(whole, limits);
      for (const part of parts) {
        expect(tapsOf(part)).toBeLessThanOrEqual(limits.taps);
        expect(tapsOf(part) * part.channels).toBeLessThanOrEqual(limits.depth);
        const window = span(part.tapsHeight) * span(part.tapsWidth) * part.channels;
        expect(window).toBeLessThanOrEqual(limits.window);
      }
      const depth = parts.reduce((sum, part) => sum + tapsOf(part) * part.channels, 0);
      expect(depth).toBe(tapsOf(whole) * whole.channels);
    });
  });

  it("lets the first part alone begin, and the last alone end", () => {
    forAllPlans(60, (whole) => {
      const parts = fit(whole, limits);
      expect(parts.map(({ first }) => first)).toEqual(parts.map((_, at) => at === 0));
      expect(parts.map(({ last }) => last)).toEqual(parts.map((_, at) => at === parts.length - 1));
    });
  });
});
