// Matrix products: matmul, and dense, which is matmul with a bias and an activation.

import { defineOp } from "../autodiff/autodiff.js";
import { checkBoolean, checkNumber, checkOptions, checkResult, refuseValue } from "../check/check.js";
import { checkTensor, emptyTensor, type Tensor } from "../tensor/tensor.js";
import { gemm, type ProductSizes, reduce } from "../wasm/kernels.js";
import {
  type Activation,
  checkEpilogue,
  type EpilogueOptions,
  PLAIN,
  throughActivation,
  withActivation,
} from "./epilogue.js";

/** Options of {@link matmul}. */
export interface MatmulOptions extends EpilogueOptions {
  /** Use aᵀ (default false). */
  readonly transposeA?: boolean | undefined;
  /** Use bᵀ (default false). */
  readonly transposeB?: boolean | undefined;
  /** Factor of the product (default 1). */
  readonly scale?: number | undefined;
}

type Product = ProductSizes & Activation & { readonly scale: number };

/** op(a)·op(b), scaled. */
function multiply(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean, factor: number): Tensor {
  const [m, k] = transposeA ? [a.shape[1], a.shape[0]] : a.shape;
  const n = b.shape[transposeB ? 0 : 1];
  const product = emptyTensor([m, n]);
  gemm(a, b, product, { m, n, k, transposeA, transposeB }, PLAIN, factor);
  return product;
}

const matmulOp = defineOp<readonly [Tensor, Tensor, Tensor | undefined], Product>({
  name: "matmul",
  forward: ([a, b, bias], product) => {
    const output = emptyTensor([product.m, product.n]);
    gemm(a, b, output, product, { bias, ...product }, product.scale);
    return output;
  },
  shared: (gradOutput, { output, options }) => throughActivation(gradOutput, output, options),
  multiplyAdds: ({ m, n, k }) => m * n * k,
  // A product's gradients are products with the packing transposed: dA = dC·Bᵀ, dB = Aᵀ·dC.
  gradients: [
    (_, { inputs: [, b], options }, grad) => {
      const { transposeA, transposeB, scale: factor } = options;
      return transposeA
        ? multiply(b, grad, transposeB, true, factor)
        : multiply(grad, b, false, !transposeB, factor);
    },
    (_, { inputs: [a], options }, grad) => {
      const { transposeA, transposeB, scale: factor } = options;
      return transposeB
        ? multiply(grad, a, true, transposeA, factor)
        : multiply(a, grad, !transposeA, false, factor);
    },
    (_gradOutput, { options }, grad) => {
      const sum = emptyTensor([options.n]);
      reduce("sum", grad, sum, { outer: 1, axis: options.m, inner: options.n });
      return sum;
    },
  ],
});

function checkProductSize(where: string, argument: string, m: number, n: number): void {
  checkResult(where, argument, [m, n], m * n);
}

/**
 * Matrix product `f(scale · op(a)·op(b) + bias)`.
 *
 * @param a - shape `[m, k]`, or `[k, m]` with `transposeA`
 * @param b - shape `[k, n]`, or `[n, k]` with `transposeB`
 * @param options.transposeA - use aᵀ (default false)
 * @param options.transposeB - use bᵀ (default false)
 * @param options.scale - factor of the product (default 1)
 * @param options.bias - shape `[n]`, added to every row
 * @param options.activation - `"linear"` (default) or any {@link FusedActivation}
 * @param options.alpha - slope of `"leakyRelu"` (default 0.01) or scale of `"elu"` (default 1), ≥ 0
 * @returns shape `[m, n]`
 * @throws {TypeError} when an argument or option is of the wrong kind
 * @throws {RangeError} when the inner sizes differ
 * @example
 * ops.matmul(tensor([[1, 2], [3, 4]]), tensor([[1], [1]])).data; // [3, 7]
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  const where = "matmul";
  checkTensor(where, "a", a, 2);
  checkTensor(where, "b", b, 2);
  checkOptions(where, options, ["transposeA", "transposeB", "scale", "bias", "activation", "alpha"]);
  const { transposeA = false, transposeB = false, scale: factor = 1 } = options;
  checkBoolean(where, "transposeA", transposeA);
  checkBoolean(where, "transposeB", transposeB);
  checkNumber(where, "scale", factor);
  const [m, k] = transposeA ? [a.shape[1], a.shape[0]] : a.shape;
  const [inner, n] = transposeB ? [b.shape[1], b.shape[0]] : b.shape;
  if (inner !== k) {
    const sides = `b.shape[${transposeB ? 1 : 0}]`;
    refuseValue(where, sides, `equal a.shape[${transposeA ? 0 : 1}] = ${k} (inner size)`, inner);
  }
  checkProductSize(where, "b.shape", m, n);
  const epilogue = checkEpilogue(where, options, n, `b.shape[${transposeB ? 0 : 1}]`);
  const product = { m, n, k, transposeA, transposeB, scale: factor };
  return withActivation(epilogue, (fused) => matmulOp([a, b, options.bias], { ...product, ...fused }));
}

/**
 * Fully connected layer `f(x·w + bias)`.
 *
 * @param x - shape `[batch, in]`
 * @param w - shape `[in, out]`
 * @param options.bias - shape `[out]`
 * @param options.activation - as for {@link matmul}
 * @param options.alpha - slope of `"leakyRelu"` (default 0.01) or scale of `"elu"` (default 1), ≥ 0
 * @returns shape `[batch, out]`
 * @throws {TypeError} when an argument or option is of the wrong kind
 * @throws {RangeError} when sizes do not go together
 * @example
 * ops.dense(tensor([[1, 2]]), tensor([[1], [1]]), { bias: tensor([0.5]) }).data; // [3.5]
 */
export function dense(x: Tensor, w: Tensor, options: EpilogueOptions = {}): Tensor {
  const where = "dense";
  checkTensor(where, "x", x, 2, "[batch, in]");
  checkTensor(where, "w", w, 2, "[in, out]");
  checkOptions(where, options, ["bias", "activation", "alpha"]);
  const [m, k] = x.shape;
  const [inner, n] = w.shape;
  if (inner !== k) refuseValue(where, "w.shape[0]", `equal x.shape[1] = ${k} (input features)`, inner);
  checkProductSize(where, "w.shape", m, n);
  const epilogue = checkEpilogue(where, options, n, "w.shape[1]");
  const product = { m, n, k, transposeA: false, transposeB: false, scale: 1 };
  return withActivation(epilogue, (fused) => matmulOp([x, w, options.bias], { ...product, ...fused }));
}
