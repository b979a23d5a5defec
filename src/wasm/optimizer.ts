// What the optimizers' kernels share: settings, and steps that are kernels of another name.

import { sgd } from "./generated.js";
import type { Operand } from "./storage.js";

/** What every step is told. */
export interface StepSettings {
  readonly rate: number;
  readonly weightDecay: number;
  /** Whether the decay is taken off the parameter instead of joining the gradient. */
  readonly decoupled: boolean;
}

/** y ← y + share · (x − y), in one pass: a descent with rate −share and decay −1. */
export function moveTowards(y: Operand, x: Operand, n: number, share: number): void {
  sgd({
    p: y,
    g: x,
    velocity: undefined,
    n,
    rate: -share,
    momentum: 0,
    nesterov: false,
    weightDecay: -1,
    decoupled: false,
  });
}
