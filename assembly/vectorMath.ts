// Elementary functions on four float32 lanes, NaN kept, each within 2 ulp over the whole float32 range where
// its description names no other bound.
// They are the building blocks of the pointwise kernels; nothing here loops over memory.
//
// Constants are read from static memory: V8 rebuilds a `v128.const` at every use, which makes exp 1.4 times
// slower on Node 24. The functions are called, not inlined: inlining exp for two vectors per iteration takes
// it from 1.4 to 1.0 ns per element, but would repeat its code in every kernel that needs it.
//
// Clamps are written pmin(pmax(x, low), high), with x first: the other order turns NaN into a bound.

import { bytesOf, madd } from "./simd";

/** The constant at `index` of a table in static memory, on all lanes. */
function constant(table: usize, index: i32 = 0): v128 {
  return v128.load32_splat(table + bytesOf(index));
}

/** Magnitude of `magnitude` with the sign of `sign`; `magnitude` must not be negative. */
function withSign(magnitude: v128, sign: v128): v128 {
  return v128.or(magnitude, v128.and(sign, constant(SIGN_BIT)));
}

const SIGN_BIT = memory.data<u32>([0x80000000], 16);
const ONE = memory.data<f32>([1], 16);

// ---- exp and its relatives ----
// x = k·ln 2 + r with |r| ≤ ln 2 / 2, and exp(r) = 1 + (r + r²·P(r)).
// P is a minimax fit of degree 4, off by 2^-28.2. ln 2 comes in two parts, the first short enough (15 bits)
// for k·first to be exact. Adding 1.5·2^23 rounds x / ln 2 to an integer, left in the low bits of the sum.

const EXP = memory.data<f32>([0.0013942206, 0.008368679, 0.041666385, 0.16666521, 0.5], 16);
const LOG2_E = memory.data<f32>([1.4426950408889634], 16);
const ROUND = memory.data<f32>([12582912], 16); // 1.5·2^23
const MINUS_LN2 = memory.data<f32>([-0.693145751953125, -1.4286068203094172e-6], 16);
const EXP_BOUNDS = memory.data<f32>([-104, 89], 16); // the results are 0 and infinity

/** x / ln 2 + 1.5·2^23: the integer k sits in the low bits. */
function exponentOf(x: v128): v128 {
  return madd(x, constant(LOG2_E), constant(ROUND));
}

/** exp(r) − 1 for the remainder r = x − k·ln 2, with `biased` from exponentOf. */
function expm1OfRemainder(x: v128, biased: v128): v128 {
  const k = f32x4.sub(biased, constant(ROUND));
  const r = madd(k, constant(MINUS_LN2, 1), madd(k, constant(MINUS_LN2), x));
  let p = madd(constant(EXP), r, constant(EXP, 1));
  p = madd(p, r, constant(EXP, 2));
  p = madd(p, r, constant(EXP, 3));
  p = madd(p, r, constant(EXP, 4));
  return madd(f32x4.mul(r, r), p, r);
}

/** exp(x), with infinities and denormal results. */
export function expV(x: v128): v128 {
  const one = constant(ONE);
  const clamped = f32x4.pmin(f32x4.pmax(x, constant(EXP_BOUNDS)), constant(EXP_BOUNDS, 1));
  const biased = exponentOf(clamped);
  const y = f32x4.add(one, expm1OfRemainder(clamped, biased));
  // 2^k is applied as 2^half · 2^(k − half): k reaches from −150 to 128, beyond one factor's range.
  const k = i32x4.shl(biased, 23);
  const half = i32x4.shl(i32x4.shr_s(k, 24), 23);
  return f32x4.mul(f32x4.mul(y, i32x4.add(half, one)), i32x4.add(i32x4.sub(k, half), one));
}

const EXPM1_BOUNDS = memory.data<f32>([-30, 88], 16);

/** exp(x) − 1 for x ≤ 88 (larger x count as 88), without cancellation near 0; −0 becomes +0. */
export function expm1V(x: v128): v128 {
  const clamped = f32x4.pmin(f32x4.pmax(x, constant(EXPM1_BOUNDS)), constant(EXPM1_BOUNDS, 1));
  const biased = exponentOf(clamped);
  const one = constant(ONE);
  const scale = i32x4.add(i32x4.shl(biased, 23), one);
  return madd(scale, expm1OfRemainder(clamped, biased), f32x4.sub(scale, one));
}

/** 1 / (1 + exp(−x)), from exp(−|x|) so that large negative x give denormals, not 0. */
export function sigmoidV(x: v128): v128 {
  const one = constant(ONE);
  const e = expV(f32x4.neg(f32x4.abs(x)));
  const numerator = v128.bitselect(e, one, f32x4.lt(x, f32x4.splat(0)));
  return f32x4.div(numerator, f32x4.add(one, e));
}

// tanh(x) = x + x³·P(x²) for |x| ≤ 0.625, off by 2^-27.7
const TANH = memory.data<f32>([-0.005695813, 0.020630825, -0.05373714, 0.1333141, -0.3333328], 16);
const TANH_SPLIT = memory.data<f32>([0.625], 16);
const TWO = memory.data<f32>([2], 16);

/** tanh(x); beyond 0.625 as 1 − 2 / (exp(2·|x|) + 1), where 1 hides the fraction's error. */
export function tanhV(x: v128): v128 {
  const one = constant(ONE);
  const a = f32x4.abs(x);
  const square = f32x4.mul(a, a);
  let p = madd(constant(TANH), square, constant(TANH, 1));
  p = madd(p, square, constant(TANH, 2));
  p = madd(p, square, constant(TANH, 3));
  p = madd(p, square, constant(TANH, 4));
  const inner = madd(f32x4.mul(p, square), a, a);
  const outer = f32x4.sub(one, f32x4.div(constant(TWO), f32x4.add(expV(f32x4.add(a, a)), one)));
  return withSign(v128.bitselect(outer, inner, f32x4.gt(a, constant(TANH_SPLIT))), x);
}

// ---- Logarithms ----
// x = 2^k · (1 + f) with 1 + f in [√½, √2), and log(1 + f) = f + f²·P(f); P is a fit off by 2^-27.8.

const LOG = memory.data<f32>(
  [-0.0762285, 0.12908542, -0.1324471, 0.14181216, -0.16608761, 0.20002, -0.250016, 0.33333325, -0.49999988],
  16,
);
const LN2 = memory.data<f32>([0.693145751953125, 1.4286068203094172e-6], 16);
const SQRT_HALF_BITS = memory.data<u32>([0x3f3504f3], 16);
const EXPONENT_BITS = memory.data<u32>([0xff800000], 16);
const EXPONENT_UNIT = memory.data<f32>([1.1920928955078125e-7], 16); // 2^-23
const SMALLEST_NORMAL = memory.data<f32>([1.1754943508222875e-38], 16);
const DENORMAL_SCALE = memory.data<f32>([8388608, -23], 16); // 2^23, and what it adds to k
const FOUR = memory.data<f32>([4], 16);
const QUARTER = memory.data<f32>([0.25], 16);
const MINUS_ONE = memory.data<f32>([-1], 16);
const INFINITY = memory.data<f32>([Infinity, -Infinity], 16);

/** k in the place of the exponent's bits. */
function exponentBits(x: v128): v128 {
  return v128.and(i32x4.sub(x, constant(SQRT_HALF_BITS)), constant(EXPONENT_BITS));
}

/** k·ln 2 + log(1 + f), the largest term last. */
function logOfParts(k: v128, f: v128): v128 {
  let p = madd(constant(LOG), f, constant(LOG, 1));
  p = madd(p, f, constant(LOG, 2));
  p = madd(p, f, constant(LOG, 3));
  p = madd(p, f, constant(LOG, 4));
  p = madd(p, f, constant(LOG, 5));
  p = madd(p, f, constant(LOG, 6));
  p = madd(p, f, constant(LOG, 7));
  p = madd(p, f, constant(LOG, 8));
  const small = madd(f32x4.mul(f, f), p, f32x4.mul(k, constant(LN2, 1)));
  return madd(k, constant(LN2), f32x4.add(f, small));
}

/** `y` where it holds for log(x), else the limits: −∞ at ±0, +∞ at +∞, NaN for negative x and NaN. */
function withLogLimits(y: v128, x: v128): v128 {
  const zero = f32x4.splat(0);
  const finite = v128.bitselect(x, y, f32x4.eq(x, constant(INFINITY)));
  const limits = v128.bitselect(finite, constant(INFINITY, 1), f32x4.gt(x, zero));
  return v128.or(limits, v128.not(f32x4.ge(x, zero))); // all bits set is a NaN
}

/** log(x), denormal x included. */
export function logV(x: v128): v128 {
  const denormal = f32x4.lt(x, constant(SMALLEST_NORMAL));
  const scaled = v128.bitselect(f32x4.mul(x, constant(DENORMAL_SCALE)), x, denormal);
  const bits = exponentBits(scaled);
  const shift = v128.and(denormal, constant(DENORMAL_SCALE, 1));
  const k = madd(f32x4.convert_i32x4_s(bits), constant(EXPONENT_UNIT), shift);
  const f = f32x4.sub(i32x4.sub(scaled, bits), constant(ONE));
  return withLogLimits(logOfParts(k, f), x);
}

/** log(1 + x), keeping the bits of x that 1 + x would round away: f = 2^-k·x + (2^-k − 1). */
export function log1pV(x: v128): v128 {
  const sum = f32x4.add(x, constant(ONE));
  const bits = exponentBits(sum);
  // 4·2^-k, because 2^-k itself is out of range for k = 128. Where k ≠ 0, x is large enough to be scaled
  // by its exponent's bits.
  const fourth = i32x4.sub(constant(FOUR), bits);
  const f = f32x4.add(i32x4.sub(x, bits), madd(fourth, constant(QUARTER), constant(MINUS_ONE)));
  const k = f32x4.mul(f32x4.convert_i32x4_s(bits), constant(EXPONENT_UNIT));
  return withSign(withLogLimits(logOfParts(k, f), sum), x);
}

/** log(1 + exp(x)) = max(x, 0) + log1p(exp(−|x|)): no overflow, and exp(x) itself far below 0. */
export function softplusV(x: v128): v128 {
  return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), log1pV(expV(f32x4.neg(f32x4.abs(x)))));
}

// ---- The normal distribution ----

// erf(x) = x + x·P(x²) for |x| ≤ 1, off by 2^-29.6
const ERF_INNER = memory.data<f32>(
  [7.920368e-5, -0.00080307614, 0.005190734, -0.026855126, 0.11283618, -0.3761263, 0.12837917],
  16,
);
// erf(x) = 1 − exp(Q(x)) for 1 < x ≤ 4, off by 2^-29.8
const ERF_OUTER = memory.data<f32>(
  [0.00018638138, -0.0029476818, 0.021838155, -0.10310692, -0.6381447, -1.1270893, -0.00034151258],
  16,
);

/** erf(x), the error function; beyond 4 it is ±1. */
export function erfV(x: v128): v128 {
  const one = constant(ONE);
  const a = f32x4.pmin(f32x4.abs(x), constant(FOUR));
  const square = f32x4.mul(a, a);
  let p = madd(constant(ERF_INNER), square, constant(ERF_INNER, 1));
  p = madd(p, square, constant(ERF_INNER, 2));
  p = madd(p, square, constant(ERF_INNER, 3));
  p = madd(p, square, constant(ERF_INNER, 4));
  p = madd(p, square, constant(ERF_INNER, 5));
  p = madd(p, square, constant(ERF_INNER, 6));
  let q = madd(constant(ERF_OUTER), a, constant(ERF_OUTER, 1));
  q = madd(q, a, constant(ERF_OUTER, 2));
  q = madd(q, a, constant(ERF_OUTER, 3));
  q = madd(q, a, constant(ERF_OUTER, 4));
  q = madd(q, a, constant(ERF_OUTER, 5));
  q = madd(q, a, constant(ERF_OUTER, 6));
  const outer = f32x4.sub(one, expV(q));
  return withSign(v128.bitselect(outer, madd(a, p, a), f32x4.gt(a, one)), x);
}

const GAUSSIAN_BOUND = memory.data<f32>([16], 16); // exp(−16²/2) is 0
const UPPER_BITS = memory.data<u32>([0xfffff000], 16);

/**
 * exp(−c·x²) for a power of two c, within 2 ulp also where it is tiny.
 *
 * Rounding x² alone would cost up to 50 ulp there, so its error is found exactly (Dekker's product of the
 * upper 12 bits and the rest) and applied as exp(p + δ) = exp(p) + δ·exp(p).
 */
export function gaussianV(x: v128, c: v128): v128 {
  const a = f32x4.pmin(f32x4.abs(x), constant(GAUSSIAN_BOUND));
  const upper = v128.and(a, constant(UPPER_BITS));
  const lower = f32x4.sub(a, upper);
  const square = f32x4.mul(a, a);
  const cross = f32x4.mul(upper, lower);
  const inner = f32x4.add(f32x4.sub(f32x4.mul(upper, upper), square), f32x4.add(cross, cross));
  const error = f32x4.add(inner, f32x4.mul(lower, lower));
  const e = expV(f32x4.neg(f32x4.mul(square, c)));
  return f32x4.sub(e, f32x4.mul(e, f32x4.mul(error, c)));
}

const NORMAL_TAIL = memory.data<f32>(
  [
    0.00013496363, 0.0003102157, -0.00084935006, -0.0022523873, 0.0078246, 0.008719769, -0.09838429,
    0.29537582, -0.5529922, 0.7410803,
  ],
  16,
);
const NORMAL_TAIL_CENTRE = memory.data<f32>([3.375], 16);

/**
 * Φ(−a)·exp(a²/2) for 0 ≤ a ≤ 15, as P(t) / (a + h) with t = (a − h) / (a + h) and h = 3.375, off by
 * 2^-27.6. Times exp(−a²/2) it is the normal distribution's tail, within 6 ulp and free of cancellation; the
 * factors stay apart because Φ(−a) underflows before a·Φ(−a).
 */
export function normalTailRatioV(a: v128): v128 {
  const h = constant(NORMAL_TAIL_CENTRE);
  const q = f32x4.div(constant(ONE), f32x4.add(a, h));
  const t = f32x4.mul(f32x4.sub(a, h), q);
  let p = madd(constant(NORMAL_TAIL), t, constant(NORMAL_TAIL, 1));
  p = madd(p, t, constant(NORMAL_TAIL, 2));
  p = madd(p, t, constant(NORMAL_TAIL, 3));
  p = madd(p, t, constant(NORMAL_TAIL, 4));
  p = madd(p, t, constant(NORMAL_TAIL, 5));
  p = madd(p, t, constant(NORMAL_TAIL, 6));
  p = madd(p, t, constant(NORMAL_TAIL, 7));
  p = madd(p, t, constant(NORMAL_TAIL, 8));
  p = madd(p, t, constant(NORMAL_TAIL, 9));
  return f32x4.mul(p, q);
}
