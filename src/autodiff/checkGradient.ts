// Checks a gradient against differences: along one random direction, and element by element where they disagree.

import { valueAndGrad } from "./autodiff.js";
import { checkFunction, checkNumber, checkOptions } from "../check/check.js";
import { normal } from "../random/draws.js";
import { checkKey, fold, type Key, key as makeKey } from "../random/keys.js";
import { adoptArray, item, type Tensor } from "../tensor/tensor.js";
import { mapTree, tensorsOf } from "../tensor/tree.js";

/** What {@link checkGradient} found. */
export interface GradientReport {
  /** Whether the derivative along the direction agrees within the tolerance. */
  readonly passed: boolean;
  /** The derivative along a random direction, from the gradient and from differences. */
  readonly analytic: number;
  readonly numeric: number;
  /** |analytic − numeric|, less what the rounding of float32 losses may make of it, in parts of the larger. */
  readonly error: number;
  /** Where it fails: the element of the parameters whose derivative is farthest off. */
  readonly worst?: {
    /** The tensor's number among the parameters' tensors, and the element in it. */
    readonly tensor: number;
    readonly element: number;
    readonly analytic: number;
    readonly numeric: number;
  };
}

/** Options of {@link checkGradient}. */
export interface CheckGradientOptions {
  /** Largest error that passes (default 1e-2). */
  readonly tolerance?: number | undefined;
  /** Step of the differences (default 1e-2). */
  readonly step?: number | undefined;
  /** Of the direction (default `key(0)`). */
  readonly key?: Key | undefined;
}

/** Six-point differences: the error falls with the sixth power of the step, so the step can be large. */
const STENCIL = [
  [1, 3 / 4],
  [2, -3 / 20],
  [3, 1 / 60],
] as const;
/** Roundings of a loss, in parts of it, for which a wrong gradient is not blamed: sixteen half ulps. */
const ROUNDING = 16 * 2 ** -24;

/** A derivative from differences, and how far off the rounding of the values may make it. */
interface Difference {
  readonly slope: number;
  readonly noise: number;
}

/**
 * Compares the gradient of a loss with differences of its values.
 *
 * @param f - `(params) => loss`, a tensor with one element
 * @param params - tree of tensors where the gradient is checked
 * @param options.tolerance - largest relative error that passes (default 1e-2)
 * @param options.step - step of the differences (default 1e-2)
 * @param options.key - of the random direction (default `key(0)`)
 * @returns the derivatives compared; with `worst` where they disagree
 * @throws {TypeError} when f is not a function
 * @example
 * checkGradient((x: Tensor) => ops.sum(ops.exp(x)), tensor([0, 1])).passed; // true
 */
export function checkGradient<Params>(
  f: (params: Params) => Tensor,
  params: Params,
  options: CheckGradientOptions = {},
): GradientReport {
  const where = "checkGradient";
  checkFunction(where, "f", f);
  checkOptions(where, options, ["tolerance", "step", "key"]);
  const { tolerance = 1e-2, step = 1e-2, key = makeKey(0) } = options;
  checkNumber(where, "tolerance", tolerance, 0);
  checkNumber(where, "step", step, Number.MIN_VALUE);
  checkKey(where, "key", key);
  const { grads } = valueAndGrad(f)(params);
  const gradients = tensorsOf(grads).map(({ data }) => data);
  const directions = gradients.map(({ length }, i) => normal(fold(key, i), [length]).data);
  const analytic = gradients.reduce((sum, gradient, i) => sum + dot(gradient, directions[i]), 0);
  const difference = derivative(f, params, step, (tensor, element) => directions[tensor][element]);
  const error = relativeError(analytic, difference);
  const numeric = difference.slope;
  if (error <= tolerance) return { passed: true, analytic, numeric, error };
  return { passed: false, analytic, numeric, error, worst: findWorst(f, params, step, gradients) };
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

function relativeError(analytic: number, { slope, noise }: Difference): number {
  const distance = Math.max(0, Math.abs(analytic - slope) - noise);
  const error = distance === 0 ? 0 : distance / Math.max(Math.abs(analytic), Math.abs(slope));
  return Number.isNaN(error) ? Infinity : error;
}

/** The derivative of f along a direction, by differences. */
function derivative<Params>(
  f: (params: Params) => Tensor,
  params: Params,
  step: number,
  direction: (tensor: number, element: number) => number,
): Difference {
  let largest = 0;
  const valueAt = (distance: number) => {
    let tensor = -1;
    const moved = mapTree(params, (t) => {
      tensor++;
      return adoptArray(
        t.data.map((value, element) => value + distance * direction(tensor, element)),
        t.shape,
      );
    });
    const value = item(f(moved));
    largest = Math.max(largest, Math.abs(value));
    return value;
  };
  const slope = STENCIL.reduce(
    (sum, [k, weight]) => sum + (weight * (valueAt(k * step) - valueAt(-k * step))) / step,
    0,
  );
  return { slope, noise: (ROUNDING * largest) / step };
}

function findWorst<Params>(
  f: (params: Params) => Tensor,
  params: Params,
  step: number,
  gradients: readonly Float32Array[],
): NonNullable<GradientReport["worst"]> {
  let worst = { tensor: 0, element: 0, analytic: 0, numeric: 0 };
  let largest = -1;
  for (const [tensor, gradient] of gradients.entries()) {
    for (const [element, analytic] of gradient.entries()) {
      const { slope } = derivative(f, params, step, (t, e) => Number(t === tensor && e === element));
      const distance = Math.abs(analytic - slope);
      const off = Number.isNaN(distance) ? Infinity : distance;
      if (off > largest) [largest, worst] = [off, { tensor, element, analytic, numeric: slope }];
    }
  }
  return worst;
}
