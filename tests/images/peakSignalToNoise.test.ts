// Laws of the peak signal-to-noise ratio: its definition, image by image.

import { describe, expect, it } from "vitest";
import { peakSignalToNoise } from "../../src/images/index.js";
import { full, ops, scope, squaredError, tensor, zeros } from "../../src/index.js";
import { reals } from "../support/arbitraries.js";
import { expectNothingHeld, expectRefused } from "../support/refusals.js";

const [a, b] = [reals([3, 5, 4, 2], 1), reals([3, 5, 4, 2], 2)];

describe("peakSignalToNoise", () => {
  it("is the peak's square over the mean squared difference, in decibels, of each image", () => {
    const errors = squaredError(a, b, { reduction: "perExample" }).data;
    const got = peakSignalToNoise(a, b);
    expect(got.shape).toEqual([3]);
    got.data.forEach((decibels, i) => expect(10 ** (-decibels / 10)).toBeCloseTo(errors[i] / 40, 5));
    expect(peakSignalToNoise(b, a).data).toEqual(got.data);
  });

  it("is 20 dB for a tenth of the peak, and 6 more for each half of it", () => {
    const decibels = (difference: number, peak?: number) =>
      peakSignalToNoise(zeros([1, 3, 3, 1]), full([1, 3, 3, 1], difference), peak ? { peak } : {}).data[0];
    expect(decibels(0.1)).toBeCloseTo(20, 5);
    expect(decibels(0.05)).toBeCloseTo(20 + 20 * Math.log10(2), 5);
    expect(decibels(25.5, 255)).toBeCloseTo(20, 5);
    expect(decibels(1)).toBe(0);
  });

  it("is infinite for equal images and not a number where a pixel is none", () => {
    const mixed = tensor([1, 2, 3, NaN], [2, 2, 1, 1]);
    expect([...peakSignalToNoise(mixed, mixed).data]).toEqual([Infinity, NaN]);
  });

  it("is right for peaks whose squares float64 does not hold", () => {
    const shape = [1, 1, 1, 1];
    const ofPeak = (peak: number) => peakSignalToNoise(zeros(shape), full(shape, 0.1), { peak }).data[0];
    for (const exponent of [-300, -200, 0, 200, 300]) {
      expect(ofPeak(10 ** exponent)).toBeCloseTo(20 * exponent + 20, 3);
    }
    expect(peakSignalToNoise(zeros(shape), zeros(shape), { peak: 1e-200 }).data[0]).toBe(Infinity);
  });

  it("gives in a scope what it gives outside", () => {
    const inside = scope(() => ops.scale(peakSignalToNoise(ops.scale(a, 2), b), 1));
    expect(inside.data).toEqual(peakSignalToNoise(ops.scale(a, 2), b).data);
    expectNothingHeld();
  });

  it.each<[string, () => unknown, ErrorConstructor]>([
    ["peakSignalToNoise: a must be a tensor", () => peakSignalToNoise([1] as never, b), TypeError],
    [
      "peakSignalToNoise: a.shape must have 4 axes",
      () => peakSignalToNoise(zeros([2]), zeros([2])),
      RangeError,
    ],
    ["peakSignalToNoise: b must be a tensor", () => peakSignalToNoise(a, 1 as never), TypeError],
    ["peakSignalToNoise: b.shape must equal", () => peakSignalToNoise(a, zeros([3, 4, 5, 2])), RangeError],
    ["peakSignalToNoise: peak must be above 0", () => peakSignalToNoise(a, b, { peak: 0 }), RangeError],
    ["peakSignalToNoise: peak", () => peakSignalToNoise(a, b, { peak: Infinity }), RangeError],
    [
      "peakSignalToNoise: options must have only",
      () => peakSignalToNoise(a, b, { max: 1 } as never),
      TypeError,
    ],
  ])("refuses: %s …", (start, call, kind) => {
    expectRefused(call, kind, start);
  });
});
