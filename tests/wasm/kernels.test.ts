// Laws of kernels that operations reach only in part: sums into a target, and numbers about an array.

import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { configure } from "../../src/index.js";
import { currentKernels, currentRuntime, SCRATCH_BYTES } from "../../src/wasm/runtime.js";
import { withArrays } from "../support/heapArrays.js";
import { expectNothingHeld } from "../support/refusals.js";
import { seededIntegers } from "../support/seeded.js";

afterEach(() => {
  configure({ relaxedSimd: "auto" });
  expectNothingHeld();
});

describe("sumOfSquares", () => {
  it("is exact on integers of every length", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.nat(), (n, seed) => {
        const x = seededIntegers(seed, n, 1000);
        withArrays([x], (xAt) => {
          const sum = x.reduce((total, value) => total + value ** 2, 0);
          expect(currentKernels().sumOfSquares(xAt!.address, n)).toBe(sum);
        });
      }),
      { numRuns: 150 },
    );
  });

  it("neither overflows nor rounds to float32 in between", () => {
    const x = Float32Array.of(3e38, 1, 2 ** -100, 3e38, 1, 1);
    withArrays([x], (at) => {
      const exact = x.reduce((sum, value) => sum + value * value, 0);
      expect(currentKernels().sumOfSquares(at!.address, 6)).toBe(exact);
    });
  });
});

describe("countNonFinite", () => {
  it("counts infinities and NaN, wherever they stand", () => {
    const values = fc.oneof(fc.float(), fc.constantFrom(NaN, Infinity, -Infinity, 3.4e38, 0, 1e-45));
    fc.assert(
      fc.property(fc.array(values, { minLength: 1, maxLength: 40 }), (list) => {
        withArrays([Float32Array.from(list)], (x) => {
          const expected = list.filter((value) => !Number.isFinite(Math.fround(value))).length;
          expect(currentKernels().countNonFinite(x!.address, list.length)).toBe(expected);
        });
      }),
      { numRuns: 200 },
    );
  });
});

describe("gemm", () => {
  const sizes = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 4 }));

  it("adds to a scaled target, or overwrites one of NaN, also for inner sizes of 0", () => {
    const factors = fc.constantFrom(1, -2, 0.5);
    const targets = fc.constantFrom(0, 1, -3);
    const inner = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 40 }));
    fc.assert(
      fc.property(
        ...([
          sizes,
          sizes,
          inner,
          fc.boolean(),
          fc.boolean(),
          factors,
          targets,
          fc.boolean(),
          fc.boolean(),
        ] as const),
        (m, n, k, transposeA, transposeB, alpha, beta, hasBias, relaxedSimd) => {
          configure({ relaxedSimd });
          const a = seededIntegers(m, Math.max(1, m * k), 8);
          const b = seededIntegers(n, Math.max(1, k * n), 8);
          const c = beta === 0 ? new Float32Array(m * n).fill(NaN) : seededIntegers(k, m * n, 50);
          const bias = seededIntegers(m + n, n, 50);
          withArrays([a, b, c, bias], (aAt, bAt, cAt, biasAt) => {
            currentKernels().gemm(
              ...([
                aAt!.address,
                bAt!.address,
                cAt!.address,
                hasBias ? biasAt!.address : 0,
                m,
                n,
                k,
              ] as const),
              ...([Number(transposeA), Number(transposeB), alpha, beta, 0, 0] as const),
              ...([currentRuntime().scratch, SCRATCH_BYTES] as const),
            );
            const wanted = Array.from(c, (start, at) => {
              const [i, j] = [Math.floor(at / n), at % n];
              let sum = 0;
              for (let q = 0; q < k; q++)
                sum += a[transposeA ? q * m + i : i * k + q]! * b[transposeB ? j * k + q : q * n + j]!;
              return alpha * sum + (beta === 0 ? 0 : beta * start) + (hasBias ? bias[j]! : 0);
            });
            expect(Array.from(cAt!.read(), (x) => x + 0)).toEqual(wanted.map((x) => x + 0));
          });
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("add", () => {
  it("repeats operands of any two lengths that divide the result's", () => {
    const factors = fc.constantFrom(1, 2, 3, 5, 16);
    fc.assert(
      fc.property(factors, factors, fc.constantFrom(1, 4, 7), (p, q, common) => {
        const [aLength, bLength, n] = [p * common, q * common, p * q * common];
        const a = seededIntegers(p, aLength, 1000);
        const b = seededIntegers(q, bLength, 1000);
        withArrays([a, b, new Float32Array(n)], (aAt, bAt, yAt) => {
          currentKernels().add(aAt!.address, aLength, bAt!.address, bLength, yAt!.address, n);
          expect(yAt!.read()).toEqual(
            Float32Array.from({ length: n }, (_, i) => a[i % aLength]! + b[i % bLength]!),
          );
        });
      }),
      { numRuns: 150 },
    );
  });
});

describe("axpy and fill", () => {
  it("add a multiple, and overwrite, arrays of every length", () => {
    for (let n = 1; n <= 20; n++) {
      const x = seededIntegers(n, n, 20);
      const y = seededIntegers(n + 1, n, 20);
      withArrays([x, y], (xAt, yAt) => {
        currentKernels().axpy(-3, xAt!.address, yAt!.address, n);
        expect([...yAt!.read()]).toEqual(Array.from(y, (value, i) => value - 3 * x[i]!));
        currentKernels().fill(yAt!.address, n, 0.5);
        expect([...yAt!.read()]).toEqual(Array.from(y, () => 0.5));
      });
    }
  });
});
