// Ready-made convolutional models for images of any size: strided convolutions down, transposed ones back up.

import { checkInteger, checkOptions, checkShape, refuseKind, refuseValue } from "../check.js";
import { sequential } from "../layers/combine.js";
import { conv2d, conv2dTranspose } from "../layers/convolution.js";
import { dense } from "../layers/dense.js";
import type { Layer } from "../layers/layer.js";
import { flatten, reshape } from "../layers/shape.js";
import { type Shape, sizeOf } from "../tensor.js";
import { type Autoencoder, autoencoder, type AutoencoderOptions } from "./autoencoder.js";
import { vae } from "./vae.js";
import type { Vae, VaeOptions } from "./vaeTypes.js";

/** The networks' sizes. */
export interface ImageNetworkOptions {
  /** `[height, width, channels]` of the images. */
  readonly inputShape: Shape;
  /** Channels after each convolution, every one of which halves the image (default [16, 32, 64]). */
  readonly channels?: readonly number[];
  /** Features between the convolutions and the code (default 128). */
  readonly features?: number;
}

const NETWORK_OPTIONS = ["inputShape", "channels", "features"];
/** He's initialization keeps the signal's size through ReLUs; with Glorot's, deep networks begin slowly. */
const RELU = { activation: "relu", kernelInitializer: "heUniform" } as const;
/** A kernel that is a multiple of the stride writes every pixel equally often: no checkerboard. */
const HALVING = { kernel: 4, stride: 2 } as const;

/** Encoder to features and decoder from a code, mirror images of each other. */
function networks(
  where: string,
  { inputShape, channels = [16, 32, 64], features = 128 }: ImageNetworkOptions,
): { readonly encoder: Layer; readonly decoder: Layer } {
  checkShape(where, "inputShape", inputShape);
  if (inputShape.length !== 3) {
    refuseValue(where, "inputShape", "be [height, width, channels]", inputShape);
  }
  if (!Array.isArray(channels)) refuseKind(where, "channels", "be an array of numbers", channels);
  if (channels.length === 0) refuseValue(where, "channels", "be at least one", channels);
  channels.forEach((count: number, i) => checkInteger(where, `channels[${i}]`, count, 1));
  checkInteger(where, "features", features, 1);
  const down = channels.map((count: number) => conv2d(count, { ...HALVING, ...RELU }));
  const shapes = [inputShape];
  for (const layer of down) shapes.push(layer.outputShape(shapes[shapes.length - 1]));
  const smallest = shapes[shapes.length - 1];
  // The way back names the sizes: halving rounds up, and 7 must come back from 4.
  const up = shapes
    .slice(0, -1)
    .reverse()
    .map(([height, width, count], i) =>
      conv2dTranspose(count, {
        ...HALVING,
        outputShape: [height, width],
        ...(i < channels.length - 1 ? RELU : {}),
      }),
    );
  return {
    encoder: sequential(...down, flatten(), dense(features, RELU)),
    decoder: sequential(dense(features, RELU), dense(sizeOf(smallest), RELU), reshape(smallest), ...up),
  };
}

/** The networks' options, and those of the model itself. */
function divided<T extends ImageNetworkOptions>(
  where: string,
  options: T,
  own: readonly string[],
): [ImageNetworkOptions, Omit<T, "channels" | "features">] {
  checkOptions(where, options, [...NETWORK_OPTIONS, ...own]);
  const { channels, features, ...rest } = options;
  const sizes = { ...(channels && { channels }), ...(features !== undefined && { features }) };
  return [{ inputShape: options.inputShape, ...sizes }, rest];
}

/**
 * A convolutional VAE for images of any size.
 *
 * @param options.inputShape - `[height, width, channels]`
 * @param options.latentSize - default 16
 * @param options.channels - after each convolution, every one of which halves the image (default [16, 32, 64])
 * @param options.features - between the convolutions and the latents (default 128)
 * @param options.likelihood - as for {@link vae} (default `"bernoulli"`, for values in [0, 1])
 * @param options.beta - as for {@link vae}
 * @param options.freeBits - as for {@link vae}
 * @returns the model
 * @throws {TypeError} when an option is unknown or of the wrong kind
 * @throws {RangeError} when a number is out of range
 * @example
 * imageVae({ inputShape: [32, 32, 1] }).latentSize; // 16
 */
export function imageVae(
  options: ImageNetworkOptions &
    Omit<VaeOptions, "encoder" | "decoder" | "latentSize"> & {
      readonly latentSize?: number;
    },
): Vae {
  const own = ["latentSize", "likelihood", "beta", "freeBits"];
  const [sizes, rest] = divided("imageVae", options, own);
  return vae({ latentSize: 16, ...rest, ...networks("imageVae", sizes) });
}

/**
 * A convolutional autoencoder for images of any size: the networks of {@link imageVae} around a plain code.
 *
 * @param options.inputShape - `[height, width, channels]`
 * @param options.codeSize - numbers in the code (default 16)
 * @param options.channels - after each convolution, every one of which halves the image (default [16, 32, 64])
 * @param options.features - between the convolutions and the code (default 128)
 * @param options.loss - as for {@link autoencoder} (default `"binaryCrossEntropyWithLogits"`, for values in [0, 1])
 * @param options.reduction - as for {@link autoencoder}
 * @returns the model
 * @throws {TypeError} when an option is unknown or of the wrong kind
 * @throws {RangeError} when a number is out of range
 * @example
 * imageAutoencoder({ inputShape: [32, 32, 3], codeSize: 32 }).codeShape; // [32]
 */
export function imageAutoencoder(
  options: ImageNetworkOptions &
    Omit<AutoencoderOptions, "encoder" | "decoder"> & {
      readonly codeSize?: number;
    },
): Autoencoder {
  const where = "imageAutoencoder";
  const [sizes, { codeSize = 16, ...rest }] = divided(where, options, ["codeSize", "loss", "reduction"]);
  checkInteger(where, "codeSize", codeSize, 1);
  const { encoder, decoder } = networks(where, sizes);
  return autoencoder({
    loss: "binaryCrossEntropyWithLogits",
    ...rest,
    encoder: sequential(encoder, dense(codeSize)),
    decoder,
  });
}
