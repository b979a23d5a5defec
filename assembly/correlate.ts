// Two-dimensional correlation over a grid of taps, the one loop nest behind convolution, its gradient by
// input (hence transposed convolution) and its gradient by filter. What differs between them is only which
// taps exist and where they point, and that comes in a record (`job`), planned outside.
//
// For every grid point (r, c) of every image
//     target[r, c, n] = Σ over taps (i, j) and channels k of
//                       source[r·stepH + offsetH + i·offsetStepH, c·stepW + …, k] · filter[i, j, k, n]
// with source positions outside the image read as zero.

import { activate } from "./fusedActivation";
import { Correlation } from "./correlation";
import { FROM_BIAS, FROM_TARGET, FROM_ZERO } from "./microKernel";
import { dotRows } from "./oneColumn";
import { packRun } from "./pack";
import { NARROW, multiplyRows } from "./product";
import {
  BASES,
  PACKED_A,
  PACKED_B,
  RUNS,
  TARGETS,
  sourceColumns,
  isInside,
  listRuns,
  prepareTile,
  tileColumns,
  tileImages,
  tileRows,
} from "./tile";
import { bytesOf } from "./simd";

/** Packs the filter's columns [first, first + columns) for all taps and channels to [columns/8][depth][8]. */
function packFilter(job: Correlation, out: usize, first: i32, columns: i32): void {
  const tapsH = job.tapsHeight;
  const tapsW = job.tapsWidth;
  const channels = job.channels;
  const stepK = bytesOf(job.filterStepChannel);
  const stepN = bytesOf(job.filterStepOutput);
  for (let n = first; n < first + columns; n += 8) {
    for (let i = 0; i < tapsH; i++) {
      for (let j = 0; j < tapsW; j++, out += (<usize>channels) << 5) {
        const tap = i * job.filterStepHeight + j * job.filterStepWidth;
        const from = job.filter + <usize>(tap << 2) + <usize>n * stepN;
        packRun(out, from, stepK, stepN, channels, min(8, first + columns - n));
      }
    }
  }
}

/** Packs one column of the filter, taps and channels in order. */
function packVector(job: Correlation, out: usize, n: i32): void {
  const stepK = bytesOf(job.filterStepChannel);
  for (let i = 0; i < job.tapsHeight; i++) {
    for (let j = 0; j < job.tapsWidth; j++) {
      const tap = i * job.filterStepHeight + j * job.filterStepWidth + n * job.filterStepOutput;
      let from = job.filter + <usize>(tap << 2);
      for (let k = 0; k < job.channels; k++, from += stepK, out += 4) store<f32>(out, load<f32>(from));
    }
  }
}

/** The correlation of one prepared tile with the packed filter columns [first, first + columns). */
function correlateTile(
  job: Correlation,
  points: i32,
  runLength: i32,
  depth: i32,
  first: i32,
  columns: i32,
): void {
  const scratch = job.scratch;
  const bases = scratch + BASES;
  const targets = scratch + TARGETS;
  const runs = scratch + RUNS;
  const packed = scratch + PACKED_B;
  const biases = job.bias;
  const column = bytesOf(first);
  const activation = job.activation;
  const alpha = job.alpha;
  const start = job.accumulate ? FROM_TARGET : biases ? FROM_BIAS : FROM_ZERO;
  if (job.outputs > NARROW || runLength < 8) {
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
    const bias: f32 = biases ? load<f32>(biases + column + bytesOf(n)) : 0;
    const vector = packed + bytesOf(n * depth);
    const at = column + bytesOf(n);
    dotRows(bases, targets, points, runs, depth / runLength, runLength, vector, at, start, bias);
  }
  if (activation == 0) return;
  const end = targets + bytesOf(points);
  for (let t = targets; t < end; t += 4) activate(<usize>load<u32>(t) + column, columns, activation, alpha);
}

/**
 * Correlates the source with the filter.
 *
 * Layout the record of correlation.ts.
 * Requires taps ≤ MAX_TAPS, taps·channels ≤ MAX_DEPTH, one grid point's padded window ≤ MAX_WINDOW (the planner
 *   splits larger jobs by taps or channels and lets the parts accumulate).
 * Aliasing source, filter, target and scratch are apart.
 */
export function correlate(job: Correlation): void {
  const inside = isInside(job);
  const columns = tileColumns(job, inside);
  const rows = tileRows(job, inside, columns);
  const images = tileImages(job, inside, columns, rows);
  const scratch = job.scratch;
  const outputs = job.outputs;
  const depth = job.tapsHeight * job.tapsWidth * job.channels;
  const room = (job.scratchBytes - <i32>PACKED_B) >> 2;
  const most = max(8, (room / max(1, depth)) & ~7);
  const pixel = inside ? job.sourceChannels : job.channels;
  const width = inside ? job.sourceWidth : sourceColumns(job, columns);
  for (let n = 0; n < outputs; n += most) {
    const count = min(most, outputs - n);
    for (let b = 0; b < job.batch; b += images) {
      for (let r = 0; r < job.rows; r += rows) {
        for (let c = 0; c < job.columns; c += columns) {
          // A tile at the border may be narrower; its padded rows are then shorter too.
          const tileC = min(columns, job.columns - c);
          const tileR = min(rows, job.rows - r);
          const tileB = min(images, job.batch - b);
          const pitch = inside ? width : sourceColumns(job, tileC);
          const runLength = listRuns(job, scratch + RUNS, pitch * pixel, pixel);
          if (b == 0 && r == 0 && c == 0) {
            if (outputs > NARROW || runLength < 8) packFilter(job, scratch + PACKED_B, n, count);
            else
              for (let i = 0; i < count; i++) packVector(job, scratch + PACKED_B + bytesOf(i * depth), n + i);
          }
          prepareTile(job, inside, b, tileB, r, tileR, c, tileC);
          correlateTile(job, tileB * tileR * tileC, max(1, runLength), depth, n, count);
        }
      }
    }
  }
}
