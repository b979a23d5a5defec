// Sums, differences, products and quotients of two tensors, broadcast as in NumPy.

import { defineOp } from "../autodiff/autodiff.js";
import { checkResult, refuseKind, refuseValue } from "../check/check.js";
import { adoptArray, emptyTensor, isSameShape, type Shape, sizeOf, Tensor } from "../tensor/tensor.js";
import * as kernels from "../wasm/generated.js";
import { arithmetic, type ArithmeticName, reduce } from "../wasm/kernels.js";
import { expand } from "./shape.js";

/** A tensor or a plain number. */
export type TensorOrNumber = Tensor | number;
type Pairing = readonly [Tensor, Tensor];

/** Whether a shape, leading ones aside, is the end of another: its values then repeat as one block. */
function isSuffix(part: Shape, whole: Shape): boolean {
  const core = part.slice(part.findIndex((size) => size !== 1));
  if (sizeOf(part) === 1) return true;
  return (
    core.length <= whole.length && core.every((size, i) => size === whole[whole.length - core.length + i])
  );
}

/** Computes a ∘ b where both already broadcast to `shape`. */
function combine(name: ArithmeticName, a: Tensor, b: Tensor, shape: Shape): Tensor {
  const output = emptyTensor(shape);
  const left = a.size === output.size || isSuffix(a.shape, shape) ? a : expand(a, shape);
  const right = b.size === output.size || isSuffix(b.shape, shape) ? b : expand(b, shape);
  arithmetic(name, left, left.size, right, right.size, output, output.size);
  return output;
}

/** Sums a gradient over the axes along which an operand of `shape` was repeated. */
export function sumTo(gradient: Tensor, shape: Shape): Tensor {
  if (isSameShape(gradient.shape, shape)) return gradient;
  const missing = gradient.shape.length - shape.length;
  let sum = gradient;
  for (let axis = 0; axis < gradient.shape.length; axis++) {
    const wanted = axis < missing ? 1 : shape[axis - missing];
    if (wanted === sum.shape[axis]) continue;
    const { shape: present } = sum;
    const reduced = emptyTensor(present.map((size, i) => (i === axis ? 1 : size)));
    const block = {
      outer: sizeOf(present.slice(0, axis)),
      axis: present[axis],
      inner: sizeOf(present.slice(axis + 1)),
    };
    reduce("sum", sum, reduced, block);
    sum = reduced;
  }
  return new Tensor(sum.storage, shape, sum.offset);
}

function negate(x: Tensor): Tensor {
  const output = emptyTensor(x.shape);
  kernels.negate({ x, y: output, n: x.size });
  return output;
}

const product = (a: Tensor, b: Tensor, shape: Shape) => combine("mul", a, b, shape);

const addOp = defineOp<Pairing, Shape>({
  name: "add",
  forward: ([a, b], shape) => combine("add", a, b, shape),
  gradients: [
    (gradOutput, { inputs: [a] }) => sumTo(gradOutput, a.shape),
    (gradOutput, { inputs: [, b] }) => sumTo(gradOutput, b.shape),
  ],
});

const subOp = defineOp<Pairing, Shape>({
  name: "sub",
  forward: ([a, b], shape) => combine("sub", a, b, shape),
  gradients: [
    (gradOutput, { inputs: [a] }) => sumTo(gradOutput, a.shape),
    (gradOutput, { inputs: [, b] }) => negate(sumTo(gradOutput, b.shape)),
  ],
});

const mulOp = defineOp<Pairing, Shape>({
  name: "mul",
  forward: ([a, b], shape) => combine("mul", a, b, shape),
  gradients: [
    (gradOutput, { inputs: [a, b], options: shape }) => sumTo(product(gradOutput, b, shape), a.shape),
    (gradOutput, { inputs: [a, b], options: shape }) => sumTo(product(gradOutput, a, shape), b.shape),
  ],
});

const divOp = defineOp<Pairing, Shape>({
  name: "div",
  forward: ([a, b], shape) => combine("div", a, b, shape),
  gradients: [
    (gradOutput, { inputs: [a, b], options: shape }) => sumTo(combine("div", gradOutput, b, shape), a.shape),
    (gradOutput, { inputs: [, b], output, options: shape }) =>
      negate(sumTo(combine("div", product(gradOutput, output, shape), b, shape), b.shape)),
  ],
});

function toTensor(where: string, argument: string, value: unknown): Tensor {
  if (value instanceof Tensor) return value;
  if (typeof value === "number") return adoptArray(Float32Array.of(value), []);
  return refuseKind(where, argument, "be a tensor or a number", value);
}

/** The common shape of two: sizes are equal, or one of them is 1 or missing. */
function broadcastShape(where: string, a: Shape, b: Shape): Shape {
  if (isSameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  const shape = Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      refuseValue(where, "b.shape", `broadcast with a.shape = [${a.join(", ")}]`, b);
    }
    return Math.max(left, right);
  });
  checkResult(where, "b.shape", b, sizeOf(shape));
  return shape;
}

function apply(op: typeof addOp, where: string, a: TensorOrNumber, b: TensorOrNumber): Tensor {
  const left = toTensor(where, "a", a);
  const right = toTensor(where, "b", b);
  return op([left, right], broadcastShape(where, left.shape, right.shape));
}

/**
 * a + b.
 *
 * @param a - tensor or number
 * @param b - tensor or number; sizes are equal, or one is 1 or missing (NumPy's broadcasting)
 * @returns tensor of the broadcast shape
 * @throws {RangeError} when the shapes do not broadcast
 * @example
 * ops.add(tensor([[1, 2], [3, 4]]), tensor([10, 20])).data; // [11, 22, 13, 24]
 */
export function add(a: TensorOrNumber, b: TensorOrNumber): Tensor {
  return apply(addOp, "add", a, b);
}

/**
 * a − b.
 *
 * @param a - tensor or number
 * @param b - tensor or number, broadcast as in {@link add}
 * @returns tensor of the broadcast shape
 * @throws {RangeError} when the shapes do not broadcast
 * @example
 * ops.sub(tensor([3, 4]), 1).data; // [2, 3]
 */
export function sub(a: TensorOrNumber, b: TensorOrNumber): Tensor {
  return apply(subOp, "sub", a, b);
}

/**
 * a · b, element by element.
 *
 * @param a - tensor or number
 * @param b - tensor or number, broadcast as in {@link add}
 * @returns tensor of the broadcast shape
 * @throws {RangeError} when the shapes do not broadcast
 * @example
 * ops.mul(tensor([3, 4]), tensor([2, 0.5])).data; // [6, 2]
 */
export function mul(a: TensorOrNumber, b: TensorOrNumber): Tensor {
  return apply(mulOp, "mul", a, b);
}

/**
 * a / b, element by element; division by 0 gives ±∞ or NaN, as in IEEE 754.
 *
 * @param a - tensor or number
 * @param b - tensor or number, broadcast as in {@link add}
 * @returns tensor of the broadcast shape
 * @throws {RangeError} when the shapes do not broadcast
 * @example
 * ops.div(1, tensor([2, 4])).data; // [0.5, 0.25]
 */
export function div(a: TensorOrNumber, b: TensorOrNumber): Tensor {
  return apply(divOp, "div", a, b);
}
