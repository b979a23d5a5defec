// Laws of the ready-made optimizers: their numbers, that they are pure, that their states are plain data.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  adagrad,
  adam,
  adamw,
  equals,
  type Optimizer,
  ops,
  rmsprop,
  scope,
  sgd,
  type Tensor,
  tensor,
  zeros,
} from "../../src/index.js";
import { updateInPlace } from "../../src/optimizers/optimizer.js";
import { copyTree, mapTree } from "../../src/tensor/tree.js";
import { reals, seed } from "../support/arbitraries.js";
import { forAll } from "../support/laws.js";
import {
  adagradDirection,
  adamDirection,
  type Direction,
  follow,
  rmspropDirection,
  sgdDirection,
} from "../support/naiveOptimizers.js";
import { plain, restored } from "../support/trees.js";

const within = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const flag = fc.boolean();
const epsilon = fc.constantFrom(1e-8, 1e-7, 1e-3);

/** An optimizer with options drawn for it, and the course its definition takes. */
interface Drawn {
  readonly make: (shared: Shared) => Optimizer;
  readonly direction: () => Direction;
  readonly decoupled: boolean;
}
interface Shared {
  readonly learningRate: number | ((step: number) => number);
  readonly weightDecay: number;
}

const momentum = fc.oneof(fc.constant(0), within(0.1, 0.99));
const adamSettings = fc.record({
  beta1: within(0, 0.95),
  beta2: within(0.9, 0.9999),
  epsilon,
  epsilonHat: flag,
});

const families: Record<string, fc.Arbitrary<Drawn>> = {
  sgd: fc
    .record({ momentum, nesterov: flag })
    .map(({ momentum, nesterov }) => ({ momentum, nesterov: nesterov && momentum > 0 }))
    .map((own) => ({
      make: (shared) => sgd({ ...shared, ...own }),
      direction: () => sgdDirection(own),
      decoupled: false,
    })),
  adam: adamSettings.map((own) => ({
    make: (shared) => adam({ ...shared, ...own }),
    direction: () => adamDirection(own),
    decoupled: false,
  })),
  adamw: adamSettings.map((own) => ({
    make: (shared) => adamw({ ...shared, ...own }),
    direction: () => adamDirection(own),
    decoupled: true,
  })),
  // A decay near 0 leaves a centered variance to rounding.
  rmsprop: fc
    .record({ decay: within(0.3, 0.99), momentum, epsilon, centered: flag, epsilonInsideRoot: flag })
    .map((own) => ({
      make: (shared) => rmsprop({ ...shared, ...own }),
      direction: () => rmspropDirection(own),
      decoupled: false,
    })),
  adagrad: fc
    .record({ initialAccumulator: fc.constantFrom(0, 0.1, 1), epsilon, epsilonInsideRoot: flag })
    .map((own) => ({
      make: (shared) => adagrad({ ...shared, ...own }),
      direction: () => adagradDirection(own),
      decoupled: false,
    })),
};

/** A small tree of parameters with odd sizes. */
const treeOf = (seed: number) => ({
  encoder: [{ kernel: reals([3, 3, 1, 3], seed), bias: reals([3], seed + 1) }, {}],
  logVar: reals([], seed + 2),
});
type Params = ReturnType<typeof treeOf>;

const leaves = ({ encoder: [first], logVar }: Params): Tensor[] =>
  [first.kernel, first.bias, logVar].filter((leaf) => leaf !== undefined);

const shared = fc.record({
  learningRate: within(1e-4, 0.1),
  isSchedule: flag,
  weightDecay: fc.oneof(fc.constant(0), within(1e-5, 0.1)),
});

describe.each(Object.entries(families))("%s", (_, family) => {
  const drawn = fc.record({ family, shared, seed, steps: fc.integer({ min: 1, max: 8 }) });

  it("agrees with its definition in float64", () => {
    forAll(drawn, 150, ({ family: { make, direction, decoupled }, shared, seed, steps }) => {
      const { learningRate, isSchedule, weightDecay } = shared;
      const rate = (step: number) => learningRate / (isSchedule ? 1 + step : 1);
      const optimizer = make({ learningRate: isSchedule ? rate : learningRate, weightDecay });
      const start = treeOf(seed);
      const grads = Array.from({ length: steps }, (_, step) => treeOf(seed + 10 * (step + 1)));
      let params = start;
      let state = optimizer.init(params);
      for (const grad of grads) [params, state] = optimizer.update(grad, state, params);
      leaves(params).forEach((got, at) => {
        got.data.forEach((value, i) => {
          const series = grads.map((grad) => leaves(grad)[at].data[i]);
          const course = { direction: direction(), rate, weightDecay, decoupled };
          const { end, way } = follow(leaves(start)[at].data[i], series, course);
          // Each step rounds its way a few times; means of gradients with changing signs cancel, and so does a
          // centered variance.
          expect(Math.abs(value - end)).toBeLessThanOrEqual(2 ** -16 * way);
        });
      });
    });
  });

  const oneDrawn = fc.record({ family, seed });
  const settings: Shared = { learningRate: 0.05, weightDecay: 0.01 };

  it("leaves gradients, state and parameters as they were", () => {
    forAll(oneDrawn, 20, ({ family: { make }, seed }) => {
      const optimizer = make(settings);
      const [params, grads] = [treeOf(seed), treeOf(seed + 10)];
      const [second, state] = optimizer.update(grads, optimizer.init(params), params);
      const before = plain({ grads, state, second });
      optimizer.update(grads, state, second);
      expect(plain({ grads, state, second })).toEqual(before);
      expect(plain(params)).toEqual(plain(treeOf(seed)));
    });
  });

  it("gives the same inside a scope, and in place", () => {
    forAll(oneDrawn, 20, ({ family: { make }, seed }) => {
      const optimizer = make(settings);
      const run = (update: Optimizer["update"]) => {
        let params = scope(() => copyTree(treeOf(seed)));
        let state = optimizer.init(params);
        for (const step of [1, 2, 3]) [params, state] = update(treeOf(seed + step), state, params);
        return { params, state };
      };
      const outside = run(optimizer.update);
      const inside = scope(() => run(optimizer.update));
      const inPlace = scope(() =>
        run((grads, state, params) => {
          const [next, nextState] = updateInPlace(["run", "optimizer"], optimizer, grads, state, params);
          expect(next).toBe(params);
          return [next, nextState];
        }),
      );
      for (const other of [inside, inPlace]) {
        expect(plain(other)).toEqual(plain(outside));
      }
    });
  });

  it("goes on from a state that was written as JSON and read back", () => {
    forAll(oneDrawn, 20, ({ family: { make }, seed }) => {
      const optimizer = make(settings);
      const grads = treeOf(seed + 10);
      const [params, state] = optimizer.update(grads, optimizer.init(treeOf(seed)), treeOf(seed));
      const again = restored(plain(state)) as typeof state;
      expect(plain(optimizer.update(grads, again, params))).toEqual(
        plain(optimizer.update(grads, state, params)),
      );
    });
  });
});

describe("every optimizer", () => {
  const learningRate = (step: number) => 0.3 / (1 + step / 20);
  it.each<[string, Optimizer]>([
    ["sgd", sgd({ learningRate: 0.15 })],
    ["momentum", sgd({ learningRate: 0.05, momentum: 0.9 })],
    ["Nesterov", sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true })],
    ["adam", adam({ learningRate })],
    ["epsilonHat", adam({ learningRate, epsilonHat: true })],
    ["adamw", adamw({ learningRate, weightDecay: 0 })],
    ["rmsprop", rmsprop({ learningRate })],
    ["centered rmsprop", rmsprop({ learningRate, centered: true, momentum: 0.5, epsilon: 1e-3 })],
    ["adagrad", adagrad({ learningRate: 1 })],
  ])(
    "(%s) comes to the bottom of a bowl ten times as steep in one direction as in another",
    (_, optimizer) => {
      const goal = reals([10], 1);
      const steepness = tensor(Float32Array.from({ length: 10 }, (_, i) => i + 1));
      let params = zeros([10]);
      let state = optimizer.init(params);
      for (let step = 0; step < 1000; step++) {
        [params, state] = scope(() =>
          optimizer.update(ops.mul(steepness, ops.sub(params, goal)), state, params),
        );
      }
      expect(equals(params, goal, 0.01)).toBe(true);
    },
  );
});

describe("adam", () => {
  it("corrects its bias in float64: the first step has the length of the rate", () => {
    // In float32, 1 − 0.999 is off by 2e-5 of itself.
    const optimizer = adam({ learningRate: 1, epsilon: 0 });
    const grads = tensor([3, -1e-3, 1e4]);
    const [params] = optimizer.update(grads, optimizer.init(zeros([3])), zeros([3]));
    expect(equals(params, tensor([-1, 1, -1]), 2e-7)).toBe(true);
  });
});

describe("a mask", () => {
  const params = { encoder: [{ kernel: tensor([1]), bias: tensor([1]) }], head: { kernel: tensor([1]) } };
  const none = mapTree(params, () => tensor([0]));
  const decayed = {
    encoder: [{ kernel: tensor([0.5]), bias: tensor([1]) }],
    head: { kernel: tensor([0.5]) },
  };

  it.each([
    ["a function of the path", (path: string) => path.endsWith("kernel")],
    ["a tree", { encoder: [{ kernel: true, bias: false }], head: { kernel: true } }],
    ["a tree that ends early", { encoder: [{ kernel: true, bias: false }], head: true }],
  ])("as %s says what decays", (_, mask) => {
    for (const make of [adamw, sgd, rmsprop, adagrad]) {
      const optimizer: Optimizer = make({ learningRate: 0.5, weightDecay: 1, mask });
      const [next] = optimizer.update(none, optimizer.init(params), params);
      expect(equals(next.encoder[0].bias, tensor([1]))).toBe(true);
      expect(next.head.kernel.data[0]).toBeLessThan(1);
      expect(equals(next.head.kernel, next.encoder[0].kernel)).toBe(true);
    }
    const optimizer = adamw({ learningRate: 0.5, weightDecay: 1, mask });
    const [next] = optimizer.update(none, optimizer.init(params), params);
    expect(plain(next)).toEqual(plain(decayed));
  });

  it("is asked with paths as code writes them, and with the parameter", () => {
    const asked: unknown[] = [];
    const mask = (path: string, parameter: Tensor) => asked.push([path, parameter.size]) > 0;
    const optimizer = sgd({ mask });
    optimizer.update(none, optimizer.init(params), params);
    expect(asked).toEqual([
      ["encoder[0].kernel", 1],
      ["encoder[0].bias", 1],
      ["head.kernel", 1],
    ]);
  });
});

describe("trees", () => {
  it("are matched by name, in any order of their entries", () => {
    const optimizer = sgd({ learningRate: 1 });
    const params = { a: tensor([1]), b: tensor([2]) };
    const [next] = optimizer.update({ b: tensor([20]), a: tensor([10]) }, optimizer.init(params), params);
    expect(plain(next)).toEqual(plain({ a: tensor([-9]), b: tensor([-18]) }));
  });
});
