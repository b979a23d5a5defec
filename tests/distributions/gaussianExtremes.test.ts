// Laws of Gaussians at log-variances whose exponentials float32 does not hold: right wherever the result is a float32.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  gaussianLogProb,
  gaussianNll,
  item,
  key,
  klGaussians,
  klStandardNormal,
  latentUsage,
  mixtureLogProb,
  ops,
  random,
  reparameterize,
  tensor,
  type Tensor,
  vjp,
  zeros,
} from "../../src/index.js";
import { fitMixture } from "../../src/latent/index.js";
import { evenly, expectTruth, valueAndSlopes } from "../support/extremes.js";
import { forAll } from "../support/laws.js";

const none = { reduction: "none" } as const;
const LOG_TWO_PI = Math.log(2 * Math.PI);
const SLOPE_BOUND = 8e-6;

/** float32 numbers of every size. */
const anyNumber = fc
  .tuple(fc.constantFrom(0, 1, -1), evenly(-40, 37))
  .map(([sign, exponent]) => Math.fround(sign * 10 ** exponent));
const anyLogVar = fc.oneof(
  evenly(-350, 350).map(Math.fround),
  fc.constantFrom(-1000, -350, -200, -177.5, -89, -87.5, 0, 87.5, 89, 177.5, 200, 1000),
);

/** −log N(x; mean, exp(logVar)) with its slopes by x, mean and logVar. */
function truthOfNll(x: number, mean: number, logVar: number) {
  const scaled = x === mean ? 0 : (x - mean) * Math.exp(-logVar / 2);
  const slope = x === mean ? 0 : scaled * Math.exp(-logVar / 2);
  const distance = 0.5 * scaled * scaled;
  // What is below float32's smallest step is lost from the scaled distance, and the root scales that loss once more.
  const lost = scaled === 0 ? 0 : 2 ** -149 * Math.exp(-logVar / 2);
  const slopeMagnitude = Math.max(Math.abs(slope), lost / SLOPE_BOUND);
  return {
    value: 0.5 * (logVar + LOG_TWO_PI) + distance,
    distance,
    magnitude: Math.abs(0.5 * logVar) + 1 + distance,
    slopes: [slope, -slope, 0.5 - distance],
    // Of the last, two terms cancel where the distance is one deviation.
    slopeMagnitudes: [slopeMagnitude, slopeMagnitude, 0.5 + distance],
  };
}

const nll = (x: Tensor, mean: Tensor, logVar: Tensor) => gaussianNll(x, { mean, logVar }, none);
const minusLogProb = (x: Tensor, mean: Tensor, logVar: Tensor) =>
  ops.scale(gaussianLogProb(x, { mean, logVar }, none), -1);
const mixtureNll = (x: Tensor, mean: Tensor, logVar: Tensor) =>
  ops.scale(
    mixtureLogProb(ops.reshape(x, [1, 1]), {
      logits: zeros([1]),
      means: ops.reshape(mean, [1, 1]),
      logVars: ops.reshape(logVar, [1, 1]),
    }),
    -1,
  );

describe.each(
  Object.entries({ gaussianNll: nll, gaussianLogProb: minusLogProb, mixtureLogProb: mixtureNll }),
)("%s", (name, density) => {
  // By decimal arithmetic with 80 digits.
  it.each([
    [0, -89, -43.581061466795326],
    [1e-20, -89, -43.55861340269946],
    [1e-38, -175, -86.07929187648816],
    [1e-30, -150, 69611.39797185219],
    [1e30, 150, 75.91894212075266],
    [3, 89, 45.418938533204674],
    [1e38, 200, 100.91893853321159],
    [0, -300, -149.08106146679532],
    [0, 300, 150.91893853320468],
  ])("at distance %d with log-variance %d is %d", (distance, logVar, truth) => {
    expectTruth(name, valueAndSlopes(density, [distance, 0, logVar]).value, truth, 3e-6);
    expectTruth(name, valueAndSlopes(density, [0, distance, logVar]).value, truth, 3e-6);
  });

  it("is right with its gradients at any numbers and log-variance, infinite just beyond float32", () => {
    forAll(fc.tuple(anyNumber, anyNumber, anyLogVar, fc.boolean()), 600, ([x, other, logVar, isSame]) => {
      const mean = isSame ? x : other;
      // The difference is rounded to float32 before all else.
      const truth = truthOfNll(Math.fround(x - mean), 0, logVar);
      const { value, slopes } = valueAndSlopes(density, [x, mean, logVar]);
      const what = `${name}(${x}; ${mean}, ${logVar})`;
      expectTruth(what, value, truth.value, 4e-6, truth.magnitude);
      // Shares of a mixture whose densities are all 0 are not defined.
      slopes.forEach((slope, i) => {
        if (name === "mixtureLogProb" && value === Infinity) return;
        expectTruth(`${what}, slope ${i}`, slope, truth.slopes[i], SLOPE_BOUND, truth.slopeMagnitudes[i]);
      });
    });
  });
});

describe("gaussianNll", () => {
  it("is right for log-variances that broadcast, usual and extreme ones together", () => {
    const logVars = [-300, -89, 0, 89, 300];
    const x = tensor(
      Array.from({ length: 15 }, (_, i) => 10 ** (i - 10)),
      [3, 5],
    );
    const { value, grads } = vjp((logVar: Tensor) => gaussianNll(x, { mean: zeros([3, 5]), logVar }, none))(
      tensor(new Float32Array(15).fill(1), [3, 5]),
      tensor(logVars),
    );
    const truths = Array.from(x.data, (value, i) => truthOfNll(value, 0, logVars[i % 5]));
    truths.forEach((truth, i) =>
      expectTruth(`value ${i}`, value.data[i], truth.value, 4e-6, truth.magnitude),
    );
    for (const column of logVars.keys()) {
      const slope = [0, 5, 10].reduce((sum, row) => sum + truths[row + column].slopes[2], 0);
      expectTruth(`slope ${column}`, grads.data[column], slope, SLOPE_BOUND, Math.abs(slope) + 1.5);
    }
  });
});

/** exp(r) − 1 − r, by its series where the terms cancel. */
function excess(r: number): number {
  if (Math.abs(r) > 0.5) return Math.exp(r) - 1 - r;
  let [term, sum] = [r, 0];
  for (let k = 2; k < 30; k++) sum += term *= r / k;
  return sum;
}

describe("klGaussians", () => {
  it("of a Gaussian with itself is 0 at any log-variance, and so is its gradient", () => {
    for (const logVar of [
      -Infinity,
      -1e30,
      -1000,
      -200,
      -178,
      -89,
      -88,
      0,
      1e-30,
      88,
      89,
      178,
      200,
      1000,
      Infinity,
    ]) {
      for (const mean of [0, 1, -3e38]) {
        const f = (a: Tensor, b: Tensor, c: Tensor, d: Tensor) =>
          klGaussians({ mean: a, logVar: b }, { mean: c, logVar: d }, none);
        const { value, slopes } = valueAndSlopes(f, [mean, logVar, mean, logVar]);
        expect(value, `${logVar}`).toBe(0);
        expect(slopes.map((slope) => slope + 0)).toEqual([0, 0, 0, 0]);
      }
    }
  });

  it("is right with its gradients for log-variances far apart and hardly apart", () => {
    const difference = fc
      .tuple(fc.constantFrom(-1, 1), evenly(-12, 2))
      .map(([sign, exponent]) => sign * 10 ** exponent);
    const cases = fc.tuple(anyNumber, anyNumber, anyLogVar, fc.oneof(difference, anyLogVar));
    forAll(cases, 800, ([meanQ, meanP, logVarP, apart]) => {
      const logVarQ = Math.fround(logVarP + apart);
      const f = (a: Tensor, b: Tensor, c: Tensor, d: Tensor) =>
        klGaussians({ mean: a, logVar: b }, { mean: c, logVar: d }, none);
      const { value, slopes } = valueAndSlopes(f, [meanQ, logVarQ, meanP, logVarP]);
      const ratio = logVarQ - logVarP;
      const nllTruth = truthOfNll(Math.fround(meanQ - meanP), 0, logVarP);
      const { distance } = nllTruth;
      const what = `KL(${meanQ}, ${logVarQ} ‖ ${meanP}, ${logVarP})`;
      expectTruth(what, value, 0.5 * excess(ratio) + distance, 4e-6);
      const grown = 0.5 * Math.expm1(ratio);
      const wanted = [nllTruth.slopes[0], grown, -nllTruth.slopes[0], -grown - distance];
      const [ofMean] = nllTruth.slopeMagnitudes;
      const magnitudes = [ofMean, 0, ofMean, Math.abs(grown) + distance];
      wanted.forEach((truth, i) =>
        expectTruth(`${what}, slope ${i}`, slopes[i], truth, SLOPE_BOUND, magnitudes[i]),
      );
    });
  });
});

describe("klStandardNormal", () => {
  const f = (mean: Tensor, logVar: Tensor) => klStandardNormal({ mean, logVar }, none);

  it("keeps its digits near the standard normal, where its terms cancel, and is never below 0", () => {
    const small = fc
      .tuple(fc.constantFrom(-1, 0, 1), evenly(-30, 0))
      .map(([sign, exponent]) => Math.fround(sign * 10 ** exponent));
    forAll(fc.tuple(small, small), 400, ([mean, logVar]) => {
      const { value, slopes } = valueAndSlopes(f, [mean, logVar]);
      expectTruth(`${mean}, ${logVar}`, value, 0.5 * (mean * mean + excess(logVar)), 2e-7);
      expect(value).toBeGreaterThanOrEqual(0);
      expect(slopes[0]).toBe(mean);
      expectTruth("slope of logVar", slopes[1], 0.5 * Math.expm1(logVar), 2 ** -23, 1);
    });
  });

  it("is right with its gradients up to the log-variance of float32's end", () => {
    for (const logVar of [-1000, -104, -89, -1, 1, 50, 88, 88.5, 88.7, 89, 89.3, 89.5, 200]) {
      const { value, slopes } = valueAndSlopes(f, [2, logVar]);
      const exact = Math.fround(logVar);
      expectTruth(`${logVar}`, value, 2 + 0.5 * excess(exact), 2e-7);
      expectTruth(`slope at ${logVar}`, slopes[1], 0.5 * Math.expm1(exact), 2e-6);
      expect(slopes[0]).toBe(2);
    }
  });

  it("is what latentUsage tells of each dimension", () => {
    const logVar = tensor([[1e-4, 3, -200, 89]]);
    const own = klStandardNormal({ mean: zeros([1, 4]), logVar }, none).data;
    latentUsage({ mean: zeros([1, 4]), logVar }).klPerDimension.forEach((kl, i) =>
      expectTruth(`${i}`, own[i], kl, 1e-7),
    );
  });
});

describe("reparameterize", () => {
  it("draws mean + exp(½ logVar)·ε at any log-variance, with its gradient", () => {
    const count = 64;
    const noise = random.normal(key(3), [count]).data;
    for (const logVar of [-1000, -352, -200, -175, -170, -89, 0, 89, 170, 175, 177, 178, 200, 1000]) {
      const q = { mean: zeros([count]), logVar: tensor(new Float32Array(count).fill(logVar)) };
      const { value, grads } = vjp((own: typeof q) => reparameterize(key(3), own))(
        tensor(new Float32Array(count).fill(1)),
        q,
      );
      value.data.forEach((z, i) => {
        const truth = Math.exp(logVar / 2) * noise[i];
        expectTruth(`${logVar}, ${i}`, z, truth, 4e-6);
        if (Number.isFinite(z)) expectTruth(`slope ${logVar}, ${i}`, grads.logVar.data[i], truth / 2, 6e-6);
        expect(grads.mean.data[i]).toBe(1);
      });
    }
  });

  it("refuses NaN where it only draws, and passes it on where gradients are computed", () => {
    const bad = { mean: tensor([0, NaN]), logVar: zeros([2]) };
    expect(() => reparameterize(key(1), bad)).toThrow(
      "reparameterize: q.mean.data[1] must not be NaN, got NaN",
    );
    const swapped = { mean: zeros([2]), logVar: bad.mean };
    expect(() => reparameterize(key(1), swapped)).toThrow("q.logVar.data[1] must not be NaN");
    const { value } = vjp((q: typeof bad) => reparameterize(key(1), q))(tensor([1, 1]), bad);
    expect(value.data[1]).toBeNaN();
  });
});

describe("fitMixture", () => {
  it("gives components without variance the least one, wherever they lie", () => {
    for (const [low, high] of [
      [5, 1e6 + 0.5],
      [-3e7, 3e7],
      [0.1, 0.3],
    ]) {
      const x = tensor(
        Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? high : low)),
        [60, 1],
      );
      for (let seed = 0; seed < 6; seed++) {
        const { mixture } = fitMixture(key(seed), x, { components: 2, minVariance: 1e-9 });
        expect([...mixture.means.data].sort((a, b) => a - b)).toEqual([Math.fround(low), Math.fround(high)]);
        for (const logVar of mixture.logVars.data) expect(logVar).toBeCloseTo(Math.log(1e-9), 4);
      }
    }
  });

  it("finds the variance of points far from 0 as near it", () => {
    const near = random.uniform(key(1), [400, 1], { low: -8, high: 8 });
    const rounded = tensor(near.data.map(Math.round), [400, 1]);
    const far = ops.add(rounded, tensor(2 ** 22));
    const [one, other] = [rounded, far].map((x) => fitMixture(key(2), x, { components: 1 }).mixture);
    expect(item(other.logVars)).toBeCloseTo(item(one.logVars), 6);
    expect(item(other.means) - 2 ** 22).toBeCloseTo(item(one.means), 0);
  });

  it("refuses variances whose densities are not finite", () => {
    for (const minVariance of [0, 1e-320, 1e-39, -1, NaN]) {
      expect(() => fitMixture(key(1), zeros([4, 1]), { components: 1, minVariance })).toThrow(
        "fitMixture: minVariance must be ",
      );
    }
    const { mixture } = fitMixture(key(1), zeros([4, 1]), { components: 1, minVariance: 2 ** -126 });
    expect(item(mixtureLogProb(zeros([1, 1]), mixture))).toBeCloseTo(63 * Math.LN2 - 0.5 * LOG_TWO_PI, 4);
  });
});
