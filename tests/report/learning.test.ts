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

  it("draws no more points than show", () => {
    expect(linesOf(pageOf(historyOf(3, 300)))[0]).toBe(400);
  });

  it("lets the first steps leave the chart where they would press all others flat", () => {
    const history = historyOf(1, 100);
    const steps = history.steps.map((step, i) => (i === 0 ? { ...step, loss: 1e6 } : step));
    const html = pageOf({ ...history, steps });
    const [training] = placesOf(html);
    expect(training![0]![1]).toBeLessThan(0);
    const [middle, last] = [training![20]![1]!, training!.at(-1)![1]!];
    expect(last - middle).toBeGreaterThan(5);
    expect(middle).toBeGreaterThan(20);
  });
});
