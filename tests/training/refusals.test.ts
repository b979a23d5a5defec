// Bad options of training: each is refused before anything is computed.

import { afterEach, describe, expect, it } from "vitest";
import {
  adam,
  createTrainer,
  dense,
  fit,
  type FitOptions,
  gaussianNoise,
  key,
  type Model,
  type TrainerOptions,
  zeros,
} from "../../src/index.js";
import { expectNothingHeld, expectRefused } from "../support/refusals.js";
import { imagesFor, smallAutoencoder, smallVae } from "../support/training.js";

const model = smallAutoencoder();
const images = imagesFor(model, 8);
const given = { key: key(1) };
type Row = readonly [rule: string, options: object, kind: ErrorConstructor, message: string];

/** What fit and createTrainer refuse alike. */
const SHARED: readonly Row[] = [
  ["no key", { key: undefined }, TypeError, "key must be a key"],
  ["a number as key", { key: 1 }, TypeError, "key must be a key"],
  ["an unknown option", { learningRate: 1 }, TypeError, "options must have only the names"],
  ["what every object inherits", { constructor: 1 }, TypeError, "options must have only the names"],
  ["a name as optimizer", { optimizer: "adam" }, TypeError, "optimizer must be an optimizer"],
  ["the maker of an optimizer", { optimizer: adam }, TypeError, "optimizer must be an optimizer"],
  ["half an optimizer", { optimizer: { init: () => 0 } }, TypeError, "optimizer.update must be a function"],
  ["no layer as corrupt", { corrupt: () => 0 }, TypeError, "corrupt must be a layer"],
  [
    "a corrupt that changes the shape",
    { corrupt: dense(3) },
    RangeError,
    "corrupt must keep the input's shape, got [3]",
  ],
  ["an unknown lossOn", { lossOn: "seen" }, RangeError, 'lossOn must be one of "all", "hidden"'],
  ["hidden without a mask", { lossOn: "hidden" }, TypeError, "corrupt must be a maskPatches layer"],
  [
    "hidden with noise",
    { lossOn: "hidden", corrupt: gaussianNoise(1) },
    TypeError,
    "corrupt must be a maskPatches",
  ],
  ["no parameters in params", { params: {} }, TypeError, "params.weights.encoder[0].kernel must be a tensor"],
  [
    "parameters of another model",
    { params: smallVae().init(key(1)) },
    RangeError,
    "params.weights.encoder[0].kernel must be a tensor of shape [8, 4]",
  ],
];

const MODELS: readonly (readonly [string, unknown, string])[] = [
  ["nothing", undefined, "model must be a model"],
  ["a layer", dense(3), "model must be a model"],
  ["a model without a shape", { init: () => 0, loss: () => 0 }, "model.inputShape must be an array"],
];

describe("createTrainer", () => {
  afterEach(expectNothingHeld);

  it.each(SHARED)("refuses %s", (_, options, kind, message) => {
    const call = () => createTrainer(model, { ...given, ...options } as TrainerOptions);
    expectRefused(call, kind, `createTrainer: ${message}`);
  });

  it.each(MODELS)("refuses %s as a model", (_, stranger, message) => {
    expectRefused(() => createTrainer(stranger as Model, given), TypeError, `createTrainer: ${message}`);
  });

  it("refuses to be called without options", () => {
    expectRefused(
      () => createTrainer(model, undefined as never),
      TypeError,
      "createTrainer: options must be an object",
    );
  });
});

describe("fit", () => {
  afterEach(expectNothingHeld);

  const OWN: readonly Row[] = [
    ["no epoch", { epochs: 0 }, RangeError, "epochs must be an integer ≥ 1"],
    ["half an epoch", { epochs: 0.5 }, RangeError, "epochs must be an integer ≥ 1"],
    ["no step", { steps: 0 }, RangeError, "steps must be an integer ≥ 1"],
    ["a step as text", { steps: "9" }, TypeError, "steps must be an integer ≥ 1"],
    ["an empty batch", { batchSize: 0 }, RangeError, "batchSize must be an integer ≥ 1"],
    [
      "batches that are never full",
      { batchSize: 9, dropLast: true },
      RangeError,
      "batchSize must be at most the 8 examples with dropLast",
    ],
    ["shuffle as a number", { shuffle: 1 }, TypeError, "shuffle must be true or false"],
    ["dropLast as text", { dropLast: "no" }, TypeError, "dropLast must be true or false"],
    ["a negative time", { yieldEvery: -1 }, RangeError, "yieldEvery must be ≥ 0"],
    ["onStep that is no function", { onStep: 1 }, TypeError, "onStep must be a function"],
    ["onEpoch that is no function", { onEpoch: {} }, TypeError, "onEpoch must be a function"],
    ["early stopping as a number", { earlyStopping: 3 }, TypeError, "options must be an object"],
    ["no patience", { earlyStopping: {} }, TypeError, "earlyStopping.patience must be an integer ≥ 1"],
    [
      "patience of 0",
      { earlyStopping: { patience: 0 } },
      RangeError,
      "earlyStopping.patience must be an integer ≥ 1",
    ],
    [
      "a negative minDelta",
      { earlyStopping: { patience: 1, minDelta: -1 } },
      RangeError,
      "earlyStopping.minDelta must be ≥ 0",
    ],
    [
      "a function to monitor",
      { earlyStopping: { patience: 1, monitor: () => 0 } },
      TypeError,
      "earlyStopping.monitor must be the name",
    ],
    [
      "an inherited name to monitor",
      { earlyStopping: { patience: 1, monitor: "toString" } },
      RangeError,
      "earlyStopping.monitor must be one of loss, reconstruction",
    ],
    [
      "an unknown name in early stopping",
      { earlyStopping: { patience: 1, delta: 1 } },
      TypeError,
      "options must have only the names patience",
    ],
    ["a path as checkpoint", { checkpoint: "here" }, TypeError, "options must be an object"],
    [
      "checkpoints every 0 steps",
      { checkpoint: { every: 0, save: () => {} } },
      RangeError,
      "checkpoint.every must be an integer ≥ 1",
    ],
    [
      "checkpoints that nobody saves",
      { checkpoint: { every: 1 } },
      TypeError,
      "checkpoint.save must be a function",
    ],
    ["a path to resume", { resume: "checkpoint" }, TypeError, "resume must be a checkpoint"],
    ["bytes to resume", { resume: new Uint8Array(0) }, TypeError, "resume must be a checkpoint"],
    ["null to resume", { resume: null }, TypeError, "resume must be a checkpoint"],
    [
      "the signal's controller",
      { signal: new AbortController() },
      TypeError,
      "signal must be an AbortSignal",
    ],
    ["null as signal", { signal: null }, TypeError, "signal must be an AbortSignal"],
  ];

  it.each([...SHARED, ...OWN])("refuses %s", async (_, options, kind, message) => {
    let steps = 0;
    const all = { ...given, onStep: () => void steps++, ...options } as FitOptions;
    const error = await fit(model, images, all).then(
      () => undefined,
      (thrown: unknown) => thrown as Error,
    );
    expect(error).toBeInstanceOf(kind);
    expect(error!.message).toMatch(/^(fit|fit\.\w+|readSafetensors): .* must .+, got .+$/s);
    expect(error!.message).toContain(message);
    expect(steps).toBe(0);
  });

  it.each(MODELS)("refuses %s as a model", async (_, stranger, message) => {
    await expect(fit(stranger as Model, images, given)).rejects.toThrow(`fit: ${message}`);
  });

  it("refuses to be called without options", async () => {
    await expect(fit(model, images, undefined as never)).rejects.toThrow("fit: options must be an object");
  });
});

describe("a trainer", () => {
  const expectRefusal = (use: (trainer: ReturnType<typeof createTrainer>) => unknown, message: string) => {
    const trainer = createTrainer(model, given);
    expect(() => use(trainer)).toThrow(message);
    expect(trainer.step(images).step).toBe(0);
  };

  it("refuses batches of another shape, and goes on", () => {
    expectRefusal(
      (trainer) => trainer.step(zeros([2, 3])),
      "Trainer.step: batch.shape must be [n, 8], got [2, 3]",
    );
    expectRefusal((trainer) => trainer.step([] as never), "Trainer.step: batch must be a tensor");
    expectRefusal(
      (trainer) => trainer.evaluate(zeros([8])),
      "Trainer.evaluate: batch.shape must be [n, 8], got [8]",
    );
  });

  it("refuses states that are not its own, and goes on", () => {
    const state = createTrainer(model, given).state();
    const other = createTrainer(smallVae(), given).state();
    const restore = (bad: unknown) => (trainer: ReturnType<typeof createTrainer>) =>
      trainer.restore(bad as never);
    expectRefusal(restore(undefined), "Trainer.restore: state.step must be an integer ≥ 0");
    expectRefusal(restore({ ...state, step: -1 }), "Trainer.restore: state.step must be an integer ≥ 0");
    expectRefusal(
      restore({ ...state, params: null }),
      "Trainer.restore: state.params.weights.encoder[0].kernel must be",
    );
    expectRefusal(
      restore({ ...state, params: other.params }),
      "Trainer.restore: state.params.weights.encoder[0].kernel",
    );
    expectRefusal(restore({ ...state, optimizer: other.optimizer }), "Trainer.restore: state.optimizer");
    expectRefusal(restore({ ...state, optimizer: null }), "Trainer.restore: state.optimizer");
  });
});
