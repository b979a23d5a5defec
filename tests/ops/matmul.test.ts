// Laws of matmul and dense: the definition, exactly on integers and within the rounding bound on real values.

import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configure, ones, ops, scope, type Tensor, tensor, vjp } from "../../src/index.js";
import { expectRefused } from "../support/refusals.js";
import { seededFloats, seededIntegers } from "../support/seeded.js";

interface Sizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

type Fill = (seed: number, count: number) => Float32Array;

function operands({ m, n, k, transposeA, transposeB }: Sizes, fill: Fill, seed: number): [Tensor, Tensor] {
  const a = tensor(fill(seed, m * k), transposeA ? [k, m] : [m, k]);
  const b = tensor(fill(seed + 1, k * n), transposeB ? [n, k] : [k, n]);
  return [a, b];
}

/** op(a)·op(b) in float64. */
function product(a: ArrayLike<number>, b: ArrayLike<number>, sizes: Sizes): Float64Array {
  const { m, n, k, transposeA, transposeB } = sizes;
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let p = 0; p < k; p++) {
      const x = a[transposeA ? p * m + i : i * k + p]!;
      for (let j = 0; j < n; j++) c[i * n + j]! += x * b[transposeB ? j * k + p : p * n + j]!;
    }
  }
  return c;
}

/** The first entry that differs, for a message; comparing large arrays with toEqual takes seconds. */
function firstDifference(got: ArrayLike<number>, want: ArrayLike<number>): string | undefined {
  if (got.length !== want.length) return `${got.length} entries for ${want.length}`;
  for (let i = 0; i < got.length; i++) if (got[i] !== want[i]) return `at ${i}: ${got[i]} for ${want[i]}`;
  return undefined;
}

/** Integers so small that every partial sum of k products is exact in float32, in any order. */
const integers: Fill = (seed, count) => seededIntegers(seed, count, 8);

const transposes = { transposeA: fc.boolean(), transposeB: fc.boolean() };
const upTo40 = fc.integer({ min: 1, max: 40 });
const sizes = fc.oneof(
  fc.record({ m: upTo40, n: upTo40, k: upTo40, ...transposes }),
  fc.record({
    m: fc.integer({ min: 1, max: 4 }),
    n: upTo40,
    k: fc.integer({ min: 1, max: 300 }),
    ...transposes,
  }),
  fc.record({
    m: upTo40,
    n: fc.integer({ min: 1, max: 4 }),
    k: fc.integer({ min: 1, max: 300 }),
    ...transposes,
  }),
  fc.record({
    m: fc.integer({ min: 30, max: 140 }),
    n: fc.integer({ min: 30, max: 70 }),
    k: upTo40,
    ...transposes,
  }),
);

/** Odd sizes across the blocks of the product, and thin ones with a very long inner size. */
const LARGE: readonly [m: number, n: number, k: number][] = [
  [130, 67, 301],
  [257, 129, 519],
  [3, 515, 1000],
  [4, 1027, 129],
  [515, 3, 700],
  [1029, 1, 257],
  [1, 1, 20_000],
  [1, 37, 20_000],
  [37, 1, 20_000],
  [2, 4, 20_000],
  [13, 9, 20_000],
  [1, 4099, 3],
  [4099, 2, 3],
  [601, 259, 1],
];

const ALL_TRANSPOSES = [false, true].flatMap((transposeA) =>
  [false, true].map((transposeB) => ({ transposeA, transposeB })),
);

describe.each([
  { binary: "simd", relaxedSimd: false },
  { binary: "relaxed", relaxedSimd: true },
])("matmul on the $binary binary", ({ relaxedSimd }) => {
  beforeAll(() => configure({ relaxedSimd }));
  afterAll(() => configure({ relaxedSimd: "auto" }));

  it("agrees with the definition exactly on integers, transposed or not, scaled, with a bias", () => {
    fc.assert(
      fc.property(
        sizes,
        fc.constantFrom(1, -2, 0.5, 0),
        fc.boolean(),
        fc.nat(),
        (s, scale, hasBias, seed) => {
          const [a, b] = operands(s, integers, seed);
          const bias = tensor(seededIntegers(seed + 2, s.n, 50));
          const { transposeA, transposeB } = s;
          const options = { transposeA, transposeB, scale, ...(hasBias && { bias }) };
          const y = ops.matmul(a, b, options);
          const want = product(a.data, b.data, s).map(
            (x, i) => scale * x + (hasBias ? bias.data[i % s.n]! : 0),
          );
          expect(y.shape).toEqual([s.m, s.n]);
          expect(firstDifference(y.data, want)).toBeUndefined();
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each(LARGE)("agrees with the definition exactly for %d × %d with inner size %d", (m, n, k) => {
    for (const transposed of ALL_TRANSPOSES) {
      const s = { m, n, k, ...transposed };
      const [a, b] = operands(s, integers, m + n + k);
      expect(firstDifference(ops.matmul(a, b, transposed).data, product(a.data, b.data, s))).toBeUndefined();
    }
  });

  it("is within k·2⁻²⁴·|A||B| of the truth on real values", () => {
    fc.assert(
      fc.property(sizes, fc.nat(), (s, seed) => {
        const [a, b] = operands(s, seededFloats, seed);
        const { transposeA, transposeB } = s;
        const y = ops.matmul(a, b, { transposeA, transposeB });
        const want = product(a.data, b.data, s);
        const bound = product(a.data.map(Math.abs), b.data.map(Math.abs), s);
        const wrong = want.findIndex((x, i) => !(Math.abs(y.data[i]! - x) <= s.k * 2 ** -24 * bound[i]!));
        expect(wrong).toBe(-1);
      }),
      { numRuns: 100 },
    );
  });

  it("has gradients that agree with the definition exactly on integers", () => {
    fc.assert(
      fc.property(sizes, fc.constantFrom(1, -2, 0.5), fc.nat(), (s, scale, seed) => {
        const { m, n, k, transposeA, transposeB } = s;
        const [a, b] = operands(s, integers, seed);
        const bias = tensor(seededIntegers(seed + 2, n, 50));
        const gradOutput = tensor(seededIntegers(seed + 3, m * n, 8), [m, n]);
        const f = (p: { a: Tensor; b: Tensor; bias: Tensor }) =>
          ops.matmul(p.a, p.b, { transposeA, transposeB, scale, bias: p.bias });
        const { grads } = vjp(f)(gradOutput, { a, b, bias });

        const scaled = (x: Float64Array) => x.map((v) => scale * v);
        const dy = gradOutput.data;
        // dA = dC·op(B)ᵀ, dB = op(A)ᵀ·dC, each transposed back where its operand was.
        const gradA = transposeA
          ? product(b.data, dy, { m: k, n: m, k: n, transposeA: transposeB, transposeB: true })
          : product(dy, b.data, { m, n: k, k: n, transposeA: false, transposeB: !transposeB });
        const gradB = transposeB
          ? product(dy, a.data, { m: n, n: k, k: m, transposeA: true, transposeB: transposeA })
          : product(a.data, dy, { m: k, n, k: m, transposeA: !transposeA, transposeB: false });
        const rows = ones([1, m]).data;
        const gradBias = product(rows, dy, { m: 1, n, k: m, transposeA: false, transposeB: false });
        expect(grads.a.shape).toEqual(a.shape);
        expect(grads.b.shape).toEqual(b.shape);
        expect(grads.bias.shape).toEqual([n]);
        expect(firstDifference(grads.a.data, scaled(gradA))).toBeUndefined();
        expect(firstDifference(grads.b.data, scaled(gradB))).toBeUndefined();
        expect(firstDifference(grads.bias.data, gradBias)).toBeUndefined();
      }),
      { numRuns: 150 },
    );
  });

  it("with a fused activation is the activation of the product, gradients included", () => {
    const activations = {
      linear: (x: Tensor) => x,
      relu: ops.relu,
      leakyRelu: (x: Tensor) => ops.leakyRelu(x, { alpha: 0.25 }),
      elu: (x: Tensor) => ops.elu(x, { alpha: 0.25 }),
      sigmoid: ops.sigmoid,
      tanh: ops.tanh,
    } as const;
    const names = Object.keys(activations) as (keyof typeof activations)[];
    fc.assert(
      fc.property(
        sizes,
        fc.constantFrom(...names),
        fc.boolean(),
        fc.nat(),
        (s, activation, hasBias, seed) => {
          const { transposeA, transposeB } = s;
          const [a, b] = operands(s, (seed, count) => seededIntegers(seed, count, 2), seed);
          const bias = tensor(seededIntegers(seed + 2, s.n, 3));
          const gradOutput = tensor(seededIntegers(seed + 3, s.m * s.n, 4), [s.m, s.n]);
          // 2⁻⁶ keeps sums within the range where sigmoid and tanh bend; it is exact.
          const scale = 2 ** -6;
          const alpha = 0.25;
          const options = { transposeA, transposeB, scale };
          const fused = vjp(({ a, b, bias }: { a: Tensor; b: Tensor; bias: Tensor }) =>
            ops.matmul(a, b, { ...options, activation, alpha, ...(hasBias && { bias }) }),
          )(gradOutput, { a, b, bias });
          const apart = vjp(({ a, b, bias }: { a: Tensor; b: Tensor; bias: Tensor }) => {
            const y = ops.matmul(a, b, options);
            return activations[activation](hasBias ? ops.add(y, bias) : y);
          })(gradOutput, { a, b, bias });
          expect(firstDifference(fused.value.data, apart.value.data)).toBeUndefined();
          for (const name of ["a", "b", "bias"] as const) {
            expect(firstDifference(fused.grads[name].data, apart.grads[name].data)).toBeUndefined();
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe("matmul", () => {
  it("is linear in each argument", () => {
    const s = { m: 13, n: 9, k: 21, transposeA: false, transposeB: false };
    const [a, b] = operands(s, integers, 1);
    const [a2, b2] = operands(s, integers, 3);
    const sum = (x: Tensor, y: Tensor) => ops.add(ops.scale(x, 3), y);
    expect(ops.matmul(sum(a, a2), b).data).toEqual(sum(ops.matmul(a, b), ops.matmul(a2, b)).data);
    expect(ops.matmul(a, sum(b, b2)).data).toEqual(sum(ops.matmul(a, b), ops.matmul(a, b2)).data);
  });

  it("is associative on small integers", () => {
    const x = tensor(seededIntegers(1, 5 * 7, 3), [5, 7]);
    const y = tensor(seededIntegers(2, 7 * 6, 3), [7, 6]);
    const z = tensor(seededIntegers(3, 6 * 4, 3), [6, 4]);
    expect(ops.matmul(ops.matmul(x, y), z).data).toEqual(ops.matmul(x, ops.matmul(y, z)).data);
  });

  it("multiplies a matrix by itself, its own transpose, and slices", () => {
    const x = tensor([1, 2, 3, 4], [2, 2]);
    expect([...ops.matmul(x, x).data]).toEqual([7, 10, 15, 22]);
    expect([...ops.matmul(x, x, { transposeB: true }).data]).toEqual([5, 11, 11, 25]);
    expect([...ops.matmul(ops.slice(x, 1), ops.slice(x, 0, 1), { transposeB: true }).data]).toEqual([11]);
    const { grads } = vjp((t: Tensor) => ops.matmul(t, t))(ones([2, 2]), x);
    expect([...grads.data]).toEqual([7, 11, 9, 13]);
  });

  it("spreads NaN and infinities to their row and column only", () => {
    const a = tensor(new Float32Array(35).fill(1), [5, 7]);
    const b = new Float32Array(7 * 6).fill(1);
    b[3 * 6 + 2] = NaN;
    b[4 * 6 + 5] = Infinity;
    const y = ops.matmul(a, tensor(b, [7, 6]));
    expect([...y.data]).toEqual(Array.from({ length: 30 }, (_, i) => [7, 7, NaN, 7, 7, Infinity][i % 6]));
  });

  it("is the same inside a scope and leaves its inputs unchanged", () => {
    const [a, b] = operands({ m: 5, n: 6, k: 7, transposeA: false, transposeB: false }, seededFloats, 1);
    const [before, beforeB] = [a.data.slice(), b.data.slice()];
    expect(scope(() => ops.matmul(a, b)).data).toEqual(ops.matmul(a, b).data);
    expect([a.data, b.data]).toEqual([before, beforeB]);
  });

  const a = ones([2, 3]);
  const b = ones([3, 4]);

  it.each<[string, unknown[], ErrorConstructor, string]>([
    [
      "inner sizes that differ",
      [a, ones([4, 3])],
      RangeError,
      "b.shape[0] must equal a.shape[1] = 3 (inner size), got 4",
    ],
    [
      "inner sizes that differ when transposed",
      [a, b, { transposeB: true }],
      RangeError,
      "b.shape[1] must equal",
    ],
    [
      "inner sizes that differ when a is",
      [a, b, { transposeA: true }],
      RangeError,
      "b.shape[0] must equal a.shape[0] = 2",
    ],
    ["a vector", [ones([3]), b], RangeError, "a.shape must have 2 axes"],
    ["a stack of matrices", [a, ones([1, 3, 4])], RangeError, "b.shape must have 2 axes"],
    ["an array", [[[1, 2, 3]], b], TypeError, "a must be a tensor"],
    ["a missing matrix", [a], TypeError, "b must be a tensor"],
    [
      "a bias of another length",
      [a, b, { bias: ones([3]) }],
      RangeError,
      "bias.shape[0] must equal b.shape[1] = 4",
    ],
    ["a bias of rank 2", [a, b, { bias: ones([1, 4]) }], RangeError, "bias.shape must have 1 axes"],
    ["a bias that is a number", [a, b, { bias: 1 }], TypeError, "bias must be a tensor"],
    ["a bias that is null", [a, b, { bias: null }], TypeError, "bias must be a tensor"],
    ["an unknown activation", [a, b, { activation: "swish" }], RangeError, "activation must be one of"],
    [
      "an activation that is a function",
      [a, b, { activation: ops.relu }],
      TypeError,
      "activation must be one of",
    ],
    ["a negative alpha", [a, b, { activation: "elu", alpha: -1 }], RangeError, "alpha must be ≥ 0"],
    ["NaN as alpha", [a, b, { activation: "elu", alpha: NaN }], RangeError, "alpha must be a finite number"],
    ["NaN as scale", [a, b, { scale: NaN }], RangeError, "scale must be a finite number"],
    ["a string as scale", [a, b, { scale: "2" }], TypeError, "scale must be a number"],
    ["a number as transposeA", [a, b, { transposeA: 1 }], TypeError, "transposeA must be true or false"],
    ["null as transposeB", [a, b, { transposeB: null }], TypeError, "transposeB must be true or false"],
    [
      "a misspelt option",
      [a, b, { transposeb: true }],
      TypeError,
      "options must have only the names transposeA",
    ],
    ["options that are true", [a, b, true], TypeError, "options must be an object"],
  ])("refuses %s", (_, args, kind, words) => {
    expectRefused(() => ops.matmul(...(args as Parameters<typeof ops.matmul>)), kind, `matmul: ${words}`);
  });
});

describe("dense", () => {
  it("is matmul with a bias and an activation, gradients included", () => {
    fc.assert(
      fc.property(sizes, fc.constantFrom("linear", "relu", "tanh"), fc.nat(), (s, activation, seed) => {
        const [x, w] = operands({ ...s, transposeA: false, transposeB: false }, integers, seed);
        const bias = tensor(seededIntegers(seed + 2, s.n, 50));
        const gradOutput = tensor(seededIntegers(seed + 3, s.m * s.n, 8), [s.m, s.n]);
        const options = { activation } as const;
        const layer = vjp((p: Tensor[]) => ops.dense(p[0]!, p[1]!, { bias: p[2]!, ...options }));
        const plain = vjp((p: Tensor[]) => ops.matmul(p[0]!, p[1]!, { bias: p[2]!, ...options }));
        const got = layer(gradOutput, [x, w, bias]);
        const want = plain(gradOutput, [x, w, bias]);
        expect(got.value.data).toEqual(want.value.data);
        expect(got.grads.map((t) => t.data)).toEqual(want.grads.map((t) => t.data));
      }),
      { numRuns: 60 },
    );
  });

  it.each<[string, unknown[], ErrorConstructor, string]>([
    [
      "features that differ",
      [ones([2, 3]), ones([4, 5])],
      RangeError,
      "w.shape[0] must equal x.shape[1] = 3 (input features), got 4",
    ],
    [
      "a bias of another length",
      [ones([2, 3]), ones([3, 4]), { bias: ones([3]) }],
      RangeError,
      "bias.shape[0] must equal w.shape[1] = 4",
    ],
    ["images", [ones([1, 2, 2, 3]), ones([3, 4])], RangeError, "x.shape must have 2 axes [batch, in]"],
    [
      "matmul's options",
      [ones([2, 3]), ones([3, 4]), { scale: 2 }],
      TypeError,
      "options must have only the names bias",
    ],
  ])("refuses %s", (_, args, kind, words) => {
    expectRefused(() => ops.dense(...(args as Parameters<typeof ops.dense>)), kind, `dense: ${words}`);
  });
});
