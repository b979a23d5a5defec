// Products only one column wide, the narrow forms of those in product.ts: an eight-column tile would be mostly
// padding, so the contraction itself is vectorised, or whole rows are summed with weights.

import { FROM_TARGET } from "./microKernel";
import { DEPTH_BLOCK } from "./product";
import { bytesOf, madd, sumLanes } from "./simd";

/** Adds `sum` to what the rule `start` says and stores it. */
function finish(target: usize, sum: f32, start: i32, bias: f32): void {
  store<f32>(target, start == FROM_TARGET ? load<f32>(target) + sum : bias + sum);
}

/**
 * The narrow form of `multiplyRows`: one column, as dot products of six gathered rows with `vector`.
 *
 * Layout as there; `vector` holds the column's runCount·runLength values in order; the result for row i goes
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
  const runBytes = bytesOf(runLength);
  const bytes4 = bytesOf(runLength & ~3);
  // Six rows are what fits: their sums, one vector and six loads, which Node 20 takes all at once.
  for (let i = 0; i < rows; i += 6) {
    const last = rows - 1 - i;
    const table = bases + bytesOf(i);
    const base0 = <usize>load<u32>(table);
    const base1 = <usize>load<u32>(table + bytesOf(min(1, last)));
    const base2 = <usize>load<u32>(table + bytesOf(min(2, last)));
    const base3 = <usize>load<u32>(table + bytesOf(min(3, last)));
    const base4 = <usize>load<u32>(table + bytesOf(min(4, last)));
    const base5 = <usize>load<u32>(table + bytesOf(min(5, last)));
    let t0 = f32x4.splat(0),
      t1 = t0,
      t2 = t0,
      t3 = t0,
      t4 = t0,
      t5 = t0;
    let w = vector;
    for (let run = 0; run < runCount; run++) {
      const offset = <usize>load<u32>(runs + bytesOf(run));
      let r0 = base0 + offset,
        r1 = base1 + offset,
        r2 = base2 + offset,
        r3 = base3 + offset,
        r4 = base4 + offset,
        r5 = base5 + offset;
      // Every run by itself: sums of sums round less than one long chain.
      let a0 = f32x4.splat(0),
        a1 = a0,
        a2 = a0,
        a3 = a0,
        a4 = a0,
        a5 = a0;
      const end = w + runBytes;
      for (
        const end4 = w + bytes4;
        w < end4;
        w += 16, r0 += 16, r1 += 16, r2 += 16, r3 += 16, r4 += 16, r5 += 16
      ) {
        const x = v128.load(w);
        a0 = madd(v128.load(r0), x, a0);
        a1 = madd(v128.load(r1), x, a1);
        a2 = madd(v128.load(r2), x, a2);
        a3 = madd(v128.load(r3), x, a3);
        a4 = madd(v128.load(r4), x, a4);
        a5 = madd(v128.load(r5), x, a5);
      }
      // The rest of a run one by one, in lane 0 of the same sums.
      for (; w < end; w += 4, r0 += 4, r1 += 4, r2 += 4, r3 += 4, r4 += 4, r5 += 4) {
        const x = v128.load32_zero(w);
        a0 = madd(v128.load32_zero(r0), x, a0);
        a1 = madd(v128.load32_zero(r1), x, a1);
        a2 = madd(v128.load32_zero(r2), x, a2);
        a3 = madd(v128.load32_zero(r3), x, a3);
        a4 = madd(v128.load32_zero(r4), x, a4);
        a5 = madd(v128.load32_zero(r5), x, a5);
      }
      t0 = f32x4.add(t0, a0);
      t1 = f32x4.add(t1, a1);
      t2 = f32x4.add(t2, a2);
      t3 = f32x4.add(t3, a3);
      t4 = f32x4.add(t4, a4);
      t5 = f32x4.add(t5, a5);
    }
    const target = targets + bytesOf(i);
    finish(<usize>load<u32>(target) + column, sumLanes(t0), start, bias);
    if (last > 0) finish(<usize>load<u32>(target, 4) + column, sumLanes(t1), start, bias);
    if (last > 1) finish(<usize>load<u32>(target, 8) + column, sumLanes(t2), start, bias);
    if (last > 2) finish(<usize>load<u32>(target, 12) + column, sumLanes(t3), start, bias);
    if (last > 3) finish(<usize>load<u32>(target, 16) + column, sumLanes(t4), start, bias);
    if (last > 4) finish(<usize>load<u32>(target, 20) + column, sumLanes(t5), start, bias);
  }
}

/** Adds alpha times the `count` sums at `sums` to C's rows at targets[i] + column. */
function scatter(sums: usize, count: i32, targets: usize, column: usize, alpha: f32): void {
  for (let i: usize = 0; i < bytesOf(count); i += 4) {
    const target = <usize>load<u32>(targets + i) + column;
    const sum = alpha * load<f32>(sums + i);
    store<f32>(target, load<f32>(target) + sum);
  }
}

/**
 * The narrow form of `multiplyColumns`: one column, over one run of `length` neighbouring offsets.
 *
 * Computes C[i] += alpha·Σ_k A[k][i]·y[k], the float A[k][i] at bases[k] + run + 4·i, y[k] at listed[k] + first.
 * Requires `scratch` of 96 bytes.
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
    const begin = bytesOf(k);
    const end = (<usize>min(depth, k + DEPTH_BLOCK)) << 2;
    let i = 0;
    // Three taps of eight channels, or any multiple, are whole blocks of 24; more sums would not fit the registers.
    for (; i + 24 <= length; i += 24) {
      let c0 = f32x4.splat(0),
        c1 = c0,
        c2 = c0,
        c3 = c0,
        c4 = c0,
        c5 = c0;
      const offset = run + bytesOf(i);
      for (let o = begin; o < end; o += 4) {
        const y = v128.load32_splat(<usize>load<u32>(listed + o) + first);
        const x = <usize>load<u32>(bases + o) + offset;
        c0 = madd(v128.load(x), y, c0);
        c1 = madd(v128.load(x, 16), y, c1);
        c2 = madd(v128.load(x, 32), y, c2);
        c3 = madd(v128.load(x, 48), y, c3);
        c4 = madd(v128.load(x, 64), y, c4);
        c5 = madd(v128.load(x, 80), y, c5);
      }
      v128.store(scratch, c0);
      v128.store(scratch, c1, 16);
      v128.store(scratch, c2, 32);
      v128.store(scratch, c3, 48);
      v128.store(scratch, c4, 64);
      v128.store(scratch, c5, 80);
      scatter(scratch, 24, targets + bytesOf(i), column, alpha);
    }
    for (; i + 4 <= length; i += 4) {
      let even = f32x4.splat(0),
        odd = even;
      const offset = run + bytesOf(i);
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
      scatter(scratch, 4, targets + bytesOf(i), column, alpha);
    }
    for (; i < length; i++) {
      let sum: f32 = 0;
      const offset = run + bytesOf(i);
      for (let o = begin; o < end; o += 4) {
        sum +=
          load<f32>(<usize>load<u32>(bases + o) + offset) * load<f32>(<usize>load<u32>(listed + o) + first);
      }
      store<f32>(scratch, sum);
      scatter(scratch, 1, targets + bytesOf(i), column, alpha);
    }
  }
}
