// Laws of the trade between room and error: decibels by the definition, the best points, and lines between them.

import { describe, expect, it } from "vitest";
import { bestOf, decibelsAt, decibelsOf, ratePoints } from "../../src/coding/rateDistortion.js";
import { key, ops, random, tensor } from "../../src/index.js";

const point = (bitsPerValue: number, psnr: number) => ({ bits: 4, bitsPerValue, psnr });

describe("rate and distortion", () => {
  it("gives decibels of outputs that are cut to the range", () => {
    const examples = tensor([[0, 2]]);
    // Errors 0 (cut from −1) and 0.2, of a range of 2.
    const psnr = decibelsOf(tensor([[-1, 1.8]]), examples, [0, 2]);
    expect(psnr).toBeCloseTo(10 * Math.log10(4 / (0.04 / 2)), 4);
  });

  it("keeps the points that no line between others passes above", () => {
    const points = [point(3, 5), point(1, 4), point(2, 3), point(4, 9), point(5, 8), point(4.5, 9.1)];
    expect(bestOf(points).map(({ bitsPerValue }) => bitsPerValue)).toEqual([1, 4, 4.5]);
    const concave = [point(1, 1), point(2, 4), point(3, 6), point(4, 7)];
    expect(bestOf(concave)).toEqual(concave);
  });

  it("draws lines between points, and none beyond", () => {
    const best = [point(1, 10), point(2, 14), point(4, 15)];
    expect(decibelsAt(best, 1.5)).toBe(12);
    expect(decibelsAt(best, 3)).toBe(14.5);
    expect(decibelsAt(best, 1)).toBe(10);
    expect(decibelsAt(best, 0.5)).toBeUndefined();
    expect(decibelsAt(best, 5)).toBeUndefined();
  });

  it("of even values costs a bit per bit, and gains six decibels by each", () => {
    const examples = random.uniform(key(1), [20_000, 4]);
    const coded = {
      codes: examples,
      examples,
      decode: (z: typeof examples) => ops.scale(z, 1),
      steps: new Float32Array(4).fill(1),
    };
    const points = ratePoints("test", { ...coded, range: [0, 1] }, [4, 6, 8]);
    points.forEach(({ bits, bitsPerValue, psnr }) => {
      expect(Math.abs(bitsPerValue - bits)).toBeLessThan(0.25);
      expect(Math.abs(psnr - 20 * Math.log10((2 ** bits - 2) * Math.sqrt(12)))).toBeLessThan(0.2);
    });
  });
});
