// Laws of plainView: the same answers as views of the package ndarray, whatever is done to both.

import * as fc from "fast-check";
import ndarray from "ndarray";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Float32NdArray, plainView } from "../../src/ndarray/plainView.js";

afterEach(() => vi.unstubAllGlobals());

/** The same array twice: by the package, and plain. */
function pairOf(shape: readonly number[]): [Float32NdArray, Float32NdArray] {
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i);
  const ours = plainView(data.slice(), shape);
  return [ndarray(data, [...shape]) as unknown as Float32NdArray, ours];
}

/** What a view says of itself, and its values. */
function portrait(view: Float32NdArray): object {
  const { shape, stride, offset, size, dimension, dtype } = view;
  const values: number[] = [];
  const visit = (index: number[]): void => {
    if (index.length === shape.length) values.push(view.get(...index), view.index(...index));
    else for (let i = 0; i < shape[index.length]!; i++) visit([...index, i]);
  };
  visit([]);
  // The package leaves the order of equal strides open.
  const order = view.order.map((axis) => Math.abs(stride[axis]!));
  return { shape, stride, offset, size, dimension, dtype, order, values };
}

type Step = (view: Float32NdArray) => Float32NdArray;

/** A way from one view to another, from numbers that are made to fit its axes. */
const steps = fc
  .tuple(
    fc.constantFrom("lo", "hi", "step", "transpose", "pick"),
    fc.array(fc.nat({ max: 11 }), { minLength: 4, maxLength: 4 }),
  )
  .map(([name, numbers]): Step => {
    return (view) => {
      const { shape } = view;
      const within = shape.map((size, axis) =>
        numbers[axis]! > 8 ? null : numbers[axis]! % size,
      ) as number[];
      if (name === "lo") return view.lo(...within);
      if (name === "hi") return view.hi(...(within.map((i) => (i === null ? i : i + 1)) as number[]));
      if (name === "step")
        return view.step(...shape.map((_, axis) => [1, 2, 3, -1, -2, -3][numbers[axis]! % 6]!));
      if (name === "transpose") {
        return view.transpose(...shape.map((_, axis) => axis).sort((a, b) => numbers[a]! - numbers[b]!));
      }
      // The package shows nothing of a view without axes any more.
      return shape.length < 2
        ? view
        : view.pick(...(within.map((i, axis) => (axis % 2 === 0 ? i : null)) as number[]));
    };
  });

describe("plainView", () => {
  it("answers as the package does after any cuts, steps, picks and transpositions", () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(shapes, fc.array(steps, { maxLength: 4 }), (shape, path) => {
        const [theirs, ours] = pairOf(shape).map((view) => path.reduce((view, step) => step(view), view));
        expect(portrait(ours!)).toEqual(portrait(theirs!));
      }),
      { numRuns: 2000 },
    );
  });

  it("sets what the package sets, in the array that it shows", () => {
    for (const view of pairOf([2, 3])) {
      expect(view.transpose(1, 0).set(2, 1, 9)).toBe(9);
      expect([...view.data]).toEqual([0, 1, 2, 3, 4, 9]);
    }
  });

  it("is a number without axes", () => {
    const [theirs, ours] = pairOf([]);
    expect(portrait(ours)).toEqual(portrait(theirs));
    expect(ours.get()).toBe(0);
  });

  it("turns its axes round as T", () => {
    expect(portrait(pairOf([2, 3, 4])[1].T)).toEqual(portrait(pairOf([2, 3, 4])[0].transpose(2, 1, 0)));
  });
});

describe("toNdarray where code may not be made from strings", () => {
  it("gives a view all the same, and asks once", async () => {
    vi.resetModules();
    const refuse = vi.fn<() => never>(() => {
      throw new EvalError("Code generation from strings disallowed for this context");
    });
    vi.stubGlobal("Function", refuse);
    const { toNdarray, fromNdarray } = await import("../../src/ndarray/index.js");
    const { tensor } = await import("../../src/index.js");
    // The package keeps the code that it has made: of so many axes it has made none.
    const t = tensor([1, 2, 3, 4, 5, 6], [2, 3, 1, 1, 1, 1]);
    const view = toNdarray(t);
    expect(view.data).toBe(t.data);
    expect(view.transpose(1, 0).get(2, 1, 0, 0, 0, 0)).toBe(6);
    expect([...fromNdarray(view.transpose(1, 0).step(-1)).data]).toEqual([3, 6, 2, 5, 1, 4]);
    toNdarray(tensor([1]));
    expect(refuse).toHaveBeenCalledOnce();
  });

  it("gives the package's own view elsewhere", async () => {
    vi.resetModules();
    const { toNdarray } = await import("../../src/ndarray/index.js");
    const { tensor } = await import("../../src/index.js");
    expect(toNdarray(tensor([1])).constructor.name).toBe("View1dfloat32");
  });
});
