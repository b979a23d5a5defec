// Models of pixels by their definitions, pixel by pixel in float64.

import type { ModelParams, PixelModel, Tensor } from "../../src/index.js";

type Vector = readonly number[];
/** Vectors by row and column; what is not there is outside. */
type Grid = (row: number, column: number) => Vector | undefined;
type Kernels = Readonly<Record<string, { readonly kernel: Tensor; readonly bias: Tensor }>>;

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const relu = (x: number) => Math.max(x, 0);
const times = (a: Vector, b: Vector) => a.map((value, i) => value * b[i]!);
const plus = (a: Vector, b: Vector) => a.map((value, i) => value + b[i]!);
const zeros = (size: number): Vector => Array.from({ length: size }, () => 0);

/** f(bias + Σ x·kernel) over a list of inputs that stand for the kernel's places in order; absent ones are zeros. */
function product(
  kernels: Kernels,
  place: string,
  seen: readonly (Vector | undefined)[],
  f = (x: number) => x,
) {
  const { kernel, bias } = kernels[place]!;
  const [, , inputs, outputs] = kernel.shape as unknown as [number, number, number, number];
  return Array.from(bias.data, (start, out) => {
    let sum = start;
    seen.forEach((vector, k) =>
      vector?.forEach((value, i) => (sum += value * kernel.data[(k * inputs + i) * outputs + out]!)),
    );
    return f(sum);
  });
}

const cached = (f: (row: number, column: number) => Vector): Grid => {
  const known = new Map<string, Vector>();
  return (row, column) => {
    const name = `${row},${column}`;
    known.set(name, known.get(name) ?? f(row, column));
    return known.get(name);
  };
};

/** h(x, y) from h(x − 1, y) and h(x, y − 1), layer by layer. */
function recurrent(
  kernels: Kernels,
  image: Grid,
  hidden: number,
  layers: number,
  kernel: number,
  channels: number,
): Grid {
  const reach = (kernel - 1) / 2;
  const window = (row: number, column: number): Vector => {
    const seen: number[] = [];
    for (let down = -reach; down <= 0; down++) {
      const last = down < 0 ? reach : -1;
      for (let right = -reach; right <= last; right++) {
        seen.push(...(image(row + down, column + right) ?? zeros(channels + 1)));
      }
    }
    return seen;
  };
  let below: Grid = window;
  for (let layer = 1; layer <= layers; layer++) {
    const input = below;
    const state = cached((row, column) => {
      const nothing = zeros(2 * hidden);
      const left = column === 0 ? nothing : state(row, column - 1)!;
      const up = row === 0 ? nothing : state(row - 1, column)!;
      const seen = [[...input(row, column)!, ...left.slice(0, hidden), ...up.slice(0, hidden)]];
      const gate = (name: string, f = sigmoid) => product(kernels, `${name}${layer}`, seen, f);
      const balance = gate("balance");
      const kept = plus(
        times(balance, left.slice(hidden)),
        times(
          balance.map((share) => 1 - share),
          up.slice(hidden),
        ),
      );
      const cell = plus(times(gate("forget"), kept), times(gate("input"), gate("candidate", Math.tanh)));
      return [...times(gate("output"), cell.map(Math.tanh)), ...cell];
    });
    below = (row, column) => {
      const h = state(row, column)!.slice(0, hidden);
      return layer === 1 ? h : plus(input(row, column)!, h);
    };
  }
  return below;
}

/** Gated convolutions over rows above, and over pixels to the left. */
function convolutional(
  kernels: Kernels,
  image: Grid,
  size: readonly [number, number],
  layers: number,
  kernel: number,
  channels: number,
): Grid {
  const reach = (kernel - 1) / 2;
  const isInside = (row: number, column: number) =>
    row >= 0 && column >= 0 && row < size[0] && column < size[1];
  let vertical: Grid = (row, column) => image(row - 1, column) ?? zeros(channels + 1);
  let horizontal: Grid = (row, column) => image(row, column - 1) ?? zeros(channels + 1);
  for (let layer = 1; layer <= layers; layer++) {
    const [above, before] = [vertical, horizontal];
    const gated = (name: string, seen: readonly (Vector | undefined)[]) =>
      times(
        product(kernels, `${name}${layer}`, seen, Math.tanh),
        product(kernels, `${name}Gate${layer}`, seen, sigmoid),
      );
    vertical = cached((row, column) => {
      const seen: (Vector | undefined)[] = [];
      for (let y = row - reach; y <= row; y++)
        for (let x = column - reach; x <= column + reach; x++)
          seen.push(isInside(y, x) ? above(y, x) : undefined);
      return gated("vertical", seen);
    });
    const own = vertical;
    horizontal = cached((row, column) => {
      const seen: (Vector | undefined)[] = [];
      for (let x = column - reach; x <= column; x++)
        seen.push(isInside(row, x) ? [...before(row, x)!, ...own(row, x)!] : undefined);
      const added = product(kernels, `mix${layer}`, [gated("horizontal", seen)]);
      return layer === 1 ? added : plus(before(row, column)!, added);
    });
  }
  return horizontal;
}

/** Logits of every value of an image of levels, row by row and channel by channel. */
export function naiveLogits(model: PixelModel, params: ModelParams, levels: Vector): Vector[] {
  const kernels = params.weights.network as unknown as Kernels;
  const [height, width, channels] = model.inputShape as [number, number, number];
  const { hidden, layers, kernel } = model.spec.options as Record<string, number>;
  const signal = levels.map((level) => (2 * level) / (model.levels - 1) - 1);
  const image: Grid = (row, column) => {
    if (row < 0 || column < 0 || column >= width) return undefined;
    const at = (row * width + column) * channels;
    return [...signal.slice(at, at + channels), 1];
  };
  const features =
    model.type === "pixelRnn"
      ? recurrent(kernels, image, hidden!, layers!, kernel!, channels)
      : convolutional(kernels, image, [height, width], layers!, kernel!, channels);
  return levels.map((_, at) => {
    const [pixel, channel] = [Math.floor(at / channels), at % channels];
    const own = signal.slice(pixel * channels, pixel * channels + channel);
    const seen = [...features(Math.floor(pixel / width), pixel % width)!, ...own];
    return product(kernels, `logits${channel + 1}`, [product(kernels, `head${channel + 1}`, [seen], relu)]);
  });
}

/** log softmax(logits)[label]. */
export function naiveLogProb(logits: Vector, label: number): number {
  const most = Math.max(...logits);
  return logits[label]! - most - Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0));
}
