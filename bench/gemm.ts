// Benchmarks of the matrix product: cubes, and the skinny shapes that dense layers and convolutions have.

import { ops } from "../src/index.js";
import { gemm, type ProductSizes } from "../src/wasm/kernels.js";
import { PLAIN } from "../src/ops/epilogue.js";
import { type Case, poisonedTensor, randomTensor, sumOf, type Trial } from "./support.js";

function sizes(m: number, n: number, k: number, transposed: "" | "Aᵀ" | "Bᵀ" = ""): ProductSizes {
  return { m, n, k, transposeA: transposed === "Aᵀ", transposeB: transposed === "Bᵀ" };
}

const SHAPES = [
  sizes(256, 256, 256),
  sizes(512, 512, 512),
  sizes(1024, 1024, 1024),
  sizes(512, 512, 512, "Aᵀ"),
  sizes(512, 512, 512, "Bᵀ"),
  sizes(25088, 64, 288),
  sizes(25088, 32, 9),
  sizes(6272, 128, 576),
  sizes(6272, 64, 1152),
  sizes(288, 64, 25088, "Aᵀ"),
  sizes(128, 3136, 20),
  sizes(256, 32, 784),
];

/** m × k times k × n. */
function titleOf({ m, n, k, transposeA, transposeB }: ProductSizes): string {
  return `matmul ${m}×${k} · ${k}×${n}${transposeA ? ", Aᵀ" : ""}${transposeB ? ", Bᵀ" : ""}`;
}

function operands({ m, n, k, transposeA, transposeB }: ProductSizes) {
  const a = randomTensor(1, transposeA ? [k, m] : [m, k]);
  const b = randomTensor(2, transposeB ? [n, k] : [k, n]);
  const atA = (i: number, t: number) => a.data[transposeA ? t * m + i : i * k + t];
  const atB = (t: number, j: number) => b.data[transposeB ? j * k + t : t * n + j];
  const expected: Trial["expected"] = (index) => {
    const i = Math.floor(index / n);
    return sumOf(k, (t) => atA(i, t) * atB(t, index - i * n));
  };
  return { a, b, expected };
}

function kernelCase(shape: ProductSizes): Case {
  const { m, n, k } = shape;
  // A product with one row touches every weight once: memory bounds it, not arithmetic.
  const work = m === 1 ? { bytes: 4 * (k + k * n + n) } : { flops: 2 * m * n * k };
  return {
    title: titleOf(shape),
    work,
    prepare() {
      const { a, b, expected } = operands(shape);
      const c = poisonedTensor([m, n]);
      const run = () => {
        gemm(a, b, c, shape, PLAIN);
        return c;
      };
      return { run, expected };
    },
  };
}

function operationCase(shape: ProductSizes): Case {
  return {
    title: `${titleOf(shape)}, outside a scope`,
    work: { flops: 2 * shape.m * shape.n * shape.k },
    outsideScope: true,
    prepare() {
      const { a, b, expected } = operands(shape);
      return { run: () => ops.matmul(a, b), expected };
    },
  };
}

export const gemmCases: readonly Case[] = [
  ...SHAPES.map(kernelCase),
  kernelCase(sizes(1, 3136, 128)),
  kernelCase(sizes(1, 128, 3136)),
  operationCase(sizes(256, 256, 256)),
];
