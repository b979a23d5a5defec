// What is learned: systems from the lectures, how each is trained, and what PyTorch reaches with the same.

import {
  adam,
  autoencoder,
  type Autoencoder,
  binaryCrossEntropy,
  dense,
  flatten,
  gaussianNoise,
  type Key,
  key,
  lectures,
  type MaskLayer,
  maskPatches,
  modelFromSpec,
  type ModelParams,
  ops,
  reshape,
  saltAndPepper,
  schedules,
  sequential,
  squaredError,
  item,
  type Tensor,
  fit,
  type FitOptions,
  type Layer,
  type Model,
  type Vae,
} from "../../src/index.js";
import { pca } from "../../src/latent/index.js";

/** Training and test images `[n, 28, 28]` in [0, 1]. */
export interface Images {
  readonly train: Tensor;
  readonly test: Tensor;
}

/** A measured figure beside PyTorch's: the mean of three seeds, where it is known. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly pytorch?: number;
  /** Whether more is better (default false). */
  readonly isHigherBetter?: boolean;
}

/** A system that learns. */
export interface System {
  readonly title: string;
  readonly model?: Model;
  /** Trains with a seed and measures on the test images. */
  run(images: Images, seed: Key): Promise<readonly Figure[]>;
}

const asVectors = (t: Tensor) => ops.reshape(t, [t.shape[0], 784]);
const asImages = (t: Tensor) => ops.reshape(t, [t.shape[0], 28, 28, 1]);

/** Adam, batches of 128, the last incomplete one dropped: as PyTorch's figures were made. */
async function trained(model: Model, data: Tensor, options: FitOptions): Promise<ModelParams> {
  return (await fit(model, data, { optimizer: adam({ learningRate: 1e-3 }), dropLast: true, ...options }))
    .params;
}

function compressing(title: string, model: Autoencoder, pytorch: { bce: number; mse: number }): System {
  return {
    title,
    model,
    async run({ train, test }, seed) {
      const params = await trained(model, asVectors(train), { key: seed, epochs: 30 });
      const target = asVectors(test);
      const output = model.reconstruct(params, target);
      return [
        { name: "BCE per pixel", value: item(binaryCrossEntropy(output, target)), pytorch: pytorch.bce },
        { name: "MSE", value: item(squaredError(output, target)), pytorch: pytorch.mse },
      ];
    },
  };
}

const strided: System = {
  title: "strided autoencoder, images in [−1, 1]",
  model: lectures.strided(),
  async run({ train, test }, seed) {
    const model = lectures.strided();
    const [data, target] = [train, test].map((t) => ops.scale(asImages(t), 2, -1));
    const optimizer = adam({ learningRate: 1e-3, weightDecay: 1e-5 });
    const params = await trained(model, data, { key: seed, epochs: 30, optimizer });
    const value = item(squaredError(model.reconstruct(params, target), target));
    return [{ name: "MSE", value, pytorch: 0.1072 }];
  },
};

/** The lecture's convolutional VAE with the slow moving averages that PyTorch's figures were made with. */
export function slowConvVae(): Vae {
  const { spec } = lectures.convVae({ latentSize: 16 });
  return modelFromSpec(
    JSON.parse(JSON.stringify(spec).replaceAll('"momentum":0.9}', '"momentum":0.99}')),
  ) as Vae;
}

function variational(
  title: string,
  model: Vae,
  shape: (t: Tensor) => Tensor,
  epochs: number,
  pytorch?: { total: number; reconstruction: number; kl: number },
): System {
  const beside = (name: "total" | "reconstruction" | "kl") => (pytorch ? { pytorch: pytorch[name] } : {});
  return {
    title,
    model,
    async run({ train, test }, seed) {
      const params = await trained(model, shape(train), { key: seed, epochs });
      const { elbo, reconstruction, kl } = model.elbo(params, shape(test));
      return [
        { name: "−ELBO, nats", value: -elbo, ...beside("total") },
        { name: "reconstruction, nats", value: reconstruction, ...beside("reconstruction") },
        { name: "KL, nats", value: kl, ...beside("kl") },
      ];
    },
  };
}

/** A linear autoencoder against PCA, on the training images. */
function linear(width: number, published: number): System {
  const model = lectures.linear({ features: 784, latentSize: width });
  return {
    title: `linear autoencoder 784-${width}-784`,
    model,
    async run({ train }, seed) {
      const data = asVectors(train);
      // The bias of the output starts at the mean image, so that the width is left for the components.
      const epochs = 150;
      const steps = epochs * Math.ceil(train.shape[0] / 128);
      const optimizer = adam({ learningRate: schedules.cosineDecay({ from: 3e-3, steps }) });
      const params = await trained(model, data, { key: seed, epochs, optimizer, dropLast: false });
      const error = (output: Tensor) => item(squaredError(output, data));
      return [
        { name: "MSE, training images", value: error(model.reconstruct(params, data)), pytorch: published },
        { name: "PCA's MSE", value: pcaError(data, width), pytorch: published },
      ];
    },
  };
}

function pcaError(data: Tensor, width: number): number {
  const { variance } = pca(data);
  const count = data.shape[0];
  const left = variance.data.subarray(width).reduce((sum, value) => sum + value, 0);
  return (left * (count - 1)) / count / data.shape[1];
}

/** The peak signal-to-noise ratio of all pixels together. */
const decibels = (a: Tensor, b: Tensor) => -10 * Math.log10(item(squaredError(a, b)));

function denoising(title: string, corrupt: Layer, pytorch: { gain: number }): System {
  const model = lectures.stacked();
  return {
    title,
    model,
    async run({ train, test }, seed) {
      const params = await trained(model, asVectors(train), { key: seed, epochs: 30, corrupt });
      const target = asVectors(test);
      const noisy = corrupt.apply({}, {}, target, { training: true, key: key(99) }).output;
      const before = decibels(noisy, target);
      const after = decibels(model.reconstruct(params, noisy), target);
      return [
        { name: "PSNR of the noisy images, dB", value: before, isHigherBetter: true },
        { name: "gain by denoising, dB", value: after - before, pytorch: pytorch.gain, isHigherBetter: true },
      ];
    },
  };
}

/** Completes images of which half the patches are hidden. */
const masked: System = (() => {
  const mask: MaskLayer = maskPatches({ size: 4, ratio: 0.5 });
  const relu = { activation: "relu" } as const;
  const model = autoencoder({
    inputShape: [28, 28, 1],
    encoder: sequential(flatten(), dense(256, relu), dense(64, relu)),
    decoder: sequential(dense(256, relu), dense(784, { activation: "sigmoid" }), reshape([28, 28, 1])),
  });
  return {
    title: "masked autoencoder 784-256-64, half of the 4×4 patches hidden",
    model,
    async run({ train, test }, seed) {
      const options = { key: seed, epochs: 30, corrupt: mask, lossOn: "hidden" } as const;
      const params = await trained(model, asImages(train), options);
      const target = asImages(test);
      const seen = mask.apply({}, {}, target, { training: true, key: key(99) }).output;
      const hidden = mask.hidden(key(99), target.shape);
      const error = (output: Tensor) =>
        item(ops.sum(ops.mul(ops.square(ops.sub(output, target)), hidden))) / item(ops.sum(hidden));
      const meanImage = ops.mean(asImages(train), { axis: 0, keepDims: true });
      return [
        { name: "MSE, hidden patches", value: error(model.reconstruct(params, seen)), pytorch: 0.0264 },
        { name: "the mean image's", value: error(meanImage) },
      ];
    },
  };
})();

/** All systems. PyTorch's figures: means of three seeds, version 1.13, the same sizes, data and initialization. */
export const systems: readonly System[] = [
  linear(2, 0.04612),
  linear(16, 0.02013),
  linear(32, 0.01472),
  compressing("autoencoder 784-32-784", lectures.shallow(), { bce: 0.3081, mse: 0.0207 }),
  compressing("autoencoder 784-128-64-32 and back", lectures.stacked(), { bce: 0.3024, mse: 0.0193 }),
  strided,
  denoising("denoising 784-128-64-32, noise 0.5", gaussianNoise(0.5, { clip: [0, 1] }), { gain: 6.72 }),
  denoising("denoising 784-128-64-32, salt and pepper 0.2", saltAndPepper(0.2), { gain: 5.64 }),
  masked,
  variational("VAE 784-500-20", lectures.denseVae(), asVectors, 30, {
    total: 264.2,
    reconstruction: 244.0,
    kl: 20.1,
  }),
  variational("convolutional VAE, 16 latents", lectures.convVae({ latentSize: 16 }), asImages, 20),
  variational("convolutional VAE, 16 latents, momentum 0.99", slowConvVae(), asImages, 20, {
    total: 268.8,
    reconstruction: 255.3,
    kl: 13.5,
  }),
];
