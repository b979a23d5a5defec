// Adam, and AdamW: the same with decoupled weight decay.

import { checkBoolean, checkNumber } from "../check/check.js";
import { adam as kernel } from "../wasm/generated.js";
import type { Optimizer } from "./optimizer.js";
import {
  checkKeptShare,
  completedOptions,
  elementwise,
  type OptimizerOptions,
  type StepState,
} from "./elementwise.js";

/** Options of {@link adam} and {@link adamw}. */
export interface AdamOptions extends OptimizerOptions {
  /** Share of the mean gradient that is kept, in [0, 1) (default 0.9). */
  readonly beta1?: number | undefined;
  /** Share of the mean squared gradient that is kept, in [0, 1) (default 0.999). */
  readonly beta2?: number | undefined;
  /** Added to the root, ≥ 0 (default 1e-7, Keras's; PyTorch's is 1e-8). */
  readonly epsilon?: number | undefined;
  /** Add epsilon before the root's bias is corrected, as TensorFlow does (default false: after it). */
  readonly epsilonHat?: boolean | undefined;
}

/** State of {@link adam} and {@link adamw}. */
export type AdamState = StepState<"mean" | "meanSquare">;

/**
 * Adam: `m = β₁m + (1 − β₁)g`, `v = β₂v + (1 − β₂)g²`, `p − rate·m̂ / (√v̂ + ε)` with the corrected
 * `m̂ = m / (1 − β₁ᵗ)`, `v̂ = v / (1 − β₂ᵗ)`, `t` from 1. The corrections are computed in float64.
 *
 * @param options.learningRate - number ≥ 0 or schedule (default 0.001)
 * @param options.beta1 - in [0, 1) (default 0.9)
 * @param options.beta2 - in [0, 1) (default 0.999)
 * @param options.epsilon - ≥ 0 (default 1e-7)
 * @param options.epsilonHat - TensorFlow's form: ε joins √v, not √v̂ (default false)
 * @param options.weightDecay - adds weightDecay·p to g (L2), ≥ 0 (default 0)
 * @param options.mask - which parameters decay (default: all)
 * @returns the optimizer
 * @throws {TypeError} when an option is unknown or of the wrong kind; later, when trees differ in structure
 * @throws {RangeError} when an option is out of range; later, when shapes differ
 * @example
 * const optimizer = adam({ learningRate: 1e-3 });
 * let params = { w: tensor([1, 2]) };
 * let state = optimizer.init(params);
 * [params, state] = optimizer.update({ w: tensor([3, -3]) }, state, params);
 * params.w.data; // [0.999, 2.001]
 * @see Kingma and Ba 2015, Adam: a method for stochastic optimization, algorithm 1
 */
export function adam(options: AdamOptions = {}): Optimizer<AdamState> {
  return makeAdam("adam", options, 0, false);
}

/**
 * AdamW: {@link adam} with decoupled weight decay, `p − rate·(m̂ / (√v̂ + ε) + weightDecay·p)`.
 *
 * @param options.learningRate - number ≥ 0 or schedule (default 0.001)
 * @param options.beta1 - in [0, 1) (default 0.9)
 * @param options.beta2 - in [0, 1) (default 0.999)
 * @param options.epsilon - ≥ 0 (default 1e-7)
 * @param options.epsilonHat - TensorFlow's form: ε joins √v, not √v̂ (default false)
 * @param options.weightDecay - ≥ 0 (default 0.01, PyTorch's)
 * @param options.mask - which parameters decay (default: all)
 * @returns the optimizer
 * @throws {TypeError} when an option is unknown or of the wrong kind; later, when trees differ in structure
 * @throws {RangeError} when an option is out of range; later, when shapes differ
 * @example
 * const optimizer = adamw({ weightDecay: 0.05, mask: (path) => path.endsWith("kernel") });
 * const state = optimizer.init({ kernel: ones([3, 2]), bias: zeros([2]) });
 * @see Loshchilov and Hutter 2019, Decoupled weight decay regularization, algorithm 2
 */
export function adamw(options: AdamOptions = {}): Optimizer<AdamState> {
  return makeAdam("adamw", options, 0.01, true);
}

function makeAdam(
  name: string,
  options: AdamOptions,
  weightDecay: number,
  decoupled: boolean,
): Optimizer<AdamState> {
  const defaults = {
    learningRate: 1e-3,
    weightDecay,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-7,
    epsilonHat: false,
  };
  const completed = completedOptions(name, options, defaults);
  const { beta1, beta2, epsilon, epsilonHat } = completed;
  checkKeptShare(name, "beta1", beta1);
  checkKeptShare(name, "beta2", beta2);
  checkNumber(name, "epsilon", epsilon, 0);
  checkBoolean(name, "epsilonHat", epsilonHat);
  return elementwise({
    name,
    options: completed,
    decoupled,
    slots: { mean: 0, meanSquare: 0 },
    apply: (p, grad, { mean, meanSquare }, settings, count) => {
      const correction1 = 1 - beta1 ** count;
      const correction2 = 1 - beta2 ** count;
      kernel({
        p,
        g: grad,
        m: mean,
        v: meanSquare,
        n: p.size,
        ...settings,
        beta1,
        beta2,
        epsilon,
        correction1,
        correction2,
        epsilonHat,
      });
    },
  });
}
