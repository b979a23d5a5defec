// The activations that products apply to what they write, by number. Only those are here whose derivative is a
// function of the output, so that the input need not be kept for the gradient.

import { elu, leakyRelu, relu, sigmoid, tanh } from "./activations";

export const RELU: i32 = 1;
const LEAKY_RELU: i32 = 2;
const ELU: i32 = 3;
const SIGMOID: i32 = 4;
const TANH: i32 = 5;

/** Applies activation `kind` in place to n values. */
export function activate(x: usize, n: i32, kind: i32, alpha: f32): void {
  if (kind == RELU) relu(x, x, n);
  else if (kind == LEAKY_RELU) leakyRelu(x, x, n, alpha);
  else if (kind == ELU) elu(x, x, n, alpha);
  else if (kind == SIGMOID) sigmoid(x, x, n);
  else if (kind == TANH) tanh(x, x, n);
}
