// Laws of fromNdarray and toNdarray, with the package ndarray itself.

import * as fc from "fast-check";
import ndarray from "ndarray";
import { describe, expect, it } from "vitest";
import { ops, scope, tensor } from "../../src/index.js";
import { fromNdarray, toNdarray } from "../../src/ndarray/index.js";
import { expectRefused } from "../support/refusals.js";

type View = ReturnType<typeof toNdarray>;

/** A view cut, reversed, thinned out and permuted from a larger array. */
const views = fc
  .array(
    fc.record({
      size: fc.integer({ min: 1, max: 4 }),
      before: fc.integer({ min: 0, max: 2 }),
      after: fc.integer({ min: 0, max: 2 }),
      step: fc.constantFrom(1, 2, -1, -2),
      order: fc.integer(),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((axes) => {
    const shape = axes.map(({ size, before, after }) => before + size + after);
    const count = shape.reduce((product, size) => product * size, 1);
    const whole = ndarray(
      Float32Array.from({ length: count }, (_, i) => i),
      shape,
    ) as unknown as View;
    const order = axes.map((_, axis) => axis).sort((a, b) => axes[a]!.order - axes[b]!.order);
    return whole
      .lo(...axes.map(({ before }) => before))
      .hi(...axes.map(({ size }) => size))
      .step(...axes.map(({ step }) => step))
      .transpose(...order);
  });

/** The values of a view by its own `get`, row-major. */
function valuesOf(view: View, index: number[] = []): number[] {
  if (index.length === view.shape.length) return [view.get(...index)];
  return Array.from({ length: view.shape[index.length]! }, (_, i) => valuesOf(view, [...index, i])).flat();
}

describe("fromNdarray", () => {
  it("reads what the view shows, whatever its strides and offset", () => {
    fc.assert(
      fc.property(views, (view) => {
        const t = fromNdarray(view);
        expect(t.shape).toEqual(view.shape);
        expect([...t.data]).toEqual(valuesOf(view));
      }),
      { numRuns: 300 },
    );
  });

  it("reads reversed rows of an offset view", () => {
    const view = ndarray(Float32Array.of(0, 1, 2, 3, 4, 5), [2, 2], [3, -1], 2);
    expect([...fromNdarray(view).data]).toEqual([2, 1, 5, 4]);
  });

  it("repeats values along strides of 0", () => {
    expect([...fromNdarray(ndarray(Float32Array.of(1, 2), [2, 2], [0, 1])).data]).toEqual([1, 2, 1, 2]);
  });

  it.each([
    new Float32Array([1, 2, 3, 4]),
    new Float64Array([1, 2, 3, 4]),
    new Int8Array([1, 2, 3, 4]),
    new Uint8Array([1, 2, 3, 4]),
    new Uint8ClampedArray([1, 2, 3, 4]),
    new Int16Array([1, 2, 3, 4]),
    new Uint16Array([1, 2, 3, 4]),
    new Int32Array([1, 2, 3, 4]),
    new Uint32Array([1, 2, 3, 4]),
    [1, 2, 3, 4],
  ])("reads %o", (data) => {
    const t = fromNdarray(ndarray(data, [2, 2]).transpose(1, 0));
    expect([...t.data]).toEqual([1, 3, 2, 4]);
  });

  it("reads generic stores through their get", () => {
    const store = { length: 4, get: (i: number) => i * i, set: () => 0 };
    expect([...fromNdarray(ndarray(store as never, [2, 2])).data]).toEqual([0, 1, 4, 9]);
  });

  it("reads an ndarray without axes", () => {
    const view = ndarray(Float32Array.of(1, 7), [], [], 1);
    expect(fromNdarray(view).shape).toEqual([]);
    expect([...fromNdarray(view).data]).toEqual([7]);
  });

  it("copies", () => {
    const data = Float32Array.of(1, 2);
    const t = fromNdarray(ndarray(data, [2]));
    data[0] = 9;
    expect([...t.data]).toEqual([1, 2]);
  });

  const part = (change: object) => ({
    data: new Float32Array(6),
    shape: [2, 3],
    stride: [3, 1],
    offset: 0,
    ...change,
  });

  it.each<[string, unknown, string]>([
    ["null", null, "fromNdarray: array"],
    ["a number", 3, "fromNdarray: array"],
    ["a tensor", tensor([1]), "fromNdarray: array"],
    ["data that is a string", part({ data: "123456" }), "fromNdarray: array"],
    ["shapes that are no arrays", part({ shape: 6 }), "fromNdarray: array"],
    ["strides that are no arrays", part({ stride: undefined }), "fromNdarray: array"],
    ["values that are no numbers", part({ data: ["1", "2", "3", "4", "5", "6"] }), "fromNdarray: array.data"],
    ["bigints", part({ data: new BigInt64Array(6) }), "fromNdarray: data"],
    ["a DataView", part({ data: new DataView(new ArrayBuffer(6)) }), "fromNdarray: data"],
    ["shared memory", part({ data: new Float32Array(new SharedArrayBuffer(24)) }), "fromNdarray: data"],
    ["a size that is a string", part({ shape: ["2", 3] }), "fromNdarray: array.shape[0]"],
    ["a stride that is a string", part({ stride: ["3", 1] }), "fromNdarray: array.stride[0]"],
    ["an offset that is a string", part({ offset: "0" }), "fromNdarray: array.offset"],
    ["an absent offset", part({ offset: undefined }), "fromNdarray: array.offset"],
  ])("refuses %s by its kind", (_, array, start) => {
    expectRefused(() => fromNdarray(array as never), TypeError, start);
  });

  it.each<[string, unknown, string]>([
    ["a view past the end", part({ offset: 1 }), "fromNdarray: array must stay within"],
    ["a view before the start", part({ stride: [3, -1] }), "fromNdarray: array must stay within"],
    ["a stride past the end", part({ stride: [4, 1] }), "fromNdarray: array must stay within"],
    ["a negative offset", part({ offset: -1 }), "fromNdarray: array must stay within"],
    ["NaN as a stride", part({ stride: [3, NaN] }), "fromNdarray: array.stride[1]"],
    ["a fraction as a stride", part({ stride: [1.5, 1] }), "fromNdarray: array.stride[0]"],
    [
      "infinity as a stride of one row",
      part({ shape: [1, 6], stride: [Infinity, 1] }),
      "fromNdarray: array.stride[0]",
    ],
    ["NaN as offset", part({ offset: NaN }), "fromNdarray: array.offset"],
    ["too few strides", part({ stride: [1] }), "fromNdarray: array.stride"],
    ["empty axes", part({ shape: [0, 3] }), "fromNdarray: array.shape[0]"],
    ["no data", part({ data: new Float32Array(0) }), "fromNdarray: data"],
    [
      "sizes whose product overflows",
      part({ shape: [2 ** 30, 2 ** 30], stride: [0, 0] }),
      "fromNdarray: array.shape",
    ],
  ])("refuses %s by its value", (_, array, start) => {
    expectRefused(() => fromNdarray(array as never), RangeError, start);
  });
});

describe("toNdarray", () => {
  it("is undone by fromNdarray", () => {
    fc.assert(
      fc.property(views, (view) => {
        const t = fromNdarray(view);
        expect(fromNdarray(toNdarray(t)).data).toEqual(t.data);
        expect(fromNdarray(toNdarray(t)).shape).toEqual(t.shape);
      }),
      { numRuns: 50 },
    );
  });

  it("shows the tensor's own values without a copy", () => {
    const t = tensor([
      [1, 2],
      [3, 4],
    ]);
    const view = toNdarray(t);
    expect(view.data).toBe(t.data);
    expect(view.dtype).toBe("float32");
    expect(view.stride).toEqual([2, 1]);
    expect(view.get(1, 0)).toBe(3);
  });

  it("shows a slice from its first row on", () => {
    const t = ops.slice(tensor([[1], [2], [3]]), 1);
    expect(valuesOf(toNdarray(t))).toEqual([2, 3]);
  });

  it("shows results inside a scope", () => {
    scope(() => {
      expect(toNdarray(ops.square(tensor([1, 2, 3]))).get(2)).toBe(9);
    });
  });

  it("refuses what is not a tensor", () => {
    expectRefused(() => toNdarray([1] as never), TypeError, "toNdarray: t");
  });
});
