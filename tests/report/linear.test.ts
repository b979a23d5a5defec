// Linear rules: what is linear is read exactly, what is noise is not believed.

import { describe, expect, it } from "vitest";
import { key, ops, random, tensor } from "../../src/index.js";
import { linearRules } from "../../src/report/linear.js";

const data = random.normal(key(1), [200, 5]);
const fresh = random.normal(key(2), [50, 5]);
const slope = tensor([[2], [-1], [0.5], [0], [3]]);
const valuesOf = (rows: typeof data) => ops.reshape(ops.add(ops.matmul(rows, slope), tensor(7)), [-1]);

describe("a linear rule", () => {
  it("reads a linear value, also of data that it has not seen, in its own units", () => {
    const { rSquared, read } = linearRules(data)!(valuesOf(data));
    expect(rSquared).toBeGreaterThan(0.999);
    const expected = valuesOf(fresh).data;
    read(fresh).forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(0.2));
  });

  it("explains nothing of noise", () => {
    const { rSquared } = linearRules(data)!(random.normal(key(3), [200]));
    expect(Math.abs(rSquared)).toBeLessThan(0.15);
  });

  it("is not fooled by as many directions as rows", () => {
    const { rSquared } = linearRules(random.normal(key(4), [100, 90]))!(random.normal(key(5), [100]));
    expect(rSquared).toBeLessThan(0.2);
  });

  it("takes images of any shape, and directions without variance", () => {
    const still = ops.concat(
      [ops.reshape(data, [200, 5, 1, 1]), tensor(new Float32Array(1000), [200, 5, 1, 1])],
      2,
    );
    const { rSquared, read } = linearRules(still)!(valuesOf(data));
    expect(rSquared).toBeGreaterThan(0.99);
    expect(read(still)).toHaveLength(200);
  });

  it("explains nothing of what does not vary, and does not exist for a handful of rows", () => {
    expect(linearRules(data)!(tensor(new Float32Array(200).fill(3))).rSquared).toBe(0);
    expect(linearRules(ops.slice(data, 0, 19))).toBeUndefined();
  });
});
