// Laws of the normalisation layers: they are their operations, and the state of a batch norm moves in training only.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { batchNorm, type BatchNormLayerOptions, key, layerNorm, ops } from "../../src/index.js";
import { reals, seed } from "../support/arbitraries.js";
import { expectSame, forAll } from "../support/laws.js";
import { expectRefused } from "../support/refusals.js";

const options: fc.Arbitrary<BatchNormLayerOptions> = fc.record(
  {
    momentum: fc.constantFrom(0, 0.5, 0.9, 1),
    epsilon: fc.constantFrom(1e-5, 0.1),
    runningVariance: fc.constantFrom("biased" as const, "unbiased" as const),
  },
  { requiredKeys: [] },
);

const cases = fc.record({
  options,
  shape: fc.array(fc.integer({ min: 2, max: 6 }), { minLength: 2, maxLength: 4 }),
  seed,
});

/** Parameters and state away from where they begin; variances positive. */
function treesOf(channels: number, seed: number) {
  const positive = (seed: number) => ops.add(ops.square(reals([channels], seed)), 0.5);
  return {
    params: { gamma: reals([channels], seed), beta: reals([channels], seed + 1) },
    state: { movingMean: reals([channels], seed + 2), movingVariance: positive(seed + 3) },
  };
}

describe("batchNorm", () => {
  it("is the operation, in training and inference, and hands its moments on as state", () => {
    forAll(cases, 60, ({ options, shape, seed }) => {
      const { params, state } = treesOf(shape.at(-1) as number, seed);
      const { gamma, beta } = params;
      const x = reals(shape, seed + 4);
      for (const training of [true, false]) {
        const applied = batchNorm(options).apply(params, state, x, { training });
        const all = { ...options, training };
        const wanted = ops.batchNorm(x, gamma, beta, state.movingMean, state.movingVariance, all);
        expectSame(applied.output, wanted.output);
        expectSame(applied.state.movingMean, wanted.runningMean);
        expectSame(applied.state.movingVariance, wanted.runningVariance);
      }
    });
  });

  it("is in inference unless told otherwise, and then leaves its state as it is", () => {
    const { params, state } = treesOf(3, 1);
    const x = reals([5, 3], 2);
    const layer = batchNorm();
    expect(layer.apply(params, state, x).state).toEqual(state);
    expectSame(
      layer.apply(params, state, x).output,
      layer.apply(params, state, x, { training: false }).output,
    );
    expect(layer.apply(params, state, x, { training: true }).state).not.toEqual(state);
  });

  it("begins with scale 1, offset 0, mean 0 and variance 1", () => {
    const { params, state } = batchNorm().init(key(1), [4, 2]);
    expect([...params.gamma.data, ...params.beta.data]).toEqual([1, 1, 0, 0]);
    expect([...state.movingMean.data, ...state.movingVariance.data]).toEqual([0, 0, 1, 1]);
  });

  it.each<[unknown, ErrorConstructor, string]>([
    [{ momentum: 1.1 }, RangeError, "momentum"],
    [{ momentum: "0.9" }, TypeError, "momentum"],
    [{ epsilon: 0 }, RangeError, "epsilon"],
    [{ epsilon: NaN }, RangeError, "epsilon"],
    [{ runningVariance: "sample" }, RangeError, "runningVariance"],
    [{ training: true }, TypeError, "options must have only the names"],
    [{ eps: 1e-5 }, TypeError, "options must have only the names"],
    [3, TypeError, "options"],
  ])("refuses the options %o when it is made", (options, kind, start) => {
    expectRefused(() => batchNorm(options as never), kind, `batchNorm: ${start}`);
  });
});

describe("layerNorm", () => {
  it("is the operation, the same in training and inference", () => {
    forAll(cases, 40, ({ shape, seed }) => {
      const { params } = treesOf(shape.at(-1) as number, seed);
      const x = reals(shape, seed + 4);
      for (const options of [{}, { epsilon: 0.1 }]) {
        const wanted = ops.layerNorm(x, params.gamma, params.beta, options);
        expectSame(layerNorm(options).apply(params, {}, x).output, wanted);
        expectSame(layerNorm(options).apply(params, {}, x, { training: true }).output, wanted);
      }
    });
  });

  it("begins with scale 1 and offset 0", () => {
    const { params } = layerNorm().init(key(1), [4, 2]);
    expect([...params.gamma.data, ...params.beta.data]).toEqual([1, 1, 0, 0]);
  });

  it("refuses options that it has not when it is made", () => {
    expectRefused(() => layerNorm({ epsilon: 0 }), RangeError, "layerNorm: epsilon");
    expectRefused(() => layerNorm({ axis: 1 } as never), TypeError, "layerNorm: options");
  });
});

describe.each([
  ["batchNorm", batchNorm],
  ["layerNorm", layerNorm],
] as const)("%s", (name, make) => {
  it("refuses an input without an axis", () => {
    const message = `${name}: input shape must have at least one axis`;
    expectRefused(() => make().outputShape([]), RangeError, message);
    expectRefused(() => make().init(key(1), []), RangeError, message);
  });
});
