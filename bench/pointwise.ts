// Benchmarks of functions of single elements, at one million of them.

import { ops } from "../src/index.js";
import * as kernels from "../src/wasm/generated.js";
import { arithmetic } from "../src/wasm/kernels.js";
import { type Case, poisonedTensor, randomTensor, within } from "./support.js";

const COUNT = 1_000_000;
/** The functions promise two units in the last place; the definition's own rounding is the third. */
const ULP = 3;

interface Curve {
  readonly name: string;
  readonly kernel: typeof kernels.exp;
  readonly definition: (x: number) => number;
  readonly low: number;
  readonly high: number;
}

const FUNCTIONS: readonly Curve[] = [
  { name: "exp", kernel: kernels.exp, definition: Math.exp, low: -10, high: 10 },
  { name: "sigmoid", kernel: kernels.sigmoid, definition: (x) => 1 / (1 + Math.exp(-x)), low: -10, high: 10 },
  { name: "tanh", kernel: kernels.tanh, definition: Math.tanh, low: -4, high: 4 },
  { name: "log", kernel: kernels.log, definition: Math.log, low: 0.001, high: 1000 },
  {
    name: "softsign",
    kernel: kernels.softsign,
    definition: (x) => x / (1 + Math.abs(x)),
    low: -10,
    high: 10,
  },
  { name: "relu", kernel: kernels.relu, definition: (x) => Math.max(x, 0), low: -1, high: 1 },
];

function unaryCase({ name, kernel, definition, low, high }: Curve): Case {
  return {
    title: `${name} 1,000,000`,
    work: { bytes: 8 * COUNT, elements: COUNT },
    prepare() {
      const x = randomTensor(1, [COUNT], low, high);
      const y = poisonedTensor([COUNT]);
      const run = () => {
        kernel({ x, y, n: COUNT });
        return y;
      };
      return { run, expected: (index) => within(ULP, definition(x.data[index])) };
    },
  };
}

const addition: Case = {
  title: "add 1,000,000 + 1,000,000",
  work: { bytes: 12 * COUNT, elements: COUNT },
  prepare() {
    const a = randomTensor(1, [COUNT]);
    const b = randomTensor(2, [COUNT]);
    const y = poisonedTensor([COUNT]);
    const run = () => {
      arithmetic("add", a, COUNT, b, COUNT, y, COUNT);
      return y;
    };
    return { run, expected: (index) => within(1, a.data[index] + b.data[index]) };
  },
};

const operation: Case = {
  title: "relu 1,000,000, outside a scope",
  work: { bytes: 8 * COUNT, elements: COUNT },
  outsideScope: true,
  prepare() {
    const x = randomTensor(1, [COUNT]);
    return { run: () => ops.relu(x), expected: (index) => within(0, Math.max(x.data[index], 0)) };
  },
};

export const pointwiseCases: readonly Case[] = [...FUNCTIONS.map(unaryCase), addition, operation];
