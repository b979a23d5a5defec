// Laws of models by name: each takes the data that it is made for, and says so where it does not.

import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/cli/command.js";
import { MODEL_NAMES } from "../../src/cli/effects.js";
import { modelByName, type ModelRequest } from "../../src/cli/models.js";
import { key, random, type Shape, type Vae } from "../../src/index.js";

const request = (inputShape: Shape, more: Partial<ModelRequest> = {}): ModelRequest => ({
  inputShape,
  latent: 3,
  beta: 2,
  isUnit: true,
  likelihood: "bernoulli",
  gamma: 0.1,
  codebook: 8,
  levels: 4,
  ...more,
});

const LECTURES = ["shallow", "stacked", "convolutional", "strided", "denseVae", "convVae"];

describe("modelByName", () => {
  it.each(MODEL_NAMES)("%s takes images of 28×28", (name) => {
    const model = modelByName(name, request([28, 28, 1]));
    const images = random.uniform(key(1), [2, ...model.inputShape]);
    expect(images.size).toBe(2 * 28 * 28);
    expect(model.reconstruct(model.init(key(2)), images).shape).toEqual(images.shape);
  });

  it.each(["dense-vae", "dense-ae", "linear"])("%s takes tables too", (name) => {
    const model = modelByName(name, request([5], { isUnit: false, likelihood: "gaussian" }));
    expect(model.inputShape).toEqual([5]);
  });

  it.each(["conv-vae", "conv-ae", "vq-vae", "pixel-rnn", "pixel-cnn"])("%s refuses tables", (name) => {
    expect(() => modelByName(name, request([5]))).toThrow(
      new UsageError(
        `--model ${name} is for images; for tables there are dense-vae, dense-ae, linear and pca`,
      ),
    );
  });

  it.each(LECTURES)("%s says what it takes", (name) => {
    for (const [shape, words] of [
      [[32, 32, 1], "32×32×1: add --size 28"],
      [[28, 28, 3], "28×28×3: add --size 28 --grey"],
      [[784], "784"],
    ] as const) {
      expect(() => modelByName(name, request(shape))).toThrow(
        new UsageError(`--model ${name} is for images of 28×28×1, these data have ${words}`),
      );
    }
  });

  it("hands over latents, beta and likelihood", () => {
    for (const name of ["conv-vae", "dense-vae"]) {
      const { spec } = modelByName(name, request([8, 8, 1]));
      expect(spec.options).toMatchObject({ latentSize: 3, beta: 2, likelihood: "bernoulli" });
      const gaussian = modelByName(name, request([8, 8, 1], { likelihood: "gaussian" }));
      expect(gaussian.spec.options).toMatchObject({ likelihood: { type: "gaussian", gamma: 0.1 } });
    }
    for (const name of ["conv-vae", "dense-vae"]) {
      const ofLevels = modelByName(name, request([8, 8, 1], { likelihood: "discretizedLogistic" }));
      expect(ofLevels.spec.options).toMatchObject({ likelihood: { type: "discretizedLogistic" } });
    }
    expect(modelByName("vq-vae", request([8, 8, 1]))).toMatchObject({ latentSize: 3, codebook: 8 });
    for (const name of ["pixel-rnn", "pixel-cnn"]) {
      const sized = modelByName(name, request([8, 8, 1], { hidden: 5, layers: 2 }));
      expect(sized.spec.options).toMatchObject({ levels: 4, hidden: 5, layers: 2 });
      expect(modelByName(name, request([8, 8, 1])).spec.options).toMatchObject({ hidden: 32 });
    }
    for (const name of ["conv-ae", "dense-ae", "linear"]) {
      expect(modelByName(name, request([8, 8, 1]))).toMatchObject({ codeShape: [3] });
      expect(modelByName(name, request([8, 8, 1])).spec.options).toMatchObject({ reduction: "perExample" });
    }
    for (const name of ["denseVae", "convVae"]) {
      expect((modelByName(name, request([28, 28, 1])) as Vae).latentSize).toBe(3);
    }
  });

  it("measures tables of any values by their squared error", () => {
    const lossOf = (isUnit: boolean) => modelByName("dense-ae", request([5], { isUnit })).spec.options.loss;
    expect([lossOf(true), lossOf(false)]).toEqual(["binaryCrossEntropyWithLogits", "squaredError"]);
  });
});
