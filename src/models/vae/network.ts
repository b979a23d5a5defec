// The layers of a variational autoencoder, joined and checked: what they make of one batch.

import { within } from "../../check/check.js";
import type { DiagonalGaussian } from "../../distributions/gaussian.js";
import { parallel } from "../../layers/combine.js";
import { dense } from "../../layers/dense.js";
import type { ApplyContext, Layer } from "../../layers/layer.js";
import { contextOf } from "../../layers/checks.js";
import * as ops from "../../ops/index.js";
import { fold, type Key } from "../../random/keys.js";
import { sizeOf, type Tensor } from "../../tensor/tensor.js";
import type { Tree } from "../../tensor/tree.js";
import { VAE_DRAWS as DRAWS } from "../draws.js";
import { observationOf } from "./likelihood.js";
import { applyPart, type ModelParams, outputShapeOf, type Part } from "../model.js";
import type { VaeOptions } from "./types.js";

/** The entries of a VAE's parameters. */
export const PARTS = ["encoder", "posterior", "decoder", "likelihood"] as const;

/** What a batch becomes on its way through all layers. */
export interface Passage {
  readonly q: DiagonalGaussian;
  /** −log p of every element of the target, in nats. */
  readonly negativeLogProb: Tensor;
  readonly state: ModelParams["state"];
}

/** Encoder, heads, decoder and likelihood. */
export interface Network {
  readonly parts: readonly Part[];
  init(key: Key): ModelParams;
  /** Numbers that the decoder gives for one code. */
  readonly outputSize: number;
  /** Through all layers, by way of `sample`, which makes codes of the posterior. */
  pass(
    params: ModelParams,
    inputs: Tensor,
    target: Tensor,
    sample: (q: DiagonalGaussian) => Tensor,
    context: ApplyContext,
  ): Passage;
  /** q(z | x) of a batch. */
  encode(params: ModelParams, inputs: Tensor): DiagonalGaussian;
  /** What the decoder gives, of which the likelihood makes its mean. */
  outputs(params: ModelParams, codes: Tensor): Tensor;
  /** The likelihood's mean. */
  decode(params: ModelParams, codes: Tensor): Tensor;
  /** −log p(x | z) of every row, in nats. */
  negativeLogProb(params: ModelParams, codes: Tensor, inputs: Tensor): Tensor;
}

/** Joins the layers that options name; refuses those that do not fit. */
export function networkOf(where: string, options: VaeOptions): Network {
  const { inputShape, latentSize, likelihood = "bernoulli" } = options;
  const heads: Layer<Tree, Tree, DiagonalGaussian> = parallel({
    mean: dense(latentSize),
    logVar: dense(latentSize),
  });
  const features = outputShapeOf("encoder", options.encoder, inputShape);
  const encoder = { place: "encoder", layer: options.encoder, inputShape };
  const posterior = { place: "posterior", layer: heads, inputShape: features };
  const decoder = { place: "decoder", layer: options.decoder, inputShape: [latentSize] };
  within("posterior", () => heads.outputShape(features));
  const outputShape = outputShapeOf("decoder", options.decoder, [latentSize]);
  const observation = observationOf(where, likelihood, inputShape, outputShape);
  const elements = ({ weights }: ModelParams, output: Tensor, target: Tensor) =>
    observation.negativeLogProb(output, target, weights.likelihood);

  return {
    parts: [encoder, posterior, decoder],
    outputSize: sizeOf(outputShape),
    init(key) {
      const parts = {
        encoder: encoder.layer.init(fold(key, DRAWS.encoder), inputShape),
        posterior: heads.init(fold(key, DRAWS.posterior), features),
        decoder: decoder.layer.init(fold(key, DRAWS.decoder), [latentSize]),
        likelihood: { params: observation.init(), state: {} },
      };
      const entries = Object.entries(parts);
      return {
        weights: Object.fromEntries(entries.map(([name, { params }]) => [name, params])),
        state: Object.fromEntries(entries.map(([name, { state }]) => [name, state])),
      };
    },
    pass(params, inputs, target, sample, context) {
      const encoded = applyPart(encoder, params, inputs, contextOf(context, DRAWS.encoder));
      const q = applyPart(posterior, params, encoded.output, contextOf(context, DRAWS.posterior));
      const decoded = applyPart(decoder, params, sample(q.output), contextOf(context, DRAWS.decoder));
      return {
        q: q.output,
        negativeLogProb: elements(params, decoded.output, target),
        state: { encoder: encoded.state, posterior: q.state, decoder: decoded.state, likelihood: {} },
      };
    },
    encode: (params, inputs) =>
      applyPart(posterior, params, applyPart(encoder, params, inputs).output).output,
    outputs: (params, codes) => applyPart(decoder, params, codes).output,
    decode: (params, codes) => observation.mean(applyPart(decoder, params, codes).output),
    negativeLogProb(params, codes, inputs) {
      const values = elements(params, applyPart(decoder, params, codes).output, inputs);
      return ops.sum(ops.reshape(values, [inputs.shape[0], -1]), { axis: 1 });
    },
  };
}
