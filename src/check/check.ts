// Words every error of the library: `<function>: <argument> must <rule>, got <value>`. No other file does.

import { cut, show } from "./show.js";

export { show };

/** Marks the errors that this file words; registered, so that another copy of the library knows them too. */
const REFUSAL = Symbol.for("reparam.refusal");

/** Whether an error tells of wrong use or of too little memory; any other is a fault of the library. */
export function isRefusal(error: unknown): error is Error {
  return error instanceof Error && REFUSAL in error;
}

function refuse(error: Error): never {
  Object.defineProperty(error, REFUSAL, { value: true });
  throw error;
}

/** Most characters of an argument's name and of a rule: both may hold names that a caller chose. */
const LONGEST_ARGUMENT = 160;
const LONGEST_RULE = 1200;

function worded(where: string, argument: string, rule: string, value: unknown): string {
  const name = cut(argument, LONGEST_ARGUMENT);
  return `${cut(where, LONGEST_ARGUMENT)}: ${name} must ${cut(rule, LONGEST_RULE)}, got ${show(value)}`;
}

/**
 * Takes note that a promise may fail. The error that refuses it has been told already; its own failure, which nobody
 * can wait for any more, would end the process.
 */
function disown(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  try {
    // Throws for whatever is not a promise, of this realm or another; the `then` of others is not to be run.
    Promise.prototype.then.call(value as Promise<unknown>, undefined, () => undefined);
  } catch {
    // Nothing waits.
  }
}

/** Refuses a value of the wrong kind. */
export function refuseKind(where: string, argument: string, rule: string, value: unknown): never {
  disown(value);
  refuse(new TypeError(worded(where, argument, rule, value)));
}

/** Refuses a value of the right kind that lies outside what is allowed; a hint says what was probably meant. */
export function refuseValue(
  where: string,
  argument: string,
  rule: string,
  value: unknown,
  hint?: string,
): never {
  const more = hint ? ` (${hint})` : "";
  refuse(new RangeError(worded(where, argument, rule, value) + more));
}

/** Refuses a call that is right in itself but comes at the wrong moment. */
export function refuseUse(where: string, rule: string): never {
  refuse(new Error(`${where}: ${rule}`));
}

/** Refuses to take more memory than there is. */
export function refuseMemory(bytes: number, used: number, limit: number): never {
  const facts = `asked for ${bytes} bytes, ${used} are in use, the limit is ${limit} (configure's maxMemory)`;
  refuse(new RangeError(`out of memory: ${facts}`));
}

/** Checks an integer in [low, high]. */
export function checkInteger(
  where: string,
  argument: string,
  value: unknown,
  low: number,
  high: number = Number.MAX_SAFE_INTEGER,
): asserts value is number {
  if (typeof value !== "number") refuseKind(where, argument, `be an integer ≥ ${low}`, value);
  if (!Number.isInteger(value) || value < low || value > high) {
    const range = high === Number.MAX_SAFE_INTEGER ? `≥ ${low}` : `from ${low} to ${high}`;
    refuseValue(where, argument, `be an integer ${range}`, value);
  }
}

/** Checks a finite number in [low, high]. */
export function checkNumber(
  where: string,
  argument: string,
  value: unknown,
  low = -Infinity,
  high = Infinity,
): asserts value is number {
  if (typeof value !== "number") refuseKind(where, argument, "be a number", value);
  if (!Number.isFinite(value)) refuseValue(where, argument, "be a finite number", value);
  if (value < low || value > high) {
    const range = high === Infinity ? `≥ ${low}` : low === -Infinity ? `≤ ${high}` : `from ${low} to ${high}`;
    refuseValue(where, argument, `be ${range}`, value);
  }
}

/** Checks one of a list of strings. */
export function checkOneOf<T extends string>(
  where: string,
  argument: string,
  value: unknown,
  allowed: readonly T[],
): asserts value is T {
  if (typeof value === "string" && allowed.includes(value as T)) return;
  const rule = `be one of ${listed(allowed.map((name) => JSON.stringify(cut(name))))}`;
  if (typeof value !== "string") refuseKind(where, argument, rule, value);
  refuseValue(where, argument, `${rule}${suggestion(value, allowed)}`, value);
}

/** Checks a boolean. */
export function checkBoolean(where: string, argument: string, value: unknown): asserts value is boolean {
  if (typeof value !== "boolean") refuseKind(where, argument, "be true or false", value);
}

/** Checks a function. */
export function checkFunction(where: string, argument: string, value: unknown): void {
  if (typeof value !== "function") refuseKind(where, argument, "be a function", value);
}

const toStringOf = Object.prototype.toString;

/** An object without its undefined entries. */
export function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}

/** Checks an options object, and that every name in it is known: a misspelt option is never ignored. */
export function checkOptions(where: string, options: unknown, known: readonly string[]): void {
  // A map, a date or a typed array has no options, whatever is read of it.
  if (typeof options !== "object" || options === null || toStringOf.call(options) !== "[object Object]") {
    refuseKind(where, "options", "be an object", options);
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      const rule = `have only the names ${listed(known)}${suggestion(name, known)}`;
      refuseKind(where, "options", rule, name);
    }
  }
}

/** Most names that a message lists. */
const MOST_LISTED = 40;

/** Names in a row, not more than can be read. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_LISTED).map((name) => cut(name));
  return `${shown.join(", ")}${names.length > MOST_LISTED ? ", …" : ""}`;
}

/** What a misspelt name was probably to be, as a part of a rule. */
function suggestion(name: string, candidates: readonly string[]): string {
  const meant = closest(name, candidates);
  return meant === undefined ? "" : ` (did you mean ${cut(meant)}?)`;
}

/** Longest name that is compared with others: no name of the library is nearly as long. */
const LONGEST_NAME = 64;

/**
 * What a misspelt name was probably meant to be: the candidate that takes the fewest edits (letters put in, left out,
 * exchanged or swapped with their neighbour; case does not count), or that one of the two abbreviates. Undefined where
 * none is near.
 */
export function closest(name: string, candidates: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  if (wanted.length < 2 || wanted.length > LONGEST_NAME) return undefined;
  let [best, least] = [undefined as string | undefined, Math.max(1, Math.floor(wanted.length / 3)) + 0.5];
  for (const candidate of candidates) {
    const other = candidate.toLowerCase();
    if (other.length > LONGEST_NAME) continue;
    const [short, long] = wanted.length < other.length ? [wanted, other] : [other, wanted];
    const isShortened = short.length >= 3 && long.startsWith(short);
    // An abbreviation is less near than a slip of one letter.
    const edits = Math.min(editsBetween(wanted, other), isShortened ? 1.4 : Infinity);
    if (edits < least && edits < wanted.length) [best, least] = [candidate, edits];
  }
  return best;
}

/** Edits that lead from one text to the other, neighbours swapped counting as one. */
function editsBetween(from: string, to: string): number {
  let [beforeLast, last] = [[] as number[], Array.from({ length: to.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const isSame = from[i - 1] === to[j - 1];
      row.push(Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + Number(!isSame)));
      const isSwapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (isSwapped) row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
    }
    [beforeLast, last] = [last, row];
  }
  return last[to.length];
}

/** Most elements of a tensor: its bytes must stay addressable beside others in 4 GiB. */
export const MAX_ELEMENTS = 2 ** 29;

/** Most axes of a tensor: kernels read sizes and strides from a record of fixed length. */
export const MAX_RANK = 32;

/** Elements that shapes may still ask for, in all; see {@link withAllowance}. */
let allowance = Infinity;

/**
 * Runs `f`, in which all shapes that are checked may have no more than so many elements together: who carries out
 * what an untrusted file describes takes no more memory than the file makes plausible.
 */
export function withAllowance<Result>(elements: number, f: () => Result): Result {
  const outer = allowance;
  allowance = elements;
  try {
    return f();
  } finally {
    allowance = outer;
  }
}

/** Checks a shape (integers ≥ 1 whose product is not too large) and returns its number of elements. */
export function checkShape(where: string, argument: string, shape: unknown): number {
  const size = checkSizes(where, argument, shape, Math.min(MAX_ELEMENTS, allowance));
  allowance -= size;
  return size;
}

/** Checks a shape that nothing is made of yet: it takes nothing of an allowance. */
export function checkSizes(where: string, argument: string, shape: unknown, most = MAX_ELEMENTS): number {
  if (!Array.isArray(shape)) refuseKind(where, argument, "be an array of sizes", shape);
  if (shape.length > MAX_RANK) refuseValue(where, argument, `have at most ${MAX_RANK} axes`, shape);
  let size = 1;
  for (let axis = 0; axis < shape.length; axis++) {
    checkInteger(where, `${argument}[${axis}]`, shape[axis], 1);
    size *= shape[axis];
  }
  if (size > most) refuseValue(where, argument, `have at most ${most} elements`, shape);
  return size;
}

/**
 * Checks how many elements an argument asks a function to make, before it makes any.
 *
 * @param value - of the argument, as the message shows it
 * @param elements - of the result, or of what is held on the way there
 * @param most - a bound below {@link MAX_ELEMENTS}, where an element is more than a number
 */
export function checkResult(
  where: string,
  argument: string,
  value: unknown,
  elements: number,
  most: number = MAX_ELEMENTS,
): void {
  const limit = Math.min(most, allowance);
  if (!(elements <= limit)) refuseValue(where, argument, `give at most ${limit} elements`, value);
}

/**
 * Runs `f`; an error from inside gets `path` put before its message, so that nested layers tell where they are:
 * `encoder[3].conv2d: filter.shape[2] must …`. Behind what was refused stands the cure, where there is one.
 */
export function within<Result>(path: string, f: () => Result, cure?: string): Result {
  try {
    return f();
  } catch (error) {
    if (error instanceof Error && Object.isExtensible(error)) {
      const place = cut(path);
      error.message = `${place}${error.message.startsWith("[") ? "" : "."}${error.message}`;
      if (cure !== undefined && isRefusal(error)) error.message += ` (${cure})`;
    }
    throw error;
  }
}
