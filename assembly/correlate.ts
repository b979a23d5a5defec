// Two-dimensional correlation over a grid of taps, the one loop nest behind convolution, its gradient by
// input (hence transposed convolution) and its gradient by filter. What differs between them is only which
// taps exist and where they point, and that comes in a record (`job`), planned outside.
//
// For every grid point (r, c) of every image
//     target[r, c, n] = Σ over taps (i, j) and channels k of
//                       source[r·stepH + offsetH + i·offsetStepH, c·stepW + …, k] · filter[i, j, k, n]
// with source positions outside the image read as zero.

import { divideUp } from "./simd";
import {
  combineRows,
  dotRows,
  multiplyColumns,
  multiplyRows,
  NARROW,
  PACKED_A_BYTES,
  packedColumns,
} from "./product";
import { EDGE_BYTES, FROM_BIAS, FROM_TARGET, FROM_ZERO } from "./microKernel";
import { packRun } from "./pack";
import { activate } from "./activation";

// The record: 32-bit integers in this order (lengths and steps in floats or pixels, addresses in bytes).
const SOURCE: usize = 0;
const TARGET: usize = 4;
const FILTER: usize = 8;
const BIAS: usize = 12; // address, or 0
const BATCH: usize = 16;
const SOURCE_HEIGHT: usize = 20;
const SOURCE_WIDTH: usize = 24;
const SOURCE_CHANNELS: usize = 28; // floats from one source pixel to the next
const CHANNELS: usize = 32; // contracted channels, from SOURCE on
const IMAGE_STEP: usize = 36; // floats from one target image, row, pixel to the next
const ROW_STEP: usize = 40;
const PIXEL_STEP: usize = 44;
const ROWS_: usize = 48; // the grid
const COLUMNS_: usize = 52;
const STEP_H: usize = 56;
const STEP_W: usize = 60;
const TAPS_H: usize = 64;
const OFFSET_H: usize = 68;
const OFFSET_STEP_H: usize = 72; // ≥ 1
const TAPS_W: usize = 76;
const OFFSET_W: usize = 80;
const OFFSET_STEP_W: usize = 84; // ≥ 1
const FILTER_STEP_H: usize = 88; // floats between filter elements of neighbouring taps, channels, outputs
const FILTER_STEP_W: usize = 92;
const FILTER_STEP_K: usize = 96;
const FILTER_STEP_N: usize = 100;
const OUTPUTS: usize = 104;
const ACCUMULATE: usize = 108; // 1: add to the target
const ACTIVATION: usize = 112;
const ALPHA: usize = 116; // float32
const SCRATCH: usize = 120;
const SCRATCH_BYTES: usize = 124;

/** Most grid points of one tile: its two address tables are 64 KB. */
const TILE_POINTS: i32 = 8192;
/** Most taps of one job. */
export const MAX_TAPS: i32 = 4096;
/** Bytes of the zero-padded copy of a tile's source: half of a common L2. */
const PAD_BYTES: i32 = 1 << 19;

// Scratch: tables, packing space, padded source, and what remains for the packed filter.
const BASES: usize = 0;
const TARGETS: usize = BASES + <usize>TILE_POINTS * 4;
const RUNS: usize = TARGETS + <usize>TILE_POINTS * 4;
const PACKED_A: usize = RUNS + <usize>MAX_TAPS * 4;
const PADDED: usize = PACKED_A + PACKED_A_BYTES + ((EDGE_BYTES + 63) & ~63);
const PACKED_B: usize = PADDED + <usize>PAD_BYTES;

function field(job: usize, offset: usize): i32 {
  return load<i32>(job + offset);
}

function lastOffset(job: usize, taps: usize): i32 {
  return field(job, taps + 4) + (field(job, taps) - 1) * field(job, taps + 8);
}

/** Source rows or columns that `points` grid points in a line read; `taps` names the axis's tap fields. */
function footprint(job: usize, taps: usize, points: i32): i32 {
  const step = field(job, taps == TAPS_H ? STEP_H : STEP_W);
  return (points - 1) * step + (field(job, taps) - 1) * field(job, taps + 8) + 1;
}

/** Whether no tap of any grid point falls outside the image, so that the source can be read in place. */
function isInside(job: usize): bool {
  return (
    field(job, OFFSET_H) >= 0 &&
    field(job, OFFSET_W) >= 0 &&
    (field(job, ROWS_) - 1) * field(job, STEP_H) + lastOffset(job, TAPS_H) < field(job, SOURCE_HEIGHT) &&
    (field(job, COLUMNS_) - 1) * field(job, STEP_W) + lastOffset(job, TAPS_W) < field(job, SOURCE_WIDTH)
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
function listRuns(job: usize, runs: usize, pitch: i32, pixel: i32): i32 {
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
function tileColumns(job: usize, inside: bool): i32 {
  const columns = field(job, COLUMNS_);
  const most = min(columns, TILE_POINTS);
  if (inside) return most;
  const line = footprint(job, TAPS_H, 1) * field(job, CHANNELS) * 4;
  const fit = (PAD_BYTES / line - footprint(job, TAPS_W, 1)) / field(job, STEP_W) + 1;
  return max(1, min(most, fit));
}
function tileRows(job: usize, inside: bool, columns: i32): i32 {
  const most = min(field(job, ROWS_), TILE_POINTS / columns);
  if (inside) return most;
  const line = footprint(job, TAPS_W, columns) * field(job, CHANNELS) * 4;
  const fit = (PAD_BYTES / line - footprint(job, TAPS_H, 1)) / field(job, STEP_H) + 1;
  return max(1, min(most, fit));
}
function tileImages(job: usize, inside: bool, columns: i32, rows: i32): i32 {
  if (columns < field(job, COLUMNS_) || rows < field(job, ROWS_)) return 1;
  const most = min(field(job, BATCH), TILE_POINTS / (columns * rows));
  if (inside) return most;
  const bytes = footprint(job, TAPS_H, rows) * footprint(job, TAPS_W, columns) * field(job, CHANNELS) * 4;
  return max(1, min(most, PAD_BYTES / bytes));
}

/** Fills the tables of one tile (where each grid point's window begins, where its target lies) and pads. */
function prepareTile(
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

/** Packs the filter's columns [first, first + columns) for all taps and channels to [columns/8][depth][8]. */
function packFilter(job: usize, out: usize, first: i32, columns: i32): void {
  const tapsH = field(job, TAPS_H);
  const tapsW = field(job, TAPS_W);
  const channels = field(job, CHANNELS);
  const stepK = (<usize>field(job, FILTER_STEP_K)) << 2;
  const stepN = (<usize>field(job, FILTER_STEP_N)) << 2;
  for (let n = first; n < first + columns; n += 8) {
    for (let i = 0; i < tapsH; i++) {
      for (let j = 0; j < tapsW; j++, out += (<usize>channels) << 5) {
        const tap = i * field(job, FILTER_STEP_H) + j * field(job, FILTER_STEP_W);
        const from = <usize>field(job, FILTER) + <usize>(tap << 2) + <usize>n * stepN;
        packRun(out, from, stepK, stepN, channels, min(8, first + columns - n));
      }
    }
  }
}

/** Packs one column of the filter, taps and channels in order. */
function packVector(job: usize, out: usize, n: i32): void {
  const stepK = (<usize>field(job, FILTER_STEP_K)) << 2;
  for (let i = 0; i < field(job, TAPS_H); i++) {
    for (let j = 0; j < field(job, TAPS_W); j++) {
      const tap =
        i * field(job, FILTER_STEP_H) + j * field(job, FILTER_STEP_W) + n * field(job, FILTER_STEP_N);
      let from = <usize>field(job, FILTER) + <usize>(tap << 2);
      for (let k = 0; k < field(job, CHANNELS); k++, from += stepK, out += 4)
        store<f32>(out, load<f32>(from));
    }
  }
}

/** The correlation of one prepared tile with the packed filter columns [first, first + columns). */
function correlateTile(job: usize, points: i32, runLength: i32, depth: i32, first: i32, columns: i32): void {
  const scratch = <usize>field(job, SCRATCH);
  const bases = scratch + BASES;
  const targets = scratch + TARGETS;
  const runs = scratch + RUNS;
  const packed = scratch + PACKED_B;
  const biases = <usize>field(job, BIAS);
  const column = (<usize>first) << 2;
  const activation = field(job, ACTIVATION);
  const alpha = load<f32>(job + ALPHA);
  const start = field(job, ACCUMULATE) ? FROM_TARGET : biases ? FROM_BIAS : FROM_ZERO;
  if (field(job, OUTPUTS) > NARROW || runLength < 8) {
    multiplyRows(
      bases,
      targets,
      points,
      runs,
      runLength,
      depth,
      packed,
      column,
      columns,
      start,
      biases + column,
      activation,
      alpha,
      scratch + PACKED_A,
    );
    return;
  }
  for (let n = 0; n < columns; n++) {
    const bias: f32 = biases ? load<f32>(biases + column + ((<usize>n) << 2)) : 0;
    const vector = packed + ((<usize>(n * depth)) << 2);
    const at = column + ((<usize>n) << 2);
    dotRows(bases, targets, points, runs, depth / runLength, runLength, vector, at, start, bias);
  }
  if (activation == 0) return;
  const end = targets + ((<usize>points) << 2);
  for (let t = targets; t < end; t += 4) activate(<usize>load<u32>(t) + column, columns, activation, alpha);
}

/**
 * Correlates the source with the filter.
 *
 * Layout: `job` points to the record above.
 * Requires: taps ≤ MAX_TAPS; depth = taps·channels and one grid point's padded window within the scratch
 *   (the planner splits larger jobs by taps or channels and lets the parts accumulate).
 * Aliasing: source, filter, target and scratch are apart.
 */
export function correlate(job: usize): void {
  const inside = isInside(job);
  const columns = tileColumns(job, inside);
  const rows = tileRows(job, inside, columns);
  const images = tileImages(job, inside, columns, rows);
  const scratch = <usize>field(job, SCRATCH);
  const outputs = field(job, OUTPUTS);
  const depth = field(job, TAPS_H) * field(job, TAPS_W) * field(job, CHANNELS);
  const room = (field(job, SCRATCH_BYTES) - <i32>PACKED_B) >> 2;
  const most = max(8, (room / max(1, depth)) & ~7);
  const pixel = inside ? field(job, SOURCE_CHANNELS) : field(job, CHANNELS);
  const width = inside ? field(job, SOURCE_WIDTH) : footprint(job, TAPS_W, columns);
  for (let n = 0; n < outputs; n += most) {
    const count = min(most, outputs - n);
    for (let b = 0; b < field(job, BATCH); b += images) {
      for (let r = 0; r < field(job, ROWS_); r += rows) {
        for (let c = 0; c < field(job, COLUMNS_); c += columns) {
          // A tile at the border may be narrower; its padded rows are then shorter too.
          const tileC = min(columns, field(job, COLUMNS_) - c);
          const tileR = min(rows, field(job, ROWS_) - r);
          const tileB = min(images, field(job, BATCH) - b);
          const pitch = inside ? width : footprint(job, TAPS_W, tileC);
          const runLength = listRuns(job, scratch + RUNS, pitch * pixel, pixel);
          if (b == 0 && r == 0 && c == 0) {
            if (outputs > NARROW || runLength < 8) packFilter(job, scratch + PACKED_B, n, count);
            else
              for (let i = 0; i < count; i++)
                packVector(job, scratch + PACKED_B + ((<usize>(i * depth)) << 2), n + i);
          }
          prepareTile(job, inside, b, tileB, r, tileR, c, tileC);
          correlateTile(job, tileB * tileR * tileC, max(1, runLength), depth, n, count);
        }
      }
    }
  }
}

/** Byte offsets, from a window's begin, of every (tap, channel) of the runs, and the rows of the filter gradient. */
function listElements(
  job: usize,
  offsets: usize,
  rows: usize,
  runs: usize,
  runLength: i32,
  depth: i32,
): void {
  const channels = field(job, CHANNELS);
  const tapsW = field(job, TAPS_W);
  for (let e = 0; e < depth; e++) {
    const run = e / runLength;
    const tap = e / channels;
    const i = tap / tapsW;
    const at = i * field(job, FILTER_STEP_H) + (tap - i * tapsW) * field(job, FILTER_STEP_W);
    const row = at + (e - tap * channels) * field(job, FILTER_STEP_K);
    store<u32>(
      offsets + ((<usize>e) << 2),
      load<u32>(runs + ((<usize>run) << 2)) + ((<u32>(e - run * runLength)) << 2),
    );
    store<u32>(rows + ((<usize>e) << 2), <u32>(<usize>field(job, FILTER) + ((<usize>row) << 2)));
  }
}

/**
 * The filter's gradient: filter[i, j, k, n] (+)= Σ over grid points of source[tap, k] · target[point, n].
 *
 * Layout: the record of `correlate`; the filter is written, the target read. FILTER_STEP_N must be 1.
 * Requires: taps·channels ≤ MAX_ELEMENTS; `outputs` columns of packed target within the scratch.
 * Aliasing: as for `correlate`.
 */
export function correlateFilterGradient(job: usize): void {
  const inside = isInside(job);
  const columns = tileColumns(job, inside);
  const rows = tileRows(job, inside, columns);
  const images = tileImages(job, inside, columns, rows);
  const scratch = <usize>field(job, SCRATCH);
  const outputs = field(job, OUTPUTS);
  const channels = field(job, CHANNELS);
  const depth = field(job, TAPS_H) * field(job, TAPS_W) * channels;
  const bases = scratch + BASES;
  const listed = scratch + TARGETS;
  // Behind the padded source: element offsets, addresses of the gradient's rows, then packing space.
  const offsets = scratch + PACKED_B;
  const gradientRows = offsets + ((<usize>depth) << 2);
  const packing = (gradientRows + ((<usize>depth) << 2) + 63) & ~63;
  const room = scratch + <usize>field(job, SCRATCH_BYTES) - packing - PACKED_A_BYTES - EDGE_BYTES;
  const most = packedColumns(<i32>room);
  const pixel = inside ? field(job, SOURCE_CHANNELS) : channels;
  const width = inside ? field(job, SOURCE_WIDTH) : footprint(job, TAPS_W, columns);
  let start = field(job, ACCUMULATE) ? FROM_TARGET : FROM_ZERO;
  for (let b = 0; b < field(job, BATCH); b += images) {
    for (let r = 0; r < field(job, ROWS_); r += rows) {
      for (let c = 0; c < field(job, COLUMNS_); c += columns) {
        const tileC = min(columns, field(job, COLUMNS_) - c);
        const tileR = min(rows, field(job, ROWS_) - r);
        const tileB = min(images, field(job, BATCH) - b);
        const pitch = inside ? width : footprint(job, TAPS_W, tileC);
        const runLength = listRuns(job, scratch + RUNS, pitch * pixel, pixel);
        listElements(job, offsets, gradientRows, scratch + RUNS, runLength, depth);
        prepareTile(job, inside, b, tileB, r, tileR, c, tileC);
        const points = tileB * tileR * tileC;
        if (outputs > NARROW || runLength < 8) {
          for (let n = 0; n < outputs; n += most) {
            const count = min(most, outputs - n);
            const first = (<usize>n) << 2;
            multiplyColumns(
              bases,
              offsets,
              depth,
              listed,
              points,
              first,
              4,
              gradientRows,
              first,
              count,
              start,
              1,
              packing,
            );
          }
        } else {
          for (let n = 0; n < outputs; n++) {
            for (let e = 0, run = scratch + RUNS; e < depth; e += runLength, run += 4) {
              combineRows(
                bases,
                <usize>load<u32>(run),
                runLength,
                listed,
                points,
                (<usize>n) << 2,
                gradientRows + ((<usize>e) << 2),
                (<usize>n) << 2,
                start,
                1,
                packing,
              );
            }
          }
        }
        start = FROM_TARGET;
      }
    }
  }
}
