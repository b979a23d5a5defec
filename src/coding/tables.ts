// Probabilities of symbols as integers: every count at least 1, cumulative counts strictly rising to 2¹⁶.

import { checkInteger, refuseKind, refuseValue } from "../check/check.js";
import { TOTAL } from "./rans.js";

/** How probable each symbol is, in parts of 2¹⁶. */
export interface FrequencyTable {
  /** Symbol s has the interval from entry s to entry s + 1; the first entry is 0, the last 65536. */
  readonly cumulative: Uint32Array;
}

/** Most symbols of a table: each has a part of the 2¹⁶, and the rest of it is for their differences. */
export const MOST_SYMBOLS = 2 ** 12;

/**
 * The table of symbols whose probabilities are in proportion to weights, as integers: every symbol has at least one
 * part of the 2¹⁶, also those of weight 0.
 *
 * @param weights - one per symbol, at most 4096, integers from 0 to 2³¹ − 1: counts, for example. Where all are 0, all
 *   symbols are equally probable
 * @returns the table
 * @throws {TypeError} when `weights` is not an array of numbers
 * @throws {RangeError} when there are none or too many, or one is not such an integer
 * @example
 * frequencyTable([3, 1, 0]).cumulative; // [0, 49150, 65535, 65536]
 */
export function frequencyTable(weights: ArrayLike<number>): FrequencyTable {
  const where = "frequencyTable";
  const isList = Array.isArray(weights) || (ArrayBuffer.isView(weights) && "length" in weights);
  if (!isList) refuseKind(where, "weights", "be an array of integers", weights);
  checkInteger(where, "weights.length", weights.length, 1, MOST_SYMBOLS);
  let sum = 0;
  for (let symbol = 0; symbol < weights.length; symbol++) {
    checkInteger(where, `weights[${symbol}]`, weights[symbol], 0, 2 ** 31 - 1);
    sum += weights[symbol];
  }
  // Sums of weights reach 2⁴³: where products with 2¹⁶ would not be exact, both are scaled down first.
  const cumulative = new Uint32Array(weights.length + 1);
  const shared = TOTAL - weights.length;
  let before = 0;
  for (let symbol = 0; symbol < weights.length; symbol++) {
    before += sum === 0 ? 1 : weights[symbol];
    cumulative[symbol + 1] = symbol + 1 + partOf(shared, before, sum === 0 ? weights.length : sum);
  }
  return { cumulative };
}

/** ⌊shared · part / whole⌋ in exact integers, of a part ≤ whole < 2⁴³. */
function partOf(shared: number, part: number, whole: number): number {
  const scale = Math.max(1, Math.ceil(whole / 2 ** 36));
  return Math.min(shared, Math.floor((shared * Math.floor(part / scale)) / Math.floor(whole / scale)));
}

/** The checked table of an argument. */
export function checkTable(where: string, argument: string, table: unknown): asserts table is FrequencyTable {
  const cumulative: unknown = (table as FrequencyTable | null | undefined)?.cumulative;
  if (!(cumulative instanceof Uint32Array)) {
    refuseKind(where, argument, "be a table, as frequencyTable gives it", table);
  }
  const last = cumulative.length - 1;
  const isTable =
    last >= 1 &&
    cumulative[0] === 0 &&
    cumulative[last] === TOTAL &&
    cumulative.every((count, i) => i === 0 || count > cumulative[i - 1]);
  if (!isTable) refuseValue(where, `${argument}.cumulative`, "rise strictly from 0 to 65536", cumulative);
}

/** The symbol whose interval holds a number of [0, 2¹⁶). */
export function symbolAt({ cumulative }: FrequencyTable, place: number): number {
  let [low, high] = [0, cumulative.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (cumulative[middle] <= place) low = middle;
    else high = middle;
  }
  return low;
}

/** Where the interval of a number from 0 to `range` − 1 begins, where all are equally probable. */
export const uniformStart = (value: number, range: number): number => Math.floor((value * TOTAL) / range);

/** The number whose interval holds a place. */
export function uniformAt(place: number, range: number): number {
  const value = Math.floor((place * range) / TOTAL);
  return uniformStart(value + 1, range) <= place ? value + 1 : value;
}
