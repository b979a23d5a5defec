// Nearest-neighbour upsampling by integer factors; its gradient is a block sum.

import { defineOp } from "../autodiff/autodiff.js";
import { checkResult } from "../check/check.js";
import { checkPair, type Pair } from "../geometry/conv2d.js";
import { checkTensor, emptyTensor, type Tensor } from "../tensor/tensor.js";
import { upsampleNearest2d, upsampleNearest2dGradient } from "../wasm/generated.js";

/** The small image, and by how much it grows. */
interface UpsamplingSizes {
  /** Of all images. */
  readonly rows: number;
  readonly width: number;
  readonly channels: number;
  readonly factorHeight: number;
  readonly factorWidth: number;
}

const upsampleOp = defineOp<readonly [Tensor], UpsamplingSizes>({
  name: "upsampleNearest",
  forward: ([input], s) => {
    const [batch, height, width, channels] = input.shape;
    const output = emptyTensor([batch, height * s.factorHeight, width * s.factorWidth, channels]);
    upsampleNearest2d({ x: input, y: output, ...s });
    return output;
  },
  gradients: [
    (gradOutput, { inputs: [input], options }) => {
      const gradInput = emptyTensor(input.shape);
      upsampleNearest2dGradient({ dy: gradOutput, dx: gradInput, ...options });
      return gradInput;
    },
  ],
});

/**
 * Repeats every pixel: `y[b, h, w, c] = x[b, ⌊h / factorHeight⌋, ⌊w / factorWidth⌋, c]`.
 *
 * @param input - images, shape `[batch, height, width, channels]`
 * @param factor - integer ≥ 1, or `[height, width]`
 * @returns shape `[batch, height·factor, width·factor, channels]`
 * @throws {TypeError} when an argument is of the wrong kind
 * @throws {RangeError} when a factor is not an integer ≥ 1
 * @example
 * ops.upsampleNearest(tensor([1, 2], [1, 1, 2, 1]), [1, 2]).data; // [1, 1, 2, 2]
 */
export function upsampleNearest(input: Tensor, factor: Pair): Tensor {
  const where = "upsampleNearest";
  checkTensor(where, "input", input, 4, "[batch, height, width, channels]");
  const [factorHeight, factorWidth] = checkPair(where, "factor", factor, 1);
  const [batch, height, width, channels] = input.shape;
  checkResult(where, "factor", factor, input.size * factorHeight * factorWidth);
  return upsampleOp([input], { rows: batch * height, width, channels, factorHeight, factorWidth });
}
