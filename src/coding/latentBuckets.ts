// Latents as buckets that are equally probable under N(0, 1), and posteriors as intervals of [0, 2¹⁶) over them.

import { exactExp, exactNormalCdf, exactNormalQuantile } from "./exact.js";
import { type SymbolStack, TOTAL } from "./rans.js";

/** Buckets of a latent: at 2¹⁰ the file grows by less than a thousandth, and posteriors down to σ = 0.005 are told. */
const BUCKETS = 1024;
/** What a bucket costs under the prior, as an interval of 2¹⁶. */
const PRIOR_COUNT = TOTAL / BUCKETS;
/** Deviations from the mean beyond which a posterior has no buckets: it must be whole in 2¹⁶ parts. */
const REACH = 6;
/** Parts that every bucket has for sure: one may be lost where rounding lets the distribution function fall. */
const SPARE = 2;
/** Posteriors are not sharper than this, nor wider. */
const DEVIATIONS = [1e-4, 1e4] as const;

interface Buckets {
  /** Where each bucket begins; from −∞ to ∞. */
  readonly edges: Float64Array;
  /** The median of each under the prior. */
  readonly centres: Float64Array;
}

let known: Buckets | undefined;

/** Found at first use, for it takes some milliseconds. */
function buckets(): Buckets {
  known ??= {
    edges: Float64Array.from({ length: BUCKETS + 1 }, (_, k) =>
      k === 0 ? -Infinity : k === BUCKETS ? Infinity : exactNormalQuantile(k / BUCKETS),
    ),
    centres: Float64Array.from({ length: BUCKETS }, (_, k) => exactNormalQuantile((k + 0.5) / BUCKETS)),
  };
  return known;
}

/** The latent that a bucket stands for. */
export const latentOf = (bucket: number): number => buckets().centres[bucket];

export function pushPrior(stack: SymbolStack, bucket: number): void {
  stack.push(bucket * PRIOR_COUNT, PRIOR_COUNT);
}

export function popPrior(stack: SymbolStack): number {
  const bucket = Math.floor(stack.peek() / PRIOR_COUNT);
  stack.drop(bucket * PRIOR_COUNT, PRIOR_COUNT);
  return bucket;
}

/** The first bucket that ends behind a number. */
function bucketOf(value: number): number {
  const { edges } = buckets();
  let [low, high] = [0, BUCKETS];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (edges[middle] <= value) low = middle;
    else high = middle;
  }
  return low;
}

/** N(mean, exp(logVar)) over the buckets within reach of its mean. */
export class PosteriorCoder {
  private readonly deviation: number;
  private readonly first: number;
  private readonly behind: number;
  private readonly below: number;
  private readonly mass: number;

  constructor(
    private readonly mean: number,
    logVar: number,
  ) {
    this.deviation = Math.min(Math.max(exactExp(0.5 * logVar), DEVIATIONS[0]), DEVIATIONS[1]);
    this.first = bucketOf(mean - REACH * this.deviation);
    this.behind = bucketOf(mean + REACH * this.deviation) + 1;
    this.below = this.massBelow(this.first);
    this.mass = this.massBelow(this.behind) - this.below;
  }

  private massBelow(edge: number): number {
    return exactNormalCdf((buckets().edges[edge] - this.mean) / this.deviation);
  }

  /** Where the interval of a bucket begins. */
  private readonly startOf = (bucket: number): number => {
    if (bucket <= this.first) return 0;
    if (bucket >= this.behind) return TOTAL;
    const share = Math.min(Math.max((this.massBelow(bucket) - this.below) / this.mass, 0), 1);
    const shared = TOTAL - SPARE * (this.behind - this.first);
    return SPARE * (bucket - this.first) + Math.floor(shared * share);
  };

  /** Whether a bucket is within reach. */
  has(bucket: number): boolean {
    return bucket >= this.first && bucket < this.behind;
  }

  push(stack: SymbolStack, bucket: number): void {
    stack.pushSymbol(bucket, this.startOf);
  }

  pop(stack: SymbolStack): number {
    return stack.popSymbol(this.first, this.behind, this.startOf);
  }
}
