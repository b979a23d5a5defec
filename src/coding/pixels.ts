// Levels of grey under logistic distributions, as intervals of [0, 2¹⁶) that come out the same on every runtime.

import { LEAST_LOG_SCALE } from "../distributions/discretizedLogistic.js";
import { LOG_SCALE_AT_0, MEAN_AT_0 } from "../models/vae/likelihood.js";
import { exactExp, exactLogistic } from "./exact.js";
import { type SymbolStack, TOTAL } from "./rans.js";

/** Parts that every level has for sure: one of them may be lost where rounding lets the distribution function fall. */
const SPARE = 2;

/**
 * The distribution of one value among so many levels, from the decoder's numbers for it: mean and log-scale, or logits,
 * means and log-scales of several components.
 */
export class LevelCoder {
  private readonly weights: Float64Array;
  private readonly means: Float64Array;
  private readonly perScale: Float64Array;

  constructor(
    private readonly levels: number,
    private readonly components: number,
  ) {
    [this.weights, this.means, this.perScale] = [0, 1, 2].map(() => new Float64Array(components).fill(1)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
  }

  /** How many of the decoder's numbers there are for a value. */
  get numbers(): number {
    return this.components === 1 ? 2 : 3 * this.components;
  }

  /** Takes the numbers from `at` on for the next value. */
  set(outputs: Float32Array, at: number): void {
    const { components, weights } = this;
    const means = at + (components === 1 ? 0 : components);
    for (let k = 0; k < components; k++) {
      const logScale = Math.max(outputs[means + components + k] + LOG_SCALE_AT_0, LEAST_LOG_SCALE);
      this.means[k] = outputs[means + k] + MEAN_AT_0;
      this.perScale[k] = exactExp(-logScale);
    }
    if (components === 1) return;
    let most = -Infinity;
    for (let k = 0; k < components; k++) most = Math.max(most, outputs[at + k]);
    let sum = 0;
    for (let k = 0; k < components; k++) sum += weights[k] = exactExp(outputs[at + k] - most);
    for (let k = 0; k < components; k++) weights[k] /= sum;
  }

  /** Where the interval of a level begins. */
  private readonly startOf = (level: number): number => {
    if (level <= 0) return 0;
    if (level >= this.levels) return TOTAL;
    const edge = (level - 0.5) / (this.levels - 1);
    let mass = 0;
    for (let k = 0; k < this.components; k++) {
      mass += this.weights[k] * exactLogistic((edge - this.means[k]) * this.perScale[k]);
    }
    return SPARE * level + Math.floor((TOTAL - SPARE * this.levels) * Math.min(mass, 1));
  };

  push(stack: SymbolStack, level: number): void {
    stack.pushSymbol(level, this.startOf);
  }

  pop(stack: SymbolStack): number {
    return stack.popSymbol(0, this.levels, this.startOf);
  }
}
