// RMSprop, also centered and with momentum.

import { checkBoolean, checkNumber } from "../check/check.js";
import { rmsprop as kernel } from "../wasm/generated.js";
import type { Optimizer } from "./optimizer.js";
import {
  checkKeptShare,
  completedOptions,
  elementwise,
  type OptimizerOptions,
  type StepState,
} from "./elementwise.js";

/** Options of {@link rmsprop}. */
export interface RmspropOptions extends OptimizerOptions {
  /** Share of the mean squared gradient that is kept, in [0, 1) (default 0.9, Keras's; PyTorch's is 0.99). */
  readonly decay?: number | undefined;
  /** Share of the velocity that is kept, in [0, 1) (default 0). */
  readonly momentum?: number | undefined;
  /** Added to the root, ≥ 0 (default 1e-7, Keras's; PyTorch's is 1e-8). */
  readonly epsilon?: number | undefined;
  /** Divide by the gradient's deviation instead of its root mean square (default false). */
  readonly centered?: boolean | undefined;
  /** Add epsilon under the root, as Keras does (default false: to the root, as PyTorch does). */
  readonly epsilonInsideRoot?: boolean | undefined;
}

const DEFAULTS = {
  learningRate: 1e-3,
  weightDecay: 0,
  decay: 0.9,
  momentum: 0,
  epsilon: 1e-7,
  centered: false,
  epsilonInsideRoot: false,
};

/** State of {@link rmsprop}: a mean where it is centered, a velocity where it has momentum. */
export type RmspropState = StepState<"meanSquare", "mean" | "velocity">;

/**
 * RMSprop: `s = decay·s + (1 − decay)·g²`, `q = g / (√s + ε)` or `g / √(s + ε)`, `p − rate·q`. Centered,
 * `s − a²` with `a = decay·a + (1 − decay)·g` takes the place of `s` in `q`. With momentum
 * `v = momentum·v + q`, `p − rate·v`.
 *
 * @param options.learningRate - number ≥ 0 or schedule (default 0.001)
 * @param options.decay - in [0, 1) (default 0.9)
 * @param options.momentum - in [0, 1) (default 0)
 * @param options.epsilon - ≥ 0 (default 1e-7)
 * @param options.centered - default false
 * @param options.epsilonInsideRoot - default false
 * @param options.weightDecay - adds weightDecay·p to g, ≥ 0 (default 0)
 * @param options.mask - which parameters decay (default: all)
 * @returns the optimizer
 * @throws {TypeError} when an option is unknown or of the wrong kind; later, when trees differ in structure
 * @throws {RangeError} when an option is out of range; later, when shapes differ
 * @example
 * const optimizer = rmsprop({ learningRate: 1e-3, decay: 0.99, momentum: 0.9 });
 * const state = optimizer.init({ w: zeros([3]) });
 * @see Hinton 2012, Neural networks for machine learning, lecture 6e; Graves 2013 (centered), equations 38–45
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer<RmspropState> {
  const name = "rmsprop";
  const completed = completedOptions(name, options, DEFAULTS);
  const { decay, momentum, epsilon, centered, epsilonInsideRoot } = completed;
  checkKeptShare(name, "decay", decay);
  checkKeptShare(name, "momentum", momentum);
  checkNumber(name, "epsilon", epsilon, 0);
  checkBoolean(name, "centered", centered);
  checkBoolean(name, "epsilonInsideRoot", epsilonInsideRoot);
  return elementwise<"meanSquare", "mean" | "velocity">({
    name,
    options: completed,
    slots: { meanSquare: 0, mean: centered ? 0 : undefined, velocity: momentum > 0 ? 0 : undefined },
    apply: (p, grad, { meanSquare, mean, velocity }, settings) =>
      kernel({
        p,
        g: grad,
        s: meanSquare,
        a: mean,
        b: velocity,
        n: p.size,
        ...settings,
        decay,
        momentum,
        epsilon,
        epsilonInsideRoot,
      }),
  });
}
