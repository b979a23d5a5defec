// Nearest-neighbour upsampling of NHWC images by whole factors, and its adjoint, the sum over blocks.
//
// Pixels move as vectors of four channels. A pixel of 1 to 3 channels moves as a whole vector too: the
// surplus lanes land where the next pixel is written afterwards. Only the end of a row, where they would
// leave it, goes element by element.

import { Operand } from "./operand";
import { bytesOf } from "./simd";
import { copy } from "./transpose";

/**
 * Computes y[b, h, w, c] = x[b, ⌊h / factorHeight⌋, ⌊w / factorWidth⌋, c].
 * Layout x [batch, height, width, channels], y [batch, height·factorHeight, width·factorWidth, channels].
 * Requires sizes ≥ 1. Aliasing none.
 */
export function upsampleNearest2d(
  x: Operand,
  y: Operand,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  factorHeight: i32,
  factorWidth: i32,
): void {
  const outRow = width * factorWidth * channels;
  for (let rows = batch * height; rows > 0; rows--, x += bytesOf(width * channels)) {
    repeatPixels(x, y, width, channels, factorWidth);
    // The copies read the row just written while it is in the first-level cache.
    const first = y;
    y += bytesOf(outRow);
    for (let f = 1; f < factorHeight; f++, y += bytesOf(outRow)) copy(first, y, outRow);
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
 * Computes dx[b, h, w, c] = Σ dy over the factorHeight × factorWidth block that upsampling made of the pixel.
 * Layout dx and sizes as x of `upsampleNearest2d`, dy as its y. Requires sizes ≥ 1. Aliasing none.
 */
export function upsampleNearest2dGradient(
  dy: Operand,
  dx: Operand,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  factorHeight: i32,
  factorWidth: i32,
): void {
  const step = bytesOf(channels);
  const blockRow = step * factorWidth;
  const outRow = blockRow * width;
  const whole = wholeVectors(width, channels);
  for (let rows = batch * height; rows > 0; rows--, dy += outRow * factorHeight, dx += step * width) {
    let w = 0;
    if (factorHeight == 2 && factorWidth == 2 && channels >= 4) {
      sumPairs(dy, dx, width, step, outRow);
      continue;
    }
    for (; w < whole; w++) {
      const from = dy + blockRow * w;
      const to = dx + step * w;
      v128.store(to, blockSum(from, step, blockRow, outRow, factorHeight));
      for (let c: usize = 16; c < step; c += 16) {
        const at = min(c, step - 16);
        v128.store(to + at, blockSum(from + at, step, blockRow, outRow, factorHeight));
      }
    }
    for (; w < width; w++) {
      for (let c: usize = 0; c < step; c += 4) {
        store<f32>(
          dx + step * w + c,
          blockSumOfOne(dy + blockRow * w + c, step, blockRow, outRow, factorHeight),
        );
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
