// Laws of files of models: what is loaded does what was saved, and no damaged or forged file gets through.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Checkpoint,
  writeCheckpoint,
  autoencoder,
  dense,
  fit,
  full,
  key,
  lectures,
  loadModel,
  type Model,
  type ModelParams,
  ops,
  readTree,
  runtimeInfo,
  saveModel,
  sequential,
  type Shape,
  writeTree,
  zeros,
} from "../../src/index.js";
import { plainLayer } from "../../src/layers/layer.js";
import { expectRefused } from "../support/refusals.js";
import { bitsOf, imagesFor, smallAutoencoder, smallVae } from "../support/training.js";

const MODELS: Readonly<Record<string, () => Model>> = {
  vae: smallVae,
  autoencoder: smallAutoencoder,
  linear: () => lectures.linear({ latentSize: 2 }),
  orthogonal: () =>
    autoencoder({
      inputShape: [8],
      encoder: dense(2, { kernelInitializer: "orthogonal" }),
      decoder: dense(8),
    }),
};

describe.each(Object.entries(MODELS))("a file of a model (%s)", (_, make) => {
  it("gives back model, parameters and info", () => {
    const model = make();
    const params = model.init(key(1));
    const loaded = loadModel(saveModel(model, params, { seen: [1, "é", -0] }));
    expect(loaded.model.spec).toEqual(JSON.parse(JSON.stringify(model.spec)));
    expect(bitsOf(loaded.params)).toEqual(bitsOf(params));
    expect(loaded.info).toEqual({ seen: [1, "é", -0] });
    const images = imagesFor(model, 3);
    expect(bitsOf(loaded.model.reconstruct(loaded.params, images))).toEqual(
      bitsOf(model.reconstruct(params, images)),
    );
  });
});

describe("loadModel", () => {
  const model = autoencoder({ inputShape: [2], encoder: dense(1), decoder: dense(2) });
  const file = saveModel(model, model.init(key(1)));
  const tree = () => readTree(file) as { model: Record<string, unknown>; params: ModelParams };

  it("reads checkpoints too", async () => {
    let bytes: Uint8Array = new Uint8Array();
    const save = (checkpoint: Checkpoint) => void (bytes = writeCheckpoint(checkpoint));
    const { params } = await fit(model, zeros([4, 2]), {
      key: key(1),
      steps: 2,
      checkpoint: { every: 1, save },
    });
    expect(bitsOf(loadModel(bytes).params)).toEqual(bitsOf(params));
  });

  it("refuses a file with any byte changed", () => {
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), (place, change) => {
        const damaged = file.slice();
        damaged[place]! ^= change;
        expect(() => loadModel(damaged)).toThrow(RangeError);
      }),
      { numRuns: 500 },
    );
  });

  /** The file with something else in its tree, under the right checksum. */
  const rewritten = (change: object) => writeTree({ ...tree(), ...change });
  const withParams = (encoder: object) => {
    const { weights, state } = tree().params;
    return rewritten({ params: { weights: { ...weights, encoder }, state } });
  };
  const withEncoder = (encoder: unknown) => rewritten({ model: { ...tree().model, encoder } });

  it.each<[string, () => Uint8Array, ErrorConstructor, string]>([
    [
      "a file of something else",
      () => writeTree({ kind: "x", version: 1 }),
      RangeError,
      "loadModel: bytes must be a model or",
    ],
    ["a file of null", () => writeTree(null), RangeError, "loadModel: bytes must be a model or checkpoint"],
    ["another version", () => rewritten({ version: 2 }), RangeError, "loadModel: bytes must be a model or"],
    ["no model", () => rewritten({ model: undefined }), TypeError, "modelFromSpec: spec must be"],
    [
      "no parameters",
      () => rewritten({ params: null }),
      TypeError,
      "loadModel: params.weights.encoder.kernel must",
    ],
    [
      "a missing tensor",
      () => withParams({ kernel: zeros([2, 1]) }),
      TypeError,
      "loadModel: params.weights.encoder.bias must be a tensor",
    ],
    [
      "a tensor too many",
      () => withParams({ kernel: zeros([2, 1]), bias: zeros([1]), more: zeros([1]) }),
      TypeError,
      "loadModel: params.weights.encoder.more must be absent",
    ],
    [
      "a tensor of another shape",
      () => withParams({ kernel: zeros([1, 2]), bias: zeros([1]) }),
      RangeError,
      "loadModel: params.weights.encoder.kernel must be a tensor of shape [2, 1]",
    ],
    [
      "an unknown layer",
      () => withEncoder({ type: "rm", args: [] }),
      RangeError,
      "encoder.layerFromSpec: type",
    ],
    [
      "a layer in place of a model",
      () => rewritten({ model: dense(2).spec }),
      RangeError,
      "modelFromSpec: spec.type",
    ],
  ])("refuses %s", (_, bytes, kind, start) => {
    expectRefused(() => loadModel(bytes()), kind, start);
  });

  // 784 × 600,000 weights are 1.9 GB, in two lines of JSON.
  const LARGE = 600_000;
  const largeSpec = (inputShape: Shape, encoder: { spec: unknown }, decoder: { spec: unknown }) => ({
    model: { ...tree().model, inputShape, encoder: encoder.spec, decoder: decoder.spec },
  });
  const narrow = sequential(dense(LARGE), dense(1));
  it.each<[string, object, string]>([
    [
      "one large layer",
      largeSpec([784], narrow, dense(784)),
      "loadModel.model[0].dense: kernel must give at most 65592 elements, got [784, 600000]",
    ],
    [
      "a layer beyond all tensors",
      largeSpec([784], sequential(dense(1e9), dense(1)), dense(784)),
      "encoder[0].dense: kernel must give at most 536870912 elements, got [784, 1000000000]",
    ],
    [
      "a large layer, orthogonal",
      largeSpec([784], sequential(dense(LARGE, { kernelInitializer: "orthogonal" }), dense(1)), dense(784)),
      "loadModel.model[0].dense: kernel must give at most 65592 elements, got [784, 600000]",
    ],
    [
      "many small layers",
      largeSpec([784], sequential(...Array.from({ length: 3000 }, () => dense(64))), dense(784)),
      "loadModel.model[4].dense: kernel must give at most 2872 elements, got [64, 64]",
    ],
  ])("refuses %s that the file's tensors cannot fill, before it takes the memory", (_, change, message) => {
    const bytes = rewritten(change);
    const { reserved } = runtimeInfo().memory;
    const before = process.memoryUsage().arrayBuffers;
    expect(() => loadModel(bytes)).toThrow(new RangeError(message));
    expect(runtimeInfo().memory.reserved - reserved).toBeLessThan(2 ** 22);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
  });

  it("does not make orthogonal parameters anew, which would take minutes", { timeout: 30_000 }, () => {
    const size = 3000;
    const wide = dense(size, { kernelInitializer: "orthogonal", useBias: false });
    const bytes = rewritten({
      ...largeSpec([size], sequential(wide, dense(1)), dense(size)),
      params: {
        weights: {
          encoder: [{ kernel: zeros([size, size]) }, { kernel: zeros([size, 1]), bias: zeros([1]) }],
          decoder: { kernel: zeros([1, size]), bias: zeros([size]) },
        },
        state: {},
      },
    });
    expect(loadModel(bytes).model.inputShape).toEqual([size]);
  });

  it("lets layers of one's own be made by those who know them", () => {
    const double = (factor: number) =>
      plainLayer(
        "double",
        [factor],
        (shape) => shape,
        (x) => ops.scale(x, factor),
      );
    const own = autoencoder({
      inputShape: [2],
      encoder: sequential(dense(1), double(2)),
      decoder: dense(2),
    });
    const bytes = saveModel(own, own.init(key(1)));
    expectRefused(() => loadModel(bytes), RangeError, "encoder[1].layerFromSpec: type");
    expect(loadModel(bytes, { layers: { double } }).model.spec).toEqual(own.spec);
  });
});

describe("saveModel", () => {
  const model = smallAutoencoder();
  const params = model.init(key(1));

  it.each<[string, () => unknown, ErrorConstructor, string]>([
    [
      "parameters of another model",
      () => saveModel(smallVae(), params),
      RangeError,
      "saveModel: params.weights.encoder[0].kernel must be",
    ],
    [
      "no parameters",
      () => saveModel(model, {} as never),
      TypeError,
      "saveModel: params.weights.encoder[0].kernel",
    ],
    [
      "a function as info",
      () => saveModel(model, params, () => 0),
      TypeError,
      "writeTree: tree.info must be",
    ],
  ])("refuses %s", (_, call, kind, start) => {
    expectRefused(call, kind, start);
  });

  it("keeps nothing else that stands in params", () => {
    const more = { ...params, more: 9 };
    expect(bitsOf(loadModel(saveModel(model, more)).params)).toEqual(bitsOf(params));
    expect(saveModel(model, params)).toEqual(
      saveModel(model, { state: params.state, weights: params.weights }),
    );
  });

  it("keeps numbers that no parameter should have", () => {
    const broken = {
      ...params,
      weights: { ...params.weights, decoder: { kernel: full([4, 8], NaN), bias: zeros([8]) } },
    };
    expect(bitsOf(loadModel(saveModel(model, broken)).params)).toEqual(bitsOf(broken));
  });
});
