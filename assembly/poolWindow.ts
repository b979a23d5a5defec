// What pooling does with one window: `rows` × `columns` taps, `rowStep` and `columnStep` bytes apart, of all channels of
// a pixel. Windows of 2 × 2, the common ones, have loops of their own: two loops of two taps cost more than the taps.

import { isWinner, nanMax } from "./maxima";
import { loadLanes, Part, storeLanes, storePart, Whole } from "./simd";

export function maxWindow(
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

export function maxWindowGradient(
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

export function averageWindow(
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

export function averageWindowGradient(
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
