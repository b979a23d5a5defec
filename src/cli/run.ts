// The folder of a run: what train writes there, and what the other commands read from it.

import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { isRefusal } from "../check/check.js";
import { type LoadedModel, loadModel, saveModel } from "../files/modelFile.js";
import type { AnyModel } from "../models/fromSpec.js";
import type { ModelParams } from "../models/model.js";
import { namingFile } from "../node/fileErrors.js";
import { makeFolder } from "../node/makeFolder.js";
import { writeFileAtomic } from "../node/writeFileAtomic.js";
import type { History } from "../training/history.js";
import { fail } from "./command.js";
import { type Form, ranged } from "./form.js";
import { isObject } from "../tensor/tree.js";

/** Where things are in a run's folder. */
export const RUN = {
  model: "model.safetensors",
  history: "history.json",
  settings: "settings.json",
  report: "report.html",
  checkpoints: "checkpoints",
} as const;

/** What a model's file keeps beside the model. */
export interface ModelInfo {
  readonly form: Form;
  readonly settings: Settings;
  /** Of a model with classes: quantiles of log p(x) of training examples, at every percent from 0 to 100. */
  readonly evidence?: readonly number[];
}

/** How a run was asked for: the arguments of train. */
export interface Settings {
  readonly data: string;
  readonly options: Readonly<Record<string, string | boolean>>;
}

/** Writes a file of a run. */
export async function writeRun(folder: string, name: string, content: Uint8Array | string): Promise<void> {
  await makeFolder(folder);
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  await writeFileAtomic(join(folder, name), bytes);
}

/** Writes how a run was asked for. */
export const writeSettings = (folder: string, settings: Settings): Promise<void> =>
  writeRun(folder, RUN.settings, `${JSON.stringify(settings, null, 2)}\n`);

/** Reads JSON of a run, whose form is checked: a crash, or a person, may have written anything. */
async function readRun<T>(
  folder: string,
  name: string,
  wants: string,
  is: (value: unknown) => boolean,
): Promise<T> {
  const path = join(folder, name);
  const text = await namingFile(path, () => readFile(path, "utf8"));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail(`${path} is damaged: it is not JSON${text === "" ? ", but empty" : ""}`);
  }
  return is(value) ? (value as T) : fail(`${path} is damaged: it must hold ${wants}`);
}

const isSettings = (value: unknown) =>
  isObject(value) &&
  typeof value.data === "string" &&
  isObject(value.options) &&
  Object.values(value.options).every((option) => ["string", "boolean", "number"].includes(typeof option));

/** The settings of a run that shall go on. */
export async function settingsOf(folder: string): Promise<Settings> {
  if (!(await exists(join(folder, RUN.settings))))
    fail(`${folder} is no folder of a run: it has no ${RUN.settings}`);
  const wants = '{ "data": "…", "options": { … } }, with texts and true or false';
  const { data, options } = await readRun<Settings>(folder, RUN.settings, wants, isSettings);
  // People write numbers as numbers.
  const entries = Object.entries(options).map(([name, value]) => [
    name,
    typeof value === "number" ? String(value) : value,
  ]);
  return { data, options: Object.fromEntries(entries) as Settings["options"] };
}

const isRecord = (value: unknown) =>
  isObject(value) &&
  typeof value.epoch === "number" &&
  [value, value.training, value.validation].some((part) => isObject(part) && isObject(part.terms));

const isHistory = (value: unknown) =>
  isObject(value) &&
  [value.steps, value.epochs].every((records) => Array.isArray(records) && records.every(isRecord));

/** The history of a run; undefined where it has none. */
export async function historyOf(folder: string): Promise<History | undefined> {
  if (!(await exists(join(folder, RUN.history)))) return undefined;
  return readRun(folder, RUN.history, "the steps and epochs of a training", isHistory);
}

/** The file of a model in a run. */
export function modelFile(model: AnyModel, params: ModelParams, info: ModelInfo): Uint8Array {
  return saveModel(model, params, info);
}

const isNumbers = (value: unknown) =>
  Array.isArray(value) && value.every((entry) => typeof entry === "number");

function isForm(form: unknown): form is Form {
  if (!isObject(form)) return false;
  const { dataShape, mean, deviation, range } = form;
  return (
    [dataShape, mean, deviation].every((part) => isNumbers(part) && (part as unknown[]).length > 0) &&
    (range === undefined || (isNumbers(range) && (range as unknown[]).length === 2))
  );
}

const isEvidence = (evidence: unknown) =>
  evidence === undefined || (isNumbers(evidence) && (evidence as unknown[]).length > 1);

/** The file of a model: a run's, where the path is that of its folder. */
async function fileOf(path: string): Promise<string> {
  if (!(await namingFile(path, () => stat(path))).isDirectory()) return path;
  const file = join(path, RUN.model);
  if (await exists(file)) return file;
  if (!(await exists(join(path, RUN.settings))))
    return fail(`${path} is no folder of a run: it has no ${RUN.model}`);
  return fail(`${path} has no ${RUN.model} yet: its training has not ended (reparam train --resume ${path})`);
}

/** A model from its file, or from the folder of its run. */
export async function openModel(path: string): Promise<LoadedModel & { readonly info: ModelInfo }> {
  const file = await fileOf(path);
  const bytes = await namingFile(file, () => readFile(file));
  let loaded: LoadedModel;
  try {
    loaded = loadModel(bytes);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return fail(`${file} is not the whole file of a model (${error.message})`);
  }
  const info = loaded.info as ModelInfo | null;
  if (info?.form === undefined) {
    const form = ranged(loaded.model.inputShape);
    return { ...loaded, info: { form, settings: { data: "", options: {} } } };
  }
  if (!isForm(info.form) || !isSettings(info.settings) || !isEvidence(info.evidence)) {
    fail(`${file} keeps something beside its model that train did not write: form and settings are needed`);
  }
  return { ...loaded, info };
}

/** Whether a path is there. */
export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    return namingFile(path, () => Promise.reject(error as Error));
  }
}
