// The plane of two latent dimensions as a grid of codes.

import { checkInteger, checkNumber, checkOptions, checkResult, refuseValue } from "../check/check.js";
import type { Tensor } from "../tensor/tensor.js";
import { normalQuantile } from "../statistics/normalQuantile.js";
import { checkCodes, checkDimensions, makeCodes, rowOf, spacedAt } from "./rows.js";

/** Options of {@link latentGrid}. */
export interface LatentGridOptions {
  /** Codes per side, integer ≥ 2. */
  readonly size: number;
  /** The two dimensions that vary: across, and up (default `[0, 1]`). */
  readonly dimensions?: readonly [across: number, up: number] | undefined;
  /** Probability beyond the outermost codes, on each side, above 0 and below ½ (default ½/size). */
  readonly margin?: number | undefined;
}

/**
 * A grid of codes over two dimensions, equally spaced not in value but in probability under the standard normal
 * prior: the learned manifold as a VAE's paper shows it. Not differentiable.
 *
 * The order is a montage's of `size` columns: the first row of the picture is the top. The first dimension grows
 * from left to right, the second from bottom to top, as in a plot of codes.
 *
 * @param code - what the other dimensions keep, shape `[1, latent]`; often `zeros([1, latent])`
 * @param options.size - codes per side, integer ≥ 2
 * @param options.dimensions - the dimension that varies across, and the one that varies upwards (default `[0, 1]`)
 * @param options.margin - probability beyond the outermost codes, on each side, above 0 and below ½ (default
 *   ½/size: each code is then the middle of a 1/size² part of the prior)
 * @returns codes, shape `[size², latent]`
 * @throws {TypeError} when an argument or option is of the wrong kind
 * @throws {RangeError} when `code` is not one row, the dimensions are equal or not among the code's, or the size
 *   or margin is out of range
 * @example
 * latentGrid(zeros([1, 2]), { size: 2 }).data; // [-0.6745, 0.6745, 0.6745, 0.6745, -0.6745, -0.6745, 0.6745, -0.6745]
 * @see Kingma & Welling, "Auto-encoding variational Bayes" (2013), figure 4
 */
export function latentGrid(code: Tensor, options: LatentGridOptions): Tensor {
  const where = "latentGrid";
  checkCodes(where, "code", code);
  const [count, latentSize] = code.shape;
  if (count !== 1) refuseValue(where, "code.shape[0]", "be 1", count);
  checkOptions(where, options, ["size", "dimensions", "margin"]);
  const { size, dimensions = [0, 1] } = options;
  checkInteger(where, "size", size, 2);
  checkResult(where, "size", size, size * size * latentSize);
  checkDimensions(where, dimensions, latentSize);
  const [across, up] = dimensions;
  if (dimensions.length !== 2 || across === up) {
    refuseValue(where, "dimensions", "be two different ones", dimensions);
  }
  const { margin = 0.5 / size } = options;
  checkNumber(where, "margin", margin);
  if (margin <= 0 || margin >= 0.5) refuseValue(where, "margin", "be above 0 and below 0.5", margin);

  // Around 0, so that the middle of an odd size is exactly 0.
  const shares = { from: margin - 0.5, to: 0.5 - margin, count: size };
  const values = Array.from({ length: size }, (_, i) => normalQuantile(0.5 + spacedAt(shares, i)));
  return makeCodes(where, size * size, latentSize, (place, row) => {
    place.set(rowOf(code, 0));
    place[across] = values[row % size];
    place[up] = values[size - 1 - Math.floor(row / size)];
  });
}
