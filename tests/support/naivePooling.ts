// Pooling and upsampling in float64 with their gradients, written from their definitions.

import { type Conv2dGeometry } from "../../src/index.js";
import { type Sums, type Values, zeros } from "./naive.js";
import { inputShape, outputShape } from "./naiveGeometry.js";

/** For every output element, the positions of its window's pixels inside the image, row by row. */
export function windowsOf(g: Conv2dGeometry): number[][] {
  const windows: number[][] = [];
  for (let at = 0; at < g.batch * g.outHeight * g.outWidth * g.outChannels; at++) {
    const channel = at % g.outChannels;
    const pixel = Math.floor(at / g.outChannels);
    const [c, r] = [pixel % g.outWidth, Math.floor(pixel / g.outWidth) % g.outHeight];
    const b = Math.floor(pixel / (g.outWidth * g.outHeight));
    const window: number[] = [];
    for (let i = 0; i < g.kernelHeight; i++) {
      for (let j = 0; j < g.kernelWidth; j++) {
        const h = r * g.strideHeight - g.padTop + i * g.dilationHeight;
        const v = c * g.strideWidth - g.padLeft + j * g.dilationWidth;
        if (h < 0 || h >= g.inHeight || v < 0 || v >= g.inWidth) continue;
        window.push(((b * g.inHeight + h) * g.inWidth + v) * g.inChannels + channel);
      }
    }
    windows.push(window);
  }
  return windows;
}

/** The first NaN of a window, else its first maximum. */
function winnerOf(window: readonly number[], { data }: Values): number {
  const unordered = window.find((at) => Number.isNaN(data[at]));
  return unordered ?? window.reduce((best, at) => (data[at] > data[best] ? at : best));
}

/** The largest pixel of every window. */
export function maxPool2d(input: Values, g: Conv2dGeometry): Sums {
  const data = Float64Array.from(windowsOf(g), (window) => input.data[winnerOf(window, input)]);
  return { shape: outputShape(g), data };
}

/** Every window's gradient goes to its winner. */
export function maxPool2dGradient(input: Values, gradOutput: Values, g: Conv2dGeometry): Sums {
  const gradInput = zeros(inputShape(g));
  windowsOf(g).forEach((window, at) => (gradInput.data[winnerOf(window, input)] += gradOutput.data[at]));
  return gradInput;
}

/** What each window's sum is divided by. */
export function divisorsOf(g: Conv2dGeometry, countPadding: boolean): number[] {
  return windowsOf(g).map((window) => (countPadding ? g.kernelHeight * g.kernelWidth : window.length));
}

/** The mean of every window. */
export function avgPool2d(input: Values, g: Conv2dGeometry, countPadding: boolean): Sums {
  const divisors = divisorsOf(g, countPadding);
  const sums = windowsOf(g).map((window) => window.reduce((sum, at) => sum + input.data[at], 0));
  return { shape: outputShape(g), data: Float64Array.from(sums, (sum, at) => sum / divisors[at]) };
}

/** Every window's gradient is shared out evenly. */
export function avgPool2dGradient(gradOutput: Values, g: Conv2dGeometry, countPadding: boolean): Sums {
  const divisors = divisorsOf(g, countPadding);
  const gradInput = zeros(inputShape(g));
  windowsOf(g).forEach((window, at) => {
    for (const source of window) gradInput.data[source] += gradOutput.data[at] / divisors[at];
  });
  return gradInput;
}

/** For every element of the large image, the position of the small image's element that it repeats. */
function upsampledFrom([batch, height, width, channels]: readonly number[], factors: readonly number[]) {
  const [large, wide] = [height * factors[0], width * factors[1]];
  return Array.from({ length: batch * large * wide * channels }, (_, at) => {
    const pixel = Math.floor(at / channels);
    const [v, h] = [pixel % wide, Math.floor(pixel / wide) % large];
    const b = Math.floor(pixel / (wide * large));
    const row = b * height + Math.floor(h / factors[0]);
    return (row * width + Math.floor(v / factors[1])) * channels + (at % channels);
  });
}

/** Every pixel repeated factors[0] × factors[1] times. */
export function upsampleNearest(input: Values, factors: readonly [number, number]): Sums {
  const [batch, height, width, channels] = input.shape;
  const shape = [batch, height * factors[0], width * factors[1], channels];
  return { shape, data: Float64Array.from(upsampledFrom(input.shape, factors), (at) => input.data[at]) };
}

/** The sum over every block that upsampling makes of a pixel of the image of `shape`. */
export function blockSum(large: Values, shape: readonly number[], factors: readonly [number, number]): Sums {
  const small = zeros(shape);
  upsampledFrom(shape, factors).forEach((source, at) => (small.data[source] += large.data[at]));
  return small;
}
