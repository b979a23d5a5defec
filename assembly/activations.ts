// Activation functions and their gradients; the functions that they share live in vectorMath.ts.
//
// Forward kernels `name(x, y, n, …parameters)`:
//   Computes  y[i] = name(x[i]); NaN stays NaN.
//   Layout    n float32 each, contiguous.
//   Requires  n ≥ 1.
//   Aliasing  y may be x.
// Gradients `nameGradient(saved, dy, dx, n, …parameters)`:
//   Computes  dx[i] = dy[i]·name'(…), from `saved`: the input x or the output y, whichever is cheaper and exact.
//   Layout    n float32 each, contiguous.
//   Requires  n ≥ 1; for elu also alpha ≥ 0.
//   Aliasing  dx may be dy or saved.
//
//   saved is the input x    leakyRelu (slope alpha at 0), gelu, geluTanh, silu, softplus
//   saved is the output y   relu (slope 0 at 0), elu (slope alpha at 0), sigmoid, tanh

import { loadPart, madd, storePart } from "./simd";
import { expm1V, expV, gaussianV, normalTailRatioV, sigmoidV, softplusV, tanhV } from "./vectorMath";

export function relu(x: usize, y: usize, n: i32): void {
  const zero = f32x4.splat(0);
  for (; n >= 4; n -= 4, x += 16, y += 16) v128.store(y, f32x4.pmax(v128.load(x), zero));
  if (n > 0) storePart(y, f32x4.pmax(loadPart(x, n, zero), zero), n);
}

export function reluGradient(saved: usize, dy: usize, dx: usize, n: i32): void {
  const zero = f32x4.splat(0);
  for (; n >= 4; n -= 4, saved += 16, dy += 16, dx += 16) {
    v128.store(dx, v128.andnot(v128.load(dy), f32x4.le(v128.load(saved), zero)));
  }
  if (n > 0) storePart(dx, v128.andnot(loadPart(dy, n, zero), f32x4.le(loadPart(saved, n, zero), zero)), n);
}

/** x for x > 0, else alpha·x. */
export function leakyRelu(x: usize, y: usize, n: i32, alpha: f32): void {
  leakyReluGradient(x, x, y, n, alpha);
}

/** The function itself is its gradient applied to dy = x. */
export function leakyReluGradient(saved: usize, dy: usize, dx: usize, n: i32, alpha: f32): void {
  const alphas = f32x4.splat(alpha);
  for (; n >= 4; n -= 4, saved += 16, dy += 16, dx += 16) {
    v128.store(dx, leakyReluSlope(v128.load(saved), v128.load(dy), alphas));
  }
  if (n > 0) storePart(dx, leakyReluSlope(loadPart(saved, n, alphas), loadPart(dy, n, alphas), alphas), n);
}

function leakyReluSlope(x: v128, dy: v128, alpha: v128): v128 {
  return v128.bitselect(dy, f32x4.mul(dy, alpha), f32x4.gt(x, f32x4.splat(0)));
}

/** x for x > 0, else alpha·(exp(x) − 1). */
export function elu(x: usize, y: usize, n: i32, alpha: f32): void {
  const alphas = f32x4.splat(alpha);
  for (; n >= 4; n -= 4, x += 16, y += 16) v128.store(y, eluV(v128.load(x), alphas));
  if (n > 0) storePart(y, eluV(loadPart(x, n, alphas), alphas), n);
}

function eluV(x: v128, alpha: v128): v128 {
  return v128.bitselect(x, f32x4.mul(alpha, expm1V(x)), f32x4.gt(x, f32x4.splat(0)));
}

export function eluGradient(saved: usize, dy: usize, dx: usize, n: i32, alpha: f32): void {
  const alphas = f32x4.splat(alpha);
  for (; n >= 4; n -= 4, saved += 16, dy += 16, dx += 16) {
    v128.store(dx, eluSlope(v128.load(saved), v128.load(dy), alphas));
  }
  if (n > 0) storePart(dx, eluSlope(loadPart(saved, n, alphas), loadPart(dy, n, alphas), alphas), n);
}

/** Below 0 the slope alpha·exp(x) is y + alpha. */
function eluSlope(y: v128, dy: v128, alpha: v128): v128 {
  return v128.bitselect(dy, f32x4.mul(dy, f32x4.add(y, alpha)), f32x4.gt(y, f32x4.splat(0)));
}

// Where exp(−x²/2) is 0 in float32, so are gelu's tail and slope: clamping x there avoids ∞·0.
const GELU_BOUND: f32 = 15;

export function gelu(x: usize, y: usize, n: i32): void {
  for (; n >= 4; n -= 4, x += 16, y += 16) v128.store(y, geluV(v128.load(x)));
  if (n > 0) storePart(y, geluV(loadPart(x, n, f32x4.splat(0))), n);
}

/** x·Φ(x) = max(x, 0) − |x|·Φ(−|x|): the tail keeps its relative accuracy, which 1 + erf loses below −1. */
function geluV(x: v128): v128 {
  const a = f32x4.pmin(f32x4.abs(x), f32x4.splat(GELU_BOUND));
  const tail = f32x4.mul(f32x4.mul(a, normalTailRatioV(a)), gaussianV(a, f32x4.splat(0.5)));
  return f32x4.sub(f32x4.pmax(x, f32x4.splat(0)), tail);
}

export function geluGradient(saved: usize, dy: usize, dx: usize, n: i32): void {
  const zero = f32x4.splat(0);
  for (; n >= 4; n -= 4, saved += 16, dy += 16, dx += 16) {
    v128.store(dx, geluSlope(v128.load(saved), v128.load(dy)));
  }
  if (n > 0) storePart(dx, geluSlope(loadPart(saved, n, zero), loadPart(dy, n, zero)), n);
}

/** gelu'(x) = Φ(x) + x·φ(x), with φ(x) = exp(−x²/2) / √(2π) */
function geluSlope(x: v128, dy: v128): v128 {
  const clamped = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-GELU_BOUND)), f32x4.splat(GELU_BOUND));
  const a = f32x4.abs(clamped);
  const gaussian = gaussianV(a, f32x4.splat(0.5));
  const tail = f32x4.mul(normalTailRatioV(a), gaussian);
  const positive = f32x4.gt(x, f32x4.splat(0));
  const cumulative = v128.bitselect(f32x4.sub(f32x4.splat(1), tail), tail, positive);
  const density = f32x4.mul(gaussian, f32x4.splat(0.3989422804014327));
  return f32x4.mul(dy, madd(clamped, density, cumulative));
}

// gelu's approximation x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))) is x·sigmoid(x·(SLOPE + CUBE·x²)), which
// spares the cancellation in 1 + tanh. Rounding the sigmoid's argument still costs |argument| ulp below 0:
// 10 at x = −3, 200 at x = −10 where the value is 1e-38.
const SLOPE: f32 = 1.5957691216057308;
const CUBE: f32 = 0.07135481627159752;
const GELU_TANH_BOUND: f32 = 20;

export function geluTanh(x: usize, y: usize, n: i32): void {
  for (; n >= 4; n -= 4, x += 16, y += 16) v128.store(y, geluTanhV(v128.load(x)));
  if (n > 0) storePart(y, geluTanhV(loadPart(x, n, f32x4.splat(0))), n);
}

function geluTanhV(x: v128): v128 {
  const bounded = f32x4.pmax(x, f32x4.splat(-GELU_TANH_BOUND));
  const inner = madd(f32x4.mul(bounded, bounded), f32x4.splat(CUBE), f32x4.splat(SLOPE));
  return f32x4.mul(bounded, sigmoidV(f32x4.mul(bounded, inner)));
}

export function geluTanhGradient(saved: usize, dy: usize, dx: usize, n: i32): void {
  const zero = f32x4.splat(0);
  for (; n >= 4; n -= 4, saved += 16, dy += 16, dx += 16) {
    v128.store(dx, geluTanhSlope(v128.load(saved), v128.load(dy)));
  }
  if (n > 0) storePart(dx, geluTanhSlope(loadPart(saved, n, zero), loadPart(dy, n, zero)), n);
}

function geluTanhSlope(x: v128, dy: v128): v128 {
  const bounded = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-GELU_TANH_BOUND)), f32x4.splat(GELU_TANH_BOUND));
  const square = f32x4.mul(bounded, bounded);
  const z = f32x4.mul(bounded, madd(square, f32x4.splat(CUBE), f32x4.splat(SLOPE)));
  const innerSlope = madd(square, f32x4.splat(3 * CUBE), f32x4.splat(SLOPE));
  return f32x4.mul(dy, gatedSlope(z, f32x4.mul(bounded, innerSlope)));
}

/** x·sigmoid(x). */
export function silu(x: usize, y: usize, n: i32): void {
  for (; n >= 4; n -= 4, x += 16, y += 16) v128.store(y, siluV(v128.load(x)));
  if (n > 0) storePart(y, siluV(loadPart(x, n, f32x4.splat(0))), n);
}

// sigmoid(−110) is 0 in float32: below, silu is −0, not −∞·0.
const SILU_BOUND: f32 = 110;

function siluV(x: v128): v128 {
  return f32x4.mul(f32x4.pmax(x, f32x4.splat(-SILU_BOUND)), sigmoidV(x));
}

export function siluGradient(saved: usize, dy: usize, dx: usize, n: i32): void {
  const zero = f32x4.splat(0);
  for (; n >= 4; n -= 4, saved += 16, dy += 16, dx += 16) {
    v128.store(dx, siluSlope(v128.load(saved), v128.load(dy)));
  }
  if (n > 0) storePart(dx, siluSlope(loadPart(saved, n, zero), loadPart(dy, n, zero)), n);
}

function siluSlope(x: v128, dy: v128): v128 {
  const bounded = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-SILU_BOUND)), f32x4.splat(SILU_BOUND));
  return f32x4.mul(dy, gatedSlope(bounded, bounded));
}

/**
 * sigmoid(z) + weight·sigmoid'(z): the derivative of x·sigmoid(z(x)) for weight = x·z'(x).
 *
 * sigmoid' = e / (1 + e)² with e = exp(−|z|): the usual s·(1 − s) cancels for large z.
 */
function gatedSlope(z: v128, weight: v128): v128 {
  const one = f32x4.splat(1);
  const e = expV(f32x4.neg(f32x4.abs(z)));
  const inverse = f32x4.div(one, f32x4.add(one, e));
  const sigmoid = f32x4.mul(v128.bitselect(e, one, f32x4.lt(z, f32x4.splat(0))), inverse);
  return madd(weight, f32x4.mul(e, f32x4.mul(inverse, inverse)), sigmoid);
}

export function sigmoid(x: usize, y: usize, n: i32): void {
  for (; n >= 4; n -= 4, x += 16, y += 16) v128.store(y, sigmoidV(v128.load(x)));
  if (n > 0) storePart(y, sigmoidV(loadPart(x, n, f32x4.splat(0))), n);
}

export function sigmoidGradient(saved: usize, dy: usize, dx: usize, n: i32): void {
  const zero = f32x4.splat(0);
  for (; n >= 4; n -= 4, saved += 16, dy += 16, dx += 16) {
    v128.store(dx, sigmoidSlope(v128.load(saved), v128.load(dy)));
  }
  if (n > 0) storePart(dx, sigmoidSlope(loadPart(saved, n, zero), loadPart(dy, n, zero)), n);
}

function sigmoidSlope(y: v128, dy: v128): v128 {
  return f32x4.mul(dy, f32x4.mul(y, f32x4.sub(f32x4.splat(1), y)));
}

export function tanh(x: usize, y: usize, n: i32): void {
  for (; n >= 4; n -= 4, x += 16, y += 16) v128.store(y, tanhV(v128.load(x)));
  if (n > 0) storePart(y, tanhV(loadPart(x, n, f32x4.splat(0))), n);
}

export function tanhGradient(saved: usize, dy: usize, dx: usize, n: i32): void {
  const zero = f32x4.splat(0);
  for (; n >= 4; n -= 4, saved += 16, dy += 16, dx += 16) {
    v128.store(dx, tanhSlope(v128.load(saved), v128.load(dy)));
  }
  if (n > 0) storePart(dx, tanhSlope(loadPart(saved, n, zero), loadPart(dy, n, zero)), n);
}

/** 1 − y² as (1 − y)·(1 + y), which keeps its accuracy near |y| = 1. */
function tanhSlope(y: v128, dy: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.mul(dy, f32x4.mul(f32x4.sub(one, y), f32x4.add(one, y)));
}

export function softplus(x: usize, y: usize, n: i32): void {
  for (; n >= 4; n -= 4, x += 16, y += 16) v128.store(y, softplusV(v128.load(x)));
  if (n > 0) storePart(y, softplusV(loadPart(x, n, f32x4.splat(0))), n);
}

export function softplusGradient(saved: usize, dy: usize, dx: usize, n: i32): void {
  const zero = f32x4.splat(0);
  for (; n >= 4; n -= 4, saved += 16, dy += 16, dx += 16) {
    v128.store(dx, softplusSlope(v128.load(saved), v128.load(dy)));
  }
  if (n > 0) storePart(dx, softplusSlope(loadPart(saved, n, zero), loadPart(dy, n, zero)), n);
}

function softplusSlope(x: v128, dy: v128): v128 {
  return f32x4.mul(dy, sigmoidV(x));
}
