// Binary cross-entropy where it is delicate: extreme logits, clipped probabilities, values outside [0, 1], memory.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  configure,
  full,
  ops,
  type Tensor,
  tensor,
  vjp,
  zeros,
} from "../../src/index.js";
import * as kernels from "../../src/wasm/generated.js";
import { expectConfined } from "../support/guards.js";
import { expectRefused } from "../support/refusals.js";
import { seededFloats } from "../support/seeded.js";
import { sigmoid } from "../support/specialFunctions.js";
import { ulpDistance } from "../support/ulp.js";

const none = { reduction: "none" } as const;
const gradientOf = (f: (x: Tensor) => Tensor, x: Tensor): Float32Array => {
  const { shape } = f(x);
  return vjp(f)(full(shape, 1), x).grads.data;
};
/** log(1 + exp(x)) in float64. */
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

describe.each([
  { binary: "simd", relaxedSimd: false },
  { binary: "relaxed", relaxedSimd: true },
])("binary cross-entropy › $binary", ({ relaxedSimd }) => {
  beforeAll(() => configure({ relaxedSimd }));
  afterAll(() => configure({ relaxedSimd: "auto" }));

  it("of logits keeps its relative accuracy from −200 to 200, targets 0 and 1 included", () => {
    const z = seededFloats(1, 4000, -200, 200);
    const t = seededFloats(2, 4000, 0, 1).map((target, i) => (i % 3 === 0 ? Math.round(target) : target));
    const { data } = binaryCrossEntropyWithLogits(tensor(z), tensor(t), none);
    for (const [i, value] of data.entries()) {
      const truth = t[i] * softplus(-z[i]) + (1 - t[i]) * softplus(z[i]);
      expect(ulpDistance(value, truth), `z = ${z[i]}, t = ${t[i]}`).toBeLessThanOrEqual(6);
    }
  });

  it("of probabilities keeps its relative accuracy over the clipped range", () => {
    const p = seededFloats(3, 4000, 0, 1).map((x, i) =>
      i % 4 === 0 ? Math.max(1e-7, x ** 8) : Math.min(x, 0.9999),
    );
    const t = seededFloats(4, 4000, 0, 1).map((target, i) => (i % 3 === 0 ? Math.round(target) : target));
    const { data } = binaryCrossEntropy(tensor(p), tensor(t), none);
    for (const [i, value] of data.entries()) {
      const truth = -t[i] * Math.log(p[i]) - (1 - t[i]) * Math.log1p(-p[i]);
      expect(ulpDistance(value, truth), `p = ${p[i]}, t = ${t[i]}`).toBeLessThanOrEqual(6);
    }
  });

  it("has the slope σ(z) − t, also where σ(z) rounds to 1", () => {
    const z = seededFloats(5, 2000, -80, 80);
    const t = seededFloats(6, 2000, 0, 1).map(Math.round);
    const slopes = gradientOf(
      (x) => binaryCrossEntropyWithLogits(x, tensor(t), { reduction: "sum" }),
      tensor(z),
    );
    for (const [i, slope] of slopes.entries()) {
      const truth = t[i] === 1 ? -sigmoid(-z[i]) : sigmoid(z[i]);
      expect(Math.abs(slope - truth)).toBeLessThanOrEqual(1e-6 * Math.abs(truth) + 2 ** -149);
    }
  });

  it("writes its outputs and nothing else, for every length", () => {
    const bounds = { low: 1e-7, high: 1 - 1e-7 };
    for (let n = 1; n <= 21; n++) {
      const [p, t, dy] = [7, 8, 9].map((seed) => seededFloats(seed, n, 0.1, 0.9));
      const one = dy.slice(0, 1);
      expectConfined({
        inputs: [p, t],
        outputs: [n],
        run: ([z, t], [y]) => kernels.bceLogits({ z, t, y, n }),
      });
      expectConfined({
        inputs: [p, t],
        outputs: [n],
        run: ([p, t], [y]) => kernels.bceProbabilities({ p, t, y, n, ...bounds }),
      });
      for (const upstream of [dy, one]) {
        const length = upstream.length;
        const inputs = [p, t, upstream];
        expectConfined({
          inputs,
          outputs: [n],
          run: ([z, t, dy], [dz]) => kernels.bceLogitsGradient({ z, t, dy, dyLength: length, dz, n }),
        });
        expectConfined({
          inputs,
          outputs: [n],
          run: ([p, t, dy], [dp]) =>
            kernels.bceProbabilitiesGradient({ p, t, dy, dyLength: length, dp, n, ...bounds }),
        });
      }
    }
  });
});

describe("binaryCrossEntropyWithLogits", () => {
  it("is finite with its gradients for logits of ±200 and up to ±1e30", () => {
    const z = tensor([-200, -200, 200, 200, 1e30, -1e30]);
    const t = tensor([0, 1, 0, 1, 1, 0]);
    expect([...binaryCrossEntropyWithLogits(z, t, none).data]).toEqual([0, 200, 200, 0, 0, 0]);
    const { grads } = vjp((both: readonly Tensor[]) => binaryCrossEntropyWithLogits(both[0], both[1]))(
      tensor(6),
      [z, t],
    );
    expect([...grads[0].data].map((slope) => slope + 0)).toEqual([0, -1, 1, 0, 0, 0]);
    expect([...grads[1].data].slice(0, 4)).toEqual([200, 200, -200, -200]);
  });

  it("hands NaN on, in values and slopes", () => {
    const z = tensor([NaN, 1, 1]);
    const t = tensor([0, NaN, 1]);
    const isNaN = (values: Float32Array) => [...values].map(Number.isNaN);
    expect(isNaN(binaryCrossEntropyWithLogits(z, t, none).data)).toEqual([true, true, false]);
    const slopes = gradientOf((x) => binaryCrossEntropyWithLogits(x, t, none), z);
    expect(isNaN(slopes)).toEqual([true, true, false]);
  });

  it("agrees with the probabilities' form where both are exact", () => {
    const z = tensor(seededFloats(1, 500, -10, 10));
    const t = tensor(seededFloats(2, 500, 0, 1));
    const fromLogits = binaryCrossEntropyWithLogits(z, t).data[0];
    expect(fromLogits).toBeCloseTo(binaryCrossEntropy(ops.sigmoid(z), t).data[0], 4);
  });

  it("refuses targets outside [0, 1] and names the first", () => {
    const start = "binaryCrossEntropyWithLogits: target.data[2] must be from 0 to 1, got 1.5";
    const call = () => binaryCrossEntropyWithLogits(zeros([5]), tensor([0, 1, 1.5, 0, -1]));
    expectRefused(call, RangeError, start);
    const least = () => binaryCrossEntropyWithLogits(zeros([9]), tensor([0, 0, 0, 0, 0, 0, 0, 0, -1e-45]));
    expectRefused(least, RangeError, "binaryCrossEntropyWithLogits: target.data[8] must be from 0 to 1");
  });
});

describe("binaryCrossEntropy", () => {
  const [low, high] = [Math.fround(1e-7), Math.fround(1 - 1e-7)];

  it("cuts probabilities of 0 and 1 off, so that it is finite", () => {
    const loss = binaryCrossEntropy(tensor([0, 1]), tensor([1, 0]), none).data;
    expect(loss[0]).toBeCloseTo(-Math.log(low), 5);
    expect(loss[1]).toBeCloseTo(-Math.log(1 - high), 5);
  });

  it("passes the gradient at the bounds of its clip and stops it beyond", () => {
    const p = tensor([0, 0.25, 0.5, 0.75, 1]);
    const slopes = gradientOf((x) => binaryCrossEntropy(x, zeros([5]), { ...none, clip: [0.25, 0.75] }), p);
    expect(slopes[0]).toBe(0);
    expect(slopes[4]).toBe(0);
    [4 / 3, 2, 4].forEach((slope, i) => expect(slopes[i + 1]).toBeCloseTo(slope, 5));
    const atDefault = gradientOf((x) => binaryCrossEntropy(x, tensor([1, 1]), none), tensor([low, low / 2]));
    expect(atDefault[0] / (-1 / low)).toBeCloseTo(1, 5);
    expect(atDefault[1]).toBe(0);
  });

  it("hands NaN on", () => {
    expect(binaryCrossEntropy(tensor([NaN, 0.5]), zeros([2]), none).data[0]).toBeNaN();
    expect(gradientOf((x) => binaryCrossEntropy(x, zeros([2]), none), tensor([NaN, 0.5]))[0]).toBeNaN();
  });

  it("refuses probabilities and targets outside [0, 1], and clips that are not inside it", () => {
    const half = full([2], 0.5);
    const where = "binaryCrossEntropy: ";
    const outside = tensor([0.5, 1.25]);
    const isFrom = "must be from 0 to 1, got";
    expectRefused(
      () => binaryCrossEntropy(outside, half),
      RangeError,
      `${where}prediction.data[1] ${isFrom} 1.25`,
    );
    expectRefused(
      () => binaryCrossEntropy(half, outside),
      RangeError,
      `${where}target.data[1] ${isFrom} 1.25`,
    );
    expectRefused(
      () => binaryCrossEntropy(tensor(-1), tensor(0)),
      RangeError,
      `${where}prediction.data[0] ${isFrom}`,
    );
    for (const clip of [[0, 0.5], [0.5, 1], [0.6, 0.4], [NaN, 0.5], [1e-50, 0.5], [0.1], [0.1, 1 - 1e-9]]) {
      expectRefused(
        () => binaryCrossEntropy(half, half, { clip: clip as never }),
        RangeError,
        `${where}clip must`,
      );
    }
    expectRefused(
      () => binaryCrossEntropy(half, half, { clip: 0.1 as never }),
      TypeError,
      `${where}clip must`,
    );
  });
});
