// Laws of labels by Bayes' rule, against the rule in float64.

import { describe, expect, it } from "vitest";
import {
  classify,
  type ClassifyOptions,
  dense,
  key,
  lectures,
  ones,
  ops,
  random,
  tensor,
  type Tensor,
  vae,
  type Vae,
} from "../../../src/index.js";
import { expectNear, expectSame } from "../../support/laws.js";
import {
  bayes,
  oneHot,
  type Dense,
  rowOf,
  termsOf,
  whereLabelsEnter,
} from "../../support/naiveConditional.js";
import { expectRefused } from "../../support/refusals.js";

const CLASSES = 3;
const inputs = random.uniform(key(1), [7, 6]);
const modelOf = (as: "features" | "maps") =>
  vae({
    inputShape: [6],
    latentSize: 2,
    encoder: dense(4, { activation: "tanh" }),
    decoder: dense(6),
    condition: { classes: CLASSES, as },
  });
const model = modelOf("features");
const params = model.init(key(2));

/** The rows of a kernel that stand for classes, put in another order. */
function permuted({ kernel, bias }: Dense, order: readonly number[]) {
  const before = kernel.shape[0]! - order.length;
  const rows = [...Array.from({ length: before }, (_, i) => i), ...order.map((i) => before + i)];
  return { kernel: ops.concat(rows.map((row) => ops.slice(kernel, row, row + 1))), bias };
}

const bounded = (t: Tensor, relative: number) => ({
  shape: t.shape,
  data: t.data.map((value) => relative * (1 + Math.abs(value))),
});

describe("classify", () => {
  it.each(["features", "maps"] as const)("is Bayes' rule on the bounds of all classes, y as %s", (as) => {
    const own = modelOf(as);
    const ownParams = own.init(key(2));
    const prior = [1, 3, 4];
    const got = classify(own, ownParams, inputs, { prior, samples: 3 });
    for (let example = 0; example < 7; example++) {
      const bounds = [0, 1, 2].map((label) => {
        const y = oneHot(label, CLASSES);
        const { reconstruction, kl } = termsOf(ownParams, rowOf(inputs, example), y, {
          as,
          samples: 3,
          example,
        });
        return -(reconstruction + kl);
      });
      const { logPosterior, evidence } = bayes(bounds, [1 / 8, 3 / 8, 4 / 8]);
      logPosterior.forEach((value, y) => expect(rowOf(got.logPosterior, example)[y]).toBeCloseTo(value, 4));
      expect(got.logEvidence.data[example]).toBeCloseTo(evidence, 4);
      expect(got.labels.data[example]).toBe(logPosterior.indexOf(Math.max(...logPosterior)));
    }
  });

  it("gives the prior where all bounds are equal", () => {
    // Without weights from y, no class differs from another.
    const own = whereLabelsEnter(params, "features", ({ kernel, bias }) => {
      const before = (kernel.shape[0]! - CLASSES) * kernel.shape[1]!;
      const data = kernel.data.map((value, i) => (i < before ? value : 0));
      return { kernel: tensor(data, kernel.shape), bias };
    });
    const prior = [0.5, 0.125, 0.375];
    const { logPosterior, logEvidence, labels } = classify(model, own, inputs, { prior });
    const wanted = tensor(Array.from({ length: 7 }, () => prior.map(Math.log)));
    expectNear(logPosterior, wanted, bounded(wanted, 1e-6));
    expectSame(labels, tensor(new Float32Array(7)));
    const bounds = model.score(own, inputs, { labels: 0, samples: 10 });
    expectNear(logEvidence, ops.scale(bounds, -1), bounded(bounds, 1e-6));
  });

  it("has posteriors that add up to 1, and evidence between the least and the greatest bound", () => {
    const { logPosterior, logEvidence } = classify(model, params, inputs);
    const bounds = [0, 1, 2].map((labels) => model.score(params, inputs, { labels, samples: 10 }).data);
    for (let example = 0; example < 7; example++) {
      const sum = rowOf(logPosterior, example).reduce((total, value) => total + Math.exp(value), 0);
      expect(sum).toBeCloseTo(1, 6);
      const own = bounds.map((scores) => -scores[example]!);
      expect(logEvidence.data[example]).toBeLessThan(Math.max(...own) + 1e-5);
      expect(logEvidence.data[example]).toBeGreaterThan(Math.min(...own) - 1e-5);
    }
  });

  it("changes with the order of the classes as they do", () => {
    const order = [2, 0, 1];
    const own = whereLabelsEnter(params, "features", (layer) => permuted(layer, order));
    const prior = [1, 2, 5];
    const before = classify(model, params, inputs, { prior, samples: 2 });
    const after = classify(model, own, inputs, {
      prior: order.map((i) => prior[i]!),
      samples: 2,
    });
    for (let example = 0; example < 7; example++) {
      const row = rowOf(before.logPosterior, example);
      rowOf(after.logPosterior, example).forEach((value, i) => expect(value).toBeCloseTo(row[order[i]!]!, 5));
      expect(order[after.labels.data[example]!]).toBe(before.labels.data[example]);
      expect(after.logEvidence.data[example]).toBeCloseTo(before.logEvidence.data[example]!, 5);
    }
  });

  it("never chooses a class that the prior rules out", () => {
    const { labels, logPosterior } = classify(model, params, inputs, { prior: [0, 1, 0] });
    expect([...labels.data]).toEqual(Array.from({ length: 7 }, () => 1));
    for (let example = 0; example < 7; example++) {
      expect(rowOf(logPosterior, example)).toEqual([-Infinity, 0, -Infinity]);
    }
  });

  it("rejects what has less evidence than it is told", () => {
    const { logEvidence, rejected } = classify(model, params, inputs);
    expect(rejected).toBeUndefined();
    const sorted = [...logEvidence.data].sort((a, b) => a - b);
    const marked = classify(model, params, inputs, { reject: sorted[3]! }).rejected!;
    expect([...marked.data]).toEqual([...logEvidence.data].map((value) => Number(value < sorted[3]!)));
    expect([...marked.data].filter(Boolean)).toHaveLength(3);
  });

  it("does not depend on how examples are cut", () => {
    const options = { samples: 4, key: key(9) };
    const { logEvidence } = classify(model, params, inputs, options);
    expectSame(classify(model, params, inputs, { ...options, batchSize: 3 }).logEvidence, logEvidence);
  });

  it.each<[object, ErrorConstructor, string]>([
    [{ samples: 0 }, RangeError, "classify: samples must be an integer ≥ 1, got 0"],
    [{ key: 1 }, TypeError, "classify: key must"],
    [{ reject: NaN }, RangeError, "classify: reject must be a finite number, got NaN"],
    [{ prior: 1 }, TypeError, "classify: prior must be an array of 3 numbers ≥ 0, not all 0, got 1"],
    [{ prior: [1, 1] }, RangeError, "classify: prior must be an array of 3 numbers"],
    [{ prior: [1, -1, 1] }, RangeError, "classify: prior[1] must be ≥ 0, got -1"],
    [{ prior: [0, 0, 0] }, RangeError, "classify: prior must be an array of 3 numbers"],
    [{ prior: [1, undefined, 1] }, TypeError, "classify: prior[1] must be a number"],
    [{ labels: 1 }, TypeError, "classify: options must have only the names"],
  ])("refuses options that do not fit, %#", (options, kind, start) => {
    expectRefused(() => classify(model, params, inputs, options as ClassifyOptions), kind, start);
  });

  it("refuses inputs that are no tensor", () => {
    for (const other of [undefined, 5, [[1, 2]], { shape: [2] }]) {
      expectRefused(
        () => classify(model, params, other as never),
        TypeError,
        "classify: inputs must be a tensor",
      );
    }
  });

  it("refuses models without classes", () => {
    const plain = lectures.denseVae({ latentSize: 2 });
    const numbers = lectures.denseVae({ latentSize: 2, condition: { size: 2 } });
    const images = random.uniform(key(1), [2, 784]);
    for (const other of [plain, numbers, null, {}] as const) {
      expectRefused(
        () => classify(other as Vae, params, images),
        TypeError,
        "classify: model must know classes: vae({ condition: { classes } })",
      );
    }
  });

  it.each<[unknown, string]>([
    [1.5, "classify.model.condition: options must be"],
    [{ classes: new Set([1]) }, "classify.model: condition.classes must be an integer ≥ 1"],
    [{ classes: 3, size: 2 }, "classify.model: condition must have either classes or size"],
  ])("refuses a model whose condition is none, %#", (condition, start) => {
    expectRefused(() => classify({ ...model, condition } as Vae, params, inputs), TypeError, start);
  });

  it("refuses what a score of the caller's making gives, if that is not a number for each", () => {
    for (const score of [(x: unknown) => x, () => undefined, () => inputs, () => ones([1])]) {
      const odd = { ...model, score } as unknown as Vae;
      expect(() => classify(odd, { weights: {}, state: {} }, inputs)).toThrow(
        /^classify: what model\.score gives/,
      );
    }
  });
});
