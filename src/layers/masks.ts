// The layer that hides patches of its input in training, for masked autoencoders.

import { checkNumber, checkOptions, checkShape, refuseKind, refuseValue } from "../check/check.js";
import { checkPair, type Pair } from "../geometry/conv2d.js";
import * as ops from "../ops/index.js";
import { bits, checkKey, type Key } from "../random/keys.js";
import { adoptArray, type Shape, type Tensor } from "../tensor/tensor.js";
import { type Layer, type None, plainLayer } from "./layer.js";
import { disturbed, pixelShape } from "./disturbance.js";

/** Options of {@link maskPatches}. */
export interface MaskPatchesOptions {
  /** Patch of an image in pixels, a number or `[height, width]`; of a vector a number of neighbouring features. */
  readonly size: Pair;
  /** Share of the patches that is hidden, from 0 to 1. */
  readonly ratio: number;
  /** What hidden values become (default 0). */
  readonly value?: number | undefined;
}

/** A layer that tells which part of its input it hides. */
export interface MaskLayer extends Layer<None, None> {
  /**
   * What `apply` hides in training with the same key: for a loss on the hidden part alone.
   *
   * @param key - as `apply` is given it; {@link sequential} gives its i-th layer `fold(key, i)`
   * @param shape - of the input, batch included
   * @returns 1 where values are hidden, else 0: `[batch, height, width, 1]`, or `[batch, features]` for vectors
   */
  hidden(key: Key, shape: Shape): Tensor;
}

/** How one input is tiled; a vector is an image of one row. Patches at the far borders may be smaller. */
interface Tiling {
  readonly height: number;
  readonly width: number;
  readonly patchHeight: number;
  readonly patchWidth: number;
  readonly columns: number;
  readonly patches: number;
}

function tilingOf(where: string, inputShape: Shape, size: Pair): Tiling {
  if (inputShape.length !== 1 && inputShape.length !== 3) {
    refuseValue(where, "input shape", "be [height, width, channels] or [features]", inputShape);
  }
  const isVector = inputShape.length === 1;
  if (isVector && typeof size !== "number") refuseKind(where, "size", "be a number for vectors", size);
  const [height, width] = isVector ? [1, inputShape[0]] : inputShape;
  const [patchHeight, patchWidth] = typeof size === "number" ? [size, size] : size;
  const columns = Math.ceil(width / patchWidth);
  const patches = Math.ceil(height / patchHeight) * columns;
  return { height, width, patchHeight, patchWidth, columns, patches };
}

/** Calls `mark` with `count` different ones of the patches, every choice equally likely, for each example. */
function choosePatches(
  key: Key,
  batch: number,
  patches: number,
  count: number,
  mark: (example: number, patch: number) => void,
): void {
  if (count === 0) return;
  const words = bits(key, batch * count);
  const order = Uint32Array.from({ length: patches }, (_, i) => i);
  for (let example = 0; example < batch; example++) {
    // The first draws of Fisher and Yates; where the order starts from does not matter to them.
    for (let i = 0; i < count; i++) {
      const j = i + Math.floor((words[example * count + i] / 2 ** 32) * (patches - i));
      const patch = order[j];
      order[j] = order[i];
      order[i] = patch;
      mark(example, patch);
    }
  }
}

/** 1 in `ratio` of the patches of each example, 0 elsewhere. */
function drawMask(key: Key, shape: Shape, tiling: Tiling, ratio: number): Tensor {
  const { height, width, patchHeight, patchWidth, columns, patches } = tiling;
  const hidden = Math.round(ratio * patches);
  // Which to hide or which to show: the fewer draws.
  const isHiding = 2 * hidden <= patches;
  const [marked, others] = isHiding ? [1, 0] : [0, 1];
  const mask = new Float32Array(shape[0] * height * width).fill(others);
  choosePatches(key, shape[0], patches, isHiding ? hidden : patches - hidden, (example, patch) => {
    const top = Math.floor(patch / columns) * patchHeight;
    const left = (patch % columns) * patchWidth;
    const bottom = Math.min(top + patchHeight, height);
    const right = Math.min(left + patchWidth, width);
    for (let y = top; y < bottom; y++) {
      const row = (example * height + y) * width;
      for (let i = row + left; i < row + right; i++) mask[i] = marked;
    }
  });
  return adoptArray(mask, pixelShape(shape));
}

/**
 * Hides patches in training: of the patches that tile an image or a vector, the same number in every example, chosen
 * by the key. With `size: 1` it is the masking noise of denoising autoencoders, with large patches and a high ratio
 * the corruption that a masked autoencoder undoes.
 *
 * @param options.size - patch in pixels, a number or `[height, width]`; the last ones of a row or column are smaller
 *   where it does not divide the image; of vectors, neighbouring features
 * @param options.ratio - share of the patches that is hidden, from 0 to 1: round(ratio · patches) of each example
 * @param options.value - what hidden values become (default 0)
 * @returns layer that keeps the shape `[height, width, channels]` or `[features]`, with `hidden(key, shape)`, the
 *   mask that `apply` uses with this key
 * @throws {TypeError} when an option is missing, unknown or of the wrong kind
 * @throws {RangeError} when a size is not an integer ≥ 1 or the ratio lies outside [0, 1]
 * @example
 * const layer = maskPatches({ size: 7, ratio: 0.75 });
 * const mask = layer.hidden(key(1), [8, 28, 28, 1]);
 * item(ops.mean(mask)); // 0.75
 * @see He et al., "Masked autoencoders are scalable vision learners" (2022); Vincent et al., "Extracting and composing
 *   robust features with denoising autoencoders" (2008)
 */
export function maskPatches(options: MaskPatchesOptions): MaskLayer {
  const where = "maskPatches";
  checkOptions(where, options, ["size", "ratio", "value"]);
  const { size, ratio, value = 0 } = options;
  if (size === undefined) refuseKind(where, "size", "be given: a number or [height, width]", size);
  checkPair(where, "size", size, 1);
  checkNumber(where, "ratio", ratio, 0, 1);
  checkNumber(where, "value", value);
  const outputShape = (inputShape: Shape) => {
    tilingOf(where, inputShape, size);
    return inputShape;
  };
  const hide = (input: Tensor, key: Key) => {
    const tiling = tilingOf(where, input.shape.slice(1), size);
    const mask = drawMask(key, input.shape, tiling, ratio);
    const seen = ops.mul(input, ops.scale(mask, -1, 1));
    return value === 0 ? seen : ops.add(seen, ops.scale(mask, value));
  };
  return {
    ...plainLayer(
      where,
      [{ size: typeof size === "number" ? size : [...size], ratio, value }],
      outputShape,
      (input, context) => disturbed(where, ratio === 0, input, context, hide),
    ),
    hidden: (key, shape) => {
      checkKey(where, "key", key);
      checkShape(where, "shape", shape);
      const [count, ...example] = shape;
      return drawMask(key, [count, ...example], tilingOf(where, example, size), ratio);
    },
  };
}
