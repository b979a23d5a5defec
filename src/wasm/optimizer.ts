// Typed entries of the optimizers' kernels: each overwrites a parameter and its state in one pass.

import { refuseUse } from "../check.js";
import { currentKernels } from "./runtime.js";
import { addressOf, type Operand } from "./storage.js";

/** What every step is told. */
export interface StepSettings {
  readonly rate: number;
  readonly weightDecay: number;
  /** Whether the decay is taken off the parameter instead of joining the gradient. */
  readonly decoupled: boolean;
}

/** Settings of gradient descent. */
export interface SgdSettings extends StepSettings {
  readonly momentum: number;
  readonly nesterov: boolean;
}

/** Settings of Adam; correctionᵢ = 1 − βᵢᵗ. */
export interface AdamSettings extends StepSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly correction1: number;
  readonly correction2: number;
  /** Whether epsilon joins the root before its correction. */
  readonly epsilonHat: boolean;
}

/** Settings of Adagrad. */
export interface AdagradSettings extends StepSettings {
  readonly epsilon: number;
  readonly epsilonInsideRoot: boolean;
}

/** Settings of RMSprop. */
export interface RmspropSettings extends AdagradSettings {
  readonly decay: number;
  readonly momentum: number;
}

/** The address of values that a kernel overwrites; 0 for none. */
function target(operand: Operand | undefined): number {
  if (operand === undefined) return 0;
  // Beside an array outside, the heap holds only a copy: what is written there would be lost.
  if (operand.storage.array !== undefined) {
    refuseUse("updateInPlace", "parameters and state must live on the heap, in an open scope");
  }
  return addressOf(operand);
}

export function sgd(
  p: Operand,
  g: Operand,
  velocity: Operand | undefined,
  n: number,
  { rate, momentum, nesterov, weightDecay, decoupled }: SgdSettings,
): void {
  const [to, speed] = [target(p), target(velocity)];
  const kernel = currentKernels().sgd;
  kernel(to, addressOf(g), speed, n, rate, momentum, Number(nesterov), weightDecay, Number(decoupled));
}

export function adam(
  p: Operand,
  g: Operand,
  mean: Operand,
  meanSquare: Operand,
  n: number,
  settings: AdamSettings,
): void {
  currentKernels().adam(
    target(p),
    addressOf(g),
    target(mean),
    target(meanSquare),
    n,
    settings.rate,
    settings.beta1,
    settings.beta2,
    settings.epsilon,
    settings.correction1,
    settings.correction2,
    settings.weightDecay,
    Number(settings.decoupled),
    Number(settings.epsilonHat),
  );
}

export function rmsprop(
  p: Operand,
  g: Operand,
  meanSquare: Operand,
  mean: Operand | undefined,
  velocity: Operand | undefined,
  n: number,
  settings: RmspropSettings,
): void {
  currentKernels().rmsprop(
    target(p),
    addressOf(g),
    target(meanSquare),
    target(mean),
    target(velocity),
    n,
    settings.rate,
    settings.decay,
    settings.momentum,
    settings.epsilon,
    Number(settings.epsilonInsideRoot),
    settings.weightDecay,
    Number(settings.decoupled),
  );
}

export function adagrad(
  p: Operand,
  g: Operand,
  sumOfSquares: Operand,
  n: number,
  { rate, epsilon, epsilonInsideRoot, weightDecay, decoupled }: AdagradSettings,
): void {
  const [to, sum] = [target(p), target(sumOfSquares)];
  const kernel = currentKernels().adagrad;
  kernel(to, addressOf(g), sum, n, rate, epsilon, Number(epsilonInsideRoot), weightDecay, Number(decoupled));
}

/** y ← y + factor · x. */
export function addScaled(y: Operand, factor: number, x: Operand, n: number): void {
  const to = target(y);
  currentKernels().axpy(factor, addressOf(x), to, n);
}

/** y ← y + share · (x − y), in one pass: a descent with rate −share and decay −1. */
export function moveTowards(y: Operand, x: Operand, n: number, share: number): void {
  sgd(y, x, undefined, n, { rate: -share, momentum: 0, nesterov: false, weightDecay: -1, decoupled: false });
}

/** Σ x², in float64. */
export function sumOfSquares(x: Operand, n: number): number {
  return currentKernels().sumOfSquares(addressOf(x), n);
}
