// Binary cross-entropy and its gradients in one pass each, and the check of what it takes.
//
// Legend: z logits, p probabilities, t targets in [0, 1], y the loss of each element; n float32 each, contiguous.
// `dy` holds n values, or one that all elements share (dyLength 1).
// Requires n ≥ 1.
// Aliasing the output may be an input of length n.

import { Operand } from "./operand";
import { loadPart, madd, storePart } from "./simd";
import { expV, log1pV, logV } from "./vectorMath";

/**
 * Computes y = max(z, 0) − z·t + log1p(exp(−|z|)), which is −t·log σ(z) − (1 − t)·log σ(−z).
 */
export function bceLogits(z: Operand, t: Operand, y: Operand, n: i32): void {
  const zero = f32x4.splat(0);
  for (; n >= 4; n -= 4, z += 16, t += 16, y += 16) v128.store(y, logitsLoss(v128.load(z), v128.load(t)));
  if (n > 0) storePart(y, logitsLoss(loadPart(z, n, zero), loadPart(t, n, zero)), n);
}

/** The weight of |z|: 1 − t on the side of target 1, else t. So max(z, 0) − z·t = |z|·weight does not cancel. */
function wrongShare(z: v128, t: v128): v128 {
  return v128.bitselect(f32x4.sub(f32x4.splat(1), t), t, f32x4.gt(z, f32x4.splat(0)));
}

function logitsLoss(z: v128, t: v128): v128 {
  const magnitude = f32x4.abs(z);
  return madd(magnitude, wrongShare(z, t), log1pV(expV(f32x4.neg(magnitude))));
}

/**
 * Computes dz = dy·(σ(z) − t).
 */
export function bceLogitsGradient(
  z: Operand,
  t: Operand,
  dy: Operand,
  dyLength: i32,
  dz: Operand,
  n: i32,
): void {
  const zero = f32x4.splat(0);
  const shared = v128.load32_splat(dy);
  const step: usize = dyLength == 1 ? 0 : 16;
  for (; n >= 4; n -= 4, z += 16, t += 16, dy += step, dz += 16) {
    const upstream = step ? v128.load(dy) : shared;
    v128.store(dz, f32x4.mul(upstream, logitsSlope(v128.load(z), v128.load(t))));
  }
  if (n == 0) return;
  const upstream = step ? loadPart(dy, n, zero) : shared;
  storePart(dz, f32x4.mul(upstream, logitsSlope(loadPart(z, n, zero), loadPart(t, n, zero))), n);
}

/** σ(z) − t as ±(weight − σ(−|z|)): where σ(z) rounds to 1, a target of 1 still has its small slope. */
function logitsSlope(z: v128, t: v128): v128 {
  const e = expV(f32x4.neg(f32x4.abs(z)));
  const tail = f32x4.div(e, f32x4.add(f32x4.splat(1), e));
  const slope = f32x4.sub(wrongShare(z, t), tail);
  return v128.bitselect(slope, f32x4.neg(slope), f32x4.gt(z, f32x4.splat(0)));
}

/**
 * Computes y = −t·log c − (1 − t)·log(1 − c) with c = p clipped to [low, high].
 * Requires 0 < low ≤ high < 1.
 */
export function bceProbabilities(p: Operand, t: Operand, y: Operand, n: i32, low: f32, high: f32): void {
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  for (; n >= 4; n -= 4, p += 16, t += 16, y += 16) {
    v128.store(y, probabilitiesLoss(v128.load(p), v128.load(t), lows, highs));
  }
  if (n > 0) storePart(y, probabilitiesLoss(loadPart(p, n, lows), loadPart(t, n, lows), lows, highs), n);
}

function probabilitiesLoss(p: v128, t: v128, low: v128, high: v128): v128 {
  const clipped = f32x4.pmin(f32x4.pmax(p, low), high); // p first: the other order turns NaN into a bound
  const rest = f32x4.mul(f32x4.sub(f32x4.splat(1), t), log1pV(f32x4.neg(clipped)));
  return f32x4.neg(madd(t, logV(clipped), rest));
}

/**
 * Computes dp = dy·(p − t) / (p·(1 − p)) for p in [low, high], 0 beyond.
 * Requires 0 < low ≤ high < 1.
 */
export function bceProbabilitiesGradient(
  p: Operand,
  t: Operand,
  dy: Operand,
  dyLength: i32,
  dp: Operand,
  n: i32,
  low: f32,
  high: f32,
): void {
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  const shared = v128.load32_splat(dy);
  const step: usize = dyLength == 1 ? 0 : 16;
  for (; n >= 4; n -= 4, p += 16, t += 16, dy += step, dp += 16) {
    const upstream = step ? v128.load(dy) : shared;
    v128.store(dp, probabilitiesSlope(v128.load(p), v128.load(t), upstream, lows, highs));
  }
  if (n == 0) return;
  const upstream = step ? loadPart(dy, n, lows) : shared;
  storePart(dp, probabilitiesSlope(loadPart(p, n, lows), loadPart(t, n, lows), upstream, lows, highs), n);
}

function probabilitiesSlope(p: v128, t: v128, dy: v128, low: v128, high: v128): v128 {
  const spread = f32x4.mul(p, f32x4.sub(f32x4.splat(1), p));
  const slope = f32x4.mul(dy, f32x4.div(f32x4.sub(p, t), spread));
  return v128.andnot(slope, v128.or(f32x4.lt(p, low), f32x4.gt(p, high)));
}

/**
 * Computes how many of x lie below low or above high; NaN lies nowhere.
 */
export function countOutside(x: Operand, n: i32, low: f32, high: f32): i32 {
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  let counts = i32x4.splat(0);
  for (; n >= 4; n -= 4, x += 16) counts = i32x4.sub(counts, outside(v128.load(x), lows, highs));
  if (n > 0) counts = i32x4.sub(counts, outside(loadPart(x, n, lows), lows, highs));
  const pairs = i32x4.add(counts, v128.shuffle<i32>(counts, counts, 2, 3, 0, 1));
  return i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1);
}

/** Lanes outside [low, high] as −1, others 0. */
function outside(x: v128, low: v128, high: v128): v128 {
  return v128.or(f32x4.lt(x, low), f32x4.gt(x, high));
}
