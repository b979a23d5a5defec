// The pseudo-random streams of the reference set: initial values, batches and noise (tests/reference/FORMAT.md).

import { type Tensor, tensor } from "../../src/index.js";

/** Data made of a few blobs in the L1 norm. */
export interface Diamonds {
  readonly kind: "diamonds";
  readonly image: [number, number, number];
  readonly blobs: number;
  readonly range: [number, number];
}

/** Numbers below 2²⁴, from a linear congruential generator started by the FNV-1a hash of a name. */
function streamOf(name: string): () => number {
  let state = 0x811c9dc5;
  for (const byte of Buffer.from(name, "utf8")) state = Math.imul(state ^ byte, 0x01000193) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 8;
  };
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

function fill(shape: readonly number[], next: () => number): Tensor {
  return tensor(Float32Array.from({ length: sizeOf(shape) }, next), shape);
}

/** The initial value of a parameter. */
export function parameterOf(
  seed: string,
  p: { readonly name: string; readonly shape: number[]; readonly scale: number; readonly offset: number },
): Tensor {
  const next = streamOf(`${seed}/${p.name}`);
  return fill(p.shape, () => p.offset + ((next() - 8388608) / 8388608) * p.scale);
}

/** The noise of a step. */
export function noiseOf(seed: string, step: number, shape: readonly number[]): Tensor {
  const next = streamOf(`${seed}/step${step}/eps`);
  return fill(shape, () => {
    let sum = 0;
    for (let i = 0; i < 12; i++) sum += next();
    return (sum - 12 * 8388608) / 16777216;
  });
}

/** The images of a step. */
export function batchOf(
  model: {
    readonly seed: string;
    readonly batch: number;
    readonly inputShape: number[];
    readonly data: { readonly kind: "uniform" } | Diamonds;
  },
  step: number,
): Tensor {
  const next = streamOf(`${model.seed}/step${step}/data`);
  const shape = [model.batch, ...model.inputShape];
  const { data } = model;
  if (data.kind === "uniform") return fill(shape, () => (next() - 8388608) / 8388608);
  const values: number[] = [];
  for (let sample = 0; sample < model.batch; sample++) values.push(...diamonds(data, next));
  return tensor(Float32Array.from(values), shape);
}

function diamonds({ image, blobs, range }: Diamonds, next: () => number): number[] {
  const [height, width, channels] = image;
  const centres = Array.from({ length: blobs }, () => ({
    x: Math.floor((next() * width) / 2 ** 24),
    y: Math.floor((next() * height) / 2 ** 24),
    radius: next() < 2 ** 23 ? 4 : 8,
  }));
  const values: number[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < channels; channel++) {
        const heights = centres.map((c, j) => {
          const distance = (Math.abs(x - c.x) + Math.abs(y - c.y)) / c.radius;
          return (Math.max(0, 1 - distance) * (4 - ((channel + j) % 3))) / 4;
        });
        values.push(range[0] + (range[1] - range[0]) * Math.max(...heights));
      }
    }
  }
  return values;
}
