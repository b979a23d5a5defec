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
import { type Condition, widened, widthOf, withLabels } from "./condition.js";
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

/** A batch with what is known of its examples, y `[n, width]`, in a conditional model. */
export interface Known {
  readonly inputs: Tensor;
  readonly y: Tensor | undefined;
}

/** Encoder, heads, decoder and likelihood; y is undefined where the model has no condition. */
export interface Network {
  readonly parts: readonly Part[];
  init(key: Key): ModelParams;
  /** Numbers that the decoder gives for one code. */
  readonly outputSize: number;
  /** Through all layers, by way of `sample`, which makes codes of the posterior. */
  pass(
    params: ModelParams,
    known: Known,
    target: Tensor,
    sample: (q: DiagonalGaussian) => Tensor,
    context: ApplyContext,
  ): Passage;
  /** q(z | x) of a batch. */
  encode(params: ModelParams, known: Known): DiagonalGaussian;
  /** What the decoder gives, of which the likelihood makes its mean. */
  outputs(params: ModelParams, codes: Tensor, y: Tensor | undefined): Tensor;
  /** The likelihood's mean. */
  decode(params: ModelParams, codes: Tensor, y: Tensor | undefined): Tensor;
  /** −log p(x | z) of every row, in nats. */
  negativeLogProb(params: ModelParams, codes: Tensor, known: Known): Tensor;
}

/** Joins the layers that options name; refuses those that do not fit. */
export function networkOf(
  where: string,
  options: Omit<VaeOptions, "condition">,
  condition: Condition | undefined,
): Network {
  const { inputShape, latentSize, likelihood = "bernoulli" } = options;
  const heads: Layer<Tree, Tree, DiagonalGaussian> = parallel({
    mean: dense(latentSize),
    logVar: dense(latentSize),
  });
  const width = widthOf(condition);
  const isMaps = condition?.as === "maps";
  const encoderShape = widened(inputShape, isMaps ? width : 0);
  const features = widened(outputShapeOf("encoder", options.encoder, encoderShape), isMaps ? 0 : width);
  const codeShape = [latentSize + width];
  const encoder = { place: "encoder", layer: options.encoder, inputShape: encoderShape };
  const posterior = { place: "posterior", layer: heads, inputShape: features };
  const decoder = { place: "decoder", layer: options.decoder, inputShape: codeShape };
  within("posterior", () => heads.outputShape(features));
  const outputShape = outputShapeOf("decoder", options.decoder, codeShape);
  const observation = observationOf(where, likelihood, inputShape, outputShape);
  const encoded = (params: ModelParams, { inputs, y }: Known, context: ApplyContext = {}) => {
    const own = contextOf(context, DRAWS.encoder);
    const { output, state } = applyPart(encoder, params, withLabels(inputs, isMaps ? y : undefined), own);
    return { output: withLabels(output, isMaps ? undefined : y), state };
  };
  const outputs = (params: ModelParams, codes: Tensor, y: Tensor | undefined) =>
    applyPart(decoder, params, withLabels(codes, y)).output;
  const elements = ({ weights }: ModelParams, output: Tensor, target: Tensor) =>
    observation.negativeLogProb(output, target, weights.likelihood);

  return {
    parts: [encoder, posterior, decoder],
    outputSize: sizeOf(outputShape),
    init(key) {
      const parts = {
        encoder: encoder.layer.init(fold(key, DRAWS.encoder), encoderShape),
        posterior: heads.init(fold(key, DRAWS.posterior), features),
        decoder: decoder.layer.init(fold(key, DRAWS.decoder), codeShape),
        likelihood: { params: observation.init(), state: {} },
      };
      const entries = Object.entries(parts);
      return {
        weights: Object.fromEntries(entries.map(([name, { params }]) => [name, params])),
        state: Object.fromEntries(entries.map(([name, { state }]) => [name, state])),
      };
    },
    pass(params, known, target, sample, context) {
      const seen = encoded(params, known, context);
      const q = applyPart(posterior, params, seen.output, contextOf(context, DRAWS.posterior));
      const codes = withLabels(sample(q.output), known.y);
      const decoded = applyPart(decoder, params, codes, contextOf(context, DRAWS.decoder));
      return {
        q: q.output,
        negativeLogProb: elements(params, decoded.output, target),
        state: { encoder: seen.state, posterior: q.state, decoder: decoded.state, likelihood: {} },
      };
    },
    encode: (params, known) => applyPart(posterior, params, encoded(params, known).output).output,
    outputs,
    decode: (params, codes, y) => observation.mean(outputs(params, codes, y)),
    negativeLogProb(params, codes, { inputs, y }) {
      const values = elements(params, outputs(params, codes, y), inputs);
      return ops.sum(ops.reshape(values, [inputs.shape[0], -1]), { axis: 1 });
    },
  };
}
