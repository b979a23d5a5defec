// The report of a model of pixels: what it tells and shows.

import { describe, expect, it } from "vitest";
import { shapes } from "../../src/data/index.js";
import { readPng } from "../../src/images/index.js";
import { bitsPerDimension, fit, key, ops, pixelCnn, pixelRnn, type Tensor, zeros } from "../../src/index.js";
import { createReport } from "../../src/report/index.js";
import { shortNumber } from "../../src/report/scale.js";
import { elementsOf, textsOf } from "../support/pages.js";
import { expectRefused } from "../support/refusals.js";

const { images } = shapes({ count: 40, size: 8, key: key(1) });
const model = pixelRnn({ inputShape: [8, 8, 1], levels: 4, hidden: 6 });
const { params, history } = await fit(model, images, {
  key: key(2),
  epochs: 1,
  batchSize: 20,
  validation: 0.2,
});
const options = { history, settings: { epochs: 1 } };
const { html, pictures } = createReport(model, params, images, options);

/** Image `i` of a montage whose images lie a pixel apart. */
const part = (picture: Tensor, columns: number, i: number) => {
  const [height, width] = picture.shape as [number, number];
  const [row, column] = [Math.floor(i / columns), i % columns];
  const [y, x] = [row * 9, column * 9];
  return Array.from(
    { length: 64 },
    (_, at) =>
      picture.data[((y + Math.floor(at / 8)) * width + x + (at % 8)) * (picture.size / height / width)]!,
  );
};

describe("the report of a model of pixels", () => {
  it("has its sections, its curve, and the same bytes again", () => {
    const sections = elementsOf(html).filter(({ name }) => name === "section");
    expect(sections.map(({ attributes }) => attributes.id)).toEqual([
      "learning",
      "samples",
      "completions",
      "expectations",
      "outliers",
    ]);
    expect(Object.keys(pictures)).toEqual(["samples", "completions", "expectations", "outliers"]);
    expect(textsOf(html, "h1")).toEqual(["PixelRNN"]);
    expect(html.replace(/base64,[^"]*/g, "")).not.toMatch(/NaN|undefined|Infinity|\[object/);
    expect(createReport(model, params, images, options).html).toBe(html);
  });

  it("tells nats and bits per dimension", () => {
    const nats = -ops.mean(model.logLikelihood(params, images)).data[0]!;
    const values = textsOf(html, "dd");
    expect(values).toContain(shortNumber(nats));
    expect(values).toContain(shortNumber(bitsPerDimension(nats, [8, 8, 1])));
  });

  it("shows completions below their originals, of which they keep the upper half", () => {
    const picture = readPng(pictures.completions!);
    for (const column of [0, 3, 7]) {
      const original = part(picture, 8, column);
      for (const row of [1, 2, 3]) {
        const drawn = part(picture, 8, 8 * row + column);
        expect(drawn.slice(0, 32)).toEqual(original.slice(0, 32));
        expect(drawn.slice(32)).not.toEqual(original.slice(32));
      }
    }
  });

  it("is one of numbers where nothing can be seen, and of images of one row", () => {
    const twoChannels = pixelCnn({ inputShape: [4, 4, 2], levels: 3, hidden: 3, layers: 1 });
    const unseen = createReport(twoChannels, twoChannels.init(key(1)), zeros([3, 4, 4, 2]));
    expect([Object.keys(unseen.pictures), textsOf(unseen.html, "h1")]).toEqual([[], ["PixelCNN"]]);
    const flat = pixelRnn({ inputShape: [1, 4, 1], levels: 3, hidden: 3 });
    const ofLines = createReport(flat, flat.init(key(1)), zeros([3, 1, 4, 1]));
    expect(Object.keys(ofLines.pictures)).toEqual(["samples", "expectations"]);
  });

  it("refuses parameters that are none", () => {
    expectRefused(
      () => createReport(model, { weights: {}, state: {} }, images),
      TypeError,
      "createReport: params.weights must have the entries network",
    );
    expectRefused(
      () => createReport({} as never, params, images),
      TypeError,
      "createReport: model must be an autoencoder, a VAE or a model of pixels",
    );
  });
});
