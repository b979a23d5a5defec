// Tiles of a correlation: as many grid points as the address tables hold, with their source read in place, or
// copied once into a zero-padded window that stays in cache.

import {
  BATCH,
  CHANNELS,
  GRID_COLUMNS,
  GRID_ROWS,
  IMAGE_STEP,
  OFFSET_H,
  OFFSET_STEP_H,
  OFFSET_STEP_W,
  OFFSET_W,
  PIXEL_STEP,
  ROW_STEP,
  SCRATCH,
  SOURCE,
  SOURCE_CHANNELS,
  SOURCE_HEIGHT,
  SOURCE_WIDTH,
  STEP_H,
  STEP_W,
  TAPS_H,
  TAPS_W,
  TARGET,
  field,
} from "./job";
import { EDGE_BYTES } from "./microKernel";
import { PACKED_A_BYTES } from "./product";

/** Most grid points of one tile: its two address tables are 64 KB. */
const TILE_POINTS: i32 = 8192;
/** Most taps of one job. */
export const MAX_TAPS: i32 = 4096;
/** Bytes of the zero-padded copy of a tile's source: half of a common L2. */
const PAD_BYTES: i32 = 1 << 19;

// Scratch: tables, packing space, padded source, and what remains for the packed filter.
export const BASES: usize = 0;
export const TARGETS: usize = BASES + <usize>TILE_POINTS * 4;
export const RUNS: usize = TARGETS + <usize>TILE_POINTS * 4;
export const PACKED_A: usize = RUNS + <usize>MAX_TAPS * 4;
export const PADDED: usize = PACKED_A + PACKED_A_BYTES + ((EDGE_BYTES + 63) & ~63);
export const PACKED_B: usize = PADDED + <usize>PAD_BYTES;

function lastOffset(job: usize, taps: usize): i32 {
  return field(job, taps + 4) + (field(job, taps) - 1) * field(job, taps + 8);
}

/** Source rows or columns that `points` grid points in a line read; `taps` names the axis's tap fields. */
export function footprint(job: usize, taps: usize, points: i32): i32 {
  const step = field(job, taps == TAPS_H ? STEP_H : STEP_W);
  return (points - 1) * step + (field(job, taps) - 1) * field(job, taps + 8) + 1;
}

/** Whether no tap of any grid point falls outside the image, so that the source can be read in place. */
export function isInside(job: usize): bool {
  return (
    field(job, OFFSET_H) >= 0 &&
    field(job, OFFSET_W) >= 0 &&
    (field(job, GRID_ROWS) - 1) * field(job, STEP_H) + lastOffset(job, TAPS_H) < field(job, SOURCE_HEIGHT) &&
    (field(job, GRID_COLUMNS) - 1) * field(job, STEP_W) + lastOffset(job, TAPS_W) < field(job, SOURCE_WIDTH)
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
function padWindow(job: usize, out: usize, image: i32, top: i32, left: i32, height: i32, width: i32): void {
  const sourceHeight = field(job, SOURCE_HEIGHT);
  const sourceWidth = field(job, SOURCE_WIDTH);
  const pixelBytes = (<usize>field(job, SOURCE_CHANNELS)) << 2;
  const channelBytes = (<usize>field(job, CHANNELS)) << 2;
  const before = <usize>min(width, max(0, -left)) * channelBytes;
  const inside = max(0, min(width, sourceWidth - left) - max(0, -left));
  const after = <usize>width * channelBytes - before - <usize>inside * channelBytes;
  const imageStart =
    <usize>field(job, SOURCE) + <usize>image * <usize>sourceHeight * <usize>sourceWidth * pixelBytes;
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
export function listRuns(job: usize, runs: usize, pitch: i32, pixel: i32): i32 {
  const tapsH = field(job, TAPS_H);
  const tapsW = field(job, TAPS_W);
  const stepH = field(job, OFFSET_STEP_H) * pitch;
  const stepW = field(job, OFFSET_STEP_W) * pixel;
  const channels = field(job, CHANNELS);
  const merged = stepW == channels || tapsW == 1;
  const columns = merged ? 1 : tapsW;
  for (let i = 0; i < tapsH; i++) {
    for (let j = 0; j < columns; j++, runs += 4)
      store<u32>(runs, <u32>((<usize>(i * stepH + j * stepW)) << 2));
  }
  return merged ? tapsW * channels : channels;
}

/** Grid columns, rows and images of one tile, as large as tables and padded copy allow. */
export function tileColumns(job: usize, inside: bool): i32 {
  const columns = field(job, GRID_COLUMNS);
  const most = min(columns, TILE_POINTS);
  if (inside) return most;
  const line = footprint(job, TAPS_H, 1) * field(job, CHANNELS) * 4;
  const fit = (PAD_BYTES / line - footprint(job, TAPS_W, 1)) / field(job, STEP_W) + 1;
  return max(1, min(most, fit));
}
export function tileRows(job: usize, inside: bool, columns: i32): i32 {
  const most = min(field(job, GRID_ROWS), TILE_POINTS / columns);
  if (inside) return most;
  const line = footprint(job, TAPS_W, columns) * field(job, CHANNELS) * 4;
  const fit = (PAD_BYTES / line - footprint(job, TAPS_H, 1)) / field(job, STEP_H) + 1;
  return max(1, min(most, fit));
}
export function tileImages(job: usize, inside: bool, columns: i32, rows: i32): i32 {
  if (columns < field(job, GRID_COLUMNS) || rows < field(job, GRID_ROWS)) return 1;
  const most = min(field(job, BATCH), TILE_POINTS / (columns * rows));
  if (inside) return most;
  const bytes = footprint(job, TAPS_H, rows) * footprint(job, TAPS_W, columns) * field(job, CHANNELS) * 4;
  return max(1, min(most, PAD_BYTES / bytes));
}

/** Fills the tables of one tile (where each grid point's window begins, where its target lies) and pads. */
export function prepareTile(
  job: usize,
  inside: bool,
  image0: i32,
  images: i32,
  row0: i32,
  rows: i32,
  column0: i32,
  columns: i32,
): void {
  const scratch = <usize>field(job, SCRATCH);
  let bases = scratch + BASES;
  let targets = scratch + TARGETS;
  const stepH = field(job, STEP_H);
  const stepW = field(job, STEP_W);
  const channels = inside ? field(job, SOURCE_CHANNELS) : field(job, CHANNELS);
  const height = inside ? field(job, SOURCE_HEIGHT) : footprint(job, TAPS_H, rows);
  const width = inside ? field(job, SOURCE_WIDTH) : footprint(job, TAPS_W, columns);
  const top = row0 * stepH + field(job, OFFSET_H);
  const left = column0 * stepW + field(job, OFFSET_W);
  const pixel = (<usize>channels) << 2;
  const imageBytes = <usize>height * <usize>width * pixel;
  const padded = scratch + PADDED;
  const source = <usize>field(job, SOURCE) + (<usize>top * <usize>width + <usize>left) * pixel;
  const targetPixel = (<usize>field(job, PIXEL_STEP)) << 2;
  const targetRow = (<usize>field(job, ROW_STEP)) << 2;
  const targetImage = (<usize>field(job, IMAGE_STEP)) << 2;
  for (let b = 0; b < images; b++) {
    const image = image0 + b;
    if (!inside) padWindow(job, padded + <usize>b * imageBytes, image, top, left, height, width);
    const window = inside ? source + <usize>image * imageBytes : padded + <usize>b * imageBytes;
    for (let r = 0; r < rows; r++) {
      let base = window + <usize>(r * stepH) * <usize>width * pixel;
      let target =
        <usize>field(job, TARGET) +
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
