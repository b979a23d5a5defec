// Checkpoints as the bytes of a file.

import { checkInteger, checkNumber, refuseKind, refuseValue } from "../check/check.js";
import { readTree, writeTree } from "../files/treeFile.js";
import { completedSpec } from "../layers/fromSpec.js";
import type { ModelParams, ModelSpec } from "../models/model.js";
import { checkTensor, type Tensor, tensor } from "../tensor/tensor.js";
import { isPlainObject } from "../tensor/tree.js";
import { type Checkpoint, checkHistory } from "./checkpoint.js";
import type { History, StepRecord } from "./history.js";

const READ = "readCheckpoint";

/** A checkpoint's file as a tree; whoever wrote it may have put anything there. */
interface Stored extends Omit<Checkpoint, "history" | "trainer"> {
  readonly kind: "checkpoint";
  readonly version: 1;
  readonly params: ModelParams;
  readonly trainer: Omit<Checkpoint["trainer"], "params">;
  readonly history: { readonly steps: StepColumns | null; readonly epochs: History["epochs"] };
}

/**
 * The bytes of a file that holds a checkpoint of {@link fit}; {@link loadModel} reads the model of it too.
 *
 * @param checkpoint - what `fit` gave to `checkpoint.save`
 * @returns the file's bytes
 * @throws {TypeError} when it is no checkpoint, or something in it cannot be written
 * @example
 * let file: Uint8Array | undefined;
 * await fit(lectures.linear({ features: 4, latentSize: 2 }), random.uniform(key(1), [8, 4]), {
 *   key: key(2),
 *   steps: 1,
 *   checkpoint: { every: 1, save: (checkpoint) => void (file = writeCheckpoint(checkpoint)) },
 * });
 * loadModel(file as Uint8Array).model.spec.type; // "autoencoder"
 */
export function writeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const where = "writeCheckpoint";
  if (!isPlainObject(checkpoint) || !isPlainObject(checkpoint.trainer)) {
    refuseKind(where, "checkpoint", "be a checkpoint of fit", checkpoint);
  }
  const { model, settings, trainer, history, ...rest } = checkpoint;
  checkHistory(where, "checkpoint.history", history, trainer.step);
  const { params, step, optimizer } = trainer;
  const stored: Stored = {
    kind: "checkpoint",
    version: 1,
    model,
    params,
    settings,
    trainer: { step, optimizer },
    history: { steps: columnsOf(history.steps), epochs: history.epochs },
    ...rest,
  };
  return writeTree(stored);
}

/** A stored spec of a model, its layers as they would be described now. */
function completed(spec: unknown): ModelSpec {
  if (!isPlainObject(spec)) return spec as never;
  return { ...spec, encoder: completedSpec(spec.encoder), decoder: completedSpec(spec.decoder) } as never;
}

/**
 * The checkpoint in a file, for the option `resume` of {@link fit}, which checks that it is of the same training. Files
 * of version 0.1.0 are read too.
 *
 * @param bytes - the file's bytes, as {@link writeCheckpoint} made them
 * @returns the checkpoint
 * @throws {TypeError} when `bytes` are none
 * @throws {RangeError} when they are damaged, or no checkpoint
 * @example
 * const train = (file?: Uint8Array) =>
 *   fit(lectures.shallow(), random.uniform(key(1), [64, 784]), {
 *     key: key(2),
 *     resume: file && readCheckpoint(file),
 *   });
 */
export function readCheckpoint(bytes: Uint8Array): Checkpoint {
  const tree = readTree(bytes) as Partial<Stored> | null;
  if (tree?.kind !== "checkpoint" || tree.version !== 1) {
    return refuseValue(READ, "bytes", "be a checkpoint of version 1", tree?.kind);
  }
  const { model, params, settings, trainer, epoch, batch, best, history } = tree;
  checkInteger(READ, "trainer.step", trainer?.step, 0);
  return {
    epoch,
    batch,
    best,
    model: completed(model),
    settings: isPlainObject(settings)
      ? { ...settings, ...("corrupt" in settings && { corrupt: completedSpec(settings.corrupt) }) }
      : settings,
    trainer: { ...trainer, params },
    history: { steps: stepsOf(history?.steps ?? null, trainer?.step as number), epochs: history?.epochs },
  } as Checkpoint;
}

const NUMBERS = ["epoch", "examples", "loss", "gradientNorm", "imagesPerSecond"] as const;

/** Steps as one tensor for each of their numbers: as JSON, long histories would be larger than models. */
interface StepColumns {
  readonly numbers: Readonly<Record<(typeof NUMBERS)[number], Tensor>>;
  readonly terms: Readonly<Record<string, Tensor>>;
  /** The weights of the KL term in full precision: how many steps had one, that one, and so on. */
  readonly beta?: readonly number[];
}

/** The columns of steps, whose numbers are all float32; null where there are none. */
function columnsOf(steps: readonly StepRecord[]): StepColumns | null {
  if (steps.length === 0) return null;
  const column = (f: (record: StepRecord) => number) => tensor(steps.map(f));
  const columns = (names: readonly string[], f: (record: StepRecord, name: string) => number) =>
    Object.fromEntries(names.map((name) => [name, column((record) => f(record, name))]));
  return {
    numbers: columns(NUMBERS, (record, name) => record[name as (typeof NUMBERS)[number]]),
    terms: columns(Object.keys(steps[0].terms), ({ terms }, name) => terms[name]),
    ...(steps[0].beta !== undefined && { beta: runsOf(steps) }),
  } as unknown as StepColumns;
}

function runsOf(steps: readonly StepRecord[]): number[] {
  const runs: number[] = [];
  for (const { beta } of steps) {
    if (runs.at(-1) === beta) runs[runs.length - 2]++;
    else runs.push(1, beta as number);
  }
  return runs;
}

/** The weights of the KL term, one per step; undefined where a file has none. */
function betasOf(runs: unknown, count: number): number[] | undefined {
  if (runs === undefined) return undefined;
  const place = "history.beta";
  if (!Array.isArray(runs)) refuseKind(READ, place, "be an array of numbers", runs);
  const betas: number[] = [];
  for (let i = 0; i < runs.length; i += 2) {
    checkInteger(READ, `${place}[${i}]`, runs[i], 1, count - betas.length);
    checkNumber(READ, `${place}[${i + 1}]`, runs[i + 1], 0);
    for (let k = 0; k < runs[i]; k++) betas.push(runs[i + 1]);
  }
  if (betas.length !== count) refuseValue(READ, place, `hold ${count} steps`, betas.length);
  return betas;
}

/** The steps of columns that a file held. */
function stepsOf(columns: StepColumns | null, count: number): StepRecord[] {
  const values = (names: readonly string[], tensors: Readonly<Record<string, Tensor>> | undefined) =>
    names.map((name) => {
      const column = tensors?.[name];
      const place = `history.${name}`;
      checkTensor(READ, place, column, 1);
      if (column.size !== count) refuseValue(READ, place, `hold ${count} steps`, column.size);
      return [name, column.data] as const;
    });
  if (count === 0) return [];
  const numbers = values(NUMBERS, columns?.numbers);
  const terms = values(Object.keys(columns?.terms ?? {}), columns?.terms);
  const betas = betasOf(columns?.beta, count);
  const at = (column: typeof numbers, i: number) =>
    Object.fromEntries(column.map(([name, data]) => [name, data[i]]));
  return Array.from(
    { length: count },
    (_, step) =>
      ({
        step,
        ...at(numbers, step),
        terms: at(terms, step),
        ...(betas !== undefined && { beta: betas[step] }),
      }) as unknown as StepRecord,
  );
}
