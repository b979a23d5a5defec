// Laws of training that leaves the finite numbers: it says where, and loses nothing that was good.

import { describe, expect, it } from "vitest";
import {
  adam,
  autoencoder,
  createTrainer,
  dense,
  DivergenceError,
  fit,
  gaussianNoise,
  key,
  type Model,
  type ModelParams,
  ops,
  sgd,
  type Tensor,
  tensor,
  type Trainer,
} from "../../src/index.js";
import { tensorsOf } from "../../src/tensor/tree.js";
import { bitsOf, counting, imagesFor, recorder, smallAutoencoder, smallVae } from "../support/training.js";

/** The error of a step that must fail. */
function divergence(trainer: Trainer, batch: Tensor): DivergenceError {
  try {
    trainer.step(batch);
  } catch (error) {
    if (error instanceof DivergenceError) return error;
    throw error;
  }
  throw new Error("the step was finite");
}

const isFinite = (params: ModelParams) => tensorsOf(params).every(({ data }) => data.every(Number.isFinite));

const withPixel = (images: Tensor, value: number): Tensor => {
  const data = new Float32Array(images.data);
  data[5] = value;
  return tensor(data, images.shape);
};

describe.each<[string, () => Model, number]>([
  ["NaN, vae", smallVae, NaN],
  ["NaN, autoencoder", smallAutoencoder, NaN],
  ["infinity, autoencoder", smallAutoencoder, -Infinity],
])("a bad pixel (%s)", (_, make, value) => {
  const model = make();
  const good = imagesFor(model, 4);

  it("is told by step, term, operation and parameter, and changes nothing", () => {
    const trainer = createTrainer(model, { key: key(1) });
    const undisturbed = createTrainer(model, { key: key(1) });
    for (let step = 0; step < 3; step++) [trainer, undisturbed].forEach((each) => each.step(good));
    const before = trainer.state();
    const error = divergence(trainer, withPixel(good, value));
    expect(error).toMatchObject({
      name: "DivergenceError",
      step: 3,
      isBatchFinite: false,
      term: "reconstruction",
    });
    expect(error.operation).toMatch(/^[\w.[\]]+: result must be finite/);
    expect(error.parameter).toMatch(/^(encoder|posterior|decoder)/);
    expect(error.message).toMatch(
      /^Trainer\.step: step 3 must be finite, but the batch is not finite; the term recon/,
    );
    expect(error.message).toContain(error.operation);
    expect(isFinite(error.params)).toBe(true);
    expect(bitsOf(error.params)).toEqual(bitsOf(before.params));
    expect(trainer.state().step).toBe(3);
    expect(bitsOf(trainer.state())).toEqual(bitsOf(before));
    // Nothing of it remains: the next step is as if it had not been.
    expect(trainer.step(good)).toEqual(undisturbed.step(good));
    expect(bitsOf(trainer.state())).toEqual(bitsOf(undisturbed.state()));
  });

  it("is told in the first step too", () => {
    const trainer = createTrainer(model, { key: key(1) });
    const fresh = bitsOf(trainer.params());
    const error = divergence(trainer, withPixel(good, NaN));
    expect(error.step).toBe(0);
    expect(Object.keys(error)).not.toContain("params");
    expect(bitsOf(error.params)).toEqual(fresh);
  });
});

describe("a learning rate that explodes", () => {
  const model = autoencoder({ inputShape: [8], encoder: dense(4), decoder: dense(8) });
  const batch = imagesFor(model, 4);

  it.each([
    ["sgd", () => sgd({ learningRate: 1e15 })],
    ["with momentum", () => sgd({ learningRate: 1e15, momentum: 0.9 })],
    ["sgd, infinite in one step", () => sgd({ learningRate: 1e38 })],
    ["adam", () => adam({ learningRate: 1e30 })],
  ])("ends in the parameters that the last finite step began with (%s)", (_, make) => {
    const trainer = createTrainer(model, { key: key(1), optimizer: make() });
    let begun: unknown;
    let error: DivergenceError | undefined;
    let steps = 0;
    while (error === undefined && steps < 50) {
      const before = bitsOf(trainer.params());
      try {
        trainer.step(batch);
        begun = before;
        steps++;
      } catch (thrown) {
        error = thrown as DivergenceError;
      }
    }
    expect(error).toBeInstanceOf(DivergenceError);
    expect(error!.step).toBe(steps);
    expect(steps).toBeGreaterThan(0);
    expect(error!.isBatchFinite).toBe(true);
    expect(error!.message).toContain("a smaller learning rate");
    expect(isFinite(error!.params)).toBe(true);
    expect(bitsOf(error!.params)).toEqual(begun);
    expect(bitsOf(trainer.params())).toEqual(begun);
    // The same parameters give the same finite loss, whatever the optimizer had gathered.
    expect(Number.isFinite(trainer.step(batch).loss)).toBe(true);
    expect(
      Number.isFinite(createTrainer(model, { key: key(1), params: error!.params }).step(batch).loss),
    ).toBe(true);
  });

  it("after good steps loses only the last of them, and the optimizer begins anew", () => {
    const optimizer = sgd({ learningRate: (step) => (step < 4 ? 0.1 : 1e20), momentum: 0.9 });
    const trainer = createTrainer(model, { key: key(1), optimizer });
    for (let step = 0; step < 4; step++) trainer.step(batch);
    const good = trainer.params();
    trainer.step(batch);
    expect(bitsOf(divergence(trainer, batch).params)).toEqual(bitsOf(good));
    const { optimizer: state, ...rest } = trainer.state();
    expect(bitsOf(rest.params)).toEqual(bitsOf(good));
    expect([rest.step, state]).toEqual([5, expect.objectContaining({ step: 0 })]);
    expect(bitsOf(state)).toEqual(bitsOf(optimizer.init(good.weights)));
  });

  it("after a restoration goes back to what was restored", () => {
    const good = createTrainer(model, { key: key(1) }).state();
    const trainer = createTrainer(model, { key: key(2), optimizer: adam() });
    trainer.step(batch);
    trainer.restore(good);
    const huge = tensor(new Float32Array(8).fill(3e38), [1, 8]);
    const error = divergence(trainer, huge);
    expect([error.step, error.isBatchFinite]).toEqual([0, true]);
    expect(bitsOf(error.params)).toEqual(bitsOf(good.params));
  });

  it("comes out of fit with the parameters", async () => {
    const failing = fit(model, batch, { key: key(1), optimizer: sgd({ learningRate: 1e15 }) });
    const error = await failing.then(
      () => undefined,
      (thrown: unknown) => thrown as DivergenceError,
    );
    expect(error).toBeInstanceOf(DivergenceError);
    expect(isFinite(error!.params)).toBe(true);
    const { reconstruct } = model;
    expect([...reconstruct(error!.params, batch).data].every(Number.isFinite)).toBe(true);
  });
});

describe("a loss that is not finite", () => {
  const trainerOf = (lossOf: (x: Tensor, w: Tensor) => Tensor) =>
    createTrainer(recorder([1], lossOf).model, { key: key(1) });

  it("is told with the operation that overflowed", () => {
    const error = divergence(
      trainerOf((x, w) => ops.exp(ops.scale(ops.mul(x, w), 1000))),
      counting(3),
    );
    expect(error).toMatchObject({ step: 0, term: "reconstruction", isBatchFinite: true });
    expect(error.operation).toMatch(/^exp: result must be finite/);
    expect(error.message).toContain("first in exp");
  });

  it("is told where only the gradient is, with the parameter", () => {
    // The root of 0 is finite, its slope is not.
    const error = divergence(
      trainerOf((x, w) => ops.sqrt(ops.mul(x, w))),
      counting(1),
    );
    expect(error).toMatchObject({ term: undefined, operation: undefined, parameter: "w" });
    expect(error.message).toContain("a gradient is not finite; first parameter: w");
  });

  it("is told where only a term is", () => {
    const { model } = recorder();
    const loss: typeof model.loss = (...args) => ({
      ...model.loss(...args),
      terms: { reconstruction: tensor(1), kl: tensor(NaN) },
    });
    expect(divergence(createTrainer({ ...model, loss }, { key: key(1) }), counting(1)).term).toBe("kl");
  });
});

describe("data that are not finite", () => {
  const model = smallAutoencoder();
  /** Images 0 to 19, of which one holds a bad value. */
  const withBad = (index: number, value: number): Tensor => {
    const data = new Float32Array(imagesFor(model, 20).data);
    data[index * 8 + 3] = value;
    return tensor(data, [20, 8]);
  };
  const failure = async (...args: Parameters<typeof fit>): Promise<DivergenceError> => {
    const error = await fit(...args).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(DivergenceError);
    return error as DivergenceError;
  };
  const cases = [0, 7, 13, 19].flatMap((index) =>
    [NaN, Infinity, -Infinity].map((value) => [index, value] as const),
  );

  it.each(cases)(
    "are named by the example in what was passed, %i of %d, shuffled or not",
    async (index, value) => {
      for (const shuffle of [true, false]) {
        for (const validation of [undefined, imagesFor(model, 3)]) {
          const options = {
            key: key(index),
            epochs: 2,
            batchSize: 6,
            shuffle,
            ...(validation && { validation }),
          };
          const error = await failure(model, withBad(index, value), options);
          expect(error).toMatchObject({ data: "training", isBatchFinite: false, example: index, value });
          expect(error.message).toContain(`the data are not finite: example ${index} holds ${value}`);
          expect(error.message).toMatch(/^fit: step \d must be finite/);
          expect(error.message).not.toContain("learning rate");
          expect(isFinite(error.params)).toBe(true);
        }
      }
    },
  );

  it.each(cases)("are named so where a share is set aside, %i of %d", async (index, value) => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 6; seed++) {
      const options = {
        key: key(seed),
        epochs: 1,
        batchSize: 6,
        validation: 0.4,
        earlyStopping: { patience: 1 },
      };
      const error = await failure(model, withBad(index, value), options);
      seen.add(error.data);
      expect(error).toMatchObject({ isBatchFinite: false, example: index, value });
      const whole = error.data === "validation" ? "the validation data are" : "the data are";
      expect(error.message).toContain(`${whole} not finite: example ${index} holds ${value}`);
    }
    expect(seen.size).toBe(2);
  });

  it.each(cases)("are named in validation data of their own, %i of %d", async (index, value) => {
    const validation = withBad(index, value);
    const options = { key: key(1), epochs: 5, batchSize: 6, validation };
    for (const more of [{}, { earlyStopping: { patience: 2 } }, { corrupt: gaussianNoise(0.1) }]) {
      const error = await failure(model, imagesFor(model, 12), { ...options, ...more });
      expect(error).toMatchObject({
        data: "validation",
        step: 1,
        isBatchFinite: false,
        example: index,
        value,
      });
      expect(error.message).toMatch(/^fit: validation after step 1 must be finite/);
      expect(error.message).not.toContain("learning rate");
      expect(isFinite(error.params)).toBe(true);
    }
  });

  it("of a stream are named by batch and row", async () => {
    const good = imagesFor(model, 4);
    const bad = tensor(withBad(2, NaN).data.slice(0, 32), [4, 8]);
    const error = await failure(model, () => [good, good, bad], { key: key(1), epochs: 1 });
    expect(error).toMatchObject({ data: "training", example: 2, batch: 2, value: NaN });
    expect(error.message).toContain("the data are not finite: example 2 of batch 2 of the epoch holds NaN");
  });

  it("of a batch are named by its row", () => {
    const trainer = createTrainer(model, { key: key(1) });
    const error = divergence(trainer, withBad(13, Infinity));
    expect(error).toMatchObject({ data: "training", example: 13, value: Infinity });
    expect(error.message).toContain("the data are not finite: example 13 of the batch holds Infinity");
    expect(error.message).not.toContain("learning rate");
    expect(divergence(createTrainer(smallVae(), { key: key(1) }), imagesOf(NaN)).example).toBe(1);
  });

  const imagesOf = (value: number): Tensor => {
    const data = new Float32Array(imagesFor(smallVae(), 3).data);
    data[36 + 5] = value;
    return tensor(data, [3, 6, 6, 1]);
  };

  it("are not blamed where it is the loss of finite ones", async () => {
    const error = await failure(model, imagesFor(model, 6), {
      key: key(1),
      optimizer: sgd({ learningRate: 1e30 }),
    });
    expect(error).toMatchObject({ isBatchFinite: true, example: undefined });
    expect(error.message).toContain("a smaller learning rate");
  });
});

describe("a last step that leaves the finite numbers", () => {
  const model = autoencoder({ inputShape: [8], encoder: dense(4), decoder: dense(8) });
  const data = imagesFor(model, 8);
  const wild = { key: key(1), batchSize: 4, optimizer: sgd({ learningRate: 1e300 }) };

  it.each([
    ["of so many steps", { steps: 1 }],
    ["of all epochs", { epochs: 1, batchSize: 8 }],
    ["of the best epoch", { epochs: 1, batchSize: 8, earlyStopping: { patience: 1 } }],
    [
      "that a checkpoint would keep",
      { epochs: 9, checkpoint: { every: 1, save: () => Promise.reject(new Error("kept")) } },
    ],
  ])("is told as the next one would tell it (%s)", async (_, options) => {
    const error = (await fit(model, data, { ...wild, ...options }).catch(
      (e: unknown) => e,
    )) as DivergenceError;
    expect(error).toBeInstanceOf(DivergenceError);
    expect(error).toMatchObject({ step: 0, isBatchFinite: true, operation: "optimizer.update" });
    expect(error.message).toMatch(
      /^fit: step 0 must be finite, but what the optimizer made of the parameters is not finite; first parameter: weights\.encoder\.kernel\. .* smaller learning rate/,
    );
    expect(isFinite(error.params)).toBe(true);
  });

  it("does not count where an earlier epoch is chosen", async () => {
    let rate = 0.1;
    const { params } = await fit(model, data, {
      ...wild,
      batchSize: 8,
      epochs: 2,
      optimizer: sgd({ learningRate: () => rate }),
      validation: data,
      earlyStopping: { patience: 5 },
      onEpoch: () => void (rate = 1e300),
    });
    expect(isFinite(params)).toBe(true);
  });
});

describe("a validation loss that is not finite, of data that are", () => {
  it("is told by a warning of its epoch", async () => {
    const { model } = recorder();
    const loss: typeof model.loss = (params, batch, options = {}) => {
      const result = model.loss(params, batch, options);
      return options.training ? result : { ...result, loss: tensor(NaN) };
    };
    const { history } = await fit({ ...model, loss }, counting(2), {
      key: key(1),
      epochs: 1,
      validation: counting(1),
    });
    expect(history.epochs[0]!.warnings).toEqual([expect.stringContaining("validation loss is not finite")]);
  });
});
