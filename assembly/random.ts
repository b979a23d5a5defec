// Random numbers from a key and a counter: threefry2x32 with 20 rounds (Salmon, Moraes, Dror, Shaw, "Parallel
// random numbers: as easy as 1, 2, 3", 2011), laid out as jax.random does with jax_threefry_partitionable off.
//
// Word stream of n words: half = ⌈n / 2⌉ blocks, block i enciphers the counts (i, half + i); its first output
// word is word i, its second word half + i. For odd n the last block's second count is 0 and its second
// output is dropped. Nothing here fuses multiply and add, so both binaries draw the same values.

import { Operand } from "./operand";
import { bytesOf, loadPart, storePart } from "./simd";
import { erfV } from "./vectorMath";

/**
 * Computes the n words of the stream above, `counter0` added to every count.
 * Layout y [n] u32. Requires n ≥ 1.
 */
export function threefryBits(key0: i32, key1: i32, counter0: i32, y: Operand, n: i32): void {
  const half = (n >>> 1) + (n & 1);
  const k0 = i32x4.splat(key0);
  const k1 = i32x4.splat(key1);
  const four = i32x4.splat(4);
  let first = i32x4.add(i32x4.splat(counter0), i32x4(0, 1, 2, 3));
  let second = i32x4.add(first, i32x4.splat(half));
  const upper = y + bytesOf(half);
  let i = 0;
  for (; i + 4 < half; i += 4) {
    encipher(k0, k1, first, second, y + bytesOf(i), upper + bytesOf(i), 4, 4);
    first = i32x4.add(first, four);
    second = i32x4.add(second, four);
  }
  const blocks = half - i;
  const dropped = n & 1;
  // Of the last blocks, only the second count of the very last can be the padding.
  if (dropped) second = v128.andnot(second, i32x4.eq(i32x4(1, 2, 3, 4), i32x4.splat(blocks)));
  encipher(k0, k1, first, second, y + bytesOf(i), upper + bytesOf(i), blocks, blocks - dropped);
}

/** Computes one block: y[0], y[1] = threefry2x32(key; counter0, counter1). Layout y [2] u32. */
export function threefryBlock(key0: i32, key1: i32, counter0: i32, counter1: i32, y: usize): void {
  const first = i32x4.splat(counter0);
  encipher(i32x4.splat(key0), i32x4.splat(key1), first, i32x4.splat(counter1), y, y + 4, 1, 1);
}

/** Enciphers four blocks and stores the first `count0` first and `count1` second words. */
function encipher(
  k0: v128,
  k1: v128,
  x0: v128,
  x1: v128,
  y0: usize,
  y1: usize,
  count0: i32,
  count1: i32,
): void {
  const k2 = v128.xor(v128.xor(k0, k1), i32x4.splat(0x1bd11bda));
  x0 = i32x4.add(x0, k0);
  x1 = i32x4.add(x1, k1);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 13), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 15), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 26), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 6), x0);
  x0 = i32x4.add(x0, k1);
  x1 = i32x4.add(x1, i32x4.add(k2, i32x4.splat(1)));
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 17), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 29), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 16), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 24), x0);
  x0 = i32x4.add(x0, k2);
  x1 = i32x4.add(x1, i32x4.add(k0, i32x4.splat(2)));
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 13), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 15), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 26), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 6), x0);
  x0 = i32x4.add(x0, k0);
  x1 = i32x4.add(x1, i32x4.add(k1, i32x4.splat(3)));
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 17), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 29), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 16), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 24), x0);
  x0 = i32x4.add(x0, k1);
  x1 = i32x4.add(x1, i32x4.add(k2, i32x4.splat(4)));
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 13), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 15), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 26), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 6), x0);
  x0 = i32x4.add(x0, k2);
  x1 = i32x4.add(x1, i32x4.add(k0, i32x4.splat(5)));
  storePart(y0, x0, count0);
  storePart(y1, x1, count1);
}

function rotate(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(x, bits), i32x4.shr_u(x, 32 - bits));
}

/**
 * Computes y = low + (high − low) u, at least low, u the word's upper 23 bits as a fraction in [0, 1).
 * Layout y [n]. Requires n ≥ 1, low < high.
 */
export function uniform(key0: i32, key1: i32, y: Operand, n: i32, low: f32, high: f32): void {
  threefryBits(key0, key1, 0, y, n);
  for (; n > 0; n -= 4, y += 16) storePart(y, uniformOf(y, n, low, high), n);
}

/** Computes y = 1 with probability p, else 0: u < p. Layout y [n]. Requires n ≥ 1. */
export function bernoulli(key0: i32, key1: i32, y: Operand, n: i32, p: f32): void {
  const one = f32x4.splat(1);
  const probability = f32x4.splat(p);
  threefryBits(key0, key1, 0, y, n);
  for (; n > 0; n -= 4, y += 16) {
    storePart(y, v128.and(one, f32x4.lt(uniformOf(y, n, 0, 1), probability)), n);
  }
}

/**
 * Computes y = mean + deviation √2 erf⁻¹(u), u uniform in (−1, 1).
 * Layout y [n]. Requires n ≥ 1.
 */
export function normal(key0: i32, key1: i32, y: Operand, n: i32, mean: f32, deviation: f32): void {
  const root2 = f32x4.splat(1.4142135623730951);
  const scale = f32x4.splat(deviation);
  const shift = f32x4.splat(mean);
  threefryBits(key0, key1, 0, y, n);
  for (; n > 0; n -= 4, y += 16) {
    // The lower bound is the float32 after −1, whose erf⁻¹ is finite.
    const z = f32x4.mul(root2, inverseErf(uniformOf(y, n, -0.99999994, 1)));
    storePart(y, f32x4.add(f32x4.mul(z, scale), shift), n);
  }
}

/**
 * Computes y = √2 erf⁻¹(u), u uniform in [erf(low/√2), erf(high/√2)): a standard normal cut to [low, high].
 * Layout y [n]. Requires n ≥ 1, low < high.
 */
export function truncatedNormal(key0: i32, key1: i32, y: Operand, n: i32, low: f32, high: f32): void {
  const root2 = f32x4.splat(1.4142135623730951);
  const bounds = erfV(f32x4.div(f32x4(low, high, 0, 0), root2));
  // Where a bound's erf rounds to ±1 the neighbour inside stands for it: its erf⁻¹ is finite.
  const from = max(f32x4.extract_lane(bounds, 0), -0.99999994);
  const to = min(f32x4.extract_lane(bounds, 1), 0.99999994);
  threefryBits(key0, key1, 0, y, n);
  for (; n > 0; n -= 4, y += 16) {
    const z = f32x4.mul(root2, inverseErf(uniformOf(y, n, from, to)));
    storePart(y, f32x4.pmin(f32x4.pmax(z, f32x4.splat(low)), f32x4.splat(high)), n);
  }
}

/** Four words at y as fractions: their upper bits become the mantissa of a number in [1, 2). */
function uniformOf(y: usize, n: i32, low: f32, high: f32): v128 {
  const one = f32x4.splat(1);
  const least = f32x4.splat(low);
  const words = loadPart(y, n, one);
  const fraction = f32x4.sub(v128.or(i32x4.shr_u(words, 9), one), one);
  return f32x4.pmax(f32x4.add(f32x4.mul(fraction, f32x4.splat(high - low)), least), least);
}

/** erf⁻¹ for |x| < 1: Giles, "Approximating the erfinv function", GPU Computing Gems, 2011. */
function inverseErf(x: v128): v128 {
  const one = f32x4.splat(1);
  const w = negativeLog(f32x4.mul(f32x4.sub(one, x), f32x4.add(one, x)));
  let p = polynomial9(CENTRE, f32x4.sub(w, f32x4.splat(2.5)));
  const far = f32x4.ge(w, f32x4.splat(5));
  // One vector in 75 has a lane with |x| > 0.9966.
  if (v128.any_true(far)) {
    p = v128.bitselect(polynomial9(TAIL, f32x4.sub(f32x4.sqrt(w), f32x4.splat(3))), p, far);
  }
  return f32x4.mul(p, x);
}

/**
 * −log t for normal t in (0, 1]: the Cephes polynomial for log(1 + m), √½ − 1 ≤ m < √2 − 1. vectorMath's
 * logarithm fuses where it can; this one must not.
 */
function negativeLog(t: v128): v128 {
  // Counting from the bits of √½ puts the mantissa in [√½, √2) and the carry into the exponent.
  const offset = i32x4.sub(t, i32x4.splat(0x3f3504f3));
  const exponent = f32x4.convert_i32x4_s(i32x4.shr_s(offset, 23));
  const mantissa = i32x4.add(v128.and(offset, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3));
  const m = f32x4.sub(mantissa, f32x4.splat(1));
  const square = f32x4.mul(m, m);
  const cubic = f32x4.mul(f32x4.mul(m, square), polynomial9(LOGARITHM, m));
  const log = f32x4.add(m, f32x4.sub(cubic, f32x4.mul(square, f32x4.splat(0.5))));
  return f32x4.sub(f32x4.mul(exponent, f32x4.splat(-0.6931471805599453)), log);
}

/** Horner's rule on nine coefficients, highest power first, each stored four times. */
function polynomial9(table: usize, x: v128): v128 {
  let p = v128.load(table);
  p = f32x4.add(f32x4.mul(p, x), v128.load(table, 16));
  p = f32x4.add(f32x4.mul(p, x), v128.load(table, 32));
  p = f32x4.add(f32x4.mul(p, x), v128.load(table, 48));
  p = f32x4.add(f32x4.mul(p, x), v128.load(table, 64));
  p = f32x4.add(f32x4.mul(p, x), v128.load(table, 80));
  p = f32x4.add(f32x4.mul(p, x), v128.load(table, 96));
  p = f32x4.add(f32x4.mul(p, x), v128.load(table, 112));
  p = f32x4.add(f32x4.mul(p, x), v128.load(table, 128));
  return p;
}

// Coefficients lie in memory four-fold: V8 builds a vector constant anew at each use, a load is cheaper.

// prettier-ignore
/** erf⁻¹(x) / x in w − 2.5, w = −log(1 − x²) < 5. */
const CENTRE = memory.data<f32>(
  [
    2.81022636e-08, 2.81022636e-08, 2.81022636e-08, 2.81022636e-08,
    3.43273939e-07, 3.43273939e-07, 3.43273939e-07, 3.43273939e-07,
    -3.5233877e-06, -3.5233877e-06, -3.5233877e-06, -3.5233877e-06,
    -4.39150654e-06, -4.39150654e-06, -4.39150654e-06, -4.39150654e-06,
    0.00021858087, 0.00021858087, 0.00021858087, 0.00021858087,
    -0.00125372503, -0.00125372503, -0.00125372503, -0.00125372503,
    -0.00417768164, -0.00417768164, -0.00417768164, -0.00417768164,
    0.246640727, 0.246640727, 0.246640727, 0.246640727,
    1.50140941, 1.50140941, 1.50140941, 1.50140941,
  ],
  16,
);

// prettier-ignore
/** erf⁻¹(x) / x in √w − 3, w ≥ 5. */
const TAIL = memory.data<f32>(
  [
    -0.000200214257, -0.000200214257, -0.000200214257, -0.000200214257,
    0.000100950558, 0.000100950558, 0.000100950558, 0.000100950558,
    0.00134934322, 0.00134934322, 0.00134934322, 0.00134934322,
    -0.00367342844, -0.00367342844, -0.00367342844, -0.00367342844,
    0.00573950773, 0.00573950773, 0.00573950773, 0.00573950773,
    -0.0076224613, -0.0076224613, -0.0076224613, -0.0076224613,
    0.00943887047, 0.00943887047, 0.00943887047, 0.00943887047,
    1.00167406, 1.00167406, 1.00167406, 1.00167406,
    2.83297682, 2.83297682, 2.83297682, 2.83297682,
  ],
  16,
);

// prettier-ignore
/** (log(1 + m) − m + m²/2) / m³ in m. */
const LOGARITHM = memory.data<f32>(
  [
    7.0376836292e-2, 7.0376836292e-2, 7.0376836292e-2, 7.0376836292e-2,
    -1.1514610310e-1, -1.1514610310e-1, -1.1514610310e-1, -1.1514610310e-1,
    1.1676998740e-1, 1.1676998740e-1, 1.1676998740e-1, 1.1676998740e-1,
    -1.2420140846e-1, -1.2420140846e-1, -1.2420140846e-1, -1.2420140846e-1,
    1.4249322787e-1, 1.4249322787e-1, 1.4249322787e-1, 1.4249322787e-1,
    -1.6668057665e-1, -1.6668057665e-1, -1.6668057665e-1, -1.6668057665e-1,
    2.0000714765e-1, 2.0000714765e-1, 2.0000714765e-1, 2.0000714765e-1,
    -2.4999993993e-1, -2.4999993993e-1, -2.4999993993e-1, -2.4999993993e-1,
    3.3333331174e-1, 3.3333331174e-1, 3.3333331174e-1, 3.3333331174e-1,
  ],
  16,
);
