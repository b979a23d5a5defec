// Trees that are too deep, or that hold themselves, are refused wherever trees are walked.

import { describe, expect, it } from "vitest";
import {
  accumulateGradients,
  adagrad,
  adam,
  averageOf,
  chain,
  clipByGlobalNorm,
  clipByValue,
  globalNorm,
  grad,
  key,
  lectures,
  movingAverage,
  ops,
  rmsprop,
  saveModel,
  scope,
  sgd,
  tensor,
  type Tensor,
  valueAndGrad,
  vjp,
  weightDecay,
  writeTree,
  zeros,
} from "../../src/index.js";
import { copyTree, leavesOf, mapTree, MAX_DEPTH, tensorsOf } from "../../src/tensor/tree.js";
import { expectRefused } from "../support/refusals.js";

type Any = never;

const inObject = (): unknown => {
  const tree: Record<string, unknown> = { w: tensor([1]) };
  tree.self = tree;
  return tree;
};
const inArray = (): unknown => {
  const tree: unknown[] = [tensor([1])];
  tree.push({ more: [tree] });
  return tree;
};
const nested = (depth: number, inner: unknown = tensor([2])): unknown => {
  let tree = inner;
  for (let i = 0; i < depth; i++) tree = i % 2 === 0 ? [tree] : { in: tree };
  return tree;
};

const TREES: readonly [string, () => unknown][] = [
  ["holds itself in an object", inObject],
  ["holds itself in an array in an object in an array", inArray],
  ["is nested deeper than is walked", () => nested(MAX_DEPTH + 2)],
  ["is nested 100,000 deep", () => nested(100_000)],
  ["is nested 100,000 deep and holds nothing", () => nested(100_000, null)],
];

const w = () => ({ w: tensor([1]) });
const state = adam().init(w());

/** Calls with a tree, and how their refusals begin. */
const CALLS: Readonly<Record<string, readonly [start: string, call: (tree: Any) => unknown]>> = {
  tensorsOf: ["tree: tree", (tree) => tensorsOf(tree)],
  leavesOf: ["tree: tree", (tree) => leavesOf(tree)],
  mapTree: ["tree: tree", (tree) => mapTree(tree, (t) => t)],
  copyTree: ["tree: tree", (tree) => scope(() => copyTree(tree)) as unknown],
  "what a scope returns": ["scope: what f returns", (tree) => scope(() => tree as unknown)],
  "the parameters of vjp": ["vjp: params", (tree) => vjp(() => tensor(1))(tensor(1), tree)],
  "the parameters of grad": ["valueAndGrad: params", (tree) => grad(() => tensor(1))(tree)],
  "what a loss returns beside it": [
    "scope: what f returns",
    (tree) => valueAndGrad((x: Tensor) => [ops.sum(x), tree as unknown] as const)(tensor([1])),
  ],
  "adam.init": ["adam.init: params", (tree) => adam().init(tree)],
  "sgd.init": ["sgd.init: params", (tree) => sgd({ momentum: 0.5 }).init(tree)],
  "adagrad.init": ["adagrad.init: params", (tree) => adagrad().init(tree)],
  "rmsprop.init": ["rmsprop.init: params", (tree) => rmsprop().init(tree)],
  "movingAverage.init": ["movingAverage.init: params", (tree) => movingAverage(adam(), 0.9).init(tree)],
  "accumulateGradients.init": [
    "accumulateGradients.init: params",
    (tree) => accumulateGradients(adam(), 2).init(tree),
  ],
  "the parameters of an update": [
    "optimizer.update: params",
    (tree) => adam().update(w() as Any, state, tree),
  ],
  "the gradients of an update": [
    "adam.update: grads",
    (tree) => adam().update({ ...w(), more: tree } as Any, state, w() as Any),
  ],
  "the state of an update": ["optimizer.update: state", (tree) => adam().update(w(), tree, w())],
  "gradients in a chain": [
    "chain.update: grads",
    (tree) => chain(clipByGlobalNorm(1), adam()).update({ ...w(), more: tree } as Any, state, w() as Any),
  ],
  globalNorm: ["globalNorm: tree", (tree) => globalNorm(tree)],
  clipByValue: ["clipByValue: grads", (tree) => clipByValue(1)(tree)],
  clipByGlobalNorm: ["globalNorm: tree", (tree) => clipByGlobalNorm(1)(tree)],
  "weightDecay's parameters": ["weightDecay: params", (tree) => weightDecay(0.1)(w() as Any, tree)],
  averageOf: ["averageOf: params", (tree) => averageOf({ step: 0, average: {}, optimizer: 0 }, tree)],
  "saveModel's parameters": [
    "saveModel: params",
    (tree) => {
      const model = lectures.linear();
      const params = model.init(key(1));
      return saveModel(model, { ...params, weights: { ...params.weights, more: tree } });
    },
  ],
  writeTree: ["writeTree: tree", (tree) => writeTree(tree)],
};

describe("a tree that holds an array without end", () => {
  const endless: unknown[] = [];
  endless.length = 2 ** 31;
  // Files hold no holes: writeTree refuses the first.
  const { writeTree: _, ...calls } = CALLS;
  it.each(Object.entries(calls))("is refused by %s", (_name, [start, call]) => {
    expectRefused(() => call([Array.from({ length: 0 }), endless] as Any), RangeError, start);
  });
});

describe.each(TREES)("a tree that %s", (_, make) => {
  it.each(Object.entries(CALLS))("is refused by %s", (_name, [start, call]) => {
    expectRefused(() => call(make() as Any), RangeError, start);
  });
});

describe("a tree of the greatest depth", () => {
  const deep = nested(MAX_DEPTH) as { in: Any };

  it("is walked", () => {
    expect(tensorsOf(deep)).toHaveLength(1);
    expect(leavesOf(deep)[0]!.path).toHaveLength(MAX_DEPTH);
    expect(tensorsOf(mapTree(deep, () => zeros([3])))[0]!.shape).toEqual([3]);
    expect(globalNorm(deep)).toBe(2);
    expect(tensorsOf(scope(() => mapTree(deep, (t) => ops.scale(t, 3))))[0]!.data).toEqual(
      Float32Array.of(6),
    );
    const sum = (tree: unknown) => ops.sum(tensorsOf(tree)[0]!);
    expect(tensorsOf(grad(sum)(deep))[0]!.data).toEqual(Float32Array.of(1));
  });
});

describe("the same tensor in many places", () => {
  it("is no circle", () => {
    const t = tensor([3, 4]);
    expect(globalNorm({ a: t, b: [t, { c: t }] })).toBeCloseTo(Math.sqrt(75), 6);
  });
});
