// Images as PNG files.

import { encode } from "fast-png";
import { ownBytes, viewOf } from "../files/bytes.js";
import { checkInteger, checkNumber, checkOptions, refuseValue } from "../check/check.js";
import { adoptArray, checkTensor, type Tensor } from "../tensor/tensor.js";
import { INDEXED, type PngFile, readPngFile } from "./pngFile.js";
import { samplesOf } from "./pngSamples.js";

/** How a PNG file is written. */
export interface PngOptions {
  /** The value that becomes 0 (default 0). */
  readonly low?: number | undefined;
  /** The value that becomes 255 (default 1). */
  readonly high?: number | undefined;
}

/** How a PNG file is read. */
export interface PngReadOptions {
  /** Most bytes of the image, which are 4 for every value (default 2²⁸: 256 MiB). */
  readonly maxBytes?: number | undefined;
}

/** Bytes that an image may take unless more is said: 22 million pixels of three channels. */
const MAX_BYTES = 2 ** 28;

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
 * The image of a PNG file: grey, colour or palette, with alpha or without, of 1 to 16 bits, interlaced or
 * not. Samples are as in the file, divided by the largest: neither gamma nor a colour profile is applied. Of an
 * animation, the still image.
 *
 * A small file can hold a huge image. How large one is allowed to be is checked before anything is unpacked, and no
 * more is unpacked than the image needs; texts and colour profiles never are.
 *
 * @param bytes - the file
 * @param options.maxBytes - most bytes that the image may take, 4 for every value (default 2²⁸, that is 256 MiB)
 * @returns shape `[height, width, channels]`, values from 0 to 1; one channel is grey, two are grey and alpha,
 *   three are colour, four are colour and alpha
 * @throws {TypeError} when `bytes` is not a `Uint8Array`, or lies in memory that other threads may be writing
 * @throws {RangeError} when the file departs from the standard, is cut or damaged, or takes more than
 *   `maxBytes` or has more than 2²⁷ pixels
 * @example
 * readPng(writePng(ones([28, 20, 3]))).shape; // [28, 20, 3]
 * @see https://www.w3.org/TR/png-3/
 */
export function readPng(bytes: Uint8Array, options: PngReadOptions = {}): Tensor {
  const where = "readPng";
  const own = ownBytes(where, bytes);
  checkOptions(where, options, ["maxBytes"]);
  const { maxBytes = MAX_BYTES } = options;
  checkInteger(where, "maxBytes", maxBytes, 1);
  const file = readPngFile(where, own);
  checkMemory(where, file, maxBytes);
  const samples = samplesOf(where, file);
  const { width, height, colorType, channels, transparency } = file;
  if (colorType === INDEXED) return fromPalette(where, file, samples);
  const largest = 2 ** file.depth - 1;
  if (transparency.length > 0) return withAlpha(file, samples, largest);
  const values = new Float32Array(samples.length);
  for (let i = 0; i < samples.length; i++) values[i] = samples[i] / largest;
  return adoptArray(values, [height, width, channels]);
}

function checkMemory(
  where: string,
  { width, height, channels, colorType, transparency }: PngFile,
  maxBytes: number,
): void {
  const all = (colorType === INDEXED ? 3 : channels) + Number(transparency.length > 0);
  const bytes = 4 * width * height * all;
  if (bytes > maxBytes) {
    const rule = `take at most ${maxBytes} bytes as float32 (the option maxBytes)`;
    refuseValue(where, `image of ${width} × ${height} × ${all} values`, rule, bytes);
  }
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
