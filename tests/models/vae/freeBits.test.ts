// Laws of free bits: what is paid for, and no gradient where nothing is.

import { describe, expect, it } from "vitest";
import {
  dense,
  type FreeBits,
  grad,
  item,
  key,
  ops,
  tensor,
  type Tensor,
  vae,
  valueAndGrad,
} from "../../../src/index.js";
import { penalty } from "../../../src/models/vae/freeBits.js";
import { reals } from "../../support/arbitraries.js";
import { plain as plainTree } from "../../support/trees.js";

/** KL values of two examples: the means by dimension are 0.2, 1 and 3. */
const elements = tensor([
  [0.1, 1.5, 4],
  [0.3, 0.5, 2],
]);
const paid = (freeBits?: FreeBits) => valueAndGrad((kl: Tensor) => penalty(kl, freeBits))(elements);

describe("free bits", () => {
  it("absent leave the sum over dimensions, averaged over the batch", () => {
    const { value, grads } = paid();
    expect(item(value)).toBeCloseTo(4.2, 6);
    expect([...grads.data]).toEqual([0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
  });

  it("per dimension raise every dimension's mean to them, without a gradient below", () => {
    const { value, grads } = paid({ perDimension: 0.5 });
    expect(item(value)).toBeCloseTo(0.5 + 1 + 3, 6);
    expect([...grads.data]).toEqual([0, 0.5, 0.5, 0, 0.5, 0.5]);
    expect(item(paid({ perDimension: 1.5 }).value)).toBeCloseTo(1.5 + 1.5 + 3, 6);
    expect([...paid({ perDimension: 10 }).grads.data]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it("in total raise the sum to them, without a gradient below", () => {
    const above = paid({ total: 4 });
    expect(item(above.value)).toBeCloseTo(4.2, 6);
    expect([...above.grads.data]).toEqual([0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
    const below = paid({ total: 5 });
    expect(item(below.value)).toBe(5);
    expect([...below.grads.data]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it("of nothing cost what none do", () => {
    const plain = paid();
    for (const freeBits of [{ perDimension: 0 }, { total: 0 }]) {
      expect(item(paid(freeBits).value)).toBeCloseTo(item(plain.value), 6);
      expect(paid(freeBits).grads.data).toEqual(plain.grads.data);
    }
  });

  it("change a VAE's loss and gradient, and leave the term kl as it is", () => {
    const layers = { inputShape: [3], latentSize: 2, encoder: dense(4), decoder: dense(3) };
    const likelihood = { type: "gaussian", gamma: 1 } as const;
    const [plain, free] = [{}, { freeBits: { total: 50 } }].map((more) =>
      vae({ ...layers, likelihood, beta: 2, ...more }),
    );
    const { weights, state } = plain.init(key(1));
    const x = reals([6, 3], 2);
    const result = (model: typeof plain) => model.loss({ weights, state }, x, { key: key(3) });
    const [before, after] = [plain, free].map(result);
    expect(item(after.terms.kl)).toBeCloseTo(item(before.terms.kl), 6);
    expect(item(after.loss)).toBeCloseTo(item(after.terms.reconstruction) + 2 * 50, 4);
    // With all of it free, the weights follow the reconstruction alone.
    const slopes = (f: (own: typeof weights) => Tensor) => JSON.stringify(plainTree(grad(f)(weights)));
    const alone = slopes(
      (own) => plain.loss({ weights: own, state }, x, { key: key(3) }).terms.reconstruction,
    );
    const paidNothing = slopes((own) => free.loss({ weights: own, state }, x, { key: key(3) }).loss);
    const paidAll = slopes((own) =>
      ops.scale(plain.loss({ weights: own, state }, x, { key: key(3) }).loss, 1),
    );
    expect(paidNothing).toBe(alone);
    expect(paidAll).not.toBe(alone);
  });
});
