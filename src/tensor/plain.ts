// Trees as plain data, for workers, pages and JSON: tensors become `{ shape, data }`, and tensors again.

import { checkShape, refuseKind, refuseValue, within } from "../check/check.js";
import { isForeignTensor } from "../check/show.js";
import { checkTensor, isPlainTensor, type Shape, Tensor, tensor } from "./tensor.js";
import { isPlainObject } from "./tree.js";

/** A tensor as plain data: what structured cloning and `postMessage` take. */
export interface PlainTensor {
  readonly shape: Shape;
  /** The values, row-major; from JSON an array of numbers. */
  readonly data: Float32Array;
}

/** A tree with plain data in the place of its tensors. */
export type Plain<T> = T extends Tensor
  ? PlainTensor
  : T extends (...args: never) => unknown
    ? T
    : T extends object
      ? { readonly [Name in keyof T]: Plain<T[Name]> }
      : T;

/** How deep trees may nest: what contains itself would never end. */
const MAX_DEPTH = 256;
/** Most entries of an array in a tree of tensors: an array of holes may claim billions, which take minutes to visit. */
const MAX_LENGTH = 2 ** 24;

/**
 * A tree as plain data, to send to a worker, another page or a database: every tensor becomes `{ shape, data }` with
 * a copy of exactly its values. {@link fromPlain} is the way back.
 *
 * @param tree - a tensor, or arrays and objects of tensors (parameters for example); other values are kept
 * @returns the same tree with plain data for its tensors
 * @throws {RangeError} when the tree contains itself or nests more than 256 deep
 * @throws {Error} when a tensor's scope has ended or its buffer was transferred
 * @example
 * const message = structuredClone(toPlain({ weights: tensor([1, 2]) }));
 * fromPlain(message).weights.data; // [1, 2]
 */
export function toPlain<T>(tree: T): Plain<T> {
  return mapDeep("toPlain", tree, (value) => {
    if (!(value instanceof Tensor)) return undefined;
    checkTensor("toPlain", "tree", value);
    return { shape: [...value.shape], data: new Float32Array(value.data) };
  }) as Plain<T>;
}

/**
 * The tree that {@link toPlain} made plain, with tensors again. It also takes what structured cloning makes of tensors
 * that were sent as they are, and what `JSON.parse` makes of them; and tensors of another copy of the library.
 *
 * @param tree - `{ shape, data }`, or arrays and objects of such; other values are kept
 * @returns the same tree with tensors; the values are copied
 * @throws {TypeError} when values are missing or are no numbers
 * @throws {RangeError} when shape and values do not go together, or the tree nests more than 256 deep
 * @example
 * fromPlain({ shape: [2, 1], data: new Float32Array([3, 4]) }).data; // [3, 4]
 * fromPlain(JSON.parse(JSON.stringify([tensor([1, NaN])])))[0].data; // [1, NaN]
 */
// oxlint-disable-next-line no-explicit-any -- what a message holds only its receiver knows
export function fromPlain<T = any>(tree: unknown): T {
  return mapDeep("fromPlain", tree, (value) =>
    value instanceof Tensor
      ? value
      : isPlainTensor(value)
        ? restored("fromPlain", value as object)
        : undefined,
  ) as T;
}

/** The tree with every value replaced for which `f` gives another; the others are kept or walked through. */
function mapDeep(where: string, tree: unknown, f: (value: unknown) => unknown, depth = 0): unknown {
  if (depth > MAX_DEPTH) refuseValue(where, "tree", `nest at most ${MAX_DEPTH} deep`, tree);
  const replaced = f(tree);
  if (replaced !== undefined) return replaced;
  if (Array.isArray(tree)) return Array.from(tree, (entry) => mapDeep(where, entry, f, depth + 1));
  if (!isPlainObject(tree)) return tree;
  return Object.fromEntries(
    Object.entries(tree).map(([name, entry]) => [name, mapDeep(where, entry, f, depth + 1)]),
  );
}

/** The tensor that plain data describe. */
function restored(where: string, value: object): Tensor {
  const { shape, data, storage, offset = 0 } = value as Readonly<Record<string, unknown>>;
  const size = checkShape(where, "shape", shape);
  const values = data ?? (storage as { array?: unknown }).array;
  if (values === undefined) {
    refuseKind(where, "data", "be sent along: inside a scope send toPlain(tree)", values);
  }
  if (Array.isArray(values)) return made(where, numbersOf(where, values), shape as Shape);
  if (!ArrayBuffer.isView(values)) refuseKind(where, "data", "be a Float32Array or an array", values);
  if (data !== undefined || isForeignTensor(value)) return made(where, values, shape as Shape);
  // A clone has the whole storage, of which the tensor may be a part.
  const first = Number.isInteger(offset) && (offset as number) >= 0 ? (offset as number) : Infinity;
  const length = (values as Float32Array).length;
  if (first + size > length) refuseValue(where, "offset", `leave ${size} of ${length} values`, offset);
  return made(where, (values as Float32Array).subarray(first, first + size), shape as Shape);
}

function made(where: string, values: ArrayBufferView, shape: Shape): Tensor {
  return within(where, () => tensor(values as Float32Array, shape));
}

/** Numbers as `Tensor.toJSON` writes them. */
function numbersOf(where: string, values: readonly unknown[]): Float32Array {
  return Float32Array.from(values, (value, i) => {
    if (typeof value === "number") return value;
    if (value === "NaN" || value === "Infinity" || value === "-Infinity") return Number(value);
    return refuseKind(where, `data[${i}]`, 'be a number, "NaN", "Infinity" or "-Infinity"', value);
  });
}

/**
 * Refuses a tree with tensors of another copy of the library, or with plain data in the place of tensors: they would
 * be passed by as if they were none. Refuses a tree that contains itself, too.
 */
export function checkNoStrangers(where: string, argument: string, tree: unknown): void {
  const walk = (value: unknown, path: string, depth: number): void => {
    if (typeof value !== "object" || value === null || value instanceof Tensor) return;
    if (depth > MAX_DEPTH) refuseValue(where, argument, `nest at most ${MAX_DEPTH} deep`, tree);
    if (isForeignTensor(value) || isPlainTensor(value)) checkTensor(where, path, value);
    if (Array.isArray(value) && value.length > MAX_LENGTH) {
      refuseValue(where, path, `have at most ${MAX_LENGTH} entries`, value.length);
    }
    if (Array.isArray(value)) value.forEach((entry, i) => walk(entry, `${path}[${i}]`, depth + 1));
    else if (isPlainObject(value)) {
      for (const [name, entry] of Object.entries(value)) walk(entry, `${path}.${name}`, depth + 1);
    }
  };
  walk(tree, argument, 0);
}
