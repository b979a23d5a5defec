// The yardstick of the benchmarks: multiply-adds that touch registers only.

import { madd } from "./simd";

/**
 * Computes 13 chains of `count` dependent multiply-adds, 104 floating-point operations a round. Thirteen, with
 * their two factors, fill the registers: fewer chains are bound by latency, more spill.
 * Layout reads two vectors at `p` and writes one behind them.
 */
export function multiplyAddLoop(count: i32, p: usize): void {
  const a = v128.load(p);
  const b = v128.load(p, 16);
  let c0 = a,
    c1 = b,
    c2 = a,
    c3 = b,
    c4 = a,
    c5 = b,
    c6 = a,
    c7 = b,
    c8 = a,
    c9 = b,
    c10 = a,
    c11 = b,
    c12 = a;
  for (let i = 0; i < count; i++) {
    c0 = madd(c0, a, b);
    c1 = madd(c1, a, b);
    c2 = madd(c2, a, b);
    c3 = madd(c3, a, b);
    c4 = madd(c4, a, b);
    c5 = madd(c5, a, b);
    c6 = madd(c6, a, b);
    c7 = madd(c7, a, b);
    c8 = madd(c8, a, b);
    c9 = madd(c9, a, b);
    c10 = madd(c10, a, b);
    c11 = madd(c11, a, b);
    c12 = madd(c12, a, b);
  }
  const low = f32x4.add(f32x4.add(f32x4.add(c0, c1), f32x4.add(c2, c3)), f32x4.add(c4, c5));
  const high = f32x4.add(
    f32x4.add(f32x4.add(c6, c7), f32x4.add(c8, c9)),
    f32x4.add(c10, f32x4.add(c11, c12)),
  );
  v128.store(p, f32x4.add(low, high), 32);
}
