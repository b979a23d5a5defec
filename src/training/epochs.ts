// What happens at the end of an epoch: validation, warnings, and whether it was the best.

import { refuseKind, refuseValue } from "../check/check.js";
import type { Model, Moment } from "../models/model.js";
import { type Batch, mapBatch, weightOf } from "../models/batch.js";
import { rowsOf } from "../models/batches.js";
import { betaAt, type BetaSchedule } from "../models/vae/beta.js";
import type { Best } from "./checkpoint.js";
import { DivergenceError, firstBad } from "./divergence.js";
import type { CompletedEarlyStopping, CompletedFitOptions } from "./fitOptions.js";
import {
  type Averages,
  averageOf,
  type EpochRecord,
  objectiveOf,
  type Part,
  type StepRecord,
} from "./history.js";
import type { Trainer } from "./trainer.js";

/** What is looked at after an epoch. */
export interface Examined {
  readonly where: string;
  readonly model: Model;
  readonly trainer: Trainer;
  readonly validation: Batch | undefined;
  /** Their indices in the data, where they are a share of it. */
  readonly validationIndices: Uint32Array | undefined;
  /** The final weight of the KL term as known after a step, where that weight changes; see {@link goalOf}. */
  readonly goalAt: (step: number) => number | undefined;
  /** Examples in which warnings are looked for; undefined where none are at hand. */
  readonly sample: Batch | undefined;
}

/** The record of an epoch from those of its steps. */
export async function recordOf(
  steps: readonly StepRecord[],
  before: EpochRecord | undefined,
  examined: Examined,
  batchSize: number,
  pause: () => Promise<void>,
): Promise<EpochRecord> {
  const { epoch, step } = steps[steps.length - 1];
  const { model, trainer, sample } = examined;
  const goal = examined.goalAt(step);
  const training = averageOf(steps, goal);
  const parts = await evaluate(examined, step, batchSize, pause);
  const validated = parts && averageOf(parts, goal);
  const seconds = steps.reduce((sum, { examples, imagesPerSecond }) => sum + examples / imagesPerSecond, 0);
  const last = before?.training.terms.reconstruction;
  const isImproving = last !== undefined && training.terms.reconstruction < last;
  return {
    epoch,
    steps: step + 1,
    training,
    ...(validated && { validation: validated }),
    imagesPerSecond: steps.reduce((sum, { examples }) => sum + examples, 0) / seconds,
    warnings: [
      ...warningsOf(examined.where, model, trainer, sample, { step, isImproving }),
      ...(validated === undefined || Number.isFinite(validated.loss) ? [] : [NOT_FINITE]),
    ],
  };
}

const NOT_FINITE =
  "the validation loss is not finite, though the validation data are: this epoch counts as no improvement";

/** Loss and terms over the validation data, part by part with pauses in between; undefined where there are none. */
async function evaluate(
  { where, trainer, validation, validationIndices }: Examined,
  step: number,
  batchSize: number,
  pause: () => Promise<void>,
): Promise<Part[] | undefined> {
  if (validation === undefined) return undefined;
  const parts: Part[] = [];
  const [count] = validation.inputs.shape;
  for (let start = 0; start < count; start += batchSize) {
    const end = Math.min(start + batchSize, count);
    const batch = mapBatch(validation, (t) => rowsOf(t, start, end));
    // What counts for nothing has no mean.
    if (weightOf(batch) === 0) continue;
    const evaluated = trainer.evaluate(batch);
    const { loss, terms } = evaluated;
    const term = Object.entries({ ...terms, loss }).find(([, value]) => !Number.isFinite(value))?.[0];
    const bad = term === undefined ? undefined : firstBad(batch);
    if (bad !== undefined) {
      const example = validationIndices?.[start + bad.row] ?? start + bad.row;
      throw new DivergenceError(where, {
        step,
        data: "validation",
        isBatchFinite: false,
        example,
        value: bad.value,
        term,
        operation: undefined,
        parameter: undefined,
        params: trainer.params(),
      });
    }
    parts.push({ ...evaluated, examples: weightOf(batch) });
    await pause();
  }
  return parts;
}

/** Most examples that warnings are looked for in: all at once, they would keep others waiting. */
const LOOKED_AT = 256;

function warningsOf(
  where: string,
  model: Model,
  trainer: Trainer,
  sample: Batch | undefined,
  moment: Moment,
): readonly string[] {
  if (sample === undefined || model.warnings === undefined) return [];
  const { inputs, labels } = mapBatch(sample, (t) => rowsOf(t, 0, Math.min(t.shape[0], LOOKED_AT)));
  const looked = labels === undefined ? inputs : { inputs, labels };
  const warnings: unknown = model.warnings(trainer.params(), looked, moment);
  if (!Array.isArray(warnings) || !Array.from(warnings).every((text) => typeof text === "string")) {
    refuseKind(where, "model.warnings", "give an array of strings", warnings);
  }
  return warnings;
}

/** The value that early stopping looks at; none other than those of a record can be. */
export function monitored(
  where: string,
  { monitor }: CompletedEarlyStopping,
  averages: Omit<Averages, "objective">,
  goal: number | undefined,
): number {
  const { loss, terms } = averages;
  if (monitor === "loss") return loss;
  if (monitor === "objective") return objectiveOf(averages, goal);
  if (!Object.hasOwn(terms, monitor)) {
    const own = averages.beta === undefined ? [] : ["objective"];
    const names = ["loss", ...Object.keys(terms), ...own].join(", ");
    refuseValue(where, "earlyStopping.monitor", `be one of ${names}`, monitor);
  }
  return terms[monitor];
}

/** The best epoch so far; null without early stopping. */
export function bestOf(
  { where, trainer, goalAt }: Examined,
  { earlyStopping }: CompletedFitOptions,
  best: Best | null,
  records: readonly EpochRecord[],
): Best | null {
  if (earlyStopping === undefined) return null;
  const record = records[records.length - 1];
  // All epochs are compared by the same objective, also where its goal has become known only since.
  const goal = goalAt(record.steps - 1);
  const valueOf = ({ validation, training }: EpochRecord) =>
    monitored(where, earlyStopping, validation ?? training, goal);
  const value = valueOf(record);
  const earlier = best === null ? Infinity : valueOf(records[best.epoch]);
  // Asked this way round, NaN is no improvement.
  const isBetter = value < earlier - earlyStopping.minDelta;
  return isBetter ? { epoch: record.epoch, value, params: trainer.params() } : best;
}

/**
 * The final weight of a model's KL term as a function of the step that was trained last; undefined where nothing is
 * weighted, or always the same. It is the value that the model states; else what its schedule gives at the last step
 * that is planned; where no end is planned, or the schedule does not reach it, what it gives at the step trained last.
 */
export function goalOf({ beta }: Model, lastStep: number): (step: number) => number | undefined {
  if (beta === undefined || typeof beta === "number") return () => undefined;
  const goal = beta.final ?? plannedWeight(beta, lastStep);
  return (step) => goal ?? betaAt(beta, step);
}

function plannedWeight(beta: BetaSchedule, lastStep: number): number | undefined {
  if (!Number.isFinite(lastStep)) return undefined;
  try {
    return betaAt(beta, lastStep);
  } catch {
    // A table may be as long as its author means to train, and the training be ended by a signal.
    return undefined;
  }
}

/** Whether as many epochs as are waited for have passed since the best one. */
export function isOverdue(
  { earlyStopping }: CompletedFitOptions,
  best: Best | null,
  epochsDone: number,
): boolean {
  if (earlyStopping === undefined) return false;
  return epochsDone - 1 - (best?.epoch ?? -1) >= earlyStopping.patience;
}
