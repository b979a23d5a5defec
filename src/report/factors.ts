// The section on known factors: how linearly codes hold them, and what moving along their directions does to images.

import { attributeVector, averageCode } from "../latent/attributes.js";
import { moveAlong } from "../latent/traverse.js";
import { spearman } from "../statistics/ranks.js";
import * as ops from "../ops/index.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Album } from "./album.js";
import { SMALL } from "./axes.js";
import { curves, type Point } from "./chart.js";
import { type LinearRule, linearRules } from "./linear.js";
import { type Markup, markup } from "./markup.js";
import { fixedNumber, percent } from "./scale.js";
import { section, wordsOf } from "./section.js";
import { type Study, toPictures } from "./study.js";

/** Rows at most, besides those that are always shown. */
const MOST_ROWS = 4;
/** What everyone wants to see of faces. */
const ALWAYS: Readonly<Record<string, string>> = { smile: "Add a smile", yaw: "Turn the head" };
/** Below this, a direction would be noise. */
const LEAST_ENCODED = 0.1;
/** Below this, a readout is not worth being drawn. */
const LEAST_READABLE = 0.5;
/** How far rows go, in standard deviations of the factor, and in how many steps. */
const REACH = 4;
const STEPS = 9;
/** Held-out images whose codes are moved and measured. */
const MEASURED = 32;

/** How linearly the codes hold a factor. */
export interface Encoding {
  readonly name: string;
  /** Share of its variance that a linear rule reads off the codes of images that it was not fitted on. */
  readonly rSquared: number;
}

/** All factors that vary, the best encoded first. */
export function encodingsOf({ codes, factors }: Study): readonly Encoding[] {
  const names = Object.keys(factors).filter((name) => deviationOf(factors[name]) > 0);
  const rules = names.length > 0 ? linearRules(codes) : undefined;
  if (rules === undefined) return [];
  return names
    .map((name) => ({ name, rSquared: rules(factors[name]).rSquared }))
    .sort((a, b) => b.rSquared - a.rSquared);
}

function deviationOf({ data }: Tensor): number {
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  return Math.sqrt(data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length);
}

const isAlways = (name: string) => Object.hasOwn(ALWAYS, name);

/** Which factors get rows: the best encoded, and what everyone wants to see. */
export function chosenOf(encodings: readonly Encoding[]): readonly Encoding[] {
  const encoded = encodings.filter(({ rSquared }) => rSquared >= LEAST_ENCODED);
  return [
    ...encoded.filter(({ name }) => isAlways(name)),
    ...encoded.filter(({ name }) => !isAlways(name)).slice(0, MOST_ROWS),
  ];
}

const multiples = Array.from({ length: STEPS }, (_, i) => (2 * REACH * i) / (STEPS - 1) - REACH);
const multipleNames = multiples.map((multiple) => `${multiple > 0 ? "+" : ""}${fixedNumber(multiple, 0)}`);

/** What reads a factor off images: the caller's own, or a linear rule fitted on the examples. */
interface Reader {
  readonly read: (examples: Tensor) => ArrayLike<number>;
  readonly note: string;
}

function readerOf(
  study: Study,
  name: string,
  rules: ((values: Tensor) => LinearRule) | undefined,
): Reader | undefined {
  const { readouts, factors } = study;
  if (Object.hasOwn(readouts, name)) {
    return {
      read: (examples) => readouts[name](toPictures(study, examples)).data,
      note: "measured by the given readout",
    };
  }
  const rule = rules?.(factors[name]);
  if (rule === undefined || rule.rSquared < LEAST_READABLE) return undefined;
  const share = percent(rule.rSquared);
  return {
    read: rule.read,
    note: `measured by a linear rule on pixels that explains ${share} of it in unseen originals`,
  };
}

/** The measured factor in decoded images, step by step. */
function effect({ codes, decode }: Study, name: string, direction: Tensor, { read, note }: Reader): Markup {
  const count = Math.min(MEASURED, codes.shape[0]);
  const walks = moveAlong(ops.slice(codes, 0, count), direction, { from: -REACH, to: REACH, steps: STEPS });
  const readings = Array.from(read(decode(walks)));
  const rows = Array.from({ length: count }, (_, row) => readings.slice(row * STEPS, (row + 1) * STEPS));
  const means = multiples.map((multiple, step): Point => [
    multiple,
    rows.reduce((sum, row) => sum + row[step] / count, 0),
  ]);
  // What does not vary has no ranks.
  const rankCorrelation = (values: readonly number[]) => spearman(values, multiples) || 0;
  const correlations = rows.map(rankCorrelation);
  const correlation = correlations.reduce((sum, value) => sum + value / count, 0);
  const ofMeans = rankCorrelation(means.map(([, mean]) => mean));
  const words = wordsOf(name);
  const chart = curves(
    { description: `${words} measured in decoded images at each step`, x: "steps", y: words },
    [{ points: means, tone: 0, hasDots: true }],
    undefined,
    SMALL,
  );
  return markup`<figure class="effect">${chart}<figcaption>Mean over ${count} images, ${note}. Rank correlation with the step: <b>${fixedNumber(ofMeans, 2)}</b>; for single images ${fixedNumber(correlation, 2)} on average.</figcaption></figure>`;
}

/** A factor's rows of pictures with its measured effect. */
function row(study: Study, album: Album, { name, rSquared }: Encoding, reader: Reader | undefined): Markup {
  const { codes, factors, decode } = study;
  const { data } = factors[name];
  const deviation = deviationOf(factors[name]);
  const direction = attributeVector(
    codes,
    data.map((value) => value / deviation),
  );
  const starts = ops.concat([averageCode(codes), ops.slice(codes, 0, 1)]);
  const words = wordsOf(name);
  const picture = album.show(
    decode(moveAlong(starts, direction, { from: -REACH, to: REACH, steps: STEPS })),
    {
      name: `factor-${name}`,
      columns: STEPS,
      width: 620,
      description: `Decoded images with less and more ${words}`,
      rowNames: ["average", "one"],
      columnNames: multipleNames,
      caption: markup`Steps of one standard deviation of <b>${words}</b>; a linear rule reads ${percent(rSquared)} of it off the codes.`,
    },
  );
  const heading = Object.hasOwn(ALWAYS, name) ? ALWAYS[name] : `Along ${words}`;
  return markup`<h3>${heading}</h3><div class="row">${picture}${reader && effect(study, name, direction, reader)}</div>`;
}

/** How linearly each factor is held, as a table with bars. */
function table(encodings: readonly Encoding[]): Markup {
  const rows = encodings.map(({ name, rSquared }) => {
    const share = Math.min(1, Math.max(0, rSquared));
    return markup`<tr><th scope="row">${wordsOf(name)}</th><td><span class="bar" style="--share:${fixedNumber(share, 3)}"></span></td><td class="number">${fixedNumber(share, 2)}</td></tr>`;
  });
  return markup`<table><caption>Share of each factor’s variance (R²) that a linear rule reads off the codes of images that it was not fitted on.</caption><tbody>${rows}</tbody></table>`;
}

/** Known factors in the codes; pictures where there are any. */
export function factors(
  study: Study,
  encodings: readonly Encoding[],
  album: Album | undefined,
): Markup | undefined {
  if (encodings.length === 0) return undefined;
  const chosen = album ? chosenOf(encodings) : [];
  const needsRules = chosen.some(({ name }) => !Object.hasOwn(study.readouts, name));
  const rules = needsRules ? linearRules(study.images) : undefined;
  return section(
    "factors",
    "Directions that mean something",
    "The images were made from known factors, which the model never saw. The direction in which codes move as a factor grows can be added to any code: then the image should change in this factor, and in nothing else.",
    album && averageFigure(study, album),
    album && chosen.map((encoding) => row(study, album, encoding, readerOf(study, encoding.name, rules))),
    table(encodings),
  );
}

/** The average of all images, by pixels and by codes. */
function averageFigure({ images, codes, decode }: Study, album: Album): Markup {
  const pixels = ops.mean(images, { axis: 0, keepDims: true });
  return album.show(ops.concat([pixels, decode(averageCode(codes))]), {
    name: "average",
    columns: 2,
    width: 240,
    description: "The average of all images, and the decoded average of their codes",
    columnNames: ["average of pixels", "of codes, decoded"],
  });
}
