// Laws of the layers without parameters that change an image's shape: pooling, upsampling, flatten and reshape.

import { describe, expect, it } from "vitest";
import {
  avgPool2d,
  flatten,
  globalAvgPool,
  key,
  maxPool2d,
  ops,
  reshape,
  upsampleNearest,
} from "../../src/index.js";
import { integers, pooling } from "../support/arbitraries.js";
import { expectSame, forAll } from "../support/laws.js";
import { expectRefused } from "../support/refusals.js";

describe.each([
  ["maxPool2d", maxPool2d, ops.maxPool2d],
  ["avgPool2d", avgPool2d, ops.avgPool2d],
] as const)("%s", (name, make, operation) => {
  it("is the operation, for every window", () => {
    forAll(pooling, 60, ({ input, poolSize, options, seed }) => {
      const x = integers(input, seed);
      expectSame(make(poolSize, options).apply({}, {}, x).output, operation(x, poolSize, options));
    });
  });

  it("halves the size unless told otherwise, and steps by its window", () => {
    expect(make().outputShape([7, 6, 3])).toEqual([3, 3, 3]);
    expect(make(3).outputShape([7, 6, 3])).toEqual([2, 2, 3]);
    expect(make(3, { stride: 1 }).outputShape([7, 6, 3])).toEqual([5, 4, 3]);
    expect(make(2, { stride: undefined, padding: "same" } as never).outputShape([7, 6, 3])).toEqual([
      4, 3, 3,
    ]);
  });

  it.each<[unknown, unknown, ErrorConstructor, string]>([
    [0, {}, RangeError, "size"],
    ["2", {}, TypeError, "size"],
    [2, { strides: 2 }, TypeError, "options must have only the names"],
    [2, { stride: 0 }, RangeError, "stride"],
    [2, { padding: "full" }, RangeError, "padding"],
    [2, { dilation: -1 }, RangeError, "dilation"],
    [2, 2, TypeError, "options"],
  ])("refuses a window of %o with options %o when it is made", (size, options, kind, start) => {
    expectRefused(() => make(size as number, options as never), kind, `${name}: ${start}`);
  });

  it("refuses images without a window, windows without a pixel, and what is no image", () => {
    expectRefused(() => make(4).outputShape([3, 5, 1]), RangeError, `${name}: kernel height`);
    const empty = make(1, { padding: 2 });
    expectRefused(() => empty.outputShape([5, 5, 1]), RangeError, `${name}: padding must leave at least one`);
    expectRefused(() => make().init(key(1), [25]), RangeError, `${name}: input shape must be [height, width`);
  });
});

describe("avgPool2d", () => {
  it("counts padding where told to", () => {
    const x = integers([1, 3, 3, 2], 1);
    const options = { padding: 1, countIncludePad: true } as const;
    expectSame(avgPool2d(2, options).apply({}, {}, x).output, ops.avgPool2d(x, 2, options));
    expectRefused(() => avgPool2d(2, { countIncludePad: 1 as never }), TypeError, "avgPool2d: countInclude");
    const misplaced = { countIncludePad: true } as never;
    expectRefused(() => maxPool2d(2, misplaced), TypeError, "maxPool2d: options");
  });
});

describe("globalAvgPool", () => {
  it("is the mean over all pixels", () => {
    const x = integers([2, 4, 2, 3], 1);
    expectSame(globalAvgPool().apply({}, {}, x).output, ops.mean(x, { axis: [1, 2] }));
    expectRefused(() => globalAvgPool().outputShape([3]), RangeError, "globalAvgPool: input shape");
  });
});

describe("upsampleNearest", () => {
  it("is the operation", () => {
    const x = integers([2, 3, 2, 5], 1);
    for (const factor of [1, 3, [2, 1], [1, 2]] as const) {
      expectSame(upsampleNearest(factor).apply({}, {}, x).output, ops.upsampleNearest(x, factor));
    }
    expectRefused(() => upsampleNearest(0), RangeError, "upsampleNearest: factor");
    expectRefused(() => upsampleNearest([2, 1.5]), RangeError, "upsampleNearest: factor[1]");
    expectRefused(() => upsampleNearest(2).outputShape([3, 3]), RangeError, "upsampleNearest: input shape");
  });
});

describe("flatten and reshape", () => {
  it("keep the values of every example in their order", () => {
    const x = integers([2, 3, 4, 5], 1);
    const flat = flatten().apply({}, {}, x).output;
    expectSame(flat, ops.reshape(x, [2, 60]));
    expectSame(reshape([3, 4, 5]).apply({}, {}, flat).output, x);
  });

  it("refuse shapes of another size, and what is no shape", () => {
    const message = "reshape: shape must multiply to the input's 12 values";
    expectRefused(() => reshape([5, 2]).outputShape([12]), RangeError, message);
    expectRefused(() => reshape([5, 2]).init(key(1), [3, 4]), RangeError, message);
    expectRefused(() => reshape([-1, 2]), RangeError, "reshape: shape[0]");
    expectRefused(() => reshape(12 as never), TypeError, "reshape: shape");
  });
});
