// Checkpoints: everything that a training goes on from, and whether it is of this training.

import { checkInteger, checkNumber, refuseKind, refuseValue } from "../check/check.js";
import { brief } from "../files/brief.js";
import type { Model, ModelParams, ModelSpec } from "../models/model.js";
import { asLike } from "../tensor/asLike.js";
import { isPlainObject } from "../tensor/tree.js";
import type { EpochRecord, History } from "./history.js";
import type { TrainerState } from "./trainer.js";

/** Where a training stands: with this, and the same data and options, it goes on as if it had never stopped. */
export interface FitState {
  readonly trainer: TrainerState;
  /** The epoch that runs, and how many of its batches are done. */
  readonly epoch: number;
  readonly batch: number;
  /** The best epoch so far, for early stopping. */
  readonly best: Best | null;
  readonly history: History;
}

/** The parameters of the best epoch so far. */
export interface Best {
  readonly epoch: number;
  readonly value: number;
  readonly params: ModelParams;
}

/** What must be the same for a training to go on: as JSON. */
export type Settings = Readonly<Record<string, unknown>>;

/** What `fit` saves and goes on from: plain data and tensors. {@link writeCheckpoint} makes the bytes of a file of it. */
export interface Checkpoint extends FitState {
  /** The model's description. */
  readonly model: ModelSpec;
  readonly settings: Settings;
}

const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** A model's spec without what changes as it is trained: the weight that a schedule gave last. */
function steady(spec: unknown, { beta }: Model): unknown {
  if (typeof beta !== "object" || beta.final !== undefined) return spec;
  const { options, ...rest } = (spec ?? {}) as Partial<ModelSpec>;
  return { ...rest, options: { ...options, beta: null } };
}

/** The state in a checkpoint, checked against the model and settings that it shall go on with. */
export function stateOf(
  where: string,
  checkpoint: Checkpoint,
  model: Model,
  settings: Settings,
  params: ModelParams,
): FitState {
  if (!isPlainObject(checkpoint)) {
    const rule = "be a checkpoint (of the bytes of a file, readCheckpoint makes one)";
    return refuseKind(where, "resume", rule, checkpoint);
  }
  // A user, or who wrote the file, may have put anything into it.
  const { trainer, epoch, batch, best = null, history, ...given } = checkpoint as Partial<Checkpoint>;
  if (!isSame(steady(given.model, model), steady(model.spec, model))) {
    refuseValue(where, "resume", "be of this model", given.model);
  }
  for (const [name, value] of Object.entries(settings)) {
    const before = given.settings?.[name];
    if (!isSame(before, value)) {
      const written = brief(JSON.stringify(before) ?? "absent");
      refuseValue(where, name, `be ${written}, as before the checkpoint`, value);
    }
  }
  checkInteger(where, "resume.trainer.step", trainer?.step, 0);
  checkInteger(where, "resume.epoch", epoch, 0);
  checkInteger(where, "resume.batch", batch, 0);
  checkHistory(where, "resume.history", history, trainer?.step);
  return {
    trainer: {
      ...trainer,
      params: asLike(where, "resume.trainer.params", trainer?.params, params),
    } as TrainerState,
    epoch,
    batch,
    best: best === null ? null : checkedBest(where, best, params),
    history,
  };
}

function checkedBest(where: string, best: Best, params: ModelParams): Best {
  checkInteger(where, "resume.best.epoch", best.epoch, 0);
  checkNumber(where, "resume.best.value", best.value);
  return { ...best, params: asLike(where, "resume.best.params", best.params, params) };
}

/** Checks that a history is one of so many steps. */
export function checkHistory(
  where: string,
  place: string,
  history: unknown,
  count: unknown,
): asserts history is History {
  const { steps, epochs } = (history ?? {}) as Partial<History>;
  const isStep = (record: unknown) => isPlainObject(record) && isPlainObject(record.terms);
  if (!Array.isArray(steps) || !steps.every(isStep)) {
    return refuseValue(where, `${place}.steps`, "be records of steps", steps);
  }
  if (steps.length !== count) refuseValue(where, `${place}.steps`, `hold ${count} steps`, steps.length);
  const isEpoch = (record: Partial<EpochRecord> | null) =>
    typeof record?.epoch === "number" && typeof record.training?.terms === "object" && record.training.terms;
  if (!Array.isArray(epochs) || !epochs.every(isEpoch)) {
    refuseValue(where, `${place}.epochs`, "be records of epochs", epochs);
  }
}
