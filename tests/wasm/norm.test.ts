// Laws of what the normalisation kernels touch: all of their outputs, nothing else, in place where that is allowed.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configure } from "../../src/index.js";
import * as kernels from "../../src/wasm/generated.js";
import { currentKernels } from "../../src/wasm/runtime.js";
import { expectConfined } from "../support/guards.js";
import { withArrays } from "../support/heapArrays.js";
import { seededFloats } from "../support/seeded.js";

/** Rows around blocks of 16 KB; channels around vectors of four. */
const SIZES = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 19].flatMap((channels) =>
  [1, 2, 3, 8, 33, Math.ceil(4096 / channels) + 1].map((rows) => ({ rows, channels })),
);

describe.each([
  { binary: "simd", relaxedSimd: false },
  { binary: "relaxed", relaxedSimd: true },
])("normalisation kernels of $binary", ({ relaxedSimd }) => {
  beforeAll(() => configure({ relaxedSimd }));
  afterAll(() => configure({ relaxedSimd: "auto" }));

  it("are confined to their operands", () => {
    for (const { rows, channels } of SIZES) {
      const sizes = { rows, channels, epsilon: 1e-3 };
      const n = rows * channels;
      const [x, dy] = [seededFloats(1, n), seededFloats(2, n)];
      const [mean, gamma, beta] = [3, 4, 5].map((seed) => seededFloats(seed, channels));
      const variance = seededFloats(6, channels, 0.5, 2);
      expectConfined({
        inputs: [x, mean],
        outputs: [channels],
        run: ([x, mean], [variance]) => kernels.channelVariance({ x, mean, variance, rows, channels }),
      });
      expectConfined({
        inputs: [x, mean, variance, gamma, beta],
        outputs: [n],
        run: ([x, mean, variance, gamma, beta], [y]) =>
          kernels.normalize({ x, mean, variance, gamma, beta, y, ...sizes }),
      });
      expectConfined({
        inputs: [x, dy, mean, variance],
        outputs: [channels, channels],
        run: ([x, dy, mean, variance], [dgamma, dbeta]) =>
          kernels.normalizeParameterGradients({ x, dy, mean, variance, dgamma, dbeta, ...sizes }),
      });
      expectConfined({
        inputs: [x, dy, mean, variance, gamma, beta, beta],
        outputs: [n],
        run: ([x, dy, mean, variance, gamma, dgamma, dbeta], [dx]) =>
          kernels.normalizeInputGradient({ x, dy, mean, variance, gamma, dgamma, dbeta, dx, ...sizes }),
      });
    }
  });

  it("may write over what they read, where their contracts say so", () => {
    const { normalize, normalizeInputGradient } = currentKernels();
    for (const { rows, channels } of SIZES) {
      const n = rows * channels;
      const values = [
        seededFloats(1, n),
        ...[2, 3, 4, 5].map((seed) => seededFloats(seed, channels, 0.5, 2)),
      ];
      withArrays(
        [...values, seededFloats(6, n), new Float32Array(n)],
        (x, mean, variance, a, b, dy, other) => {
          const moments = [mean.address, variance.address] as const;
          const line = [a.address, b.address] as const;
          const norm = (y: number) => normalize(x.address, ...moments, ...line, y, rows, channels, 1e-3);
          const gradient = (dx: number) =>
            normalizeInputGradient(
              ...([x.address, dy.address, ...moments, a.address, ...line, dx, rows, channels, 1e-3] as const),
            );
          gradient(other.address);
          const wanted = other.read();
          gradient(dy.address);
          expect(dy.read()).toEqual(wanted);
          norm(other.address);
          const normal = other.read();
          norm(x.address);
          expect(x.read()).toEqual(normal);
        },
      );
    }
  });
});
