// The sections of a comparison of models: numbers, curves, pictures and codes.

import * as ops from "../ops/index.js";
import { fold } from "../random/keys.js";
import { pca, project, unproject } from "../statistics/pca.js";
import type { Tensor } from "../tensor/tensor.js";
import { tensorsOf } from "../tensor/tree.js";
import { gatherRows } from "../training/source.js";
import type { Pictures } from "./album.js";
import { curves, type Point } from "./chart.js";
import { planeFigure } from "./codeMap.js";
import { REPORT_DRAWS } from "./draws.js";
import { fromMixture } from "./images.js";
import { type Content, type Markup, markup } from "./markup.js";
import { numberTable } from "./page.js";
import { fixedNumber, percent, rangeOf, shortNumber } from "./scale.js";
import { beside, chartFigure, section, swatch } from "./section.js";
import { type Study, toPictures } from "./study.js";

/** A model with everything that is told of it. */
export interface Compared {
  readonly name: string;
  readonly study: Study;
  readonly tone: number;
  /** Mean squared error per value, of values from 0 to 1. */
  readonly error: number;
  /** Numbers in a code; undefined where these are chosen from a codebook. */
  readonly latentSize: number | undefined;
}

export const TONES = 9;
const COLUMNS = 8;
/** Examples that principal components are taken of: their cost grows with the cube. */
const MOST_FITTED = 600;
const COMPONENTS = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/** Squared error per value, of values from 0 to 1. */
export function errorOf(inputs: Tensor, outputs: Tensor, [low, high]: readonly [number, number]): number {
  const { data } = ops.sub(inputs, outputs);
  return data.reduce((sum, value) => sum + value * value, 0) / data.length / (high - low) ** 2;
}

export const decibels = (error: number) => -10 * Math.log10(error);

/** Seconds that a training took, of which each step tells how many examples it had in one. */
function secondsOf({ history }: Study): number | undefined {
  if (history === undefined || history.steps.length === 0) return undefined;
  return history.steps.reduce((sum, { examples, imagesPerSecond }) => sum + examples / imagesPerSecond, 0);
}

const codeWords = ({ study: { model }, latentSize }: Compared): Content => {
  if (latentSize !== undefined) return latentSize;
  if (model.type !== "vqVae") return undefined;
  const [height, width] = model.codeShape;
  return `${height * width} of ${model.codebook} vectors`;
};

/** What is measured of a model; undefined where it has no such thing. */
export interface Measures {
  readonly parameters: number;
  readonly epochs: number | undefined;
  readonly seconds: number | undefined;
  readonly squaredError: number;
  readonly psnr: number;
  readonly negativeElbo: number | undefined;
  readonly kl: number | undefined;
}

export function measuresOf({ study, error }: Compared): Measures {
  const { vae, params, images, key, known, history } = study;
  const bound = vae?.elbo(params, images, { ...known, key: fold(key, REPORT_DRAWS.bound) });
  return {
    parameters: tensorsOf(params.weights).reduce((sum, { size }) => sum + size, 0),
    epochs: history && history.epochs.length > 0 ? history.epochs.length : undefined,
    seconds: secondsOf(study),
    squaredError: error,
    psnr: decibels(error),
    negativeElbo: bound && -bound.elbo,
    kl: bound?.kl,
  };
}

function tableOf(all: readonly Compared[]): Markup {
  const columns = [
    "",
    "code",
    "parameters",
    "epochs",
    "seconds",
    "squared error",
    "PSNR, dB",
    "−ELBO, nats",
    "KL, nats",
  ];
  const short = (value: number | undefined) => (value === undefined ? "–" : shortNumber(value));
  const rows = all.map((one): [Content, ...Content[]] => {
    const { parameters, epochs, seconds, squaredError, psnr, negativeElbo, kl } = measuresOf(one);
    return [
      markup`${swatch(one.tone)} ${one.name}`,
      codeWords(one),
      parameters,
      epochs ?? "–",
      short(seconds),
      shortNumber(squaredError),
      fixedNumber(psnr, 2),
      short(negativeElbo),
      short(kl),
    ];
  });
  return numberTable(
    "On the same examples. Squared error per value, of values from 0 to 1. Nats per example are of VAEs, and compare only for the same likelihood.",
    columns,
    rows,
  );
}

/** Principal components' error by their number, learned from other examples. */
function componentCurve(fitted: Tensor, { study }: Compared): Point[] {
  const some = ops.slice(fitted, 0, Math.min(fitted.shape[0], MOST_FITTED));
  const basis = pca(some);
  const [all] = basis.components.shape;
  return COMPONENTS.filter((count) => count <= all).map((count) => {
    const part = { ...basis, components: ops.slice(basis.components, 0, count) };
    const outputs = unproject(part, project(part, study.images));
    return [Math.log2(count), errorOf(study.images, outputs, study.valueRange)];
  });
}

export function errors(all: readonly Compared[], fitted: Tensor | undefined): Markup {
  const components = fitted === undefined ? [] : componentCurve(fitted, all[0]);
  const points = all.flatMap(({ latentSize, error, tone }) =>
    latentSize === undefined
      ? []
      : [{ points: [[Math.log2(latentSize), error] as const], tone, hasDots: true }],
  );
  const pcaTone = TONES;
  const chart = curves(
    {
      description: "Squared error against the size of the code",
      x: "log₂ numbers in a code",
      y: "squared error",
    },
    [{ points: components, tone: pcaTone, hasDots: true }, ...points],
    rangeOf([
      0,
      ...[...components.map(([, error]) => error), ...all.map(({ error }) => error)].map(
        (error) => 1.05 * error,
      ),
    ]),
  );
  const legend = all
    .filter(({ latentSize }) => latentSize !== undefined)
    .map(({ name, tone }, i) => [i === 0 ? "" : ", ", swatch(tone), ` ${name}`]);
  const others = components.length > 0 ? [", ", swatch(pcaTone), " principal components"] : [];
  return section(
    "errors",
    "What a code of its size can hold",
    "A model below the line of principal components holds more in as many numbers than any linear model that was fitted to those examples.",
    beside(chartFigure(chart, [...legend, ...others, "."])),
    tableOf(all),
  );
}

/** What a loss is counted in, so that only those of one kind stand in one chart. */
function unitOf({ model }: Study): string {
  const { loss, reduction, likelihood } = model.spec.options as Record<string, unknown>;
  if (model.type === "vae")
    return `nats, ${typeof likelihood === "string" ? likelihood : (likelihood as { type: string }).type}`;
  return `${String(loss ?? "squared error")}, ${reduction === "mean" ? "per value" : "per example"}`;
}

/** Losses of validation by epochs, a chart for each kind. */
export function learning(all: readonly Compared[]): Markup | undefined {
  const lines = all.flatMap(({ study, tone, name }) => {
    const points = (study.history?.epochs ?? []).flatMap(({ epoch, validation }): Point[] =>
      validation ? [[epoch + 1, validation.loss]] : [],
    );
    return points.length > 0 ? [{ unit: unitOf(study), points, tone, name }] : [];
  });
  if (lines.length === 0) return undefined;
  const charts = [...new Set(lines.map(({ unit }) => unit))].map((unit) => {
    const own = lines.filter((line) => line.unit === unit);
    const chart = curves(
      { description: `Loss of validation over epochs, ${unit}`, x: "epochs", y: `loss, ${unit}` },
      own.map(({ points, tone }) => ({ points, tone, hasDots: points.length <= 30 })),
    );
    return chartFigure(
      chart,
      own.map(({ tone, name }, i) => [i === 0 ? "" : ", ", swatch(tone), ` ${name}`]),
    );
  });
  return section(
    "learning",
    "How they learned",
    "The loss on examples that training did not see. Losses of one kind stand together; of different kinds they do not compare.",
    beside(...charts),
  );
}

/** Originals above what each model gives back, and new examples of each. */
export function pictures(all: readonly Compared[], album: Pictures): Markup | undefined {
  const [{ study: first }] = all;
  if (first.pictureShape === undefined) return undefined;
  const count = Math.min(COLUMNS, first.images.shape[0]);
  const places = Uint32Array.from({ length: count }, (_, i) => i);
  const rowOf = (study: Study, examples: Tensor) =>
    ops.clip(toPictures(study, gatherRows(examples, places)), 0, 1);
  const reconstructions = album.showImages(
    ops.concat([rowOf(first, first.images), ...all.map(({ study }) => rowOf(study, study.reconstructions))]),
    {
      name: "reconstructions",
      columns: count,
      width: 620,
      description: "Images, and below each what the models give back for it",
      rowNames: ["original", ...all.map(({ name }) => name)],
    },
  );
  const drawn = all.flatMap(({ name, study }) => {
    const { vae, params, key, usualClass } = study;
    const known = usualClass === undefined ? {} : { labels: usualClass };
    const examples = vae
      ? vae.generate(params, { count, ...known, key: fold(key, REPORT_DRAWS.priorSamples) })
      : fromMixture(study, count)?.examples;
    return examples ? [{ name, pictures: rowOf(study, examples) }] : [];
  });
  const samples =
    drawn.length > 0
      ? album.showImages(ops.concat(drawn.map((row) => row.pictures)), {
          name: "samples",
          columns: count,
          width: 620,
          description: "New images of each model",
          rowNames: drawn.map(({ name }) => name),
          caption:
            "New images: of a VAE from its prior, of others from a mixture of Gaussians fitted to their codes.",
        })
      : undefined;
  return section(
    "pictures",
    "Side by side",
    "The same images through each of the models, and images that none of them has seen.",
    reconstructions,
    samples,
  );
}

/** The share of codes whose nearest other code has the same label. */
function agreement({ codes, labels }: Study): number | undefined {
  const [count, size] = codes.shape;
  if (labels === undefined || count < 2) return undefined;
  let same = 0;
  for (let i = 0; i < count; i++) {
    let [nearest, least] = [-1, Infinity];
    for (let j = 0; j < count; j++) {
      if (j === i) continue;
      let distance = 0;
      for (let d = 0; d < size && distance < least; d++) {
        distance += (codes.data[i * size + d] - codes.data[j * size + d]) ** 2;
      }
      if (distance < least) [nearest, least] = [j, distance];
    }
    if (nearest >= 0 && labels[nearest] === labels[i]) same++;
  }
  return same / count;
}

export function spaces(all: readonly Compared[]): Markup | undefined {
  const figures = all.flatMap(({ name, study }) => {
    const share = agreement(study);
    const words =
      share === undefined
        ? undefined
        : markup` The nearest code has the same label for <b>${percent(share)}</b>.`;
    const figure = planeFigure(study, markup`<b>${name}</b>.${words} `);
    return figure === undefined ? [] : [figure];
  });
  if (figures.length === 0) return undefined;
  return section(
    "codes",
    "Where the codes lie",
    "A plain autoencoder puts codes wherever they serve it, and leaves voids in which nothing was learned. The KL term of a VAE pulls them together around 0 until they touch and overlap, so that what lies between them means something too.",
    beside(...figures),
  );
}
