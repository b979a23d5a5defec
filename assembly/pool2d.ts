// Max and average pooling of NHWC images, from the first given on, and their gradients.
//
// One walk over the output pixels clips each window to the image; poolWindow.ts has what is done with it. The gradients
// find the winner again from x: no table of indices is kept between the passes.

import { First, Images, Operand } from "./operand";
import { bytesOf } from "./simd";
import { averageWindow, averageWindowGradient, maxWindow, maxWindowGradient } from "./poolWindow";
import { Geometry } from "./geometry";

/**
 * Computes y[b, h, w, c] = max of x over the window; padding never wins, a NaN does.
 * Layout x [batch, inHeight, inWidth, channels], y [batch, outHeight, outWidth, channels]; geometry, see
 * geometry.ts. Requires a tap of every window inside the image. Aliasing none.
 */
export function maxPool2d(x: Operand, y: Operand, geometry: Geometry, first: First, images: Images): void {
  walkWindows(MAX, x, y, 0, geometry, first, images, false);
}

/**
 * Computes dx = Σ over windows of dy at the window's first maximum (or first NaN) in row-major order.
 * Layout x, dx as x of `maxPool2d`, dy as its y. Requires as there. Aliasing none.
 */
export function maxPool2dGradient(
  x: Operand,
  dy: Operand,
  dx: Operand,
  geometry: Geometry,
  first: First,
  images: Images,
): void {
  walkWindows(MAX_GRADIENT, x, dy, dx, geometry, first, images, false);
}

/**
 * Computes y = (Σ of x over the window) / taps, where taps counts those inside the image, or all of the
 * kernel's with countIncludePad. Layout, requires and aliasing as `maxPool2d`.
 */
export function avgPool2d(
  x: Operand,
  y: Operand,
  geometry: Geometry,
  first: First,
  images: Images,
  countIncludePad: bool,
): void {
  walkWindows(AVERAGE, x, y, 0, geometry, first, images, countIncludePad);
}

/** Computes dx = Σ over windows of dy / taps. Layout dx as x of `avgPool2d`, dy as its y. Aliasing none. */
export function avgPool2dGradient(
  dy: Operand,
  dx: Operand,
  geometry: Geometry,
  first: First,
  images: Images,
  countIncludePad: bool,
): void {
  walkWindows(AVERAGE_GRADIENT, 0, dy, dx, geometry, first, images, countIncludePad);
}

const MAX = 0;
const MAX_GRADIENT = 1;
const AVERAGE = 2;
const AVERAGE_GRADIENT = 3;

/** Calls the window function `kind` for every output pixel; x, dx have the input's layout, y (or dy) the output's. */
function walkWindows(
  kind: i32,
  x: usize,
  y: usize,
  dx: usize,
  geometry: Geometry,
  first: i32,
  images: i32,
  countIncludePad: bool,
): void {
  const inHeight = geometry.inHeight;
  const inWidth = geometry.inWidth;
  const outHeight = geometry.outHeight;
  const outWidth = geometry.outWidth;
  const strideWidth = geometry.strideWidth;
  const padLeft = geometry.padLeft;
  const kernelHeight = geometry.kernelHeight;
  const kernelWidth = geometry.kernelWidth;
  const dilationHeight = geometry.dilationHeight;
  const dilationWidth = geometry.dilationWidth;
  const allTaps = countIncludePad ? kernelHeight * kernelWidth : 0;
  const pixel = bytesOf(geometry.inChannels);
  const rowStep = pixel * inWidth * dilationHeight;
  const columnStep = pixel * dilationWidth;
  const image = pixel * inWidth * inHeight;

  x += <usize>first * image;
  dx += <usize>first * image;
  y += <usize>first * <usize>(outHeight * outWidth) * pixel;
  for (let b = images; b > 0; b--, x += image, dx += image) {
    // Zeroed image by image, so that the sums that follow find it in the cache.
    if (kind == MAX_GRADIENT || kind == AVERAGE_GRADIENT) memory.fill(dx, 0, image);
    for (let h = 0; h < outHeight; h++) {
      const top = h * geometry.strideHeight - geometry.padTop;
      const skippedRows = tapsBefore(0, top, dilationHeight, kernelHeight);
      const rows = tapsBefore(inHeight, top, dilationHeight, kernelHeight) - skippedRows;
      const rowStart = <usize>(top + skippedRows * dilationHeight) * inWidth;
      for (let w = 0; w < outWidth; w++, y += pixel) {
        const left = w * strideWidth - padLeft;
        const skippedColumns = tapsBefore(0, left, dilationWidth, kernelWidth);
        const columns = tapsBefore(inWidth, left, dilationWidth, kernelWidth) - skippedColumns;
        const start = (rowStart + (left + skippedColumns * dilationWidth)) * pixel;
        const taps = <f32>(allTaps ? allTaps : rows * columns);
        if (kind == MAX) {
          maxWindow(x + start, y, pixel, rows, columns, rowStep, columnStep);
        } else if (kind == MAX_GRADIENT) {
          maxWindowGradient(x + start, y, dx + start, pixel, rows, columns, rowStep, columnStep);
        } else if (kind == AVERAGE) {
          averageWindow(x + start, y, pixel, rows, columns, rowStep, columnStep, taps);
        } else {
          averageWindowGradient(y, dx + start, pixel, rows, columns, rowStep, columnStep, taps);
        }
      }
    }
  }
}

/** How many of a window's taps, the first at `start`, lie before `position`. */
function tapsBefore(position: i32, start: i32, dilation: i32, taps: i32): i32 {
  if (start >= position) return 0;
  // Most windows lie inside the image: they are spared the division.
  return start + (taps - 1) * dilation < position ? taps : (position - start - 1) / dilation + 1;
}
