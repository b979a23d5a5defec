// Depthwise convolution, one filter per channel, and its two gradients: a matrix product would be one column
// wide, so these run along the channels instead. Layouts: images NHWC, filter [kernelHeight, kernelWidth, C].

import {
  BATCH,
  DILATION_HEIGHT,
  DILATION_WIDTH,
  IN_CHANNELS,
  IN_HEIGHT,
  IN_WIDTH,
  KERNEL_HEIGHT,
  KERNEL_WIDTH,
  OUT_HEIGHT,
  OUT_WIDTH,
  PAD_LEFT,
  PAD_TOP,
  STRIDE_HEIGHT,
  STRIDE_WIDTH,
} from "./geometry";
import { bytesOf, divideUp, loadLanes, madd, Part, storeLanes, Whole } from "./simd";

const FORWARD: i32 = 0;
const INPUT_GRADIENT: i32 = 1;
const FILTER_GRADIENT: i32 = 2;

/** First tap of a window at `origin` that lies inside [0, size). */
function firstTap(origin: i32, dilation: i32): i32 {
  return origin >= 0 ? 0 : divideUp(-origin, dilation);
}

/** One past its last tap inside. */
function endTap(origin: i32, dilation: i32, kernel: i32, size: i32): i32 {
  return origin >= size ? 0 : min(kernel, divideUp(size - origin, dilation));
}

/** Visits every window and its taps inside the image, `lanes` channels from `channel` on at once. */
function visit<T>(mode: i32, x: usize, w: usize, y: usize, g: usize, channel: usize, lanes: i32): void {
  const inHeight = load<i32>(g + IN_HEIGHT);
  const inWidth = load<i32>(g + IN_WIDTH);
  const outHeight = load<i32>(g + OUT_HEIGHT);
  const outWidth = load<i32>(g + OUT_WIDTH);
  const kernelHeight = load<i32>(g + KERNEL_HEIGHT);
  const kernelWidth = load<i32>(g + KERNEL_WIDTH);
  const dilationHeight = load<i32>(g + DILATION_HEIGHT);
  const dilationWidth = load<i32>(g + DILATION_WIDTH);
  const pixel = bytesOf(load<i32>(g + IN_CHANNELS));
  y += channel;
  x += channel;
  w += channel;
  for (let b = 0; b < load<i32>(g + BATCH); b++, x += <usize>(inHeight * inWidth) * pixel) {
    for (let r = 0; r < outHeight; r++) {
      const top = r * load<i32>(g + STRIDE_HEIGHT) - load<i32>(g + PAD_TOP);
      const i0 = firstTap(top, dilationHeight);
      const i1 = endTap(top, dilationHeight, kernelHeight, inHeight);
      for (let c = 0; c < outWidth; c++, y += pixel) {
        const left = c * load<i32>(g + STRIDE_WIDTH) - load<i32>(g + PAD_LEFT);
        const j0 = firstTap(left, dilationWidth);
        const j1 = endTap(left, dilationWidth, kernelWidth, inWidth);
        let value = loadLanes<T>(y, lanes);
        for (let i = i0; i < i1; i++) {
          const row = x + <usize>((top + i * dilationHeight) * inWidth + left) * pixel;
          const taps = w + <usize>(i * kernelWidth) * pixel;
          for (let j = j0; j < j1; j++) {
            const from = row + <usize>(j * dilationWidth) * pixel;
            const tap = taps + <usize>j * pixel;
            if (mode == FORWARD) value = madd(loadLanes<T>(from, lanes), loadLanes<T>(tap, lanes), value);
            else if (mode == INPUT_GRADIENT) {
              storeLanes<T>(from, madd(value, loadLanes<T>(tap, lanes), loadLanes<T>(from, lanes)), lanes);
            } else
              storeLanes<T>(tap, madd(value, loadLanes<T>(from, lanes), loadLanes<T>(tap, lanes)), lanes);
          }
        }
        if (mode == FORWARD) storeLanes<T>(y, value, lanes);
      }
    }
  }
}

function visitChannels(mode: i32, x: usize, w: usize, y: usize, g: usize): void {
  const channels = load<i32>(g + IN_CHANNELS);
  let c = 0;
  for (; c + 4 <= channels; c += 4) visit<Whole>(mode, x, w, y, g, bytesOf(c), 4);
  if (c < channels) visit<Part>(mode, x, w, y, g, bytesOf(c), channels - c);
}

/** Repeats `bias` (or zeros, where it is 0) over `pixels` pixels. */
function begin(y: usize, bias: usize, pixels: i32, channels: i32): void {
  if (bias == 0) {
    memory.fill(y, 0, <usize>pixels * bytesOf(channels));
    return;
  }
  for (let p = 0; p < pixels; p++, y += bytesOf(channels)) memory.copy(y, bias, bytesOf(channels));
}

/** Computes: y = x ∗ w + bias. Aliasing: none. */
export function depthwise(x: usize, w: usize, bias: usize, y: usize, g: usize): void {
  const pixels = load<i32>(g + BATCH) * load<i32>(g + OUT_HEIGHT) * load<i32>(g + OUT_WIDTH);
  begin(y, bias, pixels, load<i32>(g + IN_CHANNELS));
  visitChannels(FORWARD, x, w, y, g);
}

/** Computes: dx = the gradient by x, + bias. Aliasing: none. */
export function depthwiseInputGradient(dy: usize, w: usize, bias: usize, dx: usize, g: usize): void {
  const pixels = load<i32>(g + BATCH) * load<i32>(g + IN_HEIGHT) * load<i32>(g + IN_WIDTH);
  begin(dx, bias, pixels, load<i32>(g + IN_CHANNELS));
  visitChannels(INPUT_GRADIENT, dx, w, dy, g);
}

/** Computes: dw = the gradient by w. Aliasing: none. */
export function depthwiseFilterGradient(x: usize, dy: usize, dw: usize, g: usize): void {
  begin(dw, 0, load<i32>(g + KERNEL_HEIGHT) * load<i32>(g + KERNEL_WIDTH), load<i32>(g + IN_CHANNELS));
  visitChannels(FILTER_GRADIENT, x, dw, dy, g);
}
