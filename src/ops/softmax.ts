// Softmax and its logarithm along an axis.

import { defineOp } from "../autodiff/autodiff.js";
import { checkOptions, refuseValue } from "../check/check.js";
import { inScope } from "../tensor/scope.js";
import { checkTensor, emptyTensor, type Tensor } from "../tensor/tensor.js";
import * as kernels from "../wasm/generated.js";
import { checkAxis, transpose } from "./shape.js";

/** Options of {@link softmax} and {@link logSoftmax}. */
export interface SoftmaxOptions {
  /** The axis that is normalised (default −1, the last). */
  readonly axis?: number | undefined;
}

/** A tensor seen as rows along its last axis. */
const rowsOf = (x: Tensor) => {
  const columns = x.shape[x.shape.length - 1];
  return { rows: x.size / columns, columns };
};

// @__NO_SIDE_EFFECTS__
function softmaxOp(
  name: string,
  kernel: typeof kernels.softmax,
  gradient: typeof kernels.softmaxGradient,
): (x: Tensor, options?: SoftmaxOptions) => Tensor {
  const op = defineOp<readonly [Tensor], undefined>({
    name,
    forward: ([x]) => {
      const output = emptyTensor(x.shape);
      kernel({ x, y: output, ...rowsOf(x) });
      return output;
    },
    gradients: [
      (gradOutput, { output }) => {
        const gradInput = emptyTensor(output.shape);
        gradient({ y: output, dy: gradOutput, dx: gradInput, ...rowsOf(output) });
        return gradInput;
      },
    ],
  });
  return (x, options = {}) => {
    checkTensor(name, "x", x);
    checkOptions(name, options, ["axis"]);
    const rank = x.shape.length;
    if (rank === 0) refuseValue(name, "x.shape", "have at least one axis", x.shape);
    const axis = checkAxis(name, options.axis ?? -1, rank);
    if (axis === rank - 1) return op([x], undefined);
    // The kernels run along the last axis; swapping two axes twice changes nothing.
    const swapped = x.shape.map((_, i) => (i === axis ? rank - 1 : i === rank - 1 ? axis : i));
    return inScope(() => transpose(op([transpose(x, swapped)], undefined), swapped));
  };
}

/**
 * `exp(x) / Σ exp(x)` over one axis.
 *
 * @param x - tensor of rank ≥ 1
 * @param options.axis - which axis (default −1, the last)
 * @returns tensor of the same shape; along the axis sums to 1
 * @throws {RangeError} when `x` has no axis
 * @example
 * ops.softmax(tensor([0, 0])).data; // [0.5, 0.5]
 */
export const softmax = softmaxOp("softmax", kernels.softmax, kernels.softmaxGradient);

/**
 * `x − log Σ exp(x)` over one axis, without overflow.
 *
 * @param x - tensor of rank ≥ 1
 * @param options.axis - which axis (default −1, the last)
 * @returns tensor of the same shape
 * @throws {RangeError} when `x` has no axis
 * @example
 * ops.logSoftmax(tensor([0, 0])).data; // [-0.693…, -0.693…]
 */
export const logSoftmax = softmaxOp("logSoftmax", kernels.logSoftmax, kernels.logSoftmaxGradient);
