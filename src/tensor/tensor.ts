// Tensors: immutable float32 values with a shape. Making them and reading them.

import { checkNumber, checkShape, refuseKind, refuseValue } from "../check/check.js";
import { flattenInto, type NestedArray, nestingOf } from "./nested.js";
import { checkNumericArray, type NumericArray } from "./numericArray.js";
import { printTensor } from "./print.js";
import { isForeignTensor, TENSOR_MARK, THIS_COPY } from "../check/show.js";
import { allocate, Storage } from "../wasm/storage.js";

/** Sizes per axis, row-major; `[]` is a single number. */
export type Shape = readonly number[];

export type { NestedArray } from "./nested.js";
export type { NumericArray } from "./numericArray.js";

/**
 * Immutable float32 values with a shape, row-major and contiguous. Images are `[batch, height, width, channels]`.
 *
 * Outside a {@link scope} the values are an ordinary garbage-collected `Float32Array`; nobody frees them. Made by
 * {@link tensor} and by every operation; there is no public constructor.
 */
export class Tensor {
  readonly shape: Shape;
  /** Number of elements. */
  readonly size: number;

  /** @internal */
  constructor(
    /** @internal */
    readonly storage: Storage,
    shape: Shape,
    /** @internal First element in the storage. */
    readonly offset: number = 0,
  ) {
    // Shapes of other tensors are frozen already; to copy and freeze them anew made tiny operations 1.4× slower.
    this.shape = Object.isFrozen(shape) ? shape : Object.freeze([...shape]);
    this.size = sizeOf(shape);
  }

  /**
   * The values, row-major. Not to be written to. They may be kept: what a scope computed is copied once when it is
   * first read there, outside of scopes nothing is copied.
   *
   * Inside a function that is differentiated, what is computed from these numbers is constant: no gradient flows
   * through. `valueAndGrad(f, { checkReads: true })` refuses such readings; `stopGradient(t).data` says that one is
   * meant, as for a log.
   *
   * @throws {Error} when the scope that computed the tensor has ended
   */
  get data(): Float32Array {
    onRead?.(this);
    return partOf(this, this.storage.lasting);
  }

  /**
   * The shape and the values, in at most 20 lines: of long axes the ends.
   */
  toString(): string {
    const { shape, storage, offset } = this;
    if (storage.isReleased) return printTensor(shape, undefined, "released: its scope has ended");
    if (storage.isTransferred) return printTensor(shape, undefined, "its buffer was transferred");
    const { values } = storage;
    return printTensor(shape, (i) => values[offset + i]);
  }

  /**
   * What `JSON.stringify` writes: `{ shape, data }`, with NaN and infinities as strings, for JSON has no such
   * numbers; `fromPlain` makes a tensor of it again.
   *
   * @throws {RangeError} when the tensor has more than 2²² values: `writeTree` and `writeNpy` write those
   * @throws {Error} when the scope that computed the tensor has ended
   */
  toJSON(): { readonly shape: Shape; readonly data: readonly (number | string)[] } {
    if (this.size > MAX_JSON) {
      const rule = `have at most ${MAX_JSON} elements to become JSON (see toPlain, writeTree and writeNpy)`;
      refuseValue("toJSON", "t.shape", rule, this.shape);
    }
    const data = Array.from(this.data, (value) => (Number.isFinite(value) ? value : String(value)));
    return { shape: this.shape, data };
  }

  /** @internal Which copy of the library made it. */
  get [TENSOR_MARK](): object {
    return THIS_COPY;
  }

  /** What Node's and Deno's `console.log` show. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }
}

/** Most values that {@link Tensor.toJSON} writes: text takes several times the memory. */
const MAX_JSON = 2 ** 22;
let onRead: ((t: Tensor) => void) | undefined;

/** Has a function called before the values of a tensor are handed out; none with undefined. */
export function watchReads(f: ((t: Tensor) => void) | undefined): void {
  onRead = f;
}

function partOf({ offset, size }: Tensor, values: Float32Array): Float32Array {
  return values.length === size ? values : values.subarray(offset, offset + size);
}

/** The values for the library's insides, never copied: on the heap a view that ends with the frame, and that the next
 *  allocation may detach. */
export function viewOf(t: Tensor): Float32Array {
  return partOf(t, t.storage.values);
}

/** Number of elements of a checked shape. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

/** Whether two shapes are the same. */
export function isSameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

/** A tensor on the heap of the current frame, its values still undefined: for kernels to write. */
export function emptyTensor(shape: Shape): Tensor {
  return new Tensor(allocate(sizeOf(shape)), shape);
}

/** A tensor that adopts an array which nobody else holds. */
export function adoptArray(array: Float32Array, shape: Shape): Tensor {
  return new Tensor(new Storage(array.length, array), shape);
}

/** Checks that an argument is a tensor, optionally of a given rank. */
export function checkTensor(
  where: string,
  argument: string,
  value: unknown,
  rank?: number,
  layout?: string,
): asserts value is Tensor {
  if (!(value instanceof Tensor) || value.storage === undefined) refuseStranger(where, argument, value);
  if (rank !== undefined && value.shape.length !== rank) {
    refuseValue(where, `${argument}.shape`, `have ${rank} axes${layout ? ` ${layout}` : ""}`, value.shape);
  }
}

/** Refuses what is no tensor, with the way in for what was one elsewhere. */
function refuseStranger(where: string, argument: string, value: unknown): never {
  let rule = "be a tensor (see tensor(data, shape))";
  if (isForeignTensor(value)) {
    rule = "be a tensor of this copy of reparam (two are loaded, see npm ls reparam)";
  } else if (isPlainTensor(value)) {
    rule = "be a tensor; fromPlain makes one of what was sent or parsed";
  }
  return refuseKind(where, argument, rule, value);
}

/** Whether a value looks like what structured cloning, JSON or `toPlain` make of a tensor. */
export function isPlainTensor(value: unknown): boolean {
  if (typeof value !== "object" || value === null || value instanceof Tensor) return false;
  const { shape, data, storage } = value as { shape?: unknown; data?: unknown; storage?: unknown };
  if (!Array.isArray(shape)) return false;
  return Array.isArray(data) || ArrayBuffer.isView(data) || (typeof storage === "object" && storage !== null);
}

/**
 * Makes a tensor from numbers. The values are copied: later changes of `data` do not reach the tensor.
 *
 * @param data - a number, an array of numbers (nested to any depth), or a typed array
 * @param shape - sizes per axis; absent: the nesting of `data`, or one axis for a typed array
 * @returns float32 tensor of that shape; other number types are rounded to float32
 * @throws {TypeError} when `data` holds something else than numbers, is detached, or lies in memory that other
 *   threads may be writing
 * @throws {RangeError} when rows differ in length, a size is not an integer ≥ 1, or the sizes do not multiply to
 *   the number of values
 * @example
 * const a = tensor([[1, 2, 3], [4, 5, 6]]);
 * a.shape; // [2, 3]
 * const image = tensor(new Uint8Array(28 * 28), [1, 28, 28, 1]);
 */
export function tensor(data: number | NestedArray | NumericArray, shape?: Shape): Tensor {
  if (typeof data === "number") return adoptArray(Float32Array.of(data), checkedShape(shape ?? [], 1));
  if (ArrayBuffer.isView(data)) {
    checkNumericArray("tensor", data);
    const wanted = checkedShape(shape ?? [data.length], data.length);
    return adoptArray(new Float32Array(data), wanted);
  }
  if (!Array.isArray(data))
    return refuseKind("tensor", "data", "be a number, an array or a typed array", data);
  const nesting = nestingOf(data);
  const count = checkShape("tensor", "data", nesting);
  const wanted = checkedShape(shape ?? nesting, count);
  const values = new Float32Array(count);
  flattenInto(values, 0, data, nesting, 0);
  return adoptArray(values, wanted);
}

function checkedShape(shape: Shape, count: number): Shape {
  const size = checkShape("tensor", "shape", shape);
  if (size !== count) refuseValue("tensor", "shape", `multiply to the ${count} values of data`, shape);
  return shape;
}

/**
 * A tensor filled with one value.
 *
 * @param shape - sizes per axis, integers ≥ 1
 * @param value - the value
 * @returns tensor of that shape
 * @throws {RangeError} when a size is not an integer ≥ 1
 * @example
 * full([2, 2], 0.5).data; // [0.5, 0.5, 0.5, 0.5]
 */
export function full(shape: Shape, value: number): Tensor {
  return filled("full", shape, value);
}

/**
 * Zeros.
 *
 * @param shape - sizes per axis, integers ≥ 1
 * @returns tensor of that shape
 * @throws {RangeError} when a size is not an integer ≥ 1
 * @example
 * zeros([2, 3]).size; // 6
 */
export function zeros(shape: Shape): Tensor {
  return filled("zeros", shape, 0);
}

/**
 * Ones.
 *
 * @param shape - sizes per axis, integers ≥ 1
 * @returns tensor of that shape
 * @throws {RangeError} when a size is not an integer ≥ 1
 * @example
 * ones([3]).data; // [1, 1, 1]
 */
export function ones(shape: Shape): Tensor {
  return filled("ones", shape, 1);
}

function filled(where: string, shape: Shape, value: number): Tensor {
  const size = checkShape(where, "shape", shape);
  if (typeof value !== "number") refuseKind(where, "value", "be a number", value);
  return adoptArray(new Float32Array(size).fill(value), shape);
}

/**
 * The single value of a one-element tensor, as a number.
 *
 * @param t - tensor with one element, of any rank
 * @returns its value
 * @throws {RangeError} when there are more
 * @example
 * item(tensor([[3]])); // 3
 */
export function item(t: Tensor): number {
  checkTensor("item", "t", t);
  if (t.size !== 1) refuseValue("item", "t.shape", "have one element", t.shape);
  return t.data[0];
}

/**
 * Whether two tensors have the same shape and values.
 *
 * @param a - tensor
 * @param b - tensor
 * @param tolerance - most that two values may differ (default 0); NaN equals NaN, and 0 equals −0
 * @returns true or false
 * @throws {TypeError} when an argument is not a tensor
 * @example
 * equals(tensor([1, 2]), tensor([1, 2])); // true
 */
export function equals(a: Tensor, b: Tensor, tolerance = 0): boolean {
  checkTensor("equals", "a", a);
  checkTensor("equals", "b", b);
  checkNumber("equals", "tolerance", tolerance, 0);
  if (!isSameShape(a.shape, b.shape)) return false;
  const left = a.data;
  const right = b.data;
  return left.every((x, i) => {
    const y = right[i];
    return x === y || (x !== x && y !== y) || Math.abs(x - y) <= tolerance;
  });
}
