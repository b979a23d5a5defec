// What models of pixels take and give.

import type { Key } from "../../random/keys.js";
import type { Shape, Tensor } from "../../tensor/tensor.js";
import type { BatchLike } from "../batch.js";
import type { BatchOptions } from "../batches.js";
import type { LossOptions, LossResult, Model, ModelParams, ModelSpec, Part } from "../model.js";

/** The networks of models of pixels. */
export type PixelModelType = "pixelRnn" | "pixelCnn";

/** What {@link pixelRnn} and {@link pixelCnn} are made from; see there. */
export interface PixelModelOptions {
  readonly inputShape: Shape;
  readonly levels?: number | undefined;
  readonly hidden?: number | undefined;
  readonly layers?: number | undefined;
  readonly kernel?: number | undefined;
}

/** How pixels are drawn. */
export interface PixelDrawOptions extends BatchOptions {
  readonly key: Key;
  /** Logits are divided by it, ≥ 0 (default 1, the model's probabilities): at 0 every pixel is the likeliest. */
  readonly temperature?: number | undefined;
}

/** How images are drawn. */
export interface PixelGenerateOptions extends PixelDrawOptions {
  /** How many. */
  readonly count: number;
}

/** How images are completed. */
export interface CompleteOptions extends PixelDrawOptions {
  /** Upper rows that are given, integer from 0 to the height (default half of it, rounded down). */
  readonly rows?: number | undefined;
}

/**
 * A model of images that gives one pixel after the other its probability, from the pixels before it: row by row from the
 * top, in a row from the left, the channels of a pixel one after the other. Its parameters are outside of it: every
 * function takes them first. Values from 0 to 1 are taken as their nearest levels, so that no gradient flows to inputs;
 * `loss` and `logLikelihood` are differentiable by `params.weights`. Any number of examples is taken, in parts.
 */
export interface PixelModel<Type extends PixelModelType = PixelModelType> extends Model {
  /** Tells it from other models. */
  readonly type: Type;
  readonly spec: ModelSpec<Type>;
  readonly parts: readonly Part[];
  /** How many levels a value has. */
  readonly levels: number;
  /** Fresh parameters. */
  init(key: Key): ModelParams;
  /** −log p(x) in nats per example, averaged over a batch, with this one term, `"nll"`; it draws nothing. */
  loss(params: ModelParams, batch: BatchLike, options?: LossOptions): LossResult;
  /** log p(x) of every input, `[n]`, in nats: exact, and the probabilities of all images sum up to 1. */
  logLikelihood(params: ModelParams, inputs: Tensor, options?: BatchOptions): Tensor;
  /** Images drawn pixel by pixel, `[count, ...inputShape]`. */
  generate(params: ModelParams, options: PixelGenerateOptions): Tensor;
  /** The inputs with all rows but the upper ones drawn anew, from these; what is given stays the same bits. */
  complete(params: ModelParams, inputs: Tensor, options: CompleteOptions): Tensor;
  /** The mean of every pixel, given the inputs' pixels before it: `[n, ...inputShape]`. */
  reconstruct(params: ModelParams, inputs: Tensor, options?: BatchOptions): Tensor;
  /** How unusual every input is, `[n]`, higher for outliers: −log p(x) in nats. */
  score(params: ModelParams, inputs: Tensor, options?: BatchOptions): Tensor;
}
