// reparam train: trains a model and leaves it, its history, its pictures and its report in a folder.

import { join } from "node:path";
import { checkpointFolder } from "../node/checkpoints.js";
import type { Batch } from "../models/batch.js";
import { grouped } from "../models/summary.js";
import * as ops from "../ops/index.js";
import { fold } from "../random/keys.js";
import type { Checkpoint } from "../training/checkpoint.js";
import { DivergenceError } from "../training/divergence.js";
import { fit, type FitResult } from "../training/fit.js";
import { pcaAutoencoder } from "../latent/pcaAutoencoder.js";
import { sizeOf, type Tensor } from "../tensor/tensor.js";
import type { EpochRecord } from "../training/history.js";
import { tensorsOf } from "../tensor/tree.js";
import { type Claim, claimFolder, removeReport } from "./claim.js";
import { type Arguments, type Command, fail, Options } from "./command.js";
import { classNames } from "./condition.js";
import type { Data } from "./data.js";
import { describeDivergence } from "./diverged.js";
import { checkDataOptions } from "./effects.js";
import { evidenceOf } from "./evidence.js";
import { toModel } from "./form.js";
import { withCodes } from "./input.js";
import { askedOf, type Plan, planOf } from "./plan.js";
import { ProgressLine, showSeconds } from "./progress.js";
import { writeFirstReport } from "./report.js";
import { checkpointOf, destinationOf } from "./resume.js";
import { modelFile, RUN, writeRun } from "./run.js";
import { say, tell } from "./terminal.js";
import { TRAIN_OPTIONS } from "./trainOptions.js";
import { RUN_DRAWS } from "./draws.js";
import { counted } from "../report/section.js";

/** Exit code after Ctrl-C, as shells expect it. */
const INTERRUPTED = 130;
const STEPS_PER_CHECKPOINT = 50;

/** Examples as the loop takes them: with their classes, where the model knows these. */
function examplesOf({ values, labels }: Data, { form, model }: Plan): Tensor | Batch {
  const inputs = toModel(values, form, model);
  return model.condition && labels ? { inputs, labels } : inputs;
}

function announce({ name, model, rest, aside, form }: Plan, source: string): void {
  const parameters = tensorsOf(model.init({ words: [0, 0] }).weights).reduce(
    (sum, { size }) => sum + size,
    0,
  );
  const { condition } = model;
  const classes = condition ? `, ${classNames(condition).length} classes` : "";
  tell(
    `${name} on ${source}: ${counted(rest.values.shape[0], "example")} of ${form.dataShape.join("×")}, ` +
      `${aside.values.shape[0]} held out${classes}; ${grouped(parameters)} parameters`,
  );
}

/** Runs `f` with a signal that Ctrl-C sends; a second one does not wait for the step at hand. */
async function interruptible<Result>(f: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort();
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, onSignal);
  try {
    return await f(controller.signal);
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}

/** Refuses a training that ended with a model that is of no use. */
function checkOutcome({ steps, validation }: EpochRecord): void {
  if (Number.isFinite(validation?.loss ?? 0)) return;
  fail(`the loss of the held-out examples is not finite after step ${steps}; a smaller --lr may help`);
}

/** Trains as planned. The folder is left as it was until there is a first checkpoint. */
async function trained(
  plan: Plan,
  {
    source,
    out,
    claim,
    resume,
  }: { source: string; out: string; claim: Claim; resume: Checkpoint | undefined },
): Promise<FitResult> {
  const { seed, model, rest, aside, epochs, batchSize, optimizer, corrupt } = plan;
  const checkpoints = checkpointFolder(join(out, RUN.checkpoints));
  const line = new ProgressLine(process.stderr);
  const training = interruptible((signal) =>
    fit(model, examplesOf(rest, plan), {
      key: fold(seed, RUN_DRAWS.training),
      epochs,
      batchSize,
      optimizer,
      validation: examplesOf(aside, plan),
      checkpoint: {
        every: STEPS_PER_CHECKPOINT,
        async save(saved, step) {
          await claim.begin();
          await checkpoints.save(saved, step);
          claim.keep();
        },
      },
      signal,
      onStep: (record, progress) => line.step(record, progress),
      onEpoch: (record) => {
        line.epoch(record, epochs);
        // Before anything is written: of such a model there is no report.
        if (record.epoch + 1 === epochs) checkOutcome(record);
      },
      ...(corrupt && { corrupt }),
      ...(resume && { resume }),
    }),
  );
  try {
    return await training;
  } catch (error) {
    line.clear();
    if (error instanceof DivergenceError) fail(describeDivergence(error, plan, source));
    throw error;
  } finally {
    line.clear();
  }
}

/** Examples that principal components are computed of at most: the work grows with the cube. */
const MOST_FITTED = 1500;

/** Principal components, in the place of a training. */
function computed({ model, form, rest }: Plan): FitResult {
  const values = toModel(rest.values, form, model);
  const count = values.shape[0];
  const features = values.size / count;
  const fitted = Math.min(count, features) > MOST_FITTED ? ops.slice(values, 0, MOST_FITTED) : values;
  if (fitted !== values) tell(`principal components of ${MOST_FITTED} of the ${count} examples`);
  const { params, basis } = pcaAutoencoder(fitted, { latentSize: sizeOf(withCodes(model).codeShape) });
  const share = basis.ratio.data.reduce((sum, ratio) => sum + ratio, 0);
  tell(`${basis.ratio.size} components explain ${(100 * share).toFixed(1)} % of the variance`);
  return { params, history: { steps: [], epochs: [] }, stopped: "finished", steps: 0 };
}

async function run(given: Arguments): Promise<number> {
  const destination = await destinationOf(given);
  const { out, settings } = destination;
  const { data: source } = settings;
  const options = new Options(settings.options);
  const { name } = askedOf(options);
  if (name === "pca" && destination.before)
    fail(`${out} is of --model pca, which is computed at once: nothing is left to do`);
  await checkDataOptions(source, options);
  const claim = await claimFolder(destination);
  let isFailed = true;
  try {
    const resume = destination.before && (await checkpointOf(destination));
    const plan = await planOf(settings);
    const { model, form, aside } = plan;
    announce(plan, source);
    const start = performance.now();
    const { params, history, stopped, steps } =
      plan.name === "pca" ? computed(plan) : await trained(plan, { source, out, claim, resume });
    await claim.begin();
    await removeReport(out);
    const evidence = evidenceOf(model, params, plan);
    await writeRun(out, RUN.model, modelFile(model, params, { form, settings, ...evidence }));
    claim.keep();
    await writeRun(out, RUN.history, JSON.stringify(history));
    isFailed = false;
    if (stopped === "aborted") {
      tell(`stopped after step ${steps}; go on with: reparam train --resume ${out}`);
      return INTERRUPTED;
    }
    tell(`trained in ${showSeconds((performance.now() - start) / 1000)}`);
    await writeFirstReport(out, { ...plan, params, held: aside, settings, history });
    say(`report: ${join(out, RUN.report)}`);
    return 0;
  } finally {
    await claim.release(isFailed);
  }
}

export const train: Command = {
  name: "train",
  takes: "[DATA]",
  summary:
    "Trains a model, and writes it with its history, pictures and a report. DATA is one of: faces (built in, the " +
    "default), shapes (built in), an IDX file, a folder of PNGs, an npy file, a table (CSV).",
  options: TRAIN_OPTIONS,
  run,
};
