// The second pass of sums over grains: adds what each grain has left, in the order of the grains.

import { Count, First, Operand, Width } from "./operand";
import { quotient } from "./reduce";
import { bytesOf, loadPart, promoteHigh, storePart } from "./simd";

/**
 * Computes y[i] = Σ partials[p][i] / divisor, p < parts, in float64, for the n elements from first on.
 * Layout partials float32, `size` apart. Requires parts ≥ 1.
 */
export function addPartials(
  partials: Operand,
  y: Operand,
  size: i32,
  divisor: f64,
  first: First,
  n: Count,
  parts: Width,
): void {
  const step = bytesOf(size);
  partials += bytesOf(first);
  y += bytesOf(first);
  const zero = f32x4.splat(0);
  for (; n > 0; n -= 4, partials += 16, y += 16) {
    let low = f64x2.splat(0);
    let high = low;
    for (let p = 0, at = partials; p < parts; p++, at += step) {
      const part = loadPart(at, n, zero);
      low = f64x2.add(low, f64x2.promote_low_f32x4(part));
      high = f64x2.add(high, promoteHigh(part));
    }
    storePart(y, quotient(low, high, divisor), n);
  }
}

/** The same of partial sums in float64, at multiples of 8 bytes or not. */
export function addSums(
  partials: Operand,
  y: Operand,
  size: i32,
  divisor: f64,
  first: First,
  n: Count,
  parts: Width,
): void {
  const step = bytesOf(size) << 1;
  partials += bytesOf(first) << 1;
  y += bytesOf(first);
  for (; n > 0; n--, partials += 8, y += 4) {
    let sum: f64 = 0;
    let at = partials;
    for (let p = 0; p < parts; p++, at += step) sum += load<f64>(at);
    store<f32>(y, <f32>(sum / divisor));
  }
}
