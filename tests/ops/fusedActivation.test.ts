// Laws of activations that products apply: the same bits, values and gradients, as the operation behind the product.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configure, grad, ops, type Shape, type Tensor, tensor } from "../../src/index.js";
import { FUSED_ACTIVATIONS } from "../../src/ops/epilogue.js";
import { seededFloats } from "../support/seeded.js";

const realsOf = (shape: Shape, seed: number) =>
  tensor(
    seededFloats(
      seed,
      shape.reduce((a, b) => a * b, 1),
      -2,
      2,
    ),
    shape,
  );

type Product = (x: Tensor, w: Tensor, options: ops.EpilogueOptions) => Tensor;
const PRODUCTS: readonly { name: string; x: Shape; w: Shape; product: Product }[] = [
  { name: "matmul", x: [7, 19], w: [19, 13], product: (x, w, o) => ops.matmul(x, w, o) },
  {
    name: "matmul, transposed",
    x: [19, 7],
    w: [13, 19],
    product: (x, w, o) => ops.matmul(x, w, { ...o, transposeA: true, transposeB: true, scale: 0.5 }),
  },
  { name: "dense, narrow", x: [3, 19], w: [19, 13], product: (x, w, o) => ops.dense(x, w, o) },
  {
    name: "conv2d",
    x: [2, 6, 5, 3],
    w: [3, 3, 3, 13],
    product: (x, w, o) => ops.conv2d(x, w, { ...o, padding: "same" }),
  },
  {
    name: "conv2d, few outputs",
    x: [2, 6, 5, 8],
    w: [3, 3, 8, 13],
    product: (x, w, o) => ops.conv2d(x, w, { ...o, stride: 2 }),
  },
  {
    name: "conv2d, depthwise",
    x: [2, 6, 5, 13],
    w: [3, 3, 1, 13],
    product: (x, w, o) => ops.conv2d(x, w, { ...o, groups: 13, padding: "same" }),
  },
  {
    name: "conv2dTranspose",
    x: [2, 4, 3, 5],
    w: [3, 3, 13, 5],
    product: (x, w, o) => ops.conv2dTranspose(x, w, { ...o, stride: 2 }),
  },
];

/** The activation as an operation of its own. */
function applied(name: ops.FusedActivation, z: Tensor, alpha: number): Tensor {
  if (name === "linear") return z;
  if (name === "leakyRelu") return ops.leakyRelu(z, { alpha });
  if (name === "elu") return ops.elu(z, { alpha });
  return Reflect.get(ops, name)(z) as Tensor;
}

describe.each([
  { binary: "simd", relaxedSimd: false },
  { binary: "relaxed", relaxedSimd: true },
])("activations of products on $binary", ({ relaxedSimd }) => {
  beforeAll(() => configure({ relaxedSimd }));
  afterAll(() => configure({ relaxedSimd: "auto" }));

  describe.each(FUSED_ACTIVATIONS)("%s", (activation) => {
    it.each(PRODUCTS)("gives the bits of the operation behind $name", ({ x: xShape, w: wShape, product }) => {
      const [x, w, bias] = [realsOf(xShape, 1), realsOf(wShape, 2), realsOf([13], 3)];
      const alpha = 0.3;
      const fused = (inputs: readonly Tensor[]) =>
        product(inputs[0], inputs[1], { bias: inputs[2], activation, alpha });
      const separate = (inputs: readonly Tensor[]) =>
        applied(activation, product(inputs[0], inputs[1], { bias: inputs[2] }), alpha);
      expect(fused([x, w, bias]).data).toEqual(separate([x, w, bias]).data);

      const upstream = realsOf(fused([x, w, bias]).shape, 4);
      const gradients = (f: typeof fused) =>
        grad((inputs: readonly Tensor[]) => ops.sum(ops.mul(f(inputs), upstream)))([x, w, bias]);
      const [got, wanted] = [gradients(fused), gradients(separate)];
      got.forEach(({ data }, i) => expect(data).toEqual(wanted[i].data));
    });
  });
});
