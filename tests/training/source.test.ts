// Laws of training data: which examples a model sees, in which order, from every kind of data.

import * as fc from "fast-check";
import ndarray from "ndarray";
import { describe, expect, it } from "vitest";
import {
  type Checkpoint,
  type Batches,
  fit,
  type FitOptions,
  key,
  tensor,
  type TrainingData,
  zeros,
} from "../../src/index.js";
import { counting, recorder } from "../support/training.js";

/** The batches that a model is shown in training and in validation, as the examples' numbers. */
async function shown(data: TrainingData, options: Partial<FitOptions>) {
  const { model, seen } = recorder();
  const result = await fit(model, data, { key: key(1), epochs: 2, batchSize: 4, ...options });
  const inputs = (isTraining: boolean) =>
    seen.filter(({ training }) => training === isTraining).map(({ input }) => input);
  return { batches: inputs(true), validated: inputs(false), seen, result };
}
const sorted = (numbers: readonly (readonly number[])[]) => numbers.flat().sort((a, b) => a - b);
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

describe("a tensor as data", () => {
  it("is shown once in every epoch, in batches of the size and a rest, always in another order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 12 }),
        fc.nat(1000),
        async (count, batchSize, seed) => {
          const { batches } = await shown(counting(count), { epochs: 3, batchSize, key: key(seed) });
          const perEpoch = Math.ceil(count / batchSize);
          expect(batches).toHaveLength(3 * perEpoch);
          const epochs = [0, 1, 2].map((epoch) => batches.slice(epoch * perEpoch, (epoch + 1) * perEpoch));
          for (const epoch of epochs) {
            expect(sorted(epoch)).toEqual(upTo(count));
            for (const batch of epoch.slice(0, -1)) expect(batch).toHaveLength(batchSize);
          }
          const [first, second, third] = epochs.map((epoch) => String(epoch));
          // By chance, two of four orders of 13 numbers agree once in 10⁹.
          const orders = new Set([first, second, third, String(upTo(count))]);
          expect(orders.size).toBeGreaterThanOrEqual(count > 12 ? 4 : 1);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("is shown in its own order without shuffling", async () => {
    const { batches } = await shown(counting(6), { shuffle: false });
    expect(batches).toEqual([
      [0, 1, 2, 3],
      [4, 5],
      [0, 1, 2, 3],
      [4, 5],
    ]);
  });

  it("loses what does not fill a batch with dropLast, each time something else", async () => {
    const { batches } = await shown(counting(10), { dropLast: true, epochs: 20 });
    expect(batches).toHaveLength(40);
    expect(batches.every((batch) => batch.length === 4)).toBe(true);
    expect(new Set(batches.flat()).size).toBe(10);
  });

  it("may be smaller than a batch", async () => {
    expect((await shown(counting(3), { shuffle: false, batchSize: 128, epochs: 1 })).batches).toEqual([
      [0, 1, 2],
    ]);
  });

  it("may be an ndarray, transposed and of bytes", async () => {
    const array = ndarray(Uint8Array.of(1, 2, 3, 4, 5, 6), [2, 3]).transpose(1, 0);
    const { model, seen } = recorder([2]);
    await fit(model, array, { key: key(1), epochs: 1, shuffle: false, batchSize: 2 });
    expect(seen.map(({ input }) => input)).toEqual([
      [1, 4, 2, 5],
      [3, 6],
    ]);
  });

  it("is left as it is", async () => {
    const data = counting(9);
    await shown(data, { validation: 0.5 });
    expect([...data.data]).toEqual(upTo(9));
  });
});

describe("batches as data", () => {
  const [one, two] = [tensor([[1], [2]]), tensor([[3]])];
  const expected = [[1, 2], [3], [1, 2], [3]];

  it.each<[string, TrainingData]>([
    ["an array", [one, two]],
    ["an array of ndarrays", [ndarray(Float32Array.of(1, 2), [2, 1]), two]],
    ["a set", new Set([one, two])],
    ["a function to an array", () => [one, two]],
    ["a function to a generator", () => [one, two].values()],
    ["a function of the epoch", (epoch) => (epoch < 2 ? [one, two] : [])],
    [
      "a function to an async generator",
      async function* () {
        yield one;
        await Promise.resolve();
        yield two;
      } as unknown as () => Batches,
    ],
    [
      "an object that is iterable anew",
      {
        async *[Symbol.asyncIterator]() {
          yield one;
          yield two;
        },
      },
    ],
  ])("may come from %s, and are taken as they come", async (_, data) => {
    expect((await shown(data, { batchSize: 1 })).batches).toEqual(expected);
  });

  it("that come only once are good for one epoch, and refused for a second in clear words", async () => {
    expect((await shown([one, two].values(), { epochs: 1 })).batches).toEqual([[1, 2], [3]]);
    await expect(shown([one, two].values(), { epochs: 2 })).rejects.toThrow(
      "fit: data must be iterable anew for every epoch: give a function that returns an iterable",
    );
    const generator = [one, two].values();
    await expect(shown(() => generator, { epochs: 2 })).rejects.toThrow("iterable anew");
  });

  it("are not asked for when the steps are done, and are told that no more will be", async () => {
    let [asked, isClosed] = [0, false];
    async function* endless() {
      try {
        for (;;) {
          asked++;
          yield one;
        }
      } finally {
        isClosed = true;
      }
    }
    const { result } = await shown(endless(), { steps: 3, epochs: undefined as never });
    expect([result.steps, asked, isClosed]).toEqual([3, 3, true]);
  });

  it.each<[string, TrainingData, string]>([
    ["none at all", [], "fit: data must have at least one batch in every epoch, got 0"],
    [
      "one that is no tensor",
      [one, 7 as never],
      "fit: data[1] must be a tensor or ndarray, or an object with inputs, got 7",
    ],
    ["one of another shape", [zeros([2, 2])], "fit: data[0].shape must be [n, 1], got [2, 2]"],
    [
      "numbers",
      new Float32Array(4) as never,
      "fit: data[0] must be a tensor or ndarray, or an object with inputs, got 0",
    ],
    ["a function to none", (() => 3) as never, "fit: data must return an iterable of batches, got 3"],
    [
      "a function to none in a later epoch",
      (epoch) => (epoch === 0 ? [one] : []),
      "fit: data must have at least",
    ],
    [
      "nothing",
      undefined as never,
      "fit: data must be a tensor, an ndarray, an object with inputs, an iterable",
    ],
    [
      "a string",
      "images" as never,
      "fit: data must be a tensor, an ndarray, an object with inputs, an iterable",
    ],
    ["a tensor of another shape", zeros([4, 2]), "fit: data.shape must be [n, 1], got [4, 2]"],
    ["a single number", tensor(3), "fit: data.shape must be [n, 1], got []"],
  ])("are refused: %s", async (_, data, message) => {
    await expect(shown(data, {})).rejects.toThrow(message);
  });
});

describe("validation data", () => {
  it("as a share are set aside: none of them is trained on, and none is lost", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 25 }),
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        fc.nat(1000),
        async (count, share, seed) => {
          const aside = Math.round(share * count);
          fc.pre(aside > 0 && aside < count);
          const epochs = 2;
          const { batches, validated } = await shown(counting(count), {
            validation: share,
            key: key(seed),
            epochs,
          });
          const [trained, checked] = [new Set(batches.flat()), new Set(validated.flat())];
          expect(checked.size).toBe(aside);
          expect(validated.flat()).toHaveLength(epochs * aside);
          expect([...trained].filter((example) => checked.has(example))).toEqual([]);
          expect(sorted([[...trained], [...checked]])).toEqual(upTo(count));
          // The same ones in every epoch.
          expect(validated.slice(0, validated.length / 2)).toEqual(validated.slice(validated.length / 2));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("are chosen by the key", async () => {
    const chosen = async (seed: number) =>
      sorted((await shown(counting(20), { validation: 0.5, key: key(seed), epochs: 1 })).validated);
    expect(await chosen(1)).toEqual(await chosen(1));
    expect(await chosen(1)).not.toEqual(await chosen(2));
  });

  it("as a tensor or ndarray are shown in batches after every epoch", async () => {
    for (const validation of [counting(5), ndarray(Float32Array.of(0, 1, 2, 3, 4), [5, 1])]) {
      const { seen } = await shown([counting(1)], { validation, batchSize: 3 });
      expect(seen.map(({ input, training }) => [training, input])).toEqual([
        [true, [0]],
        [false, [0, 1, 2]],
        [false, [3, 4]],
        [true, [0]],
        [false, [0, 1, 2]],
        [false, [3, 4]],
      ]);
    }
  });

  it.each<[string, TrainingData, FitOptions["validation"], string]>([
    ["a share of a stream", [counting(2)], 0.5, "fit: validation must be a tensor where data is not one"],
    [
      "a share of nothing",
      counting(9),
      0.01,
      "fit: validation must leave some of the 9 examples on both sides",
    ],
    [
      "a share of all",
      counting(9),
      1,
      "fit: validation must leave some of the 9 examples on both sides, got 1",
    ],
    ["more than all", counting(9), 1.5, "fit: validation must be from 0 to 1, got 1.5"],
    ["NaN", counting(9), NaN, "fit: validation must be a finite number"],
    ["another shape", counting(9), zeros([2, 3]), "fit: validation.shape must be [n, 1], got [2, 3]"],
    [
      "a list",
      counting(9),
      [1] as never,
      "fit: validation must be a tensor, an ndarray, an object with inputs, or a share",
    ],
  ])("are refused: %s", async (_, data, validation, message) => {
    await expect(shown(data, { validation: validation! })).rejects.toThrow(message);
  });
});

describe("the batches of a shuffled tensor", () => {
  it("follow the numbers of their epochs, not those of the epochs before", async () => {
    const { batches } = await shown(counting(8), { epochs: 3 });
    const signal = { aborted: false };
    let resume: Checkpoint | undefined;
    const checkpoint = { every: 1, save: (saved: Checkpoint) => void (resume = saved) };
    const onEpoch = ({ epoch }: { epoch: number }) => void (signal.aborted = epoch === 1);
    await shown(counting(8), { epochs: 3, checkpoint, onEpoch, signal });
    expect((await shown(counting(8), { epochs: 3, resume })).batches).toEqual(batches.slice(4));
  });
});
