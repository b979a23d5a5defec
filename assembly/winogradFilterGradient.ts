// The gradient of the filter by Winograd's filtering: 3×3 taps from windows of 4×4 and gradients of 2×2.
//
//     dg = Gᵀ [ Σ over tiles of (Bᵀ d B) ∘ (A dY Aᵀ) ] G
//
// where the sum over tiles is a matrix product for each of the 16 positions, channels by outputs. The matrices are those
// of winograd.ts.

import { Correlation } from "./correlation";
import { COLUMNS, FROM_TARGET, ROWS, strip } from "./microKernel";
import { Count, First, Grain, Scratch } from "./operand";
import { bytesOf, divideUp } from "./simd";
import { placeWindow, POSITIONS, transformWindow } from "./winogradWindow";

/** Channels that are summed at a time, whole panels of ROWS, so that their sums of 16 positions stay near. */
const MOST_CHANNELS: i32 = 240;
const SUM_FLOATS: i32 = 1 << 18;
/** Floats of the transformed windows and gradients of a block of tiles. */
const TILE_FLOATS: i32 = 3 << 16;
const MOST_TILES: i32 = 96;
/** Most outputs of one job: few channels' sums, and few tiles, still fit the scratch. */
export const MAX_WINOGRAD_OUTPUTS: i32 = 1024;

// Scratch: addresses of the sums' rows, where a window lies, halves, a tile's 16 vectors, a padded window; sums; the rest
// is for windows and gradients.
const TARGETS: usize = 0;
const ENTRY: usize = TARGETS + <usize>(MOST_CHANNELS * 4 + 64);
const HALVES: usize = ENTRY + 64;
const TILE: usize = HALVES + <usize>(POSITIONS * 16);
const PADDED: usize = TILE + <usize>(POSITIONS * 16);
const SUMS: usize = PADDED + <usize>(POSITIONS * MOST_CHANNELS * 4);
const WINDOWS: usize = SUMS + <usize>((SUM_FLOATS + POSITIONS * 20 * MAX_WINOGRAD_OUTPUTS) * 4);

/** Channels of a block: multiples of 20, hence of ROWS and of 4. */
function blockChannels(outputs: i32): i32 {
  const most = min(MOST_CHANNELS, SUM_FLOATS / (POSITIONS * outputs));
  return max(20, most - (most % 20));
}

/** Bᵀ d B of `channels` channels of a tile, into panels [16][panel][tile][ROWS]. */
function packWindow(
  job: Correlation,
  tile: i32,
  first: i32,
  channels: i32,
  out: usize,
  panel: usize,
  position: usize,
  scratch: usize,
): void {
  const entry = scratch + ENTRY;
  placeWindow(job, tile, first, channels, scratch + PADDED, entry);
  const base = <usize>load<u32>(entry);
  const row = <usize>load<u32>(entry, 4);
  const pixel = <usize>load<u32>(entry, 8);
  const from = scratch + TILE;
  for (let c = 0; c < channels; c += 4) {
    transformWindow(base + bytesOf(c), row, pixel, scratch + HALVES, from);
    const o0 = <usize>(c / ROWS) * panel + bytesOf(c % ROWS);
    const o1 = <usize>((c + 1) / ROWS) * panel + bytesOf((c + 1) % ROWS);
    const o2 = <usize>((c + 2) / ROWS) * panel + bytesOf((c + 2) % ROWS);
    const o3 = <usize>((c + 3) / ROWS) * panel + bytesOf((c + 3) % ROWS);
    let to = out;
    for (let at = from; at < from + 256; at += 16, to += position) {
      const v = v128.load(at);
      if (ROWS == 4) {
        v128.store(to + o0, v);
        continue;
      }
      v128.store32_lane(to + o0, v, 0);
      v128.store32_lane(to + o1, v, 1);
      v128.store32_lane(to + o2, v, 2);
      v128.store32_lane(to + o3, v, 3);
    }
  }
}

/** A times a column of two: four values, `step` bytes apart. */
function spread(to: usize, step: usize, y0: v128, y1: v128): void {
  v128.store(to, y0);
  v128.store(to + step, f32x4.add(y0, y1));
  v128.store(to + 2 * step, f32x4.sub(y0, y1));
  v128.store(to + 3 * step, f32x4.neg(y1));
}

/** A dY Aᵀ of all outputs of a tile, into panels [16][outputs/8][tile][8]. */
function packGradient(
  job: Correlation,
  tile: i32,
  out: usize,
  panel: usize,
  position: usize,
  halves: usize,
): void {
  const across = divideUp(job.columns, 2);
  const down = divideUp(job.rows, 2);
  const line = tile / across;
  const b = line / down;
  const row = 2 * (line - b * down);
  const column = 2 * (tile - line * across);
  const isTall = row + 1 < job.rows;
  const isWide = column + 1 < job.columns;
  const from = job.target + bytesOf(b * job.imageStep) + bytesOf(row * job.rowStep + column * job.pixelStep);
  const right = bytesOf(job.pixelStep);
  const below = bytesOf(job.rowStep);
  const zero = f32x4.splat(0);
  for (let n = 0; n < job.outputs; n += 4) {
    const at = from + bytesOf(n);
    const y00 = v128.load(at);
    const y01 = isWide ? v128.load(at + right) : zero;
    const y10 = isTall ? v128.load(at + below) : zero;
    const y11 = isTall && isWide ? v128.load(at + below + right) : zero;
    spread(halves, 32, y00, y10);
    spread(halves + 16, 32, y01, y11);
    let to = out + <usize>(n >> 3) * panel + bytesOf(n & 4);
    for (let i = halves; i < halves + 128; i += 32, to += 4 * position) {
      spread(to, position, v128.load(i), v128.load(i, 16));
    }
  }
}

/** Gᵀ times a column of four: three values, `step` bytes apart. */
function gather(to: usize, step: usize, s0: v128, s1: v128, s2: v128, s3: v128): void {
  const half = f32x4.splat(0.5);
  const sum = f32x4.mul(half, f32x4.add(s1, s2));
  v128.store(to, f32x4.add(s0, sum));
  v128.store(to + step, f32x4.mul(half, f32x4.sub(s1, s2)));
  v128.store(to + 2 * step, f32x4.add(sum, s3));
}

/** Gᵀ S G of four outputs of one channel, added to the filter. */
function addTaps(job: Correlation, from: usize, position: usize, filter: usize, halves: usize): void {
  for (let j: usize = 0; j < 64; j += 16, from += position) {
    const s1 = v128.load(from + 4 * position);
    const s2 = v128.load(from + 8 * position);
    gather(halves + j, 64, v128.load(from), s1, s2, v128.load(from + 12 * position));
  }
  const taps = halves + 192;
  for (let i = 0; i < 3; i++, halves += 64) {
    gather(taps, 16, v128.load(halves), v128.load(halves, 16), v128.load(halves, 32), v128.load(halves, 48));
    for (let j = 0; j < 3; j++) {
      const to = filter + bytesOf(i * job.filterStepHeight + j * job.filterStepWidth);
      v128.store(to, f32x4.add(v128.load(to), v128.load(taps + <usize>(j << 4))));
    }
  }
}

/**
 * The filter's gradient, added: filter[i, j, k, n] += Σ over grid points of source[tap, k] · target[point, n], for the
 * images from first on. Every grain adds to a sum of its own, `size` floats apart.
 *
 * Layout as for the filtering of winograd.ts; the filter is written, the target read. Requires as there; filterStepOutput must be 1,
 *   outputs ≤ MAX_WINOGRAD_OUTPUTS.
 * Aliasing as there.
 */
export function winogradFilterGradient(
  job: Correlation,
  size: i32,
  first: First,
  images: Count,
  grain: Grain,
  scratch: Scratch,
): void {
  const tilesOfImage = divideUp(job.columns, 2) * divideUp(job.rows, 2);
  const end = (first + images) * tilesOfImage;
  const outputs = job.outputs;
  const columns = divideUp(outputs, COLUMNS) * COLUMNS;
  const most = blockChannels(columns);
  const sums = scratch + SUMS;
  const windows = scratch + WINDOWS;
  const filter = job.filter + bytesOf(size) * (first / grain);
  for (let c = 0; c < job.channels; c += most) {
    const channels = min(most, job.channels - c);
    const panels = divideUp(channels, ROWS);
    const rows = panels * ROWS;
    const sumPosition = bytesOf(rows * columns);
    const block = max(4, min(MOST_TILES, TILE_FLOATS / (POSITIONS * (rows + columns))));
    memory.fill(sums, 0, <usize>POSITIONS * sumPosition);
    for (let r = 0; r < rows; r++)
      store<u32>(scratch + TARGETS + bytesOf(r), <u32>(sums + bytesOf(r * columns)));
    for (let tile = first * tilesOfImage; tile < end; tile += block) {
      const count = min(block, end - tile);
      const windowPosition = bytesOf(rows * count);
      const gradientPosition = bytesOf(columns * count);
      const gradients = windows + <usize>POSITIONS * windowPosition;
      const windowPanel = bytesOf(count * ROWS);
      const gradientPanel = bytesOf(count * COLUMNS);
      for (let t = 0; t < count; t++) {
        packWindow(
          job,
          tile + t,
          c,
          channels,
          windows + bytesOf(t * ROWS),
          windowPanel,
          windowPosition,
          scratch,
        );
        packGradient(
          job,
          tile + t,
          gradients + bytesOf(t * COLUMNS),
          gradientPanel,
          gradientPosition,
          scratch + HALVES,
        );
      }
      for (let p: usize = 0; p < <usize>POSITIONS; p++) {
        const a = windows + p * windowPosition;
        let b = gradients + p * gradientPosition;
        let column = p * sumPosition;
        for (let n = 0; n < columns; n += COLUMNS, b += gradientPanel, column += COLUMNS * 4) {
          strip(a, b, count, scratch + TARGETS, panels, column, FROM_TARGET, 0, false);
        }
      }
    }
    for (let k = 0; k < channels; k++) {
      const to = filter + bytesOf((c + k) * job.filterStepChannel);
      for (let n = 0; n < outputs; n += 4) {
        addTaps(job, sums + bytesOf(k * columns + n), sumPosition, to + bytesOf(n), scratch + TILE);
      }
    }
  }
}
