// The models that lectures teach: their numbers of parameters, counted by hand, their shapes, and that they learn.

import { describe, expect, it } from "vitest";
import { faces } from "../../src/data/index.js";
import {
  createTrainer,
  adam,
  type Autoencoder,
  item,
  key,
  lectures,
  ops,
  type Shape,
  type Tensor,
  type Vae,
  valueAndGrad,
  zeros,
} from "../../src/index.js";
import { mapTree, tensorsOf } from "../../src/tensor/tree.js";
import { batchOf, type Diamonds } from "../support/referenceStreams.js";
import { expectRefused } from "../support/refusals.js";

/** Numbers per layer: weights + biases. A batch norm has two per channel. */
const sum = (...layers: readonly number[]) => layers.reduce((a, b) => a + b, 0);

interface Lecture {
  readonly name: keyof typeof lectures;
  readonly model: Autoencoder | Vae;
  readonly inputShape: Shape;
  /** Of the code or the latents. */
  readonly codeShape: Shape;
  readonly parameters: number;
  /** From the first layer to the last. */
  readonly activations: string;
  readonly range: [number, number];
}

const vector = [784];
const image = [28, 28, 1];
const unit: [number, number] = [0, 1];

const all: readonly Lecture[] = [
  {
    name: "linear",
    model: lectures.linear(),
    inputShape: [3],
    codeShape: [2],
    parameters: sum(3 * 2 + 2, 2 * 3 + 3),
    activations: "linear linear",
    range: unit,
  },
  {
    name: "linear",
    model: lectures.linear({ features: 784, latentSize: 16 }),
    inputShape: vector,
    codeShape: [16],
    parameters: 25_888,
    activations: "linear linear",
    range: unit,
  },
  {
    name: "shallow",
    model: lectures.shallow(),
    inputShape: vector,
    codeShape: [32],
    parameters: 50_992,
    activations: "relu sigmoid",
    range: unit,
  },
  {
    name: "shallow",
    model: lectures.shallow({ latentSize: 64 }),
    inputShape: vector,
    codeShape: [64],
    parameters: 101_200,
    activations: "relu sigmoid",
    range: unit,
  },
  {
    name: "stacked",
    model: lectures.stacked(),
    inputShape: vector,
    codeShape: [32],
    parameters: sum(100_480, 8256, 2080, 2112, 8320, 101_136),
    activations: "relu relu relu relu relu sigmoid",
    range: unit,
  },
  {
    name: "convolutional",
    model: lectures.convolutional(),
    inputShape: image,
    codeShape: [7, 7, 256],
    parameters: sum(640, 73_856, 295_168, 295_040, 73_792, 577),
    activations: "relu relu relu relu relu sigmoid",
    range: unit,
  },
  {
    name: "strided",
    model: lectures.strided(),
    inputShape: image,
    codeShape: [2, 2, 8],
    parameters: sum(160, 1160, 1168, 3208, 33),
    activations: "relu relu relu relu tanh",
    range: [-1, 1],
  },
  {
    name: "denseVae",
    model: lectures.denseVae(),
    inputShape: vector,
    codeShape: [20],
    parameters: sum(392_500, 2 * 10_020, 10_500, 392_784),
    activations: "tanh tanh linear",
    range: unit,
  },
  {
    name: "convVae",
    model: lectures.convVae(),
    inputShape: image,
    codeShape: [2],
    // Two convolutions and 20 features, each with its batch norm; mean and log-variance; the way back.
    parameters:
      sum(320, 64, 18_496, 128, 62_740, 40) + 2 * 42 + sum(9408, 6272, 36_928, 128, 18_464, 64, 289),
    activations: "relu relu relu relu relu relu linear",
    range: unit,
  },
  {
    name: "convVae",
    model: lectures.convVae({ latentSize: 3, size: 32 }),
    inputShape: [32, 32, 1],
    codeShape: [3],
    parameters:
      sum(320, 64, 18_496, 128, 4096 * 20 + 20, 40) +
      2 * 63 +
      sum(3 * 4096 + 4096, 2 * 4096, 36_928, 128, 18_464, 64, 289),
    activations: "relu relu relu relu relu relu linear",
    range: unit,
  },
];

/** Images of a few blobs. */
function blobs({ inputShape, range }: Lecture, batch: number): Tensor {
  const side = inputShape[0] === 3 ? [1, 3, 1] : inputShape.length === 1 ? [28, 28, 1] : inputShape;
  const data: Diamonds = { kind: "diamonds", image: side as Diamonds["image"], blobs: 3, range };
  return batchOf({ seed: "lectures", batch, inputShape: [...inputShape], data }, 0);
}

/** The losses of some steps on one batch. */
function losses(lecture: Lecture, steps: number): number[] {
  const { model } = lecture;
  const images = blobs(lecture, 8);
  const noise = model.type === "vae" ? { noise: zeros([8, model.latentSize]) } : {};
  const optimizer = adam({ learningRate: 3e-3 });
  let { weights, state } = model.init(key(1));
  let optimizerState = optimizer.init(weights);
  return Array.from({ length: steps }, () => {
    const { value, grads, aux } = valueAndGrad((own: typeof weights) => {
      const result = model.loss({ weights: own, state }, images, { training: true, ...noise });
      return [result.loss, result.state] as const;
    })(weights);
    [weights, optimizerState] = optimizer.update(grads, optimizerState, weights);
    state = aux;
    return item(value);
  });
}

describe.each(all)("lectures.$name", (lecture) => {
  const { model, inputShape, codeShape, parameters, activations } = lecture;

  it("has the parameters and shapes of its architecture", () => {
    const { weights } = model.init(key(1));
    expect(sum(...tensorsOf(weights).map(({ size }) => size))).toBe(parameters);
    expect(model.inputShape).toEqual(inputShape);
    expect(model.codeShape).toEqual(codeShape);
    const named = JSON.stringify([model.spec.encoder, model.spec.decoder]).matchAll(/"activation":"(\w+)"/g);
    expect([...named].map(([, name]) => name).join(" ")).toBe(activations);
  });

  it("gives images of the range that it is for, from images", () => {
    const images = blobs(lecture, 2);
    const { weights, state } = model.init(key(1));
    // Large weights lead out of every range that nothing holds them in.
    const large = mapTree(weights, (t) => ops.scale(t, 20));
    const output = model.reconstruct({ weights: large, state }, images);
    expect(output.shape).toEqual(images.shape);
    const [low, high] = lecture.name === "linear" ? [-Infinity, Infinity] : lecture.range;
    expect(output.data.every((value) => value >= low && value <= high)).toBe(true);
  });

  it("learns", () => {
    const all = losses(lecture, 12);
    expect(all.every(Number.isFinite)).toBe(true);
    expect(all[11]).toBeLessThan(0.99 * all[0]);
    // Falling, not only by chance at the end.
    expect(sum(...all.slice(6))).toBeLessThan(sum(...all.slice(0, 6)));
  });
});

describe("lectures", () => {
  it("are all here", () => {
    expect([...new Set(all.map(({ name }) => name))].sort()).toEqual(Object.keys(lectures).sort());
  });

  it("take options that are left undefined for absent", () => {
    expect(lectures.shallow({ latentSize: undefined as never }).codeShape).toEqual([32]);
  });

  it.each<[() => unknown, ErrorConstructor, string]>([
    [
      () => lectures.linear({ latentSize: 0 }),
      RangeError,
      "lectures.linear: latentSize must be an integer ≥ 1, got 0",
    ],
    [
      () => lectures.linear({ units: 3 } as never),
      TypeError,
      "lectures.linear: options must have only the names",
    ],
    [
      () => lectures.shallow({ latentSize: "3" as never }),
      TypeError,
      "lectures.shallow: latentSize must be an integer ≥ 1",
    ],
    [
      () => lectures.denseVae({ latentSize: 1.5 }),
      RangeError,
      "lectures.denseVae: latentSize must be an integer",
    ],
    [
      () => lectures.convVae({ size: 30 }),
      RangeError,
      "lectures.convVae: size must be a multiple of 4, got 30",
    ],
    [
      () => lectures.convVae(null as never),
      TypeError,
      "lectures.convVae: options must be an object, got null",
    ],
  ])("refuse what does not fit, %#", (call, kind, start) => {
    expectRefused(call, kind, start);
  });

  it("of convolutions with batch norm are of use after a short training: inference keeps up with it", () => {
    const model = lectures.convVae({ size: 8 });
    const images = faces({ count: 64, size: 8, key: key(1) }).images;
    const trainer = createTrainer(model, { key: key(2) });
    let loss = Infinity;
    for (let step = 0; step < 40; step++) loss = trainer.step(images).loss;
    expect(trainer.evaluate(images).loss / loss).toBeLessThan(1.02);
  });
});
