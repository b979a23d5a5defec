// What functions of codes share. Codes are rows: `[count, latent]`, a single code or direction `[1, latent]`, which
// is what a decoder takes. Where one code becomes several, those are neighbours, so that a montage of the decoded
// images with as many columns shows one code, pair or direction per line.

import {
  checkInteger,
  checkNumber,
  checkResult,
  checkShape,
  refuseKind,
  refuseValue,
} from "../check/check.js";
import { adoptArray, checkTensor, type Tensor } from "../tensor/tensor.js";

/** Equally spaced numbers. */
export interface StepOptions {
  /** The first. */
  readonly from?: number | undefined;
  /** The last. */
  readonly to?: number | undefined;
  /** How many, both ends included, integer ≥ 2 (default 9). */
  readonly steps?: number | undefined;
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

/** Checks a number of steps, of which each makes so many numbers of the result. */
export function checkSteps(
  where: string,
  argument: string,
  steps: unknown,
  numbersPerStep: number,
): asserts steps is number {
  checkInteger(where, argument, steps, 2);
  checkResult(where, argument, steps, steps * numbersPerStep);
}

/** Equally spaced numbers, worked out one by one: there may be many. */
export interface Spacing {
  readonly from: number;
  readonly to: number;
  /** How many, both ends included. */
  readonly count: number;
}

/** Checks the options of a walk, of whose steps each makes so many numbers of the result. */
export function stepsOf(
  where: string,
  { from, to, steps = 9 }: StepOptions,
  reach: number,
  numbersPerStep: number,
): Spacing {
  const [first, last] = [from ?? -reach, to ?? reach];
  checkNumber(where, "from", first);
  checkNumber(where, "to", last);
  checkSteps(where, "steps", steps, numbersPerStep);
  return { from: first, to: last, count: steps };
}

/** One of equally spaced numbers: both ends exactly, and exactly 0 amid opposite ones. */
export function spacedAt({ from, to, count }: Spacing, i: number): number {
  const last = count - 1;
  return (from * (last - i) + to * i) / last;
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
