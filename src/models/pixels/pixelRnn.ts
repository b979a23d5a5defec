// PixelRNN: an LSTM in two directions, whose states of one diagonal depend on those of the diagonal before.

import * as ops from "../../ops/index.js";
import { scope } from "../../tensor/scope.js";
import { adoptArray, type Tensor, zeros } from "../../tensor/tensor.js";
import type { ModelParams } from "../model.js";
import { applyToRows, type Convolution, type Features, type PixelNetwork, type Pixels } from "./network.js";
import { checkPixelOptions, pixelModel } from "./pixelModel.js";
import type { PixelModel, PixelModelOptions } from "./types.js";

/** The gates of a layer by name, with what each is pushed through. */
const GATES = {
  input: "sigmoid",
  forget: "sigmoid",
  balance: "sigmoid",
  output: "sigmoid",
  candidate: "tanh",
} as const;
type Gate = keyof typeof GATES;

/** Output and cell of an LSTM, `[n, hidden]` each. */
interface State {
  readonly h: Tensor;
  readonly c: Tensor;
}

/** The places of the pixels that a window sees, from the pixel: `reach` rows above, and columns on both sides. */
function windowOf(reach: number): readonly (readonly [down: number, right: number])[] {
  const places: (readonly [number, number])[] = [];
  for (let down = -reach; down <= 0; down++) {
    for (let right = -reach; right <= (down === 0 ? -1 : reach); right++) places.push([down, right]);
  }
  return places;
}

/** Numbers of a window: every pixel's channels, and whether it is inside of the image. */
const windowSize = (reach: number, channels: number) => windowOf(reach).length * (channels + 1);

/** The windows of some pixels, `[pixels·count, numbers]`, those of one pixel together. */
function windowsOf(pixels: Pixels, reach: number, at: readonly (readonly [number, number])[]): Tensor {
  const { count, height, width, channels, values } = pixels;
  const places = windowOf(reach);
  const size = places.length * (channels + 1);
  const data = new Float32Array(at.length * count * size);
  for (const [i, [row, column]] of at.entries()) {
    for (const [k, [down, right]] of places.entries()) {
      const [y, x] = [row + down, column + right];
      if (y < 0 || x < 0 || x >= width) continue;
      for (let image = 0; image < count; image++) {
        const to = (i * count + image) * size + k * (channels + 1);
        const from = ((image * height + y) * width + x) * channels;
        for (let c = 0; c < channels; c++) data[to + c] = values[from + c];
        data[to + channels] = 1;
      }
    }
  }
  return adoptArray(data, [at.length * count, size]);
}

/** The rows of the pixels on a diagonal, from the top: column = diagonal − row. */
const rowsOn = (diagonal: number, height: number, width: number): readonly [from: number, to: number] => [
  Math.max(0, diagonal - width + 1),
  Math.min(height - 1, diagonal),
];

function networkOf(inputs: number, hidden: number, layers: number, reach: number): PixelNetwork {
  const gatesOf = (layer: number) => {
    const seen = (layer === 0 ? inputs : hidden) + 2 * hidden;
    const gate = (name: Gate): Convolution => ({
      place: `${name}${layer + 1}`,
      kernel: [1, 1],
      inputs: seen,
      outputs: hidden,
      activation: GATES[name],
      // What is remembered at first is forgotten slowly (Jozefowicz et al. 2015).
      ...(name === "forget" && { bias: 1 }),
    });
    return Object.fromEntries(Object.keys(GATES).map((name) => [name, gate(name as Gate)])) as Record<
      Gate,
      Convolution
    >;
  };
  const stack = Array.from({ length: layers }, (_, layer) => gatesOf(layer));

  /**
   * c = forget·(balance·c_left + (1 − balance)·c_up) + input·candidate and h = output·tanh(c): a mean of two cells,
   * for their sum would grow with the number of ways that lead to a pixel.
   */
  function step(
    weights: ModelParams["weights"],
    gates: Record<Gate, Convolution>,
    input: Tensor,
    left: State,
    up: State,
  ): State {
    const seen = ops.concat([input, left.h, up.h], 1);
    const gate = (name: Gate) => applyToRows(weights, gates[name], seen);
    const kept = ops.add(up.c, ops.mul(gate("balance"), ops.sub(left.c, up.c)));
    const c = ops.add(ops.mul(gate("forget"), kept), ops.mul(gate("input"), gate("candidate")));
    return { h: ops.mul(gate("output"), ops.tanh(c)), c };
  }

  /** All layers at some pixels, from their windows; deeper layers add to what they get. */
  function climb(
    weights: ModelParams["weights"],
    windows: Tensor,
    lefts: readonly State[],
    ups: readonly State[],
  ): readonly [features: Tensor, states: readonly State[]] {
    let features = windows;
    const states = stack.map((gates, layer) => {
      const state = step(weights, gates, features, lefts[layer], ups[layer]);
      features = layer === 0 ? state.h : ops.add(features, state.h);
      return state;
    });
    return [features, states];
  }

  const nothing = (rows: number): readonly State[] =>
    stack.map(() => ({ h: zeros([rows, hidden]), c: zeros([rows, hidden]) }));

  function features(weights: ModelParams["weights"], pixels: Pixels): Features {
    const { count, height, width } = pixels;
    const order: number[] = [];
    const parts: Tensor[] = [];
    const border = zeros([count, hidden]);
    let before = nothing(count);
    for (let diagonal = 0; diagonal < height + width - 1; diagonal++) {
      const [from, to] = rowsOn(diagonal, height, width);
      const at = Array.from({ length: to - from + 1 }, (_, i) => [from + i, diagonal - from - i] as const);
      // The neighbour above is a row earlier on the diagonal before, the one to the left is at the same row.
      const [first] = rowsOn(diagonal - 1, height, width);
      const framed = before.map(({ h, c }) => ({
        h: ops.concat([border, h, border]),
        c: ops.concat([border, c, border]),
      }));
      const taken = (start: number) =>
        diagonal === 0
          ? before
          : framed.map(({ h, c }) => ({
              h: ops.slice(h, start * count, (start + at.length) * count),
              c: ops.slice(c, start * count, (start + at.length) * count),
            }));
      const [rows, states] = climb(
        weights,
        windowsOf(pixels, reach, at),
        taken(from - first + 1),
        taken(from - first),
      );
      before = states;
      parts.push(rows);
      for (const [row, column] of at) order.push(row * width + column);
    }
    return { rows: ops.concat(parts), order };
  }

  function follow(weights: ModelParams["weights"], pixels: Pixels) {
    const start = nothing(pixels.count);
    const above: (readonly State[])[] = Array.from({ length: pixels.width }, () => start);
    return (row: number, column: number): Tensor => {
      const left = column === 0 ? start : above[column - 1];
      const [result, states] = scope(() =>
        climb(weights, windowsOf(pixels, reach, [[row, column]]), left, above[column]),
      );
      above[column] = states;
      return result;
    };
  }

  return { convolutions: stack.flatMap((gates) => Object.values(gates)), hidden, features, follow };
}

/**
 * A model of images as pixels, one after the other: an LSTM reads every pixel's past, h(x, y) from h(x − 1, y) and
 * h(x, y − 1), all pixels of a diagonal at once, and gives the probability of every level that the pixel may have, red
 * before green before blue. The probability of an image is exact.
 *
 * A pixel sees all that is above and to the left, and `(kernel − 1) / 2` columns to the right in the rows above.
 *
 * @param options.inputShape - `[height, width, channels]`; values from 0 to 1
 * @param options.levels - how many levels a value has, integer from 2 to 256 (default 256)
 * @param options.hidden - numbers in a state, integer ≥ 1 (default 32)
 * @param options.layers - LSTMs, one on top of the other, integer from 1 to 64 (default 1)
 * @param options.kernel - size of the window through which pixels are read, odd integer ≥ 3 (default 5)
 * @returns the model; see {@link PixelModel} for its functions
 * @throws {TypeError} when an option is unknown or of the wrong kind
 * @throws {RangeError} when a number is out of range, or the parameters would take more than half of the memory in training
 * @example
 * const model = pixelRnn({ inputShape: [4, 4, 1], levels: 8, hidden: 6 });
 * const params = model.init(key(1));
 * model.generate(params, { count: 3, key: key(2) }).shape; // [3, 4, 4, 1]
 * @see van den Oord, Kalchbrenner & Kavukcuoglu, "Pixel recurrent neural networks" (2016); Leifert et al., "Cells in
 *   multidimensional recurrent neural networks" (2016) for the cell
 */
export function pixelRnn(options: PixelModelOptions): PixelModel<"pixelRnn"> {
  const where = "pixelRnn";
  const checked = checkPixelOptions(where, options, { hidden: 32, layers: 1, kernel: 5 });
  const { inputShape, hidden, layers, kernel } = checked;
  const reach = (kernel - 1) / 2;
  const network = networkOf(windowSize(reach, inputShape[2]), hidden, layers, reach);
  return pixelModel(where, checked, network);
}
