// The section of loss curves: each term by itself, in training and validation.

import { isEncoding } from "../models/fromSpec.js";
import type { History, StepRecord } from "../training/history.js";
import { curves, type Point } from "./chart.js";
import type { Markup } from "./markup.js";
import { coreRange, rangeOf, shortNumber } from "./scale.js";
import { beside, chartFigure, counted, section, swatch } from "./section.js";
import type { Subject } from "./study.js";

/** Most points of a line: more than that does not show. */
const MOST_POINTS = 400;

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

/** Neighbours averaged, as evenly as may be, so that at most `most` points are left; what is not finite counts not. */
export function thinned(points: readonly Point[], most: number = MOST_POINTS): Point[] {
  const count = Math.min(most, points.length);
  const start = (i: number) => Math.floor((i * points.length) / count);
  const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value / values.length, 0);
  return Array.from({ length: count }, (_, i) => {
    const part = points.slice(start(i), start(i + 1));
    const values = part.map(([, value]) => value).filter(Number.isFinite);
    return [meanOf(part.map(([place]) => place)), values.length === 0 ? NaN : meanOf(values)];
  });
}

type ValueOf = (averages: {
  readonly loss: number;
  readonly terms: Readonly<Record<string, number>>;
}) => number;

/** What a chart does not show of the values that it is drawn from. */
function noteOf(values: readonly number[], shown: readonly number[], [low, high]: readonly [number, number]) {
  const finite = values.filter(Number.isFinite);
  const above = shown.some((value) => value > high);
  const below = shown.some((value) => value < low);
  const greatest = shortNumber(finite.reduce((a, b) => Math.max(a, b), -Infinity));
  const least = shortNumber(finite.reduce((a, b) => Math.min(a, b), Infinity));
  const reach = [...(above ? [`up to ${greatest}`] : []), ...(below ? [`down to ${least}`] : [])];
  const missing = values.length - finite.length;
  return [
    ...(reach.length > 0 ? [`The chart is cut: values go ${reach.join(" and ")}.`] : []),
    ...(missing > 0 ? [`${counted(missing, "value")}, not finite, left out.`] : []),
  ];
}

/** What terms are called on the page. */
const TITLES: Readonly<Record<string, string>> = { kl: "KL", paidKl: "KL paid" };

/** A chart of one number over the training, and what is to be said below it. */
function chart(history: History, name: string, unit: string, valueOf: ValueOf) {
  const places = epochsOf(history.steps);
  const steps = history.steps.map((step, i): Point => [places[i], valueOf(step)]);
  const validation = history.epochs.flatMap(({ epoch, validation }): Point[] =>
    validation ? [[epoch + 1, valueOf(validation)]] : [],
  );
  const training = thinned(steps);
  const [shown, validated, all] = [training, validation, [...steps, ...validation]].map((points) =>
    points.map(([, value]) => value),
  );
  // Each by itself: among many steps, a validation that rises would pass for outliers.
  const range = rangeOf([...coreRange(shown), ...(validation.length > 0 ? coreRange(validated) : [])]);
  const title = TITLES[name] ?? name;
  const drawing = curves(
    {
      description: `${title} over ${counted(1 + (history.steps.at(-1)?.epoch ?? 0), "epoch")}`,
      x: "epochs",
      y: `${title}, ${unit}`,
    },
    [
      { points: training, tone: 0, isFaint: validation.length > 0 },
      { points: validation, tone: 1, hasDots: validation.length <= 30 },
    ],
    range,
  );
  return { drawing, note: noteOf(all, [...shown, ...validated], range) };
}

/** How KL is weighed in the loss, where it is not simply added. */
function weightOf({ steps }: History): string[] {
  const weights = steps.flatMap((step: { readonly loss: number; readonly beta?: number }) => step.beta ?? []);
  if (weights.every((weight) => weight === 1)) return [];
  const [first, last] = [weights[0], weights[weights.length - 1]].map(shortNumber);
  const [least, greatest] = rangeOf(weights).map(shortNumber);
  const isConstant = weights.every((weight) => weight === weights[0]);
  const isWithin = [least, greatest].every((end) => end === first || end === last);
  const between = isWithin ? "" : `, between ${least} and ${greatest}`;
  return [
    `Loss = reconstruction + β · ${TITLES[Object.hasOwn(steps[0].terms, "paidKl") ? "paidKl" : "kl"]}, with β ${isConstant ? `= ${first}` : `from ${first} to ${last}${between}`}.`,
  ];
}

/** Loss curves; nothing without steps. */
export function learning({ history, vae, model }: Subject): Markup | undefined {
  if (history === undefined || history.steps.length === 0) return undefined;
  const names = Object.keys(history.steps[0].terms);
  const isPerExample = model.spec.options.reduction === "perExample";
  const unit = vae || !isEncoding(model) ? "nats" : isPerExample ? "per example" : "per value";
  const loss = chart(history, "loss", unit, (averages) => averages.loss);
  const charts = [{ ...loss, note: [...weightOf(history), ...loss.note] }];
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
      : isEncoding(model)
        ? "Training makes the difference between what goes in and what comes out small."
        : "Training makes every pixel probable, given the pixels before it: the loss is what all of them cost.",
    beside(
      ...charts.map(({ drawing, note }) =>
        chartFigure(drawing, note.length > 0 ? [legend, ". ", note.join(" ")] : legend),
      ),
    ),
  );
}
