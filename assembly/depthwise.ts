// Depthwise convolution, one filter per channel, and its two gradients: a matrix product would be one column
// wide, so these run along the channels instead. Layouts: images NHWC, filter [kernelHeight, kernelWidth, C].

import { Operand, OptionalOperand } from "./operand";
import { Geometry } from "./geometry";
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
function visit(forward: bool, x: usize, w: usize, y: usize, geometry: Geometry): void {
  const inHeight = geometry.inHeight;
  const inWidth = geometry.inWidth;
  const kernelWidth = geometry.kernelWidth;
  const dilationHeight = geometry.dilationHeight;
  const dilationWidth = geometry.dilationWidth;
  const pixel = bytesOf(geometry.inChannels);
  const tapStep = <usize>dilationWidth * pixel;
  const rowStep = <usize>(dilationHeight * inWidth) * pixel;
  const tapRow = <usize>kernelWidth * pixel;
  for (let b = 0; b < geometry.batch; b++, x += <usize>(inHeight * inWidth) * pixel) {
    for (let r = 0; r < geometry.outHeight; r++) {
      const top = r * geometry.strideHeight - geometry.padTop;
      const i = firstInside(top, dilationHeight);
      const rows = endInside(top, dilationHeight, geometry.kernelHeight, inHeight) - i;
      for (let c = 0; c < geometry.outWidth; c++, y += pixel) {
        const left = c * geometry.strideWidth - geometry.padLeft;
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

/** Computes y = x ∗ w + bias. Aliasing none. */
export function depthwise(
  x: Operand,
  w: Operand,
  bias: OptionalOperand,
  y: Operand,
  geometry: Geometry,
): void {
  const pixels = geometry.batch * geometry.outHeight * geometry.outWidth;
  begin(y, bias, pixels, geometry.inChannels);
  visit(true, x, w, y, geometry);
}

/** Computes dx = the gradient by x, + bias. Aliasing none. */
export function depthwiseInputGradient(
  dy: Operand,
  w: Operand,
  bias: OptionalOperand,
  dx: Operand,
  geometry: Geometry,
): void {
  const pixels = geometry.batch * geometry.inHeight * geometry.inWidth;
  begin(dx, bias, pixels, geometry.inChannels);
  visit(false, dx, w, dy, geometry);
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

/** Computes dw = the gradient by w, summed row by row. Aliasing none. */
export function depthwiseFilterGradient(x: Operand, dy: Operand, dw: Operand, geometry: Geometry): void {
  const inHeight = geometry.inHeight;
  const inWidth = geometry.inWidth;
  const outWidth = geometry.outWidth;
  const kernelWidth = geometry.kernelWidth;
  const strideWidth = geometry.strideWidth;
  const channels = geometry.inChannels;
  const pixel = bytesOf(channels);
  const xStep = <usize>strideWidth * pixel;
  begin(dw, 0, geometry.kernelHeight * kernelWidth, channels);
  for (let b = 0; b < geometry.batch; b++, x += <usize>(inHeight * inWidth) * pixel) {
    for (let r = 0; r < geometry.outHeight; r++, dy += <usize>outWidth * pixel) {
      for (let i = 0; i < geometry.kernelHeight; i++) {
        const h = r * geometry.strideHeight - geometry.padTop + i * geometry.dilationHeight;
        if (h < 0 || h >= inHeight) continue;
        for (let j = 0; j < kernelWidth; j++) {
          const left = j * geometry.dilationWidth - geometry.padLeft;
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
