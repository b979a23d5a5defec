// Which correlations run by Winograd's minimal filtering, and their jobs: the rule stands here and nowhere else.

import type { Correlation, Taps } from "./correlation.js";
import * as kernels from "./generated.js";
import { withSpace } from "./partials.js";
import { grainOfProducts } from "./run.js";

/** Fewer channels or outputs than these make the transforms cost more than the products save. */
const LEAST_CHANNELS = 16;
/** Tiles of a grain, at least: each block of them reads the whole filter. */
const LEAST_TILES = 480;
/** Floats of a transformed filter, at most. */
const MOST_PACKED = 1 << 23;

let isWanted = true;

/** Whether Winograd's filtering may be used at all. */
export function wishWinograd(wish: boolean): void {
  isWanted = wish;
}

const isThree = ({ count, offsetStep }: Taps): boolean => count === 3 && offsetStep === 1;

/** Whether a part of a convolution, or of one of its gradients, runs by Winograd's filtering. */
export function isForWinograd(part: Correlation): boolean {
  const { channels, outputs, stepHeight, stepWidth, tapsHeight, tapsWidth } = part;
  return (
    isWanted &&
    isThree(tapsHeight) &&
    isThree(tapsWidth) &&
    stepHeight === 1 &&
    stepWidth === 1 &&
    channels % 4 === 0 &&
    outputs % 4 === 0 &&
    Math.min(channels, outputs) >= LEAST_CHANNELS &&
    channels <= kernels.MAX_WINOGRAD_DEPTH &&
    outputs <= kernels.MAX_WINOGRAD_OUTPUTS &&
    16 * channels * outputs <= MOST_PACKED
  );
}

/** Runs such a part. */
export function runWinograd(
  { batch, rows, columns, channels, outputs }: Correlation,
  job: kernels.Correlation,
): void {
  const across = Math.ceil(columns / 2);
  const lines = batch * Math.ceil(rows / 2);
  const panels = Math.ceil(outputs / 8);
  const grain = grainOfProducts(across * 16 * channels * outputs, LEAST_TILES / across);
  withSpace(16 * panels * 8 * channels, (packed) => {
    kernels.packWinograd({ job, packed, panels, depth: channels });
    kernels.winograd({ job, packed, lines, grain });
  });
}
