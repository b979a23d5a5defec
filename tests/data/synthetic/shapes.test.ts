// Laws of drawn shapes: area, centre of mass and turn are what the factors say, whatever the pixels' raster.

import { describe, expect, it } from "vitest";
import { SHAPE_KINDS, shapes } from "../../../src/data/index.js";
import { equals, key } from "../../../src/index.js";
import { massOf, pictureOf } from "../../support/pictures.js";
import { expectRefused } from "../../support/refusals.js";
import { chiSquare, countsOf, kolmogorovSmirnov } from "../../support/statistics.js";

/** Areas at scale 1: a square of diagonal 2; an ellipse; a square of diagonal 1.5 with two half discs on its sides. */
const AREAS = [2, Math.PI * 0.95 * 0.55, (1.5 ** 2 / 2) * (1 + Math.PI / 4)];

const many = shapes({ count: 600, key: key(1) });
const column = (name: keyof typeof many.factors) => [...many.factors[name].data];

describe("shapes", () => {
  it("gives images and factors of the promised shapes, in their ranges", () => {
    expect(many.images.shape).toEqual([600, 32, 32, 1]);
    expect(many.images.data.every((tone) => tone >= 0 && tone <= 1)).toBe(true);
    expect(Object.keys(many.factors)).toEqual(["kind", "x", "y", "scale", "rotation"]);
    const ranges = { x: [-0.5, 0.5], y: [-0.5, 0.5], scale: [0.2, 0.4], rotation: [0, 1] } as const;
    for (const [name, [low, high]] of Object.entries(ranges)) {
      const shares = many.factors[name as "x"].data.map((value) => (value - low) / (high - low));
      expect(
        kolmogorovSmirnov(shares, (x) => Math.min(1, Math.max(0, x))),
        name,
      ).toBeLessThan(1.95);
    }
    const counts = countsOf(many.factors.kind.data, SHAPE_KINDS.length);
    expect(counts).toHaveLength(3);
    expect(chiSquare(counts, [200, 200, 200])).toBeLessThan(13.8);
  });

  it("gives the same bits for the same key, and others for another", () => {
    expect(equals(many.images, shapes({ count: 600, key: key(1) }).images)).toBe(true);
    expect(equals(many.images, shapes({ count: 600, key: key(2) }).images)).toBe(false);
  });

  it.each(SHAPE_KINDS.map((name, kind) => ({ name, kind })))(
    "keeps a $name's area and centre of mass wherever it lies",
    ({ kind }) => {
      const [kinds, x, y, scale] = [column("kind"), column("x"), column("y"), column("scale")];
      kinds.forEach((own, image) => {
        if (own !== kind) return;
        const mass = massOf(pictureOf(many.images, image));
        const area = AREAS[kind] * scale[image] ** 2;
        expect(Math.abs(mass.area / area - 1)).toBeLessThan(0.03);
        expect(Math.abs(mass.x - x[image])).toBeLessThan(0.004);
        expect(Math.abs(mass.y - y[image])).toBeLessThan(0.004);
      });
    },
  );

  it("comes nearer to the exact area on a finer raster", () => {
    const { images, factors } = shapes({ count: 30, size: 256, key: key(3) });
    factors.kind.data.forEach((kind, image) => {
      const area = AREAS[kind] * factors.scale.data[image] ** 2;
      expect(Math.abs(massOf(pictureOf(images, image)).area / area - 1)).toBeLessThan(2e-3);
    });
  });

  it("turns an ellipse's long axis clockwise by its rotation", () => {
    const [x, y, rotation] = [column("x"), column("y"), column("rotation")];
    column("kind").forEach((kind, image) => {
      if (kind !== 1) return;
      const picture = pictureOf(many.images, image);
      let [across, mixed, down] = [0, 0, 0];
      picture.forEach((tone, i) => {
        const [u, v] = [((i % 32) * 2 - 31) / 32 - x[image], (Math.floor(i / 32) * 2 - 31) / 32 - y[image]];
        across += tone * u * u;
        mixed += tone * u * v;
        down += tone * v * v;
      });
      const turns = Math.atan2(2 * mixed, across - down) / (4 * Math.PI);
      const apart = (((rotation[image] - turns) % 0.5) + 0.5) % 0.5;
      expect(Math.min(apart, 0.5 - apart)).toBeLessThan(0.006);
    });
  });

  it("points a heart that is not turned down", () => {
    const { images, factors } = shapes({ count: 400, size: 64, key: key(4) });
    const third = (image: number) => {
      const picture = pictureOf(images, image);
      const [x, y] = [factors.x.data[image], factors.y.data[image]];
      const turn = 2 * Math.PI * factors.rotation.data[image];
      let sum = 0;
      picture.forEach((tone, i) => {
        const [u, v] = [((i % 64) * 2 - 63) / 64 - x, (Math.floor(i / 64) * 2 - 63) / 64 - y];
        sum += tone * (v * Math.cos(turn) - u * Math.sin(turn)) ** 3;
      });
      return sum;
    };
    const hearts = [...factors.kind.data.keys()].filter((image) => factors.kind.data[image] === 2);
    for (const image of hearts) expect(third(image)).toBeGreaterThan(0);
  });

  it("refuses bad input", () => {
    const good = { count: 2, key: key(1) };
    expectRefused(() => shapes({ ...good, count: 0 }), RangeError, "shapes: count must be an integer ≥ 1");
    expectRefused(() => shapes({ ...good, size: 4 }), RangeError, "shapes: size must be an integer from 8");
    expectRefused(
      () => shapes({ ...good, count: 2 ** 20, size: 64 }),
      RangeError,
      "shapes: count must give at most",
    );
    expectRefused(() => shapes({ ...good, key: 1 as never }), TypeError, "shapes: key must be a key");
    expectRefused(() => shapes({ ...good, kinds: 1 } as never), TypeError, "shapes: options must have only");
  });
});
