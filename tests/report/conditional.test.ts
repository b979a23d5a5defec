// The report of models that know classes: its numbers are those of the library, and labels are needed.

import { describe, expect, it } from "vitest";
import { readPng } from "../../src/images/index.js";
import {
  accuracy,
  classify,
  confusionMatrix,
  dense,
  fold,
  key,
  ops,
  random,
  tensor,
  vae,
  type Tensor,
  type Vae,
} from "../../src/index.js";
import { createReport } from "../../src/report/index.js";
import { conditionalCase } from "../support/reportCases.js";
import { expectRefused } from "../support/refusals.js";

const { model, params, images, options } = conditionalCase();
const { html, pictures } = createReport(model, params, images, options);
const text = html.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");

const known = { labels: tensor([...(options.labels as number[])]) };

/** An image of 8×8 in a picture of many, with a pixel between them. */
function cellOf({ data, shape }: Tensor, row: number, column: number): number[] {
  const [, width, channels] = shape as [number, number, number];
  return Array.from({ length: 64 }, (_, at) => {
    const [y, x] = [9 * row + Math.floor(at / 8), 9 * column + (at % 8)];
    return data[(y * width + x) * channels]!;
  });
}

/** As exact as 256 levels are. */
function expectShown(shown: readonly number[], { data }: Tensor): void {
  shown.forEach((value, i) => expect(Math.abs(value - data[i]!)).toBeLessThanOrEqual(0.5 / 255 + 1e-6));
}

describe("the report of a model that knows classes", () => {
  it("counts what Bayes' rule takes examples for", () => {
    const { labels } = known;
    // The key of the section, as `REPORT_DRAWS` has it.
    const predicted = classify(model as Vae, params, images, { key: fold(key(0), 9) }).labels;
    const counts = confusionMatrix(labels, predicted, { classes: 3 });
    const table = /<table class="confusion">([\s\S]*?)<\/table>/.exec(html)![1]!;
    const shown = [...table.matchAll(/<td style="[^"]*">(\d*)<\/td>/g)].map(([, count]) => Number(count));
    expect(shown).toEqual([...counts.data]);
    const share = (100 * accuracy(labels, predicted)).toFixed(0);
    expect(text.replaceAll(/\s/g, " ")).toContain(`Of 48 held-out examples, ${share} % are right`);
    expect(text).toContain("hat sock glove");
  });

  it("has the same latents in each row of samples, and the originals beside what becomes of them", () => {
    const samples = readPng(pictures["classes"]!);
    expect(samples.shape.slice(0, 2)).toEqual([3 * 9 - 1, 8 * 9 - 1]);
    const swapped = readPng(pictures["underEveryClass"]!);
    expect(swapped.shape.slice(0, 2)).toEqual([6 * 9 - 1, 4 * 9 - 1]);
    const { mean } = (model as Vae).encode(params, images, known);
    const decoded = [0, 1, 2].map((labels) => (model as Vae).decode(params, mean, { labels }));
    for (let example = 0; example < 6; example++) {
      [images, ...decoded].forEach((t, column) => {
        expectShown(cellOf(swapped, example, column), ops.slice(t, example, example + 1));
      });
      const [hat, sock] = decoded.map((t) => ops.slice(t, example, example + 1).data);
      expect(Math.max(...hat!.map((value, i) => Math.abs(value - sock![i]!)))).toBeGreaterThan(0.02);
    }
  });

  it("reconstructs every example under its own class", () => {
    const own = model.reconstruct(params, images, known);
    const shown = readPng(pictures["reconstructions"]!);
    for (let column = 0; column < 8; column++) {
      expectShown(cellOf(shown, 1, column), ops.slice(own, column, column + 1));
    }
  });

  it("says under which class codes are decoded that belong to none", () => {
    expect(
      text.match(/All are decoded as hat, the class of most examples\./g)!.length,
    ).toBeGreaterThanOrEqual(3);
    expect(text).toContain("at most log p(x | y)");
    // Files hold no labels, so there are no rates.
    expect(html).not.toContain('id="rates"');
  });

  it("needs labels, of classes that there are", () => {
    const { labels: _, ...others } = options;
    expectRefused(
      () => createReport(model, params, images, others),
      TypeError,
      "createReport: labels must be given",
    );
    const wrong = { labels: Array.from({ length: 48 }, () => 3) };
    expectRefused(
      () => createReport(model, params, images, wrong),
      RangeError,
      "createReport: labels[0] must be an integer from 0 to 2, got 3",
    );
    const numbers = vae({
      inputShape: [3],
      latentSize: 2,
      encoder: dense(2),
      decoder: dense(3),
      condition: { size: 2 },
    });
    expectRefused(
      () => createReport(numbers, numbers.init(key(1)), random.uniform(key(2), [4, 3])),
      RangeError,
      "createReport: model must know classes, or nothing of labels",
    );
  });
});
