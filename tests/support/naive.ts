// Convolution, its relatives and the matrix product in float64, written from their definitions: slow and plain.

import { type Conv2dGeometry } from "../../src/index.js";
import { filterShape, inputShape, outputShape } from "./naiveGeometry.js";

/** Numbers with a shape: what references take and give; a Tensor is one. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** Numbers that a reference is adding up. */
export interface Sums extends Values {
  readonly data: Float64Array;
}

export function zeros(shape: readonly number[]): Sums {
  return { shape, data: new Float64Array(shape.reduce((product, size) => product * size, 1)) };
}

/** f of every value. */
export function map({ shape, data }: Values, f: (value: number, index: number) => number): Sums {
  return { shape, data: Float64Array.from(data, f) };
}

/** The magnitudes, from which error bounds are made. */
export const absolute = (values: Values): Sums => map(values, Math.abs);

/** ⟨a, b⟩. */
export function innerProduct(a: Values, b: Values): number {
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) sum += a.data[i] * b.data[i];
  return sum;
}

/** Positions of image, filter and output elements that meet in one product of y = x ∗ w. */
type VisitProduct = (x: number, w: number, y: number) => void;

/** All products of a convolution: y[b, r, c, o] sums x[b, h, v, k] · w[i, j, k, o] over i, j, k. */
function forEachProduct(g: Conv2dGeometry, visit: VisitProduct): void {
  const channels = g.inChannels / g.groups;
  const outputs = g.outChannels / g.groups;
  for (let b = 0; b < g.batch; b++) {
    for (let r = 0; r < g.outHeight; r++) {
      for (let c = 0; c < g.outWidth; c++) {
        for (let i = 0; i < g.kernelHeight; i++) {
          const h = r * g.strideHeight - g.padTop + i * g.dilationHeight;
          if (h < 0 || h >= g.inHeight) continue;
          for (let j = 0; j < g.kernelWidth; j++) {
            const v = c * g.strideWidth - g.padLeft + j * g.dilationWidth;
            if (v < 0 || v >= g.inWidth) continue;
            for (let o = 0; o < g.outChannels; o++) {
              const first = Math.floor(o / outputs) * channels;
              const x = ((b * g.inHeight + h) * g.inWidth + v) * g.inChannels + first;
              const y = ((b * g.outHeight + r) * g.outWidth + c) * g.outChannels + o;
              const w = (i * g.kernelWidth + j) * channels;
              for (let k = 0; k < channels; k++) visit(x + k, (w + k) * g.outChannels + o, y);
            }
          }
        }
      }
    }
  }
}

const numbers = ({ data }: Values): Float64Array => Float64Array.from(data);

/** y = x ∗ w. */
export function conv2d(input: Values, filter: Values, g: Conv2dGeometry): Sums {
  const [x, w, y] = [numbers(input), numbers(filter), zeros(outputShape(g))];
  forEachProduct(g, (xi, wi, yi) => (y.data[yi] += x[xi] * w[wi]));
  return y;
}

/** The gradient of ⟨x ∗ w, y⟩ by x, which is the transposed convolution of y: every y is scattered to its window. */
export function conv2dInputGradient(gradOutput: Values, filter: Values, g: Conv2dGeometry): Sums {
  const [y, w, x] = [numbers(gradOutput), numbers(filter), zeros(inputShape(g))];
  forEachProduct(g, (xi, wi, yi) => (x.data[xi] += y[yi] * w[wi]));
  return x;
}

/** The gradient of ⟨x ∗ w, y⟩ by w. */
export function conv2dFilterGradient(input: Values, gradOutput: Values, g: Conv2dGeometry): Sums {
  const [x, y, w] = [numbers(input), numbers(gradOutput), zeros(filterShape(g))];
  forEachProduct(g, (xi, wi, yi) => (w.data[wi] += x[xi] * y[yi]));
  return w;
}

/**
 * The transposed convolution as textbooks draw it: zeros between the pixels, then a convolution of stride 1 with
 * the filter turned by half a turn. `g` belongs to the convolution that maps the result back.
 */
export function transposeByZeroInsertion(input: Values, filter: Values, g: Conv2dGeometry): Sums {
  const { outChannels, inChannels, kernelHeight, kernelWidth } = g;
  const channels = inChannels / g.groups;
  const outputs = outChannels / g.groups;
  const height = (g.outHeight - 1) * g.strideHeight + 1;
  const width = (g.outWidth - 1) * g.strideWidth + 1;
  const spread = zeros([g.batch, height, width, outChannels]);
  for (let at = 0; at < input.data.length; at++) {
    const pixel = Math.floor(at / outChannels);
    const [c, r] = [pixel % g.outWidth, Math.floor(pixel / g.outWidth) % g.outHeight];
    const b = Math.floor(pixel / (g.outWidth * g.outHeight));
    const row = b * height + r * g.strideHeight;
    spread.data[(row * width + c * g.strideWidth) * outChannels + (at % outChannels)] = input.data[at];
  }
  const result = zeros(inputShape(g));
  const top = g.padTop - (kernelHeight - 1) * g.dilationHeight;
  const left = g.padLeft - (kernelWidth - 1) * g.dilationWidth;
  for (let at = 0; at < result.data.length; at++) {
    const k = at % inChannels;
    const pixel = Math.floor(at / inChannels);
    const [v, h] = [pixel % g.inWidth, Math.floor(pixel / g.inWidth) % g.inHeight];
    const b = Math.floor(pixel / (g.inWidth * g.inHeight));
    const first = Math.floor(k / channels) * outputs;
    for (let i = 0; i < kernelHeight; i++) {
      const r = h + top + i * g.dilationHeight;
      if (r < 0 || r >= height) continue;
      for (let j = 0; j < kernelWidth; j++) {
        const c = v + left + j * g.dilationWidth;
        if (c < 0 || c >= width) continue;
        const turned = ((kernelHeight - 1 - i) * kernelWidth + kernelWidth - 1 - j) * channels;
        for (let o = first; o < first + outputs; o++) {
          const product = spread.data[((b * height + r) * width + c) * outChannels + o];
          result.data[at] += product * filter.data[(turned + (k % channels)) * outChannels + o];
        }
      }
    }
  }
  return result;
}

/** op(A)·op(B), op being the transpose where asked. */
export function matmul(a: Values, b: Values, transposeA = false, transposeB = false): Sums {
  const [m, depth] = transposeA ? [a.shape[1], a.shape[0]] : a.shape;
  const n = transposeB ? b.shape[0] : b.shape[1];
  const c = zeros([m, n]);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < depth; k++) {
        const left = a.data[transposeA ? k * m + i : i * depth + k];
        c.data[i * n + j] += left * b.data[transposeB ? j * depth + k : k * n + j];
      }
    }
  }
  return c;
}

/** For every entry of the im2col matrix, row by row, the image element that it shows, or −1 in the padding. */
function columnSources(g: Conv2dGeometry): number[] {
  const sources: number[] = [];
  for (let row = 0; row < g.batch * g.outHeight * g.outWidth; row++) {
    const [c, r] = [row % g.outWidth, Math.floor(row / g.outWidth) % g.outHeight];
    const b = Math.floor(row / (g.outWidth * g.outHeight));
    for (let column = 0; column < g.kernelHeight * g.kernelWidth * g.inChannels; column++) {
      const tap = Math.floor(column / g.inChannels);
      const h = r * g.strideHeight - g.padTop + Math.floor(tap / g.kernelWidth) * g.dilationHeight;
      const v = c * g.strideWidth - g.padLeft + (tap % g.kernelWidth) * g.dilationWidth;
      const inside = h >= 0 && h < g.inHeight && v >= 0 && v < g.inWidth;
      const pixel = (b * g.inHeight + h) * g.inWidth + v;
      sources.push(inside ? pixel * g.inChannels + (column % g.inChannels) : -1);
    }
  }
  return sources;
}

const columnsShape = (g: Conv2dGeometry) => [
  g.batch * g.outHeight * g.outWidth,
  g.kernelHeight * g.kernelWidth * g.inChannels,
];

/** One row per window, zeros in the padding. */
export function im2col(input: Values, g: Conv2dGeometry): Sums {
  const data = Float64Array.from(columnSources(g), (source) => (source < 0 ? 0 : input.data[source]));
  return { shape: columnsShape(g), data };
}

/** Every entry added to the pixel that im2col shows there. */
export function col2im(columns: Values, g: Conv2dGeometry): Sums {
  const image = zeros(inputShape(g));
  columnSources(g).forEach((source, at) => {
    if (source >= 0) image.data[source] += columns.data[at];
  });
  return image;
}
