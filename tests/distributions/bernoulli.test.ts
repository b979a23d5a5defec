// Laws of Bernoulli distributions, from logits and from probabilities.

import { describe, expect, it } from "vitest";
import {
  type Bernoulli,
  bernoulliEntropy,
  bernoulliLogProb,
  full,
  key,
  ops,
  type Reduction,
  sampleBernoulli,
  tensor,
  type Tensor,
  vjp,
  zeros,
} from "../../src/index.js";
import { type Definition, expectDefined, expectGradient, reducedValues } from "../support/differentiable.js";
import { expectRefused } from "../support/refusals.js";
import { seededFloats } from "../support/seeded.js";
import { sigmoid } from "../support/specialFunctions.js";

const SHAPE = [4, 3, 5];
const size = 60;
const REDUCTIONS = ["none", "mean", "sum", "perExample"] as const;
const KINDS = {
  logits: { of: (logits: Tensor): Bernoulli => ({ logits }), range: [-8, 8], probability: sigmoid },
  probabilities: {
    of: (probabilities: Tensor): Bernoulli => ({ probabilities }),
    range: [0.01, 0.99],
    probability: (p: number) => p,
  },
} as const;

describe.each(Object.entries(KINDS))("Bernoulli from %s", (_, { of, range: [low, high], probability }) => {
  const parameters = tensor(seededFloats(1, size, low, high), SHAPE);
  const reduce = (values: ArrayLike<number>, reduction: Reduction) =>
    reduction === "mean"
      ? [reducedValues(values, SHAPE, "sum")[0] / SHAPE[0]]
      : reducedValues(values, SHAPE, reduction);

  it.each(REDUCTIONS)("has the log probability x log p + (1 − x) log(1 − p), %s", (reduction) => {
    const x = tensor(seededFloats(2, size, 0, 1), SHAPE);
    const definition: Definition = (x, values) => {
      const p = values.map(probability);
      return reduce(
        x.map((target, i) => target * Math.log(p[i]) + (1 - target) * Math.log(1 - p[i])),
        reduction,
      );
    };
    const call = (x: Tensor, values: Tensor) => bernoulliLogProb(x, of(values), { reduction });
    expectDefined(call, definition, [x, parameters], 2e-6, 1e-5);
    expectGradient(call, definition, [x, parameters], 3);
  });

  it.each(REDUCTIONS)("has the entropy −p log p − (1 − p) log(1 − p), %s", (reduction) => {
    const definition: Definition = (values) => {
      const entropies = values.map(probability).map((p) => -p * Math.log(p) - (1 - p) * Math.log(1 - p));
      return reduce(entropies, reduction);
    };
    const call = (values: Tensor) => bernoulliEntropy(of(values), { reduction });
    expectDefined(call, definition, [parameters], 2e-6, 1e-5);
    expectGradient(call, definition, [parameters], 3);
  });

  it("draws ones as often as their probability says", () => {
    const count = 20_000;
    const draws = sampleBernoulli(key(3), of(ops.add(zeros([count, size]), tensor(parameters.data))));
    const rates = ops.mean(draws, { axis: 0 }).data;
    for (const [i, rate] of rates.entries()) {
      const p = probability(parameters.data[i]);
      expect(Math.abs(rate - p)).toBeLessThan(4.5 * Math.sqrt((p * (1 - p)) / count));
    }
    expect(draws.data.every((x) => x === 0 || x === 1)).toBe(true);
  });

  it("sums up each example where no reduction is named", () => {
    expect(bernoulliLogProb(zeros(SHAPE), of(parameters)).shape).toEqual([4]);
    expect(bernoulliEntropy(of(parameters)).shape).toEqual([4]);
  });
});

describe("bernoulliLogProb", () => {
  it("is finite with its gradients for logits of ±200", () => {
    const logits = tensor([[-200, -200, 200, 200]]);
    const x = tensor([[0, 1, 0, 1]]);
    const { value, grads } = vjp((logits: Tensor) => bernoulliLogProb(x, { logits }, { reduction: "none" }))(
      full([1, 4], 1),
      logits,
    );
    expect([...value.data].map((v) => v + 0)).toEqual([0, -200, -200, 0]);
    expect([...grads.data].map((v) => Math.round(v * 1e6) / 1e6 + 0)).toEqual([0, 1, -1, 0]);
  });

  it("refuses what lies outside [0, 1], shapes that differ, and two or no parameters", () => {
    const half = full([2], 0.5);
    const two = tensor([0.5, 2]);
    const where = "bernoulliLogProb: ";
    const refused = (x: Tensor, distribution: object, kind: ErrorConstructor, start: string) =>
      expectRefused(() => bernoulliLogProb(x, distribution as Bernoulli), kind, where + start);
    refused(two, { logits: half }, RangeError, "x.data[1] must be from 0 to 1, got 2");
    refused(
      half,
      { probabilities: two },
      RangeError,
      "distribution.probabilities.data[1] must be from 0 to 1",
    );
    refused(zeros([3]), { logits: half }, RangeError, "x.shape must equal distribution.logits.shape = [2]");
    refused(half, {}, TypeError, "distribution must have either logits or probabilities");
    refused(half, { logits: half, probabilities: half }, TypeError, "distribution must have either");
    refused(half, { logits: 1 }, TypeError, "distribution.logits must be a tensor");
  });
});

describe("bernoulliEntropy", () => {
  it("is finite with its gradients for logits of ±200 and probabilities of 0 and 1", () => {
    const slopesOf = (f: (x: Tensor) => Tensor, x: Tensor) => vjp(f)(full(x.shape, 1), x);
    const none = { reduction: "none" } as const;
    const far = slopesOf((logits) => bernoulliEntropy({ logits }, none), tensor([-200, 200]));
    expect([...far.value.data]).toEqual([0, 0]);
    expect([...far.grads.data].map((v) => v + 0)).toEqual([0, 0]);
    const sure = slopesOf((probabilities) => bernoulliEntropy({ probabilities }, none), tensor([0, 1]));
    for (const value of sure.value.data) expect(Math.abs(value)).toBeLessThan(2e-7);
    for (const slope of sure.grads.data) expect(Math.abs(slope)).toBeLessThan(20);
  });
});

describe("sampleBernoulli", () => {
  it("always draws a one for probability 1 and never for 0", () => {
    const sure = sampleBernoulli(key(1), { probabilities: ops.concat([zeros([5000]), full([5000], 1)]) });
    expect(sure.data.slice(0, 5000).every((x) => x === 0)).toBe(true);
    expect(sure.data.slice(5000).every((x) => x === 1)).toBe(true);
  });

  it("refuses what is no key and probabilities outside [0, 1]", () => {
    const start = "sampleBernoulli: distribution.probabilities.data[0] must be from 0 to 1, got -1";
    expectRefused(() => sampleBernoulli(key(1), { probabilities: tensor([-1]) }), RangeError, start);
    const call = () => sampleBernoulli(1 as never, { logits: tensor([-1]) });
    expectRefused(call, TypeError, "sampleBernoulli: key must be a key");
  });
});
