// Checkpoints from elsewhere: damaged, forged, of another model or training. Each is refused in clear words.

import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  adam,
  type Checkpoint,
  fit,
  type FitOptions,
  gaussianNoise,
  key,
  type LayerSpec,
  modelFromSpec,
  type ModelSpec,
  movingAverage,
  random,
  readCheckpoint,
  readTree,
  rmsprop,
  saveModel,
  sgd,
  type Tensor,
  tensor,
  writeCheckpoint,
  writeTree,
  zeros,
} from "../../src/index.js";
import { expectRefused } from "../support/refusals.js";
import { bitsOf, imagesFor, smallAutoencoder, smallVae } from "../support/training.js";

const model = smallAutoencoder();
const images = imagesFor(model, 8);
const options: FitOptions = {
  key: key(1),
  batchSize: 4,
  epochs: 3,
  validation: 0.5,
  earlyStopping: { patience: 5 },
};

let saved: Checkpoint | undefined;
const save = (checkpoint: Checkpoint): void => void (saved = checkpoint);
await fit(model, images, { ...options, checkpoint: { every: 1, save }, steps: 2 });
const file = writeCheckpoint(saved!);
const resume = async (bytes: Uint8Array, more: Partial<FitOptions> = {}) =>
  fit(model, images, { ...options, ...more, resume: readCheckpoint(bytes) });

describe("fit goes on from a checkpoint", () => {
  it("in this test", async () => {
    expect((await resume(file)).steps).toBe(3);
  });

  it("that never was in a file, as often as it likes", async () => {
    const { optimizer, params } = saved!.trainer;
    const before = bitsOf({ optimizer, params, best: saved!.best });
    const [one, two] = [0, 0].map(() => fit(model, images, { ...options, resume: saved! }));
    const bits = bitsOf((await one!).params);
    expect(bits).toEqual(bitsOf((await two!).params));
    expect(bits).toEqual(bitsOf((await resume(file)).params));
    expect(bitsOf({ optimizer, params, best: saved!.best })).toEqual(before);
    expect(saved!.history.steps).toHaveLength(2);
  });

  it("and not from one with any byte changed, cut or put in", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), async (place, change) => {
        const flipped = file.slice();
        flipped[place]! ^= change;
        const longer = Uint8Array.from([...file.slice(0, place), change, ...file.slice(place)]);
        for (const bytes of [flipped, longer, file.slice(0, place)]) {
          await expect(resume(bytes)).rejects.toThrow(RangeError);
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each<[string, Partial<FitOptions>, string]>([
    ["another key", { key: key(2) }, "fit: key must be [0,1], as before the checkpoint, got [0, 2]"],
    ["another batch size", { batchSize: 2 }, "fit: batchSize must be 4, as before the checkpoint, got 2"],
    ["another order", { shuffle: false }, "fit: shuffle must be true, as before the checkpoint, got false"],
    ["another rest", { dropLast: true }, "fit: dropLast must be false, as before the checkpoint, got true"],
    ["corruption", { corrupt: gaussianNoise(1) }, "fit: corrupt must be null, as before the checkpoint"],
    [
      "another share for validation",
      { validation: 0.25 },
      "fit: data must be [4,8], as before the checkpoint",
    ],
    [
      "another optimizer",
      { optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }) },
      "Trainer.restore: state.optimizer",
    ],
    ["an average", { optimizer: movingAverage(adam(), 0.9) }, "Trainer.restore: state.optimizer"],
    ["another kind of average", { optimizer: rmsprop() }, "Trainer.restore: state.optimizer"],
  ])("and not with %s", async (_, more, message) => {
    await expect(resume(file, more)).rejects.toThrow(message);
  });

  it("and not into another model, nor from what is no checkpoint", async () => {
    const vae = smallVae();
    const other = fit(vae, imagesFor(vae, 8), { ...options, resume: saved! });
    await expect(other).rejects.toThrow("fit: resume must be of this model, got { type, inputShape");
    const modelFile = saveModel(model, model.init(key(1)));
    await expect(resume(modelFile)).rejects.toThrow(
      'readCheckpoint: bytes must be a checkpoint of version 1, got "model"',
    );
    await expect(resume(writeTree(null))).rejects.toThrow("readCheckpoint: bytes must be a checkpoint");
    await expect(resume(writeTree(zeros([1])))).rejects.toThrow("readCheckpoint: bytes must be a checkpoint");
    const bytes = fit(model, images, { ...options, resume: file as never });
    await expect(bytes).rejects.toThrow("fit: resume must be a checkpoint (of the bytes of a file,");
  });

  const tree = readTree(file) as Record<string, object>;
  const { trainer, history, best } = tree as Record<string, Record<string, object>>;
  const steps = history!.steps as { numbers: object; terms: object };
  const deep = Array.from({ length: 60 }).reduce((inner: unknown) => [inner], 1);
  it.each<[string, object, string]>([
    ["no settings", { settings: undefined }, "fit: key must be absent, as before the checkpoint"],
    ["settings of another kind", { settings: "x".repeat(9999) }, "fit: key must be absent"],
    ["no parameters", { params: null }, "fit: resume.trainer.params.weights.encoder[0].kernel must be a"],
    [
      "parameters of another shape",
      { params: { weights: { encoder: [{ kernel: zeros([1]) }] } } },
      "fit: resume.trainer.params.weights.encoder[0].kernel must be a tensor of shape [8, 4]",
    ],
    ["no trainer", { trainer: null }, "readCheckpoint: trainer.step must be an integer ≥ 0"],
    [
      "half a step",
      { trainer: { ...trainer, step: 0.5 } },
      "readCheckpoint: trainer.step must be an integer ≥ 0",
    ],
    ["no optimizer", { trainer: { step: 2 } }, "Trainer.restore: state.optimizer"],
    ["no epoch", { epoch: undefined }, "fit: resume.epoch must be an integer ≥ 0"],
    ["an epoch before the first", { epoch: -1 }, "fit: resume.epoch must be an integer ≥ 0"],
    ["a batch that is a list", { batch: [1] }, "fit: resume.batch must be an integer ≥ 0"],
    [
      "a best without a value",
      { best: { ...best, value: undefined } },
      "fit: resume.best.value must be a number",
    ],
    ["a best that is a number", { best: 3 }, "fit: resume.best.epoch must be an integer"],
    [
      "a best without parameters",
      { best: { ...best, params: [] } },
      "fit: resume.best.params.weights.encoder",
    ],
    ["no history", { history: undefined }, "readCheckpoint: history.epoch must be a tensor"],
    ["a history of arrays", { history: deep }, "readCheckpoint: history.epoch must be a tensor"],
    [
      "a short history",
      { history: { ...history, steps: { ...steps, numbers: { ...steps.numbers, loss: tensor([1]) } } } },
      "readCheckpoint: history.loss must hold 2 steps, got 1",
    ],
    [
      "a term of another length",
      { history: { ...history, steps: { ...steps, terms: { kl: tensor([1, 2, 3]) } } } },
      "readCheckpoint: history.kl must hold 2 steps, got 3",
    ],
    [
      "epochs that are no list",
      { history: { ...history, epochs: {} } },
      "fit: resume.history.epochs must be records",
    ],
    [
      "epochs without averages",
      { history: { ...history, epochs: [{ epoch: 0 }] } },
      "fit: resume.history.epochs must",
    ],
    [
      "a null among the epochs",
      { history: { ...history, epochs: [null] } },
      "fit: resume.history.epochs must",
    ],
  ])("and not from a forged one with %s", async (_, change, message) => {
    await expect(resume(writeTree({ ...tree, ...change }))).rejects.toThrow(message);
  });

  it.each<[string, object | null, string]>([
    ["nothing", null, "fit: resume must be a checkpoint"],
    ["no trainer", { trainer: undefined }, "fit: resume.trainer.step must be an integer ≥ 0"],
    ["no history", { history: undefined }, "fit: resume.history.steps must be records of steps"],
    ["steps that are none", { history: { steps: [1, 2], epochs: [] } }, "fit: resume.history.steps must be"],
    [
      "steps missing",
      { history: { steps: [], epochs: [] } },
      "fit: resume.history.steps must hold 2 steps, got 0",
    ],
  ])("and not from a changed one with %s", async (_, change, message) => {
    const changed = (change && { ...saved!, ...change }) as never;
    await expect(fit(model, images, { ...options, resume: changed })).rejects.toThrow(message);
  });

  it.each([null, "x", {}, { ...saved, trainer: 1 }])("and %j is not written as one", (checkpoint) => {
    const call = () => writeCheckpoint(checkpoint as never);
    expectRefused(call, TypeError, "writeCheckpoint: checkpoint must be a checkpoint of fit");
  });
});

describe("a checkpoint that version 0.1.0 wrote", () => {
  const path = new URL("../golden/written-0.1.0.json", import.meta.url);
  const written = JSON.parse(readFileSync(path, "utf8")) as {
    checkpoint: string;
    model: ModelSpec;
    weights: number[];
  };
  const data = random.uniform(key(4), [6, 4, 4, 1]);
  const settings: FitOptions = {
    key: key(5),
    batchSize: 3,
    steps: 4,
    corrupt: gaussianNoise(0.1),
    resume: readCheckpoint(new Uint8Array(Buffer.from(written.checkpoint, "base64"))),
  };

  it("is gone on from, and the training ends where that version's did", async () => {
    const { params, steps } = await fit(modelFromSpec(written.model), data, settings);
    expect(steps).toBe(4);
    const { kernel } = (params.weights.posterior as { mean: { kernel: Tensor } }).mean;
    kernel.data.forEach((value, i) => expect(value).toBeCloseTo(written.weights[i]!, 5));
    expect(kernel.size).toBe(written.weights.length);
  });

  it("is of no other model and no other corruption than before", async () => {
    const { encoder, ...rest } = written.model;
    const json = JSON.stringify(encoder).replace('"kernel":3', '"kernel":3,"padding":1');
    const other = modelFromSpec({ ...rest, encoder: JSON.parse(json) as LayerSpec });
    await expect(fit(other, data, settings)).rejects.toThrow("fit: resume must be of this model");
    const model = modelFromSpec(written.model);
    const corrupt = gaussianNoise(0.1, { clip: [0, 1] });
    await expect(fit(model, data, { ...settings, corrupt })).rejects.toThrow("fit: corrupt must be");
  });
});

describe("a checkpoint", () => {
  it("grows by a few bytes with every step", async () => {
    const sizes: number[] = [];
    const count = (one: Checkpoint): void => void sizes.push(writeCheckpoint(one).length);
    await fit(model, images, {
      ...options,
      earlyStopping: { patience: 999 },
      epochs: 200,
      checkpoint: { every: 100, save: count },
    });
    const growth = sizes[1]! - sizes[0]!;
    // An epoch of one step has a record of about 300 bytes beside the 24 of its step.
    expect(growth).toBeLessThan(100 * 600);
    const long: number[] = [];
    const countLong = (one: Checkpoint): void => void long.push(writeCheckpoint(one).length);
    await fit(model, imagesFor(model, 800), {
      ...options,
      validation: 0.1,
      batchSize: 2,
      steps: 300,
      checkpoint: { every: 100, save: countLong },
    });
    expect(long[2]! - long[1]!).toBeLessThan(100 * 30);
  });
});
