// The activations that products apply to what they write. For those whose derivative is a function of the output the
// gradient is here too; behind the others the caller keeps what they were applied to.

import {
  elu,
  eluGradient,
  leakyRelu,
  leakyReluGradient,
  relu,
  reluGradient,
  sigmoid,
  sigmoidGradient,
  softsign,
  tanh,
  tanhGradient,
} from "./activations";
import { mish } from "./gates";
import { Count, First, Operand } from "./operand";

/** What is applied; its members are the names in TypeScript too. */
export enum Activation {
  linear,
  relu,
  leakyRelu,
  elu,
  sigmoid,
  tanh,
  softsign,
  mish,
}

/** Computes x[i] = activation(x[i]) in place, n elements from first on. Layout contiguous float32. Requires n ≥ 1. */
export function activate(x: Operand, first: First, n: Count, activation: Activation, alpha: f32): void {
  if (activation == Activation.relu) relu(x, x, first, n);
  else if (activation == Activation.leakyRelu) leakyRelu(x, x, first, n, alpha);
  else if (activation == Activation.elu) elu(x, x, first, n, alpha);
  else if (activation == Activation.sigmoid) sigmoid(x, x, first, n);
  else if (activation == Activation.tanh) tanh(x, x, first, n);
  else if (activation == Activation.softsign) softsign(x, x, first, n);
  else if (activation == Activation.mish) mish(x, x, first, n);
}

/**
 * Computes dx[i] = dy[i]·activation'(…), from the output y, n elements from first on. Layout contiguous float32.
 * Requires n ≥ 1, and an activation from relu to tanh. Aliasing dx may be dy.
 */
export function activateGradient(
  y: Operand,
  dy: Operand,
  dx: Operand,
  first: First,
  n: Count,
  activation: Activation,
  alpha: f32,
): void {
  // leakyRelu's output has the sign of its input, alpha being ≥ 0.
  if (activation == Activation.relu) reluGradient(y, dy, dx, first, n);
  else if (activation == Activation.leakyRelu) leakyReluGradient(y, dy, dx, first, n, alpha);
  else if (activation == Activation.elu) eluGradient(y, dy, dx, first, n, alpha);
  else if (activation == Activation.sigmoid) sigmoidGradient(y, dy, dx, first, n);
  else if (activation == Activation.tanh) tanhGradient(y, dy, dx, first, n);
}
