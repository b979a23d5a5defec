// The windows of Winograd's filtering: where a tile's 4×4 pixels lie, and what they are transformed to. Why: winograd.ts.

import { Correlation } from "./correlation";
import { bytesOf, divideUp } from "./simd";

/** Positions of a window. */
export const POSITIONS: i32 = 16;

/** Copies the 4×4 window at (top, left) of an image, `channels` of them, zeros outside. */
function padWindow(job: Correlation, channels: i32, out: usize, image: usize, top: i32, left: i32): void {
  const pixel = bytesOf(job.sourceChannels);
  const bytes = bytesOf(channels);
  for (let y = top; y < top + 4; y++) {
    for (let x = left; x < left + 4; x++, out += bytes) {
      const isInside = y >= 0 && y < job.sourceHeight && x >= 0 && x < job.sourceWidth;
      if (isInside) memory.copy(out, image + <usize>(y * job.sourceWidth + x) * pixel, bytes);
      else memory.fill(out, 0, bytes);
    }
  }
}

/**
 * Finds the window of a tile, the tiles of each line of each image in order: in place where it is inside the image, else
 * copied to `slot` (16·channels floats). Writes where it begins, and how far its rows and pixels are apart, to `entry`.
 */
export function placeWindow(
  job: Correlation,
  tile: i32,
  first: i32,
  channels: i32,
  slot: usize,
  entry: usize,
): void {
  const across = divideUp(job.columns, 2);
  const down = divideUp(job.rows, 2);
  const line = tile / across;
  const b = line / down;
  const top = 2 * (line - b * down) + job.offsetHeight;
  const left = 2 * (tile - line * across) + job.offsetWidth;
  const pixel = bytesOf(job.sourceChannels);
  const row = <usize>job.sourceWidth * pixel;
  const image = job.source + <usize>b * <usize>job.sourceHeight * row + bytesOf(first);
  if (top >= 0 && left >= 0 && top + 4 <= job.sourceHeight && left + 4 <= job.sourceWidth) {
    store<u32>(entry, <u32>(image + <usize>(top * job.sourceWidth + left) * pixel));
    store<u32>(entry, <u32>row, 4);
    store<u32>(entry, <u32>pixel, 8);
  } else {
    padWindow(job, channels, slot, image, top, left);
    store<u32>(entry, <u32>slot);
    store<u32>(entry, <u32>bytesOf(4 * channels), 4);
    store<u32>(entry, <u32>bytesOf(channels), 8);
  }
}

/** Bᵀ d B of four channels of a window, through room for 16 vectors at `halves`, to 16 vectors at `to`. */
export function transformWindow(from: usize, row: usize, pixel: usize, halves: usize, to: usize): void {
  for (let j: usize = 0; j < 64; j += 16, from += pixel) {
    const d0 = v128.load(from);
    const d1 = v128.load(from + row);
    const d2 = v128.load(from + 2 * row);
    const d3 = v128.load(from + 3 * row);
    v128.store(halves + j, f32x4.sub(d0, d2));
    v128.store(halves + j, f32x4.add(d1, d2), 64);
    v128.store(halves + j, f32x4.sub(d2, d1), 128);
    v128.store(halves + j, f32x4.sub(d1, d3), 192);
  }
  for (const end = halves + 256; halves < end; halves += 64, to += 64) {
    const t0 = v128.load(halves);
    const t1 = v128.load(halves, 16);
    const t2 = v128.load(halves, 32);
    const t3 = v128.load(halves, 48);
    v128.store(to, f32x4.sub(t0, t2));
    v128.store(to, f32x4.add(t1, t2), 16);
    v128.store(to, f32x4.sub(t2, t1), 32);
    v128.store(to, f32x4.sub(t1, t3), 48);
  }
}
