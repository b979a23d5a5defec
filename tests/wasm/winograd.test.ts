// Laws of Winograd's filtering: the same numbers as the definition, exactly where float32 can hold them, and nowhere
// further from them than sums of all products are; and the rule by which shapes take it.

import * as fc from "fast-check";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { configure, key, ops, random, type Tensor, tensor, vjp } from "../../src/index.js";
import { forwardGeometry } from "../../src/geometry/conv2d.js";
import { planForward, planInputGradient } from "../../src/wasm/correlation.js";
import { isForWinograd } from "../../src/wasm/winograd.js";
import { uniforms } from "../support/arbitraries.js";

afterEach(() => configure({ winograd: true, relaxedSimd: "auto" }));

/** Small integers, `step` apart. */
function integers(seed: number, shape: readonly number[], step = 1): Tensor {
  const next = uniforms(seed);
  const size = shape.reduce((product, length) => product * length, 1);
  return tensor(
    Float32Array.from({ length: size }, () => step * (Math.floor(9 * next()) - 4)),
    shape,
  );
}

/** The convolution and its gradients by input and filter. */
function withGradients(x: Tensor, w: Tensor, bias: Tensor, options: object): Float32Array[] {
  const f = (params: { x: Tensor; w: Tensor }) => ops.conv2d(params.x, params.w, { ...options, bias });
  const y = f({ x, w });
  const { grads } = vjp(f)(integers(3, y.shape), { x, w });
  return [y, grads.x, grads.w].map(({ data }) => data);
}

describe.each([false, true])("on the relaxed binary: %s", (relaxedSimd) => {
  beforeAll(() => configure({ relaxedSimd }));

  it("integers give the exact results of the definition, forward and backward", () => {
    const side = fc.integer({ min: 0, max: 2 });
    fc.assert(
      fc.property(
        fc.record({
          batch: fc.integer({ min: 1, max: 3 }),
          height: fc.integer({ min: 3, max: 11 }),
          width: fc.integer({ min: 3, max: 11 }),
          channels: fc.integer({ min: 4, max: 12 }).map((n) => 4 * n),
          outputs: fc.integer({ min: 4, max: 20 }).map((n) => 4 * n),
          padding: fc.tuple(fc.tuple(side, side), fc.tuple(side, side)),
          activation: fc.constantFrom("linear", "relu", "leakyRelu"),
        }),
        ({ batch, height, width, channels, outputs, padding, activation }) => {
          const x = integers(1, [batch, height, width, channels]);
          // The transformed filter has quarters.
          const w = integers(2, [3, 3, channels, outputs], 4);
          const bias = integers(4, [outputs]);
          const options = { padding, activation, alpha: activation === "leakyRelu" ? 0.25 : undefined };
          configure({ relaxedSimd, winograd: true });
          const fast = withGradients(x, w, bias, options);
          configure({ winograd: false });
          expect(fast).toEqual(withGradients(x, w, bias, options));
        },
      ),
      { numRuns: 30 },
    );
  });

  it.each([
    { channels: 1024, outputs: 16, size: 4 },
    { channels: 260, outputs: 132, size: 5 },
    { channels: 16, outputs: 1024, size: 3 },
  ])("integers do so in blocks: $channels channels, $outputs outputs", ({ channels, outputs, size }) => {
    const x = integers(1, [2, size, size, channels]);
    const w = integers(2, [3, 3, channels, outputs], 4);
    const bias = integers(4, [outputs]);
    configure({ relaxedSimd, winograd: true });
    const fast = withGradients(x, w, bias, { padding: "same" });
    configure({ winograd: false });
    expect(fast).toEqual(withGradients(x, w, bias, { padding: "same" }));
  });

  it.each([16, 64, 256])("the greatest error is at most that of the direct form: %i channels", (channels) => {
    let [fast, direct] = [0, 0];
    for (let seed = 0; seed < 4; seed++) {
      const x = random.normal(key(seed), [1, 6, 6, channels]);
      const w = random.normal(key(100 + seed), [3, 3, channels, 16]);
      const exact = inDoubles(x, w);
      const error = (winograd: boolean): number => {
        configure({ relaxedSimd, winograd });
        const { data } = ops.conv2d(x, w, { padding: "valid" });
        return data.reduce((most, value, i) => Math.max(most, Math.abs(value - exact[i]!)), 0);
      };
      fast += error(true);
      direct += error(false);
    }
    expect(fast).toBeLessThanOrEqual(direct);
    expect(fast).toBeGreaterThan(0);
  });
});

/** The definition without padding, in float64. */
function inDoubles(x: Tensor, w: Tensor): Float64Array {
  const [, height, width, channels] = x.shape as [number, number, number, number];
  const outputs = w.shape[3]!;
  const y = new Float64Array((height - 2) * (width - 2) * outputs);
  for (let at = 0; at < y.length; at++) {
    const [n, point] = [at % outputs, Math.floor(at / outputs)];
    const [row, column] = [Math.floor(point / (width - 2)), point % (width - 2)];
    for (let tap = 0; tap < 9; tap++) {
      const pixel = (row + Math.floor(tap / 3)) * width + column + (tap % 3);
      for (let k = 0; k < channels; k++) {
        y[at]! += x.data[pixel * channels + k]! * w.data[(tap * channels + k) * outputs + n]!;
      }
    }
  }
  return y;
}

describe("the rule", () => {
  const plans = (inChannels: number, outChannels: number, kernel: number, options: object): boolean[] => {
    const groups = (options as { groups?: number }).groups ?? 1;
    const sizes = {
      input: [2, 12, 12, inChannels],
      kernelHeight: kernel,
      kernelWidth: kernel,
      outChannels,
      groups,
    };
    const geometry = forwardGeometry("test", sizes, { padding: "same", ...options });
    return [planForward, planInputGradient].map((plan) => plan(geometry).every(isForWinograd));
  };

  it.each([
    ["16 channels to 16", plans(16, 16, 3, {}), [true, true]],
    ["64 channels to 100", plans(64, 100, 3, {}), [true, true]],
    ["1024 channels to 1024: its transformed filter is too large", plans(1024, 1024, 3, {}), [false, false]],
    ["too few channels", plans(12, 64, 3, {}), [false, false]],
    ["too few outputs", plans(64, 12, 3, {}), [false, false]],
    ["channels that are no multiple of 4", plans(18, 64, 3, {}), [false, false]],
    ["5×5", plans(64, 64, 5, {}), [false, false]],
    ["2×2", plans(64, 64, 2, {}), [false, false]],
    ["stride 2", plans(64, 64, 3, { stride: 2 }), [false, false]],
    ["dilation 2", plans(64, 64, 3, { dilation: 2 }), [false, false]],
    ["2 groups of 32", plans(64, 64, 3, { groups: 2 }), [true, true]],
    ["depthwise", plans(64, 64, 3, { groups: 64 }), [false, false]],
  ])("%s", (_, planned, wanted) => {
    expect(planned).toEqual(wanted);
  });

  it("is off where that is wished for", () => {
    configure({ winograd: false });
    expect(plans(16, 16, 3, {})).toEqual([false, false]);
  });
});

describe("configure", () => {
  it.each([1, "4x4", null])("refuses winograd: %s", (winograd) => {
    expect(() => configure({ winograd: winograd as never })).toThrow(
      /^configure: winograd must be true or false/,
    );
  });
});
