// reparam train: trains a model and leaves it, its history, its pictures and its report in a folder.

import { say, tell } from "./terminal.js";
import { join } from "node:path";
import { gaussianNoise } from "../layers/noise.js";
import { maskPatches } from "../layers/masks.js";
import { checkpointFolder } from "../node/checkpoints.js";
import { adam } from "../optimizers/adam.js";
import { fold, key as makeKey } from "../random/keys.js";
import type { Tensor } from "../tensor.js";
import { tensorsOf } from "../tree.js";
import { fit } from "../training/fit.js";
import { type Arguments, type Command, fail, Options } from "./command.js";
import { DATA_OPTIONS, divide, readData } from "./data.js";
import { asTheyAre, type Form, standardized, symmetric, toModel } from "./form.js";
import { MODEL_NAMES, modelByName } from "./models.js";
import { ProgressLine, showSeconds } from "./progress.js";
import { writeReport } from "./report.js";
import { modelFile, RUN, type Settings, settingsOf, writeRun } from "./run.js";

/** Exit code after Ctrl-C, as shells expect it. */
const INTERRUPTED = 130;
/** Share of the examples that training does not see. */
const HELD_OUT = 0.1;
const STEPS_PER_CHECKPOINT = 50;

function corruptionOf(options: Options) {
  const [denoise, mask] = [options.number("denoise", 0), options.number("mask", 0, 1)];
  if (denoise !== undefined && mask !== undefined) fail("give either --denoise or --mask");
  if (denoise !== undefined) return { corrupt: gaussianNoise(denoise, { clip: [0, 1] }) };
  if (mask !== undefined) return { corrupt: maskPatches({ size: 4, ratio: mask }) };
  return {};
}

const isUnit = ({ data }: Tensor) => data.every((value) => value >= 0 && value <= 1);

/** How the model sees the data: tables are standardized unless they lie in [0, 1], tanh wants [−1, 1]. */
function formOf(name: string, values: Tensor, unit: boolean): Form {
  const dataShape = values.shape.slice(1);
  if (name === "strided") return symmetric(dataShape);
  return unit || dataShape.length === 3 ? asTheyAre(dataShape) : standardized(values);
}

/** The arguments of the run that goes on, with those given now put over them. */
async function resumed({ positionals, options }: Arguments): Promise<[Settings, string | undefined]> {
  const folder = options.text("resume");
  const given = options.all();
  if (folder === undefined) return [{ data: positionals[0] ?? "faces", options: given }, undefined];
  const before = await settingsOf(folder);
  if (positionals.length > 0 && positionals[0] !== before.data) {
    fail(`--resume goes on with ${before.data}; for ${positionals[0]} begin a new run`);
  }
  return [{ data: before.data, options: { ...before.options, ...given, out: folder } }, folder];
}

async function run(given: Arguments): Promise<number> {
  const [settings, folderBefore] = await resumed(given);
  const options = new Options(settings.options);
  const seed = makeKey(options.integer("seed", 0) ?? 1);
  const out = options.text("out") ?? "run";
  const data = await readData(settings.data, options, fold(seed, 0));
  const unit = isUnit(data.values);
  const inputShape = data.values.shape.slice(1);
  const name = options.choice("model", MODEL_NAMES) ?? (inputShape.length === 3 ? "conv-vae" : "dense-vae");
  const form = formOf(name, data.values, unit);
  const model = modelByName(name, {
    inputShape,
    latent: options.integer("latent", 1) ?? 16,
    beta: options.number("beta", 0) ?? 1,
    isUnit: unit,
  });
  const { rest, aside } = divide(data, HELD_OUT, fold(seed, 1));
  const epochs = options.integer("epochs", 1) ?? 10;
  const learningRate = options.number("lr", 0) ?? 1e-3;
  const batchSize = options.integer("batch", 1) ?? 128;
  const checkpoints = checkpointFolder(join(out, RUN.checkpoints));
  const resume = folderBefore === undefined ? undefined : await checkpoints.load();
  const corruption = corruptionOf(options);
  await writeRun(out, RUN.settings, `${JSON.stringify(settings, null, 2)}\n`);

  const parameters = tensorsOf(model.init(seed).weights).reduce((sum, { size }) => sum + size, 0);
  tell(
    `${name} on ${settings.data}: ${rest.values.shape[0]} examples of ${inputShape.join("×")}, ` +
      `${aside.values.shape[0]} held out; ${parameters.toLocaleString("en")} parameters`,
  );
  const interrupt = new AbortController();
  const onSignal = () => {
    // A second Ctrl-C does not wait for the step at hand.
    if (interrupt.signal.aborted) process.exit(INTERRUPTED);
    interrupt.abort();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  const line = new ProgressLine(process.stderr);
  const start = performance.now();
  const { params, history, stopped, steps } = await fit(model, toModel(rest.values, form, model), {
    key: fold(seed, 2),
    epochs,
    batchSize,
    optimizer: adam({ learningRate }),
    validation: toModel(aside.values, form, model),
    checkpoint: { every: STEPS_PER_CHECKPOINT, save: checkpoints.save },
    signal: interrupt.signal,
    onStep: (record, progress) => line.step(record, progress),
    onEpoch: (record) => line.epoch(record, epochs),
    ...corruption,
    ...(resume && { resume }),
  }).finally(() => {
    line.clear();
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
  });
  await writeRun(out, RUN.model, modelFile(model, params, { form, settings }));
  await writeRun(out, RUN.history, JSON.stringify(history));
  if (stopped === "aborted") {
    tell(`stopped after step ${steps}; go on with: reparam train --resume ${out}`);
    return INTERRUPTED;
  }
  tell(`trained in ${showSeconds((performance.now() - start) / 1000)}`);
  await writeReport(out, { model, params, form, held: aside, settings, name, history, seed });
  say(`report: ${join(out, RUN.report)}`);
  return 0;
}

export const train: Command = {
  name: "train",
  takes: "[DATA]",
  summary:
    "Trains a model on faces (built in, the default), shapes (built in), an IDX file, a folder of PNGs, an npy file " +
    "or a table (CSV). Writes the model, its history, pictures and a report.",
  options: {
    model: { type: "string", value: "NAME", help: `${MODEL_NAMES.join(", ")} (default by the data)` },
    latent: { type: "string", value: "N", help: "numbers in the code (default 16)" },
    beta: { type: "string", value: "B", help: "weight of the KL term (default 1)" },
    epochs: { type: "string", value: "N", help: "passes over the data (default 10)" },
    batch: { type: "string", value: "N", help: "examples per step (default 128)" },
    lr: { type: "string", value: "R", help: "Adam's learning rate (default 1e-3)" },
    seed: { type: "string", value: "N", help: "the same seed gives the same run (default 1)" },
    denoise: { type: "string", value: "S", help: "add noise of this deviation to inputs, not to targets" },
    mask: { type: "string", value: "R", help: "hide this share of 4×4 patches of the inputs" },
    ...DATA_OPTIONS,
    out: { type: "string", value: "DIR", help: "where results go (default run)" },
    resume: { type: "string", value: "DIR", help: "go on with the run in that folder" },
  },
  run,
};
