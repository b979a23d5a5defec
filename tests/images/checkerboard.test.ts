// Laws of checkerboards: counts that equal a transposed convolution of ones, and the energy of periodic patterns.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkerboardEnergy, overlapCount } from "../../src/images/index.js";
import {
  ones,
  ops,
  type Padding,
  type Pair,
  scope,
  type Tensor,
  tensor,
  type TransposeOptions,
  zeros,
} from "../../src/index.js";
import { integers, reals, seed } from "../support/arbitraries.js";
import { expectNothingHeld, expectRefused } from "../support/refusals.js";

const upTo = (max: number, min = 1) => fc.integer({ min, max });
const pair = (max: number): fc.Arbitrary<Pair> => fc.oneof(upTo(max), fc.tuple(upTo(max), upTo(max)));
const bothOf = (sizes: Pair): readonly number[] => (typeof sizes === "number" ? [sizes, sizes] : sizes);
const side = upTo(3, 0);
const padding: fc.Arbitrary<Padding> = fc.oneof(
  fc.constantFrom<Padding>("same", "valid"),
  side,
  fc.tuple(fc.tuple(side, side), fc.tuple(side, side)),
);
const options: fc.Arbitrary<TransposeOptions> = fc.record(
  { stride: pair(4), dilation: pair(3), padding },
  { requiredKeys: [] },
);

describe("overlapCount", () => {
  it("is the transposed convolution of ones by ones, and refuses what that refuses", () => {
    let refused = 0;
    /** Sizes and values, or why there are none. */
    const outcomeOf = (f: () => Tensor) => {
      try {
        const { shape, data } = f();
        return { shape: shape.filter((_, axis) => shape.length === 2 || axis % 3 > 0), data };
      } catch (error) {
        refused++;
        return (error as Error).message.replace(/^\w+: /, "");
      }
    };
    fc.assert(
      fc.property(pair(6), pair(5), options, (inputSize, kernel, options) => {
        const counts = outcomeOf(() => overlapCount({ inputSize, kernel, ...options }));
        const [input, filter] = [ones([1, ...bothOf(inputSize), 1]), ones([...bothOf(kernel), 1, 1])];
        expect(counts).toEqual(outcomeOf(() => ops.conv2dTranspose(input, filter, options)));
      }),
      { numRuns: 500 },
    );
    expect(refused).toBeLessThan(500);
  });

  it.each<TransposeOptions>([
    { stride: 2, padding: 1, outputPadding: 1 },
    { stride: [3, 2], padding: 0, outputPadding: [2, 0] },
    { stride: 2, padding: "same", outputShape: [7, 8] },
    { stride: 3, outputShape: [14, 13] },
  ])("agrees with it also for %j", (options) => {
    const drawn = ops.conv2dTranspose(ones([1, 4, 4, 1]), ones([3, 3, 1, 1]), options);
    const counts = overlapCount({ inputSize: 4, kernel: 3, ...options });
    expect(counts.shape).toEqual(drawn.shape.slice(1, 3));
    expect(counts.data).toEqual(drawn.data);
  });

  it("is even away from the borders just when the stride divides the kernel", () => {
    for (let kernel = 1; kernel <= 9; kernel++) {
      for (let stride = 1; stride <= kernel; stride++) {
        const counts = overlapCount({ inputSize: [1, 12], kernel: [1, kernel], stride: [1, stride] });
        const middle = counts.data.slice(kernel, -kernel);
        const isEven = middle.every((count) => count === middle[0]);
        expect(isEven, `kernel ${kernel}, stride ${stride}`).toBe(kernel % stride === 0);
      }
    }
  });

  it.each<[string, () => unknown, ErrorConstructor]>([
    ["overlapCount: options must be an object", () => overlapCount(3 as never), TypeError],
    [
      "overlapCount: options must have",
      () => overlapCount({ inputSize: 1, kernel: 1, groups: 1 } as never),
      TypeError,
    ],
    ["overlapCount: inputSize", () => overlapCount({ kernel: 3 } as never), TypeError],
    ["overlapCount: inputSize[1]", () => overlapCount({ inputSize: [1, 0], kernel: 3 }), RangeError],
    ["overlapCount: kernel", () => overlapCount({ inputSize: 3, kernel: 0 }), RangeError],
    ["overlapCount: stride", () => overlapCount({ inputSize: 3, kernel: 3, stride: 0 }), RangeError],
    [
      "overlapCount: output height",
      () => overlapCount({ inputSize: 3, kernel: 3, outputShape: [9, 5] }),
      RangeError,
    ],
    [
      "overlapCount: padded image",
      () => overlapCount({ inputSize: 2 ** 15, kernel: 2, stride: 2 }),
      RangeError,
    ],
  ])("refuses: %s …", (start, call, kind) => {
    expectRefused(call, kind, start);
  });
});

/** One image of one channel. */
function image(height: number, width: number, valueAt: (y: number, x: number) => number): Tensor {
  const values = Float32Array.from({ length: height * width }, (_, i) =>
    valueAt(Math.floor(i / width), i % width),
  );
  return tensor(values, [1, height, width, 1]);
}

const energyOf = (images: Tensor, period = 2) => checkerboardEnergy(images, { period }).data[0];

/** The share that weighted least squares by 1, (−1)^x, (−1)^y and (−1)^(x + y) explain: an independent way. */
function explainedShare(values: Float32Array, height: number, width: number): number {
  const hann = (i: number, size: number) => Math.sin((Math.PI * (i + 0.5)) / size) ** 2;
  const pixels = Array.from(values, (value, i) => {
    const [y, x] = [Math.floor(i / width), i % width];
    const basis = [1, (-1) ** x, (-1) ** y, (-1) ** (x + y)];
    return { value, basis, weight: hann(y, height) * hann(x, width) };
  });
  const dot = (f: (pixel: (typeof pixels)[0]) => number) =>
    pixels.reduce((sum, p) => sum + p.weight * f(p), 0);
  const system = [0, 1, 2, 3].map((i) => [
    ...[0, 1, 2, 3].map((j) => dot(({ basis }) => basis[i] * basis[j])),
    dot(({ basis, value }) => basis[i] * value),
  ]);
  // Gauss and Jordan; the matrix is positive definite and needs no pivots.
  for (let i = 0; i < 4; i++) {
    const pivot = system[i].map((entry) => entry / system[i][i]);
    for (let row = 0; row < 4; row++) {
      const factor = system[row][i];
      system[row] = row === i ? pivot : system[row].map((entry, j) => entry - factor * pivot[j]);
    }
  }
  const fit = (basis: number[]) => basis.reduce((sum, b, i) => sum + b * system[i][4], 0);
  const mean = dot(({ value }) => value) / dot(() => 1);
  return dot(({ basis }) => (fit(basis) - mean) ** 2) / dot(({ value }) => (value - mean) ** 2);
}

describe("checkerboardEnergy", () => {
  it("is the share that the modulations of period 2 explain", () => {
    fc.assert(
      fc.property(upTo(9, 4), upTo(9, 4), seed, (height, width, seed) => {
        const images = reals([1, height, width, 1], seed);
        expect(energyOf(images)).toBeCloseTo(explainedShare(images.data, height, width), 6);
      }),
    );
  });

  it("is 1 for a checkerboard, for stripes and for every pattern of the period", () => {
    fc.assert(
      fc.property(upTo(5, 2), upTo(15, 10), upTo(15, 10), seed, (period, height, width, seed) => {
        const pattern = [9, ...integers([period * period - 1], seed).data];
        const tiled = image(height, width, (y, x) => pattern[(y % period) * period + (x % period)]);
        expect(energyOf(tiled, period)).toBeCloseTo(1, 6);
      }),
    );
    expect(energyOf(image(8, 8, (y, x) => (x + y) % 2))).toBe(1);
    expect(energyOf(image(8, 8, (y) => y % 2))).toBe(1);
  });

  it("tells the periods apart", () => {
    const board = image(24, 24, (y, x) => (Math.floor(x / 2) + Math.floor(y / 2)) % 2);
    expect(energyOf(board, 4)).toBeCloseTo(1, 6);
    expect(energyOf(board, 2)).toBeLessThan(1e-6);
    expect(energyOf(board, 3)).toBeLessThan(1e-6);
  });

  it("is exactly 0 for constants", () => {
    for (const value of [0, 0.1, -1e30]) expect(energyOf(image(7, 9, () => value))).toBe(0);
  });

  it.each<[string, (y: number, x: number) => number]>([
    ["a slope", (y, x) => x + 2 * y],
    ["a bow", (y, x) => (x - 9) ** 2 + y * x],
    ["a wave", (y, x) => Math.sin(x / 4) * Math.cos(y / 5)],
    ["a blob", (y, x) => Math.exp(-((x - 14) ** 2 + (y - 12) ** 2) / 30)],
  ])("is nearly 0 for %s", (_, valueAt) => {
    expect(energyOf(image(28, 28, valueAt))).toBeLessThan(1e-6);
  });

  it("adds to a smooth image what the checkerboard has of the whole", () => {
    const [smooth, amplitude] = [(x: number) => Math.sin(x / 3), 0.05];
    const drawn = image(32, 32, (y, x) => smooth(x) + amplitude * (-1) ** (x + y));
    const spread = image(32, 32, (_, x) => smooth(x));
    const weight = (i: number) => Math.sin((Math.PI * (i + 0.5)) / 32) ** 2 / 16;
    const mean = (power: number) =>
      [...spread.data.subarray(0, 32)].reduce((sum, value, x) => sum + weight(x) * value ** power, 0);
    const variance = mean(2) - mean(1) ** 2;
    expect(energyOf(drawn)).toBeCloseTo(amplitude ** 2 / (variance + amplitude ** 2), 5);
  });

  it("of white noise is about 2.25·(period² − 1) / pixels", () => {
    const noise = reals([2000, 16, 24, 1], 3);
    for (const period of [2, 3]) {
      const shares = checkerboardEnergy(noise, { period }).data;
      const mean = shares.reduce((sum, share) => sum + share, 0) / 2000;
      expect((mean * 16 * 24) / (2.25 * (period ** 2 - 1))).toBeCloseTo(1, 1);
    }
  });

  it("does not change with gain and offset, and takes each image by itself", () => {
    const images = reals([3, 9, 8, 2], 4);
    const shares = checkerboardEnergy(images);
    expect(shares.shape).toEqual([3]);
    for (const [gain, offset] of [
      [-3, 0],
      [0.25, 5],
    ]) {
      const changed = checkerboardEnergy(ops.scale(images, gain, offset)).data;
      changed.forEach((share, i) => expect(share).toBeCloseTo(shares.data[i], 4));
    }
    expect(checkerboardEnergy(ops.slice(images, 1, 2)).data[0]).toBe(shares.data[1]);
  });

  it("adds up channels, whose patterns do not cancel each other", () => {
    const board = image(8, 8, (y, x) => (x + y) % 2);
    const opposite = ops.concat([board, ops.scale(board, -1)], 3);
    expect(energyOf(opposite)).toBeCloseTo(1, 6);
    const [pattern, noise] = [board, reals([1, 8, 8, 1], 5)];
    const both = energyOf(ops.concat([pattern, noise], 3));
    expect(both).toBeGreaterThan(energyOf(noise) + 0.1);
    expect(both).toBeLessThan(0.9);
  });

  it("says where an image is not a number", () => {
    const images = tensor(new Float32Array(32).fill(NaN, 16), [2, 4, 4, 1]);
    expect([...checkerboardEnergy(images).data]).toEqual([0, NaN]);
  });

  it("gives in a scope what it gives outside", () => {
    const images = reals([2, 6, 6, 1], 6);
    const inside = scope(() => ops.scale(checkerboardEnergy(ops.scale(images, 2)), 1));
    expect(inside.data).toEqual(checkerboardEnergy(ops.scale(images, 2)).data);
    const counts = scope(() => ops.scale(overlapCount({ inputSize: 2, kernel: 3, stride: 2 }), 1));
    expect(counts.data).toEqual(overlapCount({ inputSize: 2, kernel: 3, stride: 2 }).data);
    expectNothingHeld();
  });

  it.each<[string, () => unknown, ErrorConstructor]>([
    ["checkerboardEnergy: images must be", () => checkerboardEnergy(1 as never), TypeError],
    ["checkerboardEnergy: images.shape must have 4", () => checkerboardEnergy(zeros([8, 8])), RangeError],
    [
      "checkerboardEnergy: images.shape must have height",
      () => checkerboardEnergy(zeros([1, 3, 8, 1])),
      RangeError,
    ],
    [
      "checkerboardEnergy: images.shape",
      () => checkerboardEnergy(zeros([1, 8, 5, 1]), { period: 3 }),
      RangeError,
    ],
    ["checkerboardEnergy: period", () => checkerboardEnergy(zeros([1, 8, 8, 1]), { period: 1 }), RangeError],
    [
      "checkerboardEnergy: period",
      () => checkerboardEnergy(zeros([1, 8, 8, 1]), { period: "2" } as never),
      TypeError,
    ],
    [
      "checkerboardEnergy: options",
      () => checkerboardEnergy(zeros([1, 8, 8, 1]), { stride: 2 } as never),
      TypeError,
    ],
  ])("refuses: %s …", (start, call, kind) => {
    expectRefused(call, kind, start);
  });
});
