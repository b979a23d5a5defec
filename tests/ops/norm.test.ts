// Laws of batch and layer normalisation, against their definitions in float64.

import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configure, full, ones, ops, type Shape, tensor, type Tensor, vjp, zeros } from "../../src/index.js";
import { expectDefined, expectGradient } from "../support/differentiable.js";
import { expectNear, expectPure, expectSame, forAll } from "../support/laws.js";
import type { Values } from "../support/naive.js";
import { expectRefused } from "../support/refusals.js";
import { seededFloats } from "../support/seeded.js";

interface Sizes {
  readonly rows: number;
  readonly channels: number;
  readonly epsilon: number;
}

/** The values of each channel of [rows, channels]. */
function columnsOf(values: ArrayLike<number>, { rows, channels }: Omit<Sizes, "epsilon">): number[][] {
  return Array.from({ length: channels }, (_, c) =>
    Array.from({ length: rows }, (_, r) => values[r * channels + c]),
  );
}

/** [rows, channels] from the values of each channel. */
function joined(columns: readonly (readonly number[])[]): Float64Array {
  const [rows, channels] = [columns[0].length, columns.length];
  return Float64Array.from(
    { length: rows * channels },
    (_, i) => columns[i % channels][Math.floor(i / channels)],
  );
}

const meanOf = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
const largestOf = (list: readonly number[]) =>
  list.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Mean and biased variance of each channel. */
function momentsOf(x: ArrayLike<number>, sizes: Sizes): { mean: number; variance: number }[] {
  return columnsOf(x, sizes).map((column) => {
    const mean = meanOf(column);
    return { mean, variance: meanOf(column.map((value) => (value - mean) ** 2)) };
  });
}

/** Normalisation by the batch's own moments. */
function normalized(x: ArrayLike<number>, gamma: ArrayLike<number>, beta: ArrayLike<number>, sizes: Sizes) {
  const moments = momentsOf(x, sizes);
  return joined(
    columnsOf(x, sizes).map((column, c) => {
      const slope = gamma[c] / Math.sqrt(moments[c].variance + sizes.epsilon);
      return column.map((value) => slope * (value - moments[c].mean) + beta[c]);
    }),
  );
}

/** γ/σ·(dy − mean dy − x̂·mean(dy·x̂)), Σ dy·x̂ and Σ dy. */
function gradientsOf(x: Tensor, gradOutput: Tensor, gamma: Tensor, sizes: Sizes) {
  const moments = momentsOf(x.data, sizes);
  const gradients = columnsOf(gradOutput.data, sizes);
  const hats = columnsOf(x.data, sizes).map((column, c) => {
    const deviation = Math.sqrt(moments[c].variance + sizes.epsilon);
    return column.map((value) => (value - moments[c].mean) / deviation);
  });
  const slopes = moments.map(({ variance }, c) => gamma.data[c] / Math.sqrt(variance + sizes.epsilon));
  const products = hats.map((hat, c) => hat.map((value, r) => value * gradients[c][r]));
  const byInput = gradients.map((column, c) =>
    column.map((dy, r) => slopes[c] * (dy - meanOf(column) - hats[c][r] * meanOf(products[c]))),
  );
  return {
    x: joined(byInput),
    gamma: products.map((column) => meanOf(column) * sizes.rows),
    beta: gradients.map((column) => meanOf(column) * sizes.rows),
    slopes,
  };
}

/** How much the largest rounding of a channel weighs in its normalised values. */
function conditionOf(x: Tensor, sizes: Sizes): number[] {
  const moments = momentsOf(x.data, sizes);
  return columnsOf(x.data, sizes).map(
    (column, c) => 1 + largestOf(column) / Math.sqrt(moments[c].variance + sizes.epsilon),
  );
}

/** A bound per element from one per channel, in units of float32's rounding. */
function boundOf(x: Tensor, perChannel: readonly number[], roundings: number): Values {
  const { length } = perChannel;
  const data = Float64Array.from(x.data, (_, i) => perChannel[i % length] * roundings * 2 ** -24);
  return { shape: x.shape, data };
}

interface NormCase {
  readonly sizes: Sizes;
  readonly x: Tensor;
  readonly gamma: Tensor;
  readonly beta: Tensor;
  readonly gradOutput: Tensor;
  readonly seed: number;
}

function caseOf(sizes: Sizes, seed: number): NormCase {
  const { rows, channels } = sizes;
  const drawn = (shape: Shape, seed: number) =>
    tensor(
      seededFloats(
        seed,
        shape.reduce((product, size) => product * size, 1),
      ),
      shape,
    );
  return {
    sizes,
    x: drawn([rows, channels], seed),
    gamma: drawn([channels], seed + 1),
    beta: drawn([channels], seed + 2),
    gradOutput: drawn([rows, channels], seed + 3),
    seed,
  };
}

const cases = fc
  .record({
    rows: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 300 })),
    channels: fc.integer({ min: 1, max: 19 }),
    epsilon: fc.constantFrom(1e-5, 1e-3, 0.5),
    seed: fc.nat(2 ** 30),
  })
  .map(({ seed, ...sizes }) => caseOf(sizes, seed));

/** Rows beyond a block of 16 KB, which is at least 8 rows: one block, two, several and a rest. */
const LARGE: [number, number][] = [
  [4096, 1],
  [4097, 1],
  [12_300, 1],
  [2049, 3],
  [1024, 4],
  [1500, 7],
  [700, 19],
  [25, 1030],
  [17, 600],
];

/** Batch norm in training, by its own moments. */
const trained =
  ({ epsilon }: Sizes) =>
  (x: Tensor, gamma: Tensor, beta: Tensor) => {
    const zero = zeros(gamma.shape);
    return ops.batchNorm(x, gamma, beta, zero, zero, { training: true, epsilon }).output;
  };

function expectNormalized({ sizes, x, gamma, beta, gradOutput }: NormCase): void {
  const { value, grads } = vjp((p: { x: Tensor; gamma: Tensor; beta: Tensor }) =>
    trained(sizes)(p.x, p.gamma, p.beta),
  )(gradOutput, { x, gamma, beta });
  const condition = conditionOf(x, sizes);
  const wanted = { shape: x.shape, data: normalized(x.data, gamma.data, beta.data, sizes) };
  const outputs = condition.map((weight, c) => weight * Math.abs(gamma.data[c]) + Math.abs(beta.data[c]));
  expectNear(value, wanted, boundOf(x, outputs, 4));

  const { slopes, ...gradients } = gradientsOf(x, gradOutput, gamma, sizes);
  const spread = Math.sqrt(sizes.rows);
  const inputs = condition.map((weight, c) => Math.abs(slopes[c]) * weight * spread);
  expectNear(grads.x, { shape: x.shape, data: gradients.x }, boundOf(x, inputs, 8));
  const sums = condition.map((weight) => weight * sizes.rows);
  const shape = gamma.shape;
  expectNear(grads.gamma, { shape, data: gradients.gamma }, boundOf(gamma, sums, 4));
  expectNear(grads.beta, { shape, data: gradients.beta }, boundOf(gamma, sums, 2));
}

describe.each([
  { binary: "simd", relaxedSimd: false },
  { binary: "relaxed", relaxedSimd: true },
])("batchNorm in training by the $binary kernels", ({ relaxedSimd }) => {
  beforeAll(() => configure({ relaxedSimd }));
  afterAll(() => configure({ relaxedSimd: "auto" }));

  it("agrees with the definition, and its gradients with theirs, for every count of rows and channels", () => {
    forAll(cases, 150, expectNormalized);
  });

  it.each(LARGE)("agrees over %i rows of %i channels", (rows, channels) => {
    expectNormalized(caseOf({ rows, channels, epsilon: 1e-3 }, rows));
  });
});

describe("batchNorm in training", () => {
  it("has the gradients of the definition along a random direction", () => {
    const varied = cases.filter(({ sizes: { rows, epsilon } }) => rows > 2 && epsilon > 1e-5);
    forAll(varied, 60, ({ sizes, x, gamma, beta, seed }) => {
      const definition = (...[x, gamma, beta]: Float64Array[]) => normalized(x, gamma, beta, sizes);
      expectGradient(trained(sizes), definition, [x, gamma, beta], seed);
    });
  });

  it("moves the running moments by both frameworks' conventions", () => {
    const moving = fc.record({
      drawn: cases.filter(({ sizes }) => sizes.rows > 1),
      momentum: fc.constantFrom(0, 0.9, 0.99, 1),
      runningVariance: fc.constantFrom("biased" as const, "unbiased" as const),
    });
    forAll(moving, 100, ({ drawn: { sizes, x, gamma, beta, seed }, momentum, runningVariance }) => {
      const { rows, channels } = sizes;
      const [mean, variance] = [seed + 4, seed + 5].map((seed) => tensor(seededFloats(seed, channels, 0, 2)));
      const options = { training: true, momentum, runningVariance };
      const result = ops.batchNorm(x, gamma, beta, mean, variance, options);
      const factor = runningVariance === "unbiased" ? rows / (rows - 1) : 1;
      momentsOf(x.data, sizes).forEach((batch, c) => {
        const wantedMean = momentum * mean.data[c] + (1 - momentum) * batch.mean;
        const wantedVariance = momentum * variance.data[c] + (1 - momentum) * factor * batch.variance;
        expect(Math.abs(result.runningMean.data[c] - wantedMean)).toBeLessThan(1e-6);
        expect(Math.abs(result.runningVariance.data[c] - wantedVariance)).toBeLessThan(1e-6);
      });
    });
  });

  it("moves them as Keras does by default, and as PyTorch with its options", () => {
    const x = tensor([[1], [3]]);
    const [one, zero] = [ones([1]), zeros([1])];
    const keras = ops.batchNorm(x, one, zero, zero, one, { training: true });
    expect(keras.runningMean.data[0]).toBeCloseTo(0.02, 7);
    expect(keras.runningVariance.data[0]).toBeCloseTo(1, 7);
    expect(keras.output.data[1]).toBeCloseTo(1 / Math.sqrt(1 + 1e-3), 6);
    // torch.nn.BatchNorm1d(1, momentum=0.1)
    const options = { training: true, momentum: 0.9, epsilon: 1e-5, runningVariance: "unbiased" } as const;
    const torch = ops.batchNorm(x, one, zero, zero, one, options);
    expect(torch.runningMean.data[0]).toBeCloseTo(0.2, 7);
    expect(torch.runningVariance.data[0]).toBeCloseTo(1.1, 6);
  });

  it("keeps its variance and outputs where the mean is a thousand times the deviation", () => {
    for (const channels of [1, 3, 4, 19]) {
      const { sizes, gamma, beta, seed } = caseOf({ rows: 5000, channels, epsilon: 1e-5 }, channels);
      const x = tensor(seededFloats(seed, 5000 * channels, 998.27, 1001.73), [5000, channels]);
      const zero = zeros([channels]);
      const options = { training: true, momentum: 0, epsilon: 1e-5 };
      const result = ops.batchNorm(x, gamma, beta, zero, zero, options);
      momentsOf(x.data, sizes).forEach(({ mean, variance }, c) => {
        expect(Math.abs(variance - 1)).toBeLessThan(0.1);
        // Of 1000, half a rounding is 3e-5.
        expect(Math.abs(result.runningMean.data[c] - mean)).toBeLessThan(1.3e-4);
        expect(Math.abs(result.runningVariance.data[c] / variance - 1)).toBeLessThan(2e-6);
      });
      const wanted = { shape: x.shape, data: normalized(x.data, gamma.data, beta.data, sizes) };
      const bound = { shape: x.shape, data: new Float64Array(x.size).fill(1.5e-4) };
      expectNear(result.output, wanted, bound);
    }
  });

  it("gives the offset where a channel is constant, and gradients that are finite", () => {
    const x = full([6, 5], 3);
    const [gamma, beta] = [ones([5]), tensor([1, 2, 3, 4, 5])];
    const f = trained({ rows: 6, channels: 5, epsilon: 1e-3 });
    expect([...f(x, gamma, beta).data]).toEqual([...Array(6)].flatMap(() => [1, 2, 3, 4, 5]));
    const { grads } = vjp((x: Tensor) => f(x, gamma, beta))(ones([6, 5]), x);
    expect([...grads.data].map((value) => value + 0)).toEqual(Array(30).fill(0));
  });

  it("keeps channels apart: NaN stays in its own", () => {
    const x = tensor(seededFloats(1, 35), [7, 5]);
    const spoiled = tensor(x.data.slice().fill(NaN, 17, 18), [7, 5]);
    const f = trained({ rows: 7, channels: 5, epsilon: 1e-3 });
    const [clean, other] = [x, spoiled].map((x) => f(x, ones([5]), zeros([5])).data);
    other.forEach((value, i) => expect(value).toBe(i % 5 === 2 ? NaN : clean[i]));
  });
});

describe("batchNorm in inference", () => {
  const running = (seed: number, channels: number) => ({
    mean: tensor(seededFloats(seed + 4, channels)),
    variance: tensor(seededFloats(seed + 5, channels, 0.1, 2)),
  });

  it("normalises by the running moments, and has the gradients of that line", () => {
    forAll(cases, 100, ({ sizes, x, gamma, beta, seed }) => {
      const { channels, epsilon } = sizes;
      const { mean, variance } = running(seed, channels);
      const f = (x: Tensor, gamma: Tensor, beta: Tensor) =>
        ops.batchNorm(x, gamma, beta, mean, variance, { epsilon }).output;
      const definition = (...[x, gamma, beta]: Float64Array[]) =>
        x.map((value, i) => {
          const c = i % channels;
          const deviation = Math.sqrt(variance.data[c] + epsilon);
          return (gamma[c] * (value - mean.data[c])) / deviation + beta[c];
        });
      expectDefined(f, definition, [x, gamma, beta], 2 ** -20, 2 ** -20);
      expectGradient(f, definition, [x, gamma, beta], seed);
    });
  });

  it("is the default, and hands the running moments back as they are", () => {
    const { x, gamma, beta } = caseOf({ rows: 4, channels: 3, epsilon: 1e-3 }, 1);
    const { mean, variance } = running(1, 3);
    const result = ops.batchNorm(x, gamma, beta, mean, variance);
    expect(result.runningMean).toBe(mean);
    expect(result.runningVariance).toBe(variance);
    const explicit = { training: false, epsilon: 1e-3, momentum: 0.5 };
    expectSame(result.output, ops.batchNorm(x, gamma, beta, mean, variance, explicit).output);
  });
});

describe("batchNorm", () => {
  it("takes all axes but the last as rows", () => {
    const { x, gamma, beta } = caseOf({ rows: 24, channels: 3, epsilon: 1e-3 }, 1);
    const [mean, variance] = [zeros([3]), ones([3])];
    for (const training of [true, false]) {
      const f = (x: Tensor) => ops.batchNorm(x, gamma, beta, mean, variance, { training }).output;
      const flat = f(x);
      for (const shape of [
        [4, 6, 3],
        [2, 3, 4, 3],
        [1, 24, 1, 3],
      ]) {
        expectSame(ops.reshape(f(ops.reshape(x, shape)), [24, 3]), flat);
      }
    }
  });

  it("gives each gradient alone as it gives it with the others", () => {
    const { x, gamma, beta, gradOutput } = caseOf({ rows: 9, channels: 5, epsilon: 1e-3 }, 1);
    const moments = [zeros([5]), ones([5])] as const;
    for (const training of [true, false]) {
      const f = (...inputs: readonly [Tensor, Tensor, Tensor]) =>
        ops.batchNorm(...inputs, ...moments, { training }).output;
      const all = vjp((p: readonly [Tensor, Tensor, Tensor]) => f(...p))(gradOutput, [x, gamma, beta]).grads;
      expectSame(vjp((x: Tensor) => f(x, gamma, beta))(gradOutput, x).grads, all[0]);
      expectSame(vjp((gamma: Tensor) => f(x, gamma, beta))(gradOutput, gamma).grads, all[1]);
      expectSame(vjp((beta: Tensor) => f(x, gamma, beta))(gradOutput, beta).grads, all[2]);
    }
  });

  it("gives the same result inside a scope, and leaves its inputs unchanged", () => {
    const { x, gamma, beta } = caseOf({ rows: 9, channels: 5, epsilon: 1e-3 }, 1);
    for (const training of [true, false]) {
      for (const part of ["output", "runningMean", "runningVariance"] as const) {
        const f = (...inputs: Tensor[]) => {
          const [x, gamma, beta, mean, variance] = inputs;
          return ops.batchNorm(x, gamma, beta, mean, variance, { training })[part];
        };
        expectPure(f, [x, gamma, beta, zeros([5]), ones([5])]);
      }
    }
  });

  const good = [ones([4, 3]), ones([3]), ones([3]), ones([3]), ones([3]), {}] as const;
  it.each<[number, unknown, ErrorConstructor, string]>([
    [0, [1, 2, 3], TypeError, "input"],
    [0, ones([3]), RangeError, "input.shape must have at least 2 axes"],
    [1, ones([4]), RangeError, "gamma.shape[0] must equal the input's last size 3"],
    [1, 1, TypeError, "gamma"],
    [2, ones([1]), RangeError, "beta.shape[0]"],
    [2, ones([1, 3]), RangeError, "beta"],
    [3, ones([2]), RangeError, "runningMean.shape[0]"],
    [4, ones([5]), RangeError, "runningVariance.shape[0]"],
    [4, undefined, TypeError, "runningVariance"],
    [5, { eps: 1e-5 }, TypeError, "options must have only the names"],
    [5, { training: 1 }, TypeError, "training"],
    [5, { epsilon: 0 }, RangeError, "epsilon"],
    [5, { epsilon: -1 }, RangeError, "epsilon"],
    [5, { momentum: 1.5 }, RangeError, "momentum"],
    [5, { momentum: NaN }, RangeError, "momentum"],
    [5, { runningVariance: "population" }, RangeError, "runningVariance"],
    [5, null, TypeError, "options"],
  ])("refuses as argument %i the value %o", (place, value, kind, start) => {
    const args = good.map((argument, i) => (i === place ? value : argument));
    const call = () => ops.batchNorm(...(args as unknown as Parameters<typeof ops.batchNorm>));
    expectRefused(call, kind, `batchNorm: ${start}`);
  });

  it("refuses an unbiased variance of one value, and takes the biased one", () => {
    const args = [ones([1, 3]), ones([3]), ones([3]), ones([3]), ones([3])] as const;
    const call = () => ops.batchNorm(...args, { training: true, runningVariance: "unbiased" });
    expectRefused(call, RangeError, "batchNorm: input.shape must have more than one value per channel");
    expect([...ops.batchNorm(...args, { training: true }).output.data]).toEqual([1, 1, 1]);
  });
});

describe("layerNorm", () => {
  /** Rows to mean 0 and variance 1: batch normalisation of the transposed, with factors along the other axis. */
  const definition =
    ({ channels, epsilon }: Sizes) =>
    (...[x, gamma, beta]: Float64Array[]) =>
      Float64Array.from(x, (value, i) => {
        const first = Math.floor(i / channels) * channels;
        const row = [...x.subarray(first, first + channels)];
        const mean = meanOf(row);
        const variance = meanOf(row.map((value) => (value - mean) ** 2));
        return (gamma[i % channels] * (value - mean)) / Math.sqrt(variance + epsilon) + beta[i % channels];
      });

  it("agrees with the definition, and has its gradients", () => {
    const rows = cases.filter(({ sizes }) => sizes.rows < 40 && sizes.epsilon > 1e-5);
    forAll(rows, 100, ({ sizes, x, gamma, beta, seed }) => {
      const f = (...[x, gamma, beta]: Tensor[]) => ops.layerNorm(x, gamma, beta, { epsilon: sizes.epsilon });
      expectDefined(f, definition(sizes), [x, gamma, beta], 2 ** -20, 2 ** -17);
      expectGradient(f, definition(sizes), [x, gamma, beta], seed);
    });
  });

  it("normalises along the last axis whatever stands before it, with epsilon 1e-5", () => {
    const { x, gamma, beta, sizes } = caseOf({ rows: 6, channels: 5, epsilon: 1e-5 }, 1);
    expectDefined(
      (...[x, gamma, beta]: Tensor[]) => ops.layerNorm(x, gamma, beta),
      definition(sizes),
      [x, gamma, beta],
      2 ** -20,
      2 ** -18,
    );
    const flat = ops.layerNorm(x, gamma, beta);
    const cube = ops.layerNorm(ops.reshape(x, [2, 3, 5]), gamma, beta);
    expectSame(ops.reshape(cube, [6, 5]), flat);
    const row = ops.layerNorm(ops.reshape(ops.slice(x, 0, 1), [5]), gamma, beta);
    expectSame(row, ops.reshape(ops.slice(flat, 0, 1), [5]));
    expectPure((...[x, gamma, beta]: Tensor[]) => ops.layerNorm(x, gamma, beta), [x, gamma, beta]);
  });

  it("refuses sizes that differ and options that it has not", () => {
    const [x, three] = [ones([2, 3]), ones([3])];
    expectRefused(() => ops.layerNorm(3 as never, three, three), TypeError, "layerNorm: input");
    expectRefused(() => ops.layerNorm(tensor(3), three, three), RangeError, "layerNorm: input.shape");
    expectRefused(() => ops.layerNorm(x, ones([2]), three), RangeError, "layerNorm: gamma.shape[0]");
    expectRefused(() => ops.layerNorm(x, three, ones([3, 1])), RangeError, "layerNorm: beta");
    expectRefused(() => ops.layerNorm(x, three, three, { epsilon: 0 }), RangeError, "layerNorm: epsilon");
    const misspelt = { eps: 1 } as never;
    expectRefused(() => ops.layerNorm(x, three, three, misspelt), TypeError, "layerNorm: options");
  });
});
