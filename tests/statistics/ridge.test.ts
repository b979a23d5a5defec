// Laws of ridge regression: exact on what is linear, and the stationary point of its penalised squares.

import { describe, expect, it } from "vitest";
import { key, ops, random, tensor } from "../../src/index.js";
import { ridge, solveInPlace } from "../../src/statistics/ridge.js";

describe("solveInPlace", () => {
  it("solves a positive definite system, reading the upper half only", () => {
    const matrix = Float64Array.of(4, 2, 1, NaN, 5, 3, NaN, NaN, 6);
    const solution = [1, -2, 3, 4, 0.5, -1];
    const full = [4, 2, 1, 2, 5, 3, 1, 3, 6];
    const right = Float64Array.from({ length: 6 }, (_, i) => {
      const [row, column] = [Math.floor(i / 2), i % 2];
      return [0, 1, 2].reduce((sum, k) => sum + full[row * 3 + k] * solution[k * 2 + column], 0);
    });
    solveInPlace(matrix, 3, right, 2);
    right.forEach((value, i) => expect(value).toBeCloseTo(solution[i], 12));
  });
});

describe("ridge", () => {
  const features = random.normal(key(1), [200, 5], { mean: 2 });

  it("finds the weights of a linear law", () => {
    const weights = tensor([
      [1, 0],
      [-2, 1],
      [0.5, 3],
      [0, -1],
      [2, 0],
    ]);
    const mean = ops.mean(features, { axis: 0 });
    const fit = ridge(features, ops.matmul(ops.sub(features, mean), weights), 1e-9);
    fit.weights.data.forEach((value, i) => expect(value).toBeCloseTo(weights.data[i], 4));
    fit.mean.data.forEach((value, i) => expect(value).toBeCloseTo(mean.data[i], 5));
  });

  it("makes residuals orthogonal to features but for the penalty's pull", () => {
    const targets = random.normal(key(2), [200, 1]);
    const penalty = 0.1;
    const { mean, weights } = ridge(features, targets, penalty);
    const centred = ops.sub(features, mean);
    const residuals = ops.sub(targets, ops.matmul(centred, weights));
    const pull = (penalty * ops.sum(ops.square(centred)).data[0]) / 5;
    const left = ops.matmul(ops.transpose(centred), residuals).data;
    left.forEach((value, i) => expect(value).toBeCloseTo(pull * weights.data[i], 3));
  });

  it("predicts nothing from features that do not vary", () => {
    const targets = random.normal(key(2), [60, 2]);
    const { mean, weights } = ridge(tensor(new Float32Array(180).fill(5.1), [60, 3]), targets, 0.1);
    expect([...mean.data]).toEqual([5.1, 5.1, 5.1].map(Math.fround));
    expect([...weights.data]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
