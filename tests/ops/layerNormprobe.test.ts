// Laws of layer normalisation, against its definition in float64.

import { describe, it } from "vitest";
import { ones, ops, tensor, type Tensor } from "../../src/index.js";
import { expectDefined, expectGradient } from "../support/differentiable.js";
import { expectPure, expectSame, forAll } from "../support/laws.js";
import { caseOf, meanOf, normCases, type Sizes } from "../support/naiveNorm.js";
import { expectRefused } from "../support/refusals.js";

describe("layerNorm", () => {
  /** Each row to mean 0 and variance 1, then scaled and moved per feature. */
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
    const rows = normCases.filter(({ sizes }) => sizes.rows < 40 && sizes.epsilon > 1e-5);
    forAll(rows, 4000, ({ sizes, x, gamma, beta, seed }) => {
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
