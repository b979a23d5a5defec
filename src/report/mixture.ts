// The page about a mixture of Gaussians: how many there are, where they lie, and points drawn from them.

import type { GaussianMixture } from "../distributions/mixture.js";
import { softmax } from "../ops/softmax.js";
import { pca, project } from "../statistics/pca.js";
import type { MixtureCandidate, MixtureSelection } from "../statistics/selectMixture.js";
import { adoptArray, type Tensor } from "../tensor/tensor.js";
import { createPictures } from "./album.js";
import { type Cloud, curves, histogram, type Point, scatter } from "./chart.js";
import { type Content, type Markup, markup } from "./markup.js";
import { headOf, numberTable, pageOf, type Settings } from "./page.js";
import { percent, rangeOf, shortNumber } from "./scale.js";
import { beside, chartFigure, counted, section, swatch } from "./section.js";

/** What the page is made from. */
export interface MixtureStudy {
  readonly title: string;
  readonly settings: Settings;
  readonly selection: MixtureSelection;
  /** As the points have it. */
  readonly mixture: GaussianMixture;
  /** Shape `[count, D]`. */
  readonly points: Tensor;
  /** The likeliest component of each point. */
  readonly assigned: readonly number[];
  /** Drawn from the mixture, shape `[samples, D]`. */
  readonly samples: Tensor;
  readonly columns: readonly string[];
  readonly labels?: readonly number[];
}

/** More points hide each other. */
const MOST_POINTS = 2000;
const TONES = 10;
/** Pixels of the density's picture. */
const [WIDTH, HEIGHT] = [180, 110];
/** More columns make no table. */
const MOST_COLUMNS = 12;

/** Two directions in which points are seen: the columns themselves, or two principal components. */
interface View {
  /** Shape `[2, D]`. */
  readonly axes: readonly (readonly number[])[];
  readonly place: (points: Tensor) => Point[];
  readonly x: string;
  readonly y: string;
}

function viewOf(points: Tensor, columns: readonly string[]): View | undefined {
  const [count, dimensions] = points.shape;
  if (dimensions < 2 || count < 3) return undefined;
  const pairs = ({ data }: Tensor) =>
    Array.from({ length: data.length / 2 }, (_, i): Point => [data[2 * i], data[2 * i + 1]]);
  if (dimensions === 2) {
    const axes = [
      [1, 0],
      [0, 1],
    ];
    return { axes, place: pairs, x: columns[0], y: columns[1] };
  }
  const basis = pca(points, { components: 2 });
  const { components, ratio } = basis;
  const [first, second] = Array.from(ratio.data, (share) => percent(share));
  return {
    axes: [0, 1].map((row) => [...components.data.subarray(row * dimensions, (row + 1) * dimensions)]),
    place: (own) => pairs(project(basis, own)),
    x: `first component, ${first}`,
    y: `second, ${second}`,
  };
}

/** The density of the mixture as it is seen in a plane, exactly: projections of Gaussians are Gaussians. */
export function densityInPlane(
  { logits, means, logVars }: GaussianMixture,
  axes: readonly (readonly number[])[],
  place: (points: Tensor) => readonly Point[],
): (x: number, y: number) => number {
  const [, dimensions] = means.shape;
  const weights = softmax(logits).data;
  const parts = place(means).map(([left, top], k) => {
    const covariance = (a: number, b: number) =>
      axes[a].reduce(
        (sum, value, d) => sum + value * axes[b][d] * Math.exp(logVars.data[k * dimensions + d]),
        0,
      );
    const [xx, xy, yy] = [covariance(0, 0), covariance(0, 1), covariance(1, 1)];
    const determinant = xx * yy - xy * xy;
    const factor = weights[k] / (2 * Math.PI * Math.sqrt(determinant));
    return { left, top, xx, xy, yy, determinant, factor };
  });
  return (x, y) =>
    parts.reduce((sum, { left, top, xx, xy, yy, determinant, factor }) => {
      const [a, b] = [x - left, y - top];
      return sum + factor * Math.exp((-0.5 * (yy * a * a - 2 * xy * a * b + xx * b * b)) / determinant);
    }, 0);
}

/** White where the density is greatest; its root, so that thin places show. */
function densityPicture(view: View, mixture: GaussianMixture, points: readonly Point[]): Tensor | undefined {
  const densityAt = densityInPlane(mixture, view.axes, view.place);
  const [[left, right], [bottom, top]] = [0, 1].map((axis) => {
    const [low, high] = rangeOf(points.map((point) => point[axis]));
    return [low - 0.04 * (high - low), high + 0.04 * (high - low)];
  });
  const values = Float64Array.from({ length: WIDTH * HEIGHT }, (_, i) => {
    const [column, row] = [i % WIDTH, Math.floor(i / WIDTH)];
    const x = left + ((column + 0.5) / WIDTH) * (right - left);
    return Math.sqrt(densityAt(x, top - ((row + 0.5) / HEIGHT) * (top - bottom)));
  });
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  if (!(most > 0 && most < Infinity)) return undefined;
  return adoptArray(
    Float32Array.from(values, (value) => value / most),
    [1, HEIGHT, WIDTH, 1],
  );
}

const cloudsOf = (points: readonly Point[], kinds: readonly number[]): Cloud[] =>
  [...new Set(kinds.slice(0, points.length))]
    .sort((a, b) => a - b)
    .map((kind) => ({
      points: points.filter((_, i) => kinds[i] === kind),
      shade: `tone${kind % TONES}`,
      name: String(kind),
    }));

function choice({ best, candidates }: MixtureSelection): Markup | undefined {
  if (candidates.length < 2) return undefined;
  const line = (of: (one: MixtureCandidate) => number) =>
    candidates.map((one): Point => [one.components, of(one)]);
  const chart = curves({ description: "BIC of each number of Gaussians", x: "Gaussians", y: "BIC" }, [
    { points: line(({ bic }) => bic), tone: 0, hasDots: true },
  ]);
  const table = numberTable(
    "Each number of Gaussians",
    ["", "log-likelihood, nats per point", "free parameters", "BIC"],
    candidates.map(({ components, logLikelihood, freeParameters, bic }): [Content, ...Content[]] => [
      components === best.components ? markup`<b>${components}</b>` : components,
      shortNumber(logLikelihood),
      freeParameters,
      shortNumber(bic),
    ]),
  );
  return section(
    "choice",
    "How many Gaussians",
    `Every Gaussian more makes the points likelier, also where it only learns them by heart. The Bayesian information criterion asks a price for each of its numbers; ${counted(best.components, "Gaussian")} ${best.components === 1 ? "has" : "have"} the least.`,
    beside(chartFigure(chart, "Less is better."), table),
  );
}

/** Points of one number. */
function lineOf({ points, samples, columns }: MixtureStudy): Markup {
  const chart = histogram({ description: "Points and points drawn", x: columns[0], y: "points" }, [
    { values: points.data, tone: 0 },
    { values: samples.data, tone: 1 },
  ]);
  return section(
    "plane",
    "Where they lie",
    "Each point is one number.",
    chartFigure(chart, markup`${swatch(0)} points, ${swatch(1)} drawn from the mixture.`),
  );
}

function componentTable({ mixture, columns, assigned }: MixtureStudy): Markup {
  const weights = softmax(mixture.logits).data;
  const dimensions = columns.length;
  const shown = dimensions <= MOST_COLUMNS ? columns : [];
  const rows = Array.from(weights, (weight, k): [Content, ...Content[]] => [
    String(k),
    percent(weight, 1),
    assigned.filter((one) => one === k).length,
    ...shown.map((_, d) => {
      const at = k * dimensions + d;
      const deviation = Math.exp(0.5 * mixture.logVars.data[at]);
      return `${shortNumber(mixture.means.data[at])} ± ${shortNumber(deviation)}`;
    }),
  ]);
  return numberTable("Each Gaussian: mean ± deviation", ["", "weight", "points", ...shown], rows);
}

/** The page, and its picture. */
export function mixturePage(study: MixtureStudy): {
  readonly html: string;
  readonly pictures: Readonly<Record<string, Uint8Array>>;
} {
  const { title, settings, selection, mixture, points, assigned, samples, columns, labels } = study;
  const { best } = selection;
  const pictures = createPictures();
  const view = viewOf(points, columns);
  const plane = () => {
    if (view === undefined) return columns.length === 1 ? lineOf(study) : undefined;
    const [own, drawn] = [points, samples].map((rows) => view.place(rows));
    const shown = own.slice(0, MOST_POINTS);
    const chart = (description: string, clouds: readonly Cloud[]) =>
      scatter({ x: view.x, y: view.y, description }, clouds);
    const density = densityPicture(view, mixture, own);
    return section(
      "plane",
      "Where they lie",
      columns.length > 2
        ? "Seen along the two directions in which the points vary most."
        : "One point per row of the data.",
      beside(
        chartFigure(
          chart("Points by their likeliest Gaussian", cloudsOf(shown, assigned)),
          "Points, coloured by the Gaussian that they most likely come from.",
        ),
        labels &&
          chartFigure(chart("Points by label", cloudsOf(shown, labels)), "The same, coloured by label."),
        chartFigure(
          chart("Points drawn from the mixture", [{ points: drawn.slice(0, MOST_POINTS), shade: "tone0" }]),
          "Points drawn from the mixture.",
        ),
        density &&
          pictures.showImages(density, {
            name: "density",
            columns: 1,
            imageWidth: 2 * WIDTH,
            description: "The density of the mixture in this plane",
            caption: "The density in this plane, its root from black to white.",
          }),
      ),
    );
  };
  const head = headOf(title, settings, [
    { name: "Gaussians", value: best.components, note: "with a variance for every dimension" },
    {
      name: "Log-likelihood",
      value: shortNumber(best.logLikelihood),
      note: "nats per point, with every column scaled to deviation 1; more is better",
    },
    {
      name: "BIC",
      value: shortNumber(best.bic),
      note: `${best.freeParameters} free parameters; less is better`,
    },
    { name: "Points", value: points.shape[0], note: `of ${counted(columns.length, "number")}` },
  ]);
  const gaussians = section(
    "gaussians",
    "The Gaussians",
    "A point is drawn by choosing a Gaussian with its weight, and then a number for each dimension by itself.",
    componentTable(study),
  );
  const html = pageOf(title, [head, choice(selection), plane(), gaussians]);
  return { html, pictures: pictures.files };
}
