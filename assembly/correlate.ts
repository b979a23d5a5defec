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
import { Count, First, Grain, Operand, OptionalOperand, Scratch, SCRATCH_BYTES, Width } from "./operand";
import { COLUMNS, FROM_BIAS, FROM_TARGET, FROM_ZERO } from "./microKernel";
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
function packColumnsOf(job: Correlation, out: usize, first: i32, columns: i32): void {
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
  packed: usize,
  points: i32,
  runLength: i32,
  depth: i32,
  first: i32,
  columns: i32,
  scratch: usize,
): void {
  const bases = scratch + BASES;
  const targets = scratch + TARGETS;
  const runs = scratch + RUNS;
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
  for (let t = targets; t < end; t += 4)
    activate(<usize>load<u32>(t) + column, 0, columns, activation, alpha);
}

/**
 * Correlates the source with the filter, for the grid's lines from first on: those of an image after those of the one
 * before.
 *
 * Layout the record of correlation.ts; `packed` is what `packFilter` made of the filter, or 0.
 * Requires taps ≤ MAX_TAPS, taps·channels ≤ MAX_DEPTH, one grid point's padded window ≤ MAX_WINDOW (the planner
 *   splits larger jobs by taps or channels and lets the parts accumulate). `packed` goes with outputs > NARROW.
 * Aliasing source, filter, target and scratch are apart.
 */
export function correlate(
  job: Correlation,
  packed: OptionalOperand,
  first: First,
  lines: Count,
  _grain: Grain,
  scratch: Scratch,
): void {
  const inside = isInside(job);
  const columns = tileColumns(job, inside);
  const rows = tileRows(job, inside, columns);
  const images = tileImages(job, inside, columns, rows);
  const outputs = job.outputs;
  const depth = job.tapsHeight * job.tapsWidth * job.channels;
  const room = (SCRATCH_BYTES - <i32>PACKED_B) >> 2;
  const most = packed ? outputs : max(8, (room / max(1, depth)) & ~7);
  const panels = packed ? packed : scratch + PACKED_B;
  const pixel = inside ? job.sourceChannels : job.channels;
  const width = inside ? job.sourceWidth : sourceColumns(job, columns);
  const end = first + lines;
  for (let n = 0; n < outputs; n += most) {
    const count = min(most, outputs - n);
    let line = first;
    while (line < end) {
      const b = line / job.rows;
      const r = line - b * job.rows;
      const tileR = min(min(rows, job.rows - r), end - line);
      // Whole images, as many as fit, or lines of one.
      const tileB = tileR == job.rows ? min(images, (end - line) / tileR) : 1;
      for (let c = 0; c < job.columns; c += columns) {
        // A tile at the border may be narrower; its padded rows are then shorter too.
        const tileC = min(columns, job.columns - c);
        const pitch = inside ? width : sourceColumns(job, tileC);
        const runLength = listRuns(job, scratch + RUNS, pitch * pixel, pixel);
        if (!packed && line == first && c == 0) {
          if (outputs > NARROW || runLength < 8) packColumnsOf(job, panels, n, count);
          else for (let i = 0; i < count; i++) packVector(job, panels + bytesOf(i * depth), n + i);
        }
        prepareTile(job, inside, b, tileB, r, tileR, c, tileC, scratch);
        correlateTile(job, panels, tileB * tileR * tileC, max(1, runLength), depth, n, count, scratch);
      }
      line += tileB * tileR;
    }
  }
}

/** Packs the filter for `correlate`, panels of 8 outputs from first on. */
export function packFilter(
  job: Correlation,
  packed: Operand,
  first: First,
  panels: Count,
  depth: Width,
): void {
  const n = first * COLUMNS;
  packColumnsOf(job, packed + bytesOf(n * depth), n, min(panels * COLUMNS, job.outputs - n));
}
