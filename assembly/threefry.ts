// Random words from a key and a counter: threefry2x32 with 20 rounds (Salmon, Moraes, Dror, Shaw, "Parallel random
// numbers: as easy as 1, 2, 3", 2011), laid out as jax.random does with jax_threefry_partitionable off.
//
// Word stream of n words: half = ⌈n / 2⌉ blocks, block i enciphers the counts (i, half + i); its first output
// word is word i, its second word half + i. For odd n the last block's second count is 0 and its second
// output is dropped.

import { Count, First, Operand, Results } from "./operand";
import { bytesOf, storePart } from "./simd";

/** Words that blocks [first, first + blocks) put into the second half of n. */
export function secondWords(n: i32, first: i32, blocks: i32): i32 {
  return min(blocks, (n >>> 1) - first);
}

/** Blocks that give n words. */
export function halfOf(n: i32): i32 {
  return (n >>> 1) + (n & 1);
}

/**
 * Computes those of the n words of the stream above that `blocks` blocks from first on give, `counter0` added to every
 * count.
 * Layout y [n] u32. Requires n ≥ 1.
 */
export function threefryBits(
  key0: i32,
  key1: i32,
  counter0: i32,
  y: Operand,
  n: i32,
  first: First,
  blocks: Count,
): void {
  const half = halfOf(n);
  const k0 = i32x4.splat(key0);
  const k1 = i32x4.splat(key1);
  const four = i32x4.splat(4);
  let lower = i32x4.add(i32x4.splat(counter0 + first), i32x4(0, 1, 2, 3));
  let upper = i32x4.add(lower, i32x4.splat(half));
  const dropped = blocks - secondWords(n, first, blocks);
  y += bytesOf(first);
  for (; blocks > 4; blocks -= 4, y += 16) {
    encipher(k0, k1, lower, upper, y, y + bytesOf(half), 4, 4);
    lower = i32x4.add(lower, four);
    upper = i32x4.add(upper, four);
  }
  // Of the last blocks, only the second count of the very last can be the padding.
  if (dropped) upper = v128.andnot(upper, i32x4.eq(i32x4(1, 2, 3, 4), i32x4.splat(blocks)));
  encipher(k0, k1, lower, upper, y, y + bytesOf(half), blocks, blocks - dropped);
}

/** Computes one block: y[0], y[1] = threefry2x32(key; counter0, counter1). Layout y [2] u32. */
export function threefryBlock(key0: i32, key1: i32, counter0: i32, counter1: i32, y: Results): void {
  const first = i32x4.splat(counter0);
  encipher(i32x4.splat(key0), i32x4.splat(key1), first, i32x4.splat(counter1), y, y + 4, 1, 1);
}

/** Enciphers four blocks and stores the first `count0` first and `count1` second words. */
function encipher(
  k0: v128,
  k1: v128,
  x0: v128,
  x1: v128,
  y0: usize,
  y1: usize,
  count0: i32,
  count1: i32,
): void {
  const k2 = v128.xor(v128.xor(k0, k1), i32x4.splat(0x1bd11bda));
  x0 = i32x4.add(x0, k0);
  x1 = i32x4.add(x1, k1);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 13), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 15), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 26), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 6), x0);
  x0 = i32x4.add(x0, k1);
  x1 = i32x4.add(x1, i32x4.add(k2, i32x4.splat(1)));
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 17), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 29), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 16), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 24), x0);
  x0 = i32x4.add(x0, k2);
  x1 = i32x4.add(x1, i32x4.add(k0, i32x4.splat(2)));
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 13), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 15), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 26), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 6), x0);
  x0 = i32x4.add(x0, k0);
  x1 = i32x4.add(x1, i32x4.add(k1, i32x4.splat(3)));
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 17), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 29), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 16), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 24), x0);
  x0 = i32x4.add(x0, k1);
  x1 = i32x4.add(x1, i32x4.add(k2, i32x4.splat(4)));
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 13), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 15), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 26), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(rotate(x1, 6), x0);
  x0 = i32x4.add(x0, k2);
  x1 = i32x4.add(x1, i32x4.add(k0, i32x4.splat(5)));
  storePart(y0, x0, count0);
  storePart(y1, x1, count1);
}

function rotate(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(x, bits), i32x4.shr_u(x, 32 - bits));
}
