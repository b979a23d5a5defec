// Laws of batch normalisation, against its definition in float64.

import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configure, full, ones, ops, tensor, type Tensor, vjp, zeros } from "../../src/index.js";
import { expectDefined, expectGradient } from "../support/differentiable.js";
import { expectNear, expectPure, expectSame, forAll } from "../support/laws.js";
import {
  boundOf,
  caseOf,
  conditionOf,
  gradientsOf,
  momentsOf,
  type NormCase,
  normalized,
  normCases,
  type Sizes,
} from "../support/naiveNorm.js";
import { expectRefused } from "../support/refusals.js";
import { seededFloats } from "../support/seeded.js";

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
    forAll(normCases, 4000, expectNormalized);
  });

  it.each(LARGE)("agrees over %i rows of %i channels", (rows, channels) => {
    expectNormalized(caseOf({ rows, channels, epsilon: 1e-3 }, rows));
  });
});

describe("batchNorm in training", () => {
  it("has the gradients of the definition along a random direction", () => {
    const varied = normCases.filter(({ sizes: { rows, epsilon } }) => rows > 2 && epsilon > 1e-5);
    forAll(varied, 4000, ({ sizes, x, gamma, beta, seed }) => {
      const definition = (...[x, gamma, beta]: Float64Array[]) => normalized(x, gamma, beta, sizes);
      expectGradient(trained(sizes), definition, [x, gamma, beta], seed);
    });
  });

  it("moves the running moments by both frameworks' conventions", () => {
    const moving = fc.record({
      drawn: normCases.filter(({ sizes }) => sizes.rows > 1),
      momentum: fc.constantFrom(0, 0.9, 0.99, 1),
      runningVariance: fc.constantFrom("biased" as const, "unbiased" as const),
    });
    forAll(moving, 4000, ({ drawn: { sizes, x, gamma, beta, seed }, momentum, runningVariance }) => {
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
    forAll(normCases, 4000, ({ sizes, x, gamma, beta, seed }) => {
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
