// Autoencoders with a codebook: every vector of the code is replaced by the nearest of a learned list.

import {
  checkInteger,
  checkNumber,
  checkOptions,
  checkResult,
  checkShape,
  refuseValue,
} from "../check/check.js";
import { stopGradient } from "../autodiff/autodiff.js";
import { contextOf } from "../layers/checks.js";
import { layerOf } from "../layers/given.js";
import type { ApplyContext, Layer } from "../layers/layer.js";
import { squaredError } from "../losses/squaredError.js";
import * as ops from "../ops/index.js";
import { normal } from "../random/draws.js";
import { checkKey, fold, type Key } from "../random/keys.js";
import { adoptArray, isSameShape, type Shape, sizeOf, type Tensor, viewOf, zeros } from "../tensor/tensor.js";
import { type BatchLike, checkBatch, unlabelled } from "./batch.js";
import { batchedBy, type BatchOptions } from "./batches.js";
import { begun, checkBook, type CodebookState, moved, nearest } from "./codebook.js";
import { VQ_VAE_DRAWS as DRAWS } from "./draws.js";
import {
  applyPart,
  checkLossOptions,
  checkParams,
  type LossOptions,
  type LossResult,
  type Model,
  type ModelParams,
  type AutoencoderSpec,
  outputShapeOf,
} from "./model.js";
import { reduceWhere } from "./reconstructionLoss.js";

/** What {@link vqVae} is made from; see there. */
export interface VqVaeOptions {
  readonly inputShape: Shape;
  readonly encoder: Layer;
  readonly decoder: Layer;
  readonly latentSize: number;
  readonly codebook?: number | undefined;
  readonly commitment?: number | undefined;
  readonly decay?: number | undefined;
}

/**
 * An autoencoder with a codebook; its parameters are outside of it: every function takes them first. Outside of
 * {@link grad} and its like, any number of examples is taken, in parts.
 */
export interface VqVae extends Model {
  /** Tells it from other models. */
  readonly type: "vqVae";
  readonly spec: AutoencoderSpec<"vqVae">;
  /** Numbers in a vector of the codebook, and how many vectors it has. */
  readonly latentSize: number;
  readonly codebook: number;
  /** The shape of one code, `[...grid, latentSize]`. */
  readonly codeShape: Shape;
  /** Fresh parameters; the codebook is placed among the codes of the first training step, by k-means. */
  init(key: Key): ModelParams;
  /**
   * reconstruction + commitment on a batch, with these two as terms: mean squared errors of the output, and of the code
   * before it is replaced, the latter weighted. The gradient passes the replacement as if it were none. In training, which
   * needs a key, the state has the codebook as moved by the batch.
   */
  loss(params: ModelParams, batch: BatchLike, options?: LossOptions): LossResult;
  /** Inputs `[n, ...inputShape]` to vectors of the codebook, `[n, ...codeShape]`. */
  encode(params: ModelParams, inputs: Tensor, options?: BatchOptions): Tensor;
  /** Inputs to the numbers of these vectors, `[n, ...grid]`. */
  indices(params: ModelParams, inputs: Tensor, options?: BatchOptions): Tensor;
  /** The vectors of numbers `[n, ...grid]`: `[n, ...codeShape]`. */
  vectorsOf(params: ModelParams, indices: Tensor): Tensor;
  /** Codes `[n, ...codeShape]` to outputs `[n, ...inputShape]`. */
  decode(params: ModelParams, codes: Tensor, options?: BatchOptions): Tensor;
  /** `decode(encode(inputs))`. */
  reconstruct(params: ModelParams, inputs: Tensor, options?: BatchOptions): Tensor;
  /** The mean squared error of each input, `[n]`: higher for outliers. */
  score(params: ModelParams, inputs: Tensor, options?: BatchOptions): Tensor;
}

const NAMES = ["encoder", "decoder", "codebook"];
/** Most vectors: a file has a table of them. */
export const MOST_VECTORS = 4096;

/** {@link VqVaeOptions} with every default. */
type Completed = { readonly [name in keyof VqVaeOptions]-?: NonNullable<VqVaeOptions[name]> };

function checkVqVaeOptions(where: string, options: VqVaeOptions): Completed {
  checkOptions(where, options, [
    "inputShape",
    "encoder",
    "decoder",
    "latentSize",
    "codebook",
    "commitment",
    "decay",
  ]);
  const {
    inputShape,
    encoder,
    decoder,
    latentSize,
    codebook = 512,
    commitment = 0.25,
    decay = 0.99,
  } = options;
  checkShape(where, "inputShape", inputShape);
  const layers = {
    encoder: layerOf(where, "encoder", encoder),
    decoder: layerOf(where, "decoder", decoder),
  };
  checkInteger(where, "latentSize", latentSize, 1);
  checkInteger(where, "codebook", codebook, 2, MOST_VECTORS);
  checkResult(where, "latentSize", latentSize, latentSize * codebook);
  checkNumber(where, "commitment", commitment, 0);
  checkNumber(where, "decay", decay, 0, 1);
  return { inputShape, ...layers, latentSize, codebook, commitment, decay };
}

/**
 * An autoencoder whose code is a grid of numbers: every vector that the encoder gives is replaced by the nearest of a
 * codebook, and the decoder sees only these. The codebook follows the encoder by moving averages, vectors that are hardly
 * used are put elsewhere, and a commitment loss keeps the encoder near them.
 *
 * @param options.inputShape - the shape of one input, without the batch axis
 * @param options.encoder - layer from an input to `[...grid, latentSize]`
 * @param options.decoder - layer from that shape back to the input's
 * @param options.latentSize - numbers in a vector of the codebook, integer ≥ 1
 * @param options.codebook - how many vectors there are, integer from 2 to 4096 (default 512)
 * @param options.commitment - weight of the commitment loss, ≥ 0 (default 0.25)
 * @param options.decay - of the moving averages, from 0 to 1 (default 0.99)
 * @returns the model; see {@link VqVae} for its functions
 * @throws {TypeError} when an option is unknown or of the wrong kind
 * @throws {RangeError} when a number is out of range, or the layers do not fit the shape or each other
 * @example
 * const model = vqVae({
 *   inputShape: [28, 28, 1],
 *   latentSize: 16,
 *   encoder: sequential(conv2d(8, { kernel: 4, stride: 4, activation: "relu" }), conv2d(16, { kernel: 1 })),
 *   decoder: conv2dTranspose(1, { kernel: 4, stride: 4, activation: "sigmoid" }),
 * });
 * model.indices(model.init(key(1)), zeros([2, 28, 28, 1])).shape; // [2, 7, 7]
 * @see van den Oord, Vinyals & Kavukcuoglu, "Neural discrete representation learning" (2017)
 */
export function vqVae(options: VqVaeOptions): VqVae {
  const where = "vqVae";
  const { inputShape, latentSize, codebook, commitment, decay, ...layers } = checkVqVaeOptions(
    where,
    options,
  );
  const codeShape = outputShapeOf("encoder", layers.encoder, inputShape);
  const encoder = { place: "encoder", layer: layers.encoder, inputShape };
  const decoder = { place: "decoder", layer: layers.decoder, inputShape: codeShape };
  if (codeShape[codeShape.length - 1] !== latentSize) {
    refuseValue(where, "encoder", `give vectors of latentSize = ${latentSize} numbers`, codeShape);
  }
  const outputShape = outputShapeOf("decoder", layers.decoder, codeShape);
  if (!isSameShape(outputShape, inputShape)) {
    refuseValue(where, "decoder", `give the input's shape [${inputShape.join(", ")}]`, outputShape);
  }
  const grid = codeShape.slice(0, -1);
  const bookOf = ({ state }: ModelParams) => state.codebook as unknown as CodebookState;
  const checkCall = (whereCall: string, params: ModelParams) => {
    checkParams(whereCall, params, NAMES);
    checkBook(whereCall, params.state.codebook, codebook, latentSize);
  };
  const asRows = (code: Tensor) => ops.reshape(code, [-1, latentSize]);
  const numbersOf = (params: ModelParams, batch: Tensor) => {
    const rows = asRows(applyPart(encoder, params, batch).output);
    // NaN is near to no vector, and would pass for the first.
    const odd = viewOf(rows).find((value) => !Number.isFinite(value));
    if (odd !== undefined) refuseValue(where, "inputs", "give codes that are finite", odd);
    return nearest(rows, bookOf(params).vectors);
  };
  const vectorsAt = (indices: Uint32Array, { vectors }: CodebookState) =>
    ops.reshape(ops.embedding(indices, vectors), [indices.length / sizeOf(grid), ...codeShape]);
  const encodeBatch = (params: ModelParams, batch: Tensor) =>
    vectorsAt(numbersOf(params, batch), bookOf(params));
  const decodeBatch = (params: ModelParams, codes: Tensor) => applyPart(decoder, params, codes).output;
  const batched = batchedBy(where, checkCall);

  return {
    type: where,
    spec: {
      type: where,
      inputShape,
      encoder: encoder.layer.spec,
      decoder: decoder.layer.spec,
      options: { latentSize, codebook, commitment, decay },
    },
    parts: [encoder, decoder],
    inputShape,
    latentSize,
    codebook,
    codeShape,
    init(key) {
      checkKey(`${where}.init`, "key", key);
      const parts = {
        encoder: encoder.layer.init(fold(key, DRAWS.encoder), inputShape),
        decoder: decoder.layer.init(fold(key, DRAWS.decoder), codeShape),
      };
      const state = {
        vectors: normal(fold(key, DRAWS.codebook), [codebook, latentSize]),
        counts: zeros([codebook]),
        sums: zeros([codebook, latentSize]),
        isPlaced: zeros([]),
      };
      return {
        weights: { encoder: parts.encoder.params, decoder: parts.decoder.params, codebook: {} },
        state: { encoder: parts.encoder.state, decoder: parts.decoder.state, codebook: state },
      };
    },
    loss(params, batch, lossOptions = {}) {
      const whereLoss = `${where}.loss`;
      checkCall(whereLoss, params);
      const { inputs, targets = inputs, weights } = unlabelled(whereLoss, batch, inputShape);
      checkLossOptions(whereLoss, lossOptions);
      const { key, training = false, hidden } = lossOptions;
      if (training) checkKey(whereLoss, "key", key);
      const context: ApplyContext = key === undefined ? { training } : { training, key };
      const encoded = applyPart(encoder, params, inputs, contextOf(context, DRAWS.encoder));
      // No gradient reaches the codebook, which reads the codes as numbers.
      const rows = asRows(stopGradient(encoded.output));
      const own = training ? fold(key as Key, DRAWS.codebook) : undefined;
      const book = own === undefined ? bookOf(params) : begun(own, bookOf(params), rows);
      const indices = nearest(rows, book.vectors);
      const vectors = vectorsAt(indices, book);
      const replaced = ops.add(encoded.output, stopGradient(ops.sub(vectors, encoded.output)));
      const decoded = applyPart(decoder, params, replaced, contextOf(context, DRAWS.decoder));
      const errors = squaredError(decoded.output, targets, { reduction: "none" });
      const distances = squaredError(encoded.output, vectors, { reduction: "none" });
      const reconstruction = reduceWhere(whereLoss, errors, "mean", { hidden, weights });
      const committed = ops.scale(reduceWhere(whereLoss, distances, "mean", { weights }), commitment);
      const after = own === undefined ? book : moved(own, book, rows, indices, decay);
      return {
        loss: ops.add(reconstruction, committed),
        terms: { reconstruction, commitment: committed },
        state: { encoder: encoded.state, decoder: decoded.state, codebook: { ...after } },
      };
    },
    encode: batched("encode", "inputs", inputShape, encodeBatch),
    indices: batched("indices", "inputs", inputShape, (params, batch) =>
      adoptArray(Float32Array.from(numbersOf(params, batch)), [batch.shape[0], ...grid]),
    ),
    vectorsOf(params, indices) {
      const whereCall = `${where}.vectorsOf`;
      checkCall(whereCall, params);
      checkBatch(whereCall, "indices", indices, grid);
      const odd = indices.data.find((index) => !Number.isInteger(index) || index < 0 || index >= codebook);
      if (odd !== undefined) {
        refuseValue(whereCall, "indices", `hold integers from 0 to ${codebook - 1}`, odd);
      }
      return vectorsAt(Uint32Array.from(indices.data), bookOf(params));
    },
    decode: batched("decode", "codes", codeShape, decodeBatch),
    reconstruct: batched("reconstruct", "inputs", inputShape, (params, batch) =>
      decodeBatch(params, encodeBatch(params, batch)),
    ),
    score: batched("score", "inputs", inputShape, (params, batch) => {
      const output = decodeBatch(params, encodeBatch(params, batch));
      const errors = squaredError(output, batch, { reduction: "none" });
      return ops.mean(ops.reshape(errors, [batch.shape[0], -1]), { axis: 1 });
    }),
  };
}
