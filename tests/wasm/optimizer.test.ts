// Laws of the optimizers' kernels: one step from any state, against float64.

import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { configure } from "../../src/index.js";
import * as kernels from "../../src/wasm/generated.js";
import { expectClose, withArrays } from "../support/heapArrays.js";
import { expectNothingHeld } from "../support/refusals.js";
import { seededFloats } from "../support/seeded.js";

afterEach(() => {
  configure({ relaxedSimd: "auto" });
  expectNothingHeld();
});

const lengths = fc.integer({ min: 1, max: 40 });
const binaries = fc.boolean();

interface Decay {
  readonly weightDecay: number;
  readonly isDecoupled: boolean;
}

const decays = fc.record({ weightDecay: fc.constantFrom(0, 0, 0.01, 0.5), isDecoupled: fc.boolean() });
const rates = fc.constantFrom(0.1, 0.001, 1);

/** Gradient and parameter as weight decay changes them. */
function decayed(p: number, g: number, rate: number, { weightDecay, isDecoupled }: Decay): [number, number] {
  return isDecoupled ? [p - rate * weightDecay * p, g] : [p, g + weightDecay * p];
}

/** Parameters, gradients and up to three states of one call; states are what earlier steps left: not negative. */
function problem(n: number, seed: number): [p: Float32Array, g: Float32Array, ...states: Float32Array[]] {
  const states = [3, 4, 5].map((i) => seededFloats(seed + i, n, 0.25, 1));
  return [seededFloats(seed, n), seededFloats(seed + 1, n), ...states];
}

describe("sgd", () => {
  it("agrees with float64, with momentum, Nesterov's or not, and both kinds of weight decay", () => {
    fc.assert(
      fc.property(
        ...([lengths, fc.nat(), rates, fc.constantFrom(0, 0.9), fc.boolean(), decays, binaries] as const),
        (n, seed, rate, momentum, isNesterov, decay, relaxedSimd) => {
          configure({ relaxedSimd });
          const [p, g, v] = problem(n, seed) as [Float32Array, Float32Array, Float32Array];
          withArrays([p, g, v], (pAt, gAt, vAt) => {
            kernels.sgd({
              p: pAt!,
              g: gAt!,
              velocity: momentum ? vAt! : undefined,
              n,
              rate,
              momentum,
              nesterov: isNesterov,
              weightDecay: decay.weightDecay,
              decoupled: decay.isDecoupled,
            });
            const speeds = new Float64Array(n);
            const wanted = Array.from(p, (x, i) => {
              const [start, gradient] = decayed(x, g[i]!, rate, decay);
              speeds[i] = momentum * v[i]! + gradient;
              const step = momentum && isNesterov ? gradient + momentum * speeds[i] : speeds[i];
              return start - rate * (momentum ? step : gradient);
            });
            expectClose(pAt!.read(), wanted, (i) => Math.abs(p[i]!) + rate * 6);
            expectClose(vAt!.read(), momentum ? speeds : v, () => 4);
            expect(gAt!.read()).toEqual(g);
          });
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe("adam", () => {
  it("agrees with float64 at every step, epsilon in both places, and both kinds of weight decay", () => {
    fc.assert(
      fc.property(
        ...([
          lengths,
          fc.nat(),
          rates,
          fc.integer({ min: 1, max: 10_000 }),
          fc.boolean(),
          decays,
          binaries,
        ] as const),
        (n, seed, rate, t, isInside, decay, relaxedSimd) => {
          configure({ relaxedSimd });
          const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-7];
          const [p, g, m, v] = problem(n, seed) as [Float32Array, Float32Array, Float32Array, Float32Array];
          const correction1 = 1 - beta1 ** t;
          const correction2 = 1 - beta2 ** t;
          withArrays([p, g, m, v], (pAt, gAt, mAt, vAt) => {
            kernels.adam({
              p: pAt!,
              g: gAt!,
              m: mAt!,
              v: vAt!,
              n,
              rate,
              beta1,
              beta2,
              epsilon,
              correction1,
              correction2,
              weightDecay: decay.weightDecay,
              decoupled: decay.isDecoupled,
              epsilonHat: isInside,
            });
            const first = new Float64Array(n);
            const second = new Float64Array(n);
            const steps = new Float64Array(n);
            const wanted = Array.from(p, (x, i) => {
              const [start, gradient] = decayed(x, g[i]!, rate, decay);
              first[i] = beta1 * m[i]! + (1 - beta1) * gradient;
              second[i] = beta2 * v[i]! + (1 - beta2) * gradient * gradient;
              steps[i] = isInside
                ? ((Math.sqrt(correction2) / correction1) * first[i]!) / (Math.sqrt(second[i]!) + epsilon)
                : first[i]! / correction1 / (Math.sqrt(second[i]! / correction2) + epsilon);
              return start - rate * steps[i]!;
            });
            expectClose(mAt!.read(), first, () => 2);
            expectClose(vAt!.read(), second, () => 2);
            expectClose(pAt!.read(), wanted, (i) => Math.abs(p[i]!) + rate * (Math.abs(steps[i]!) + 2), 8);
          });
        },
      ),
      { numRuns: 150 },
    );
  });

  it("drops averages that have become denormal", () => {
    const tiny = Float32Array.of(1e-40, -1e-40, 1e-30);
    withArrays([new Float32Array(3), new Float32Array(3), tiny, tiny], (p, g, m, v) => {
      kernels.adam({
        p: p!,
        g: g!,
        m: m!,
        v: v!,
        n: 3,
        rate: 0.1,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-7,
        correction1: 1,
        correction2: 1,
        weightDecay: 0,
        decoupled: false,
        epsilonHat: false,
      });
      expect([...m!.read().subarray(0, 2)]).toEqual([0, 0]);
      expect([...v!.read().subarray(0, 2)]).toEqual([0, 0]);
      expect(m!.read()[2]).toBeGreaterThan(0);
    });
  });
});

describe("rmsprop", () => {
  it("agrees with float64, centred or not, with momentum or not, epsilon in both places", () => {
    fc.assert(
      fc.property(
        ...([lengths, fc.nat(), rates, fc.boolean(), fc.boolean(), fc.boolean(), decays, binaries] as const),
        (n, seed, rate, isCentred, hasMomentum, isInside, decay, relaxedSimd) => {
          configure({ relaxedSimd });
          const [keep, momentum, epsilon] = [0.9, 0.9, 1e-3];
          const [p, g, squares, b] = problem(n, seed) as [
            Float32Array,
            Float32Array,
            Float32Array,
            Float32Array,
          ];
          // A mean square is at least the square of the mean; well above it here, so that the difference is exact.
          const s = squares.map((x) => x + 1);
          const a = seededFloats(seed + 6, n, -0.5, 0.5);
          withArrays([p, g, s, a, b], (pAt, gAt, sAt, aAt, bAt) => {
            kernels.rmsprop({
              p: pAt!,
              g: gAt!,
              s: sAt!,
              a: isCentred ? aAt! : undefined,
              b: hasMomentum ? bAt! : undefined,
              n,
              rate,
              decay: keep,
              momentum,
              epsilon,
              epsilonInsideRoot: isInside,
              weightDecay: decay.weightDecay,
              decoupled: decay.isDecoupled,
            });
            const second = new Float64Array(n);
            const mean = new Float64Array(n);
            const direction = new Float64Array(n);
            const wanted = Array.from(p, (x, i) => {
              const [start, gradient] = decayed(x, g[i]!, rate, decay);
              second[i] = keep * s[i]! + (1 - keep) * gradient * gradient;
              mean[i] = keep * a[i]! + (1 - keep) * gradient;
              const spread = second[i]! - (isCentred ? mean[i]! ** 2 : 0);
              const quotient = isInside
                ? gradient / Math.sqrt(spread + epsilon)
                : gradient / (Math.sqrt(spread) + epsilon);
              direction[i] = (hasMomentum ? momentum * b[i]! : 0) + quotient;
              return start - rate * direction[i]!;
            });
            expectClose(sAt!.read(), second, () => 4);
            expectClose(aAt!.read(), isCentred ? mean : a, () => 2);
            expectClose(bAt!.read(), hasMomentum ? direction : b, () => 4);
            expectClose(pAt!.read(), wanted, (i) => Math.abs(p[i]!) + rate * 4, 8);
          });
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe("adagrad", () => {
  it("agrees with float64, epsilon in both places, and both kinds of weight decay", () => {
    fc.assert(
      fc.property(
        lengths,
        fc.nat(),
        rates,
        fc.boolean(),
        decays,
        binaries,
        (n, seed, rate, isInside, decay, relaxedSimd) => {
          configure({ relaxedSimd });
          const epsilon = 1e-3;
          const [p, g, s] = problem(n, seed) as [Float32Array, Float32Array, Float32Array];
          withArrays([p, g, s], (pAt, gAt, sAt) => {
            kernels.adagrad({
              p: pAt!,
              g: gAt!,
              s: sAt!,
              n,
              rate,
              epsilon,
              epsilonInsideRoot: isInside,
              weightDecay: decay.weightDecay,
              decoupled: decay.isDecoupled,
            });
            const second = new Float64Array(n);
            const wanted = Array.from(p, (x, i) => {
              const [start, gradient] = decayed(x, g[i]!, rate, decay);
              second[i] = s[i]! + gradient * gradient;
              const root = isInside ? Math.sqrt(second[i]! + epsilon) : Math.sqrt(second[i]!) + epsilon;
              return start - (rate * gradient) / root;
            });
            expectClose(sAt!.read(), second, () => 4);
            expectClose(pAt!.read(), wanted, (i) => Math.abs(p[i]!) + rate * 4, 8);
          });
        },
      ),
      { numRuns: 100 },
    );
  });
});
