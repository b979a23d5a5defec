// Laws of categorical distributions.

import { describe, expect, it } from "vitest";
import {
  categoricalEntropy,
  categoricalLogProb,
  full,
  item,
  key,
  ops,
  sampleCategorical,
  tensor,
  type Tensor,
  vjp,
  zeros,
} from "../../src/index.js";
import { type Definition, expectDefined, expectGradient, reducedValues } from "../support/differentiable.js";
import { expectRefused } from "../support/refusals.js";
import { seededFloats } from "../support/seeded.js";

const SHAPE = [3, 4, 5];
const ROWS = [3, 4];
const logits = tensor(seededFloats(1, 60, -5, 5), SHAPE);
const labels = Uint8Array.from({ length: 12 }, (_, i) => (i * 7) % 5);
const REDUCTIONS = ["none", "mean", "sum", "perExample"] as const;
const reduce = (values: ArrayLike<number>, reduction: (typeof REDUCTIONS)[number]) =>
  reduction === "mean" ? [reducedValues(values, ROWS, "sum")[0] / 3] : reducedValues(values, ROWS, reduction);

/** The rows' log softmax in float64. */
function logRows(values: Float64Array): number[][] {
  return Array.from({ length: 12 }, (_, row) => {
    const part = [...values.subarray(row * 5, (row + 1) * 5)];
    const total = part.reduce((sum, value) => sum + Math.exp(value), 0);
    return part.map((value) => value - Math.log(total));
  });
}

describe("categoricalLogProb", () => {
  it.each(REDUCTIONS)("is log softmax at the label, with its gradient, %s", (reduction) => {
    const definition: Definition = (values) =>
      reduce(
        logRows(values).map((row, i) => row[labels[i]]),
        reduction,
      );
    const call = (logits: Tensor) => categoricalLogProb(labels, { logits }, { reduction });
    expectDefined(call, definition, [logits], 2e-6, 1e-5);
    expectGradient(call, definition, [logits], 2);
  });

  it("takes labels as a tensor, a typed array and an array", () => {
    const wanted = categoricalLogProb(labels, { logits });
    expect(wanted.shape).toEqual([3]);
    expect(categoricalLogProb([...labels], { logits }).data).toEqual(wanted.data);
    expect(categoricalLogProb(tensor(labels, ROWS), { logits }).data).toEqual(wanted.data);
    expect(categoricalLogProb([1], { logits: zeros([4]) }).shape).toEqual([]);
  });

  it("is finite with its gradients for logits of ±200 and for categories ruled out by −∞", () => {
    const table = tensor([
      [200, -200, 0],
      [-Infinity, 0, 0],
    ]);
    const { value, grads } = vjp((logits: Tensor) => categoricalLogProb([1, 2], { logits }))(
      full([2], 1),
      table,
    );
    expect(value.data[0]).toBe(-400);
    expect(value.data[1]).toBeCloseTo(-Math.LN2, 6);
    expect([...grads.data].map((slope) => slope + 0)).toEqual([-1, 1, 0, 0, -0.5, 0.5]);
  });

  it("refuses labels out of range, fractions, and too few", () => {
    const refused = (labels: ops.Labels, start: string, kind: ErrorConstructor = RangeError) =>
      expectRefused(
        () => categoricalLogProb(labels, { logits: zeros([2, 3]) }),
        kind,
        `categoricalLogProb: ${start}`,
      );
    refused([0, 3], "labels[1] must be an integer from 0 to 2, got 3");
    refused([-1, 0], "labels[0] must be an integer from 0 to 2, got -1");
    refused([0, 0.5], "labels[1] must be an integer");
    refused([NaN, 0], "labels[0] must be an integer");
    refused([0], "labels.length must equal the number of distributions 2, got 1");
    refused(tensor([[0, 1]]), "labels.shape must equal the leading shape [2] of the logits");
    refused(1 as never, "labels must be a tensor or an array of numbers", TypeError);
    const flat = () => categoricalLogProb([0], { logits: tensor(1) });
    expectRefused(
      flat,
      RangeError,
      "categoricalLogProb: distribution.logits.shape must have at least one axis",
    );
  });
});

describe("categoricalEntropy", () => {
  it.each(REDUCTIONS)("is −Σ p log p, with its gradient, %s", (reduction) => {
    const definition: Definition = (values) =>
      reduce(
        logRows(values).map((row) => row.reduce((sum, log) => sum - Math.exp(log) * log, 0)),
        reduction,
      );
    const call = (logits: Tensor) => categoricalEntropy({ logits }, { reduction });
    expectDefined(call, definition, [logits], 2e-6, 1e-5);
    expectGradient(call, definition, [logits], 2);
  });

  it("is log K where all are equal, 0 where one is certain, also with logits of ±200 and −∞", () => {
    expect(item(categoricalEntropy({ logits: zeros([7]) }))).toBeCloseTo(Math.log(7), 6);
    const sure = tensor([
      [200, -200, -200],
      [0, -Infinity, -Infinity],
    ]);
    const { value, grads } = vjp((logits: Tensor) => categoricalEntropy({ logits }))(full([2], 1), sure);
    expect([...value.data].map((v) => v + 0)).toEqual([0, 0]);
    expect([...grads.data].map((v) => v + 0)).toEqual([0, 0, 0, 0, 0, 0]);
  });
});

describe("sampleCategorical", () => {
  it("draws each category as often as its probability says", () => {
    const one = tensor([0.5, -1, 2, 0]);
    const count = 50_000;
    const draws = sampleCategorical(key(4), { logits: ops.add(zeros([count, 4]), one) });
    const p = ops.softmax(one).data;
    for (const [category, probability] of p.entries()) {
      const rate = draws.filter((draw) => draw === category).length / count;
      expect(Math.abs(rate - probability)).toBeLessThan(4 * Math.sqrt(probability / count));
    }
    expect(sampleCategorical(key(4), { logits: zeros([2, 3, 4]) }).length).toBe(6);
  });
});
