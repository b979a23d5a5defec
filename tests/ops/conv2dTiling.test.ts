// Convolutions too wide, too deep or too large for one tile of the kernels: every way in which they are cut up.

import { afterAll, beforeAll, describe, it } from "vitest";
import { configure, ops } from "../../src/index.js";
import { type ConvolutionCase, integers } from "../support/arbitraries.js";
import { expectSame } from "../support/laws.js";
import * as naive from "../support/naive.js";
import { naiveGeometry, outputShape } from "../support/naiveGeometry.js";

interface TilingCase extends Omit<ConvolutionCase, "seed" | "options"> {
  readonly what: string;
  readonly options?: Partial<ConvolutionCase["options"]>;
}

/** A tile has at most 8192 points and a padded source of 512 KiB; a kernel call at most 4096 taps, depth 32768. */
const CASES: TilingCase[] = [
  {
    what: "rows wider than a tile",
    input: [1, 2, 9001, 1],
    filter: [3, 3, 1, 5],
    options: { padding: "same" },
  },
  { what: "rows wider than a tile, in place", input: [2, 3, 8195, 1], filter: [2, 3, 1, 9] },
  {
    what: "rows wider than a tile, strided",
    input: [1, 3, 16999, 2],
    filter: [3, 5, 2, 2],
    options: { stride: 2, padding: 2 },
  },
  {
    what: "an image larger than the padded source",
    input: [1, 200, 210, 8],
    filter: [3, 3, 8, 5],
    options: { padding: "same" },
  },
  {
    what: "an image larger than the padded source, strided and dilated",
    input: [1, 120, 131, 17],
    filter: [3, 3, 17, 6],
    options: { stride: [2, 3], dilation: 2, padding: 1 },
  },
  {
    what: "rows larger than the padded source",
    input: [1, 3, 1400, 64],
    filter: [3, 3, 64, 5],
    options: { padding: "same" },
  },
  {
    what: "several images a tile",
    input: [41, 16, 16, 2],
    filter: [3, 3, 2, 9],
    options: { padding: 1 },
  },
  { what: "several images a tile, in place", input: [33, 18, 18, 5], filter: [3, 3, 5, 9] },
  {
    what: "few outputs, channels to vectorise",
    input: [3, 9, 19, 12],
    filter: [5, 3, 12, 3],
    options: { padding: "same" },
  },
  {
    what: "more images than the padded source holds",
    input: [30, 14, 14, 33],
    filter: [3, 3, 33, 5],
    options: { padding: 1 },
  },
  {
    what: "few outputs of an image larger than a tile",
    input: [1, 101, 97, 8],
    filter: [3, 3, 8, 2],
    options: {
      padding: [
        [2, 0],
        [1, 3],
      ],
      stride: 1,
    },
  },
  {
    what: "few outputs, few channels, large",
    input: [1, 150, 151, 7],
    filter: [3, 3, 7, 2],
    options: { padding: 2 },
  },
  {
    what: "one output, padding alone under some windows",
    input: [1, 3, 4, 9],
    filter: [2, 2, 9, 1],
    options: { padding: 4 },
  },
  {
    what: "products deeper than a call",
    input: [1, 3, 3, 4096],
    filter: [3, 3, 4096, 5],
    options: { padding: 1 },
  },
  {
    what: "products deeper than a call, one output",
    input: [1, 3, 3, 4096],
    filter: [3, 3, 4096, 1],
    options: { padding: 1 },
  },
  { what: "more channels than a call", input: [2, 1, 2, 120001], filter: [1, 1, 120001, 6] },
  { what: "deep products with many outputs", input: [1, 1, 2, 4096], filter: [1, 1, 4096, 300] },
  {
    what: "a short filter of a large image",
    input: [3, 60, 61, 1],
    filter: [3, 3, 1, 47],
    options: { padding: "same" },
  },
  {
    what: "a short filter of two channels",
    input: [2, 65, 66, 2],
    filter: [2, 3, 2, 32],
    options: { stride: 2 },
  },
  { what: "many outputs", input: [1, 5, 6, 3], filter: [2, 2, 3, 1803], options: { padding: 1 } },
  { what: "more taps than a call", input: [1, 9, 11, 1], filter: [65, 65, 1, 5], options: { padding: 32 } },
  {
    what: "more taps than a call, none of them neighbours",
    input: [1, 9, 11, 1],
    filter: [65, 65, 1, 5],
    options: { dilation: [1, 2], padding: 64 },
  },
  {
    what: "more taps than a call in one row",
    input: [1, 1, 40, 1],
    filter: [1, 4201, 1, 2],
    options: {
      padding: [
        [0, 0],
        [2100, 2101],
      ],
    },
  },
  {
    what: "more taps than a call, strided",
    input: [1, 70, 68, 1],
    filter: [65, 65, 1, 1],
    options: { stride: 3, padding: 5 },
  },
  {
    what: "a window larger than the padded source",
    input: [1, 7, 6, 2],
    filter: [3, 3, 2, 5],
    options: { dilation: 200, padding: "same" },
  },
  {
    what: "a window larger than the padded source, few outputs",
    input: [1, 6, 7, 9],
    filter: [3, 3, 9, 2],
    options: { dilation: [150, 90], padding: "same", stride: 2 },
  },
  {
    what: "strides that skip most pixels",
    input: [2, 60, 61, 9],
    filter: [2, 3, 9, 9],
    options: { stride: [13, 11], padding: 3 },
  },
  {
    what: "stride and dilation that share a factor",
    input: [1, 33, 35, 5],
    filter: [5, 4, 5, 6],
    options: { stride: [4, 6], dilation: [6, 4], padding: 9 },
  },
  {
    what: "images smaller than the stride",
    input: [2, 2, 3, 5],
    filter: [3, 3, 5, 8],
    options: { stride: 7, padding: 4 },
  },
  {
    what: "groups of a large image",
    input: [1, 130, 140, 12],
    filter: [3, 3, 6, 10],
    options: { groups: 2, padding: "same" },
  },
  {
    what: "a large depthwise image",
    input: [1, 90, 91, 19],
    filter: [3, 5, 1, 19],
    options: { groups: 19, padding: "same" },
  },
];

describe.each([
  { binary: "simd", relaxedSimd: false },
  { binary: "relaxed", relaxedSimd: true },
])("conv2d in tiles › $binary", ({ relaxedSimd }) => {
  beforeAll(() => configure({ relaxedSimd }));
  afterAll(() => configure({ relaxedSimd: "auto" }));

  it.each(CASES)(
    "agrees with the definition, its gradients too, for $what",
    ({ input, filter, options = {} }) => {
      const g = naiveGeometry(input, filter, options);
      const [x, w, y] = [integers(input, 1), integers(filter, 2), integers(outputShape(g), 3)];
      expectSame(ops.conv2d(x, w, options), naive.conv2d(x, w, g));
      expectSame(ops.conv2dInputGradient(y, w, g), naive.conv2dInputGradient(y, w, g));
      expectSame(ops.conv2dFilterGradient(x, y, g), naive.conv2dFilterGradient(x, y, g));
    },
  );

  it.each(CASES)("adds bias and rectifies exactly once for $what", ({ input, filter, options = {} }) => {
    const g = naiveGeometry(input, filter, options);
    const [x, w, bias] = [integers(input, 1), integers(filter, 2), integers([g.outChannels], 4, 99)];
    const expected = naive.map(naive.conv2d(x, w, g), (sum, at) =>
      Math.max(0, sum + bias.data[at % g.outChannels]),
    );
    expectSame(ops.conv2d(x, w, { ...options, bias, activation: "relu" }), expected);
  });
});
