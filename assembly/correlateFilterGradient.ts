// The gradient by filter of a correlation: its source windows transposed, times the target's gradient.

import { Correlation } from "./correlation";
import { EDGE_BYTES, FROM_TARGET } from "./microKernel";
import { multiplyThin, THIN, THIN_COLUMNS } from "./fewRows";
import { combineRows } from "./oneColumn";
import { NARROW, PACKED_A_BYTES, multiplyColumns, packedColumns } from "./product";
import {
  BASES,
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

/** Byte offsets, from a window's begin, of every (tap, channel) of the runs, and the rows of the filter gradient. */
function listElements(
  job: Correlation,
  offsets: usize,
  rows: usize,
  runs: usize,
  runLength: i32,
  depth: i32,
): void {
  const channels = job.channels;
  const tapsW = job.tapsWidth;
  for (let e = 0; e < depth; e++) {
    const run = e / runLength;
    const tap = e / channels;
    const i = tap / tapsW;
    const at = i * job.filterStepHeight + (tap - i * tapsW) * job.filterStepWidth;
    const row = at + (e - tap * channels) * job.filterStepChannel;
    store<u32>(offsets + bytesOf(e), load<u32>(runs + bytesOf(run)) + ((<u32>(e - run * runLength)) << 2));
    store<u32>(rows + bytesOf(e), <u32>(job.filter + bytesOf(row)));
  }
}

/** Adds what one prepared tile contributes, by the product that fits the gradient's size. */
function addTile(
  job: Correlation,
  points: i32,
  runLength: i32,
  depth: i32,
  offsets: usize,
  gradientRows: usize,
  packing: usize,
): void {
  const scratch = job.scratch;
  const bases = scratch + BASES;
  const listed = scratch + TARGETS;
  const runs = scratch + RUNS;
  const outputs = job.outputs;
  const runCount = depth / runLength;
  if (depth <= THIN && outputs <= THIN_COLUMNS && outputs > NARROW) {
    multiplyThin(bases, runs, runCount, runLength, listed, points, gradientRows, outputs, packing);
  } else if (outputs > NARROW || runLength < 8) {
    const room = scratch + <usize>job.scratchBytes - packing - PACKED_A_BYTES - EDGE_BYTES;
    const most = packedColumns(<i32>room);
    for (let n = 0; n < outputs; n += most) {
      const at = bytesOf(n);
      const count = min(most, outputs - n);
      multiplyColumns(
        bases,
        offsets,
        depth,
        listed,
        points,
        at,
        4,
        gradientRows,
        at,
        count,
        FROM_TARGET,
        1,
        packing,
      );
    }
  } else {
    for (let n: usize = 0; n < bytesOf(outputs); n += 4) {
      for (let run: usize = 0; run < <usize>runCount; run++) {
        const rows = gradientRows + ((run * <usize>runLength) << 2);
        combineRows(
          bases,
          <usize>load<u32>(runs + (run << 2)),
          runLength,
          listed,
          points,
          n,
          rows,
          n,
          1,
          packing,
        );
      }
    }
  }
}

/**
 * The filter's gradient: filter[i, j, k, n] += Σ over grid points of source[tap, k] · target[point, n].
 *
 * Layout as `correlate` of `correlate.ts`; the filter is written, the target read.
 * Requires as `correlate`; filterStepOutput must be 1.
 * Aliasing as for `correlate`.
 */
export function correlateFilterGradient(job: Correlation): void {
  const inside = isInside(job);
  const columns = tileColumns(job, inside);
  const rows = tileRows(job, inside, columns);
  const images = tileImages(job, inside, columns, rows);
  const scratch = job.scratch;
  const channels = job.channels;
  const depth = job.tapsHeight * job.tapsWidth * channels;
  // Behind the padded source: element offsets, addresses of the gradient's rows, then packing space.
  const offsets = scratch + PACKED_B;
  const gradientRows = offsets + bytesOf(depth);
  const packing = (gradientRows + bytesOf(depth) + 63) & ~63;
  const pixel = inside ? job.sourceChannels : channels;
  const width = inside ? job.sourceWidth : sourceColumns(job, columns);
  for (let b = 0; b < job.batch; b += images) {
    for (let r = 0; r < job.rows; r += rows) {
      for (let c = 0; c < job.columns; c += columns) {
        const tileC = min(columns, job.columns - c);
        const tileR = min(rows, job.rows - r);
        const tileB = min(images, job.batch - b);
        const pitch = inside ? width : sourceColumns(job, tileC);
        const runLength = listRuns(job, scratch + RUNS, pitch * pixel, pixel);
        listElements(job, offsets, gradientRows, scratch + RUNS, runLength, depth);
        prepareTile(job, inside, b, tileB, r, tileR, c, tileC);
        addTile(job, tileB * tileR * tileC, runLength, depth, offsets, gradientRows, packing);
      }
    }
  }
}
