// Laws of interpolation: both ends exact, equal steps on the line or on the sphere.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ones, ops, scope, tensor, zeros } from "../../src/index.js";
import { interpolate, type Interpolation } from "../../src/latent/index.js";
import { reals, seed } from "../support/arbitraries.js";
import { at, rowsOf } from "../support/codes.js";
import { expectNothingHeld, expectRefused } from "../support/refusals.js";

const small = fc.integer({ min: 1, max: 4 });
const steps = fc.integer({ min: 2, max: 7 });
const KINDS: readonly Interpolation[] = ["straight", "spherical"];
const lengthOf = (code: readonly number[]) => Math.hypot(...code);
const cosine = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, x, i) => sum + x * b[i], 0) / lengthOf(a) / lengthOf(b);

describe.each(KINDS)("interpolate, %s,", (kind) => {
  it("begins and ends exactly with each pair, which the others do not touch", () => {
    fc.assert(
      fc.property(small, small, steps, seed, (count, latent, steps, seed) => {
        const [a, b] = [reals([count, latent], seed), reals([count, latent], seed + 1)];
        const rows = rowsOf(interpolate(a, b, { steps, kind }));
        expect(rows).toHaveLength(count * steps);
        for (let pair = 0; pair < count; pair++) {
          expect(rows[pair * steps]).toEqual(rowsOf(a)[pair]);
          expect(rows[(pair + 1) * steps - 1]).toEqual(rowsOf(b)[pair]);
          const alone = interpolate(ops.slice(a, pair, pair + 1), ops.slice(b, pair, pair + 1), {
            steps,
            kind,
          });
          expect(rows.slice(pair * steps, (pair + 1) * steps)).toEqual(rowsOf(alone));
        }
      }),
    );
  });

  it("is the same way back", () => {
    const [a, b] = [reals([2, 6], 3), reals([2, 6], 4)];
    const there = rowsOf(interpolate(a, b, { kind, steps: 7 }));
    const back = rowsOf(interpolate(b, a, { kind, steps: 7 }));
    there.forEach((row, i) => {
      const turned = back[i < 7 ? 6 - i : 20 - i];
      row.forEach((x, d) => expect(x).toBeCloseTo(turned[d], 6));
    });
  });

  it.each([
    ["the same", [1, 2, -3], [1, 2, -3]],
    ["of the same direction", [1, 2, -3], [2, 4, -6]],
    ["of nearly the same direction", [1, 2, -3], [2, 4, -6.000001]],
    ["opposite", [1, 2, -3], [-1, -2, 3]],
    ["opposite, but for rounding,", [0.1, 0.2, -0.3], [-0.3, -0.6, 0.9]],
    ["from the origin", [0, 0, 0], [1, 2, 3]],
    ["to the origin", [1, 2, 3], [0, 0, 0]],
  ])("is straight where the codes are %s", (_, a, b) => {
    const rows = rowsOf(interpolate(tensor([a]), tensor([b]), { steps: 5, kind }));
    rows.forEach((row, i) => row.forEach((x, d) => expect(x).toBeCloseTo(at(a[d], b[d], 5, i), 5)));
  });
});

describe("interpolate", () => {
  it("goes straight in nine equal steps unless told otherwise", () => {
    const rows = rowsOf(interpolate(tensor([[0, 8]]), tensor([[16, 0]])));
    expect(rows).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => [2 * i, 8 - i]));
  });

  it("on the sphere keeps the length of codes of one length and turns by equal angles", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 8 }),
        fc.integer({ min: 3, max: 7 }),
        seed,
        (latent, steps, seed) => {
          const [a, other] = rowsOf(reals([2, latent], seed));
          const b = other.map((x) => (x * lengthOf(a)) / lengthOf(other));
          fc.pre(lengthOf(a) > 0.1 && Math.abs(cosine(a, b)) < 0.999);
          const rows = rowsOf(interpolate(tensor([a]), tensor([b]), { steps, kind: "spherical" }));
          const angle = Math.acos(cosine(a, b)) / (steps - 1);
          rows.forEach((row) => expect(lengthOf(row) / lengthOf(a)).toBeCloseTo(1, 5));
          rows.slice(1).forEach((row, i) => expect(cosine(rows[i], row)).toBeCloseTo(Math.cos(angle), 5));
        },
      ),
    );
  });

  it("on the sphere goes round it also between codes that are nearly opposite", () => {
    const rows = rowsOf(interpolate(tensor([[1, 0]]), tensor([[-1, 1e-4]]), { steps: 5, kind: "spherical" }));
    rows.forEach((row) => expect(lengthOf(row)).toBeCloseTo(1, 3));
    expect(rows[2][1]).toBeCloseTo(1, 3);
  });

  it("takes codes of any size", () => {
    const rows = interpolate(ops.scale(ones([1, 2 ** 20]), -1), zeros([1, 2 ** 20]), {
      kind: "spherical",
      steps: 3,
    });
    expect([...rows.data.subarray(2 ** 20 - 1, 2 ** 20 + 1)]).toEqual([-1, -0.5]);
  });

  it("on the sphere agrees with the formula for codes of different lengths", () => {
    const [a, b] = [
      [3, 0, 0],
      [1, 1, 0],
    ];
    const rows = rowsOf(interpolate(tensor([a]), tensor([b]), { steps: 4, kind: "spherical" }));
    const angle = Math.PI / 4;
    rows.forEach((row, i) => {
      const t = i / 3;
      const [first, second] = [Math.sin((1 - t) * angle), Math.sin(t * angle)];
      row.forEach((x, d) => expect(x).toBeCloseTo((first * a[d] + second * b[d]) / Math.sin(angle), 6));
    });
  });

  it("gives in a scope what it gives outside", () => {
    const [a, b] = [reals([2, 3], 5), reals([2, 3], 6)];
    const f = () => ops.scale(interpolate(ops.scale(a, 2), ops.scale(b, 3), { kind: "spherical" }), 1);
    expect(scope(f).data).toEqual(f().data);
    expectNothingHeld();
  });

  const [code, codes] = [zeros([1, 2]), zeros([3, 2])];
  it.each<[string, () => unknown, ErrorConstructor]>([
    ["interpolate: a must be a tensor", () => interpolate(1 as never, code), TypeError],
    ["interpolate: b.shape must equal a.shape", () => interpolate(codes, code), RangeError],
    ["interpolate: b.shape must equal a.shape", () => interpolate(code, zeros([1, 3])), RangeError],
    ["interpolate: steps must be an integer ≥ 2", () => interpolate(code, code, { steps: 1 }), RangeError],
    ["interpolate: options must have", () => interpolate(code, code, { count: 1 } as never), TypeError],
    [
      "interpolate: kind must be one of",
      () => interpolate(code, code, { kind: "slerp" as never }),
      RangeError,
    ],
  ])("refuses: %s …", (start, call, kind) => {
    expectRefused(call, kind, start);
  });
});
