// What images go through after they were read: alpha, grey, size.

import { checkBoolean, checkNumber, checkOneOf } from "../check.js";
import {
  checkSize,
  type Fit,
  FITS,
  type ImageSize,
  removeAlpha,
  resizeImages,
  toGrey,
} from "../data/images.js";
import type { Tensor } from "../tensor.js";

export interface ImageOptions {
  /** Height and width that images get (default: as they are; those of a folder must then agree). */
  readonly size?: ImageSize;
  /** What happens where the proportions differ from those of `size` (default `"crop"`). */
  readonly fit?: Fit;
  /** Whether images of colour become grey (default false). */
  readonly grey?: boolean;
  /** What stands behind transparent pixels, and around images with `"pad"` (default 0). */
  readonly background?: number;
}

export const IMAGE_OPTIONS = ["size", "fit", "grey", "background"] as const;

export function checkImageOptions(where: string, { size, fit, grey, background }: ImageOptions): void {
  if (size !== undefined) checkSize(where, size);
  if (fit !== undefined) checkOneOf(where, "fit", fit, FITS);
  if (grey !== undefined) checkBoolean(where, "grey", grey);
  if (background !== undefined) checkNumber(where, "background", background);
}

/** Images of one or three channels in the size wanted. */
export function prepareImages(images: Tensor, options: ImageOptions): Tensor {
  const { size, fit = "crop", grey = false, background = 0 } = options;
  const opaque = removeAlpha(images, { background });
  const coloured = grey ? toGrey(opaque) : opaque;
  return size === undefined ? coloured : resizeImages(coloured, size, { fit, background });
}
