// What the commands that use a model begin with: the model, and data in the form in which it takes them.

import { isRefusal } from "../check/check.js";
import { type AnyModel, type EncodingModel, isEncoding } from "../models/fromSpec.js";
import type { Tensor } from "../tensor/tensor.js";
import type { LabelOptions } from "../models/vae/condition.js";
import { fail, type OptionHelp, type Options } from "./command.js";
import { knownOf } from "./condition.js";
import { type Data, DATA_OPTIONS, readData } from "./data.js";
import { dataKey } from "./effects.js";
import { checkFinite } from "./finite.js";
import { checkFits, toModel } from "./form.js";
import { needModel } from "./kinds.js";
import { openModel } from "./run.js";

/** A model from its file or run, with what its file tells. */
export type Opened = Awaited<ReturnType<typeof openModel>>;

/** A model and data for it. */
export interface Input extends Opened {
  readonly data: Data;
  /** The data as the model takes them, `[n, ...inputShape]`. */
  readonly values: Tensor;
  /** What functions of the model are told besides: the classes of the data, if it knows these. */
  readonly known: LabelOptions;
}

/** Options of commands that hand data to a model. */
export const INPUT_OPTIONS: Readonly<Record<string, OptionHelp>> = {
  ...DATA_OPTIONS,
  labels: {
    type: "string",
    value: "WHICH",
    help: "the column of a table that holds labels, which the model does not take; for one with --condition also a file",
  },
  seed: { type: "string", value: "N", help: "of built-in images (default 1)" },
};

/** Opens a model; what is wrong with its file is told with the file's name. */
export async function openGiven(path: string, source?: string): Promise<Opened> {
  await needModel(path, source);
  try {
    return await openModel(path);
  } catch (error) {
    return isRefusal(error) ? fail(`${path}: ${error.message}`) : Promise.reject(error);
  }
}

/** The model, where it has codes; models of pixels are refused. */
export function withCodes(model: AnyModel): EncodingModel {
  return isEncoding(model)
    ? model
    : fail(`a ${model.type} has no codes: it tells one pixel from those before it`);
}

/** The model and the data of `MODEL DATA`; who `needsLabels` has none without them where the model knows these. */
export async function readInput(
  path: string,
  source: string,
  options: Options,
  needsLabels = true,
): Promise<Input> {
  const opened = await openGiven(path, source);
  const { model, info } = opened;
  const labelsFrom = model.condition ? "anywhere" : "columns";
  const data = await readData(source, options, dataKey(source, options), labelsFrom);
  checkFits(source, data, info.form);
  checkFinite(source, data);
  const known = needsLabels ? knownOf(source, data, model.condition) : {};
  return { ...opened, data, values: toModel(data.values, info.form, model), known };
}
