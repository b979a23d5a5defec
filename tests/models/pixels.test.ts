// Laws of models of pixels: exact probabilities, no pixel sees its future, and what is drawn has the model's probabilities.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shapes } from "../../src/data/index.js";
import {
  adam,
  checkGradient,
  configure,
  fit,
  item,
  key,
  loadModel,
  type ModelParams,
  ops,
  pixelCnn,
  type PixelModel,
  type PixelModelOptions,
  pixelRnn,
  random,
  saveModel,
  scope,
  summary,
  tensor,
  type Tensor,
  zeros,
} from "../../src/index.js";
import { mapTree } from "../../src/tensor/tree.js";
import { expectNear, expectSame, forAll } from "../support/laws.js";
import { naiveLogits, naiveLogProb } from "../support/naivePixels.js";
import { expectRefused } from "../support/refusals.js";
import { chiSquare } from "../support/statistics.js";
import { plain } from "../support/trees.js";

const MAKERS = { pixelRnn, pixelCnn } as const;
type Name = keyof typeof MAKERS;
const NAMES = Object.keys(MAKERS) as Name[];
const make = (name: Name, options: PixelModelOptions): PixelModel => MAKERS[name](options);

/** Parameters that make the model sure of some things: fresh ones give nearly the same to every level. */
const sharpened = (model: PixelModel, seed: number, factor = 2): ModelParams => {
  const { weights, state } = model.init(key(seed));
  const noise = (t: Tensor, i: number) => random.normal(key(seed + 1 + i), t.shape, { deviation: 0.2 });
  let i = 0;
  return { weights: mapTree(weights, (t) => ops.add(ops.scale(t, factor), noise(t, i++))), state };
};

/** Images of random levels. */
const imagesOf = (model: PixelModel, count: number, seed: number): Tensor => {
  const [height, width, channels] = model.inputShape as [number, number, number];
  const logits = zeros([count * height * width * channels, model.levels]);
  const levels = random.categorical(key(seed), logits);
  return tensor(
    Float32Array.from(levels, (level) => level / (model.levels - 1)),
    [count, height, width, channels],
  );
};

const levelsOf = (model: PixelModel, values: Float32Array) =>
  Array.from(values, (value) => Math.round(value * (model.levels - 1)));

const upTo = (max: number) => fc.integer({ min: 1, max });
const cases = fc
  .record({
    name: fc.constantFrom(...NAMES),
    height: upTo(5),
    width: upTo(5),
    channels: upTo(3),
    levels: fc.integer({ min: 2, max: 6 }),
    hidden: upTo(7),
    layers: upTo(3),
    kernel: fc.constantFrom(3, 5),
    seed: fc.nat(1000),
  })
  .map(({ name, height, width, channels, seed, ...options }) => ({
    model: make(name, { inputShape: [height, width, channels], ...options }),
    seed,
  }));

describe("a model of pixels", () => {
  it("gives what its definition gives pixel by pixel in float64", () => {
    forAll(cases, 30, ({ model, seed }) => {
      const params = sharpened(model, seed);
      const inputs = imagesOf(model, 3, seed);
      const size = inputs.size / 3;
      const wanted = [0, 1, 2].map((i) => {
        const levels = levelsOf(model, inputs.data.subarray(i * size, (i + 1) * size));
        const logits = naiveLogits(model, params, levels);
        return logits.reduce((sum, row, at) => sum + naiveLogProb(row, levels[at]!), 0);
      });
      const bound = Float64Array.from(wanted, (value) => 3e-6 * (size + Math.abs(value)));
      const got = model.logLikelihood(params, inputs, { batchSize: 2 });
      expectNear(got, { shape: [3], data: Float64Array.from(wanted) }, { shape: [3], data: bound });
      expectNear(ops.scale(model.score(params, inputs), -1), got, { shape: [3], data: bound });
    });
  });

  it.each(
    NAMES.flatMap((name) => [
      { name, inputShape: [2, 2, 1], levels: 3 },
      { name, inputShape: [1, 2, 3], levels: 2 },
      { name, inputShape: [2, 1, 2], levels: 4 },
    ]),
  )("has probabilities that sum up to 1: $name, $inputShape, $levels levels", ({ name, ...options }) => {
    const model = make(name, { ...options, hidden: 5, layers: 2 });
    const logProbs = model.logLikelihood(sharpened(model, 3, 4), everyImage(model)).data;
    const total = logProbs.reduce((sum, logProb) => sum + Math.exp(logProb), 0);
    expect(Math.abs(total - 1)).toBeLessThan(1e-5);
    // Not by all being the same.
    expect(Math.max(...logProbs) - Math.min(...logProbs)).toBeGreaterThan(1);
  });

  it.each(NAMES)("sees no pixel's future, and all of its past within reach: %s", (name) => {
    const [height, width, channels, kernel, layers] = [4, 5, 2, 3, 2];
    const options = { inputShape: [height, width, channels], levels: 3, hidden: 8, layers, kernel };
    const model = make(name, options);
    const params = sharpened(model, 5);
    const one = imagesOf(model, 1, 7);
    const before = model.reconstruct(params, one).data;
    const reach = name === "pixelRnn" ? 1 : layers;
    const wrong: string[] = [];
    for (let changed = 0; changed < one.size; changed++) {
      const data = one.data.slice();
      const value = data[changed]!;
      data[changed] = value === 1 ? 0 : value + 0.5;
      const after = model.reconstruct(params, tensor(data, one.shape)).data;
      const [row, column] = [Math.floor(changed / channels / width), Math.floor(changed / channels) % width];
      for (let at = 0; at < one.size; at++) {
        const [y, x] = [Math.floor(at / channels / width), Math.floor(at / channels) % width];
        const isNear =
          name === "pixelRnn"
            ? column <= x + (row < y ? reach : 0)
            : y - row <= reach && Math.abs(x - column) <= reach && (row < y || column <= x);
        const isSeen = after[at] !== before[at];
        if (at <= changed && isSeen) wrong.push(`${at} sees ${changed}`);
        if (at > changed && isNear && !isSeen) wrong.push(`${at} does not see ${changed}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it.each(NAMES)("has the gradient of its loss, weighted or not: %s", (name) => {
    const model = make(name, { inputShape: [3, 4, 2], levels: 4, hidden: 6, layers: 2 });
    const { weights: drawn, state } = sharpened(model, 1, 1.5);
    // Differences across a kink of the heads' relu would tell nothing.
    const weights = mapTree(drawn, (t) => t);
    for (const head of ["head1", "head2"]) {
      const entries = weights.network as Record<string, { kernel: Tensor; bias: Tensor }>;
      entries[head] = { ...entries[head]!, bias: ops.add(entries[head]!.bias, 9) };
    }
    const inputs = imagesOf(model, 3, 2);
    const batch = { inputs, weights: tensor([1, 0, 2]) };
    const f = (w: ModelParams["weights"]) => model.loss({ weights: w, state }, batch).loss;
    const report = checkGradient(f, weights);
    expect(report.passed, JSON.stringify(report)).toBe(true);
    const nats = model.score({ weights, state }, inputs).data;
    expect(item(f(weights))).toBeCloseTo((nats[0]! + 2 * nats[2]!) / 3, 4);
    const { loss, terms } = model.loss({ weights, state }, inputs);
    expect(item(loss)).toBeCloseTo((nats[0]! + nats[1]! + nats[2]!) / 3, 4);
    expectSame(terms.nll!, loss);
  });

  it("takes values as their nearest levels", () => {
    const model = pixelRnn({ inputShape: [2, 3, 1], levels: 5, hidden: 4 });
    const params = sharpened(model, 1);
    const inputs = imagesOf(model, 4, 1);
    const moved = tensor(
      inputs.data.map((value) => Math.min(1, Math.max(0, value + (value > 0.5 ? 0.12 : -0.12)))),
      inputs.shape,
    );
    expectSame(model.logLikelihood(params, moved), model.logLikelihood(params, inputs));
  });
});

/** All images of a small model. */
function everyImage(model: PixelModel): Tensor {
  const size = model.inputShape.reduce((product, length) => product * length, 1);
  const count = model.levels ** size;
  const values = Array.from({ length: count }, (_, i) =>
    Array.from(
      { length: size },
      (_, at) => (Math.floor(i / model.levels ** at) % model.levels) / (model.levels - 1),
    ),
  );
  return tensor(values.flat(), [count, ...model.inputShape]);
}

describe("drawing", () => {
  it.each(NAMES)("has the probabilities that the likelihood says: %s", (name) => {
    const model = make(name, { inputShape: [2, 2, 1], levels: 3, hidden: 5, layers: 2 });
    const params = sharpened(model, 11, 2);
    const count = 20_000;
    const drawn = model.generate(params, { count, key: key(5), batchSize: count });
    const seen = Array.from({ length: 81 }, () => 0);
    for (let i = 0; i < count; i++) {
      const levels = levelsOf(model, drawn.data.subarray(4 * i, 4 * i + 4));
      seen[levels.reduce((sum, level, at) => sum + level * 3 ** at, 0)]! += 1;
    }
    const wanted = Array.from(
      model.logLikelihood(params, everyImage(model)).data,
      (logProb) => count * Math.exp(logProb),
    );
    // 80 degrees of freedom: above 145 in one of 10⁵.
    expect(chiSquare(seen, wanted)).toBeLessThan(145);
    expect(
      chiSquare(
        seen,
        wanted.map(() => count / 81),
      ),
    ).toBeGreaterThan(1000);
  });

  it("reads what it has drawn, as if it had been given", () => {
    const drawn = cases.filter(({ model }) => model.levels === 2);
    forAll(drawn, 15, ({ model, seed }) => {
      const params = sharpened(model, seed);
      const images = model.generate(params, { count: 3, key: key(seed), batchSize: 2 });
      // Of two levels the mean is the probability of the second.
      const ones = model.reconstruct(params, images).data;
      const fractions = random.uniform(key(seed), [images.size]).data;
      // Where a fraction lies within rounding of a probability, either may come.
      const isAsSaid = (value: number, margin: number) =>
        Math.abs(margin) < 1e-5 || value === Number(margin > 0);
      const wrong = images.data.filter((value, at) => !isAsSaid(value, fractions[at]! - (1 - ones[at]!)));
      const likeliest = model.generate(params, { count: 1, key: key(seed), temperature: 0 });
      const means = model.reconstruct(params, likeliest).data;
      const unlikely = likeliest.data.filter((value, at) => !isAsSaid(value, means[at]! - 0.5));
      expect([...wrong, ...unlikely]).toEqual([]);
    });
  });

  it.each(NAMES)("is the same bits however many are drawn at once, and in a scope or not: %s", (name) => {
    const model = make(name, { inputShape: [5, 4, 3], levels: 7, hidden: 9, layers: 2 });
    const params = sharpened(model, 1);
    const options = { count: 7, key: key(3), temperature: 0.8 };
    const images = model.generate(params, options);
    expectSame(model.generate(params, { ...options, batchSize: 2 }), images);
    expectSame(
      scope(() => model.generate(params, options)),
      images,
    );
    expect(plain(model.generate(params, { ...options, key: key(4) }))).not.toEqual(plain(images));
    // Products of few rows add up in another order.
    const bounds = (values: Tensor) => ({
      ...values,
      data: values.data.map((value) => 1e-6 * (1 + Math.abs(value))),
    });
    for (const f of [model.logLikelihood, model.reconstruct]) {
      const whole = f(params, images);
      expectNear(f(params, images, { batchSize: 3 }), whole, bounds(whole));
    }
  });

  it.each(NAMES)("completes what is given, of which it keeps every bit: %s", (name) => {
    const model = make(name, { inputShape: [5, 4, 1], levels: 4, hidden: 6 });
    const params = sharpened(model, 1);
    const inputs = random.uniform(key(2), [3, 5, 4, 1]);
    const halves = model.complete(params, inputs, { key: key(3) });
    for (let i = 0; i < 3; i++) {
      const [got, given] = [halves, inputs].map(({ data }) => [...data.subarray(20 * i, 20 * i + 20)]);
      expect(got!.slice(0, 8)).toEqual(given!.slice(0, 8));
      for (const value of got!.slice(8))
        expect([0, 1, 2, 3].map((level) => Math.fround(level / 3))).toContain(value);
    }
    expectSame(model.complete(params, inputs, { key: key(3), rows: 5 }), inputs);
    expectSame(
      model.complete(params, inputs, { key: key(3), rows: 0 }),
      model.generate(params, { count: 3, key: key(3) }),
    );
    // What is below the given rows has no part in it.
    const upper = tensor(
      inputs.data.map((value, i) => (i % 20 < 8 ? value : 0)),
      inputs.shape,
    );
    const others = model.complete(params, upper, { key: key(3), batchSize: 2 });
    expectSame(others, halves);
  });
});

describe("a trained model of pixels", () => {
  it.each(NAMES)("is better than its beginning, and comes back from its file: %s", async (name) => {
    const { images } = shapes({ count: 64, size: 8, key: key(1) });
    const model = make(name, {
      inputShape: [8, 8, 1],
      levels: 4,
      hidden: 12,
      layers: name === "pixelRnn" ? 1 : 2,
    });
    const train = () =>
      fit(model, images, { key: key(2), epochs: 6, batchSize: 16, optimizer: adam({ learningRate: 1e-2 }) });
    const { params, history } = await train();
    const losses = history.epochs.map(({ training }) => training.loss);
    expect(losses.at(-1)).toBeLessThan(0.6 * losses[0]!);
    expect(plain((await train()).params)).toEqual(plain(params));
    const loaded = loadModel(saveModel(model, params));
    expect(loaded.model.spec).toEqual(model.spec);
    expectSame(
      (loaded.model as PixelModel).logLikelihood(loaded.params, images),
      model.logLikelihood(params, images),
    );
  });

  it.each(NAMES)("is told in whole by its summary: %s", (name) => {
    const model = make(name, { inputShape: [4, 6, 3], levels: 8, hidden: 5, layers: 2 });
    const lines = summary(model).split("\n");
    const numbers = (line: string) =>
      line
        .split(/ {2,}/)
        .slice(2)
        .map((text) => Number(text.replaceAll(" ", "")));
    const [parameters, work] = lines
      .slice(2, -1)
      .map(numbers)
      .reduce(([a, b], [c, d]) => [a! + c!, b! + d!], [0, 0]);
    expect([parameters, work]).toEqual(numbers(lines.at(-1)!.replace("total", "total  [all]")));
    expect(lines.some((line) => line.startsWith("rest"))).toBe(false);
  });
});

describe("a mistake", () => {
  const inputShape = [2, 2, 1];
  const model = pixelRnn({ inputShape, levels: 4, hidden: 3 });
  const params = model.init(key(1));
  const images = zeros([2, 2, 2, 1]);
  const { kernel, ...rest } = (params.weights.network as Record<string, Record<string, Tensor>>).forget1!;
  const withForget = (forget1: Record<string, Tensor>): ModelParams => ({
    weights: { network: { ...(params.weights.network as Record<string, Record<string, Tensor>>), forget1 } },
    state: params.state,
  });

  it.each<[() => unknown, ErrorConstructor, string]>([
    [
      () => pixelRnn({ inputShape: [4, 4] }),
      RangeError,
      "pixelRnn: inputShape must be [height, width, channels]",
    ],
    [
      () => pixelRnn({ inputShape, levels: 1 }),
      RangeError,
      "pixelRnn: levels must be an integer from 2 to 256",
    ],
    [() => pixelCnn({ inputShape, levels: 257 }), RangeError, "pixelCnn: levels"],
    [() => pixelCnn({ inputShape, hidden: 0 }), RangeError, "pixelCnn: hidden"],
    [() => pixelCnn({ inputShape, layers: 65 }), RangeError, "pixelCnn: layers"],
    [() => pixelCnn({ inputShape, kernel: 4 }), RangeError, "pixelCnn: kernel must be odd"],
    [() => pixelRnn({ inputShape, kernel: 1 }), RangeError, "pixelRnn: kernel"],
    [() => pixelRnn({ inputShape, size: 1 } as never), TypeError, "pixelRnn: options"],
    [
      () => pixelRnn({ inputShape, hidden: 100_000 }),
      RangeError,
      "pixelRnn: hidden must need at most 107 million parameters",
    ],
    [() => model.init(1 as never), TypeError, "pixelRnn.init: key"],
    [() => model.loss(params, zeros([2, 2, 2, 2])), RangeError, "pixelRnn.loss: batch.shape"],
    [
      () => model.loss(params, { inputs: images, targets: images }),
      TypeError,
      "pixelRnn.loss: batch.targets must be left out",
    ],
    [
      () => model.loss(params, images, { hidden: images }),
      TypeError,
      "pixelRnn.loss: hidden must be left out",
    ],
    [
      () => model.logLikelihood(params, tensor([0, 1, 2, 0], [1, 2, 2, 1])),
      RangeError,
      "pixelRnn.logLikelihood: inputs.data[2] must be from 0 to 1, got 2",
    ],
    [
      () => model.score(params, tensor([0, 1, NaN, 0], [1, 2, 2, 1])),
      RangeError,
      "pixelRnn.score: inputs.data[2]",
    ],
    [
      () => model.logLikelihood({ weights: {}, state: {} }, images),
      TypeError,
      "pixelRnn.logLikelihood: params.weights",
    ],
    [
      () => model.score({ ...params, weights: { network: undefined as never } }, images),
      TypeError,
      "pixelRnn.score: params.weights.network must be what init gives, got undefined",
    ],
    [
      () => model.score(withForget(rest), images),
      TypeError,
      "pixelRnn.score: params.weights.forget1.kernel must be a tensor",
    ],
    [
      () => model.score(withForget({ ...rest, kernel: ops.reshape(kernel!, [1, 1, 3, -1]) }), images),
      RangeError,
      "pixelRnn.score: params.weights.forget1.kernel.shape must be [1, 1, 30, 3]",
    ],
    [() => model.generate(params, { count: 0, key: key(1) }), RangeError, "pixelRnn.generate: count"],
    [
      () => model.generate(params, { count: 1e9, key: key(1) }),
      RangeError,
      "pixelRnn.generate: count must give at most",
    ],
    [() => model.generate(params, { count: 1 } as never), TypeError, "pixelRnn.generate: key"],
    [
      () => model.generate(params, { count: 1, key: key(1), temperature: -1 }),
      RangeError,
      "pixelRnn.generate: temperature",
    ],
    [() => model.complete(params, images, { key: key(1), rows: 3 }), RangeError, "pixelRnn.complete: rows"],
    [
      () =>
        model.generate(
          withForget({
            ...rest,
            kernel: tensor(
              kernel!.data.map(() => NaN),
              kernel!.shape,
            ),
          }),
          { count: 1, key: key(1) },
        ),
      RangeError,
      "pixelRnn.generate: params must give logits that are finite, got NaN",
    ],
  ])("is refused, %#", (call, kind, start) => {
    expectRefused(call, kind, start);
  });

  it("in size is refused before anything is made", () => {
    configure({ maxMemory: 2 ** 24 });
    try {
      expectRefused(
        () => pixelCnn({ inputShape, hidden: 128 }),
        RangeError,
        "pixelCnn: hidden must need at most 0.4 million parameters",
      );
    } finally {
      configure({ maxMemory: 2 ** 32 });
    }
  });
});
