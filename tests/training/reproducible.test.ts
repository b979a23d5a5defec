// Laws of reproducible training: the same key gives the same bits, also where a training was stopped and went on.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  accumulateGradients,
  adam,
  adamw,
  chain,
  clipByGlobalNorm,
  fit,
  type FitOptions,
  type FitResult,
  gaussianNoise,
  key,
  maskPatches,
  type Model,
  movingAverage,
  ops,
  type Optimizer,
  type Checkpoint,
  readCheckpoint,
  writeCheckpoint,
  rmsprop,
  saltAndPepper,
  schedules,
  sgd,
  type TrainingData,
} from "../../src/index.js";
import { bitsOf, imagesFor, pureSgd, smallAutoencoder, smallVae, wholeOf } from "../support/training.js";

const OPTIMIZERS: Readonly<Record<string, () => Optimizer>> = {
  adam: () => adam({ learningRate: 0.01 }),
  accumulated: () => accumulateGradients(chain(clipByGlobalNorm(0.1), adam({ learningRate: 0.01 })), 3),
  averaged: () => movingAverage(rmsprop({ learningRate: 0.01 }), 0.9),
  scheduled: () =>
    chain(
      clipByGlobalNorm(1),
      adamw({ learningRate: schedules.cosineDecay({ from: 0.02, steps: 20 }), weightDecay: 0.01 }),
    ),
  plain: () => sgd({ learningRate: 1e-3, momentum: 0.5 }),
  pure: () => pureSgd(1e-3),
};

/** Every kind of training, small. */
const training = fc.record({
  model: fc.constantFrom<() => Model>(smallVae, smallAutoencoder),
  count: fc.integer({ min: 5, max: 17 }),
  batchSize: fc.integer({ min: 2, max: 6 }),
  seed: fc.nat(1000),
  optimizer: fc.constantFrom(...Object.keys(OPTIMIZERS)),
  data: fc.constantFrom("tensor", "batches", "stream"),
  validation: fc.constantFrom("none", "share", "tensor"),
  corrupt: fc.constantFrom("none", "noise", "pepper", "hidden"),
  extra: fc.record(
    {
      shuffle: fc.boolean(),
      dropLast: fc.constant(true),
      earlyStopping: fc.record({
        patience: fc.integer({ min: 1, max: 2 }),
        minDelta: fc.constantFrom(0, 0.01),
      }),
    },
    { requiredKeys: [] },
  ),
  limit: fc.oneof(
    fc.record({ epochs: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ steps: fc.integer({ min: 1, max: 12 }) }),
  ),
});
type Training = typeof training extends fc.Arbitrary<infer T> ? T : never;

const CORRUPT = {
  none: () => ({}),
  noise: () => ({ corrupt: gaussianNoise(0.3) }),
  pepper: () => ({ corrupt: saltAndPepper(0.2) }),
  hidden: () => ({ corrupt: maskPatches({ size: 2, ratio: 0.5 }), lossOn: "hidden" as const }),
};

/** Runs a training; what it does depends on its description and the options alone. */
function train(described: Training, more: Partial<FitOptions> = {}): Promise<FitResult> {
  const { count, batchSize, seed, optimizer, corrupt, extra, limit } = described;
  const model = described.model();
  const images = imagesFor(model, count, seed);
  const batches = [0, 1, 2].map((i) => ops.slice(images, i, 3 + i));
  const data: Record<Training["data"], TrainingData> = {
    tensor: images,
    batches,
    stream: async function* (epoch: number) {
      yield* epoch % 2 ? batches : [...batches].reverse();
    } as unknown as TrainingData,
  };
  const isShare = described.validation === "share" && described.data === "tensor";
  const validation =
    described.validation === "none" ? {} : { validation: isShare ? 0.3 : imagesFor(model, 4, seed + 1) };
  return fit(model, data[described.data], {
    key: key(seed),
    batchSize,
    optimizer: OPTIMIZERS[optimizer]!(),
    ...CORRUPT[corrupt](),
    ...extra,
    dropLast: extra.dropLast === true && batchSize <= 3,
    ...validation,
    ...limit,
    ...more,
  });
}

/** The last of the bytes that a training saved. */
function keeper(every = 1) {
  const kept: { checkpoint: Checkpoint | undefined; steps: number[] } = { checkpoint: undefined, steps: [] };
  const save = (checkpoint: Checkpoint, step: number) => {
    kept.checkpoint = checkpoint;
    kept.steps.push(step);
  };
  return { kept, checkpoint: { every, save } };
}

describe("fit", () => {
  it("gives the same bits for the same key, and others for another", async () => {
    await fc.assert(
      fc.asyncProperty(training, async (described) => {
        const [first, again] = [keeper(), keeper()];
        const one = await train(described, { checkpoint: first.checkpoint });
        const two = await train(described, { checkpoint: again.checkpoint });
        expect(wholeOf(two)).toEqual(wholeOf(one));
        expect(wholeOf(again.kept.checkpoint)).toEqual(wholeOf(first.kept.checkpoint));
        const other = await train(described, { key: key(described.seed + 1) });
        expect(bitsOf(other.params)).not.toEqual(bitsOf(one.params));
      }),
      { numRuns: 40 },
    );
  });

  it("goes on, wherever it was stopped, as if it had not been", async () => {
    await fc.assert(
      fc.asyncProperty(training, fc.array(fc.nat(4), { maxLength: 4 }), async (described, stops) => {
        const whole = keeper();
        const uninterrupted = await train(described, { checkpoint: whole.checkpoint });

        const parts = keeper();
        let result: FitResult | undefined;
        for (const stop of [...stops, Infinity]) {
          const signal = { aborted: false };
          let left = stop;
          result = await train(described, {
            checkpoint: parts.checkpoint,
            resume: parts.kept.checkpoint,
            signal,
            onStep: () => {
              signal.aborted = left-- <= 0;
            },
          });
          if (result.stopped !== "aborted") break;
        }
        expect(wholeOf(result)).toEqual(wholeOf(uninterrupted));
        expect(wholeOf(parts.kept.checkpoint)).toEqual(wholeOf(whole.kept.checkpoint));
        expect([...new Set(parts.kept.steps)]).toEqual(whole.kept.steps);
      }),
      { numRuns: 80 },
    );
  });

  it("goes on from every checkpoint on the way, also to more epochs than were asked for first", async () => {
    const model = smallVae();
    const images = imagesFor(model, 10);
    const options = { key: key(3), batchSize: 4, validation: 0.2, earlyStopping: { patience: 9 } };
    const saved: Checkpoint[] = [];
    const checkpoint = { every: 1, save: (one: Checkpoint) => void saved.push(one) };
    await fit(model, images, { ...options, epochs: 2, checkpoint });
    const longer = await fit(model, images, { ...options, epochs: 3 });
    expect(saved).toHaveLength(4);
    for (const resume of saved) {
      for (const one of [resume, readCheckpoint(writeCheckpoint(resume))]) {
        const gone = await fit(model, images, { ...options, epochs: 3, resume: one });
        expect(wholeOf(gone)).toEqual(wholeOf(longer));
      }
    }
  });
});
