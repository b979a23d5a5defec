// Laws of the normal quantile: the inverse of a distribution function that is computed another way.

import { describe, expect, it } from "vitest";
import { normalQuantile } from "../../src/latent/index.js";
import { expectRefused } from "../support/refusals.js";
import { erfc, normalCumulative, normalDensity } from "../support/specialFunctions.js";

describe("normalQuantile", () => {
  it("is the inverse of the distribution function, to 1e-9 relative and far into the tails", () => {
    for (let x = 0.003; x < 37; x += 0.013) {
      const tail = erfc(x / Math.SQRT2) / 2;
      expect(Math.abs(normalQuantile(tail) / -x - 1), `−${x}`).toBeLessThan(1e-12);
    }
    for (let x = 0.003; x < 5; x += 0.013) {
      const share = normalCumulative(x);
      expect(Math.abs(normalQuantile(share) / x - 1), `${x}`).toBeLessThan(1e-9);
    }
  });

  it.each([
    [0.75, 0.6744897501960817],
    [0.975, 1.959963984540054],
    [0.999, 3.090232306167813],
    [1e-10, -6.361340902404056],
    [1e-13, -7.348796102800677],
    [1e-50, -14.933337534788489],
  ])("of %d is %d", (p, x) => {
    expect(Math.abs(normalQuantile(p) / x - 1)).toBeLessThan(2e-15);
  });

  it("is exact in the middle and at the ends", () => {
    expect([0, 0.5, 1].map(normalQuantile)).toEqual([-Infinity, 0, Infinity]);
  });

  it("has no seams: it grows by the inverse of the density everywhere", () => {
    for (let p = 0.001; p < 0.999; p += 0.0005) {
      const growth = (normalQuantile(p + 1e-6) - normalQuantile(p - 1e-6)) / 2e-6;
      expect(growth * normalDensity(normalQuantile(p))).toBeCloseTo(1, 5);
    }
  });

  it("refuses what is no probability", () => {
    for (const p of [-0.1, 1.1, NaN]) {
      expectRefused(() => normalQuantile(p), RangeError, "normalQuantile: p");
    }
    expectRefused(() => normalQuantile("0.5" as never), TypeError, "normalQuantile: p must be a number");
  });
});
