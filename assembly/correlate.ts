// Two-dimensional correlation over a grid of taps, the one loop nest behind convolution, its gradient by
// input (hence transposed convolution) and its gradient by filter. What differs between them is only which
// taps exist and where they point, and that comes in a record (`job`), planned outside.
//
// For every grid point (r, c) of every image
//     target[r, c, n] = Σ over taps (i, j) and channels k of
//                       source[r·stepH + offsetH + i·offsetStepH, c·stepW + …, k] · filter[i, j, k, n]
// with source positions outside the image read as zero.

import { activate } from "./activation";
import {
  ACCUMULATE,
  ACTIVATION,
  ALPHA,
  BATCH,
  BIAS,
  CHANNELS,
  FILTER,
  FILTER_STEP_H,
  FILTER_STEP_K,
  FILTER_STEP_N,
  FILTER_STEP_W,
  GRID_COLUMNS,
  GRID_ROWS,
  OUTPUTS,
  SCRATCH,
  SCRATCH_BYTES,
  SOURCE_CHANNELS,
  SOURCE_WIDTH,
  TAPS_H,
  TAPS_W,
  field,
} from "./job";
import { FROM_BIAS, FROM_TARGET, FROM_ZERO } from "./microKernel";
import { dotRows } from "./narrow";
import { packRun } from "./pack";
import { NARROW, multiplyRows } from "./product";
import {
  BASES,
  PACKED_A,
  PACKED_B,
  RUNS,
  TARGETS,
  footprint,
  isInside,
  listRuns,
  prepareTile,
  tileColumns,
  tileImages,
  tileRows,
} from "./tile";

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
 * Requires: taps ≤ 4096; depth = taps·channels and one grid point's padded window within the scratch
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
      for (let r = 0; r < field(job, GRID_ROWS); r += rows) {
        for (let c = 0; c < field(job, GRID_COLUMNS); c += columns) {
          // A tile at the border may be narrower; its padded rows are then shorter too.
          const tileC = min(columns, field(job, GRID_COLUMNS) - c);
          const tileR = min(rows, field(job, GRID_ROWS) - r);
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
