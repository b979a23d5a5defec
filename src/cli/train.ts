// reparam train: trains a model and leaves it, its history, its pictures and its report in a folder.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { checkpointFolder } from "../node/checkpoints.js";
import { grouped } from "../layers/summary.js";
import { fold } from "../random/keys.js";
import { DivergenceError } from "../training/divergence.js";
import { fit } from "../training/fit.js";
import { tensorsOf } from "../tree.js";
import { type Arguments, type Command, fail } from "./command.js";
import { DATA_OPTIONS } from "./data.js";
import { toModel } from "./form.js";
import { MODEL_NAMES } from "./models.js";
import { type Plan, planOf } from "./plan.js";
import { ProgressLine, showSeconds } from "./progress.js";
import { writeReport } from "./report.js";
import { modelFile, RUN, type Settings, settingsOf, writeRun } from "./run.js";
import { say, tell } from "./terminal.js";

/** Exit code after Ctrl-C, as shells expect it. */
const INTERRUPTED = 130;
const STEPS_PER_CHECKPOINT = 50;

/** The arguments of a run, and its folder if it goes on: then those given now are put over those from before. */
export async function resumed({ positionals, options }: Arguments): Promise<[Settings, string | undefined]> {
  const folder = options.text("resume");
  const given = options.all();
  if (folder === undefined) return [{ data: positionals[0] ?? "faces", options: given }, undefined];
  const before = await settingsOf(folder);
  if (positionals.length > 0 && positionals[0] !== before.data) {
    fail(`--resume goes on with ${before.data}; for ${positionals[0]} begin a new run`);
  }
  return [{ data: before.data, options: { ...before.options, ...given, out: folder } }, folder];
}

function announce({ name, model, rest, aside, form }: Plan, source: string): void {
  const parameters = tensorsOf(model.init({ words: [0, 0] }).weights).reduce(
    (sum, { size }) => sum + size,
    0,
  );
  tell(
    `${name} on ${source}: ${rest.values.shape[0]} examples of ${form.dataShape.join("×")}, ` +
      `${aside.values.shape[0]} held out; ${grouped(parameters)} parameters`,
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

async function run(given: Arguments): Promise<number> {
  const [settings, folderBefore] = await resumed(given);
  const out = String(settings.options.out ?? "run");
  const plan = await planOf(settings);
  const { seed, model, form, rest, aside, epochs, batchSize, optimizer, corrupt } = plan;
  const checkpoints = checkpointFolder(join(out, RUN.checkpoints));
  const resume = folderBefore === undefined ? undefined : await checkpoints.load();
  // Checkpoints of an earlier run that came farther would be taken for this one's.
  if (folderBefore === undefined) await rm(join(out, RUN.checkpoints), { recursive: true, force: true });
  await writeRun(out, RUN.settings, `${JSON.stringify(settings, null, 2)}\n`);
  announce(plan, settings.data);
  const line = new ProgressLine(process.stderr);
  const start = performance.now();
  const { params, history, stopped, steps } = await interruptible((signal) =>
    fit(model, toModel(rest.values, form, model), {
      key: fold(seed, 2),
      epochs,
      batchSize,
      optimizer,
      validation: toModel(aside.values, form, model),
      checkpoint: { every: STEPS_PER_CHECKPOINT, save: checkpoints.save },
      signal,
      onStep: (record, progress) => line.step(record, progress),
      onEpoch: (record) => line.epoch(record, epochs),
      ...(corrupt && { corrupt }),
      ...(resume && { resume }),
    }),
  )
    .catch((error: unknown) => {
      if (!(error instanceof DivergenceError)) throw error;
      // No learning rate helps where the data are to blame.
      if (!error.isBatchFinite) return fail(error.message);
      return fail(`the loss is not finite at step ${error.step + 1}; a smaller --lr may help`);
    })
    .finally(() => line.clear());
  await writeRun(out, RUN.model, modelFile(model, params, { form, settings }));
  await writeRun(out, RUN.history, JSON.stringify(history));
  if (stopped === "aborted") {
    tell(`stopped after step ${steps}; go on with: reparam train --resume ${out}`);
    return INTERRUPTED;
  }
  tell(`trained in ${showSeconds((performance.now() - start) / 1000)}`);
  await writeReport(out, { ...plan, params, held: aside, settings, history });
  say(`report: ${join(out, RUN.report)}`);
  return 0;
}

export const train: Command = {
  name: "train",
  takes: "[DATA]",
  summary:
    "Trains a model, and writes it with its history, pictures and a report. DATA is one of: faces (built in, the " +
    "default), shapes (built in), an IDX file, a folder of PNGs, an npy file, a table (CSV).",
  options: {
    model: { type: "string", value: "NAME", help: `${MODEL_NAMES.join(", ")} (default by the data)` },
    latent: { type: "string", value: "N", help: "numbers in the code (default 16)" },
    beta: { type: "string", value: "B", help: "weight of the KL term (default 1)" },
    epochs: { type: "string", value: "N", help: "passes over the data (default 10)" },
    likelihood: { type: "string", value: "L", help: "of a VAE: bernoulli (default for ink) or gaussian" },
    gamma: {
      type: "string",
      value: "G",
      help: "deviation of the gaussian likelihood (default 0.08; tables 0.3)",
    },
    batch: { type: "string", value: "N", help: "examples per step (default 64)" },
    lr: { type: "string", value: "R", help: "Adam's highest learning rate, in one cycle (default 2e-3)" },
    seed: { type: "string", value: "N", help: "the same seed gives the same run (default 1)" },
    denoise: { type: "string", value: "S", help: "add noise of this deviation to inputs, not to targets" },
    mask: {
      type: "string",
      value: "R",
      help: "hide this share of the inputs: 4×4 patches, or columns of a table",
    },
    ...DATA_OPTIONS,
    out: { type: "string", value: "DIR", help: "where results go (default run)" },
    resume: { type: "string", value: "DIR", help: "go on with the run in that folder" },
  },
  run,
};
