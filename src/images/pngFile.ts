// The chunks of a PNG file: walked and checked before anything is unpacked. Pixels are decoded elsewhere.

import { kindHint, viewOf } from "../files/bytes.js";
import { MAX_ELEMENTS, refuseValue } from "../check/check.js";
import { crc32 } from "../files/crc32.js";
import { MAX_PACKED } from "./inflate.js";

/** What a file says about its pixels, and their packed bytes. */
export interface PngFile {
  readonly width: number;
  readonly height: number;
  /** Bits of one sample. */
  readonly depth: number;
  readonly colorType: number;
  /** Samples of one pixel; an index into the palette counts as one. */
  readonly channels: number;
  readonly isInterlaced: boolean;
  /** Red, green and blue of each colour, for pixels that are indices. */
  readonly palette: Uint8Array;
  /** Alpha of the palette's colours, or the one grey or colour (big-endian, 16 bits) that is transparent. */
  readonly transparency: Uint8Array;
  readonly packed: Uint8Array;
}

export const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Colour types, with the depths and the samples of a pixel that the standard allows. */
const COLOR_TYPES = new Map<number, readonly [depths: readonly number[], channels: number]>([
  [0, [[1, 2, 4, 8, 16], 1]],
  [2, [[8, 16], 3]],
  [3, [[1, 2, 4, 8], 1]],
  [4, [[8, 16], 2]],
  [6, [[8, 16], 4]],
]);

export const INDEXED = 3;

/** Deflate makes at most so many bytes of one: 258 of two bits. */
const MOST_UNPACKED = 1032;

/** Whether bytes begin as every PNG file does. */
export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/** Visits the chunks up to the end of the image; what follows it is not looked at. */
function visitChunks(
  where: string,
  bytes: Uint8Array,
  visit: (index: number, type: string, start: number, end: number) => void,
): void {
  const view = viewOf(bytes);
  let type = "";
  for (let start = SIGNATURE.length, index = 0; type !== "IEND"; index++) {
    const place = `chunk ${index}`;
    const rest = bytes.length - start - 12;
    if (rest < 0) refuseValue(where, "bytes", "go on until the chunk IEND", bytes);
    const length = view.getUint32(start);
    if (length > rest) refuseValue(where, `${place} length`, `be at most ${rest}`, length);
    const end = start + 8 + length;
    if (crc32(bytes.subarray(start + 4, end)) !== view.getUint32(end)) {
      refuseValue(where, place, "agree with its checksum", "damaged bytes");
    }
    type = String.fromCharCode(...bytes.subarray(start + 4, start + 8));
    visit(index, type, start + 8, end);
    start = end + 4;
  }
}

/** Reads and checks all but the pixels. */
export function readPngFile(where: string, bytes: Uint8Array): PngFile {
  if (!isPng(bytes)) {
    refuseValue(where, "bytes", "begin with PNG's signature", [...bytes.subarray(0, 4)], kindHint(bytes));
  }
  let [first, unexpected] = ["", ""];
  let header: Uint8Array = new Uint8Array(0);
  let palette: Uint8Array | undefined;
  let transparency: Uint8Array | undefined;
  // Starts and ends only: of a file of empty chunks, views would take many times its length.
  const pixels: number[] = [];
  visitChunks(where, bytes, (index, type, start, end) => {
    if (index === 0) [first, header] = [type, bytes.subarray(start, end)];
    else if (type === "PLTE") palette ??= bytes.subarray(start, end);
    else if (type === "tRNS") transparency ??= bytes.subarray(start, end);
    else if (type === "IDAT") pixels.push(start, end);
    // A text, a colour profile and the like change no sample. What is critical and unknown may.
    else if (type !== "IEND" && !/^[a-z]/.test(type)) unexpected ||= type;
  });
  if (first !== "IHDR" || header.length !== 13) refuseValue(where, "chunk 0", "be IHDR of 13 bytes", first);
  const read = readHeader(where, header);
  if (unexpected !== "") refuseValue(where, "chunks", "be those of the standard", unexpected);
  const [colours, alpha] = [palette ?? new Uint8Array(0), transparency ?? new Uint8Array(0)];
  checkPalette(where, read, colours, alpha);
  const packed = joined(bytes, pixels);
  checkPackedLength(where, read, packed.length);
  return { ...read, palette: colours, transparency: alpha, packed };
}

type Header = Omit<PngFile, "palette" | "transparency" | "packed">;

function readHeader(where: string, data: Uint8Array): Header {
  const view = viewOf(data);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, colorType, compression, filter, interlace] = data.subarray(8);
  const [depths, channels] = COLOR_TYPES.get(colorType) ?? [[], 0];
  if (!depths.includes(depth)) {
    refuseValue(where, "depth and colour type", "be a pair of the standard", [depth, colorType]);
  }
  if (compression !== 0 || filter !== 0 || interlace > 1) {
    refuseValue(where, "compression, filter and interlacing", "be those of the standard", [
      compression,
      filter,
      interlace,
    ]);
  }
  // Palettes and transparency can make four values of one sample.
  const most = Math.floor(MAX_ELEMENTS / 4);
  if (width === 0 || height === 0 || width * height > most) {
    refuseValue(where, "width and height", `be ≥ 1 and multiply to at most ${most} pixels`, [width, height]);
  }
  return { width, height, depth, colorType, channels, isInterlaced: interlace === 1 };
}

function checkPalette(
  where: string,
  { colorType, channels }: Header,
  palette: Uint8Array,
  transparency: Uint8Array,
): void {
  if (colorType === INDEXED) {
    const { length } = palette;
    if (length === 0 || length > 768 || length % 3 !== 0) {
      refuseValue(where, "PLTE", "hold 1 to 256 colours of 3 bytes", palette);
    }
    if (transparency.length > length / 3) {
      refuseValue(where, "tRNS", "hold at most one byte per colour", transparency);
    }
  } else if (transparency.length > 0 && (colorType > INDEXED || transparency.length !== 2 * channels)) {
    refuseValue(where, "tRNS", "hold one colour, and only for images without alpha", transparency);
  }
}

/**
 * Refuses packed pixels that cannot be as long as the header says, or are so long that they must be longer: neither a
 * small file for a huge image nor a large one for a few pixels takes memory.
 */
function checkPackedLength(where: string, { width, height, depth, channels }: Header, length: number): void {
  const pixels = height * Math.ceil((width * depth * channels) / 8);
  const least = Math.ceil(pixels / MOST_UNPACKED);
  const most = Math.min(8 * (pixels + height) + 4096, MAX_PACKED);
  if (length < least || length > most) {
    const rule = `be from ${least} to ${most} bytes long for ${width} × ${height} pixels`;
    refuseValue(where, "image data (IDAT)", rule, length);
  }
}

/** Parts of bytes, each by its start and its end, in one piece. */
function joined(bytes: Uint8Array, ranges: readonly number[]): Uint8Array {
  if (ranges.length === 2) return bytes.subarray(ranges[0], ranges[1]);
  let length = 0;
  for (let i = 0; i < ranges.length; i += 2) length += ranges[i + 1] - ranges[i];
  const whole = new Uint8Array(length);
  for (let i = 0, position = 0; i < ranges.length; position += ranges[i + 1] - ranges[i], i += 2) {
    whole.set(bytes.subarray(ranges[i], ranges[i + 1]), position);
  }
  return whole;
}
