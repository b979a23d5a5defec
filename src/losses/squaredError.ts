// Squared differences, as means, sums and the lectures' error per image.

import { checkOptions, refuseValue } from "../check/check.js";
import { sub } from "../ops/arithmetic.js";
import { scale, square } from "../ops/pointwise.js";
import { inScope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import {
  checkAlike,
  checkReduction,
  reduceElements,
  reduceExamples,
  type ReductionOptions,
} from "./reduction.js";

/**
 * (prediction − target)².
 *
 * @param prediction - tensor of rank ≥ 0
 * @param target - of the same shape; gradients flow to both
 * @param options.reduction - `"mean"` over all elements (default), `"sum"`, `"perExample"` (over all axes but the
 *   first) or `"none"`
 * @returns rank 0 for mean and sum, `[batch]` for perExample, else the prediction's shape
 * @throws {RangeError} when the shapes differ
 * @example
 * item(squaredError(tensor([1, 2]), tensor([1, 4]))); // 2
 * @see PyTorch `mse_loss`, Keras `mean_squared_error`
 */
export function squaredError(prediction: Tensor, target: Tensor, options: ReductionOptions = {}): Tensor {
  const where = "squaredError";
  checkAlike(where, "prediction", prediction, "target", target);
  checkOptions(where, options, ["reduction"]);
  const { reduction = "mean" } = options;
  checkReduction(where, reduction, "prediction", prediction.shape);
  return inScope(() => reduceElements(square(sub(prediction, target)), reduction));
}

/**
 * The lectures' error of an image, E = 1 / (2·width·height) · Σ (prediction − target)².
 *
 * @param prediction - images, shape `[batch, height, width, channels]`
 * @param target - of the same shape; gradients flow to both
 * @param options.reduction - `"mean"` of E over the images (default; not over the pixels, which E has averaged
 *   already), `"sum"` over the images, `"perExample"` for each image's E or `"none"` for each pixel's part of it
 * @returns rank 0 for mean and sum, `[batch]` for perExample, else the prediction's shape
 * @throws {RangeError} when the shapes differ or are not those of images
 * @example
 * item(halfSquaredError(zeros([1, 2, 2, 1]), full([1, 2, 2, 1], 3))); // 4.5
 */
export function halfSquaredError(prediction: Tensor, target: Tensor, options: ReductionOptions = {}): Tensor {
  const where = "halfSquaredError";
  checkAlike(where, "prediction", prediction, "target", target);
  const { shape } = prediction;
  if (shape.length !== 4) {
    refuseValue(where, "prediction.shape", "have 4 axes [batch, height, width, channels]", shape);
  }
  checkOptions(where, options, ["reduction"]);
  const { reduction = "mean" } = options;
  checkReduction(where, reduction, "prediction", shape);
  const [, height, width] = shape;
  return inScope(() => {
    const reduced = reduceExamples(square(sub(prediction, target)), reduction);
    return scale(reduced, 1 / (2 * width * height));
  });
}
