// Laws of the training loop: when it ends and what it returns, its history, its callbacks, its manners to others.

import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import {
  adam,
  chain,
  clipByGlobalNorm,
  fit,
  type FitOptions,
  key,
  ops,
  type Checkpoint,
  schedules,
  sgd,
  type Tensor,
  tensor,
  zeros,
} from "../../src/index.js";
import { expectNothingHeld } from "../support/refusals.js";
import {
  bitsOf,
  counting,
  imagesFor,
  recorder,
  smallAutoencoder,
  smallVae,
  wholeOf,
} from "../support/training.js";

/** Whether it succeeds or fails, a training holds no memory when it is over. */
afterEach(expectNothingHeld);

const images = imagesFor(smallAutoencoder(), 10);
const train = (options: Partial<FitOptions> = {}) =>
  fit(smallAutoencoder(), images, { key: key(1), batchSize: 4, epochs: 3, ...options });

describe("the end of fit", () => {
  it.each<[string, Partial<FitOptions>, number, number]>([
    ["after 10 epochs where nothing is said", { epochs: undefined as never }, 30, 10],
    ["after the epochs", { epochs: 2 }, 6, 2],
    ["after the steps, in the middle of an epoch", { epochs: undefined as never, steps: 4 }, 4, 2],
    ["after more steps than 10 epochs have", { epochs: undefined as never, steps: 31 }, 31, 11],
    ["after what comes first: epochs", { epochs: 2, steps: 100 }, 6, 2],
    ["after what comes first: steps", { epochs: 2, steps: 3 }, 3, 1],
  ])("comes %s", async (_, options, steps, epochs) => {
    const result = await train(options);
    expect(result.stopped).toBe("finished");
    expect([result.steps, result.history.steps.length, result.history.epochs.length]).toEqual([
      steps,
      steps,
      epochs,
    ]);
    expect(result.history.epochs.at(-1)!.steps).toBe(steps);
  });

  it("lowers the loss", async () => {
    const { history } = await train({ epochs: 60, optimizer: adam({ learningRate: 0.02 }) });
    expect(history.epochs.at(-1)!.training.loss).toBeLessThan(0.7 * history.epochs[0]!.training.loss);
  });

  it("begins with the parameters given, which stay as they are", async () => {
    const params = smallAutoencoder().init(key(9));
    const before = bitsOf(params);
    const { params: after } = await train({ params, optimizer: sgd({ learningRate: 0 }) });
    expect(bitsOf(after.weights)).toEqual(bitsOf(params.weights));
    await train({ params });
    expect(bitsOf(params)).toEqual(before);
  });
});

describe("the history of fit", () => {
  it("has a record of every step and epoch, which JSON can hold", async () => {
    const { history } = await fit(smallVae(), imagesFor(smallVae(), 10), {
      key: key(1),
      batchSize: 4,
      epochs: 2,
      validation: 0.2,
    });
    expect(JSON.parse(JSON.stringify(history))).toEqual(history);
    expect(history.steps.map(({ step, epoch, examples }) => [step, epoch, examples])).toEqual([
      [0, 0, 4],
      [1, 0, 4],
      [2, 1, 4],
      [3, 1, 4],
    ]);
    const averages = {
      loss: expect.any(Number),
      terms: { reconstruction: expect.any(Number), kl: expect.any(Number) },
    };
    for (const record of history.steps) {
      expect(record).toEqual({
        ...averages,
        step: expect.any(Number),
        epoch: expect.any(Number),
        examples: 4,
        gradientNorm: expect.any(Number),
        imagesPerSecond: expect.any(Number),
      });
      expect(record.loss).toBeCloseTo(record.terms.reconstruction! + record.terms.kl!, 3);
      expect(record.gradientNorm).toBeGreaterThan(0);
      expect(record.imagesPerSecond).toBeGreaterThan(0);
    }
    for (const [i, record] of history.epochs.entries()) {
      expect(record).toEqual({
        epoch: i,
        steps: 2 * (i + 1),
        training: averages,
        validation: averages,
        imagesPerSecond: expect.any(Number),
        warnings: expect.any(Array),
      });
    }
  });

  it("averages over examples, not over batches", async () => {
    // With a rate of 0, the loss of example i is i / 2.
    const { model } = recorder();
    const { history } = await fit(model, counting(6), {
      key: key(1),
      shuffle: false,
      batchSize: 4,
      epochs: 1,
      optimizer: sgd({ learningRate: 0 }),
      validation: tensor([[0], [10], [20], [40]]),
    });
    const [epoch] = history.epochs;
    expect(epoch!.training).toEqual({ loss: 1.25, terms: { reconstruction: 1.25 } });
    expect(epoch!.validation).toEqual({ loss: 8.75, terms: { reconstruction: 8.75 } });
  });

  it("has the model's warnings, which know the step", async () => {
    const { model } = recorder();
    const moments: unknown[] = [];
    const warnings = (_: unknown, sample: Tensor, moment: unknown) => {
      moments.push([sample.shape[0], moment]);
      return ["careful"];
    };
    const { history } = await fit({ ...model, warnings }, counting(300), {
      key: key(1),
      batchSize: 100,
      epochs: 2,
    });
    expect(moments).toEqual([
      [256, { step: 2, isImproving: false }],
      [256, { step: 5, isImproving: expect.any(Boolean) }],
    ]);
    expect(history.epochs.map(({ warnings }) => warnings)).toEqual([["careful"], ["careful"]]);
  });
});

describe("early stopping", () => {
  /** Trains a recorder whose validation loss is as given, epoch by epoch; the parameter counts the epochs. */
  async function stopped(
    losses: readonly number[],
    options: FitOptions["earlyStopping"],
    epochs = losses.length,
  ) {
    const { model } = recorder();
    let epoch = 0;
    const loss: typeof model.loss = (params, batch, lossOptions = {}) => {
      const result = model.loss(params, batch, lossOptions);
      if (lossOptions.training) return { ...result, loss: ops.sum(params.weights.w as Tensor) };
      const value = tensor(losses[epoch++]!);
      return { ...result, loss: value, terms: { reconstruction: ops.scale(value, -1) } };
    };
    const result = await fit({ ...model, loss }, counting(1), {
      key: key(1),
      epochs,
      validation: counting(1),
      // Each step takes 1 from the weight, which begins at 0.5.
      optimizer: sgd({ learningRate: 1 }),
      earlyStopping: options!,
    });
    const [w] = (result.params.weights.w as Tensor).data;
    return { epochs: result.history.epochs.length, why: result.stopped, best: -0.5 - w! };
  }

  it.each<[string, readonly number[], NonNullable<FitOptions["earlyStopping"]>, object]>([
    [
      "waits as long as told",
      [5, 4, 4.5, 4.2, 4.1, 9],
      { patience: 2 },
      { epochs: 4, why: "earlyStopping", best: 1 },
    ],
    [
      "begins to wait anew at every best",
      [5, 6, 4, 5, 3, 4, 4, 9],
      { patience: 2 },
      { epochs: 7, why: "earlyStopping", best: 4 },
    ],
    [
      "takes the same loss for no improvement",
      [5, 5, 5],
      { patience: 1 },
      { epochs: 2, why: "earlyStopping", best: 0 },
    ],
    [
      "takes less than minDelta for none",
      [5, 4.5, 3.5, 3],
      { patience: 1, minDelta: 1 },
      { epochs: 2, why: "earlyStopping", best: 0 },
    ],
    [
      "keeps the best where all epochs are done",
      [5, 3, 4],
      { patience: 5 },
      { epochs: 3, why: "finished", best: 1 },
    ],
    [
      "looks at the term named",
      [5, 6, 7, 1],
      { patience: 1, monitor: "reconstruction" },
      { epochs: 4, why: "finished", best: 2 },
    ],
    [
      "takes NaN for no improvement",
      [NaN, NaN, NaN],
      { patience: 2 },
      { epochs: 2, why: "earlyStopping", best: 1 },
    ],
    [
      "does not stay with NaN",
      [NaN, 4, NaN, 3, NaN, NaN, 1],
      { patience: 2 },
      { epochs: 6, why: "earlyStopping", best: 3 },
    ],
  ])("%s", async (_, losses, options, expected) => {
    expect(await stopped(losses, options)).toEqual(expected);
  });

  it("looks at the training loss where nothing else is given, and knows the terms after the first step", async () => {
    const { history, stopped } = await train({ epochs: 50, earlyStopping: { patience: 1, minDelta: 100 } });
    expect([history.epochs.length, stopped]).toEqual([2, "earlyStopping"]);
    let steps = 0;
    const earlyStopping = { patience: 1, monitor: "kl" };
    await expect(train({ earlyStopping, onStep: () => void steps++ })).rejects.toThrow(
      'fit: earlyStopping.monitor must be one of loss, reconstruction, got "kl"',
    );
    expect(steps).toBe(0);
  });
});

describe("a signal", () => {
  it("stops after the step at hand; what there is comes back, and is saved", async () => {
    const controller = new AbortController();
    const saved: [number, Checkpoint][] = [];
    const result = await train({
      signal: controller.signal,
      checkpoint: { every: 100, save: (checkpoint, step) => void saved.push([step, checkpoint]) },
      onStep: ({ step }) => step === 3 && controller.abort(),
    } as Partial<FitOptions>);
    expect([result.stopped, result.steps, result.history.epochs.length]).toEqual(["aborted", 4, 1]);
    expect(saved.map(([step]) => step)).toEqual([4]);
    expect(bitsOf(saved[0]![1].trainer.params)).toEqual(bitsOf(result.params));
  });

  it("that comes just after a checkpoint does not save it again", async () => {
    const saved: number[] = [];
    const signal = { aborted: false };
    const checkpoint = { every: 2, save: (_: unknown, step: number) => void saved.push(step) };
    await train({ signal, checkpoint, onStep: ({ step }) => void (signal.aborted = step === 3) });
    expect(saved).toEqual([2, 4]);
  });

  it("that came before anything else leaves fresh parameters", async () => {
    const saved: number[] = [];
    const checkpoint = { every: 1, save: (_: unknown, step: number) => void saved.push(step) };
    const result = await train({ signal: AbortSignal.abort(), checkpoint });
    expect([result.stopped, result.steps, result.history]).toEqual(["aborted", 0, { steps: [], epochs: [] }]);
    expect(bitsOf(result.params)).toEqual(
      bitsOf((await train({ optimizer: sgd({ learningRate: 0 }), steps: 1 })).params).map((row, i) =>
        String(row[0]).startsWith("state") ? bitsOf(result.params)[i] : row,
      ),
    );
    expect(saved).toEqual([0]);
  });
});

describe("callbacks", () => {
  it("come in order, are awaited, and know the progress", async () => {
    const events: unknown[] = [];
    const later = async (event: unknown) => {
      await nextTurn();
      events.push(event);
    };
    await train({
      epochs: 2,
      steps: 5,
      checkpoint: { every: 2, save: (_, step) => later(`save ${step}`) },
      onStep: ({ step }, { batch, batchCount, epochs, steps }) =>
        later([step, batch, batchCount, epochs, steps]),
      onEpoch: ({ epoch }) => later(`epoch ${epoch}`),
    });
    expect(events).toEqual([
      [0, 1, 3, 2, 5],
      [1, 2, 3, 2, 5],
      "save 2",
      [2, 3, 3, 2, 5],
      "epoch 0",
      [3, 1, 3, 2, 5],
      "save 4",
      [4, 2, 3, 2, 5],
      "epoch 1",
    ]);
  });

  const boom = () => {
    throw new Error("boom");
  };
  it.each<[string, Partial<FitOptions>]>([
    ["onStep", { onStep: boom }],
    ["an asynchronous onStep", { onStep: async () => boom() }],
    ["onEpoch", { onEpoch: boom }],
    ["save", { checkpoint: { every: 2, save: boom } }],
    ["an asynchronous save", { checkpoint: { every: 2, save: async () => boom() } }],
    ["a schedule", { optimizer: adam({ learningRate: boom }) }],
    ["a transform of gradients", { optimizer: chain(boom as never, adam()) }],
  ])("that throw reach the caller and leave all in order: %s", async (_, options) => {
    const before = await train();
    await expect(train(options)).rejects.toThrow("boom");
    expectNothingHeld();
    expect(wholeOf(await train())).toEqual(wholeOf(before));
  });

  it("so do data that throw, and a model", async () => {
    const { model } = recorder();
    async function* failing() {
      yield counting(2);
      boom();
    }
    await expect(fit(model, failing(), { key: key(1) })).rejects.toThrow("boom");
    await expect(fit({ ...model, loss: boom }, counting(2), { key: key(1) })).rejects.toThrow("boom");
  });
});

describe("fit, among others", () => {
  it("lets others work: with yieldEvery: 0 between any two steps", async () => {
    let ticks = 0;
    const clock = { isRunning: true };
    const other = (async () => {
      for (; clock.isRunning; ticks++) await nextTurn();
    })();
    const atSteps: number[] = [];
    await train({ yieldEvery: 0, validation: 0.3, onStep: () => void atSteps.push(ticks) });
    clock.isRunning = false;
    await other;
    expect(atSteps).toEqual([...new Set(atSteps)]);
    expect(ticks).toBeGreaterThan(atSteps.length);
  });

  it("gives the same bits whether alone or beside another training, and whatever others compute", async () => {
    const vae = smallVae();
    const other = () => fit(vae, imagesFor(vae, 8), { key: key(2), batchSize: 3, epochs: 3, yieldEvery: 0 });
    const [alone, otherAlone] = [await train(), await other()];
    const timer = setInterval(() => ops.matmul(zeros([9, 9]), zeros([9, 9])), 0);
    const [beside, otherBeside] = await Promise.all([train({ yieldEvery: 0 }), other()]);
    clearInterval(timer);
    expect(wholeOf(beside)).toEqual(wholeOf(alone));
    expect(wholeOf(otherBeside)).toEqual(wholeOf(otherAlone));
  });
});

describe("the optimizer of fit", () => {
  it("clips, and asks its schedule at every step", async () => {
    // The gradient is the mean of the batch, 3: clipped it is 1, times the rate of the step.
    const { model } = recorder();
    const asked: number[] = [];
    const schedule = schedules.linearWarmup({ steps: 2, next: 0.5 });
    const rate = (step: number) => {
      asked.push(step);
      return schedule(step);
    };
    const optimizer = chain(clipByGlobalNorm(1), sgd({ learningRate: rate }));
    const { history, params } = await fit(model, [tensor([[3]])], { key: key(1), epochs: 3, optimizer });
    expect(asked).toEqual([0, 1, 2]);
    const moved = asked.reduce((sum, step) => sum + schedule(step), 0);
    expect((params.weights.w as Tensor).data[0]).toBeCloseTo(0.5 - moved, 5);
    expect(history.steps.map(({ gradientNorm }) => gradientNorm)).toEqual([3, 3, 3]);
  });
});
