// The section of loss curves: each term by itself, in training and validation.

import type { History, StepRecord } from "../training/history.js";
import { curves, type Point } from "./chart.js";
import type { Markup } from "./markup.js";
import { rangeOf } from "./scale.js";
import { beside, chartFigure, counted, section, swatch } from "./section.js";
import type { Study } from "./study.js";

/** Most points of a line: more than that does not show. */
const MOST_POINTS = 400;

/** Share of the training whose values may leave the chart: they would press all others flat. */
const SHARE_OF_START = 0.05;

/** Where each step ends, in epochs: the longest epoch tells how many steps make one. */
function epochsOf(steps: readonly StepRecord[]): number[] {
  const places: number[] = [];
  let [longest, place] = [1, 0];
  steps.forEach((step, i) => {
    place = i > 0 && steps[i - 1].epoch === step.epoch ? place + 1 : 0;
    longest = Math.max(longest, place + 1);
    places.push(place);
  });
  return steps.map(({ epoch }, i) => epoch + (places[i] + 1) / longest);
}

/** Neighbours averaged, as evenly as may be, so that at most `most` points are left. */
export function thinned(points: readonly Point[], most: number = MOST_POINTS): Point[] {
  const count = Math.min(most, points.length);
  const start = (i: number) => Math.floor((i * points.length) / count);
  return Array.from({ length: count }, (_, i) => {
    const part = points.slice(start(i), start(i + 1));
    const mean = (axis: 0 | 1) => part.reduce((sum, point) => sum + point[axis], 0) / part.length;
    return [mean(0), mean(1)];
  });
}

type ValueOf = (averages: {
  readonly loss: number;
  readonly terms: Readonly<Record<string, number>>;
}) => number;

function chart(history: History, name: string, unit: string, valueOf: ValueOf): Markup {
  const places = epochsOf(history.steps);
  const training = thinned(history.steps.map((step, i): Point => [places[i], valueOf(step)]));
  const validation = history.epochs.flatMap(({ epoch, validation }): Point[] =>
    validation ? [[epoch + 1, valueOf(validation)]] : [],
  );
  const start = SHARE_OF_START * (places.at(-1) ?? 0);
  const later = [...training, ...validation].filter(([place]) => place > start);
  const title = name === "kl" ? "KL" : name;
  return curves(
    {
      description: `${title} over ${counted(1 + (history.steps.at(-1)?.epoch ?? 0), "epoch")}`,
      x: "epochs",
      y: `${title}, ${unit}`,
    },
    [
      { points: training, tone: 0, isFaint: validation.length > 0 },
      { points: validation, tone: 1, hasDots: validation.length <= 30 },
    ],
    rangeOf(later.map(([, value]) => value)),
  );
}

/** Loss curves; nothing without steps. */
export function learning({ history, vae, model }: Study): Markup | undefined {
  if (history === undefined || history.steps.length === 0) return undefined;
  const names = Object.keys(history.steps[0].terms);
  const isPerExample = vae !== undefined || model.spec.options.reduction === "perExample";
  const unit = vae ? "nats" : isPerExample ? "per example" : "per value";
  const charts = [chart(history, "loss", unit, ({ loss }) => loss)];
  // The only term of a plain autoencoder is its loss.
  if (names.length > 1) {
    charts.push(...names.map((name) => chart(history, name, unit, ({ terms }) => terms[name])));
  }
  const hasValidation = history.epochs.some(({ validation }) => validation !== undefined);
  const legend = hasValidation
    ? [swatch(0, true), " training, ", swatch(1), " validation"]
    : [swatch(0), " training"];
  return section(
    "learning",
    "How it learned",
    vae
      ? "Training trades two prices against each other: what it costs to describe an image once its code is known (reconstruction), and what the code itself costs (KL)."
      : "Training makes the difference between what goes in and what comes out small.",
    beside(...charts.map((one) => chartFigure(one, legend))),
  );
}
