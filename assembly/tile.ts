// Tiles of a correlation: as many grid points as the address tables hold, with their source read in place, or
// copied once into a zero-padded window that stays in cache.

import { Correlation } from "./correlation";
import { EDGE_BYTES } from "./microKernel";
import { PACKED_A_BYTES } from "./product";
import { bytesOf } from "./simd";

/** Most grid points of one tile: its two address tables are 64 KB. */
const TILE_POINTS: i32 = 8192;
/** Most taps of one job. */
export const MAX_TAPS: i32 = 4096;
/** Bytes of the zero-padded copy of a tile's source: half of a common L2. */
const PAD_BYTES: i32 = 1 << 19;
/** Most floats of one grid point's padded window. */
export const MAX_WINDOW: i32 = PAD_BYTES / 4;
/** Most taps · channels of one job: eight packed columns of the filter are then 1 MB, which the scratch holds. */
export const MAX_DEPTH: i32 = 32768;

// Scratch: tables, packing space, padded source, and what remains for the packed filter.
export const BASES: usize = 0;
export const TARGETS: usize = BASES + <usize>TILE_POINTS * 4;
export const RUNS: usize = TARGETS + <usize>TILE_POINTS * 4;
export const PACKED_A: usize = RUNS + <usize>MAX_TAPS * 4;
export const PADDED: usize = PACKED_A + PACKED_A_BYTES + ((EDGE_BYTES + 63) & ~63);
export const PACKED_B: usize = PADDED + <usize>PAD_BYTES;

function span(points: i32, step: i32, taps: i32, offsetStep: i32): i32 {
  return (points - 1) * step + (taps - 1) * offsetStep + 1;
}

/** Source rows that `points` grid points in a column read. */
export function sourceRows(job: Correlation, points: i32): i32 {
  return span(points, job.stepHeight, job.tapsHeight, job.offsetStepHeight);
}

/** Source columns that `points` grid points in a row read. */
export function sourceColumns(job: Correlation, points: i32): i32 {
  return span(points, job.stepWidth, job.tapsWidth, job.offsetStepWidth);
}

/** Whether no tap of any grid point falls outside the image, so that the source can be read in place. */
export function isInside(job: Correlation): bool {
  return (
    job.offsetHeight >= 0 &&
    job.offsetWidth >= 0 &&
    job.offsetHeight + sourceRows(job, job.rows) <= job.sourceHeight &&
    job.offsetWidth + sourceColumns(job, job.columns) <= job.sourceWidth
  );
}

function copyFloats(to: usize, from: usize, bytes: usize): void {
  const end = to + bytes;
  for (const end16 = to + (bytes & ~15); to < end16; to += 16, from += 16) v128.store(to, v128.load(from));
  for (; to < end; to += 4, from += 4) store<f32>(to, load<f32>(from));
}

function clearFloats(to: usize, bytes: usize): void {
  const end = to + bytes;
  for (const end16 = to + (bytes & ~15); to < end16; to += 16) v128.store(to, f32x4.splat(0));
  for (; to < end; to += 4) store<f32>(to, 0);
}

/** Copies the window [top, top + height) × [left, left + width) of one image, zeros outside the image. */
function padWindow(
  job: Correlation,
  out: usize,
  image: i32,
  top: i32,
  left: i32,
  height: i32,
  width: i32,
): void {
  const sourceHeight = job.sourceHeight;
  const sourceWidth = job.sourceWidth;
  const pixelBytes = bytesOf(job.sourceChannels);
  const channelBytes = bytesOf(job.channels);
  const before = <usize>min(width, max(0, -left)) * channelBytes;
  const inside = max(0, min(width, sourceWidth - left) - max(0, -left));
  const after = <usize>width * channelBytes - before - <usize>inside * channelBytes;
  const imageStart = job.source + <usize>image * <usize>sourceHeight * <usize>sourceWidth * pixelBytes;
  for (let y = top; y < top + height; y++) {
    if (y < 0 || y >= sourceHeight || inside == 0) {
      clearFloats(out, <usize>width * channelBytes);
      out += <usize>width * channelBytes;
      continue;
    }
    clearFloats(out, before);
    out += before;
    let from = imageStart + (<usize>y * <usize>sourceWidth + <usize>max(0, left)) * pixelBytes;
    if (pixelBytes == channelBytes) {
      copyFloats(out, from, <usize>inside * channelBytes);
      out += <usize>inside * channelBytes;
    } else {
      for (let x = 0; x < inside; x++, from += pixelBytes, out += channelBytes)
        copyFloats(out, from, channelBytes);
    }
    clearFloats(out, after);
    out += after;
  }
}

/**
 * Lists the byte offsets of the taps' channel runs for a source whose rows are `pitch` floats apart and whose
 * pixels `pixel`, neighbouring taps that touch in memory merged into one run.
 * @returns the length of each run, in floats.
 */
export function listRuns(job: Correlation, runs: usize, pitch: i32, pixel: i32): i32 {
  const tapsH = job.tapsHeight;
  const tapsW = job.tapsWidth;
  const stepH = job.offsetStepHeight * pitch;
  const stepW = job.offsetStepWidth * pixel;
  const channels = job.channels;
  const merged = stepW == channels || tapsW == 1;
  const columns = merged ? 1 : tapsW;
  for (let i = 0; i < tapsH; i++) {
    for (let j = 0; j < columns; j++, runs += 4) store<u32>(runs, <u32>bytesOf(i * stepH + j * stepW));
  }
  return merged ? tapsW * channels : channels;
}

/** Grid columns, rows and images of one tile, as large as tables and padded copy allow. */
export function tileColumns(job: Correlation, inside: bool): i32 {
  const columns = job.columns;
  const most = min(columns, TILE_POINTS);
  if (inside) return most;
  const line = sourceRows(job, 1) * job.channels * 4;
  const fit = (PAD_BYTES / line - sourceColumns(job, 1)) / job.stepWidth + 1;
  return max(1, min(most, fit));
}
export function tileRows(job: Correlation, inside: bool, columns: i32): i32 {
  const most = min(job.rows, TILE_POINTS / columns);
  if (inside) return most;
  const line = sourceColumns(job, columns) * job.channels * 4;
  const fit = (PAD_BYTES / line - sourceRows(job, 1)) / job.stepHeight + 1;
  return max(1, min(most, fit));
}
export function tileImages(job: Correlation, inside: bool, columns: i32, rows: i32): i32 {
  if (columns < job.columns || rows < job.rows) return 1;
  const most = min(job.batch, TILE_POINTS / (columns * rows));
  if (inside) return most;
  const bytes = sourceRows(job, rows) * sourceColumns(job, columns) * job.channels * 4;
  return max(1, min(most, PAD_BYTES / bytes));
}

/** Fills the tables of one tile (where each grid point's window begins, where its target lies) and pads. */
export function prepareTile(
  job: Correlation,
  inside: bool,
  image0: i32,
  images: i32,
  row0: i32,
  rows: i32,
  column0: i32,
  columns: i32,
): void {
  const scratch = job.scratch;
  let bases = scratch + BASES;
  let targets = scratch + TARGETS;
  const stepH = job.stepHeight;
  const stepW = job.stepWidth;
  const channels = inside ? job.sourceChannels : job.channels;
  const height = inside ? job.sourceHeight : sourceRows(job, rows);
  const width = inside ? job.sourceWidth : sourceColumns(job, columns);
  const top = row0 * stepH + job.offsetHeight;
  const left = column0 * stepW + job.offsetWidth;
  const pixel = bytesOf(channels);
  const imageBytes = <usize>height * <usize>width * pixel;
  const padded = scratch + PADDED;
  const source = job.source + (<usize>top * <usize>width + <usize>left) * pixel;
  const targetPixel = bytesOf(job.pixelStep);
  const targetRow = bytesOf(job.rowStep);
  const targetImage = bytesOf(job.imageStep);
  for (let b = 0; b < images; b++) {
    const image = image0 + b;
    if (!inside) padWindow(job, padded + <usize>b * imageBytes, image, top, left, height, width);
    const window = inside ? source + <usize>image * imageBytes : padded + <usize>b * imageBytes;
    for (let r = 0; r < rows; r++) {
      let base = window + <usize>(r * stepH) * <usize>width * pixel;
      let target =
        job.target +
        <usize>image * targetImage +
        <usize>(row0 + r) * targetRow +
        <usize>column0 * targetPixel;
      for (let c = 0; c < columns; c++, bases += 4, targets += 4, target += targetPixel) {
        store<u32>(bases, <u32>base);
        store<u32>(targets, <u32>target);
        base += <usize>stepW * pixel;
      }
    }
  }
}
