// Distances in units in the last place: how many float32 values lie between a result and the truth.

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/**
 * Maps float32 values to integers in their order, neighbours to neighbours; +0 and −0 both to 0.
 *
 * @param value - rounded to float32 first; must not be NaN
 * @returns an integer between −0x7f800000 (−∞) and 0x7f800000 (+∞)
 */
export function float32Order(value: number): number {
  float[0] = value;
  const pattern = bits[0]!;
  return pattern < 0 ? -(pattern & 0x7fffffff) : pattern;
}

/**
 * Distance in float32 ulp between a float32 result and a truth known in float64.
 *
 * @param actual - the float32 result
 * @param truth - the exact value in float64; it is rounded to float32 for the comparison
 * @returns the number of float32 steps between the two, ±∞ being one step beyond the largest values; 0 if
 *   both are NaN, Infinity if only one is
 * @example
 * expect(ulpDistance(result, Math.exp(x))).toBeLessThanOrEqual(2);
 */
export function ulpDistance(actual: number, truth: number): number {
  if (Number.isNaN(actual) || Number.isNaN(truth)) return Object.is(actual, truth) ? 0 : Infinity;
  return Math.abs(float32Order(actual) - float32Order(truth));
}
