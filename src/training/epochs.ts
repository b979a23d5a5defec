// What happens at the end of an epoch: validation, warnings, and whether it was the best.

import { refuseValue } from "../check.js";
import type { Model, Moment } from "../models/model.js";
import { rowsOf } from "../models/batches.js";
import type { Tensor } from "../tensor.js";
import type { Best } from "./checkpoint.js";
import type { EarlyStopping, FitOptions } from "./fitOptions.js";
import { type Averages, averageOf, type EpochRecord, type StepRecord } from "./history.js";
import type { Trainer } from "./trainer.js";

/** What is looked at after an epoch. */
export interface Examined {
  readonly where: string;
  readonly model: Model;
  readonly trainer: Trainer;
  readonly validation: Tensor | undefined;
  /** Examples in which warnings are looked for; undefined where none are at hand. */
  readonly sample: Tensor | undefined;
}

/** The record of an epoch from those of its steps. */
export async function recordOf(
  steps: readonly StepRecord[],
  before: EpochRecord | undefined,
  { model, trainer, validation, sample }: Examined,
  batchSize: number,
  pause: () => Promise<void>,
): Promise<EpochRecord> {
  const { epoch, step } = steps[steps.length - 1];
  const training = averageOf(steps);
  const validated = validation && (await evaluate(trainer, validation, batchSize, pause));
  const seconds = steps.reduce((sum, { examples, imagesPerSecond }) => sum + examples / imagesPerSecond, 0);
  const last = before?.training.terms.reconstruction;
  const isImproving = last !== undefined && training.terms.reconstruction < last;
  return {
    epoch,
    steps: step + 1,
    training,
    ...(validated && { validation: validated }),
    imagesPerSecond: steps.reduce((sum, { examples }) => sum + examples, 0) / seconds,
    warnings: warningsOf(model, trainer, sample, { step, isImproving }),
  };
}

/** Loss and terms over any number of examples, with pauses in between. */
async function evaluate(
  trainer: Trainer,
  images: Tensor,
  batchSize: number,
  pause: () => Promise<void>,
): Promise<Averages> {
  const parts: (Averages & { examples: number })[] = [];
  for (let start = 0; start < images.shape[0]; start += batchSize) {
    const batch = rowsOf(images, start, Math.min(start + batchSize, images.shape[0]));
    parts.push({ ...trainer.evaluate(batch), examples: batch.shape[0] });
    await pause();
  }
  return averageOf(parts);
}

/** Most examples that warnings are looked for in: all at once, they would keep others waiting. */
const LOOKED_AT = 256;

function warningsOf(
  model: Model,
  trainer: Trainer,
  sample: Tensor | undefined,
  moment: Moment,
): readonly string[] {
  if (sample === undefined || model.warnings === undefined) return [];
  return model.warnings(trainer.params(), rowsOf(sample, 0, Math.min(sample.shape[0], LOOKED_AT)), moment);
}

/** The value that early stopping looks at; none other than those of a record can be. */
export function monitored(where: string, { monitor = "loss" }: EarlyStopping, averages: Averages): number {
  const { loss, terms } = averages;
  if (monitor === "loss") return loss;
  if (!Object.hasOwn(terms, monitor)) {
    const names = ["loss", ...Object.keys(terms)].join(", ");
    refuseValue(where, "earlyStopping.monitor", `be one of ${names}`, monitor);
  }
  return terms[monitor];
}

/** The best epoch so far; null without early stopping. */
export function bestOf(
  where: string,
  { earlyStopping }: FitOptions,
  best: Best | null,
  record: EpochRecord,
  trainer: Trainer,
): Best | null {
  if (earlyStopping === undefined) return null;
  const value = monitored(where, earlyStopping, record.validation ?? record.training);
  // Asked this way round, NaN is no improvement.
  const isBetter = value < (best?.value ?? Infinity) - (earlyStopping.minDelta ?? 0);
  return isBetter ? { epoch: record.epoch, value, params: trainer.params() } : best;
}

/** Whether as many epochs as are waited for have passed since the best one. */
export function isOverdue({ earlyStopping }: FitOptions, best: Best | null, epochsDone: number): boolean {
  if (earlyStopping === undefined) return false;
  return epochsDone - 1 - (best?.epoch ?? -1) >= earlyStopping.patience;
}
