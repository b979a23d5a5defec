// The inverse of the standard normal distribution function, in float64.

import { checkNumber } from "../check/check.js";

/** A quotient of polynomials; coefficients from the constant up. */
interface Rational {
  readonly numerator: readonly number[];
  readonly denominator: readonly number[];
}

/** |p − ½| ≤ 0.425, in 0.180625 − (p − ½)². */
const CENTRE: Rational = {
  numerator: [
    3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987,
    67265.7709270087, 33430.57558358813, 2509.0809287301227,
  ],
  denominator: [
    1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271,
    28729.085735721943, 5226.495278852854,
  ],
};

/** Tails down to exp(−25), in √(−log tail) − 1.6. */
const TAIL: Rational = {
  numerator: [
    1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684,
    0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
  ],
  denominator: [
    1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
    0.0005475938084995345, 1.0507500716444169e-9,
  ],
};

/** Tails beyond, in √(−log tail) − 5. */
const FAR_TAIL: Rational = {
  numerator: [
    6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124,
    0.0012426609473880784, 2.7115555687434876e-5, 2.0103343992922881e-7,
  ],
  denominator: [
    1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133,
    1.8463183175100548e-5, 1.421511758316446e-7, 2.0442631033899397e-15,
  ],
};

function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduceRight((value, coefficient) => value * x + coefficient, 0);
}

function quotient({ numerator, denominator }: Rational, x: number): number {
  return polynomial(numerator, x) / polynomial(denominator, x);
}

/**
 * Φ⁻¹(p): the number below which a standard normal variable falls with probability p. About 1e-15 exact,
 * relative to the result.
 *
 * @param p - probability, from 0 to 1
 * @returns the quantile, float64; −∞ for 0 and ∞ for 1
 * @throws {TypeError} when `p` is not a number
 * @throws {RangeError} when `p` lies outside 0 to 1
 * @example
 * normalQuantile(0.975); // 1.95996398
 * @see Wichura, "Algorithm AS 241: The percentage points of the normal distribution" (1988), PPND16
 */
export function normalQuantile(p: number): number {
  checkNumber("normalQuantile", "p", p, 0, 1);
  const fromCentre = p - 0.5;
  if (Math.abs(fromCentre) <= 0.425) {
    return fromCentre * quotient(CENTRE, 0.180625 - fromCentre * fromCentre);
  }
  const tail = Math.min(p, 1 - p);
  const depth = Math.sqrt(-Math.log(tail));
  if (depth === Infinity) return fromCentre * Infinity;
  const distance = depth <= 5 ? quotient(TAIL, depth - 1.6) : quotient(FAR_TAIL, depth - 5);
  return fromCentre < 0 ? -distance : distance;
}
