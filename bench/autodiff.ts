// Benchmarks of what differentiation costs beside the kernels: chains of operations on two numbers, where almost all
// of the time is the noting of calls, the reading back and the memory.

import { grad, ops, scope, tensor, type Tensor } from "../src/index.js";
import type { Case } from "./support.js";

const LENGTH = 100;
const START = tensor([0.5, -0.25]);
const FACTOR = tensor([1.01, 0.99]);

/** y ← (y + x) · factor, again and again: every second operation uses the parameter. */
function chain(x: Tensor): Tensor {
  let y = x;
  for (let step = 0; step < LENGTH / 2; step++) y = ops.mul(ops.add(y, x), FACTOR);
  return y;
}

/** The chain is linear: its slope, and its value at x is the slope times x. */
function slopeAt(index: number): number {
  let slope = 1;
  for (let step = 0; step < LENGTH / 2; step++) slope = (slope + 1) * FACTOR.data[index];
  return slope;
}

/** Every operation rounds once, forward or back. */
const ROUNDING = LENGTH * 2 ** -23;

function chainCase(title: string, flops: number, run: () => Tensor, scale: readonly number[]): Case {
  return {
    title: `${title}, chain of ${LENGTH} on [2]`,
    work: { flops, operations: LENGTH },
    outsideScope: true,
    prepare() {
      const expected = (index: number) => {
        const value = slopeAt(index) * scale[index];
        return { value, bound: ROUNDING * Math.abs(value) };
      };
      return { run, expected };
    },
  };
}

const gradient = grad((x: Tensor) => ops.sum(chain(x)));

export const autodiffCases: readonly Case[] = [
  chainCase("add and mul", 2 * LENGTH, () => scope(() => chain(START)), [...START.data]),
  chainCase("add and mul with gradients", 4 * LENGTH, () => gradient(START), [1, 1]),
];
