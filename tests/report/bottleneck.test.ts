// The section on convolutional codes: which models have it, and what is seen in it.

import { describe, expect, it } from "vitest";
import { readPng } from "../../src/images/index.js";
import {
  type EncodingModel,
  autoencoder,
  avgPool2d,
  conv2d,
  key,
  ops,
  random,
  sequential,
  type Tensor,
  upsampleNearest,
} from "../../src/index.js";
import { createReport } from "../../src/report/index.js";
import { REPORT_CASES, smallFaces } from "../support/reportCases.js";

const SIDE = 6;
const noise = random.uniform(key(1), [64, SIDE, SIDE, 1]);

/** An autoencoder of images 6×6 whose code of 3×3 are the means of 2×2 pixels, times a factor. */
const pooling = autoencoder({
  inputShape: [SIDE, SIDE, 1],
  encoder: sequential(avgPool2d(2), conv2d(1, { kernel: 1 })),
  decoder: upsampleNearest(2),
});

const reportOf = (factor: number, images: Tensor) => {
  const { state, weights } = pooling.init(key(0));
  const kernel = ops.scale(random.uniform(key(3), [1, 1, 1, 1]), 0, factor);
  const [pool] = weights.encoder as unknown as [object];
  const encoder = [pool, { kernel, bias: ops.scale(ops.reshape(kernel, [1]), 0) }];
  return createReport(pooling, { state, weights: { ...weights, encoder } as never }, images);
};

const shareIn = (html: string) =>
  Number(/explains <b>(.*?)\u202f%<\/b>/.exec(html)![1]!.replace("−", "-")) / 100;

describe("the bottleneck", () => {
  it("shows pictures where the code holds them, and none where it holds nothing", () => {
    expect(shareIn(reportOf(1, noise).html)).toBeGreaterThan(0.95);
    expect(shareIn(reportOf(-300, noise).html)).toBeGreaterThan(0.95);
    expect(Math.abs(shareIn(reportOf(0, noise).html))).toBeLessThan(0.05);
  });

  it("stands below the images, and these at the size of the code", () => {
    const { pictures } = reportOf(1, noise);
    const { data, shape } = readPng(pictures.bottleneck!);
    const at = (row: number, y: number, x: number) =>
      data[2 * ((row * (SIDE + 1) + y) * shape[1]! + 2 * (SIDE + 1) + x)]!;
    const pixel = (y: number, x: number) => noise.data[2 * SIDE * SIDE + y * SIDE + x]!;
    for (const [y, x] of [
      [0, 0],
      [2, 4],
      [4, 2],
    ] as const) {
      const mean = (pixel(y, x) + pixel(y + 1, x) + pixel(y, x + 1) + pixel(y + 1, x + 1)) / 4;
      expect(at(0, y, x)).toBeCloseTo(pixel(y, x), 2);
      expect(at(1, y, x)).toBeCloseTo(mean, 2);
      expect(at(1, y + 1, x + 1)).toBe(at(1, y, x));
      expect(Math.abs(at(2, y, x) - mean)).toBeLessThan(0.05);
    }
  });

  it("is shown of every code with a height and a width, and of no other", () => {
    const isShown = (model: EncodingModel, images: Tensor) =>
      createReport(model, model.init(key(1)), images).html.includes('id="bottleneck"');
    const own = REPORT_CASES["a VQ-VAE"]!();
    expect(isShown(own.model, own.images)).toBe(true);
    expect(isShown(pooling, smallFacesOf(SIDE))).toBe(true);
    for (const name of ["a VAE of two latents", "an autoencoder of vectors"]) {
      const { model, images } = REPORT_CASES[name]!();
      expect(isShown(model, images), name).toBe(false);
    }
    expect(isShown(pooling, ops.slice(noise, 0, 15))).toBe(false);
  });

  it("explains in coloured images of −1 to 1 their grey", () => {
    const images = random.uniform(key(5), [40, 4, 4, 3], { low: -1 });
    const model = autoencoder({
      inputShape: [4, 4, 3],
      encoder: avgPool2d(2),
      decoder: upsampleNearest(2),
    });
    const { html } = createReport(model, model.init(key(1)), images, { valueRange: [-1, 1] });
    expect(shareIn(html)).toBeGreaterThan(0.9);
  });
});

/** Faces at another size. */
function smallFacesOf(size: number): Tensor {
  return ops.crop(smallFaces(20).images, [
    [0, 0],
    [0, 8 - size],
    [0, 8 - size],
    [0, 0],
  ]);
}
