// Laws of what is composed with optimizers: gradient transforms, chains, accumulation, moving averages.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  accumulateGradients,
  adam,
  averageOf,
  chain,
  clipByGlobalNorm,
  clipByValue,
  equals,
  globalNorm,
  movingAverage,
  type Optimizer,
  ops,
  scope,
  sgd,
  type Tensor,
  tensor,
  weightDecay,
} from "../../src/index.js";
import { updateInPlace } from "../../src/optimizers/optimizer.js";
import { copyTree, tensorsOf } from "../../src/tensor/tree.js";
import { reals, seed } from "../support/arbitraries.js";
import { forAll } from "../support/laws.js";
import { plain } from "../support/trees.js";

const treeOf = (seed: number) => ({ kernel: reals([3, 7], seed), heads: [reals([5], seed + 1)] });
type Params = ReturnType<typeof treeOf>;

/** Parameters and state after a series of gradients. */
function run<State>(
  optimizer: Optimizer<State>,
  start: Params,
  grads: readonly Params[],
): [params: Params, state: State] {
  let params = start;
  let state = optimizer.init(params);
  for (const grad of grads) [params, state] = optimizer.update(grad, state, params);
  return [params, state];
}

const gradsOf = (seed: number, count: number) =>
  Array.from({ length: count }, (_, i) => treeOf(seed + 10 * (i + 1)));

/** Both trees' numbers no further apart than the tolerance. */
function expectNearTrees(got: unknown, want: unknown, tolerance: number): void {
  const [left, right] = [tensorsOf(got), tensorsOf(want)];
  expect(left.length).toBe(right.length);
  left.forEach((t, i) => expect(equals(t, right[i], tolerance)).toBe(true));
}

describe("globalNorm", () => {
  it("is the norm of all numbers together", () => {
    forAll(seed, 30, (seed) => {
      const tree = treeOf(seed);
      const values = [...tree.kernel.data, ...tree.heads[0].data];
      expect(globalNorm(tree)).toBeCloseTo(Math.hypot(...values), 12);
    });
  });

  it("is 0 of nothing, NaN of NaN, and exact where squares overflow float32", () => {
    expect(globalNorm({})).toBe(0);
    expect(globalNorm([tensor([1, NaN])])).toBeNaN();
    expect(globalNorm([tensor([3e30]), tensor([4e30])]) / 5e30).toBeCloseTo(1, 6);
  });
});

describe("clipByGlobalNorm", () => {
  it("keeps the direction and bounds the norm", () => {
    const drawn = fc.record({ seed, maxNorm: fc.double({ min: 0.01, max: 2, noNaN: true }) });
    forAll(drawn, 50, ({ seed, maxNorm }) => {
      const grads = treeOf(seed);
      const clipped = clipByGlobalNorm(maxNorm)(grads);
      const factor = Math.min(1, maxNorm / globalNorm(grads));
      expect(globalNorm(clipped)).toBeLessThanOrEqual(maxNorm * (1 + 2 ** -22));
      expectNearTrees(
        clipped,
        { kernel: ops.scale(grads.kernel, factor), heads: [ops.scale(grads.heads[0], factor)] },
        1e-7,
      );
    });
  });

  it("leaves short gradients as they are", () => {
    const grads = treeOf(1);
    expect(clipByGlobalNorm(100)(grads)).toBe(grads);
    expect(clipByGlobalNorm(1)(tensor([0, 0])).data).toEqual(new Float32Array(2));
  });

  it("does not hide a NaN", () => {
    expect([...clipByGlobalNorm(1)(tensor([1, NaN])).data]).toEqual([NaN, NaN]);
  });
});

describe("clipByValue", () => {
  it("bounds every number and leaves those within", () => {
    forAll(seed, 20, (seed) => {
      const grads = treeOf(seed);
      const { kernel, heads } = clipByValue(0.25)(grads);
      const clip = (t: Tensor) => Array.from(t.data, (g) => Math.max(-0.25, Math.min(0.25, g)));
      expect([...kernel.data]).toEqual(clip(grads.kernel));
      expect([...heads[0].data]).toEqual(clip(grads.heads[0]));
    });
  });
});

describe("weightDecay", () => {
  it("adds the parameters' share to the gradients, where the mask says so", () => {
    const [grads, params] = [treeOf(1), treeOf(20)];
    const before = plain({ grads, params });
    const { kernel, heads } = weightDecay(0.5, { mask: (path) => path === "kernel" })(grads, params);
    expect(equals(kernel, ops.add(grads.kernel, ops.scale(params.kernel, 0.5)), 1e-7)).toBe(true);
    expect(equals(heads[0], grads.heads[0])).toBe(true);
    expect(plain({ grads, params })).toEqual(before);
  });

  it("before sgd and adam is their own weight decay", () => {
    forAll(seed, 10, (seed) => {
      const grads = gradsOf(seed, 4);
      for (const make of [sgd, adam]) {
        const [own] = run<unknown>(make({ learningRate: 0.1, weightDecay: 0.1 }), treeOf(seed), grads);
        const chained = chain<unknown>(weightDecay(0.1), make({ learningRate: 0.1 }));
        expectNearTrees(run(chained, treeOf(seed), grads)[0], own, 1e-5);
      }
    });
  });
});

describe("chain", () => {
  it("applies its transforms in their order, then updates", () => {
    const decay = weightDecay(1);
    const [grads, params] = [tensor([3]), tensor([10])];
    const descend = sgd({ learningRate: 1 });
    const after = (...transforms: (typeof decay)[]) => {
      const optimizer = chain(...transforms, descend);
      return optimizer.update(grads, optimizer.init(params), params)[0].data[0];
    };
    expect(after()).toBe(7);
    expect(after(clipByValue(1), decay)).toBe(-1);
    expect(after(decay, clipByValue(1))).toBe(9);
  });

  it("takes a user's function", () => {
    const double = <Grads>(grads: Grads): Grads => ops.scale(grads as Tensor, 2) as Grads;
    const optimizer = chain(double, sgd({ learningRate: 1 }));
    expect(optimizer.update(tensor([1]), optimizer.init(tensor([0])), tensor([0]))[0].data[0]).toBe(-2);
  });

  it("has the state of its optimizer", () => {
    const optimizer = chain(clipByValue(1), adam());
    expect(plain(optimizer.init(treeOf(1)))).toEqual(plain(adam().init(treeOf(1))));
  });
});

describe("accumulateGradients", () => {
  it("updates once in so many calls, with the mean", () => {
    const drawn = fc.record({
      seed,
      steps: fc.integer({ min: 1, max: 5 }),
      rounds: fc.integer({ min: 1, max: 3 }),
    });
    forAll(drawn, 30, ({ seed, steps, rounds }) => {
      const grads = gradsOf(seed, steps * rounds);
      const accumulating = accumulateGradients(adam({ learningRate: 0.1 }), steps);
      const mean = (round: number, pick: (tree: Params) => Tensor) => {
        const share = grads.slice(round * steps, (round + 1) * steps).map(pick);
        return ops.scale(
          share.reduce((sum, grad) => ops.add(sum, grad)),
          1 / steps,
        );
      };
      const means = Array.from({ length: rounds }, (_, round) => ({
        kernel: mean(round, (tree) => tree.kernel),
        heads: [mean(round, (tree) => tree.heads[0])],
      }));
      const [params, state] = run(accumulating, treeOf(seed), grads);
      expectNearTrees(params, run(adam({ learningRate: 0.1 }), treeOf(seed), means)[0], 1e-4);
      expect(state.count).toBe(0);
      expect(state.optimizer.step).toBe(rounds);
      expect(globalNorm(state.mean)).toBe(0);
    });
  });

  it("leaves the parameters alone in between", () => {
    const [params, state] = run(accumulateGradients(sgd(), 3), treeOf(1), gradsOf(1, 2));
    expect(plain(params)).toEqual(plain(treeOf(1)));
    expect([state.count, state.optimizer.step]).toEqual([2, 0]);
  });
});

describe("movingAverage", () => {
  it("is the mean of the parameters after each update, weighted by powers of the decay", () => {
    const drawn = fc.record({
      seed,
      decay: fc.double({ min: 0, max: 0.999, noNaN: true }),
      steps: fc.integer({ min: 1, max: 6 }),
    });
    forAll(drawn, 50, ({ seed, decay, steps }) => {
      const grads = gradsOf(seed, steps);
      const optimizer = movingAverage(sgd({ learningRate: 1 }), decay);
      const weights = grads.map((_, i) => decay ** (steps - 1 - i));
      const total = weights.reduce((sum, weight) => sum + weight);
      const series = grads.map((_, i) => run(optimizer, treeOf(seed), grads.slice(0, i + 1))[0].kernel.data);
      const [params, state] = run(optimizer, treeOf(seed), grads);
      averageOf(state, params).kernel.data.forEach((value, at) => {
        const sum = series.reduce((sum, values, i) => sum + weights[i] * values[at], 0);
        expect(Math.abs(value - sum / total)).toBeLessThan(1e-5);
      });
    });
  });

  it("leaves the optimizer's course as it is, and starts at the parameters", () => {
    const [plainParams, plainState] = run(adam(), treeOf(3), gradsOf(3, 4));
    const optimizer = movingAverage(adam(), 0.9);
    const [params, state] = run(optimizer, treeOf(3), gradsOf(3, 4));
    expect(plain([params, state.optimizer])).toEqual(plain([plainParams, plainState]));
    expect(plain(averageOf(optimizer.init(params), params))).toEqual(plain(params));
  });
});

/** An optimizer as a user would write it, that keeps the first gradients it is given as its state. */
const userMomentum: Optimizer<{ velocity: unknown }> = {
  init: () => ({ velocity: undefined }),
  update(grads, state, params) {
    const g = (grads as Params).kernel;
    const old = state.velocity as Tensor | undefined;
    const velocity = old === undefined ? g : ops.add(ops.scale(old, 0.5), g);
    const { kernel, heads } = params as Params;
    return [{ kernel: ops.sub(kernel, velocity), heads } as typeof params, { velocity }];
  },
};

describe("a composed optimizer", () => {
  const composed: [string, () => Optimizer][] = [
    ["chain", () => chain(clipByGlobalNorm(1), weightDecay(0.1), adam())],
    ["accumulateGradients", () => accumulateGradients(chain(clipByValue(0.5), adam()), 2)],
    ["movingAverage", () => movingAverage(sgd({ momentum: 0.9 }), 0.9)],
    ["all of them", () => chain(clipByValue(0.5), movingAverage(accumulateGradients(adam(), 2), 0.5))],
    [
      "a user's in them",
      () => movingAverage(accumulateGradients(chain(clipByValue(9), userMomentum), 2), 0.5),
    ],
  ];

  it.each(composed)("(%s) gives the same inside a scope, and in place", (_, make) => {
    const run = (update: (optimizer: Optimizer) => Optimizer["update"]) => {
      const optimizer = make();
      let params = scope(() => copyTree(treeOf(1)));
      let state = optimizer.init(params);
      for (const grad of gradsOf(1, 5)) [params, state] = update(optimizer)(grad, state, params);
      return plain({ params, state });
    };
    const outside = run(({ update }) => update);
    expect(scope(() => run(({ update }) => update))).toEqual(outside);
    expect(
      scope(() => run((optimizer) => (g, s, p) => updateInPlace(["run", "optimizer"], optimizer, g, s, p))),
    ).toEqual(outside);
  });

  it.each(composed)("(%s) leaves gradients, state and parameters as they were", (_, make) => {
    const optimizer = make();
    const [grads, params] = [treeOf(5), treeOf(1)];
    let state = optimizer.init(params);
    for (let step = 0; step < 3; step++) {
      const before = plain({ grads, state, params });
      const [, next] = optimizer.update(grads, state, params);
      expect(plain({ grads, state, params })).toEqual(before);
      state = next;
    }
  });
});
