// Laws of the functions of each element: values and slopes against float64 over all of float32, on both binaries.

import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configure, ones, ops, type Tensor, tensor, vjp } from "../../src/index.js";
import { everyExponent, SPECIAL_VALUES } from "../support/float32Samples.js";
import { seededFloats } from "../support/seeded.js";
import { erf, erfc, normalCumulative, normalDensity, sigmoid } from "../support/specialFunctions.js";
import { ulpDistance } from "../support/ulp.js";

interface Case {
  readonly name: string;
  readonly f: (x: Tensor) => Tensor;
  readonly value: (x: number) => number;
  readonly slope: (x: number) => number;
  /** Most ulp between value and truth; the measured worst is half of it or more, except where it is 1 or 0. */
  readonly ulp: number | ((x: number) => number);
  /** Most ulp between slope and truth … */
  readonly slopeUlp?: number | ((x: number) => number);
  /** … or most units of 2⁻²⁴ (half an ulp of 1), where the slope is a difference of numbers near 1. */
  readonly slopeError?: number | ((x: number) => number);
}

/** What a slope or a value that vanishes at −∞ is computed from: no product with an infinity. */
const finite = (x: number) => Math.max(-1e30, Math.min(1e30, x));
const notLow = (x: number) => Math.max(-1e30, x);

const GELU_SLOPE = 2 * Math.sqrt(2 / Math.PI);
/** tanh's half of geluTanh as a sigmoid: ½(1 + tanh z) = sigmoid(2z). */
const geluTanhGate = (x: number) => GELU_SLOPE * (x + 0.044715 * x ** 3);

/** Where exp(x) is below the normal float32, the denormal sigmoid's last bit is worth |x| of the product's. */
const siluUlp = (x: number) => (x < -87 ? Math.abs(x) : 4);
/** tanh(log(1 + exp(x))). */
const mishGate = (x: number) => Math.tanh(Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))));
const mishUlp = (x: number) => (x < -87 ? 2 * Math.abs(x) : 6);
/** Below 0 exp(z) decides, z the gate's argument: each of its three roundings costs up to |z| ulp, 2 |z| measured. */
const geluTanhUlp = (x: number) => 4 + 2.5 * Math.max(0, -geluTanhGate(Math.max(x, -20)));

const CASES: readonly Case[] = [
  {
    name: "relu",
    f: ops.relu,
    value: (x) => Math.max(x, 0),
    slope: (x) => Number(x > 0),
    ulp: 0,
    slopeUlp: 0,
  },
  {
    name: "gelu",
    f: ops.gelu,
    value: (x) => notLow(x) * normalCumulative(x),
    slope: (x) => normalCumulative(x) + finite(x) * normalDensity(x),
    ulp: 6,
    slopeError: 4,
  },
  {
    name: "geluTanh",
    f: ops.geluTanh,
    value: (x) => notLow(x) * sigmoid(geluTanhGate(notLow(x))),
    slope: (t) => {
      const x = Math.max(-50, Math.min(50, t));
      const s = sigmoid(geluTanhGate(x));
      return s + x * s * sigmoid(-geluTanhGate(x)) * GELU_SLOPE * (1 + 3 * 0.044715 * x * x);
    },
    ulp: geluTanhUlp,
    slopeError: 4,
  },
  {
    name: "silu",
    f: ops.silu,
    value: (x) => notLow(x) * sigmoid(x),
    slope: (x) => sigmoid(x) + finite(x) * sigmoid(x) * sigmoid(-x),
    ulp: siluUlp,
    slopeError: 4,
  },
  {
    name: "sigmoid",
    f: ops.sigmoid,
    value: sigmoid,
    slope: (x) => sigmoid(x) * sigmoid(-x),
    ulp: 2,
    slopeError: 2,
  },
  {
    name: "tanh",
    f: ops.tanh,
    value: Math.tanh,
    slope: (x) => 1 / Math.cosh(x) ** 2,
    ulp: 2,
    slopeError: 2,
  },
  {
    name: "softplus",
    f: ops.softplus,
    value: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    slope: sigmoid,
    ulp: 2,
    slopeUlp: 2,
  },
  {
    name: "mish",
    f: ops.mish,
    value: (x) => notLow(x) * mishGate(x),
    slope: (x) => {
      const gate = mishGate(x);
      return gate + finite(x) * (1 - gate) * (1 + gate) * sigmoid(x);
    },
    ulp: mishUlp,
    slopeError: 6,
  },
  {
    name: "softsign",
    f: ops.softsign,
    value: (x) => (Math.abs(x) === Infinity ? Math.sign(x) : x / (1 + Math.abs(x))),
    slope: (x) => 1 / (1 + Math.abs(x)) ** 2,
    ulp: 2,
    slopeUlp: 3,
  },
  { name: "exp", f: ops.exp, value: Math.exp, slope: Math.exp, ulp: 2, slopeUlp: 2 },
  { name: "log", f: ops.log, value: Math.log, slope: (x) => 1 / x, ulp: 2, slopeUlp: 0 },
  { name: "log1p", f: ops.log1p, value: Math.log1p, slope: (x) => 1 / (1 + x), ulp: 2, slopeUlp: 1 },
  {
    name: "erf",
    f: ops.erf,
    value: erf,
    slope: (x) => (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x),
    ulp: 2,
    slopeUlp: 4,
  },
  { name: "sqrt", f: ops.sqrt, value: Math.sqrt, slope: (x) => 0.5 / Math.sqrt(x), ulp: 0, slopeUlp: 1 },
  { name: "square", f: ops.square, value: (x) => x * x, slope: (x) => 2 * x, ulp: 0, slopeUlp: 0 },
  { name: "abs", f: ops.abs, value: Math.abs, slope: Math.sign, ulp: 0, slopeUlp: 0 },
  {
    name: "leakyRelu",
    f: (x) => ops.leakyRelu(x, { alpha: 0.25 }),
    value: (x) => (x > 0 ? x : 0.25 * x),
    slope: (x) => (x > 0 ? 1 : 0.25),
    ulp: 0,
    slopeUlp: 0,
  },
  {
    name: "elu",
    f: (x) => ops.elu(x),
    value: (x) => (x > 0 ? x : Math.expm1(x)),
    slope: (x) => (x > 0 ? 1 : Math.exp(x)),
    ulp: 2,
    slopeError: 1,
  },
  {
    name: "elu with alpha = 3",
    f: (x) => ops.elu(x, { alpha: 3 }),
    value: (x) => (x > 0 ? x : 3 * Math.expm1(x)),
    slope: (x) => (x > 0 ? 1 : 3 * Math.exp(x)),
    ulp: 3,
    slopeError: 4,
  },
];

const samples = Float32Array.from([
  ...everyExponent(60),
  ...seededFloats(2, 30_000, -20, 20),
  ...seededFloats(3, 15_000, -110, 110),
  ...seededFloats(4, 15_000),
]);

type Bound = number | ((x: number) => number);
const boundAt = (bound: Bound, x: number) => (typeof bound === "number" ? bound : bound(x));

/** The samples at which a result lies further from the truth than a bound allows, at most three. */
function beyond(
  results: Float32Array,
  truth: (x: number) => number,
  bound: Bound,
  distance: (result: number, truth: number) => number,
): string[] {
  const wrong: string[] = [];
  for (const [i, x] of samples.entries()) {
    const far = distance(results[i]!, truth(x));
    if (!(far <= boundAt(bound, x))) wrong.push(`at ${x}: ${results[i]} for ${truth(x)}, off by ${far}`);
    if (wrong.length === 3) break;
  }
  return wrong;
}

const differenceInUnits = (result: number, truth: number) => Math.abs(result - truth) * 2 ** 24;

describe.each([
  { binary: "simd", relaxedSimd: false },
  { binary: "relaxed", relaxedSimd: true },
])("on the $binary binary", ({ relaxedSimd }) => {
  beforeAll(() => configure({ relaxedSimd }));
  afterAll(() => configure({ relaxedSimd: "auto" }));

  describe.each(CASES)("$name", ({ f, value, slope, ulp, slopeUlp, slopeError }) => {
    it("agrees with float64 over every exponent", () => {
      expect(beyond(f(tensor(samples)).data, value, ulp, ulpDistance)).toEqual([]);
    });

    it("has the slope of float64 over every exponent", () => {
      const { grads } = vjp(f)(ones([samples.length]), tensor(samples));
      const [bound, distance] =
        slopeUlp === undefined ? [slopeError, differenceInUnits] : [slopeUlp, ulpDistance];
      expect(beyond(grads.data, slope, bound ?? 0, distance)).toEqual([]);
    });

    it("is right at zeros, denormals and infinities, and keeps NaN", () => {
      const results = f(tensor(SPECIAL_VALUES)).data;
      for (const [i, x] of SPECIAL_VALUES.entries()) {
        expect(ulpDistance(results[i]!, value(x)), `at ${x}`).toBeLessThanOrEqual(boundAt(ulp, x));
      }
      expect(f(tensor([NaN, 1, NaN, 1, NaN])).data.filter(Number.isNaN)).toHaveLength(3);
    });

    it("depends on the element alone, not on its place", () => {
      const all = f(tensor(samples)).data;
      for (let length = 1; length <= 9; length++) {
        const first = 1000 + 37 * length;
        const part = f(tensor(samples.slice(first, first + length)));
        expect(part.data).toEqual(all.slice(first, first + length));
      }
    });

    it("has a gradient that is linear in the upstream gradient", () => {
      const x = tensor([-2, -0.5, 0.25, 1, 3]);
      const at = (...gradOutput: number[]) => [...vjp(f)(tensor(gradOutput), x).grads.data];
      const one = at(1, 1, 1, 1, 1);
      expect(at(2, -4, 0.5, 0, 1).map((v) => v + 0)).toEqual(
        [2, -4, 0.5, 0, 1].map((factor, i) => factor * one[i]! + 0),
      );
    });
  });
});

describe("odd functions", () => {
  it.each([ops.tanh, ops.erf, ops.softsign])("are exactly odd", (f) => {
    const x = seededFloats(9, 1001, -5, 5);
    expect(f(tensor(x.map((v) => -v))).data).toEqual(f(tensor(x)).data.map((v) => -v));
  });

  it.each([ops.tanh, ops.erf, ops.log1p, ops.sqrt, ops.silu, ops.mish, ops.softsign])(
    "keep the sign of zero",
    (f) => {
      expect([...f(tensor([-0, 0])).data]).toEqual([-0, 0]);
    },
  );
});

describe("at its kink", () => {
  const slopesAt = (f: (x: Tensor) => Tensor, ...x: number[]) => [
    ...vjp(f)(ones([x.length]), tensor(x)).grads.data,
  ];

  it.each<[string, (x: Tensor) => Tensor, number]>([
    ["relu has slope 0", ops.relu, 0],
    ["abs has slope 0", ops.abs, 0],
    ["leakyRelu has slope alpha", (x) => ops.leakyRelu(x, { alpha: 0.5 }), 0.5],
    ["leakyRelu has slope 0.01 by default", (x) => ops.leakyRelu(x), Math.fround(0.01)],
    ["elu has slope alpha", (x) => ops.elu(x, { alpha: 2 }), 2],
    ["elu has slope 1 by default", (x) => ops.elu(x), 1],
  ])("%s", (_, f, slope) => {
    expect(slopesAt(f, 0, -0)).toEqual([slope, slope]);
  });

  it("clip passes the gradient at its bounds and stops it beyond", () => {
    const f = (x: Tensor) => ops.clip(x, -1, 2);
    expect(slopesAt(f, -1.0000001, -1, -0.5, 2, 2.0000002)).toEqual([0, 1, 1, 1, 0]);
  });
});

describe("clip", () => {
  it("cuts to any interval, and its gradient passes inside only", () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 20 }),
        fc.float({ noNaN: true }),
        fc.float({ noNaN: true }),
        (x, one, other) => {
          const low = Math.min(one, other);
          const high = Math.max(one, other);
          const { value, grads } = vjp((t: Tensor) => ops.clip(t, low, high))(ones([x.length]), tensor(x));
          expect([...value.data].map((v) => v + 0)).toEqual(
            x.map((v) => Math.min(Math.max(v, low), high) + 0),
          );
          expect([...grads.data]).toEqual(x.map((v) => Number(v >= low && v <= high)));
        },
      ),
      { numRuns: 100 },
    );
  });

  it("keeps NaN, and everything between infinite bounds", () => {
    expect([...ops.clip(tensor([NaN, -Infinity, 5, Infinity, NaN]), 0, 1).data]).toEqual([NaN, 0, 1, 1, NaN]);
    expect([...ops.clip(tensor([-Infinity, 3]), -Infinity, Infinity).data]).toEqual([-Infinity, 3]);
  });
});

describe("leakyRelu and elu", () => {
  const alphas = fc.float({ min: 0, max: 10, noNaN: true });
  const inputs = fc.array(fc.float({ min: -5, max: 5, noNaN: true }), { minLength: 1, maxLength: 9 });

  it("take any slope below 0", () => {
    fc.assert(
      fc.property(inputs, alphas, fc.boolean(), (x, size, isNegative) => {
        const alpha = isNegative ? -size : size;
        const { value, grads } = vjp((t: Tensor) => ops.leakyRelu(t, { alpha }))(ones([x.length]), tensor(x));
        expect([...value.data].map((v) => v + 0)).toEqual(
          x.map((v) => (v > 0 ? v : Math.fround(alpha * v)) + 0),
        );
        expect([...grads.data].map((v) => v + 0)).toEqual(x.map((v) => (v > 0 ? 1 : alpha) + 0));
      }),
      { numRuns: 100 },
    );
  });

  it("take any scale below 0", () => {
    fc.assert(
      fc.property(inputs, alphas, (x, alpha) => {
        const { value, grads } = vjp((t: Tensor) => ops.elu(t, { alpha }))(ones([x.length]), tensor(x));
        for (const [i, v] of x.entries()) {
          expect(ulpDistance(value.data[i]!, v > 0 ? v : alpha * Math.expm1(v))).toBeLessThanOrEqual(3);
          const slope = v > 0 ? 1 : alpha * Math.exp(v);
          expect(Math.abs(grads.data[i]! - slope)).toBeLessThanOrEqual(2 * alpha * 2 ** -24 + 2 ** -149);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("elu with alpha = 0 is relu, slopes included", () => {
    const x = tensor([-3, -0, 0, 2]);
    const { value, grads } = vjp((t: Tensor) => ops.elu(t, { alpha: 0 }))(ones([4]), x);
    expect([...value.data].map((v) => v + 0)).toEqual([0, 0, 0, 2]);
    expect([...grads.data].map((v) => v + 0)).toEqual([0, 0, 0, 1]);
  });
});

describe("scale", () => {
  it("is factor·x + offset, with one rounding or two, and its gradient factor", () => {
    const numbers = fc.float({ min: -1000, max: 1000, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(numbers, { minLength: 1, maxLength: 9 }),
        numbers,
        numbers,
        (x, factor, offset) => {
          const f = (t: Tensor) => ops.scale(t, factor, offset);
          const { value, grads } = vjp(f)(ones([x.length]), tensor(x));
          for (const [i, v] of x.entries()) {
            const twice = Math.fround(Math.fround(factor * v) + offset);
            const once = Math.fround(factor * v + offset);
            expect([once, twice]).toContain(value.data[i]);
          }
          expect(grads.data.every((slope) => slope === factor)).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe("the float64 error function of these tests", () => {
  it.each([
    [0, 0],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [-1.5, -0.9661051464753108],
    [3, 0.9999779095030014],
    [Infinity, 1],
  ])("erf(%d) = %d", (x, expected) => {
    expect(Math.abs(erf(x) - expected)).toBeLessThanOrEqual(1e-15);
  });

  it.each([
    [2, 0.004677734981047266],
    [5, 1.5374597944280349e-12],
    [10, 2.088487583762545e-45],
  ])("erfc(%d) = %d", (x, expected) => {
    expect(Math.abs(erfc(x) / expected - 1)).toBeLessThanOrEqual(1e-13);
  });
});
