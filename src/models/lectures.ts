// The models that lectures on autoencoders teach, by name: each a few lines of the public interface, to be copied.

import { checkInteger, checkOptions, given, refuseValue } from "../check/check.js";
import { sequential } from "../layers/combine.js";
import { conv2d, conv2dTranspose, upsampleNearest } from "../layers/convolution.js";
import { dense } from "../layers/dense.js";
import { batchNorm } from "../layers/normalization.js";
import { maxPool2d } from "../layers/pooling.js";
import { flatten, reshape } from "../layers/shape.js";
import { type Autoencoder, autoencoder } from "./autoencoder.js";
import type { Condition } from "./vae/condition.js";
import { vae } from "./vae/vae.js";
import type { Vae } from "./vae/types.js";

const RELU = { activation: "relu" } as const;
const SIGMOID = { activation: "sigmoid" } as const;
const TANH = { activation: "tanh" } as const;

/** Moving averages that follow within some dozen steps: Keras's 0.99 needs hundreds, and inference lags behind. */
const AVERAGES = { momentum: 0.9 } as const;

/** The numbers among a maker's options, completed and checked. */
function numbers<T extends Readonly<Record<string, number>>>(
  where: string,
  options: { readonly [Name in keyof T]?: T[Name] | undefined },
  defaults: T,
): T {
  checkOptions(where, options, Object.keys(defaults));
  const all: T = { ...defaults, ...given(options) };
  for (const [name, value] of Object.entries(all)) checkInteger(where, name, value, 1);
  return all;
}

/**
 * features → latentSize → features without activations: its optimum spans the same subspace as PCA's components.
 *
 * @param options.features - default 3
 * @param options.latentSize - default 2
 * @returns the model; squared error
 * @throws {RangeError} when a number is not an integer ≥ 1
 * @example
 * lectures.linear({ features: 784, latentSize: 16 }).codeShape; // [16]
 * @see Baldi & Hornik, "Neural networks and principal component analysis" (1989)
 */
export function linear(
  options: { readonly features?: number | undefined; readonly latentSize?: number | undefined } = {},
): Autoencoder {
  const { features, latentSize } = numbers("lectures.linear", options, { features: 3, latentSize: 2 });
  return autoencoder({ inputShape: [features], encoder: dense(latentSize), decoder: dense(features) });
}

/**
 * 784 → 32 → 784, for images of 28×28 in [0, 1] as vectors.
 *
 * @param options.latentSize - default 32
 * @returns the model; binary cross-entropy
 * @throws {RangeError} when latentSize is not an integer ≥ 1
 * @example
 * lectures.shallow().codeShape; // [32]
 */
export function shallow(options: { readonly latentSize?: number | undefined } = {}): Autoencoder {
  const { latentSize } = numbers("lectures.shallow", options, { latentSize: 32 });
  return autoencoder({
    inputShape: [784],
    encoder: dense(latentSize, RELU),
    decoder: dense(784, SIGMOID),
    loss: "binaryCrossEntropy",
  });
}

/**
 * 784-128-64-32-64-128-784, for images of 28×28 in [0, 1] as vectors.
 *
 * @returns the model; binary cross-entropy
 * @example
 * lectures.stacked().codeShape; // [32]
 */
export function stacked(): Autoencoder {
  return autoencoder({
    inputShape: [784],
    encoder: sequential(dense(128, RELU), dense(64, RELU), dense(32, RELU)),
    decoder: sequential(dense(64, RELU), dense(128, RELU), dense(784, SIGMOID)),
    loss: "binaryCrossEntropy",
  });
}

/**
 * Convolutions 64-128-256 with pooling, and back with nearest upsampling: images 28×28×1 in [0, 1], codes 7×7×256.
 *
 * @returns the model; binary cross-entropy
 * @example
 * lectures.convolutional().codeShape; // [7, 7, 256]
 */
export function convolutional(): Autoencoder {
  return autoencoder({
    inputShape: [28, 28, 1],
    encoder: sequential(
      conv2d(64, { kernel: 3, ...RELU }),
      maxPool2d(2),
      conv2d(128, { kernel: 3, ...RELU }),
      maxPool2d(2),
      conv2d(256, { kernel: 3, ...RELU }),
    ),
    decoder: sequential(
      conv2d(128, { kernel: 3, ...RELU }),
      upsampleNearest(2),
      conv2d(64, { kernel: 3, ...RELU }),
      upsampleNearest(2),
      conv2d(1, { kernel: 3, ...SIGMOID }),
    ),
    loss: "binaryCrossEntropy",
  });
}

/**
 * Strided convolutions to 2×2×8, and transposed ones back: images 28×28×1 in [−1, 1].
 *
 * @returns the model; squared error
 * @example
 * lectures.strided().codeShape; // [2, 2, 8]
 */
export function strided(): Autoencoder {
  return autoencoder({
    inputShape: [28, 28, 1],
    encoder: sequential(
      conv2d(16, { kernel: 3, stride: 3, padding: 1, ...RELU }),
      maxPool2d(2),
      conv2d(8, { kernel: 3, stride: 2, padding: 1, ...RELU }),
      maxPool2d(2, { stride: 1 }),
    ),
    decoder: sequential(
      conv2dTranspose(16, { kernel: 3, stride: 2, padding: 0, ...RELU }),
      conv2dTranspose(8, { kernel: 5, stride: 3, padding: 1, ...RELU }),
      conv2dTranspose(1, { kernel: 2, stride: 2, padding: 1, ...TANH }),
    ),
  });
}

/**
 * 784-500-latents-500-784 with tanh: the VAE of the first paper, for images of 28×28 in [0, 1] as vectors.
 *
 * @param options.latentSize - default 20
 * @param options.condition - as for {@link vae}; with `{ classes: 10, as: "maps" }` it is 794-500-latents and
 *   latents + 10-500-784
 * @returns the model; Bernoulli likelihood
 * @throws {TypeError} when an option is unknown or of the wrong kind
 * @throws {RangeError} when a number is not an integer ≥ 1
 * @example
 * lectures.denseVae({ latentSize: 2 }).latentSize; // 2
 * @see Kingma & Welling, "Auto-encoding variational Bayes" (2014), section 5
 */
export function denseVae(
  options: { readonly latentSize?: number | undefined; readonly condition?: Condition | undefined } = {},
): Vae {
  const where = "lectures.denseVae";
  checkOptions(where, options, ["latentSize", "condition"]);
  const { condition, ...sizes } = options;
  const { latentSize } = numbers(where, sizes, { latentSize: 20 });
  return vae({
    inputShape: [784],
    latentSize,
    condition,
    encoder: dense(500, TANH),
    decoder: sequential(dense(500, TANH), dense(784)),
  });
}

/**
 * Strided convolutions 32-64 with batch norm, 20 features, latents; back with transposed convolutions: images of
 * size×size×1 in [0, 1].
 *
 * @param options.latentSize - default 2
 * @param options.size - height and width, a multiple of 4 (default 28)
 * @param options.condition - as for {@link vae}
 * @returns the model; Bernoulli likelihood
 * @throws {TypeError} when an option is unknown or of the wrong kind
 * @throws {RangeError} when a number is not an integer ≥ 1, or the size not a multiple of 4
 * @example
 * lectures.convVae({ latentSize: 16 }).latentSize; // 16
 */
export function convVae(
  options: {
    readonly latentSize?: number | undefined;
    readonly size?: number | undefined;
    readonly condition?: Condition | undefined;
  } = {},
): Vae {
  const where = "lectures.convVae";
  checkOptions(where, options, ["latentSize", "size", "condition"]);
  const { condition, ...sizes } = options;
  const { latentSize, size } = numbers(where, sizes, { latentSize: 2, size: 28 });
  if (size % 4 !== 0) refuseValue(where, "size", "be a multiple of 4", size);
  const quarter = size / 4;
  return vae({
    inputShape: [size, size, 1],
    latentSize,
    condition,
    encoder: sequential(
      conv2d(32, { kernel: 3, stride: 2, ...RELU }),
      batchNorm(AVERAGES),
      conv2d(64, { kernel: 3, stride: 2, ...RELU }),
      batchNorm(AVERAGES),
      flatten(),
      dense(20, RELU),
      batchNorm(AVERAGES),
    ),
    decoder: sequential(
      dense(quarter * quarter * 64, RELU),
      batchNorm(AVERAGES),
      reshape([quarter, quarter, 64]),
      conv2dTranspose(64, { kernel: 3, stride: 2, ...RELU }),
      batchNorm(AVERAGES),
      conv2dTranspose(32, { kernel: 3, stride: 2, ...RELU }),
      batchNorm(AVERAGES),
      conv2dTranspose(1, { kernel: 3 }),
    ),
  });
}
