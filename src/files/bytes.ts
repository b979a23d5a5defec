// Numbers in bytes, as binary files hold them: the types of elements, and reading them as float32.

import { refuseKind } from "../check/check.js";
import { isDetached } from "../check/show.js";
import type { Tensor } from "../tensor/tensor.js";

/** The types of numbers that files hold, with the bytes of one. */
export const ELEMENT_BYTES = {
  bool: 1,
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  uint32: 4,
  int32: 4,
  uint64: 8,
  int64: 8,
  float16: 2,
  bfloat16: 2,
  float32: 4,
  float64: 8,
} as const;

export type ElementType = keyof typeof ELEMENT_BYTES;

/** What a typed array calls itself, whichever realm made it: `instanceof` knows the arrays of its own realm only. */
const nameOf = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)!.get!;

/** Whether a value is a `Uint8Array`: also a Buffer, or one of an iframe or of a test's environment. */
export function isBytes(value: unknown): value is Uint8Array {
  return nameOf.call(value) === "Uint8Array";
}

function isShared(buffer: ArrayBufferLike): boolean {
  return Object.prototype.toString.call(buffer) === "[object SharedArrayBuffer]";
}

/**
 * Checks the bytes of a file, and returns them as a plain `Uint8Array` of this realm on the same memory: a Buffer's
 * `slice` would make no copy.
 */
export function ownBytes(where: string, bytes: unknown): Uint8Array {
  if (!isBytes(bytes)) return refuseKind(where, "bytes", "be a Uint8Array", bytes);
  // What is checked must be what is read.
  if (isShared(bytes.buffer)) {
    const rule = "not lie in shared memory, which others may change; copy it first (bytes.slice())";
    refuseKind(where, "bytes", rule, bytes);
  }
  if (isDetached(bytes)) {
    refuseKind(where, "bytes", "be attached to their buffer, which was transferred or has grown", bytes);
  }
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Checks the bytes of a file. */
export function checkBytes(where: string, bytes: unknown): asserts bytes is Uint8Array {
  ownBytes(where, bytes);
}

/** Pieces of bytes as one; a single one is not copied. */
export function joinBytes(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0];
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let position = 0;
  for (const piece of pieces) {
    whole.set(piece, position);
    position += piece.length;
  }
  return whole;
}

/** A view for numbers of several bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The unsigned 64-bit integer at an offset; beyond 2⁵³ rounded. */
export function readUint64(view: DataView, offset: number, isLittle: boolean): number {
  const high = view.getUint32(isLittle ? offset + 4 : offset, isLittle);
  return high * 2 ** 32 + view.getUint32(isLittle ? offset : offset + 4, isLittle);
}

function readInt64(view: DataView, offset: number, isLittle: boolean): number {
  const high = view.getInt32(isLittle ? offset + 4 : offset, isLittle);
  return high * 2 ** 32 + view.getUint32(isLittle ? offset : offset + 4, isLittle);
}

/** IEEE half precision: a sign, 5 bits of exponent, 10 of fraction. */
function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

type Reader = (view: DataView, offset: number, isLittle: boolean) => number;

/** How one number of several bytes is read, where its bits are not float32's already. */
const READERS = {
  uint16: (view, offset, isLittle) => view.getUint16(offset, isLittle),
  int16: (view, offset, isLittle) => view.getInt16(offset, isLittle),
  uint32: (view, offset, isLittle) => view.getUint32(offset, isLittle),
  int32: (view, offset, isLittle) => view.getInt32(offset, isLittle),
  uint64: readUint64,
  int64: readInt64,
  float16: (view, offset, isLittle) => fromFloat16(view.getUint16(offset, isLittle)),
  float64: (view, offset, isLittle) => view.getFloat64(offset, isLittle),
} satisfies Partial<Record<ElementType, Reader>>;

/**
 * Whole elements as float32. Integers beyond 2²⁴ and float64 are rounded; float64 beyond float32's range becomes
 * infinite; of a bool, every byte but 0 is 1.
 */
export function decodeElements(type: ElementType, bytes: Uint8Array, isLittle: boolean): Float32Array {
  if (type === "uint8") return new Float32Array(bytes);
  if (type === "int8") return new Float32Array(new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length));
  if (type === "bool") return new Float32Array(bytes.map((byte) => (byte === 0 ? 0 : 1)));
  const step = ELEMENT_BYTES[type];
  const values = new Float32Array(bytes.length / step);
  if (type === "float32" || type === "bfloat16") decodeBits(type, values, bytes, isLittle);
  else {
    const read: Reader = READERS[type];
    const view = viewOf(bytes);
    for (let i = 0; i < values.length; i++) values[i] = read(view, i * step, isLittle);
  }
  return values;
}

/** Moves bits, which keeps every NaN as it is. */
function decodeBits(
  type: "float32" | "bfloat16",
  values: Float32Array,
  bytes: Uint8Array,
  isLittle: boolean,
): void {
  // Nothing is to be swapped: platforms that run WASM are little-endian.
  if (type === "float32" && isLittle) return new Uint8Array(values.buffer).set(bytes);
  const view = viewOf(bytes);
  const words = new Uint32Array(values.buffer);
  for (let i = 0; i < words.length; i++) {
    words[i] = type === "float32" ? view.getUint32(4 * i, isLittle) : view.getUint16(2 * i, isLittle) << 16;
  }
}

/** How files of well-known kinds begin. */
const BEGINNINGS: readonly (readonly [kind: string, beginning: readonly (number | string)[]])[] = [
  ["a PNG file", [0x89, "PNG"]],
  ["a file that compress wrote", [0x89, "RPZ"]],
  ["an npy file", [0x93, "NUMPY"]],
  ["a JPEG file", [0xff, 0xd8, 0xff]],
  ["a GIF file", ["GIF8"]],
  ["a WebP, AVI or WAVE file", ["RIFF"]],
  ["a PDF file", ["%PDF"]],
  ["packed with gzip", [0x1f, 0x8b]],
  ["a zip file, as npz and PyTorch files are", ["PK", 3]],
  ["an HDF5 file, as Keras writes", [0x89, "HDF"]],
  ["a pickle of Python", [0x80, 4]],
  ["text in UTF-16", [0xff, 0xfe]],
  ["text in UTF-16", [0xfe, 0xff]],
  ["an IDX file", [0, 0, 8]],
];

/** What bytes that are refused seem to be, as a hint; undefined where nobody knows. */
export function kindHint(bytes: Uint8Array): string | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 64));
  const isText = start !== "" && !bytes.subarray(0, 1024).some((byte) => byte < 9 || byte === 127);
  const known = BEGINNINGS.find(([, beginning]) => {
    const text = beginning.map((part) => (typeof part === "string" ? part : String.fromCharCode(part)));
    return start.startsWith(text.join(""));
  });
  const kind = known?.[0] ?? (start.slice(8, 10) === '{"' ? "a safetensors file" : isText && "text");
  return kind ? `these bytes are ${kind}` : undefined;
}

/** A tensor's values as little-endian float32, without a copy: platforms that run WASM are little-endian. */
export function bytesOf(t: Tensor): Uint8Array {
  const { buffer, byteOffset, byteLength } = t.data;
  return new Uint8Array(buffer, byteOffset, byteLength);
}
