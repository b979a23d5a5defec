// The inverse of the error function, for normal random numbers. Nothing here fuses multiply and add, so both binaries
// draw the same values.

/** √2. */
export const ROOT_TWO: f32 = 1.4142135623730951;

/** √2 erf⁻¹(u): the quantile of a standard normal at (1 + u) / 2. */
export function rootTwoInverseErf(u: v128): v128 {
  return f32x4.mul(f32x4.splat(ROOT_TWO), inverseErf(u));
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
