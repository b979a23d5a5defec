// Laws of principal components: what they span, what they leave out, and that it does not matter how data are turned.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkGradient, equals, ones, ops, scope, type Tensor, tensor, zeros } from "../../src/index.js";
import { pca, type PrincipalComponents, project, unproject } from "../../src/latent/index.js";
import { integers, reals, seed } from "../support/arbitraries.js";
import { expectPure, expectSame, forAll } from "../support/laws.js";
import { jacobiEigen } from "../support/naiveEigen.js";
import { expectNothingHeld, expectRefused } from "../support/refusals.js";

const upTo = (max: number) => fc.integer({ min: 1, max });
/** More examples than features, fewer, and as many; small integers coincide often. */
const cases = fc
  .record({ count: upTo(14), features: upTo(10), magnitude: fc.constantFrom(1, 5, 1000), seed })
  .map(({ count, features, magnitude, seed }) => integers([count, features], seed, magnitude));

/** A tensor's values, row by row. */
function rowsOf({ data, shape }: Tensor): number[][] {
  const width = data.length / shape[0];
  return Array.from({ length: shape[0] }, (_, i) => [...data.subarray(i * width, (i + 1) * width)]);
}

const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, i) => sum + value * b[i], 0);
const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);

/** The covariance by its definition. */
function covarianceOf(data: Tensor): number[][] {
  const rows = rowsOf(data);
  const means = rows[0].map((_, i) => sum(rows.map((row) => row[i])) / rows.length);
  return means.map((a, i) =>
    means.map((b, j) => sum(rows.map((row) => (row[i] - a) * (row[j] - b))) / Math.max(rows.length - 1, 1)),
  );
}

const totalOf = (covariance: number[][]) => sum(covariance.map((row, i) => row[i]));

function expectOrthonormal({ components }: PrincipalComponents): void {
  const rows = rowsOf(components);
  const overlaps = rows.flatMap((row, i) =>
    rows.map((other, j) => Math.abs(dot(row, other) - (i === j ? 1 : 0))),
  );
  expect(Math.max(...overlaps)).toBeLessThan(3e-7);
}

describe("pca", () => {
  it("finds orthonormal components of falling variance, which sums to the whole", () => {
    forAll(cases, 300, (data) => {
      const basis = pca(data);
      const most = Math.min(...data.shape);
      expect(basis.components.shape).toEqual([most, data.shape[1]]);
      expect(basis.variance.shape).toEqual([most]);
      expectOrthonormal(basis);
      const { data: variance } = basis.variance;
      variance.forEach((value, i) => expect(value).toBeLessThanOrEqual(variance[Math.max(i - 1, 0)]));
      const total = totalOf(covarianceOf(data));
      expect(Math.abs(sum(variance) - total)).toBeLessThanOrEqual(1e-6 * total);
      expect(Math.min(...variance)).toBeGreaterThanOrEqual(0);
      expect(sum(basis.ratio.data)).toBeCloseTo(total === 0 ? 0 : 1, 5);
      basis.ratio.data.forEach((ratio, i) => {
        expect(Math.abs(ratio * total - variance[i])).toBeLessThanOrEqual(1e-6 * total);
      });
    });
  });

  it("agrees with Jacobi's method on the covariance", () => {
    forAll(cases, 100, (data) => {
      const { components, variance } = pca(data);
      const { values, vectors } = jacobiEigen(covarianceOf(data));
      const scale = values[0];
      const bound = 1e-6 * scale;
      variance.data.forEach((value, k) => expect(Math.abs(value - values[k])).toBeLessThanOrEqual(bound));
      // Where values coincide, any turn of their vectors is as good.
      const gapOf = (k: number) =>
        Math.min(...values.map((value, i) => (i === k ? Infinity : Math.abs(value - values[k]))));
      for (const [k, row] of rowsOf(components).entries()) {
        const cosine = Math.abs(dot(row, vectors[k]));
        expect(gapOf(k) <= 1e-4 * scale || Math.abs(cosine - 1) < 1e-6).toBe(true);
      }
    });
  });

  it("leaves out, with k components, just the variance of the others", () => {
    forAll(fc.record({ data: cases, k: upTo(10) }), 200, ({ data, k }) => {
      const all = pca(data);
      const components = Math.min(k, ...data.shape);
      const basis = pca(data, { components });
      // The first of all components; of the others nothing is known.
      expectSame(basis.variance, ops.slice(all.variance, 0, components));
      expectSame(basis.components, ops.slice(all.components, 0, components));
      const errors = ops.sub(data, unproject(basis, project(basis, data)));
      const left = sum(all.variance.data.subarray(components)) * (data.shape[0] - 1);
      const whole = totalOf(covarianceOf(data)) * data.shape[0] + 1;
      const error = sum(errors.data.map((value) => value ** 2));
      expect(Math.abs(error - left)).toBeLessThanOrEqual(3e-6 * whole);
    });
  });

  it("gives coordinates that are uncorrelated, with mean 0 and the variances of the components", () => {
    forAll(cases, 100, (data) => {
      const basis = pca(data);
      const coordinates = project(basis, data);
      const covariance = covarianceOf(coordinates);
      const scale = Math.max(...data.data.map(Math.abs)) ** 2 * data.shape[1] + 1;
      covariance.forEach((row, i) => {
        row.forEach((value, j) => {
          const wanted = i === j ? basis.variance.data[i] : 0;
          expect(Math.abs(value - wanted)).toBeLessThanOrEqual(1e-5 * scale);
        });
      });
      const means = ops.mean(coordinates, { axis: 0 }).data;
      means.forEach((mean) => expect(Math.abs(mean)).toBeLessThanOrEqual(1e-5 * Math.sqrt(scale)));
    });
  });

  it("finds the same variances of data that are moved, turned, or in another order", () => {
    forAll(cases, 100, (data) => {
      const { variance, components } = pca(data);
      const expectSameVariance = (other: Tensor, factor = 1) => {
        const bound = 1e-6 * variance.data[0] * factor;
        expect(equals(pca(other).variance, ops.scale(variance, factor), bound)).toBe(true);
      };
      const [count, features] = data.shape;
      expectSameVariance(ops.add(data, 4096));
      expectSameVariance(ops.scale(data, -2), 4);
      expectSameVariance(tensor(rowsOf(data).reverse()));
      expectSameVariance(tensor(rowsOf(data).map((row) => row.reverse())));
      // A reflection at a plane: I − 2vvᵀ / vᵀv, times vᵀv to keep to integers.
      const v = tensor(
        Float32Array.from({ length: features }, (_, i) => (i % 3) + 1),
        [1, features],
      );
      const square = sum(v.data.map((value) => value ** 2));
      const along = ops.matmul(data, v, { transposeB: true });
      const turned = ops.sub(ops.scale(data, square), ops.scale(ops.matmul(along, v), 2));
      expectSameVariance(turned, square ** 2);
      // Every example twice: the same directions, and all sums of squares doubled.
      const twice = pca(ops.concat([data, data]));
      const factor = (2 * Math.max(count - 1, 1)) / (2 * count - 1);
      const kept = Math.min(twice.variance.size, variance.size);
      const both = [twice.variance, ops.scale(variance, factor)].map((all) => ops.slice(all, 0, kept));
      expect(equals(both[0], both[1], 1e-6 * variance.data[0] * factor)).toBe(true);
      expectSame(pca(ops.scale(data, 4)).components, components);
    });
  });

  it("turns each component so that its largest entry is positive, of equal ones the first", () => {
    forAll(cases, 200, (data) => {
      for (const row of rowsOf(pca(data).components)) {
        const largest = Math.max(...row.map(Math.abs));
        expect(row.find((value) => Math.abs(value) > (1 - 1e-6) * largest)).toBeGreaterThan(0);
      }
    });
    // All entries of the component are of one size, rounding aside.
    for (const [count, features] of [
      [4, 7],
      [9, 7],
      [5, 11],
      [12, 11],
    ]) {
      for (const sign of [1, -1]) {
        const line = Array.from({ length: count }, (_, i) =>
          Array.from({ length: features }, (_, j) => (j % 2 === 0 ? sign : -sign) * (i ** 2 + 1)),
        );
        const { components } = pca(tensor(line), { components: 1 });
        const wanted = Array.from({ length: features }, (_, j) => (-1) ** j / Math.sqrt(features));
        expect(equals(components, tensor([wanted]), 1e-6)).toBe(true);
      }
    }
  });

  it("takes images as well as vectors, and gives back images", () => {
    for (const count of [5, 40]) {
      const images = reals([count, 2, 3, 4], 1);
      const vectors = ops.reshape(images, [count, 24]);
      const [basis, flat] = [pca(images, { components: 3 }), pca(vectors, { components: 3 })];
      expect(basis.mean.shape).toEqual([2, 3, 4]);
      expect(basis.components.shape).toEqual([3, 2, 3, 4]);
      expectSame(ops.reshape(basis.components, [3, 24]), flat.components);
      expectSame(basis.variance, flat.variance);
      const coordinates = project(basis, images);
      expectSame(coordinates, project(flat, vectors));
      const restored = unproject(basis, coordinates);
      expect(restored.shape).toEqual(images.shape);
      expectSame(ops.reshape(restored, [count, 24]), unproject(flat, coordinates));
    }
  });

  it("keeps its components orthonormal where variances differ by many magnitudes", () => {
    for (const [count, features] of [
      [12, 30],
      [30, 12],
    ]) {
      const scales = tensor(Float32Array.from({ length: features }, (_, i) => 10 ** (-i / 2)));
      const data = ops.mul(reals([count, features], 7), scales);
      const basis = pca(data);
      expectOrthonormal(basis);
      const { values } = jacobiEigen(covarianceOf(data));
      basis.variance.data.subarray(0, 11).forEach((value, i) => {
        expect(Math.abs(value - values[i])).toBeLessThanOrEqual(1e-6 * values[i] + 1e-14 * values[0]);
      });
    }
  });
});

describe("degenerate data", () => {
  const expectZero = (t: Tensor) => expect(t.data.every((value) => value === 0)).toBe(true);

  it("of one example have a mean and no variance", () => {
    const basis = pca(tensor([[3, 4, 5]]));
    expect([...basis.mean.data]).toEqual([3, 4, 5]);
    expect([...basis.components.data]).toEqual([1, 0, 0]);
    expectZero(basis.variance);
    expectZero(basis.ratio);
    expect([...unproject(basis, tensor([[2]])).data]).toEqual([5, 4, 5]);
  });

  it.each([
    [1, 1],
    [3, 1],
    [1, 4],
    [3, 5],
    [5, 3],
    [6, 9],
    [49, 3],
    [200, 2],
  ])("that do not vary, %i × %i, have orthonormal components and no variance", (count, features) => {
    const basis = pca(ops.scale(ones([count, features]), 0.1));
    expectOrthonormal(basis);
    expectZero(basis.variance);
    expectZero(basis.ratio);
    expectSame(basis.mean, ops.scale(ones([features]), 0.1));
  });

  it("with columns that do not vary have the components of the others", () => {
    const data = tensor([
      [7, 1, 0, 2],
      [7, 3, 0, 2],
      [7, 8, 0, 2],
      [7, 0, 0, 2],
      [7, 3, 0, 2],
    ]);
    const { components, variance } = pca(data);
    expect(rowsOf(components)[0]).toEqual([0, 1, 0, 0]);
    expect([...variance.data]).toEqual([9.5, 0, 0, 0]);
    expectOrthonormal(pca(data));
  });

  it("with few different examples have orthonormal components all the same", () => {
    const data = tensor(
      Array.from({ length: 9 }, (_, i) => Array.from({ length: 12 }, (_, j) => (i % 3) * j)),
    );
    expectOrthonormal(pca(data));
    expect(pca(data).variance.data.filter((value) => value > 1e-9)).toHaveLength(1);
  });

  it("that vary alike in all directions have equal variances", () => {
    const axes = tensor(
      [1, -1].flatMap((sign) => [0, 1, 2].map((i) => [0, 1, 2].map((j) => (i === j ? sign : 0)))),
    );
    const basis = pca(axes);
    expectOrthonormal(basis);
    expect([...basis.variance.data]).toEqual([0.4, 0.4, 0.4].map(Math.fround));
    expect([...basis.ratio.data]).toEqual([1, 1, 1].map((value) => Math.fround(value / 3)));
  });

  it("far from 0 keep their variance", () => {
    const data = ops.add(integers([20, 3], 1), 2 ** 20);
    expect(equals(pca(data).variance, pca(integers([20, 3], 1)).variance, 1e-6)).toBe(true);
  });
});

describe("project and unproject", () => {
  const data = reals([6, 4], 3);
  const basis = pca(data, { components: 2 });

  it("undo each other as far as the components reach", () => {
    const coordinates = reals([5, 2], 1);
    expect(equals(project(basis, unproject(basis, coordinates)), coordinates, 1e-6)).toBe(true);
    const whole = pca(data);
    expect(equals(unproject(whole, project(whole, data)), data, 1e-6)).toBe(true);
    expectSame(unproject(basis, zeros([1, 2])), ops.reshape(basis.mean, [1, 4]));
  });

  it("have the gradients of their values", () => {
    const loss = (x: Tensor) => ops.sum(ops.square(unproject(basis, project(basis, x))));
    expect(checkGradient(loss, reals([3, 4], 2)).passed).toBe(true);
  });

  it("give the same inside a scope, and leave their inputs unchanged", () => {
    expectPure((x) => project(basis, x), [data]);
    expectPure((z) => unproject(basis, z), [reals([3, 2], 1)]);
    expectPure((x) => pca(x).components, [data]);
    scope(() => expectSame(pca(ops.scale(data, 1)).variance, pca(data).variance));
    expectNothingHeld();
  });
});

describe("a mistake", () => {
  const data = reals([3, 2, 2], 1);
  const basis = pca(data, { components: 2 });
  it.each<[string, () => unknown, ErrorConstructor, string]>([
    ["no tensor", () => pca([[1, 2]] as never), TypeError, "pca: data must be a tensor"],
    ["one axis", () => pca(ones([3])), RangeError, "pca: data.shape must be [examples, ...shape of one]"],
    [
      "NaN",
      () =>
        pca(
          tensor([
            [1, 2],
            [NaN, 4],
          ]),
        ),
      RangeError,
      "pca: data must hold finite numbers, got NaN",
    ],
    ["infinity", () => pca(tensor([[1], [-Infinity]])), RangeError, "pca: data must hold finite numbers"],
    ["both", () => pca(tensor([[Infinity], [-Infinity]])), RangeError, "pca: data must hold finite numbers"],
    ["no components", () => pca(data, { components: 0 }), RangeError, "pca: components must be an integer"],
    [
      "too many",
      () => pca(data, { components: 4 }),
      RangeError,
      "pca: components must be an integer from 1 to 3",
    ],
    [
      "too many of few features",
      () => pca(ones([9, 2]), { components: 3 }),
      RangeError,
      "pca: components must",
    ],
    [
      "a misspelt option",
      () => pca(data, { component: 1 } as never),
      TypeError,
      "pca: options must have only",
    ],
    ["no basis", () => project(undefined as never, data), TypeError, "project: basis.mean must be a tensor"],
    [
      "half a basis",
      () => project({ mean: ones([2]) } as never, data),
      TypeError,
      "project: basis.components",
    ],
    [
      "a basis of two kinds",
      () => unproject({ ...basis, mean: ones([4]) }, ones([1, 2])),
      RangeError,
      "unproject: basis.components.shape must be [components, ...basis.mean.shape = 4], got [2, 2, 2]",
    ],
    [
      "other features",
      () => project(basis, ones([3, 4])),
      RangeError,
      "project: data.shape must be [examples, 2, 2]",
    ],
    [
      "one example",
      () => project(basis, ones([2, 2])),
      RangeError,
      "project: data.shape must be [examples, 2, 2]",
    ],
    ["no data", () => project(basis, 3 as never), TypeError, "project: data must be a tensor"],
    [
      "other coordinates",
      () => unproject(basis, ones([1, 3])),
      RangeError,
      "unproject: coordinates.shape[1] must equal basis.components.shape[0] = 2, got 3",
    ],
    [
      "one row",
      () => unproject(basis, ones([2])),
      RangeError,
      "unproject: coordinates.shape must have 2 axes",
    ],
  ])("is refused: %s", (_, call, kind, start) => {
    expectRefused(call, kind, start);
  });
});
