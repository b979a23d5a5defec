// Laws of what kernels touch: all of their outputs, nothing else, and scratch without trust in what it held.

import { afterAll, beforeAll, describe, it } from "vitest";
import { configure } from "../../src/index.js";
import * as convolutions from "../../src/wasm/conv2d.js";
import * as kernels from "../../src/wasm/generated.js";
import { fill } from "../../src/wasm/generated.js";
import {
  arithmetic,
  type Epilogue,
  gemm,
  reduce,
  reduceGradient,
  stridedCopy,
} from "../../src/wasm/kernels.js";
import type { Operand } from "../../src/wasm/storage.js";
import { convolution, integers, pooling, poolingGeometry, uniforms } from "../support/arbitraries.js";
import { expectConfined, type GuardedCall } from "../support/guards.js";
import { expectSame, forAll } from "../support/laws.js";
import * as naive from "../support/naive.js";
import { filterShape, inputShape, naiveGeometry, outputShape } from "../support/naiveGeometry.js";

const PLAIN = { bias: undefined, activation: "linear", alpha: 0 } as const;

/** Lengths around vectors of four and eight, blocks of sixteen and thirty-two. */
const LENGTHS = [1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 19, 31, 32, 33, 35, 63, 64, 65, 131];
/** Positive numbers, so that logarithms and roots are ordinary. */
const positive = (length: number, seed = 1): Float32Array => {
  const next = uniforms(seed);
  return Float32Array.from({ length }, () => 0.1 + 2 * next());
};

/** A kernel on flat arrays of n: as many inputs, one output. */
const flat = (n: number, inputs: number, run: GuardedCall["run"]): GuardedCall => ({
  inputs: Array.from({ length: inputs }, (_, i) => positive(n, i + 1)),
  outputs: [n],
  run,
});

/** Functions of single elements with their derivatives. */
const UNARY = [
  { name: "relu", kernel: kernels.relu, gradient: kernels.reluGradient },
  { name: "gelu", kernel: kernels.gelu, gradient: kernels.geluGradient },
  { name: "geluTanh", kernel: kernels.geluTanh, gradient: kernels.geluTanhGradient },
  { name: "silu", kernel: kernels.silu, gradient: kernels.siluGradient },
  { name: "sigmoid", kernel: kernels.sigmoid, gradient: kernels.sigmoidGradient },
  { name: "tanh", kernel: kernels.tanh, gradient: kernels.tanhGradient },
  { name: "softplus", kernel: kernels.softplus, gradient: kernels.softplusGradient },
  { name: "mish", kernel: kernels.mish, gradient: kernels.mishGradient },
  { name: "softsign", kernel: kernels.softsign, gradient: kernels.softsignGradient },
  { name: "exp", kernel: kernels.exp, gradient: kernels.expGradient },
  { name: "log", kernel: kernels.log, gradient: kernels.logGradient },
  { name: "log1p", kernel: kernels.log1p, gradient: kernels.log1pGradient },
  { name: "erf", kernel: kernels.erf, gradient: kernels.erfGradient },
  { name: "sqrt", kernel: kernels.sqrt, gradient: kernels.sqrtGradient },
  { name: "square", kernel: kernels.square, gradient: kernels.squareGradient },
  { name: "abs", kernel: kernels.abs, gradient: kernels.absGradient },
];
const ACTIVATIONS = Object.keys(kernels.ACTIVATION) as (keyof typeof kernels.ACTIVATION)[];

/** Sizes of matrix products: register tiles of 4 or 5 by 8, narrow forms up to 4, blocks of 512. */
const PRODUCTS = [
  [1, 1, 1],
  [1, 9, 7],
  [9, 1, 7],
  [4, 5, 3],
  [5, 8, 4],
  [5, 9, 6],
  [6, 7, 1],
  [11, 17, 33],
  [16, 16, 0],
  [7, 31, 513],
  [41, 13, 19],
  [3, 40, 600],
  [40, 2, 600],
] as const;

describe.each([
  { binary: "simd", relaxedSimd: false },
  { binary: "relaxed", relaxedSimd: true },
])("kernels of $binary", ({ relaxedSimd }) => {
  beforeAll(() => configure({ relaxedSimd }));
  afterAll(() => configure({ relaxedSimd: "auto" }));

  it("of convolutions are confined to their operands and blind to old scratch", () => {
    forAll(convolution, 60, ({ input, filter, options, seed }) => {
      const g = naiveGeometry(input, filter, options);
      const [x, w, y] = [
        integers(input, seed),
        integers(filter, seed + 1),
        integers(outputShape(g), seed + 2),
      ];
      const bias = integers([Math.max(g.inChannels, g.outChannels)], seed + 3);
      const activation = ACTIVATIONS[seed % ACTIVATIONS.length];
      const epilogue = (bias: Epilogue["bias"]) => ({ bias, activation, alpha: 0.5 });
      expectConfined({
        inputs: [x.data, w.data, bias.data.slice(0, g.outChannels)],
        outputs: [y.size],
        run: ([x, w, bias], [y]) => convolutions.conv2d(x, w, y, g, epilogue(bias)),
        usesScratch: true,
      });
      expectConfined({
        inputs: [y.data, w.data, bias.data.slice(0, g.inChannels)],
        outputs: [x.size],
        run: ([y, w, bias], [x]) => convolutions.conv2dInputGradient(y, w, x, g, epilogue(bias)),
        usesScratch: true,
      });
      const [gradient] = expectConfined({
        inputs: [x.data, y.data],
        outputs: [w.size],
        run: ([x, y], [w]) => convolutions.conv2dFilterGradient(x, y, w, g),
        usesScratch: true,
      });
      expectSame({ shape: filterShape(g), data: gradient }, naive.conv2dFilterGradient(x, y, g));
    });
  });

  it.each([
    { what: "a wide image", input: [1, 2, 8201, 1], filter: [2, 3, 1, 5], options: { padding: 1 } },
    { what: "a deep filter", input: [1, 2, 2, 8200], filter: [2, 2, 8200, 3], options: { padding: 1 } },
    { what: "a deep filter, wide", input: [1, 2, 2, 8200], filter: [2, 2, 8200, 6], options: { padding: 0 } },
    { what: "many taps", input: [1, 5, 5, 1], filter: [65, 65, 1, 5], options: { padding: 32 } },
    { what: "tiles of images", input: [41, 16, 16, 1], filter: [3, 3, 1, 5], options: { padding: 1 } },
    { what: "tiles of images in place", input: [37, 17, 17, 8], filter: [2, 2, 8, 3], options: {} },
    { what: "tiles of rows", input: [1, 90, 90, 17], filter: [3, 3, 17, 9], options: { padding: 1 } },
  ])("of convolutions are confined for $what", ({ input, filter, options }) => {
    const g = naiveGeometry(input, filter, options);
    const [x, w, y] = [integers(input, 1).data, integers(filter, 2).data, integers(outputShape(g), 3).data];
    expectConfined({
      inputs: [x, w],
      outputs: [y.length],
      run: ([x, w], [y]) => convolutions.conv2d(x, w, y, g, PLAIN),
      usesScratch: true,
    });
    expectConfined({
      inputs: [y, w],
      outputs: [x.length],
      run: ([y, w], [x]) => convolutions.conv2dInputGradient(y, w, x, g, PLAIN),
      usesScratch: true,
    });
    expectConfined({
      inputs: [x, y],
      outputs: [w.length],
      run: ([x, y], [w]) => convolutions.conv2dFilterGradient(x, y, w, g),
      usesScratch: true,
    });
  });

  it.each(PRODUCTS)("of the matrix product are confined for %i × %i × %i", (m, n, k) => {
    const [a, b, bias] = [positive(m * k, 1), positive(k * n, 2), positive(n, 3)];
    for (const [transposeA, transposeB] of [
      [false, false],
      [false, true],
      [true, false],
      [true, true],
    ]) {
      for (const activation of ACTIVATIONS) {
        const sizes = { m, n, k, transposeA, transposeB };
        expectConfined({
          inputs: [a, b, bias],
          outputs: [m * n],
          run: ([a, b, bias], [c]) => gemm(a, b, c, sizes, { bias, activation, alpha: 0.5 }),
          usesScratch: true,
        });
      }
    }
  });

  it("of pooling are confined", () => {
    forAll(pooling, 60, (drawn) => {
      const g = poolingGeometry(drawn);
      const [x, y] = [
        integers(inputShape(g), drawn.seed).data,
        integers(outputShape(g), drawn.seed + 1).data,
      ];
      expectConfined({
        inputs: [x],
        outputs: [y.length, y.length, y.length],
        run: ([x], [largest, mean, padded]) => {
          kernels.maxPool2d({ x, y: largest, geometry: g });
          kernels.avgPool2d({ x, y: mean, geometry: g, countIncludePad: false });
          kernels.avgPool2d({ x, y: padded, geometry: g, countIncludePad: true });
        },
      });
      expectConfined({
        inputs: [x, y],
        outputs: [x.length, x.length],
        run: ([x, dy], [byLargest, byMean]) => {
          kernels.maxPool2dGradient({ x, dy, dx: byLargest, geometry: g });
          kernels.avgPool2dGradient({ dy, dx: byMean, geometry: g, countIncludePad: false });
        },
      });
    });
  });

  it("of upsampling and im2col are confined", () => {
    for (const channels of [1, 2, 3, 4, 5, 7, 8, 9, 17]) {
      for (const [factorHeight, factorWidth] of [
        [1, 1],
        [2, 2],
        [3, 1],
        [1, 3],
        [2, 5],
      ]) {
        for (const width of [1, 2, 3, 5]) {
          const sizes = { batch: 2, height: 2, width, channels, factorHeight, factorWidth };
          const small = 4 * width * channels;
          const [x, y] = [positive(small), positive(small * factorHeight * factorWidth, 2)];
          expectConfined({
            inputs: [x, y],
            outputs: [y.length, x.length],
            run: ([x, dy], [y, dx]) => {
              kernels.upsampleNearest2d({ x, y, ...sizes });
              kernels.upsampleNearest2dGradient({ dy, dx, ...sizes });
            },
          });
        }
      }
    }
    const ungrouped = convolution.filter(({ options }) => options.groups === 1);
    forAll(ungrouped, 30, ({ input, filter, options, seed }) => {
      const g = naiveGeometry(input, filter, options);
      const x = integers(input, seed);
      const columns = naive.im2col(x, g).data;
      expectConfined({
        inputs: [x.data, columns],
        outputs: [columns.length, x.size],
        run: ([x, columns], [gathered, image]) => {
          kernels.im2col({ x, columns: gathered, geometry: g });
          kernels.col2im({ columns, x: image, geometry: g });
        },
      });
    });
  });

  it.each(UNARY)("of $name and its derivative are confined", ({ kernel, gradient }) => {
    for (const n of LENGTHS) {
      expectConfined(flat(n, 1, ([x], [y]) => kernel({ x, y, n })));
      expectConfined(flat(n, 2, ([x, dy], [dx]) => gradient({ saved: x, dy, dx, n })));
    }
  });

  it("of pointwise functions with parameters are confined", () => {
    for (const n of LENGTHS) {
      expectConfined(flat(n, 1, ([x], [y]) => kernels.negate({ x, y, n })));
      expectConfined(flat(n, 1, ([x], [y]) => kernels.leakyRelu({ x, y, n, alpha: 0.5 })));
      expectConfined(
        flat(n, 2, ([x, dy], [dx]) => kernels.leakyReluGradient({ saved: x, dy, dx, n, alpha: 0.5 })),
      );
      expectConfined(flat(n, 1, ([x], [y]) => kernels.elu({ x, y, n, alpha: 0.5 })));
      expectConfined(flat(n, 2, ([x, dy], [dx]) => kernels.eluGradient({ saved: x, dy, dx, n, alpha: 0.5 })));
      expectConfined(flat(n, 1, ([x], [y]) => kernels.scale({ x, y, n, factor: 2, offset: 1 })));
      expectConfined(flat(n, 1, ([x], [y]) => kernels.clip({ x, y, n, low: 0.5, high: 1 })));
      expectConfined(
        flat(n, 2, ([x, dy], [dx]) => kernels.clipGradient({ saved: x, dy, dx, n, low: 0.5, high: 1 })),
      );
      expectConfined(flat(n, 0, (_, [y]) => fill({ y, n, value: 3 })));
    }
  });

  it.each(["add", "sub", "mul", "div"] as const)("of %s are confined", (name) => {
    for (const n of LENGTHS) {
      const lengths = [1, n, ...[2, 3, 5, 8].filter((part) => n % part === 0)];
      for (const [left, right] of lengths.flatMap((part) => [
        [n, part],
        [part, n],
        [part, part],
      ])) {
        expectConfined({
          inputs: [positive(left), positive(right, 2)],
          outputs: [n],
          run: ([a, b], [y]) => arithmetic(name, a, left, b, right, y, n),
        });
      }
    }
  });

  it.each(["sum", "mean", "max", "logSumExp"] as const)("of %s along an axis are confined", (name) => {
    for (const [outer, axis, inner] of blocks()) {
      const [x, y] = [positive(outer * axis * inner), positive(outer * inner, 2)];
      expectConfined({
        inputs: [x],
        outputs: [y.length],
        run: ([x], [y]) => reduce(name, x, y, { outer, axis, inner }),
      });
      if (name === "sum" || name === "mean") continue;
      expectConfined({
        inputs: [x, y, y],
        outputs: [x.length],
        run: ([x, y, dy], [dx]) => reduceGradient(name, x, y, dy, dx, { outer, axis, inner }),
      });
    }
  });

  it("of softmax, transposition and strided copies are confined", () => {
    for (const rows of [1, 3, 4, 5, 9]) {
      for (const columns of [1, 2, 4, 5, 8, 13, 33]) {
        const n = rows * columns;
        for (const kernel of [kernels.softmax, kernels.logSoftmax]) {
          expectConfined(flat(n, 1, ([x], [y]) => kernel({ x, y, rows, columns })));
        }
        for (const gradient of [kernels.softmaxGradient, kernels.logSoftmaxGradient]) {
          expectConfined(flat(n, 2, ([y, dy], [dx]) => gradient({ y, dy, dx, rows, columns })));
        }
        expectConfined(flat(n * 2, 1, ([x], [y]) => kernels.transpose({ x, y, batch: 2, rows, columns })));
        const copy = (x: Operand, y: Operand) =>
          stridedCopy(x, y, [2, rows, columns], [n, 1, rows], [n, columns, 1]);
        expectConfined(flat(n * 2, 1, ([x], [y]) => copy(x, y)));
      }
    }
  });
});

/** Shapes of reductions: over the last axis, over leading ones, in between, of one element. */
function blocks(): (readonly [number, number, number])[] {
  const sizes = [1, 2, 3, 4, 5, 8, 17, 33];
  return [
    ...sizes.flatMap((axis) => sizes.map((inner) => [1, axis, inner] as const)),
    ...sizes.map((axis) => [3, axis, 1] as const),
    ...sizes.map((inner) => [3, 7, inner] as const),
    [1, 1000, 1],
    [1, 1000, 19],
  ];
}
