// Principal component analysis: the linear autoencoder of least squared error, against which others are measured.

import { checkInteger, checkOptions, refuseValue } from "../check/check.js";
import * as ops from "../ops/index.js";
import { inScope } from "../tensor/scope.js";
import { adoptArray, checkTensor, isSameShape, type Shape, sizeOf, type Tensor } from "../tensor/tensor.js";
import { innerProducts } from "./innerProducts.js";
import { addScaled, dotProduct, symmetricEigen } from "./symmetricEigen.js";

/** Options of {@link pca}. */
export interface PcaOptions {
  /** How many, from 1 to the smaller of examples and features (default: as many). */
  readonly components?: number | undefined;
}

/** What {@link pca} finds; examples are vectors `[features]`, or images, or of any other shape. */
export interface PrincipalComponents {
  /** Shape of one example. */
  readonly mean: Tensor;
  /** Orthonormal directions of falling variance, shape `[components, ...example]`. */
  readonly components: Tensor;
  /** Variance of the data along each component, with n − 1 in the denominator, shape `[components]`. */
  readonly variance: Tensor;
  /** Its share in the whole variance of the data, shape `[components]`; 0 where the data do not vary. */
  readonly ratio: Tensor;
}

/** Most numbers of the matrix of inner products, which are float64. */
const MAX_PRODUCTS = 2 ** 27;

/** Examples as rows, less their mean. */
interface Centred {
  readonly count: number;
  readonly features: number;
  readonly mean: Float64Array;
  readonly valueAt: (example: number, feature: number) => number;
}

function centre(where: string, data: Tensor): Centred {
  const count = data.shape[0];
  const features = data.size / count;
  const values = data.data;
  const mean = new Float64Array(features);
  for (let i = 0; i < values.length; i++) mean[i % features] += values[i];
  // Divided once: sums of equal float32 are exact, so that what does not vary is 0 when centred.
  for (let i = 0; i < features; i++) mean[i] /= count;
  // Values that are not finite make a mean that is not.
  const odd = mean.findIndex((value) => !Number.isFinite(value));
  if (odd >= 0) refuseValue(where, "data", "hold finite numbers", mean[odd]);
  const valueAt = (example: number, feature: number) => values[example * features + feature] - mean[feature];
  return { count, features, mean, valueAt };
}

/** Directions as rows of float64, with the sum of squares of the data along each, in falling order. */
interface Directions {
  readonly rows: Float64Array;
  readonly squares: Float64Array;
  /** Sum of squares of all data. */
  readonly total: number;
}

const traceOf = (matrix: Float64Array, size: number) =>
  matrix.reduce((sum, value, i) => (i % (size + 1) === 0 ? sum + value : sum), 0);

/** The directions as eigenvectors of XᵀX, features × features. */
function fromFeatures({ count, features, valueAt }: Centred): Directions {
  const matrix = innerProducts(features, count, (feature, example) => valueAt(example, feature));
  const { values, vectors } = symmetricEigen(matrix, features);
  return { rows: vectors, squares: values, total: traceOf(matrix, features) };
}

/** Share of the largest sum of squares up to which rounding is felt in Xᵀu. */
const SMALL = 1e-5;

/**
 * The directions as Xᵀu of the eigenvectors u of XXᵀ, examples × examples, for few examples of many features. Those of
 * little variance are freed of what rounding brought in of the larger ones, and those of none (there is always one:
 * centred examples sum to 0) chosen orthogonal to the others.
 */
function fromExamples({ count, features, valueAt }: Centred, components: number): Directions {
  const matrix = innerProducts(count, features, valueAt);
  const { values, vectors } = symmetricEigen(matrix, count);
  const rows = new Float64Array(components * features);
  const none = (count + features) * Number.EPSILON * values[0];
  for (let k = 0; k < components; k++) {
    const row = rows.subarray(k * features, (k + 1) * features);
    if (values[k] > none) {
      for (let example = 0; example < count; example++) {
        const weight = vectors[k * count + example];
        for (let i = 0; i < features; i++) row[i] += weight * valueAt(example, i);
      }
      normalize(row);
    } else row[farthestAxis(rows, features, k)] = 1;
    if (values[k] <= SMALL * values[0]) orthogonalize(rows, features, k);
  }
  return { rows, squares: values, total: traceOf(matrix, count) };
}

function normalize(row: Float64Array): void {
  const length = Math.sqrt(dotProduct(row, 0, row, 0, row.length));
  for (let i = 0; i < row.length; i++) row[i] /= length;
}

/** Makes row k a unit vector orthogonal to the rows before it. */
function orthogonalize(rows: Float64Array, features: number, k: number): void {
  const start = k * features;
  for (let other = 0; other < start; other += features) {
    addScaled(rows, start, -dotProduct(rows, start, rows, other, features), rows, other, features);
  }
  normalize(rows.subarray(start, start + features));
}

/** The axis of which the first k rows, which are orthonormal, hold the least. */
function farthestAxis(rows: Float64Array, features: number, k: number): number {
  const held = new Float64Array(features);
  for (let i = 0; i < k * features; i++) held[i % features] += rows[i] ** 2;
  return held.indexOf(held.reduce((least, value) => Math.min(least, value), Infinity));
}

/** Turns each row so that its entry of largest magnitude is positive; of equal ones, rounding aside, the first. */
function fixSigns(rows: Float64Array, features: number, components: number): void {
  for (let k = 0; k < components; k++) {
    const row = rows.subarray(k * features, (k + 1) * features);
    const largest = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const first = row.find((value) => Math.abs(value) >= (1 - 1e-6) * largest) ?? 0;
    if (first < 0) for (let i = 0; i < features; i++) row[i] = -row[i];
  }
}

/**
 * Principal components: the orthonormal directions along which the data vary most. Projecting on k of them and back
 * ({@link project}, {@link unproject}) is the best that a linear autoencoder with k latents can do in squared error.
 * Computed in float64.
 *
 * The work is examples · features · smaller + 5 · smaller³ products, where smaller is the lesser of examples and
 * features.
 *
 * @param data - examples along the first axis: `[examples, features]`, or images `[examples, height, width, channels]`
 * @param options.components - how many (default: the smaller of examples and features)
 * @returns mean, of the shape of one example; components, `[components, ...example]`; variance (n − 1 in the
 *   denominator, 0 for one example) and ratio, `[components]`. The component of largest magnitude in each is positive
 * @throws {TypeError} when data is not a tensor or an option unknown
 * @throws {RangeError} when data has fewer than two axes, a value that is not finite, or more than 11,585 examples and
 *   features, or components is out of range
 * @example
 * const { components, variance } = pca(tensor([[1, 1], [2, 2], [3, 3]]), { components: 1 });
 * variance.data; // [2]
 * components.data; // about [0.7071, 0.7071]
 * @see Bourlard & Kamp, "Auto-association by multilayer perceptrons and singular value decomposition" (1988)
 */
export function pca(data: Tensor, options: PcaOptions = {}): PrincipalComponents {
  const where = "pca";
  checkTensor(where, "data", data);
  checkOptions(where, options, ["components"]);
  if (data.shape.length < 2) refuseValue(where, "data.shape", "be [examples, ...shape of one]", data.shape);
  const [count, ...example] = data.shape;
  const limit = Math.min(count, sizeOf(example));
  const { components = limit } = options;
  checkInteger(where, "components", components, 1, limit);
  if (limit * limit > MAX_PRODUCTS) {
    const rule = `have at most ${Math.floor(Math.sqrt(MAX_PRODUCTS))} examples or as few features`;
    refuseValue(where, "data.shape", rule, data.shape);
  }
  const centred = centre(where, data);
  const { features, mean } = centred;
  const { rows, squares, total } =
    features <= count ? fromFeatures(centred) : fromExamples(centred, components);
  fixSigns(rows, features, components);
  // Rounding may take what is 0 below it.
  const kept = squares.subarray(0, components).map((value) => Math.max(value, 0));
  const share = (denominator: number) =>
    adoptArray(
      Float32Array.from(kept, (value) => (value === 0 ? 0 : value / denominator)),
      [components],
    );
  return {
    mean: adoptArray(new Float32Array(mean), example),
    components: adoptArray(new Float32Array(rows.subarray(0, components * features)), [
      components,
      ...example,
    ]),
    variance: share(count - 1),
    ratio: share(total),
  };
}

/** Checks a basis, which may come from a file, and returns the shape of one example. */
function checkBasis(where: string, basis: PrincipalComponents | undefined): Shape {
  const { mean, components } = basis ?? {};
  checkTensor(where, "basis.mean", mean);
  checkTensor(where, "basis.components", components);
  if (components.shape.length < 2 || !isSameShape(components.shape.slice(1), mean.shape)) {
    const rule = `be [components, ...basis.mean.shape = ${mean.shape.join(", ")}]`;
    refuseValue(where, "basis.components.shape", rule, components.shape);
  }
  return mean.shape;
}

/** Components as rows of a matrix. */
const matrixOf = ({ components }: PrincipalComponents) => ops.reshape(components, [components.shape[0], -1]);

/**
 * The coordinates of examples along principal components; differentiable.
 *
 * @param basis - from {@link pca}
 * @param data - `[examples, ...example]`, as the data were that the basis is of
 * @returns `[examples, components]`
 * @throws {TypeError} when an argument is not a tensor
 * @throws {RangeError} when the shapes differ
 * @example
 * const basis = pca(tensor([[0, 0], [0, 4]]), { components: 1 });
 * project(basis, tensor([[7, 5]])).data; // [3]
 */
export function project(basis: PrincipalComponents, data: Tensor): Tensor {
  const where = "project";
  const example = checkBasis(where, basis);
  checkTensor(where, "data", data);
  if (data.shape.length < 2 || !isSameShape(data.shape.slice(1), example)) {
    refuseValue(where, "data.shape", `be [examples, ${example.join(", ")}], as the basis is`, data.shape);
  }
  return inScope(() => {
    const rows = ops.reshape(ops.sub(data, basis.mean), [data.shape[0], -1]);
    return ops.matmul(rows, matrixOf(basis), { transposeB: true });
  });
}

/**
 * The examples that have these coordinates along principal components, other directions at the mean: the inverse of
 * {@link project}, as far as the components reach; differentiable.
 *
 * @param basis - from {@link pca}
 * @param coordinates - `[examples, components]`
 * @returns `[examples, ...example]`
 * @throws {TypeError} when an argument is not a tensor
 * @throws {RangeError} when there are more or fewer coordinates than components
 * @example
 * const basis = pca(tensor([[0, 0], [0, 4]]), { components: 1 });
 * unproject(basis, tensor([[3]])).data; // [0, 5]
 */
export function unproject(basis: PrincipalComponents, coordinates: Tensor): Tensor {
  const where = "unproject";
  const example = checkBasis(where, basis);
  checkTensor(where, "coordinates", coordinates, 2, "[examples, components]");
  const components = basis.components.shape[0];
  if (coordinates.shape[1] !== components) {
    refuseValue(
      where,
      "coordinates.shape[1]",
      `equal basis.components.shape[0] = ${components}`,
      coordinates.shape[1],
    );
  }
  return inScope(() => {
    const rows = ops.matmul(coordinates, matrixOf(basis));
    return ops.add(ops.reshape(rows, [coordinates.shape[0], ...example]), basis.mean);
  });
}
