// What functions of codes share. Codes are rows: `[count, latent]`, a single code or direction `[1, latent]`, which
// is what a decoder takes. Where one code becomes several, those are neighbours, so that a montage of the decoded
// images with as many columns shows one code, pair or direction per line.

import { checkInteger, checkNumber, checkShape, refuseKind, refuseValue } from "../check.js";
import { adoptArray, checkTensor, type Tensor } from "../tensor.js";

/** Equally spaced numbers. */
export interface StepOptions {
  /** The first. */
  readonly from?: number;
  /** The last. */
  readonly to?: number;
  /** How many, both ends included, integer ≥ 2 (default 9). */
  readonly steps?: number;
}

/** Checks codes, of as many numbers as others where `latentSize` is given. */
export function checkCodes(
  where: string,
  argument: string,
  value: unknown,
  latentSize?: number,
): asserts value is Tensor {
  checkTensor(where, argument, value, 2, "[count, latent]");
  if (latentSize !== undefined && value.shape[1] !== latentSize) {
    refuseValue(where, `${argument}.shape[1]`, `equal codes.shape[1] = ${latentSize}`, value.shape[1]);
  }
}

/** Checks a list of dimensions of codes. */
export function checkDimensions(where: string, dimensions: unknown, latentSize: number): void {
  if (!Array.isArray(dimensions)) refuseKind(where, "dimensions", "be an array of integers", dimensions);
  if (dimensions.length === 0) refuseValue(where, "dimensions", "name at least one", dimensions);
  for (const [i, dimension] of dimensions.entries()) {
    checkInteger(where, `dimensions[${i}]`, dimension, 0, latentSize - 1);
  }
}

/** Checks how many numbers `spaced` makes. */
export function checkSteps(where: string, argument: string, steps: unknown): asserts steps is number {
  checkInteger(where, argument, steps, 2);
}

/** Checks the options of a walk and makes its numbers. */
export function stepsOf(where: string, { from, to, steps = 9 }: StepOptions, reach: number): number[] {
  const [first, last] = [from ?? -reach, to ?? reach];
  checkNumber(where, "from", first);
  checkNumber(where, "to", last);
  checkSteps(where, "steps", steps);
  return spaced(first, last, steps);
}

/** Equally spaced numbers, both ends exactly, and exactly 0 amid opposite ones. */
export function spaced(from: number, to: number, count: number): number[] {
  const last = count - 1;
  return Array.from({ length: count }, (_, i) => (from * (last - i) + to * i) / last);
}

/** The code in a row. */
export function rowOf(codes: Tensor, row: number): Float32Array {
  const latentSize = codes.shape[1];
  return codes.data.subarray(row * latentSize, (row + 1) * latentSize);
}

/** Codes, each of which `write` fills in; it finds zeros. */
export function makeCodes(
  where: string,
  count: number,
  latentSize: number,
  write: (code: Float32Array, row: number) => void,
): Tensor {
  const shape = [count, latentSize];
  checkShape(where, "result's shape", shape);
  const codes = adoptArray(new Float32Array(count * latentSize), shape);
  for (let row = 0; row < count; row++) write(rowOf(codes, row), row);
  return codes;
}
