// Calls of operations on fixed numbers, values and gradients, for the golden checksums. Those of products and images
// stand beside it.

import { fold, key, ops, random, type Shape, type Tensor, tensor, vjp } from "../../src/index.js";
import { seededFloats } from "./seeded.js";

/** A case's name and what it computes: a tree of tensors. */
export type GoldenCase = readonly [name: string, compute: () => unknown];

const sizeOf = (shape: Shape) => shape.reduce((product, size) => product * size, 1);
export const realsOf = (shape: Shape, seed = 1, low = -1, high = 1) =>
  tensor(seededFloats(seed, sizeOf(shape), low, high), shape);

/** f's value and its gradients by every input, for an upstream gradient of its own. */
export function withGradients(f: (...inputs: Tensor[]) => Tensor, ...inputs: Tensor[]): unknown {
  const value = f(...inputs);
  return { value, grads: vjp((all: Tensor[]) => f(...all))(realsOf(value.shape, 99), inputs).grads };
}

const LENGTHS = [1, 3, 4, 7, 64, 1001];
const POINTWISE: readonly (readonly [string, (x: Tensor) => Tensor, number, number])[] = [
  ...Object.entries({
    relu: ops.relu,
    gelu: ops.gelu,
    geluTanh: ops.geluTanh,
    silu: ops.silu,
    sigmoid: ops.sigmoid,
    tanh: ops.tanh,
    softplus: ops.softplus,
    exp: ops.exp,
    erf: ops.erf,
    square: ops.square,
    abs: ops.abs,
  }).flatMap(([name, f]) => [[name, f, -4, 4] as const, [`${name}, far out`, f, -120, 120] as const]),
  ["log", ops.log, 0.01, 9],
  ["sqrt", ops.sqrt, 0.01, 9],
  ["log1p", ops.log1p, -0.99, 9],
  ["leakyRelu", (x) => ops.leakyRelu(x, { alpha: 0.2 }), -3, 3],
  ["elu", (x) => ops.elu(x, { alpha: 1.5 }), -9, 9],
  ["scale", (x) => ops.scale(x, -1.7, 0.3), -3, 3],
  ["clip", (x) => ops.clip(x, -0.7, 1.1), -3, 3],
  ["dropout", (x) => ops.dropout(x, 0.3, key(5)), -3, 3],
];

const pointwise = POINTWISE.map(([name, f, low, high]): GoldenCase => [
  name,
  () => LENGTHS.map((n) => withGradients(f, realsOf([n], n, low, high))),
]);

const PAIRS: readonly (readonly [Shape, Shape])[] = [
  [[1001], [1001]],
  [[5, 7], [7]],
  [[40, 33], [33]],
  [
    [6, 1, 5],
    [4, 1],
  ],
  [[3, 50], []],
];
const arithmetic = Object.entries({ add: ops.add, sub: ops.sub, mul: ops.mul, div: ops.div }).map(
  ([name, f]): GoldenCase => [
    name,
    () => PAIRS.map(([a, b]) => withGradients(f, realsOf(a), realsOf(b, 2, 0.5, 2))),
  ],
);

const AXES: readonly (readonly [Shape, number | readonly number[]])[] = [
  [[50000], 0],
  [[1, 3], 0],
  [[20011, 1], 0],
  [[5003, 3], 0],
  [[4099, 37], 0],
  [[3, 301, 6], 1],
  [[7, 1003], 1],
  [
    [4, 5, 6, 7],
    [1, 2],
  ],
];
const reductions = Object.entries({
  sum: ops.sum,
  mean: ops.mean,
  max: ops.max,
  logSumExp: ops.logSumExp,
}).map(([name, f]): GoldenCase => [
  name,
  () => AXES.map(([shape, axis]) => withGradients((x) => f(x, { axis }), realsOf(shape, 3, -4, 4))),
]);
const softmaxes = Object.entries({ softmax: ops.softmax, logSoftmax: ops.logSoftmax }).map(
  ([name, f]): GoldenCase => [
    name,
    () =>
      [
        [3, 7],
        [64, 10],
        [2, 1001],
      ].map((shape) => withGradients((x) => f(x), realsOf(shape, 4, -5, 5))),
  ],
);

const norms: readonly GoldenCase[] = [
  [
    "layerNorm",
    () =>
      [
        [3, 7],
        [40, 64],
      ].map((shape) =>
        withGradients(
          (x, gamma, beta) => ops.layerNorm(x, gamma, beta),
          realsOf(shape),
          realsOf(shape.slice(-1), 2),
          realsOf(shape.slice(-1), 3),
        ),
      ),
  ],
];

const draws: readonly GoldenCase[] = [1, 2, 7, 1000].map((n): GoldenCase => [
  `draws of ${n}`,
  () => [
    random.uniform(key(1), [n], { low: -2, high: 3 }),
    random.normal(key(2), [n]),
    random.truncatedNormal(key(3), [n]),
    random.bernoulli(fold(key(4), 7), [n], 0.3),
    tensor([...random.permutation(key(5), n)]),
    tensor(Float32Array.from(random.bits(key(6), n), (word) => word >>> 8)),
    tensor([...random.categorical(key(7), realsOf([n, 5]))]),
  ],
]);

/** Every operation but products and those of images. */
export const opCases: readonly GoldenCase[] = [
  ...pointwise,
  ...arithmetic,
  ...reductions,
  ...softmaxes,
  ...norms,
  ...draws,
];
