// Batch normalisation in training mode over [rows, channels]: moments, and the normalising line.
// Rows are taken in blocks that stay in L1, and the blocks' float32 sums are added up one by one: the array is
// read front to back, and no sum has more terms than a block or the number of blocks.

import { Count, First, Grain, Operand, Width } from "./operand";
import { bytesOf, loadLanes, madd, Part, storeLanes, Whole } from "./simd";

/** Rows of one block: about 16 KB. */
export function blockRows(channels: i32): i32 {
  return max(8, 4096 / channels);
}

/** Adds to sums[c] of lanes at `c` what rows [0, rows) of a block contribute. */
function addSquares<T>(x: usize, mean: usize, variance: usize, rows: i32, step: usize, lanes: i32): void {
  const center = loadLanes<T>(mean, lanes);
  let even = f32x4.splat(0);
  let odd = even;
  let i = 0;
  for (; i + 2 <= rows; i += 2, x += step * 2) {
    const a = f32x4.sub(loadLanes<T>(x, lanes), center);
    const b = f32x4.sub(loadLanes<T>(x + step, lanes), center);
    even = madd(a, a, even);
    odd = madd(b, b, odd);
  }
  if (i < rows) {
    const a = f32x4.sub(loadLanes<T>(x, lanes), center);
    even = madd(a, a, even);
  }
  storeLanes<T>(variance, f32x4.add(loadLanes<T>(variance, lanes), f32x4.add(even, odd)), lanes);
}

/**
 * Computes sums[c] = Σ (x[r, c] − mean[c])² over the rows from first on. Every grain has sums of its own, one behind the
 * other.
 * Requires `mean` to hold the channels' means. Aliasing none.
 */
export function channelSquares(
  x: Operand,
  mean: Operand,
  sums: Operand,
  first: First,
  rows: Count,
  channels: i32,
  grain: Grain,
): void {
  const step = bytesOf(channels);
  const block = blockRows(channels);
  sums += step * (first / grain);
  x += step * first;
  memory.fill(sums, 0, step);
  for (let r = 0; r < rows; r += block, x += <usize>block * step) {
    const count = min(block, rows - r);
    let c = 0;
    for (; c + 4 <= channels; c += 4) {
      addSquares<Whole>(x + bytesOf(c), mean + bytesOf(c), sums + bytesOf(c), count, step, 4);
    }
    if (c < channels) {
      addSquares<Part>(x + bytesOf(c), mean + bytesOf(c), sums + bytesOf(c), count, step, channels - c);
    }
  }
}

/** √(variance + epsilon). */
export function deviation<T>(variance: usize, epsilon: f32, lanes: i32): v128 {
  return f32x4.sqrt(f32x4.add(loadLanes<T>(variance, lanes), f32x4.splat(epsilon)));
}

function applyLine<T>(
  x: usize,
  mean: usize,
  variance: usize,
  gamma: usize,
  beta: usize,
  y: usize,
  rows: i32,
  step: usize,
  lanes: i32,
  epsilon: f32,
): void {
  // The mean is taken away first: folded into one offset, its rounding would shift a whole channel.
  const center = loadLanes<T>(mean, lanes);
  const slope = f32x4.div(loadLanes<T>(gamma, lanes), deviation<T>(variance, epsilon, lanes));
  const offset = loadLanes<T>(beta, lanes);
  for (; rows > 0; rows--, x += step, y += step) {
    storeLanes<T>(y, madd(f32x4.sub(loadLanes<T>(x, lanes), center), slope, offset), lanes);
  }
}

/**
 * Computes y[r, c] = gamma[c]·(x[r, c] − mean[c]) / √(variance[c] + epsilon) + beta[c].
 * Aliasing y may be x.
 */
export function normalize(
  x: Operand,
  mean: Operand,
  variance: Operand,
  gamma: Operand,
  beta: Operand,
  y: Operand,
  first: First,
  rows: Count,
  channels: Width,
  epsilon: f32,
): void {
  const step = bytesOf(channels);
  const block = blockRows(channels);
  x += <usize>first * step;
  y += <usize>first * step;
  for (let r = 0; r < rows; r += block, x += <usize>block * step, y += <usize>block * step) {
    const count = min(block, rows - r);
    let c: usize = 0;
    for (; c + 16 <= step; c += 16) {
      applyLine<Whole>(x + c, mean + c, variance + c, gamma + c, beta + c, y + c, count, step, 4, epsilon);
    }
    const rest = <i32>((step - c) >> 2);
    if (rest > 0) {
      applyLine<Part>(x + c, mean + c, variance + c, gamma + c, beta + c, y + c, count, step, rest, epsilon);
    }
  }
}
