// Laws of arguments that ask for much: what is too much is refused by its name, before anything of that size is made.

import { describe, expect, it } from "vitest";
import { drawFace, faces, fitFaceReadout, shapes } from "../../src/data/index.js";
import { montage, overlapCount } from "../../src/images/index.js";
import {
  conv2d,
  conv2dTranspose,
  dense,
  key,
  lectures,
  ones,
  ops,
  random,
  reparameterizedGradient,
  sampleMixture,
  scoreFunctionGradient,
  split,
  type Tensor,
  zeros,
} from "../../src/index.js";
import { fitMixture, interpolate, latentGrid, moveAlong, traverse } from "../../src/latent/index.js";
import { expectRefused } from "../support/refusals.js";

const code = zeros([1, 2]);
const image = zeros([1, 4, 4, 1]);
const mixture = { logits: zeros([2]), means: zeros([2, 3]), logVars: zeros([2, 3]) };
const q = { mean: zeros([3]), logVar: zeros([3]) };
const f = (z: Tensor) => ops.sum(z, { axis: -1 });
const model = lectures.denseVae();
const params = model.init(key(1));
const pictures = zeros([2, 784]);
const windows = ops.conv2dGeometry([1, 2000, 2000, 1], [120, 120, 1, 1]);

/** How a refusal begins, and the call; its number replaced by others that are as large. */
const CALLS: readonly [start: string, call: (huge: number) => unknown][] = [
  ["traverse: steps", (steps) => traverse(code, { steps })],
  ["moveAlong: steps", (steps) => moveAlong(code, code, { steps })],
  ["interpolate: steps", (steps) => interpolate(code, code, { steps })],
  ["interpolate: steps", (steps) => interpolate(code, code, { steps, kind: "spherical" })],
  ["latentGrid: size", (size) => latentGrid(code, { size })],
  ["montage: columns", (columns) => montage(image, { columns })],
  ["montage: gap", (gap) => montage(zeros([2, 1, 1, 1]), { gap })],
  ["split: count", (count) => split(key(1), count)],
  ["permutation: count", (count) => random.permutation(key(1), count)],
  ["bits: count", (count) => random.bits(key(1), count)],
  ["uniform: shape", (count) => random.uniform(key(1), [count])],
  ["normal: shape", (count) => random.normal(key(1), [2, count])],
  ["truncatedNormal: shape", (count) => random.truncatedNormal(key(1), [count, 1])],
  ["bernoulli: shape", (count) => random.bernoulli(key(1), [count])],
  ["sampleMixture: count", (count) => sampleMixture(key(1), mixture, { count })],
  ["reparameterizedGradient: samples", (samples) => reparameterizedGradient(key(1), f, q, { samples })],
  ["scoreFunctionGradient: samples", (samples) => scoreFunctionGradient(key(1), f, q, { samples })],
  ["faces: count", (count) => faces({ count, key: key(1) })],
  ["faces: size", (size) => faces({ count: 1, size, key: key(1) })],
  ["drawFace: size", (size) => drawFace({}, { size })],
  ["shapes: count", (count) => shapes({ count, key: key(1) })],
  ["fitFaceReadout: count", (count) => fitFaceReadout({ count, key: key(1) })],
  ["oneHot: classes", (classes) => ops.oneHot([0], classes)],
  ["upsampleNearest: factor", (factor) => ops.upsampleNearest(image, factor)],
  ["upsampleNearest: factor", (factor) => ops.upsampleNearest(image, [1, factor])],
  [
    "pad: padded shape",
    (after) =>
      ops.pad(code, [
        [0, after],
        [0, 0],
      ]),
  ],
  ["convolutionMatrix: ", (size) => ops.convolutionMatrix(ones([1, 1]), [1, size])],
  ["conv2d: ", (side) => ops.conv2d(image, ones([1, 1, 1, 1]), { padding: side })],
  ["conv2dTranspose: ", (stride) => ops.conv2dTranspose(image, ones([1, 1, 1, 1]), { stride })],
  ["overlapCount: ", (size) => overlapCount({ inputSize: size, kernel: 2 })],
  ["overlapCount: ", (size) => overlapCount({ inputSize: 2, kernel: size })],
  ["dense: kernel", (units) => dense(units).init(key(1), [4])],
  ["conv2d: kernel", (filters) => conv2d(filters, { kernel: 1 }).init(key(1), [1, 1, 4])],
  ["conv2dTranspose: ", (filters) => conv2dTranspose(filters, { kernel: 1 }).init(key(1), [1, 1, 4])],
  ["vae.generate: count", (count) => model.generate(params, { count, key: key(1) })],
  ["vae.elbo: samples", (samples) => model.elbo(params, pictures, { samples })],
  ["vae.logLikelihood: samples", (samples) => model.logLikelihood(params, pictures, { samples })],
  ["vae.score: samples", (samples) => model.score(params, pictures, { samples })],
];

describe("a number that asks for too much", () => {
  it.each(CALLS)("is refused at once: %s", (start, call) => {
    const before = performance.now();
    for (const huge of [1e9, 2 ** 30 + 1, 1e12, Number.MAX_SAFE_INTEGER]) {
      expectRefused(() => call(huge), RangeError, start);
    }
    expect(performance.now() - before).toBeLessThan(1000);
  });

  it.each<[string, () => unknown]>([
    ["split: count must be an integer from 1 to 1048576", () => split(key(1), 2 ** 27)],
    ["latentGrid: size must give at most 536870912 elements", () => latentGrid(code, { size: 20_000 })],
    ["traverse: steps must give at most 536870912 elements", () => traverse(code, { steps: 2 ** 28 })],
    [
      "im2col: geometry must give at most 536870912 elements",
      () => ops.im2col(zeros([1, 2000, 2000, 1]), windows),
    ],
    ["fitFaceReadout: count", () => fitFaceReadout({ count: 100_000, size: 1024, key: key(1) })],
    ["fitMixture: components", () => fitMixture(key(1), zeros([20_000, 1]), { components: 20_000 })],
    ["fitMixture: components", () => fitMixture(key(1), zeros([400, 400_000]), { components: 400 })],
    ["vae.elbo: batchSize", () => model.elbo(params, pictures, { samples: 1_000_000, batchSize: 1e9 })],
  ])("is refused where only the product is too large: %s", (start, call) => {
    expectRefused(call, RangeError, start);
  });

  it("is not refused below the bound", () => {
    expect(split(key(1), 2 ** 14)).toHaveLength(2 ** 14);
    expect(traverse(code, { steps: 100_000 }).shape).toEqual([200_000, 2]);
    expect(latentGrid(code, { size: 300 }).shape).toEqual([90_000, 2]);
  });
});

describe("overlapCount", () => {
  it("takes time by its sizes, not by their product", () => {
    const before = performance.now();
    const { data } = overlapCount({ inputSize: [1, 400_000], kernel: [1, 300_000] });
    expect(data[0]).toBe(1);
    expect(data[350_000]).toBe(300_000);
    expect(data[data.length - 1]).toBe(1);
    expect(performance.now() - before).toBeLessThan(2000);
  });
});
