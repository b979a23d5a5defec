// The options of fit: what they are, their checks, and the data that they set aside.

import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkNumber,
  checkOptions,
  given,
  refuseKind,
  refuseValue,
} from "../check/check.js";
import { permutation } from "../random/draws.js";
import { type Batch, isBatchObject, mapBatch } from "../models/batch.js";
import { BATCH_SIZE } from "../models/batches.js";
import type { Model } from "../models/model.js";
import type { Key } from "../random/keys.js";
import type { Shape, Tensor } from "../tensor/tensor.js";
import type { Checkpoint, Settings } from "./checkpoint.js";
import type { EpochRecord, StepRecord } from "./history.js";
import { asExamples, type Examples, gatherRows, type TrainingData } from "./source.js";
import {
  type CompletedTrainerOptions,
  TRAINER_OPTIONS,
  type TrainerOptions,
  trainerOptionsOf,
} from "./trainerOptions.js";

/** When to stop before the last epoch. */
export interface EarlyStopping {
  /** Epochs without improvement that are waited for, integer ≥ 1. */
  readonly patience: number;
  /** What counts as improvement, ≥ 0 (default 0). */
  readonly minDelta?: number | undefined;
  /**
   * `"objective"` (default): the loss with the KL term's final weight, see {@link fit}; `"loss"`, or the name of a term.
   * Of the validation data where there are any.
   */
  readonly monitor?: string | undefined;
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
  readonly epochs?: number | undefined;
  readonly steps?: number | undefined;
  readonly batchSize?: number | undefined;
  readonly shuffle?: boolean | undefined;
  readonly dropLast?: boolean | undefined;
  readonly validation?: Examples | number | undefined;
  readonly earlyStopping?: EarlyStopping | undefined;
  readonly checkpoint?:
    | {
        readonly every: number;
        readonly save: (checkpoint: Checkpoint, step: number) => void | Promise<void>;
      }
    | undefined;
  readonly resume?: Checkpoint | undefined;
  readonly onStep?: ((record: StepRecord, progress: Progress) => void | Promise<void>) | undefined;
  readonly onEpoch?: ((record: EpochRecord) => void | Promise<void>) | undefined;
  readonly signal?: { readonly aborted: boolean } | undefined;
  readonly yieldEvery?: number | undefined;
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

/** {@link EarlyStopping} with everything said. */
export interface CompletedEarlyStopping {
  readonly patience: number;
  readonly minDelta: number;
  readonly monitor: string;
}

/** {@link FitOptions} with every default. */
export interface CompletedFitOptions
  extends Omit<FitOptions, keyof TrainerOptions | "earlyStopping">, CompletedTrainerOptions {
  /** Infinity for no limit. */
  readonly epochs: number;
  readonly steps: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly dropLast: boolean;
  readonly yieldEvery: number;
  readonly earlyStopping?: CompletedEarlyStopping | undefined;
}

/** Checks a model and all options but the data among them, and completes these. */
export function fitOptionsOf(where: string, model: Model, options: FitOptions): CompletedFitOptions {
  checkOptions(where, options, OPTIONS);
  const ofTrainer = trainerOptionsOf(where, model, options);
  const { epochs, steps, batchSize = BATCH_SIZE, shuffle = true, dropLast = false } = options;
  const { yieldEvery = 16 } = options;
  if (epochs !== undefined) checkInteger(where, "epochs", epochs, 1);
  if (steps !== undefined) checkInteger(where, "steps", steps, 1);
  checkInteger(where, "batchSize", batchSize, 1);
  checkBoolean(where, "shuffle", shuffle);
  checkBoolean(where, "dropLast", dropLast);
  checkNumber(where, "yieldEvery", yieldEvery, 0);
  for (const name of ["onStep", "onEpoch"] as const) {
    if (options[name] !== undefined) checkFunction(where, name, options[name]);
  }
  const { checkpoint, signal } = options;
  const earlyStopping =
    options.earlyStopping === undefined ? undefined : earlyStoppingOf(where, options.earlyStopping);
  if (checkpoint !== undefined) {
    checkOptions(`${where}.checkpoint`, checkpoint, ["every", "save"]);
    checkInteger(where, "checkpoint.every", checkpoint.every, 1);
    checkFunction(where, "checkpoint.save", checkpoint.save);
  }
  if (signal !== undefined && typeof signal?.aborted !== "boolean") {
    refuseKind(where, "signal", "be an AbortSignal", signal);
  }
  const { earlyStopping: _, ...rest } = options;
  return {
    ...rest,
    ...ofTrainer,
    epochs: epochs ?? (steps === undefined ? 10 : Infinity),
    steps: steps ?? Infinity,
    batchSize,
    shuffle,
    dropLast,
    yieldEvery,
    ...given({ earlyStopping }),
  };
}

function earlyStoppingOf(where: string, options: EarlyStopping): CompletedEarlyStopping {
  checkOptions(`${where}.earlyStopping`, options, ["patience", "minDelta", "monitor"]);
  const { patience, minDelta = 0, monitor = "objective" } = options;
  checkInteger(where, "earlyStopping.patience", patience, 1);
  checkNumber(where, "earlyStopping.minDelta", minDelta, 0);
  if (typeof monitor !== "string") {
    refuseKind(where, "earlyStopping.monitor", "be the name of a term, loss or objective", monitor);
  }
  return { patience, minDelta, monitor };
}

/** Training and validation examples; where these are a share of the data, with their indices in it. */
export interface Split {
  readonly training: TrainingData;
  readonly indices?: Uint32Array;
  readonly validation: Batch | undefined;
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
  const examples = asExamples(where, "data", data, inputShape);
  const training = examples ?? data;
  if (validation === undefined) return { training, validation };
  if (typeof validation !== "number") {
    const aside = asExamples(where, "validation", validation, inputShape);
    if (aside === undefined) {
      const rule = "be a tensor, an ndarray, an object with inputs, or a share of the data";
      refuseKind(where, "validation", rule, validation);
    }
    return { training, validation: aside };
  }
  if (examples === undefined) {
    refuseKind(where, "validation", "be a tensor where data is not one to set a share of aside", validation);
  }
  checkNumber(where, "validation", validation, 0, 1);
  const count = examples.inputs.shape[0];
  const aside = Math.round(validation * count);
  if (aside === 0 || aside === count) {
    refuseValue(where, "validation", `leave some of the ${count} examples on both sides`, validation);
  }
  const order = permutation(key, count);
  const [validationIndices, indices] = [order.subarray(0, aside), order.subarray(aside)];
  return {
    training: mapBatch(examples, (t) => gatherRows(t, indices)),
    indices,
    validation: mapBatch(examples, (t) => gatherRows(t, validationIndices)),
    validationIndices,
  };
}

/** The shapes of examples in memory; those of a batch's inputs alone where nothing goes with them. */
function formOf(training: TrainingData): unknown {
  if (!isBatchObject(training)) return null;
  const shapes = Object.entries(training).map(([name, t]) => [name, (t as Tensor).shape] as const);
  return shapes.length === 1 ? shapes[0][1] : Object.fromEntries(shapes);
}

/** What must not change between a checkpoint and its resumption. */
export function settingsOf(options: CompletedFitOptions, training: TrainingData): Settings {
  const { key, batchSize, shuffle, dropLast, corrupt, lossOn } = options;
  return {
    key: key.words,
    batchSize,
    shuffle,
    dropLast,
    corrupt: corrupt?.spec ?? null,
    lossOn,
    data: formOf(training),
  };
}
