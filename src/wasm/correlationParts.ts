// Cuts a planned correlation into parts: small enough for the kernel, or such that each reads its source in place.

import { type Correlation, NOTHING, type Taps } from "./correlation.js";

/** What one kernel call can take; larger correlations are split. */
export interface Limits {
  /** Most taps. */
  readonly taps: number;
  /** Most taps · channels. */
  readonly depth: number;
  /** Most floats of one grid point's padded window. */
  readonly window: number;
}

/**
 * Splits a correlation by taps, then by channels, until every part fits; the parts accumulate into one target.
 */
export function fit(part: Correlation, limits: Limits): Correlation[] {
  const { tapsHeight, tapsWidth, channels } = part;
  const depth = tapsHeight.count * tapsWidth.count * channels;
  const window = span(tapsHeight) * span(tapsWidth) * channels;
  if (tapsHeight.count * tapsWidth.count <= limits.taps && depth <= limits.depth && window <= limits.window)
    return [part];
  const [low, high] = halves(part);
  return [...fit({ ...low, last: false }, limits), ...fit({ ...high, first: false }, limits)];
}

/**
 * Splits a correlation into regions whose grid points all see the same taps inside the image, so that it reads
 * the source in place. Worth it where a padded copy of the source would cost as much as the few outputs do.
 */
export function clip(part: Correlation): Correlation[] {
  const parts: Correlation[] = [];
  for (const y of regions(part.tapsHeight, part.rows, part.stepHeight, part.sourceHeight)) {
    for (const x of regions(part.tapsWidth, part.columns, part.stepWidth, part.sourceWidth)) {
      const region = {
        ...part,
        rows: y.count,
        columns: x.count,
        targetFirst: part.targetFirst + y.first * part.rowStep + x.first * part.pixelStep,
        tapsHeight: y.taps,
        tapsWidth: x.taps,
      };
      parts.push(y.taps.count * x.taps.count === 0 ? { ...region, ...NOTHING } : region);
    }
  }
  return parts;
}

interface Region {
  readonly first: number;
  readonly count: number;
  readonly taps: Taps;
}

/** Runs of grid positions with the same taps inside [0, size); `taps` are shifted to the run's first position. */
function regions(taps: Taps, positions: number, step: number, size: number): Region[] {
  const found: { first: number; count: number; low: number; high: number }[] = [];
  for (let position = 0; position < positions; position++) {
    const at = position * step + taps.offset;
    const low = Math.min(taps.count, Math.max(0, Math.ceil(-at / taps.offsetStep)));
    const high = Math.max(low, Math.min(taps.count, Math.ceil((size - at) / taps.offsetStep)));
    const previous = found[found.length - 1];
    if (previous?.low === low && previous.high === high) previous.count++;
    else found.push({ first: position, count: 1, low, high });
  }
  return found.map(({ first, count, low, high }) => ({
    first,
    count,
    taps: {
      ...taps,
      count: high - low,
      offset: first * step + taps.offset + low * taps.offsetStep,
      index: taps.index + low * taps.indexStep,
    },
  }));
}

function span(taps: Taps): number {
  return (taps.count - 1) * taps.offsetStep + 1;
}

function halves(part: Correlation): [Correlation, Correlation] {
  const { tapsHeight, tapsWidth, channels, filterStepChannel } = part;
  if (tapsHeight.count > 1) {
    const [low, high] = halveTaps(tapsHeight);
    return [
      { ...part, tapsHeight: low },
      { ...part, tapsHeight: high },
    ];
  }
  if (tapsWidth.count > 1) {
    const [low, high] = halveTaps(tapsWidth);
    return [
      { ...part, tapsWidth: low },
      { ...part, tapsWidth: high },
    ];
  }
  const half = channels >> 1;
  return [
    { ...part, channels: half },
    {
      ...part,
      channels: channels - half,
      sourceFirst: part.sourceFirst + half,
      filterFirst: part.filterFirst + half * filterStepChannel,
    },
  ];
}

function halveTaps(taps: Taps): [Taps, Taps] {
  const half = taps.count >> 1;
  return [
    { ...taps, count: half },
    {
      ...taps,
      count: taps.count - half,
      offset: taps.offset + half * taps.offsetStep,
      index: taps.index + half * taps.indexStep,
    },
  ];
}
