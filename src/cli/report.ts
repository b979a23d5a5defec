// reparam report: the report of a run, written anew; also the way in which train writes it.

import { stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fitFaceReadout, readFaces } from "../data/synthetic/faceReadout.js";
import type { AnyModel } from "../models/fromSpec.js";
import type { ModelParams } from "../models/model.js";
import { fold, key, type Key } from "../random/keys.js";
import { createReport } from "../report/report.js";
import type { Tensor } from "../tensor/tensor.js";
import type { History } from "../training/history.js";
import { type Command, fail, Options } from "./command.js";
import { type Data, DATA_OPTIONS, divide, readData } from "./data.js";
import { effectiveOn } from "./effects.js";
import { checkFits, type Form, toModel } from "./form.js";
import { openGiven, type Opened } from "./input.js";
import { defaultModelName } from "./models.js";
import { HELD_OUT } from "./plan.js";
import { exists, historyOf, RUN, type Settings, writeRun } from "./run.js";
import { say, tell } from "./terminal.js";
import { RUN_DRAWS } from "./draws.js";

interface Request {
  readonly model: AnyModel;
  readonly params: ModelParams;
  readonly form: Form;
  /** What it is about: examples that training did not see, if `isHeldOut`. */
  readonly held: Data;
  /** What the data are called: a path, or the name of built-in images. */
  readonly source: string;
  readonly isHeldOut: boolean;
  /** What the page tells of data and training. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly name: string;
  readonly history?: History;
  readonly seed: Key;
}

/** Size below which the parts of a face cannot be told apart. */
const LEAST_READABLE = 16;

/** What can be measured in images of the built-in faces. */
function readoutsOf(size: number, seed: Key) {
  const readout = fitFaceReadout({ key: seed, size });
  return {
    yaw: (images: Tensor) => readFaces(readout, images).yaw,
    tilt: (images: Tensor) => readFaces(readout, images).tilt,
    smile: (images: Tensor) => readFaces(readout, images).smile,
  };
}

/** Writes the report and its pictures into a folder. */
export async function writeReport(folder: string, request: Request): Promise<void> {
  const { model, params, form, held, name, seed, history, source, isHeldOut, settings } = request;
  const { values, factors, labels, labelNames } = held;
  const { dataShape, range } = form;
  const { html, pictures } = createReport(model, params, toModel(values, form, model), {
    title: `${name} on ${basename(source)}`,
    settings,
    isHeldOut,
    key: fold(seed, RUN_DRAWS.report),
    ...(history !== undefined && { history }),
    ...(dataShape.length === 3 && { imageShape: dataShape }),
    ...(range && { valueRange: range }),
    ...(factors && { factors }),
    ...(source === "faces" &&
      dataShape[0] >= LEAST_READABLE && {
        readouts: readoutsOf(dataShape[0], fold(seed, RUN_DRAWS.readouts)),
      }),
    ...(labels && { labels: labels.data }),
    ...(labelNames && { labelNames }),
  });
  // The page last: where it is, everything is.
  for (const [picture, png] of Object.entries(pictures)) await writeRun(folder, `${picture}.png`, png);
  await writeRun(folder, RUN.report, html);
}

type Given = Readonly<Record<string, string | boolean>>;

/** Options but for where results went: the page says nothing of places. */
function withoutPlace(options: Given): Given {
  const { out: _, ...others } = options;
  return others;
}

/** Writes the first report of a run, whose model is in its folder already: nothing is lost if this fails. */
export async function writeFirstReport(
  folder: string,
  {
    settings,
    ...request
  }: Omit<Request, "source" | "isHeldOut" | "settings"> & { readonly settings: Settings },
): Promise<void> {
  const { data: source, options } = settings;
  try {
    const told = { data: source, ...withoutPlace(options) };
    await writeReport(folder, { ...request, source, isHeldOut: true, settings: told });
  } catch (error) {
    tell(`the model is saved in ${folder}, but not its report; reparam report ${folder} tries that again`);
    throw error;
  }
}

/** Options that say which examples there are; labels are not among them: they only colour. */
const CHOOSING = [...Object.keys(DATA_OPTIONS), "seed"].filter((name) => name !== "labels");

/** Which examples a report is about. */
interface Choice {
  /** Options with which they are read. */
  readonly options: Given;
  /** Whether they are those that the run itself held out. */
  readonly isOwn: boolean;
}

/** The run's own held-out examples, unless other data are named, or asked for by options unlike the run's. */
function choiceOf(before: Given, given: Given, isOtherSource: boolean): Choice {
  const isOwn = !isOtherSource && CHOOSING.every((name) => (given[name] ?? before[name]) === before[name]);
  // How many examples there are, their labels, and how a table is read are matters of the run's own data.
  const { count: _, labels: __, header: ___, separator: ____, ...rest } = before;
  return { options: { ...(isOtherSource ? rest : before), ...given }, isOwn };
}

/** What the page says of data that are not the run's own, and of the run. */
function settingsOfOther(source: string, count: number, options: Given, before: Settings, given: Given) {
  const isOfData = (name: string) => Object.hasOwn(DATA_OPTIONS, name);
  const only = (all: Given, f: (name: string) => boolean) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => f(name)));
  return {
    data: source,
    ...only(options, isOfData),
    count,
    ...(given["seed"] !== undefined && { "seed of the data": given["seed"] }),
    ...(before.data !== "" && { "trained on": before.data }),
    ...only(withoutPlace(before.options), (name) => !isOfData(name)),
  };
}

/** What the command line calls a model. */
function nameOf({ model, info: { settings, form } }: Opened): string {
  if (settings.data === "") return model.spec.type;
  return String(settings.options["model"] ?? defaultModelName(form.dataShape));
}

export const reportCommand: Command = {
  name: "report",
  takes: "RUN [DATA]",
  summary: "Writes the report of a run anew, on its own held-out data or on other data.",
  options: {
    ...DATA_OPTIONS,
    seed: { type: "string", value: "N", help: "of built-in images (default: the run's)" },
    out: { type: "string", value: "DIR", help: "where it goes (default: the run's folder)" },
  },
  async run({ positionals: [folder, source], options }) {
    const opened = await openGiven(folder);
    if (!(await stat(folder)).isDirectory()) {
      fail(`${folder} is a file; RUN is the folder of a run: ${dirname(folder)}`);
    }
    const { model, params, info } = opened;
    const { form, settings: before } = info;
    const from = source ?? before.data;
    if (from === "") fail(`the model in ${folder} tells nothing of its data: name some after RUN`);
    const { out = folder, ...given } = options.all() as { out?: string } & Given;
    if (resolve(out) !== resolve(folder) && (await exists(join(out, RUN.settings)))) {
      fail(`--out ${out} is the folder of another run`);
    }
    const history = await historyOf(folder);
    const fitting = source === undefined ? before.options : await effectiveOn(source, before.options);
    const choice = choiceOf(fitting, given, source !== undefined);
    const own = new Options(choice.options);
    const seed = key(own.integer("seed", 0) ?? 1);
    const data = await readData(from, own, fold(seed, RUN_DRAWS.data));
    checkFits(from, data, form);
    const held = choice.isOwn ? divide(data, HELD_OUT, fold(seed, RUN_DRAWS.heldOut)).aside : data;
    await writeReport(out, {
      model,
      params,
      form,
      held,
      seed,
      source: from,
      isHeldOut: choice.isOwn,
      name: nameOf(opened),
      settings: choice.isOwn
        ? { data: from, ...withoutPlace(choice.options) }
        : settingsOfOther(from, held.values.shape[0], choice.options, before, given),
      ...(history && { history }),
    });
    say(`report: ${join(out, RUN.report)}`);
    return 0;
  },
};
