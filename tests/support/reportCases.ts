// Small models of every kind with examples, for reports: untrained, for a report shows whatever there is.

import { faces } from "../../src/data/index.js";
import {
  type EncodingModel,
  autoencoder,
  conv2dTranspose,
  dense,
  flatten,
  type History,
  imageVqVae,
  key,
  type ModelParams,
  ops,
  random,
  reshape,
  sequential,
  type Tensor,
  vae,
} from "../../src/index.js";
import type { ReportOptions } from "../../src/report/study.js";

export interface ReportCase {
  readonly model: EncodingModel;
  readonly params: ModelParams;
  readonly images: Tensor;
  readonly options: ReportOptions;
}

/** Losses that fall, as training tells them: `epochs` epochs of `perEpoch` steps. */
export function historyOf(epochs: number, perEpoch: number, names = ["reconstruction", "kl"]): History {
  const averages = (step: number) => {
    const terms = Object.fromEntries(names.map((name, i) => [name, (i + 1) * (10 + 100 / (step + 1))]));
    return { loss: Object.values(terms).reduce((a, b) => a + b, 0), terms };
  };
  const steps = Array.from({ length: epochs * perEpoch }, (_, step) => ({
    step,
    epoch: Math.floor(step / perEpoch),
    examples: 4,
    imagesPerSecond: 1,
    gradientNorm: 1,
    ...averages(step),
  }));
  return {
    steps,
    epochs: Array.from({ length: epochs }, (_, epoch) => ({
      epoch,
      steps: (epoch + 1) * perEpoch,
      training: averages((epoch + 1) * perEpoch),
      validation: averages((epoch + 1) * perEpoch),
      imagesPerSecond: 1,
      warnings: [],
    })),
  };
}

const caseOf = (model: EncodingModel, images: Tensor, options: ReportOptions = {}): ReportCase => ({
  model,
  params: model.init(key(1)),
  images,
  options,
});

/** A VAE of images 8×8 whose decoder ends in two transposed convolutions, of which one enlarges. */
export function convolutionalVae(latentSize: number): EncodingModel {
  return vae({
    inputShape: [8, 8, 1],
    latentSize,
    encoder: sequential(flatten(), dense(6)),
    decoder: sequential(
      dense(16),
      reshape([4, 4, 1]),
      conv2dTranspose(2, { kernel: 3, stride: 2 }),
      conv2dTranspose(1, { kernel: 3 }),
    ),
  });
}

/** An autoencoder of vectors. */
export function vectorAutoencoder(features: number, width: number): EncodingModel {
  return autoencoder({ inputShape: [features], encoder: dense(width), decoder: dense(features) });
}

/** Faces 8×8 with their factors. */
export const smallFaces = (count: number) => faces({ count, size: 8, key: key(7) });

/** A VAE on faces with everything that can be given. */
export function fullCase(): ReportCase {
  const { images, factors } = smallFaces(60);
  return caseOf(convolutionalVae(3), images, {
    title: "A full report",
    settings: { epochs: 2, optimizer: "adam" },
    history: historyOf(2, 5),
    labels: Array.from({ length: 60 }, (_, i) => i % 3),
    labelNames: ["none", "one", "two"],
    factors: { background: factors.background, hairTone: factors.hairTone, smile: factors.smile },
    key: key(3),
  });
}

/** A VAE of two kinds of images, which it is told; untrained, so that it takes most for one of them. */
export function conditionalCase(): ReportCase {
  const labels = Array.from({ length: 48 }, (_, i) => i % 3);
  const model = vae({
    inputShape: [8, 8, 1],
    latentSize: 3,
    encoder: sequential(flatten(), dense(6)),
    decoder: sequential(dense(16), reshape([4, 4, 1]), conv2dTranspose(1, { kernel: 4, stride: 2 })),
    condition: { classes: 3, names: ["hat", "sock", "glove"], as: "maps" },
  });
  return caseOf(model, smallFaces(48).images, { labels, labelNames: ["hat", "sock", "glove"] });
}

/** One report per kind of model. */
export const REPORT_CASES: Readonly<Record<string, () => ReportCase>> = {
  "a VAE with everything": fullCase,
  "a VAE of two latents": () => caseOf(convolutionalVae(2), smallFaces(20).images),
  "a VAE of one latent": () => caseOf(convolutionalVae(1), smallFaces(20).images),
  "an autoencoder of images": () =>
    caseOf(
      autoencoder({
        inputShape: [8, 8, 3],
        encoder: sequential(flatten(), dense(5)),
        decoder: sequential(dense(192, { activation: "tanh" }), reshape([8, 8, 3])),
      }),
      random.uniform(key(2), [20, 8, 8, 3], { low: -1 }),
      { valueRange: [-1, 1], history: historyOf(1, 3, ["reconstruction"]) },
    ),
  "an autoencoder of vectors shown as images": () =>
    caseOf(vectorAutoencoder(64, 2), ops.reshape(smallFaces(20).images, [20, 64]), { imageShape: [8, 8, 1] }),
  "a VAE that knows classes": conditionalCase,
  "a VQ-VAE": () =>
    caseOf(
      imageVqVae({ inputShape: [8, 8, 1], latentSize: 3, codebook: 8, channels: [2] }),
      smallFaces(48).images,
    ),
  "an autoencoder of vectors": () => caseOf(vectorAutoencoder(6, 2), random.normal(key(4), [40, 6])),
};
