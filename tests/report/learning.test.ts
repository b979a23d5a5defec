// Loss curves: thinning keeps means and order, and every term has a chart of its own.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { key, type History } from "../../src/index.js";
import { createReport } from "../../src/report/index.js";
import type { Point } from "../../src/report/chart.js";
import { thinned } from "../../src/report/learning.js";
import { textsOf } from "../support/pages.js";
import { convolutionalVae, historyOf, smallFaces } from "../support/reportCases.js";

const rising = fc
  .array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 200 })
  .map((values) => values.map((value, i): Point => [i, value]));

describe("thinned", () => {
  it("leaves as many points as wanted at most, in order, and none empty", () => {
    fc.assert(
      fc.property(rising, fc.integer({ min: 1, max: 50 }), (points, most) => {
        const left = thinned(points, most);
        expect(left).toHaveLength(Math.min(most, points.length));
        for (let i = 1; i < left.length; i++) expect(left[i]![0]).toBeGreaterThan(left[i - 1]![0]);
        for (const [, y] of left) expect(Number.isFinite(y)).toBe(true);
      }),
    );
  });

  it("keeps few points as they are, and means of equal parts", () => {
    const points: Point[] = [[0, 4], [1, 8], [2, 0], [3, 2]]; // prettier-ignore
    expect(thinned(points, 4)).toEqual(points);
    expect(thinned(points, 2)).toEqual([[0.5, 6], [2.5, 1]]); // prettier-ignore
  });
});

describe("the section of loss curves", () => {
  const model = convolutionalVae(3);
  const pageOf = (history: History) =>
    createReport(model, model.init(key(1)), smallFaces(2).images, { history })
      .html.split('id="learning"')[1]!
      .split("</section>")[0]!;
  const linesOf = (html: string) =>
    [...html.matchAll(/<path class="line[^"]*" d="([^"]*)"/g)].map(
      ([, d]) => [...d!.matchAll(/[ML]/g)].length,
    );
  const placesOf = (html: string) =>
    [...html.matchAll(/<path class="line[^"]*" d="([^"]*)"/g)].map(([, d]) =>
      [...d!.matchAll(/[ML](\S+) (\S+?)(?=[ML]|$)/g)].map(([, x, y]) => [Number(x), Number(y)]),
    );

  it("draws loss and each term, with a point per step and one per epoch", () => {
    const html = pageOf(historyOf(2, 5));
    expect(textsOf(html, "text").filter((text) => text.endsWith(", nats"))).toEqual([
      "loss, nats",
      "reconstruction, nats",
      "KL, nats",
    ]);
    expect(linesOf(html)).toEqual([10, 2, 10, 2, 10, 2]);
  });

  it("ends training and validation at the same epoch, also when the last is not full", () => {
    const whole = historyOf(2, 5);
    const [training, validation] = placesOf(pageOf(whole));
    expect(training!.at(-1)![0]).toBe(validation!.at(-1)![0]);
    expect(training![4]![0]).toBe(validation![0]![0]);
    const cut = { steps: whole.steps.slice(0, 8), epochs: whole.epochs.slice(0, 1) };
    const [cutTraining, cutValidation] = placesOf(pageOf(cut));
    expect(cutTraining![4]![0]).toBe(cutValidation![0]![0]);
  });

  /** A history whose losses are a function of the step, and of the epoch in validation. */
  const withLoss = (
    f: (step: number) => number,
    perEpoch = 100,
    g = (epoch: number) => f((epoch + 1) * perEpoch - 1),
  ) => {
    const { steps, epochs } = historyOf(2, perEpoch);
    return {
      steps: steps.map((step, i) => ({ ...step, loss: f(i) })),
      epochs: epochs.map((epoch, i) => ({ ...epoch, validation: { ...epoch.validation!, loss: g(i) } })),
    };
  };
  const captionOf = (history: History) => textsOf(pageOf(history), "figcaption")[0];
  const smooth = (step: number) => 300 - step;
  const EDGES = [24, 192];

  it("draws no more points than show", () => {
    expect(linesOf(pageOf(withLoss(smooth, 450)))[0]).toBe(400);
  });

  it.each<[string, (step: number) => number, string]>([
    ["the first step", (step) => (step === 0 ? 1e6 : smooth(step)), "values go up to 1\u202f000\u202f000."],
    ["the first five", (step) => (step < 5 ? 9000 - step : smooth(step)), "values go up to 9000."],
    ["one in the middle", (step) => (step === 77 ? 5e5 : smooth(step)), "values go up to 500\u202f000."],
    [
      "low ones",
      (step) => (step % 60 === 3 ? -1e7 : smooth(step)),
      "values go down to −10\u202f000\u202f000.",
    ],
    [
      "both",
      (step) => smooth(step) + (step % 90 === 5 ? (step - 50) * 1e4 : 0),
      "up to 1\u202f350\u202f115 and down to −449\u202f705.",
    ],
  ])("stays inside its plot, and says that it is cut: %s", (_, f, words) => {
    const history = withLoss(f);
    const [training] = placesOf(pageOf(history));
    const heights = training!.map(([, y]) => y!);
    expect(Math.min(...heights)).toBeGreaterThanOrEqual(EDGES[0]!);
    expect(Math.max(...heights)).toBeLessThanOrEqual(EDGES[1]!);
    // The others use most of the height.
    const [early, late] = [heights[Math.floor(heights.length / 4)]!, heights.at(-2)!];
    expect(Math.abs(late - early)).toBeGreaterThan(60);
    expect(captionOf(history)).toContain("The chart is cut: ");
    expect(captionOf(history)).toContain(words);
  });

  it.each<[string, History]>([
    ["falling evenly", withLoss(smooth)],
    ["of a few steps", withLoss((step) => 1000 / (step + 1), 2)],
    ["constant but for the first", withLoss((step) => (step === 0 ? 1e6 : 5))],
    ["validation that rises", withLoss(smooth, 100, (epoch) => 400 + 3000 * epoch)],
  ])("shows all where nothing is pressed flat: %s", (_, history) => {
    expect(captionOf(history)).toBe(" training,  validation");
  });

  it("leaves out what is not finite, and says how much", () => {
    const history = withLoss((step) => (step === 3 ? NaN : step === 150 ? Infinity : smooth(step)));
    expect(captionOf(history)).toBe(" training,  validation. 2 values, not finite, left out.");
    expect(linesOf(pageOf(history))[0]).toBe(198);
    const kept = JSON.parse(JSON.stringify(history)) as History;
    expect(captionOf(kept)).toBe(captionOf(history));
  });

  it("says how KL is weighed where loss is not the plain sum", () => {
    const weighed = (beta: (step: number) => number) => {
      const history = withLoss(smooth);
      return captionOf({ ...history, steps: history.steps.map((step, i) => ({ ...step, beta: beta(i) })) });
    };
    expect(weighed(() => 1)).toBe(" training,  validation");
    expect(weighed(() => 4)).toContain("Loss = reconstruction + β · KL, with β = 4.");
    expect(weighed((step) => 20 - (19 * step) / 199)).toContain("with β from 20 to 1.");
    expect(weighed((step) => 1 + (step % 100))).toContain("with β from 1 to 100.");
    expect(weighed((step) => (step === 50 ? 9 : 2))).toContain("with β from 2 to 2, between 2 and 9.");
  });

  it.each<[string, unknown]>([
    ["history", { steps: {}, epochs: [] }],
    ["history.steps[0]", { steps: [{}], epochs: [] }],
    ["history.steps[1]", { steps: [historyOf(1, 1).steps[0], { epoch: 0, loss: 1, terms: {} }], epochs: [] }],
    ["history.steps[0]", { steps: [{ epoch: -1, loss: 1, terms: {} }], epochs: [] }],
    ["history.epochs[0]", { steps: [], epochs: [null] }],
    ["history.epochs[0]", { steps: [], epochs: [{ epoch: 0, steps: 1, validation: { loss: "1" } }] }],
  ])("is refused where a file's history is damaged: %s", (place, history) => {
    expect(() => pageOf(history as History)).toThrow(`createReport: ${place} must be `);
  });
});
