// The section on linear models: what their latents add, and how much components explain.

import { describe, expect, it } from "vitest";
import { readPng } from "../../src/images/index.js";
import {
  type AnyModel,
  autoencoder,
  dense,
  flatten,
  key,
  type ModelParams,
  ops,
  random,
  reshape,
  sequential,
} from "../../src/index.js";
import { pcaAutoencoder } from "../../src/latent/index.js";
import { createReport } from "../../src/report/index.js";

const SIDE = 4;
const images = random.uniform(key(1), [48, SIDE, SIDE, 1]);
const { model, params, basis } = pcaAutoencoder(images, { latentSize: 5 });

describe("principal components", () => {
  const { html, pictures } = createReport(model, params, images);

  it("are shown behind the mean, grey where they change nothing", () => {
    const { data, shape } = readPng(pictures["components"]!);
    const at = (index: number, y: number, x: number) => data[2 * (y * shape[1]! + index * (SIDE + 1) + x)]!;
    for (const [y, x] of [
      [0, 0],
      [3, 1],
    ] as const) {
      const pixel = y * SIDE + x;
      expect(at(0, y, x)).toBeCloseTo(basis.mean.data[pixel]!, 2);
      for (let k = 0; k < 5; k++) {
        const row = basis.components.data.subarray(16 * k, 16 * (k + 1));
        const most = row.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
        expect(at(k + 1, y, x)).toBeCloseTo(0.5 + (0.5 * row[pixel]!) / most, 2);
      }
    }
  });

  it("explain as much as their ratios say, on the examples that they are of", () => {
    const share = basis.ratio.data.reduce((sum, ratio) => sum + ratio, 0);
    expect(html).toContain(`5 components explain <b>${(100 * share).toFixed(1)}\u202f%</b>`);
    // From the curve's heights: 0, and then the running sums.
    const [, path] = /class="line tone0" d="([^"]*)"\/>/.exec(html.split('id="components"')[1]!)!;
    const heights = [...path!.matchAll(/[ML]\S+ (\S+?)(?=[ML]|$)/g)].map(([, y]) => Number(y));
    const sums = [0, ...basis.ratio.data].map((_, i) =>
      basis.ratio.data.slice(0, i).reduce((sum, ratio) => sum + ratio, 0),
    );
    const [zero, one] = [heights[0]!, heights[0]! + (heights[5]! - heights[0]!) / share];
    heights.forEach((height, i) => expect(height).toBeCloseTo(zero + (one - zero) * sums[i]!, 0));
  });
});

describe("the section", () => {
  const headingOf = (own: AnyModel, given: ModelParams) =>
    /id="components"><h2>(.*?)</.exec(createReport(own, given, images).html)?.[1];
  const made = (activation: "linear" | "relu", loss: "squaredError" | "binaryCrossEntropyWithLogits") =>
    autoencoder({
      inputShape: [SIDE, SIDE, 1],
      encoder: sequential(flatten(), dense(3, { activation })),
      decoder: sequential(dense(16), reshape([SIDE, SIDE, 1])),
      loss,
    });

  it("tells principal components from other linear models, and is of no others", () => {
    expect(headingOf(model, params)).toBe("Principal components");
    const linear = made("linear", "squaredError");
    expect(headingOf(linear, linear.init(key(1)))).toBe("What each latent adds");
    for (const other of [made("relu", "squaredError"), made("linear", "binaryCrossEntropyWithLogits")]) {
      expect(headingOf(other, other.init(key(1)))).toBeUndefined();
    }
  });

  it("has the curve alone where examples are no pictures", () => {
    const rows = ops.reshape(images, [48, 16]);
    const own = pcaAutoencoder(rows, { latentSize: 2 });
    const { html, pictures } = createReport(own.model, own.params, rows);
    expect(html).toContain("Principal components");
    expect(Object.keys(pictures)).toEqual([]);
  });
});
