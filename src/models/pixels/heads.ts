// From a pixel's features to the probabilities of its levels, channel by channel.

import * as ops from "../../ops/index.js";
import { adoptArray, type Tensor } from "../../tensor/tensor.js";
import type { ModelParams } from "../model.js";
import { applyToRows, type Convolution, type Pixels } from "./network.js";

/** The last two products of a channel. */
export interface Head {
  /** Of the channels before it in its own pixel, which it sees besides the features. */
  readonly channel: number;
  readonly mix: Convolution;
  readonly logits: Convolution;
}

/** A head for every channel. */
export function headsOf(channels: number, hidden: number, levels: number): readonly Head[] {
  return Array.from({ length: channels }, (_, channel) => ({
    channel,
    mix: {
      place: `head${channel + 1}`,
      kernel: [1, 1] as const,
      inputs: hidden + channel,
      outputs: hidden,
      activation: "relu",
    },
    logits: {
      place: `logits${channel + 1}`,
      kernel: [1, 1] as const,
      inputs: hidden,
      outputs: levels,
      activation: "linear",
    },
  }));
}

/** The first `channel` channels of the pixels of some numbers, a row for every pixel of every image. */
function channelsBefore(
  { count, height, width, channels, values }: Pixels,
  order: ArrayLike<number>,
  channel: number,
): Tensor {
  const data = new Float32Array(order.length * count * channel);
  for (let i = 0; i < order.length * count; i++) {
    const at = ((i % count) * height * width + order[Math.floor(i / count)]) * channels;
    for (let c = 0; c < channel; c++) data[i * channel + c] = values[at + c];
  }
  return adoptArray(data, [order.length * count, channel]);
}

/** Logits of a channel of the pixels of some numbers, `[order.length·count, levels]`. */
export function logitsOf(
  weights: ModelParams["weights"],
  { channel, mix, logits }: Head,
  rows: Tensor,
  pixels: Pixels,
  order: ArrayLike<number>,
): Tensor {
  const seen = channel === 0 ? rows : ops.concat([rows, channelsBefore(pixels, order, channel)], 1);
  return applyToRows(weights, logits, applyToRows(weights, mix, seen));
}
