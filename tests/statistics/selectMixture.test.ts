// Laws of the choice among mixtures.

import { describe, expect, it } from "vitest";
import { fold, key, mixtureLogProb, ops, random, split, tensor } from "../../src/index.js";
import { fitMixture, selectMixture } from "../../src/latent/index.js";
import { expectRefused } from "../support/refusals.js";

/** Points around so many places, far from each other, with deviation 1. */
function groups(count: number, seed: number) {
  return ops.concat(
    split(key(seed), count).map((own, i) =>
      ops.add(random.normal(own, [60, 2]), tensor([12 * i, i % 2 === 0 ? 0 : 12])),
    ),
  );
}

describe("selectMixture", () => {
  it.each([1, 2, 3, 5])("finds %i groups that lie apart", (count) => {
    const { best, candidates } = selectMixture(key(1), groups(count, 4), { to: count + 2 });
    expect(best.components).toBe(count);
    expect(candidates.map(({ components }) => components)).toEqual(
      Array.from({ length: count + 2 }, (_, i) => i + 1),
    );
    expect(Math.min(...candidates.map(({ bic }) => bic))).toBe(best.bic);
  });

  it("prices a mixture by its definition", () => {
    const x = groups(2, 5);
    for (const one of selectMixture(key(1), x, { to: 3 }).candidates) {
      const logLikelihood = mixtureLogProb(x, one.mixture, { reduction: "sum" }).data[0]!;
      const numbers = one.mixture.means.size + one.mixture.logVars.size + one.mixture.logits.size - 1;
      expect(one.freeParameters).toBe(numbers);
      expect(one.logLikelihood * 120).toBeCloseTo(logLikelihood, 2);
      expect(one.bic).toBeCloseTo(numbers * Math.log(120) - 2 * logLikelihood, 2);
    }
  });

  it("takes the likeliest of three starts", () => {
    const x = random.uniform(key(3), [50, 2]);
    for (const { components, logLikelihood } of selectMixture(key(2), x, { from: 3, to: 6 }).candidates) {
      const starts = [0, 1, 2].map((start) => {
        const own = fold(fold(key(2), components), start);
        return fitMixture(own, x, { components }).logLikelihoods.at(-1)!;
      });
      expect(new Set(starts).size).toBeGreaterThan(1);
      expect(logLikelihood).toBe(Math.max(...starts));
    }
  });

  it("tries up to ten, and no more than there are points", () => {
    const x = random.normal(key(1), [4, 1]);
    expect(selectMixture(key(1), x, { minVariance: 0.1 }).candidates).toHaveLength(4);
    expect(selectMixture(key(1), random.normal(key(1), [12, 1])).candidates).toHaveLength(10);
    expect(selectMixture(key(1), random.normal(key(1), [12, 1]), { from: 11 }).candidates).toHaveLength(1);
  });

  it("refuses ranges that are none, and points that are not finite", () => {
    const x = random.normal(key(1), [4, 1]);
    expectRefused(() => selectMixture(key(1), x, { from: 3, to: 2 }), RangeError, "selectMixture: to");
    expectRefused(() => selectMixture(key(1), x, { to: 5 }), RangeError, "selectMixture: to");
    expectRefused(() => selectMixture(key(1), x, { from: 0 }), RangeError, "selectMixture: from");
    expectRefused(
      () => selectMixture(key(1), x, { minVariance: 0 }),
      RangeError,
      "selectMixture: minVariance",
    );
    expectRefused(
      () => selectMixture(key(1), tensor([[0], [Infinity]])),
      RangeError,
      "selectMixture: x.data[1]",
    );
  });
});
