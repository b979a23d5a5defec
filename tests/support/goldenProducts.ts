// Calls of products, convolutions and other operations of images on fixed numbers, for the golden checksums: sizes
// that take each of the kernels' paths.

import { ops, type Shape } from "../../src/index.js";
import { conv2dFilterGradient, conv2dInputGradient } from "../../src/ops/conv2d.js";
import { type GoldenCase, realsOf, withGradients } from "./goldenOps.js";

const ACTIVATIONS = ["linear", "relu", "leakyRelu", "elu", "sigmoid", "tanh"] as const;
const activationAt = (i: number) => ACTIVATIONS[i % ACTIVATIONS.length];

/** m, n, k: plain, narrow on either side, thin, long, deeper than one panel, of many rows. */
const PRODUCTS: readonly (readonly [number, number, number])[] = [
  [1, 7, 300],
  [2, 3, 5],
  [5, 3, 9],
  [64, 64, 64],
  [33, 130, 700],
  [3, 513, 520],
  [300, 4, 1030],
  [19, 23, 17000],
  [9001, 9, 17],
  [6, 10, 9001],
  [12, 48, 500],
  [17, 40, 257],
];
const products = PRODUCTS.flatMap(([m, n, k], i) =>
  [0, 1, 2, 3].map((which): GoldenCase => {
    const [transposeA, transposeB] = [(which & 1) !== 0, (which & 2) !== 0];
    const activation = activationAt(i + which);
    const options = { transposeA, transposeB, activation, scale: which === 3 ? 0.7 : 1 };
    const a = () => realsOf(transposeA ? [k, m] : [m, k]);
    const b = () => realsOf(transposeB ? [n, k] : [k, n], 2);
    return [
      `matmul ${m} × ${n} × ${k} ${transposeA ? "ᵀ" : ""}·${transposeB ? "ᵀ" : ""} ${activation}`,
      () =>
        which === 2
          ? withGradients((x, y) => ops.matmul(x, y, options), a(), b())
          : withGradients((x, y, bias) => ops.matmul(x, y, { ...options, bias }), a(), b(), realsOf([n], 3)),
    ];
  }),
);

/** Input, kernel, filters, and options: every path of the convolutions. */
const CONVOLUTIONS: readonly (readonly [Shape, Shape, number, Parameters<typeof ops.conv2d>[2]])[] = [
  [[2, 7, 7, 1], [3, 3], 5, { padding: "same" }],
  [[2, 7, 6, 3], [3, 3], 8, { padding: "valid" }],
  [[1, 9, 9, 4], [3, 2], 6, { stride: 2, padding: "same" }],
  [
    [2, 9, 8, 3],
    [3, 3],
    7,
    {
      stride: [2, 3],
      dilation: [2, 1],
      padding: [
        [1, 0],
        [2, 1],
      ],
    },
  ],
  [[3, 5, 5, 16], [1, 1], 20, {}],
  [[2, 6, 6, 16], [3, 3], 1, { padding: "same" }],
  [[2, 6, 6, 12], [3, 3], 3, { stride: 2, padding: "same" }],
  [[2, 8, 8, 8], [3, 3], 2, { dilation: 2, padding: "same" }],
  [[2, 8, 8, 6], [3, 3], 9, { groups: 3, padding: "same" }],
  [[2, 9, 9, 5], [3, 3], 5, { groups: 5, padding: "same" }],
  [[2, 9, 9, 18], [3, 3], 18, { groups: 18, stride: 2, padding: "same" }],
  [[1, 128, 100, 1], [3, 3], 8, { padding: "same" }],
  [[6, 40, 40, 24], [3, 3], 16, { padding: "same" }],
  [[1, 3, 3, 4000], [3, 3], 5, { padding: "same" }],
  [[1, 70, 70, 1], [66, 66], 5, {}],
  [[1, 40, 40, 100], [2, 2], 5, { dilation: 39 }],
  [[40, 4, 4, 64], [4, 4], 32, { stride: 2, padding: "same" }],
  [[2, 5, 4, 3], [2, 2], 5, { stride: 3 }],
];
const convolutions = CONVOLUTIONS.map(([input, [kh, kw], filters, options], i): GoldenCase => {
  const groups = options?.groups ?? 1;
  const activation = activationAt(i);
  return [
    `conv2d [${input}] by ${kh} × ${kw} to ${filters} ${JSON.stringify(options)}`,
    () => {
      const x = realsOf(input);
      const w = realsOf([kh, kw, input[3] / groups, filters], 2);
      const forward = withGradients(
        (a, b, bias) => ops.conv2d(a, b, { ...options, activation, bias }),
        x,
        w,
        realsOf([filters], 3),
      );
      const geometry = ops.conv2dGeometry(input, w.shape, options);
      const { batch, outHeight, outWidth } = geometry;
      const dy = realsOf([batch, outHeight, outWidth, filters], 4);
      const sized = { ...options, activation, outputShape: [input[1], input[2]] as const };
      const backward = Array.isArray(options?.padding)
        ? conv2dInputGradient(dy, w, geometry)
        : withGradients((y, b) => ops.conv2dTranspose(y, b, sized), dy, w);
      return { forward, backward, filter: conv2dFilterGradient(x, dy, geometry) };
    },
  ];
});

const IMAGES: readonly Shape[] = [
  [2, 6, 6, 3],
  [1, 7, 5, 19],
  [2, 8, 8, 4],
];
const images: readonly GoldenCase[] = [
  [
    "maxPool2d",
    () =>
      IMAGES.flatMap((shape) =>
        [2, 3].map((size) => withGradients((x) => ops.maxPool2d(x, size), realsOf(shape))),
      ),
  ],
  [
    "maxPool2d, overlapping",
    () =>
      IMAGES.map((shape) =>
        withGradients((x) => ops.maxPool2d(x, 3, { stride: 2, padding: "same" }), realsOf(shape)),
      ),
  ],
  [
    "avgPool2d",
    () =>
      IMAGES.flatMap((shape) =>
        [2, 3].map((size) => withGradients((x) => ops.avgPool2d(x, size), realsOf(shape))),
      ),
  ],
  [
    "avgPool2d, with padding",
    () =>
      IMAGES.flatMap((shape) =>
        [true, false].map((countIncludePad) =>
          withGradients(
            (x) => ops.avgPool2d(x, 3, { stride: 2, padding: "same", countIncludePad }),
            realsOf(shape),
          ),
        ),
      ),
  ],
  [
    "upsampleNearest",
    () =>
      IMAGES.flatMap((shape) =>
        [2, [1, 3] as const].map((factor) =>
          withGradients((x) => ops.upsampleNearest(x, factor), realsOf(shape)),
        ),
      ),
  ],
  [
    "im2col",
    () => {
      const geometry = ops.conv2dGeometry([2, 6, 5, 3], [3, 2, 3, 1], { stride: 2, padding: "same" });
      const columns = ops.im2col(realsOf([2, 6, 5, 3]), geometry);
      return { columns, back: ops.col2im(columns, geometry) };
    },
  ],
  ["transpose", () => [ops.transpose(realsOf([37, 50])), ops.transpose(realsOf([3, 4, 5, 6]), [2, 0, 3, 1])]],
  [
    "concat, slice, pad, crop",
    () => {
      const joined = ops.concat([realsOf([3, 5, 2]), realsOf([3, 2, 2], 2)], 1);
      return [
        joined,
        ops.slice(joined, 1, 2),
        ops.pad(
          joined,
          [
            [1, 0],
            [0, 2],
            [1, 1],
          ],
          3,
        ),
        ops.crop(joined, [
          [1, 0],
          [1, 2],
          [0, 1],
        ]),
      ];
    },
  ],
  [
    "labels",
    () => [
      ops.oneHot([2, 0, 1], 4),
      withGradients((table) => ops.embedding([2, 0, 2], table), realsOf([3, 5])),
    ],
  ],
];

/** Products, convolutions, and what rearranges images. */
export const productCases: readonly GoldenCase[] = [...products, ...convolutions, ...images];
