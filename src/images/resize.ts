// Images brought to the size and the channels that a model wants. Data only: no gradient flows through.

import {
  checkNumber,
  checkOneOf,
  checkOptions,
  checkShape,
  refuseKind,
  refuseValue,
} from "../check/check.js";
import { adoptArray, checkTensor, type Shape, type Tensor } from "../tensor/tensor.js";

/** Height and width in pixels. */
export type ImageSize = readonly [height: number, width: number];

/** What to do with images of other proportions. */
export type Fit = "stretch" | "crop" | "pad";

/** A value for all channels, or a colour; of images without colour, its grey. */
export type Background = number | "white" | "black" | `#${string}`;

/** Options of {@link resizeImages}. */
export interface ResizeOptions {
  /** What happens where the proportions differ (default `"stretch"`). */
  readonly fit?: Fit | undefined;
  /** The value around images with `"pad"` (default 0). */
  readonly background?: Background | undefined;
}

/** Options of {@link removeAlpha}. */
export interface BackgroundOptions {
  /** What stands behind transparent pixels (default `"white"`). */
  readonly background?: Background | undefined;
}

/** Checks a background. */
export function checkBackground(where: string, background: unknown): asserts background is Background {
  if (typeof background === "number") checkNumber(where, "background", background);
  else if (typeof background !== "string" || !/^(white|black|#[\da-f]{6})$/i.test(background)) {
    refuseKind(where, "background", 'be a number, "white", "black" or a colour "#rrggbb"', background);
  }
}

/** Red, green and blue of a background. */
export function coloursOf(background: Background): readonly [red: number, green: number, blue: number] {
  if (typeof background === "number") return [background, background, background];
  if (background === "white") return [1, 1, 1];
  if (background === "black") return [0, 0, 0];
  const byte = (at: number) => Number.parseInt(background.slice(at, at + 2), 16) / 255;
  return [byte(1), byte(3), byte(5)];
}

const luma = (red: number, green: number, blue: number) => 0.2126 * red + 0.7152 * green + 0.0722 * blue;

/** A background for images of so many channels; behind alpha, a colour is opaque. */
function channelsOf(where: string, background: Background, channels: number): number[] {
  if (typeof background === "number") return Array.from({ length: channels }, () => background);
  if (channels > 4) refuseValue(where, "background", "be a number for more than 4 channels", background);
  const colours = coloursOf(background);
  // The weights of white and black need not sum to 1 in floating point.
  const grey = colours[0] === colours[1] && colours[1] === colours[2] ? colours[0] : luma(...colours);
  return [...(channels < 3 ? [grey] : colours), ...(channels % 2 === 0 ? [1] : [])];
}

export const FITS: readonly Fit[] = ["stretch", "crop", "pad"];

/** Checks images and returns their sizes, one image counting as a stack of one. */
function checkImages(
  where: string,
  images: Tensor,
): [count: number, height: number, width: number, channels: number] {
  checkTensor(where, "images", images);
  const { shape } = images;
  if (shape.length !== 3 && shape.length !== 4) {
    refuseValue(
      where,
      "images.shape",
      "be [height, width, channels], alone or behind a number of images",
      shape,
    );
  }
  const [height, width, channels] = shape.slice(-3);
  return [shape.length === 4 ? shape[0] : 1, height, width, channels];
}

/** Checks a size of images, `[height, width]`. */
export function checkSize(where: string, size: unknown): asserts size is ImageSize {
  checkShape(where, "size", size);
  if ((size as ImageSize).length !== 2) refuseValue(where, "size", "be [height, width]", size);
}

/**
 * Images of another size. Along an axis that shrinks, a new pixel is the mean of the area that it covers; along one
 * that grows, values are interpolated linearly between the centres of pixels, which lie at half coordinates
 * (`(i + 0.5) · old / new − 0.5`), and beyond the outermost centres stay as they are there.
 *
 * @param images - shape `[height, width, channels]` or `[count, height, width, channels]`
 * @param size - new height and width
 * @param options.fit - where the proportions differ: `"stretch"` (default) distorts; `"crop"` keeps the largest
 *   part around the centre that has the new proportions (in whole pixels); `"pad"` keeps all, on a background
 * @param options.background - what stands around images with `"pad"` (default 0): a number for all channels,
 *   `"white"`, `"black"`, or a colour `"#rrggbb"`
 * @returns shape of `images` with the new height and width
 * @throws {TypeError} when an argument or option is of the wrong kind
 * @throws {RangeError} when `images` are not images, or the size is not two integers ≥ 1
 * @example
 * resizeImages(tensor([0, 1, 2, 3], [1, 4, 1]), [1, 2]).data; // [0.5, 2.5]
 * resizeImages(tensor([0, 1], [1, 2, 1]), [1, 4]).data; // [0, 0.25, 0.75, 1]
 */
export function resizeImages(images: Tensor, size: ImageSize, options: ResizeOptions = {}): Tensor {
  const where = "resizeImages";
  const [count, height, width, channels] = checkImages(where, images);
  checkSize(where, size);
  checkOptions(where, options, ["fit", "background"]);
  const { fit = "stretch", background = 0 } = options;
  checkOneOf(where, "fit", fit, FITS);
  checkBackground(where, background);
  const shape: Shape = [...images.shape.slice(0, -3), ...size, channels];
  checkShape(where, "size (of the result)", shape);

  const [part, inner] = proportion([height, width], size, fit);
  const rows = resample(images.data, [count, height, width * channels], part[0], inner[0]);
  const stack = resample(rows, [count * inner[0], width, channels], part[1], inner[1]);
  if (inner[0] === size[0] && inner[1] === size[1]) return adoptArray(stack, shape);
  const around = channelsOf(where, background, channels);
  return adoptArray(surround(stack, [count, ...inner, channels], size, around), shape);
}

/** Which part of an image goes (its height and width, around the centre), and to which size. */
function proportion(old: ImageSize, size: ImageSize, fit: Fit): [part: ImageSize, inner: ImageSize] {
  const wanted = size[1] / size[0];
  const fitted = ([height, width]: ImageSize): ImageSize => [
    Math.min(height, Math.max(1, Math.round(width / wanted))),
    Math.min(width, Math.max(1, Math.round(height * wanted))),
  ];
  if (fit === "crop") return [fitted(old), size];
  if (fit === "stretch") return [old, size];
  const [height, width] = size;
  const ratio = old[1] / old[0];
  const inner: ImageSize = [
    Math.min(height, Math.max(1, Math.round(width / ratio))),
    Math.min(width, Math.max(1, Math.round(height * ratio))),
  ];
  return [old, inner];
}

interface Tap {
  readonly index: number;
  readonly weight: number;
}

/** The old places, with weights that sum to 1, of which one new place along an axis is made. */
function tapsOf(place: number, first: number, length: number, newLength: number): Tap[] {
  const scale = length / newLength;
  const taps: Tap[] = [];
  if (scale > 1) {
    const [start, end] = [place * scale, (place + 1) * scale];
    for (let i = Math.floor(start); i < Math.min(length, Math.ceil(end)); i++) {
      taps.push({ index: first + i, weight: (Math.min(end, i + 1) - Math.max(start, i)) / scale });
    }
  } else {
    const centre = Math.min(length - 1, Math.max(0, (place + 0.5) * scale - 0.5));
    const left = Math.floor(centre);
    taps.push({ index: first + left, weight: left + 1 - centre });
    taps.push({ index: first + left + 1, weight: centre - left });
  }
  // A weight of 0 would make NaN of an infinite value, and its place may lie outside.
  return taps.filter(({ weight }) => weight > 0);
}

/** Resamples the central `part` of the middle of three axes to a new length; sums are in double precision. */
function resample(
  values: Float32Array,
  [outer, length, inner]: readonly [number, number, number],
  part: number,
  newLength: number,
): Float32Array {
  if (part === length && newLength === length) return values.slice();
  const first = Math.floor((length - part) / 2);
  const taps = Array.from({ length: newLength }, (_, place) => tapsOf(place, first, part, newLength));
  const result = new Float32Array(outer * newLength * inner);
  const sums = new Float64Array(inner);
  for (let o = 0; o < outer; o++) {
    for (let place = 0; place < newLength; place++) {
      sums.fill(0);
      for (const { index, weight } of taps[place]) {
        const start = (o * length + index) * inner;
        for (let i = 0; i < inner; i++) sums[i] += weight * values[start + i];
      }
      result.set(sums, (o * newLength + place) * inner);
    }
  }
  return result;
}

/** Puts images in the middle of larger ones. */
function surround(
  values: Float32Array,
  [count, height, width, channels]: readonly [number, number, number, number],
  [newHeight, newWidth]: ImageSize,
  background: readonly number[],
): Float32Array {
  const result = new Float32Array(count * newHeight * newWidth * channels);
  background.forEach((value, channel) => {
    for (let i = channel; i < result.length; i += channels) result[i] = value;
  });
  const top = Math.floor((newHeight - height) / 2);
  const left = Math.floor((newWidth - width) / 2);
  for (let n = 0; n < count; n++) {
    for (let y = 0; y < height; y++) {
      const row = (n * height + y) * width * channels;
      const place = ((n * newHeight + top + y) * newWidth + left) * channels;
      result.set(values.subarray(row, row + width * channels), place);
    }
  }
  return result;
}

/** New images of the same size; `write` makes the pixel at one index of the result of that at another of the data. */
function mapPixels(
  { data, shape, size }: Tensor,
  newChannels: number,
  write: (from: Float32Array, at: number, to: Float32Array, newAt: number) => void,
): Tensor {
  const channels = shape[shape.length - 1];
  const values = new Float32Array((size / channels) * newChannels);
  for (let at = 0, newAt = 0; at < size; at += channels, newAt += newChannels) write(data, at, values, newAt);
  return adoptArray(values, [...shape.slice(0, -1), newChannels]);
}

/**
 * Grey images of coloured ones: `0.2126 · red + 0.7152 · green + 0.0722 · blue`, the weights of Rec. 709 on the
 * values as they are (of ordinary files these are gamma-encoded, so this is luma, not luminance). Alpha stays.
 *
 * @param images - shape `[height, width, channels]` or `[count, height, width, channels]`; three channels are
 *   colour, four are colour and alpha; one (grey) and two (grey and alpha) stay as they are
 * @returns the same shape with one channel, or two with alpha
 * @throws {TypeError} when `images` is not a tensor
 * @throws {RangeError} when it does not hold images of 1 to 4 channels
 * @example
 * toGrey(tensor([1, 0, 0, 1, 1, 1], [1, 2, 3])).data; // [0.2126, 1]
 * @see Recommendation ITU-R BT.709, item 3.2
 */
export function toGrey(images: Tensor): Tensor {
  const where = "toGrey";
  const channels = checkColours(where, images);
  if (channels < 3) return images;
  return mapPixels(images, channels - 2, (from, at, to, newAt) => {
    to[newAt] = luma(from[at], from[at + 1], from[at + 2]);
    if (channels === 4) to[newAt + 1] = from[at + 3];
  });
}

/**
 * Images without alpha, on a background: `alpha · colour + (1 − alpha) · background`.
 *
 * @param images - shape `[height, width, channels]` or `[count, height, width, channels]`; two channels are grey
 *   and alpha, four are colour and alpha; one and three stay as they are
 * @param options.background - what stands behind (default `"white"`): a number for all channels, `"white"`,
 *   `"black"`, or a colour `"#rrggbb"`, of which grey images get the grey
 * @returns the same shape with one channel, or three of colour
 * @throws {TypeError} when an argument or option is of the wrong kind
 * @throws {RangeError} when `images` does not hold images of 1 to 4 channels
 * @example
 * removeAlpha(tensor([1, 0.25], [1, 1, 2]), { background: 0.5 }).data; // [0.625]
 */
export function removeAlpha(images: Tensor, options: BackgroundOptions = {}): Tensor {
  const where = "removeAlpha";
  const channels = checkColours(where, images);
  checkOptions(where, options, ["background"]);
  const { background = "white" } = options;
  checkBackground(where, background);
  if (channels % 2 === 1) return images;
  const behind = channelsOf(where, background, channels - 1);
  return mapPixels(images, channels - 1, (from, at, to, newAt) => {
    const alpha = from[at + channels - 1];
    for (let k = 0; k < channels - 1; k++) {
      to[newAt + k] = alpha * from[at + k] + (1 - alpha) * behind[k];
    }
  });
}

function checkColours(where: string, images: Tensor): number {
  const [, , , channels] = checkImages(where, images);
  if (channels > 4) refuseValue(where, "images.shape", "end with 1 to 4 channels", images.shape);
  return channels;
}

/** Images of three equal channels for grey ones; alpha stays, and so do images of colour. */
export function toColour(images: Tensor): Tensor {
  const channels = images.shape[images.shape.length - 1];
  if (channels > 2) return images;
  return mapPixels(images, channels + 2, (from, at, to, newAt) => {
    to.fill(from[at], newAt, newAt + 3);
    if (channels === 2) to[newAt + 3] = from[at + 1];
  });
}
