// The matrix of inner products agrees with its definition, at the edges of the pieces that it is summed in.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { innerProducts } from "../../src/statistics/innerProducts.js";
import { forAll } from "../support/laws.js";

describe("innerProducts", () => {
  it("are the sums of products of all pairs", () => {
    const cases = fc.record({
      count: fc.integer({ min: 1, max: 7 }),
      length: fc.constantFrom(1, 2, 255, 256, 257, 600),
      step: fc.integer({ min: 1, max: 50 }),
    });
    forAll(cases, 60, ({ count, length, step }) => {
      // Small integers, so that sums are exact in any order.
      const valueAt = (vector: number, position: number) => ((vector * 31 + position * step) % 11) - 5;
      const products = innerProducts(count, length, valueAt);
      const vectors = Array.from({ length: count }, (_, vector) =>
        Array.from({ length }, (_, position) => valueAt(vector, position)),
      );
      const wanted = vectors.flatMap((a) =>
        vectors.map((b) => a.reduce((sum, value, i) => sum + value * b[i], 0)),
      );
      expect([...products]).toEqual(wanted);
    });
  });
});
