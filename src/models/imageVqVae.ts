// A ready-made convolutional VQ-VAE for images of any size.

import { checkInteger, checkOptions, checkShape, refuseKind, refuseValue } from "../check/check.js";
import { sequential } from "../layers/combine.js";
import { conv2d, conv2dTranspose } from "../layers/convolution.js";
import type { Shape } from "../tensor/tensor.js";
import { type VqVae, vqVae, type VqVaeOptions } from "./vqVae.js";

/** What {@link imageVqVae} is made from; see there. */
export interface ImageVqVaeOptions extends Omit<VqVaeOptions, "encoder" | "decoder" | "latentSize"> {
  readonly latentSize?: number | undefined;
  readonly channels?: readonly number[] | undefined;
}

const RELU = { activation: "relu", kernelInitializer: "heUniform" } as const;
/** A kernel that is a multiple of the stride writes every pixel equally often: no checkerboard. */
const HALVING = { kernel: 4, stride: 2 } as const;

/**
 * A convolutional VQ-VAE for images of any size with values from 0 to 1: every convolution halves the image, and each
 * place of the smallest has one vector of the codebook.
 *
 * @param options.inputShape - `[height, width, channels]`
 * @param options.latentSize - numbers in a vector of the codebook (default 16)
 * @param options.codebook - how many vectors there are (default 512)
 * @param options.channels - after each convolution, every one of which halves the image (default [32, 64])
 * @param options.commitment - as for {@link vqVae}
 * @param options.decay - as for {@link vqVae}
 * @returns the model
 * @throws {TypeError} when an option is unknown or of the wrong kind
 * @throws {RangeError} when a number is out of range
 * @example
 * imageVqVae({ inputShape: [28, 28, 1] }).codeShape; // [7, 7, 16]
 */
export function imageVqVae(options: ImageVqVaeOptions): VqVae {
  const where = "imageVqVae";
  checkOptions(where, options, ["inputShape", "latentSize", "codebook", "channels", "commitment", "decay"]);
  const { inputShape, latentSize = 16, channels = [32, 64], ...rest } = options;
  checkShape(where, "inputShape", inputShape);
  if (inputShape.length !== 3) {
    refuseValue(where, "inputShape", "be [height, width, channels]", inputShape);
  }
  if (!Array.isArray(channels)) refuseKind(where, "channels", "be an array of numbers", channels);
  if (channels.length === 0) refuseValue(where, "channels", "be at least one", channels);
  for (const [i, count] of channels.entries()) checkInteger(where, `channels[${i}]`, count, 1);
  checkInteger(where, "latentSize", latentSize, 1);
  const down = channels.map((count: number) => conv2d(count, { ...HALVING, ...RELU }));
  const shapes: Shape[] = [inputShape];
  for (const layer of down) shapes.push(layer.outputShape(shapes[shapes.length - 1]));
  const widest = channels[channels.length - 1];
  // The way back names the sizes: halving rounds up, and 7 must come back from 4.
  const up = shapes
    .slice(0, -1)
    .reverse()
    .map(([height, width, count], i) =>
      conv2dTranspose(count, {
        ...HALVING,
        outputShape: [height, width],
        ...(i < channels.length - 1 ? RELU : { activation: "sigmoid" as const }),
      }),
    );
  return vqVae({
    ...rest,
    inputShape,
    latentSize,
    encoder: sequential(...down, conv2d(widest, { kernel: 3, ...RELU }), conv2d(latentSize, { kernel: 1 })),
    decoder: sequential(conv2d(widest, { kernel: 3, ...RELU }), ...up),
  });
}
