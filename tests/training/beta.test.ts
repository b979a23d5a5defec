// A KL term whose weight changes: where its schedule is asked, what epochs are compared by, and what files keep.

import { describe, expect, it } from "vitest";
import {
  type Checkpoint,
  readCheckpoint,
  writeCheckpoint,
  createTrainer,
  dense,
  fit,
  type FitOptions,
  key,
  loadModel,
  type LossOptions,
  type ModelParams,
  random,
  saveModel,
  schedules,
  type Tensor,
  tensor,
  type TrainingData,
  vae,
  type VaeOptions,
} from "../../src/index.js";

const layers = { inputShape: [4], latentSize: 2, encoder: dense(5), decoder: dense(4) };
const images = random.uniform(key(1), [12, 4]);
const base = { key: key(2), batchSize: 4 } as const;

describe("a schedule of beta", () => {
  /** Trains with a schedule, and tells at which steps it was asked. */
  async function asked(options: FitOptions, more: Partial<VaeOptions> = {}) {
    const steps = new Set<number>();
    const table = [0.5, 0.25, 0.125, 2, 3, 1];
    const schedule = (step: number) => {
      steps.add(step);
      return table[step]!;
    };
    const model = vae({ ...layers, beta: schedule, ...more });
    expect([...steps]).toEqual([]);
    const result = await fit(model, images, options);
    return { ...result, model, asked: [...steps].sort((a, b) => a - b) };
  }

  it.each<[string, FitOptions, number, number]>([
    ["all epochs", { ...base, epochs: 2 }, 6, 1],
    ["fewer steps than epochs hold", { ...base, steps: 4 }, 4, 2],
    ["validation", { ...base, epochs: 1, validation: images }, 3, 0.125],
    ["early stopping", { ...base, epochs: 2, validation: 0.34, earlyStopping: { patience: 5 } }, 4, 2],
  ])("is asked at no step but those of the training, with %s", async (_, options, count, last) => {
    const { asked: steps, steps: taken, model, params, history } = await asked(options);
    expect(taken).toBe(count);
    expect(steps).toEqual(Array.from({ length: count }, (_, i) => i));
    expect(history.steps.map(({ beta }) => beta)).toEqual([0.5, 0.25, 0.125, 2, 3, 1].slice(0, count));
    expect(loadModel(saveModel(model, params)).model.spec.options.beta).toBe(last);
  });

  it("that ends before the plan does not keep a training from what it reaches", async () => {
    const signal = { aborted: false };
    const { stopped, model, params } = await asked({
      ...base,
      epochs: 100,
      signal,
      onStep: ({ step }) => void (signal.aborted = step === 5),
    });
    expect(stopped).toBe("aborted");
    expect(loadModel(saveModel(model, params)).model.spec.options.beta).toBe(1);
  });

  it("may grow without end, and is kept as what it was at the last step", async () => {
    const growing = schedules.exponentialDecay({ from: 0.01, factor: 10, steps: 3 });
    const model = vae({ ...layers, beta: growing });
    expect(model.spec.options.beta).toBe(1);
    const trainer = createTrainer(model, { key: key(1) });
    for (let step = 0; step < 4; step++) {
      expect(trainer.step(images).beta).toBe(growing(step));
      expect(trainer.evaluate(images).beta).toBe(growing(step));
      expect(model.spec.options.beta).toBe(growing(step));
    }
  });

  it("is kept as its author says, whatever it was", async () => {
    const cyclic = { schedule: (step: number) => (step % 2 === 0 ? 0 : 1), final: 0.7 };
    const model = vae({ ...layers, beta: cyclic });
    expect(model.spec.options.beta).toBe(0.7);
    const { params, history } = await fit(model, images, { ...base, epochs: 1 });
    expect(history.steps.map(({ beta }) => beta)).toEqual([0, 1, 0]);
    expect(loadModel(saveModel(model, params)).model.spec.options.beta).toBe(0.7);
  });

  it("comes back from a checkpoint, number for number, in the history", async () => {
    const beta = (step: number) => 0.1 + step / 7;
    const checkpoints: Checkpoint[] = [];
    const options = { ...base, epochs: 3 };
    const whole = await fit(vae({ ...layers, beta }), images, {
      ...options,
      checkpoint: { every: 4, save: (checkpoint) => void checkpoints.push(checkpoint) },
    });
    expect(loadModel(writeCheckpoint(checkpoints[0]!)).model.spec.options.beta).toBe(beta(3));
    const resume = readCheckpoint(writeCheckpoint(checkpoints[0]!));
    const resumed = await fit(vae({ ...layers, beta }), images, { ...options, resume });
    const numbers = ({ steps }: typeof whole.history) => steps.map((record) => [record.loss, record.beta]);
    expect(numbers(resumed.history)).toEqual(numbers(whole.history));
    expect(resumed.history.epochs.map(({ training }) => training)).toEqual(
      whole.history.epochs.map(({ training }) => training),
    );
    await expect(
      fit(vae({ ...layers, beta: { schedule: beta, final: 2 } }), images, {
        ...options,
        resume,
      }),
    ).rejects.toThrow("fit: resume must be of this model");
  });
});

describe("a loss and its terms", () => {
  const f32 = (numbers: { loss: number }) => 1e-5 * Math.abs(numbers.loss);

  it.each<[string, Partial<VaeOptions>, string]>([
    ["a number", { beta: 4 }, "kl"],
    ["a schedule", { beta: (step) => step / 3 }, "kl"],
    ["free bits", { beta: (step) => step / 3, freeBits: { perDimension: 0.5 } }, "paidKl"],
  ])("are told with the weight between them, with %s", async (_, more, paid) => {
    const { history } = await fit(vae({ ...layers, ...more }), images, {
      ...base,
      epochs: 2,
      validation: images,
    });
    for (const record of [...history.steps, ...history.epochs.map(({ validation }) => validation!)]) {
      const { loss, terms, beta } = record;
      expect(Math.abs(loss - terms.reconstruction! - beta! * terms[paid]!)).toBeLessThan(f32(record));
    }
    for (const { training } of history.epochs) {
      const goal = more.beta === 4 ? 4 : 5 / 3;
      const objective = training.terms.reconstruction! + goal * training.terms[paid]!;
      expect(Math.abs(training.objective! - objective)).toBeLessThan(f32(training));
    }
  });

  it("have no weight where it is always 1, or there is none", async () => {
    const { history } = await fit(vae(layers), images, { ...base, epochs: 1 });
    expect([history.steps[0]!.beta, history.epochs[0]!.training.objective]).toEqual([undefined, undefined]);
  });
});

describe("early stopping under a warm-up", () => {
  const EPOCHS = 30;

  /** A VAE whose validation terms are as given, epoch by epoch, with beta rising evenly over all epochs to 1. */
  async function trained(
    termsAt: (epoch: number) => readonly [reconstruction: number, kl: number],
    options: Partial<FitOptions>,
    beta: VaeOptions["beta"] = (step) => step / (EPOCHS - 1),
    data: TrainingData = images,
  ) {
    const model = vae({ ...layers, beta: beta! });
    let epoch = 0;
    const { schedule } = model.beta as { schedule: (step: number) => number };
    const loss = (params: ModelParams, batch: Tensor, lossOptions: LossOptions = {}) => {
      const result = model.loss(params, batch, lossOptions);
      if (lossOptions.training) return result;
      const [reconstruction, kl] = termsAt(epoch++);
      const terms = { reconstruction: tensor(reconstruction), kl: tensor(kl) };
      return { ...result, loss: tensor(reconstruction + schedule(lossOptions.step!) * kl), terms };
    };
    return fit({ ...model, loss }, data, {
      key: key(1),
      batchSize: 12,
      epochs: EPOCHS,
      validation: images,
      earlyStopping: { patience: 3 },
      ...options,
    });
  }

  /** reconstruction + KL falls by 1 in every epoch, the loss rises by more. */
  const falling = (epoch: number) => [100 + 2 * epoch, 200 - 3 * epoch] as const;

  it("goes on while reconstruction + final beta·kl falls, though the loss rises", async () => {
    const { stopped, history } = await trained(falling, {});
    expect([stopped, history.epochs.length]).toEqual(["finished", EPOCHS]);
    expect(history.epochs.map(({ validation }) => validation!.objective)).toEqual(
      Array.from({ length: EPOCHS }, (_, i) => 300 - i),
    );
  });

  it("goes on likewise where the goal is stated, and no end is known", async () => {
    const beta = { schedule: (step: number) => step / (EPOCHS - 1), final: 1 };
    const { history } = await trained(falling, {}, beta, () => [images]);
    expect(history.epochs.length).toBe(EPOCHS);
  });

  it("compares epochs by the latest weight where no end is known and no goal stated", async () => {
    // Under each epoch's own weight all are equal or worse than the one before.
    const { history } = await trained(
      (epoch) => [100 - epoch, 10],
      {},
      undefined,
      () => [images],
    );
    expect(history.epochs.length).toBe(EPOCHS);
  });

  it("stops where it rises, though the loss falls", async () => {
    const beta = (step: number) => 1 - step / (EPOCHS - 1);
    const { stopped, history } = await trained((epoch) => [100 + epoch, 2000 - epoch], {}, beta);
    expect([stopped, history.epochs.length]).toEqual(["earlyStopping", 4]);
  });

  it("stops by the loss where that is asked for", async () => {
    const { stopped, history } = await trained(falling, { earlyStopping: { patience: 3, monitor: "loss" } });
    expect([stopped, history.epochs.length]).toEqual(["earlyStopping", 4]);
  });
});
