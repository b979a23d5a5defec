// Arithmetic of two buffers with broadcasting, and the in-place helpers of gradient accumulation.
//
// Kernels name(a, aLength, b, bLength, y, n):
//   Computes y[i] = a[i mod aLength] ∘ b[i mod bLength]; NaN stays NaN.
//   Layout contiguous float32: aLength in a, bLength in b, n in y. A length is n, 1 (a scalar) or a
//             divisor of n (a trailing vector, repeated).
//   Requires n ≥ 1.
//   Aliasing y may be an operand of length n.
//
// Operands are taken row by row, a row being the longest run that wraps in neither; the operation is chosen
// once per row (0.3 ns per element, where choosing it per vector takes 0.9). Rows under 16 elements would
// spend their time on tails, so there vectors reach across the wrap instead.

import { InPlace, Operand } from "./operand";
import { bytesOf, loadPart, madd, storePart } from "./simd";

const enum Operation {
  Add,
  Sub,
  Mul,
  Div,
}

export function add(a: Operand, aLength: i32, b: Operand, bLength: i32, y: Operand, n: i32): void {
  broadcast(Operation.Add, a, aLength, b, bLength, y, n);
}

export function sub(a: Operand, aLength: i32, b: Operand, bLength: i32, y: Operand, n: i32): void {
  broadcast(Operation.Sub, a, aLength, b, bLength, y, n);
}

export function mul(a: Operand, aLength: i32, b: Operand, bLength: i32, y: Operand, n: i32): void {
  broadcast(Operation.Mul, a, aLength, b, bLength, y, n);
}

export function div(a: Operand, aLength: i32, b: Operand, bLength: i32, y: Operand, n: i32): void {
  broadcast(Operation.Div, a, aLength, b, bLength, y, n);
}

const SHORT_ROW = 16;

function broadcast(
  operation: Operation,
  a: usize,
  aLength: i32,
  b: usize,
  bLength: i32,
  y: usize,
  n: i32,
): void {
  const aPeriod = aLength == 1 ? n : aLength;
  const bPeriod = bLength == 1 ? n : bLength;
  const row = min(aPeriod, bPeriod);
  if (row < SHORT_ROW || aPeriod % row != 0 || bPeriod % row != 0) {
    combineShort(operation, a, aLength, b, bLength, y, n);
    return;
  }
  const rowBytes = bytesOf(row);
  const aBytes = bytesOf(aLength);
  const bBytes = bytesOf(bLength);
  const aStep = aLength == 1 ? 0 : 16;
  const bStep = bLength == 1 ? 0 : 16;
  let aAt: usize = 0;
  let bAt: usize = 0;
  for (; n > 0; n -= row, y += rowBytes) {
    if (aStep != 0 && bStep != 0) combineVectors(operation, a + aAt, b + bAt, y, row);
    else combineRow(operation, a + aAt, aStep, b + bAt, bStep, y, row);
    aAt += rowBytes;
    if (aAt >= aBytes) aAt = 0;
    bAt += rowBytes;
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

/** y[i] = a[i mod aLength] ∘ b[i mod bLength], walking each operand by a byte position that wraps. */
function combineShort(
  operation: Operation,
  a: usize,
  aLength: i32,
  b: usize,
  bLength: i32,
  y: usize,
  n: i32,
): void {
  const aBytes = bytesOf(aLength);
  const bBytes = bytesOf(bLength);
  const aStep = <usize>16 % aBytes;
  const bStep = <usize>16 % bBytes;
  let aAt: usize = 0;
  let bAt: usize = 0;
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
 * Computes y[i] += alpha·x[i].
 * Layout n float32 each, contiguous.
 * Requires n ≥ 1.
 * Aliasing x may be y.
 */
export function axpy(alpha: f32, x: Operand, y: InPlace, n: i32): void {
  const alphas = f32x4.splat(alpha);
  for (; n >= 4; n -= 4, x += 16, y += 16) v128.store(y, madd(alphas, v128.load(x), v128.load(y)));
  if (n > 0) storePart(y, madd(alphas, loadPart(x, n, alphas), loadPart(y, n, alphas)), n);
}

/**
 * Computes y[i] = value.
 * Layout n float32, contiguous.
 * Requires n ≥ 1.
 */
export function fill(y: Operand, n: i32, value: f32): void {
  const values = f32x4.splat(value);
  for (; n >= 4; n -= 4, y += 16) v128.store(y, values);
  if (n > 0) storePart(y, values, n);
}
