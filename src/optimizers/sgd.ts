// Stochastic gradient descent, plain, with momentum, and Nesterov's.

import { checkBoolean, refuseValue } from "../check/check.js";
import { sgd as kernel } from "../wasm/generated.js";
import type { Optimizer } from "./optimizer.js";
import {
  checkKeptShare,
  completedOptions,
  elementwise,
  type OptimizerOptions,
  type StepState,
} from "./elementwise.js";

/** Options of {@link sgd}. */
export interface SgdOptions extends OptimizerOptions {
  /** Share of the velocity that is kept, in [0, 1) (default 0). */
  readonly momentum?: number | undefined;
  /** Look ahead along the velocity (default false); asks for a momentum. */
  readonly nesterov?: boolean | undefined;
}

const DEFAULTS = { learningRate: 0.01, weightDecay: 0, momentum: 0, nesterov: false };

/** State of {@link sgd}; without momentum there is no velocity. */
export type SgdState = StepState<never, "velocity">;

/**
 * Gradient descent: `p − rate·g`; with momentum `v = momentum·v + g`, `p − rate·v`; Nesterov's
 * `p − rate·(g + momentum·v)`. PyTorch's formulas: the rate stays outside the velocity.
 *
 * @param options.learningRate - number ≥ 0 or schedule (default 0.01)
 * @param options.momentum - in [0, 1) (default 0)
 * @param options.nesterov - default false
 * @param options.weightDecay - adds weightDecay·p to g, ≥ 0 (default 0)
 * @param options.mask - which parameters decay (default: all)
 * @returns the optimizer
 * @throws {TypeError} when an option is unknown or of the wrong kind; later, when trees differ in structure
 * @throws {RangeError} when an option is out of range; later, when shapes differ
 * @example
 * const optimizer = sgd({ learningRate: 0.1, momentum: 0.9 });
 * let params = { w: tensor([1, 2]) };
 * let state = optimizer.init(params);
 * [params, state] = optimizer.update({ w: tensor([1, 1]) }, state, params);
 * params.w.data; // [0.9, 1.9]
 * @see Sutskever et al. 2013, On the importance of initialization and momentum in deep learning
 */
export function sgd(options: SgdOptions = {}): Optimizer<SgdState> {
  const name = "sgd";
  const completed = completedOptions(name, options, DEFAULTS);
  const { momentum, nesterov } = completed;
  checkKeptShare(name, "momentum", momentum);
  checkBoolean(name, "nesterov", nesterov);
  if (nesterov && momentum === 0) refuseValue(name, "momentum", "be > 0 with nesterov: true", momentum);
  return elementwise<never, "velocity">({
    name,
    options: completed,
    slots: { velocity: momentum > 0 ? 0 : undefined },
    apply: (p, grad, { velocity }, settings) =>
      kernel({ p, g: grad, velocity, n: p.size, ...settings, momentum, nesterov }),
  });
}
