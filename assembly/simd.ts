// Vector idioms that every kernel family shares.

/**
 * Computes a·b + c on four lanes.
 *
 * The relaxed binary fuses it where the processor can (one rounding); the baseline binary multiplies,
 * then adds (two roundings). This branch is the only difference between the two binaries' arithmetic:
 * it is decided while compiling, so neither binary carries the other's code.
 */
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** Sum of the four lanes, as (0 + 2) + (1 + 3). */
export function sumLanes(x: v128): f32 {
  const pairs = f32x4.add(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** x between −bound and bound. */
export function clamp(x: v128, bound: f32): v128 {
  return f32x4.pmin(f32x4.pmax(x, f32x4.splat(-bound)), f32x4.splat(bound));
}

/** Bytes of `count` float32 elements. */
export function bytesOf(count: i32): usize {
  return (<usize>count) << 2;
}

/** Lanes 2 and 3 as two float64 (lanes 0 and 1: `f64x2.promote_low_f32x4`). */
export function promoteHigh(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 2, 3));
}

/** The first `count` lanes (1 to 4) from memory, the others from `rest`: the end of a row, without reading past it. */
export function loadPart(pointer: usize, count: i32, rest: v128): v128 {
  if (count > 3) return v128.load(pointer);
  let part = v128.load_lane<f32>(pointer, rest, 0);
  if (count > 1) part = v128.load_lane<f32>(pointer, part, 1, 4);
  if (count > 2) part = v128.load_lane<f32>(pointer, part, 2, 8);
  return part;
}

/** Stores the first `count` lanes (0 to 4). */
export function storePart(pointer: usize, x: v128, count: i32): void {
  if (count > 3) {
    v128.store(pointer, x);
    return;
  }
  if (count > 0) v128.store_lane<f32>(pointer, x, 0);
  if (count > 1) v128.store_lane<f32>(pointer, x, 1, 4);
  if (count > 2) v128.store_lane<f32>(pointer, x, 2, 8);
}

// A kernel's body is written once as a generic of Whole or Part and compiled twice: the loop over whole vectors
// carries no test for the end. With the test, Adam takes 1.6 times as long on Node 20.

/** All four lanes. */
export type Whole = v128;
/** Fewer than four lanes. */
export type Part = i32;

/** Four lanes, or the first `count` and zeros. */
export function loadLanes<T>(pointer: usize, count: i32): v128 {
  if (isVector<T>()) return v128.load(pointer);
  return loadPart(pointer, count, f32x4.splat(0));
}

/** Stores four lanes, or the first `count`. */
export function storeLanes<T>(pointer: usize, x: v128, count: i32): void {
  if (isVector<T>()) v128.store(pointer, x);
  else storePart(pointer, x, count);
}

/** a / b rounded up, for a ≥ 0 and b > 0. */
export function divideUp(a: i32, b: i32): i32 {
  return (a + b - 1) / b;
}
