// The loops of all functions of single elements. A function is a class F without fields: `of` gives four values, and
// `slope` four gradients from what was saved and the gradient behind; both may take up to two parameters.

import { loadPart, storePart } from "./simd";

/** Computes y[i] = F(x[i]). Layout n float32 each, contiguous. Requires n ≥ 1. Aliasing y may be x. */
export function map<F>(x: usize, y: usize, n: i32): void {
  const f = changetype<F>(0);
  for (; n >= 4; n -= 4, x += 16, y += 16) v128.store(y, f.of(v128.load(x)));
  if (n > 0) storePart(y, f.of(loadPart(x, n, f32x4.splat(0))), n);
}

/** Computes dx[i] = dy[i]·F'(…) from `saved`, F's input or output. Otherwise as `map`; dx may be dy or saved. */
export function mapSlope<F>(saved: usize, dy: usize, dx: usize, n: i32): void {
  const f = changetype<F>(0);
  for (; n >= 4; n -= 4, saved += 16, dy += 16, dx += 16) {
    v128.store(dx, f.slope(v128.load(saved), v128.load(dy)));
  }
  const zero = f32x4.splat(0);
  if (n > 0) storePart(dx, f.slope(loadPart(saved, n, zero), loadPart(dy, n, zero)), n);
}

/** `map` of a function with parameters. */
export function mapWith<F>(x: usize, y: usize, n: i32, first: f32, second: f32): void {
  const f = changetype<F>(0);
  const a = f32x4.splat(first);
  const b = f32x4.splat(second);
  for (; n >= 4; n -= 4, x += 16, y += 16) v128.store(y, f.of(v128.load(x), a, b));
  if (n > 0) storePart(y, f.of(loadPart(x, n, a), a, b), n);
}

/** `mapSlope` of a function with parameters. */
export function mapSlopeWith<F>(saved: usize, dy: usize, dx: usize, n: i32, first: f32, second: f32): void {
  const f = changetype<F>(0);
  const a = f32x4.splat(first);
  const b = f32x4.splat(second);
  for (; n >= 4; n -= 4, saved += 16, dy += 16, dx += 16) {
    v128.store(dx, f.slope(v128.load(saved), v128.load(dy), a, b));
  }
  if (n > 0) storePart(dx, f.slope(loadPart(saved, n, a), loadPart(dy, n, a), a, b), n);
}
