// The section on conditional models: samples of each class, one latent under every class, and classes by Bayes' rule.

import { type Classification, classify } from "../models/vae/classify.js";
import type { Vae } from "../models/vae/types.js";
import * as ops from "../ops/index.js";
import { fold } from "../random/keys.js";
import { accuracy, accuracyByRejection, confusionMatrix } from "../statistics/classification.js";
import { sizeOf, type Shape, tensor, type Tensor } from "../tensor/tensor.js";
import type { Album } from "./album.js";
import { curves, type Point } from "./chart.js";
import { REPORT_DRAWS } from "./draws.js";
import { type Content, type Markup, markup } from "./markup.js";
import { percent } from "./scale.js";
import { chartFigure, counted, section } from "./section.js";
import type { Study } from "./study.js";

/** Classes that are shown at most, and samples of each. */
const MOST_CLASSES = 12;
const SAMPLES = 8;
/** Examples whose latents are decoded under every class. */
const SWAPPED = 6;
/** Accuracies of fewer examples than this are chance. */
const FEWEST_LEFT = 20;
/** Samples of latents for every example and class: as many as `classify` takes by itself. */
const SAMPLES_OF_BOUND = 10;

/**
 * How many examples are worth being classified where nobody asks for a number: each is decoded for every class and
 * sample, and large images take long.
 */
export function affordable(inputShape: Shape, classes: number): number {
  const values = 5e7;
  const each = SAMPLES_OF_BOUND * classes * sizeOf(inputShape);
  return Math.min(500, Math.max(32, Math.floor(values / each)));
}

/** The sections that a model with classes has besides; none for others. */
export function conditional(study: Study, album: Album | undefined): Markup | undefined {
  const { vae, labels, labelNames, model } = study;
  const { condition } = model;
  if (vae === undefined || labels === undefined || condition === undefined || !("classes" in condition)) {
    return undefined;
  }
  const names = Array.from(
    { length: condition.classes },
    (_, i) => labelNames[i] ?? condition.names?.[i] ?? String(i),
  );
  return markup`${album && pictures(study, vae, names, album)}${confusion(study, vae, labels, names)}`;
}

function pictures(study: Study, vae: Vae, names: readonly string[], album: Album): Markup {
  const { params, images, key, codes, decode } = study;
  const shown = names.slice(0, MOST_CLASSES);
  const draw = fold(key, REPORT_DRAWS.classSamples);
  const samples = shown.map((_, label) => vae.generate(params, { labels: label, count: SAMPLES, key: draw }));
  const count = Math.min(SWAPPED, images.shape[0]);
  const rows = Array.from({ length: count }, (_, example) => {
    const code = ops.slice(codes, example, example + 1);
    return [ops.slice(images, example, example + 1), ...shown.map((__, label) => decode(code, label))];
  });
  const cut = names.length > shown.length ? ` The first ${shown.length} of ${names.length} classes.` : "";
  return section(
    "classes",
    "What it draws of each class",
    "The model is told the class, so its latents need not say it: they are left with what varies within a class, such as size, shade and style. Images of one column have the same latents.",
    album.show(ops.concat(samples), {
      name: "classes",
      columns: SAMPLES,
      width: 620,
      description: "For each class a row of images decoded from random codes of the prior",
      rowNames: shown,
      caption: `Random codes of the prior, the same in each row.${cut}`,
    }),
    album.show(ops.concat(rows.flat()), {
      name: "underEveryClass",
      columns: shown.length + 1,
      description: "For some images the decoded code, with the class set to each in turn",
      columnNames: ["original", ...shown],
      caption: "The latents of an image, decoded as if it were of each class.",
    }),
  );
}

/** A table of what each class was taken for: shares of its row. */
function table(matrix: Tensor, names: readonly string[]): Markup {
  const classes = names.length;
  const cells = (own: number): readonly Content[] => {
    const row = [...matrix.data.subarray(own * classes, (own + 1) * classes)];
    const total = row.reduce((a, b) => a + b);
    return row.map(
      (count) =>
        markup`<td style="--share:${(count / Math.max(1, total)).toFixed(3)}">${count === 0 ? "" : count}</td>`,
    );
  };
  const rows = names.map((name, own) => markup`<tr><th scope="row">${name}</th>${cells(own)}</tr>`);
  const head = names.map((name) => markup`<th scope="col"><span>${name}</span></th>`);
  return markup`<div class="wide"><table class="confusion"><caption>Rows: what examples are. Columns: what they were taken for.</caption><thead><tr><td></td>${head}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

function rejectionChart(
  labels: Tensor,
  { labels: predicted, logEvidence }: Classification,
): Markup | undefined {
  if (labels.size < 2 * FEWEST_LEFT) return undefined;
  const all = accuracyByRejection(labels, predicted, logEvidence);
  const points = all
    .filter(({ rejected }) => (1 - rejected) * labels.size >= FEWEST_LEFT)
    .map(({ rejected, accuracy }): Point => [rejected, accuracy]);
  return chartFigure(
    curves(
      { description: "Accuracy against the share of rejected examples", x: "share rejected", y: "accuracy" },
      [{ points, tone: 0 }],
    ),
    "Examples with the least evidence log p(x) are rejected first. Where the line rises, what the model finds improbable is also what it takes for the wrong class.",
  );
}

function confusion(study: Study, vae: Vae, labels: readonly number[], names: readonly string[]): Markup {
  const { params, images, isHeldOut, key } = study;
  const count = Math.min(images.shape[0], affordable(vae.inputShape, names.length));
  const truth = tensor(labels.slice(0, count));
  const result = classify(vae, params, ops.slice(images, 0, count), {
    samples: SAMPLES_OF_BOUND,
    key: fold(key, REPORT_DRAWS.classes),
  });
  const matrix = confusionMatrix(truth, result.labels, { classes: names.length });
  const which = counted(count, isHeldOut ? "held-out example" : "example");
  return section(
    "confusion",
    "What it takes examples for",
    markup`Bayes’ rule turns the model around: the class under which an example is most probable, by its bound, is the one that it probably is. Of ${which}, <b>${percent(accuracy(truth, result.labels))}</b> are right; guessing would be right in ${percent(1 / names.length)}.`,
    names.length > MOST_CLASSES ? undefined : table(matrix, names),
    rejectionChart(truth, result),
  );
}
