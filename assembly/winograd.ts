// Correlation with 3×3 taps at step 1 by Winograd's minimal filtering F(2×2, 3×3): four outputs from 16 products where
// the definition takes 36. See Lavin & Gray, "Fast algorithms for convolutional neural networks" (2016).
//
//     Y = Aᵀ [ (G g Gᵀ) ∘ (Bᵀ d B) ] A
//
// d is a 4×4 window of the source, g the filter, Y the 2×2 outputs; the elementwise product, summed over channels, is a
// matrix product for each of the 16 positions, with the tiles as rows:
//
//     Bᵀ = 1  0 −1  0     G = 1   0   0     Aᵀ = 1  1  1  0
//          0  1  1  0         ½   ½   ½          0  1 −1 −1
//          0 −1  1  0         ½  −½   ½
//          0  1  0 −1         0   0   1
//
// A tile's results depend on nothing but the tile, so that its bits are the same in any grain.

import { activate, Activation } from "./fusedActivation";
import { Correlation } from "./correlation";
import { COLUMNS, FROM_TARGET, FROM_ZERO, ROWS, strip } from "./microKernel";
import { Count, First, Grain, Operand, Scratch, Width } from "./operand";
import { packFour } from "./pack";
import { bytesOf, divideUp } from "./simd";
import { placeWindow, POSITIONS, transformWindow } from "./winogradWindow";

/** Most channels that one job contracts. */
export const MAX_WINOGRAD_DEPTH: i32 = 1024;
/** Channels that are added up at a time: sums of few terms round less. */
const DEPTH_BLOCK: i32 = 128;
/** Outputs that are computed before their tiles are transformed back. */
const OUTPUT_BLOCK: i32 = 64;
/** Floats of the transformed windows of a block of tiles: they stay in L2 while the filter passes. */
const WINDOW_FLOATS: i32 = 1 << 17;
const MOST_TILES: i32 = 120;

// Scratch: addresses of the products' rows, one tile's halves, the panel's windows, padded windows; transformed windows;
// products.
const TARGETS: usize = 0;
const BASES: usize = TARGETS + <usize>(MOST_TILES * 4);
const HALVES: usize = BASES + 64;
const PANEL: usize = HALVES + <usize>(POSITIONS * 16);
const PADDED: usize = PANEL + <usize>(ROWS * POSITIONS * 16);
const WINDOWS: usize = PADDED + <usize>(ROWS * POSITIONS * MAX_WINOGRAD_DEPTH * 4);
const PRODUCTS: usize = WINDOWS + <usize>((WINDOW_FLOATS + ROWS * POSITIONS * MAX_WINOGRAD_DEPTH) * 4);

/** Tiles of a block: whole panels. */
function blockTiles(channels: i32): i32 {
  const most = min(MOST_TILES, WINDOW_FLOATS / (POSITIONS * channels));
  return max(ROWS, most - (most % ROWS));
}

/** Four neighbouring outputs' filter values at one tap. */
function loadFour(from: usize, step: usize): v128 {
  if (step == 4) return v128.load(from);
  const low = v128.load32_lane(from + step, v128.load32_zero(from), 1);
  return v128.load32_lane(from + 3 * step, v128.load32_lane(from + 2 * step, low, 2), 3);
}

/** G times a column: four values of three. */
function storeFilter(to: usize, step: usize, g0: v128, g1: v128, g2: v128): void {
  const half = f32x4.splat(0.5);
  const outer = f32x4.add(g0, g2);
  v128.store(to, g0);
  v128.store(to + step, f32x4.mul(half, f32x4.add(outer, g1)));
  v128.store(to + 2 * step, f32x4.mul(half, f32x4.sub(outer, g1)));
  v128.store(to + 3 * step, g2);
}

/**
 * Transforms the filter for `winograd`: panels of 8 outputs from first on, for each of the 16 positions.
 *
 * Layout `packed` is [16][outputs/8][channels][8]. Requires outputs a multiple of 4.
 */
export function packWinograd(
  job: Correlation,
  packed: Operand,
  first: First,
  panels: Count,
  depth: Width,
  scratch: Scratch,
): void {
  const stepK = bytesOf(job.filterStepChannel);
  const stepN = bytesOf(job.filterStepOutput);
  const stepH = job.filterStepHeight << 2;
  const stepW = job.filterStepWidth << 2;
  const position = bytesOf(divideUp(job.outputs, COLUMNS) * COLUMNS * depth);
  const halves = scratch;
  for (let panel = first; panel < first + panels; panel++) {
    for (let half = 0; half < 2; half++) {
      const n = panel * COLUMNS + 4 * half;
      let out = packed + bytesOf(panel * COLUMNS * depth) + <usize>(half << 4);
      for (let k = 0; k < depth; k++, out += 32) {
        if (n >= job.outputs) {
          for (let at = out, p = 0; p < POSITIONS; p++, at += position) v128.store(at, f32x4.splat(0));
          continue;
        }
        const g = job.filter + <usize>n * stepN + <usize>k * stepK;
        for (let j = 0; j < 3; j++) {
          const column = g + <usize>(j * stepW);
          const g0 = loadFour(column, stepN);
          const g1 = loadFour(column + <usize>stepH, stepN);
          const g2 = loadFour(column + <usize>(2 * stepH), stepN);
          storeFilter(halves + <usize>(j << 4), 48, g0, g1, g2);
        }
        for (let i = 0; i < 4; i++) {
          const row = halves + <usize>(i * 48);
          const at = out + <usize>(i * 4) * position;
          storeFilter(at, position, v128.load(row), v128.load(row, 16), v128.load(row, 32));
        }
      }
    }
  }
}

/**
 * Transforms the windows of `count` tiles from `tile` on, the tiles of each line of each image in order, into packed
 * panels [16][block of channels][panel][channel][ROWS], `position` bytes from one of the 16 to the next.
 */
function packTiles(job: Correlation, tile: i32, count: i32, position: usize, scratch: usize): void {
  const channels = job.channels;
  const paddedPixel = bytesOf(channels);
  const slot = paddedPixel << 4;
  const panel = scratch + PANEL;
  const block = (<usize>DEPTH_BLOCK) << 2;
  const panelsOfBlock = <usize>divideUp(count, ROWS) * ROWS;
  for (let first = 0; first < count; first += ROWS) {
    // A missing tile repeats the last one.
    const bases = scratch + BASES;
    for (let r = 0; r < ROWS; r++) {
      placeWindow(
        job,
        tile + min(first + r, count - 1),
        0,
        channels,
        scratch + PADDED + <usize>r * slot,
        bases + <usize>(r * 12),
      );
    }
    for (let c: usize = 0; c < paddedPixel; c += 16) {
      for (let r = 0; r < ROWS; r++) {
        const entry = bases + <usize>(r * 12);
        const from = <usize>load<u32>(entry) + c;
        transformWindow(
          from,
          load<u32>(entry, 4),
          load<u32>(entry, 8),
          scratch + HALVES,
          panel + <usize>(r << 8),
        );
      }
      const k = c & ~(block - 1);
      const width = min(block, paddedPixel - k);
      let to = scratch + WINDOWS + k * panelsOfBlock + <usize>first * width + (c - k) * ROWS;
      for (let at = panel, end = panel + 256; at < end; at += 16, to += position) {
        packFour(to, at, at + 256, at + 512, at + 768, at + 1024);
      }
    }
  }
}

/** Aᵀ M A of four outputs of one tile, whose 16 vectors are `position` bytes apart, to the height × width pixels that exist. */
function storeTile(
  job: Correlation,
  from: usize,
  position: usize,
  target: usize,
  n: usize,
  height: i32,
  width: i32,
  halves: usize,
): void {
  for (let j: usize = 0; j < 64; j += 16, from += position) {
    const m0 = v128.load(from);
    const m1 = v128.load(from + 4 * position);
    const m2 = v128.load(from + 8 * position);
    const m3 = v128.load(from + 12 * position);
    v128.store(halves + j, f32x4.add(f32x4.add(m0, m1), m2));
    v128.store(halves + j, f32x4.sub(f32x4.sub(m1, m2), m3), 64);
  }
  const rectify = job.activation == Activation.relu;
  const zero = f32x4.splat(0);
  const bias = job.bias ? v128.load(job.bias + n) : zero;
  for (let i = 0; i < height; i++, halves += 64, target += bytesOf(job.rowStep)) {
    const t0 = v128.load(halves);
    const t1 = v128.load(halves, 16);
    const t2 = v128.load(halves, 32);
    const t3 = v128.load(halves, 48);
    let y = f32x4.add(bias, f32x4.add(f32x4.add(t0, t1), t2));
    v128.store(target, rectify ? f32x4.pmax(y, zero) : y);
    if (width == 1) continue;
    const next = target + bytesOf(job.pixelStep);
    y = f32x4.add(bias, f32x4.sub(f32x4.sub(t1, t2), t3));
    v128.store(next, rectify ? f32x4.pmax(y, zero) : y);
  }
}

/** Transforms `outputs` products of each of a block's tiles back, and writes them. */
function storeTiles(
  job: Correlation,
  tile: i32,
  count: i32,
  first: i32,
  outputs: i32,
  position: usize,
  scratch: usize,
): void {
  const across = divideUp(job.columns, 2);
  const down = divideUp(job.rows, 2);
  const halves = scratch + HALVES;
  const activation = job.activation;
  const isApart = activation != Activation.linear && activation != Activation.relu;
  let from = scratch + PRODUCTS;
  for (let t = tile; t < tile + count; t++, from += OUTPUT_BLOCK * 4) {
    const line = t / across;
    const b = line / down;
    const row = 2 * (line - b * down);
    const column = 2 * (t - line * across);
    const height = min(2, job.rows - row);
    const width = min(2, job.columns - column);
    const target =
      job.target + bytesOf(b * job.imageStep) + bytesOf(row * job.rowStep + column * job.pixelStep);
    for (let n = 0; n < outputs; n += 4) {
      const at = bytesOf(first + n);
      storeTile(job, from + bytesOf(n), position, target + at, at, height, width, halves);
    }
    if (!isApart) continue;
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < width; j++) {
        const pixel = target + bytesOf(i * job.rowStep + j * job.pixelStep + first);
        activate(pixel, 0, outputs, activation, job.alpha);
      }
    }
  }
}

/**
 * Correlates the source with the filter, for the lines of tiles from first on: those of an image after those of the
 * one before.
 *
 * Layout the record of correlation.ts; `packed` is what `packWinograd` made of the filter.
 * Requires 3×3 taps at steps of 1, nothing to add to, channels and outputs that are multiples of 4, channels ≤ MAX_WINOGRAD_DEPTH.
 * Aliasing source, filter, target and scratch are apart.
 */
export function winograd(
  job: Correlation,
  packed: Operand,
  first: First,
  lines: Count,
  _grain: Grain,
  scratch: Scratch,
): void {
  const across = divideUp(job.columns, 2);
  const channels = job.channels;
  const outputs = job.outputs;
  const most = blockTiles(channels);
  const end = (first + lines) * across;
  const filterPosition = bytesOf(divideUp(outputs, COLUMNS) * COLUMNS * channels);
  for (let tile = first * across; tile < end; tile += most) {
    const count = min(most, end - tile);
    const panels = divideUp(count, ROWS);
    const windowPosition = bytesOf(panels * ROWS * channels);
    const productPosition = bytesOf(panels * ROWS * OUTPUT_BLOCK);
    packTiles(job, tile, count, windowPosition, scratch);
    for (let t = 0; t < panels * ROWS; t++) {
      store<u32>(scratch + TARGETS + bytesOf(t), <u32>(scratch + PRODUCTS + bytesOf(t * OUTPUT_BLOCK)));
    }
    for (let n = 0; n < outputs; n += OUTPUT_BLOCK) {
      const block = min(OUTPUT_BLOCK, outputs - n);
      for (let p: usize = 0; p < <usize>POSITIONS; p++) {
        const windows = scratch + WINDOWS + p * windowPosition;
        let filter = packed + p * filterPosition + bytesOf(n * channels);
        let column = p * productPosition;
        for (
          let j = 0;
          j < block;
          j += COLUMNS, filter += bytesOf(COLUMNS * channels), column += COLUMNS * 4
        ) {
          for (let k = 0; k < channels; k += DEPTH_BLOCK) {
            const from = windows + bytesOf(k * panels * ROWS);
            const depth = min(DEPTH_BLOCK, channels - k);
            const start = k > 0 ? FROM_TARGET : FROM_ZERO;
            strip(from, filter + <usize>(k << 5), depth, scratch + TARGETS, panels, column, start, 0, false);
          }
        }
      }
      storeTiles(job, tile, count, n, block, productPosition, scratch);
    }
  }
}
