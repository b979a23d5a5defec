// Laws of plain autoencoders: shapes, definitions of the loss, batches, and what is refused.

import { describe, expect, it } from "vitest";
import {
  autoencoder,
  type AutoencoderOptions,
  batchNorm,
  checkGradient,
  conv2d,
  conv2dTranspose,
  dense,
  dropout,
  flatten,
  item,
  key,
  type Key,
  type LossOptions,
  ones,
  ops,
  random,
  reshape,
  sequential,
  type Shape,
  tensor,
  type Tensor,
  zeros,
} from "../../src/index.js";
import { tensorsOf } from "../../src/tensor/tree.js";
import { reals } from "../support/arbitraries.js";
import { expectNear, expectSame, forAll } from "../support/laws.js";
import { autoencoders, imagesOf, inParts, noting } from "../support/modelCases.js";
import { expectRefused } from "../support/refusals.js";
import { plain } from "../support/trees.js";

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const crossEntropy = (p: number, t: number) => -t * Math.log(p) - (1 - t) * Math.log(1 - p);
const ELEMENTS: Record<string, (output: number, target: number) => number> = {
  squaredError: (output, target) => (output - target) ** 2,
  binaryCrossEntropy: crossEntropy,
  binaryCrossEntropyWithLogits: (output, target) => crossEntropy(sigmoid(output), target),
};

/** The loss of every example from outputs, in float64. */
function lossesOf(loss: string, outputs: Tensor, targets: Tensor, reduction: string): number[] {
  const [count] = targets.shape;
  const width = targets.size / count;
  return Array.from({ length: count }, (_, i) => {
    let sum = 0;
    for (let j = i * width; j < (i + 1) * width; j++) sum += ELEMENTS[loss](outputs.data[j], targets.data[j]);
    return reduction === "mean" ? sum / width : sum;
  });
}

const bernoulliMask = (shape: Shape) => random.bernoulli(key(9), shape);

/** What a decoder gives, before its probabilities. */
const raw = ({ encoder, decoder }: AutoencoderOptions, params: never, images: Tensor): Tensor => {
  const { weights, state } = params as Record<"weights" | "state", Record<string, never>>;
  const code = encoder.apply(weights.encoder, state.encoder, images).output;
  return decoder.apply(weights.decoder, state.decoder, code).output;
};

describe("autoencoder", () => {
  it("has the shapes of its layers", () => {
    forAll(autoencoders, 60, ({ model, options, seed }) => {
      const params = model.init(key(seed));
      const images = imagesOf(options.inputShape, 6, seed);
      const code = model.encode(params, images);
      expect(model.inputShape).toEqual(options.inputShape);
      expect(model.codeShape).toEqual(options.encoder.outputShape(options.inputShape));
      expect(code.shape).toEqual([6, ...model.codeShape]);
      expect(model.decode(params, code).shape).toEqual(images.shape);
      expectSame(model.reconstruct(params, images), model.decode(params, code));
      expect(model.score(params, images).shape).toEqual([6]);
    });
  });

  it("gives the same bits for any batch size, in one call and in parts", () => {
    forAll(autoencoders, 40, ({ model, options, seed }) => {
      const params = model.init(key(seed));
      const images = imagesOf(options.inputShape, 18, seed);
      for (const f of [model.encode, model.reconstruct, model.score]) {
        const whole = f(params, images);
        for (const batchSize of [1, 2, 4, 5, 6, 7, 13, 18, 1000])
          expectSame(f(params, images, { batchSize }), whole);
        for (const size of [1, 3, 6])
          expectSame(
            inParts((part) => f(params, part), images, size),
            whole,
          );
      }
    });
  });

  it("has the loss of the definition, its mean or its sum per example, and scores by it", () => {
    forAll(autoencoders, 60, ({ model, options, seed }) => {
      const params = model.init(key(seed));
      const images = imagesOf(options.inputShape, 5, seed);
      const target = imagesOf(options.inputShape, 5, seed + 1);
      const outputs = raw(options, params as never, images);
      const { loss = "", reduction = "" } = options;
      const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
      const same = lossesOf(loss as string, outputs, images, reduction);
      const other = lossesOf(loss as string, outputs, target, reduction);
      const result = model.loss(params, images);
      expect(item(result.loss) / mean(same)).toBeCloseTo(1, 4);
      expect(result.terms.reconstruction).toBe(result.loss);
      expect(Object.keys(result.terms)).toEqual(["reconstruction"]);
      expect(item(model.loss(params, { inputs: images, targets: target }).loss) / mean(other)).toBeCloseTo(
        1,
        4,
      );
      model.score(params, images).data.forEach((value, i) => expect(value / same[i]).toBeCloseTo(1, 4));
      const isLogits = loss === "binaryCrossEntropyWithLogits";
      const decoded = isLogits ? ops.sigmoid(outputs) : outputs;
      expectNear(model.reconstruct(params, images), decoded, ops.add(zeros(decoded.shape), tensor(1e-5)));
    });
  });

  it.each(["squaredError", "binaryCrossEntropy", "binaryCrossEntropyWithLogits"] as const)(
    "has the gradient of its loss, %s",
    (loss) => {
      const activation = loss === "binaryCrossEntropy" ? "sigmoid" : "linear";
      const model = autoencoder({
        inputShape: [6, 4, 2],
        encoder: sequential(conv2d(3, { kernel: 3, stride: 2, activation: "tanh" }), batchNorm()),
        decoder: conv2dTranspose(2, { kernel: 3, stride: 2, activation }),
        loss,
        reduction: "perExample",
      });
      const { weights, state } = model.init(key(3));
      const images = imagesOf([6, 4, 2], 3, 4);
      const hidden = bernoulliMask([3, 6, 4, 1]);
      const paired = { inputs: images, targets: imagesOf([6, 4, 2], 3, 5), weights: tensor([1, 0, 2]) };
      for (const [batch, options] of [
        [images, {}],
        [images, { training: true }],
        [images, { hidden }],
        [paired, {}],
        [paired, { hidden }],
      ] as const) {
        const f = (own: typeof weights) => model.loss({ weights: own, state }, batch, options).loss;
        expect(checkGradient(f, weights)).toMatchObject({ passed: true });
      }
    },
  );

  it("draws every weight from a key of its own", () => {
    const square = () => sequential(dense(2), dense(2));
    const model = autoencoder({ inputShape: [2], encoder: square(), decoder: square() });
    const kernels = tensorsOf(model.init(key(1)).weights).filter(({ shape }) => shape.length === 2);
    expect(new Set(kernels.map(({ data }) => data.join())).size).toBe(4);
  });

  it("takes a loss of one's own", () => {
    const fourth = (output: Tensor, target: Tensor) => ops.square(ops.square(ops.sub(output, target)));
    const model = autoencoder({ inputShape: [3], encoder: dense(2), decoder: dense(3), loss: fourth });
    const params = model.init(key(1));
    const x = reals([4, 3], 2);
    const errors = ops.sub(model.reconstruct(params, x), x).data.map((value) => value ** 4);
    expect(item(model.loss(params, x).loss)).toBeCloseTo(errors.reduce((a, b) => a + b) / 12, 6);
    expect(model.score(params, x).shape).toEqual([4]);
    expect(model.spec.options).toEqual({ loss: "custom", reduction: "mean" });
  });

  it("is in training only where it is told to, with the key's numbers", () => {
    const encoder = sequential(dropout(0.5), dense(4));
    const model = autoencoder({ inputShape: [8], encoder, decoder: sequential(dropout(0.5), dense(8)) });
    const params = model.init(key(1));
    const x = reals([5, 8], 2);
    const loss = (options?: LossOptions) => item(model.loss(params, x, options).loss);
    expect(loss({ key: key(1) })).toBe(loss());
    expect(loss({ training: true, key: key(1) })).toBe(loss({ training: true, key: key(1) }));
    expect(loss({ training: true, key: key(1) })).not.toBe(loss());
    expect(loss({ training: true, key: key(1) })).not.toBe(loss({ training: true, key: key(2) }));
    const keys: (Key | undefined)[] = [key(1)];
    const spied = autoencoder({
      inputShape: [8],
      encoder: noting(dense(4), keys),
      decoder: noting(dense(8), keys),
    });
    spied.loss(spied.init(key(1)), x, { key: key(1) });
    expect(new Set(keys.map((used) => used?.words.join())).size).toBe(3);
    expect(() => loss({ training: true })).toThrow(/^encoder\[0\]\.dropout: key must be given in training/);
  });

  it("gives back a state like its own, and moves averages in training only", () => {
    const layers = (units: number) => sequential(dense(units), batchNorm());
    const model = autoencoder({ inputShape: [3], encoder: layers(2), decoder: layers(3) });
    const params = model.init(key(1));
    const x = reals([6, 3], 2);
    expect(plain(model.loss(params, x).state)).toEqual(plain(params.state));
    const moved = model.loss(params, x, { training: true }).state;
    for (const part of ["encoder", "decoder"]) {
      expect(plain(moved[part])).not.toEqual(plain(params.state[part]));
    }
  });

  it("takes images to codes that are images", () => {
    const model = autoencoder({
      inputShape: [8, 6, 1],
      encoder: conv2d(3, { kernel: 3, stride: 2 }),
      decoder: conv2dTranspose(1, { kernel: 3, stride: 2 }),
    });
    expect(model.codeShape).toEqual([4, 3, 3]);
    expect(model.reconstruct(model.init(key(1)), zeros([2, 8, 6, 1])).shape).toEqual([2, 8, 6, 1]);
  });
});

describe("autoencoder refuses", () => {
  const layers = { encoder: dense(2), decoder: dense(3) };
  const make = (options: object) => () =>
    autoencoder({ inputShape: [3], ...layers, ...options } as AutoencoderOptions);

  it.each<[object, ErrorConstructor, string]>([
    [{ latentSize: 2 }, TypeError, "autoencoder: options must have only the names inputShape, encoder"],
    [{ inputShape: 3 }, TypeError, "autoencoder: inputShape must be an array of sizes, got 3"],
    [{ inputShape: [0] }, RangeError, "autoencoder: inputShape[0] must be an integer ≥ 1, got 0"],
    [
      { encoder: undefined },
      TypeError,
      "autoencoder: encoder must be a layer, such as sequential(…), got und",
    ],
    [
      { decoder: () => 3 },
      TypeError,
      "autoencoder: decoder must be a layer, such as sequential(…), got func",
    ],
    [{ encoder: { init() {}, apply() {} } }, TypeError, "autoencoder: encoder must be a layer"],
    [{ loss: "mse" }, RangeError, 'autoencoder: loss must be one of "squaredError", "binaryCrossEntropy"'],
    [{ loss: 3 }, TypeError, "autoencoder: loss must be one of"],
    [
      { reduction: "sum" },
      RangeError,
      'autoencoder: reduction must be one of "mean", "perExample", got "sum"',
    ],
    [{ decoder: dense(4) }, RangeError, "autoencoder: decoder must give the input's shape [3], got [4]"],
    [{ encoder: conv2d(2, { kernel: 3 }) }, RangeError, "encoder.conv2d: input shape must be [height, width"],
    [{ encoder: sequential(flatten(), reshape([7])) }, RangeError, "encoder[1].reshape: "],
  ])("options that do not fit, %#", (options, kind, start) => {
    expectRefused(make(options), kind, start);
  });

  const model = autoencoder({ inputShape: [3], ...layers });
  const params = model.init(key(1));
  const x = ones([2, 3]);
  const loss = (options: object) => () => model.loss(params, x, options);

  it.each<[string, () => unknown, ErrorConstructor, string]>([
    ["no key", () => model.init(3 as never), TypeError, "autoencoder.init: key must be a key"],
    [
      "an array",
      () => model.encode(params, [[1]] as never),
      TypeError,
      "autoencoder.encode: inputs must be a t",
    ],
    [
      "one example",
      () => model.encode(params, ones([3])),
      RangeError,
      "autoencoder.encode: inputs.shape must be",
    ],
    [
      "wide rows",
      () => model.score(params, ones([2, 4])),
      RangeError,
      "autoencoder.score: inputs.shape must be [",
    ],
    [
      "wide codes",
      () => model.decode(params, x),
      RangeError,
      "autoencoder.decode: codes.shape must be [n, 2], g",
    ],
    [
      "no params",
      () => model.encode(undefined as never, x),
      TypeError,
      "autoencoder.encode: params.weights must",
    ],
    [
      "weights without a part",
      () => model.reconstruct({ ...params, weights: { encoder: {} } }, x),
      TypeError,
      "autoencoder.reconstruct: params.weights must have the entries encoder, decoder, as model.init and fit",
    ],
    [
      "no state",
      () => model.loss({ weights: params.weights } as never, x),
      TypeError,
      "autoencoder.loss: params.state must have the entries encoder, decoder",
    ],
    [
      "a batch size of 0",
      () => model.encode(params, x, { batchSize: 0 }),
      RangeError,
      "autoencoder.encode: batchSize must be an integer ≥ 1, got 0",
    ],
    [
      "a misspelt option",
      () => model.decode(params, ones([2, 2]), { batchsize: 1 } as never),
      TypeError,
      "autoencoder.decode: options must have only the names batchSize (did you mean batchSize?), got",
    ],
    [
      "noise",
      loss({ noise: x }),
      TypeError,
      "autoencoder.loss: options must have only the names key, training",
    ],
    ["a key that is none", loss({ key: 1 }), TypeError, "autoencoder.loss: key must be a key"],
    [
      "training by number",
      loss({ training: 1 }),
      TypeError,
      "autoencoder.loss: training must be true or false",
    ],
    [
      "half a step",
      loss({ step: 0.5 }),
      RangeError,
      "autoencoder.loss: step must be an integer ≥ 0, got 0.5",
    ],
    [
      "fewer targets",
      () => model.loss(params, { inputs: ones([2, 3]), targets: ones([1, 3]) }),
      RangeError,
      "autoencoder.loss: batch.targets.shape must be [2, 3], got [1, 3]",
    ],
    [
      "a wide target",
      () => model.loss(params, { inputs: ones([2, 3]), targets: ones([2, 4]) }),
      RangeError,
      "autoencoder.loss: batch.targets.shape must be [2, 3]",
    ],
    ["a mask that is none", loss({ hidden: [1] }), TypeError, "autoencoder.loss: hidden must be a tensor"],
    [
      "a wide mask",
      loss({ hidden: ones([2, 4]) }),
      RangeError,
      "autoencoder.loss: hidden.shape must equal [2, 3]",
    ],
    [
      "an empty mask",
      loss({ hidden: zeros([2, 3]) }),
      RangeError,
      "autoencoder.loss: hidden must be 1 somewhere",
    ],
    [
      "wrong parameters inside",
      () => model.encode({ ...params, weights: { ...params.weights, encoder: { kernel: x } } }, x),
      RangeError,
      "encoder.dense: ",
    ],
  ])("%s", (_, call, kind, start) => {
    expectRefused(call, kind, start);
  });

  it("losses of one's own that are none", () => {
    const own = (loss: unknown) => {
      const broken = autoencoder({ inputShape: [3], ...layers, loss: loss as never });
      return () => broken.loss(params, x);
    };
    expectRefused(
      own(() => 3),
      TypeError,
      "autoencoder: loss must return a tensor, got 3",
    );
    expectRefused(
      own((y: Tensor) => ops.sum(y)),
      RangeError,
      "autoencoder: loss must return a value per element, [2",
    );
  });
});
