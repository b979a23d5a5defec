// Many images as one picture.

import { checkInteger, checkNumber, checkOptions, checkResult } from "../check/check.js";
import { adoptArray, checkTensor, sizeOf, type Tensor } from "../tensor/tensor.js";

/** Options of {@link montage}. */
export interface MontageOptions {
  /** Images side by side, integer ≥ 1 (default ⌈√count⌉). */
  readonly columns?: number | undefined;
  /** Pixels between neighbours, integer ≥ 0 (default 1). */
  readonly gap?: number | undefined;
  /** Value of the gaps and of places without an image (default 1). */
  readonly background?: number | undefined;
}

/**
 * Lays images out in rows, from the top left, as one picture. Not differentiable.
 *
 * @param images - shape `[count, height, width, channels]`
 * @param options.columns - images side by side, integer ≥ 1 (default ⌈√count⌉)
 * @param options.gap - pixels between neighbours, integer ≥ 0 (default 1); the picture has no margin
 * @param options.background - value of the gaps and of places without an image (default 1)
 * @returns one image, shape `[1, rows·(height + gap) − gap, columns·(width + gap) − gap, channels]`
 * @throws {TypeError} when an argument or option is of the wrong kind
 * @throws {RangeError} when `images` has not four axes, an option is out of range, or the picture is too large
 * @example
 * const images = tensor([1, 2, 3], [3, 1, 1, 1]);
 * montage(images, { columns: 2, background: 0 }).data; // [1, 0, 2, 0, 0, 0, 3, 0, 0]
 */
export function montage(images: Tensor, options: MontageOptions = {}): Tensor {
  const where = "montage";
  checkTensor(where, "images", images, 4, "[count, height, width, channels]");
  checkOptions(where, options, ["columns", "gap", "background"]);
  const [count, height, width, channels] = images.shape;
  const { columns = Math.ceil(Math.sqrt(count)), gap = 1, background = 1 } = options;
  checkInteger(where, "columns", columns, 1);
  checkInteger(where, "gap", gap, 0);
  checkNumber(where, "background", background);
  const rows = Math.ceil(count / columns);
  const shape = [1, rows * (height + gap) - gap, columns * (width + gap) - gap, channels];
  const pictureOf = (spacing: number) =>
    (rows * (height + spacing) - spacing) * (columns * (width + spacing) - spacing) * channels;
  // Whichever of the two is to blame.
  checkResult(where, "columns", columns, pictureOf(0));
  checkResult(where, "gap", gap, pictureOf(gap));
  const picture = new Float32Array(sizeOf(shape)).fill(background);

  const pixels = images.data;
  const line = width * channels;
  for (let i = 0; i < count; i++) {
    const top = Math.floor(i / columns) * (height + gap);
    const left = (i % columns) * (width + gap);
    for (let y = 0; y < height; y++) {
      const start = (i * height + y) * line;
      picture.set(pixels.subarray(start, start + line), ((top + y) * shape[2] + left) * channels);
    }
  }
  return adoptArray(picture, shape);
}
