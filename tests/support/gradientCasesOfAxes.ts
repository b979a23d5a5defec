// Operations along axes and over channels with their definitions in float64, for the gradient law: reductions, softmax,
// normalisations, and those that only move values.

import * as fc from "fast-check";
import { ops, type Shape, type Tensor, tensor } from "../../src/index.js";
import { integers, reals, seed, shuffled } from "./arbitraries.js";
import { sourceOf } from "./broadcasting.js";
import { between, type Sample, type Samples, shapes, sizeOf, upTo } from "./gradientCases.js";

const axesShapes = fc.array(upTo(5), { minLength: 1, maxLength: 4 });

/** Positions of the values that are reduced together, group by group. */
function groupsBy(count: number, groups: number, groupOf: (position: number) => number): number[][] {
  const list = Array.from({ length: groups }, (): number[] => []);
  for (let position = 0; position < count; position++) list[groupOf(position)].push(position);
  return list;
}

const add = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
const mean = (values: readonly number[]) => add(values) / values.length;
const logSumExp = (values: readonly number[]) => Math.log(add(values.map(Math.exp)));

/** A reduction over neighbouring axes, or all. */
function reduction(op: typeof ops.sum, of: (values: number[]) => number, draw: typeof reals): Samples {
  return fc
    .record({
      shape: shapes,
      ends: fc.tuple(fc.nat(4), fc.nat(4)),
      keepDims: fc.boolean(),
      all: fc.boolean(),
      seed,
    })
    .map(({ shape, ends, keepDims, all, seed }): Sample => {
      const [first, end] = ends.map((cut) => Math.min(cut, shape.length)).sort((a, b) => a - b);
      const axes = Array.from({ length: end - first }, (_, i) => first + i);
      const kept = shape.map((size, axis) => (all || axes.includes(axis) ? 1 : size));
      const groups = groupsBy(sizeOf(shape), sizeOf(kept), (at) => sourceOf(at, shape, kept));
      const options = { keepDims, ...(all ? {} : { axis: axes }) };
      return {
        options: { shape, options },
        f: (x) => op(x, options),
        definition: (x) => groups.map((group) => of(group.map((at) => x[at]))),
        inputs: [draw(shape, seed)],
        seed,
      };
    });
}

/** A function of all values along one axis, as many as it takes. */
function alongAxis(call: (x: Tensor, axis: number) => Tensor, of: (values: number[]) => number[]): Samples {
  return fc
    .record({ shape: axesShapes, axis: fc.nat(3), isNegative: fc.boolean(), seed })
    .map((drawn): Sample => {
      const { shape, seed } = drawn;
      const axis = drawn.axis % shape.length;
      const kept = shape.map((size, i) => (i === axis ? 1 : size));
      const groups = groupsBy(sizeOf(shape), sizeOf(kept), (at) => sourceOf(at, shape, kept));
      const named = drawn.isNegative ? axis - shape.length : axis;
      return {
        options: { shape, axis: named },
        f: (x) => call(x, named),
        definition: (x) => {
          const result = new Float64Array(x.length);
          for (const group of groups) of(group.map((at) => x[at])).forEach((y, i) => (result[group[i]] = y));
          return result;
        },
        inputs: [between(shape, seed, -3, 3)],
        seed,
      };
    });
}

/** gamma · (x − mean) / √(variance + epsilon) + beta, with moments over groups of values. */
function normalized(
  [x, gamma, beta]: readonly Float64Array[],
  epsilon: number,
  groups: readonly (readonly number[])[],
): number[] {
  const result = Array.from(x);
  for (const group of groups) {
    const centre = mean(group.map((at) => x[at]));
    const deviation = Math.sqrt(mean(group.map((at) => (x[at] - centre) ** 2)) + epsilon);
    for (const at of group) {
      const channel = at % gamma.length;
      result[at] = (gamma[channel] * (x[at] - centre)) / deviation + beta[channel];
    }
  }
  return result;
}

/** Multiples of ½, each once: with a tiny variance the slope would change too fast for differences. */
function spread(shape: Shape, at: number): Tensor {
  return tensor(
    shuffled(shape, at).data.map((x) => x / 2),
    shape,
  );
}

const epsilons = fc.record({ epsilon: fc.constantFrom(1e-5, 1e-3, 0.1) }, { requiredKeys: [] });
const parametersOf = (shape: Shape, at: number) => {
  const channels = [shape[shape.length - 1]];
  return [between(channels, at + 1, 0.5, 1.5), reals(channels, at + 2)];
};

const batchNorm: Samples = fc
  .record({
    shape: fc.array(upTo(5), { minLength: 2, maxLength: 4 }),
    training: fc.boolean(),
    epsilon: epsilons,
    seed,
  })
  .map(({ shape, training, epsilon, seed }): Sample => {
    const channels = shape[shape.length - 1];
    const [running, variance] = [reals([channels], seed + 3), between([channels], seed + 4, 0.5, 2)];
    const options = { training, ...epsilon };
    const groups = groupsBy(sizeOf(shape), channels, (at) => at % channels);
    const { epsilon: added = 1e-3 } = epsilon;
    return {
      options: { shape, options },
      f: (x, gamma, beta) => ops.batchNorm(x, gamma, beta, running, variance, options).output,
      definition: (x, gamma, beta) =>
        training
          ? normalized([x, gamma, beta], added, groups)
          : x.map((value, at) => {
              const c = at % channels;
              const deviation = Math.sqrt(variance.data[c] + added);
              return (gamma[c] * (value - running.data[c])) / deviation + beta[c];
            }),
      inputs: [spread(shape, seed), ...parametersOf(shape, seed)],
      seed,
    };
  });

const layerNorm: Samples = fc.record({ shape: axesShapes, options: epsilons, seed }).map((drawn): Sample => {
  const { shape, options, seed } = drawn;
  const features = shape[shape.length - 1];
  const rows = sizeOf(shape) / features;
  const groups = groupsBy(sizeOf(shape), rows, (at) => Math.floor(at / features));
  return {
    options: { shape, options },
    f: (x, gamma, beta) => ops.layerNorm(x, gamma, beta, options),
    definition: (...inputs) => normalized(inputs, options.epsilon ?? 1e-5, groups),
    inputs: [spread(shape, seed), ...parametersOf(shape, seed)],
    seed,
  };
});

/** An operation that only moves values: where each value of the result comes from, −1 for a constant. */
function movement<Options>(
  samples: fc.Arbitrary<{ shape: Shape; options: Options; seed: number }>,
  call: (x: Tensor, options: Options) => Tensor,
): Samples {
  return samples.map(({ shape, options, seed }): Sample => {
    // Written with the operation itself, on numbers that tell their places: laws of its values stand elsewhere.
    const places = tensor(
      Float32Array.from({ length: sizeOf(shape) }, (_, i) => i + 1),
      shape,
    );
    const sources = Array.from(call(places, options).data, (place) => place - 1);
    return {
      options: { shape, options },
      f: (x) => call(x, options),
      definition: (x) => sources.map((source) => (source < 0 ? 0 : x[source])),
      inputs: [reals(shape, seed)],
      seed,
    };
  });
}

const sides = fc.tuple(fc.nat(2), fc.nat(2));
const withSides = (enlarged: boolean) =>
  fc.array(fc.record({ size: upTo(4), side: sides }), { maxLength: 4 }).chain((axes) =>
    fc.record({
      shape: fc.constant(axes.map(({ size, side }) => (enlarged ? size : size + side[0] + side[1]))),
      options: fc.constant(axes.map(({ side }) => side)),
      seed,
    }),
  );

const reshape = movement(
  shapes.chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      options: fc.constantFrom<Shape>([...shape].reverse(), [-1], [1, ...shape], [sizeOf(shape)]),
      seed,
    }),
  ),
  (x, shape) => ops.reshape(x, shape),
);

const slice = movement(
  axesShapes.chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      options: fc
        .tuple(fc.nat(shape[0] - 1), upTo(shape[0]))
        .map(([a, b]) => (a < b ? { start: a, end: b } : { start: b - 1, end: a + 1 })),
      seed,
    }),
  ),
  (x, { start, end }) => ops.slice(x, start, end),
);

const transpose = movement(
  shapes.chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      options: fc.option(fc.shuffledSubarray([...shape.keys()], { minLength: shape.length }), {
        nil: undefined,
      }),
      seed,
    }),
  ),
  (x, axes) => ops.transpose(x, axes),
);

const concat: Samples = fc
  .record({
    shape: axesShapes,
    axis: fc.nat(3),
    sizes: fc.array(upTo(4), { minLength: 1, maxLength: 4 }),
    seed,
  })
  .map(({ shape, axis: drawn, sizes, seed }): Sample => {
    const axis = drawn % shape.length;
    const inner = sizeOf(shape.slice(axis + 1));
    const outer = sizeOf(shape.slice(0, axis));
    return {
      options: { shape, axis, sizes },
      f: (...parts) => ops.concat(parts, axis),
      definition: (...parts) =>
        Array.from({ length: outer }, (_, row) =>
          parts.flatMap((part, i) => {
            const width = sizes[i] * inner;
            return Array.from(part.subarray(row * width, (row + 1) * width));
          }),
        ).flat(),
      inputs: sizes.map((size, i) =>
        reals(
          shape.map((n, k) => (k === axis ? size : n)),
          seed + i,
        ),
      ),
      seed,
    };
  });

const embedding: Samples = fc
  .record({
    classes: upTo(6),
    features: upTo(5),
    picks: fc.array(fc.nat(), { minLength: 1, maxLength: 9 }),
    seed,
  })
  .map(({ classes, features, picks, seed }): Sample => {
    const labels = picks.map((pick) => pick % classes);
    return {
      options: { classes, features, labels },
      f: (table) => ops.embedding(labels, table),
      definition: (table) =>
        labels.flatMap((label) => Array.from(table.subarray(label * features, (label + 1) * features))),
      inputs: [reals([classes, features], seed)],
      seed,
    };
  });

/** By the operations' names. */
export const axesCases: Record<string, Samples> = {
  sum: reduction(ops.sum, add, reals),
  mean: reduction(ops.mean, mean, reals),
  // Whole numbers, each once: no two change places.
  max: reduction(ops.max, (values) => Math.max(...values), shuffled),
  logSumExp: reduction(ops.logSumExp, logSumExp, (shape, at) => integers(shape, at)),
  softmax: alongAxis(
    (x, axis) => ops.softmax(x, { axis }),
    (values) => values.map((x) => Math.exp(x - logSumExp(values))),
  ),
  logSoftmax: alongAxis(
    (x, axis) => ops.logSoftmax(x, { axis }),
    (values) => values.map((x) => x - logSumExp(values)),
  ),
  batchNorm,
  layerNorm,
  reshape,
  slice,
  transpose,
  concat,
  pad: movement(withSides(true), (x, sides) => ops.pad(x, sides)),
  crop: movement(withSides(false), (x, sides) => ops.crop(x, sides)),
  embedding,
};
