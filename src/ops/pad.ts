// Padding with a constant, and cropping: each is the other's gradient.

import { defineOp } from "../autodiff/autodiff.js";
import { checkInteger, checkShape, refuseKind, refuseValue } from "../check/check.js";
import { checkTensor, emptyTensor, type Shape, type Tensor } from "../tensor/tensor.js";
import { fill, stridedCopy } from "../wasm/kernels.js";
import { stridesOf } from "./shape.js";

/** Elements before and after, for every axis. */
export type Sides = readonly (readonly [before: number, after: number])[];

interface Frame {
  readonly sides: Sides;
  readonly value: number;
}

/** First element inside the frame. */
function offsetOf(sides: Sides, strides: readonly number[]): number {
  return sides.reduce((sum, [before], axis) => sum + before * strides[axis], 0);
}

function enlarge(t: Tensor, sides: Sides, value: number): Tensor {
  const output = emptyTensor(t.shape.map((size, axis) => size + sides[axis][0] + sides[axis][1]));
  fill(output, output.size, value);
  const strides = stridesOf(output.shape);
  const inside = { storage: output.storage, offset: offsetOf(sides, strides) };
  stridedCopy(t, inside, t.shape, stridesOf(t.shape), strides);
  return output;
}

function cut(t: Tensor, sides: Sides): Tensor {
  const output = emptyTensor(t.shape.map((size, axis) => size - sides[axis][0] - sides[axis][1]));
  const strides = stridesOf(t.shape);
  const inside = { storage: t.storage, offset: t.offset + offsetOf(sides, strides) };
  stridedCopy(inside, output, output.shape, strides, stridesOf(output.shape));
  return output;
}

const padOp = defineOp<readonly [Tensor], Frame>({
  name: "pad",
  forward: ([t], { sides, value }) => enlarge(t, sides, value),
  gradients: [(gradOutput, { options: { sides } }) => cut(gradOutput, sides)],
});

const cropOp = defineOp<readonly [Tensor], Sides>({
  name: "crop",
  forward: ([t], sides) => cut(t, sides),
  gradients: [(gradOutput, { options: sides }) => enlarge(gradOutput, sides, 0)],
});

/** Checks the sides, and copies them: what is checked must be what is read. */
function checkSides(where: string, sides: unknown, shape: Shape): Sides {
  const rule = `be [before, after] for each of the ${shape.length} axes`;
  if (!Array.isArray(sides)) refuseKind(where, "sides", rule, sides);
  if (sides.length !== shape.length) refuseValue(where, "sides", rule, sides);
  return Array.from(sides, (side: unknown, axis) => {
    const argument = `sides[${axis}]`;
    if (!Array.isArray(side) || side.length !== 2) refuseValue(where, argument, "be [before, after]", side);
    const [before, after] = side as readonly unknown[];
    checkInteger(where, `${argument}[0]`, before, 0);
    checkInteger(where, `${argument}[1]`, after, 0);
    return [before, after] as const;
  });
}

/**
 * Adds elements around a tensor.
 *
 * @param t - tensor
 * @param sides - `[before, after]` for every axis, integers ≥ 0
 * @param value - what is added (default 0)
 * @returns tensor that is larger by `before + after` along each axis
 * @throws {RangeError} when sides are negative or not one pair per axis
 * @example
 * ops.pad(tensor([1, 2]), [[1, 2]]).data; // [0, 1, 2, 0, 0]
 */
export function pad(t: Tensor, sides: Sides, value = 0): Tensor {
  const where = "pad";
  checkTensor(where, "t", t);
  const checked = checkSides(where, sides, t.shape);
  if (typeof value !== "number") refuseKind(where, "value", "be a number", value);
  const shape = t.shape.map((size, axis) => size + checked[axis][0] + checked[axis][1]);
  checkShape(where, "padded shape", shape);
  return padOp([t], { sides: checked, value });
}

/**
 * Cuts elements off around a tensor.
 *
 * @param t - tensor
 * @param sides - `[before, after]` for every axis, integers ≥ 0
 * @returns tensor that is smaller by `before + after` along each axis
 * @throws {RangeError} when sides are negative, not one pair per axis, or leave nothing
 * @example
 * ops.crop(tensor([1, 2, 3, 4]), [[1, 1]]).data; // [2, 3]
 */
export function crop(t: Tensor, sides: Sides): Tensor {
  const where = "crop";
  checkTensor(where, "t", t);
  const checked = checkSides(where, sides, t.shape);
  checkShape(
    where,
    "cropped shape",
    t.shape.map((size, axis) => size - checked[axis][0] - checked[axis][1]),
  );
  return cropOp([t], checked);
}
