// Laws of training that leaves the finite numbers: it says where, and loses nothing that was good.

import { describe, expect, it } from "vitest";
import {
  adam,
  autoencoder,
  createTrainer,
  dense,
  DivergenceError,
  fit,
  key,
  type Model,
  type ModelParams,
  ops,
  sgd,
  type Tensor,
  tensor,
  type Trainer,
} from "../../src/index.js";
import { tensorsOf } from "../../src/tree.js";
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
