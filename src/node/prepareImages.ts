// What images go through after they were read: alpha, grey, size.

import { checkBoolean, checkOneOf } from "../check/check.js";
import {
  type Background,
  checkBackground,
  checkSize,
  coloursOf,
  type Fit,
  FITS,
  type ImageSize,
  removeAlpha,
  resizeImages,
  toColour,
  toGrey,
} from "../images/resize.js";
import type { Tensor } from "../tensor/tensor.js";

/** How images are brought to one form. */
export interface ImageOptions {
  /** Height and width that images get (default: as they are; those of a folder must then agree). */
  readonly size?: ImageSize | undefined;
  /** What happens where the proportions differ from those of `size` (default `"crop"`). */
  readonly fit?: Fit | undefined;
  /** Whether images of colour become grey (default false). */
  readonly grey?: boolean | undefined;
  /** What stands behind transparent pixels (default `"white"`), and around images with `"pad"` (default 0). */
  readonly background?: Background | undefined;
}

export const IMAGE_OPTIONS = ["size", "fit", "grey", "background"] as const;

export function checkImageOptions(where: string, { size, fit, grey, background }: ImageOptions): void {
  if (size !== undefined) checkSize(where, size);
  if (fit !== undefined) checkOneOf(where, "fit", fit, FITS);
  if (grey !== undefined) checkBoolean(where, "grey", grey);
  if (background !== undefined) checkBackground(where, background);
}

/** Images of one or three channels in the size wanted. */
export function prepareImages(images: Tensor, options: ImageOptions): Tensor {
  const { size, fit = "crop", grey = false, background } = options;
  const opaque = removeAlpha(onColour(images, options), background === undefined ? {} : { background });
  const coloured = grey ? toGrey(opaque) : opaque;
  return size === undefined ? coloured : resizeImages(coloured, size, { fit, background: background ?? 0 });
}

/** On a background of colour, what is grey and transparent has colour too. */
function onColour(images: Tensor, { grey = false, background = 0 }: ImageOptions): Tensor {
  const [red, green, blue] = coloursOf(background);
  const isTinted = !grey && (red !== green || green !== blue);
  return isTinted && images.shape[images.shape.length - 1] === 2 ? toColour(images) : images;
}
