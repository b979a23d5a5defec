// Benchmarks of the optimizers' updates over a flat buffer of one million parameters.

import { adam, fill, sgd } from "../src/wasm/generated.js";
import { emptyTensor, type Tensor } from "../src/tensor/tensor.js";
import { type Case, randomTensor } from "./support.js";

const COUNT = 1_000_000;
const RATE = 1e-3;
const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-7;
const SETTINGS = { n: COUNT, rate: RATE, weightDecay: 0, decoupled: false };
/** Updates are of the size of the rate and rounded to the parameters' precision, which lie in [−1, 1). */
const BOUND = 2 ** -23;

interface Update {
  readonly title: string;
  /** Arrays of state beside parameters and gradients; each array that is written is read, too. */
  readonly states: number;
  readonly step: (p: Tensor, g: Tensor, states: readonly Tensor[]) => void;
  /** The first change of a parameter, from its gradient. */
  readonly change: (g: number) => number;
}

const UPDATES: readonly Update[] = [
  {
    title: "adam",
    states: 2,
    step: (p, g, [m, v]) =>
      adam({
        p,
        g,
        m,
        v,
        beta1: BETA1,
        beta2: BETA2,
        epsilon: EPSILON,
        correction1: 1 - BETA1,
        correction2: 1 - BETA2,
        epsilonHat: false,
        ...SETTINGS,
      }),
    change: (g) => (-RATE * g) / (Math.abs(g) + EPSILON),
  },
  {
    title: "sgd, momentum 0.9",
    states: 1,
    step: (p, g, [velocity]) => sgd({ p, g, velocity, momentum: 0.9, nesterov: false, ...SETTINGS }),
    change: (g) => -RATE * g,
  },
];

function updateCase({ title, states, step, change }: Update): Case {
  return {
    title: `${title}, 1,000,000`,
    work: { bytes: 4 * COUNT * (3 + 2 * states), elements: COUNT },
    prepare() {
      const start = randomTensor(1, [COUNT]);
      const gradient = randomTensor(2, [COUNT]);
      const parameters = emptyTensor([COUNT]);
      parameters.storage.values.set(start.data);
      const moments = Array.from({ length: states }, () => emptyTensor([COUNT]));
      for (const moment of moments) fill({ y: moment, n: COUNT, value: 0 });
      const run = () => {
        step(parameters, gradient, moments);
        return parameters;
      };
      const expected = (index: number) => ({
        value: start.data[index] + change(gradient.data[index]),
        bound: BOUND,
      });
      return { run, expected };
    },
  };
}

export const optimizerCases: readonly Case[] = UPDATES.map(updateCase);
