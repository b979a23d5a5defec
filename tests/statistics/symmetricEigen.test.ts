// Laws of the eigenvalues and eigenvectors of symmetric matrices, up to the rounding of float64.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { symmetricEigen } from "../../src/statistics/symmetricEigen.js";
import { forAll } from "../support/laws.js";
import { jacobiEigen } from "../support/naiveEigen.js";

type Matrix = readonly (readonly number[])[];

const flat = (matrix: Matrix) => Float64Array.from(matrix.flat());
const rowsOf = (values: Float64Array, size: number) =>
  Array.from({ length: size }, (_, i) => [...values.subarray(i * size, (i + 1) * size)]);
const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, i) => sum + value * b[i], 0);
const largestOf = (matrix: Matrix) => Math.max(...matrix.flat().map(Math.abs));

/** Small integers, often 0 and often of low rank: matrices of every kind of coincidence. */
const symmetric: fc.Arbitrary<number[][]> = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.constantFrom(1, 3, 100), fc.boolean())
  .chain(([size, magnitude, isProduct]) =>
    fc
      .array(
        fc.array(fc.integer({ min: -magnitude, max: magnitude }), { minLength: size, maxLength: size }),
        {
          minLength: size,
          maxLength: size,
        },
      )
      .map((rows) => {
        if (!isProduct) return rows.map((row, i) => row.map((value, j) => (i < j ? rows[j][i] : value)));
        const few = rows.slice(0, 1 + (size >> 1));
        return rows.map((_, i) => rows.map((_, j) => few.reduce((sum, row) => sum + row[i] * row[j], 0)));
      }),
  );

/** A·v = λ·v, vectors orthonormal, values falling. */
function expectEigen(matrix: Matrix): Float64Array {
  const size = matrix.length;
  const { values, vectors } = symmetricEigen(flat(matrix), size);
  const rows = rowsOf(vectors, size);
  const bound = 20 * size * Number.EPSILON;
  const residuals = rows.flatMap((vector, k) =>
    matrix.map((row, i) => Math.abs(dot(row, vector) - values[k] * vector[i])),
  );
  expect(Math.max(...residuals)).toBeLessThanOrEqual(bound * largestOf(matrix));
  const overlaps = rows.flatMap((a, k) => rows.map((b, l) => Math.abs(dot(a, b) - (k === l ? 1 : 0))));
  expect(Math.max(...overlaps)).toBeLessThanOrEqual(bound);
  expect(values).toEqual(values.slice().sort((a, b) => b - a));
  return values;
}

describe("symmetricEigen", () => {
  it("finds values and orthonormal vectors whose products they are", () => {
    forAll(symmetric, 500, expectEigen);
  });

  it("agrees with Jacobi's method", () => {
    forAll(symmetric, 60, (matrix) => {
      const { values } = symmetricEigen(flat(matrix), matrix.length);
      const wanted = jacobiEigen(matrix).values;
      const bound = 1e-13 * matrix.length * largestOf(matrix);
      values.forEach((value, i) => expect(Math.abs(value - wanted[i])).toBeLessThanOrEqual(bound));
    });
  });

  it.each<[string, Matrix, number[]]>([
    ["of one number", [[-3]], [-3]],
    [
      "of zeros",
      [
        [0, 0],
        [0, 0],
      ],
      [0, 0],
    ],
    [
      "of two rows",
      [
        [2, 1],
        [1, 2],
      ],
      [3, 1],
    ],
    [
      "of a diagonal in any order",
      [
        [1, 0, 0],
        [0, 5, 0],
        [0, 0, -2],
      ],
      [5, 1, -2],
    ],
    [
      "of a diagonal of zeros",
      [
        [0, 0, 3],
        [0, 0, 4],
        [3, 4, 0],
      ],
      [5, 0, -5],
    ],
    [
      "of a projection, with values that coincide",
      [
        [2 / 3, -1 / 3, -1 / 3],
        [-1 / 3, 2 / 3, -1 / 3],
        [-1 / 3, -1 / 3, 2 / 3],
      ],
      [1, 1, 0],
    ],
  ])("knows those %s", (_, matrix, wanted) => {
    expectEigen(matrix).forEach((value, i) => expect(value).toBeCloseTo(wanted[i], 14));
  });

  it("knows those of a vibrating string, 2 − 2cos(kπ / (n + 1))", () => {
    const size = 60;
    const chain = Array.from({ length: size }, (_, i) =>
      Array.from({ length: size }, (_, j) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0)),
    );
    expectEigen(chain).forEach((value, i) => {
      expect(value).toBeCloseTo(2 - 2 * Math.cos(((size - i) * Math.PI) / (size + 1)), 13);
    });
  });

  it("finds the same of matrices that are very large or small, in their scale", () => {
    const matrix = [
      [4, 1, -2],
      [1, 2, 0],
      [-2, 0, 3],
    ];
    const { values, vectors } = symmetricEigen(flat(matrix), 3);
    for (const scale of [2 ** 900, 2 ** -900]) {
      const scaled = symmetricEigen(
        flat(matrix).map((value) => value * scale),
        3,
      );
      expect(scaled.values).toEqual(values.map((value) => value * scale));
      expect(scaled.vectors).toEqual(vectors);
    }
  });

  it("loses no digits on matrices that are nearly tridiagonal", () => {
    for (const near of [1, -1]) {
      for (const far of [1e-5, 1e-6, 1e-7, 1e-8]) {
        expectEigen([
          [0, near, far],
          [near, 0.2, 0.5],
          [far, 0.5, 0.9],
        ]);
      }
    }
  });

  it("ends on matrices whose entries differ by many magnitudes", () => {
    const size = 12;
    for (const base of [1e-3, 1e-8, 1e-20]) {
      const graded = Array.from({ length: size }, (_, i) =>
        Array.from({ length: size }, (_, j) => base ** Math.max(i, j) * (i === j ? 2 : 1)),
      );
      expectEigen(graded);
      expectEigen(graded.map((row) => [...row].reverse()).reverse());
    }
  });

  it("leaves the matrix as it is", () => {
    const matrix = Float64Array.of(2, 1, 1, 2);
    symmetricEigen(matrix, 2);
    expect(matrix).toEqual(Float64Array.of(2, 1, 1, 2));
  });
});
