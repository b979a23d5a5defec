// Pointwise functions of one buffer, and their gradients; activation functions live in activations.ts.
//
// Forward kernels `name(x, y, n)`:
//   Computes  y[i] = name(x[i]); NaN stays NaN.
//   Layout    n float32 each, contiguous.
//   Requires  n ≥ 1.
//   Aliasing  y may be x.
// Gradients `nameGradient(saved, dy, dx, n)`:
//   Computes  dx[i] = dy[i]·name'(…), from `saved`: the input x or the output y, as listed here.
//   Layout    n float32 each, contiguous.
//   Requires  n ≥ 1.
//   Aliasing  dx may be dy or saved.
//
//   saved is the input x    log, log1p, erf, square, abs (slope 0 at 0), clip (slope 1 at the bounds)
//   saved is the output y   exp, sqrt
//   neither                 negate and scale are linear: their gradients are themselves

import { loadPart, madd, storePart } from "./simd";
import { erfV, expV, gaussianV, log1pV, logV } from "./vectorMath";

export function exp(x: usize, y: usize, n: i32): void {
  for (; n >= 4; n -= 4, x += 16, y += 16) v128.store(y, expV(v128.load(x)));
  if (n > 0) storePart(y, expV(loadPart(x, n, f32x4.splat(0))), n);
}

export function expGradient(saved: usize, dy: usize, dx: usize, n: i32): void {
  const zero = f32x4.splat(0);
  for (; n >= 4; n -= 4, saved += 16, dy += 16, dx += 16) {
    v128.store(dx, expSlope(v128.load(saved), v128.load(dy)));
  }
  if (n > 0) storePart(dx, expSlope(loadPart(saved, n, zero), loadPart(dy, n, zero)), n);
}

function expSlope(y: v128, dy: v128): v128 {
  return f32x4.mul(dy, y);
}

export function log(x: usize, y: usize, n: i32): void {
  for (; n >= 4; n -= 4, x += 16, y += 16) v128.store(y, logV(v128.load(x)));
  if (n > 0) storePart(y, logV(loadPart(x, n, f32x4.splat(0))), n);
}

export function logGradient(saved: usize, dy: usize, dx: usize, n: i32): void {
  const zero = f32x4.splat(0);
  for (; n >= 4; n -= 4, saved += 16, dy += 16, dx += 16) {
    v128.store(dx, logSlope(v128.load(saved), v128.load(dy)));
  }
  if (n > 0) storePart(dx, logSlope(loadPart(saved, n, zero), loadPart(dy, n, zero)), n);
}

function logSlope(x: v128, dy: v128): v128 {
  return f32x4.div(dy, x);
}

export function log1p(x: usize, y: usize, n: i32): void {
  for (; n >= 4; n -= 4, x += 16, y += 16) v128.store(y, log1pV(v128.load(x)));
  if (n > 0) storePart(y, log1pV(loadPart(x, n, f32x4.splat(0))), n);
}

export function log1pGradient(saved: usize, dy: usize, dx: usize, n: i32): void {
  const zero = f32x4.splat(0);
  for (; n >= 4; n -= 4, saved += 16, dy += 16, dx += 16) {
    v128.store(dx, log1pSlope(v128.load(saved), v128.load(dy)));
  }
  if (n > 0) storePart(dx, log1pSlope(loadPart(saved, n, zero), loadPart(dy, n, zero)), n);
}

function log1pSlope(x: v128, dy: v128): v128 {
  return f32x4.div(dy, f32x4.add(x, f32x4.splat(1)));
}

export function erf(x: usize, y: usize, n: i32): void {
  for (; n >= 4; n -= 4, x += 16, y += 16) v128.store(y, erfV(v128.load(x)));
  if (n > 0) storePart(y, erfV(loadPart(x, n, f32x4.splat(0))), n);
}

export function erfGradient(saved: usize, dy: usize, dx: usize, n: i32): void {
  const zero = f32x4.splat(0);
  for (; n >= 4; n -= 4, saved += 16, dy += 16, dx += 16) {
    v128.store(dx, erfSlope(v128.load(saved), v128.load(dy)));
  }
  if (n > 0) storePart(dx, erfSlope(loadPart(saved, n, zero), loadPart(dy, n, zero)), n);
}

/** erf'(x) = 2/√π · exp(−x²) */
function erfSlope(x: v128, dy: v128): v128 {
  const gaussian = gaussianV(x, f32x4.splat(1));
  return f32x4.mul(dy, f32x4.mul(gaussian, f32x4.splat(1.1283791670955126)));
}

export function sqrt(x: usize, y: usize, n: i32): void {
  for (; n >= 4; n -= 4, x += 16, y += 16) v128.store(y, sqrtV(v128.load(x)));
  if (n > 0) storePart(y, sqrtV(loadPart(x, n, f32x4.splat(0))), n);
}

function sqrtV(x: v128): v128 {
  return f32x4.sqrt(x);
}

export function sqrtGradient(saved: usize, dy: usize, dx: usize, n: i32): void {
  const zero = f32x4.splat(0);
  for (; n >= 4; n -= 4, saved += 16, dy += 16, dx += 16) {
    v128.store(dx, sqrtSlope(v128.load(saved), v128.load(dy)));
  }
  if (n > 0) storePart(dx, sqrtSlope(loadPart(saved, n, zero), loadPart(dy, n, zero)), n);
}

function sqrtSlope(y: v128, dy: v128): v128 {
  return f32x4.div(f32x4.mul(dy, f32x4.splat(0.5)), y);
}

export function square(x: usize, y: usize, n: i32): void {
  for (; n >= 4; n -= 4, x += 16, y += 16) v128.store(y, squareV(v128.load(x)));
  if (n > 0) storePart(y, squareV(loadPart(x, n, f32x4.splat(0))), n);
}

function squareV(x: v128): v128 {
  return f32x4.mul(x, x);
}

export function squareGradient(saved: usize, dy: usize, dx: usize, n: i32): void {
  const zero = f32x4.splat(0);
  for (; n >= 4; n -= 4, saved += 16, dy += 16, dx += 16) {
    v128.store(dx, squareSlope(v128.load(saved), v128.load(dy)));
  }
  if (n > 0) storePart(dx, squareSlope(loadPart(saved, n, zero), loadPart(dy, n, zero)), n);
}

function squareSlope(x: v128, dy: v128): v128 {
  return f32x4.mul(dy, f32x4.add(x, x));
}

export function abs(x: usize, y: usize, n: i32): void {
  for (; n >= 4; n -= 4, x += 16, y += 16) v128.store(y, absV(v128.load(x)));
  if (n > 0) storePart(y, absV(loadPart(x, n, f32x4.splat(0))), n);
}

function absV(x: v128): v128 {
  return f32x4.abs(x);
}

export function absGradient(saved: usize, dy: usize, dx: usize, n: i32): void {
  const zero = f32x4.splat(0);
  for (; n >= 4; n -= 4, saved += 16, dy += 16, dx += 16) {
    v128.store(dx, absSlope(v128.load(saved), v128.load(dy)));
  }
  if (n > 0) storePart(dx, absSlope(loadPart(saved, n, zero), loadPart(dy, n, zero)), n);
}

function absSlope(x: v128, dy: v128): v128 {
  const zero = f32x4.splat(0);
  const signed = v128.bitselect(f32x4.neg(dy), dy, f32x4.lt(x, zero));
  return v128.andnot(signed, f32x4.eq(x, zero));
}

export function negate(x: usize, y: usize, n: i32): void {
  for (; n >= 4; n -= 4, x += 16, y += 16) v128.store(y, negateV(v128.load(x)));
  if (n > 0) storePart(y, negateV(loadPart(x, n, f32x4.splat(0))), n);
}

function negateV(x: v128): v128 {
  return f32x4.neg(x);
}

/** y = factor·x + offset. */
export function scale(x: usize, y: usize, n: i32, factor: f32, offset: f32): void {
  const factors = f32x4.splat(factor);
  const offsets = f32x4.splat(offset);
  for (; n >= 4; n -= 4, x += 16, y += 16) v128.store(y, madd(factors, v128.load(x), offsets));
  if (n > 0) storePart(y, madd(factors, loadPart(x, n, offsets), offsets), n);
}

/** y = min(max(x, low), high). */
export function clip(x: usize, y: usize, n: i32, low: f32, high: f32): void {
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  for (; n >= 4; n -= 4, x += 16, y += 16) v128.store(y, clipV(v128.load(x), lows, highs));
  if (n > 0) storePart(y, clipV(loadPart(x, n, lows), lows, highs), n);
}

/** x comes first: the other order would turn NaN into a bound. */
function clipV(x: v128, low: v128, high: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, low), high);
}

export function clipGradient(saved: usize, dy: usize, dx: usize, n: i32, low: f32, high: f32): void {
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  for (; n >= 4; n -= 4, saved += 16, dy += 16, dx += 16) {
    v128.store(dx, clipSlope(v128.load(saved), v128.load(dy), lows, highs));
  }
  if (n > 0) storePart(dx, clipSlope(loadPart(saved, n, lows), loadPart(dy, n, lows), lows, highs), n);
}

function clipSlope(x: v128, dy: v128, low: v128, high: v128): v128 {
  return v128.andnot(dy, v128.or(f32x4.lt(x, low), f32x4.gt(x, high)));
}
