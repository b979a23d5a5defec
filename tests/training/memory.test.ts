// Training's memory stays flat from step to step, and is given back when nobody can reach a trainer any more.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import {
  adam,
  createTrainer,
  fit,
  gaussianNoise,
  key,
  movingAverage,
  type Optimizer,
  runtimeInfo,
  scope,
  type Trainer,
  zeros,
} from "../../src/index.js";
import { allocateResident, releaseResident } from "../../src/wasm/storage.js";
import { imagesFor, pureSgd, smallVae } from "../support/training.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Collects garbage, and lets what waits for that run. */
async function collectGarbage(): Promise<void> {
  for (let i = 0; i < 4; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const held = () => runtimeInfo().memory.used;

/** What the engine may gain by compiling, measured 0.8 MB; a batch that every step leaks makes 4.6 MB. */
const GROWTH = 2 * 2 ** 20;

describe("a trainer", () => {
  const model = smallVae();
  const images = imagesFor(model, 32);

  it.each<[string, () => Optimizer]>([
    ["an optimizer of the library", () => movingAverage(adam(), 0.9)],
    ["an optimizer of the user", () => pureSgd()],
  ])("holds the same memory from its first step on, with %s", async (_, optimizer) => {
    await collectGarbage();
    const trainer = createTrainer(model, {
      key: key(1),
      optimizer: optimizer(),
      corrupt: gaussianNoise(0.1),
    });
    const step = (): void => {
      trainer.step(images);
      trainer.evaluate(images);
    };
    for (let i = 0; i < 200; i++) step();
    await collectGarbage();
    const [wasm, reserved, heap] = [held(), runtimeInfo().memory.reserved, process.memoryUsage()];
    for (let i = 0; i < 1000; i++) step();
    expect(held()).toBe(wasm);
    expect(runtimeInfo().memory.reserved).toBe(reserved);
    await collectGarbage();
    const after = process.memoryUsage();
    const growth = after.heapUsed + after.external - heap.heapUsed - heap.external;
    expect(growth).toBeLessThan(GROWTH);
    expect(trainer.params()).toBeDefined();
  });

  it("gives its memory back when it is garbage, not before", async () => {
    await collectGarbage();
    const before = held();
    const trainers: Trainer[] = Array.from({ length: 5 }, () => createTrainer(model, { key: key(1) }));
    // Only inside functions: variables of this one, which waits below, would keep a trainer alive.
    const stepAll = () => trainers.map((trainer) => trainer.step(images).step);
    stepAll();
    const each = (held() - before) / 5;
    expect(each).toBeGreaterThan(0);
    await collectGarbage();
    expect(held()).toBe(before + 5 * each);
    trainers.splice(0, 4);
    await collectGarbage();
    expect(held()).toBe(before + each);
    expect(stepAll()).toEqual([1]);
    trainers.pop();
    await collectGarbage();
    expect(held()).toBe(before);
  });

  it("inside fit gives it back at the end of fit, without garbage collection", async () => {
    await collectGarbage();
    const before = held();
    for (let i = 0; i < 3; i++) await fit(model, images, { key: key(1), steps: 2 });
    expect(held()).toBe(before);
  });
});

describe("a resident storage", () => {
  it("belongs to no scope, and is released once", async () => {
    const before = held();
    const storage = scope(() => allocateResident(1000));
    storage.values.fill(7);
    scope(() => zeros([100]));
    expect(held()).toBeGreaterThan(before);
    expect(storage.values.every((value) => value === 7)).toBe(true);
    releaseResident(storage);
    expect(held()).toBe(before);
    expect(() => storage.values).toThrow("memory is released");
    // Garbage by now, it must not be given back a second time.
    await collectGarbage();
    expect(held()).toBe(before);
  });
});
