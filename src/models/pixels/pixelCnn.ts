// PixelCNN: gated convolutions over the rows above, and over the pixels to the left.

import * as ops from "../../ops/index.js";
import { scope } from "../../tensor/scope.js";
import { adoptArray, type Tensor, zeros } from "../../tensor/tensor.js";
import type { ModelParams } from "../model.js";
import {
  applyAbove,
  applyLeft,
  applyToRows,
  type Convolution,
  type Features,
  type PixelNetwork,
  type Pixels,
  shifted,
} from "./network.js";
import { checkPixelOptions, pixelModel } from "./pixelModel.js";
import type { PixelModel, PixelModelOptions } from "./types.js";

/** What is kept of a convolution, and how much of it: tanh(a)·σ(b). */
interface Gated {
  readonly candidate: Convolution;
  readonly gate: Convolution;
}

interface Stacks {
  /** Over the rows above. */
  readonly vertical: Gated;
  /** Over the pixels to the left, and what the vertical one gives there. */
  readonly horizontal: Gated;
  /** From the horizontal to what it adds. */
  readonly mix: Convolution;
}

type Weights = ModelParams["weights"];

function stacksOf(layer: number, inputs: number, hidden: number, kernel: number): Stacks {
  const reach = (kernel - 1) / 2;
  const gated = (place: string, size: readonly [number, number], seen: number): Gated => {
    const shared = { kernel: size, inputs: seen, outputs: hidden };
    return {
      candidate: { ...shared, place: `${place}${layer + 1}`, activation: "tanh" },
      gate: { ...shared, place: `${place}Gate${layer + 1}`, activation: "sigmoid" },
    };
  };
  return {
    vertical: gated("vertical", [reach + 1, kernel], inputs),
    horizontal: gated("horizontal", [1, reach + 1], inputs + hidden),
    mix: {
      place: `mix${layer + 1}`,
      kernel: [1, 1],
      inputs: hidden,
      outputs: hidden,
      activation: "linear",
    },
  };
}

type Apply = typeof applyAbove;

const gatedBy = (apply: Apply, weights: Weights, { candidate, gate }: Gated, x: Tensor, isWhole: boolean) =>
  ops.mul(apply(weights, candidate, x, isWhole), apply(weights, gate, x, isWhole));

/** The horizontal stack's sum so far, with what its gated convolution adds. */
function mixed(weights: Weights, mix: Convolution, sum: Tensor | undefined, gated: Tensor): Tensor {
  const rows = applyToRows(weights, mix, ops.reshape(gated, [-1, mix.inputs]));
  const added = ops.reshape(rows, gated.shape);
  return sum === undefined ? added : ops.add(sum, added);
}

function networkOf(channels: number, hidden: number, layers: number, kernel: number): PixelNetwork {
  const reach = (kernel - 1) / 2;
  const inputsOf = (layer: number) => (layer === 0 ? channels + 1 : hidden);
  const stack = Array.from({ length: layers }, (_, layer) =>
    stacksOf(layer, inputsOf(layer), hidden, kernel),
  );

  function features(weights: Weights, pixels: Pixels): Features {
    const { count, height, width } = pixels;
    // Nothing else keeps the future out: all that follows sees rows down to its own, and columns up to its own.
    let vertical = shifted(pixels, 1, 0);
    let horizontal = shifted(pixels, 0, 1);
    for (const [layer, stacks] of stack.entries()) {
      vertical = gatedBy(applyAbove, weights, stacks.vertical, vertical, true);
      const seen = ops.concat([horizontal, vertical], 3);
      const gated = gatedBy(applyLeft, weights, stacks.horizontal, seen, true);
      horizontal = mixed(weights, stacks.mix, layer === 0 ? undefined : horizontal, gated);
    }
    const rows = ops.reshape(horizontal, [count, height * width, hidden]);
    return {
      rows: ops.reshape(ops.transpose(rows, [1, 0, 2]), [-1, hidden]),
      order: Array.from({ length: height * width }, (_, i) => i),
    };
  }

  function follow(weights: Weights, pixels: Pixels) {
    const { count, height, width, values } = pixels;
    /** What each vertical convolution has seen of the last rows, `[count, reach, width, inputs]`. */
    let above = stack.map((_, layer) => zeros([count, reach, width, inputsOf(layer)]));
    /** What the vertical stack gives in this row, and what the horizontal convolutions have seen in it. */
    let verticals: readonly Tensor[] = [];
    let seen: (readonly Tensor[])[] = [];

    /** A pixel of the images, and that it is inside; zeros outside. */
    const read = (row: number, from: number, columns: number): Tensor => {
      const data = new Float32Array(count * columns * (channels + 1));
      const cells = row < 0 ? 0 : count * columns;
      for (let i = 0; i < cells; i++) {
        const column = from + (i % columns);
        if (column < 0) continue;
        const at = ((Math.floor(i / columns) * height + row) * width + column) * channels;
        data.set(values.subarray(at, at + channels), i * (channels + 1));
        data[i * (channels + 1) + channels] = 1;
      }
      return adoptArray(data, [count, 1, columns, channels + 1]);
    };

    const beginRow = (row: number): void => {
      const [outputs, kept] = scope(() => {
        let input = read(row - 1, 0, width);
        const bands: Tensor[] = [];
        const outputs = stack.map(({ vertical }, layer) => {
          const band = ops.concat([above[layer], input], 1);
          bands.push(
            ops.crop(band, [
              [0, 0],
              [1, 0],
              [0, 0],
              [0, 0],
            ]),
          );
          input = gatedBy(applyAbove, weights, vertical, band, false);
          return input;
        });
        return [outputs, bands] as const;
      });
      [verticals, above] = [outputs, kept];
      seen = stack.map((_, layer) =>
        Array.from({ length: reach }, () => zeros([count, 1, 1, inputsOf(layer) + hidden])),
      );
    };

    return (row: number, column: number): Tensor => {
      if (column === 0) beginRow(row);
      const [result, entries] = scope(() => {
        let horizontal = read(row, column - 1, 1);
        const entries = stack.map(({ horizontal: gates, mix }, layer) => {
          const here = ops.crop(verticals[layer], [
            [0, 0],
            [0, 0],
            [column, width - 1 - column],
            [0, 0],
          ]);
          const entry = ops.concat([horizontal, here], 3);
          const gated = gatedBy(applyLeft, weights, gates, ops.concat([...seen[layer], entry], 2), false);
          horizontal = mixed(weights, mix, layer === 0 ? undefined : horizontal, gated);
          return entry;
        });
        return [ops.reshape(horizontal, [count, hidden]), entries] as const;
      });
      seen = seen.map((before, layer) => [...before.slice(1), entries[layer]]);
      return result;
    };
  }

  const convolutions = stack.flatMap(({ vertical, horizontal, mix }) => [
    ...Object.values(vertical as unknown as Record<string, Convolution>),
    ...Object.values(horizontal as unknown as Record<string, Convolution>),
    mix,
  ]);
  return { convolutions, hidden, features, follow };
}

/**
 * A model of images as pixels, one after the other, as {@link pixelRnn}, but with gated convolutions in the place of the
 * LSTM: one stack over the rows above, and one over the pixels to the left that takes what the first gives, so that no
 * pixel of the past is hidden. All pixels are learned from at once; drawing goes pixel by pixel.
 *
 * A pixel sees `layers·(kernel − 1) / 2` rows above and columns to each side.
 *
 * @param options.inputShape - `[height, width, channels]`; values from 0 to 1
 * @param options.levels - how many levels a value has, integer from 2 to 256 (default 256)
 * @param options.hidden - channels of every convolution, integer ≥ 1 (default 32)
 * @param options.layers - gated convolutions, one on top of the other, integer from 1 to 64 (default 5)
 * @param options.kernel - size of the convolutions, of which half is masked, odd integer ≥ 3 (default 3)
 * @returns the model; see {@link PixelModel} for its functions
 * @throws {TypeError} when an option is unknown or of the wrong kind
 * @throws {RangeError} when a number is out of range, or the parameters would take more than half of the memory in training
 * @example
 * const model = pixelCnn({ inputShape: [4, 4, 3], levels: 8, hidden: 6, layers: 2 });
 * const params = model.init(key(1));
 * model.logLikelihood(params, zeros([2, 4, 4, 3])).shape; // [2]
 * @see van den Oord et al., "Conditional image generation with PixelCNN decoders" (2016)
 */
export function pixelCnn(options: PixelModelOptions): PixelModel<"pixelCnn"> {
  const where = "pixelCnn";
  const checked = checkPixelOptions(where, options, { hidden: 32, layers: 5, kernel: 3 });
  const { inputShape, hidden, layers, kernel } = checked;
  return pixelModel(where, checked, networkOf(inputShape[2], hidden, layers, kernel));
}
