// Benchmarks of convolution: for every layer the three kernels that its forward and backward pass are made of.

import { type Conv2dGeometry, ops, type Tensor } from "../src/index.js";
import { PLAIN } from "../src/ops/epilogue.js";
import { conv2d, conv2dFilterGradient, conv2dInputGradient } from "../src/wasm/conv2d.js";
import { type Case, type Expected, poisonedTensor, randomTensor, sumOf } from "./support.js";

/** A 3×3 layer, padding "same"; of a transposed one, `size` and `from` are the small image's. */
interface Layer {
  readonly batch: number;
  readonly size: number;
  readonly from: number;
  readonly to: number;
  readonly stride: number;
  readonly groups?: number;
  readonly transposed?: true;
}

const LAYERS: readonly Layer[] = [
  { batch: 128, size: 28, from: 1, to: 32, stride: 2 },
  { batch: 128, size: 14, from: 32, to: 64, stride: 2 },
  { batch: 32, size: 14, from: 64, to: 128, stride: 1 },
  { batch: 32, size: 7, from: 128, to: 256, stride: 1 },
  { batch: 32, size: 28, from: 64, to: 64, stride: 1 },
  { batch: 32, size: 28, from: 64, to: 1, stride: 1 },
  { batch: 32, size: 28, from: 64, to: 64, stride: 1, groups: 64 },
  { batch: 128, size: 7, from: 64, to: 64, stride: 2, transposed: true },
  { batch: 128, size: 14, from: 64, to: 32, stride: 2, transposed: true },
  { batch: 128, size: 28, from: 32, to: 1, stride: 1, transposed: true },
];

/** Image x, filter w and output y of the convolution y = x ∗ w; a transposed layer maps y to x. */
type Place = "image" | "filter" | "output";

function titleOf({ batch, size, from, to, stride, groups, transposed }: Layer): string {
  const name = transposed ? "conv2dTranspose" : groups === undefined ? "conv2d" : "depthwise conv2d";
  return `${name} ${batch}×${size}×${size}×${from} → ${to}, 3×3, stride ${stride}, same`;
}

function geometryOf({ batch, size, from, to, stride, groups = 1, transposed }: Layer): Conv2dGeometry {
  const side = transposed ? size * stride : size;
  const [channels, outChannels] = transposed ? [to, from] : [from, to];
  const filter = [3, 3, channels / groups, outChannels];
  return ops.conv2dGeometry([batch, side, side, channels], filter, { stride, groups, padding: "same" });
}

function shapesOf(g: Conv2dGeometry) {
  return {
    image: [g.batch, g.inHeight, g.inWidth, g.inChannels],
    filter: [g.kernelHeight, g.kernelWidth, g.inChannels / g.groups, g.outChannels],
    output: [g.batch, g.outHeight, g.outWidth, g.outChannels],
  };
}

/** Products of the definition, padding included: the same for all three kernels. */
function flopsOf(g: Conv2dGeometry): number {
  const outputs = g.batch * g.outHeight * g.outWidth * g.outChannels;
  return (2 * outputs * g.kernelHeight * (g.kernelWidth * g.inChannels)) / g.groups;
}

/** Splits a row-major index into its four subscripts; the first axis takes what is left. */
function subscripts(index: number, [, b, c, d]: readonly number[]): [number, number, number, number] {
  const fourth = index % d;
  const third = Math.floor(index / d) % c;
  const second = Math.floor(index / (d * c)) % b;
  return [Math.floor(index / (d * c * b)), second, third, fourth];
}

/** One element of x, w or y from the other two, as a sum over the indices that it does not fix. */
function definition(g: Conv2dGeometry, place: Place, index: number, operands: Operands): Expected {
  const { kernelHeight, kernelWidth, inChannels, outChannels } = g;
  const channels = inChannels / g.groups;
  const outputs = outChannels / g.groups;
  const shapes = shapesOf(g);
  const [x, w, y] = [operands.image.data, operands.filter.data, operands.output.data];
  /** The value that tap (i, j) of output (b, r, c, o) reads in channel k of its group; 0 in the padding. */
  const read = (b: number, r: number, c: number, o: number, i: number, j: number, k: number) => {
    const row = r * g.strideHeight - g.padTop + i;
    const column = c * g.strideWidth - g.padLeft + j;
    if (row < 0 || row >= g.inHeight || column < 0 || column >= g.inWidth) return 0;
    const channel = Math.floor(o / outputs) * channels + k;
    return x[((b * g.inHeight + row) * g.inWidth + column) * inChannels + channel];
  };
  if (place === "output") {
    const [b, r, c, o] = subscripts(index, shapes.output);
    return sumOf(kernelHeight * kernelWidth * channels, (t) => {
      const [, i, j, k] = subscripts(t, [1, kernelHeight, kernelWidth, channels]);
      return read(b, r, c, o, i, j, k) * w[t * outChannels + o];
    });
  }
  if (place === "filter") {
    const [i, j, k, o] = subscripts(index, shapes.filter);
    return sumOf(g.batch * g.outHeight * g.outWidth, (t) => {
      const [, b, r, c] = subscripts(t, [1, g.batch, g.outHeight, g.outWidth]);
      return read(b, r, c, o, i, j, k) * y[t * outChannels + o];
    });
  }
  const [b, row, column, channel] = subscripts(index, shapes.image);
  return sumOf(kernelHeight * kernelWidth * outputs, (t) => {
    const [, i, j, one] = subscripts(t, [1, kernelHeight, kernelWidth, outputs]);
    const r = (row + g.padTop - i) / g.strideHeight;
    const c = (column + g.padLeft - j) / g.strideWidth;
    if (!Number.isInteger(r) || r < 0 || r >= g.outHeight) return 0;
    if (!Number.isInteger(c) || c < 0 || c >= g.outWidth) return 0;
    const o = Math.floor(channel / channels) * outputs + one;
    const tap = (i * kernelWidth + j) * channels + (channel % channels);
    return y[((b * g.outHeight + r) * g.outWidth + c) * outChannels + o] * w[tap * outChannels + o];
  });
}

type Operands = Record<Place, Tensor>;

const KERNELS: Record<Place, (operands: Operands, geometry: Conv2dGeometry) => void> = {
  output: ({ image, filter, output }, g) => conv2d(image, filter, output, g, PLAIN),
  image: ({ image, filter, output }, g) => conv2dInputGradient(output, filter, image, g, PLAIN),
  filter: ({ image, filter, output }, g) => conv2dFilterGradient(image, output, filter, g),
};

function kernelCase(layer: Layer, place: Place, suffix: string): Case {
  const geometry = geometryOf(layer);
  return {
    title: titleOf(layer) + suffix,
    work: { flops: flopsOf(geometry) },
    prepare() {
      const shapes = shapesOf(geometry);
      const operands: Operands = {
        image: randomTensor(1, shapes.image),
        filter: randomTensor(2, shapes.filter),
        output: randomTensor(3, shapes.output),
        [place]: poisonedTensor(shapes[place]),
      };
      const run = () => {
        KERNELS[place](operands, geometry);
        return operands[place];
      };
      return { run, expected: (index) => definition(geometry, place, index, operands) };
    },
  };
}

function layerCases(layer: Layer): Case[] {
  const [result, source] = layer.transposed ? (["image", "output"] as const) : (["output", "image"] as const);
  return [
    kernelCase(layer, result, ""),
    kernelCase(layer, source, ", gradient by input"),
    kernelCase(layer, "filter", ", gradient by filter"),
  ];
}

function operationCase(layer: Layer): Case {
  const geometry = geometryOf(layer);
  return {
    title: `${titleOf(layer)}, outside a scope`,
    work: { flops: flopsOf(geometry) },
    outsideScope: true,
    prepare() {
      const shapes = shapesOf(geometry);
      const image = randomTensor(1, shapes.image);
      const filter = randomTensor(2, shapes.filter);
      const run = () => ops.conv2d(image, filter, { stride: layer.stride, padding: "same" });
      const expected = (index: number) =>
        definition(geometry, "output", index, { image, filter, output: image });
      return { run, expected };
    },
  };
}

export const conv2dCases: readonly Case[] = [...LAYERS.flatMap(layerCases), operationCase(LAYERS[1])];
