// Walks from a code: along its dimensions, or along any direction.

import { checkOptions } from "../check/check.js";
import type { Tensor } from "../tensor/tensor.js";
import {
  checkCodes,
  checkDimensions,
  makeCodes,
  rowOf,
  spacedAt,
  type StepOptions,
  stepsOf,
} from "./rows.js";

/** Options of {@link traverse}. */
export interface TraverseOptions extends StepOptions {
  /** Which dimensions vary, in this order (default all). */
  readonly dimensions?: readonly number[] | undefined;
}

/**
 * Sets one dimension after the other to equally spaced values while the others keep the code's: what each dimension
 * means. Not differentiable.
 *
 * @param codes - shape `[count, latent]`
 * @param options.dimensions - which dimensions vary, in this order (default all)
 * @param options.from - first value (default −3)
 * @param options.to - last value (default 3)
 * @param options.steps - how many values, both ends included, integer ≥ 2 (default 9)
 * @returns codes, shape `[count·dimensions·steps, latent]`: for each code, for each dimension, `steps` rows
 * @throws {TypeError} when an argument or option is of the wrong kind
 * @throws {RangeError} when `codes` has not two axes, or an option is out of range
 * @example
 * traverse(zeros([1, 2]), { from: -1, to: 1, steps: 3 }).data; // [-1, 0, 0, 0, 1, 0, 0, -1, 0, 0, 0, 1]
 * @see Higgins et al., "beta-VAE" (2017), figure 1
 */
export function traverse(codes: Tensor, options: TraverseOptions = {}): Tensor {
  const where = "traverse";
  checkCodes(where, "codes", codes);
  checkOptions(where, options, ["dimensions", "from", "to", "steps"]);
  const [count, latentSize] = codes.shape;
  const { dimensions = Array.from({ length: latentSize }, (_, dimension) => dimension) } = options;
  checkDimensions(where, dimensions, latentSize);
  const walks = count * dimensions.length;
  const values = stepsOf(where, options, 3, walks * latentSize);
  return makeCodes(where, walks * values.count, latentSize, (place, row) => {
    const walk = Math.floor(row / values.count);
    place.set(rowOf(codes, Math.floor(walk / dimensions.length)));
    place[dimensions[walk % dimensions.length]] = spacedAt(values, row % values.count);
  });
}

/**
 * Adds multiples of directions to codes, `code + s·direction` for equally spaced s: more and less of an attribute
 * (see {@link attributeVector}). Not differentiable.
 *
 * @param codes - shape `[count, latent]`
 * @param directions - shape `[directions, latent]`
 * @param options.from - first multiple (default −4)
 * @param options.to - last multiple (default 4)
 * @param options.steps - how many multiples, both ends included, integer ≥ 2 (default 9)
 * @returns codes, shape `[count·directions·steps, latent]`: for each code, for each direction, `steps` rows
 * @throws {TypeError} when an argument or option is of the wrong kind
 * @throws {RangeError} when an argument has not two axes, the latent sizes differ, or an option is out of range
 * @example
 * moveAlong(tensor([[5, 5]]), tensor([[1, 0]]), { from: -1, to: 1, steps: 3 }).data; // [4, 5, 5, 5, 6, 5]
 * @see White, "Sampling generative networks" (2016), section 4
 */
export function moveAlong(codes: Tensor, directions: Tensor, options: StepOptions = {}): Tensor {
  const where = "moveAlong";
  checkCodes(where, "codes", codes);
  const [count, latentSize] = codes.shape;
  checkCodes(where, "directions", directions, latentSize);
  checkOptions(where, options, ["from", "to", "steps"]);
  const ways = directions.shape[0];
  const walks = count * ways;
  const multiples = stepsOf(where, options, 4, walks * latentSize);
  return makeCodes(where, walks * multiples.count, latentSize, (place, row) => {
    const walk = Math.floor(row / multiples.count);
    const multiple = spacedAt(multiples, row % multiples.count);
    const start = rowOf(codes, Math.floor(walk / ways));
    const direction = rowOf(directions, walk % ways);
    for (let i = 0; i < latentSize; i++) place[i] = start[i] + multiple * direction[i];
  });
}
