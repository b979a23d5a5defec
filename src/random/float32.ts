// The float32 numbers next to a number: where an interval that is given in float64 begins and ends for float32.

/** The greatest finite float32. */
export const GREATEST = 2 ** 128 - 2 ** 104;

const floats = new Float32Array(1);
const bits = new Int32Array(floats.buffer);

/** The float32 after or before one that is not NaN or 0. */
function neighbour(value: number, direction: 1 | -1): number {
  floats[0] = value;
  bits[0] += value > 0 ? direction : -direction;
  return floats[0];
}

/** The least positive float32. */
const LEAST = 2 ** -149;

/** The least float32 that is at least x; Infinity beyond the greatest. */
export function leastFrom(x: number): number {
  const rounded = Math.fround(x);
  if (rounded >= x) return rounded;
  return rounded === 0 ? LEAST : neighbour(rounded, 1);
}

/** The greatest float32 that is at most x; −Infinity beyond the least. */
export function mostUpTo(x: number): number {
  return -leastFrom(-x);
}

/** The greatest float32 below x. */
export function mostBelow(x: number): number {
  const rounded = mostUpTo(x);
  if (rounded < x) return rounded;
  return rounded === 0 ? -LEAST : neighbour(rounded, -1);
}
