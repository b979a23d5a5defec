// Symbols to bytes and back, by tables that both sides know or by what the symbols before have shown.

import { checkInteger, checkOptions, checkResult, MAX_ELEMENTS, refuseKind } from "../check/check.js";
import { ownBytes } from "../files/bytes.js";
import { AdaptiveTree, type Decide } from "./adaptive.js";
import { SymbolStack, TOTAL } from "./rans.js";
import { checkTable, type FrequencyTable, symbolAt } from "./tables.js";

/** Symbols from 0 to 2^bits − 1 whose probabilities nobody knows before: they are learned on the way. */
export interface AdaptiveModel {
  /** Bits of a symbol, integer from 1 to 16. */
  readonly bits: number;
}

/** How probable symbols are: a table, or one that is learned. */
export type SymbolModel = FrequencyTable | AdaptiveModel;

/** Most models that take turns, and most counts of those that learn. */
const MOST_MODELS = 2 ** 16;
const MOST_COUNTS = 2 ** 24;

const isTable = (model: SymbolModel): model is FrequencyTable =>
  typeof model === "object" && model !== null && "cumulative" in model;

function checkModels(where: string, models: unknown): asserts models is readonly SymbolModel[] {
  if (!Array.isArray(models)) {
    refuseKind(where, "models", "be an array of tables and { bits }", models);
  }
  checkInteger(where, "models.length", models.length, 1, MOST_MODELS);
  let counts = 0;
  for (const [i, model] of models.entries()) {
    if (isTable(model)) checkTable(where, `models[${i}]`, model);
    else {
      checkOptions(`${where}.models[${i}]`, model, ["bits"]);
      checkInteger(where, `models[${i}].bits`, (model as AdaptiveModel).bits, 1, 16);
      counts += 2 * sizeOf(model as AdaptiveModel);
    }
  }
  checkResult(where, "models", models, counts, MOST_COUNTS);
}

/** Tables as they are, and a tree that has seen nothing for every model that learns. */
const atWork = (models: readonly SymbolModel[]) =>
  Array.from(models, (model) => (isTable(model) ? model : new AdaptiveTree(model.bits)));

/** How many symbols a model knows. */
const sizeOf = (model: SymbolModel): number =>
  isTable(model) ? model.cumulative.length - 1 : 1 << model.bits;

/**
 * The bytes of symbols: as many as their improbability asks for, within a thousandth and four bytes. Everything is
 * computed in integers, so that every runtime writes and reads the same.
 *
 * @param symbols - integers from 0
 * @param models - how probable they are; several take turns: symbol i is of model i modulo their number
 * @returns the bytes; they tell neither the number of symbols nor the models
 * @throws {TypeError} when an argument is of the wrong kind
 * @throws {RangeError} when a symbol is none of its model's, or a model is malformed
 * @example
 * const bytes = encodeSymbols([0, 1, 0, 0, 2], [frequencyTable([3, 1, 1])]);
 * decodeSymbols(bytes, 5, [frequencyTable([3, 1, 1])]); // [0, 1, 0, 0, 2]
 * @see Duda, "Asymmetric numeral systems" (2013); Krichevsky & Trofimov (1981) for models that learn
 */
export function encodeSymbols(symbols: ArrayLike<number>, models: readonly SymbolModel[]): Uint8Array {
  const where = "encodeSymbols";
  checkModels(where, models);
  const isList = Array.isArray(symbols) || (ArrayBuffer.isView(symbols) && "length" in symbols);
  if (!isList) refuseKind(where, "symbols", "be an array of integers", symbols);
  const sizes = Array.from(models, sizeOf);
  for (let i = 0; i < symbols.length; i++) {
    checkInteger(where, `symbols[${i}]`, symbols[i], 0, sizes[i % sizes.length] - 1);
  }
  return codedSymbols(where, symbols, models);
}

/** {@link encodeSymbols} of what is checked. */
export function codedSymbols(
  where: string,
  symbols: ArrayLike<number>,
  models: readonly SymbolModel[],
): Uint8Array {
  const intervals = intervalsOf(symbols, models);
  const stack = new SymbolStack(where);
  // What is pushed last is popped first.
  for (let i = intervals.length - 1; i >= 0; i--)
    stack.push(intervals[i] >>> 16, (intervals[i] & 0xffff) + 1);
  return stack.message();
}

/** The intervals of all symbols in order, each as its start · 2¹⁶ + its count − 1. */
function intervalsOf(symbols: ArrayLike<number>, models: readonly SymbolModel[]): Uint32Array {
  const decisions = Array.from(models, (model) => (isTable(model) ? 1 : model.bits));
  const perTurn = decisions.reduce((sum, count) => sum + count, 0);
  const intervals = new Uint32Array(Math.ceil(symbols.length / models.length) * perTurn);
  let count = 0;
  const put = (start: number, end: number) => {
    intervals[count++] = start * TOTAL + (end - start - 1);
  };
  const note: Decide = (boundary, bit) => {
    if (bit === 0) put(0, boundary);
    else put(boundary, TOTAL);
    return bit;
  };
  const working = atWork(models);
  for (let i = 0; i < symbols.length; i++) {
    const model = working[i % working.length];
    const symbol = symbols[i];
    if (model instanceof AdaptiveTree) model.walk(symbol, note);
    else put(model.cumulative[symbol], model.cumulative[symbol + 1]);
  }
  return intervals.subarray(0, count);
}

/**
 * The symbols of bytes from {@link encodeSymbols}.
 *
 * @param bytes - what it returned
 * @param count - how many symbols, integer from 0 to 2²⁹
 * @param models - the same as there
 * @returns the symbols
 * @throws {TypeError} when an argument is of the wrong kind
 * @throws {RangeError} when the bytes are not those of so many symbols, or a model is malformed
 * @example
 * const models = [{ bits: 4 }];
 * decodeSymbols(encodeSymbols([7, 7, 7], models), 3, models); // [7, 7, 7]
 */
export function decodeSymbols(bytes: Uint8Array, count: number, models: readonly SymbolModel[]): Uint32Array {
  const where = "decodeSymbols";
  const own = ownBytes(where, bytes);
  checkModels(where, models);
  checkInteger(where, "count", count, 0, MAX_ELEMENTS);
  checkResult(where, "count", count, count);
  return decodedSymbols(where, own, count, models);
}

/** {@link decodeSymbols} by models that are checked. */
export function decodedSymbols(
  where: string,
  bytes: Uint8Array,
  count: number,
  models: readonly SymbolModel[],
): Uint32Array {
  const stack = new SymbolStack(where, bytes);
  const symbols = new Uint32Array(count);
  const working = atWork(models);
  const ask: Decide = (boundary) => {
    if (stack.peek() < boundary) {
      stack.drop(0, boundary);
      return 0;
    }
    stack.drop(boundary, TOTAL - boundary);
    return 1;
  };
  for (let i = 0; i < count; i++) {
    const model = working[i % working.length];
    if (model instanceof AdaptiveTree) symbols[i] = model.walk(0, ask);
    else {
      const symbol = symbolAt(model, stack.peek());
      const start = model.cumulative[symbol];
      stack.drop(start, model.cumulative[symbol + 1] - start);
      symbols[i] = symbol;
    }
  }
  stack.checkEmpty();
  return symbols;
}
