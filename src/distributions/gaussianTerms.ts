// What Gaussian densities, samples and divergences are made of, so that no log-variance overflows on the way to a
// result that float32 can hold.

import { defineOp } from "../autodiff/autodiff.js";
import { add, mul, sub, sumTo } from "../ops/arithmetic.js";
import { clip, exp, scale } from "../ops/pointwise.js";
import { inScope } from "../tensor/scope.js";
import { adoptArray, type Tensor } from "../tensor/tensor.js";
import { countOutside } from "../wasm/kernels.js";

/** Between −170 and 170, exp(±½ logVar) is a normal number of float32. */
const USUAL = 170;

/** Where exp is finite in float32, and above 0. */
const FAR = 88;

const isUsual = (logVar: Tensor) => countOutside(logVar, logVar.size, -USUAL, USUAL) === 0;

/**
 * x·exp(sign·½ logVar). Where exp leaves float32, in two steps of a quarter: cut, they still reach as far as float32
 * numbers lie apart, so that no result feels it, and 0 stays 0.
 */
function timesRoot(x: Tensor, logVar: Tensor, sign: 1 | -1): Tensor {
  if (isUsual(logVar)) return mul(x, exp(scale(logVar, 0.5 * sign)));
  const quarter = exp(clip(scale(logVar, 0.25 * sign), -FAR, FAR));
  return mul(mul(x, quarter), quarter);
}

/** {@link timesRoot}, logVar broadcast to x. Its gradients are made of results, which overflow later than their parts. */
const timesRootOp = defineOp<readonly [Tensor, Tensor], 1 | -1>({
  name: "timesRoot",
  forward: ([x, logVar], sign) => timesRoot(x, logVar, sign),
  gradients: [
    (gradOutput, { inputs: [, logVar], options: sign }) => timesRoot(gradOutput, logVar, sign),
    (gradOutput, { inputs: [, logVar], output, options: sign }) =>
      sumTo(mul(scale(gradOutput, 0.5 * sign), output), logVar.shape),
  ],
});

/** mean + exp(½ logVar)·noise. */
export function displace(mean: Tensor, logVar: Tensor, noise: Tensor): Tensor {
  return inScope(() => {
    // Two operations: their gradients round otherwise than the one's, and trainings keep their bits.
    const moved = isUsual(logVar) ? mul(exp(scale(logVar, 0.5)), noise) : timesRootOp([noise, logVar], 1);
    return add(mean, moved);
  });
}

/** {@link displace} of one number, in float64. */
export function displaced(mean: number, logVar: number, noise: number): number {
  return mean + Math.exp(0.5 * logVar) * noise;
}

/** log p(z) − log q(z) for z = {@link displaced}, with p = N(0, 1), in float64: no volume, no 2π stands in it. */
export function logPriorRatio(z: number, logVar: number, noise: number): number {
  return 0.5 * (noise * noise + logVar - z * z);
}

/** ½x²; halved first, so that it is finite wherever its value is. */
const halfSquare = defineOp<readonly [Tensor], undefined>({
  name: "halfSquare",
  forward: ([x]) => mul(x, scale(x, 0.5)),
  gradients: [(gradOutput, { inputs: [x] }) => mul(gradOutput, x)],
});

/** ½(x − mean)² / exp(logVar), the last two broadcast: scaled before it is squared, which neither can then undo. */
export function halfDistance(x: Tensor, mean: Tensor, logVar: Tensor): Tensor {
  return halfSquare([timesRootOp([sub(x, mean), logVar], -1)], undefined);
}

/** ½(exp(r) − 1 − r), what a log-variance that is r too large costs: by its series where the terms cancel. */
function excess(r: number): number {
  if (Math.abs(r) < 1e-4) return 0.25 * r * r * (1 + r / 3 + (r * r) / 12);
  return r === Infinity ? r : 0.5 * (Math.expm1(r) - r);
}

/** KL(N(mean, exp(logVar)) ‖ N(0, 1)) = ½(mean² + exp(logVar) − 1 − logVar), in float64. */
export function klToStandard(mean: number, logVar: number): number {
  return 0.5 * mean * mean + excess(logVar);
}

/** Upstream times ½(exp(r) − 1), with r given place by place. */
function timesSlope(gradOutput: Tensor, ratioAt: (i: number) => number, sign: number): Tensor {
  const slopes = gradOutput.data.map((gradient, i) => sign * 0.5 * Math.expm1(ratioAt(i)) * gradient);
  return adoptArray(slopes, gradOutput.shape);
}

/** {@link klToStandard} of each element. */
export const klToStandardOp = defineOp<readonly [Tensor, Tensor], undefined>({
  name: "klStandardNormal",
  forward: ([mean, logVar]) => {
    const logVars = logVar.data;
    return adoptArray(
      mean.data.map((m, i) => klToStandard(m, logVars[i])),
      mean.shape,
    );
  },
  gradients: [
    (gradOutput, { inputs: [mean] }) => mul(mean, gradOutput),
    (gradOutput, { inputs: [, logVar] }) => {
      // Training's path: by kernels, but where float32's exp ends.
      if (countOutside(logVar, logVar.size, -Infinity, FAR) > 0) {
        const { data } = logVar;
        return timesSlope(gradOutput, (i) => data[i], 1);
      }
      const half = scale(gradOutput, 0.5);
      return sub(mul(half, exp(logVar)), half);
    },
  ],
});

/** The difference of two log-variances, in float64: 0 also between equal infinities. */
function ratioOf(q: number, p: number): number {
  return q === p ? 0 : q - p;
}

/** ½(exp(r) − 1 − r) of each element, with r = logVarQ − logVarP. */
export const spreadDivergence = defineOp<readonly [Tensor, Tensor], undefined>({
  name: "klGaussians",
  forward: ([logVarQ, logVarP]) => {
    const p = logVarP.data;
    return adoptArray(
      logVarQ.data.map((q, i) => excess(ratioOf(q, p[i]))),
      logVarQ.shape,
    );
  },
  gradients: [
    (gradOutput, { inputs: [{ data: q }, { data: p }] }) =>
      timesSlope(gradOutput, (i) => ratioOf(q[i], p[i]), 1),
    (gradOutput, { inputs: [{ data: q }, { data: p }] }) =>
      timesSlope(gradOutput, (i) => ratioOf(q[i], p[i]), -1),
  ],
});
