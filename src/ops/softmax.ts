// Softmax and its logarithm over the last axis.

import { defineOp } from "../autodiff.js";
import { refuseValue } from "../check.js";
import { checkTensor, emptyTensor, type Tensor } from "../tensor.js";
import { softmax as kernel, softmaxGradient } from "../wasm/kernels.js";

function softmaxOp(name: "softmax" | "logSoftmax"): (x: Tensor) => Tensor {
  const columnsOf = (x: Tensor) => x.shape[x.shape.length - 1];
  const op = defineOp<readonly [Tensor], undefined>({
    name,
    forward: ([x]) => {
      const output = emptyTensor(x.shape);
      kernel(name, x, output, x.size / columnsOf(x), columnsOf(x));
      return output;
    },
    gradients: [
      (gradOutput, { output }) => {
        const gradInput = emptyTensor(output.shape);
        softmaxGradient(
          name,
          output,
          gradOutput,
          gradInput,
          output.size / columnsOf(output),
          columnsOf(output),
        );
        return gradInput;
      },
    ],
  });
  return (x) => {
    checkTensor(name, "x", x);
    if (x.shape.length === 0) refuseValue(name, "x.shape", "have at least one axis", x.shape);
    return op([x], undefined);
  };
}

/**
 * `exp(x) / Σ exp(x)` over the last axis.
 *
 * @param x - tensor of rank ≥ 1
 * @returns tensor of the same shape; each row sums to 1
 * @throws {RangeError} when `x` has no axis
 * @example
 * ops.softmax(tensor([0, 0])).data; // [0.5, 0.5]
 */
export const softmax = softmaxOp("softmax");

/**
 * `x − log Σ exp(x)` over the last axis, without overflow.
 *
 * @param x - tensor of rank ≥ 1
 * @returns tensor of the same shape
 * @throws {RangeError} when `x` has no axis
 * @example
 * ops.logSoftmax(tensor([0, 0])).data; // [-0.693…, -0.693…]
 */
export const logSoftmax = softmaxOp("logSoftmax");
