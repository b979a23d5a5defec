// The section on the plane of codes: one point per example, coloured by what is known of it.

import { pca, project } from "../statistics/pca.js";
import * as ops from "../ops/index.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Cloud, type Point, scatter } from "./chart.js";
import { LONGEST_CODE } from "./images.js";
import { type Markup, markup } from "./markup.js";
import { fixedNumber, percent, rangeOf } from "./scale.js";
import { beside, chartFigure, section, swatch, wordsOf } from "./section.js";
import type { Study } from "./study.js";

/** Colours for labels, and steps of colour for a factor, as the style has them. */
const TONES = 10;
const SHADES = 7;
/** Examples that principal components are taken of where codes are long. */
const FEW_EXAMPLES = 300;

/** Where codes are in the plane, and what its axes are. */
interface Plane {
  readonly points: readonly Point[];
  readonly x: string;
  readonly y: string;
}

/** Two numbers per code: the code itself, or its first two principal components. */
function planeOf(codes: Tensor): Plane | undefined {
  const [count, latentSize] = codes.shape;
  if (count < 2 || latentSize < 2) return undefined;
  const pointsOf = ({ data }: Tensor) =>
    Array.from({ length: count }, (_, i): Point => [data[2 * i], data[2 * i + 1]]);
  if (latentSize === 2) return { points: pointsOf(codes), x: "z₀", y: "z₁" };
  const some = latentSize > LONGEST_CODE ? ops.slice(codes, 0, Math.min(count, FEW_EXAMPLES)) : codes;
  const basis = pca(some, { components: 2 });
  const [first, second] = Array.from(basis.ratio.data, (share) => percent(share));
  return { points: pointsOf(project(basis, codes)), x: `first component, ${first}`, y: `second, ${second}` };
}

/** A cloud for each label that occurs, in order. */
function cloudsOfLabels(
  points: readonly Point[],
  labels: readonly number[],
  names: readonly string[],
): (Cloud & { readonly tone: number })[] {
  const kinds = [...new Set(labels)].sort((a, b) => a - b);
  return kinds.map((kind, i) => ({
    points: points.filter((_, example) => labels[example] === kind),
    tone: i % TONES,
    shade: `tone${i % TONES}`,
    name: names[kind] ?? `${kind}`,
  }));
}

function figureOfLabels(plane: Plane, labels: readonly number[], names: readonly string[]): Markup {
  const clouds = cloudsOfLabels(plane.points, labels, names);
  const legend = clouds.map(({ name, tone }, i) => [i === 0 ? undefined : ", ", swatch(tone), ` ${name}`]);
  return chartFigure(
    scatter({ ...plane, description: "Codes in the plane, coloured by label" }, clouds),
    // More labels than colours are told apart by their names in the chart alone.
    clouds.length > TONES ? "Coloured by label; names stand at the middle of their codes." : legend,
  );
}

function figureOfFactor(plane: Plane, name: string, { data }: Tensor): Markup {
  const [low, high] = rangeOf(data);
  const shadeOf = (value: number) =>
    Math.min(SHADES - 1, Math.floor(((value - low) / (high - low)) * SHADES));
  const clouds = Array.from({ length: SHADES }, (_, shade) => ({
    points: plane.points.filter((_, example) => shadeOf(data[example]) === shade),
    shade: `shade${shade}`,
  }));
  const words = wordsOf(name);
  return chartFigure(
    scatter({ ...plane, description: `Codes in the plane, coloured by ${words}` }, clouds),
    markup`<b>${words}</b> from ${fixedNumber(low, 1)} <span class="ramp"></span> to ${fixedNumber(high, 1)}`,
  );
}

/** The codes of one model among several, coloured by label where there are any. */
export function planeFigure({ codes, labels, labelNames }: Study, caption: Markup): Markup | undefined {
  const plane = planeOf(codes);
  if (plane === undefined) return undefined;
  const clouds = labels
    ? cloudsOfLabels(plane.points, labels, labelNames)
    : [{ points: plane.points, shade: "tone0" }];
  return chartFigure(scatter({ ...plane, description: "Codes in the plane" }, clouds), caption);
}

/** Where the codes lie, coloured by label, by the given factors, or not at all. */
export function codeMap(study: Study, factorNames: readonly string[]): Markup | undefined {
  const { codes, labels, labelNames, factors } = study;
  const plane = planeOf(codes);
  if (plane === undefined) return undefined;
  const charts = factorNames.map((name) => figureOfFactor(plane, name, factors[name]));
  if (labels) charts.unshift(figureOfLabels(plane, labels, labelNames));
  if (charts.length === 0) {
    const clouds = [{ points: plane.points, shade: "tone0" }];
    charts.push(chartFigure(scatter({ ...plane, description: "Codes in the plane" }, clouds), undefined));
  }
  const place = codes.shape[1] > 2 ? " Seen along the two directions in which they vary most." : "";
  return section(
    "codes",
    "Where the codes lie",
    `One point per image.${place} Images that the model takes for alike lie close to each other, whether or not anyone told it what they show.`,
    beside(...charts),
  );
}
