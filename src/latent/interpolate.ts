// Ways from one code to another: straight, or on the sphere's surface.

import { checkOneOf, checkOptions, refuseValue } from "../check/check.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkCodes, checkSteps, makeCodes, rowOf, spacedAt } from "./rows.js";

/** The way between two codes. */
export type Interpolation = "straight" | "spherical";

/** Options of {@link interpolate}. */
export interface InterpolateOptions {
  /** Codes per pair, both ends included, integer ≥ 2 (default 9). */
  readonly steps?: number | undefined;
  /** Default `"straight"`. */
  readonly kind?: Interpolation | undefined;
}

/** Directions whose angle's sine is smaller are the same or opposite, but for float32's rounding. */
const LEAST_SINE = 1e-6;

/** The shares of the two ends at time t from 0 to 1. */
type Shares = (t: number) => readonly [number, number];

const straight: Shares = (t) => [1 - t, t];

const lengthOf = (code: Float32Array) => Math.sqrt(code.reduce((sum, x) => sum + x * x, 0));

function spherical(a: Float32Array, b: Float32Array): Shares {
  const [lengthA, lengthB] = [lengthOf(a), lengthOf(b)];
  if (lengthA === 0 || lengthB === 0) return straight;
  let [sum, difference] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    sum += (a[i] / lengthA + b[i] / lengthB) ** 2;
    difference += (a[i] / lengthA - b[i] / lengthB) ** 2;
  }
  // Where the arc cosine of the inner product would lose half its digits for small angles, this loses none.
  const angle = 2 * Math.atan2(Math.sqrt(difference), Math.sqrt(sum));
  const sine = Math.sin(angle);
  if (sine < LEAST_SINE) return straight;
  return (t) => [Math.sin((1 - t) * angle) / sine, Math.sin(t * angle) / sine];
}

/**
 * Codes on the way from one code to another, for each pair of rows. Not differentiable.
 *
 * `"straight"` is `(1 − t)·a + t·b`. `"spherical"` is `(sin((1 − t)θ)·a + sin(tθ)·b) / sin θ` with the angle θ
 * between a and b: in high dimensions a normal prior's codes lie near a sphere, whose inside a straight line would
 * cross. It is straight where a and b point the same way (its limit) or opposite ways (where infinitely many arcs
 * are shortest), or where one of them is zero.
 *
 * @param a - where to start, shape `[count, latent]`
 * @param b - where to end, of the same shape
 * @param options.steps - codes per pair, both ends included, integer ≥ 2 (default 9)
 * @param options.kind - `"straight"` (default) or `"spherical"`
 * @returns codes, shape `[count·steps, latent]`: for each pair, `steps` rows from a to b
 * @throws {TypeError} when an argument or option is of the wrong kind
 * @throws {RangeError} when the shapes are not alike with two axes, or an option is out of range
 * @example
 * const [a, b] = [tensor([[2, 0]]), tensor([[0, 2]])];
 * interpolate(a, b, { steps: 3 }).data; // [2, 0, 1, 1, 0, 2]
 * interpolate(a, b, { steps: 3, kind: "spherical" }).data; // [2, 0, 1.4142, 1.4142, 0, 2]
 * @see Shoemake, "Animating rotation with quaternion curves" (1985); White, "Sampling generative networks" (2016)
 */
export function interpolate(a: Tensor, b: Tensor, options: InterpolateOptions = {}): Tensor {
  const where = "interpolate";
  checkCodes(where, "a", a);
  checkCodes(where, "b", b);
  const [count, latentSize] = a.shape;
  if (b.shape[0] !== count || b.shape[1] !== latentSize) {
    refuseValue(where, "b.shape", `equal a.shape = [${count}, ${latentSize}]`, b.shape);
  }
  checkOptions(where, options, ["steps", "kind"]);
  const { steps = 9, kind = "straight" } = options;
  checkSteps(where, "steps", steps, count * latentSize);
  checkOneOf(where, "kind", kind, ["straight", "spherical"]);
  const times = { from: 0, to: 1, count: steps };
  let shares = straight;
  return makeCodes(where, count * steps, latentSize, (place, row) => {
    const pair = Math.floor(row / steps);
    const [start, end] = [rowOf(a, pair), rowOf(b, pair)];
    if (kind === "spherical" && row % steps === 0) shares = spherical(start, end);
    const [shareOfStart, shareOfEnd] = shares(spacedAt(times, row % steps));
    for (let i = 0; i < latentSize; i++) place[i] = shareOfStart * start[i] + shareOfEnd * end[i];
  });
}
