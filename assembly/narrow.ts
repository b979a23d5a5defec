// Products only one column wide, the narrow forms of those in product.ts: an eight-column tile would be mostly
// padding, so the contraction itself is vectorised, or whole rows are summed with weights.

import { FROM_TARGET } from "./microKernel";
import { DEPTH_BLOCK } from "./product";
import { madd, sumLanes } from "./simd";

/** Adds `sum` to what the rule `start` says and stores it. */
function finish(target: usize, sum: f32, start: i32, bias: f32): void {
  store<f32>(target, start == FROM_TARGET ? load<f32>(target) + sum : bias + sum);
}

/**
 * The narrow form of `multiplyRows`: one column, as dot products of four gathered rows with `vector`.
 *
 * Layout: as there; `vector` holds the column's runCount·runLength values in order; the result for row i goes
 *   to targets[i] + column. `bias` is the value to start from unless `start` is FROM_TARGET.
 */
export function dotRows(
  bases: usize,
  targets: usize,
  rows: i32,
  runs: usize,
  runCount: i32,
  runLength: i32,
  vector: usize,
  column: usize,
  start: i32,
  bias: f32,
): void {
  const runBytes = (<usize>runLength) << 2;
  const bytes8 = (<usize>(runLength & ~7)) << 2;
  for (let i = 0; i < rows; i += 4) {
    const last = rows - 1 - i;
    const table = bases + ((<usize>i) << 2);
    const base0 = <usize>load<u32>(table);
    const base1 = <usize>load<u32>(table + ((<usize>min(1, last)) << 2));
    const base2 = <usize>load<u32>(table + ((<usize>min(2, last)) << 2));
    const base3 = <usize>load<u32>(table + ((<usize>min(3, last)) << 2));
    let a0 = f32x4.splat(0),
      a1 = a0,
      a2 = a0,
      a3 = a0,
      c0 = a0,
      c1 = a0,
      c2 = a0,
      c3 = a0;
    let s0: f32 = 0,
      s1: f32 = 0,
      s2: f32 = 0,
      s3: f32 = 0;
    let w = vector;
    for (let run = 0; run < runCount; run++) {
      const offset = <usize>load<u32>(runs + ((<usize>run) << 2));
      let r0 = base0 + offset,
        r1 = base1 + offset,
        r2 = base2 + offset,
        r3 = base3 + offset;
      const end = w + runBytes;
      for (const end8 = w + bytes8; w < end8; w += 32, r0 += 32, r1 += 32, r2 += 32, r3 += 32) {
        const w0 = v128.load(w);
        const w1 = v128.load(w, 16);
        a0 = madd(v128.load(r0), w0, a0);
        a1 = madd(v128.load(r1), w0, a1);
        a2 = madd(v128.load(r2), w0, a2);
        a3 = madd(v128.load(r3), w0, a3);
        c0 = madd(v128.load(r0, 16), w1, c0);
        c1 = madd(v128.load(r1, 16), w1, c1);
        c2 = madd(v128.load(r2, 16), w1, c2);
        c3 = madd(v128.load(r3, 16), w1, c3);
      }
      for (; w < end; w += 4, r0 += 4, r1 += 4, r2 += 4, r3 += 4) {
        const x = load<f32>(w);
        s0 += x * load<f32>(r0);
        s1 += x * load<f32>(r1);
        s2 += x * load<f32>(r2);
        s3 += x * load<f32>(r3);
      }
    }
    const target = targets + ((<usize>i) << 2);
    finish(<usize>load<u32>(target) + column, sumLanes(f32x4.add(a0, c0)) + s0, start, bias);
    if (last > 0) finish(<usize>load<u32>(target, 4) + column, sumLanes(f32x4.add(a1, c1)) + s1, start, bias);
    if (last > 1) finish(<usize>load<u32>(target, 8) + column, sumLanes(f32x4.add(a2, c2)) + s2, start, bias);
    if (last > 2)
      finish(<usize>load<u32>(target, 12) + column, sumLanes(f32x4.add(a3, c3)) + s3, start, bias);
  }
}

/** Adds alpha times the `count` sums at `sums` to C's rows at targets[i] + column. */
function scatter(sums: usize, count: i32, targets: usize, column: usize, alpha: f32): void {
  for (let i: usize = 0; i < (<usize>count) << 2; i += 4) {
    const target = <usize>load<u32>(targets + i) + column;
    const sum = alpha * load<f32>(sums + i);
    store<f32>(target, load<f32>(target) + sum);
  }
}

/**
 * The narrow form of `multiplyColumns`: one column, over one run of `length` neighbouring offsets.
 *
 * Computes: C[i] += alpha·Σ_k A[k][i]·y[k], the float A[k][i] at bases[k] + run + 4·i, y[k] at listed[k] + first.
 * Requires: `scratch` of 128 bytes.
 */
export function combineRows(
  bases: usize,
  run: usize,
  length: i32,
  listed: usize,
  depth: i32,
  first: usize,
  targets: usize,
  column: usize,
  alpha: f32,
  scratch: usize,
): void {
  for (let k = 0; k < depth; k += DEPTH_BLOCK) {
    const begin = (<usize>k) << 2;
    const end = (<usize>min(depth, k + DEPTH_BLOCK)) << 2;
    let i = 0;
    for (; i + 32 <= length; i += 32) {
      let c0 = f32x4.splat(0),
        c1 = c0,
        c2 = c0,
        c3 = c0,
        c4 = c0,
        c5 = c0,
        c6 = c0,
        c7 = c0;
      const offset = run + ((<usize>i) << 2);
      for (let o = begin; o < end; o += 4) {
        const y = v128.load32_splat(<usize>load<u32>(listed + o) + first);
        const x = <usize>load<u32>(bases + o) + offset;
        c0 = madd(v128.load(x), y, c0);
        c1 = madd(v128.load(x, 16), y, c1);
        c2 = madd(v128.load(x, 32), y, c2);
        c3 = madd(v128.load(x, 48), y, c3);
        c4 = madd(v128.load(x, 64), y, c4);
        c5 = madd(v128.load(x, 80), y, c5);
        c6 = madd(v128.load(x, 96), y, c6);
        c7 = madd(v128.load(x, 112), y, c7);
      }
      v128.store(scratch, c0);
      v128.store(scratch, c1, 16);
      v128.store(scratch, c2, 32);
      v128.store(scratch, c3, 48);
      v128.store(scratch, c4, 64);
      v128.store(scratch, c5, 80);
      v128.store(scratch, c6, 96);
      v128.store(scratch, c7, 112);
      scatter(scratch, 32, targets + ((<usize>i) << 2), column, alpha);
    }
    for (; i + 4 <= length; i += 4) {
      let even = f32x4.splat(0),
        odd = even;
      const offset = run + ((<usize>i) << 2);
      let o = begin;
      for (; o + 8 <= end; o += 8) {
        const y0 = v128.load32_splat(<usize>load<u32>(listed + o) + first);
        const y1 = v128.load32_splat(<usize>load<u32>(listed + o, 4) + first);
        even = madd(v128.load(<usize>load<u32>(bases + o) + offset), y0, even);
        odd = madd(v128.load(<usize>load<u32>(bases + o, 4) + offset), y1, odd);
      }
      if (o < end) {
        const y = v128.load32_splat(<usize>load<u32>(listed + o) + first);
        even = madd(v128.load(<usize>load<u32>(bases + o) + offset), y, even);
      }
      v128.store(scratch, f32x4.add(even, odd));
      scatter(scratch, 4, targets + ((<usize>i) << 2), column, alpha);
    }
    for (; i < length; i++) {
      let sum: f32 = 0;
      const offset = run + ((<usize>i) << 2);
      for (let o = begin; o < end; o += 4) {
        sum +=
          load<f32>(<usize>load<u32>(bases + o) + offset) * load<f32>(<usize>load<u32>(listed + o) + first);
      }
      store<f32>(scratch, sum);
      scatter(scratch, 1, targets + ((<usize>i) << 2), column, alpha);
    }
  }
}
