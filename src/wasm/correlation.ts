// Plans convolution, its gradient by input and its gradient by filter as correlations over a grid of taps:
// fields of the record that `assembly/correlation.ts` declares. Numbers only; the addresses are filled in by the caller.

import type { Conv2dGeometry } from "../geometry/conv2d.js";
import type { Correlation as CorrelationRecord } from "./generated.js";

/** The taps along one axis: source position = gridIndex · step + offset + i · offsetStep, filter index likewise. */
export interface Taps {
  readonly count: number;
  readonly offset: number;
  readonly offsetStep: number;
  readonly index: number;
  readonly indexStep: number;
}

/** A correlation without its addresses; all distances are counted in float32 elements. */
export interface Correlation {
  readonly batch: number;
  readonly sourceHeight: number;
  readonly sourceWidth: number;
  /** Distance between source pixels. */
  readonly sourceChannels: number;
  /** First contracted channel, and how many. */
  readonly sourceFirst: number;
  readonly channels: number;
  readonly targetFirst: number;
  readonly biasFirst: number;
  readonly imageStep: number;
  readonly rowStep: number;
  readonly pixelStep: number;
  readonly rows: number;
  readonly columns: number;
  readonly stepHeight: number;
  readonly stepWidth: number;
  readonly tapsHeight: Taps;
  readonly tapsWidth: Taps;
  readonly filterFirst: number;
  readonly filterStepHeight: number;
  readonly filterStepWidth: number;
  readonly filterStepChannel: number;
  readonly filterStepOutput: number;
  readonly outputs: number;
  /** Whether this part begins and ends its outputs (bias belongs to the first part, activation to the last). */
  readonly first: boolean;
  readonly last: boolean;
}

/** The forward convolution; also, with source and target read and the filter written, its filter gradient. */
export function planForward(g: Conv2dGeometry): Correlation[] {
  const channels = g.inChannels / g.groups;
  const outputs = g.outChannels / g.groups;
  return groups(g).map((group) => ({
    batch: g.batch,
    sourceHeight: g.inHeight,
    sourceWidth: g.inWidth,
    sourceChannels: g.inChannels,
    sourceFirst: group * channels,
    channels,
    targetFirst: group * outputs,
    biasFirst: group * outputs,
    imageStep: g.outHeight * g.outWidth * g.outChannels,
    rowStep: g.outWidth * g.outChannels,
    pixelStep: g.outChannels,
    rows: g.outHeight,
    columns: g.outWidth,
    stepHeight: g.strideHeight,
    stepWidth: g.strideWidth,
    tapsHeight: {
      count: g.kernelHeight,
      offset: -g.padTop,
      offsetStep: g.dilationHeight,
      index: 0,
      indexStep: 1,
    },
    tapsWidth: {
      count: g.kernelWidth,
      offset: -g.padLeft,
      offsetStep: g.dilationWidth,
      index: 0,
      indexStep: 1,
    },
    filterFirst: group * outputs,
    filterStepHeight: g.kernelWidth * channels * g.outChannels,
    filterStepWidth: channels * g.outChannels,
    filterStepChannel: g.outChannels,
    filterStepOutput: 1,
    outputs,
    first: true,
    last: true,
  }));
}

/**
 * The gradient by input, as a gather: input pixels with the same remainder modulo the stride see the same taps,
 * so every remainder (sub-pixel phase) is a stride-1 correlation of its own over the output's gradient.
 * Nothing is scattered and no zero is inserted. See Dumoulin & Visin, "A guide to convolution arithmetic", ch. 4.
 */
export function planInputGradient(g: Conv2dGeometry): Correlation[] {
  const channels = g.outChannels / g.groups;
  const outputs = g.inChannels / g.groups;
  const parts: Correlation[] = [];
  for (const group of groups(g)) {
    for (let y = 0; y < Math.min(g.strideHeight, g.inHeight); y++) {
      const tapsHeight = phaseTaps(y + g.padTop, g.kernelHeight, g.strideHeight, g.dilationHeight);
      for (let x = 0; x < Math.min(g.strideWidth, g.inWidth); x++) {
        const tapsWidth = phaseTaps(x + g.padLeft, g.kernelWidth, g.strideWidth, g.dilationWidth);
        const part = {
          batch: g.batch,
          sourceHeight: g.outHeight,
          sourceWidth: g.outWidth,
          sourceChannels: g.outChannels,
          sourceFirst: group * channels,
          channels,
          biasFirst: group * outputs,
          targetFirst: group * outputs + (y * g.inWidth + x) * g.inChannels,
          imageStep: g.inHeight * g.inWidth * g.inChannels,
          rowStep: g.strideHeight * g.inWidth * g.inChannels,
          pixelStep: g.strideWidth * g.inChannels,
          rows: Math.ceil((g.inHeight - y) / g.strideHeight),
          columns: Math.ceil((g.inWidth - x) / g.strideWidth),
          stepHeight: 1,
          stepWidth: 1,
          tapsHeight,
          tapsWidth,
          filterFirst: group * channels,
          filterStepHeight: g.kernelWidth * outputs * g.outChannels,
          filterStepWidth: outputs * g.outChannels,
          filterStepChannel: 1,
          filterStepOutput: g.outChannels,
          outputs,
          first: true,
          last: true,
        };
        parts.push(tapsHeight.count * tapsWidth.count === 0 ? { ...part, ...NOTHING } : part);
      }
    }
  }
  return parts;
}

const NO_TAP: Taps = { count: 1, offset: 0, offsetStep: 1, index: 0, indexStep: 1 };

/** Grid points that no tap reaches still have a target to write: a product over nothing, read from nowhere. */
export const NOTHING = { channels: 0, stepHeight: 0, stepWidth: 0, tapsHeight: NO_TAP, tapsWidth: NO_TAP };

function groups(g: Conv2dGeometry): number[] {
  return Array.from({ length: g.groups }, (_, group) => group);
}

/** Taps i for which position − i·dilation is a multiple of the stride, by rising source offset. */
function phaseTaps(position: number, kernel: number, stride: number, dilation: number): Taps {
  const period = stride / greatestCommonDivisor(stride, dilation);
  const candidates = Math.min(period, kernel);
  let first = 0;
  while (first < candidates && (position - first * dilation) % stride !== 0) first++;
  if (first === candidates) return { ...NO_TAP, count: 0 };
  const count = Math.ceil((kernel - first) / period);
  const index = first + (count - 1) * period;
  return {
    count,
    offset: (position - index * dilation) / stride,
    offsetStep: (dilation * period) / stride,
    index,
    indexStep: -period,
  };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** Addresses, in bytes, of the arrays that a correlation runs on. */
export interface CorrelationArrays {
  readonly source: number;
  readonly target: number;
  readonly filter: number;
  /** 0 for none. */
  readonly bias: number;
}

/**
 * The kernel's record of a part: where it finds its first elements, and what it does with them. Field by field, for
 * small convolutions with many parts spend more time on copying objects than on products.
 */
export function recordOf(
  part: Correlation,
  arrays: CorrelationArrays,
  activation: number,
  alpha: number,
): CorrelationRecord {
  const { tapsHeight, tapsWidth, filterFirst, filterStepHeight, filterStepWidth } = part;
  const filter = filterFirst + tapsHeight.index * filterStepHeight + tapsWidth.index * filterStepWidth;
  return {
    source: arrays.source + part.sourceFirst * 4,
    target: arrays.target + part.targetFirst * 4,
    filter: arrays.filter + filter * 4,
    bias: part.first && arrays.bias ? arrays.bias + part.biasFirst * 4 : 0,
    batch: part.batch,
    sourceHeight: part.sourceHeight,
    sourceWidth: part.sourceWidth,
    sourceChannels: part.sourceChannels,
    channels: part.channels,
    imageStep: part.imageStep,
    rowStep: part.rowStep,
    pixelStep: part.pixelStep,
    rows: part.rows,
    columns: part.columns,
    stepHeight: part.stepHeight,
    stepWidth: part.stepWidth,
    tapsHeight: tapsHeight.count,
    offsetHeight: tapsHeight.offset,
    offsetStepHeight: tapsHeight.offsetStep,
    tapsWidth: tapsWidth.count,
    offsetWidth: tapsWidth.offset,
    offsetStepWidth: tapsWidth.offsetStep,
    filterStepHeight: tapsHeight.indexStep * filterStepHeight,
    filterStepWidth: tapsWidth.indexStep * filterStepWidth,
    filterStepChannel: part.filterStepChannel,
    filterStepOutput: part.filterStepOutput,
    outputs: part.outputs,
    accumulate: part.first ? 0 : 1,
    activation,
    alpha,
  };
}
