// Probabilities that are learned from the symbols themselves: a tree of binary decisions, each with its counts.

import { TOTAL } from "./rans.js";

/** Counts are halved when they reach this, so that what is old counts less. */
const MOST_COUNTS = 2 ** 15;

/** What a tree does with a decision: it tells or asks which half of [0, 2¹⁶) was taken, at `boundary`. */
export type Decide = (boundary: number, bit: 0 | 1) => 0 | 1;

/**
 * The decisions that lead to a symbol of some bits, from the highest bit down. Each has seen n₀ zeros and n₁ ones so
 * far, and expects the next with (n + ½) / (n₀ + n₁ + 1), in integers (Krichevsky & Trofimov 1981): of a decision that
 * is met n times this costs about ½ log₂ n bits more than to know its probability.
 */
export class AdaptiveTree {
  private readonly counts: Uint16Array;

  constructor(private readonly bits: number) {
    this.counts = new Uint16Array(1 << (bits + 1));
  }

  /** Walks to a symbol; `decide` gets every decision, and returns what it is. */
  walk(symbol: number, decide: Decide): number {
    let node = 1;
    for (let level = this.bits - 1; level >= 0; level--) {
      const bit = decide(this.boundary(node), ((symbol >>> level) & 1) as 0 | 1);
      this.note(node, bit);
      node = 2 * node + bit;
    }
    return node - (1 << this.bits);
  }

  /** Where the interval of a zero ends: both halves have at least one part. */
  private boundary(node: number): number {
    const zeros = this.counts[2 * node];
    const ones = this.counts[2 * node + 1];
    return 1 + Math.floor(((TOTAL - 2) * (2 * zeros + 1)) / (2 * (zeros + ones + 1)));
  }

  private note(node: number, bit: 0 | 1): void {
    const at = 2 * node + bit;
    this.counts[at]++;
    if (this.counts[at] < MOST_COUNTS) return;
    this.counts[2 * node] >>>= 1;
    this.counts[2 * node + 1] >>>= 1;
  }
}
