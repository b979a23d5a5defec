// The options of a trainer: what they are, and their checks.

import { checkOneOf, given, refuseKind, refuseValue } from "../check/check.js";
import { layerOf } from "../layers/given.js";
import type { Layer } from "../layers/layer.js";
import type { MaskLayer } from "../layers/masks.js";
import { checkModel, type Model, type ModelParams } from "../models/model.js";
import { adam } from "../optimizers/adam.js";
import { checkOptimizer, type Optimizer } from "../optimizers/optimizer.js";
import { checkKey, type Key } from "../random/keys.js";
import { isSameShape } from "../tensor/tensor.js";

/** How a model is trained, step by step. */
export interface TrainerOptions {
  /** For fresh parameters and for everything random in training. */
  readonly key: Key;
  /**
   * What updates (default `adam()`). Learning-rate schedules and clipping belong to it:
   * `chain(clipByGlobalNorm(1), adam({ learningRate: schedules.cosineDecay({ from: 1e-3, steps: 1000 }) }))`.
   */
  readonly optimizer?: Optimizer | undefined;
  /** Parameters to go on from (default: fresh ones). */
  readonly params?: ModelParams | undefined;
  /**
   * A layer that disturbs the input while the loss is taken on the clean one: `gaussianNoise(0.5, { clip: [0, 1] })`,
   * `saltAndPepper(0.2)`, `maskPatches({ size: 4, ratio: 0.5 })`.
   */
  readonly corrupt?: Layer | undefined;
  /** `"hidden"`: the loss counts only what `corrupt`, a `maskPatches` layer, hides (default `"all"`). */
  readonly lossOn?: "all" | "hidden" | undefined;
}

/** Names of {@link TrainerOptions}. */
export const TRAINER_OPTIONS = ["key", "optimizer", "params", "corrupt", "lossOn"];

/** {@link TrainerOptions} with every default. */
export interface CompletedTrainerOptions extends TrainerOptions {
  readonly optimizer: Optimizer;
  readonly lossOn: "all" | "hidden";
}

/** Checks a model and the {@link TrainerOptions} among some options, and completes these. */
export function trainerOptionsOf(
  where: string,
  model: Model,
  options: TrainerOptions,
): CompletedTrainerOptions {
  checkModel(where, model);
  const { key, optimizer = adam(), params, lossOn = "all" } = options;
  checkKey(where, "key", key);
  checkOptimizer(where, "optimizer", optimizer);
  const corrupt = options.corrupt && layerOf(where, "corrupt", options.corrupt);
  if (corrupt !== undefined) {
    const shape = corrupt.outputShape(model.inputShape);
    if (!isSameShape(shape, model.inputShape)) refuseValue(where, "corrupt", "keep the input's shape", shape);
  }
  checkOneOf(where, "lossOn", lossOn, ["all", "hidden"]);
  if (lossOn === "hidden" && typeof (corrupt as Partial<MaskLayer> | undefined)?.hidden !== "function") {
    refuseKind(where, "corrupt", 'be a maskPatches layer with lossOn: "hidden"', corrupt);
  }
  return { key, optimizer, lossOn, ...given({ params, corrupt }) };
}
