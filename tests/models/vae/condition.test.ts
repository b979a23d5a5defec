// Laws of conditional VAEs: what labels do, where they enter, and that nothing else changes.

import { describe, expect, it } from "vitest";
import {
  adam,
  checkGradient,
  classify,
  type Condition,
  conv2d,
  conv2dTranspose,
  dense,
  fit,
  flatten,
  imageVae,
  key,
  lectures,
  loadModel,
  modelFromSpec,
  type ModelParams,
  ones,
  ops,
  random,
  reshape,
  saveModel,
  sequential,
  summary,
  tensor,
  type Tensor,
  vae,
  type Vae,
  zeros,
} from "../../../src/index.js";
import { compress } from "../../../src/coding/index.js";
import { expectSame } from "../../support/laws.js";
import { inParts } from "../../support/modelCases.js";
import { oneHot, posteriorOf, rowOf, termsOf, whereLabelsEnter } from "../../support/naiveConditional.js";
import { expectRefused } from "../../support/refusals.js";

const tanh = { activation: "tanh" } as const;
const inputs = random.uniform(key(1), [5, 6]);
const labels = tensor([0, 2, 1, 1, 0]);
const WAYS = ["features", "maps"] as const;

const denseVae = (condition?: Condition) =>
  vae({
    inputShape: [6],
    latentSize: 2,
    encoder: dense(4, tanh),
    decoder: dense(6),
    ...(condition !== undefined && { condition }),
  });

const ofImages = (condition: Condition) =>
  vae({
    inputShape: [4, 4, 1],
    latentSize: 2,
    encoder: sequential(conv2d(2, { kernel: 3, stride: 2 }), flatten()),
    decoder: sequential(dense(8), reshape([2, 2, 2]), conv2dTranspose(1, { kernel: 3, stride: 2 })),
    condition,
  });

/** Every function of a model that takes labels, as a tensor of what it gives. */
const functionsOf = (model: Vae, params: ModelParams, given: Tensor, codes: Tensor) => ({
  encode: (labels: Tensor) => model.encode(params, given, { labels }).mean,
  sampleLatent: (labels: Tensor) => model.sampleLatent(params, given, { key: key(3), labels }),
  decode: (labels: Tensor) => model.decode(params, codes, { labels }),
  decoderOutputs: (labels: Tensor) => model.decoderOutputs(params, codes, { labels }),
  reconstruct: (labels: Tensor) => model.reconstruct(params, given, { labels }),
  generate: (labels: Tensor) => model.generate(params, { count: labels.shape[0]!, key: key(3), labels }),
  elbo: (labels: Tensor) => tensor(model.elbo(params, given, { labels }).elbo),
  logLikelihood: (labels: Tensor) => model.logLikelihood(params, given, { labels, samples: 3 }),
  refinePosterior: (labels: Tensor) => model.refinePosterior(params, given, { labels, steps: 2 }).mean,
  score: (labels: Tensor) => model.score(params, given, { labels }),
  "score by reconstruction": (labels: Tensor) => model.score(params, given, { labels, by: "reconstruction" }),
  "score by logLikelihood": (labels: Tensor) =>
    model.score(params, given, { labels, by: "logLikelihood", samples: 2 }),
  loss: (labels: Tensor) => model.loss(params, { inputs: given, labels }, { key: key(3) }).loss,
});

describe("a conditional VAE", () => {
  it.each(WAYS)("encodes and decodes as its definition says, with y as %s", (as) => {
    const model = denseVae({ classes: 3, as });
    const params = model.init(key(2));
    const { mean, logVar } = model.encode(params, inputs, { labels });
    for (let example = 0; example < 5; example++) {
      const y = oneHot(labels.data[example]!, 3);
      const wanted = posteriorOf(params, rowOf(inputs, example), y, as);
      wanted.mean.forEach((m, j) => expect(rowOf(mean, example)[j]).toBeCloseTo(m, 5));
      wanted.logVar.forEach((v, j) => expect(rowOf(logVar, example)[j]).toBeCloseTo(v, 5));
    }
    const terms = Array.from({ length: 5 }, (_, example) =>
      termsOf(params, rowOf(inputs, example), oneHot(labels.data[example]!, 3), { as, samples: 4, example }),
    );
    const bound = model.elbo(params, inputs, { labels, samples: 4 });
    const meanOf = (name: "reconstruction" | "kl") => terms.reduce((sum, term) => sum + term[name] / 5, 0);
    expect(bound.reconstruction).toBeCloseTo(meanOf("reconstruction"), 4);
    expect(bound.kl).toBeCloseTo(meanOf("kl"), 5);
  });

  it.each(WAYS)("with one class, and weights of 0 from it, is the plain model, with y as %s", (as) => {
    const plain = denseVae();
    const model = denseVae({ classes: 1, as });
    const params = plain.init(key(2));
    const own = whereLabelsEnter(params, as, ({ kernel, bias }) => ({
      kernel: ops.concat([kernel, zeros([1, kernel.shape[1]!])]),
      bias,
    }));
    const all = zeros([5]);
    expectSame(model.encode(own, inputs, { labels: all }).logVar, plain.encode(params, inputs).logVar);
    expectSame(
      model.generate(own, { count: 4, key: key(5), labels: 0 }),
      plain.generate(params, { count: 4, key: key(5) }),
    );
    expect(model.elbo(own, inputs, { labels: all })).toEqual(plain.elbo(params, inputs));
    expectSame(
      model.loss(own, { inputs, labels: all }, { key: key(4) }).loss,
      plain.loss(params, inputs, { key: key(4) }).loss,
    );
    expectSame(
      classify(model, own, inputs, { samples: 1 }).logEvidence,
      ops.scale(plain.score(params, inputs), -1),
    );
  });

  it("takes numbers as it takes the one-hot vectors of classes", () => {
    const byClass = denseVae({ classes: 3, as: "maps" });
    const byNumber = denseVae({ size: 3, as: "maps" });
    const params = byClass.init(key(2));
    const codes = random.normal(key(7), [5, 2]);
    const [one, other] = [byClass, byNumber].map((model) => functionsOf(model, params, inputs, codes));
    for (const [name, f] of Object.entries(one!)) {
      expectSame(f(labels), other![name as keyof typeof other](ops.oneHot(labels, 3)));
    }
  });

  it("gives each example what its own label says, whatever the others' are and however it is cut", () => {
    for (const as of WAYS) {
      const model = ofImages({ classes: 3, as });
      const params = model.init(key(2));
      const images = random.uniform(key(1), [5, 4, 4, 1]);
      const all = model.reconstruct(params, images, { labels });
      for (let label = 0; label < 3; label++) {
        const own = model.reconstruct(params, images, { labels: label });
        const isSame = [...labels.data.keys()].map((i) => rowOf(all, i).join() === rowOf(own, i).join());
        expect(isSame).toEqual([...labels.data].map((value) => value === label));
      }
      expectSame(model.reconstruct(params, images, { labels, batchSize: 2 }), all);
      const scores = model.score(params, images, { labels, samples: 3 });
      expectSame(model.score(params, images, { labels, samples: 3, batchSize: 2 }), scores);
      const byMean = { labels, by: "reconstruction" } as const;
      const atMean = model.score(params, images, byMean);
      expectSame(model.score(params, images, { ...byMean, batchSize: 2 }), atMean);
      const start = { labels, steps: 2 };
      const refined = model.refinePosterior(params, images, start).mean;
      expectSame(model.refinePosterior(params, images, { ...start, batchSize: 2 }).mean, refined);
      let from = 0;
      const cut = inParts(
        (part) => {
          const own = ops.slice(labels, from, (from += part.shape[0]!));
          return model.encode(params, part, { labels: own }).mean;
        },
        images,
        2,
      );
      expectSame(cut, model.encode(params, images, { labels }).mean);
    }
  });

  it("knows a class by its name", () => {
    const model = denseVae({ classes: 2, names: ["shirt", "shoe"] });
    const params = model.init(key(2));
    const of = (labels: number | string) => model.generate(params, { count: 3, key: key(1), labels });
    expectSame(of("shoe"), of(1));
    expect(of("shirt").data).not.toEqual(of("shoe").data);
    expectRefused(() => of("shoes"), RangeError, 'vae.generate: labels must be one of "shirt", "shoe"');
  });

  it("has gradients", () => {
    for (const as of WAYS) {
      const model = ofImages({ classes: 3, as });
      const images = random.uniform(key(1), [5, 4, 4, 1]);
      const noise = random.normal(key(6), [5, 2]);
      const { weights, state } = model.init(key(2));
      const loss = (own: typeof weights) =>
        model.loss({ weights: own, state }, { inputs: images, labels }, { noise }).loss;
      const report = checkGradient(loss, weights);
      expect(report.passed, JSON.stringify(report)).toBe(true);
    }
    const model = denseVae({ size: 2, as: "maps" });
    const params = model.init(key(2));
    const y = random.normal(key(8), [5, 2]);
    const given = checkGradient((x: Tensor) => ops.sum(model.reconstruct(params, x, { labels: y })), inputs);
    expect(given.passed, JSON.stringify(given)).toBe(true);
  });

  it("is the same after its spec, and its file, have been written and read", () => {
    const condition = { classes: 3, names: ["a", "b", "c"], as: "maps" } as const;
    const model = denseVae(condition);
    expect(model.condition).toEqual(condition);
    const params = model.init(key(2));
    const copy = modelFromSpec(JSON.parse(JSON.stringify(model.spec))) as Vae;
    const read = loadModel(saveModel(model, params));
    const wanted = model.encode(params, inputs, { labels }).mean;
    expectSame(copy.encode(params, inputs, { labels }).mean, wanted);
    expectSame((read.model as Vae).encode(read.params, inputs, { labels }).mean, wanted);
    expect(read.model.spec).toEqual(model.spec);
    expect(denseVae({ size: 2 }).spec.options["condition"]).toEqual({ size: 2, as: "features" });
    expect("condition" in denseVae().spec.options).toBe(false);
  });

  it("shows in the summary how wide its layers are", () => {
    const text = summary(lectures.denseVae({ condition: { classes: 10, as: "maps" } }));
    // 794-500-20 and 30-500-784.
    expect(text).toMatch(/encoder.*397 500/);
    expect(text).toMatch(/decoder\[0\].*15 500/);
    expect(text).not.toContain("rest");
  });

  it("learns what only labels tell", async () => {
    // The same noise in every class, but for a mean that is the class's own.
    const count = 240;
    const classes = tensor(Float32Array.from({ length: count }, (_, i) => i % 3));
    const data = ops.add(
      ops.scale(random.uniform(key(1), [count, 6]), 0.1),
      ops.scale(ops.reshape(classes, [count, 1]), 0.4),
    );
    const model = vae({
      inputShape: [6],
      latentSize: 1,
      encoder: dense(4, tanh),
      decoder: dense(6),
      likelihood: { type: "gaussian", gamma: 0.1 },
      condition: { classes: 3 },
    });
    const optimizer = adam({ learningRate: 0.02 });
    const training = { inputs: data, labels: classes };
    const { params } = await fit(model, training, {
      epochs: 12,
      batchSize: 24,
      key: key(2),
      optimizer,
      validation: 0.2,
    });
    expectSame(classify(model, params, data).labels, classes);
    const wrong = ops.scale(ops.add(classes, -2), -1);
    const [right, swapped] = [classes, wrong].map((labels) => model.elbo(params, data, { labels }).elbo);
    expect(right! - swapped!).toBeGreaterThan(10);
  });

  it("warns of what it sees in examples with their labels", () => {
    const model = denseVae({ classes: 3 });
    const params = model.init(key(2));
    const moment = { step: 0, isImproving: false };
    expect(model.warnings!(params, { inputs, labels }, moment)).toEqual([]);
    expectRefused(
      () => model.warnings!(params, inputs, moment),
      TypeError,
      "vae.encode: labels must be a tensor [5]",
    );
  });
});

describe("lectures and ready-made models", () => {
  it("take a condition", () => {
    const condition = { classes: 4 } as const;
    for (const model of [
      lectures.denseVae({ latentSize: 3, condition }),
      lectures.convVae({ size: 8, condition }),
      imageVae({ inputShape: [8, 8, 1], condition }),
      imageVae({ inputShape: [8, 8, 1], condition: { classes: 4, as: "maps" } }),
    ]) {
      const params = model.init(key(1));
      const images = model.generate(params, { count: 2, key: key(2), labels: 3 });
      expect(model.reconstruct(params, images, { labels: tensor([0, 3]) }).shape).toEqual(images.shape);
    }
    expectRefused(
      () => imageVae({ inputShape: [8, 8, 1], condition: { classes: 0 } }),
      RangeError,
      "imageVae: condition.classes must be an integer ≥ 1, got 0",
    );
  });
});

describe("labels that do not fit are refused", () => {
  const model = denseVae({ classes: 3 });
  const params = model.init(key(2));
  const codes = ones([5, 2]);

  it.each<[unknown, ErrorConstructor, string]>([
    [
      undefined,
      TypeError,
      "labels must be a tensor [5] or an integer, from 0 to 2: this model takes classes",
    ],
    [null, TypeError, "labels must be a tensor [5] or an integer"],
    ["shirt", TypeError, "labels must be a tensor [5] or an integer"],
    [[0, 1, 2, 0, 1], TypeError, "labels must be a tensor [5] or an integer"],
    [3, RangeError, "labels must be an integer from 0 to 2, got 3"],
    [NaN, RangeError, "labels must be an integer from 0 to 2, got NaN"],
    [tensor([0, 1, 2, 3, 0]), RangeError, "labels[3] must be an integer from 0 to 2, got 3"],
    [tensor([0, 1, 0.5, 1, 0]), RangeError, "labels[2] must be an integer from 0 to 2, got 0.5"],
    [ones([4]), RangeError, "labels.shape must be [5], got"],
    [ones([5, 3]), RangeError, "labels.shape must be [5], got"],
  ])("of classes, %#", (labels, kind, start) => {
    const given = { labels } as object;
    expectRefused(() => model.encode(params, inputs, given), kind, `vae.encode: ${start}`);
    expectRefused(() => model.decode(params, codes, given), kind, `vae.decode: ${start}`);
    expectRefused(() => model.score(params, inputs, given), kind, `vae.score: ${start}`);
    expectRefused(
      () => model.generate(params, { count: 5, key: key(1), ...given }),
      kind,
      `vae.generate: ${start}`,
    );
  });

  it("of files, which hold none", () => {
    expectRefused(
      () => compress(model, params, inputs),
      RangeError,
      "compress: model must have no condition",
    );
  });

  it("of batches", () => {
    const loss = (labels: Tensor) => () => model.loss(params, { inputs, labels }, { key: key(1) });
    expectRefused(loss(ones([5, 3])), RangeError, "vae.loss: batch.labels.shape must be [5]");
    expectRefused(loss(tensor([0, 1, 7, 1, 0])), RangeError, "vae.loss: batch.labels[2] must be an integer");
    expectRefused(
      () => model.loss(params, inputs, { key: key(1) }),
      TypeError,
      "vae.loss: batch.labels must be a tensor [5]",
    );
  });

  it("of numbers", () => {
    const numbers = denseVae({ size: 2 });
    const own = numbers.init(key(2));
    const encode = (labels: unknown) => () => numbers.encode(own, inputs, { labels } as object);
    expectRefused(encode(undefined), TypeError, "vae.encode: labels must be a tensor");
    expectRefused(encode(1), TypeError, "vae.encode: labels must be a tensor");
    expectRefused(encode(ones([5])), RangeError, "vae.encode: labels.shape must be [5, 2]");
  });

  it("that are not finite are named by training", async () => {
    const odd = tensor([1, 1, 1, 1, 1, 1, 1, NaN, 1, 1], [5, 2]);
    const training = fit(denseVae({ size: 2 }), { inputs, labels: odd }, { epochs: 1, key: key(1) });
    await expect(training).rejects.toMatchObject({ name: "DivergenceError", example: 3, value: NaN });
  });

  it("of a model that takes none", () => {
    const plain = denseVae();
    const own = plain.init(key(2));
    const all = functionsOf(plain, own, inputs, codes);
    for (const [name, f] of Object.entries(all)) {
      const where = name.replace(/ .*/, "");
      const argument = name === "loss" ? "batch.labels" : "labels";
      expectRefused(
        () => f(labels),
        TypeError,
        `vae.${where}: ${argument} must be left out: this model takes none`,
      );
    }
  });

  it.each<[unknown, ErrorConstructor, string]>([
    [null, TypeError, "vae.condition: options must be an object, got null"],
    [10, TypeError, "vae.condition: options must be an object, got 10"],
    [{}, TypeError, "vae: condition must have either classes or size"],
    [{ classes: 2, size: 2 }, TypeError, "vae: condition must have either classes or size"],
    [{ classes: 1.5 }, RangeError, "vae: condition.classes must be an integer ≥ 1, got 1.5"],
    [{ size: 0 }, RangeError, "vae: condition.size must be an integer ≥ 1, got 0"],
    [{ class: 2 }, TypeError, "vae.condition: options must have only the names classes, size, names, as"],
    [{ classes: 2, as: "rows" }, RangeError, 'vae: condition.as must be one of "features", "maps"'],
    [{ classes: 2, names: "ab" }, TypeError, "vae: condition.names must be different strings, one for each"],
    [{ classes: 2, names: ["a", 1] }, TypeError, "vae: condition.names must be different strings, one for"],
    [{ classes: 2, names: ["a"] }, TypeError, "vae: condition.names must be different strings, one for each"],
    [{ classes: 2, names: ["a", "a"] }, TypeError, "vae: condition.names must be different strings, one for"],
    [{ size: 2, names: ["a", "b"] }, TypeError, "vae: condition.names must be different strings, one for"],
  ])("conditions too, %#", (condition, kind, start) => {
    expectRefused(() => denseVae(condition as Condition), kind, start);
  });
});
