// The law of the seam: the order in which grains run, and who runs them, make no difference to a single bit.

import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configure } from "../../src/index.js";
import { addPartials, MAX_RESULTS, stridedCopy } from "../../src/wasm/generated.js";
import { countNonFinite, gemm, reduce, sumOfSquares } from "../../src/wasm/kernels.js";
import { grainOfSums, withRunner } from "../../src/wasm/run.js";
import { type GoldenCase, opCases, withGradients } from "../support/goldenOps.js";
import { productCases } from "../support/goldenProducts.js";
import { trainingCases } from "../support/goldenTraining.js";
import { GRADIENT_TABLE } from "../support/gradientTable.js";
import { withArrays } from "../support/heapArrays.js";
import { ORDERS, runOtherwise } from "../support/runners.js";
import { seededFloats } from "../support/seeded.js";
import { sumCases, valueOf } from "../support/sumCases.js";

const inOrder = (firsts: number[]) => firsts;

/** Reshaping computes nothing; the table's embeddings are products of too few rows to be cut, unlike those above. */
const UNCUT = ["reshape", "embedding"];

/** Cases whose bits the order of their grains, or who runs them, changes; and how often jobs were cut. */
function casesThatDiffer(cases: readonly GoldenCase[], work: number, order: keyof typeof ORDERS) {
  let cut = 0;
  const names = cases
    .filter((one) => {
      const { result, cuts } = runOtherwise(work, inOrder, false, () => valueOf(one));
      cut += cuts;
      return runOtherwise(work, ORDERS[order]!, true, () => valueOf(one)).result !== result;
    })
    .map(([name]) => name);
  return { names, cut };
}

describe.each([
  { binary: "simd", relaxedSimd: false },
  { binary: "relaxed", relaxedSimd: true },
])("grains of $binary", ({ relaxedSimd }) => {
  beforeAll(() => configure({ relaxedSimd }));
  afterAll(() => configure({ relaxedSimd: "auto" }));

  // Sizes apart from those of vectors and tiles.
  it.each([
    { work: 5, order: "reversed", cases: opCases },
    { work: 70, order: "shuffled", cases: opCases },
    { work: 9, order: "reversed", cases: sumCases },
    { work: 30, order: "shuffled", cases: productCases },
    { work: 500, order: "shuffled", cases: trainingCases },
  ])("of $work elements run $order, by two instances, to the same bits", ({ work, order, cases }) => {
    const { names, cut } = casesThatDiffer(cases, work, order);
    expect(names).toEqual([]);
    expect(cut).toBeGreaterThan(cases.length);
  });

  it.each(Object.entries(GRADIENT_TABLE))(
    "of %s, forward and backward, run to the same bits",
    (name, samples) => {
      const orders = fc.constantFrom(...Object.values(ORDERS));
      const drawn = fc.record({ sample: samples, work: fc.constantFrom(1, 1, 5, 23), order: orders });
      let cut = 0;
      // Always the same ones, so that how often they are cut does not change from run to run.
      for (const { sample, work, order } of fc.sample(drawn, { numRuns: 20, seed: 1 })) {
        const one: GoldenCase = [name, () => withGradients(sample.f, ...sample.inputs)];
        const { result, cuts } = runOtherwise(work, inOrder, false, () => valueOf(one));
        const other = runOtherwise(work, order, true, () => valueOf(one));
        expect(other.result, `${work} elements, ${JSON.stringify(sample.options)}`).toBe(result);
        cut += cuts;
      }
      expect(cut > 0).toBe(!UNCUT.includes(name));
    },
  );
});

describe("the law", () => {
  /** Copies one element after the other, so many items to a grain. */
  const copy = (length: number, from: number, to: number, step: number) => (): number[] =>
    withArrays([seededFloats(1, length)], (x) => {
      const at = (offset: number) => ({ storage: x!.storage, offset: x!.offset + offset });
      const count = length - Math.max(from, to);
      const lists = { shape: [count], xStrides: [1], yStrides: [step] };
      stridedCopy({ x: at(from), y: at(to), rank: 1, ...lists, count, grain: 4 });
      return [...x!.read()];
    });
  const differs = (f: () => number[]) => {
    const wanted = runOtherwise(5, inOrder, false, f).result;
    return Object.values(ORDERS).map((order) => {
      const { result } = runOtherwise(5, order, true, f);
      return result.some((value, i) => !Object.is(value, wanted[i]));
    });
  };
  beforeAll(() => configure({ relaxedSimd: false }));
  afterAll(() => configure({ relaxedSimd: "auto" }));

  it("finds a grain that reads what its neighbour writes", () => {
    expect(differs(copy(40, 0, 1, 1))).toContain(true);
  });

  it("finds grains that write to one place", () => {
    expect(differs(copy(40, 1, 0, 0))).toContain(true);
  });

  it("finds nothing where grains are apart", () => {
    expect(differs(copy(40, 20, 0, 1))).toEqual([false, false]);
  });
});

describe("sums over grains", () => {
  it("are added in the order of the grains, whatever the order they ran in", () => {
    const n = 1000;
    withArrays([seededFloats(3, n), new Float32Array(1)], (x, y) => {
      const sums = Object.values({ inOrder, ...ORDERS }).map((order) => {
        const { result } = runOtherwise(64, order, false, () => {
          reduce("sum", x!, y!, { outer: 1, axis: n, inner: 1 });
          return [y!.read()[0], sumOfSquares(x!, n), countNonFinite(x!, n)];
        });
        return result;
      });
      expect(new Set(sums.map(String)).size).toBe(1);
    });
  });

  it("are added from the first grain on: another order would round to another number", () => {
    const [small, big] = [64, 2 ** 60];
    const x = new Float32Array(3 * small);
    // 1 is lost beside 2⁶⁰ where it comes first, and left where it comes last.
    [x[0], x[small], x[2 * small]] = [1, big, -big];
    // The two 2 reach 2⁵⁴ together, each alone does not.
    const y = Float32Array.from(x, (_, i) => Number(i % small < 2));
    [y[2 * small], y[2 * small + 1]] = [2 ** 27, 0];
    withArrays([x, y, Float32Array.of(1, big, -big), new Float32Array(2)], (values, roots, parts, sums) => {
      withRunner(undefined, small, () => {
        reduce("sum", values!, sums!, { outer: 1, axis: 3 * small, inner: 1 });
        expect(sumOfSquares(roots!, 3 * small)).toBe(2 ** 54 + 4);
      });
      addPartials({
        partials: parts!,
        y: { storage: sums!.storage, offset: sums!.offset + 1 },
        size: 1,
        divisor: 1,
        n: 1,
        parts: 3,
      });
      expect([...sums!.read()]).toEqual([0, 0]);
    });
  });

  it("of one block do not depend on how many blocks there are", () => {
    const [outer, axis, inner] = [3, 200_001, 1];
    withArrays(
      [seededFloats(5, outer * axis), new Float32Array(outer), new Float32Array(1)],
      (x, all, one) => {
        reduce("mean", x!, all!, { outer, axis, inner });
        reduce("mean", x!, one!, { outer: 1, axis, inner });
        expect(one!.read()[0]).toBe(all!.read()[0]);
      },
    );
  });

  it("are at most so many as there is room for", () => {
    const n = 10_000;
    withArrays([new Float32Array(n).fill(Infinity)], (x) => {
      expect(withRunner(undefined, 1, () => countNonFinite(x!, n))).toBe(n);
    });
    for (const count of [1, 31, 32, 33, 1000]) {
      for (const size of [1, 1 << 14, 1 << 19, 1 << 24]) {
        const parts = Math.ceil(count / grainOfSums(count, 1, size));
        expect(parts * size).toBeLessThanOrEqual(Math.max(size, 1 << 19));
        expect(parts).toBeLessThanOrEqual(32);
      }
    }
    expect(MAX_RESULTS).toBeGreaterThan(0);
  });
});

describe("a row of a product", () => {
  const PLAIN = { bias: undefined, activation: "linear", alpha: 0 } as const;
  const M = 23;

  it.each([
    { binary: "simd", relaxedSimd: false },
    { binary: "relaxed", relaxedSimd: true },
  ])("has the same bits in any company, with $binary", ({ relaxedSimd }) => {
    configure({ relaxedSimd });
    for (const [n, k] of [
      [1, 9],
      [3, 700],
      [4, 33],
      [5, 1],
      [7, 300],
      [24, 512],
      [31, 513],
      [100, 1025],
      [9, 17_000],
    ] as const) {
      for (const transposeB of [false, true]) {
        for (const [hasBias, factor, start] of [
          [false, 1, 0],
          [true, 1, 0],
          [true, 0.7, 0],
          [false, 1, 0.5],
        ] as const) {
          const arrays = [
            seededFloats(1, M * k),
            seededFloats(2, k * n),
            seededFloats(3, M * n),
            seededFloats(4, n),
          ];
          withArrays([...arrays, arrays[2]!], (a, b, whole, bias, parts) => {
            const epilogue = hasBias
              ? { ...PLAIN, bias: bias!, activation: "elu" as const, alpha: 1 }
              : PLAIN;
            const sizes = { n, k, transposeA: false, transposeB };
            gemm(a!, b!, whole!, { m: M, ...sizes }, epilogue, factor, start);
            for (let row = 0, m = 1; row < M; row += m, m = Math.min(m + 1, M - row)) {
              const at = (t: typeof a, width: number) => ({
                storage: t!.storage,
                offset: t!.offset + row * width,
              });
              gemm(at(a, k), b!, at(parts, n), { m, ...sizes }, epilogue, factor, start);
            }
            expect(parts!.read(), `${n} × ${k}, ${transposeB}`).toEqual(whole!.read());
          });
        }
      }
    }
    configure({ relaxedSimd: "auto" });
  });
});
