// The folder of a run: what train writes there, and what the other commands read from it.

import { mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type LoadedModel, loadModel, saveModel } from "../files/modelFile.js";
import type { AnyModel } from "../models/fromSpec.js";
import type { ModelParams } from "../models/model.js";
import { writeFileAtomic } from "../node/writeFileAtomic.js";
import { fail } from "./command.js";
import { type Form, ranged } from "./form.js";

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
}

/** How a run was asked for: the arguments of train. */
export interface Settings {
  readonly data: string;
  readonly options: Readonly<Record<string, string | boolean>>;
}

/** Writes a file of a run. */
export async function writeRun(folder: string, name: string, content: Uint8Array | string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  await writeFileAtomic(join(folder, name), bytes);
}

/** Reads JSON of a run. */
export async function readRun(folder: string, name: string): Promise<unknown> {
  return JSON.parse(await readFile(join(folder, name), "utf8")) as unknown;
}

/** The file of a model in a run. */
export function modelFile(model: AnyModel, params: ModelParams, info: ModelInfo): Uint8Array {
  return saveModel(model, params, info);
}

/** A model from its file, or from the folder of its run. */
export async function openModel(path: string): Promise<LoadedModel & { readonly info: ModelInfo }> {
  const file = (await stat(path)).isDirectory() ? join(path, RUN.model) : path;
  const loaded = loadModel(await readFile(file));
  const info = loaded.info as ModelInfo | null;
  if (info?.form === undefined) {
    const form = ranged(loaded.model.inputShape);
    return { ...loaded, info: { form, settings: { data: "", options: {} } } };
  }
  return { ...loaded, info };
}

/** Whether a path is there. */
export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}

/** The settings of a run that shall go on. */
export async function settingsOf(folder: string): Promise<Settings> {
  if (!(await exists(join(folder, RUN.settings))))
    fail(`${folder} is no folder of a run: it has no ${RUN.settings}`);
  return (await readRun(folder, RUN.settings)) as Settings;
}
