// Laws of configure and runtimeInfo: the choice of binary, the limit of the memory, and what happens at it.

import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { configure, ops, runtimeInfo, scope, type Tensor, tensor } from "../../src/index.js";
import { expectNothingHeld, expectRefused } from "../support/refusals.js";
import { seededFloats } from "../support/seeded.js";

const MIB = 2 ** 20;
const LIMIT = 4 * 1024 * MIB;

afterEach(() => {
  configure({ relaxedSimd: "auto", maxMemory: LIMIT });
  expectNothingHeld();
});

describe("runtimeInfo", () => {
  it("tells used, peak, reserved and limit in this order of size", () => {
    scope(() => {
      ops.relu(tensor(new Float32Array(1000)));
      const { used, peak, reserved, limit } = runtimeInfo().memory;
      expect(used).toBeGreaterThanOrEqual(8000);
      expect(peak).toBeGreaterThanOrEqual(used);
      expect(reserved).toBeGreaterThan(peak);
      expect(limit).toBe(LIMIT);
    });
    expect(runtimeInfo().memory.used).toBe(0);
    expect(runtimeInfo().sharedMemory).toBe(true);
  });
});

describe("configure", () => {
  it("switches binaries between two calls, also inside a scope", () => {
    const x = tensor(seededFloats(1, 64 * 48), [64, 48]);
    const product = scope(() => {
      configure({ relaxedSimd: false });
      expect(runtimeInfo().binary).toBe("simd");
      const half = ops.scale(x, 0.5);
      configure({ relaxedSimd: true });
      expect(runtimeInfo().binary).toBe("relaxed");
      return ops.add(half, half);
    });
    expect(product.data).toEqual(x.data);
  });

  it("gives results that differ by rounding only from one binary to the other", () => {
    fc.assert(
      fc.property(
        fc.tuple(...[1, 2, 3].map(() => fc.integer({ min: 1, max: 40 }))),
        fc.nat(),
        ([m, n, k], seed) => {
          const a = tensor(seededFloats(seed, m! * k!), [m!, k!]);
          const b = tensor(seededFloats(seed + 1, k! * n!), [k!, n!]);
          configure({ relaxedSimd: false });
          const plain = ops.matmul(a, b);
          configure({ relaxedSimd: true });
          const fused = ops.matmul(a, b);
          // Each is within k·2⁻²⁴·Σ|a||b| of the truth, and no product of two values in [−1, 1] exceeds 1.
          const bound = 2 * k! * k! * 2 ** -24;
          expect(plain.data.every((value, i) => Math.abs(value - fused.data[i]!) <= bound)).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("gives the same bits again after switching there and back", () => {
    const x = tensor(seededFloats(2, 1000));
    configure({ relaxedSimd: false });
    const first = ops.tanh(x);
    configure({ relaxedSimd: true });
    ops.tanh(x);
    configure({ relaxedSimd: false });
    expect(ops.tanh(x).data).toEqual(first.data);
  });

  it("can have relaxed SIMD on every Node from 20 on", () => {
    configure({ relaxedSimd: true });
    expect(runtimeInfo().binary).toBe("relaxed");
  });

  it("leaves absent options as they are", () => {
    configure({ relaxedSimd: false, maxMemory: 64 * MIB });
    configure({});
    expect(runtimeInfo()).toMatchObject({ binary: "simd", memory: { limit: 64 * MIB } });
    configure({ maxMemory: 32 * MIB });
    expect(runtimeInfo()).toMatchObject({ binary: "simd", memory: { limit: 32 * MIB } });
  });

  it.each<[unknown, ErrorConstructor, string]>([
    [null, TypeError, "configure: options"],
    [undefined, TypeError, "configure: options"],
    ["auto", TypeError, "configure: options"],
    [{ relaxed: true }, TypeError, "configure: options must have only the names"],
    [{ relaxedSimd: "yes" }, TypeError, "configure: relaxedSimd"],
    [{ relaxedSimd: 1 }, TypeError, "configure: relaxedSimd"],
    [{ relaxedSimd: null }, TypeError, "configure: relaxedSimd"],
    [{ maxMemory: "1 GB" }, TypeError, "configure: maxMemory"],
    [{ maxMemory: NaN }, RangeError, "configure: maxMemory"],
    [{ maxMemory: 16 * MIB + 0.5 }, RangeError, "configure: maxMemory"],
    [{ maxMemory: -1 }, RangeError, "configure: maxMemory"],
    [{ maxMemory: 8 * MIB - 1 }, RangeError, "configure: maxMemory"],
    [{ maxMemory: LIMIT + 1 }, RangeError, "configure: maxMemory"],
    [{ relaxedSimd: false, maxMemory: 1 }, RangeError, "configure: maxMemory"],
  ])("refuses %o and changes nothing", (options, kind, start) => {
    const before = runtimeInfo();
    expectRefused(() => configure(options as never), kind, start);
    expect(runtimeInfo()).toEqual(before);
  });
});

describe("memory at its limit", () => {
  const large = tensor(new Float32Array(1_000_000).fill(1));
  const message = /^out of memory: asked for 4000000 bytes, (\d+) are in use, the limit is 16777216 /;

  it("is refused with the bytes asked for and in use, and small calls still work", () => {
    configure({ maxMemory: 16 * MIB });
    const results: Tensor[] = [];
    scope(() => {
      expect(() => {
        for (;;) results.push(ops.add(large, results.length));
      }).toThrow(RangeError);
      expect(results.length).toBeGreaterThanOrEqual(1);
      const { used, reserved } = runtimeInfo().memory;
      expect(reserved).toBeLessThanOrEqual(16 * MIB);
      let words = "";
      try {
        ops.add(large, 1);
      } catch (error) {
        words = (error as Error).message;
      }
      expect(words).toMatch(message);
      expect(Number(message.exec(words)?.[1])).toBeGreaterThanOrEqual(used);
      expect([...ops.add(tensor([1, 2]), 1).data]).toEqual([2, 3]);
      expect(results.every((t, i) => t.data[999_999] === 1 + i)).toBe(true);
    });
    expect(runtimeInfo().memory.used).toBe(0);
    expect(ops.add(large, 1).data[999_999]).toBe(2);
  });

  it("releases what the refused call had taken", () => {
    configure({ maxMemory: 16 * MIB });
    const larger = tensor(new Float32Array(2_500_000));
    expect(() => ops.add(larger, larger)).toThrow(/^out of memory: asked for 10000000 bytes/);
    expect(runtimeInfo().memory.used).toBe(0);
    expect([...ops.relu(tensor([-1, 1])).data]).toEqual([0, 1]);
  });

  it("is lifted by a higher limit", () => {
    configure({ maxMemory: 16 * MIB });
    const larger = tensor(new Float32Array(2_500_000).fill(2));
    expect(() => ops.add(larger, larger)).toThrow(RangeError);
    configure({ maxMemory: 64 * MIB });
    expect(ops.add(larger, larger).data.every((value) => value === 4)).toBe(true);
  });

  it("may be set below what is reserved: nothing grows, what fits still runs", () => {
    ops.add(tensor(new Float32Array(4_000_000)), 1);
    const { reserved } = runtimeInfo().memory;
    configure({ maxMemory: 8 * MIB });
    expect(reserved).toBeGreaterThan(8 * MIB);
    expect(ops.add(large, 1).data[0]).toBe(2);
    expect(() => ops.add(tensor(new Float32Array(20_000_000)), 1)).toThrow(/^out of memory/);
    expect(runtimeInfo().memory.reserved).toBe(reserved);
  });
});
