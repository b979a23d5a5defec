// Laws of tensors: how they are made, read, compared and printed.

import { inspect } from "node:util";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { equals, full, item, ones, ops, type Shape, Tensor, tensor, zeros } from "../../src/index.js";
import { expectRefused } from "../support/refusals.js";

const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 5 });
const sizeOf = (shape: Shape) => shape.reduce((product, size) => product * size, 1);
const floats = fc.float({ noDefaultInfinity: false });

/** Arrays nested as a shape says, filled from a list. */
function nest(values: readonly number[], shape: Shape): unknown {
  const [length, ...rest] = shape;
  if (length === undefined) return values[0];
  const step = values.length / length;
  return Array.from({ length }, (_, i) => nest(values.slice(i * step, (i + 1) * step), rest));
}

const shapedValues = shapes.chain((shape) => {
  const size = sizeOf(shape);
  return fc.record({
    shape: fc.constant(shape),
    values: fc.array(floats, { minLength: size, maxLength: size }),
  });
});

describe("tensor", () => {
  it("holds the values of nested arrays of every shape, row by row", () => {
    fc.assert(
      fc.property(shapedValues, ({ shape, values }) => {
        const t = tensor(nest(values, shape) as number[]);
        expect(t.shape).toEqual(shape);
        expect(t.size).toBe(values.length);
        expect(t.data).toEqual(Float32Array.from(values));
      }),
      { numRuns: 200 },
    );
  });

  it("takes a flat array, a typed array and a shape apart", () => {
    fc.assert(
      fc.property(shapedValues, ({ shape, values }) => {
        const expected = Float32Array.from(values);
        expect(tensor(values, shape)).toEqual(tensor(nest(values, shape) as number[], shape));
        expect(tensor(expected, shape).data).toEqual(expected);
        expect(tensor(Float64Array.from(values)).shape).toEqual([values.length]);
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    [new Float32Array([1.5, -2]), [1.5, -2]],
    [new Float64Array([0.1, 1e300]), [Math.fround(0.1), Infinity]],
    [new Int8Array([-128, 127]), [-128, 127]],
    [new Uint8Array([0, 255]), [0, 255]],
    [new Uint8ClampedArray([0, 255]), [0, 255]],
    [new Int16Array([-32768, 32767]), [-32768, 32767]],
    [new Uint16Array([0, 65535]), [0, 65535]],
    [new Int32Array([-(2 ** 31), 2 ** 24 + 1]), [-(2 ** 31), 2 ** 24]],
    [new Uint32Array([0, 2 ** 32 - 1]), [0, 2 ** 32]],
    [Buffer.from([1, 2]), [1, 2]],
    [new Float32Array([9, 1, 2, 9]).subarray(1, 3), [1, 2]],
  ])("reads %o as float32", (data, expected) => {
    expect([...tensor(data).data]).toEqual(expected);
  });

  it("makes a number a tensor without axes, or of any shape of one element", () => {
    expect(tensor(2.5).shape).toEqual([]);
    expect(tensor(2.5, [1, 1]).shape).toEqual([1, 1]);
    expect(item(tensor(2.5, [1, 1]))).toBe(2.5);
  });

  it("keeps NaN, infinities and the sign of zero", () => {
    expect([...tensor([NaN, Infinity, -Infinity, -0, 0]).data]).toEqual([NaN, Infinity, -Infinity, -0, 0]);
  });

  it("copies its data", () => {
    const data = Float32Array.of(1, 2);
    const shape = [2];
    const t = tensor(data, shape);
    data[0] = 9;
    shape[0] = 9;
    expect([...t.data]).toEqual([1, 2]);
    expect(t.shape).toEqual([2]);
  });

  it("has a shape that cannot be changed", () => {
    const t = tensor([1, 2]);
    expect(Object.isFrozen(t.shape)).toBe(true);
    expect(() => ((t.shape as number[])[0] = 3)).toThrow(TypeError);
  });

  it("accepts a view of the library's own memory inside a scope", () => {
    const x = ops.scale(tensor([1, 2]), 2);
    expect([...tensor(x.data).data]).toEqual([2, 4]);
  });
});

describe("tensor › refuses", () => {
  const detached = new Float32Array(4);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const endless: unknown[] = [];
  endless.push(endless);
  const many = Array.from({ length: 33 }, () => 1);
  const holes: number[] = [];
  holes[1] = 1;
  const deep = nest([1], many);

  it.each<[string, unknown, unknown, string]>([
    ["a string", "12", undefined, "tensor: data"],
    ["null", null, undefined, "tensor: data"],
    ["undefined", undefined, undefined, "tensor: data"],
    ["an object", { length: 2 }, undefined, "tensor: data"],
    ["a bigint", 2n, undefined, "tensor: data"],
    ["an array of strings", ["1", "2"], undefined, "tensor: data"],
    ["an array of bigints", [1n], undefined, "tensor: data"],
    ["an array with holes", holes, undefined, "tensor: data"],
    ["null among numbers", [1, null], undefined, "tensor: data"],
    ["an array among numbers", [1, [2]], undefined, "tensor: data"],
    ["a number among arrays", [[1], 2], undefined, "tensor: data"],
    ["a typed array among arrays", [[1, 2], new Float32Array(2)], undefined, "tensor: data"],
    ["a BigInt64Array", new BigInt64Array(2), undefined, "tensor: data"],
    ["a BigUint64Array", new BigUint64Array(2), undefined, "tensor: data"],
    ["a DataView", new DataView(new ArrayBuffer(8)), undefined, "tensor: data"],
    ["an ArrayBuffer", new ArrayBuffer(8), undefined, "tensor: data"],
    [
      "memory shared with other threads",
      new Float32Array(new SharedArrayBuffer(8)),
      undefined,
      "tensor: data",
    ],
    ["a detached buffer", detached, undefined, "tensor: data"],
    ["a tensor", tensor([1]), undefined, "tensor: data"],
    ["a shape that is a number", [1, 2], 2, "tensor: shape"],
    ["a shape that is a typed array", [1, 2], Int32Array.of(2), "tensor: shape"],
    ["a size that is a string", [1, 2], ["2"], "tensor: shape[0]"],
    ["a size that is null", [1, 2], [2, null], "tensor: shape[1]"],
    ["a shape with a hole", [1], holes, "tensor: shape[0]"],
  ])("%s by its kind", (_, data, shape, start) => {
    expectRefused(() => tensor(data as number[], shape as Shape), TypeError, start);
  });

  it.each<[string, unknown, unknown, string]>([
    ["an empty array", [], undefined, "tensor: data"],
    ["empty rows", [[], []], undefined, "tensor: data"],
    ["an empty typed array", new Float32Array(0), undefined, "tensor: data"],
    ["an empty typed array of shape [0]", new Float32Array(0), [0], "tensor: data"],
    ["longer rows further down", [[1], [2, 3]], undefined, "tensor: data"],
    ["shorter rows further down", [[1, 2], [3]], undefined, "tensor: data"],
    ["an array that holds itself", endless, undefined, "tensor: data"],
    ["arrays nested 33 deep", deep, undefined, "tensor: data"],
    ["fewer values than the shape has", [1, 2, 3], [2, 2], "tensor: shape"],
    ["more values than the shape has", new Float32Array(5), [2, 2], "tensor: shape"],
    ["several values for a single number", [1, 2], [], "tensor: shape"],
    ["a number for several values", 1, [2], "tensor: shape"],
    ["NaN as a size", [1], [NaN], "tensor: shape[0]"],
    ["a fraction as a size", [1, 2, 3], [2, 1.5], "tensor: shape[1]"],
    ["a negative size", [1, 2], [-1, -2], "tensor: shape[0]"],
    ["infinity as a size", [1], [Infinity], "tensor: shape[0]"],
    ["zero as a size", [1], [1, 0], "tensor: shape[1]"],
    ["sizes whose product overflows", [1], [2 ** 20, 2 ** 20, 2 ** 20], "tensor: shape"],
    ["sizes whose product wraps to the right one", [1, 2], [2 ** 32 + 2, 2 ** 32 + 1], "tensor: shape"],
  ])("%s by its value", (_, data, shape, start) => {
    expectRefused(() => tensor(data as number[], shape as Shape), RangeError, start);
  });
});

describe("zeros, ones and full", () => {
  it("fill every shape with their value", () => {
    fc.assert(
      fc.property(shapes, floats, (shape, value) => {
        for (const [t, expected] of [
          [zeros(shape), 0],
          [ones(shape), 1],
          [full(shape, value), value],
        ] as const) {
          expect(t.shape).toEqual(shape);
          expect(t.data).toEqual(new Float32Array(sizeOf(shape)).fill(expected));
        }
      }),
      { numRuns: 50 },
    );
  });

  it.each([zeros, ones, (shape: Shape) => full(shape, 1)])("refuse impossible shapes", (make) => {
    const name = make === zeros ? "zeros" : make === ones ? "ones" : "full";
    for (const size of [0, -1, 1.5, NaN, Infinity, 2 ** 53]) {
      expectRefused(() => make([2, size]), RangeError, `${name}: shape`);
    }
    expectRefused(() => make([2 ** 15, 2 ** 15]), RangeError, `${name}: shape must have at most`);
    expectRefused(
      () => make(Array.from({ length: 33 }, () => 1)),
      RangeError,
      `${name}: shape must have at most 32 axes`,
    );
    expectRefused(() => make(3 as never), TypeError, `${name}: shape`);
    expectRefused(() => make(undefined as never), TypeError, `${name}: shape`);
  });

  it("refuse a value that is not a number", () => {
    expectRefused(() => full([1], "1" as never), TypeError, "full: value");
  });
});

describe("item", () => {
  it("reads the one element of a tensor of any rank", () => {
    expect(item(tensor([[[-1.5]]]))).toBe(-1.5);
  });

  it("refuses several elements, and what is not a tensor", () => {
    expectRefused(() => item(tensor([1, 2])), RangeError, "item: t.shape");
    expectRefused(() => item(3 as never), TypeError, "item: t");
  });
});

describe("equals", () => {
  it("holds for equal shapes and values, NaN included", () => {
    expect(equals(tensor([1, NaN, -0]), tensor([1, NaN, 0]))).toBe(true);
    expect(equals(tensor([1, 2]), tensor([[1, 2]]))).toBe(false);
    expect(equals(tensor([1, NaN]), tensor([1, 2]))).toBe(false);
    expect(equals(tensor([1, 2]), tensor([1, 2.0000002]))).toBe(false);
  });

  it("allows differences up to the tolerance", () => {
    expect(equals(tensor([1, 2]), tensor([1.5, 2]), 0.5)).toBe(true);
    expect(equals(tensor([1, 2]), tensor([1.75, 2]), 0.5)).toBe(false);
    expect(equals(tensor([Infinity]), tensor([Infinity]), 1)).toBe(true);
    expect(equals(tensor([Infinity]), tensor([-Infinity]), 1)).toBe(false);
  });

  it("refuses a negative tolerance, and what is not a tensor", () => {
    expectRefused(() => equals(tensor(1), tensor(1), -1), RangeError, "equals: tolerance");
    expectRefused(() => equals(tensor(1), tensor(1), NaN), RangeError, "equals: tolerance");
    expectRefused(() => equals(tensor(1), 1 as never), TypeError, "equals: b");
    expectRefused(() => equals([1] as never, tensor(1)), TypeError, "equals: a");
  });
});

describe("a tensor", () => {
  it("prints its shape and rows, on consoles too", () => {
    const t = tensor([
      [1, 2.5, -3],
      [0.1, 1e-8, NaN],
    ]);
    const text = "Tensor float32 [2, 3]\n[[1, 2.5, -3],\n [0.1, 1e-8, NaN]]";
    expect(String(t)).toBe(text);
    expect(inspect(t)).toBe(text);
    expect(String(tensor(7))).toBe("Tensor float32 []\n7");
  });

  it("prints the ends of long axes only", () => {
    const long = tensor(Array.from({ length: 1000 }, (_, i) => i));
    expect(String(long)).toBe("Tensor float32 [1000]\n[0, 1, 2, …, 997, 998, 999]");
    expect(String(zeros([100, 100, 100])).length).toBeLessThan(3000);
  });

  it("prints seven entries in full", () => {
    expect(String(tensor([1, 2, 3, 4, 5, 6, 7]))).toContain("[1, 2, 3, 4, 5, 6, 7]");
  });

  it("is an instance of Tensor", () => {
    expect(ops.relu(tensor([1]))).toBeInstanceOf(Tensor);
  });
});
