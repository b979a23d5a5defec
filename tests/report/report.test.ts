// The report: which sections each kind of model gets, that the page is whole and safe, and its pictures right.

import { describe, expect, it } from "vitest";
import { readPng } from "../../src/images/index.js";
import { key, ops, tensor, type Tensor } from "../../src/index.js";
import { createReport } from "../../src/report/index.js";
import { elementsOf, textsOf } from "../support/pages.js";
import { expectNothingHeld } from "../support/refusals.js";
import {
  convolutionalVae,
  fullCase,
  historyOf,
  REPORT_CASES,
  type ReportCase,
  smallFaces,
  vectorAutoencoder,
} from "../support/reportCases.js";

const reportOf = ({ model, params, images, options }: ReportCase, more: ReportCase["options"] = {}) =>
  createReport(model, params, images, { ...options, ...more });

const sectionsOf = (html: string) =>
  elementsOf(html)
    .filter(({ name }) => name === "section")
    .map(({ attributes }) => attributes.id);

/** The bytes that a data URL holds. */
const bytesOf = (url: string) =>
  new Uint8Array(Buffer.from(url.replace(/^data:image\/png;base64,/, ""), "base64"));

const withImages = (images: Tensor): ReportCase => {
  const model = convolutionalVae(3);
  return { model, params: model.init(key(1)), images, options: {} };
};

describe.each(Object.entries(REPORT_CASES))("the report of %s", (_, makeCase) => {
  const { html, pictures } = reportOf(makeCase());
  const elements = elementsOf(html);

  it("is a whole document with language, encoding and title", () => {
    expect(html.startsWith("<!doctype html>\n")).toBe(true);
    expect(elements.map(({ name }) => name).slice(0, 2)).toEqual(["html", "head"]);
    expect(elements[0]!.attributes.lang).toBe("en");
    expect(elements).toContainEqual({
      name: "meta",
      attributes: { charset: "utf-8" },
      path: ["html", "head"],
    });
    expect(textsOf(html, "title")).toEqual(textsOf(html, "h1"));
    expect(new Set(sectionsOf(html)).size).toBe(sectionsOf(html).length);
  });

  it("needs nothing from elsewhere, and runs nothing", () => {
    expect(html).not.toMatch(/https?:|@import|url\(|<script|<link|\son[a-z]+=/i);
    const sources = elements.flatMap(({ attributes }) => [attributes.src, attributes.href].filter(Boolean));
    for (const source of sources) expect(source).toMatch(/^data:image\/png;base64,/);
  });

  it("suits light and dark screens, and narrow ones", () => {
    expect(textsOf(html, "style")[0]).toMatch(/@media\(prefers-color-scheme:dark\)\{:root\{--paper:#1/);
    expect(html).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
  });

  it("shows no number that is none", () => {
    const text = html.replace(/base64,[^"]*/g, "");
    expect(text).not.toMatch(/NaN|undefined|Infinity|\[object/);
  });

  it("holds its pictures: the same files, described, in their proportions", () => {
    const shown = elements.filter(({ name }) => name === "img").map(({ attributes }) => attributes);
    const files = Object.values(pictures);
    expect(shown.map(({ src }) => bytesOf(src!))).toEqual(files);
    shown.forEach(({ width, height, alt }, i) => {
      const [pixelHeight, pixelWidth, channels] = readPng(files[i]!).shape;
      const scale = Number(width) / pixelWidth!;
      expect(Number.isInteger(scale)).toBe(true);
      expect(Number(height)).toBe(scale * pixelHeight!);
      expect([2, 4]).toContain(channels);
      expect(alt).toMatch(/^[A-Z].{15,}/);
    });
  });

  it("describes every chart, and explains every section in a sentence", () => {
    for (const { attributes } of elements.filter(
      ({ name, path }) => name === "svg" && !path.includes("svg"),
    )) {
      expect(attributes).toMatchObject({ role: "img", "aria-label": expect.stringMatching(/.{10,}/) });
    }
    const leads = [...html.matchAll(/<p class="lead">(.*?)<\/p>/gs)];
    expect(leads).toHaveLength(sectionsOf(html).length);
    for (const [, lead] of leads) expect(lead).toMatch(/^[A-Z].*\.$/s);
  });

  it("is the same, bit by bit, when made again", () => {
    const again = reportOf(makeCase());
    expect(again.html).toBe(html);
    expect(again.pictures).toEqual(pictures);
  });

  it("leaves no memory held", () => {
    expectNothingHeld();
  });
});

describe("the sections", () => {
  const sections = Object.fromEntries(
    Object.entries(REPORT_CASES).map(([name, makeCase]) => [name, sectionsOf(reportOf(makeCase()).html)]),
  );

  it("of a VAE with everything are all but the plane", () => {
    expect(sections["a VAE with everything"]).toEqual([
      "learning",
      "reconstructions",
      "samples",
      "dimensions",
      "interpolations",
      "usage",
      "codes",
      "averages",
      "factors",
      "rates",
      "outliers",
      "checkerboards",
    ]);
  });

  it("of a VQ-VAE have its codebook", () => {
    expect(sections["a VQ-VAE"]).toEqual([
      "reconstructions",
      "bottleneck",
      "samples",
      "dimensions",
      "interpolations",
      "codebook",
      "codes",
      "rates",
      "outliers",
      "checkerboards",
    ]);
  });

  it("of a VAE of two latents have the plane instead of dimensions", () => {
    expect(sections["a VAE of two latents"]).toEqual([
      "reconstructions",
      "samples",
      "manifold",
      "interpolations",
      "usage",
      "codes",
      "outliers",
      "checkerboards",
    ]);
  });

  it("of one latent have no plane at all", () => {
    expect(sections["a VAE of one latent"]).not.toContain("codes");
    expect(sections["a VAE of one latent"]).toContain("dimensions");
  });

  it("of an autoencoder have no KL, and checkerboards only with transposed convolutions", () => {
    const own = sections["an autoencoder of images"]!;
    expect(own).toEqual([
      "learning",
      "reconstructions",
      "samples",
      "dimensions",
      "interpolations",
      "codes",
      "outliers",
    ]);
  });

  it("of a linear autoencoder have its directions", () => {
    expect(sections["an autoencoder of vectors shown as images"]).toEqual([
      "reconstructions",
      "components",
      "samples",
      "dimensions",
      "interpolations",
      "codes",
      "outliers",
    ]);
  });

  it("of vectors have no pictures, but charts", () => {
    expect(sections["an autoencoder of vectors"]).toEqual(["codes", "outliers"]);
    expect(reportOf(REPORT_CASES["an autoencoder of vectors"]!()).pictures).toEqual({});
  });
});

describe("the head", () => {
  const valuesOf = (html: string) =>
    Object.fromEntries(
      textsOf(html, "dt").map((name, i) => [
        name,
        textsOf(html.replace(/<dd>/g, "<p>").replace(/<\/dd><\/div>/g, "</p></div>"), "dd")[i],
      ]),
    );

  it("of a VAE tells the bound and its terms in nats, as the model has them", () => {
    const own = fullCase();
    const values = valuesOf(reportOf(own).html);
    expect(Object.keys(values)).toEqual(["ELBO", "Reconstruction", "KL", "Active latents", "PSNR"]);
    const number = (text: string | undefined) => Number(text!.replace("−", "-"));
    expect(number(values.ELBO)).toBeCloseTo(-(number(values.Reconstruction) + number(values.KL)), 1);
    const { kl } = (own.model as ReturnType<typeof convolutionalVae> & { elbo: Function }).elbo(
      own.params,
      own.images,
    );
    expect(number(values.KL)).toBeCloseTo(kl, 3);
  });

  it("tells settings of every kind, and whether training saw the examples", () => {
    const settings = { grey: true, skip: false, epochs: 3, data: "faces" };
    const { html } = reportOf(fullCase(), { settings });
    expect(textsOf(html.split("</header>")[0]!, "span")).toEqual([
      "grey yes",
      "skip no",
      "epochs 3",
      "data faces",
    ]);
    expect(html).toContain("Measured on 60 held-out examples.");
    expect(reportOf(fullCase(), { isHeldOut: false }).html).toContain("Measured on 60 examples.");
  });

  it("of an autoencoder tells the loss and the size of its codes", () => {
    const values = valuesOf(reportOf(REPORT_CASES["an autoencoder of images"]!()).html);
    expect(Object.keys(values)).toEqual(["Loss", "Code", "PSNR"]);
    expect(values.Code).toBe("5 of 192");
  });

  it("warns of latents that are not used", () => {
    const own = withImages(smallFaces(4).images);
    const { weights, state } = own.params;
    const params = { weights: { ...weights, posterior: mapped(weights.posterior) }, state };
    expect(reportOf(own).html).not.toContain('class="warning"');
    expect(reportOf({ ...own, params }).html).toContain('class="warning"');
  });
});

/** A tree with all values 0. */
function mapped(tree: unknown): never {
  const entries = Object.entries(tree as Record<string, unknown>);
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      "data" in (value as object) ? ops.scale(value as Tensor, 0) : mapped(value),
    ]),
  ) as never;
}

describe("what comes from outside", () => {
  const hostile = `<script>alert("1")</script> & 'more'`;

  it("stays text: title, settings and names of labels", () => {
    const { html } = reportOf(fullCase(), {
      title: hostile,
      settings: { [hostile]: hostile },
      labelNames: [hostile, "one", "two"],
    });
    expect(html).not.toContain("<script");
    elementsOf(html);
    expect(textsOf(html, "h1")).toEqual([hostile]);
    expect(textsOf(html, "b")).toContain(hostile);
    expect(textsOf(html, "figcaption").join()).toContain(hostile);
    expect(textsOf(html, "span")).toContain(hostile);
  });

  it("becomes no path: names of pictures", () => {
    const { background } = smallFaces(60).factors;
    const { pictures } = reportOf(fullCase(), { factors: { "../a": background, "?a": background } });
    const names = Object.keys(pictures).filter((name) => name.startsWith("factor"));
    expect(names).toEqual(["factor--a", "factor--a-"]);
  });

  it("stays text: names of factors", () => {
    const { factors } = smallFaces(60);
    const { html } = reportOf(fullCase(), { factors: { [hostile]: factors.background } });
    expect(html).not.toContain("<script");
    elementsOf(html);
    expect(textsOf(html, "th")).toEqual([hostile]);
  });
});

describe("little to show", () => {
  it.each([1, 2, 3, 9])("is no obstacle: %d images", (count) => {
    const { html } = reportOf(withImages(smallFaces(count).images), {
      labels: Array.from({ length: count }, () => 0),
      factors: { smile: smallFaces(count).factors.smile },
    });
    elementsOf(html);
    expect(sectionsOf(html).includes("interpolations")).toBe(count > 1);
    expect(sectionsOf(html)).toContain("reconstructions");
  });

  it.each([
    [1, 1, true],
    [3, 0, false],
    [0, 0, false],
    [1, 900, true],
  ])("is no obstacle: a history of %d epochs of %d steps", (epochs, steps, isShown) => {
    const { html } = reportOf(withImages(smallFaces(2).images), { history: historyOf(epochs, steps) });
    elementsOf(html);
    expect(sectionsOf(html).includes("learning")).toBe(isShown);
  });

  it("is no obstacle: images and factors that do not vary", () => {
    const blank = tensor(new Float32Array(20 * 64), [20, 8, 8, 1]);
    const { html } = reportOf(withImages(blank), { factors: { smile: tensor(new Float32Array(20)) } });
    elementsOf(html);
    expect(sectionsOf(html)).not.toContain("factors");
  });

  it("is no obstacle: more images than are looked at", () => {
    const { html } = reportOf(withImages(smallFaces(1010).images));
    expect(html).toContain("Measured on 1000 held-out examples.");
  });
});

describe("pictures", () => {
  it("have the sizes of their montages", () => {
    const { pictures } = reportOf(fullCase());
    const sizes = Object.fromEntries(
      Object.entries(pictures).map(([name, file]) => [name, readPng(file).shape.slice(0, 2)]),
    );
    const side = (count: number) => 9 * count - 1;
    expect(sizes).toMatchObject({
      reconstructions: [side(4), side(8)],
      samples: [side(4), side(6)],
      mixtureSamples: [side(4), side(6)],
      dimensions: [side(3), side(9)],
      interpolations: [side(8), side(8)],
      averages: [side(2), side(3)],
      average: [side(1), side(2)],
      "factor-background": [side(2), side(9)],
      outliers: [side(2), side(6)],
      overlap1: [8, 8],
    });
    // The second transposed convolution does not enlarge.
    expect(sizes).not.toHaveProperty("overlap2");
  });

  it("show originals as they are, and black and white where the range says", () => {
    const { images } = smallFaces(1);
    const model = vectorAutoencoder(64, 2);
    const first = (values: Tensor, valueRange: readonly [number, number]) => {
      const own = { model, params: model.init(key(1)), images: ops.reshape(values, [1, 64]), options: {} };
      const { reconstructions } = reportOf(own, { imageShape: [8, 8, 1], valueRange }).pictures;
      const { data, shape } = readPng(reconstructions!);
      expect(shape).toEqual([17, 8, 2]);
      return Array.from({ length: 64 }, (_, i) => data[2 * i]);
    };
    const shown = first(images, [0, 1]);
    shown.forEach((value, i) => expect(value).toBeCloseTo(images.data[i]!, 2));
    expect(first(ops.sub(ops.scale(images, 2), 1), [-1, 1])).toEqual(shown);
  });

  it("have transparent gaps, for light and dark pages", () => {
    const { data } = readPng(reportOf(fullCase()).pictures.samples!);
    const width = 6 * 9 - 1;
    expect([data[2 * 8 + 1], data[2 * 7 + 1], data[2 * 8 * width + 1]]).toEqual([0, 1, 0]);
  });
});

describe("readouts", () => {
  it("measure the decoded images of their factor, values from 0 to 1", () => {
    const seen: Tensor[] = [];
    const background = (images: Tensor) => {
      seen.push(images);
      return ops.mean(images, { axis: [1, 2, 3] });
    };
    const { html } = reportOf(fullCase(), { readouts: { background } });
    expect(seen.map(({ shape }) => shape)).toEqual([[32 * 9, 8, 8, 1]]);
    expect(html).toContain("measured by the given readout");
  });
});
