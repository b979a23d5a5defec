// Nearest-neighbour upsampling of NHWC images by whole factors, and its adjoint, the sum over blocks.
//
// Pixels move as vectors of four channels. A pixel of 1 to 3 channels moves as a whole vector too: the
// surplus lanes land where the next pixel is written afterwards. Only the end of a row, where they would
// leave it, goes element by element.

import { bytesOf } from "./simd";
import { copy } from "./transpose";

/**
 * Computes y[b, h, w, c] = x[b, ⌊h / factorH⌋, ⌊w / factorW⌋, c].
 * Layout x [batch, height, width, channels], y [batch, height·factorH, width·factorW, channels].
 * Requires sizes ≥ 1. Aliasing none.
 */
export function upsampleNearest2d(
  x: usize,
  y: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  factorH: i32,
  factorW: i32,
): void {
  const outRow = width * factorW * channels;
  for (let rows = batch * height; rows > 0; rows--, x += bytesOf(width * channels)) {
    repeatPixels(x, y, width, channels, factorW);
    // The copies read the row just written while it is in the first-level cache.
    const first = y;
    y += bytesOf(outRow);
    for (let f = 1; f < factorH; f++, y += bytesOf(outRow)) copy(first, y, outRow);
  }
}

function repeatPixels(x: usize, y: usize, width: i32, channels: i32, factor: i32): void {
  const step = bytesOf(channels);
  const whole = wholeVectors(width, channels);
  for (let w = 0; w < whole; w++, x += step) {
    for (let f = 0; f < factor; f++, y += step) {
      v128.store(y, v128.load(x));
      for (let c: usize = 16; c < step; c += 16) {
        const at = min(c, step - 16);
        v128.store(y + at, v128.load(x + at));
      }
    }
  }
  for (let w = whole; w < width; w++, x += step) {
    for (let f = 0; f < factor; f++, y += step) {
      for (let c: usize = 0; c < step; c += 4) store<f32>(y + c, load<f32>(x + c));
    }
  }
}

/** How many pixels from the start of a row may be read as whole vectors. */
function wholeVectors(width: i32, channels: i32): i32 {
  if (channels >= 4) return width;
  const count = width * channels;
  return count < 4 ? 0 : (count - 4) / channels + 1;
}

/**
 * Computes dx[b, h, w, c] = Σ dy over the factorH × factorW block that upsampling made of the pixel.
 * Layout dx and sizes as x of `upsampleNearest2d`, dy as its y. Requires sizes ≥ 1. Aliasing none.
 */
export function upsampleNearest2dGradient(
  dy: usize,
  dx: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  factorH: i32,
  factorW: i32,
): void {
  const step = bytesOf(channels);
  const blockRow = step * factorW;
  const outRow = blockRow * width;
  const whole = wholeVectors(width, channels);
  for (let rows = batch * height; rows > 0; rows--, dy += outRow * factorH, dx += step * width) {
    let w = 0;
    if (factorH == 2 && factorW == 2 && channels >= 4) {
      sumPairs(dy, dx, width, step, outRow);
      continue;
    }
    for (; w < whole; w++) {
      const from = dy + blockRow * w;
      const to = dx + step * w;
      v128.store(to, blockSum(from, step, blockRow, outRow, factorH));
      for (let c: usize = 16; c < step; c += 16) {
        const at = min(c, step - 16);
        v128.store(to + at, blockSum(from + at, step, blockRow, outRow, factorH));
      }
    }
    for (; w < width; w++) {
      for (let c: usize = 0; c < step; c += 4) {
        store<f32>(dx + step * w + c, blockSumOfOne(dy + blockRow * w + c, step, blockRow, outRow, factorH));
      }
    }
  }
}

/** The common factor of 2 × 2 without the loops over the block. */
function sumPairs(dy: usize, dx: usize, width: i32, step: usize, outRow: usize): void {
  const last = step - 16;
  for (; width > 0; width--, dy += step + step, dx += step) {
    for (let c: usize = 0; c < step; c += 16) {
      const at = min(c, last);
      const upper = dy + at;
      const lower = upper + outRow;
      const left = f32x4.add(v128.load(upper), v128.load(lower));
      const right = f32x4.add(v128.load(upper + step), v128.load(lower + step));
      v128.store(dx + at, f32x4.add(left, right));
    }
  }
}

/** Four channels of a block: rows `outRow` bytes apart, `blockRow` bytes long, pixels `step` bytes apart. */
function blockSum(dy: usize, step: usize, blockRow: usize, outRow: usize, rows: i32): v128 {
  let total = f32x4.splat(0);
  for (; rows > 0; rows--, dy += outRow) {
    let row = v128.load(dy);
    for (let at = step; at < blockRow; at += step) row = f32x4.add(row, v128.load(dy + at));
    total = f32x4.add(total, row);
  }
  return total;
}

function blockSumOfOne(dy: usize, step: usize, blockRow: usize, outRow: usize, rows: i32): f32 {
  let total: f32 = 0;
  for (; rows > 0; rows--, dy += outRow) {
    let row = load<f32>(dy);
    for (let at = step; at < blockRow; at += step) row += load<f32>(dy + at);
    total += row;
  }
  return total;
}
