// Laws of the ready-made image models: any size comes back, values stay where they belong, kernels write evenly.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { faces } from "../../src/data/index.js";
import { overlapCount } from "../../src/images/index.js";
import {
  adam,
  type EncodingModel,
  type Autoencoder,
  configure,
  imageAutoencoder,
  imageVae,
  item,
  key,
  type LayerSpec,
  type Likelihood,
  modelFromSpec,
  type ModelSpec,
  ops,
  type Shape,
  squaredError,
  type Tensor,
  valueAndGrad,
  type Vae,
} from "../../src/index.js";
import { layerFromSpec } from "../../src/layers/fromSpec.js";
import { mapTree, tensorsOf } from "../../src/tensor/tree.js";
import { expectSame, forAll } from "../support/laws.js";
import { imagesOf } from "../support/modelCases.js";
import { expectRefused } from "../support/refusals.js";

const upTo = (max: number) => fc.integer({ min: 1, max });
const side = fc.oneof(upTo(12), fc.constantFrom(7, 28, 45));

const sizes = fc.record({
  inputShape: fc.tuple(side, side, fc.constantFrom(1, 3)),
  channels: fc.array(upTo(4), { minLength: 1, maxLength: 4 }),
  features: upTo(6),
});

const perPixel: Likelihood = { type: "gaussian", gamma: "perPixel" };
const LIKELIHOODS: readonly Likelihood[] = [
  "bernoulli",
  { type: "bernoulli" },
  { type: "bernoulli", outputs: "probabilities" },
  { type: "gaussian", gamma: 0.3 },
  { type: "gaussian", gamma: "learned" },
  perPixel,
];

/** A loss of one's own. */
const own = (output: Tensor, target: Tensor) => squaredError(output, target, { reduction: "none" });
const LOSSES = ["squaredError", "binaryCrossEntropy", "binaryCrossEntropyWithLogits", own] as const;

const models: fc.Arbitrary<EncodingModel> = fc
  .record({
    sizes,
    code: upTo(3),
    likelihood: fc.constantFrom(...LIKELIHOODS),
    loss: fc.constantFrom(...LOSSES),
    isVae: fc.boolean(),
  })
  .map(({ sizes, code, likelihood, loss, isVae }) =>
    isVae
      ? imageVae({ ...sizes, latentSize: code, likelihood })
      : imageAutoencoder({ ...sizes, latentSize: code, loss }),
  );

/** The transposed convolutions of a decoder, in order, with what comes in. */
function transposedOf({ args }: LayerSpec, codeShape: Shape) {
  let shape = codeShape;
  return (args as LayerSpec[]).flatMap((spec) => {
    const inputShape = shape;
    shape = layerFromSpec(spec).outputShape(shape);
    return spec.type === "conv2dTranspose"
      ? [{ inputShape, filters: spec.args[0], options: spec.args[1] }]
      : [];
  });
}

describe("imageVae and imageAutoencoder", () => {
  it("give images of any size back in their own shape, and finite", () => {
    forAll(models, 60, (model) => {
      const params = model.init(key(1));
      const images = imagesOf(model.inputShape, 2, 3);
      const output = model.reconstruct(params, images);
      expect(output.shape).toEqual(images.shape);
      expect(output.data.every(Number.isFinite)).toBe(true);
      const { loss } = model.loss(params, images, { key: key(2), training: true });
      expect(item(loss)).toSatisfy(Number.isFinite);
    });
  });

  it("write every pixel equally often, but for the outermost", () => {
    forAll(models, 60, (model) => {
      const layers = transposedOf(model.spec.decoder, model.codeShape);
      expect(layers.length).toBeGreaterThan(0);
      for (const { inputShape, options } of layers) {
        const { kernel, stride, outputShape } = options as {
          kernel: [number, number];
          stride: [number, number];
          outputShape: [number, number];
        };
        expect(stride).toEqual([2, 2]);
        const [height, width] = inputShape as [number, number];
        const counts = overlapCount({
          inputSize: [height, width],
          kernel,
          stride,
          outputShape,
          padding: "same",
        });
        expect(counts.shape).toEqual(outputShape);
        const inside = [...counts.data].filter((_, i) => {
          const [row, column] = [Math.floor(i / outputShape[1]), i % outputShape[1]];
          return row > 0 && row < outputShape[0] - 1 && column > 0 && column < outputShape[1] - 1;
        });
        expect(new Set(inside).size).toBeLessThanOrEqual(1);
      }
    });
  });

  it("halve the image with each of the channels given, and come back through the same ones", () => {
    const model = imageVae({ inputShape: [45, 28, 3], channels: [4, 6, 5], features: 9, latentSize: 2 });
    const layers = transposedOf(model.spec.decoder, [2]);
    expect(layers.map(({ inputShape }) => inputShape)).toEqual([
      [6, 4, 5],
      [12, 7, 6],
      [23, 14, 4],
    ]);
    expect(layers.map(({ filters }) => filters)).toEqual([6, 4, 3]);
    const names = JSON.stringify(model.spec.encoder).match(/(?<="conv2d","args":\[)\d+/g);
    expect(names).toEqual(["4", "6", "5"]);
  });

  it("come back from their specs, bit by bit", () => {
    forAll(models, 30, (model) => {
      const spec = JSON.parse(JSON.stringify(model.spec)) as ModelSpec;
      const rebuilt = modelFromSpec(spec, spec.options.loss === "custom" ? { loss: own } : {});
      expect(rebuilt.spec).toEqual(model.spec);
      const params = model.init(key(4));
      const images = imagesOf(model.inputShape, 2, 5);
      expectSame(rebuilt.reconstruct(params, images), model.reconstruct(params, images));
    });
  });
});

describe("the numbers of parameters", () => {
  const count = (model: EncodingModel) =>
    tensorsOf(model.init(key(1)).weights).reduce((sum, { size }) => sum + size, 0);
  const small = { inputShape: [5, 4, 1], channels: [2], features: 6 } as const;
  // A convolution of 4×4 to 3×2×2; 12 → 6; 6 → 12; back to one channel.
  const [down, inner, outer, up] = [4 * 4 * 2 + 2, 12 * 6 + 6, 6 * 12 + 12, 4 * 4 * 2 + 1];

  it("are those of the layers", () => {
    expect(count(imageVae({ ...small, latentSize: 3 }))).toBe(
      down + inner + 2 * (6 * 3 + 3) + (3 * 6 + 6) + outer + up,
    );
    expect(count(imageAutoencoder({ ...small, latentSize: 3 }))).toBe(
      down + inner + (6 * 3 + 3) + (3 * 6 + 6) + outer + up,
    );
  });

  it("grow by a log-variance for every value, and by one for all", () => {
    const before = count(imageVae({ ...small, latentSize: 3 }));
    expect(count(imageVae({ ...small, latentSize: 3, likelihood: perPixel }))).toBe(before + up);
    const learned = imageVae({ ...small, latentSize: 3, likelihood: { type: "gaussian", gamma: "learned" } });
    expect(count(learned)).toBe(before + 1);
  });

  it("are by default those of 8 and 16 channels, 256 features and 16 latents", () => {
    const wanted = { channels: [8, 16], features: 256 };
    const inputShape = [32, 32, 1];
    expect(imageVae({ inputShape }).spec).toEqual(
      imageVae({ inputShape, ...wanted, latentSize: 16, likelihood: "bernoulli", beta: 1 }).spec,
    );
    expect(imageAutoencoder({ inputShape }).spec).toEqual(
      imageAutoencoder({ inputShape, ...wanted, latentSize: 16, loss: "binaryCrossEntropyWithLogits" }).spec,
    );
    const absent = { channels: undefined, features: undefined, outputActivation: undefined };
    const ofVae = { ...absent, latentSize: undefined, likelihood: undefined, beta: undefined };
    expect(imageVae({ inputShape, ...ofVae } as never).spec).toEqual(imageVae({ inputShape }).spec);
    const ofPlain = { ...absent, latentSize: undefined, loss: undefined, reduction: undefined };
    expect(imageAutoencoder({ inputShape, ...ofPlain } as never).spec).toEqual(
      imageAutoencoder({ inputShape }).spec,
    );
  });

  it("follow beta, freeBits and reduction to the model", () => {
    const more = { beta: 3, freeBits: { total: 2 } };
    expect(imageVae({ ...small, ...more }).spec.options).toMatchObject(more);
    const plain = imageAutoencoder({ ...small, reduction: "perExample", loss: "squaredError" });
    expect(plain.spec.options).toEqual({ reduction: "perExample", loss: "squaredError" });
  });
});

describe("what is given back", () => {
  const inputShape = [9, 8, 1];
  const small = { inputShape, channels: [3], features: 8 };
  /** The least and the greatest value, with weights so large that they lead out of every range without bounds. */
  const extremes = (model: EncodingModel): [number, number] => {
    const { weights, state } = model.init(key(1));
    const large = mapTree(weights, (t) => ops.scale(t, 30));
    const { data } = model.reconstruct({ weights: large, state }, imagesOf(inputShape, 8, 2));
    return [data.reduce((a, b) => Math.min(a, b)), data.reduce((a, b) => Math.max(a, b))];
  };

  it.each<[string, EncodingModel]>([
    ...LIKELIHOODS.filter((likelihood) => likelihood !== perPixel).map(
      (likelihood): [string, EncodingModel] => [
        `a VAE, ${JSON.stringify(likelihood)}`,
        imageVae({ ...small, likelihood }),
      ],
    ),
    ...LOSSES.map((loss): [string, EncodingModel] => [
      `an autoencoder, ${typeof loss === "string" ? loss : "a function"}`,
      imageAutoencoder({ ...small, loss }),
    ]),
  ])("lies in [0, 1]: %s", (_, model) => {
    const [low, high] = extremes(model);
    expect(low).toBeGreaterThanOrEqual(0);
    expect(high).toBeLessThanOrEqual(1);
    // Of both halves: a decoder that ended twice in a sigmoid would only reach from ½ on.
    expect(low).toBeLessThan(0.4);
    expect(high).toBeGreaterThan(0.6);
  });

  it("has no bounds where log-variances stand beside it, or where told so", () => {
    const linear = { ...small, outputActivation: "linear" } as const;
    for (const model of [
      imageVae({ ...small, likelihood: perPixel }),
      imageVae({ ...linear, likelihood: { type: "gaussian", gamma: 0.3 } }),
      imageAutoencoder({ ...linear, loss: "squaredError" }),
    ]) {
      const [low, high] = extremes(model);
      expect(low).toBeLessThan(-1);
      expect(high).toBeGreaterThan(1);
    }
  });

  it("lies in [−1, 1] with tanh", () => {
    const [low, high] = extremes(
      imageAutoencoder({ ...small, outputActivation: "tanh", loss: "squaredError" }),
    );
    expect(low).toBeLessThan(-0.1);
    expect(low).toBeGreaterThanOrEqual(-1);
    expect(high).toBeLessThanOrEqual(1);
  });

  it("is one mean and one log-variance per value where the likelihood is perPixel", () => {
    const ofColour = imageVae({ ...small, inputShape: [9, 8, 3], likelihood: perPixel });
    expect(layerFromSpec(ofColour.spec.decoder).outputShape([16])).toEqual([9, 8, 6]);
    const params = ofColour.init(key(1));
    expect(ofColour.generate(params, { count: 2, key: key(2) }).shape).toEqual([2, 9, 8, 3]);
  });
});

describe("on faces", () => {
  const { images } = faces({ count: 24, size: 16, key: key(1) });
  const small = { inputShape: [16, 16, 1], channels: [4, 8], features: 16 };

  const learning: [string, Vae | Autoencoder][] = [
    ...LIKELIHOODS.map((likelihood): [string, Vae] => [
      `imageVae, ${JSON.stringify(likelihood)}`,
      imageVae({ ...small, latentSize: 4, likelihood }),
    ]),
    ...LOSSES.map((loss): [string, Autoencoder] => [
      `imageAutoencoder, ${typeof loss === "string" ? loss : "a function"}`,
      imageAutoencoder({ ...small, latentSize: 4, loss }),
    ]),
  ];

  it.each(learning)("the loss falls: %s", (_, model) => {
    const optimizer = adam({ learningRate: 3e-3 });
    let { weights, state } = model.init(key(2));
    let optimizerState = optimizer.init(weights);
    const losses = Array.from({ length: 25 }, () => {
      const { value, grads, aux } = valueAndGrad((own: typeof weights) => {
        const result = model.loss({ weights: own, state }, images, { training: true, key: key(3) });
        return [result.loss, result.state] as const;
      })(weights);
      [weights, optimizerState] = optimizer.update(grads, optimizerState, weights);
      state = aux;
      return item(value);
    });
    const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
    expect(mean(losses.slice(-5))).toBeLessThan(mean(losses.slice(0, 5)) - 0.005 * Math.abs(losses[0]!));
  });
});

describe("what does not fit", () => {
  const inputShape = [4, 4, 1];
  type Both = typeof imageVae & typeof imageAutoencoder;
  it.each(["imageVae", "imageAutoencoder"] as const)("is refused by %s", (name) => {
    const make = { imageVae, imageAutoencoder }[name] as Both;
    const refused = (options: unknown, kind: ErrorConstructor, words: string) =>
      expectRefused(() => make(options as never), kind, `${name}: ${words}`);
    refused(null, TypeError, "options must be an object, got null");
    refused(
      { inputShape, width: 3 },
      TypeError,
      "options must have only the names inputShape, channels, featur",
    );
    refused({ inputShape, encoder: {} }, TypeError, "options must have only the names");
    refused({}, TypeError, "inputShape must be an array of sizes, got undefined");
    refused({ inputShape: [784] }, RangeError, "inputShape must be [height, width, channels], got [784]");
    refused({ inputShape: [0, 4, 1] }, RangeError, "inputShape[0] must be an integer ≥ 1, got 0");
    refused({ inputShape, channels: 8 }, TypeError, "channels must be an array of numbers, got 8");
    refused({ inputShape, channels: [] }, RangeError, "channels must be at least one, got []");
    refused({ inputShape, channels: [8, 0] }, RangeError, "channels[1] must be an integer ≥ 1, got 0");
    refused({ inputShape, channels: ["8"] }, TypeError, 'channels[0] must be an integer ≥ 1, got "8"');
    refused({ inputShape, features: 1.5 }, RangeError, "features must be an integer ≥ 1, got 1.5");
  });

  it.each<[() => unknown, ErrorConstructor, string]>([
    [() => imageVae({ inputShape, codeSize: 3 } as never), TypeError, "imageVae: options must have only"],
    [
      () => imageVae({ inputShape, latentSize: 0 }),
      RangeError,
      "vae: latentSize must be an integer ≥ 1, got 0",
    ],
    [() => imageVae({ inputShape, beta: -1 }), RangeError, "vae: beta must be"],
    [() => imageVae({ inputShape, likelihood: null as never }), TypeError, "vae: likelihood must be"],
    [() => imageVae({ inputShape, likelihood: "gaussian" as never }), TypeError, "vae: likelihood must be"],
    [
      () => imageAutoencoder({ inputShape, latentSize: 0 }),
      RangeError,
      "imageAutoencoder: latentSize must be an integer ≥ 1, got 0",
    ],
    [
      () => imageAutoencoder({ inputShape, codeSize: 3 } as never),
      TypeError,
      "imageAutoencoder: options must have only",
    ],
    [
      () => imageAutoencoder({ inputShape, loss: "l2" as never }),
      RangeError,
      "autoencoder: loss must be one of",
    ],
    [
      () => imageAutoencoder({ inputShape, outputActivation: "step" as never }),
      RangeError,
      "conv2dTranspose: activation must be one of",
    ],
  ])("is refused by what takes it, %#", (call, kind, words) => {
    expectRefused(call, kind, words);
  });
});

describe("image models that memory cannot hold in training", () => {
  it.each([
    [512, 1, "134 million", "2.7 GB"],
    [1024, 3, "538 million", "10.8 GB"],
    [8192, 1, "34427 million", "688.5 GB"],
  ])(
    "are refused with the count at %i × %i, before anything is allocated",
    (size, channels, count, bytes) => {
      const inputShape = [size, size, channels];
      const start = performance.now();
      for (const make of [imageVae, imageAutoencoder]) {
        expectRefused(
          () => make({ inputShape }),
          RangeError,
          `${make.name}: inputShape must need at most 107 million parameters`,
        );
        expect(() => make({ inputShape })).toThrow(`${count} (${bytes} with gradients and Adam)`);
      }
      expect(performance.now() - start).toBeLessThan(1000);
    },
  );

  it("are made where images or features are fewer, or channels more", () => {
    expect(imageVae({ inputShape: [256, 256, 3] }).latentSize).toBe(16);
    expect(imageVae({ inputShape: [512, 512, 1], features: 64 }).latentSize).toBe(16);
    expect(imageVae({ inputShape: [1024, 1024, 1], channels: [8, 16, 16, 16, 16] }).latentSize).toBe(16);
  });

  it("are counted as they are made, but for biases", () => {
    const weightsOf = (params: { readonly weights: unknown }) =>
      tensorsOf(params.weights).reduce((sum, { size }) => sum + size, 0);
    // The greatest memory at which a model is refused tells its count.
    const countOf = (make: () => unknown) => {
      let [low, high] = [8 << 20, 2 ** 32];
      while (high - low > 40) {
        const middle = Math.floor((low + high) / 2);
        configure({ maxMemory: middle });
        try {
          make();
          high = middle;
        } catch {
          low = middle;
        }
      }
      configure({ maxMemory: 2 ** 32 });
      return high / 40;
    };
    const options = { inputShape: [40, 32, 3], channels: [8, 16, 24], features: 512 };
    for (const make of [() => imageVae(options), () => imageAutoencoder(options)]) {
      const held = weightsOf(make().init(key(1)));
      expect(Math.abs(countOf(make) / held - 1)).toBeLessThan(0.005);
    }
  });
});
