// Which correlations run by Winograd's minimal filtering, and their jobs: the rule stands here and nowhere else.

import type { Correlation, Taps } from "./correlation.js";
import * as kernels from "./generated.js";
import { withSpace } from "./partials.js";
import { grainOfProducts } from "./run.js";

// Measured (`npm run bench`, with and without `--direct`): with fewer channels transforms cost more than products save,
// with fewer tiles the transform of the filter does. Of an image, not of the batch: what an image is encoded to must not
// depend on its company.

/** Channels and outputs, at least; of gradients by the filter. */
const LEAST_CHANNELS = 16;
const LEAST_CHANNELS_OF_GRADIENT = 32;
/** Tiles of an image, at least, and these times the lesser of channels and outputs. */
const LEAST_TILES_OF_IMAGE = 16;
const LEAST_WORK_OF_IMAGE = 1024;
/** Tiles of all images from which a gradient by the filter is summed, at least. */
const LEAST_TILES_OF_GRADIENT = 64;
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

const tilesOfImage = ({ rows, columns }: Correlation): number => Math.ceil(rows / 2) * Math.ceil(columns / 2);

/** Whether a part of a convolution, or of its gradient by input, runs by Winograd's filtering. */
export function isForWinograd(part: Correlation): boolean {
  const { channels, outputs, stepHeight, stepWidth, tapsHeight, tapsWidth } = part;
  const [tiles, least] = [tilesOfImage(part), Math.min(channels, outputs)];
  return (
    isWanted &&
    isThree(tapsHeight) &&
    isThree(tapsWidth) &&
    stepHeight === 1 &&
    stepWidth === 1 &&
    channels % 4 === 0 &&
    outputs % 4 === 0 &&
    least >= LEAST_CHANNELS &&
    tiles >= LEAST_TILES_OF_IMAGE &&
    tiles * least >= LEAST_WORK_OF_IMAGE &&
    channels <= kernels.MAX_WINOGRAD_DEPTH &&
    outputs <= kernels.MAX_WINOGRAD_OUTPUTS &&
    16 * channels * outputs <= MOST_PACKED
  );
}

/** Whether the gradient by the filter of such a part does. */
export function isGradientForWinograd(part: Correlation): boolean {
  const isWide = Math.min(part.channels, part.outputs) >= LEAST_CHANNELS_OF_GRADIENT;
  return isForWinograd(part) && isWide && part.batch * tilesOfImage(part) >= LEAST_TILES_OF_GRADIENT;
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
