// The options of fit: what they are, their checks, and the data that they set aside.

import { isBytes } from "../bytes.js";
import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkNumber,
  checkOptions,
  refuseKind,
  refuseValue,
} from "../check.js";
import type { NdArrayLike } from "../ndarrayLike.js";
import { permutation } from "../random/draws.js";
import { checkBatch, type Model } from "../models/model.js";
import type { Key } from "../random/keys.js";
import { type Shape, Tensor } from "../tensor.js";
import type { Settings } from "./checkpoint.js";
import type { EpochRecord, StepRecord } from "./history.js";
import { asTensor, gatherRows, type TrainingData } from "./source.js";
import { checkTrainerOptions, TRAINER_OPTIONS, type TrainerOptions } from "./trainer.js";

/** When to stop before the last epoch. */
export interface EarlyStopping {
  /** Epochs without improvement that are waited for, integer ≥ 1. */
  readonly patience: number;
  /** What counts as improvement, ≥ 0 (default 0). */
  readonly minDelta?: number;
  /**
   * `"objective"` (default): the loss with the KL term's final weight, see {@link fit}; `"loss"`, or the name of a term.
   * Of the validation data where there are any.
   */
  readonly monitor?: string;
}

/** How far training is. */
export interface Progress {
  /** Batches of this epoch that are done. */
  readonly batch: number;
  /** Batches of an epoch; undefined where that is not known. */
  readonly batchCount: number | undefined;
  /** Epochs and steps at which training ends; Infinity for no limit. */
  readonly epochs: number;
  readonly steps: number;
}

/** Options of {@link fit}; see there. */
export interface FitOptions extends TrainerOptions {
  readonly epochs?: number;
  readonly steps?: number;
  readonly batchSize?: number;
  readonly shuffle?: boolean;
  readonly dropLast?: boolean;
  readonly validation?: Tensor | NdArrayLike | number;
  readonly earlyStopping?: EarlyStopping;
  readonly checkpoint?: {
    readonly every: number;
    readonly save: (bytes: Uint8Array, step: number) => void | Promise<void>;
  };
  readonly resume?: Uint8Array | undefined;
  readonly onStep?: (record: StepRecord, progress: Progress) => void | Promise<void>;
  readonly onEpoch?: (record: EpochRecord) => void | Promise<void>;
  readonly signal?: { readonly aborted: boolean };
  readonly yieldEvery?: number;
}

const OPTIONS = [
  ...TRAINER_OPTIONS,
  "epochs",
  "steps",
  "batchSize",
  "shuffle",
  "dropLast",
  "validation",
  "earlyStopping",
  "checkpoint",
  "resume",
  "onStep",
  "onEpoch",
  "signal",
  "yieldEvery",
];

/** Checks a model and all options but the data among them. */
export function checkFitOptions(where: string, model: Model, options: FitOptions): void {
  checkOptions(where, options, OPTIONS);
  checkTrainerOptions(where, model, options);
  const { epochs, steps, batchSize = 1, shuffle = true, dropLast = false, yieldEvery = 0 } = options;
  if (epochs !== undefined) checkInteger(where, "epochs", epochs, 1);
  if (steps !== undefined) checkInteger(where, "steps", steps, 1);
  checkInteger(where, "batchSize", batchSize, 1);
  checkBoolean(where, "shuffle", shuffle);
  checkBoolean(where, "dropLast", dropLast);
  checkNumber(where, "yieldEvery", yieldEvery, 0);
  for (const name of ["onStep", "onEpoch"] as const) {
    if (options[name] !== undefined) checkFunction(where, name, options[name]);
  }
  const { earlyStopping, checkpoint, resume, signal } = options;
  if (earlyStopping !== undefined) {
    checkOptions(`${where}.earlyStopping`, earlyStopping, ["patience", "minDelta", "monitor"]);
    checkInteger(where, "earlyStopping.patience", earlyStopping.patience, 1);
    const { minDelta = 0, monitor = "objective" } = earlyStopping;
    checkNumber(where, "earlyStopping.minDelta", minDelta, 0);
    if (typeof monitor !== "string") {
      refuseKind(where, "earlyStopping.monitor", "be the name of a term, loss or objective", monitor);
    }
  }
  if (checkpoint !== undefined) {
    checkOptions(`${where}.checkpoint`, checkpoint, ["every", "save"]);
    checkInteger(where, "checkpoint.every", checkpoint.every, 1);
    checkFunction(where, "checkpoint.save", checkpoint.save);
  }
  if (resume !== undefined && !isBytes(resume)) {
    refuseKind(where, "resume", "be the bytes of a checkpoint", resume);
  }
  if (signal !== undefined && typeof signal?.aborted !== "boolean") {
    refuseKind(where, "signal", "be an AbortSignal", signal);
  }
}

/** Training and validation examples; where these are a share of the data, with their indices in it. */
export interface Split {
  readonly training: TrainingData;
  readonly indices?: Uint32Array;
  readonly validation: Tensor | undefined;
  readonly validationIndices?: Uint32Array;
}

/** Training and validation examples: the latter as given, or a share of the former, chosen by the key. */
export function splitData(
  where: string,
  data: TrainingData,
  validation: FitOptions["validation"],
  inputShape: Shape,
  key: Key,
): Split {
  const images = asTensor(data);
  if (images !== undefined) checkBatch(where, "data", images, inputShape);
  const training = images ?? data;
  if (validation === undefined) return { training, validation };
  if (typeof validation !== "number") {
    const given = asTensor(validation);
    if (given === undefined) {
      refuseKind(where, "validation", "be a tensor, an ndarray or a share of the data", validation);
    }
    checkBatch(where, "validation", given, inputShape);
    return { training, validation: given };
  }
  if (images === undefined) {
    refuseKind(where, "validation", "be a tensor where data is not one to set a share of aside", validation);
  }
  checkNumber(where, "validation", validation, 0, 1);
  const count = images.shape[0];
  const aside = Math.round(validation * count);
  if (aside === 0 || aside === count) {
    refuseValue(where, "validation", `leave some of the ${count} examples on both sides`, validation);
  }
  const order = permutation(key, count);
  const [validationIndices, indices] = [order.subarray(0, aside), order.subarray(aside)];
  return {
    training: gatherRows(images, indices),
    indices,
    validation: gatherRows(images, validationIndices),
    validationIndices,
  };
}

/** What must not change between a checkpoint and its resumption. */
export function settingsOf(options: FitOptions, training: TrainingData): Settings {
  const { key, batchSize = 128, shuffle = true, dropLast = false, corrupt, lossOn = "all" } = options;
  return {
    key: key.words,
    batchSize,
    shuffle,
    dropLast,
    corrupt: corrupt?.spec ?? null,
    lossOn,
    data: training instanceof Tensor ? training.shape : null,
  };
}
