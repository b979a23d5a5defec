// The IDX format, in which MNIST and its relatives come; plain, or packed with gzip as they are handed out.

import {
  decodeElements,
  ELEMENT_BYTES,
  type ElementType,
  joinBytes,
  kindHint,
  ownBytes,
  viewOf,
} from "./bytes.js";
import { checkBoolean, checkOptions, checkShape, MAX_RANK, refuseValue } from "../check/check.js";
import { isGzip, unpacked } from "./gzip.js";
import { adoptArray, type Shape, type Tensor } from "../tensor/tensor.js";

/** How an IDX file is read. */
export interface IdxOptions {
  /** Whether images `[count, height, width]` become `[count, height, width, 1]` (default false). */
  readonly channelAxis?: boolean | undefined;
}

const TYPES = new Map<number, ElementType>([
  [0x08, "uint8"],
  [0x09, "int8"],
  [0x0b, "int16"],
  [0x0c, "int32"],
  [0x0d, "float32"],
  [0x0e, "float64"],
]);

/** Bytes that hold any header. */
const LONGEST_HEADER = 4 + 4 * MAX_RANK;

interface IdxHeader {
  readonly type: ElementType;
  readonly shape: Shape;
  readonly dataStart: number;
  /** Of the whole file, in bytes. */
  readonly fileLength: number;
}

/**
 * The array of an IDX file that is not packed. Values stay as they are: pixels from 0 to 255.
 *
 * @param bytes - the file
 * @param options.channelAxis - whether images get a last axis of size 1, as convolutions want (default false)
 * @returns tensor of the file's shape; integers beyond 2²⁴ and doubles are rounded to float32
 * @throws {TypeError} when `bytes` is not a `Uint8Array`, or lies in memory that other threads may be writing
 * @throws {RangeError} when the file departs from the format, has no element, or with `channelAxis` has not 3 axes
 * @example
 * const labels = new Uint8Array([0, 0, 8, 1, 0, 0, 0, 2, 7, 9]);
 * readIdx(labels).data; // [7, 9]
 * @see LeCun, Cortes and Burges, "The MNIST database of handwritten digits", section on file formats
 */
export function readIdx(bytes: Uint8Array, options: IdxOptions = {}): Tensor {
  const where = "readIdx";
  const own = ownBytes(where, bytes);
  checkIdxOptions(where, options);
  return decode(where, own, options);
}

/**
 * The array of an IDX file, plain or packed with gzip, which is told by its first bytes.
 *
 * @param bytes - the file
 * @param options.channelAxis - whether images get a last axis of size 1, as convolutions want (default false)
 * @returns promise of what {@link readIdx} returns
 * @throws {TypeError} when `bytes` is not a `Uint8Array`, or lies in memory that other threads may be writing
 * @throws {RangeError} as `readIdx` does, and when the packed bytes are damaged
 * @throws {Error} when the file is packed and the platform has no `DecompressionStream`
 * @example
 * const labels = await loadIdx(new Uint8Array([0, 0, 8, 1, 0, 0, 0, 2, 7, 9]));
 * labels.shape; // [2]
 */
export async function loadIdx(bytes: Uint8Array, options: IdxOptions = {}): Promise<Tensor> {
  const where = "loadIdx";
  const own = ownBytes(where, bytes);
  checkIdxOptions(where, options);
  return decode(where, isGzip(own) ? await unpack(where, own) : own, options);
}

function checkIdxOptions(where: string, options: IdxOptions): void {
  checkOptions(where, options, ["channelAxis"]);
  if (options.channelAxis !== undefined) checkBoolean(where, "channelAxis", options.channelAxis);
}

function decode(where: string, bytes: Uint8Array, { channelAxis = false }: IdxOptions): Tensor {
  const { type, shape, dataStart, fileLength } = readHeader(where, bytes);
  if (bytes.length !== fileLength) {
    refuseValue(where, "bytes", `be ${fileLength} long, as the header says`, bytes);
  }
  if (channelAxis && shape.length !== 3) {
    refuseValue(where, "bytes", "hold images [count, height, width] with channelAxis", shape);
  }
  const values = decodeElements(type, bytes.subarray(dataStart), false);
  return adoptArray(values, channelAxis ? [...shape, 1] : shape);
}

function readHeader(where: string, bytes: Uint8Array): IdxHeader {
  if (bytes.length < 4) refuseValue(where, "bytes", "hold at least 4 bytes", bytes);
  const [first, second, code, rank] = bytes;
  if (first !== 0 || second !== 0)
    refuseValue(where, "bytes", "begin with two zeros", [first, second], kindHint(bytes));
  const type = TYPES.get(code);
  if (type === undefined) {
    return refuseValue(where, "type (byte 2)", `be one of ${[...TYPES.keys()].join(", ")}`, code);
  }
  const dataStart = 4 + 4 * rank;
  if (bytes.length < dataStart) refuseValue(where, "bytes", `hold ${rank} sizes of 4 bytes`, bytes);
  const view = viewOf(bytes);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const fileLength = dataStart + checkShape(where, "shape", shape) * ELEMENT_BYTES[type];
  return { type, shape, dataStart, fileLength };
}

/** Unpacks gzip, but not further than the header inside allows. */
async function unpack(where: string, bytes: Uint8Array): Promise<Uint8Array> {
  const refuse = () => refuseValue(where, "bytes", "be a whole gzip file", bytes);
  const pieces: Uint8Array[] = [];
  let length = 0;
  let limit = Infinity;
  for await (const piece of unpacked(where, bytes, refuse)) {
    pieces.push(piece);
    length += piece.length;
    if (limit === Infinity && length >= LONGEST_HEADER) {
      limit = readHeader(where, joinBytes(pieces)).fileLength;
    }
    if (length > limit) break;
  }
  return joinBytes(pieces);
}
