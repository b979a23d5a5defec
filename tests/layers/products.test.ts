// Laws of the layers with a kernel: each is its operation, with its own names and defaults, and refuses what no layer is.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  conv2d,
  conv2dTranspose,
  dense,
  key,
  type KernelParams,
  type Layer,
  type None,
  ops,
  resizeConv2d,
  type Shape,
  type Tensor,
  trace,
  upsampleNearest,
  zeros,
} from "../../src/index.js";
import { multiplyAddsOf } from "../../src/autodiff/trace.js";
import { convolution, integers, seed } from "../support/arbitraries.js";
import { expectSame, forAll } from "../support/laws.js";
import { naiveGeometry, outputShape } from "../support/naiveGeometry.js";
import { expectRefused } from "../support/refusals.js";

/** Multiply-adds of one example's pass. */
function workOf(layer: Layer, inputShape: Shape): number {
  const { params, state } = layer.init(key(1), inputShape);
  return multiplyAddsOf(
    trace((x: Tensor) => layer.apply(params, state, x).output, zeros([1, ...inputShape])),
  );
}

const cases = fc.record({ drawn: convolution, useBias: fc.boolean() });

describe("dense", () => {
  it("is the operation on its kernel and bias", () => {
    const x = integers([3, 5], 1);
    const params = { kernel: integers([5, 4], 2), bias: integers([4], 3) };
    expectSame(dense(4).apply(params, {}, x).output, ops.dense(x, params.kernel, { bias: params.bias }));
    const { kernel } = params;
    expectSame(dense(4, { useBias: false }).apply({ kernel }, {}, x).output, ops.matmul(x, kernel));
  });

  it("counts a product per input and output", () => {
    expect(workOf(dense(4), [5])).toBe(20);
  });

  it("refuses units, options and shapes that it cannot have", () => {
    expectRefused(() => dense(0), RangeError, "dense: units");
    expectRefused(() => dense(2.5), RangeError, "dense: units");
    expectRefused(() => dense("4" as never), TypeError, "dense: units");
    expectRefused(() => dense(4, { bias: true } as never), TypeError, "dense: options");
    expectRefused(() => dense(4, { useBias: 1 as never }), TypeError, "dense: useBias");
    expectRefused(() => dense(4, { kernelInitializer: "glorot" as never }), RangeError, "dense: kernelInit");
    for (const shape of [[], [2, 3], [28, 28, 1]]) {
      const message = "dense: input shape must be [features]: put flatten() before";
      expectRefused(() => dense(4).outputShape(shape), RangeError, message);
      expectRefused(() => dense(4).init(key(1), shape), RangeError, message);
    }
    expectRefused(() => dense(4).init({} as never, [3]), TypeError, "uniform: key must be a key,");
  });
});

describe("conv2d", () => {
  it("is the operation on its kernel and bias, for every window", () => {
    forAll(cases, 60, ({ drawn: { input, filter, options, seed }, useBias }) => {
      const layer = conv2d(filter[3], { kernel: [filter[0], filter[1]], ...options, useBias });
      const [x, kernel, bias] = [
        integers(input, seed),
        integers(filter, seed + 1),
        integers([filter[3]], seed + 2),
      ];
      const params = useBias ? { kernel, bias } : { kernel };
      const wanted = ops.conv2d(x, kernel, { padding: "same", ...options, ...(useBias ? { bias } : {}) });
      expectSame(layer.apply(params, {}, x).output, wanted);
    });
  });

  it("keeps the size with stride 1 unless told otherwise", () => {
    expect(conv2d(5, { kernel: [4, 3] }).outputShape([7, 6, 2])).toEqual([7, 6, 5]);
    expect(conv2d(5, { kernel: [4, 3], padding: "valid" }).outputShape([7, 6, 2])).toEqual([4, 4, 5]);
  });

  it("counts a product per tap, pair of channels and output pixel", () => {
    const count = (options: object) =>
      workOf(conv2d(8, { kernel: [3, 2], stride: 2, ...options }), [9, 9, 4]);
    expect(count({})).toBe(5 * 5 * 8 * 6 * 4);
    expect(count({ groups: 4 })).toBe(5 * 5 * 8 * 6);
  });
});

describe("conv2dTranspose", () => {
  it("is the operation on its kernel and bias, for every window", () => {
    forAll(cases, 60, ({ drawn: { input, filter, options, seed }, useBias }) => {
      const layer = conv2dTranspose(input[3], {
        kernel: [filter[0], filter[1]],
        padding: "valid",
        ...options,
        outputShape: [input[1], input[2]],
        useBias,
      });
      const y = integers(outputShape(naiveGeometry(input, filter, options)), seed);
      const [kernel, bias] = [integers(filter, seed + 1), integers([input[3]], seed + 2)];
      const params = useBias ? { kernel, bias } : { kernel };
      const wanted = ops.conv2dTranspose(y, kernel, {
        ...options,
        outputShape: [input[1], input[2]],
        ...(useBias ? { bias } : {}),
      });
      expectSame(layer.apply(params, {}, y).output, wanted);
    });
  });

  it("multiplies the size by the stride, or gives what outputShape and outputPadding say", () => {
    const sizeOf = (options: object) =>
      conv2dTranspose(5, { kernel: 3, stride: 2, ...options }).outputShape([4, 3, 2]);
    expect(sizeOf({})).toEqual([8, 6, 5]);
    expect(sizeOf({ padding: "valid" })).toEqual([9, 7, 5]);
    expect(sizeOf({ padding: 1 })).toEqual([7, 5, 5]);
    expect(sizeOf({ padding: 1, outputPadding: [1, 0] })).toEqual([8, 5, 5]);
    expect(sizeOf({ outputShape: [7, 6] })).toEqual([7, 6, 5]);
    expect(sizeOf({ padding: 1, outputPadding: 1 })).toEqual([8, 6, 5]);
  });

  it("counts a product per tap, pair of channels and input pixel", () => {
    const count = (options: object) =>
      workOf(conv2dTranspose(8, { kernel: [3, 2], stride: 2, ...options }), [9, 9, 4]);
    expect(count({})).toBe(9 * 9 * 4 * 6 * 8);
    expect(count({ groups: 4 })).toBe(9 * 9 * 6 * 8);
  });

  it("refuses output sizes that no convolution maps back", () => {
    const make = (options: object) => () =>
      conv2dTranspose(5, { kernel: 3, stride: 2, ...options }).outputShape([4, 4, 2]);
    expectRefused(make({ outputShape: [9, 8] }), RangeError, "conv2dTranspose: output height");
    expectRefused(make({ outputPadding: 1 }), TypeError, "conv2dTranspose: outputPadding");
    expectRefused(make({ padding: 0, outputPadding: 2 }), RangeError, "conv2dTranspose: outputPadding");
  });
});

describe("resizeConv2d", () => {
  it("is a convolution of the upsampled image", () => {
    const windows = fc.record({ drawn: convolution, factor: fc.constantFrom(1, 2, [1, 3] as const), seed });
    forAll(windows, 40, ({ drawn: { input, filter, options }, factor, seed }) => {
      const all = { kernel: [filter[0], filter[1]] as const, ...options };
      const x = integers(input, seed);
      const layer = resizeConv2d(filter[3], { factor, ...all });
      const params = { kernel: integers(filter, seed + 1), bias: integers([filter[3]], seed + 2) };
      const grown = upsampleNearest(factor).apply({}, {}, x).output;
      const behind = conv2d(filter[3], all);
      expectSame(layer.apply(params, {}, x).output, behind.apply(params, {}, grown).output);
      expect(workOf(layer, input.slice(1))).toBeLessThanOrEqual(workOf(behind, grown.shape.slice(1)));
    });
  });

  it("adds up beforehand the taps that read the same pixel", () => {
    const count = (kernel: number, options: object) =>
      workOf(resizeConv2d(5, { kernel, ...options }), [4, 6, 3]);
    // Of n taps, n + factor − 1 along each axis are left, each for a pixel of the small image.
    expect(count(3, {})).toBe(4 * 6 * 4 * 4 * 3 * 5);
    expect(count(5, { factor: [1, 3] })).toBe(4 * 6 * 5 * 7 * 3 * 5);
    // Nothing can be added up.
    expect(count(3, { stride: 2 })).toBe(4 * 6 * 3 * 3 * 3 * 5);
    expect(count(1, {})).toBe(8 * 12 * 3 * 5);
    expect(count(3, { dilation: 2 })).toBe(8 * 12 * 9 * 3 * 5);
    expect(count(3, { factor: 1 })).toBe(4 * 6 * 9 * 3 * 5);
  });

  it("doubles the size unless told otherwise", () => {
    expect(resizeConv2d(5, { kernel: 3 }).outputShape([4, 3, 2])).toEqual([8, 6, 5]);
    expect(resizeConv2d(5, { kernel: 3, factor: [1, 3] }).outputShape([4, 3, 2])).toEqual([4, 9, 5]);
  });

  it("refuses a factor that is none, and names the part at fault", () => {
    expectRefused(() => resizeConv2d(2, { kernel: 3, factor: 0 }), RangeError, "resizeConv2d: factor");
    const small = resizeConv2d(2, { kernel: 9, padding: "valid" });
    expect(() => small.outputShape([3, 3, 1])).toThrow(/^resizeConv2d\.conv2d: kernel height/);
    expect(() => small.init(key(1), [3, 3, 1])).toThrow(/^resizeConv2d\.conv2d: kernel height/);
    expect(() => small.outputShape([3])).toThrow(/^resizeConv2d\.upsampleNearest: input shape/);
    const params = { kernel: integers([9, 9, 1, 2], 1) };
    expect(() => small.apply(params, {}, integers([1, 3, 3, 1], 1))).toThrow(/^resizeConv2d: kernel/);
  });
});

type Maker = (filters: number, options: Options) => Layer<KernelParams, None>;
type Options = Parameters<typeof conv2d>[1];

describe.each<[string, Maker]>([
  ["conv2d", conv2d],
  ["conv2dTranspose", conv2dTranspose],
  ["resizeConv2d", resizeConv2d],
])("%s", (name, make) => {
  it.each<[unknown, unknown, ErrorConstructor, string]>([
    [0, { kernel: 3 }, RangeError, "filters"],
    ["8", { kernel: 3 }, TypeError, "filters"],
    [8, undefined, TypeError, "options"],
    [8, 3, TypeError, "options"],
    [8, {}, TypeError, "kernel must be given"],
    [8, { kernel: 0 }, RangeError, "kernel"],
    [8, { kernel: [3, 3, 3] }, RangeError, "kernel"],
    [8, { kernel: 3, strides: 2 }, TypeError, "options must have only the names"],
    [8, { kernel: 3, stride: 0 }, RangeError, "stride"],
    [8, { kernel: 3, stride: [1, 0] }, RangeError, "stride[1]"],
    [8, { kernel: 3, dilation: 1.5 }, RangeError, "dilation"],
    [8, { kernel: 3, padding: "sane" }, RangeError, "padding"],
    [8, { kernel: 3, padding: -1 }, RangeError, "padding"],
    [8, { kernel: 3, groups: 0 }, RangeError, "groups"],
    [8, { kernel: 3, groups: "2" }, TypeError, "groups"],
    [8, { kernel: 3, useBias: "no" }, TypeError, "useBias"],
    [8, { kernel: 3, kernelInitializer: "he" }, RangeError, "kernelInitializer"],
  ])("refuses %o filters with options %o when it is made", (filters, options, kind, start) => {
    expectRefused(() => make(filters as number, options as Options), kind, `${name}: ${start}`);
  });

  it("refuses groups that do not divide the channels, and what is no image", () => {
    const prefix = name === "resizeConv2d" ? "resizeConv2d.conv2d" : name;
    const message = `${prefix}: groups must divide the input channels and the output channels`;
    const grouped = make(4, { kernel: 3, groups: 2 });
    expect(() => grouped.outputShape([5, 5, 3])).toThrow(`${message} (3 and 4), got 2`);
    expect(() => grouped.init(key(1), [5, 5, 3])).toThrow(`${message} (3 and 4), got 2`);
    expect(() => make(3, { kernel: 3, groups: 2 }).outputShape([5, 5, 4])).toThrow(
      `${message} (4 and 3), got 2`,
    );
    for (const shape of [[], [25], [5, 5], [1, 5, 5, 4]]) {
      expect(() => grouped.init(key(1), shape)).toThrow(
        /input shape must be \[height, width, channels\]: put reshape\(\) before, got \[/,
      );
    }
  });
});
