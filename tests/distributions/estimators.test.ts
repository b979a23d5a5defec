// Laws of the two gradient estimators: both are right on average, one strays less.

import { describe, expect, it } from "vitest";
import {
  type DiagonalGaussian,
  fold,
  type GradientEstimate,
  item,
  key,
  ops,
  reparameterizedGradient,
  type SampleFunction,
  scoreFunctionGradient,
  tensor,
  type Tensor,
  zeros,
} from "../../src/index.js";
import { expectRefused } from "../support/refusals.js";

const q: DiagonalGaussian = { mean: tensor([1, -0.5, 2]), logVar: tensor([0, -1, 0.5]) };
/** E_q[Σ z²] = Σ (mean² + exp(logVar)): the gradients are 2·mean and exp(logVar). */
const sumOfSquares: SampleFunction = (z) => ops.sum(ops.square(z), { axis: -1 });
const truth: Record<keyof DiagonalGaussian, number[]> = {
  mean: [...q.mean.data].map((mean) => 2 * mean),
  logVar: [...q.logVar.data].map(Math.exp),
};
const samples = 40_000;
const PARAMETERS = ["mean", "logVar"] as const;

function expectRight({ gradient, variance }: GradientEstimate): void {
  for (const name of PARAMETERS) {
    for (const [i, slope] of gradient[name].data.entries()) {
      const deviation = Math.sqrt(variance[name].data[i] / samples);
      expect(Math.abs(slope - truth[name][i])).toBeLessThan(4 * deviation + 1e-5);
    }
  }
}

const estimates = {
  reparameterized: reparameterizedGradient(key(1), sumOfSquares, q, { samples }),
  score: scoreFunctionGradient(key(1), sumOfSquares, q, { samples }),
  constant: scoreFunctionGradient(key(1), sumOfSquares, q, { samples, baseline: 7.5 }),
  leaveOneOut: scoreFunctionGradient(key(1), sumOfSquares, q, { samples, baseline: "leaveOneOut" }),
};

describe("gradient estimators", () => {
  it.each(Object.entries(estimates))("agree with the exact gradient in the mean, %s", (_, estimate) => {
    expectRight(estimate);
  });

  it("differ in variance: the score function's is larger, a baseline lowers it", () => {
    for (const name of PARAMETERS) {
      for (let i = 0; i < 3; i++) {
        const [pathwise, score, constant, leaveOneOut] = Object.values(estimates).map(
          ({ variance }) => variance[name].data[i],
        );
        expect(score).toBeGreaterThan(4 * pathwise);
        expect(leaveOneOut).toBeLessThan(score);
        expect(constant).toBeLessThan(score);
        expect(leaveOneOut).toBeGreaterThan(pathwise);
      }
    }
  });

  it("report the variances that theory gives", () => {
    // By the mean, one sample's gradient is 2z: variance 4σ². By logVar it is z·σε = mean·σ·ε + σ²ε².
    for (let i = 0; i < 3; i++) {
      const [mean, square] = [q.mean.data[i], Math.exp(q.logVar.data[i])];
      const { variance } = estimates.reparameterized;
      expect(variance.mean.data[i] / (4 * square)).toBeCloseTo(1, 1);
      expect(variance.logVar.data[i] / (mean ** 2 * square + 2 * square ** 2)).toBeCloseTo(1, 1);
    }
  });

  it("stay right on average with two samples, where leaving one out matters most", () => {
    const one = { mean: tensor([1]), logVar: tensor([0]) };
    const runs = 4000;
    let sum = 0;
    let squares = 0;
    for (let run = 0; run < runs; run++) {
      const options = { samples: 2, baseline: "leaveOneOut" } as const;
      const slope = item(scoreFunctionGradient(fold(key(2), run), sumOfSquares, one, options).gradient.mean);
      sum += slope;
      squares += slope ** 2;
    }
    const deviation = Math.sqrt((squares / runs - (sum / runs) ** 2) / runs);
    expect(deviation).toBeLessThan(0.1);
    expect(Math.abs(sum / runs - 2)).toBeLessThan(4 * deviation);
  });

  it("give the same for the same key, in the shapes of the distribution", () => {
    const again = scoreFunctionGradient(key(1), sumOfSquares, q, { samples });
    expect(again.gradient.mean.data).toEqual(estimates.score.gradient.mean.data);
    const image = { mean: zeros([2, 3]), logVar: zeros([2, 3]) };
    const f: SampleFunction = (z) => ops.sum(z, { axis: [1, 2] });
    const { gradient, variance } = reparameterizedGradient(key(1), f, image, { samples: 10 });
    for (const { mean, logVar } of [gradient, variance]) {
      expect(mean.shape).toEqual([2, 3]);
      expect(logVar.shape).toEqual([2, 3]);
    }
    expect([...gradient.mean.data]).toEqual([1, 1, 1, 1, 1, 1]);
    expect([...variance.mean.data]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it("of the score function take an f without a gradient", () => {
    // P(z > 0) for z from N(0, 1): its slope by the mean is the density there.
    const step: SampleFunction = (z) => tensor(z.data.map((value) => Number(value > 0)));
    const one = { mean: tensor([0]), logVar: tensor([0]) };
    const { gradient } = scoreFunctionGradient(key(1), step, one, { samples, baseline: "leaveOneOut" });
    expect(Math.abs(gradient.mean.data[0] - 1 / Math.sqrt(2 * Math.PI))).toBeLessThan(0.01);
    expect(reparameterizedGradient(key(1), step, one).gradient.mean.data[0]).toBe(0);
  });

  it.each([
    { name: "reparameterizedGradient", estimate: reparameterizedGradient },
    { name: "scoreFunctionGradient", estimate: scoreFunctionGradient },
  ])("$name refuses what does not fit", ({ name, estimate }) => {
    const refused = (call: () => unknown, kind: ErrorConstructor, start: string) =>
      expectRefused(call, kind, `${name}: ${start}`);
    refused(() => estimate(1 as never, sumOfSquares, q), TypeError, "key must be a key");
    refused(() => estimate(key(1), 1 as never, q), TypeError, "f must be a function");
    refused(() => estimate(key(1), () => 1 as never, q), TypeError, "f must return a tensor");
    refused(() => estimate(key(1), (z: Tensor) => z, q), RangeError, "f must return one value per sample");
    refused(
      () => estimate(key(1), (z: Tensor) => ops.sum(z), q),
      RangeError,
      "f must return one value per sample",
    );
    const skew = { mean: zeros([2]), logVar: zeros([3]) };
    refused(
      () => estimate(key(1), sumOfSquares, skew),
      RangeError,
      "q.logVar.shape must equal q.mean.shape = [2]",
    );
    refused(
      () => estimate(key(1), sumOfSquares, q, { samples: 1 }),
      RangeError,
      "samples must be an integer ≥ 2",
    );
  });

  it("refuse a baseline that is no number", () => {
    const call = () => scoreFunctionGradient(key(1), sumOfSquares, q, { baseline: "mean" as never });
    expectRefused(call, TypeError, "scoreFunctionGradient: baseline must be a number");
  });
});
