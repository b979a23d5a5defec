// Linear least squares with a penalty on the weights, solved by normal equations in float64.

import * as ops from "../ops/index.js";
import { adoptArray, type Tensor, zeros } from "../tensor/tensor.js";

/** Predicts targets as (features − mean) · weights. */
export interface LinearFit {
  /** Shape `[features]`. */
  readonly mean: Tensor;
  /** Shape `[features, targets]`. */
  readonly weights: Tensor;
}

/**
 * Ridge regression of targets `[count, targets]`, each around 0, on features `[count, features]`. The penalty is a
 * share of the features' mean variance. The Gram matrix comes from float32 products, whose error lies far below it.
 */
export function ridge(features: Tensor, targets: Tensor, penalty: number): LinearFit {
  const size = features.shape[1];
  const columns = targets.shape[1];
  const mean = ops.mean(features, { axis: 0 });
  const transposed = ops.transpose(ops.sub(features, mean));
  const gram = Float64Array.from(ops.matmul(transposed, ops.transpose(transposed)).data);
  const weights = Float64Array.from(ops.matmul(transposed, targets).data);
  let trace = 0;
  for (let i = 0; i < size; i++) trace += gram[i * size + i];
  // Features that do not vary predict nothing.
  if (trace === 0) return { mean, weights: zeros([size, columns]) };
  for (let i = 0; i < size; i++) gram[i * size + i] += (penalty * trace) / size;
  solveInPlace(gram, size, weights, columns);
  return { mean, weights: adoptArray(Float32Array.from(weights), [size, columns]) };
}

/**
 * Solves matrix · x = right for a symmetric positive definite matrix, by Cholesky's factors, of which only the upper
 * half is read. Both arguments are overwritten: that half by its factor, the right sides (`[size, columns]`,
 * row-major) by the solutions.
 */
export function solveInPlace(matrix: Float64Array, size: number, right: Float64Array, columns: number): void {
  for (let pivot = 0; pivot < size; pivot++) {
    const row = pivot * size;
    const diagonal = Math.sqrt(matrix[row + pivot]);
    for (let k = pivot; k < size; k++) matrix[row + k] /= diagonal;
    // Subtracted row by row: sums of products, one waiting for the other, took four times as long.
    for (let i = pivot + 1; i < size; i++) {
      const share = matrix[row + i];
      for (let k = i; k < size; k++) matrix[i * size + k] -= share * matrix[row + k];
    }
  }
  for (let column = 0; column < columns; column++) {
    for (let i = 0; i < size; i++) {
      right[i * columns + column] /= matrix[i * size + i];
      const solved = right[i * columns + column];
      for (let k = i + 1; k < size; k++) right[k * columns + column] -= matrix[i * size + k] * solved;
    }
    for (let i = size - 1; i >= 0; i--) {
      let left = right[i * columns + column];
      for (let k = i + 1; k < size; k++) left -= matrix[i * size + k] * right[k * columns + column];
      right[i * columns + column] = left / matrix[i * size + i];
    }
  }
}
