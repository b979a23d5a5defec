// The checkerboards that transposed convolutions draw: foreseen from the sizes, and measured in images.

import { checkInteger, checkOptions, refuseValue } from "../check/check.js";
import { checkPair, type Pair } from "../geometry/conv2d.js";
import { adoptArray, checkTensor, type Tensor } from "../tensor/tensor.js";
import { type TransposeOptions, transposedGeometry } from "../geometry/conv2dTranspose.js";

/** Options of {@link overlapCount}: those of a transposed convolution, and its sizes. */
export interface OverlapOptions extends TransposeOptions {
  /** Height and width of the input. */
  readonly inputSize: Pair;
  /** Height and width of the filter. */
  readonly kernel: Pair;
}

/** Options of {@link checkerboardEnergy}. */
export interface CheckerboardOptions {
  /** In pixels, integer ≥ 2: the stride of the layer in question (default 2). */
  readonly period?: number | undefined;
}

/** How often each of `size` places on a line is written to; linear in the sizes, not in their product. */
function writesOf(
  size: number,
  inputs: number,
  kernel: number,
  stride: number,
  dilation: number,
  cut: number,
) {
  // Each input begins a run of `kernel` writes, `dilation` apart: counted where runs begin and behind their ends.
  const changes = new Int32Array((inputs - 1) * stride + (kernel - 1) * dilation + 1);
  for (let input = 0; input < inputs; input++) {
    changes[input * stride]++;
    const end = input * stride + kernel * dilation;
    if (end < changes.length) changes[end]--;
  }
  for (let place = dilation; place < changes.length; place++) changes[place] += changes[place - dilation];
  const writes = new Float32Array(size);
  for (let place = 0; place < size; place++) writes[place] = changes[place + cut] ?? 0;
  return writes;
}

/**
 * How many times a transposed convolution writes to each pixel of its output. Away from the borders (and without
 * dilation) the counts are equal just when the stride divides the kernel; else they repeat with the stride, and
 * so do checkerboards in what an untrained network draws.
 *
 * @param options.inputSize - of the input, integer ≥ 1 or `[height, width]`
 * @param options.kernel - of the filter, integer ≥ 1 or `[height, width]`
 * @param options.stride - integer ≥ 1 or `[height, width]` (default 1)
 * @param options.dilation - integer ≥ 1 or `[height, width]` (default 1)
 * @param options.padding - `"valid"` (default), `"same"`, a number, or per side
 * @param options.outputShape - `[height, width]`, where several are possible
 * @param options.outputPadding - extra rows and columns, below the stride (numeric padding only)
 * @returns shape `[outHeight, outWidth]`
 * @throws {TypeError} when an option is of the wrong kind
 * @throws {RangeError} when an option is out of range, or the output size is impossible
 * @example
 * overlapCount({ inputSize: [1, 3], kernel: [1, 3], stride: [1, 2] }).data; // [1, 1, 2, 1, 2, 1, 1]
 * overlapCount({ inputSize: [1, 3], kernel: [1, 4], stride: [1, 2] }).data; // [1, 1, 2, 2, 2, 2, 1, 1]
 * @see Odena, Dumoulin & Olah, "Deconvolution and checkerboard artifacts" (2016)
 */
export function overlapCount(options: OverlapOptions): Tensor {
  const where = "overlapCount";
  const known = ["inputSize", "kernel", "stride", "dilation", "padding", "outputShape", "outputPadding"];
  checkOptions(where, options, known);
  const [height, width] = checkPair(where, "inputSize", options.inputSize, 1);
  const [kernelHeight, kernelWidth] = checkPair(where, "kernel", options.kernel, 1);
  const sizes = { input: [1, height, width, 1], kernelHeight, kernelWidth, outChannels: 1, groups: 1 };
  const g = transposedGeometry(where, sizes, options);
  const { inHeight, inWidth } = g;
  const down = writesOf(inHeight, height, kernelHeight, g.strideHeight, g.dilationHeight, g.padTop);
  const across = writesOf(inWidth, width, kernelWidth, g.strideWidth, g.dilationWidth, g.padLeft);
  const counts = new Float32Array(inHeight * inWidth);
  for (let y = 0, i = 0; y < inHeight; y++) {
    for (let x = 0; x < inWidth; x++, i++) counts[i] = down[y] * across[x];
  }
  return adoptArray(counts, [inHeight, inWidth]);
}

/**
 * The share of each image's variance that repeats with a period: 0 for images that are constant, nearly 0 for
 * smooth ones, 1 for a checkerboard and for any other pattern of that period. Gain and offset change nothing. Not
 * differentiable.
 *
 * Precisely: the variance between the means of pixels whose row and column leave the same remainders by the
 * period, divided by the variance of all pixels; sums over channels of each. (With equal weights and whole periods
 * that is the spectrum's energy where both frequencies are multiples of 1/period, over all energy but the
 * constant's.) Pixels weigh by a Hann window, sin²(π(row + ½)/height)·sin²(π(column + ½)/width): else a slope
 * across the image would count as the sawtooth that it becomes when repeated. White noise has about
 * 2.25·(period² − 1)/(height·width).
 *
 * @param images - shape `[count, height, width, channels]`
 * @param options.period - in pixels, integer ≥ 2: the stride of the layer in question (default 2)
 * @returns from 0 to 1, shape `[count]`
 * @throws {TypeError} when an argument or option is of the wrong kind
 * @throws {RangeError} when `images` has not four axes or is smaller than two periods, or the period is below 2
 * @example
 * const board = tensor(Array.from({ length: 64 }, (_, i) => (i + Math.floor(i / 8)) % 2), [1, 8, 8, 1]);
 * checkerboardEnergy(board).data; // [1]
 * @see Odena, Dumoulin & Olah, "Deconvolution and checkerboard artifacts" (2016)
 */
export function checkerboardEnergy(images: Tensor, options: CheckerboardOptions = {}): Tensor {
  const where = "checkerboardEnergy";
  checkTensor(where, "images", images, 4, "[count, height, width, channels]");
  checkOptions(where, options, ["period"]);
  const { period = 2 } = options;
  checkInteger(where, "period", period, 2);
  const [count, height, width, channels] = images.shape;
  if (Math.min(height, width) < 2 * period) {
    const rule = `have height and width of two periods, ${2 * period}, or more`;
    refuseValue(where, "images.shape", rule, images.shape);
  }
  const weights = pixelWeights(height, width);
  const size = height * width * channels;
  const shares = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const pixels = images.data.subarray(i * size, (i + 1) * size);
    let [between, total] = [0, 0];
    for (let channel = 0; channel < channels; channel++) {
      const variances = variancesOf(pixels, channel, channels, weights, width, period);
      between += variances.between;
      total += variances.total;
    }
    shares[i] = total === 0 ? 0 : between / total;
  }
  return adoptArray(shares, [count]);
}

/** Hann windows of both axes, multiplied; their sum is 1. */
function pixelWeights(height: number, width: number): Float64Array {
  const windowOf = (i: number, size: number) => (2 / size) * Math.sin((Math.PI * (i + 0.5)) / size) ** 2;
  return Float64Array.from(
    { length: height * width },
    (_, i) => windowOf(Math.floor(i / width), height) * windowOf(i % width, width),
  );
}

/** The weighted variance of a channel, and the part of it between pixels of different remainders. */
function variancesOf(
  pixels: Float32Array,
  channel: number,
  channels: number,
  weights: Float64Array,
  width: number,
  period: number,
): { readonly between: number; readonly total: number } {
  const sums = new Float64Array(period * period);
  const masses = new Float64Array(period * period);
  // From the first pixel's value: a constant image then has no variance at all, whatever rounding does.
  const valueAt = (i: number) => pixels[i * channels + channel] - pixels[channel];
  let mean = 0;
  for (const [i, weight] of weights.entries()) {
    const group = (Math.floor(i / width) % period) * period + ((i % width) % period);
    sums[group] += weight * valueAt(i);
    masses[group] += weight;
    mean += weight * valueAt(i);
  }
  let total = 0;
  for (const [i, weight] of weights.entries()) total += weight * (valueAt(i) - mean) ** 2;
  let between = 0;
  for (const [group, mass] of masses.entries()) between += mass * (sums[group] / mass - mean) ** 2;
  return { between, total };
}
