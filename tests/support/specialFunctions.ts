// The error function in float64, which JavaScript lacks, and the normal distribution made from it.

const SQRT_PI = Math.sqrt(Math.PI);

/** erf(x) by its series of positive terms, 2/√π · exp(−x²) · Σ 2ⁿx²ⁿ⁺¹ / (2n + 1)!! (DLMF 7.6.2). */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / SQRT_PI) * Math.exp(-x * x) * sum;
}

/** erfc(x) for x ≥ 2 by its continued fraction, from the tail up: exp(−x²) / √π · 1/(x + ½/(x + 1/(x + …))). */
function erfcFraction(x: number): number {
  let fraction = x;
  for (let n = 120; n > 0; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / SQRT_PI / fraction;
}

/** The error function, within 1e-15. */
export function erf(x: number): number {
  if (Number.isNaN(x)) return NaN;
  if (Math.abs(x) < 2) return erfSeries(x);
  return Math.sign(x) * (1 - erfcFraction(Math.abs(x)));
}

/** 1 − erf(x), within 1e-13 relative also where it is tiny. */
export function erfc(x: number): number {
  if (x === Infinity) return 0;
  return x < 2 ? 1 - erf(x) : erfcFraction(x);
}

/** Φ(x), the normal distribution function. */
export function normalCumulative(x: number): number {
  return erfc(-x / Math.SQRT2) / 2;
}

/** φ(x), the normal density. */
export function normalDensity(x: number): number {
  return Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
}

/** 1 / (1 + exp(−x)), also far below 0. */
export function sigmoid(x: number): number {
  return x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x));
}
