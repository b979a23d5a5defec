// Checkpoints: everything that a training goes on from, as the bytes of one file.

import { checkInteger, checkNumber, refuseValue } from "../check/check.js";
import { asLike } from "../tensor/asLike.js";
import { brief } from "../files/brief.js";
import { readTree, writeTree } from "../files/treeFile.js";
import { completedSpec } from "../layers/fromSpec.js";
import type { Model, ModelParams, ModelSpec } from "../models/model.js";
import { isPlainObject } from "../tensor/tree.js";
import { columnsOf, type EpochRecord, type History, stepsOf, type StepColumns } from "./history.js";
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

/** The file of a state; {@link loadModel} reads its parameters too. */
export function writeCheckpoint(model: Model, settings: Settings, state: FitState): Uint8Array {
  const { trainer, history, ...rest } = state;
  const { params, step, optimizer } = trainer;
  return writeTree({
    kind: "checkpoint",
    version: 1,
    model: model.spec,
    params,
    settings,
    trainer: { step, optimizer },
    history: { steps: columnsOf(history.steps), epochs: history.epochs },
    ...rest,
  });
}

/** A checkpoint's tree as it should be; a stranger may have written anything. */
interface Stored extends Omit<FitState, "history" | "trainer"> {
  readonly kind: unknown;
  readonly version: unknown;
  readonly model: unknown;
  readonly params: ModelParams;
  readonly settings: Settings | undefined;
  readonly trainer: Omit<TrainerState, "params"> | undefined;
  readonly history: { steps: StepColumns | null; epochs: readonly EpochRecord[] } | undefined;
}

const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** A stored spec of a model, its layers as they would be described now. */
function completed(spec: unknown): unknown {
  if (!isPlainObject(spec)) return spec;
  return { ...spec, encoder: completedSpec(spec.encoder), decoder: completedSpec(spec.decoder) };
}

/** A model's spec without what changes as it is trained: the weight that a schedule gave last. */
function steady(spec: unknown, { beta }: Model): unknown {
  if (typeof beta !== "object" || beta.final !== undefined) return spec;
  const { options, ...rest } = (spec ?? {}) as Partial<ModelSpec>;
  return { ...rest, options: { ...options, beta: null } };
}

/** The state in a file, checked against the model and settings that it shall go on with. */
export function readCheckpoint(
  where: string,
  bytes: Uint8Array,
  model: Model,
  settings: Settings,
  params: ModelParams,
): FitState {
  const tree = readTree(bytes) as Partial<Stored> | null;
  if (tree?.kind !== "checkpoint" || tree.version !== 1) {
    return refuseValue(where, "resume", "be a checkpoint of version 1", tree?.kind);
  }
  const { trainer, epoch, batch, best = null, history } = tree;
  if (!isSame(steady(completed(tree.model), model), steady(model.spec, model))) {
    refuseValue(where, "resume", "be of this model", tree.model);
  }
  for (const [name, value] of Object.entries(settings)) {
    const before = tree.settings?.[name];
    if (!isSame(name === "corrupt" ? completedSpec(before) : before, value)) {
      const written = brief(JSON.stringify(before) ?? "absent");
      refuseValue(where, name, `be ${written}, as before the checkpoint`, value);
    }
  }
  checkInteger(where, "resume.trainer.step", trainer?.step, 0);
  checkInteger(where, "resume.epoch", epoch, 0);
  checkInteger(where, "resume.batch", batch, 0);
  return {
    trainer: { ...trainer, params: asLike(where, "resume.params", tree.params, params) } as TrainerState,
    epoch,
    batch,
    best: best === null ? null : checkedBest(where, best, params),
    history: {
      steps: stepsOf(where, history?.steps ?? null, trainer?.step as number),
      epochs: checkedEpochs(where, history?.epochs),
    },
  };
}

function checkedBest(where: string, best: Best, params: ModelParams): Best {
  checkInteger(where, "resume.best.epoch", best.epoch, 0);
  checkNumber(where, "resume.best.value", best.value);
  return { ...best, params: asLike(where, "resume.best.params", best.params, params) };
}

function checkedEpochs(where: string, epochs: readonly EpochRecord[] | undefined): readonly EpochRecord[] {
  const isRecord = (record: Partial<EpochRecord> | null) =>
    typeof record?.epoch === "number" && typeof record.training?.terms === "object" && record.training.terms;
  if (!Array.isArray(epochs) || !epochs.every(isRecord)) {
    return refuseValue(where, "resume.history.epochs", "be records of epochs", epochs);
  }
  return epochs;
}
