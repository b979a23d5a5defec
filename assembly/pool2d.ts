// Max and average pooling of NHWC images and their gradients.
//
// One walk over the output pixels clips each window to the image; what is done with the clipped window is
// a function of its own below. A window is `rows` × `columns` taps, `rowStep` and `columnStep` bytes apart.
// The gradients find the winner again from x: no table of indices is kept between the passes.
// Windows of 2 × 2, the common ones, have loops of their own: two loops of two taps cost more than the taps.

import { Operand } from "./operand";
import { bytesOf, loadLanes, Part, storeLanes, storePart, Whole } from "./simd";
import { isWinner, nanMax } from "./reduce";
import { Geometry } from "./geometry";

/**
 * Computes y[b, h, w, c] = max of x over the window; padding never wins, a NaN does.
 * Layout x [batch, inHeight, inWidth, channels], y [batch, outHeight, outWidth, channels]; geometry, see
 * geometry.ts. Requires a tap of every window inside the image. Aliasing none.
 */
export function maxPool2d(x: Operand, y: Operand, geometry: Geometry): void {
  walkWindows(MAX, x, y, 0, geometry, false);
}

/**
 * Computes dx = Σ over windows of dy at the window's first maximum (or first NaN) in row-major order.
 * Layout x, dx as x of `maxPool2d`, dy as its y. Requires as there. Aliasing none.
 */
export function maxPool2dGradient(x: Operand, dy: Operand, dx: Operand, geometry: Geometry): void {
  walkWindows(MAX_GRADIENT, x, dy, dx, geometry, false);
}

/**
 * Computes y = (Σ of x over the window) / taps, where taps counts those inside the image, or all of the
 * kernel's with countIncludePad. Layout, requires and aliasing as `maxPool2d`.
 */
export function avgPool2d(x: Operand, y: Operand, geometry: Geometry, countIncludePad: bool): void {
  walkWindows(AVERAGE, x, y, 0, geometry, countIncludePad);
}

/** Computes dx = Σ over windows of dy / taps. Layout dx as x of `avgPool2d`, dy as its y. Aliasing none. */
export function avgPool2dGradient(dy: Operand, dx: Operand, geometry: Geometry, countIncludePad: bool): void {
  walkWindows(AVERAGE_GRADIENT, 0, dy, dx, geometry, countIncludePad);
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

  for (let b = geometry.batch; b > 0; b--, x += image, dx += image) {
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

function maxWindow(
  x: usize,
  y: usize,
  pixel: usize,
  rows: i32,
  columns: i32,
  rowStep: usize,
  columnStep: usize,
): void {
  if (rows == 2 && columns == 2) {
    for (; pixel > 15; pixel -= 16, x += 16, y += 16) v128.store(y, largestOf2x2(x, rowStep, columnStep));
  }
  for (; pixel > 15; pixel -= 16, x += 16, y += 16) {
    v128.store(y, largestOf<Whole>(x, 4, rows, columns, rowStep, columnStep));
  }
  const lanes = <i32>(pixel >> 2);
  if (lanes) storePart(y, largestOf<Part>(x, lanes, rows, columns, rowStep, columnStep), lanes);
}

function largestOf<T>(
  x: usize,
  lanes: i32,
  rows: i32,
  columns: i32,
  rowStep: usize,
  columnStep: usize,
): v128 {
  let largest = f32x4.splat(-Infinity);
  for (; rows > 0; rows--, x += rowStep) {
    let at = x;
    for (let k = columns; k > 0; k--, at += columnStep) largest = nanMax(largest, loadLanes<T>(at, lanes));
  }
  return largest;
}

function maxWindowGradient(
  x: usize,
  dy: usize,
  dx: usize,
  pixel: usize,
  rows: i32,
  columns: i32,
  rowStep: usize,
  columnStep: usize,
): void {
  if (rows == 2 && columns == 2) {
    for (; pixel > 15; pixel -= 16, x += 16, dy += 16, dx += 16) {
      const largest = largestOf2x2(x, rowStep, columnStep);
      const xLower = x + rowStep;
      const dxLower = dx + rowStep;
      let left = v128.load(dy);
      left = takeShare<Whole>(x, dx, left, largest, 4);
      left = takeShare<Whole>(x + columnStep, dx + columnStep, left, largest, 4);
      left = takeShare<Whole>(xLower, dxLower, left, largest, 4);
      takeShare<Whole>(xLower + columnStep, dxLower + columnStep, left, largest, 4);
    }
  }
  for (; pixel > 15; pixel -= 16, x += 16, dy += 16, dx += 16) {
    giveToWinner<Whole>(x, dy, dx, 4, rows, columns, rowStep, columnStep);
  }
  const lanes = <i32>(pixel >> 2);
  if (lanes) giveToWinner<Part>(x, dy, dx, lanes, rows, columns, rowStep, columnStep);
}

function largestOf2x2(x: usize, rowStep: usize, columnStep: usize): v128 {
  const lower = x + rowStep;
  const upperMax = nanMax(v128.load(x), v128.load(x + columnStep));
  return nanMax(upperMax, nanMax(v128.load(lower), v128.load(lower + columnStep)));
}

function giveToWinner<T>(
  x: usize,
  dy: usize,
  dx: usize,
  lanes: i32,
  rows: i32,
  columns: i32,
  rowStep: usize,
  columnStep: usize,
): void {
  const largest = largestOf<T>(x, lanes, rows, columns, rowStep, columnStep);
  let left = loadLanes<T>(dy, lanes);
  for (let row: usize = 0; rows > 0; rows--, row += rowStep) {
    let at = row;
    for (let k = columns; k > 0; k--, at += columnStep) {
      left = takeShare<T>(x + at, dx + at, left, largest, lanes);
    }
  }
}

/** Adds the gradient to dx where the tap x wins; returns what is left for the taps after it. */
function takeShare<T>(x: usize, dx: usize, left: v128, largest: v128, lanes: i32): v128 {
  const wins = isWinner(loadLanes<T>(x, lanes), largest);
  storeLanes<T>(dx, f32x4.add(loadLanes<T>(dx, lanes), v128.and(left, wins)), lanes);
  return v128.andnot(left, wins);
}

function averageWindow(
  x: usize,
  y: usize,
  pixel: usize,
  rows: i32,
  columns: i32,
  rowStep: usize,
  columnStep: usize,
  taps: f32,
): void {
  const divisor = f32x4.splat(taps);
  if (rows == 2 && columns == 2) {
    for (; pixel > 15; pixel -= 16, x += 16, y += 16) {
      const lower = x + rowStep;
      const upperSum = f32x4.add(v128.load(x), v128.load(x + columnStep));
      const lowerSum = f32x4.add(v128.load(lower), v128.load(lower + columnStep));
      v128.store(y, f32x4.div(f32x4.add(upperSum, lowerSum), divisor));
    }
  }
  for (; pixel > 15; pixel -= 16, x += 16, y += 16) {
    v128.store(y, f32x4.div(sumOf<Whole>(x, 4, rows, columns, rowStep, columnStep), divisor));
  }
  const lanes = <i32>(pixel >> 2);
  if (lanes)
    storePart(y, f32x4.div(sumOf<Part>(x, lanes, rows, columns, rowStep, columnStep), divisor), lanes);
}

/** Rows are summed apart: pooling a whole image then costs less rounding than one long chain. */
function sumOf<T>(x: usize, lanes: i32, rows: i32, columns: i32, rowStep: usize, columnStep: usize): v128 {
  let total = f32x4.splat(0);
  for (; rows > 0; rows--, x += rowStep) {
    let rowTotal = loadLanes<T>(x, lanes);
    let at = x + columnStep;
    for (let k = columns; k > 1; k--, at += columnStep) {
      rowTotal = f32x4.add(rowTotal, loadLanes<T>(at, lanes));
    }
    total = f32x4.add(total, rowTotal);
  }
  return total;
}

function averageWindowGradient(
  dy: usize,
  dx: usize,
  pixel: usize,
  rows: i32,
  columns: i32,
  rowStep: usize,
  columnStep: usize,
  taps: f32,
): void {
  const divisor = f32x4.splat(taps);
  for (; pixel > 15; pixel -= 16, dy += 16, dx += 16) {
    addToAll<Whole>(f32x4.div(v128.load(dy), divisor), dx, 4, rows, columns, rowStep, columnStep);
  }
  const lanes = <i32>(pixel >> 2);
  if (!lanes) return;
  const share = f32x4.div(loadLanes<Part>(dy, lanes), divisor);
  addToAll<Part>(share, dx, lanes, rows, columns, rowStep, columnStep);
}

function addToAll<T>(
  share: v128,
  dx: usize,
  lanes: i32,
  rows: i32,
  columns: i32,
  rowStep: usize,
  columnStep: usize,
): void {
  for (; rows > 0; rows--, dx += rowStep) {
    let at = dx;
    for (let k = columns; k > 0; k--, at += columnStep) {
      storeLanes<T>(at, f32x4.add(loadLanes<T>(at, lanes), share), lanes);
    }
  }
}
