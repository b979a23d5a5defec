// Arithmetic of two buffers with broadcasting, and the in-place helpers of gradient accumulation.
//
// Kernels name(a, aLength, b, bLength, y, first, n):
//   Computes y[i] = a[i mod aLength] ∘ b[i mod bLength] for the n elements from first on; NaN stays NaN.
//   Layout contiguous float32: aLength in a, bLength in b. A length is that of y, 1 (a scalar) or a divisor
//             of that (a trailing vector, repeated).
//   Requires n ≥ 1.
//   Aliasing y may be an operand of its length.
//
// Operands are taken row by row, a row being the longest run that wraps in neither; the operation is chosen
// once per row (0.3 ns per element, where choosing it per vector takes 0.9). Rows under 16 elements would
// spend their time on tails, so there vectors reach across the wrap instead.

import { Count, First, InPlace, Operand } from "./operand";
import { bytesOf, loadPart, madd, storePart } from "./simd";

const enum Operation {
  Add,
  Sub,
  Mul,
  Div,
}

export function add(
  a: Operand,
  aLength: i32,
  b: Operand,
  bLength: i32,
  y: Operand,
  first: First,
  n: Count,
): void {
  broadcast(Operation.Add, a, aLength, b, bLength, y, first, n);
}

export function sub(
  a: Operand,
  aLength: i32,
  b: Operand,
  bLength: i32,
  y: Operand,
  first: First,
  n: Count,
): void {
  broadcast(Operation.Sub, a, aLength, b, bLength, y, first, n);
}

export function mul(
  a: Operand,
  aLength: i32,
  b: Operand,
  bLength: i32,
  y: Operand,
  first: First,
  n: Count,
): void {
  broadcast(Operation.Mul, a, aLength, b, bLength, y, first, n);
}

export function div(
  a: Operand,
  aLength: i32,
  b: Operand,
  bLength: i32,
  y: Operand,
  first: First,
  n: Count,
): void {
  broadcast(Operation.Div, a, aLength, b, bLength, y, first, n);
}

const SHORT_ROW = 16;

function broadcast(
  operation: Operation,
  a: usize,
  aLength: i32,
  b: usize,
  bLength: i32,
  y: usize,
  first: i32,
  n: i32,
): void {
  const aStep = aLength == 1 ? 0 : 16;
  const bStep = bLength == 1 ? 0 : 16;
  const row = min(aStep ? aLength : i32.MAX_VALUE, bStep ? bLength : i32.MAX_VALUE);
  y += bytesOf(first);
  if (row < SHORT_ROW || (aStep && aLength % row != 0) || (bStep && bLength % row != 0)) {
    combineShort(operation, a, aLength, b, bLength, y, first, n);
    return;
  }
  const aBytes = bytesOf(aLength);
  const bBytes = bytesOf(bLength);
  let aAt = aStep ? bytesOf(first % aLength) : 0;
  let bAt = bStep ? bytesOf(first % bLength) : 0;
  // The first row may have begun in the grain before.
  let count = min(n, row - (first % row));
  for (; n > 0; n -= count, count = min(n, row)) {
    if (aStep != 0 && bStep != 0) combineVectors(operation, a + aAt, b + bAt, y, count);
    else combineRow(operation, a + aAt, aStep, b + bAt, bStep, y, count);
    y += bytesOf(count);
    aAt += aStep ? bytesOf(count) : 0;
    if (aAt >= aBytes) aAt = 0;
    bAt += bStep ? bytesOf(count) : 0;
    if (bAt >= bBytes) bAt = 0;
  }
}

/** y[i] = a[i] ∘ b[i], neither a scalar: without the test for one the loops run twice as fast. */
function combineVectors(operation: Operation, a: usize, b: usize, y: usize, n: i32): void {
  switch (operation) {
    case Operation.Add:
      for (; n >= 4; n -= 4, a += 16, b += 16, y += 16) v128.store(y, f32x4.add(v128.load(a), v128.load(b)));
      break;
    case Operation.Sub:
      for (; n >= 4; n -= 4, a += 16, b += 16, y += 16) v128.store(y, f32x4.sub(v128.load(a), v128.load(b)));
      break;
    case Operation.Mul:
      for (; n >= 4; n -= 4, a += 16, b += 16, y += 16) v128.store(y, f32x4.mul(v128.load(a), v128.load(b)));
      break;
    default:
      for (; n >= 4; n -= 4, a += 16, b += 16, y += 16) v128.store(y, f32x4.div(v128.load(a), v128.load(b)));
  }
  if (n > 0)
    storePart(y, combine(operation, loadPart(a, n, f32x4.splat(0)), loadPart(b, n, f32x4.splat(1))), n);
}

/** y[i] = a[i] ∘ b[i]; an operand whose step is 0 is a scalar, otherwise its step is 16 bytes. */
function combineRow(
  operation: Operation,
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  y: usize,
  n: i32,
): void {
  const aScalar = v128.load32_splat(a);
  const bScalar = v128.load32_splat(b);
  switch (operation) {
    case Operation.Add:
      for (; n >= 4; n -= 4, a += aStep, b += bStep, y += 16) {
        v128.store(y, f32x4.add(lanesAt(a, aStep, aScalar), lanesAt(b, bStep, bScalar)));
      }
      break;
    case Operation.Sub:
      for (; n >= 4; n -= 4, a += aStep, b += bStep, y += 16) {
        v128.store(y, f32x4.sub(lanesAt(a, aStep, aScalar), lanesAt(b, bStep, bScalar)));
      }
      break;
    case Operation.Mul:
      for (; n >= 4; n -= 4, a += aStep, b += bStep, y += 16) {
        v128.store(y, f32x4.mul(lanesAt(a, aStep, aScalar), lanesAt(b, bStep, bScalar)));
      }
      break;
    default:
      for (; n >= 4; n -= 4, a += aStep, b += bStep, y += 16) {
        v128.store(y, f32x4.div(lanesAt(a, aStep, aScalar), lanesAt(b, bStep, bScalar)));
      }
  }
  if (n == 0) return;
  const aLanes = aStep == 0 ? aScalar : loadPart(a, n, aScalar);
  const bLanes = bStep == 0 ? bScalar : loadPart(b, n, bScalar);
  storePart(y, combine(operation, aLanes, bLanes), n);
}

function lanesAt(pointer: usize, step: usize, scalar: v128): v128 {
  return step == 0 ? scalar : v128.load(pointer);
}

/** y[i] = a[(first + i) mod aLength] ∘ b[(first + i) mod bLength], walking each operand by a byte position that wraps. */
function combineShort(
  operation: Operation,
  a: usize,
  aLength: i32,
  b: usize,
  bLength: i32,
  y: usize,
  first: i32,
  n: i32,
): void {
  const aBytes = bytesOf(aLength);
  const bBytes = bytesOf(bLength);
  const aStep = <usize>16 % aBytes;
  const bStep = <usize>16 % bBytes;
  let aAt = bytesOf(first % aLength);
  let bAt = bytesOf(first % bLength);
  for (; n > 0; n -= 4, y += 16) {
    const aLanes = aAt + 16 <= aBytes ? v128.load(a + aAt) : loadWrapped(a, aAt, aBytes);
    const bLanes = bAt + 16 <= bBytes ? v128.load(b + bAt) : loadWrapped(b, bAt, bBytes);
    storePart(y, combine(operation, aLanes, bLanes), n);
    aAt += aStep;
    if (aAt >= aBytes) aAt -= aBytes;
    bAt += bStep;
    if (bAt >= bBytes) bAt -= bBytes;
  }
}

function combine(operation: Operation, a: v128, b: v128): v128 {
  switch (operation) {
    case Operation.Add:
      return f32x4.add(a, b);
    case Operation.Sub:
      return f32x4.sub(a, b);
    case Operation.Mul:
      return f32x4.mul(a, b);
    default:
      return f32x4.div(a, b);
  }
}

/** Four lanes from byte position `at` of a vector of `bytes` bytes that repeats itself. */
function loadWrapped(vector: usize, at: usize, bytes: usize): v128 {
  let lanes = v128.load32_splat(vector + at);
  at = at + 4 == bytes ? 0 : at + 4;
  lanes = v128.load_lane<f32>(vector + at, lanes, 1);
  at = at + 4 == bytes ? 0 : at + 4;
  lanes = v128.load_lane<f32>(vector + at, lanes, 2);
  at = at + 4 == bytes ? 0 : at + 4;
  return v128.load_lane<f32>(vector + at, lanes, 3);
}

/**
 * Computes y[i] += alpha·x[i] for the n elements from first on.
 * Layout contiguous float32.
 * Requires n ≥ 1.
 * Aliasing x may be y.
 */
export function axpy(alpha: f32, x: Operand, y: InPlace, first: First, n: Count): void {
  x += bytesOf(first);
  y += bytesOf(first);
  const alphas = f32x4.splat(alpha);
  for (; n >= 4; n -= 4, x += 16, y += 16) v128.store(y, madd(alphas, v128.load(x), v128.load(y)));
  if (n > 0) storePart(y, madd(alphas, loadPart(x, n, alphas), loadPart(y, n, alphas)), n);
}

/**
 * Computes y[i] = value for the n elements from first on.
 * Layout contiguous float32.
 * Requires n ≥ 1.
 */
export function fill(y: Operand, first: First, n: Count, value: f32): void {
  y += bytesOf(first);
  const values = f32x4.splat(value);
  for (; n >= 4; n -= 4, y += 16) v128.store(y, values);
  if (n > 0) storePart(y, values, n);
}
