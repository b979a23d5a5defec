// Pictures of squares, ellipses and hearts with known place, size and turn: the factors of the dSprites data.

import { checkInteger, checkOptions, checkResult } from "../../check/check.js";
import { uniform } from "../../random/draws.js";
import { checkKey, fold, type Key } from "../../random/keys.js";
import { adoptArray, type Tensor } from "../../tensor/tensor.js";
import { directionOf, ellipse, length, paint, type Region } from "./raster.js";

/** The kinds of shapes; a label is an index of this list. */
export const SHAPE_KINDS = Object.freeze(["square", "ellipse", "heart"] as const);

/** Regions of radius about 1 around the origin, one per kind. */
const REGIONS: readonly Region[] = [square(), ellipse(0, 0, 0.95, 0.55), heart()];

/** Options of {@link shapes}. */
export interface ShapesOptions {
  readonly count: number;
  /** Height and width in pixels, from 8 to 1024 (default 32). */
  readonly size?: number | undefined;
  readonly key: Key;
}

/** What shapes were drawn from, shape `[count]` each. */
export interface ShapeFactors {
  /** Index in {@link SHAPE_KINDS}. */
  readonly kind: Tensor;
  /** Place of the centre, from −0.5 (halfway to the left edge) to 0.5. */
  readonly x: Tensor;
  /** Place of the centre, from −0.5 (halfway to the upper edge) to 0.5. */
  readonly y: Tensor;
  /** From 0.2 to 0.4: half of a square's diagonal, in half widths of the picture. */
  readonly scale: Tensor;
  /** Clockwise, in whole turns, from 0 to 1. */
  readonly rotation: Tensor;
}

/** Drawn shapes with what they were drawn from. */
export interface Shapes {
  /** White shapes on black, shape `[count, size, size, 1]`, values from 0 to 1. */
  readonly images: Tensor;
  readonly factors: ShapeFactors;
}

/**
 * Draws white shapes on black; kind, place, scale and rotation are independent and uniform. Each shape's centre of
 * mass stands at its place, and all of it in the picture. The bits depend only on the arguments, not on the machine.
 *
 * @param options.count - how many, integer ≥ 1
 * @param options.size - height and width in pixels, from 8 to 1024 (default 32)
 * @param options.key - key of the factors
 * @returns images, shape `[count, size, size, 1]`, values in [0, 1]; and their factors, shape `[count]` each
 * @throws {TypeError} when an argument is of the wrong kind, or a name unknown
 * @throws {RangeError} when `count` or `size` is out of range
 * @example
 * const { images, factors } = shapes({ count: 16, size: 64, key: key(1) });
 * images.shape; // [16, 64, 64, 1]
 * SHAPE_KINDS[factors.kind.data[0]]; // one of square, ellipse, heart
 * @see Matthey et al., "dSprites: disentanglement testing sprites dataset" (2017)
 */
export function shapes(options: ShapesOptions): Shapes {
  const where = "shapes";
  checkOptions(where, options, ["count", "size", "key"]);
  const { count, size = 32, key } = options;
  checkInteger(where, "count", count, 1);
  checkInteger(where, "size", size, 8, 1024);
  checkResult(where, "count", count, count * size * size);
  checkKey(where, "key", key);
  const drawn = (index: number, scaled: (share: number) => number) =>
    adoptArray(uniform(fold(key, index), [count]).data.map(scaled), [count]);
  const factors: ShapeFactors = {
    kind: drawn(0, (share) => Math.floor(share * SHAPE_KINDS.length)),
    x: drawn(1, (share) => share - 0.5),
    y: drawn(2, (share) => share - 0.5),
    scale: drawn(3, (share) => 0.2 + 0.2 * share),
    rotation: drawn(4, (share) => share),
  };
  const tones = new Float32Array(count * size * size);
  for (let image = 0; image < count; image++) {
    const canvas = { reach: 1, size, tones: tones.subarray(image * size * size, (image + 1) * size * size) };
    const [x, y] = [factors.x.data[image], factors.y.data[image]];
    const region = scaledRegion(REGIONS[factors.kind.data[image]], factors.scale.data[image]);
    paint(canvas, { x, y, ...directionOf(factors.rotation.data[image]) }, region, 1);
  }
  return { images: adoptArray(tones, [count, size, size, 1]), factors };
}

function scaledRegion({ radius, distance }: Region, scale: number): Region {
  const scaledDistance = (x: number, y: number) => scale * distance(x / scale, y / scale);
  return { x: 0, y: 0, radius: scale * radius, distance: scaledDistance };
}

/** A square whose corners lie on the unit circle. */
function square(): Region {
  const distance = (x: number, y: number) => {
    const [beyondX, beyondY] = [Math.abs(x) - Math.SQRT1_2, Math.abs(y) - Math.SQRT1_2];
    const [outX, outY] = [Math.max(beyondX, 0), Math.max(beyondY, 0)];
    return length(outX, outY) + Math.min(Math.max(beyondX, beyondY), 0);
  };
  return { x: 0, y: 0, radius: 1, distance };
}

/** A heart: a square on its corner with half discs on its two upper sides, around its centre of mass. */
function heart(): Region {
  const diagonal = 1.5;
  const side = diagonal * Math.SQRT1_2;
  // Above the square's centre by its half discs' share of the area, π/4 ÷ (1 + π/4), times their height.
  const centre = ((Math.PI / 4) * (1 / 4 + 1 / (3 * Math.PI)) * diagonal) / (1 + Math.PI / 4);
  const distance = (x: number, y: number) => {
    // Along the sides of the right half: u up to the right, v up to the left, from the lower corner.
    const up = diagonal / 2 + centre - y;
    const [u, v] = [(up + Math.abs(x)) * Math.SQRT1_2, (up - Math.abs(x)) * Math.SQRT1_2];
    if (u > side) return length(u - side, v - side / 2) - side / 2;
    return v < 0 ? length(Math.min(u, 0), v) : -Math.min(v, length(side - u, side - v));
  };
  return { x: 0, y: 0, radius: 1, distance };
}
