// Benchmarks of random numbers, one million at a time.

import { drawNormal, drawUniform, threefryBlock } from "../src/wasm/random.js";
import type { Tensor } from "../src/tensor/tensor.js";
import { type Case, type Expected, poisonedTensor, within } from "./support.js";

const COUNT = 1_000_000;
const KEY = [0x12345678, 0x9abcdef0] as const;
/** The float32 after −1: the least uniform number that a normal one is made of. */
const LEAST = -0.99999994;

interface Draw {
  readonly title: string;
  readonly fill: (y: Tensor) => void;
  readonly expected: (fraction: number) => Expected;
}

/** Marsaglia (2004), "Evaluating the normal distribution": Φ(x), and its inverse by Newton's method from 0. */
function normalQuantile(probability: number): number {
  let x = 0;
  for (let step = 0; step < 100; step++) {
    const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
    let series = x;
    for (let term = x, i = 3; Math.abs(term) > 1e-18; i += 2) series += term *= (x * x) / i;
    x -= (0.5 + series * density - probability) / density;
  }
  return x;
}

const DRAWS: readonly Draw[] = [
  {
    title: "uniform",
    fill: (y) => drawUniform(KEY, y, COUNT, 0, 1),
    expected: (fraction) => within(0, fraction),
  },
  {
    title: "normal",
    fill: (y) => drawNormal(KEY, y, COUNT, 0, 1),
    expected: (fraction) => {
      const uniform = Math.max(LEAST, Math.fround(2 * fraction + LEAST));
      return within(16, normalQuantile((uniform + 1) / 2));
    },
  },
];

/** Element `index` as a fraction in [0, 1), enciphered by itself: words i and half + i come from one block. */
function fractionAt(index: number): number {
  const half = COUNT / 2;
  const words = threefryBlock(KEY, index % half, half + (index % half));
  return (words[index < half ? 0 : 1] >>> 9) / 2 ** 23;
}

function drawCase({ title, fill, expected }: Draw): Case {
  return {
    title: `${title} 1,000,000`,
    work: { bytes: 4 * COUNT, elements: COUNT },
    prepare() {
      const y = poisonedTensor([COUNT]);
      const run = () => {
        fill(y);
        return y;
      };
      return { run, expected: (index) => expected(fractionAt(index)) };
    },
  };
}

export const randomCases: readonly Case[] = DRAWS.map(drawCase);
