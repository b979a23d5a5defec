// Makes PNG files by the standard, of every depth, filter and interlacing, and broken ones. Reads none.

import { crc32, deflateSync } from "node:zlib";

export interface Image {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colorType: number;
  /** Row by row, pixel by pixel. */
  readonly samples: readonly number[];
  readonly filter?: number;
  readonly isInterlaced?: boolean;
  /** Chunks between header and pixels. */
  readonly before?: readonly (readonly [type: string, data: readonly number[]])[];
}

export const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

const ADAM7 = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]]; // prettier-ignore

/** A chunk: length, type, data, checksum. */
export function chunk(type: string, data: ArrayLike<number>): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), Uint8Array.from(data)]);
  const length = Buffer.alloc(4);
  const checksum = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

/** A file of chunks. */
export function fileOf(...chunks: Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat([Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10), ...chunks]));
}

const word = (value: number) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];

/** The header's chunk, with any numbers. */
export function header(width: number, height: number, ...rest: number[]): Buffer {
  return chunk("IHDR", [...word(width), ...word(height), ...rest]);
}

/** Samples of one row as bytes, several to a byte where they are small. */
function packRow(samples: readonly number[], depth: number): number[] {
  if (depth === 16) return samples.flatMap((sample) => [sample >> 8, sample & 255]);
  const bits = samples.map((sample) => sample.toString(2).padStart(depth, "0")).join("");
  return (bits.match(/.{1,8}/g) ?? []).map((byte) => Number.parseInt(byte.padEnd(8, "0"), 2));
}

function paeth(left: number, up: number, corner: number): number {
  const p = left + up - corner;
  const candidates = [left, up, corner];
  const distances = candidates.map((value) => Math.abs(p - value));
  return candidates[distances.indexOf(Math.min(...distances))]!;
}

function filtered(rows: readonly number[][], filter: number, step: number): number[] {
  return rows.flatMap((row, y) => {
    const bytes = row.map((value, i) => {
      const left = row[i - step] ?? 0;
      const up = rows[y - 1]?.[i] ?? 0;
      const corner = rows[y - 1]?.[i - step] ?? 0;
      return (value - [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter]!) & 255;
    });
    return [filter, ...bytes];
  });
}

/** The bytes that a PNG packs. */
export function scanlines({
  width,
  height,
  depth,
  colorType,
  samples,
  filter = 0,
  isInterlaced,
}: Image): number[] {
  const channels = CHANNELS[colorType]!;
  const step = Math.max(1, (channels * depth) / 8);
  const passes = isInterlaced === true ? ADAM7 : [[0, 0, 1, 1]];
  return passes.flatMap(([left, top, stepX, stepY]) => {
    const rows: number[][] = [];
    for (let y = top!; y < height; y += stepY!) {
      const row: number[] = [];
      for (let x = left!; x < width; x += stepX!) {
        row.push(...samples.slice((y * width + x) * channels, (y * width + x + 1) * channels));
      }
      if (row.length > 0) rows.push(packRow(row, depth));
    }
    return filtered(rows, filter, step);
  });
}

/** A whole file; its packed pixels stand in two chunks. */
export function pngOf(image: Image): Uint8Array {
  const { width, height, depth, colorType, isInterlaced = false, before = [] } = image;
  const packed = deflateSync(Uint8Array.from(scanlines(image)));
  return fileOf(
    header(width, height, depth, colorType, 0, 0, isInterlaced ? 1 : 0),
    ...before.map(([type, data]) => chunk(type, data)),
    chunk("IDAT", packed.subarray(0, 5)),
    chunk("IDAT", packed.subarray(5)),
    chunk("IEND", []),
  );
}
