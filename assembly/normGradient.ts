// The gradients of batch normalisation in training mode over [rows, channels], in blocks of rows as in norm.ts.

import { blockRows, deviation } from "./norm";
import { Count, First, Grain, Operand, Width } from "./operand";
import { bytesOf, loadLanes, madd, Part, storeLanes, Whole } from "./simd";

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
 * Computes dbeta[c] = Σ dy, dgamma[c] = Σ dy·x̂, with x̂ the normalised x, over the rows from first on. Every grain has
 * sums of its own, one behind the other.
 * Aliasing none.
 */
export function normalizeParameterGradients(
  x: Operand,
  dy: Operand,
  mean: Operand,
  variance: Operand,
  dgamma: Operand,
  dbeta: Operand,
  first: First,
  rows: Count,
  channels: i32,
  epsilon: f32,
  grain: Grain,
): void {
  const step = bytesOf(channels);
  const block = blockRows(channels);
  dgamma += step * (first / grain);
  dbeta += step * (first / grain);
  x += step * first;
  dy += step * first;
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
  allRows: i32,
  first: First,
  rows: Count,
  channels: Width,
  epsilon: f32,
): void {
  const step = bytesOf(channels);
  const block = blockRows(channels);
  const perRow = <f32>1 / <f32>allRows;
  const end = first + rows;
  for (let r = first; r < end; r += block) {
    const count = min(block, end - r);
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
