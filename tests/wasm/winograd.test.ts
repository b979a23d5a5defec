// Laws of Winograd's filtering: the same numbers as the definition, exactly where float32 can hold them, and nowhere
// further from them than sums of all products are; and the rule by which shapes take it.

import * as fc from "fast-check";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { configure, key, ops, random, type Tensor, tensor, vjp } from "../../src/index.js";
import { forwardGeometry } from "../../src/geometry/conv2d.js";
import { planForward, planInputGradient } from "../../src/wasm/correlation.js";
import { isForWinograd, isGradientForWinograd } from "../../src/wasm/winograd.js";
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
        fc
          .record({
            batch: fc.integer({ min: 1, max: 3 }),
            height: fc.integer({ min: 3, max: 24 }),
            width: fc.integer({ min: 3, max: 24 }),
            channels: fc.integer({ min: 4, max: 17 }).map((n) => 4 * n),
            outputs: fc.integer({ min: 4, max: 20 }).map((n) => 4 * n),
            padding: fc.tuple(fc.tuple(side, side), fc.tuple(side, side)),
            activation: fc.constantFrom("linear", "relu", "leakyRelu"),
          })
          .filter(
            ({ height, width, channels, outputs }) =>
              Math.ceil((height - 2) / 2) * Math.ceil((width - 2) / 2) * Math.min(channels, outputs) >= 1024,
          ),
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
      { numRuns: 20 },
    );
  });

  it.each([
    { channels: 1024, outputs: 32, size: 12 },
    { channels: 260, outputs: 132, size: 8 },
    { channels: 32, outputs: 1024, size: 11 },
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
      const x = random.normal(key(seed), [1, 18, 18, channels]);
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
  /** Of the convolution, its gradient by input, its gradient by the filter. */
  const plans = (
    inChannels: number,
    outChannels: number,
    kernel: number,
    options: object,
    size = 16,
    batch = 2,
  ): boolean[] => {
    const groups = (options as { groups?: number }).groups ?? 1;
    const sizes = {
      input: [batch, size, size, inChannels],
      kernelHeight: kernel,
      kernelWidth: kernel,
      outChannels,
      groups,
    };
    const geometry = forwardGeometry("test", sizes, { padding: "same", ...options });
    return [
      planForward(geometry).every(isForWinograd),
      planInputGradient(geometry).every(isForWinograd),
      planForward(geometry).every(isGradientForWinograd),
    ];
  };

  const [ALL, NONE] = [
    [true, true, true],
    [false, false, false],
  ];
  it.each([
    ["64 channels to 100", plans(64, 100, 3, {}), ALL],
    ["16 channels to 16: not the gradient by the filter", plans(16, 16, 3, {}), [true, true, false]],
    ["32 channels to 32", plans(32, 32, 3, {}), ALL],
    ["1024 channels to 1024: its transformed filter is too large", plans(1024, 1024, 3, {}), NONE],
    ["1028 channels", plans(1028, 64, 3, {}), NONE],
    ["too few channels", plans(12, 64, 3, {}), NONE],
    ["too few outputs", plans(64, 12, 3, {}), NONE],
    ["channels that are no multiple of 4", plans(18, 64, 3, {}), NONE],
    ["outputs that are none", plans(64, 18, 3, {}), NONE],
    ["5×5", plans(64, 64, 5, {}), NONE],
    ["2×2", plans(64, 64, 2, {}), NONE],
    ["stride 2", plans(64, 64, 3, { stride: 2 }), NONE],
    ["dilation 2", plans(64, 64, 3, { dilation: 2 }), NONE],
    ["2 groups of 32", plans(64, 64, 3, { groups: 2 }), ALL],
    ["depthwise", plans(64, 64, 3, { groups: 64 }), NONE],
    ["images of 7×7, 64 channels", plans(64, 64, 3, {}, 7, 4), ALL],
    ["one image of 7×7: not the gradient by the filter", plans(64, 64, 3, {}, 7, 1), [true, true, false]],
    ["images of 7×7, 32 channels", plans(32, 32, 3, {}, 7, 32), NONE],
    ["images of 14×14, 16 channels", plans(16, 16, 3, {}, 14, 32), NONE],
    ["images of 4×4, however many channels", plans(256, 256, 3, {}, 4, 32), NONE],
  ])("%s", (_, planned, wanted) => {
    expect(planned).toEqual(wanted);
  });

  it("is that of an image: results do not depend on how many there are", () => {
    const [x, w] = [random.normal(key(1), [5, 7, 7, 64]), random.normal(key(2), [3, 3, 64, 64])];
    const { data } = ops.conv2d(x, w, { padding: "same" });
    const alone = ops.conv2d(ops.slice(x, 4, 5), w, { padding: "same" }).data;
    expect(alone).toEqual(data.slice(-alone.length));
  });

  it("is off where that is wished for", () => {
    configure({ winograd: false });
    expect(plans(64, 64, 3, {})).toEqual(NONE);
  });
});

describe("configure", () => {
  it.each([1, "4x4", null])("refuses winograd: %s", (winograd) => {
    expect(() => configure({ winograd: winograd as never })).toThrow(
      /^configure: winograd must be true or false/,
    );
  });
});
