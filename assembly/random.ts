// Random numbers of several distributions, made of the words of threefry.ts. Nothing here fuses multiply and add, so
// both binaries draw the same values.

import { ROOT_TWO, rootTwoInverseErf } from "./inverseErf";
import { Count, First, Operand } from "./operand";
import { clip } from "./pointwise";
import { bytesOf, loadPart, storePart } from "./simd";
import { halfOf, secondWords, threefryBits } from "./threefry";
import { erfV } from "./vectorMath";

// A distribution is a class with parameters p and q: `of` gives four values from four words. Of y [n], n ≥ 1, its kernel
// fills what the blocks from first on give.

/** Words, and at once the values made of them. */
function draw<D>(key0: i32, key1: i32, y: usize, n: i32, first: i32, blocks: i32, p: f32, q: f32): void {
  threefryBits(key0, key1, 0, y, n, first, blocks);
  const lower = y + bytesOf(first);
  transform<D>(lower, blocks, p, q);
  transform<D>(lower + bytesOf(halfOf(n)), secondWords(n, first, blocks), p, q);
}

function transform<D>(y: usize, n: i32, p: f32, q: f32): void {
  const d = changetype<D>(0);
  for (; n > 0; n -= 4, y += 16) storePart(y, d.of(loadPart(y, n, f32x4.splat(1)), p, q), n);
}

/** low + (high − low) u, at least low, u the word's upper 23 bits as a fraction in [0, 1). */
class Uniform {
  of(words: v128, low: f32, high: f32): v128 {
    return uniformOf(words, low, high);
  }
}

/** Computes y uniform in [low, high). Requires low < high. */
export function uniform(
  key0: i32,
  key1: i32,
  y: Operand,
  n: i32,
  first: First,
  blocks: Count,
  low: f32,
  high: f32,
): void {
  draw<Uniform>(key0, key1, y, n, first, blocks, low, high);
}

/** 1 where u < p. */
class Bernoulli {
  of(words: v128, p: f32, _none: f32): v128 {
    return v128.and(f32x4.splat(1), f32x4.lt(uniformOf(words, 0, 1), f32x4.splat(p)));
  }
}

/** Computes y = 1 with probability p, else 0. */
export function bernoulli(
  key0: i32,
  key1: i32,
  y: Operand,
  n: i32,
  first: First,
  blocks: Count,
  p: f32,
): void {
  draw<Bernoulli>(key0, key1, y, n, first, blocks, p, 0);
}

/** mean + deviation √2 erf⁻¹(u), u uniform in (−1, 1). */
class Normal {
  of(words: v128, mean: f32, deviation: f32): v128 {
    // The lower bound is the float32 after −1, whose erf⁻¹ is finite.
    const z = rootTwoInverseErf(uniformOf(words, -0.99999994, 1));
    return f32x4.add(f32x4.mul(z, f32x4.splat(deviation)), f32x4.splat(mean));
  }
}

/** Computes y normal. */
export function normal(
  key0: i32,
  key1: i32,
  y: Operand,
  n: i32,
  first: First,
  blocks: Count,
  mean: f32,
  deviation: f32,
): void {
  draw<Normal>(key0, key1, y, n, first, blocks, mean, deviation);
}

/** √2 erf⁻¹(u), u uniform in [from, to). */
class QuantileOfPart {
  of(words: v128, from: f32, to: f32): v128 {
    return rootTwoInverseErf(uniformOf(words, from, to));
  }
}

/**
 * Computes y = √2 erf⁻¹(u), u uniform in [erf(low/√2), erf(high/√2)): a standard normal cut to [low, high].
 * Requires low < high.
 */
export function truncatedNormal(
  key0: i32,
  key1: i32,
  y: Operand,
  n: i32,
  first: First,
  blocks: Count,
  low: f32,
  high: f32,
): void {
  const bounds = erfV(f32x4.div(f32x4(low, high, 0, 0), f32x4.splat(ROOT_TWO)));
  // Where a bound's erf rounds to ±1 the neighbour inside stands for it: its erf⁻¹ is finite.
  const from = max(f32x4.extract_lane(bounds, 0), -0.99999994);
  const to = min(f32x4.extract_lane(bounds, 1), 0.99999994);
  draw<QuantileOfPart>(key0, key1, y, n, first, blocks, from, to);
  const lower = y + bytesOf(first);
  clip(lower, lower, 0, blocks, low, high);
  clip(lower + bytesOf(halfOf(n)), lower + bytesOf(halfOf(n)), 0, secondWords(n, first, blocks), low, high);
}

/** Four words as fractions: their upper bits become the mantissa of a number in [1, 2). */
function uniformOf(words: v128, low: f32, high: f32): v128 {
  const one = f32x4.splat(1);
  const least = f32x4.splat(low);
  const fraction = f32x4.sub(v128.or(i32x4.shr_u(words, 9), one), one);
  return f32x4.pmax(f32x4.add(f32x4.mul(fraction, f32x4.splat(high - low)), least), least);
}
