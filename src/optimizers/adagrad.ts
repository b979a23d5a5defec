// Adagrad.

import { checkBoolean, checkNumber } from "../check/check.js";
import { adagrad as kernel } from "../wasm/generated.js";
import type { Optimizer } from "./optimizer.js";
import { completedOptions, elementwise, type OptimizerOptions, type StepState } from "./elementwise.js";

/** Options of {@link adagrad}. */
export interface AdagradOptions extends OptimizerOptions {
  /** What the sum of squares begins with, ≥ 0 (default 0.1, Keras's; PyTorch's is 0). */
  readonly initialAccumulator?: number | undefined;
  /** Added to the root, ≥ 0 (default 1e-7, Keras's; PyTorch's is 1e-10). */
  readonly epsilon?: number | undefined;
  /** Add epsilon under the root, as Keras does (default false: to the root, as PyTorch does). */
  readonly epsilonInsideRoot?: boolean | undefined;
}

const DEFAULTS = {
  learningRate: 1e-3,
  weightDecay: 0,
  initialAccumulator: 0.1,
  epsilon: 1e-7,
  epsilonInsideRoot: false,
};

/** State of {@link adagrad}. */
export type AdagradState = StepState<"sumOfSquares">;

/**
 * Adagrad: `s = s + g²`, `p − rate·g / (√s + ε)`, or `g / √(s + ε)`.
 *
 * @param options.learningRate - number ≥ 0 or schedule (default 0.001)
 * @param options.initialAccumulator - first s, ≥ 0 (default 0.1)
 * @param options.epsilon - ≥ 0 (default 1e-7)
 * @param options.epsilonInsideRoot - default false
 * @param options.weightDecay - adds weightDecay·p to g, ≥ 0 (default 0)
 * @param options.mask - which parameters decay (default: all)
 * @returns the optimizer
 * @throws {TypeError} when an option is unknown or of the wrong kind; later, when trees differ in structure
 * @throws {RangeError} when an option is out of range; later, when shapes differ
 * @example
 * const optimizer = adagrad({ learningRate: 0.01 });
 * const state = optimizer.init({ w: zeros([3]) });
 * @see Duchi, Hazan and Singer 2011, Adaptive subgradient methods
 */
export function adagrad(options: AdagradOptions = {}): Optimizer<AdagradState> {
  const name = "adagrad";
  const completed = completedOptions(name, options, DEFAULTS);
  const { initialAccumulator, epsilon, epsilonInsideRoot } = completed;
  checkNumber(name, "initialAccumulator", initialAccumulator, 0);
  checkNumber(name, "epsilon", epsilon, 0);
  checkBoolean(name, "epsilonInsideRoot", epsilonInsideRoot);
  return elementwise({
    name,
    options: completed,
    slots: { sumOfSquares: initialAccumulator },
    apply: (p, grad, { sumOfSquares }, settings) =>
      kernel({ p, g: grad, s: sumOfSquares, n: p.size, ...settings, epsilon, epsilonInsideRoot }),
  });
}
