// Benchmarks of whole training steps: loss, all gradients and the update by Adam. Multiply-adds are those of the
// forward pass, three times.

import {
  adam,
  batchNorm,
  binaryCrossEntropy,
  conv2d,
  conv2dTranspose,
  dense,
  flatten,
  key,
  klStandardNormal,
  type Layer,
  maxPool2d,
  ops,
  parallel,
  random,
  reparameterize,
  reshape,
  sequential,
  squaredError,
  type Tensor,
  type Tree,
  upsampleNearest,
  valueAndGrad,
} from "../src/index.js";
import { multiplyAddsOf } from "../src/layers/summary.js";
import type { Case } from "./support.js";

interface Model {
  readonly title: string;
  readonly inputShape: readonly number[];
  readonly batch: number;
  readonly encoder: Layer;
  readonly decoder: Layer;
  /** Latent variables of a VAE; absent for a plain autoencoder. */
  readonly latent?: number;
  readonly reconstruction: (output: Tensor, x: Tensor) => Tensor;
}

const RELU = { activation: "relu" } as const;
const SIGMOID = { activation: "sigmoid" } as const;

const MODELS: readonly Model[] = [
  {
    title: "convolutional VAE (V), batch 128",
    inputShape: [28, 28, 1],
    batch: 128,
    latent: 2,
    encoder: sequential(
      conv2d(32, { kernel: 3, stride: 2, ...RELU }),
      batchNorm(),
      conv2d(64, { kernel: 3, stride: 2, ...RELU }),
      batchNorm(),
      flatten(),
      dense(20, RELU),
      batchNorm(),
    ),
    decoder: sequential(
      dense(3136, RELU),
      batchNorm(),
      reshape([7, 7, 64]),
      conv2dTranspose(64, { kernel: 3, stride: 2, ...RELU }),
      batchNorm(),
      conv2dTranspose(32, { kernel: 3, stride: 2, ...RELU }),
      batchNorm(),
      conv2dTranspose(1, { kernel: 3, ...SIGMOID }),
    ),
    reconstruction: (output, x) => ops.scale(binaryCrossEntropy(output, x), 784),
  },
  {
    title: "convolutional autoencoder (C), batch 32",
    inputShape: [28, 28, 1],
    batch: 32,
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
    reconstruction: binaryCrossEntropy,
  },
  {
    title: "shallow autoencoder 784-32-784 (D), batch 256",
    inputShape: [784],
    batch: 256,
    encoder: dense(32, RELU) as unknown as Layer,
    decoder: dense(784, SIGMOID) as unknown as Layer,
    reconstruction: binaryCrossEntropy,
  },
  {
    title: "stacked autoencoder 784-128-64-32 (S), batch 256",
    inputShape: [784],
    batch: 256,
    encoder: sequential(dense(128, RELU), dense(64, RELU), dense(32, RELU)),
    decoder: sequential(dense(64, RELU), dense(128, RELU), dense(784, SIGMOID)),
    reconstruction: binaryCrossEntropy,
  },
  {
    title: "strided autoencoder (P), batch 128",
    inputShape: [28, 28, 1],
    batch: 128,
    encoder: sequential(
      conv2d(16, { kernel: 3, stride: 3, padding: 1, ...RELU }),
      maxPool2d(2),
      conv2d(8, { kernel: 3, stride: 2, padding: 1, ...RELU }),
      maxPool2d(2, { stride: 1 }),
    ),
    decoder: sequential(
      conv2dTranspose(16, { kernel: 3, stride: 2, padding: 0, ...RELU }),
      conv2dTranspose(8, { kernel: 5, stride: 3, padding: 1, ...RELU }),
      conv2dTranspose(1, { kernel: 2, stride: 2, padding: 1, activation: "tanh" }),
    ),
    reconstruction: squaredError,
  },
];

function trainStepCase({ title, inputShape, batch, encoder, decoder, latent, reconstruction }: Model): Case {
  const heads = latent === undefined ? undefined : parallel({ mean: dense(latent), logVar: dense(latent) });
  const encoded = encoder.outputShape(inputShape);
  const code = latent ? [latent] : encoded;
  const multiplyAdds =
    multiplyAddsOf(encoder, inputShape) +
    (heads ? multiplyAddsOf(heads, encoded) : 0) +
    multiplyAddsOf(decoder, code);
  return {
    title: `training step, ${title}`,
    work: { flops: multiplyAdds * 2 * 3 * batch },
    outsideScope: true,
    prepare() {
      const parts = {
        encoder: encoder.init(key(1), inputShape),
        heads: heads?.init(key(2), encoded),
        decoder: decoder.init(key(3), code),
      };
      const x = random.uniform(key(4), [batch, ...inputShape]);
      const optimizer = adam();
      const training = { training: true };
      const step = valueAndGrad((params: Record<keyof typeof parts, Tree>) => {
        const h = encoder.apply(params.encoder, parts.encoder.state, x, training).output;
        if (heads === undefined) {
          return reconstruction(decoder.apply(params.decoder, parts.decoder.state, h, training).output, x);
        }
        const { mean, logVar } = heads.apply(params.heads as never, parts.heads?.state as never, h)
          .output as {
          readonly mean: Tensor;
          readonly logVar: Tensor;
        };
        const z = reparameterize(key(5), { mean, logVar });
        const output = decoder.apply(params.decoder, parts.decoder.state, z, training).output;
        return ops.add(reconstruction(output, x), ops.mean(klStandardNormal({ mean, logVar })));
      });
      const params = {
        encoder: parts.encoder.params,
        heads: (parts.heads?.params ?? {}) as Tree,
        decoder: parts.decoder.params,
      };
      const state = optimizer.init(params);
      return {
        run: () => {
          const { value, grads } = step(params);
          optimizer.update(grads, state, params);
          return value;
        },
      };
    },
  };
}

export const trainStepCases: readonly Case[] = MODELS.map(trainStepCase);
