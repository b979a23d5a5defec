// Batches with targets and weights of their own: from data in memory, through steps, to the loss, against definitions.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  adam,
  autoencoder,
  type Batch,
  createTrainer,
  dense,
  DivergenceError,
  fit,
  type FitOptions,
  item,
  key,
  maskPatches,
  type ModelParams,
  ops,
  random,
  type Checkpoint,
  sgd,
  tensor,
  type Tensor,
  type TrainingData,
  vae,
  zeros,
} from "../../src/index.js";
import { fromNdarray, toNdarray } from "../../src/ndarray/index.js";
import { forAll } from "../support/laws.js";
import { expectRefused } from "../support/refusals.js";
import { plain } from "../support/trees.js";

const FEATURES = 6;
const unit = (seed: number, shape: number[]) => random.uniform(key(seed), shape);
const plainModel = (reduction: "mean" | "perExample") =>
  autoencoder({
    inputShape: [FEATURES],
    encoder: dense(3, { activation: "tanh" }),
    decoder: dense(FEATURES, { activation: "sigmoid" }),
    reduction,
  });
const latentModel = (freeBits?: { perDimension: number }) =>
  vae({
    inputShape: [FEATURES],
    latentSize: 2,
    encoder: dense(4, { activation: "tanh" }),
    decoder: dense(FEATURES),
    beta: 0.5,
    ...(freeBits && { freeBits }),
  });

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const rowOf = (t: Tensor, i: number) => ops.slice(t, i, i + 1);
/** Σ w·v / Σ w. */
const weighted = (weights: readonly number[], values: readonly number[]) =>
  sum(values.map((value, i) => value * weights[i])) / sum(weights);

const drawn = fc.record({
  weights: fc
    .array(fc.constantFrom(0, 0.25, 1, 3), { minLength: 1, maxLength: 6 })
    .filter((weights) => sum(weights) > 0),
  seed: fc.integer({ min: 1, max: 1000 }),
  reduction: fc.constantFrom<"mean" | "perExample">("mean", "perExample"),
});

describe("a loss with weights and targets", () => {
  it("of an autoencoder is the weighted mean of its examples' losses", () => {
    forAll(drawn, 40, ({ weights, seed, reduction }) => {
      const model = plainModel(reduction);
      const params = model.init(key(seed));
      const inputs = unit(seed, [weights.length, FEATURES]);
      const targets = unit(seed + 1, [weights.length, FEATURES]);
      const each = weights.map((_, i) =>
        item(model.loss(params, { inputs: rowOf(inputs, i), targets: rowOf(targets, i) }).loss),
      );
      const { loss } = model.loss(params, { inputs, targets, weights: tensor(weights) });
      expect(item(loss)).toBeCloseTo(weighted(weights, each), 5);
      const even = model.loss(params, { inputs, targets }).loss;
      expect(item(even)).toBeCloseTo(sum(each) / each.length, 5);
    });
  });

  it("of a VAE is the weighted mean of its examples' terms", () => {
    forAll(drawn, 40, ({ weights, seed }) => {
      const model = latentModel();
      const params = model.init(key(seed));
      const inputs = unit(seed, [weights.length, FEATURES]);
      const targets = unit(seed + 1, [weights.length, FEATURES]);
      const noise = random.normal(key(seed), [weights.length, 2]);
      const each = weights.map((_, i) => {
        const batch = { inputs: rowOf(inputs, i), targets: rowOf(targets, i) };
        const { loss, terms } = model.loss(params, batch, { noise: rowOf(noise, i) });
        return { loss: item(loss), kl: item(terms.kl) };
      });
      const { loss, terms } = model.loss(params, { inputs, targets, weights: tensor(weights) }, { noise });
      expect(item(loss)).toBeCloseTo(
        weighted(
          weights,
          each.map((one) => one.loss),
        ),
        4,
      );
      expect(item(terms.kl)).toBeCloseTo(
        weighted(
          weights,
          each.map((one) => one.kl),
        ),
        4,
      );
    });
  });

  it("counts only what is hidden, by its weight", () => {
    const model = plainModel("mean");
    const params = model.init(key(1));
    const inputs = unit(2, [3, FEATURES]);
    const hidden = tensor([
      [1, 0, 0, 0, 0, 0],
      [1, 1, 1, 0, 0, 0],
      [0, 0, 0, 0, 0, 1],
    ]);
    const weights = [2, 0.5, 1];
    const output = model.reconstruct(params, inputs).data;
    let [total, counted] = [0, 0];
    hidden.data.forEach((mask, i) => {
      const weight = weights[Math.floor(i / FEATURES)] * mask;
      total += weight * (output[i] - inputs.data[i]) ** 2;
      counted += weight;
    });
    const { loss } = model.loss(params, { inputs, weights: tensor(weights) }, { hidden });
    expect(item(loss)).toBeCloseTo(total / counted, 5);
    const perExample = plainModel("perExample").loss(
      params,
      { inputs, weights: tensor(weights) },
      { hidden },
    );
    expect(item(perExample.loss)).toBeCloseTo(total / sum(weights), 5);
  });

  it("has free bits on the weighted mean of each dimension", () => {
    const inputs = unit(3, [2, FEATURES]);
    const model = latentModel({ perDimension: 0.2 });
    const params = model.init(key(4));
    const options = { noise: zeros([2, 2]) };
    const first = model.loss(params, rowOf(inputs, 0), { noise: zeros([1, 2]) });
    const both = model.loss(params, { inputs, weights: tensor([2, 0]) }, options);
    for (const name of ["kl", "paidKl", "reconstruction"]) {
      expect(item(both.terms[name])).toBeCloseTo(item(first.terms[name]), 5);
    }
  });
});

describe("a trainer's step on a batch", () => {
  const inputs = unit(5, [4, FEATURES]);

  it.each([plainModel("mean"), plainModel("perExample"), latentModel()])(
    "takes weights that are all alike for none, and twice an example for twice its weight: %#",
    (model) => {
      const stepped = (batch: Tensor | Batch) => {
        const trainer = createTrainer(model, { key: key(6), optimizer: sgd({ learningRate: 0.1 }) });
        return trainer.evaluate(batch).loss;
      };
      expect(stepped({ inputs, weights: tensor([3, 3, 3, 3]) })).toBeCloseTo(stepped(inputs), 5);
      const zeroed = { inputs, weights: tensor([1, 0, 0, 0]) };
      const changed = { ...zeroed, inputs: ops.concat([rowOf(inputs, 0), unit(9, [3, FEATURES])]) };
      expect(stepped(changed)).toBeCloseTo(stepped(zeroed), 5);
    },
  );

  it("learns pairs of one's own", () => {
    const targets = ops.scale(inputs, -1, 1);
    const trainer = createTrainer(plainModel("mean"), {
      key: key(7),
      optimizer: adam({ learningRate: 0.05 }),
    });
    const before = trainer.evaluate({ inputs, targets }).loss;
    for (let step = 0; step < 200; step++) trainer.step({ inputs, targets });
    expect(trainer.evaluate({ inputs, targets }).loss).toBeLessThan(before / 20);
    expect(trainer.evaluate(inputs).loss).toBeGreaterThan(before / 20);
  });

  it("compares disturbed inputs with the targets that are given", () => {
    const corrupt = maskPatches({ size: 1, ratio: 1, value: 0.3 });
    const model = plainModel("mean");
    const trainer = createTrainer(model, { key: key(8), corrupt });
    const targets = unit(10, [4, FEATURES]);
    const wanted = model.loss(trainer.params(), {
      inputs: ops.add(zeros([4, FEATURES]), tensor(0.3)),
      targets,
    });
    expect(trainer.evaluate({ inputs, targets }).loss).toBeCloseTo(item(wanted.loss), 5);
    expect(trainer.evaluate(inputs).loss).not.toBeCloseTo(item(wanted.loss), 5);
  });

  it("names the first example that is not finite, in targets and weights too", () => {
    const bad = (batch: Batch) => {
      try {
        createTrainer(plainModel("mean"), { key: key(1) }).step(batch);
      } catch (error) {
        if (error instanceof DivergenceError) return [error.isBatchFinite, error.example, error.value];
      }
      return expect.fail("no divergence");
    };
    const targets = tensor(
      inputs.data.map((value, i) => (i === 2 * FEATURES + 1 ? NaN : value)),
      [4, FEATURES],
    );
    expect(bad({ inputs, targets })).toEqual([false, 2, NaN]);
    expect(bad({ inputs, weights: tensor([1, Infinity, 1, 1]) })).toEqual([false, 1, Infinity]);
    expect(bad({ inputs, targets, weights: tensor([1, 1, 1, NaN]) })).toEqual([false, 2, NaN]);
  });
});

describe("fit on an object of examples", () => {
  const model = plainModel("mean");
  const count = 10;
  const data = { inputs: unit(11, [count, FEATURES]), targets: unit(12, [count, FEATURES]) };
  const weights = tensor(Array.from({ length: count }, (_, i) => 1 + (i % 3)));
  const labels = tensor(Array.from({ length: count }, (_, i) => i));
  const options: FitOptions = { key: key(13), batchSize: 4, epochs: 2 };
  const run = async (examples: TrainingData, more: Partial<FitOptions> = {}): Promise<ModelParams> =>
    (await fit(model, examples, { ...options, ...more })).params;

  it("is the fit on its inputs, where there is nothing else or the targets are the inputs", async () => {
    const alone = plain(await run(data.inputs));
    expect(plain(await run({ inputs: data.inputs }))).toEqual(alone);
    expect(plain(await run({ inputs: data.inputs, targets: data.inputs }))).toEqual(alone);
    expect(plain(await run(data))).not.toEqual(alone);
  });

  it("keeps together what belongs together when it shuffles and divides", async () => {
    type Seen = { readonly [Name in keyof Batch]-?: readonly number[] };
    const seen: Seen[] = [];
    const watching = {
      ...model,
      loss: (...[params, batch, more]: Parameters<typeof model.loss>) => {
        const { labels: names, ...rest } = batch as Required<Batch>;
        const values = Object.entries({ ...rest, labels: names }).map(([name, t]) => [name, [...t.data]]);
        seen.push(Object.fromEntries(values) as Seen);
        return model.loss(params, rest, more);
      },
    };
    await fit(watching, { ...data, weights, labels }, { ...options, validation: 0.3, epochs: 1 });
    const rows = new Set<number>();
    const rowAt = (values: ArrayLike<number>, row: number) =>
      Array.from(values).slice(row * FEATURES, (row + 1) * FEATURES);
    for (const batch of seen) {
      batch.labels.forEach((label, row) => {
        rows.add(label);
        expect(rowAt(batch.inputs, row)).toEqual(rowAt(data.inputs.data, label));
        expect(rowAt(batch.targets, row)).toEqual(rowAt(data.targets.data, label));
        expect(batch.weights[row]).toBe(1 + (label % 3));
      });
    }
    expect(rows.size).toBe(count);
  });

  it("takes ndarrays, iterables, async iterables and functions of such objects alike", async () => {
    const batches = [0, 4, 8].map((start) => ({
      inputs: ops.slice(data.inputs, start, Math.min(start + 4, count)),
      targets: ops.slice(data.targets, start, Math.min(start + 4, count)),
    }));
    const wanted = plain(await run(data, { shuffle: false }));
    const asNdarrays = { inputs: toNdarray(data.inputs), targets: toNdarray(data.targets) };
    expect(plain(fromNdarray(asNdarrays.inputs))).toEqual(plain(data.inputs));
    expect(plain(await run(asNdarrays, { shuffle: false }))).toEqual(wanted);
    expect(plain(await run(batches, { shuffle: false }))).toEqual(wanted);
    const stream = async function* () {
      yield* batches;
    };
    expect(plain(await run(() => stream(), { shuffle: false }))).toEqual(wanted);
  });

  it("validates on the weighted mean, batch after batch, and leaves out what has no weight", async () => {
    const own = [0, 0, 0, 0, 1, 2, 3, 0, 0, 4];
    const validation = { ...data, weights: tensor(own) };
    const { params, history } = await fit(model, data, { ...options, epochs: 1, validation });
    const each = own.map((_, i) =>
      item(model.loss(params, { inputs: rowOf(data.inputs, i), targets: rowOf(data.targets, i) }).loss),
    );
    expect(history.epochs[0]?.validation?.loss).toBeCloseTo(weighted(own, each), 5);
  });

  it("goes on from its checkpoint, and not with data of another form", async () => {
    let saved: Checkpoint | undefined;
    const save = (checkpoint: Checkpoint): void => void (saved = checkpoint);
    await run({ ...data, weights }, { steps: 3, checkpoint: { every: 3, save } });
    expect(saved!.settings.data).toEqual({ inputs: [10, FEATURES], targets: [10, FEATURES], weights: [10] });
    const whole = plain(await run({ ...data, weights }, { steps: 6 }));
    expect(plain(await run({ ...data, weights }, { steps: 6, resume: saved }))).toEqual(whole);
    await expect(run(data, { steps: 6, resume: saved })).rejects.toThrow("fit: data must be");
    await expect(run(data.inputs, { steps: 6, resume: saved })).rejects.toThrow("fit: data must be");
  });

  it.each<[string, object, string]>([
    ["targets of another shape", { targets: unit(1, [count, 5]) }, "fit: data.targets.shape must be [10, 6]"],
    [
      "targets of another number",
      { targets: unit(1, [9, FEATURES]) },
      "fit: data.targets.shape must be [10, 6]",
    ],
    ["weights of another number", { weights: tensor([1]) }, "fit: data.weights.shape must be [10]"],
    ["weights below 0", { weights: ops.scale(weights, -1) }, "fit: data.weights must be ≥ 0"],
    ["weights that are all 0", { weights: zeros([count]) }, "fit: data.weights must be above 0 somewhere"],
    ["labels of another number", { labels: tensor([1]) }, "fit: data.labels.shape must be [10] or [10, k]"],
    ["labels between classes", { labels: ops.scale(labels, 0.5) }, "fit: data.labels must hold integers"],
    ["a name that is none", { target: data.targets }, "fit.data: options must have only the names"],
    ["labels for a model that takes none", { labels }, "autoencoder.loss: batch.labels must be left out"],
    ["targets that are no tensor", { targets: [1] }, "fit: data.targets must be a tensor"],
  ])("refuses %s", async (_, more, message) => {
    await expect(run({ ...data, ...more })).rejects.toThrow(message);
  });

  it("refuses labels in a VAE's loss too", () => {
    const other = latentModel();
    const batch = { inputs: data.inputs, labels };
    const call = () => other.loss(other.init(key(1)), batch, { key: key(1) });
    expectRefused(call, TypeError, "vae.loss: batch.labels must be left out");
  });
});
