// Laws of the measures by rank, against their definitions over all pairs.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rocAuc, scope, spearman, tensor, zeros } from "../../src/index.js";
import { expectRefused } from "../support/refusals.js";

/** Few different values, so that many are equal. */
const score = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(-Infinity, Infinity, -0, 0.5));
const examples = fc.array(fc.tuple(score, fc.boolean()), { minLength: 2, maxLength: 40 });
const lists = fc
  .integer({ min: 2, max: 30 })
  .chain((length) =>
    fc.tuple(...[1, 2].map(() => fc.array(score, { minLength: length, maxLength: length }))),
  );

describe("rocAuc", () => {
  it("is the share of pairs in the right order, equal scores counting one half", () => {
    fc.assert(
      fc.property(examples, (examples) => {
        const [on, off] = [true, false].map((wanted) =>
          examples.filter(([, label]) => label === wanted).map(([score]) => score),
        );
        fc.pre(on.length > 0 && off.length > 0);
        const won = on.flatMap((a) => off.map((b): number => (a > b ? 1 : a === b ? 0.5 : 0)));
        const share = won.reduce((sum, x) => sum + x, 0) / won.length;
        const [scores, labels] = [examples.map(([score]) => score), examples.map(([, label]) => label)];
        expect(rocAuc(scores, labels)).toBe(share);
        const opposite = rocAuc(
          scores.map((score) => -score),
          labels,
        );
        expect(opposite).toBeCloseTo(1 - share, 12);
      }),
    );
  });

  it("is 1 in order, 0 in reverse, one half where all scores are equal", () => {
    expect(rocAuc([1, 2, 3, 4], [0, 0, 1, 1])).toBe(1);
    expect(rocAuc([1, 2, 3, 4], [1, 1, 0, 0])).toBe(0);
    expect(rocAuc([5, 5, 5], [0, 1, 0])).toBe(0.5);
  });

  it("reads tensors, typed arrays and truth values alike", () => {
    const wanted = rocAuc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]);
    expect(wanted).toBe(0.75);
    expect(
      rocAuc(
        tensor([
          [0.1, 0.4],
          [0.35, 0.8],
        ]),
        tensor([0, 0, 1, 1]),
      ),
    ).toBe(wanted);
    expect(rocAuc(Float64Array.of(0.1, 0.4, 0.35, 0.8), Uint8Array.of(0, 0, 1, 1))).toBe(wanted);
    expect(
      scope(() => tensor(rocAuc(tensor([0.1, 0.4, 0.35, 0.8]), [false, false, true, true]))).data[0],
    ).toBe(0.75);
  });

  it("is exact for many examples", () => {
    const count = 100_000;
    const scores = Float64Array.from({ length: count }, (_, i) => (i * 7919) % count);
    const labels = scores.map((score) => (score >= count / 2 ? 1 : 0));
    expect(rocAuc(scores, labels)).toBe(1);
    expect(
      rocAuc(
        scores.map((score) => Math.floor(score / count)),
        labels,
      ),
    ).toBe(0.5);
  });

  it.each<[string, () => unknown, ErrorConstructor]>([
    ["rocAuc: scores must be", () => rocAuc(1 as never, [0, 1]), TypeError],
    ["rocAuc: scores must be", () => rocAuc("01" as never, [0, 1]), TypeError],
    ["rocAuc: scores must be", () => rocAuc(new DataView(new ArrayBuffer(2)) as never, [0, 1]), TypeError],
    ["rocAuc: scores must hold", () => rocAuc([], []), RangeError],
    ["rocAuc: scores[1]", () => rocAuc([1, NaN], [0, 1]), RangeError],
    ["rocAuc: scores[0]", () => rocAuc(["1", 2] as never, [0, 1]), TypeError],
    ["rocAuc: data must", () => rocAuc(BigInt64Array.of(1n, 2n) as never, [0, 1]), TypeError],
    ["rocAuc: labels must be", () => rocAuc([1, 2], undefined as never), TypeError],
    ["rocAuc: labels must hold as many values as scores, 2", () => rocAuc([1, 2], [0, 1, 1]), RangeError],
    ["rocAuc: labels[1] must be 0 or 1, got 2", () => rocAuc([1, 2], [0, 2]), RangeError],
    ["rocAuc: labels must hold both", () => rocAuc([1, 2], [1, 1]), RangeError],
    ["rocAuc: labels must hold both", () => rocAuc(zeros([2]), [false, false]), RangeError],
  ])("refuses: %s …", (start, call, kind) => {
    expectRefused(call, kind, start);
  });
});

/** Rank by counting: those below, and half of those equal. */
const rank = (values: readonly number[], x: number) =>
  values.reduce((sum, y) => sum + (y < x ? 1 : y === x ? 0.5 : 0), 0.5);

function pearson(a: readonly number[], b: readonly number[]): number {
  const center = (values: readonly number[]) => {
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    return values.map((x) => x - mean);
  };
  const [x, y] = [center(a), center(b)];
  const dot = (p: readonly number[], q: readonly number[]) =>
    p.reduce((sum, value, i) => sum + value * q[i], 0);
  return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
}

describe("spearman", () => {
  it("is Pearson's correlation of the ranks, equal values sharing theirs", () => {
    fc.assert(
      fc.property(lists, ([a, b]) => {
        fc.pre(new Set(a.map((x) => x + 0)).size > 1 && new Set(b.map((x) => x + 0)).size > 1);
        const ranks = [a, b].map((values) => values.map((x) => rank(values, x)));
        expect(spearman(a, b)).toBeCloseTo(pearson(ranks[0], ranks[1]), 10);
        expect(spearman(b, a)).toBe(spearman(a, b));
      }),
    );
  });

  it("sees order only, and is exactly 1 and −1 where it is the same or opposite", () => {
    const a = [3, -1, 4, 1.5, 9, 2.6];
    expect(spearman(a, a.map(Math.exp))).toBe(1);
    expect(
      spearman(
        a,
        a.map((x) => -x),
      ),
    ).toBe(-1);
    expect(spearman(tensor(a), Float64Array.from(a))).toBe(1);
  });

  it("is 1 − 6Σd² / (n³ − n) where no values are equal", () => {
    const [a, b] = [
      [86, 97, 99, 100, 101, 103, 106, 110, 112, 113],
      [2, 20, 28, 27, 50, 29, 7, 17, 6, 12],
    ];
    expect(spearman(a, b)).toBeCloseTo(-29 / 165, 12);
  });

  it("is not a number where a list does not vary", () => {
    expect(spearman([1, 1, 1], [1, 2, 3])).toBeNaN();
    expect(spearman([1, 2], [0, -0])).toBeNaN();
    expect(spearman([1], [2])).toBeNaN();
  });

  it.each<[string, () => unknown, ErrorConstructor]>([
    ["spearman: a must be", () => spearman(null as never, [1]), TypeError],
    ["spearman: b must hold as many values as a, 2", () => spearman([1, 2], [1]), RangeError],
    ["spearman: b[0] must not be NaN", () => spearman([1, 2], [NaN, 1]), RangeError],
    ["spearman: a[1]", () => spearman([1, undefined] as never, [1, 2]), TypeError],
  ])("refuses: %s …", (start, call, kind) => {
    expectRefused(call, kind, start);
  });
});
