// Layers that only change the shape.

import { checkShape, refuseValue } from "../check/check.js";
import * as ops from "../ops/index.js";
import { checkTensor, type Shape, sizeOf, type Tensor } from "../tensor/tensor.js";
import { type Layer, type None, plainLayer } from "./layer.js";

/** The number of examples. */
function batchOf(where: string, input: Tensor): number {
  checkTensor(where, "input", input);
  if (input.shape.length === 0) refuseValue(where, "input.shape", "have a batch axis", input.shape);
  return input.shape[0];
}

/**
 * Images to vectors.
 *
 * @returns layer from any shape to `[features]`
 * @example
 * flatten().outputShape([7, 7, 64]); // [3136]
 */
export function flatten(): Layer<None, None> {
  return plainLayer(
    "flatten",
    [],
    (inputShape) => [sizeOf(inputShape)],
    (input) => ops.reshape(input, [batchOf("flatten", input), -1]),
  );
}

/**
 * The same values under another shape, batch axis aside.
 *
 * @param shape - of one output
 * @returns layer to that shape
 * @throws {RangeError} when a size is not an integer ≥ 1
 * @example
 * reshape([7, 7, 64]).outputShape([3136]); // [7, 7, 64]
 */
export function reshape(shape: Shape): Layer<None, None> {
  const size = checkShape("reshape", "shape", shape);
  return plainLayer(
    "reshape",
    [shape],
    (inputShape) => {
      if (sizeOf(inputShape) !== size) {
        refuseValue("reshape", "shape", `multiply to the input's ${sizeOf(inputShape)} values`, shape);
      }
      return shape;
    },
    (input) => ops.reshape(input, [batchOf("reshape", input), ...shape]),
  );
}
