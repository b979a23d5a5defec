// The section on anomaly scores: how unusual examples are to the model, and examples put together wrongly.

import { rocAuc } from "../statistics/ranks.js";
import { type AnyModel, isEncoding } from "../models/fromSpec.js";
import * as ops from "../ops/index.js";
import { fold } from "../random/keys.js";
import type { Shape, Tensor } from "../tensor/tensor.js";
import { gatherRows } from "../training/source.js";
import type { Album } from "./album.js";
import { histogram } from "./chart.js";
import { REPORT_DRAWS } from "./draws.js";
import { type Markup, markup } from "./markup.js";
import { coreRange, percent, rangeOf, shortNumber } from "./scale.js";
import { beside, chartFigure, section, swatch } from "./section.js";
import type { Subject } from "./study.js";

/** Fewer scores make no histogram. */
const FEWEST = 16;
/** Examples shown from each end. */
const SHOWN = 6;

/** The left half of each example with the right half of the next. */
function joined({ images, pictureShape, model }: Subject): Tensor {
  const [count] = images.shape;
  // Where an example is no picture, it is a line.
  const shape: Shape = pictureShape ?? [1, images.size / count, 1];
  const pictures = ops.reshape(images, [count, ...shape]);
  const middle = Math.floor(shape[1] / 2);
  const none: [number, number] = [0, 0];
  const left = ops.crop(pictures, [none, none, [0, shape[1] - middle], none]);
  const right = ops.crop(pictures, [none, none, [middle, 0], none]);
  const following = gatherRows(
    right,
    Uint32Array.from({ length: count }, (_, i) => (i + 1) % count),
  );
  return ops.reshape(ops.concat([left, following], 2), [count, ...model.inputShape]);
}

/** The range of values without those that lie further from the core than it is wide. */
function wideCore(values: readonly number[]): readonly [number, number] {
  const [low, high] = coreRange(values);
  const width = high - low;
  return rangeOf(values.filter((value) => value >= low - width && value <= high + width));
}

/** What is said of scores that lie beyond the axis; nothing where none do. */
function beyondNote(scores: readonly number[], [low, high]: readonly [number, number]): string {
  const note = (count: number, end: string, last: number) => {
    if (count === 0) return [];
    const are = count === 1 ? "1 score lies" : `${count} scores lie`;
    const furthest = count === 1 ? "at" : end === "right" ? "up to" : "down to";
    return [`${are} beyond the ${end} end, ${furthest} ${shortNumber(last)}`];
  };
  const [least, greatest] = rangeOf(scores);
  const notes = [
    ...note(scores.filter((score) => score < low).length, "left", least),
    ...note(scores.filter((score) => score > high).length, "right", greatest),
  ];
  return notes.length === 0 ? "" : `${notes.join("; ")}: counted in the outermost bar.`;
}

/** What the score of a model is, in words. */
function scoreOf(model: AnyModel): string {
  if (!isEncoding(model)) return "negative log-likelihood: the nats that it takes to tell all of its pixels";
  return model.type === "vae"
    ? "negative ELBO: the nats that the model needs to describe it"
    : "reconstruction loss";
}

/** Scores of examples and of wrong ones, and the most and least usual. */
export function outliers(subject: Subject, album: Album | undefined): Markup | undefined {
  const { model, vae, params, images, key, known } = subject;
  const count = images.shape[0];
  if (count < FEWEST || images.size / count < 2) return undefined;
  const scoresOf = (examples: Tensor) =>
    model.type === "vae"
      ? model.score(params, examples, { ...known, key: fold(key, REPORT_DRAWS.scores) }).data
      : model.score(params, examples).data;
  const [usual, wrong] = [scoresOf(images), scoresOf(joined(subject))];
  const scores = [...usual, ...wrong];
  const isFinite = scores.every(Number.isFinite);
  if (!isFinite) return undefined;
  const auc = rocAuc(
    scores,
    scores.map((_, i) => i >= count),
  );
  // Each by itself: where all joined ones score much higher, none of them is an outlier.
  const range = rangeOf([...wideCore([...usual]), ...wideCore([...wrong])]);
  const order = Uint32Array.from(usual.keys()).sort((a, b) => usual[a] - usual[b]);
  const chart = histogram(
    {
      description: "Scores of examples and of examples joined from two",
      x: vae || !isEncoding(model) ? "score, nats" : "score",
      y: "examples",
    },
    [
      { values: usual, tone: 0 },
      { values: wrong, tone: 1 },
    ],
    { range },
  );
  const ends = album?.show(
    ops.concat([gatherRows(images, order.slice(0, SHOWN)), gatherRows(images, order.slice(-SHOWN))]),
    {
      name: "outliers",
      columns: SHOWN,
      width: 440,
      description: "The images with the lowest and with the highest scores",
      rowNames: ["most usual", "least usual"],
    },
  );
  return section(
    "outliers",
    "What it finds unusual",
    `The score of an example is its ${scoreOf(model)}. To test it, the left half of each example is joined to the right half of another: pixel by pixel nothing is new, but the whole is.`,
    beside(
      chartFigure(
        chart,
        markup`${swatch(0)} as they are, ${swatch(1)} joined from two. A joined one scores higher than a genuine one in <b>${percent(auc)}</b> of all pairs (${percent(0.5)} would be chance). ${beyondNote(scores, range)}`,
      ),
      ends,
    ),
  );
}
