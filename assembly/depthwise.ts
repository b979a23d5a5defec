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

/** First of the positions origin, origin + step, … that is ≥ 0. */
function firstInside(origin: i32, step: i32): i32 {
  return origin >= 0 ? 0 : divideUp(-origin, step);
}

/** One past the last of `count` such positions that is below size. */
function endInside(origin: i32, step: i32, count: i32, size: i32): i32 {
  return origin >= size ? 0 : min(count, divideUp(size - origin, step));
}

/** y += the taps' products, for `lanes` channels of one window. */
function gather<T>(
  x: usize,
  w: usize,
  y: usize,
  rows: i32,
  columns: i32,
  rowStep: usize,
  tapStep: usize,
  tapRow: usize,
  pixel: usize,
  lanes: i32,
): void {
  let sum = loadLanes<T>(y, lanes);
  for (; rows > 0; rows--, x += rowStep, w += tapRow) {
    let from = x;
    let tap = w;
    for (let j = 0; j < columns; j++, from += tapStep, tap += pixel) {
      sum = madd(loadLanes<T>(from, lanes), loadLanes<T>(tap, lanes), sum);
    }
  }
  storeLanes<T>(y, sum, lanes);
}

/** x += y times each tap, for `lanes` channels of one window. */
function scatter<T>(
  x: usize,
  w: usize,
  y: usize,
  rows: i32,
  columns: i32,
  rowStep: usize,
  tapStep: usize,
  tapRow: usize,
  pixel: usize,
  lanes: i32,
): void {
  const value = loadLanes<T>(y, lanes);
  for (; rows > 0; rows--, x += rowStep, w += tapRow) {
    let to = x;
    let tap = w;
    for (let j = 0; j < columns; j++, to += tapStep, tap += pixel) {
      storeLanes<T>(to, madd(value, loadLanes<T>(tap, lanes), loadLanes<T>(to, lanes)), lanes);
    }
  }
}

/** Visits every window with those of its taps that lie inside the image. */
function visit(forward: bool, x: usize, w: usize, y: usize, g: usize): void {
  const inHeight = load<i32>(g + IN_HEIGHT);
  const inWidth = load<i32>(g + IN_WIDTH);
  const kernelWidth = load<i32>(g + KERNEL_WIDTH);
  const dilationHeight = load<i32>(g + DILATION_HEIGHT);
  const dilationWidth = load<i32>(g + DILATION_WIDTH);
  const pixel = bytesOf(load<i32>(g + IN_CHANNELS));
  const tapStep = <usize>dilationWidth * pixel;
  const rowStep = <usize>(dilationHeight * inWidth) * pixel;
  const tapRow = <usize>kernelWidth * pixel;
  for (let b = 0; b < load<i32>(g + BATCH); b++, x += <usize>(inHeight * inWidth) * pixel) {
    for (let r = 0; r < load<i32>(g + OUT_HEIGHT); r++) {
      const top = r * load<i32>(g + STRIDE_HEIGHT) - load<i32>(g + PAD_TOP);
      const i = firstInside(top, dilationHeight);
      const rows = endInside(top, dilationHeight, load<i32>(g + KERNEL_HEIGHT), inHeight) - i;
      for (let c = 0; c < load<i32>(g + OUT_WIDTH); c++, y += pixel) {
        const left = c * load<i32>(g + STRIDE_WIDTH) - load<i32>(g + PAD_LEFT);
        const j = firstInside(left, dilationWidth);
        const columns = endInside(left, dilationWidth, kernelWidth, inWidth) - j;
        const from = x + <usize>((top + i * dilationHeight) * inWidth + left + j * dilationWidth) * pixel;
        const tap = w + <usize>(i * kernelWidth + j) * pixel;
        let k: usize = 0;
        for (; k + 16 <= pixel; k += 16) {
          if (forward)
            gather<Whole>(from + k, tap + k, y + k, rows, columns, rowStep, tapStep, tapRow, pixel, 4);
          else scatter<Whole>(from + k, tap + k, y + k, rows, columns, rowStep, tapStep, tapRow, pixel, 4);
        }
        const rest = <i32>((pixel - k) >> 2);
        if (rest == 0) continue;
        if (forward)
          gather<Part>(from + k, tap + k, y + k, rows, columns, rowStep, tapStep, tapRow, pixel, rest);
        else scatter<Part>(from + k, tap + k, y + k, rows, columns, rowStep, tapStep, tapRow, pixel, rest);
      }
    }
  }
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
  visit(true, x, w, y, g);
}

/** Computes: dx = the gradient by x, + bias. Aliasing: none. */
export function depthwiseInputGradient(dy: usize, w: usize, bias: usize, dx: usize, g: usize): void {
  const pixels = load<i32>(g + BATCH) * load<i32>(g + IN_HEIGHT) * load<i32>(g + IN_WIDTH);
  begin(dx, bias, pixels, load<i32>(g + IN_CHANNELS));
  visit(false, dx, w, dy, g);
}

/** dw += Σ x·dy over `count` windows of a row, for `lanes` channels. */
function correlateRow<T>(
  x: usize,
  dy: usize,
  dw: usize,
  count: i32,
  xStep: usize,
  pixel: usize,
  lanes: i32,
): void {
  let sum = f32x4.splat(0);
  for (; count > 0; count--, x += xStep, dy += pixel) {
    sum = madd(loadLanes<T>(x, lanes), loadLanes<T>(dy, lanes), sum);
  }
  storeLanes<T>(dw, f32x4.add(loadLanes<T>(dw, lanes), sum), lanes);
}

/** Computes: dw = the gradient by w, summed row by row. Aliasing: none. */
export function depthwiseFilterGradient(x: usize, dy: usize, dw: usize, g: usize): void {
  const inHeight = load<i32>(g + IN_HEIGHT);
  const inWidth = load<i32>(g + IN_WIDTH);
  const outWidth = load<i32>(g + OUT_WIDTH);
  const kernelWidth = load<i32>(g + KERNEL_WIDTH);
  const strideWidth = load<i32>(g + STRIDE_WIDTH);
  const channels = load<i32>(g + IN_CHANNELS);
  const pixel = bytesOf(channels);
  const xStep = <usize>strideWidth * pixel;
  begin(dw, 0, load<i32>(g + KERNEL_HEIGHT) * kernelWidth, channels);
  for (let b = 0; b < load<i32>(g + BATCH); b++, x += <usize>(inHeight * inWidth) * pixel) {
    for (let r = 0; r < load<i32>(g + OUT_HEIGHT); r++, dy += <usize>outWidth * pixel) {
      for (let i = 0; i < load<i32>(g + KERNEL_HEIGHT); i++) {
        const h =
          r * load<i32>(g + STRIDE_HEIGHT) - load<i32>(g + PAD_TOP) + i * load<i32>(g + DILATION_HEIGHT);
        if (h < 0 || h >= inHeight) continue;
        for (let j = 0; j < kernelWidth; j++) {
          const left = j * load<i32>(g + DILATION_WIDTH) - load<i32>(g + PAD_LEFT);
          const c = firstInside(left, strideWidth);
          const count = endInside(left, strideWidth, outWidth, inWidth) - c;
          const from = x + <usize>(h * inWidth + left + c * strideWidth) * pixel;
          const at = dy + <usize>c * pixel;
          const tap = dw + <usize>(i * kernelWidth + j) * pixel;
          let k: usize = 0;
          for (; k + 16 <= pixel; k += 16) {
            correlateRow<Whole>(from + k, at + k, tap + k, count, xStep, pixel, 4);
          }
          const rest = <i32>((pixel - k) >> 2);
          if (rest > 0) correlateRow<Part>(from + k, at + k, tap + k, count, xStep, pixel, rest);
        }
      }
    }
  }
}
