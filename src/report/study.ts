// What a report is made from, checked, and what all its parts look at: codes and reconstructions of held-out examples.

import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkNumber,
  checkOptions,
  checkShape,
  refuseKind,
  refuseValue,
} from "../check/check.js";
import type { DiagonalGaussian } from "../distributions/gaussian.js";
import { type AnyModel, codesOf, type EncodingModel, isEncoding } from "../models/fromSpec.js";
import { checkBatch } from "../models/batch.js";
import { checkParams, type ModelParams } from "../models/model.js";
import type { GivenLabels, LabelOptions } from "../models/vae/condition.js";
import type { Vae } from "../models/vae/types.js";
import * as ops from "../ops/index.js";
import { checkKey, key as makeKey, type Key } from "../random/keys.js";
import { checkTensor, type Shape, sizeOf, tensor, type Tensor } from "../tensor/tensor.js";
import { isObject } from "../tensor/tree.js";
import type { History } from "../training/history.js";
import { checkHistory } from "./checkHistory.js";

/** Options of {@link createReport}; see there. */
export interface ReportOptions {
  readonly title?: string | undefined;
  readonly settings?: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly isHeldOut?: boolean | undefined;
  readonly history?: History | undefined;
  readonly imageShape?: Shape | undefined;
  readonly valueRange?: readonly [low: number, high: number] | undefined;
  readonly labels?: ArrayLike<number> | undefined;
  readonly labelNames?: readonly string[] | undefined;
  readonly factors?: Readonly<Record<string, Tensor>> | undefined;
  readonly readouts?: Readonly<Record<string, (images: Tensor) => Tensor>> | undefined;
  readonly key?: Key | undefined;
}

/** A trained model and held-out examples. */
export interface Subject {
  readonly model: AnyModel;
  /** The same, if it is one. */
  readonly vae: Vae | undefined;
  readonly params: ModelParams;
  readonly key: Key;
  readonly title: string;
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly isHeldOut: boolean;
  readonly history: History | undefined;
  /** Shape `[count, ...inputShape]`. */
  readonly images: Tensor;
  readonly valueRange: readonly [low: number, high: number];
  /** `[height, width, channels]`, where examples can be shown. */
  readonly pictureShape: Shape | undefined;
  /** One per example. */
  readonly labels: readonly number[] | undefined;
  readonly labelNames: readonly string[];
  /** What functions of the model are told of the examples besides: their classes, if it knows these. */
  readonly known: LabelOptions;
  /** Values by name, one per example. */
  readonly factors: Readonly<Record<string, Tensor>>;
  readonly readouts: Readonly<Record<string, (images: Tensor) => Tensor>>;
}

/** The same of a model that has codes, as the sections about these take it. */
export interface Study extends Subject {
  readonly model: EncodingModel;
  /** The posterior of a VAE. */
  readonly posterior: DiagonalGaussian | undefined;
  /** A VAE's posterior means, or an autoencoder's codes as rows: `[count, latentSize]`. */
  readonly codes: Tensor;
  /** Rows of codes decoded, `[n, ...inputShape]`; by a model with classes under these, or else under its usual one. */
  readonly decode: (codes: Tensor, labels?: GivenLabels) => Tensor;
  /** The class under which codes are decoded that belong to no example: that of most examples. */
  readonly usualClass: number | undefined;
  /** A sentence that says so, with a space before it; nothing for other models. */
  readonly classNote: string;
  /** The codes decoded. */
  readonly reconstructions: Tensor;
}

/** More examples make a report slower, not better. */
const MOST_EXAMPLES = 1000;

/** What pages about a kind of model are called. */
const TITLES = {
  autoencoder: "Autoencoder",
  vae: "Variational autoencoder",
  vqVae: "Autoencoder with a codebook",
  pixelRnn: "PixelRNN",
  pixelCnn: "PixelCNN",
} as const;

const OPTIONS = [
  "title",
  "settings",
  "isHeldOut",
  "history",
  "imageShape",
  "valueRange",
  "labels",
  "labelNames",
  "factors",
  "readouts",
  "key",
];

/** Examples as pictures `[n, height, width, channels]` with values from 0 to 1. */
export function toPictures({ pictureShape, valueRange: [low, high] }: Subject, examples: Tensor): Tensor {
  const pictures = ops.reshape(examples, [examples.shape[0], ...(pictureShape as Shape)]);
  return low === 0 && high === 1 ? pictures : ops.scale(ops.sub(pictures, low), 1 / (high - low));
}

/** Checks everything that a report is made from. */
export function subjectOf(
  where: string,
  model: AnyModel,
  params: ModelParams,
  inputs: Tensor,
  options: ReportOptions,
): Subject {
  if (typeof (model as AnyModel | undefined)?.reconstruct !== "function") {
    refuseKind(where, "model", "be an autoencoder, a VAE or a model of pixels", model);
  }
  checkBatch(where, "inputs", inputs, model.inputShape);
  checkReportOptions(where, inputs.shape[0], options);
  const vae = model.type === "vae" ? model : undefined;
  checkParams(where, params, isEncoding(model) ? ["encoder", "decoder"] : ["network"]);
  const { title = TITLES[model.type], valueRange = [0, 1] } = options;
  const count = Math.min(inputs.shape[0], MOST_EXAMPLES);
  const firstOf = (t: Tensor) => ops.slice(t, 0, count);
  const labels = options.labels && Array.from(options.labels).slice(0, count);
  return {
    model,
    vae,
    params,
    key: options.key ?? makeKey(0),
    title,
    settings: options.settings ?? {},
    isHeldOut: options.isHeldOut ?? true,
    history: options.history,
    images: firstOf(inputs),
    valueRange,
    pictureShape: pictureShapeOf(where, model.inputShape, options.imageShape),
    labels,
    labelNames: options.labelNames ?? [],
    factors: Object.fromEntries(
      Object.entries(options.factors ?? {}).map(([name, values]) => [name, firstOf(values)]),
    ),
    readouts: options.readouts ?? {},
    known: knownOf(where, model, labels),
  };
}

/** Computes what several sections about codes need. */
export function studyOf(where: string, model: EncodingModel, subject: Subject): Study {
  const { params, images, vae, labels, labelNames, known } = subject;
  const usualClass = known.labels === undefined ? undefined : mostFrequent(labels ?? []);
  const posterior = vae?.encode(params, images, known);
  const codes = posterior?.mean ?? ops.reshape(codesOf(model, params, images), [images.shape[0], -1]);
  const odd = codes.data.find((value) => !Number.isFinite(value));
  if (odd !== undefined) refuseValue(where, "params", "give codes that are finite", odd);
  const decode = (rows: Tensor, own: GivenLabels | undefined = usualClass) =>
    model.decode(
      params,
      ops.reshape(rows, [rows.shape[0], ...model.codeShape]),
      known.labels === undefined ? {} : { labels: own },
    );
  const classNote =
    usualClass === undefined
      ? ""
      : ` All are decoded as ${labelNames[usualClass] ?? `class ${usualClass}`}, the class of most examples.`;
  const reconstructions = decode(codes, known.labels);
  return { ...subject, model, posterior, codes, usualClass, classNote, decode, reconstructions };
}

/** The labels that a model with classes needs; models with other conditions have no report. */
function knownOf(
  where: string,
  { condition }: AnyModel,
  labels: readonly number[] | undefined,
): LabelOptions {
  if (condition === undefined) return {};
  if (!("classes" in condition)) refuseValue(where, "model", "know classes, or nothing of labels", condition);
  if (labels === undefined) {
    refuseKind(where, "labels", "be given: the model knows what class an example is", labels);
  }
  labels.forEach((label, i) => checkInteger(where, `labels[${i}]`, label, 0, condition.classes - 1));
  return { labels: tensor(labels) };
}

function mostFrequent(labels: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts].reduce((most, one) => (one[1] > most[1] ? one : most))[0];
}

/** Checks options of a page on so many examples. */
export function checkReportOptions(where: string, count: number, options: ReportOptions): void {
  checkOptions(where, options, OPTIONS);
  const { title = "", settings = {}, isHeldOut, history, valueRange, labels, labelNames, key } = options;
  if (typeof title !== "string") refuseKind(where, "title", "be a string", title);
  checkRecord(where, "settings", settings);
  for (const [name, value] of Object.entries(settings)) {
    if (!["string", "number", "boolean"].includes(typeof value)) {
      refuseKind(where, `settings.${name}`, "be a string, a number or a boolean", value);
    }
  }
  if (isHeldOut !== undefined) checkBoolean(where, "isHeldOut", isHeldOut);
  if (history !== undefined) checkHistory(where, history);
  if (valueRange !== undefined) {
    if (!Array.isArray(valueRange) || valueRange.length !== 2) {
      refuseKind(where, "valueRange", "be [low, high]", valueRange);
    }
    valueRange.forEach((value, i) => checkNumber(where, `valueRange[${i}]`, value));
    if (valueRange[0] >= valueRange[1]) refuseValue(where, "valueRange", "be [low, high]", valueRange);
  }
  if (labelNames !== undefined) {
    if (!Array.isArray(labelNames)) refuseKind(where, "labelNames", "be an array of strings", labelNames);
    const unexpected = labelNames.find((name) => typeof name !== "string");
    if (unexpected !== undefined) refuseKind(where, "labelNames", "hold only strings", unexpected);
  }
  if (labels !== undefined) checkLabels(where, count, labels, labelNames);
  checkFactors(where, count, options);
  if (key !== undefined) checkKey(where, "key", key);
}

function checkRecord(where: string, argument: string, value: unknown): void {
  if (!isObject(value)) refuseKind(where, argument, "be an object", value);
}

function checkLabels(where: string, count: number, labels: unknown, names?: readonly string[]): void {
  const list = labels as ArrayLike<unknown> | null;
  if (typeof list !== "object" || typeof list?.length !== "number") {
    refuseKind(where, "labels", "be an array of integers", labels);
  }
  if (list.length !== count) {
    refuseValue(where, "labels", `hold inputs.shape[0] = ${count} values`, list.length);
  }
  const last = names === undefined ? undefined : names.length - 1;
  for (let i = 0; i < count; i++) checkInteger(where, `labels[${i}]`, list[i], 0, last);
}

function checkFactors(where: string, count: number, { factors = {}, readouts = {} }: ReportOptions): void {
  checkRecord(where, "factors", factors);
  for (const [name, values] of Object.entries(factors)) {
    checkTensor(where, `factors.${name}`, values, 1, "[count]");
    if (values.size !== count) {
      refuseValue(where, `factors.${name}.shape[0]`, `equal inputs.shape[0] = ${count}`, values.size);
    }
    values.data.forEach((value, i) => checkNumber(where, `factors.${name}[${i}]`, value));
  }
  checkRecord(where, "readouts", readouts);
  for (const [name, readout] of Object.entries(readouts)) {
    checkFunction(where, `readouts.${name}`, readout);
    if (!Object.hasOwn(factors, name)) refuseValue(where, "readouts", "be of factors that are given", name);
  }
}

/** How examples look as images: as they are, or as `imageShape` says; grey or coloured. */
function pictureShapeOf(where: string, inputShape: Shape, imageShape: Shape | undefined): Shape | undefined {
  const isImage = (shape: Shape) => shape.length === 3 && (shape[2] === 1 || shape[2] === 3);
  if (imageShape === undefined) return isImage(inputShape) ? inputShape : undefined;
  const size = checkShape(where, "imageShape", imageShape);
  if (!isImage(imageShape)) refuseValue(where, "imageShape", "be [height, width, 1 or 3]", imageShape);
  if (size !== sizeOf(inputShape)) {
    refuseValue(where, "imageShape", `multiply to ${sizeOf(inputShape)}, the size of an input`, imageShape);
  }
  return imageShape;
}
