// What property tests draw: geometries over the whole option space, and tensors of seeded numbers.

import * as fc from "fast-check";
import {
  type Padding,
  type Pair,
  type Shape,
  tensor,
  type Tensor,
  type WindowOptions,
} from "../../src/index.js";
import { naiveGeometry } from "./naiveGeometry.js";
import { windowsOf } from "./naivePooling.js";

/** A seeded source of numbers in [0, 1): mulberry32. */
export function uniforms(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

function drawn(shape: Shape, draw: () => number): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return tensor(new Float32Array(size).map(draw), shape);
}

/** Integers from −magnitude to magnitude: small enough, their sums of products are exact in any order. */
export function integers(shape: Shape, seed: number, magnitude = 3): Tensor {
  const next = uniforms(seed);
  return drawn(shape, () => Math.floor(next() * (2 * magnitude + 1)) - magnitude);
}

/** Real numbers in [−1, 1). */
export function reals(shape: Shape, seed: number): Tensor {
  const next = uniforms(seed);
  return drawn(shape, () => 2 * next() - 1);
}

/** Every integer from 0 to size − 1 once, in random order. */
export function shuffled(shape: Shape, seed: number): Tensor {
  const next = uniforms(seed);
  const values = drawn(shape, next).data;
  const order = [...values.keys()].sort((a, b) => values[a] - values[b] || a - b);
  return tensor(Float32Array.from(order), shape);
}

/** Seeds for the functions above. */
export const seed = fc.integer({ min: 0, max: 2 ** 31 - 1 });

/** Channel counts around the edges of vectors (4), register tiles (8) and the narrow kernels (up to 4). */
export const channels = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(1, 4, 5, 8, 9, 16, 17, 32, 33) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 12 }) },
);

const upTo = (max: number, min = 1) => fc.integer({ min, max });
const pairUpTo = (max: number): fc.Arbitrary<Pair> => fc.oneof(upTo(max), fc.tuple(upTo(max), upTo(max)));
const side = upTo(4, 0);
const padding: fc.Arbitrary<Padding> = fc.oneof(
  fc.constantFrom<Padding>("same", "valid"),
  side,
  fc.tuple(fc.tuple(side, side), fc.tuple(side, side)),
);
const spatial = fc.tuple(upTo(17), upTo(17));
const kernel = fc.oneof(
  fc.tuple(upTo(7), upTo(7)),
  fc.constantFrom<[number, number]>([1, 1], [3, 3], [5, 5]),
);
const windowOptions: fc.Arbitrary<WindowOptions> = fc.record(
  { stride: pairUpTo(4), dilation: pairUpTo(3), padding },
  { requiredKeys: [] },
);

/** Channel groups: how many, and input and output channels of each. */
const grouping = fc.oneof(
  { weight: 4, arbitrary: fc.record({ groups: fc.constant(1), inputs: channels, outputs: channels }) },
  { weight: 2, arbitrary: fc.record({ groups: upTo(5, 2), inputs: upTo(9), outputs: upTo(9) }) },
  // Depthwise, with a channel multiplier from 1 to 3.
  {
    weight: 2,
    arbitrary: fc.record({ groups: channels, inputs: fc.constant(1), outputs: fc.constantFrom(1, 1, 2, 3) }),
  },
);

/** A convolution: shapes, options, and a seed for the values. */
export interface ConvolutionCase {
  readonly input: [number, number, number, number];
  readonly filter: [number, number, number, number];
  readonly options: WindowOptions & { readonly groups: number };
  readonly seed: number;
}

/** Most products of one case, which bounds the time of its references. */
const MOST_PRODUCTS = 400_000;

/** Convolutions with at least one window: kernels may be larger than the image where padding makes up for it. */
export const convolution: fc.Arbitrary<ConvolutionCase> = fc
  .tuple(fc.constantFrom(1, 1, 2, 3), spatial, kernel, grouping, windowOptions, seed)
  .map(
    ([batch, [height, width], [kernelHeight, kernelWidth], { groups, inputs, outputs }, options, seed]) => {
      const input: ConvolutionCase["input"] = [batch, height, width, inputs * groups];
      const filter: ConvolutionCase["filter"] = [kernelHeight, kernelWidth, inputs, outputs * groups];
      return { input, filter, options: { ...options, groups }, seed };
    },
  )
  .filter(({ input, filter, options }) => {
    const { batch, outHeight, outWidth } = naiveGeometry(input, filter, options);
    const products = filter.reduce((product, size) => product * size, batch * outHeight * outWidth);
    return products > 0 && products <= MOST_PRODUCTS;
  });

/** A pooling; the stride, where absent, is the window's size. */
export interface PoolingCase {
  readonly input: [number, number, number, number];
  readonly poolSize: [number, number];
  readonly options: WindowOptions;
  readonly seed: number;
}

/** A pooling's geometry, as the references count it. */
export function poolingGeometry({ input, poolSize, options }: Omit<PoolingCase, "seed">) {
  const filter = [...poolSize, 1, input[3]];
  return naiveGeometry(input, filter, { stride: poolSize, ...options, groups: input[3] });
}

/** Poolings all of whose windows see a pixel. */
export const pooling: fc.Arbitrary<PoolingCase> = fc
  .record({
    input: fc.tuple(upTo(3), upTo(17), upTo(17), channels),
    poolSize: fc.oneof(fc.tuple(upTo(7), upTo(7)), fc.constantFrom<[number, number]>([2, 2], [3, 3])),
    options: windowOptions,
    seed,
  })
  .filter((pooling) => {
    const windows = windowsOf(poolingGeometry(pooling));
    return windows.length > 0 && windows.every((window) => window.length > 0);
  });
