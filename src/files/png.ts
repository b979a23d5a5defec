// Images as PNG files.

import { decode, encode } from "fast-png";
import { checkBytes, viewOf } from "../bytes.js";
import { checkNumber, checkOptions, refuseValue } from "../check.js";
import { adoptArray, checkTensor, type Tensor } from "../tensor.js";
import { encodeUtf8 } from "../utf8.js";
import { INDEXED, type PngFile, readPngFile, SIGNATURE } from "./pngFile.js";

export interface PngOptions {
  /** The value that becomes 0 (default 0). */
  readonly low?: number;
  /** The value that becomes 255 (default 1). */
  readonly high?: number;
}

/**
 * The bytes of a PNG file of 8 bits: `round(255 · (image − low) / (high − low))`, clipped to 0 … 255.
 *
 * @param image - shape `[height, width, channels]` or `[1, height, width, channels]`; one channel is grey, two are
 *   grey and alpha, three are colour, four are colour and alpha
 * @param options.low - the value that becomes 0 (default 0)
 * @param options.high - the value that becomes 255, above `low` (default 1)
 * @returns the file
 * @throws {TypeError} when `image` is not a tensor or an option is of the wrong kind
 * @throws {RangeError} when the shape is not an image's, `high` is not above `low`, or a value is NaN
 * @example
 * const file = writePng(tensor([0, 0.2, 0.6, 1], [2, 2, 1]));
 * readPng(file).data; // [0, 0.2, 0.6, 1]
 * @see https://www.w3.org/TR/png-3/
 */
export function writePng(image: Tensor, options: PngOptions = {}): Uint8Array {
  const where = "writePng";
  checkTensor(where, "image", image);
  checkOptions(where, options, ["low", "high"]);
  const { low = 0, high = 1 } = options;
  checkNumber(where, "low", low);
  checkNumber(where, "high", high);
  if (high <= low) refuseValue(where, "high", `be above low = ${low}`, high);
  const [height, width, channels] = image.shape.slice(-3);
  const isImage = image.shape.length === 3 || (image.shape.length === 4 && image.shape[0] === 1);
  if (!isImage || channels > 4) {
    const rule = "be [height, width, 1 to 4 channels], or that behind a 1";
    refuseValue(where, "image.shape", rule, image.shape);
  }
  const { data } = image;
  const bytes = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    if (Number.isNaN(data[i])) {
      const pixel = Math.floor(i / channels);
      const place = [Math.floor(pixel / width), pixel % width, i % channels];
      refuseValue(where, `image[${place.join(", ")}]`, "be a number", data[i]);
    }
    bytes[i] = Math.round(255 * Math.min(1, Math.max(0, (data[i] - low) / (high - low))));
  }
  // The encoder's bytes lie in a buffer that is longer than the file.
  return encode({ width, height, channels, depth: 8, data: bytes }).slice();
}

/**
 * The image of a PNG file: grey, colour or palette, with alpha or without, of 1 to 16 bits; interlaced only of 8
 * and 16. Samples are as in the file, divided by the largest: neither gamma nor a colour profile is applied. Of an
 * animation, the still image.
 *
 * A file made to harm may unpack to about a thousand times its own length before it is refused: limit the length
 * of files that come from strangers.
 *
 * @param bytes - the file
 * @returns shape `[height, width, channels]`, values from 0 to 1; one channel is grey, two are grey and alpha,
 *   three are colour, four are colour and alpha
 * @throws {TypeError} when `bytes` is not a `Uint8Array`, or lies in memory that other threads may be writing
 * @throws {RangeError} when the file departs from the standard, is cut or damaged, is interlaced with less than 8
 *   bits, or has more than 2²⁷ pixels
 * @example
 * readPng(writePng(ones([28, 20, 3]))).shape; // [28, 20, 3]
 * @see https://www.w3.org/TR/png-3/
 */
export function readPng(bytes: Uint8Array): Tensor {
  const where = "readPng";
  checkBytes(where, bytes);
  const file = readPngFile(where, bytes);
  const samples = samplesOf(where, file);
  const { width, height, colorType, channels, transparency } = file;
  if (colorType === INDEXED) return fromPalette(where, file, samples);
  const largest = 2 ** file.depth - 1;
  if (transparency.length > 0) return withAlpha(file, samples, largest);
  const values = new Float32Array(samples.length);
  for (let i = 0; i < samples.length; i++) values[i] = samples[i] / largest;
  return adoptArray(values, [height, width, channels]);
}

/** One number per sample, unpacked and unfiltered by fast-png. */
function samplesOf(where: string, file: PngFile): Uint8Array | Uint16Array {
  const { width, height, channels, depth } = file;
  let data: ArrayLike<number>;
  try {
    ({ data } = decode(plainFileOf(file)));
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    return refuseValue(where, "image data (IDAT)", `unpack to ${width} × ${height} pixels`, reason);
  }
  const samples = new (depth === 16 ? Uint16Array : Uint8Array)(height * width * channels);
  if (depth >= 8) samples.set(data);
  else {
    // Several samples share a byte, the first in its high bits; rows begin with a new byte.
    const perByte = 8 / depth;
    const rowBytes = Math.ceil(width / perByte);
    for (let i = 0; i < samples.length; i++) {
      const column = i % width;
      const byte = data[((i - column) / width) * rowBytes + Math.floor(column / perByte)];
      samples[i] = (byte >> (8 - depth * ((column % perByte) + 1))) & (2 ** depth - 1);
    }
  }
  return samples;
}

/** A file of header and pixels alone: what else the decoder would look at, it might stumble over. */
function plainFileOf({ width, height, depth, colorType, isInterlaced, packed }: PngFile): Uint8Array {
  const file = new Uint8Array(SIGNATURE.length + 3 * 12 + 13 + packed.length);
  const view = viewOf(file);
  file.set(SIGNATURE);
  let position = SIGNATURE.length;
  const append = (type: string, data: ArrayLike<number>) => {
    view.setUint32(position, data.length);
    file.set(encodeUtf8(type), position + 4);
    file.set(data, position + 8);
    // The checksum stays 0: the decoder is not asked to look at it.
    position += 12 + data.length;
  };
  const header = new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, depth, colorType, 0, 0, isInterlaced ? 1 : 0]);
  viewOf(header).setUint32(0, width);
  viewOf(header).setUint32(4, height);
  append("IHDR", header);
  append("IDAT", packed);
  append("IEND", []);
  return file;
}

function fromPalette(where: string, file: PngFile, indices: ArrayLike<number>): Tensor {
  const { width, height, palette, transparency } = file;
  const channels = transparency.length > 0 ? 4 : 3;
  const values = new Float32Array(indices.length * channels);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i];
    if (3 * index >= palette.length) {
      refuseValue(where, "pixels", `be below the ${palette.length / 3} colours of the palette`, index);
    }
    for (let k = 0; k < 3; k++) values[i * channels + k] = palette[3 * index + k] / 255;
    if (channels === 4) values[i * channels + 3] = (transparency[index] ?? 255) / 255;
  }
  return adoptArray(values, [height, width, channels]);
}

/** Adds alpha: 0 where the pixel is the one transparent grey or colour, else 1. */
function withAlpha(file: PngFile, samples: ArrayLike<number>, largest: number): Tensor {
  const { width, height, channels, transparency } = file;
  const view = viewOf(transparency);
  const values = new Float32Array(height * width * (channels + 1)).fill(1);
  for (let pixel = 0; pixel < height * width; pixel++) {
    let isTransparent = true;
    for (let k = 0; k < channels; k++) {
      const sample = samples[pixel * channels + k];
      values[pixel * (channels + 1) + k] = sample / largest;
      isTransparent &&= sample === view.getUint16(2 * k);
    }
    if (isTransparent) values[pixel * (channels + 1) + channels] = 0;
  }
  return adoptArray(values, [height, width, channels + 1]);
}
