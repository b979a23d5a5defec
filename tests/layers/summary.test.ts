// What the summary of a layer says: a row per part, at the place that error messages name, with counts made by hand.

import { describe, expect, it } from "vitest";
import {
  batchNorm,
  conv2d,
  conv2dTranspose,
  dense,
  dropout,
  flatten,
  maxPool2d,
  parallel,
  reshape,
  residual,
  resizeConv2d,
  sequential,
  summary,
} from "../../src/index.js";
import { multiplyAddsOf } from "../../src/layers/summary.js";
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
    const products = 10 * 48 + 2 * 3 * 8 * 9 * 4 + 8 * 12 * 4 * 25 * 2;
    expect(multiplyAddsOf(decoder, [10])).toBe(products);
    const total = summary(decoder, [10]).split("\n").at(-1);
    const parameters = 11 * 48 + 9 * 4 * 8 + 4 + 25 * 4 * 2 + 2;
    expect(total?.replace(/\s+/g, " ")).toBe(`total 1 022 21 408`);
    expect([parameters, products]).toEqual([1022, 21408]);
  });

  it("refuses shapes that the layer does not take, and what is no shape", () => {
    const model = sequential(flatten(), conv2d(2, { kernel: 3 }));
    expect(() => summary(model, [4, 4, 1])).toThrow(/^\[1\]\.conv2d: input shape/);
    expect(() => summary(residual(dense(2)), [3])).toThrow(/^residual: inner must keep the shape/);
    expectRefused(() => summary(model, [0]), RangeError, "summary: inputShape[0]");
    expectRefused(() => summary(model, 4 as never), TypeError, "summary: inputShape");
  });
});
