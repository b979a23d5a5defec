// Batch normalisation in training mode over [rows, channels]: moments, the normalising line, and its gradient.
// Rows are taken in blocks that stay in L1, and the blocks' float32 sums are added up one by one: the array is
// read front to back, and no sum has more terms than a block or the number of blocks.

import { Operand } from "./operand";
import { bytesOf, loadLanes, madd, Part, storeLanes, Whole } from "./simd";

/** Rows of one block: about 16 KB. */
function blockRows(channels: i32): i32 {
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
 * Computes variance[c] = Σ (x[r, c] − mean[c])² / rows, the biased variance.
 * Requires `mean` to hold the channels' means. Aliasing none.
 */
export function channelVariance(
  x: Operand,
  mean: Operand,
  variance: Operand,
  rows: i32,
  channels: i32,
): void {
  const step = bytesOf(channels);
  const block = blockRows(channels);
  memory.fill(variance, 0, step);
  for (let r = 0; r < rows; r += block, x += <usize>block * step) {
    const count = min(block, rows - r);
    let c = 0;
    for (; c + 4 <= channels; c += 4) {
      addSquares<Whole>(x + bytesOf(c), mean + bytesOf(c), variance + bytesOf(c), count, step, 4);
    }
    if (c < channels) {
      addSquares<Part>(x + bytesOf(c), mean + bytesOf(c), variance + bytesOf(c), count, step, channels - c);
    }
  }
  for (let c: usize = 0; c < step; c += 4) store<f32>(variance + c, load<f32>(variance + c) / <f32>rows);
}

function deviation<T>(variance: usize, epsilon: f32, lanes: i32): v128 {
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
  rows: i32,
  channels: i32,
  epsilon: f32,
): void {
  const step = bytesOf(channels);
  const block = blockRows(channels);
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

/** Adds a block's Σ dy and Σ dy·x̂ to the two gradients. */
function addGradients<T>(
  x: usize,
  dy: usize,
  mean: usize,
  variance: usize,
  dgamma: usize,
  dbeta: usize,
  rows: i32,
  step: usize,
  lanes: i32,
  epsilon: f32,
): void {
  const center = loadLanes<T>(mean, lanes);
  let sum = f32x4.splat(0);
  let product = sum;
  for (; rows > 0; rows--, x += step, dy += step) {
    const g = loadLanes<T>(dy, lanes);
    sum = f32x4.add(sum, g);
    product = madd(g, f32x4.sub(loadLanes<T>(x, lanes), center), product);
  }
  // The quotient stands outside the sum: it is the same for every row.
  const scaled = f32x4.div(product, deviation<T>(variance, epsilon, lanes));
  storeLanes<T>(dbeta, f32x4.add(loadLanes<T>(dbeta, lanes), sum), lanes);
  storeLanes<T>(dgamma, f32x4.add(loadLanes<T>(dgamma, lanes), scaled), lanes);
}

/**
 * Computes dbeta[c] = Σ dy, dgamma[c] = Σ dy·x̂, with x̂ the normalised x.
 * Aliasing none.
 */
export function normalizeParameterGradients(
  x: Operand,
  dy: Operand,
  mean: Operand,
  variance: Operand,
  dgamma: Operand,
  dbeta: Operand,
  rows: i32,
  channels: i32,
  epsilon: f32,
): void {
  const step = bytesOf(channels);
  const block = blockRows(channels);
  memory.fill(dgamma, 0, step);
  memory.fill(dbeta, 0, step);
  for (let r = 0; r < rows; r += block, x += <usize>block * step, dy += <usize>block * step) {
    const count = min(block, rows - r);
    let c: usize = 0;
    for (; c + 16 <= step; c += 16) {
      addGradients<Whole>(
        x + c,
        dy + c,
        mean + c,
        variance + c,
        dgamma + c,
        dbeta + c,
        count,
        step,
        4,
        epsilon,
      );
    }
    const rest = <i32>((step - c) >> 2);
    if (rest > 0) {
      addGradients<Part>(
        x + c,
        dy + c,
        mean + c,
        variance + c,
        dgamma + c,
        dbeta + c,
        count,
        step,
        rest,
        epsilon,
      );
    }
  }
}

function inputGradientLanes<T>(
  x: usize,
  dy: usize,
  mean: usize,
  variance: usize,
  gamma: usize,
  dgamma: usize,
  dbeta: usize,
  dx: usize,
  rows: i32,
  step: usize,
  lanes: i32,
  epsilon: f32,
  perRow: f32,
): void {
  // dx = slope·(dy − dbeta/rows − x̂·dgamma/rows), with x̂ = (x − mean) / deviation.
  const root = deviation<T>(variance, epsilon, lanes);
  const slope = f32x4.div(loadLanes<T>(gamma, lanes), root);
  const center = loadLanes<T>(mean, lanes);
  const share = f32x4.splat(perRow);
  const meanGradient = f32x4.mul(loadLanes<T>(dbeta, lanes), share);
  const tilt = f32x4.div(f32x4.mul(loadLanes<T>(dgamma, lanes), share), root);
  for (; rows > 0; rows--, x += step, dy += step, dx += step) {
    const centered = f32x4.sub(loadLanes<T>(x, lanes), center);
    const rest = f32x4.sub(f32x4.sub(loadLanes<T>(dy, lanes), meanGradient), f32x4.mul(centered, tilt));
    storeLanes<T>(dx, f32x4.mul(slope, rest), lanes);
  }
}

/**
 * Computes dx, the gradient by x through the batch's own mean and variance.
 * Requires dgamma and dbeta from `normalizeParameterGradients`. Aliasing dx may be dy.
 */
export function normalizeInputGradient(
  x: Operand,
  dy: Operand,
  mean: Operand,
  variance: Operand,
  gamma: Operand,
  dgamma: Operand,
  dbeta: Operand,
  dx: Operand,
  rows: i32,
  channels: i32,
  epsilon: f32,
): void {
  const step = bytesOf(channels);
  const block = blockRows(channels);
  const perRow = <f32>1 / <f32>rows;
  for (let r = 0; r < rows; r += block) {
    const count = min(block, rows - r);
    const at = <usize>r * step;
    let c: usize = 0;
    for (; c + 16 <= step; c += 16) {
      inputGradientLanes<Whole>(
        x + at + c,
        dy + at + c,
        mean + c,
        variance + c,
        gamma + c,
        dgamma + c,
        dbeta + c,
        dx + at + c,
        count,
        step,
        4,
        epsilon,
        perRow,
      );
    }
    const rest = <i32>((step - c) >> 2);
    if (rest > 0) {
      inputGradientLanes<Part>(
        x + at + c,
        dy + at + c,
        mean + c,
        variance + c,
        gamma + c,
        dgamma + c,
        dbeta + c,
        dx + at + c,
        count,
        step,
        rest,
        epsilon,
        perRow,
      );
    }
  }
}
