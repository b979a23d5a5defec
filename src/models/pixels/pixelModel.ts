// What models of pixels have in common: probabilities of levels, from a network's features of every pixel's past.

import {
  checkInteger,
  checkNumber,
  checkOptions,
  checkResult,
  checkShape,
  refuseKind,
  refuseValue,
} from "../../check/check.js";
import { categoricalLogProb } from "../../distributions/categorical.js";
import * as ops from "../../ops/index.js";
import { checkKey, fold, type Key } from "../../random/keys.js";
import { adoptArray, full, sizeOf, type Tensor } from "../../tensor/tensor.js";
import { checkBatch, unlabelled } from "../batch.js";
import { type BatchOptions, batchSizeOf, mapBatches } from "../batches.js";
import { checkLossOptions, checkParams, type ModelParams } from "../model.js";
import { checkParameterCount } from "../parameterCount.js";
import { reduceWhere } from "../reconstructionLoss.js";
import { drawPixels, meansOf } from "./draw.js";
import { headsOf, logitsOf } from "./heads.js";
import { checkWeights, levelsOf, partOf, type PixelNetwork, pixelsOf } from "./network.js";
import type { PixelDrawOptions, PixelModel, PixelModelOptions, PixelModelType } from "./types.js";

/** {@link PixelModelOptions} with every default. */
export type CompletedPixelOptions = {
  readonly [name in keyof PixelModelOptions]-?: NonNullable<PixelModelOptions[name]>;
};

/** Most levels: a byte's. */
const MOST_LEVELS = 256;
const MOST_LAYERS = 64;
/** Largest window: more would be wider than images that can be learned. */
const LARGEST_KERNEL = 63;

/** Checks and completes the options of a model of pixels. */
export function checkPixelOptions(
  where: string,
  options: PixelModelOptions,
  defaults: { readonly hidden: number; readonly layers: number; readonly kernel: number },
): CompletedPixelOptions {
  checkOptions(where, options, ["inputShape", "levels", "hidden", "layers", "kernel"]);
  const { inputShape, levels = MOST_LEVELS } = options;
  const { hidden = defaults.hidden, layers = defaults.layers, kernel = defaults.kernel } = options;
  checkShape(where, "inputShape", inputShape);
  if (inputShape.length !== 3) refuseValue(where, "inputShape", "be [height, width, channels]", inputShape);
  checkInteger(where, "levels", levels, 2, MOST_LEVELS);
  checkInteger(where, "hidden", hidden, 1);
  checkInteger(where, "layers", layers, 1, MOST_LAYERS);
  checkInteger(where, "kernel", kernel, 3, LARGEST_KERNEL);
  if (kernel % 2 === 0) refuseValue(where, "kernel", "be odd: it has a middle, the pixel itself", kernel);
  return { inputShape: Array.from(inputShape), levels, hidden, layers, kernel };
}

const NETWORK = "network";

/** A model of pixels around a network. */
export function pixelModel<Type extends PixelModelType>(
  where: Type,
  options: CompletedPixelOptions,
  network: PixelNetwork,
): PixelModel<Type> {
  const { inputShape, levels, ...rest } = options;
  const [height, width, channels] = inputShape;
  const values = sizeOf(inputShape);
  const heads = headsOf(channels, network.hidden, levels);
  const convolutions = [...network.convolutions, ...heads.flatMap(({ mix, logits }) => [mix, logits])];
  const parameters = convolutions.reduce(
    (sum, { kernel, inputs, outputs }) => sum + (kernel[0] * kernel[1] * inputs + 1) * outputs,
    0,
  );
  checkParameterCount(where, "hidden", network.hidden, parameters, "give fewer hidden numbers or layers");
  const parts = convolutions.map((convolution) => partOf(convolution, inputShape));
  const weightsOf = ({ weights }: ModelParams) => weights[NETWORK] as unknown as ModelParams["weights"];

  const checkCall = (whereCall: string, params: ModelParams) => {
    checkParams(whereCall, params, [NETWORK]);
    checkWeights(whereCall, weightsOf(params), convolutions);
  };

  /** log p of every pixel and channel, in the network's order: `[pixels, count]`. */
  function logProbs(weights: ModelParams["weights"], image: Uint8Array): Tensor {
    const pixels = pixelsOf(image, inputShape, levels);
    const { count } = pixels;
    const { rows, order } = network.features(weights, pixels);
    let sum: Tensor | undefined;
    for (const [c, head] of heads.entries()) {
      const logits = logitsOf(weights, head, rows, pixels, order);
      const labels = new Uint8Array(rows.shape[0]);
      for (let i = 0; i < labels.length; i++) {
        const pixel = order[Math.floor(i / count)];
        labels[i] = image[((i % count) * height * width + pixel) * channels + c];
      }
      const terms = categoricalLogProb(labels, { logits }, { reduction: "none" });
      sum = sum === undefined ? terms : ops.add(sum, terms);
    }
    return ops.sum(ops.reshape(sum as Tensor, [height * width, count]), { axis: 0 });
  }

  const logLikelihood = (whereCall: string, params: ModelParams, inputs: Tensor, given: BatchOptions) => {
    const batchSize = batchSizeOf(whereCall, given);
    checkCall(whereCall, params);
    checkBatch(whereCall, "inputs", inputs, inputShape);
    levelsOf(whereCall, "inputs", inputs, levels);
    return mapBatches(inputs, batchSize, (batch) =>
      logProbs(weightsOf(params), levelsOf(whereCall, "inputs", batch, levels)),
    );
  };

  /** Checks how pixels are drawn; `more` are the names of further options. */
  const drawing = (whereCall: string, given: PixelDrawOptions, more: readonly string[]) => {
    const batchSize = batchSizeOf(whereCall, given, ["key", "temperature", ...more]);
    const { key, temperature = 1 } = given;
    checkKey(whereCall, "key", key);
    checkNumber(whereCall, "temperature", temperature, 0);
    return { key, temperature, batchSize };
  };

  return {
    type: where,
    spec: { type: where, inputShape, options: { levels, ...rest } },
    parts,
    inputShape,
    levels,
    init(key: Key) {
      checkKey(`${where}.init`, "key", key);
      const entries = parts.map(({ place, layer, inputShape: shape }, i) => {
        const { params } = layer.init(fold(key, i), shape);
        const { bias: start = 0 } = convolutions[i];
        return [place, start === 0 ? params : { ...params, bias: full([convolutions[i].outputs], start) }];
      });
      return { weights: { [NETWORK]: Object.fromEntries(entries) }, state: { [NETWORK]: {} } };
    },
    loss(params, batch, lossOptions = {}) {
      const whereLoss = `${where}.loss`;
      checkCall(whereLoss, params);
      const { inputs, targets, weights } = unlabelled(whereLoss, batch, inputShape);
      checkLossOptions(whereLoss, lossOptions);
      const unwanted = { "batch.targets": targets, hidden: lossOptions.hidden };
      for (const [name, value] of Object.entries(unwanted)) {
        if (value === undefined) continue;
        refuseKind(whereLoss, name, "be left out: pixels are told from the pixels before them", value);
      }
      const image = levelsOf(whereLoss, "inputs", inputs, levels);
      const terms = ops.scale(logProbs(weightsOf(params), image), -1);
      const nll = reduceWhere(whereLoss, terms, "perExample", { weights });
      return { loss: nll, terms: { nll }, state: params.state };
    },
    logLikelihood: (params, inputs, given = {}) =>
      logLikelihood(`${where}.logLikelihood`, params, inputs, given),
    score: (params, inputs, given = {}) =>
      ops.scale(logLikelihood(`${where}.score`, params, inputs, given), -1),
    generate(params, given) {
      const whereCall = `${where}.generate`;
      const asked = drawing(whereCall, given, ["count"]);
      const { count } = given;
      checkInteger(whereCall, "count", count, 1);
      checkResult(whereCall, "count", count, count * values);
      checkCall(whereCall, params);
      const images = new Float32Array(count * values);
      drawPixels(whereCall, { network, heads, inputShape, levels }, weightsOf(params), images, 0, asked);
      return adoptArray(images, [count, ...inputShape]);
    },
    complete(params, inputs, given) {
      const whereCall = `${where}.complete`;
      const asked = drawing(whereCall, given, ["rows"]);
      const { rows = Math.floor(height / 2) } = given;
      checkInteger(whereCall, "rows", rows, 0, height);
      checkCall(whereCall, params);
      checkBatch(whereCall, "inputs", inputs, inputShape);
      levelsOf(whereCall, "inputs", inputs, levels);
      const images = inputs.data.slice();
      drawPixels(whereCall, { network, heads, inputShape, levels }, weightsOf(params), images, rows, asked);
      return adoptArray(images, inputs.shape);
    },
    reconstruct(params, inputs, given = {}) {
      const whereCall = `${where}.reconstruct`;
      const batchSize = batchSizeOf(whereCall, given);
      checkCall(whereCall, params);
      checkBatch(whereCall, "inputs", inputs, inputShape);
      levelsOf(whereCall, "inputs", inputs, levels);
      return mapBatches(inputs, batchSize, (batch) => {
        const pixels = pixelsOf(levelsOf(whereCall, "inputs", batch, levels), inputShape, levels);
        return meansOf({ network, heads, inputShape, levels }, weightsOf(params), pixels);
      });
    },
  };
}
