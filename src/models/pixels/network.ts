// What both models of pixels are made of: images as numbers, and convolutions that see no pixel's future.

import { refuseKind, refuseValue } from "../../check/check.js";
import { levelOf } from "../../distributions/levels.js";
import { conv2d } from "../../layers/convolution.js";
import * as ops from "../../ops/index.js";
import { adoptArray, isSameShape, type Shape, Tensor } from "../../tensor/tensor.js";
import { isObject } from "../../tensor/tree.js";
import type { ModelParams, Part } from "../model.js";

/** Images as the networks read them, and as sampling writes them. */
export interface Pixels {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Levels as numbers from −1 to 1, `[count, height, width, channels]`. */
  readonly values: Float32Array;
}

/** A level as the networks read it. */
export const signalOf = (level: number, levels: number): number => (2 * level) / (levels - 1) - 1;

/** The nearest levels of values from 0 to 1; others are refused. */
export function levelsOf(where: string, argument: string, { data }: Tensor, levels: number): Uint8Array {
  return Uint8Array.from(data, (value, i) =>
    value >= 0 && value <= 1
      ? levelOf(value, levels)
      : refuseValue(where, `${argument}.data[${i}]`, "be from 0 to 1", value),
  );
}

/** Images of levels as the networks read them. */
export function pixelsOf(image: Uint8Array, [height, width, channels]: Shape, levels: number): Pixels {
  const values = Float32Array.from(image, (level) => signalOf(level, levels));
  return { count: image.length / (height * width * channels), height, width, channels, values };
}

/** A convolution of a network: its parameters are at its place. */
export interface Convolution {
  readonly place: string;
  readonly kernel: readonly [height: number, width: number];
  readonly inputs: number;
  readonly outputs: number;
  readonly activation: "linear" | "relu" | "sigmoid" | "tanh";
  /** What all biases begin with (default 0). */
  readonly bias?: number;
}

type Sides = readonly [rows: readonly [number, number], columns: readonly [number, number]];

/** Zeros around an image, so that a convolution sees rows above and columns to the left, and gives the same size. */
const paddingOf = ({ kernel: [height, width] }: Convolution, isAbove: boolean): Sides => [
  [height - 1, 0],
  isAbove ? [(width - 1) / 2, (width - 1) / 2] : [width - 1, 0],
];

/** The layer of a convolution, for its parameters and for {@link summary}. */
export function partOf(convolution: Convolution, [height, width]: Shape): Part {
  const { place, kernel, inputs, outputs, activation } = convolution;
  const padding = paddingOf(convolution, kernel[0] > 1);
  const layer = conv2d(outputs, { kernel, padding, activation });
  return { place, layer, inputShape: [height, width, inputs] };
}

interface Kernel {
  readonly kernel: Tensor;
  readonly bias: Tensor;
}

type Weights = ModelParams["weights"];

const kernelOf = (weights: Weights, { place }: Convolution) => weights[place] as unknown as Kernel;

/** Checks that a model's parameters are those of its convolutions. */
export function checkWeights(where: string, weights: Weights, convolutions: readonly Convolution[]): void {
  if (!isObject(weights)) refuseKind(where, "params.weights.network", "be what init gives", weights);
  for (const convolution of convolutions) {
    const { place, kernel, inputs, outputs } = convolution;
    const given = (kernelOf(weights, convolution) ?? {}) as Partial<Kernel>;
    const wanted = { kernel: [...kernel, inputs, outputs], bias: [outputs] };
    for (const name of ["kernel", "bias"] as const) {
      const argument = `params.weights.${place}.${name}`;
      const value: unknown = given[name];
      if (!(value instanceof Tensor)) refuseKind(where, argument, "be a tensor", value);
      if (isSameShape(value.shape, wanted[name])) continue;
      refuseValue(where, `${argument}.shape`, `be [${wanted[name].join(", ")}]`, value.shape);
    }
  }
}

/** A convolution of 1×1 on rows `[n, inputs]`. */
export function applyToRows(weights: Weights, convolution: Convolution, rows: Tensor): Tensor {
  const { kernel, bias } = kernelOf(weights, convolution);
  const { inputs, outputs, activation } = convolution;
  return ops.dense(rows, ops.reshape(kernel, [inputs, outputs]), { bias, activation });
}

/** A convolution over rows above, and columns on both sides; `isWhole` where the rows above the image are zeros. */
export function applyAbove(
  weights: Weights,
  convolution: Convolution,
  image: Tensor,
  isWhole = true,
): Tensor {
  const [rows, columns] = paddingOf(convolution, true);
  return convolve(weights, convolution, image, [isWhole ? rows : [0, 0], columns]);
}

/** A convolution over columns to the left; `isWhole` where the columns left of the image are zeros. */
export function applyLeft(weights: Weights, convolution: Convolution, image: Tensor, isWhole = true): Tensor {
  const [rows, columns] = paddingOf(convolution, false);
  return convolve(weights, convolution, image, [rows, isWhole ? columns : [0, 0]]);
}

function convolve(weights: Weights, convolution: Convolution, image: Tensor, padding: Sides): Tensor {
  const { kernel, bias } = kernelOf(weights, convolution);
  return ops.conv2d(image, kernel, { bias, padding, activation: convolution.activation });
}

/**
 * Pixels moved down by so many rows and right by so many columns, `[count, height, width, channels + 1]`; a further
 * channel is 1 inside of the image, so that its border is not taken for grey.
 */
export function shifted(pixels: Pixels, down: number, right: number): Tensor {
  const { count, height, width, channels, values } = pixels;
  const data = new Float32Array(count * height * width * (channels + 1));
  for (let image = 0; image < count; image++) {
    for (let row = down; row < height; row++) {
      for (let column = right; column < width; column++) {
        const to = ((image * height + row) * width + column) * (channels + 1);
        const from = ((image * height + row - down) * width + column - right) * channels;
        for (let c = 0; c < channels; c++) data[to + c] = values[from + c];
        data[to + channels] = 1;
      }
    }
  }
  return adoptArray(data, [count, height, width, channels + 1]);
}

/** What the network makes of every pixel's past. */
export interface Features {
  /** A row for every pixel of every image, those of one pixel together: `[height·width·count, hidden]`. */
  readonly rows: Tensor;
  /** The numbers of the pixels, row by row of the image, in the order of `rows`. */
  readonly order: ArrayLike<number>;
}

/** A network that makes features of every pixel from the pixels before it. */
export interface PixelNetwork {
  readonly convolutions: readonly Convolution[];
  /** Numbers in the features of a pixel. */
  readonly hidden: number;
  /** The features of all pixels at once. */
  features(weights: Weights, pixels: Pixels): Features;
  /**
   * A function that gives the features `[count, hidden]` of one pixel after the other, row by row, and reads only
   * pixels before it: they may be written as it goes.
   */
  follow(weights: Weights, pixels: Pixels): (row: number, column: number) => Tensor;
}
