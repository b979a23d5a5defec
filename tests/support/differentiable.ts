// Compares a function of tensors with its definition in float64: its values, and its gradient along one direction.

import { expect } from "vitest";
import { type Tensor, tensor, vjp } from "../../src/index.js";
import { seededFloats } from "./seeded.js";

/** A function written out in float64: the values of its inputs to its own. */
export type Definition = (...inputs: Float64Array[]) => ArrayLike<number>;

const exact = (inputs: readonly Tensor[]) => inputs.map(({ data }) => Float64Array.from(data));

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Every value within `relative` of the definition's, or within `absolute`. */
export function expectDefined(
  f: (...inputs: Tensor[]) => Tensor,
  definition: Definition,
  inputs: readonly Tensor[],
  relative: number,
  absolute = 0,
): void {
  const wanted = definition(...exact(inputs));
  const { data } = f(...inputs);
  expect(data.length).toBe(wanted.length);
  for (const [i, value] of data.entries()) {
    if (Math.abs(value - wanted[i]) <= relative * Math.abs(wanted[i]) + absolute) continue;
    expect.fail(`value ${i} of ${data.length} must be ${wanted[i]}, got ${value}`);
  }
}

/** Six-point differences: with a step of 1e-3 their own error lies far below float32's. */
const STENCIL = [
  [1, 3 / 4],
  [2, -3 / 20],
  [3, 1 / 60],
] as const;
const STEP = 1e-3;

/**
 * Expects the gradients by all inputs, for a random gradient of the output, to give the definition's derivative along
 * a random direction: up to roundings of the gradients, and `absolute` for those of terms that cancel in them.
 */
export function expectGradient(
  f: (...inputs: Tensor[]) => Tensor,
  definition: Definition,
  inputs: readonly Tensor[],
  seed: number,
  absolute = 1e-8,
): void {
  const { shape, size } = f(...inputs);
  const upstream = tensor(seededFloats(seed, size), shape);
  const directions = inputs.map((input, i) => seededFloats(seed + 1 + i, input.size));
  const { grads } = vjp((all: readonly Tensor[]) => f(...all))(upstream, inputs);
  let derivative = 0;
  let magnitude = 0;
  for (const [i, { data }] of grads.entries()) {
    derivative += dot(data, directions[i]);
    magnitude += dot(data.map(Math.abs), directions[i].map(Math.abs));
  }
  const at = (distance: number) => {
    const moved = exact(inputs).map((values, i) => values.map((x, j) => x + distance * directions[i][j]));
    return dot(upstream.data, definition(...moved));
  };
  const wanted = STENCIL.reduce(
    (sum, [k, weight]) => sum + (weight * (at(k * STEP) - at(-k * STEP))) / STEP,
    0,
  );
  const bound = 2 ** -18 * (magnitude + Math.abs(wanted)) + absolute;
  expect(Math.abs(derivative - wanted), `${derivative} for ${wanted}`).toBeLessThanOrEqual(bound);
}

/** Reduces values of a shape in float64; `"mean"` is over all elements. */
export function reducedValues(
  values: ArrayLike<number>,
  shape: readonly number[],
  reduction: "none" | "mean" | "sum" | "perExample",
): number[] {
  const list = Array.from(values);
  const sum = (part: readonly number[]) => part.reduce((total, value) => total + value, 0);
  if (reduction === "none") return list;
  if (reduction === "sum") return [sum(list)];
  if (reduction === "mean") return [sum(list) / list.length];
  const width = list.length / shape[0];
  return Array.from({ length: shape[0] }, (_, row) => sum(list.slice(row * width, (row + 1) * width)));
}
