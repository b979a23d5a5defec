// What users hand in, optimizers and models of their own, gives back whatever it likes: each kind of rubbish is refused
// by the function that was given it, with the name of what gave it, and nothing has changed then.

import { describe, expect, it } from "vitest";
import {
  accumulateGradients,
  adam,
  chain,
  clipByValue,
  createTrainer,
  fit,
  type GradientTransform,
  key,
  type Model,
  movingAverage,
  type Optimizer,
  runtimeInfo,
  saveModel,
  sgd,
  summary,
  type Tensor,
  tensor,
} from "../../src/index.js";
import { isRefusal } from "../../src/check/check.js";
import { errorOf } from "../support/refusals.js";
import { forEvery, NO_WEIGHTS, PLAIN, released, type Rubbish, STATES, STRANGE } from "../support/rubbish.js";
import { bitsOf, counting, pureSgd, recorder } from "../support/training.js";

/** What a call refused, as text; the test fails where it was not refused in the library's form. */
function refusalOf(call: () => unknown): string {
  const { used } = runtimeInfo().memory;
  const error = errorOf(call);
  expect(runtimeInfo().memory.used).toBe(used);
  // A tensor whose scope has ended is told by its own words.
  expect(String(error)).toMatch(/ must |is released|has ended/);
  expect(isRefusal(error), String(error)).toBe(true);
  return (error as Error).message;
}

/** Every place that takes an optimizer, and the name that it has there. */
const PLACES: readonly (readonly [name: string, argument: string, wrap: (own: Optimizer) => Optimizer])[] = [
  ["Trainer", "optimizer", (own) => own],
  ["chain", "links[1]", (own) => chain(clipByValue(9), own)],
  ["accumulateGradients", "optimizer", (own) => accumulateGradients(own, 1) as Optimizer],
  ["movingAverage", "optimizer", (own) => movingAverage(own, 0.5) as Optimizer],
  ["chain", "links[0]", (own) => movingAverage(chain(own), 0.5) as Optimizer],
];

describe.each(PLACES)("an optimizer of one's own (%s, %s)", (place, argument, wrap) => {
  const start = pureSgd(1).init;
  const whoseInit = place === "Trainer" ? "createTrainer" : `${place}.init`;
  const whoseUpdate = place === "Trainer" ? "Trainer.step" : `${place}.update`;

  it("whose init gives rubbish is refused", () =>
    forEvery(STATES, (make) => {
      const { model } = recorder();
      const optimizer = wrap({ ...pureSgd(), init: make } as Optimizer);
      const message = refusalOf(() => createTrainer(model, { key: key(1), optimizer }));
      expect(message.startsWith(`${whoseInit}: ${argument}.init`), message).toBe(true);
    }));

  const UPDATES: Rubbish = {
    ...STRANGE,
    ...PLAIN,
    "no list": () => ({ params: tensor([1]), state: {} }),
    "one entry": () => [{ w: tensor([1]) }],
    "three entries": () => [{ w: tensor([1]) }, {}, {}],
    ...Object.fromEntries(
      Object.entries(NO_WEIGHTS).map(([name, make]) => [`${name} for a weight`, () => [{ w: make() }, {}]]),
    ),
    "parameters without names": () => [tensor([1]), {}],
    "one tensor more": () => [{ w: tensor([1]), v: tensor([1]) }, {}],
    "a released weight": () => [{ w: released() }, {}],
    "a released tensor as state": () => [{ w: tensor([2]) }, { v: released() }],
    ...Object.fromEntries(
      Object.entries(STATES).map(([name, make]) => [`${name} as state`, () => [{ w: tensor([2]) }, make()]]),
    ),
  };

  it("whose update gives rubbish is refused, and nothing changes", () =>
    forEvery(UPDATES, (make, name) => {
      const { model } = recorder();
      let isBad = false;
      const good = pureSgd();
      const update: Optimizer["update"] = (grads, state, params) =>
        isBad ? (make() as never) : (good.update(grads, state, params) as never);
      const optimizer = wrap({ init: start, update });
      const trainer = createTrainer(model, { key: key(1), optimizer });
      trainer.step(counting(3));
      const before = bitsOf(trainer.state());
      isBad = true;
      const message = refusalOf(() => trainer.step(counting(3)));
      const isNamed = message.startsWith(`${whoseUpdate}: ${argument}.update`);
      expect(isNamed, message).toBe(!name.includes("released"));
      expect(bitsOf(trainer.state())).toEqual(before);
      // And training goes on as if there had been no such step.
      isBad = false;
      trainer.step(counting(3));
      const other = createTrainer(model, { key: key(1), optimizer });
      other.step(counting(3));
      other.step(counting(3));
      expect(bitsOf(trainer.state())).toEqual(bitsOf(other.state()));
    }));
});

describe("an optimizer of the library", () => {
  it("whose update was replaced by its user's does what that one does", () => {
    const { model } = recorder();
    const base = sgd({ learningRate: 1 });
    const still: Optimizer = { ...base, update: (_, state, params) => [params, state] } as Optimizer;
    const trainer = createTrainer(model, { key: key(1), optimizer: still });
    trainer.step(counting(3));
    expect([...(trainer.params().weights.w as Tensor).data]).toEqual([0.5]);
  });

  it("goes on from a file with one inside that makes its state when it first updates", () => {
    const { model } = recorder();
    const lazy: Optimizer = {
      init: () => ({}),
      update: (grads, _, params) => [params, { velocity: grads }] as never,
    };
    const make = () => createTrainer(model, { key: key(1), optimizer: chain(clipByValue(9), lazy) });
    const trainer = make();
    trainer.step(counting(3));
    const other = make();
    other.restore(trainer.state());
    expect(bitsOf(other.state())).toEqual(bitsOf(trainer.state()));
  });

  it("refuses to go on from rubbish as the state of a user's", () =>
    forEvery(STATES, (make) => {
      const { model } = recorder();
      const trainer = createTrainer(model, { key: key(1), optimizer: pureSgd() as Optimizer });
      const before = trainer.state();
      const message = refusalOf(() => trainer.restore({ ...before, optimizer: make() }));
      expect(message).toMatch(/^Trainer\.restore: state\.optimizer/);
      expect(bitsOf(trainer.state())).toEqual(bitsOf(before));
    }));

  it("keeps the sum of gradients where the update after the last of them is refused", () => {
    const { model } = recorder();
    let rate = 0.1;
    const optimizer = accumulateGradients(sgd({ learningRate: () => rate }), 2);
    const trainer = createTrainer(model, { key: key(1), optimizer: optimizer as Optimizer });
    trainer.step(counting(3));
    const before = bitsOf(trainer.state());
    rate = NaN;
    expect(refusalOf(() => trainer.step(counting(3)))).toMatch(/^sgd: learningRate\(0\) must be/);
    expect(bitsOf(trainer.state())).toEqual(before);
  });
});

describe("a gradient transform of one's own", () => {
  it("that gives rubbish is refused by name", () =>
    forEvery(NO_WEIGHTS, (make) => {
      const { model } = recorder();
      const bad = (() => ({ w: make() })) as unknown as GradientTransform;
      const trainer = createTrainer(model, { key: key(1), optimizer: chain(clipByValue(9), bad, adam()) });
      const before = bitsOf(trainer.state());
      expect(refusalOf(() => trainer.step(counting(3)))).toMatch(/^chain\.update: links\[1\]/);
      expect(bitsOf(trainer.state())).toEqual(before);
    }));

  it("that gives rubbish alone is refused by name", () =>
    forEvery({ ...STRANGE, ...PLAIN }, (make) => {
      const { model } = recorder();
      const bad = (() => make()) as unknown as GradientTransform;
      const trainer = createTrainer(model, { key: key(1), optimizer: chain(bad, adam()) });
      expect(refusalOf(() => trainer.step(counting(3)))).toMatch(/^chain\.update: links\[0\]/);
    }));
});

/** Places that take a model and make parameters of it. */
const INITS: Readonly<Record<string, (model: Model) => unknown>> = {
  createTrainer: (model) => createTrainer(model, { key: key(1) }),
  saveModel: (model) => saveModel(model, { weights: {}, state: {} }),
  summary: (model) => summary(model),
};

const NO_TREES: Rubbish = {
  ...STRANGE,
  ...PLAIN,
  "a tensor": () => tensor([1]),
  "a list": () => [tensor([1])],
  ...Object.fromEntries(
    Object.entries({ ...STRANGE, ...PLAIN }).map(([name, make]) => [`${name} inside`, () => ({ w: make() })]),
  ),
  "text, deep": () => ({ encoder: [{ kernel: tensor([1]), name: "dense" }] }),
};

describe("a model of one's own", () => {
  const PARAMS: Rubbish = {
    ...STRANGE,
    ...PLAIN,
    "a list": () => [tensor([1])],
    "a tensor": () => tensor([1]),
    "weights alone": () => ({ weights: { w: tensor([1]) } }),
    "state alone": () => ({ state: {} }),
    ...Object.fromEntries(
      Object.entries(NO_TREES).flatMap(([name, make]) => [
        [`${name} as weights`, () => ({ weights: make(), state: {} })],
        [`${name} as state`, () => ({ weights: { w: tensor([1]) }, state: make() })],
      ]),
    ),
  };

  describe.each(Object.entries(INITS))("%s", (place, use) => {
    it("refuses an init that gives rubbish", () =>
      forEvery(PARAMS, (make) => {
        const model = { ...recorder().model, init: make } as Model;
        const message = refusalOf(() => use(model));
        expect(message.startsWith(`${place}: model.init`), message).toBe(true);
      }));
  });

  it("is refused by fit where its init gives rubbish", () =>
    forEvery(PARAMS, async (make) => {
      const model = { ...recorder().model, init: make } as Model;
      await expect(fit(model, counting(4), { key: key(1), epochs: 1 })).rejects.toThrow(/^fit: model\.init/);
    }));

  const good = () => ({
    loss: tensor(1),
    terms: { reconstruction: tensor(1) },
    state: { uses: tensor([1]) },
  });
  const NO_SCALAR: Rubbish = { ...NO_WEIGHTS, "two numbers": () => tensor([1, 2]) };
  const LOSSES: Rubbish = {
    ...STRANGE,
    ...PLAIN,
    "a tensor": () => tensor(1),
    "nothing in it": () => ({}),
    ...Object.fromEntries(
      Object.entries(NO_SCALAR).flatMap(([name, make]) => [
        [`${name} as loss`, () => ({ ...good(), loss: make() })],
        [`${name} as a term`, () => ({ ...good(), terms: { kl: make() } })],
        [`${name} in the state`, () => ({ ...good(), state: { uses: make() } })],
      ]),
    ),
    ...Object.fromEntries(
      Object.entries({ ...STRANGE, ...PLAIN }).flatMap(([name, make]) => [
        [`${name} as terms`, () => ({ ...good(), terms: make() })],
        [`${name} as state`, () => ({ ...good(), state: make() })],
      ]),
    ),
    "a state with more": () => ({ ...good(), state: { uses: tensor([1]), more: tensor([1]) } }),
  };

  it("whose loss gives rubbish is refused, and nothing changes", () =>
    forEvery(LOSSES, (make) => {
      const own = recorder().model;
      let isBad = false;
      const model: Model = {
        ...own,
        loss: (...args) => (isBad ? (make() as never) : own.loss(...args)),
      };
      const trainer = createTrainer(model, { key: key(1) });
      trainer.step(counting(3));
      const before = bitsOf(trainer.state());
      isBad = true;
      expect(refusalOf(() => trainer.step(counting(3)))).toMatch(/^Trainer\.step: model\.loss/);
      expect(refusalOf(() => trainer.evaluate(counting(3)))).toMatch(/^Trainer\.evaluate: model\.loss/);
      expect(bitsOf(trainer.state())).toEqual(before);
    }));

  const WARNINGS = {
    ...STRANGE,
    ...PLAIN,
    "numbers in a list": () => [1],
    "an undefined entry": () => Array.from({ length: 1 }),
  };
  it("whose warnings give rubbish is refused", () =>
    forEvery(WARNINGS, async (make) => {
      const model = { ...recorder().model, warnings: make } as unknown as Model;
      const run = fit(model, counting(4), { key: key(1), epochs: 1 });
      await expect(run).rejects.toThrow(/^fit: model\.warnings must give an array of strings/);
    }));

  it.each(["1", NaN, -1, null, {}, [1], true, { schedule: 1 }])("with %o as beta is refused", (beta) => {
    const model = { ...recorder().model, beta } as unknown as Model;
    expect(refusalOf(() => createTrainer(model, { key: key(1) }))).toMatch(
      /^createTrainer(\.model\.beta)?: /,
    );
  });

  it("whose schedule of beta gives NaN is refused, and nothing changes", () => {
    const model: Model = { ...recorder().model, beta: { schedule: () => NaN } };
    const trainer = createTrainer(model, { key: key(1) });
    const before = bitsOf(trainer.state());
    expect(refusalOf(() => trainer.step(counting(3)))).toMatch(/model\.beta\(0\) must be a finite number/);
    expect(bitsOf(trainer.state())).toEqual(before);
  });
});
