// What convolutions refuse: shapes, options and geometries that do not go together.

import { describe, expect, it } from "vitest";
import { type Conv2dGeometry, ops } from "../../src/index.js";
import { integers } from "../support/arbitraries.js";
import { inputShape, outputShape } from "../support/naiveGeometry.js";

describe("conv2dTranspose › refuses", () => {
  const [y, w] = [integers([1, 3, 3, 2], 1), integers([3, 3, 4, 2], 2)];
  it.each([
    {
      what: "another batch",
      options: { outputShape: [2, 5, 5, 4] },
      message: "must be [height, width] or [1, ",
    },
    {
      what: "other channels",
      options: { outputShape: [1, 5, 5, 3] },
      message: "height, width, 4], got [1, 5, 5, 3]",
    },
    {
      what: "three sizes",
      options: { outputShape: [5, 5, 4] },
      message: "outputShape must be [height, width]",
    },
    {
      what: "a size of zero",
      options: { outputShape: [0, 5] },
      message: "outputShape[0] must be an integer ≥ 1",
    },
    {
      what: "a fractional size",
      options: { outputShape: [5, 5.5] },
      message: "outputShape[1] must be an integer",
    },
    {
      what: "output padding as large as the stride",
      options: { padding: 1, stride: 2, outputPadding: [1, 2] },
      message: "outputPadding[1] must be below the stride 2, got 2",
    },
    {
      what: "output padding without a stride",
      options: { padding: 1, outputPadding: 1 },
      message: "outputPadding[0] must be below the stride 1",
    },
    {
      what: "negative output padding",
      options: { padding: 1, stride: 2, outputPadding: -1 },
      message: "outputPadding must be an integer ≥ 0",
    },
    {
      what: "padding that cuts everything away",
      options: { padding: 3 },
      message: "padding cuts everything away",
    },
    { what: "groups that do not divide the channels", options: { groups: 3 }, message: "groups must divide" },
  ])("$what", ({ options, message }) => {
    const call = () => ops.conv2dTranspose(y, w, options as ops.Conv2dTransposeOptions);
    expect(call).toThrow(RangeError);
    expect(call).toThrow(message);
  });

  it("output padding beside words or outputShape", () => {
    for (const options of [
      { padding: "same", stride: 2, outputPadding: 1 },
      { padding: 1, stride: 2, outputPadding: 1, outputShape: [6, 6] },
    ] as const) {
      expect(() => ops.conv2dTranspose(y, w, options)).toThrow(TypeError);
      expect(() => ops.conv2dTranspose(y, w, options)).toThrow("outputPadding must be absent");
    }
  });

  it("channels that differ", () => {
    const call = () => ops.conv2dTranspose(integers([1, 3, 3, 4], 1), w);
    expect(call).toThrow(RangeError);
    expect(call).toThrow("filter.shape[3] must equal input.shape[3] = 4 (input channels), got 2");
  });
});

describe("conv2d › refuses", () => {
  const [x, w] = [integers([2, 5, 6, 4], 1), integers([3, 3, 4, 6], 2)];
  const options = (value: object) => () => ops.conv2d(x, w, value);
  it.each([
    {
      what: "channels that differ",
      call: () => ops.conv2d(x, integers([3, 3, 3, 6], 1)),
      message: "filter.shape[2] must equal input.shape[3] / groups = 4 (input channels per group), got 3",
    },
    {
      what: "groups that do not divide the inputs",
      call: options({ groups: 3 }),
      message: "groups must divide the input channels",
    },
    {
      what: "a filter of all channels beside groups",
      call: options({ groups: 2 }),
      message: "filter.shape[2] must equal input.shape[3] / groups = 2",
    },
    {
      what: "a window larger than the image",
      call: () => ops.conv2d(x, integers([6, 3, 4, 1], 1)),
      message: "kernel height (with dilation 1) must fit the padded input's 5 pixels, got 6",
    },
    {
      what: "a dilated window larger than the image",
      call: options({ dilation: [1, 3] }),
      message: "kernel width (with dilation 3) must fit the padded input's 6 pixels, got 7",
    },
    {
      what: "a stride of zero",
      call: options({ stride: 0 }),
      message: "stride must be an integer ≥ 1, got 0",
    },
    {
      what: "a fractional stride",
      call: options({ stride: [1, 1.5] }),
      message: "stride[1] must be an integer ≥ 1, got 1.5",
    },
    {
      what: "a negative dilation",
      call: options({ dilation: -1 }),
      message: "dilation must be an integer ≥ 1",
    },
    {
      what: "a padding of NaN",
      call: options({ padding: Number.NaN }),
      message: "padding must be an integer ≥ 0, got NaN",
    },
    {
      what: "negative padding on a side",
      call: options({
        padding: [
          [0, 0],
          [-1, 0],
        ],
      }),
      message: "padding[1][0] must be an integer ≥ 0",
    },
    {
      what: "an unknown padding",
      call: options({ padding: "full" }),
      message: 'padding must be one of "same", "valid"',
    },
    { what: "a flat padding", call: options({ padding: [1, 2] }), message: "[[top, bottom], [left, right]]" },
    {
      what: "a bias of other length",
      call: options({ bias: integers([4], 1) }),
      message: "bias.shape[0] must equal filter.shape[3] = 6 (output channels), got 4",
    },
    {
      what: "padding beyond all memory",
      call: options({ padding: 2 ** 40 }),
      message: "padded height must be at most",
    },
  ])("$what", ({ call, message }) => {
    expect(call).toThrow(RangeError);
    expect(call).toThrow(message);
  });

  it.each([
    { what: "an image of rank 3", input: integers([5, 6, 4], 1), filter: w, kind: RangeError },
    { what: "a filter of rank 2", input: x, filter: integers([4, 6], 1), kind: RangeError },
    { what: "an array", input: x.data as never, filter: w, kind: TypeError },
  ])("$what", ({ input, filter, kind }) => {
    expect(() => ops.conv2d(input, filter)).toThrow(kind);
    expect(() => ops.conv2dTranspose(input, filter)).toThrow(kind);
  });

  it("misspelt options and gradients of other shapes, and works on afterwards", () => {
    expect(() => ops.conv2d(x, w, { strides: 2 } as never)).toThrow(TypeError);
    expect(() => ops.conv2dTranspose(x, w, { dilations: 2 } as never)).toThrow(TypeError);
    const g = ops.conv2dGeometry(x.shape, w.shape);
    expect(() => ops.conv2dInputGradient(x, w, g)).toThrow("gradOutput.shape must equal [2, 3, 4, 6]");
    expect(() => ops.conv2dFilterGradient(x, x, g)).toThrow("gradOutput.shape must equal [2, 3, 4, 6]");
    expect(ops.conv2d(x, w).shape).toEqual(outputShape(g));
    expect(ops.conv2dInputGradient(ops.conv2d(x, w), w, g).shape).toEqual(inputShape(g));
  });
});

describe("conv2dGeometry › refuses", () => {
  const image = [1, 4, 4, 2];
  const filter = [3, 3, 2, 2];
  it.each([
    {
      what: "three sizes",
      call: () => ops.conv2dGeometry([4, 4, 2], filter),
      message: "inputShape must have 4 sizes",
    },
    {
      what: "a size of NaN",
      call: () => ops.conv2dGeometry([1, Number.NaN, 4, 2], filter),
      message: "inputShape[1] must be an integer ≥ 1, got NaN",
    },
    {
      what: "an empty filter",
      call: () => ops.conv2dGeometry(image, [0, 3, 2, 2]),
      message: "filterShape[0] must be an integer ≥ 1",
    },
    {
      what: "sizes whose product overflows",
      call: () => ops.conv2dGeometry([2 ** 20, 2 ** 20, 4, 2], filter),
      message: "inputShape must have at most",
    },
  ])("$what", ({ call, message }) => {
    expect(call).toThrow(RangeError);
    expect(call).toThrow(message);
  });

  it("shapes and options of other kinds", () => {
    expect(() => ops.conv2dGeometry(4 as never, filter)).toThrow(TypeError);
    expect(() => ops.conv2dGeometry(image, filter, { bias: integers([2], 1) } as never)).toThrow(TypeError);
  });
});

describe("a geometry made by hand", () => {
  const whole = ops.conv2dGeometry([1, 4, 4, 2], [3, 3, 2, 2], { padding: 1 });
  const [y, w, columns] = [integers([1, 4, 4, 2], 1), integers([3, 3, 2, 2], 2), integers([16, 18], 3)];
  const calls = (g: Conv2dGeometry) => [
    () => ops.conv2dInputGradient(y, w, g),
    () => ops.conv2dFilterGradient(y, y, g),
    () => ops.im2col(y, g),
    () => ops.col2im(columns, g),
  ];

  it("is taken where it is whole", () => {
    for (const call of calls({ ...whole })) expect(call).not.toThrow();
  });

  it.each<Partial<Record<keyof Conv2dGeometry, unknown>>>([
    { strideHeight: 0 },
    { strideWidth: Number.NaN },
    { strideHeight: 1.5 },
    { dilationHeight: 0 },
    { dilationWidth: -1 },
    { dilationWidth: 2 },
    { padTop: -3 },
    { padLeft: 2 ** 33 },
    { padBottom: 2 },
    { outHeight: 5 },
    { kernelHeight: 2 },
    { kernelWidth: 3.5 },
    { groups: 0 },
    { groups: 1.5 },
    { batch: 0 },
  ])("is refused with %o", (wrong) => {
    for (const call of calls({ ...whole, ...wrong } as Conv2dGeometry)) expect(call).toThrow(RangeError);
  });

  it.each([undefined, null, 3, "same"])("is refused where it is %s", (wrong) => {
    for (const call of calls(wrong as never)) expect(call).toThrow(TypeError);
  });
});
