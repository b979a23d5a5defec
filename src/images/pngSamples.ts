// The samples of a PNG file: its pixels unpacked, their filters undone, interlaced rows put in their places.

import { refuseValue } from "../check/check.js";
import { inflate } from "./inflate.js";
import type { PngFile } from "./pngFile.js";

/** Pixels of a pass: every `stepX`-th of every `stepY`-th row, from `left` and `top` on. */
type Pass = readonly [left: number, top: number, stepX: number, stepY: number];

const WHOLE: readonly Pass[] = [[0, 0, 1, 1]];
const ADAM7: readonly Pass[] = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

/** A pass with its extent. */
interface Part {
  readonly pass: Pass;
  readonly columns: number;
  readonly rows: number;
  readonly rowBytes: number;
}

function partsOf({ width, height, depth, channels, isInterlaced }: PngFile): Part[] {
  return (isInterlaced ? ADAM7 : WHOLE)
    .map((pass) => {
      const [left, top, stepX, stepY] = pass;
      const columns = Math.max(0, Math.ceil((width - left) / stepX));
      const rows = Math.max(0, Math.ceil((height - top) / stepY));
      return { pass, columns, rows, rowBytes: Math.ceil((columns * channels * depth) / 8) };
    })
    .filter(({ columns, rows }) => columns > 0 && rows > 0);
}

function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner;
  const [toLeft, toUp, toCorner] = [
    Math.abs(estimate - left),
    Math.abs(estimate - up),
    Math.abs(estimate - corner),
  ];
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

/** Undoes a row's filter in place, given the row above it and the bytes from one pixel to the next. */
function unfilter(filter: number, row: Uint8Array, above: Uint8Array, step: number): void {
  if (filter === 1) for (let i = step; i < row.length; i++) row[i] += row[i - step];
  else if (filter === 2) for (let i = 0; i < row.length; i++) row[i] += above[i];
  else if (filter === 3) {
    for (let i = 0; i < row.length; i++) row[i] += ((i < step ? 0 : row[i - step]) + above[i]) >> 1;
  } else if (filter === 4) {
    for (let i = 0; i < row.length; i++) {
      row[i] += i < step ? above[i] : paeth(row[i - step], above[i], above[i - step]);
    }
  }
}

/** Sample `i` of a row. */
function sampleOf(row: Uint8Array, depth: number, i: number): number {
  if (depth === 8) return row[i];
  if (depth === 16) return (row[2 * i] << 8) | row[2 * i + 1];
  // Several samples share a byte, the first in its high bits.
  const perByte = 8 / depth;
  return (row[Math.floor(i / perByte)] >> (8 - depth * ((i % perByte) + 1))) & (2 ** depth - 1);
}

/** One number per sample, row by row. */
export function samplesOf(where: string, file: PngFile): Uint8Array | Uint16Array {
  const { width, height, channels, depth, packed } = file;
  const parts = partsOf(file);
  const refuse = (reason: string) =>
    refuseValue(where, "image data (IDAT)", `unpack to ${width} × ${height} pixels`, reason);
  const length = parts.reduce((sum, { rows, rowBytes }) => sum + rows * (1 + rowBytes), 0);
  const lines = inflate(packed, length) ?? refuse("damaged or too few bytes");
  const samples = new (depth === 16 ? Uint16Array : Uint8Array)(height * width * channels);
  const step = Math.max(1, (channels * depth) / 8);
  let position = 0;
  for (const { pass, columns, rows, rowBytes } of parts) {
    const [left, top, stepX, stepY] = pass;
    let above: Uint8Array = new Uint8Array(rowBytes);
    for (let y = 0; y < rows; y++) {
      const filter = lines[position];
      if (filter > 4) refuse(`a row with the filter ${filter}`);
      const row = lines.subarray(position + 1, position + 1 + rowBytes);
      unfilter(filter, row, above, step);
      const start = ((top + y * stepY) * width + left) * channels;
      if (depth === 8 && stepX === 1) samples.set(row, start);
      else {
        for (let x = 0; x < columns; x++) {
          const place = start + x * stepX * channels;
          for (let k = 0; k < channels; k++) samples[place + k] = sampleOf(row, depth, x * channels + k);
        }
      }
      above = row;
      position += 1 + rowBytes;
    }
  }
  return samples;
}
