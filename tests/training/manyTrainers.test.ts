// More trainers than memory holds: they take turns on the heap, and none notices.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  adam,
  configure,
  createTrainer,
  fit,
  key,
  lectures,
  movingAverage,
  type Optimizer,
  random,
  runtimeInfo,
  scope,
  type Trainer,
} from "../../src/index.js";
import { bitsOf, pureSgd } from "../support/training.js";

const model = lectures.linear({ features: 300, latentSize: 40 });
const images = random.uniform(key(1), [6, 300]);
/** Room for about twenty trainers with Adam, of 0.5 MB each. */
const LIMIT = 16 << 20;
const COUNT = 60;

const make = (seed: number, optimizer: Optimizer = adam()): Trainer =>
  createTrainer(model, { key: key(seed), optimizer });

describe("trainers that memory cannot hold at once", () => {
  beforeAll(() => configure({ maxMemory: LIMIT }));
  afterAll(() => configure({ maxMemory: 2 ** 32 }));

  it.each<[string, () => Optimizer]>([
    ["adam", () => adam()],
    ["a moving average", () => movingAverage(adam(), 0.9)],
    ["an optimizer of the user", () => pureSgd()],
  ])("give, in turns, the bits of one alone, with %s", (_, optimizer) => {
    const alone = [0, 1, COUNT - 1].map((seed) => {
      const trainer = make(seed, optimizer());
      const results = [0, 1, 2].map(() => ({ ...trainer.step(images), evaluated: trainer.evaluate(images) }));
      return { results, bits: bitsOf(trainer.state()) };
    });
    const all = Array.from({ length: COUNT }, (_, seed) => ({
      trainer: make(seed, optimizer()),
      results: [] as unknown[],
    }));
    for (let step = 0; step < 3; step++) {
      for (const { trainer, results } of all) {
        results.push({ ...trainer.step(images), evaluated: trainer.evaluate(images) });
      }
    }
    const turned = [0, 1, COUNT - 1].map((seed) => {
      const { trainer, results } = all[seed]!;
      return { results, bits: bitsOf(trainer.state()) };
    });
    expect(turned).toEqual(alone);
    expect(runtimeInfo().memory.reserved).toBeLessThanOrEqual(LIMIT);
  });

  it("go on from states that were saved and restored while they were out", () => {
    const all = Array.from({ length: COUNT }, (_, seed) => make(seed));
    for (const trainer of all) trainer.step(images);
    const [first] = all as [Trainer];
    const state = first.state();
    const next = first.step(images);
    for (const trainer of all.slice(1)) trainer.step(images);
    first.restore(state);
    expect(first.step(images)).toEqual(next);
    const other = make(7);
    for (const trainer of all.slice(1)) trainer.step(images);
    other.restore(state);
    expect(bitsOf(other.params())).toEqual(bitsOf(state.params));
  });

  it("are made and thrown away without end in one job", () => {
    // Finalizers do not run within it: without moving out, this would need twenty times the memory.
    const wanted = make(3).step(images);
    for (let i = 0; i < 400; i++) make(i).step(images);
    expect(make(3).step(images)).toEqual(wanted);
    // In a scope of the user's likewise.
    scope(() => {
      for (let i = 0; i < 100; i++) make(i).step(images);
    });
    expect(make(3).step(images)).toEqual(wanted);
  });
});

describe("a training of many short epochs", () => {
  it("takes time in proportion to them", async () => {
    const small = lectures.linear();
    const few = random.uniform(key(1), [4, 3]);
    const secondsFor = async (epochs: number): Promise<number> => {
      const before = performance.now();
      const { history } = await fit(small, few, { key: key(1), epochs });
      expect(history.epochs).toHaveLength(epochs);
      expect(history.steps).toHaveLength(epochs);
      return performance.now() - before;
    };
    await secondsFor(300);
    const short = await secondsFor(500);
    // With the history searched in every epoch this was 30 times as long and more; noise makes up to twice.
    expect(await secondsFor(4000)).toBeLessThan(24 * short);
  });
});
