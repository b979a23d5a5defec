// Functions of each element by itself, and their derivatives.

import { defineOp } from "../autodiff/autodiff.js";
import { checkNumber, checkOptions, refuseKind, refuseValue } from "../check/check.js";
import { checkTensor, emptyTensor, type Tensor } from "../tensor/tensor.js";
import * as kernels from "../wasm/generated.js";

/** Defines a function by its kernels and what its derivative is computed from. */
// @__NO_SIDE_EFFECTS__
function unaryOp(
  name: string,
  kernel: typeof kernels.relu,
  gradient: typeof kernels.reluGradient,
  saved: "input" | "output",
): (x: Tensor) => Tensor {
  const op = defineOp<readonly [Tensor], undefined>({
    name,
    forward: ([x]) => {
      const output = emptyTensor(x.shape);
      kernel({ x, y: output, n: x.size });
      return output;
    },
    gradients: [
      (gradOutput, { inputs: [x], output }) => {
        const gradInput = emptyTensor(x.shape);
        gradient({ saved: saved === "input" ? x : output, dy: gradOutput, dx: gradInput, n: x.size });
        return gradInput;
      },
    ],
  });
  return (x) => {
    checkTensor(name, "x", x);
    return op([x], undefined);
  };
}

/** max(x, 0); the derivative at 0 is 0. */
export const relu = unaryOp("relu", kernels.relu, kernels.reluGradient, "output");
/** x·Φ(x), Φ the normal distribution function (Hendrycks & Gimpel 2016). */
export const gelu = unaryOp("gelu", kernels.gelu, kernels.geluGradient, "input");
/** The tanh approximation of {@link gelu}: ½x(1 + tanh(√(2/π)(x + 0.044715x³))). */
export const geluTanh = unaryOp("geluTanh", kernels.geluTanh, kernels.geluTanhGradient, "input");
/** x·sigmoid(x). */
export const silu = unaryOp("silu", kernels.silu, kernels.siluGradient, "input");
/** 1 / (1 + exp(−x)). */
export const sigmoid = unaryOp("sigmoid", kernels.sigmoid, kernels.sigmoidGradient, "output");
/** Hyperbolic tangent. */
export const tanh = unaryOp("tanh", kernels.tanh, kernels.tanhGradient, "output");
/** log(1 + exp(x)), without overflow. */
export const softplus = unaryOp("softplus", kernels.softplus, kernels.softplusGradient, "input");
/** x·tanh(softplus(x)) (Misra 2019). */
export const mish = unaryOp("mish", kernels.mish, kernels.mishGradient, "input");
/** x / (1 + |x|). */
export const softsign = unaryOp("softsign", kernels.softsign, kernels.softsignGradient, "input");
/** eˣ. */
export const exp = unaryOp("exp", kernels.exp, kernels.expGradient, "output");
/** Natural logarithm; −∞ at 0, NaN below. */
export const log = unaryOp("log", kernels.log, kernels.logGradient, "input");
/** log(1 + x), exact for small x. */
export const log1p = unaryOp("log1p", kernels.log1p, kernels.log1pGradient, "input");
/** The error function. */
export const erf = unaryOp("erf", kernels.erf, kernels.erfGradient, "input");
/** Square root; NaN below 0. */
export const sqrt = unaryOp("sqrt", kernels.sqrt, kernels.sqrtGradient, "output");
/** x². */
export const square = unaryOp("square", kernels.square, kernels.squareGradient, "input");
/** |x|; the derivative at 0 is 0. */
export const abs = unaryOp("abs", kernels.abs, kernels.absGradient, "input");

// @__NO_SIDE_EFFECTS__
function parameterOp(
  name: string,
  kernel: typeof kernels.elu,
  gradient: typeof kernels.eluGradient,
  saved: "input" | "output",
): (inputs: readonly [Tensor], alpha: number) => Tensor {
  return defineOp<readonly [Tensor], number>({
    name,
    forward: ([x], alpha) => {
      const output = emptyTensor(x.shape);
      kernel({ x, y: output, n: x.size, alpha });
      return output;
    },
    gradients: [
      (gradOutput, { inputs: [x], output, options: alpha }) => {
        const gradInput = emptyTensor(x.shape);
        gradient({ saved: saved === "input" ? x : output, dy: gradOutput, dx: gradInput, n: x.size, alpha });
        return gradInput;
      },
    ],
  });
}

const leakyReluOp = parameterOp("leakyRelu", kernels.leakyRelu, kernels.leakyReluGradient, "input");
const eluOp = parameterOp("elu", kernels.elu, kernels.eluGradient, "output");

/** Slopes and scales below 0 unless told. */
export const ALPHA = { leakyRelu: 0.01, elu: 1 } as const;

/**
 * x for x > 0, else alpha·x; the derivative at 0 is alpha.
 *
 * @param x - tensor
 * @param options.alpha - slope below 0 (default 0.01)
 * @returns tensor of the same shape
 * @throws {RangeError} when alpha is not finite
 * @example
 * ops.leakyRelu(tensor([-1, 1]), { alpha: 0.25 }).data; // [-0.25, 1]
 */
export function leakyRelu(x: Tensor, options: { readonly alpha?: number | undefined } = {}): Tensor {
  checkTensor("leakyRelu", "x", x);
  checkOptions("leakyRelu", options, ["alpha"]);
  const { alpha = ALPHA.leakyRelu } = options;
  checkNumber("leakyRelu", "alpha", alpha);
  return leakyReluOp([x], alpha);
}

/**
 * x for x > 0, else alpha·(eˣ − 1); the derivative at 0 is alpha.
 *
 * @param x - tensor
 * @param options.alpha - scale below 0, ≥ 0 (default 1)
 * @returns tensor of the same shape
 * @throws {RangeError} when alpha is negative or not finite
 * @example
 * ops.elu(tensor([0, 1])).data; // [0, 1]
 */
export function elu(x: Tensor, options: { readonly alpha?: number | undefined } = {}): Tensor {
  checkTensor("elu", "x", x);
  checkOptions("elu", options, ["alpha"]);
  const { alpha = ALPHA.elu } = options;
  checkNumber("elu", "alpha", alpha, 0);
  return eluOp([x], alpha);
}

interface Line {
  readonly factor: number;
  readonly offset: number;
}

const scaleOp = defineOp<readonly [Tensor], Line>({
  name: "scale",
  forward: ([x], { factor, offset }) => {
    const output = emptyTensor(x.shape);
    kernels.scale({ x, y: output, n: x.size, factor, offset });
    return output;
  },
  gradients: [
    (gradOutput, { options: { factor } }) => {
      const gradInput = emptyTensor(gradOutput.shape);
      kernels.scale({ x: gradOutput, y: gradInput, n: gradOutput.size, factor, offset: 0 });
      return gradInput;
    },
  ],
});

/**
 * factor·x + offset.
 *
 * @param x - tensor
 * @param factor - finite number
 * @param offset - finite number (default 0)
 * @returns tensor of the same shape
 * @throws {RangeError} when a number is not finite
 * @example
 * ops.scale(tensor([1, 2]), 2, 1).data; // [3, 5]
 */
export function scale(x: Tensor, factor: number, offset = 0): Tensor {
  checkTensor("scale", "x", x);
  checkNumber("scale", "factor", factor);
  checkNumber("scale", "offset", offset);
  return scaleOp([x], { factor, offset });
}

interface Bounds {
  readonly low: number;
  readonly high: number;
}

const clipOp = defineOp<readonly [Tensor], Bounds>({
  name: "clip",
  forward: ([x], { low, high }) => {
    const output = emptyTensor(x.shape);
    kernels.clip({ x, y: output, n: x.size, low, high });
    return output;
  },
  gradients: [
    (gradOutput, { inputs: [x], options: { low, high } }) => {
      const gradInput = emptyTensor(x.shape);
      kernels.clipGradient({ saved: x, dy: gradOutput, dx: gradInput, n: x.size, low, high });
      return gradInput;
    },
  ],
});

/**
 * x cut to [low, high]; the gradient passes at the bounds and stops beyond.
 *
 * @param x - tensor
 * @param low - least value (may be −Infinity)
 * @param high - greatest value (may be Infinity)
 * @returns tensor of the same shape
 * @throws {TypeError} when a bound is not a number
 * @throws {RangeError} when low > high or a bound is NaN
 * @example
 * ops.clip(tensor([-1, 0.5, 2]), 0, 1).data; // [0, 0.5, 1]
 */
export function clip(x: Tensor, low: number, high: number): Tensor {
  checkTensor("clip", "x", x);
  if (typeof low !== "number") refuseKind("clip", "low", "be a number", low);
  if (typeof high !== "number") refuseKind("clip", "high", "be a number", high);
  if (!(low <= high)) refuseValue("clip", "low", `be at most high = ${high}`, low);
  return clipOp([x], { low, high });
}
