// Ready-made convolutional models for images of any size: strided convolutions down, transposed ones back up.

import { checkInteger, checkOptions, checkShape, given, refuseKind, refuseValue } from "../check/check.js";
import { sequential } from "../layers/combine.js";
import { conv2d, conv2dTranspose } from "../layers/convolution.js";
import type { ActivationName } from "../layers/activations.js";
import { dense } from "../layers/dense.js";
import type { Layer } from "../layers/layer.js";
import { flatten, reshape } from "../layers/shape.js";
import { type Shape, sizeOf } from "../tensor/tensor.js";
import { type Autoencoder, autoencoder, type AutoencoderOptions } from "./autoencoder.js";
import { checkParameterCount } from "./parameterCount.js";
import { checkedCondition, widthOf } from "./vae/condition.js";
import { channelsPerChannel } from "./vae/likelihood.js";
import { vae } from "./vae/vae.js";
import type { Vae, VaeOptions } from "./vae/types.js";

/** The networks' sizes. */
export interface ImageNetworkOptions {
  /** `[height, width, channels]` of the images. */
  readonly inputShape: Shape;
  /** Channels after each convolution, every one of which halves the image (default [8, 16]). */
  readonly channels?: readonly number[] | undefined;
  /** Features between the convolutions and the code (default 256). */
  readonly features?: number | undefined;
  /** Of the decoder's end: `"sigmoid"` for values in [0, 1] (default), where it does not have to give logits. */
  readonly outputActivation?: ActivationName | undefined;
}

const NETWORK_OPTIONS = ["inputShape", "channels", "features", "outputActivation"];
/** He's initialization keeps the signal's size through ReLUs; with Glorot's, deep networks begin slowly. */
const RELU = { activation: "relu", kernelInitializer: "heUniform" } as const;
/** A kernel that is a multiple of the stride writes every pixel equally often: no checkerboard. */
const HALVING = { kernel: 4, stride: 2 } as const;

/** What helps against too many parameters. */
const FEWER_PARAMETERS =
  "give smaller images, fewer features, or more channels, each of which halves the image";

/** Encoder to features and decoder from a code to `outputs` numbers per value, mirror images of each other. */
function networks(
  where: string,
  { inputShape, channels = [8, 16], features = 256, outputActivation }: ImageNetworkOptions,
  usualActivation: ActivationName,
  codeWeights: number,
  outputs = 1,
): { readonly encoder: Layer; readonly decoder: Layer } {
  checkShape(where, "inputShape", inputShape);
  if (inputShape.length !== 3) {
    refuseValue(where, "inputShape", "be [height, width, channels]", inputShape);
  }
  if (!Array.isArray(channels)) refuseKind(where, "channels", "be an array of numbers", channels);
  if (channels.length === 0) refuseValue(where, "channels", "be at least one", channels);
  for (const [i, count] of channels.entries()) checkInteger(where, `channels[${i}]`, count, 1);
  checkInteger(where, "features", features, 1);
  const down = channels.map((count: number) => conv2d(count, { ...HALVING, ...RELU }));
  const shapes = [inputShape];
  for (const layer of down) shapes.push(layer.outputShape(shapes[shapes.length - 1]));
  const smallest = shapes[shapes.length - 1];
  const last = channels.length - 1;
  const convolutions = shapes.slice(1).reduce((sum, [, , count], i) => {
    const [, , before] = shapes[i];
    return sum + HALVING.kernel ** 2 * before * count * (i === 0 ? 1 + outputs : 2);
  }, 0);
  const parameters = convolutions + features * (2 * sizeOf(smallest) + codeWeights) + sizeOf(smallest);
  checkParameterCount(where, "inputShape", inputShape, parameters, FEWER_PARAMETERS);
  // The way back names the sizes: halving rounds up, and 7 must come back from 4.
  const up = shapes
    .slice(0, -1)
    .reverse()
    .map(([height, width, count], i) =>
      conv2dTranspose(i < last ? count : outputs * count, {
        ...HALVING,
        outputShape: [height, width],
        ...(i < last ? RELU : { activation: outputActivation ?? usualActivation }),
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
): [ImageNetworkOptions, Omit<T, "channels" | "features" | "outputActivation">] {
  checkOptions(where, options, [...NETWORK_OPTIONS, ...own]);
  const { channels, features, outputActivation, ...rest } = options;
  return [{ inputShape: options.inputShape, ...given({ channels, features, outputActivation }) }, rest];
}

/**
 * A convolutional VAE for images of any size.
 *
 * @param options.inputShape - `[height, width, channels]`
 * @param options.latentSize - default 16
 * @param options.channels - after each convolution, every one of which halves the image (default [8, 16])
 * @param options.features - between the convolutions and the latents (default 256)
 * @param options.outputActivation - of the decoder's end; `"sigmoid"` unless it gives logits or log-variances
 * @param options.likelihood - as for {@link vae} (default `"bernoulli"`, for values in [0, 1])
 * @param options.beta - as for {@link vae}
 * @param options.freeBits - as for {@link vae}
 * @param options.condition - as for {@link vae}
 * @returns the model
 * @throws {TypeError} when an option is unknown or of the wrong kind
 * @throws {RangeError} when a number is out of range, or the parameters would take more than half of the memory in training
 * @example
 * imageVae({ inputShape: [32, 32, 1] }).latentSize; // 16
 */
export function imageVae(
  options: ImageNetworkOptions &
    Omit<VaeOptions, "encoder" | "decoder" | "latentSize"> & {
      readonly latentSize?: number | undefined;
    },
): Vae {
  const own = ["latentSize", "likelihood", "beta", "freeBits", "condition"];
  const [sizes, rest] = divided("imageVae", options, own);
  const { latentSize = 16, likelihood = "bernoulli" } = rest;
  const outputs = channelsPerChannel(likelihood);
  const width = widthOf(checkedCondition("imageVae", rest.condition));
  const isLogits =
    likelihood === "bernoulli" ||
    (likelihood?.type === "bernoulli" && likelihood.outputs !== "probabilities");
  const activation = isLogits || outputs > 1 ? "linear" : "sigmoid";
  return vae({
    ...rest,
    latentSize,
    ...networks("imageVae", sizes, activation, 3 * latentSize + width, outputs),
  });
}

/**
 * A convolutional autoencoder for images of any size: the networks of {@link imageVae} around a plain code.
 *
 * @param options.inputShape - `[height, width, channels]`
 * @param options.latentSize - numbers in the code (default 16)
 * @param options.channels - after each convolution, every one of which halves the image (default [8, 16])
 * @param options.features - between the convolutions and the code (default 256)
 * @param options.outputActivation - of the decoder's end; `"sigmoid"` unless it gives logits
 * @param options.loss - as for {@link autoencoder} (default `"binaryCrossEntropyWithLogits"`, for values in [0, 1])
 * @param options.reduction - as for {@link autoencoder}
 * @returns the model
 * @throws {TypeError} when an option is unknown or of the wrong kind
 * @throws {RangeError} when a number is out of range, or the parameters would take more than half of the memory in training
 * @example
 * imageAutoencoder({ inputShape: [32, 32, 3], latentSize: 32 }).codeShape; // [32]
 */
export function imageAutoencoder(
  options: ImageNetworkOptions &
    Omit<AutoencoderOptions, "encoder" | "decoder"> & {
      readonly latentSize?: number | undefined;
    },
): Autoencoder {
  const where = "imageAutoencoder";
  const [sizes, { latentSize = 16, ...rest }] = divided(where, options, ["latentSize", "loss", "reduction"]);
  checkInteger(where, "latentSize", latentSize, 1);
  const { loss = "binaryCrossEntropyWithLogits" } = rest;
  const activation = loss === "binaryCrossEntropyWithLogits" ? "linear" : "sigmoid";
  const { encoder, decoder } = networks(where, sizes, activation, 2 * latentSize);
  return autoencoder({
    ...rest,
    loss,
    encoder: sequential(encoder, dense(latentSize)),
    decoder,
  });
}
