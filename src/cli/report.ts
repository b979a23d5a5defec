// reparam report: the report of a run, written anew; also the way in which train writes it.

import { basename, join } from "node:path";
import { fitFaceReadout, readFaces } from "../data/faceReadout.js";
import type { AnyModel } from "../models/fromSpec.js";
import type { ModelParams } from "../models/model.js";
import { fold, type Key, key as makeKey } from "../random/keys.js";
import { createReport } from "../report/report.js";
import type { Tensor } from "../tensor.js";
import type { History } from "../training/history.js";
import { type Command, Options } from "./command.js";
import { type Data, DATA_OPTIONS, divide, readData } from "./data.js";
import { checkFits, type Form, toModel } from "./form.js";
import { HELD_OUT } from "./plan.js";
import { exists, openModel, readRun, RUN, type Settings, writeRun } from "./run.js";
import { say } from "./terminal.js";

interface Request {
  readonly model: AnyModel;
  readonly params: ModelParams;
  readonly form: Form;
  /** Examples that training did not see. */
  readonly held: Data;
  readonly settings: Settings;
  readonly name: string;
  readonly history?: History;
  readonly seed: Key;
}

/** What can be measured in images of the built-in faces. */
function readoutsOf(size: number, key: Key) {
  const readout = fitFaceReadout({ key, size });
  return {
    yaw: (images: Tensor) => readFaces(readout, images).yaw,
    tilt: (images: Tensor) => readFaces(readout, images).tilt,
    smile: (images: Tensor) => readFaces(readout, images).smile,
  };
}

/** Writes the report and its pictures into a folder. */
export async function writeReport(folder: string, request: Request): Promise<void> {
  const { model, params, form, held, settings, name, history, seed } = request;
  const { values, factors, labels, labelNames } = held;
  const { dataShape, range } = form;
  const { html, pictures } = createReport(model, params, toModel(values, form, model), {
    title: `${name} on ${basename(settings.data)}`,
    settings: { data: settings.data, ...settings.options } as Record<string, string>,
    key: fold(seed, 3),
    ...(history && { history }),
    ...(dataShape.length === 3 && { imageShape: dataShape }),
    ...(range && { valueRange: range }),
    ...(factors && { factors }),
    ...(settings.data === "faces" && { readouts: readoutsOf(dataShape[0], fold(seed, 4)) }),
    ...(labels && { labels: labels.data }),
    ...(labelNames && { labelNames }),
  });
  await writeRun(folder, RUN.report, html);
  for (const [picture, png] of Object.entries(pictures)) await writeRun(folder, `${picture}.png`, png);
}

export const reportCommand: Command = {
  name: "report",
  takes: "RUN [DATA]",
  summary: "Writes the report of a run anew, on its own held-out data or on other data.",
  options: {
    ...DATA_OPTIONS,
    seed: { type: "string", value: "N", help: "of built-in images (default 1)" },
    out: { type: "string", value: "DIR", help: "where it goes (default: the run's folder)" },
  },
  async run({ positionals: [folder, source], options }) {
    const { model, params, info } = await openModel(folder);
    const { form, settings } = info;
    // How many examples there are, their labels, and how a table is read are matters of the run's own data.
    const unlike =
      source === undefined
        ? {}
        : { count: undefined, labels: undefined, header: undefined, separator: undefined };
    const own = new Options({ ...settings.options, ...unlike, ...options.all() });
    const seed = makeKey(own.integer("seed", 0) ?? 1);
    const from = source ?? settings.data;
    const data = await readData(from, own, fold(seed, 0));
    checkFits(from, data, form);
    const held = source === undefined ? divide(data, HELD_OUT, fold(seed, 1)).aside : data;
    const history = (await exists(join(folder, RUN.history)))
      ? { history: (await readRun(folder, RUN.history)) as History }
      : {};
    const out = options.text("out") ?? folder;
    const name = own.text("model") ?? model.spec.type;
    await writeReport(out, { model, params, form, held, settings, name, seed, ...history });
    say(`report: ${join(out, RUN.report)}`);
    return 0;
  },
};
