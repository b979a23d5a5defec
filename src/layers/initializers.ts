// How parameters begin: random scales that keep the variance of signals and gradients through a layer.

import { checkOneOf } from "../check/check.js";
import { normal, uniform } from "../random/draws.js";
import type { Key } from "../random/keys.js";
import { adoptArray, type Shape, sizeOf, type Tensor, zeros } from "../tensor/tensor.js";

/**
 * Names of initialisers. Glorot (Glorot & Bengio 2010): variance 2 / (fanIn + fanOut). He (He et al. 2015):
 * variance 2 / fanIn. Orthogonal (Saxe et al. 2014): orthonormal rows or columns.
 */
export type InitializerName =
  "glorotUniform" | "glorotNormal" | "heUniform" | "heNormal" | "orthogonal" | "zeros";

/** How many inputs feed one output, and how many outputs one input feeds. */
export interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

const initializers: Record<InitializerName, (key: Key, shape: Shape, fans: Fans) => Tensor> = {
  glorotUniform: (key, shape, { fanIn, fanOut }) =>
    uniformWithin(key, shape, Math.sqrt(6 / (fanIn + fanOut))),
  glorotNormal: (key, shape, { fanIn, fanOut }) =>
    normal(key, shape, { deviation: Math.sqrt(2 / (fanIn + fanOut)) }),
  heUniform: (key, shape, { fanIn }) => uniformWithin(key, shape, Math.sqrt(6 / fanIn)),
  heNormal: (key, shape, { fanIn }) => normal(key, shape, { deviation: Math.sqrt(2 / fanIn) }),
  orthogonal,
  zeros: (_, shape) => zeros(shape),
};

function uniformWithin(key: Key, shape: Shape, limit: number): Tensor {
  return uniform(key, shape, { low: -limit, high: limit });
}

/** Orthonormalises the shorter side of a normal matrix [all axes but the last, last] by Gram–Schmidt, twice. */
function orthogonal(key: Key, shape: Shape): Tensor {
  const columns = shape[shape.length - 1];
  const rows = sizeOf(shape) / columns;
  const { data } = normal(key, shape);
  const isWide = columns > rows;
  const [count, length] = isWide ? [rows, columns] : [columns, rows];
  const at = (vector: number, i: number) => (isWide ? vector * columns + i : i * columns + vector);
  const vectors = Array.from({ length: count }, (_, v) =>
    Float64Array.from({ length }, (_, i) => data[at(v, i)]),
  );
  for (const [v, vector] of vectors.entries()) {
    // The second pass takes away what rounding left of the first.
    for (const earlier of [...vectors.slice(0, v), ...vectors.slice(0, v)]) {
      const overlap = dotProduct(vector, earlier);
      for (let i = 0; i < length; i++) vector[i] -= overlap * earlier[i];
    }
    const norm = Math.sqrt(dotProduct(vector, vector));
    for (let i = 0; i < length; i++) vector[i] /= norm;
  }
  const values = new Float32Array(rows * columns);
  for (const [v, vector] of vectors.entries()) vector.forEach((value, i) => (values[at(v, i)] = value));
  return adoptArray(values, shape);
}

function dotProduct(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Checks the name of an initialiser. */
export function checkInitializer(where: string, name: unknown): asserts name is InitializerName {
  checkOneOf(where, "kernelInitializer", name, Object.keys(initializers) as InitializerName[]);
}

/** A new parameter of a layer. */
export function initialize(name: InitializerName, key: Key, shape: Shape, fans: Fans): Tensor {
  return initializers[name](key, shape, fans);
}
