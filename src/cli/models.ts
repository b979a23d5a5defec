// Models by the names that the command line knows, made for the shape of the data.

import { sequential } from "../layers/combine.js";
import { dense } from "../layers/dense.js";
import { flatten, reshape } from "../layers/shape.js";
import { linearAutoencoder } from "../latent/pcaAutoencoder.js";
import { autoencoder } from "../models/autoencoder.js";
import type { AnyModel } from "../models/fromSpec.js";
import { imageAutoencoder, imageVae } from "../models/imageModels.js";
import { imageVqVae } from "../models/imageVqVae.js";
import * as lectures from "../models/lectures.js";
import { pixelCnn } from "../models/pixels/pixelCnn.js";
import { pixelRnn } from "../models/pixels/pixelRnn.js";
import type { Beta } from "../models/vae/beta.js";
import type { Condition } from "../models/vae/condition.js";
import { channelsPerChannel, type Likelihood } from "../models/vae/likelihood.js";
import { vae } from "../models/vae/vae.js";
import { type Shape, sizeOf } from "../tensor/tensor.js";
import { fail } from "./command.js";

/** What a model is made for. */
export interface ModelRequest {
  readonly inputShape: Shape;
  readonly latent: number;
  readonly beta: Beta;
  /** Whether all values lie in [0, 1]: those of images do, those of tables may. */
  readonly isUnit: boolean;
  readonly likelihood: LikelihoodName;
  /** Deviation of the Gaussian likelihood. */
  readonly gamma: number;
  /** Vectors of a codebook. */
  readonly codebook: number;
  /** What the model knows of every example. */
  readonly condition?: Condition | undefined;
  /** Of models of pixels: levels of a value, and the network's sizes (absent: as the model has them). */
  readonly levels: number;
  readonly hidden?: number | undefined;
  readonly layers?: number | undefined;
}

export const LIKELIHOODS = ["bernoulli", "gaussian", "discretizedLogistic"] as const;
type LikelihoodName = (typeof LIKELIHOODS)[number];

const RELU = { activation: "relu" } as const;
const TANH = { activation: "tanh" } as const;

const likelihoodOf = ({ likelihood, gamma }: ModelRequest): Likelihood =>
  likelihood === "bernoulli"
    ? likelihood
    : likelihood === "gaussian"
      ? { type: likelihood, gamma }
      : { type: likelihood };
const lossOf = ({ isUnit }: ModelRequest) => (isUnit ? "binaryCrossEntropyWithLogits" : "squaredError");

/** Models for data of any size. */
const MODELS: Readonly<Record<string, (request: ModelRequest) => AnyModel>> = {
  "conv-vae": (request) => {
    const { inputShape, latent: latentSize, beta, condition } = request;
    return imageVae({ inputShape, latentSize, beta, condition, likelihood: likelihoodOf(request) });
  },
  "conv-ae": ({ inputShape, latent: latentSize }) =>
    imageAutoencoder({ inputShape, latentSize, reduction: "perExample" }),
  "dense-vae": (request) => {
    const { inputShape, latent: latentSize, beta, condition } = request;
    const likelihood = likelihoodOf(request);
    const times = channelsPerChannel(likelihood);
    const outputShape = [...inputShape.slice(0, -1), times * inputShape[inputShape.length - 1]];
    return vae({
      inputShape,
      latentSize,
      encoder: sequential(flatten(), dense(500, TANH)),
      decoder: sequential(dense(500, TANH), dense(sizeOf(outputShape)), reshape(outputShape)),
      likelihood,
      beta,
      condition,
    });
  },
  "dense-ae": (request) => {
    const { inputShape, latent } = request;
    return autoencoder({
      inputShape,
      encoder: sequential(flatten(), dense(128, RELU), dense(64, RELU), dense(latent)),
      decoder: sequential(dense(64, RELU), dense(128, RELU), dense(sizeOf(inputShape)), reshape(inputShape)),
      loss: lossOf(request),
      reduction: "perExample",
    });
  },
  "vq-vae": ({ inputShape, latent: latentSize, codebook }) =>
    imageVqVae({ inputShape, latentSize, codebook }),
  "pixel-rnn": ({ inputShape, levels, hidden, layers }) => pixelRnn({ inputShape, levels, hidden, layers }),
  "pixel-cnn": ({ inputShape, levels, hidden, layers }) => pixelCnn({ inputShape, levels, hidden, layers }),
  linear: ({ inputShape, latent }) => linearAutoencoder(inputShape, latent),
  // The same model, whose parameters are computed.
  pca: ({ inputShape, latent }) => linearAutoencoder(inputShape, latent),
};

/** The lectures' models for images of 28×28, as they stand there. */
const LECTURES: Readonly<Record<string, (request: ModelRequest) => AnyModel>> = {
  shallow: () => lectures.shallow(),
  stacked: () => lectures.stacked(),
  convolutional: () => lectures.convolutional(),
  strided: () => lectures.strided(),
  denseVae: ({ latent: latentSize, condition }) => lectures.denseVae({ latentSize, condition }),
  convVae: ({ latent: latentSize, condition }) => lectures.convVae({ latentSize, condition }),
};

/** The names of all models. */
export const MODEL_NAMES: readonly string[] = [...Object.keys(MODELS), ...Object.keys(LECTURES)];

/** The model for data of a shape where none is named. */
export const defaultModelName = (dataShape: Shape) => (dataShape.length === 3 ? "conv-vae" : "dense-vae");

/** The model of a name, for the data. */
export function modelByName(name: string, request: ModelRequest): AnyModel {
  const { inputShape } = request;
  const size = inputShape.join("×");
  if (Object.hasOwn(LECTURES, name)) {
    if (size !== "28×28×1") {
      const cure = inputShape.length === 3 ? `: add --size 28${inputShape[2] === 1 ? "" : " --grey"}` : "";
      fail(`--model ${name} is for images of 28×28×1, these data have ${size}${cure}`);
    }
    return LECTURES[name](request);
  }
  if (/^(conv|vq|pixel)-/.test(name) && inputShape.length !== 3) {
    fail(`--model ${name} is for images; for tables there are dense-vae, dense-ae, linear and pca`);
  }
  return MODELS[name](request);
}
