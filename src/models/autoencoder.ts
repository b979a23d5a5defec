// Plain autoencoders: an encoder to a code, a decoder back, and a reconstruction loss.

import { checkOneOf, checkOptions, checkShape, refuseValue } from "../check/check.js";
import type { ApplyContext, Layer } from "../layers/layer.js";
import { contextOf } from "../layers/checks.js";
import { layerOf } from "../layers/given.js";
import * as ops from "../ops/index.js";
import { checkKey, fold, type Key } from "../random/keys.js";
import { isSameShape, type Shape, type Tensor } from "../tensor/tensor.js";
import { type BatchLike, unlabelled } from "./batch.js";
import { batchedBy, type BatchOptions } from "./batches.js";
import { AUTOENCODER_DRAWS as DRAWS } from "./draws.js";
import {
  applyPart,
  checkLossOptions,
  checkParams,
  type LossOptions,
  type LossResult,
  type Model,
  type ModelParams,
  type AutoencoderSpec,
  type Part,
  outputShapeOf,
} from "./model.js";
import {
  elementsOf,
  type ReconstructionLoss,
  type ReconstructionReduction,
  reduceWhere,
} from "./reconstructionLoss.js";

/** What {@link autoencoder} is made from. */
export interface AutoencoderOptions {
  /** The shape of one input: `[height, width, channels]` or `[features]`. */
  readonly inputShape: Shape;
  /** From an input to a code of any shape. */
  readonly encoder: Layer;
  /** From a code back to the input's shape. */
  readonly decoder: Layer;
  /**
   * `"squaredError"` (default); `"binaryCrossEntropy"`, where the decoder ends in a sigmoid;
   * `"binaryCrossEntropyWithLogits"`, where it does not; or a function of output and target that gives a value per
   * element.
   */
  readonly loss?: ReconstructionLoss | undefined;
  /** `"mean"` over all elements (default), or `"perExample"`: the sum of each example, averaged over the batch. */
  readonly reduction?: ReconstructionReduction | undefined;
}

/**
 * A plain autoencoder; its parameters are outside of it: every function takes them first. Gradients flow through
 * all of them; outside of {@link grad} and its like, any number of examples is taken, in parts.
 */
export interface Autoencoder extends Model {
  /** Tells it from other models. */
  readonly type: "autoencoder";
  readonly spec: AutoencoderSpec<"autoencoder">;
  readonly parts: readonly Part[];
  /** The shape of one code. */
  readonly codeShape: Shape;
  /** Fresh parameters. */
  init(key: Key): ModelParams;
  /** The loss on a batch, with one term `reconstruction`; differentiable by `params.weights`. */
  loss(params: ModelParams, batch: BatchLike, options?: LossOptions): LossResult;
  /** Inputs `[n, ...inputShape]` to codes `[n, ...codeShape]`; any number at once. */
  encode(params: ModelParams, inputs: Tensor, options?: BatchOptions): Tensor;
  /** Codes `[n, ...codeShape]` to outputs `[n, ...inputShape]`; probabilities where the decoder gives logits. */
  decode(params: ModelParams, codes: Tensor, options?: BatchOptions): Tensor;
  /** `decode(encode(inputs))`. */
  reconstruct(params: ModelParams, inputs: Tensor, options?: BatchOptions): Tensor;
  /** How badly each input is reconstructed, `[n]`, higher for outliers: its loss, reduced as in training. */
  score(params: ModelParams, inputs: Tensor, options?: BatchOptions): Tensor;
}

const NAMES = ["encoder", "decoder"];

/**
 * An autoencoder: trained to give its input back through a code.
 *
 * @param options.inputShape - the shape of one input, without the batch axis
 * @param options.encoder - layer from an input to a code
 * @param options.decoder - layer from a code to the input's shape
 * @param options.loss - `"squaredError"` (default), `"binaryCrossEntropy"`, `"binaryCrossEntropyWithLogits"`, or a
 *   function `(output, target) => values`, one per element
 * @param options.reduction - `"mean"` over all elements (default) or `"perExample"`
 * @returns the model; see {@link Autoencoder} for its functions
 * @throws {TypeError} when an option is unknown or of the wrong kind
 * @throws {RangeError} when the layers do not fit the shape or each other
 * @example
 * const model = autoencoder({
 *   inputShape: [784],
 *   encoder: dense(32, { activation: "relu" }),
 *   decoder: dense(784, { activation: "sigmoid" }),
 *   loss: "binaryCrossEntropy",
 * });
 * const params = model.init(key(1));
 * model.reconstruct(params, zeros([5, 784])).shape; // [5, 784]
 * @see Hinton & Salakhutdinov, "Reducing the dimensionality of data with neural networks" (2006)
 */
export function autoencoder(options: AutoencoderOptions): Autoencoder {
  const where = "autoencoder";
  checkOptions(where, options, ["inputShape", "encoder", "decoder", "loss", "reduction"]);
  const { inputShape, loss = "squaredError", reduction = "mean" } = options;
  checkShape(where, "inputShape", inputShape);
  const layers = {
    encoder: layerOf(where, "encoder", options.encoder),
    decoder: layerOf(where, "decoder", options.decoder),
  };
  const elements = elementsOf(where, loss);
  checkOneOf(where, "reduction", reduction, ["mean", "perExample"]);
  const codeShape = outputShapeOf("encoder", layers.encoder, inputShape);
  const encoder = { place: "encoder", layer: layers.encoder, inputShape };
  const decoder = { place: "decoder", layer: layers.decoder, inputShape: codeShape };
  const outputShape = outputShapeOf("decoder", layers.decoder, codeShape);
  if (!isSameShape(outputShape, inputShape)) {
    refuseValue(where, "decoder", `give the input's shape [${inputShape.join(", ")}]`, outputShape);
  }
  const isLogits = loss === "binaryCrossEntropyWithLogits";

  const encodeBatch = (params: ModelParams, batch: Tensor) => applyPart(encoder, params, batch).output;
  const decodeBatch = (params: ModelParams, codes: Tensor) => {
    const { output } = applyPart(decoder, params, codes);
    return isLogits ? ops.sigmoid(output) : output;
  };
  const batched = batchedBy(where, (whereCall, params) => checkParams(whereCall, params, NAMES));

  return {
    type: where,
    spec: {
      type: where,
      inputShape,
      encoder: encoder.layer.spec,
      decoder: decoder.layer.spec,
      options: { loss: typeof loss === "string" ? loss : "custom", reduction },
    },
    parts: [encoder, decoder],
    inputShape,
    codeShape,
    init(key) {
      checkKey(`${where}.init`, "key", key);
      const parts = {
        encoder: encoder.layer.init(fold(key, DRAWS.encoder), inputShape),
        decoder: decoder.layer.init(fold(key, DRAWS.decoder), codeShape),
      };
      return {
        weights: { encoder: parts.encoder.params, decoder: parts.decoder.params },
        state: { encoder: parts.encoder.state, decoder: parts.decoder.state },
      };
    },
    loss(params, batch, lossOptions = {}) {
      const whereCall = `${where}.loss`;
      checkParams(whereCall, params, NAMES);
      const { inputs, targets = inputs, weights } = unlabelled(whereCall, batch, inputShape);
      checkLossOptions(whereCall, lossOptions);
      const { key, training = false, hidden } = lossOptions;
      const context: ApplyContext = key === undefined ? { training } : { training, key };
      const code = applyPart(encoder, params, inputs, contextOf(context, DRAWS.encoder));
      const decoded = applyPart(decoder, params, code.output, contextOf(context, DRAWS.decoder));
      const values = elements(decoded.output, targets);
      const reconstruction = reduceWhere(whereCall, values, reduction, { hidden, weights });
      return {
        loss: reconstruction,
        terms: { reconstruction },
        state: { encoder: code.state, decoder: decoded.state },
      };
    },
    encode: batched("encode", "inputs", inputShape, encodeBatch),
    decode: batched("decode", "codes", codeShape, decodeBatch),
    reconstruct: batched("reconstruct", "inputs", inputShape, (params, batch) =>
      decodeBatch(params, encodeBatch(params, batch)),
    ),
    score: batched("score", "inputs", inputShape, (params, batch) => {
      const { output } = applyPart(decoder, params, encodeBatch(params, batch));
      const values = ops.reshape(elements(output, batch), [batch.shape[0], -1]);
      return reduction === "mean" ? ops.mean(values, { axis: 1 }) : ops.sum(values, { axis: 1 });
    }),
  };
}
