// reparam mixture: a mixture of Gaussians fitted to codes or to a table.

import { basename, join } from "node:path";
import {
  type GaussianMixture,
  mixtureLogProb,
  mixtureResponsibilities,
  sampleMixture,
} from "../distributions/mixture.js";
import { writeTree } from "../files/treeFile.js";
import { makeFolder } from "../node/makeFolder.js";
import { writeFileAtomic } from "../node/writeFileAtomic.js";
import { fold, key } from "../random/keys.js";
import { mixturePage } from "../report/mixture.js";
import { type MixtureSelection, selectMixture } from "../statistics/selectMixture.js";
import { tensor, type Tensor } from "../tensor/tensor.js";
import { type Command, fail, type Options } from "./command.js";
import { DATA_OPTIONS, readData } from "./data.js";
import { MIXTURE_DRAWS } from "./draws.js";
import { checkFinite } from "./finite.js";
import { standardized } from "./form.js";
import { checkApart, toCsv } from "./output.js";
import { showNumber } from "./progress.js";
import { say } from "./terminal.js";

/** Of columns that are scaled to deviation 1: a Gaussian may not become one point of many. */
const MIN_VARIANCE = 1e-4;
const MOST = 10;

/** From which number of components to which. */
function componentsOption(options: Options, count: number): { readonly from: number; readonly to: number } {
  const text = options.text("components") ?? "auto";
  if (text === "auto") return { from: 1, to: Math.min(MOST, count) };
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  const [from, to] = match ? [Number(match[1]), Number(match[2] ?? match[1])] : [0, 0];
  if (from < 1 || to < from) {
    fail(`--components must be auto, a number ≥ 1, or two such as 2-8, got ${JSON.stringify(text)}`);
  }
  if (to > count) fail(`--components must be at most the number of points, ${count}, got ${text}`);
  return { from, to };
}

/** A mixture of scaled columns, as the columns were. */
function unscaled(
  { logits, means, logVars }: GaussianMixture,
  mean: readonly number[],
  deviation: readonly number[],
): GaussianMixture {
  const column = (i: number) => i % mean.length;
  return {
    logits,
    means: tensor(
      means.data.map((value, i) => value * deviation[column(i)] + mean[column(i)]),
      means.shape,
    ),
    logVars: tensor(
      logVars.data.map((value, i) => value + 2 * Math.log(deviation[column(i)])),
      logVars.shape,
    ),
  };
}

/** What is known of each point: its likeliest component, that one's share, and the point's density. */
function assignmentsOf(points: Tensor, mixture: GaussianMixture): { assigned: number[]; rows: Tensor } {
  const shares = mixtureResponsibilities(points, mixture);
  const densities = mixtureLogProb(points, mixture).data;
  const [count, components] = shares.shape;
  const assigned = Array.from({ length: count }, (_, i) => {
    const own = shares.data.subarray(i * components, (i + 1) * components);
    return own.indexOf(own.reduce((a, b) => Math.max(a, b)));
  });
  const values = assigned.flatMap((one, i) => [one, shares.data[i * components + one], densities[i]]);
  return { assigned, rows: tensor(values, [count, 3]) };
}

/** Component by component: its weight, means and deviations. */
function componentRows({ means, logVars }: GaussianMixture, weights: readonly number[]): Tensor {
  const [components, dimensions] = means.shape;
  const values = weights.flatMap((weight, k) => {
    const part = ({ data }: Tensor) => [...data.subarray(k * dimensions, (k + 1) * dimensions)];
    return [weight, ...part(means), ...part(logVars).map((value) => Math.exp(0.5 * value))];
  });
  return tensor(values, [components, 1 + 2 * dimensions]);
}

function weightsOf({ logits }: GaussianMixture): number[] {
  const raw = Array.from(logits.data, Math.exp);
  const total = raw.reduce((a, b) => a + b, 0);
  return raw.map((value) => value / total);
}

const selectionRows = ({ candidates }: MixtureSelection): Tensor =>
  tensor(
    candidates.map(({ components, logLikelihood, freeParameters, bic }) => [
      components,
      logLikelihood,
      freeParameters,
      bic,
    ]),
  );

const { count, header, separator, labels } = DATA_OPTIONS;

export const mixtureCommand: Command = {
  name: "mixture",
  takes: "DATA",
  summary:
    "Fits a mixture of Gaussians to codes or to a table, draws from it, and writes a page about it. DATA is an npy file " +
    "[count, columns], as reparam encode writes it, or a table (CSV).",
  options: {
    components: {
      type: "string",
      value: "K",
      help: `how many Gaussians: a number, a range such as 2-8 of which the least BIC is taken, or auto for 1-${MOST} (default)`,
    },
    samples: { type: "string", value: "N", help: "points to draw from the mixture (default 1000)" },
    seed: {
      type: "string",
      value: "N",
      help: "the same seed gives the same mixture and samples (default 1)",
    },
    header,
    separator,
    count: { ...count, help: "most points of the file (default all)" },
    labels: {
      ...labels,
      help: "integers, to colour the page: a file with one for each point, or a column of the table, which is not fitted",
    },
    out: { type: "string", value: "DIR", help: "where results go (default mixture)" },
  },
  async run({ positionals: [source], options }) {
    const out = options.text("out") ?? "mixture";
    const { out: _, ...asked } = options.all();
    const sampleCount = options.integer("samples", 1) ?? 1000;
    const seed = key(options.integer("seed", 0) ?? 1);
    await checkApart(out, source, options.text("labels"));
    const data = await readData(source, options, fold(seed, MIXTURE_DRAWS.data));
    const { values: points } = data;
    if (points.shape.length !== 2) {
      fail(`${source} has images: a mixture is of codes, which reparam encode writes, or of a table`);
    }
    checkFinite(source, data);
    const [total, dimensions] = points.shape;
    const range = componentsOption(options, total);
    const { mean, deviation } = standardized(points);
    const scaled = tensor(
      points.data.map((value, i) => (value - mean[i % dimensions]) / deviation[i % dimensions]),
      points.shape,
    );
    const selection = selectMixture(fold(seed, MIXTURE_DRAWS.fit), scaled, {
      ...range,
      minVariance: MIN_VARIANCE,
    });
    const { best } = selection;
    const mixture = unscaled(best.mixture, mean, deviation);
    const samples = sampleMixture(fold(seed, MIXTURE_DRAWS.samples), mixture, { count: sampleCount });
    const { assigned, rows } = assignmentsOf(points, mixture);
    const columns = data.columns ?? Array.from({ length: dimensions }, (_, i) => `z${i}`);
    const { html, pictures } = mixturePage({
      title: `Mixture of Gaussians on ${basename(source)}`,
      settings: { data: basename(source), ...asked },
      selection,
      mixture,
      points,
      assigned,
      samples,
      columns,
      ...(data.labels && { labels: [...data.labels.data] }),
    });
    const names = data.names ?? Array.from({ length: total }, (_, i) => String(i));
    const ofComponents = ["weight", ...columns, ...columns.map((name) => `${name} deviation`)];
    const files: Readonly<Record<string, string | Uint8Array>> = {
      "mixture.safetensors": writeTree(mixture),
      "components.csv": toCsv(ofComponents, componentRows(mixture, weightsOf(mixture))),
      "selection.csv": toCsv(
        ["components", "logLikelihood", "freeParameters", "bic"],
        selectionRows(selection),
      ),
      "assignments.csv": toCsv(["component", "probability", "logDensity"], rows, names),
      "samples.csv": toCsv(columns, samples),
      ...Object.fromEntries(Object.entries(pictures).map(([name, png]) => [`${name}.png`, png])),
      // The page last: where it is, everything is.
      "mixture.html": html,
    };
    await makeFolder(out);
    for (const [name, content] of Object.entries(files)) {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      await writeFileAtomic(join(out, name), bytes);
    }
    const list = selection.candidates.map(({ components, bic }) => `${components}: ${showNumber(bic)}`);
    say(
      [
        ...(list.length > 1 ? [`BIC by the number of Gaussians: ${list.join(", ")}`] : []),
        `${best.components} Gaussians on ${total} points of ${dimensions} numbers, ${showNumber(best.logLikelihood)} nats per point at deviation 1, BIC ${showNumber(best.bic)}`,
        `page: ${join(out, "mixture.html")}`,
      ].join("\n"),
    );
    return 0;
  },
};
