// Operations with their definitions in float64, drawn over their option spaces, for the gradient law. Here those on
// single elements; beside it those along axes, and the products and windows.

import * as fc from "fast-check";
import { key, ops, random, type Shape, type Tensor, tensor } from "../../src/index.js";
import { reals, seed } from "./arbitraries.js";
import { broadcastShapes, broadcastTo } from "./broadcasting.js";
import type { Definition } from "./differentiable.js";
import { seededFloats } from "./seeded.js";
import { erf, normalCumulative, sigmoid } from "./specialFunctions.js";

/** A call of an operation, with the options drawn, and what it computes in float64. */
export interface Sample {
  /** What fast-check shows of a sample that fails. */
  readonly options: unknown;
  readonly f: (...inputs: Tensor[]) => Tensor;
  readonly definition: Definition;
  /** Values at least 0.01 from every kink: differences then see one side only. */
  readonly inputs: readonly Tensor[];
  readonly seed: number;
}

export type Samples = fc.Arbitrary<Sample>;

export const upTo = (max: number, min = 1) => fc.integer({ min, max });
export const shapes = fc.array(upTo(5), { maxLength: 4 });
export const sizeOf = (shape: Shape) => shape.reduce((product, size) => product * size, 1);
/** Real numbers in [low, high). */
export const between = (shape: Shape, at: number, low: number, high: number) =>
  tensor(seededFloats(at, sizeOf(shape), low, high), shape);

/** Two shapes that broadcast: of a common one, each drops leading axes and has some of size 1. */
const pairs = fc
  .record({ shape: shapes, thin: fc.array(fc.nat(3), { minLength: 4, maxLength: 4 }), drop: fc.nat(8), seed })
  .map(({ shape, thin, drop, seed }) => {
    const cut = (which: 1 | 2, dropped: number) =>
      shape.map((size, axis) => (thin[axis] & which ? 1 : size)).slice(dropped);
    // At most one of them drops axes, so that the common shape is that of the other.
    return { a: cut(1, drop > 4 ? drop - 4 : 0), b: cut(2, drop > 4 ? 0 : drop), seed };
  });

function arithmetic(op: typeof ops.add, of: (a: number, b: number) => number): Samples {
  const tensors = pairs.map(({ a, b, seed }): Sample => {
    const shape = broadcastShapes(a, b);
    return {
      options: { a, b },
      f: op,
      definition: (left, right) => {
        const [x, y] = [broadcastTo(left, a, shape), broadcastTo(right, b, shape)];
        return x.map((value, i) => of(value, y[i]));
      },
      inputs: [reals(a, seed), between(b, seed + 1, 0.5, 2)],
      seed,
    };
  });
  const numbers = fc
    .record({ shape: shapes, number: fc.constantFrom(-2, 0.5, 3), isFirst: fc.boolean(), seed })
    .map(({ shape, number, isFirst, seed }): Sample => ({
      options: { shape, number, isFirst },
      f: (x) => (isFirst ? op(number, x) : op(x, number)),
      definition: (values) => values.map((x) => (isFirst ? of(number, x) : of(x, number))),
      inputs: [between(shape, seed, 0.5, 2)],
      seed,
    }));
  return fc.oneof({ weight: 3, arbitrary: tensors }, { weight: 1, arbitrary: numbers });
}

/** A function of single elements on [low, high], its values moved off its kinks. */
function pointwise<Options>(
  options: fc.Arbitrary<Options>,
  call: (x: Tensor, options: Options) => Tensor,
  of: (x: number, options: Options) => number,
  [low, high]: readonly [number, number] = [-3, 3],
  kinksOf: (options: Options) => readonly number[] = () => [],
): Samples {
  return fc.record({ shape: shapes, options, seed }).map(({ shape, options, seed }): Sample => {
    const kinks = kinksOf(options);
    const values = seededFloats(seed, sizeOf(shape), low, high).map((x) =>
      kinks.some((kink) => Math.abs(x - kink) < 0.01) ? x + 0.03 : x,
    );
    return {
      options: { shape, options },
      f: (x) => call(x, options),
      definition: (x) => x.map((value) => of(value, options)),
      inputs: [tensor(values, shape)],
      seed,
    };
  });
}

const plainly = fc.constant(undefined);
const alphas = fc.record({ alpha: fc.constantFrom(0, 0.01, 0.3, 1, 2) }, { requiredKeys: [] });
const atZero = () => [0];
const bounds = fc.constantFrom(
  { low: -1, high: 1 },
  { low: 0, high: 0.5 },
  { low: -Infinity, high: 2 },
  { low: 0.25, high: Infinity },
);
const lines = fc.record({ factor: fc.constantFrom(-2, 0, 0.5, 1), offset: fc.constantFrom(0, 3) });
const geluTanh = (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

const dropout: Samples = fc
  .record({ shape: shapes, rate: fc.constantFrom(0, 0.2, 0.5, 0.9), seed })
  .map(({ shape, rate, seed }): Sample => {
    const mask = random.bernoulli(key(seed), shape, 1 - rate).data;
    return {
      options: { shape, rate },
      f: (x) => ops.dropout(x, rate, key(seed)),
      definition: (x) => x.map((value, i) => (value * mask[i]) / (1 - rate)),
      inputs: [reals(shape, seed + 1)],
      seed,
    };
  });

/** By the operations' names. */
export const elementwiseCases: Record<string, Samples> = {
  add: arithmetic(ops.add, (a, b) => a + b),
  sub: arithmetic(ops.sub, (a, b) => a - b),
  mul: arithmetic(ops.mul, (a, b) => a * b),
  div: arithmetic(ops.div, (a, b) => a / b),
  abs: pointwise(plainly, ops.abs, Math.abs, undefined, atZero),
  relu: pointwise(plainly, ops.relu, (x) => Math.max(x, 0), undefined, atZero),
  leakyRelu: pointwise(
    alphas,
    ops.leakyRelu,
    (x, { alpha = 0.01 }) => (x > 0 ? x : alpha * x),
    undefined,
    atZero,
  ),
  elu: pointwise(
    alphas,
    ops.elu,
    (x, { alpha = 1 }) => (x > 0 ? x : alpha * Math.expm1(x)),
    undefined,
    atZero,
  ),
  gelu: pointwise(plainly, ops.gelu, (x) => x * normalCumulative(x)),
  geluTanh: pointwise(plainly, ops.geluTanh, geluTanh),
  silu: pointwise(plainly, ops.silu, (x) => x * sigmoid(x)),
  sigmoid: pointwise(plainly, ops.sigmoid, sigmoid),
  tanh: pointwise(plainly, ops.tanh, Math.tanh),
  softplus: pointwise(plainly, ops.softplus, (x) => Math.log1p(Math.exp(x))),
  mish: pointwise(plainly, ops.mish, (x) => x * Math.tanh(Math.log1p(Math.exp(x)))),
  softsign: pointwise(plainly, ops.softsign, (x) => x / (1 + Math.abs(x)), undefined, atZero),
  exp: pointwise(plainly, ops.exp, Math.exp),
  log: pointwise(plainly, ops.log, Math.log, [0.2, 5]),
  log1p: pointwise(plainly, ops.log1p, Math.log1p, [-0.8, 5]),
  erf: pointwise(plainly, ops.erf, erf),
  sqrt: pointwise(plainly, ops.sqrt, Math.sqrt, [0.2, 5]),
  square: pointwise(plainly, ops.square, (x) => x * x),
  scale: pointwise(
    lines,
    (x, { factor, offset }) => ops.scale(x, factor, offset),
    (x, { factor, offset }) => factor * x + offset,
  ),
  clip: pointwise(
    bounds,
    (x, { low, high }) => ops.clip(x, low, high),
    (x, { low, high }) => Math.min(Math.max(x, low), high),
    undefined,
    ({ low, high }) => [low, high],
  ),
  dropout,
};
