// Laws of the trainer: what a step computes, what is disturbed, and whose memory it changes.

import { describe, expect, it } from "vitest";
import {
  adam,
  averageOf,
  createTrainer,
  fit,
  gaussianNoise,
  globalNorm,
  key,
  maskPatches,
  type MovingAverageState,
  movingAverage,
  ops,
  runtimeInfo,
  saltAndPepper,
  scope,
  sgd,
  type Tensor,
  tensor,
  valueAndGrad,
  zeros,
} from "../../src/index.js";
import { overwrite, release, toResident } from "../../src/training/resident.js";
import {
  bitsOf,
  counting,
  imagesFor,
  pureSgd,
  recorder,
  smallAutoencoder,
  smallVae,
} from "../support/training.js";

describe("a step", () => {
  it("is the optimizer's update with the gradients of the loss", () => {
    const model = smallAutoencoder();
    const optimizer = adam({ learningRate: 0.1 });
    const params = model.init(key(1));
    const batch = imagesFor(model, 5);
    const trainer = createTrainer(model, { key: key(2), optimizer, params });
    let { weights, state } = params;
    let optimizerState = optimizer.init(weights);
    for (let step = 0; step < 3; step++) {
      const { value, grads, aux } = valueAndGrad((weights: typeof params.weights) => {
        const result = model.loss({ weights, state }, batch, { training: true, step });
        return [result.loss, result];
      })(weights);
      expect(trainer.step(batch)).toEqual({
        step,
        loss: value.data[0],
        terms: { reconstruction: value.data[0] },
        gradientNorm: Math.fround(globalNorm(grads)),
      });
      [weights, optimizerState] = optimizer.update(grads, optimizerState, weights);
      ({ state } = aux);
    }
    expect(bitsOf(trainer.params())).toEqual(bitsOf({ weights, state }));
    expect(bitsOf(trainer.state().optimizer)).toEqual(bitsOf(optimizerState));
  });

  it("takes batches of any size, in a scope or outside", () => {
    const { model } = recorder();
    const [inside, outside] = [0, 1].map(() => createTrainer(model, { key: key(1) }));
    for (const count of [3, 1, 7]) {
      scope(() => inside!.step(ops.scale(counting(count), 1)));
      outside!.step(counting(count));
    }
    expect(bitsOf(inside!.state())).toEqual(bitsOf(outside!.state()));
  });

  it("gives copies: later steps do not change them, nor what the caller gave", () => {
    const model = smallVae();
    const given = model.init(key(1));
    const before = bitsOf(given);
    const trainer = createTrainer(model, { key: key(2), params: given });
    trainer.step(imagesFor(model, 4));
    const [params, state] = [trainer.params(), trainer.state()];
    const [paramsThen, stateThen] = [bitsOf(params), bitsOf(state)];
    for (let step = 0; step < 3; step++) trainer.step(imagesFor(model, 4));
    expect(bitsOf(params)).toEqual(paramsThen);
    expect(bitsOf(state)).toEqual(stateThen);
    expect(bitsOf(trainer.params())).not.toEqual(paramsThen);
    expect(bitsOf(given)).toEqual(before);
    trainer.restore(state);
    trainer.step(imagesFor(model, 4));
    expect(bitsOf(state)).toEqual(stateThen);
  });

  it("changes nothing in an evaluation, which is the same every time", () => {
    const model = smallVae();
    const trainer = createTrainer(model, { key: key(2), corrupt: gaussianNoise(0.1) });
    const before = bitsOf(trainer.state());
    const first = trainer.evaluate(imagesFor(model, 4));
    expect(trainer.evaluate(imagesFor(model, 4))).toEqual(first);
    expect(bitsOf(trainer.state())).toEqual(before);
  });
});

describe("corruption", () => {
  const numbers = (seen: readonly number[]) => [...seen];

  it("disturbs the input and not the target, anew in every step, the same for the same key", async () => {
    const run = async (seed: number) => {
      const { model, seen } = recorder([4]);
      const data = [zeros([2, 4])];
      await fit(model, data, { key: key(seed), epochs: 3, corrupt: gaussianNoise(1), validation: data[0]! });
      return seen;
    };
    const seen = await run(1);
    for (const { target, input } of seen) {
      expect(target).toEqual(Array(8).fill(0));
      expect(input.every((value) => value !== 0)).toBe(true);
    }
    const inputs = seen.filter(({ training }) => training).map(({ input }) => String(input));
    expect(new Set(inputs).size).toBe(3);
    const validated = seen.filter(({ training }) => !training).map(({ input }) => String(input));
    expect(new Set(validated).size).toBe(1);
    expect(await run(1)).toEqual(seen);
    expect(await run(2)).not.toEqual(seen);
  });

  it("tells the model with lossOn hidden which part of the input was hidden", async () => {
    const { model, seen } = recorder([8]);
    const data = [tensor(new Float32Array(24).fill(5), [3, 8])];
    const corrupt = maskPatches({ size: 2, ratio: 0.5, value: -1 });
    await fit(model, data, { key: key(1), epochs: 2, corrupt, lossOn: "hidden", validation: data[0]! });
    expect(seen).toHaveLength(4);
    for (const { input, hidden, target } of seen) {
      expect(numbers(input)).toEqual(hidden!.map((isHidden) => (isHidden ? -1 : 5)));
      expect(hidden!.filter(Boolean)).toHaveLength(12);
      expect(new Set(target)).toEqual(new Set([5]));
    }
    const { seen: all } = await (async () => {
      const again = recorder([8]);
      await fit(again.model, data, { key: key(1), epochs: 1, corrupt });
      return again;
    })();
    expect(all[0]!.hidden).toBeUndefined();
    expect(all[0]!.input).toEqual(seen[0]!.input);
  });

  it("lowers a denoiser's loss against the clean images", async () => {
    const model = smallAutoencoder();
    const options = {
      key: key(1),
      epochs: 40,
      optimizer: adam({ learningRate: 0.02 }),
      corrupt: saltAndPepper(0.2),
    };
    const { history } = await fit(model, imagesFor(model, 20), options);
    expect(history.epochs.at(-1)!.training.loss).toBeLessThan(history.epochs[0]!.training.loss);
  });
});

describe("an optimizer of the user", () => {
  it("may return what it was given in other places: every value is the one that it returned", () => {
    const { model } = recorder();
    const trainer = createTrainer(model, { key: key(1), optimizer: pureSgd(1) });
    for (let step = 0; step < 3; step++) {
      const [before] = (trainer.params().weights.w as Tensor).data;
      trainer.step(counting(3)); // The gradient is 1.
      const { optimizer } = trainer.state() as { optimizer: { previous: { w: Tensor }; count: number } };
      expect([...optimizer.previous.w.data]).toEqual([before]);
      expect([...(trainer.params().weights.w as Tensor).data]).toEqual([before! - 1]);
      expect(optimizer.count).toBe(step + 1);
    }
  });

  it("may make its state when it first updates, and go on from a file", () => {
    const { model } = recorder();
    const lazy = {
      init: () => ({}),
      update: <Params>(grads: Params, state: unknown, params: Params): [Params, unknown] => {
        const { velocity = grads } = state as { velocity?: Params };
        return [params, { velocity }];
      },
    };
    const trainer = createTrainer(model, { key: key(1), optimizer: lazy });
    trainer.step(counting(3));
    trainer.step(counting(9));
    const state = trainer.state();
    expect([...(state as { optimizer: { velocity: { w: Tensor } } }).optimizer.velocity.w.data]).toEqual([1]);
    const other = createTrainer(model, { key: key(1), optimizer: lazy });
    other.restore(state);
    expect(bitsOf(other.state())).toEqual(bitsOf(state));
  });

  it("must return parameters of the same form", () => {
    const { model } = recorder();
    const bad = {
      init: () => ({}),
      update: (_: unknown, state: unknown) => [{ v: tensor([1]) }, state] as never,
    };
    expect(() => createTrainer(model, { key: key(1), optimizer: bad }).step(counting(1))).toThrow(
      "Trainer.step: optimizer.update.w must be a tensor of shape [1]",
    );
  });

  it("of the library keeps its average in the state", () => {
    const { model } = recorder();
    const trainer = createTrainer(model, {
      key: key(1),
      optimizer: movingAverage(sgd({ learningRate: 1 }), 0),
    });
    trainer.step(counting(3));
    const { optimizer, params } = trainer.state();
    expect(bitsOf(averageOf(optimizer as MovingAverageState<unknown>, params.weights))).toEqual(
      bitsOf(params.weights),
    );
  });
});

describe("resident trees", () => {
  const held = () => runtimeInfo().memory.used;

  it("are overwritten in place, whatever frames open and close, and released at once", () => {
    const before = held();
    const tree = toResident({ a: tensor([1, 2]), b: [tensor([3])], n: 1 });
    const taken = held() - before;
    const next = scope(() => overwrite(tree, { a: ops.scale(tree.a, 2), b: [tensor([9])], n: 2 }));
    expect(held() - before).toBe(taken);
    expect(next.n).toBe(2);
    expect(next.a.storage).toBe(tree.a.storage);
    expect([[...next.a.data], [...next.b[0]!.data]]).toEqual([[2, 4], [9]]);
    scope(() => ops.add(next.a, next.a));
    expect([...next.a.data]).toEqual([2, 4]);
    release(next);
    expect(held()).toBe(before);
  });

  it("take values that lie in each other's places", () => {
    const tree = toResident([tensor([1]), tensor([2]), tensor([3])]);
    const [a, b, c] = tree as [Tensor, Tensor, Tensor];
    const next = overwrite(tree, [b, c, a]);
    expect(next.map(({ data }) => data[0])).toEqual([2, 3, 1]);
    expect(next.map(({ storage }) => storage)).toEqual(tree.map(({ storage }) => storage));
    expect(overwrite(next, [next[0]!, next[0]!, next[0]!]).map(({ data }) => data[0])).toEqual([2, 2, 2]);
    release(next);
  });

  it("move where shapes change, and hold no more than before", () => {
    const before = held();
    let tree: Tensor[] = toResident([tensor([1])]);
    tree = overwrite(tree, [tree[0]!, tensor([2, 3])]);
    expect(tree.map(({ data }) => [...data])).toEqual([[1], [2, 3]]);
    tree = overwrite(tree, [tensor([5])]);
    expect([...tree[0]!.data]).toEqual([5]);
    release(tree);
    expect(held()).toBe(before);
  });
});
