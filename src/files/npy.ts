// NumPy's format for one array.

import {
  bytesOf,
  decodeElements,
  ELEMENT_BYTES,
  type ElementType,
  kindHint,
  ownBytes,
  viewOf,
} from "./bytes.js";
import { refuseValue } from "../check/check.js";
import { fromNdarray } from "../tensor/ndarrayLike.js";
import { adoptArray, checkTensor, sizeOf, type Tensor } from "../tensor/tensor.js";
import { encodeUtf8 } from "./utf8.js";
import { readHeader, writeHeader } from "./npyHeader.js";

/** `\x93NUMPY`, before the two numbers of the version. */
const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** Longest header that is read, as in `numpy.load`; plain arrays need less than 500 bytes. */
const MAX_HEADER = 10_000;

/**
 * The bytes of an npy file: float32, row-major, version 1.0, values from a multiple of 64 on.
 *
 * @param t - tensor
 * @returns the file, for `numpy.load`
 * @throws {TypeError} when `t` is not a tensor
 * @example
 * const file = writeNpy(tensor([[1, 2], [3, 4]]));
 * readNpy(file).shape; // [2, 2]
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function writeNpy(t: Tensor): Uint8Array {
  checkTensor("writeNpy", "t", t);
  const header = writeHeader(t.shape);
  const dataStart = 64 * Math.ceil((10 + header.length + 1) / 64);
  const file = new Uint8Array(dataStart + 4 * t.size).fill(0x20, 10, dataStart - 1);
  file.set([...MAGIC, 1, 0]);
  viewOf(file).setUint16(8, dataStart - 10, true);
  file.set(encodeUtf8(header), 10);
  file[dataStart - 1] = 0x0a;
  file.set(bytesOf(t), dataStart);
  return file;
}

/**
 * The array of an npy file (versions 1 to 3) as a tensor: booleans, integers and floats of every size up to 8
 * bytes, in either byte order, row-major or Fortran's. Integers beyond 2²⁴ and float64 are rounded to float32;
 * float64 beyond float32's range becomes infinite.
 *
 * @param bytes - the file
 * @returns tensor of the array's shape
 * @throws {TypeError} when `bytes` is not a `Uint8Array`, or lies in memory that other threads may be writing
 * @throws {RangeError} when the file departs from the format, holds other things than numbers, or no element
 * @example
 * readNpy(writeNpy(tensor([1, 2, 3]))).data; // [1, 2, 3]
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function readNpy(bytes: Uint8Array): Tensor {
  return readTypedNpy(bytes).array;
}

/** An array with the type that its numbers had in the file. */
export function readTypedNpy(given: Uint8Array): { readonly array: Tensor; readonly type: ElementType } {
  const where = "readNpy";
  const bytes = ownBytes(where, given);
  if (bytes.length < 12) refuseValue(where, "bytes", "hold at least 12 bytes", bytes);
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) {
    refuseValue(where, "bytes", "begin with \\x93NUMPY", [...bytes.subarray(0, 6)], kindHint(bytes));
  }
  const [major, minor] = bytes.subarray(6, 8);
  if (major < 1 || major > 3 || minor !== 0) {
    refuseValue(where, "version", "be 1.0, 2.0 or 3.0", `${major}.${minor}`);
  }
  const headerStart = major === 1 ? 10 : 12;
  const headerLength = major === 1 ? viewOf(bytes).getUint16(8, true) : viewOf(bytes).getUint32(8, true);
  const most = Math.min(MAX_HEADER, bytes.length - headerStart);
  if (headerLength > most) refuseValue(where, "header length", `be at most ${most}`, headerLength);
  const dataStart = headerStart + headerLength;
  // Names beyond ASCII occur in structured types only, which are refused.
  const text = String.fromCharCode(...bytes.subarray(headerStart, dataStart));
  const { type, isLittle, isFortran, shape } = readHeader(where, text);
  const length = dataStart + sizeOf(shape) * ELEMENT_BYTES[type];
  if (bytes.length !== length) refuseValue(where, "bytes", `be ${length} long, as the header says`, bytes);
  const values = decodeElements(type, bytes.subarray(dataStart), isLittle);
  if (!isFortran) return { type, array: adoptArray(values, shape) };
  const stride = shape.map((_, axis) => sizeOf(shape.slice(0, axis)));
  return { type, array: fromNdarray({ data: values, shape, stride, offset: 0 }) };
}
