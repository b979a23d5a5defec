// What the summary of a layer or a model says: a row per part, at the place that error messages name, with counts made by hand.

import { describe, expect, it } from "vitest";
import {
  autoencoder,
  batchNorm,
  conv2d,
  conv2dTranspose,
  dense,
  dropout,
  flatten,
  type Layer,
  maxPool2d,
  ops,
  parallel,
  relu,
  reshape,
  residual,
  resizeConv2d,
  sequential,
  summary,
  vae,
} from "../../src/index.js";
import { expectRefused } from "../support/refusals.js";

describe("summary", () => {
  it("lists parts with their places, output shapes, parameters and multiply-adds", () => {
    const model = sequential(
      conv2d(8, { kernel: 3, stride: 2, activation: "relu" }),
      batchNorm(),
      residual(sequential(conv2d(8, { kernel: 1, useBias: false }), dropout(0.1))),
      maxPool2d(2),
      flatten(),
      parallel({ mean: dense(4), logVar: sequential(dense(5), dense(4)) }),
    );
    // 3·3·8 + 8; 2·8; 8·8; 7·7·8·4 + 4; 392·5 + 5; 5·4 + 4, and products for 14·14 pixels and once per vector.
    expect(`\n${summary(model, [28, 28, 1])}\n`).toBe(`
layer                    output       parameters  multiply-adds
input                    [28, 28, 1]
[0].conv2d               [14, 14, 8]          80         14 112
[1].batchNorm            [14, 14, 8]          16
[2].residual[0].conv2d   [14, 14, 8]          64         12 544
[2].residual[1].dropout  [14, 14, 8]           0
[3].maxPool2d            [7, 7, 8]             0
[4].flatten              [392]                 0
[5].mean.dense           [4]               1 572          1 568
[5].logVar[0].dense      [5]               1 965          1 960
[5].logVar[1].dense      [4]                  24             20
total                                      3 721         30 204
`);
  });

  it("of a single layer has one row", () => {
    expect(`\n${summary(dense(1000), [1000])}\n`).toBe(`
layer  output  parameters  multiply-adds
input  [1000]
dense  [1000]   1 001 000      1 000 000
total           1 001 000      1 000 000
`);
  });

  it("counts a decoder's work at the size where it is done", () => {
    const decoder = sequential(
      dense(2 * 3 * 8),
      reshape([2, 3, 8]),
      conv2dTranspose(4, { kernel: 3, stride: 2 }),
      resizeConv2d(2, { kernel: 5 }),
    );
    // Upsampling by 2 and 5×5 taps are 6×6 merged taps for each pixel of the small image.
    const products = 10 * 48 + 2 * 3 * 8 * 9 * 4 + 4 * 6 * 4 * 36 * 2;
    const total = summary(decoder, [10]).split("\n").at(-1);
    const parameters = 11 * 48 + 9 * 4 * 8 + 4 + 25 * 4 * 2 + 2;
    expect(total?.replace(/\s+/g, " ")).toBe(`total 1 022 9 120`);
    expect([parameters, products]).toEqual([1022, 9120]);
  });

  it("of a model has all its layers, and what it has besides", () => {
    const model = vae({
      inputShape: [6],
      latentSize: 2,
      encoder: sequential(dense(5), relu()),
      decoder: dense(6),
      likelihood: { type: "gaussian", gamma: "learned" },
    });
    expect(`\n${summary(model)}\n`).toBe(`
layer                   output  parameters  multiply-adds
input                   [6]
encoder[0].dense        [5]             35             30
encoder[1].relu         [5]              0
posterior.mean.dense    [2]             12             10
posterior.logVar.dense  [2]             12             10
decoder.dense           [6]             18             12
rest                                     1
total                                   78             62
`);
  });

  it("of any model says what it does as a whole", () => {
    const { parts: _, ...model } = autoencoder({ inputShape: [6], encoder: dense(2), decoder: dense(6) });
    expect(
      summary(model)
        .split("\n")
        .slice(2)
        .map((line) => line.split(/ +/)),
    ).toEqual([
      ["rest", "32", "24"],
      ["total", "32", "24"],
    ]);
  });

  it("counts what layers without parameters and between layers multiply", () => {
    const gram: Layer = {
      ...relu(),
      spec: { type: "gram", args: [] },
      outputShape: ([features]) => [features],
      apply: (_, state, x) => ({ output: ops.matmul(ops.matmul(x, x, { transposeB: true }), x), state }),
    };
    expect(summary(gram, [7]).split("\n")[2]).toMatch(/^gram +\[7\] +0 +14$/);
    const around: Layer = {
      ...gram,
      children: { joined: "sequence", parts: [{ place: "[0]", layer: relu() }] },
    };
    expect(
      summary(around, [7])
        .split("\n")
        .slice(2)
        .map((line) => line.split(/ {2,}/)),
    ).toEqual([
      ["[0].relu", "[7]", "0"],
      ["rest", "0", "14"],
      ["total", "0", "14"],
    ]);
  });

  it("refuses shapes that the layer does not take, and what is no shape", () => {
    const model = sequential(flatten(), conv2d(2, { kernel: 3 }));
    expect(() => summary(model, [4, 4, 1])).toThrow(/^\[1\]\.conv2d: input shape/);
    expect(() => summary(residual(dense(2)), [3])).toThrow(/^residual: inner must keep the shape/);
    expectRefused(() => summary(model, [0]), RangeError, "summary: inputShape[0]");
    expectRefused(() => summary(model, 4 as never), TypeError, "summary: inputShape");
  });

  it("refuses models whose parts are none", () => {
    const model = autoencoder({ inputShape: [6], encoder: dense(2), decoder: dense(6) });
    const { reconstruct: _, ...blind } = model;
    expectRefused(() => summary(blind as never), TypeError, "summary: model.reconstruct must be a function");
    for (const parts of [3, [3], [{ layer: dense(2) }]]) {
      expectRefused(() => summary({ ...model, parts } as never), TypeError, "summary: model.parts");
    }
  });
});
