// Numbers on axes and in sentences: round ticks, places along a line, short texts.

import { grouped } from "../models/summary.js";

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

/** The largest magnitude that an axis reaches, and the least that is told from 0. */
const [MOST, LEAST] = [Number.MAX_VALUE / 4, 1e-290];

/** The least and greatest of finite values; apart from each other, whatever the values. */
export function rangeOf(values: Iterable<number>): readonly [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  // The width itself must be finite.
  [low, high] = [low, high].map((value) => Math.min(Math.max(value, -MOST), MOST));
  // Nearly equal values would need more digits than a label has: they get room enough to show that they are equal.
  const magnitude = Math.max(Math.abs(low), Math.abs(high));
  if (magnitude < LEAST) return [-1, 1];
  if (high - low >= 1e-6 * magnitude) return [low, high];
  return [low - 0.1 * magnitude, high + 0.1 * magnitude];
}

/** Share of values that may lie beyond an axis's end, at each end. */
const OUTLYING = 0.05;
/** How many times wider they would have to make the axis for that. */
const TOO_WIDE = 4;

/**
 * The range of finite values without the few that would press all others flat: first steps, or single ones that leap.
 * All values, where none do.
 */
export function coreRange(values: readonly number[]): readonly [low: number, high: number] {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  const aside = Math.ceil(OUTLYING * sorted.length);
  const [low, high] = rangeOf(sorted);
  if (sorted.length < 5) return [low, high];
  const [coreLow, coreHigh] = [sorted[aside], sorted[sorted.length - 1 - aside]];
  const width = coreHigh - coreLow;
  // Where most do not vary, there is nothing that could be pressed flat.
  if (width <= 1e-6 * Math.max(Math.abs(coreLow), Math.abs(coreHigh))) return [low, high];
  return rangeOf([
    coreHigh - low > TOO_WIDE * width ? coreLow : low,
    high - coreLow > TOO_WIDE * width ? coreHigh : high,
  ]);
}

/** Ticks that tell how an axis grows. */
const FEWEST_TICKS = 3;

/** Large and small ticks, as short as tells them apart: `1.25e6`. */
function labelsOf(ticks: readonly number[]): (tick: number) => string {
  const label = (digits: number) => (tick: number) =>
    tick === 0 ? "0" : withMinus(String(Number(tick.toPrecision(digits)).toExponential()).replace("e+", "e"));
  const enough = Array.from({ length: 15 }, (_, i) => i + 1).find(
    (digits) => new Set(ticks.map(label(digits))).size === ticks.length,
  );
  return label(enough ?? 15);
}

/** A scale from [low, high] to [start, end], of about as many intervals as are wanted. */
export function scaleOf(
  [low, high]: readonly [low: number, high: number],
  [start, end]: readonly [start: number, end: number],
  most: number,
): Scale {
  const { ticks, decimals } = ticksOf(low, high, most);
  if (ticks.length < FEWEST_TICKS) return scaleOf([low, high], [start, end], most + 1);
  const magnitude = Math.max(Math.abs(low), Math.abs(high));
  const isUsual = magnitude >= 1e-3 && magnitude < 1e5;
  return {
    place: (value) => start + ((value - low) / (high - low)) * (end - start),
    ticks,
    label: isUsual ? (tick) => withMinus(tick.toFixed(decimals)) : labelsOf(ticks),
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
  const digits = Math.abs(value) >= 1e4 ? grouped(whole, "\u202f") : whole;
  return withMinus(fraction === undefined ? digits : `${digits}.${fraction}`);
}

/** A number with fixed decimals and a true minus; never minus nought. */
export function fixedNumber(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return shortNumber(value);
  return withMinus(value.toFixed(decimals).replace(/^-(?=0(\.0*)?$)/, ""));
}

/** A share as percent, which no line's end parts from its sign. */
export const percent = (share: number, decimals = 0) => `${fixedNumber(100 * share, decimals)}\u202f%`;
