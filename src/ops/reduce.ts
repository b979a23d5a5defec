// Reductions: sum, mean, max and log-sum-exp over all elements or some axes.

import { defineOp } from "../autodiff/autodiff.js";
import { checkBoolean, checkOptions, refuseValue } from "../check/check.js";
import { checkTensor, emptyTensor, type Shape, sizeOf, Tensor } from "../tensor/tensor.js";
import { type Block, reduce, reduceGradient, type ReductionName, scale } from "../wasm/kernels.js";
import { checkAxis, expand } from "./shape.js";

/** Options of the reductions. */
export interface ReduceOptions {
  /** Axis or axes to reduce, neighbours where there are several (default: all). Negative counts from the end. */
  readonly axis?: number | readonly number[] | undefined;
  /** Keep reduced axes with size 1 (default false). */
  readonly keepDims?: boolean | undefined;
}

interface Reduction {
  readonly block: Block;
  /** The output's shape, and the same with the reduced axes kept. */
  readonly shape: Shape;
  readonly kept: Shape;
}

// @__NO_SIDE_EFFECTS__
function reductionOp(name: ReductionName) {
  return defineOp<readonly [Tensor], Reduction>({
    name,
    forward: ([x], { block, shape }) => {
      const output = emptyTensor(shape);
      reduce(name, x, output, block);
      return output;
    },
    gradients: [
      (gradOutput, { inputs: [x], output, options: { block, kept } }) => {
        if (name === "max" || name === "logSumExp") {
          const gradInput = emptyTensor(x.shape);
          reduceGradient(name, x, output, gradOutput, gradInput, block);
          return gradInput;
        }
        const gradInput = expand(new Tensor(gradOutput.storage, kept, gradOutput.offset), x.shape);
        if (name === "mean") scale(gradInput, gradInput, x.size, 1 / block.axis, 0);
        return gradInput;
      },
    ],
  });
}

const sumOp = reductionOp("sum");
const meanOp = reductionOp("mean");
const maxOp = reductionOp("max");
const logSumExpOp = reductionOp("logSumExp");

function planReduction(name: ReductionName, x: Tensor, options: ReduceOptions): Reduction {
  checkTensor(name, "x", x);
  checkOptions(name, options, ["axis", "keepDims"]);
  const { axis, keepDims = false } = options;
  checkBoolean(name, "keepDims", keepDims);
  const rank = x.shape.length;
  const axes =
    axis === undefined
      ? x.shape.map((_, i) => i)
      : [...(Array.isArray(axis) ? axis : [axis])]
          .map((one) => checkAxis(name, one, rank))
          .sort((a, b) => a - b);
  if (axes.some((one, i) => i > 0 && one !== axes[i - 1] + 1)) {
    refuseValue(name, "axis", "name neighbouring axes, each once", axis);
  }
  const first = axes[0] ?? 0;
  const end = first + axes.length;
  const block = {
    outer: sizeOf(x.shape.slice(0, first)),
    axis: sizeOf(x.shape.slice(first, end)),
    inner: sizeOf(x.shape.slice(end)),
  };
  const kept = x.shape.map((size, i) => (i >= first && i < end ? 1 : size));
  const shape = keepDims ? kept : x.shape.filter((_, i) => i < first || i >= end);
  return { block, shape, kept };
}

/**
 * Sum, accumulated in higher precision: exact for 10⁷ ones.
 *
 * @param x - tensor
 * @param options.axis - axis or neighbouring axes (default: all)
 * @param options.keepDims - keep reduced axes with size 1 (default false)
 * @returns the reduced tensor; rank 0 when everything is reduced
 * @throws {RangeError} when an axis does not exist, or several are not neighbours
 * @example
 * ops.sum(tensor([[1, 2], [3, 4]]), { axis: 0 }).data; // [4, 6]
 */
export function sum(x: Tensor, options: ReduceOptions = {}): Tensor {
  return sumOp([x], planReduction("sum", x, options));
}

/**
 * Mean, accumulated in higher precision.
 *
 * @param x - tensor
 * @param options.axis - axis or neighbouring axes (default: all)
 * @param options.keepDims - keep reduced axes with size 1 (default false)
 * @returns the reduced tensor
 * @throws {RangeError} when an axis does not exist, or several are not neighbours
 * @example
 * ops.mean(tensor([1, 2, 3])).data; // [2]
 */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  return meanOp([x], planReduction("mean", x, options));
}

/**
 * Largest value; NaN wins. The first of equal values takes the gradient.
 *
 * @param x - tensor
 * @param options.axis - axis or neighbouring axes (default: all)
 * @param options.keepDims - keep reduced axes with size 1 (default false)
 * @returns the reduced tensor
 * @throws {RangeError} when an axis does not exist, or several are not neighbours
 * @example
 * ops.max(tensor([[1, 5], [3, 4]]), { axis: -1 }).data; // [5, 4]
 */
export function max(x: Tensor, options: ReduceOptions = {}): Tensor {
  return maxOp([x], planReduction("max", x, options));
}

/**
 * `log Σ exp(x)`, without overflow.
 *
 * @param x - tensor
 * @param options.axis - axis or neighbouring axes (default: all)
 * @param options.keepDims - keep reduced axes with size 1 (default false)
 * @returns the reduced tensor
 * @throws {RangeError} when an axis does not exist, or several are not neighbours
 * @example
 * ops.logSumExp(tensor([1000, 1000])).data; // [1000.6931…]
 */
export function logSumExp(x: Tensor, options: ReduceOptions = {}): Tensor {
  return logSumExpOp([x], planReduction("logSumExp", x, options));
}
