// Laws of accuracy, confusion, rejection and quantiles, against their definitions.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accuracy, accuracyByRejection, confusionMatrix, ops, quantile, tensor } from "../../src/index.js";
import { expectRefused } from "../support/refusals.js";

const label = fc.integer({ min: 0, max: 3 });
const evidence = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(-Infinity, Infinity, 0.5));
const examples = fc.array(fc.tuple(label, label, evidence), { minLength: 1, maxLength: 40 });
const columns = (drawn: readonly (readonly [number, number, number])[]) =>
  [0, 1, 2].map((at) => drawn.map((row) => row[at]!)) as [number[], number[], number[]];

describe("accuracy and confusionMatrix", () => {
  it("count the pairs of label and prediction", () => {
    fc.assert(
      fc.property(examples, (drawn) => {
        const [labels, predicted] = columns(drawn);
        const matrix = confusionMatrix(labels, predicted, { classes: 5 });
        expect(matrix.shape).toEqual([5, 5]);
        for (let own = 0; own < 5; own++) {
          for (let other = 0; other < 5; other++) {
            const count = drawn.filter(([a, b]) => a === own && b === other).length;
            expect(matrix.data[own * 5 + other]).toBe(count);
          }
        }
        const diagonal = [0, 1, 2, 3, 4].reduce((sum, i) => sum + matrix.data[i * 6]!, 0);
        expect(accuracy(labels, predicted)).toBe(diagonal / drawn.length);
      }),
    );
  });

  it("have as many classes as occur, and read tensors", () => {
    expect(confusionMatrix(tensor([0, 2]), [1, 0]).shape).toEqual([3, 3]);
    expect(confusionMatrix([1], [0]).data).toEqual(Float32Array.of(0, 0, 1, 0));
    expect(ops.sum(confusionMatrix(new Uint8Array(300), new Uint8Array(300))).data[0]).toBe(300);
  });
});

describe("accuracyByRejection", () => {
  it("is the accuracy of the examples above each threshold", () => {
    fc.assert(
      fc.property(examples, (drawn) => {
        const [labels, predicted, values] = columns(drawn);
        const thresholds = [...new Set(values)].sort((a, b) => (a < b ? -1 : 1));
        const wanted = thresholds.map((threshold) => {
          const left = drawn.filter(([, , value]) => value >= threshold);
          const right = left.filter(([a, b]) => a === b).length;
          return { rejected: 1 - left.length / drawn.length, accuracy: right / left.length };
        });
        const points = accuracyByRejection(labels, predicted, values);
        expect(points).toHaveLength(wanted.length);
        points.forEach((point, i) => {
          expect(point.rejected).toBeCloseTo(wanted[i]!.rejected, 12);
          expect(point.accuracy).toBeCloseTo(wanted[i]!.accuracy, 12);
        });
        expect(points[0]).toEqual({ rejected: 0, accuracy: accuracy(labels, predicted) });
      }),
    );
  });
});

describe("quantile", () => {
  it("has the share of values below it, and lies on lines between neighbours", () => {
    expect([0, 0.25, 0.5, 0.75, 1].map((share) => quantile([10, 50, 20, 40, 30], share))).toEqual([
      10, 20, 30, 40, 50,
    ]);
    expect(quantile([1, 2], 0.25)).toBe(1.25);
    expect(quantile([7], 0.3)).toBe(7);
    expect(quantile([-Infinity, 0, 1], 0)).toBe(-Infinity);
    expect(quantile([-Infinity, -Infinity, 1], 0.25)).toBe(-Infinity);
    expect(quantile([0, Infinity], 0.5)).toBe(Infinity);
    expect(quantile(tensor([3, 1, 2]), 0.5)).toBe(2);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 30 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, share) => {
          const at = quantile(values, share);
          const below = values.filter((value) => value < at).length;
          const notAbove = values.filter((value) => value <= at).length;
          const rank = share * (values.length - 1);
          expect(below).toBeLessThanOrEqual(Math.ceil(rank));
          expect(notAbove).toBeGreaterThan(
            rank - 1e-9 < Math.floor(rank) ? rank - 1 : Math.floor(rank) - 1e-9,
          );
        },
      ),
    );
  });
});

describe("refusals", () => {
  it.each<[() => unknown, ErrorConstructor, string]>([
    [() => accuracy([0], [0, 1]), RangeError, "accuracy: predicted must hold as many values as labels, 1"],
    [() => accuracy([0.5], [0]), RangeError, "accuracy: labels[0] must be an integer ≥ 0, got 0.5"],
    [() => accuracy([0], [-1]), RangeError, "accuracy: predicted[0] must be an integer ≥ 0, got -1"],
    [() => accuracy("a" as never, [0]), TypeError, "accuracy: labels must be a tensor or an array"],
    [
      () => confusionMatrix([3], [0], { classes: 3 }),
      RangeError,
      "confusionMatrix: labels[0] must be an integer",
    ],
    [
      () => confusionMatrix([0], [0], { classes: 0 }),
      RangeError,
      "confusionMatrix: classes must be an integer ≥ 1",
    ],
    [
      () => confusionMatrix([0], [0], { names: 1 } as never),
      TypeError,
      "confusionMatrix: options must have only",
    ],
    [() => confusionMatrix([1e6], [0]), RangeError, "confusionMatrix: classes must give at most"],
    [
      () => accuracyByRejection([0], [0], [NaN]),
      RangeError,
      "accuracyByRejection: evidence[0] must not be NaN",
    ],
    [
      () => accuracyByRejection([0], [0], [1, 2]),
      RangeError,
      "accuracyByRejection: evidence must hold as many",
    ],
    [() => quantile([], 0.5), RangeError, "quantile: values must hold at least one value"],
    [() => quantile([1], 1.5), RangeError, "quantile: share must be from 0 to 1, got 1.5"],
  ])("come in words, %#", (call, kind, start) => {
    expectRefused(call, kind, start);
  });
});
