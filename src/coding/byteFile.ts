// Compressed files from the outside: a header, side information and blocks, each with a checksum, and where each lies.

import { refuseValue } from "../check/check.js";
import { kindHint, ownBytes, viewOf } from "../files/bytes.js";
import { crc32 } from "../files/crc32.js";

/** What is in the blocks. */
export const KINDS = ["codes", "indices", "lossless"] as const;
export type Kind = (typeof KINDS)[number];

/** What a compressed file says about itself. */
export interface FileHeader {
  readonly kind: Kind;
  /** CRC-32 of the model that wrote it. */
  readonly model: number;
  /** How many images, and the shape of one. */
  readonly count: number;
  readonly inputShape: readonly number[];
  /** Images in a block; the last may have fewer. */
  readonly blockSize: number;
  /** What the kind needs to read its blocks. */
  readonly side: Uint8Array;
}

/** The first bytes: one that is no text, a name, and line ends that a careless copy would change. */
const MAGIC = Uint8Array.of(0x89, 0x52, 0x50, 0x5a, 0x0d, 0x0a, 0x1a, 0x0a);
const VERSION = 1;
/** Most images in a block: what a few damaged bytes can ask for stays small. */
export const MOST_IN_BLOCK = 1024;

/** Writes numbers one after the other. */
export class ByteWriter {
  private readonly bytes: number[] = [];

  put(bytes: ArrayLike<number>): this {
    for (let i = 0; i < bytes.length; i++) this.bytes.push(bytes[i]);
    return this;
  }

  /** An integer from 0 to 2³² − 1 in four bytes. */
  word(value: number): this {
    return this.put([value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24]);
  }

  /** An integer ≥ 0 in groups of seven bits, the lowest first. */
  integer(value: number): this {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.bytes.push((rest % 128) + 128);
    this.bytes.push(rest);
    return this;
  }

  float32(value: number): this {
    return this.put(new Uint8Array(Float32Array.of(value).buffer));
  }

  done(): Uint8Array {
    return Uint8Array.from(this.bytes);
  }
}

/** Reads them back; refuses bytes that end too early. */
export class ByteReader {
  private at = 0;

  constructor(
    private readonly where: string,
    private readonly bytes: Uint8Array,
  ) {}

  get position(): number {
    return this.at;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  take(length: number): Uint8Array {
    if (length > this.left)
      refuseDamage(this.where, `end later, at ${this.at + length} or behind`, this.bytes.length);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  byte(): number {
    return this.take(1)[0];
  }

  word(): number {
    return viewOf(this.take(4)).getUint32(0, true);
  }

  integer(name: string, low: number, high: number): number {
    let [value, scale] = [0, 1];
    for (let i = 0; i < 6; i++, scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte >= 128) continue;
      if (value < low || value > high) break;
      return value;
    }
    return refuseDamage(this.where, `have a ${name} from ${low} to ${high}`, value);
  }

  float32(name: string): number {
    const value = viewOf(this.take(4)).getFloat32(0, true);
    return Number.isFinite(value) ? value : refuseDamage(this.where, `have a finite ${name}`, value);
  }
}

/** Refuses a file that is not as it was written. */
export function refuseDamage(where: string, rule: string, value: unknown): never {
  return refuseValue(where, "bytes", `${rule} (the file is damaged)`, value);
}

/** The bytes of a file. */
export function writeFile(header: FileHeader, blocks: readonly Uint8Array[]): Uint8Array {
  const { kind, model, count, inputShape, blockSize, side } = header;
  const head = new ByteWriter()
    .put(MAGIC)
    .put([VERSION, KINDS.indexOf(kind)])
    .word(model);
  head.integer(inputShape.length);
  for (const size of inputShape) head.integer(size);
  head.integer(count).integer(blockSize).integer(side.length).put(side);
  for (const block of blocks) head.integer(block.length).word(crc32(block));
  const beginning = head.done();
  const body = blocks.reduce((sum, { length }) => sum + length, 0);
  const file = new Uint8Array(beginning.length + 4 + body);
  file.set(beginning);
  file.set(new ByteWriter().word(crc32(beginning)).done(), beginning.length);
  let at = beginning.length + 4;
  for (const block of blocks) {
    file.set(block, at);
    at += block.length;
  }
  return file;
}

/** A file whose header and extent are checked; blocks are checked when they are asked for. */
export interface CompressedFile extends FileHeader {
  readonly blocks: number;
  /** The images of a block, from the first to the one behind the last. */
  rangeOf(block: number): readonly [start: number, end: number];
  /** The bytes of a block, whose checksum is right. */
  block(block: number): Uint8Array;
}

/** Reads the header of a file, and where its blocks lie. */
export function readFile(where: string, bytes: unknown): CompressedFile {
  const own = ownBytes(where, bytes);
  if (own.length < MAGIC.length || !MAGIC.every((byte, i) => own[i] === byte)) {
    const rule = "be a file that compress or compressLossless wrote";
    refuseValue(where, "bytes", rule, own, kindHint(own));
  }
  const reader = new ByteReader(where, own);
  reader.take(MAGIC.length);
  const version = reader.byte();
  if (version !== VERSION) refuseDamage(where, `be of version ${VERSION}`, version);
  const number = reader.byte();
  const kind = KINDS.at(number) ?? refuseDamage(where, `have one of ${KINDS.length} kinds`, number);
  const model = reader.word();
  const rank = reader.integer("number of axes", 1, 8);
  const inputShape = Array.from({ length: rank }, () => reader.integer("size", 1, 2 ** 29));
  const count = reader.integer("count", 1, 2 ** 29);
  const blockSize = reader.integer("block size", 1, MOST_IN_BLOCK);
  const side = reader.take(reader.integer("length of side information", 0, reader.left));
  const blocks = Math.ceil(count / blockSize);
  // A length and a checksum for each.
  if (blocks * 5 > reader.left) refuseDamage(where, `hold the index of ${blocks} blocks`, own.length);
  const index = Array.from({ length: blocks }, () => {
    const length = reader.integer("length of a block", 1, own.length);
    return { length, sum: reader.word() };
  });
  const headerLength = reader.position;
  if (reader.word() !== crc32(own.subarray(0, headerLength))) {
    refuseDamage(where, "have the checksum of their header", own.length);
  }
  const body = index.reduce((sum, { length }) => sum + length, 0);
  if (body !== reader.left) refuseDamage(where, `have ${body} bytes of blocks`, reader.left);
  let at = reader.position;
  const places = index.map(({ length, sum }) => {
    at += length;
    return { start: at - length, end: at, sum };
  });
  const rangeOf = (block: number) => [block * blockSize, Math.min((block + 1) * blockSize, count)] as const;
  return {
    kind,
    model,
    count,
    inputShape,
    blockSize,
    side,
    blocks,
    rangeOf,
    block(block) {
      const { start, end, sum } = places[block];
      const part = own.subarray(start, end);
      if (crc32(part) === sum) return part;
      const [first, behind] = rangeOf(block);
      const rule = `have the checksum of block ${block}, images ${first} to ${behind - 1}: others can be read by start and end`;
      return refuseDamage(where, rule, part.length);
    },
  };
}
