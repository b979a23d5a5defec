// Laws of how losses become one number: means and sums over all elements, or over the hidden ones.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { autoencoder, dense, grad, item, key, ops, random, type Tensor, tensor } from "../../src/index.js";
import { reduceWhere } from "../../src/models/reconstructionLoss.js";
import { reals, seed } from "../support/arbitraries.js";
import { expectSame, forAll } from "../support/laws.js";

const cases = fc.record({
  count: fc.integer({ min: 1, max: 5 }),
  shape: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
  hasOneChannel: fc.boolean(),
  seed,
});

describe("a reconstruction", () => {
  it("is the mean over hidden elements, or their sum per example", () => {
    forAll(cases, 100, ({ count, shape, hasOneChannel, seed }) => {
      const full = [count, ...shape];
      const values = reals(full, seed);
      const channels = full[full.length - 1];
      const maskShape = hasOneChannel ? [...full.slice(0, -1), 1] : full;
      const drawn = random.bernoulli(key(seed), maskShape, 0.5).data.slice();
      drawn[0] = 1;
      const hidden = tensor(drawn, maskShape);
      let [sum, counted] = [0, 0];
      values.data.forEach((value, i) => {
        const isHidden = drawn[hasOneChannel ? Math.floor(i / channels) : i];
        sum += isHidden * value;
        counted += isHidden;
      });
      expect(item(reduceWhere("f", values, "mean", { hidden }))).toBeCloseTo(sum / counted, 5);
      expect(item(reduceWhere("f", values, "perExample", { hidden }))).toBeCloseTo(sum / count, 5);
      const total = values.data.reduce((a, b) => a + b, 0);
      expect(item(reduceWhere("f", values, "mean", {}))).toBeCloseTo(total / values.size, 5);
      expect(item(reduceWhere("f", values, "perExample", {}))).toBeCloseTo(total / count, 5);
    });
  });

  it("passes no gradient to what is not hidden", () => {
    const hidden = tensor([
      [1, 0, 0],
      [0, 1, 1],
    ]);
    const slopes = (reduction: "mean" | "perExample") =>
      grad((values: Tensor) => reduceWhere("f", values, reduction, { hidden }))(reals([2, 3], 1));
    expectSame(slopes("perExample"), ops.scale(hidden, 0.5));
    expectSame(slopes("mean"), ops.scale(hidden, 1 / 3));
  });

  it("of an autoencoder does not look at what is shown", () => {
    const model = autoencoder({ inputShape: [4], encoder: dense(2), decoder: dense(4) });
    const params = model.init(key(1));
    const x = reals([3, 4], 2);
    const hidden = tensor([
      [0, 1, 0, 0],
      [0, 0, 0, 0],
      [1, 1, 1, 0],
    ]);
    const target = ops.add(x, ops.scale(ops.sub(hidden, tensor(1)), 100));
    const loss = (targets: Tensor) => item(model.loss(params, { inputs: x, targets }, { hidden }).loss);
    expect(loss(target)).toBe(loss(x));
    const errors = ops.mul(ops.square(ops.sub(model.reconstruct(params, x), x)), hidden);
    expect(loss(x)).toBeCloseTo(item(ops.sum(errors)) / 4, 6);
  });
});
