// Numbers on axes and in sentences: round ticks, places along a line, short texts.

/** From a value to its place, with the values worth a tick. */
export interface Scale {
  readonly place: (value: number) => number;
  readonly ticks: readonly number[];
  /** A tick as text, all with as many digits. */
  readonly label: (tick: number) => string;
}

const withMinus = (text: string) => text.replace("-", "−");

/** The least of 1, 2 and 5 times a power of ten that is at least `least`. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  // 10 too, for what lies between 5 and 10.
  return power * ([1, 2, 5].find((factor) => factor * power >= least * (1 - 1e-9)) ?? 10);
}

/**
 * Multiples of 1, 2 or 5 times a power of ten from low to high.
 *
 * @param low - least value
 * @param high - greatest value, above `low`
 * @param most - at most so many intervals, integer ≥ 2
 * @returns ticks in rising order, and the decimals that they need
 */
export function ticksOf(
  low: number,
  high: number,
  most: number,
): { readonly ticks: readonly number[]; readonly decimals: number } {
  const step = roundStep((high - low) / most);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  // Rounded by way of text, so that 3 · 0.1 is 0.3; and 0 is never −0.
  const ticks = Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step + 0).toFixed(Math.min(decimals, 100))),
  );
  return { ticks: ticks.map((tick) => tick + 0), decimals };
}

/** The least and greatest of finite values; apart from each other, whatever the values. */
export function rangeOf(values: Iterable<number>): readonly [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  // Nearly equal values would need more digits than a label has.
  const least = Math.max(Math.abs(low), Math.abs(high)) * 1e-6 || 1;
  return high - low >= least ? [low, high] : [low - least, high + least];
}

/** Ticks that tell how an axis grows. */
const FEWEST_TICKS = 3;

/** A scale from [low, high] to [start, end], of about as many intervals as are wanted. */
export function scaleOf(
  [low, high]: readonly [low: number, high: number],
  [start, end]: readonly [start: number, end: number],
  most: number,
): Scale {
  const { ticks, decimals } = ticksOf(low, high, most);
  if (ticks.length < FEWEST_TICKS) return scaleOf([low, high], [start, end], most + 1);
  const isLarge = Math.max(Math.abs(low), Math.abs(high)) >= 1e5;
  return {
    place: (value) => start + ((value - low) / (high - low)) * (end - start),
    ticks,
    label: (tick) => (isLarge || decimals > 5 ? shortNumber(tick) : withMinus(tick.toFixed(decimals))),
  };
}

/** A number in a sentence: four digits that count, or all before the point; a true minus, grouped thousands. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "–" : withMinus(value > 0 ? "∞" : "-∞");
  if (value === 0) return "0";
  const power = Math.floor(Math.log10(Math.abs(value)));
  if (power < -4 || power >= 12) {
    const [mantissa, exponent] = Number(value.toPrecision(4)).toExponential().split("e");
    return withMinus(`${mantissa} · 10^${Number(exponent)}`);
  }
  const [whole, fraction] = String(Number(value.toFixed(Math.max(0, 3 - power)))).split(".");
  const grouped = Math.abs(value) >= 1e4 ? whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") : whole;
  return withMinus(fraction === undefined ? grouped : `${grouped}.${fraction}`);
}

/** A number with fixed decimals and a true minus; never minus nought. */
export function fixedNumber(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return shortNumber(value);
  return withMinus(value.toFixed(decimals).replace(/^-(?=0(\.0*)?$)/, ""));
}

/** A share as percent, which no line's end parts from its sign. */
export const percent = (share: number, decimals = 0) => `${fixedNumber(100 * share, decimals)}\u202f%`;
