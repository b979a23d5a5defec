// What a report tells, checked on models whose behaviour is known in advance.

import { describe, expect, it } from "vitest";
import { readPng } from "../../src/images/index.js";
import {
  autoencoder,
  dense,
  flatten,
  key,
  latentUsage,
  ops,
  random,
  reshape,
  sequential,
  tensor,
  type Tensor,
  type Vae,
} from "../../src/index.js";
import { createReport } from "../../src/report/index.js";
import { textsOf } from "../support/pages.js";
import { fullCase } from "../support/reportCases.js";

const COUNT = 120;
const SIDE = 4;
const SIZE = SIDE * SIDE;

/** An autoencoder of images 4×4 that multiplies by two given matrices. */
function linearModel(encode: Tensor, decode: Tensor) {
  const width = encode.shape[1]!;
  const model = autoencoder({
    inputShape: [SIDE, SIDE, 1],
    encoder: sequential(flatten(), dense(width, { useBias: false })),
    decoder: sequential(dense(SIZE, { useBias: false }), reshape([SIDE, SIDE, 1])),
  });
  const { state } = model.init(key(0));
  const weights = { encoder: [{}, { kernel: encode }], decoder: [{ kernel: decode }, {}] };
  return { model, params: { weights, state } };
}

const matrix = (rows: number, columns: number, f: (row: number, column: number) => number) =>
  tensor(
    Array.from({ length: rows }, (_, row) => Array.from({ length: columns }, (_, column) => f(row, column))),
  );

/** Gives everything back as it is. */
const identity = linearModel(
  matrix(SIZE, SIZE, (row, column) => Number(row === column)),
  matrix(SIZE, SIZE, (row, column) => Number(row === column)),
);

/** Gives back the mean of all pixels. */
const averaging = linearModel(
  matrix(SIZE, 1, () => 1 / SIZE),
  matrix(1, SIZE, () => 1),
);

const noise = random.uniform(key(1), [COUNT, SIDE, SIDE, 1]);
const pixelOf = (images: Tensor, pixel: number) => images.data.filter((_, i) => i % SIZE === pixel);

/** The part of a page from a heading on, up to the next. */
const partOf = (html: string, heading: string) => html.split(`>${heading}</h`)[1]!.split(/<h[23]>/)[0]!;

const rowNames = (html: string) => textsOf(html.split('<div class="rows">')[1]!.split("</div>")[0]!, "span");

describe("the head", () => {
  it("tells the nearness of reconstructions for the range of values", () => {
    const { model, params } = averaging;
    const error = ops.mean(ops.square(ops.sub(noise, model.reconstruct(params, noise)))).data[0]!;
    for (const [valueRange, peak] of [
      [[0, 1], 1],
      [[-3, 1], 4],
    ] as const) {
      const { html } = createReport(model, params, noise, { valueRange });
      expect(html).toContain(`${(10 * Math.log10(peak ** 2 / error)).toFixed(1)}<small> dB</small>`);
    }
  });

  it("tells that nothing is lost", () => {
    const { html } = createReport(identity.model, identity.params, noise);
    expect(html).toContain("∞<small> dB</small>");
    expect(html).toContain("16<small> of 16</small>");
  });
});

describe("the latents of a VAE", () => {
  const own = fullCase();
  const { html } = createReport(own.model, own.params, own.images, own.options);
  const { klPerDimension } = latentUsage((own.model as Vae).encode(own.params, own.images));
  const ranked = [...klPerDimension.keys()].sort((a, b) => klPerDimension[b]! - klPerDimension[a]!);

  it("stand in falling order of their KL, in pictures and in bars", () => {
    const rows = rowNames(partOf(html, "What each latent means"));
    expect(rows).toEqual(ranked.map((i) => `z${i} ${klPerDimension[i]!.toFixed(2)} nats`));
    const names = textsOf(partOf(html, "How much each latent carries"), "text");
    expect(names.slice(-3)).toEqual(ranked.map((i) => `${i}`));
  });

  it("carry so many nats, which are so many bits", () => {
    const total = klPerDimension.reduce((a, b) => a + b, 0);
    const [, nats, bits] = /(\S+) nats in all, which are (\S+) bits/.exec(html)!;
    expect(Number(nats)).toBeCloseTo(total, 2);
    expect(Number(bits)).toBeCloseTo(Math.log2(Math.exp(total)), 2);
  });
});

describe("factors", () => {
  const factors = {
    unknown: random.normal(key(2), [COUNT]),
    smile: tensor(pixelOf(noise, 5)),
    half: tensor(pixelOf(noise, 3).map((value, i) => value + 0.35 * Math.sin(9 * i))),
  };
  const { model, params } = identity;
  const { html, pictures } = createReport(model, params, noise, { factors });

  it("stand in falling order of what a linear rule reads off codes", () => {
    expect(textsOf(html, "th")).toEqual(["smile", "half", "unknown"]);
    const shares = [...html.matchAll(/<td class="number">(.*?)<\/td>/g)].map(([, share]) => Number(share));
    expect(shares[0]).toBeGreaterThan(0.95);
    expect(shares[1]).toBeLessThan(0.9);
    expect(shares[1]).toBeGreaterThan(0.2);
    expect(shares[2]).toBeLessThan(0.1);
  });

  it("get rows of pictures where they are encoded", () => {
    expect(Object.keys(pictures)).toEqual(expect.arrayContaining(["factor-smile", "factor-half"]));
    expect(Object.keys(pictures)).not.toContain("factor-unknown");
    expect(textsOf(html, "h3")).toEqual(["Add a smile", "Along half"]);
  });

  it("move images by a standard deviation per step", () => {
    const { data, shape } = readPng(pictures["factor-smile"]!);
    const width = shape[1]!;
    const place = (step: number) => 2 * (width + step * (SIDE + 1) + 1);
    const smile = pixelOf(noise, 5);
    const mean = smile.reduce((a, b) => a + b, 0) / COUNT;
    const deviation = Math.sqrt(smile.reduce((sum, value) => sum + (value - mean) ** 2, 0) / COUNT);
    expect(data[place(4)]).toBeCloseTo(mean, 2);
    expect(data[place(5)]).toBeCloseTo(mean + deviation, 2);
    expect(data[place(3)]).toBeCloseTo(mean - deviation, 2);
  });

  it("show their measured effect, which rises with the steps", () => {
    expect(partOf(html, "Add a smile")).toContain("Rank correlation with the step: <b>1.00</b>");
    const down = createReport(model, params, noise, {
      factors: { smile: factors.smile },
      readouts: { smile: (images) => tensor(pixelOf(images, 5).map((value) => -value)) },
    });
    expect(down.html).toContain("Rank correlation with the step: <b>−1.00</b>");
    const still = createReport(model, params, noise, {
      factors: { smile: factors.smile },
      readouts: { smile: (images) => tensor(new Float32Array(images.shape[0]!)) },
    });
    expect(still.html).toContain("Rank correlation with the step: <b>0.00</b>");
  });

  it("tell the rank correlation of the mean from that of single images", () => {
    // In one image of two it rises by 2 a step, in the other it falls by 1: the mean rises.
    const effects = (images: Tensor) =>
      Array.from({ length: images.shape[0]! }, (_, i) => (i % 9) * (Math.floor(i / 9) % 2 === 0 ? 2 : -1));
    const mixed = createReport(model, params, noise, {
      factors: { smile: factors.smile },
      readouts: { smile: (images) => tensor(effects(images)) },
    });
    expect(mixed.html).toContain("<b>1.00</b>; for single images 0.00 on average.");
  });

  it("at most four are shown, besides smile and yaw", () => {
    const many = Object.fromEntries(
      ["a", "b", "c", "yaw", "d", "e", "f"].map((name, i) => [name, tensor(pixelOf(noise, i))]),
    );
    const names = Object.keys(createReport(model, params, noise, { factors: many }).pictures);
    expect(names.filter((name) => name.startsWith("factor-"))).toHaveLength(5);
    expect(names).toContain("factor-yaw");
  });
});

describe("codes", () => {
  /** Images in which one pixel varies much and another little. */
  const much = random.uniform(key(5), [COUNT]);
  const little = random.uniform(key(6), [COUNT], { high: 0.2 });
  const images = tensor(
    Array.from({ length: COUNT * SIZE }, (_, i) => {
      const example = Math.floor(i / SIZE);
      return i % SIZE === 9 ? much.data[example]! : i % SIZE === 4 ? little.data[example]! : 0.5;
    }),
    [COUNT, SIDE, SIDE, 1],
  );
  const labels = Array.from(little.data, (value) => (value < 0.1 ? 3 : 13));
  const { html } = createReport(identity.model, identity.params, images, {
    labels,
    factors: { much, little },
  });
  const [byLabel, byMuch] = partOf(html, "Where the codes lie").split("</svg></svg>");

  /** Places of the points of a colour. */
  const pointsOf = (chart: string, shade: string) =>
    [
      ...chart
        .split(`<path class="dots ${shade}" d="`)[1]!
        .split('"')[0]!
        .matchAll(/M(\S+) (\S+?)h0/g),
    ].map(([, x, y]) => [Number(x), Number(y)]);

  it("lie along the directions in which they vary most", () => {
    expect(byLabel).toMatch(/first component, 9[4-9]\u202f%/);
    const lows = pointsOf(byMuch!, "shade0").map(([x]) => x!);
    const highs = pointsOf(byMuch!, "shade6").map(([x]) => x!);
    expect(lows.length + highs.length).toBeGreaterThan(COUNT / 6);
    expect(Math.max(...lows)).toBeLessThan(Math.min(...highs));
  });

  it("have a colour of their own for each label", () => {
    const [some, others] = [pointsOf(byLabel!, "tone0"), pointsOf(byLabel!, "tone1")];
    expect([some.length, others.length]).toEqual(
      [3, 13].map((kind) => labels.filter((own) => own === kind).length),
    );
    const height = (points: number[][]) => points.reduce((sum, [, y]) => sum + y!, 0) / points.length;
    expect(height(some)).toBeGreaterThan(height(others) + 40);
  });
});

describe("outliers", () => {
  const tones = tensor(Array.from({ length: COUNT * SIZE }, (_, i) => Math.floor(i / SIZE) / COUNT), [COUNT, SIDE, SIDE, 1]); // prettier-ignore

  it("joined from two are found by a model that knows only images of one tone", () => {
    const { html } = createReport(averaging.model, averaging.params, tones);
    expect(partOf(html, "What it finds unusual")).toContain("<b>100\u202f%</b>");
  });

  it("are chance to a model that gives everything back", () => {
    const { html } = createReport(identity.model, identity.params, tones);
    expect(partOf(html, "What it finds unusual")).toContain("<b>50\u202f%</b>");
  });

  it("that score far above all others leave the others their bars, and are told", () => {
    const far = tensor(Array.from({ length: 2 * SIZE }, (_, i) => (i < SIZE ? (i % 2) * 500 : (i % 3) * 900)), [2, SIDE, SIDE, 1]); // prettier-ignore
    const barsOf = (examples: Tensor) => {
      const part = partOf(
        createReport(averaging.model, averaging.params, examples).html,
        "What it finds unusual",
      );
      const paths = [...part.matchAll(/class="area tone\d" d="([^"]*)"/g)].map(([, d]) => d!);
      const taken = paths.map((d) => new Set([...d.matchAll(/V(-?[\d.]+)H/g)].map(([, y]) => y)).size);
      return { part, taken };
    };
    const [own, with2] = [barsOf(noise), barsOf(ops.concat([noise, far]))];
    expect(own.part).not.toContain("beyond the");
    expect(Math.max(...own.taken)).toBeGreaterThan(3);
    expect(Math.max(...with2.taken)).toBeGreaterThan(3);
    // Those two, and three that they are joined in.
    expect(with2.part).toMatch(
      /5 scores lie beyond the right end, up to [\d\u202f.]+: counted in the outermost bar\./,
    );
  });

  it("among the held-out images stand below the most usual", () => {
    const odd = ops.concat([noise, ops.scale(ops.slice(tones, 0, 20), 0)]);
    const { pictures } = createReport(averaging.model, averaging.params, odd);
    const { data, shape } = readPng(pictures.outliers!);
    const row = (i: number) =>
      Array.from({ length: SIDE }, (_, x) => data[2 * (i * (SIDE + 1) * shape[1]! + x)]);
    expect(row(0)).toEqual([0, 0, 0, 0]);
    expect(row(1)).not.toEqual([0, 0, 0, 0]);
  });
});

describe("reconstructions", () => {
  it("stand below their originals", () => {
    const { pictures } = createReport(averaging.model, averaging.params, noise);
    const { data, shape } = readPng(pictures.reconstructions!);
    const at = (row: number, x: number) => data[2 * (row * shape[1]! + x)]!;
    for (let x = 0; x < SIDE; x++) {
      expect(at(0, x)).toBeCloseTo(noise.data[x]!, 2);
      expect(at(SIDE + 1, x)).toBe(at(SIDE + 1, 0));
    }
  });
});

describe("ways between images", () => {
  const { model, params } = identity;
  const { html, pictures } = createReport(model, params, noise);
  const part = partOf(html, "From one image to another");

  it("lead from each of the first images to one of the next, straight and on the sphere", () => {
    expect(rowNames(part)).toEqual(
      Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? "straight" : "spherical")),
    );
    const { data, shape } = readPng(pictures.interpolations!);
    const corner = (row: number, column: number) => data[2 * (SIDE + 1) * (row * shape[1]! + column)];
    for (let pair = 0; pair < 4; pair++) {
      for (const row of [2 * pair, 2 * pair + 1]) {
        expect(corner(row, 0)).toBeCloseTo(noise.data[pair * SIZE]!, 2);
        expect(corner(row, 7)).toBeCloseTo(noise.data[(pair + 4) * SIZE]!, 2);
      }
    }
  });

  it("are told how long codes are halfway", () => {
    const codeOf = (example: number) => noise.data.subarray(example * SIZE, (example + 1) * SIZE);
    const lengths = [0, 1, 2, 3].map((i) =>
      Math.hypot(...codeOf(i).map((value, at) => (value + codeOf(i + 4)[at]!) / 2)),
    );
    const mean = lengths.reduce((a, b) => a + b, 0) / 4;
    const [, straight, spherical] = /straight line are (\S+) long on average, on the sphere (\S+)\./.exec(
      part,
    )!;
    expect(straight).toBe(mean.toFixed(2));
    expect(Number(spherical)).toBeGreaterThan(mean);
  });
});

describe("checkerboards", () => {
  it("are foreseen where the stride does not divide the kernel, and measured", () => {
    const own = fullCase();
    const { html, pictures } = createReport(own.model, own.params, own.images, own.options);
    const part = partOf(html, "Checkerboards");
    expect(part).toContain("To 8 × 8 pixels: kernel 3 × 3, stride 2 × 2. Uneven.");
    expect(part).toMatch(
      /<b>\d+\.\d\d\u202f%<\/b> of the variance repeats every 2 pixels; in the originals \d+\.\d\d\u202f%/,
    );
    const { data } = readPng(pictures.overlap1!);
    const shades = new Set(data.filter((_, i) => i % 2 === 0));
    expect([...shades].sort()).toEqual(
      [0.25, 0.5, 1].map((share) => Math.fround(Math.round(255 * share) / 255)),
    );
  });
});

describe("the average of each label", () => {
  it("is of pixels above, of codes below, in the order of the labels", () => {
    const labels = Array.from({ length: COUNT }, (_, i) => (i % 2 === 0 ? 7 : 2));
    const { html, pictures } = createReport(identity.model, identity.params, noise, { labels });
    expect(textsOf(partOf(html, "The average of each label"), "span").slice(-2)).toEqual(["2", "7"]);
    const { data, shape } = readPng(pictures.averages!);
    const mean = (rest: number) => {
      const own = pixelOf(noise, 0).filter((_, i) => i % 2 === rest);
      return own.reduce((a, b) => a + b, 0) / own.length;
    };
    expect(data[0]).toBeCloseTo(mean(1), 2);
    expect(data[2 * (SIDE + 1)]).toBeCloseTo(mean(0), 2);
    expect(data[2 * (SIDE + 1) * shape[1]!]).toBeCloseTo(mean(1), 2);
  });
});
