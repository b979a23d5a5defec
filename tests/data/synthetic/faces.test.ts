// Laws of drawn faces: what is drawn is what is said, every factor counts and none jumps, and mirrors agree.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  drawFace,
  FACE_RANGES,
  type FaceFactor,
  type FaceFactors,
  faces,
  type FacesOptions,
} from "../../../src/data/index.js";
import { equals, key, scope, tensor } from "../../../src/index.js";
import { differenceOf, mirrored, pictureOf, upsideDown } from "../../support/pictures.js";
import { expectRefused } from "../../support/refusals.js";
import { kolmogorovSmirnov } from "../../support/statistics.js";

const NAMES = Object.keys(FACE_RANGES) as FaceFactor[];
const one = (factors: Partial<FaceFactors>, size = 32) => drawFace(factors, { size }).data;

/** Any face. */
const anyFactors = fc.record(
  Object.fromEntries(
    NAMES.map((name) => {
      const [min, max] = FACE_RANGES[name];
      return [name, fc.double({ min, max, noNaN: true })];
    }),
  ),
) as fc.Arbitrary<FaceFactors>;

describe("faces", () => {
  it("gives images and factors of the promised shapes, in their ranges", () => {
    const { images, factors } = faces({ count: 200, size: 24, key: key(1) });
    expect(images.shape).toEqual([200, 24, 24, 1]);
    expect(images.data.every((tone) => tone >= 0 && tone <= 1)).toBe(true);
    expect(Object.keys(factors)).toEqual(NAMES);
    for (const name of NAMES) {
      const [low, high] = FACE_RANGES[name];
      expect(factors[name].shape).toEqual([200]);
      expect(factors[name].data.every((value) => value >= low && value <= high)).toBe(true);
    }
  });

  it("draws factors independently: yaw and smile uniformly, the others as means of two uniform numbers", () => {
    const triangular = (x: number) => (x < 0.5 ? 2 * x * x : 1 - 2 * (1 - x) ** 2);
    const { factors } = faces({ count: 2000, size: 8, key: key(2) });
    for (const [i, name] of NAMES.entries()) {
      const [low, high] = FACE_RANGES[name];
      const shares = factors[name].data.map((value) => (value - low) / (high - low));
      expect(
        kolmogorovSmirnov(shares, name === "yaw" || name === "smile" ? (x) => x : triangular),
        name,
      ).toBeLessThan(1.95);
      for (const other of NAMES.slice(0, i)) {
        const [from, to] = FACE_RANGES[other];
        const product = shares.map(
          (a, j) => (a - 0.5) * ((factors[other].data[j] - from) / (to - from) - 0.5),
        );
        const correlation = (12 * product.reduce((a, b) => a + b, 0)) / 2000;
        expect(Math.abs(correlation), `${name} with ${other}`).toBeLessThan(0.1);
      }
    }
  });

  it("gives the same bits for the same key, also inside a scope, and others for another", () => {
    const options = { count: 3, key: key(3) };
    const { images } = faces(options);
    expect(equals(images, faces(options).images)).toBe(true);
    expect(equals(images, scope(() => faces(options)).images)).toBe(true);
    expect(equals(images, faces({ ...options, key: key(4) }).images)).toBe(false);
  });

  it("draws what it says: each image again from its factors, bit by bit", () => {
    const { images, factors } = faces({ count: 5, size: 20, key: key(5), factors: { smile: 0.1 } });
    for (let image = 0; image < 5; image++) {
      const own = Object.fromEntries(NAMES.map((name) => [name, factors[name].data[image]]));
      expect(one(own, 20)).toEqual(pictureOf(images, image));
    }
  });

  it("fixes factors by a number, an array, a typed array or a tensor, and leaves the others as they were", () => {
    const free = faces({ count: 3, key: key(6) });
    const values = [-0.5, 0.25, 1];
    const given = [0.5, values, Float64Array.from(values), tensor(values)];
    for (const smile of given) {
      const fixed = faces({ count: 3, key: key(6), factors: { smile } });
      expect([...fixed.factors.smile.data]).toEqual(smile === 0.5 ? [0.5, 0.5, 0.5] : values);
      for (const name of NAMES.filter((name) => name !== "smile")) {
        expect(fixed.factors[name].data).toEqual(free.factors[name].data);
      }
      expect(equals(fixed.images, free.images)).toBe(false);
    }
  });
});

describe("a face", () => {
  it.each(NAMES)("depends on %s throughout its range", (name) => {
    const [low, high] = FACE_RANGES[name];
    const steps = Array.from({ length: 9 }, (_, i) =>
      one({ skinTone: 0.7, hairTone: 0.2, [name]: low + ((high - low) * i) / 8 }),
    );
    for (let i = 0; i < 8; i++) expect(differenceOf(steps[i], steps[i + 1]).mean).toBeGreaterThan(2e-4);
    expect(differenceOf(steps[0], steps[8]).greatest).toBeGreaterThan(0.1);
  });

  it.each(NAMES)("follows %s without a jump", (name) => {
    const [low, high] = FACE_RANGES[name];
    const at = (step: number) =>
      one({ skinTone: 0.7, hairTone: 0.2, [name]: low + ((high - low) * step) / 250 });
    const jumps = Array.from({ length: 250 }, (_, step) => differenceOf(at(step), at(step + 1)).greatest);
    expect(Math.max(...jumps)).toBeLessThan(0.1);
  });

  it("changes little when a factor does: no pixel jumps", () => {
    fc.assert(
      fc.property(anyFactors, fc.constantFrom(...NAMES), (factors, name) => {
        const [low, high] = FACE_RANGES[name];
        const step = (high - low) / 1000;
        const moved = { ...factors, [name]: factors[name] + (factors[name] + step > high ? -step : step) };
        expect(differenceOf(one(factors), one(moved)).greatest).toBeLessThan(0.04);
      }),
      { numRuns: 300 },
    );
  });

  it("stays in [0, 1] at every corner of its ranges", () => {
    const corner = fc.record(
      Object.fromEntries(NAMES.map((name) => [name, fc.constantFrom(...FACE_RANGES[name])])),
    ) as fc.Arbitrary<FaceFactors>;
    fc.assert(
      fc.property(corner, (factors) => {
        expect(one(factors).every((tone) => tone >= 0 && tone <= 1)).toBe(true);
      }),
    );
  });

  it("that turns the other way is the mirror image", () => {
    fc.assert(
      fc.property(anyFactors, (factors) => {
        const { yaw, tilt, parting, x } = factors;
        const turned = one({ ...factors, yaw: -yaw, tilt: -tilt, parting: -parting, x: -x });
        expect(differenceOf(turned, mirrored(one(factors))).greatest).toBeLessThan(1e-6);
      }),
    );
  });

  it("moves by its place as a whole, a pixel of 32 either way", () => {
    const light = { skinTone: 1, hairTone: 1, clothingTone: 1, background: 0 };
    const meanX = (picture: Float32Array) => {
      const total = picture.reduce((sum, tone) => sum + tone, 0);
      return picture.reduce((sum, tone, i) => sum + tone * (i % 32), 0) / total;
    };
    const shift = meanX(one({ ...light, x: 1 })) - meanX(one({ ...light, x: -1 }));
    expect(shift).toBeGreaterThan(1.5);
    expect(shift).toBeLessThan(2.5);
  });

  it("lifts the mouth's corners and lowers its middle as it smiles", () => {
    /** Height of the darkest place of a column of the mouth, in pixels. */
    const mouthAt = (smile: number, column: number) => {
      const picture = one({ smile, skinTone: 1, hairLength: 0, headShape: 1 }, 64);
      const rows = Array.from({ length: 18 }, (_, i) => 37 + i);
      return rows.reduce((best, row) =>
        picture[row * 64 + column] < picture[best * 64 + column] ? row : best,
      );
    };
    const curves = [-1, -0.5, 0, 0.5, 1].map((smile) => mouthAt(smile, 32) - mouthAt(smile, 24));
    for (let i = 0; i < 4; i++) expect(curves[i + 1]).toBeGreaterThan(curves[i]);
    expect(curves[0]).toBeLessThan(-2);
    expect(curves[4]).toBeGreaterThan(2);
  });

  it("is clearly another picture upside down", () => {
    fc.assert(
      fc.property(anyFactors, (factors) => {
        const upright = one({ ...factors, hairTone: 0, skinTone: 0.9, background: 0.5, clothingTone: 1 });
        expect(differenceOf(upright, upsideDown(upright)).mean).toBeGreaterThan(0.1);
      }),
    );
  });

  it("is the same drawing at every size", () => {
    const [small, large] = [one({ yaw: 0.4, smile: 0.6 }, 32), one({ yaw: 0.4, smile: 0.6 }, 128)];
    const reduced = small.map((_, i) => {
      const corner = 4 * Math.floor(i / 32) * 128 + 4 * (i % 32);
      let sum = 0;
      for (let j = 0; j < 16; j++) sum += large[corner + Math.floor(j / 4) * 128 + (j % 4)];
      return sum / 16;
    });
    expect(differenceOf(small, reduced).mean).toBeLessThan(0.02);
  });
});

describe("bad input", () => {
  const good: FacesOptions = { count: 2, key: key(1) };
  const bad: [string, object, ErrorConstructor, string][] = [
    ["no face", { count: 0 }, RangeError, "faces: count must be an integer ≥ 1"],
    ["a small size", { size: 7 }, RangeError, "faces: size must be an integer from 8 to 1024"],
    ["too many pixels", { count: 2 ** 20, size: 64 }, RangeError, "faces: count must give at most"],
    ["no key", { key: 1 }, TypeError, "faces: key must be a key"],
    ["an unknown option", { sizes: 32 }, TypeError, "faces: options must have only the names"],
    ["an unknown factor", { factors: { grin: 1 } }, TypeError, "faces: factors must have only the names"],
    ["factors in an array", { factors: [1] }, TypeError, "faces: factors must be an object"],
    [
      "a factor out of range",
      { factors: { smile: 1.1 } },
      RangeError,
      "faces: factors.smile must be from -1 to 1",
    ],
    [
      "one of them",
      { factors: { eyeOpening: [0, -0.1] } },
      RangeError,
      "faces: factors.eyeOpening[1] must be from 0",
    ],
    ["too few", { factors: { yaw: [0] } }, RangeError, "faces: factors.yaw.shape must be [count] = [2]"],
    [
      "too many axes",
      { factors: { yaw: tensor([[0, 0]]) } },
      RangeError,
      "faces: factors.yaw.shape must have 1 axis",
    ],
    ["words", { factors: { yaw: "left" } }, TypeError, "faces: factors.yaw must be a number, an array"],
    ["not a number", { factors: { yaw: NaN } }, RangeError, "faces: factors.yaw must be a finite number"],
  ];

  it.each(bad)("%s is refused by faces", (_, wrong, kind, start) => {
    expectRefused(() => faces({ ...good, ...wrong }), kind, start);
  });

  it("is refused by drawFace", () => {
    expectRefused(() => drawFace({ smile: 2 }), RangeError, "drawFace: factors.smile must be from -1 to 1");
    expectRefused(
      () => drawFace({ grin: 1 } as never),
      TypeError,
      "drawFace: factors must have only the names",
    );
    expectRefused(() => drawFace({}, { size: 7 }), RangeError, "drawFace: size must be");
    expectRefused(() => drawFace({}, { width: 7 } as never), TypeError, "drawFace: options must have only");
  });
});
