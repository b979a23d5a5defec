// How near images are to others, in decibels.

import { checkNumber, checkOptions, refuseValue } from "../check/check.js";
import { adoptArray, checkTensor, isSameShape, type Tensor } from "../tensor/tensor.js";

/** Options of {@link peakSignalToNoise}. */
export interface PeakSignalToNoiseOptions {
  /** Distance between the least and the greatest value that a pixel can have, > 0 (default 1). */
  readonly peak?: number | undefined;
}

/**
 * Peak signal-to-noise ratio of each image, 10·log₁₀(peak² / mean squared difference). Not differentiable.
 *
 * @param a - images, shape `[count, height, width, channels]`
 * @param b - of the same shape
 * @param options.peak - distance between the least and the greatest value that a pixel can have, > 0 (default 1)
 * @returns decibels, shape `[count]`; ∞ where the images are equal
 * @throws {TypeError} when an argument or option is of the wrong kind
 * @throws {RangeError} when the shapes are not alike with four axes, or the peak is not above 0
 * @example
 * peakSignalToNoise(zeros([1, 4, 4, 1]), full([1, 4, 4, 1], 0.1)).data; // [20]
 */
export function peakSignalToNoise(a: Tensor, b: Tensor, options: PeakSignalToNoiseOptions = {}): Tensor {
  const where = "peakSignalToNoise";
  checkTensor(where, "a", a, 4, "[count, height, width, channels]");
  checkTensor(where, "b", b);
  if (!isSameShape(a.shape, b.shape)) {
    refuseValue(where, "b.shape", `equal a.shape = [${a.shape.join(", ")}]`, b.shape);
  }
  checkOptions(where, options, ["peak"]);
  const { peak = 1 } = options;
  checkNumber(where, "peak", peak, 0);
  if (peak === 0) refuseValue(where, "peak", "be above 0", peak);
  const [count] = a.shape;
  const size = a.size / count;
  const [left, right] = [a.data, b.data];
  const decibels = Float32Array.from({ length: count }, (_, image) => {
    let sum = 0;
    for (let i = image * size; i < (image + 1) * size; i++) sum += (left[i] - right[i]) ** 2;
    // Logarithms apart: a peak's square may be 0 or infinite in float64.
    return 20 * Math.log10(peak) - 10 * Math.log10(sum / size);
  });
  return adoptArray(decibels, [count]);
}
