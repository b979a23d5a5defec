// Benchmarks of batch normalisation in training. Bytes count every pass over the images: the moments read them twice
// before they are normalised.

import { emptyTensor } from "../src/tensor/tensor.js";
import * as kernels from "../src/wasm/generated.js";
import { channelVariance, normalizeParameterGradients, reduce } from "../src/wasm/kernels.js";
import { type Case, poisonedTensor, randomTensor } from "./support.js";

const SHAPE = [128, 14, 14, 64];
const CHANNELS = 64;
const ROWS = 128 * 14 * 14;
const SIZES = { rows: ROWS, channels: CHANNELS, epsilon: 1e-3 };
const BLOCK = { outer: 1, axis: ROWS, inner: CHANNELS };
const BYTES = 4 * ROWS * CHANNELS;
/** Results are of the size of a few units; their error is that of a handful of roundings. */
const BOUND = 2 ** -20;

/** The mean of f over a channel's rows. */
function meanOf(channel: number, f: (index: number) => number): number {
  let sum = 0;
  for (let row = 0; row < ROWS; row++) sum += f(row * CHANNELS + channel);
  return sum / ROWS;
}

/** Mean and standard deviation per channel, in float64. */
function exactMoments(x: Float32Array) {
  return Array.from({ length: CHANNELS }, (_, channel) => {
    const mean = meanOf(channel, (index) => x[index]);
    const variance = meanOf(channel, (index) => (x[index] - mean) ** 2);
    return { mean, deviation: Math.sqrt(variance + SIZES.epsilon) };
  });
}

function operands() {
  return {
    x: randomTensor(1, SHAPE),
    gamma: randomTensor(2, [CHANNELS], 0.5, 1.5),
    beta: randomTensor(3, [CHANNELS]),
    moments: { mean: emptyTensor([CHANNELS]), variance: emptyTensor([CHANNELS]) },
  };
}

const forward: Case = {
  title: "batchNorm 128×14×14×64, training",
  work: { bytes: 4 * BYTES, elements: ROWS * CHANNELS },
  prepare() {
    const { x, gamma, beta, moments } = operands();
    const y = poisonedTensor(SHAPE);
    const run = () => {
      reduce("mean", x, moments.mean, BLOCK);
      channelVariance(x, moments.mean, moments.variance, ROWS, CHANNELS);
      kernels.normalize({ x, ...moments, gamma, beta, y, ...SIZES });
      return y;
    };
    const exact = exactMoments(x.data);
    const expected = (index: number) => {
      const channel = index % CHANNELS;
      const { mean, deviation } = exact[channel];
      const normalized = (x.data[index] - mean) / deviation;
      return { value: gamma.data[channel] * normalized + beta.data[channel], bound: BOUND };
    };
    return { run, expected };
  },
};

const gradient: Case = {
  title: "batchNorm 128×14×14×64, training, gradient",
  work: { bytes: 5 * BYTES, elements: ROWS * CHANNELS },
  prepare() {
    const { x, gamma, moments } = operands();
    const dy = randomTensor(4, SHAPE);
    const sums = { gamma: emptyTensor([CHANNELS]), beta: emptyTensor([CHANNELS]) };
    const dx = poisonedTensor(SHAPE);
    reduce("mean", x, moments.mean, BLOCK);
    channelVariance(x, moments.mean, moments.variance, ROWS, CHANNELS);
    const run = () => {
      normalizeParameterGradients({
        x,
        dy,
        ...moments,
        dgamma: sums.gamma,
        dbeta: sums.beta,
        ...SIZES,
      });
      kernels.normalizeInputGradient({
        x,
        dy,
        gamma,
        dgamma: sums.gamma,
        dbeta: sums.beta,
        dx,
        ...moments,
        ...SIZES,
        allRows: ROWS,
      });
      return dx;
    };
    const exact = exactMoments(x.data).map(({ mean, deviation }, channel) => {
      const normalized = (index: number) => (x.data[index] - mean) / deviation;
      return {
        normalized,
        factor: gamma.data[channel] / deviation,
        ofBeta: meanOf(channel, (index) => dy.data[index]),
        ofGamma: meanOf(channel, (index) => dy.data[index] * normalized(index)),
      };
    });
    const expected = (index: number) => {
      const { normalized, factor, ofBeta, ofGamma } = exact[index % CHANNELS];
      return { value: factor * (dy.data[index] - ofBeta - normalized(index) * ofGamma), bound: BOUND };
    };
    return { run, expected };
  },
};

export const normCases: readonly Case[] = [forward, gradient];
