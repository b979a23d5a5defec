// What a code costs and how much it loses: bits per value against decibels, for quantized codes of any kind.

import type { Tensor } from "../tensor/tensor.js";
import { BLOCK_SIZE } from "./compress.js";
import { writeCodeBlocks } from "./codeBlocks.js";
import { dequantize, quantize } from "./quantize.js";

/** Bytes that a block takes beside its symbols: a length of up to three, and a checksum. */
const BLOCK_BYTES = 7;

/** A point of the trade between room and error. */
export interface RatePoint {
  readonly bits: number;
  /** Of the values of the examples: pixels, times channels. */
  readonly bitsPerValue: number;
  /** Peak signal-to-noise ratio over all values, in dB. */
  readonly psnr: number;
}

/** Codes with the examples that they stand for. */
export interface CodedExamples {
  readonly codes: Tensor;
  readonly examples: Tensor;
  readonly decode: (codes: Tensor) => Tensor;
  /** How steps relate to each other, one per dimension. */
  readonly steps: ArrayLike<number>;
  /** Black and white: outputs are cut to them. */
  readonly range: readonly [low: number, high: number];
}

/** Decibels of outputs that are cut to the range of the examples. */
export function decibelsOf(outputs: Tensor, examples: Tensor, [low, high]: CodedExamples["range"]): number {
  const [got, wanted] = [outputs.data, examples.data];
  let sum = 0;
  for (let i = 0; i < got.length; i++) sum += (Math.min(high, Math.max(low, got[i])) - wanted[i]) ** 2;
  return 10 * Math.log10(((high - low) ** 2 * got.length) / sum);
}

/** The points of several numbers of bits: tables, blocks and their checksums count, a file's header does not. */
export function ratePoints(
  where: string,
  { codes, examples, decode, steps, range }: CodedExamples,
  bitsList: readonly number[],
): RatePoint[] {
  return bitsList.map((bits) => {
    const quantized = quantize(codes, { bits, steps });
    const { symbols, quantizer } = quantized;
    const { side, blocks } = writeCodeBlocks(where, symbols, quantizer.levels, BLOCK_SIZE);
    const body = blocks.reduce((sum, { length }) => sum + length + BLOCK_BYTES, 0);
    const bytes = 8 * quantizer.low.length + side.length + body;
    const psnr = decibelsOf(decode(dequantize(quantized)), examples, range);
    return { bits, bitsPerValue: (8 * bytes) / examples.size, psnr };
  });
}

/** The points that no line between others passes above: the best that can be had at any rate. */
export function bestOf(points: readonly RatePoint[]): RatePoint[] {
  const slope = (from: RatePoint, to: RatePoint) =>
    (to.psnr - from.psnr) / (to.bitsPerValue - from.bitsPerValue);
  const best: RatePoint[] = [];
  for (const point of [...points].sort((a, b) => a.bitsPerValue - b.bitsPerValue || b.psnr - a.psnr)) {
    if (best.length > 0 && point.psnr <= best[best.length - 1].psnr) continue;
    while (best.length > 1 && slope(best[best.length - 1], point) >= slope(best[best.length - 2], point)) {
      best.pop();
    }
    best.push(point);
  }
  return best;
}

/** The decibels that lines between the best points have at a rate; undefined before the first and behind the last. */
export function decibelsAt(best: readonly RatePoint[], bitsPerValue: number): number | undefined {
  const next = best.findIndex((point) => point.bitsPerValue >= bitsPerValue);
  if (next < 0) return undefined;
  const [from, to] = [best[next - 1], best[next]];
  if (to.bitsPerValue === bitsPerValue) return to.psnr;
  if (from === undefined) return undefined;
  const part = (bitsPerValue - from.bitsPerValue) / (to.bitsPerValue - from.bitsPerValue);
  return from.psnr + part * (to.psnr - from.psnr);
}
