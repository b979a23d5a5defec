// Laws of likelihoods: densities by the definition, their gradients and means, and learned variances at their best.

import { describe, expect, it } from "vitest";
import {
  dense,
  grad,
  item,
  key,
  type Likelihood,
  ops,
  type Shape,
  sgd,
  tensor,
  type Tensor,
  vae,
  type VaeOptions,
  valueAndGrad,
  zeros,
} from "../../../src/index.js";
import { channelsPerChannel, observationOf } from "../../../src/models/vae/likelihood.js";
import { reals } from "../../support/arbitraries.js";
import { type Definition, expectDefined, expectGradient } from "../../support/differentiable.js";
import { expectNear, expectSame } from "../../support/laws.js";
import { imagesOf } from "../../support/modelCases.js";
import { expectRefused } from "../../support/refusals.js";

const LOG_TWO_PI = Math.log(2 * Math.PI);
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const crossEntropy = (p: number, t: number) => -t * Math.log(p) - (1 - t) * Math.log(1 - p);
const gaussian = (mean: number, logVar: number, x: number) =>
  0.5 * (LOG_TWO_PI + logVar + (x - mean) ** 2 / Math.exp(logVar));

/** The mass of a logistic distribution on the level of a value, among five. */
function levelMass(mean: number, logScale: number, value: number): number {
  const level = Math.round(value * 4);
  const at = (edge: number) => sigmoid((edge - mean) / Math.exp(logScale));
  return (level === 4 ? 1 : at((level + 0.5) / 4)) - (level === 0 ? 0 : at((level - 0.5) / 4));
}

/** A likelihood of targets of a shape, with what its decoder gives and what that means. */
interface Case {
  readonly name: string;
  readonly likelihood: Likelihood;
  readonly shape: Shape;
  readonly outputs: (seed: number) => Tensor;
  readonly weights?: { readonly logVar: Tensor };
  /** −log p of element i. */
  readonly value: (output: Float64Array, target: number, i: number) => number;
  /** The mean of element i. */
  readonly mean: (output: ArrayLike<number>, i: number) => number;
}

const image = [2, 3, 2];
const elements = 4 * 12;
/** Where the mean and the log-variance of element i stand, in twice as many channels. */
const meanAt = (i: number) => 4 * Math.floor(i / 2) + (i % 2);
const logVarAt = (i: number) => meanAt(i) + 2;

const cases: readonly Case[] = [
  ...(["bernoulli", { type: "bernoulli" }, { type: "bernoulli", outputs: "logits" }] as const).map(
    (likelihood): Case => ({
      name: JSON.stringify(likelihood),
      likelihood,
      shape: image,
      outputs: (seed) => ops.scale(reals([4, ...image], seed), 3),
      value: (output, t, i) => crossEntropy(sigmoid(output[i]), t),
      mean: (output, i) => sigmoid(output[i]),
    }),
  ),
  {
    name: "probabilities",
    likelihood: { type: "bernoulli", outputs: "probabilities" },
    shape: image,
    outputs: (seed) => ops.scale(imagesOf(image, 4, seed), 0.9, 0.05),
    value: (output, t, i) => crossEntropy(output[i], t),
    mean: (output, i) => output[i],
  },
  {
    name: "gaussian of a fixed deviation",
    likelihood: { type: "gaussian", gamma: 0.3 },
    shape: image,
    outputs: (seed) => reals([4, ...image], seed),
    value: (output, t, i) => gaussian(output[i], 2 * Math.log(0.3), t),
    mean: (output, i) => output[i],
  },
  {
    name: "gaussian of a learned deviation",
    likelihood: { type: "gaussian", gamma: "learned" },
    shape: image,
    outputs: (seed) => reals([4, ...image], seed),
    weights: { logVar: tensor(-0.75) },
    value: (output, t, i) => gaussian(output[i], -0.75, t),
    mean: (output, i) => output[i],
  },
  {
    name: "gaussian of a deviation per pixel",
    likelihood: { type: "gaussian", gamma: "perPixel" },
    shape: image,
    outputs: (seed) => ops.scale(reals([4, 2, 3, 4], seed), 2),
    value: (output, t, i) => gaussian(output[meanAt(i)], output[logVarAt(i)], t),
    mean: (output, i) => output[meanAt(i)],
  },
  {
    name: "discretized logistic",
    likelihood: { type: "discretizedLogistic", levels: 5 },
    shape: image,
    outputs: (seed) => reals([4, 2, 3, 4], seed),
    value: (output, t, i) => -Math.log(levelMass(output[2 * i] + 0.5, output[2 * i + 1] - 2, t)),
    mean: (output, i) => Math.min(1, Math.max(0, output[2 * i] + 0.5)),
  },
  {
    name: "mixture of two discretized logistics",
    likelihood: { type: "discretizedLogistic", levels: 5, components: 2 },
    shape: image,
    outputs: (seed) => reals([4, 2, 3, 12], seed),
    value: (output, t, i) => {
      const [first, second, a, b, s, r] = output.slice(6 * i, 6 * i + 6);
      const weight = sigmoid(first! - second!);
      return -Math.log(
        weight * levelMass(a! + 0.5, s! - 2, t) + (1 - weight) * levelMass(b! + 0.5, r! - 2, t),
      );
    },
    mean: (output, i) => {
      const [first, second, a, b] = Array.from({ length: 4 }, (_, k) => output[6 * i + k]!);
      const weight = sigmoid(first! - second!);
      const [one, other] = [a!, b!].map((mean) => Math.min(1, Math.max(0, mean + 0.5)));
      return weight * one! + (1 - weight) * other!;
    },
  },
];

describe.each(cases)("the likelihood $name", ({ likelihood, shape, outputs, weights = {}, value, mean }) => {
  const output = outputs(3);
  const target = imagesOf(shape, 4, 5);
  const observation = observationOf("vae", likelihood, shape, output.shape.slice(1));
  const call = (y: Tensor) => observation.negativeLogProb(y, target, weights);
  const definition: Definition = (y) => Array.from(target.data, (t, i) => value(y, t, i));

  it("has the density of the definition for every element", () => {
    expect(call(output).shape).toEqual(target.shape);
    expectDefined(call, definition, [output], 2e-6, 2e-6);
  });

  it("has the gradient of the definition", () => {
    expectGradient(call, definition, [output], 7, 1e-4);
  });

  it("has the mean of the definition", () => {
    const wanted = tensor(
      Float64Array.from({ length: elements }, (_, i) => mean(output.data, i)),
      target.shape,
    );
    expectNear(observation.mean(output), wanted, ops.add(zeros(target.shape), tensor(1e-6)));
  });
});

const layers = { inputShape: [3], latentSize: 2, encoder: dense(4), decoder: dense(3) };

describe("a learned deviation", () => {
  const model = vae({ ...layers, likelihood: { type: "gaussian", gamma: "learned" } });
  const { weights, state } = model.init(key(1));
  const x = reals([20, 3], 4);
  const noise = zeros([20, 2]);
  const errors = ops.square(ops.sub(model.reconstruct({ weights, state }, x), x));
  const best = Math.log(item(ops.mean(errors)));
  const lossOf = (likelihood: { readonly logVar: Tensor }) =>
    model.loss({ weights: { ...weights, likelihood }, state }, x, { noise }).loss;

  it("starts at one and is one number for all", () => {
    expectSame((weights.likelihood as { logVar: Tensor }).logVar, tensor(0));
  });

  it("is best where its square is the mean squared error", () => {
    const slope = (logVar: number) => item(grad(lossOf)({ logVar: tensor(logVar) }).logVar);
    expect(Math.abs(slope(best))).toBeLessThan(1e-5);
    expect(slope(best - 0.1)).toBeLessThan(-0.01);
    expect(slope(best + 0.1)).toBeGreaterThan(0.01);
  });

  it("is learned", () => {
    const optimizer = sgd({ learningRate: 0.3 });
    let likelihood = { logVar: tensor(0) };
    let optimizerState = optimizer.init(likelihood);
    for (let step = 0; step < 100; step++) {
      const { grads } = valueAndGrad(lossOf)(likelihood);
      [likelihood, optimizerState] = optimizer.update(grads, optimizerState, likelihood);
    }
    expect(item(likelihood.logVar)).toBeCloseTo(best, 4);
  });
});

describe("decode", () => {
  it.each(cases)("gives the likelihood's mean, $name", ({ likelihood }) => {
    const decoder = dense(3 * channelsPerChannel(likelihood), { activation: "sigmoid" });
    const model = vae({ ...layers, decoder, likelihood });
    const { weights, state } = model.init(key(1));
    const codes = reals([5, 2], 2);
    const { output } = decoder.apply(weights.decoder as never, state.decoder as never, codes);
    const wanted = observationOf("vae", likelihood, [3], output.shape.slice(1)).mean(output);
    expectSame(model.decode({ weights, state }, codes), wanted);
    expect(wanted.shape).toEqual([5, 3]);
  });
});

describe("likelihoods refuse", () => {
  const six = dense(6);
  it.each<[object, ErrorConstructor, string]>([
    [
      { likelihood: "gaussian" },
      TypeError,
      'vae: likelihood must be "bernoulli" or { type, … }, got "gaussian"',
    ],
    [{ likelihood: null }, TypeError, 'vae: likelihood must be "bernoulli" or { type, … }, got null'],
    [
      { likelihood: {} },
      TypeError,
      'vae: likelihood.type must be one of "bernoulli", "gaussian", "discretizedLogistic", got undefined',
    ],
    [
      { likelihood: { type: "discretizedLogistic", levels: 1 } },
      RangeError,
      "vae: likelihood.levels must be",
    ],
    [
      { likelihood: { type: "discretizedLogistic", components: 65 } },
      RangeError,
      "vae: likelihood.components must be an integer from 1 to 64",
    ],
    [
      { likelihood: { type: "discretizedLogistic" } },
      RangeError,
      "vae: decoder must give [6], twice the input's channels: mean and log-scale",
    ],
    [{ likelihood: { type: "poisson" } }, RangeError, "vae: likelihood.type must be one of"],
    [
      { likelihood: { type: "bernoulli", gamma: 1 } },
      TypeError,
      "vae.likelihood: options must have only the nam",
    ],
    [
      { likelihood: { type: "bernoulli", outputs: "p" } },
      RangeError,
      "vae: likelihood.outputs must be one of",
    ],
    [
      { likelihood: { type: "gaussian" } },
      TypeError,
      'vae: likelihood.gamma must be a number > 0, "learned" or',
    ],
    [
      { likelihood: { type: "gaussian", gamma: 0 } },
      RangeError,
      "vae: likelihood.gamma must be a number > 0",
    ],
    [
      { likelihood: { type: "gaussian", gamma: NaN } },
      RangeError,
      "vae: likelihood.gamma must be a finite numb",
    ],
    [
      { likelihood: { type: "gaussian", gamma: "fixed" } },
      TypeError,
      "vae: likelihood.gamma must be a number > 0",
    ],
    [
      { likelihood: { type: "gaussian", gamma: 1, sigma: 1 } },
      TypeError,
      "vae.likelihood: options must have only",
    ],
    [
      { likelihood: { type: "gaussian", gamma: "perPixel" } },
      RangeError,
      "vae: decoder must give [6], twice the input's channels: mean and log-variance, got [3]",
    ],
    [{ decoder: six }, RangeError, "vae: decoder must give [3], the input's shape, got [6]"],
  ])("what is none, %#", (options, kind, start) => {
    expectRefused(() => vae({ ...layers, ...options } as VaeOptions), kind, start);
  });
});
