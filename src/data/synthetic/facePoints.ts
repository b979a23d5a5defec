// Points that ride on a face: a grid over the head that moves, turns and foreshortens with it, and bends with its mouth.

import { adoptArray, type Tensor } from "../../tensor/tensor.js";
import { FACE_REACH, HEAD, POSE } from "./faceDrawing.js";
import type { FaceFactor } from "./faceFactors.js";
import { clamp, directionOf } from "./raster.js";

/** The factors that the points follow, in the order of an estimate's values. */
export const FOLLOWED = [
  "x",
  "y",
  "tilt",
  "yaw",
  "headShape",
  "smile",
] as const satisfies readonly FaceFactor[];

/** A point of the head: `across` from one side (−1) to the other (1), `down` from the crown (−1) to the chin (1). */
interface Point {
  readonly across: number;
  readonly down: number;
}

const COLUMNS = 15;
const ROWS = 17;

/** The grid: about one point per pixel of a face of 32 × 32. */
const GRID: readonly Point[] = Array.from({ length: COLUMNS * ROWS }, (_, i) => ({
  across: -0.98 + (1.96 * (i % COLUMNS)) / (COLUMNS - 1),
  down: -0.75 + (1.65 * Math.floor(i / COLUMNS)) / (ROWS - 1),
}));

/** Number of points. */
export const POINTS = GRID.length;

/** Whether each point lies around the mouth. */
export const AROUND_MOUTH: readonly boolean[] = GRID.map(({ across, down }) => {
  return Math.abs(across) < 0.8 && down > 0.25;
});

/**
 * The pictures' tones at the points.
 *
 * @param pictures - shape `[count, size, size, 1]`
 * @param estimates - the followed factors of each picture, `[count, FOLLOWED.length]` row-major
 * @returns shape `[count, POINTS]`
 */
export function tonesAtPoints(pictures: Tensor, estimates: Float32Array): Tensor {
  const [count, size] = pictures.shape;
  const tones = new Float32Array(count * POINTS);
  for (let image = 0; image < count; image++) {
    const picture = pictures.data.subarray(image * size * size, (image + 1) * size * size);
    const placeOf = placement(estimates.subarray(image * FOLLOWED.length, (image + 1) * FOLLOWED.length));
    for (let i = 0; i < POINTS; i++) {
      const [x, y] = placeOf(GRID[i]);
      tones[image * POINTS + i] = toneAt(picture, size, x, y);
    }
  }
  return adoptArray(tones, [count, POINTS]);
}

/** From points of the head to places in the picture: the geometry of the drawing, in short. */
function placement([x, y, tilt, yaw, headShape, smile]: Float32Array): (point: Point) => [number, number] {
  const { cosine, sine } = directionOf(POSE.tilt * tilt);
  const turnSine = clamp(POSE.sine * yaw, -0.75, 0.75);
  const turnCosine = Math.sqrt(1 - turnSine * turnSine);
  const width = HEAD.width * (1 + 0.12 * headShape);
  const height = HEAD.height * (1 - 0.07 * headShape);
  return ({ across, down }) => {
    const depth = Math.sqrt(1 - across * across);
    const girth = Math.sqrt(1 - 0.6 * down * down);
    const headX = width * (girth * (across * turnCosine + depth * turnSine) + 0.1 * turnSine * down);
    const nearMouth = Math.max(0, 1 - Math.abs(height * down - HEAD.mouth) / 0.3);
    const bend = 0.6 - Math.min(4 * across * across, 1.6);
    const headY = height * down + 0.14 * smile * nearMouth * bend;
    return [
      POSE.shift * x + cosine * headX - sine * headY,
      POSE.shift * y - 0.06 + sine * headX + cosine * headY,
    ];
  };
}

/** The tone at a place, between four pixels; beyond the picture, that of its edge. */
function toneAt(picture: Float32Array, size: number, x: number, y: number): number {
  const column = clamp(((x / FACE_REACH + 1) * size - 1) / 2, 0, size - 1);
  const row = clamp(((y / FACE_REACH + 1) * size - 1) / 2, 0, size - 1);
  const [left, top] = [Math.min(Math.floor(column), size - 2), Math.min(Math.floor(row), size - 2)];
  const [right, low] = [column - left, row - top];
  const at = top * size + left;
  const upper = (1 - right) * picture[at] + right * picture[at + 1];
  const lower = (1 - right) * picture[at + size] + right * picture[at + size + 1];
  return (1 - low) * upper + low * lower;
}
