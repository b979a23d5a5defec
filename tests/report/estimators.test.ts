// Laws of the study of gradient estimators: what is measured is what can be computed by hand.

import { describe, expect, it } from "vitest";
import { key } from "../../src/index.js";
import { ESTIMATORS, estimatorsPage, studyEstimators } from "../../src/report/estimators.js";
import { elementsOf, textsOf } from "../support/pages.js";

const study = studyEstimators(key(1), { dimensions: [1, 4, 16], samples: [20, 2000, 50_000] });

describe("the study of gradient estimators", () => {
  it("finds the reparameterized variance, 4, in any number of dimensions", () => {
    for (const { values } of study.variances) expect(values[0]).toBeCloseTo(4, 0);
  });

  // With m other dimensions, E[(Σ z²)² (z₁ − 1)²] = 34 + 22m + 4m², of which 2² is the square of the mean.
  it("finds the score function's variance, which grows with the square of the dimensions", () => {
    for (const { at, values } of study.variances) {
      const others = at - 1;
      const exact = 30 + 22 * others + 4 * others ** 2;
      expect(Math.abs(values[1]! / exact - 1)).toBeLessThan(0.1);
      expect(values[2]).toBeLessThan(values[1]!);
      expect(values[2]).toBeGreaterThan(values[0]!);
    }
  });

  it("finds errors that fall with the root of the samples", () => {
    const [few, many] = study.errors;
    few!.values.forEach((error, i) => {
      const ratio = error / many!.values[i]!;
      expect(ratio).toBeGreaterThan(7);
      expect(ratio).toBeLessThan(14);
    });
    expect(few!.values[0]).toBeCloseTo(Math.sqrt(4 / 20), 1);
  });

  it("shows every number and every estimator on its page", () => {
    const html = estimatorsPage(study, "Two <estimators>", { seed: 1 });
    expect(elementsOf(html).filter(({ name }) => name === "svg").length).toBeGreaterThanOrEqual(2);
    expect(textsOf(html, "th")).toEqual(expect.arrayContaining([...Object.keys(ESTIMATORS), "16", "2000"]));
  });
});
