// Laws of what makes codes from codes: grids, walks and attributes.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ops, scope, type Tensor, tensor, zeros } from "../../src/index.js";
import { attributeVector, averageCode, latentGrid, moveAlong, traverse } from "../../src/latent/index.js";
import { integers, reals, seed } from "../support/arbitraries.js";
import { at, rowsOf } from "../support/codes.js";
import { expectNothingHeld, expectRefused } from "../support/refusals.js";
import { normalCumulative } from "../support/specialFunctions.js";

const small = fc.integer({ min: 1, max: 4 });
const steps = fc.integer({ min: 2, max: 7 });
const ends = fc.tuple(fc.integer({ min: -8, max: 8 }), fc.integer({ min: -8, max: 8 }));

describe("latentGrid", () => {
  it("runs from left to right in the first dimension and upwards in the second", () => {
    const rows = rowsOf(latentGrid(zeros([1, 2]), { size: 3 }));
    const [low, middle, high] = [rows[0][0], rows[1][0], rows[2][0]];
    expect(low).toBeLessThan(0);
    expect([middle, high]).toEqual([0, -low]);
    const line = (y: number) => [low, 0, high].map((x) => [x, y]);
    expect(rows).toEqual([...line(high), ...line(0), ...line(low)]);
  });

  it("puts each code in the middle of an equal part of the prior", () => {
    for (const size of [2, 5, 20, 51]) {
      const rows = rowsOf(latentGrid(zeros([1, 2]), { size })).slice(0, size);
      rows.forEach(([x], i) => expect(normalCumulative(x)).toBeCloseTo((i + 0.5) / size, 6));
    }
  });

  it("has the origin in the middle of an odd size, exactly", () => {
    for (let size = 3; size < 60; size += 2) {
      const middle = rowsOf(latentGrid(zeros([1, 2]), { size }))[(size * size - 1) / 2];
      expect(middle, `${size}`).toEqual([0, 0]);
    }
  });

  it("leaves the margin beyond its ends and equal probabilities between neighbours", () => {
    const xs = rowsOf(latentGrid(zeros([1, 2]), { size: 4, margin: 0.05 })).slice(0, 4);
    [0.05, 0.35, 0.65, 0.95].forEach((p, i) => expect(normalCumulative(xs[i][0])).toBeCloseTo(p, 6));
  });

  it("varies the dimensions that are asked for, and no other", () => {
    const code = tensor([[5, 6, 7, 8]]);
    const plane = rowsOf(latentGrid(zeros([1, 2]), { size: 3 }));
    const rows = rowsOf(latentGrid(code, { size: 3, dimensions: [3, 1] }));
    expect(rows).toEqual(plane.map(([x, y]) => [5, y, 7, x]));
  });
});

describe("traverse", () => {
  it("sets one dimension after the other, for each code", () => {
    fc.assert(
      fc.property(small, small, steps, ends, seed, (count, latent, steps, [from, to], seed) => {
        const codes = integers([count, latent], seed);
        const rows = rowsOf(traverse(codes, { from, to, steps }));
        const wanted = rowsOf(codes).flatMap((code) =>
          code.flatMap((_, dimension) =>
            Array.from({ length: steps }, (_, i) =>
              code.map((z, d) => (d === dimension ? at(from, to, steps, i) : z)),
            ),
          ),
        );
        expect(rows).toHaveLength(wanted.length);
        rows.flat().forEach((x, i) => expect(x).toBeCloseTo(wanted.flat()[i], 5));
      }),
    );
  });

  it("takes nine steps from −3 to 3, of the dimensions asked for in their order", () => {
    const rows = rowsOf(traverse(tensor([[10, 20, 30]]), { dimensions: [2, 0] }));
    const values = [-3, -2.25, -1.5, -0.75, 0, 0.75, 1.5, 2.25, 3];
    expect(rows).toEqual([...values.map((x) => [10, 20, x]), ...values.map((x) => [x, 20, 30])]);
  });
});

describe("moveAlong", () => {
  it("adds multiples of each direction to each code", () => {
    fc.assert(
      fc.property(small, small, small, ends, seed, (count, ways, latent, [from, to], seed) => {
        const codes = integers([count, latent], seed);
        const directions = integers([ways, latent], seed + 1);
        const rows = rowsOf(moveAlong(codes, directions, { from, to, steps: 5 }));
        const wanted = rowsOf(codes).flatMap((code) =>
          rowsOf(directions).flatMap((direction) =>
            [0, 1, 2, 3, 4].map((i) => code.map((z, d) => z + at(from, to, 5, i) * direction[d])),
          ),
        );
        // Quarters of small integers are exact.
        expect(rows).toEqual(wanted);
      }),
    );
  });

  it("takes nine steps from −4 to 4, the middle one of which is the code", () => {
    const [codes, direction] = [reals([3, 5], 1), reals([1, 5], 2)];
    const moved = moveAlong(codes, direction);
    expect(moved.shape).toEqual([27, 5]);
    const rows = rowsOf(moved);
    expect([rows[4], rows[13], rows[22]]).toEqual(rowsOf(codes));
    const last = ops.add(codes, ops.scale(direction, 4));
    expect([rows[8], rows[17], rows[26]]).toEqual(rowsOf(last));
  });
});

describe("averageCode", () => {
  it("is the mean over the codes", () => {
    expect(averageCode(integers([4, 3], 5)).shape).toEqual([1, 3]);
    const codes = reals([7, 3], 6);
    const mean = ops.mean(codes, { axis: 0 });
    averageCode(codes).data.forEach((x, i) => expect(x).toBeCloseTo(mean.data[i], 6));
  });
});

describe("attributeVector", () => {
  it("of labels is the mean with the attribute minus the mean without, however they are written", () => {
    const codes = integers([6, 4], 7);
    const labels = [true, false, false, true, false, false];
    const those = (wanted: boolean) => tensor(rowsOf(codes).filter((_, i) => labels[i] === wanted));
    const [on, off] = [averageCode(those(true)), averageCode(those(false))];
    const numbers = labels.map(Number);
    for (const values of [
      labels,
      numbers,
      Uint8Array.from(numbers),
      tensor(numbers),
      tensor(numbers, [6, 1]),
    ]) {
      const vector = attributeVector(codes, values);
      expect(vector.shape).toEqual([1, 4]);
      vector.data.forEach((x, i) => expect(x).toBeCloseTo(on.data[i] - off.data[i], 5));
    }
  });

  it("finds the slope of codes that are linear in the attribute, and nothing where they do not depend on it", () => {
    const values = [1000, 1001, 1003, 1007, 1012];
    const codes = tensor(values.map((value) => [2 * (value - 1000) + 5, 3, -0.5 * (value - 1000)]));
    const vector = attributeVector(codes, values);
    [2, 0, -0.5].forEach((slope, i) => expect(vector.data[i]).toBeCloseTo(slope, 6));
  });

  it("leaves residuals that the attribute does not explain", () => {
    const [codes, values] = [reals([20, 3], 8), [...reals([20], 9).data]];
    const [slope] = rowsOf(attributeVector(codes, values));
    const mean = values.reduce((sum, value) => sum + value, 0) / 20;
    slope.forEach((b, d) => {
      const left = rowsOf(codes).reduce(
        (sum, code, i) => sum + (code[d] - b * values[i]) * (values[i] - mean),
        0,
      );
      expect(left).toBeCloseTo(0, 6);
    });
  });

  it("moves codes from without to with in one step", () => {
    const codes = tensor([
      [1, 1],
      [3, 1],
      [6, 5],
    ]);
    const [without, withIt] = rowsOf(
      moveAlong(averageCode(ops.slice(codes, 0, 2)), attributeVector(codes, [0, 0, 1]), {
        from: 0,
        to: 1,
        steps: 2,
      }),
    );
    expect(without).toEqual([2, 1]);
    withIt.forEach((x, i) => expect(x).toBeCloseTo([6, 5][i], 6));
  });
});

const codes = reals([3, 2], 1);

describe("in a scope", () => {
  it.each<[string, (codes: Tensor) => Tensor]>([
    ["latentGrid", (codes) => latentGrid(averageCode(codes), { size: 3, dimensions: [1, 0] })],
    ["traverse", (codes) => traverse(codes)],
    ["moveAlong", (codes) => moveAlong(codes, codes)],
    ["averageCode", (codes) => averageCode(codes)],
    ["attributeVector", (codes) => attributeVector(codes, [1, 0, 1])],
  ])("%s gives what it gives outside, of what was computed inside", (_, f) => {
    const outside = f(ops.scale(codes, 3));
    const inside = scope(() => ops.scale(f(ops.scale(codes, 3)), 1));
    expect(inside.shape).toEqual(outside.shape);
    expect(inside.data).toEqual(outside.data);
    expectNothingHeld();
  });
});

describe("bad calls are refused", () => {
  const code = zeros([1, 2]);
  it.each<[string, () => unknown, ErrorConstructor]>([
    ["latentGrid: code must be a tensor", () => latentGrid([0, 0] as never, { size: 3 }), TypeError],
    ["latentGrid: code.shape must have 2 axes", () => latentGrid(zeros([2]), { size: 3 }), RangeError],
    ["latentGrid: code.shape[0] must be 1", () => latentGrid(codes, { size: 3 }), RangeError],
    ["latentGrid: options must be an object", () => latentGrid(code, 3 as never), TypeError],
    ["latentGrid: options must have only", () => latentGrid(code, { size: 3, range: 1 } as never), TypeError],
    ["latentGrid: size", () => latentGrid(code, {} as never), TypeError],
    ["latentGrid: size must be an integer ≥ 2", () => latentGrid(code, { size: 1 }), RangeError],
    ["latentGrid: dimensions[1]", () => latentGrid(zeros([1, 1]), { size: 2 }), RangeError],
    ["latentGrid: dimensions must be", () => latentGrid(code, { size: 2, dimensions: [1, 1] }), RangeError],
    [
      "latentGrid: dimensions must be",
      () => latentGrid(code, { size: 2, dimensions: [1] as never }),
      RangeError,
    ],
    ["latentGrid: margin must be above 0", () => latentGrid(code, { size: 2, margin: 0 }), RangeError],
    ["latentGrid: margin must be above 0", () => latentGrid(code, { size: 2, margin: 0.5 }), RangeError],
    ["latentGrid: margin must be a finite", () => latentGrid(code, { size: 2, margin: NaN }), RangeError],
    ["latentGrid: size must give at most", () => latentGrid(code, { size: 2 ** 20 }), RangeError],
    ["traverse: codes.shape must have 2 axes", () => traverse(zeros([2])), RangeError],
    ["traverse: options must have only", () => traverse(codes, { step: 3 } as never), TypeError],
    ["traverse: dimensions must be an array", () => traverse(codes, { dimensions: 1 as never }), TypeError],
    ["traverse: dimensions must name", () => traverse(codes, { dimensions: [] }), RangeError],
    ["traverse: dimensions[1]", () => traverse(codes, { dimensions: [0, 2] }), RangeError],
    ["traverse: steps must be an integer ≥ 2", () => traverse(codes, { steps: 1 }), RangeError],
    ["traverse: from", () => traverse(codes, { from: NaN }), RangeError],
    ["traverse: to", () => traverse(codes, { to: "3" as never }), TypeError],
    ["moveAlong: codes must be a tensor", () => moveAlong(null as never, code), TypeError],
    ["moveAlong: directions.shape must have 2", () => moveAlong(codes, zeros([2])), RangeError],
    ["moveAlong: directions.shape[1] must equal", () => moveAlong(codes, zeros([1, 3])), RangeError],
    ["moveAlong: options must have", () => moveAlong(codes, code, { dimensions: 1 } as never), TypeError],
    ["moveAlong: steps", () => moveAlong(codes, code, { steps: 2.5 }), RangeError],
    ["averageCode: codes.shape must have 2 axes", () => averageCode(zeros([2])), RangeError],
    ["attributeVector: codes must be", () => attributeVector({} as never, [1]), TypeError],
    ["attributeVector: values must hold codes", () => attributeVector(codes, [1, 0]), RangeError],
    ["attributeVector: values must be finite", () => attributeVector(codes, [0.1, 0.1, 0.1]), RangeError],
    ["attributeVector: values must be finite", () => attributeVector(codes, [1, 0, Infinity]), RangeError],
    ["attributeVector: values[1]", () => attributeVector(codes, [1, NaN, 0]), RangeError],
    ["attributeVector: values[2]", () => attributeVector(codes, [1, 0, "yes"] as never), TypeError],
  ])("%s …", (start, call, kind) => {
    expectRefused(call, kind, start);
  });
});
