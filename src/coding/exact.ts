// The exponential, the logistic and the normal distribution function by additions, products and quotients alone, which
// IEEE 754 fixes to the last bit: `Math.exp` may differ from runtime to runtime, and one wrong bit in a table turns all
// symbols behind it to garbage.

/** log 2 in two parts: the first has so few bits that its products with small integers are exact. */
const LOG_2_HIGH = 0.693145751953125;
const LOG_2_LOW = 1.4286068203094173e-6;
/** 1 / k! from k = 13 down to 0: on ±½ log 2 the next term is below 10⁻¹⁷. */
const TERMS = (() => {
  const terms = [1];
  for (let k = 1; k <= 13; k++) terms.unshift(terms[0] / k);
  return terms;
})();

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

/** 2ⁿ of an integer from −1022 to 1023, put together from its bits. */
function powerOfTwo(n: number): number {
  words[0] = 0;
  words[1] = (n + 1023) << 20;
  return double[0];
}

/** eˣ within 10⁻¹⁵, the same bits everywhere; 0 below −708, and cut at e⁷⁰⁹. */
export function exactExp(x: number): number {
  if (!(x > -708)) return x === x ? 0 : x;
  const bounded = Math.min(x, 709);
  const n = Math.floor(bounded / (LOG_2_HIGH + LOG_2_LOW) + 0.5);
  const rest = bounded - n * LOG_2_HIGH - n * LOG_2_LOW;
  let sum = 0;
  for (const term of TERMS) sum = sum * rest + term;
  return n > 1023 ? sum * 2 * powerOfTwo(n - 1) : sum * powerOfTwo(n);
}

/** The logistic distribution function 1 / (1 + e⁻ˣ), the same bits everywhere. */
export function exactLogistic(x: number): number {
  if (x >= 0) return 1 / (1 + exactExp(-x));
  const odds = exactExp(x);
  return odds / (1 + odds);
}

/** Coefficients from the highest power down. */
const NUMERATOR = [
  0.0352624965998911, 0.700383064443688, 6.37396220353165, 33.912866078383, 112.079291497871,
  221.213596169931, 220.206867912376,
];
const DENOMINATOR = [
  0.0883883476483184, 1.75566716318264, 16.064177579207, 86.7807322029461, 296.564248779674, 637.333633378831,
  793.826512519948, 440.413735824752,
];
const SQRT_TWO_PI = 2.5066282746310002;

/**
 * The standard normal distribution function within 10⁻¹⁴, the same bits everywhere (Hart et al., "Computer
 * approximations", 1968, number 5666).
 */
export function exactNormalCdf(x: number): number {
  const distance = x < 0 ? -x : x;
  const density = exactExp(-0.5 * distance * distance);
  let tail: number;
  if (distance < 7.071) {
    let [above, below] = [0, 0];
    for (const coefficient of NUMERATOR) above = above * distance + coefficient;
    for (const coefficient of DENOMINATOR) below = below * distance + coefficient;
    tail = (density * above) / below;
  } else {
    const fraction = distance + 1 / (distance + 2 / (distance + 3 / (distance + 4 / (distance + 0.65))));
    tail = density / fraction / SQRT_TWO_PI;
  }
  return x > 0 ? 1 - tail : tail;
}

/** The number below which a standard normal variable falls with probability p in (0, 1), by halving [−9, 9]. */
export function exactNormalQuantile(p: number): number {
  let [low, high] = [-9, 9];
  // 2⁻⁵⁰ of the interval is below the rounding of its ends.
  for (let i = 0; i < 50; i++) {
    const middle = 0.5 * (low + high);
    if (exactNormalCdf(middle) < p) low = middle;
    else high = middle;
  }
  return 0.5 * (low + high);
}
