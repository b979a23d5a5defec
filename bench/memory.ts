// Benchmarks of what memory bounds: upsampling, pooling, transposing, reductions, softmax.

import { type Conv2dGeometry, ops, type Shape, type Tensor } from "../src/index.js";
import * as kernels from "../src/wasm/generated.js";
import { type Block, reduce, type ReductionName, transpose } from "../src/wasm/kernels.js";
import { type Case, type Expected, poisonedTensor, randomTensor, sumOf, within } from "./support.js";

/** A kernel of one array, as a case. */
function rearrangement(
  title: string,
  from: Shape,
  to: Shape,
  run: (x: Tensor, y: Tensor) => void,
  expected: (x: Float32Array, index: number) => Expected,
): Case {
  const count = (shape: Shape) => shape.reduce((product, size) => product * size, 1);
  return {
    title,
    work: { bytes: 4 * (count(from) + count(to)) },
    prepare() {
      const x = randomTensor(1, from);
      const y = poisonedTensor(to);
      const trial = () => {
        run(x, y);
        return y;
      };
      return { run: trial, expected: (index) => expected(x.data, index) };
    },
  };
}

/** Offsets of the 2 × 2 block of a 2·height × 2·width image that belongs to one element of its half. */
function blockOf(index: number, width: number, channels: number): [number, number, number, number] {
  const channel = index % channels;
  const column = Math.floor(index / channels) % width;
  const row = Math.floor(index / (channels * width)); // of all images together
  const first = (2 * row * 2 * width + 2 * column) * channels + channel;
  const below = first + 2 * width * channels;
  return [first, first + channels, below, below + channels];
}

const UPSAMPLED = { batch: 128, height: 14, width: 14, channels: 64, factorHeight: 2, factorWidth: 2 };
const SMALL = [128, 14, 14, 64];
const LARGE = [128, 28, 28, 64];

/** The element of the small image that an element of the large one belongs to. */
function halfOf(index: number, width: number, channels: number): number {
  const column = Math.floor(index / channels) % width;
  const row = Math.floor(index / (channels * width));
  return ((row >> 1) * (width >> 1) + (column >> 1)) * channels + (index % channels);
}

const upsampling: readonly Case[] = [
  rearrangement(
    "upsampleNearest 128×14×14×64, 2×",
    SMALL,
    LARGE,
    (x, y) => kernels.upsampleNearest2d({ x, y, ...UPSAMPLED }),
    (x, index) => within(0, x[halfOf(index, 28, 64)]),
  ),
  rearrangement(
    "upsampleNearest 128×14×14×64, 2×, gradient",
    LARGE,
    SMALL,
    (x, y) => kernels.upsampleNearest2dGradient({ dy: x, dx: y, ...UPSAMPLED }),
    (x, index) => {
      const block = blockOf(index, 14, 64);
      return sumOf(4, (t) => x[block[t]]);
    },
  ),
];

const POOLED = [128, 28, 28, 32];
const HALVED = [128, 14, 14, 32];

function poolGeometry(): Conv2dGeometry {
  return ops.conv2dGeometry(POOLED, [2, 2, 1, 32], { stride: 2, groups: 32 });
}

/** The gradient reads the image again to find each winner. */
const maxPoolGradient: Case = {
  title: "maxPool2d 128×28×28×32, 2×2, gradient",
  work: { bytes: 4 * 2.25 * 128 * 28 * 28 * 32 },
  prepare() {
    const geometry = poolGeometry();
    const x = randomTensor(1, POOLED);
    const dy = randomTensor(2, HALVED);
    const dx = poisonedTensor(POOLED);
    const run = () => {
      kernels.maxPool2dGradient({ x, dy, dx, geometry });
      return dx;
    };
    const expected = (index: number) => {
      const half = halfOf(index, 28, 32);
      const block = blockOf(half, 14, 32).map((t) => x.data[t]);
      return within(0, x.data[index] === Math.max(...block) ? dy.data[half] : 0);
    };
    return { run, expected };
  },
};

const pooling: readonly Case[] = [
  rearrangement(
    "maxPool2d 128×28×28×32, 2×2",
    POOLED,
    HALVED,
    (x, y) => kernels.maxPool2d({ x, y, geometry: poolGeometry() }),
    (x, index) => within(0, Math.max(...blockOf(index, 14, 32).map((t) => x[t]))),
  ),
  maxPoolGradient,
  rearrangement(
    "avgPool2d 128×28×28×32, 2×2",
    POOLED,
    HALVED,
    (x, y) => kernels.avgPool2d({ x, y, geometry: poolGeometry(), countIncludePad: false }),
    (x, index) => {
      const block = blockOf(index, 14, 32);
      return sumOf(4, (t) => x[block[t]] / 4);
    },
  ),
  rearrangement(
    "avgPool2d 128×28×28×32, 2×2, gradient",
    HALVED,
    POOLED,
    (dy, dx) => kernels.avgPool2dGradient({ dy, dx, geometry: poolGeometry(), countIncludePad: false }),
    (dy, index) => within(0, dy[halfOf(index, 28, 32)] / 4),
  ),
];

const transposition = rearrangement(
  "transpose 1024×1024",
  [1024, 1024],
  [1024, 1024],
  (x, y) => transpose(x, y, 1, 1024, 1024),
  (x, index) => within(0, x[(index % 1024) * 1024 + Math.floor(index / 1024)]),
);

/** A reduction of [outer, axis, inner] over its axis. */
function reduction(
  name: ReductionName,
  where: string,
  { outer, axis, inner }: Block,
  expected: (values: Float32Array) => Expected,
): Case {
  const sizes = [outer, axis, inner].filter((size) => size > 1);
  return rearrangement(
    `${name} ${sizes.map((size) => size.toLocaleString("en-US", { useGrouping: size > 1e5 })).join("×")}, ${where}`,
    [outer, axis, inner],
    [outer, inner],
    (x, y) => reduce(name, x, y, { outer, axis, inner }),
    (x, index) => {
      const first = Math.floor(index / inner) * axis * inner + (index % inner);
      return expected(Float32Array.from({ length: axis }, (_, t) => x[first + t * inner]));
    },
  );
}

const CHANNELS = { outer: 1, axis: 25088, inner: 64 };
const ROWS = { outer: 4096, axis: 256, inner: 1 };
const ALL = { outer: 1, axis: 1_000_000, inner: 1 };

/** Float64 lanes: only pairs are added in float32 before them. */
const total = (values: Float32Array): Expected => {
  const { value, bound } = sumOf(values.length, (t) => values[t]);
  return { value, bound: (2 * bound) / values.length };
};
const greatest = (values: Float32Array) =>
  within(
    0,
    values.reduce((a, b) => Math.max(a, b)),
  );
const logSumExp = (values: Float32Array) =>
  within(8, Math.log(values.reduce((sum, value) => sum + Math.exp(value), 0)));

const reductions: readonly Case[] = [
  reduction("sum", "all", ALL, total),
  reduction("sum", "last axis", ROWS, total),
  reduction("sum", "all but the last axis", CHANNELS, total),
  reduction("max", "last axis", ROWS, greatest),
  reduction("logSumExp", "last axis", ROWS, logSumExp),
];

const softmax = rearrangement(
  "softmax 4096×256, last axis",
  [4096, 256],
  [4096, 256],
  (x, y) => kernels.softmax({ x, y, rows: 4096, columns: 256 }),
  (x, index) => {
    const first = index - (index % 256);
    let sum = 0;
    for (let t = 0; t < 256; t++) sum += Math.exp(x[first + t]);
    return within(8, Math.exp(x[index]) / sum);
  },
);

/** dx = y · (dy − Σ y · dy). */
const softmaxGradient: Case = {
  title: "softmax 4096×256, last axis, gradient",
  work: { bytes: 4 * 3 * 4096 * 256, elements: 4096 * 256 },
  prepare() {
    const y = randomTensor(1, [4096, 256], 0, 1 / 128);
    const dy = randomTensor(2, [4096, 256]);
    const dx = poisonedTensor([4096, 256]);
    const run = () => {
      kernels.softmaxGradient({ y, dy, dx, rows: 4096, columns: 256 });
      return dx;
    };
    const expected = (index: number) => {
      const first = index - (index % 256);
      const { value, bound } = sumOf(256, (t) => y.data[first + t] * dy.data[first + t]);
      const slope = dy.data[index] - value;
      return { value: y.data[index] * slope, bound: y.data[index] * (bound + 2 ** -22) };
    };
    return { run, expected };
  },
};

export const memoryCases: readonly Case[] = [
  ...upsampling,
  ...pooling,
  transposition,
  ...reductions,
  softmax,
  softmaxGradient,
];
