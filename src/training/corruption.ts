// What disturbs the inputs of a training, while the loss is taken on what they were.

import type { ApplyContext } from "../layers/layer.js";
import type { MaskLayer } from "../layers/masks.js";
import type { Batch } from "../models/batch.js";
import type { Model } from "../models/model.js";
import { fold, type Key } from "../random/keys.js";
import type { Tensor } from "../tensor/tensor.js";
import { TRAINER_DRAWS } from "./draws.js";
import type { CompletedTrainerOptions } from "./trainerOptions.js";

/** A batch after its corruption, with where the loss counts. */
export interface Prepared {
  readonly batch: Batch;
  readonly hidden?: Tensor;
}

/** A batch as the loss takes it: its inputs disturbed, and compared with what they were. */
export function corruption(options: CompletedTrainerOptions, model: Model) {
  const { corrupt, lossOn } = options;
  if (corrupt === undefined) return (batch: Batch): Prepared => ({ batch });
  const { params, state } = corrupt.init(fold(options.key, TRAINER_DRAWS.init), model.inputShape);
  return (given: Batch, key: Key): Prepared => {
    const context: ApplyContext = { training: true, key };
    const inputs = corrupt.apply(params, state, given.inputs, context).output;
    const batch = { ...given, inputs, targets: given.targets ?? given.inputs };
    if (lossOn !== "hidden") return { batch };
    return { batch, hidden: (corrupt as MaskLayer).hidden(key, inputs.shape) };
  };
}
