// Random small autoencoders and VAEs, dense and convolutional, as property tests draw them.

import * as fc from "fast-check";
import {
  type ActivationName,
  autoencoder,
  type Autoencoder,
  type AutoencoderOptions,
  batchNorm,
  conv2d,
  conv2dTranspose,
  dense,
  dropout,
  flatten,
  key,
  type Key,
  type Layer,
  type Likelihood,
  maxPool2d,
  ops,
  random,
  reshape,
  residual,
  resizeConv2d,
  sequential,
  type Shape,
  type Tensor,
  upsampleNearest,
  vae,
  type Vae,
  type VaeOptions,
} from "../../src/index.js";
import { channelsPerChannel } from "../../src/models/vae/likelihood.js";
import { seed } from "./arbitraries.js";

const upTo = (max: number) => fc.integer({ min: 1, max });
const activations = fc.constantFrom<ActivationName>("linear", "relu", "tanh", "silu");

/** Layers for inputs of a shape; the decoder gives `times` as many channels, each pushed through `last`. */
interface Architecture {
  readonly inputShape: Shape;
  readonly encoder: Layer;
  readonly decoder: (times: number, last: ActivationName) => Layer;
  readonly codeShape: Shape;
}

const denseNetworks: fc.Arbitrary<Architecture> = fc
  .record({ features: upTo(9), width: upTo(8), code: upTo(5), activation: activations })
  .map(({ features, width, code, activation }) => ({
    inputShape: [features],
    encoder: sequential(dense(width, { activation }), residual(dense(width)), dense(code)),
    decoder: (times, last) =>
      sequential(dense(width, { activation }), batchNorm(), dense(features * times, { activation: last })),
    codeShape: [code],
  }));

const convolutionalNetworks: fc.Arbitrary<Architecture> = fc
  .record({
    height: upTo(4),
    width: upTo(4),
    channels: upTo(3),
    filters: upTo(6),
    code: upTo(5),
    activation: activations,
    down: fc.constantFrom("stride", "pool"),
    up: fc.constantFrom("transpose", "upsample", "resize"),
  })
  .map(({ height, width, channels, filters, code, activation, down, up }) => {
    const padding = "same";
    const halving =
      down === "stride"
        ? [conv2d(filters, { kernel: 3, stride: 2, padding, activation })]
        : [conv2d(filters, { kernel: 3, padding, activation }), maxPool2d(2)];
    const doubling = (count: number, last: ActivationName): readonly Layer[] => {
      const options = { kernel: 3, padding, activation: last } as const;
      if (up === "transpose") return [conv2dTranspose(count, { ...options, stride: 2 })];
      if (up === "resize") return [resizeConv2d(count, options)];
      return [upsampleNearest(2), conv2d(count, options)];
    };
    return {
      inputShape: [2 * height, 2 * width, channels],
      encoder: sequential(...halving, batchNorm(), dropout(0.2), flatten(), dense(code)),
      decoder: (times, last) =>
        sequential(
          dense(height * width * filters, { activation }),
          reshape([height, width, filters]),
          ...doubling(channels * times, last),
        ),
      codeShape: [code],
    };
  });

const architectures = fc.oneof(denseNetworks, convolutionalNetworks);

/** A model with what made it. */
export interface ModelCase<Model, Options> {
  readonly model: Model;
  readonly options: Options;
  readonly seed: number;
}

export type AutoencoderCase = ModelCase<Autoencoder, AutoencoderOptions>;
export type VaeCase = ModelCase<Vae, VaeOptions>;

export const autoencoders: fc.Arbitrary<AutoencoderCase> = fc
  .record({
    architecture: architectures,
    loss: fc.constantFrom("squaredError", "binaryCrossEntropy", "binaryCrossEntropyWithLogits"),
    reduction: fc.constantFrom("mean", "perExample"),
    seed,
  })
  .map(({ architecture: { inputShape, encoder, decoder }, loss, reduction, seed }) => {
    const last = loss === "binaryCrossEntropy" ? "sigmoid" : "linear";
    const options = { inputShape, encoder, decoder: decoder(1, last), loss, reduction } as AutoencoderOptions;
    return { model: autoencoder(options), options, seed };
  });

const LIKELIHOODS: readonly Likelihood[] = [
  "bernoulli",
  { type: "bernoulli", outputs: "logits" },
  { type: "bernoulli", outputs: "probabilities" },
  { type: "gaussian", gamma: 0.3 },
  { type: "gaussian", gamma: "learned" },
  { type: "gaussian", gamma: "perPixel" },
  { type: "discretizedLogistic" },
  { type: "discretizedLogistic", levels: 8, components: 2 },
];

export const vaes: fc.Arbitrary<VaeCase> = fc
  .record({
    architecture: architectures,
    latentSize: upTo(4),
    likelihood: fc.constantFrom(...LIKELIHOODS),
    more: fc.record(
      {
        beta: fc.constantFrom(0, 0.5, 4),
        freeBits: fc.constantFrom({ perDimension: 0.1 }, { total: 2 }),
      },
      { requiredKeys: [] },
    ),
    seed,
  })
  .map(({ architecture: { inputShape, encoder, decoder }, latentSize, likelihood, more, seed }) => {
    const isProbabilities = typeof likelihood === "object" && "outputs" in likelihood;
    const last = isProbabilities && likelihood.outputs === "probabilities" ? "sigmoid" : "linear";
    const layers = { inputShape, encoder, decoder: decoder(channelsPerChannel(likelihood), last) };
    const options: VaeOptions = { ...layers, latentSize, likelihood, ...more };
    return { model: vae(options), options, seed };
  });

/** A layer that notes the key of every use. */
export const noting = (layer: Layer, keys: (Key | undefined)[]): Layer => ({
  ...layer,
  apply: (params, state, input, context) => {
    keys.push(context?.key);
    return layer.apply(params, state, input, context);
  },
});

/** Values in [0, 1], which every loss takes. */
export const imagesOf = (shape: Shape, count: number, seed: number): Tensor =>
  random.uniform(key(seed), [count, ...shape]);

/** Examples some at a time, one behind the other. */
export const inParts = (f: (part: Tensor) => Tensor, images: Tensor, size: number): Tensor =>
  ops.concat(
    Array.from({ length: Math.ceil(images.shape[0] / size) }, (_, i) =>
      f(ops.slice(images, i * size, Math.min((i + 1) * size, images.shape[0]))),
    ),
    0,
  );
