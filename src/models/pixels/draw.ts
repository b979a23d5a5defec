// Drawing images pixel by pixel, and the mean of every pixel.

import { refuseValue } from "../../check/check.js";
import { valueOfLevel } from "../../distributions/levels.js";
import { uniform } from "../../random/draws.js";
import type { Key } from "../../random/keys.js";
import { scope } from "../../tensor/scope.js";
import { adoptArray, type Shape, sizeOf, type Tensor, viewOf } from "../../tensor/tensor.js";
import type { ModelParams } from "../model.js";
import { type Head, logitsOf } from "./heads.js";
import { levelsOf, type PixelNetwork, type Pixels, pixelsOf, signalOf } from "./network.js";

/** What draws: a network with its heads. */
export interface Drawing {
  readonly network: PixelNetwork;
  readonly heads: readonly Head[];
  readonly inputShape: Shape;
  readonly levels: number;
}

/** How it draws, checked. */
interface Asked {
  readonly key: Key;
  readonly temperature: number;
  readonly batchSize: number;
}

/** exp((logit − largest) / temperature) of `weights.length` logits from `start` on, and their sum; at 0 the first largest alone. */
function weigh(logits: Float32Array, start: number, temperature: number, weights: Float64Array): number {
  let likeliest = 0;
  for (let k = 1; k < weights.length; k++) {
    if (!(logits[start + k] <= logits[start + likeliest])) likeliest = k;
  }
  const largest = logits[start + likeliest];
  let sum = 0;
  for (let k = 0; k < weights.length; k++) {
    const below = logits[start + k] - largest;
    sum += weights[k] = temperature === 0 ? Number(k === likeliest) : Math.exp(below / temperature);
  }
  return sum;
}

/** The level at whose share of the weights a fraction of their sum lies. */
function levelAt(fraction: number, weights: Float64Array, sum: number): number {
  let [left, last] = [fraction * sum, 0];
  for (let k = 0; k < weights.length; k++) {
    if (weights[k] === 0) continue;
    if (left < weights[k]) return k;
    left -= weights[k];
    last = k;
  }
  return last;
}

/**
 * Draws the pixels of images from row `from` on, into the images: all rows above are read. One random number decides on
 * each value: which, does not depend on how many images are drawn at once.
 */
export function drawPixels(
  where: string,
  drawing: Drawing,
  params: ModelParams["weights"],
  images: Float32Array,
  from: number,
  { key, temperature, batchSize }: Asked,
): void {
  const { inputShape, levels } = drawing;
  const size = sizeOf(inputShape);
  const count = images.length / size;
  const fractions = uniform(key, [images.length]).data;
  for (let start = 0; start < count; start += batchSize) {
    const [begin, end] = [start * size, Math.min(start + batchSize, count) * size];
    const part = images.subarray(begin, end);
    const given = levelsOf(where, "inputs", adoptArray(part, [part.length]), levels);
    const pixels = pixelsOf(given, inputShape, levels);
    drawBatch(where, drawing, params, pixels, from, temperature, (at, weights, sum) => {
      const level = levelAt(fractions[begin + at], weights, sum);
      part[at] = valueOfLevel(level, levels);
      pixels.values[at] = signalOf(level, levels);
    });
  }
}

/** Goes through all pixels in their order; `draw` gets the place of each value from row `from` on, and its weights. */
function drawBatch(
  where: string,
  { network, heads, levels }: Drawing,
  params: ModelParams["weights"],
  pixels: Pixels,
  from: number,
  temperature: number,
  draw: (at: number, weights: Float64Array, sum: number) => void,
): void {
  const { count, height, width, channels } = pixels;
  const weights = new Float64Array(levels);
  const featuresAt = network.follow(params, pixels);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const features = featuresAt(row, column);
      if (row < from) continue;
      const pixel = row * width + column;
      for (const head of heads) {
        const logits = scope(() => logitsOf(params, head, features, pixels, [pixel])).data;
        for (let image = 0; image < count; image++) {
          const sum = weigh(logits, image * levels, temperature, weights);
          if (!Number.isFinite(sum)) refuseValue(where, "params", "give logits that are finite", sum);
          draw((image * height * width + pixel) * channels + head.channel, weights, sum);
        }
      }
    }
  }
}

/** The mean of every pixel given those before it, `[count, ...inputShape]`. */
export function meansOf(
  { network, heads, inputShape, levels }: Drawing,
  params: ModelParams["weights"],
  pixels: Pixels,
): Tensor {
  const { count, height, width, channels } = pixels;
  const { rows, order } = network.features(params, pixels);
  const means = new Float32Array(pixels.values.length);
  const weights = new Float64Array(levels);
  for (const head of heads) {
    const logits = viewOf(logitsOf(params, head, rows, pixels, order));
    for (let i = 0; i < order.length * count; i++) {
      const sum = weigh(logits, i * levels, 1, weights);
      const mean = weights.reduce((total, weight, k) => total + weight * valueOfLevel(k, levels), 0) / sum;
      const pixel = (i % count) * height * width + order[Math.floor(i / count)];
      means[pixel * channels + head.channel] = mean;
    }
  }
  return adoptArray(means, [count, ...inputShape]);
}
