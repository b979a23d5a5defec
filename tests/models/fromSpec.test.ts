// Laws of models made from specs: they are the models that were described.

import { describe, expect, it } from "vitest";
import {
  type AnyModel,
  autoencoder,
  dense,
  key,
  type Layer,
  lectures,
  type Likelihood,
  modelFromSpec,
  type ModelSpec,
  type None,
  ops,
  relu,
  sequential,
  squaredError,
  type Tensor,
  vae,
} from "../../src/index.js";
import { expectSame, forAll } from "../support/laws.js";
import { autoencoders, imagesOf, vaes } from "../support/modelCases.js";
import { expectRefused } from "../support/refusals.js";
import { plain } from "../support/trees.js";

/** A spec as it comes back from a file. */
const filed = (spec: unknown) => JSON.parse(JSON.stringify(spec)) as ModelSpec;

/** The rebuilt model describes itself as the first, begins with the same bits and gives the same. */
function expectRebuilt(model: AnyModel, seed: number): void {
  const rebuilt = modelFromSpec(filed(model.spec));
  expect(rebuilt.spec).toEqual(model.spec);
  expect(filed(rebuilt.spec)).toEqual(filed(model.spec));
  const params = model.init(key(seed));
  expect(plain(rebuilt.init(key(seed)))).toEqual(plain(params));
  const images = imagesOf(model.inputShape, 3, seed);
  expectSame(rebuilt.reconstruct(params, images), model.reconstruct(params, images));
  expectSame(rebuilt.score(params, images), model.score(params, images));
  for (const training of [false, true]) {
    const options = { training, key: key(seed), step: 3 };
    const wanted = model.loss(params, images, options);
    expect(plain(rebuilt.loss(params, images, options))).toEqual(plain(wanted));
  }
}

describe("modelFromSpec", () => {
  it("gives the same autoencoder", () => {
    forAll(autoencoders, 30, ({ model, seed }) => expectRebuilt(model, seed));
  });

  it("gives the same VAE", () => {
    forAll(vaes, 30, ({ model, seed }) => expectRebuilt(model, seed));
  });

  it("gives the models of the lectures", () => {
    for (const make of Object.values(lectures))
      expect(modelFromSpec(filed(make().spec)).spec).toEqual(make().spec);
  });

  it("takes the value that a schedule of beta ends at", () => {
    const parts = { inputShape: [3], latentSize: 2, encoder: dense(4), decoder: dense(3) };
    const likelihood: Likelihood = { type: "gaussian", gamma: "learned" };
    const model = vae({ ...parts, likelihood, beta: (step) => Math.min(2, step / 10) });
    expectRebuilt(vae({ ...parts, likelihood, beta: 2 }), 1);
    expect(modelFromSpec(filed(model.spec)).spec).toEqual(model.spec);
  });

  it("takes layers and a loss of one's own", () => {
    const double = (factor = 2): Layer<None, None> => ({
      ...relu(),
      spec: { type: "double", args: [factor] },
      apply: (_, state, input) => ({ output: ops.scale(input, factor), state }),
    });
    const loss = (output: Tensor, target: Tensor) => squaredError(output, target, { reduction: "none" });
    const encoder = sequential(dense(2), double(3));
    const model = autoencoder({ inputShape: [3], encoder, decoder: dense(3), loss });
    const rebuilt = modelFromSpec(filed(model.spec), { layers: { double }, loss });
    const params = model.init(key(1));
    const images = imagesOf([3], 4, 1);
    expect(rebuilt.spec).toEqual(model.spec);
    expectSame(rebuilt.score(params, images), model.score(params, images));
    expectRefused(
      () => modelFromSpec(model.spec, { layers: { double } }),
      TypeError,
      "modelFromSpec: custom.loss must be given: this model was made with a function as its loss, got undefined",
    );
    expectRefused(
      () => modelFromSpec(model.spec, { loss }),
      RangeError,
      "encoder[1].layerFromSpec: type must be",
    );
  });
});

describe("a spec that is none", () => {
  const { spec } = lectures.linear();
  const other = (changes: object) => () => modelFromSpec({ ...spec, ...changes } as ModelSpec);
  const ofVae = (options: object) => () => {
    const { spec } = lectures.denseVae();
    return modelFromSpec({ ...spec, options: { ...spec.options, ...options } });
  };

  it.each<[() => unknown, ErrorConstructor, string]>([
    [() => modelFromSpec(null as never), TypeError, "modelFromSpec: spec must be a model's spec, got null"],
    [() => modelFromSpec("{}" as never), TypeError, "modelFromSpec: spec must be a model's spec, got"],
    [
      () => modelFromSpec({} as never),
      TypeError,
      'modelFromSpec: spec.type must be one of "autoencoder", "vae"',
    ],
    [
      () => modelFromSpec(spec, { layer: {} } as never),
      TypeError,
      "modelFromSpec: options must have only the na",
    ],
    [
      other({ type: "gan" }),
      RangeError,
      'modelFromSpec: spec.type must be one of "autoencoder", "vae", "vqVae", "pixelRnn", "pixelCnn", got "gan"',
    ],
    [other({ options: null }), TypeError, "modelFromSpec: spec.options must be an object, got null"],
    [other({ options: { loss: "mse" } }), RangeError, "autoencoder: loss must be one of"],
    [other({ options: { beta: 1 } }), TypeError, "autoencoder: options must have only the names"],
    [other({ inputShape: "3" }), TypeError, "autoencoder: inputShape must be an array of sizes"],
    [other({ inputShape: [4] }), RangeError, "autoencoder: decoder must give the input's shape [4], got [3]"],
    [
      other({ encoder: { type: "conv9", args: [] } }),
      RangeError,
      "encoder.layerFromSpec: type must be one of",
    ],
    [other({ decoder: undefined }), TypeError, "decoder.layerFromSpec: spec must be a layer's spec"],
    [ofVae({ latentSize: 0 }), RangeError, "vae: latentSize must be an integer ≥ 1, got 0"],
    [ofVae({ beta: "1" }), TypeError, "vae: beta must be a number"],
    [ofVae({ freeBits: { total: -1 } }), RangeError, "vae: freeBits.total must be ≥ 0"],
    [
      ofVae({ inputShape: [3] }),
      TypeError,
      "modelFromSpec: spec.options must have only names that the spec has not",
    ],
    [
      ofVae({ encoder: dense(3) }),
      TypeError,
      "modelFromSpec: spec.options must have only names that the spec has not",
    ],
  ])("is refused, %#", (call, kind, start) => {
    expectRefused(call, kind, start);
  });
});
