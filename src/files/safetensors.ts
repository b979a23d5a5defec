// The safetensors format: named tensors behind a JSON header. No file is trusted.

import {
  bytesOf,
  decodeElements,
  ELEMENT_BYTES,
  type ElementType,
  kindHint,
  ownBytes,
  readUint64,
  viewOf,
} from "./bytes.js";
import { checkShape, refuseKind, refuseValue } from "../check/check.js";
import { adoptArray, checkTensor, type Shape, type Tensor } from "../tensor/tensor.js";
import { encodeUtf8 } from "./utf8.js";
import { checkName, checkText, parseHeader } from "./jsonHeader.js";
import { briefValue, placeOf } from "./brief.js";
import { isObject } from "../tensor/tree.js";

/** What a safetensors file holds. */
export interface SafetensorsFile {
  /** The tensors by name. The object has no prototype: every name is a tensor's. */
  readonly tensors: Record<string, Tensor>;
  /** The texts of `__metadata__` by name; none where it is absent. */
  readonly metadata: Record<string, string>;
}

const METADATA = "__metadata__";

/** The longest header that the reference implementation reads. */
const MAX_HEADER = 100_000_000;

const TYPES = new Map<unknown, ElementType>([
  ["BOOL", "bool"],
  ["U8", "uint8"],
  ["I8", "int8"],
  ["U16", "uint16"],
  ["I16", "int16"],
  ["U32", "uint32"],
  ["I32", "int32"],
  ["U64", "uint64"],
  ["I64", "int64"],
  ["F16", "float16"],
  ["BF16", "bfloat16"],
  ["F32", "float32"],
  ["F64", "float64"],
]);

/**
 * The bytes of a safetensors file: F32, ordered by name, data from a multiple of 8 on. The same tensors and
 * metadata give the same bytes, whatever their order.
 *
 * @param tensors - by name; {@link flattenTree} makes such names of parameters
 * @param metadata - texts by name, kept beside the tensors (default none)
 * @returns the file
 * @throws {TypeError} when an entry is not a tensor, or a text not a string
 * @throws {RangeError} when a tensor is named `__metadata__`, or a name or text is not well-formed Unicode
 * @example
 * const file = writeSafetensors({ kernel: ones([2, 2]) }, { made: "by hand" });
 * readSafetensors(file).metadata.made; // "by hand"
 * @see https://github.com/huggingface/safetensors#format
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const where = "writeSafetensors";
  const texts = sortedEntries(where, "metadata", metadata);
  const named = sortedEntries(where, "tensors", tensors);
  for (const [name, text] of texts) {
    if (typeof text !== "string") refuseKind(where, placeOf("metadata", name), "be a string", text);
    checkText(where, placeOf("metadata", name), text);
  }
  let length = 0;
  // Members are joined by hand: an object would put names like "0" before all others.
  const members = texts.length === 0 ? [] : [member(METADATA, `{${texts.map(jsonMember).join()}}`)];
  for (const [name, t] of named) {
    checkTensor(where, placeOf("tensors", name), t);
    if (name === METADATA) refuseValue(where, "tensors", `leave the name ${METADATA} free`, t);
    const end = length + 4 * t.size;
    members.push(jsonMember([name, { dtype: "F32", shape: t.shape, data_offsets: [length, end] }]));
    length = end;
  }
  const header = encodeUtf8(`{${members.join()}}`);
  const dataStart = 8 + 8 * Math.ceil(header.length / 8);
  if (dataStart - 8 > MAX_HEADER) {
    refuseValue(where, "names and metadata", `take at most ${MAX_HEADER} bytes`, dataStart - 8);
  }
  const file = new Uint8Array(dataStart + length).fill(0x20, 8, dataStart);
  viewOf(file).setUint32(0, dataStart - 8, true);
  file.set(header, 8);
  let position = dataStart;
  for (const [, t] of named) {
    file.set(bytesOf(t), position);
    position += 4 * t.size;
  }
  return file;
}

const member = (name: string, json: string) => `${JSON.stringify(name)}:${json}`;
const jsonMember = ([name, value]: [string, unknown]) => member(name, JSON.stringify(value));

/** The entries of an object of the caller, ordered by name. */
function sortedEntries<T>(
  where: string,
  argument: string,
  object: Readonly<Record<string, T>>,
): [string, T][] {
  if (typeof object !== "object" || object === null || Array.isArray(object)) {
    refuseKind(where, argument, "be an object", object);
  }
  const entries = Object.entries(object);
  for (const [name] of entries) checkName(where, argument, name);
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * The tensors and metadata of a safetensors file. Every number type of the format is read (but not the 8-bit and
 * smaller floats), as float32: integers beyond 2²⁴ and F64 are rounded, F64 beyond float32's range becomes
 * infinite, BOOL becomes 0 and 1. A file is read whole or refused: what lies in it cannot do harm.
 *
 * @param bytes - the file
 * @returns tensors and metadata by name, in the header's order
 * @throws {TypeError} when `bytes` is not a `Uint8Array`, or lies in memory that other threads may be writing
 * @throws {RangeError} when the file departs from the format in any way, a tensor has no elements, or the header
 *   holds more than 1,500,000 values (about 130,000 tensors)
 * @example
 * const { tensors } = readSafetensors(writeSafetensors({ bias: tensor([1, 2]) }));
 * tensors.bias.data; // [1, 2]
 * @see https://github.com/huggingface/safetensors#format
 */
export function readSafetensors(bytes: Uint8Array): SafetensorsFile {
  return readParts(ownBytes("readSafetensors", bytes));
}

function readParts(bytes: Uint8Array): SafetensorsFile {
  const where = "readSafetensors";
  if (bytes.length < 8) refuseValue(where, "bytes", "hold at least 8 bytes", bytes);
  const headerLength = readUint64(viewOf(bytes), 0, true);
  if (headerLength > MAX_HEADER) {
    refuseValue(where, "header length", `be at most ${MAX_HEADER}`, headerLength, kindHint(bytes));
  }
  if (headerLength > bytes.length - 8) {
    refuseValue(
      where,
      "header length",
      `be at most the ${bytes.length - 8} bytes that follow`,
      headerLength,
      kindHint(bytes),
    );
  }
  const data = bytes.subarray(8 + headerLength);
  const { [METADATA]: texts = {}, ...entries } = parseHeader(where, bytes.subarray(8, 8 + headerLength));
  const metadata = checkMetadata(where, texts);
  const parts = Object.entries(entries).map(([name, entry]) => checkEntry(where, name, entry, data.length));
  checkTiling(where, parts, bytes.length - data.length, bytes.length);
  const tensors = Object.create(null) as Record<string, Tensor>;
  for (const { name, type, shape, begin, end } of parts) {
    tensors[name] = adoptArray(decodeElements(type, data.subarray(begin, end), true), shape);
  }
  return { tensors, metadata };
}

function checkMetadata(where: string, texts: unknown): Record<string, string> {
  const place = `header.${METADATA}`;
  if (!isObject(texts)) return refuseValue(where, place, "be an object of strings", briefValue(texts));
  const metadata = Object.create(null) as Record<string, string>;
  for (const [name, text] of Object.entries(texts)) {
    checkName(where, place, name);
    if (typeof text !== "string") {
      return refuseValue(where, placeOf(place, name), "be a string", briefValue(text));
    }
    checkText(where, placeOf(place, name), text);
    metadata[name] = text;
  }
  return metadata;
}

/** A tensor's type, shape and bytes in the data. */
interface Part {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: Shape;
  readonly begin: number;
  readonly end: number;
}

function checkEntry(where: string, name: string, entry: unknown, dataLength: number): Part {
  checkName(where, "header", name);
  const place = placeOf("header", name);
  if (!isObject(entry)) return refuseValue(where, place, "be an object", briefValue(entry));
  const { dtype, shape, data_offsets: offsets } = entry;
  const type = TYPES.get(dtype);
  if (type === undefined) {
    return refuseValue(
      where,
      `${place}.dtype`,
      `be one of ${[...TYPES.keys()].join(", ")}`,
      briefValue(dtype),
    );
  }
  if (!isCounts(shape)) {
    return refuseValue(where, `${place}.shape`, "be an array of integers ≥ 0", briefValue(shape));
  }
  const size = checkShape(where, `${place}.shape`, shape);
  if (!isCounts(offsets) || offsets.length !== 2) {
    return refuseValue(where, `${place}.data_offsets`, "be two integers ≥ 0", briefValue(offsets));
  }
  const [begin, end] = offsets;
  const length = size * ELEMENT_BYTES[type];
  if (end - begin !== length) {
    refuseValue(where, `${place}.data_offsets`, `span the ${length} bytes of its shape and dtype`, offsets);
  }
  if (end > dataLength) {
    refuseValue(where, `${place}.data_offsets`, `stay within the ${dataLength} bytes of data`, offsets);
  }
  return { name, type, shape, begin, end };
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}

/** Checks that the tensors cover the data without gaps and overlaps, and that nothing follows them. */
function checkTiling(where: string, parts: readonly Part[], dataStart: number, fileLength: number): void {
  let position = 0;
  for (const { name, begin, end } of [...parts].sort((a, b) => a.begin - b.begin)) {
    if (begin !== position) {
      const rule = `begin at ${position}, where the tensor before ends (no gap, no overlap)`;
      refuseValue(where, `${placeOf("header", name)}.data_offsets`, rule, [begin, end]);
    }
    position = end;
  }
  if (dataStart + position !== fileLength) {
    refuseValue(where, "bytes", `end at ${dataStart + position}, as the last tensor does`, fileLength);
  }
}
