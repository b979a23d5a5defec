// Laws of reshape, slice, concat and transpose: which values stand where, and that none is copied where none need be.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ones, ops, scope, type Tensor, tensor, vjp } from "../../src/index.js";
import { expectRefused } from "../support/refusals.js";
import { seededIntegers } from "../support/seeded.js";

type Shape = readonly number[];
const sizeOf = (shape: Shape) => shape.reduce((product, size) => product * size, 1);

/** 0, 1, 2, … in a shape. */
const counting = (shape: Shape) =>
  tensor(
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => i),
    shape,
  );

const shapes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });

function stridesOf(shape: Shape): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

/** Whether two tensors show the same memory. */
const isShared = (a: Tensor, b: Tensor) => a.data.buffer === b.data.buffer;

describe("reshape", () => {
  it("keeps the values and their order, without a copy", () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: -1, max: 4 }), (shape, unknown) => {
        const x = counting([sizeOf(shape)]);
        const wanted = shape.map((size, axis) => (axis === unknown ? -1 : size));
        const y = ops.reshape(x, wanted);
        expect(y.shape).toEqual(shape);
        expect(y.data).toEqual(x.data);
        expect(isShared(x, y)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it("makes a tensor of one element a single number and back", () => {
    expect(ops.reshape(tensor([[5]]), []).shape).toEqual([]);
    expect(ops.reshape(tensor(5), [-1, 1]).shape).toEqual([1, 1]);
  });

  it("shares values inside a scope, and hands gradients back in the input's shape", () => {
    scope(() => {
      const x = ops.relu(counting([2, 3]));
      const y = ops.reshape(x, [3, 2]);
      expect(y.data.byteOffset).toBe(x.data.byteOffset);
    });
    const f = (x: Tensor) => ops.square(ops.reshape(x, [3, 2]));
    const { grads } = vjp(f)(ones([3, 2]), counting([2, 3]));
    expect(grads.shape).toEqual([2, 3]);
    expect([...grads.data]).toEqual([0, 2, 4, 6, 8, 10]);
  });

  it.each<[unknown, ErrorConstructor, string]>([
    [[4], RangeError, "shape must multiply to the tensor's 6 values"],
    [[], RangeError, "shape must multiply"],
    [[-1, 4], RangeError, "shape must multiply"],
    [[-1, -1], RangeError, "shape[1]"],
    [[-2, -3], RangeError, "shape[0]"],
    [[0, 6], RangeError, "shape[0]"],
    [[NaN, 6], RangeError, "shape[0]"],
    [[1.5, 4], RangeError, "shape[0]"],
    [["6"], TypeError, "shape[0]"],
    [6, TypeError, "shape"],
    [undefined, TypeError, "shape"],
    [Int32Array.of(6), TypeError, "shape"],
  ])("refuses the shape %o", (shape, kind, start) => {
    expectRefused(() => ops.reshape(counting([2, 3]), shape as Shape), kind, `reshape: ${start}`);
  });
});

describe("slice", () => {
  const slices = shapes.chain((shape) =>
    fc
      .tuple(
        fc.integer({ min: 0, max: shape[0]! - 1 }),
        fc.integer({ min: 1, max: shape[0]! }),
        fc.boolean(),
        fc.boolean(),
      )
      .map(([start, length, isStartNegative, isEndNegative]) => {
        const end = Math.min(start + length, shape[0]!);
        const rows = shape[0]!;
        return {
          shape,
          start,
          end,
          startAs: isStartNegative ? start - rows : start,
          endAs: end === rows ? undefined : isEndNegative ? end - rows : end,
        };
      }),
  );

  it("shows the rows from start to end without a copy, and pads its gradient with zeros", () => {
    fc.assert(
      fc.property(slices, ({ shape, start, end, startAs, endAs }) => {
        const x = counting(shape);
        const row = x.size / shape[0]!;
        const gradOutput = counting([end - start, ...shape.slice(1)]);
        const { value, grads } = vjp((t: Tensor) => ops.slice(t, startAs, endAs))(gradOutput, x);
        expect(value.shape).toEqual([end - start, ...shape.slice(1)]);
        expect(value.data).toEqual(x.data.slice(start * row, end * row));
        expect(isShared(x, ops.slice(x, startAs, endAs))).toBe(true);
        const expected = new Float32Array(x.size);
        expected.set(gradOutput.data, start * row);
        expect(grads.data).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  it("of a slice of a reshape shows the right rows to every operation", () => {
    const x = ops.slice(ops.reshape(ops.slice(counting([6, 4]), 1), [10, 2]), 3, 5);
    expect([...x.data]).toEqual([10, 11, 12, 13]);
    expect([...ops.add(x, 0.5).data]).toEqual([10.5, 11.5, 12.5, 13.5]);
    expect([...ops.matmul(x, tensor([[1], [-1]])).data]).toEqual([-1, -1]);
    expect([...ops.transpose(x).data]).toEqual([10, 12, 11, 13]);
    expect([...ops.sum(x, { axis: 0 }).data]).toEqual([22, 24]);
    expect([...ops.softmax(ops.mul(x, 0)).data]).toEqual([0.5, 0.5, 0.5, 0.5]);
    expect([...ops.concat([x, x], 1).data]).toEqual([10, 11, 10, 11, 12, 13, 12, 13]);
  });

  it.each<[unknown, unknown, ErrorConstructor, string]>([
    [3, undefined, RangeError, "start"],
    [-4, undefined, RangeError, "start"],
    [0, 4, RangeError, "end"],
    [0, -4, RangeError, "end"],
    [0, 0, RangeError, "end"],
    [2, 1, RangeError, "end"],
    [1, -2, RangeError, "end"],
    [NaN, undefined, RangeError, "start"],
    [0.5, undefined, RangeError, "start"],
    [0, NaN, RangeError, "end"],
    ["0", undefined, TypeError, "start"],
    [undefined, undefined, TypeError, "start"],
    [0, null, TypeError, "end"],
  ])("refuses rows from %o to %o of three", (start, end, kind, argument) => {
    expectRefused(
      () => ops.slice(counting([3, 2]), start as number, end as number),
      kind,
      `slice: ${argument}`,
    );
  });

  it("refuses a single number, and what is not a tensor", () => {
    expectRefused(() => ops.slice(tensor(1), 0), RangeError, "slice: t.shape");
    expectRefused(() => ops.slice([1] as never, 0), TypeError, "slice: t");
    expectRefused(() => ops.slice(undefined as never, 0), TypeError, "slice: t");
    expectRefused(() => ops.slice(null as never, 0), TypeError, "slice: t");
  });
});

describe("concat", () => {
  const lists = fc
    .record({
      shape: shapes,
      axis: fc.nat(3),
      lengths: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
      isNegative: fc.boolean(),
      seed: fc.nat(),
    })
    .map(({ shape, axis, lengths, isNegative, seed }) => {
      const along = axis % shape.length;
      const parts = lengths.map((length) => shape.map((size, i) => (i === along ? length : size)));
      return { parts, along, axis: isNegative ? along - shape.length : along, seed };
    });

  it("joins along any axis, and its gradients are the parts", () => {
    fc.assert(
      fc.property(lists, ({ parts, along, axis, seed }) => {
        const tensors = parts.map((shape, i) => tensor(seededIntegers(seed + i, sizeOf(shape), 99), shape));
        const lengths = parts.map((shape) => shape[along]!);
        const length = lengths.reduce((sum, size) => sum + size, 0);
        const shape = parts[0]!.map((size, i) => (i === along ? length : size));
        const gradOutput = counting(shape);
        const { value, grads } = vjp((list: Tensor[]) => ops.concat(list, axis))(gradOutput, tensors);
        expect(value.shape).toEqual(shape);

        const inner = sizeOf(shape.slice(along + 1));
        const expected = new Float32Array(sizeOf(shape));
        const expectedGrads = parts.map((part) => new Float32Array(sizeOf(part)));
        for (let at = 0; at < expected.length; at++) {
          const outer = Math.floor(at / (inner * length));
          let index = Math.floor(at / inner) % length;
          let part = 0;
          while (index >= lengths[part]!) index -= lengths[part++]!;
          const from = (outer * lengths[part]! + index) * inner + (at % inner);
          expected[at] = tensors[part]!.data[from]!;
          expectedGrads[part]![from] = gradOutput.data[at]!;
        }
        expect(value.data).toEqual(expected);
        expect(grads.map(({ data }) => data)).toEqual(expectedGrads);
        expect(grads.map(({ shape }) => shape)).toEqual(parts);
      }),
      { numRuns: 150 },
    );
  });

  it("undoes slicing", () => {
    const x = counting([5, 3]);
    expect(ops.concat([ops.slice(x, 0, 2), ops.slice(x, 2)]).data).toEqual(x.data);
  });

  it("adds up the gradients of a tensor that it joins twice", () => {
    const { grads } = vjp((x: Tensor) => ops.concat([x, x, x]))(
      tensor([1, 2, 10, 20, 100, 200]),
      tensor([5, 6]),
    );
    expect([...grads.data]).toEqual([111, 222]);
  });

  it.each<[string, unknown, unknown, ErrorConstructor, string]>([
    ["an empty list", [], 0, RangeError, "tensors must hold at least one tensor"],
    ["a tensor in place of a list", tensor([1]), 0, TypeError, "tensors"],
    ["no list", undefined, 0, TypeError, "tensors"],
    ["an array among tensors", [tensor([1]), [1]], 0, TypeError, "tensors[1]"],
    ["different ranks", [tensor([1]), tensor([[1]])], 0, RangeError, "tensors[1].shape"],
    ["different rows along columns", [counting([2, 3]), counting([3, 3])], 1, RangeError, "tensors[1].shape"],
    ["different columns along rows", [counting([2, 3]), counting([2, 4])], 0, RangeError, "tensors[1].shape"],
    ["an axis behind the last", [counting([2, 3])], 2, RangeError, "axis"],
    ["an axis before the first", [counting([2, 3])], -3, RangeError, "axis"],
    ["NaN as axis", [counting([2, 3])], NaN, RangeError, "axis"],
    ["a string as axis", [counting([2, 3])], "0", TypeError, "axis"],
    ["single numbers", [tensor(1), tensor(2)], 0, RangeError, "axis"],
  ])("refuses %s", (_, tensors, axis, kind, start) => {
    expectRefused(() => ops.concat(tensors as Tensor[], axis as number), kind, `concat: ${start}`);
  });

  it("refuses a result that is too large", () => {
    const large = ones([2 ** 15, 1]);
    const list = Array.from({ length: 2 ** 14 + 1 }, () => large);
    expectRefused(() => ops.concat(list, 1), RangeError, "concat: tensors must have at most");
  });
});

/** All orders of the axes of a rank. */
function permutations(rank: number): number[][] {
  if (rank === 0) return [[]];
  return permutations(rank - 1).flatMap((order) =>
    Array.from({ length: rank }, (_, at) => [...order.slice(0, at), rank - 1, ...order.slice(at)]),
  );
}

describe("transpose", () => {
  it("agrees with the definition for all permutations up to rank 5, and its gradient with the inverse", () => {
    const sizes = [3, 4, 2, 5, 6];
    for (let rank = 0; rank <= 5; rank++) {
      const shape = sizes.slice(0, rank);
      const x = counting(shape);
      const strides = stridesOf(shape);
      for (const axes of permutations(rank)) {
        const gradOutput = counting(axes.map((axis) => shape[axis]!));
        const { value, grads } = vjp((t: Tensor) => ops.transpose(t, axes))(gradOutput, x);
        expect(value.shape).toEqual(gradOutput.shape);
        const steps = axes.map((axis) => strides[axis]!);
        const own = stridesOf(value.shape);
        const source = (at: number) =>
          steps.reduce((sum, step, k) => sum + step * (Math.floor(at / own[k]!) % value.shape[k]!), 0);
        const expected = new Float32Array(x.size);
        const expectedGrad = new Float32Array(x.size);
        for (let at = 0; at < x.size; at++) {
          expected[at] = source(at);
          expectedGrad[source(at)] = at;
        }
        expect(value.data, `axes ${axes.join()}`).toEqual(expected);
        expect(grads.data, `gradient, axes ${axes.join()}`).toEqual(expectedGrad);
      }
    }
  });

  it("of matrices of every size is its own inverse", () => {
    for (let rows = 1; rows <= 40; rows++) {
      for (const columns of [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 33]) {
        const x = counting([rows, columns]);
        const y = ops.transpose(x);
        expect(y.shape).toEqual([columns, rows]);
        const isRight = y.data.every((v, at) => v === (at % rows) * columns + Math.floor(at / rows));
        expect(isRight, `${rows} × ${columns}`).toBe(true);
        expect(ops.transpose(y).data).toEqual(x.data);
      }
    }
  });

  it("transposes every matrix of a batch", () => {
    const x = counting([3, 18, 5]);
    const y = ops.transpose(x, [0, 2, 1]);
    for (let b = 0; b < 3; b++) {
      const matrix = ops.transpose(ops.reshape(ops.slice(x, b, b + 1), [18, 5]));
      expect(ops.slice(y, b, b + 1).data).toEqual(matrix.data);
    }
  });

  it("permutes as many axes as a tensor may have", () => {
    const shape = Array.from({ length: 32 }, (_, axis) => (axis % 8 === 0 ? 3 : 1));
    const x = counting(shape);
    const y = ops.transpose(x);
    expect(y.shape).toEqual([...shape].reverse());
    expect(y.data).toEqual(ops.transpose(counting([3, 3, 3, 3])).data);
    expect(ops.transpose(y).data).toEqual(x.data);
  });

  it("reverses the axes by default", () => {
    expect(ops.transpose(counting([2, 3, 4])).shape).toEqual([4, 3, 2]);
    expect([...ops.transpose(tensor(7)).data]).toEqual([7]);
    expect([...ops.transpose(tensor([1, 2])).data]).toEqual([1, 2]);
  });

  it.each<[unknown, ErrorConstructor]>([
    [[0], RangeError],
    [[0, 0], RangeError],
    [[0, 2], RangeError],
    [[-1, 0], RangeError],
    [[0, NaN], RangeError],
    [[0, 0.5], RangeError],
    [[0, 1, 2], RangeError],
    [[], RangeError],
    [1, TypeError],
    ["01", TypeError],
  ])("refuses the axes %o of a matrix", (axes, kind) => {
    expectRefused(() => ops.transpose(counting([2, 3]), axes as number[]), kind, "transpose: axes");
  });
});
