// The training loop: epochs over data, history, validation, early stopping, checkpoints, and time for others.

import type { Model, ModelParams } from "../models/model.js";
import { fold } from "../random/keys.js";
import { scope } from "../tensor/scope.js";
import { type FitState, type Settings, stateOf } from "./checkpoint.js";
import { DivergenceError } from "./divergence.js";
import { FIT_DRAWS } from "./draws.js";
import { bestOf, type Examined, goalOf, isOverdue, monitored, recordOf } from "./epochs.js";
import {
  type CompletedFitOptions,
  type FitOptions,
  fitOptionsOf,
  settingsOf,
  splitData,
} from "./fitOptions.js";
import type { History } from "./history.js";
import { millisecondsNow, pauser } from "./pause.js";
import { type Drawn, type Source, sourceOf, type TrainingData } from "./source.js";
import { makeTrainer, type StepResult, type Trainer } from "./trainer.js";

/** What training ends with. */
export interface FitResult {
  /** The last parameters; with early stopping those of the best epoch. */
  readonly params: ModelParams;
  readonly history: History;
  /** Why it ended: all epochs or steps done, no improvement any more, or the signal. */
  readonly stopped: "finished" | "earlyStopping" | "aborted";
  /** Steps taken, from the very first on. */
  readonly steps: number;
}

/**
 * Trains a model. Asynchronous: between steps it hands control back often enough that a page or server stays alive.
 *
 * The same key, data and options give bit-identical parameters, run after run and, with the baseline binary
 * (`configure({ relaxedSimd: false })`), on every runtime; and so does a training that was interrupted and resumed from
 * a checkpoint.
 *
 * @param model - a model
 * @param data - all examples as a tensor or ndarray `[n, ...inputShape]`, shuffled anew in every epoch; with targets or
 *   weights `{ inputs, targets, weights }`, one entry per example; or batches as an iterable or async iterable, or as a function to one for each epoch
 * @param options.key - for fresh parameters, shuffling and noise
 * @param options.epochs - passes over the data (default 10, or as many as `steps` needs)
 * @param options.steps - stop after so many steps (default: no limit)
 * @param options.batchSize - examples per step (default 128); an iterable's batches are taken as they come
 * @param options.optimizer - default `adam()`; schedules and clipping belong to it
 * @param options.params - parameters to go on from (default: fresh ones)
 * @param options.shuffle - default true
 * @param options.dropLast - leave out the last batch of an epoch where it is not full (default false)
 * @param options.validation - examples to evaluate after each epoch, or the share of `data` to set aside for it
 * @param options.corrupt - layer that disturbs inputs, not targets: denoising and masked training
 * @param options.lossOn - `"all"` (default) or `"hidden"`, with `maskPatches`
 * @param options.earlyStopping - `{ patience, minDelta, monitor }`: stop after `patience` epochs in which the
 *   monitored value (of the validation data where there are any) did not fall by more than `minDelta` (default 0), and
 *   return the best epoch's parameters. By default that is the `"objective"`: the loss, but for a VAE whose `beta` changes
 *   reconstruction + final beta·kl, so that epochs of a warm-up can be compared. The final beta is the one that the model
 *   states (`beta: { schedule, final }`), else the schedule's at the last step that `epochs` or `steps` plan, else (no
 *   end is known) the latest one. `"loss"` and the terms can be named instead
 * @param options.checkpoint - `{ every, save }`: `save(checkpoint, step)` every so many steps, when aborted, and after the
 *   last epoch; awaited. {@link writeCheckpoint} makes a file of it
 * @param options.resume - a checkpoint to go on from; then `params` do not count
 * @param options.onStep - called after each step with its record and the progress, and awaited
 * @param options.onEpoch - called after each epoch with its record, and awaited
 * @param options.signal - an AbortSignal: training stops after the step at hand and returns what there is
 * @param options.yieldEvery - milliseconds of work after which others get their turn (default 16)
 * @returns parameters, history, and why it ended
 * @throws {TypeError} when an option is unknown or of the wrong kind
 * @throws {RangeError} when the data do not fit the model, or a checkpoint is of another training
 * @throws {DivergenceError} when the loss, a gradient, or the parameters at the end are not finite, or data are not, which it names by their first example;
 *   it holds the last good parameters
 * @example
 * const images = random.uniform(key(1), [64, 784]);
 * const { params, history } = await fit(lectures.shallow(), images, { key: key(2), epochs: 2, batchSize: 32 });
 * history.epochs.length; // 2
 */
export async function fit(model: Model, data: TrainingData, options: FitOptions): Promise<FitResult> {
  const where = "fit";
  const completed = fitOptionsOf(where, model, options);
  const { key, batchSize, shuffle, dropLast } = completed;
  const { inputShape } = model;
  const split = splitData(where, data, options.validation, inputShape, fold(key, FIT_DRAWS.validation));
  const { training, indices, validation, validationIndices } = split;
  const cut = { inputShape, batchSize, shuffle, dropLast, key: fold(key, FIT_DRAWS.shuffling), indices };
  const source = sourceOf(where, training, cut);
  const lastStep = Math.min(completed.steps, completed.epochs * (source.batchCount ?? Infinity)) - 1;
  const settings = settingsOf(completed, training);
  const { trainer, release, checkUpdated } = makeTrainer(where, model, {
    ...completed,
    key: fold(key, FIT_DRAWS.trainer),
  });
  try {
    const sample = validation ?? source.sample;
    const goalAt = goalOf(model, lastStep);
    return await run(
      {
        where,
        model,
        source,
        sample,
        validation,
        validationIndices,
        goalAt,
        settings,
        trainer,
        checkUpdated,
      },
      completed,
    );
  } finally {
    // Training after training would fill the memory faster than garbage collection empties it.
    release();
  }
}

/** A step on a batch; where its data are not finite, the error names the example in the data of the user. */
function stepOn(where: string, trainer: Trainer, batch: Drawn): StepResult & { readonly examples: number } {
  try {
    return scope(() => {
      const examples = batch.take();
      return { ...trainer.step(examples), examples: examples.inputs.shape[0] };
    });
  } catch (error) {
    if (!(error instanceof DivergenceError)) throw error;
    const place = error.example === undefined ? {} : batch.placeOf(error.example);
    throw new DivergenceError(where, { ...error, params: error.params, ...place });
  }
}

/** What a training has to do with. */
interface Training extends Examined {
  readonly where: string;
  readonly source: Source;
  readonly settings: Settings;
  readonly checkUpdated: (where: string) => void;
}

/** Where a training without a checkpoint begins. */
const BEGINNING: Omit<FitState, "trainer"> = {
  epoch: 0,
  batch: 0,
  best: null,
  history: { steps: [], epochs: [] },
};

async function run(training: Training, options: CompletedFitOptions): Promise<FitResult> {
  const { where, model, source, settings, trainer } = training;
  const { signal, checkpoint, resume, steps, epochs, batchSize, yieldEvery } = options;
  const before = resume === undefined ? undefined : stateOf(where, resume, model, settings, trainer.params());
  if (before) trainer.restore(before.trainer);

  let { epoch, batch, best } = before ?? BEGINNING;
  let step = before?.trainer.step ?? 0;
  // A training that is resumed where it was saved has nothing more to save.
  let savedAt = resume === undefined ? -1 : step;
  const { steps: stepRecords, epochs: epochRecords } = (before ?? BEGINNING).history;
  const history = { steps: [...stepRecords], epochs: [...epochRecords] };
  const pause = pauser(yieldEvery);
  const save = async () => {
    // What goes on from parameters that are not finite ends at once, whenever that is.
    training.checkUpdated(where);
    const seen = { steps: [...history.steps], epochs: [...history.epochs] };
    const state = { trainer: trainer.state(), epoch, batch, best, history: seen };
    await checkpoint?.save({ model: model.spec, settings, ...state }, step);
    savedAt = step;
  };
  const result = (stopped: FitResult["stopped"]): FitResult => {
    const chosen = options.earlyStopping && best?.params;
    if (chosen === undefined) training.checkUpdated(where);
    return { params: chosen ?? trainer.params(), history, stopped, steps: step };
  };
  const isAborted = () => signal?.aborted === true;
  const abort = async () => {
    if (checkpoint && savedAt !== step) await save();
    return result("aborted");
  };

  for (; epoch < epochs; epoch++, batch = 0) {
    if (isOverdue(options, best, epoch)) return result("earlyStopping");
    if (isAborted()) return abort();
    let since = millisecondsNow();
    // Of an epoch that was begun before a checkpoint, some steps are in the history already.
    const first = history.steps.length - batch;
    for await (const made of step < steps ? source.batches(epoch, batch) : []) {
      const taken = stepOn(where, trainer, made);
      const seconds = Math.max(millisecondsNow() - since, 0.001) / 1000;
      const record = { ...taken, epoch, imagesPerSecond: Math.fround(taken.examples / seconds) };
      if (options.earlyStopping) monitored(where, options.earlyStopping, record, 0);
      history.steps.push(record);
      step++;
      batch++;
      await options.onStep?.(record, { batch, batchCount: source.batchCount, epochs, steps });
      if (checkpoint && step % checkpoint.every === 0) await save();
      if (step >= steps || isAborted()) break;
      await pause();
      since = millisecondsNow();
    }
    if (isAborted()) return abort();
    const own = history.steps.slice(first);
    if (own.length === 0) break;
    const record = await recordOf(own, history.epochs.at(-1), training, batchSize, pause);
    history.epochs.push(record);
    best = bestOf(training, options, best, history.epochs);
    // The loss of an epoch is that of what its steps began with.
    if (best?.epoch === epoch) training.checkUpdated(where);
    await options.onEpoch?.(record);
    if (step >= steps) break;
  }
  // All epochs are done, and their records with them: more can be added.
  if (checkpoint && savedAt !== step && epoch >= epochs) await save();
  return result("finished");
}
