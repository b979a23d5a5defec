// Laws of the page that compares models.

import { describe, expect, it } from "vitest";
import { readPng } from "../../src/images/index.js";
import {
  autoencoder,
  dense,
  flatten,
  key,
  lectures,
  ops,
  random,
  reshape,
  sequential,
  type Tensor,
  zeros,
} from "../../src/index.js";
import { pcaAutoencoder } from "../../src/latent/index.js";
import { type ComparedModel, createComparison } from "../../src/report/index.js";
import { comparisonOf } from "../../src/report/comparison.js";
import { elementsOf, textsOf } from "../support/pages.js";
import { expectRefused } from "../support/refusals.js";
import { convolutionalVae, historyOf, smallFaces } from "../support/reportCases.js";

const { images } = smallFaces(60);
const [fitted, inputs] = [ops.slice(images, 0, 30), ops.slice(images, 30)];
const vae = convolutionalVae(3);
const entry = (name: string, latentSize: number): ComparedModel => ({
  name,
  inputs,
  ...pcaEntry(latentSize),
});
function pcaEntry(latentSize: number) {
  const { model, params } = pcaAutoencoder(fitted, { latentSize });
  return { model, params };
}
const history = historyOf(3, 2);
const models: readonly ComparedModel[] = [
  entry("two", 2),
  entry("eight", 8),
  { name: "vae <1>", model: vae, params: vae.init(key(1)), inputs, history },
];
const labels = Array.from({ length: 30 }, (_, i) => i % 3);
const whole = comparisonOf(models, { fitted, labels });

describe("a comparison", () => {
  it("measures what the models lose, need and took", () => {
    const measures = new Map(whole.measures);
    for (const { name, model, params } of models) {
      const error = ops.mean(ops.square(ops.sub(inputs, model.reconstruct(params, inputs)))).data[0]!;
      const own = measures.get(name)!;
      expect(own.squaredError / error).toBeCloseTo(1, 5);
      expect(own.psnr).toBeCloseTo(-10 * Math.log10(error), 3);
    }
    expect(measures.get("two")!.parameters).toBe(2 * 64 * 2 + 64 + 2);
    const { epochs, seconds, negativeElbo, kl } = measures.get("vae <1>")!;
    expect([epochs, seconds]).toEqual([3, 24]);
    expect(negativeElbo!).toBeGreaterThan(kl!);
    expect(measures.get("two")!.kl).toBeUndefined();
  });

  it("puts a model of principal components on the line of principal components", () => {
    const paths = [...whole.html.matchAll(/<path class="dots tone(\d)" d="(.*?)"\/>/g)];
    const dots = (tone: number) => paths.find(([, own]) => own === `${tone}`)![2]!.match(/M\S+ \S+?(?=h)/g)!;
    const line = dots(9);
    expect(line).toHaveLength(5);
    expect([line[1], line[3]]).toEqual([dots(0)[0], dots(1)[0]]);
  });

  it("shows images above what each model makes of them", () => {
    const { data, shape } = readPng(whole.pictures["reconstructions"]!);
    const at = (row: number, y: number, x: number) => data[2 * ((row * 9 + y) * shape[1]! + x)]!;
    expect(shape[0]).toBe(4 * 9 - 1);
    const rows = [inputs, ...models.map(({ model, params }) => model.reconstruct(params, inputs))];
    rows.forEach((images, row) => {
      for (const [y, x] of [
        [0, 0],
        [4, 5],
      ] as const) {
        // prettier-ignore
        const value = Math.min(1, Math.max(0, images.data[8 * y + x]!));
        expect(at(row, y, x), `row ${row}`).toBeCloseTo(value, 2);
      }
    });
  });

  it("has the sections that there is something for, and names as they are", () => {
    const idsOf = (html: string) =>
      elementsOf(html).flatMap(({ name, attributes }) => (name === "section" ? attributes["id"] : []));
    expect(idsOf(whole.html)).toEqual(["errors", "pictures", "codes", "learning"]);
    expect(textsOf(whole.html, "th").map((text) => text.trim())).toContain("vae <1>");
    const rows = { ...entry("rows", 2), model: lectures.linear({ features: 5 }), inputs: zeros([4, 5]) };
    const params = rows.model.init(key(1));
    expect(idsOf(createComparison([{ ...rows, params }]).html)).toEqual(["errors", "codes"]);
  });

  it("tells how often the nearest code has the same label", () => {
    const shareOf = (kinds: number[]) =>
      Number(/same label for <b>(\d+)/.exec(createComparison([models[0]!], { labels: kinds }).html)![1]);
    expect(shareOf(labels.map(() => 1))).toBe(100);
    expect(shareOf(labels.map((_, i) => i))).toBe(0);
  });

  it("measures in the units of values from 0 to 1, whatever the model takes", () => {
    const wide = (t: Tensor) => ops.sub(ops.scale(t, 2), 1);
    const { model, params } = pcaAutoencoder(wide(fitted), { latentSize: 2 });
    const other: ComparedModel = { name: "wide", model, params, inputs: wide(inputs), valueRange: [-1, 1] };
    const [first, second] = comparisonOf([models[0]!, other], {}).measures.map(([, own]) => own);
    expect(second!.squaredError / first!.squaredError).toBeCloseTo(1, 3);
  });

  it("refuses what does not belong together", () => {
    const refused = (call: () => unknown, kind: ErrorConstructor, words: string) =>
      expectRefused(call, kind, `createComparison${words}`);
    refused(() => createComparison([]), RangeError, ": models");
    refused(() => createComparison({} as never), TypeError, ": models");
    refused(() => createComparison([{ ...models[0]!, name: 3 as never }]), TypeError, ": models[0].name");
    const fewer = { ...models[1]!, inputs: ops.slice(inputs, 0, 4) };
    refused(() => createComparison([models[0]!, fewer]), RangeError, ": models[1].inputs.shape[0]");
    refused(() => createComparison(models, { fitted: zeros([3, 64]) }), RangeError, ": fitted.shape");
    refused(() => createComparison(models, { labels: [1] }), RangeError, ": labels");
    refused(() => createComparison(models, { title: 1 as never }), TypeError, ": title");
    const broken = autoencoder({
      inputShape: [8, 8, 1],
      encoder: sequential(flatten(), dense(1)),
      decoder: sequential(dense(64), reshape([8, 8, 1])),
    });
    const { state, weights } = broken.init(key(1));
    const far = { state, weights: { ...weights, decoder: [{ kernel: random.normal(key(1), [1, 64]), bias: ops.scale(ops.add(zeros([64]), 3e38), 1) }, {}] } }; // prettier-ignore
    refused(
      () =>
        createComparison([
          { name: "far", model: broken, params: far as never, inputs: ops.scale(inputs, -3e38) },
        ]),
      RangeError,
      ": models[0].params",
    );
  });
});
