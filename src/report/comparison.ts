// The page that compares models on the same examples: in numbers, against principal components, and side by side.

import { checkOptions, refuseKind, refuseValue } from "../check/check.js";
import { type AnyModel, isEncoding } from "../models/fromSpec.js";
import type { ModelParams } from "../models/model.js";
import type { Key } from "../random/keys.js";
import { checkTensor, isSameShape, type Shape, sizeOf, type Tensor } from "../tensor/tensor.js";
import type { History } from "../training/history.js";
import { createPictures } from "./album.js";
import {
  type Compared,
  decibels,
  errorOf,
  errors,
  learning,
  type Measures,
  measuresOf,
  pictures,
  spaces,
  TONES,
} from "./comparisonSections.js";
import { headOf, pageOf } from "./page.js";
import type { Report } from "./report.js";
import { fixedNumber } from "./scale.js";
import { counted } from "./section.js";
import { checkReportOptions, studyOf, subjectOf } from "./study.js";

/** A trained model in a comparison. */
export interface ComparedModel {
  readonly name: string;
  readonly model: AnyModel;
  readonly params: ModelParams;
  /** The same examples for all models, as this one takes them: shape `[n, ...inputShape]`. */
  readonly inputs: Tensor;
  /** The values of black and white in them (default `[0, 1]`). */
  readonly valueRange?: readonly [low: number, high: number] | undefined;
  /** From {@link fit}, for epochs, time and loss curves. */
  readonly history?: History | undefined;
}

/** Options of {@link createComparison}. */
export interface ComparisonOptions {
  readonly title?: string | undefined;
  readonly settings?: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly fitted?: Tensor | undefined;
  readonly imageShape?: Shape | undefined;
  readonly labels?: ArrayLike<number> | undefined;
  readonly labelNames?: readonly string[] | undefined;
  readonly key?: Key | undefined;
}

function compared(entries: readonly ComparedModel[], options: ComparisonOptions): readonly Compared[] {
  const where = "createComparison";
  const { imageShape, labels, labelNames, key } = options;
  return entries.map(({ name, model, params, inputs, valueRange, history }, i) => {
    // What is wrong with a model is told with its place among them.
    const place = `${where}.models[${i}]`;
    const subject = subjectOf(place, model, params, inputs, {
      title: name,
      ...(history && { history }),
      ...(imageShape && { imageShape }),
      ...(valueRange && { valueRange }),
      ...(labels && { labels }),
      ...(labelNames && { labelNames }),
      ...(key && { key }),
    });
    if (!isEncoding(model)) refuseValue(where, `models[${i}].model`, "have codes", model.type);
    const study = studyOf(place, model, subject);
    const error = errorOf(study.images, study.reconstructions, study.valueRange);
    if (!Number.isFinite(error)) {
      refuseValue(where, `models[${i}].params`, "give reconstructions that are finite", error);
    }
    return {
      name,
      study,
      tone: i % TONES,
      error,
      latentSize: model.type === "vqVae" ? undefined : sizeOf(model.codeShape),
    };
  });
}

/** Checks what is not of a single model. */
function checkComparison(where: string, models: readonly ComparedModel[], options: ComparisonOptions): void {
  checkOptions(where, options, ["title", "settings", "fitted", "imageShape", "labels", "labelNames", "key"]);
  if (!Array.isArray(models))
    refuseKind(where, "models", "be an array of { name, model, params, inputs }", models);
  if (models.length === 0) refuseValue(where, "models", "be at least one", models);
  models.forEach((entry: unknown, i) => {
    const names = ["name", "model", "params", "inputs", "valueRange", "history"];
    checkOptions(`${where}.models[${i}]`, entry as object, names);
    const { name, inputs } = entry as ComparedModel;
    if (typeof name !== "string") refuseKind(where, `models[${i}].name`, "be a string", name);
    checkTensor(where, `models[${i}].inputs`, inputs);
    const [count] = models[0].inputs.shape;
    if (inputs.shape[0] !== count) {
      refuseValue(
        where,
        `models[${i}].inputs.shape[0]`,
        `equal that of models[0], ${count}`,
        inputs.shape[0],
      );
    }
  });
  const { fitted, title, settings, labels, labelNames, key } = options;
  checkReportOptions(where, models[0].inputs.shape[0], { title, settings, labels, labelNames, key });
  if (fitted !== undefined) {
    checkTensor(where, "fitted", fitted);
    const shape = models[0].inputs.shape.slice(1);
    if (!isSameShape(fitted.shape.slice(1), shape)) {
      refuseValue(where, "fitted.shape", `be [n, ${shape.join(", ")}], as models[0].inputs`, fitted.shape);
    }
  }
}

/**
 * Compares trained models on the same examples: parameters, size of codes, epochs, time, squared error, decibels and
 * nats; the error against the size of the code beside principal components; reconstructions, new images and codes side
 * by side. The same arguments give the same bytes. Of the examples the first 1000 are looked at.
 *
 * @param models - `{ name, model, params, inputs, valueRange, history }` each: `inputs` are the same examples for all,
 *   as each model takes them, shape `[n, ...inputShape]`; `valueRange` the values of black and white in them (default
 *   `[0, 1]`); `history` from {@link fit}
 * @param options.title - heading of the page (default `"Comparison"`)
 * @param options.settings - what to tell in one line below it: names with texts, numbers, or true or false
 * @param options.fitted - other examples, as the first model takes them, that principal components are computed of
 *   (default: no curve of components)
 * @param options.imageShape - `[height, width, 1 or 3]`, how vectors are shown
 * @param options.labels - an integer ≥ 0 per example: its class, where a model knows classes
 * @param options.labelNames - what the labels mean
 * @param options.key - for samples (default `key(0)`)
 * @returns the page, and its pictures as PNG files
 * @throws {TypeError} when an argument is of the wrong kind or an option unknown
 * @throws {RangeError} when shapes or lengths do not fit, or codes are not finite
 * @example
 * const images = random.uniform(key(1), [20, 784]);
 * const [small, large] = [2, 16].map((latentSize) => lectures.linear({ features: 784, latentSize }));
 * const models = [
 *   { name: "2 latents", model: small, params: small.init(key(2)), inputs: images },
 *   { name: "16 latents", model: large, params: large.init(key(3)), inputs: images },
 * ];
 * const { html } = createComparison(models, { fitted: images, imageShape: [28, 28, 1] });
 */
export function createComparison(models: readonly ComparedModel[], options: ComparisonOptions = {}): Report {
  const { html, pictures } = comparisonOf(models, options);
  return { html, pictures };
}

/** The comparison, and what was measured by the names of the models. */
export function comparisonOf(
  models: readonly ComparedModel[],
  options: ComparisonOptions,
): Report & { readonly measures: readonly (readonly [name: string, measures: Measures])[] } {
  const where = "createComparison";
  checkComparison(where, models, options);
  const { title = "Comparison", settings = {}, fitted } = options;
  const all = compared(models, options);
  const album = createPictures();
  const best = all.reduce((least, one) => (one.error < least.error ? one : least));
  const head = headOf(title, settings, [
    {
      name: "Models",
      value: all.length,
      note: `on the same ${counted(all[0].study.images.shape[0], "example")}`,
    },
    {
      name: "Least error",
      value: `${fixedNumber(decibels(best.error), 1)} dB`,
      note: `PSNR of ${best.name}, whose squared error is least`,
    },
  ]);
  const html = pageOf(title, [head, errors(all, fitted), pictures(all, album), spaces(all), learning(all)]);
  return { html, pictures: album.files, measures: all.map((one) => [one.name, measuresOf(one)]) };
}
