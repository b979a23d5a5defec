// The filter of a transposed convolution that does what nearest upsampling and a convolution do one after the other.
//
// Pixel o of the convolution reads pixels o + i − pad of the enlarged image, of which each block of `factor` is one pixel
// s of the small one. The taps that fall into one block are added up beforehand:
//
//     y[o] = Σ_s x[s] · merged[o + kernel − 1 − pad − factor·s],   merged[m] = Σ_{a < factor} w[a + kernel − 1 − m]
//
// along each axis, which is a transposed convolution with stride `factor`, kernel + factor − 1 taps and padding
// kernel − 1 − pad.

import * as generated from "./generated.js";
import { transpose } from "./kernels.js";
import { withSpace } from "./partials.js";
import type { Operand } from "./storage.js";

/** Sizes of the filter [kernelHeight, kernelWidth, channels, outputs], and the factors. */
export interface MergeSizes {
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly channels: number;
  readonly outputs: number;
  readonly factorHeight: number;
  readonly factorWidth: number;
}

/** For each merged tap along an axis the first and the last tap that it adds up. */
function tapsOf(kernel: number, factor: number): [first: number, last: number][] {
  return Array.from({ length: kernel + factor - 1 }, (_, m) => [
    Math.max(0, kernel - 1 - m),
    Math.min(kernel - 1, factor + kernel - 2 - m),
  ]);
}

const block = ({ storage, offset }: Operand, index: number, size: number): Operand => ({
  storage,
  offset: offset + index * size,
});

/** target = Σ sources, of `n` elements each. */
function addBlocks(target: Operand, [first, ...rest]: readonly Operand[], n: number): void {
  if (rest.length === 0) generated.scale({ x: first, y: target, n, factor: 1, offset: 0 });
  rest.forEach((b, i) => {
    generated.add({ a: i === 0 ? first : target, aLength: n, b, bLength: n, y: target, n });
  });
}

/** For each merged tap the taps that it adds up, by their numbers. */
function pairsOf({ kernelHeight, kernelWidth, factorHeight, factorWidth }: MergeSizes): number[][] {
  const wide = tapsOf(kernelWidth, factorWidth);
  return tapsOf(kernelHeight, factorHeight).flatMap(([top, bottom]) =>
    wide.map(([left, right]) => {
      const taps: number[] = [];
      for (let i = top; i <= bottom; i++) for (let j = left; j <= right; j++) taps.push(i * kernelWidth + j);
      return taps;
    }),
  );
}

/** merged[m, n, o, c] from w[i, j, c, o]. */
export function mergeFilter(w: Operand, merged: Operand, sizes: MergeSizes): void {
  const { kernelHeight, kernelWidth, channels, outputs } = sizes;
  const [taps, size] = [kernelHeight * kernelWidth, channels * outputs];
  withSpace(taps * size, (turned) => {
    transpose(w, turned, taps, channels, outputs);
    pairsOf(sizes).forEach((sources, m) => {
      const blocks = sources.map((tap) => block(turned, tap, size));
      addBlocks(block(merged, m, size), blocks, size);
    });
  });
}

/** dw[i, j, c, o] from the gradient of merged[m, n, o, c]. */
export function mergeFilterGradient(dmerged: Operand, dw: Operand, sizes: MergeSizes): void {
  const { kernelHeight, kernelWidth, channels, outputs } = sizes;
  const [taps, size] = [kernelHeight * kernelWidth, channels * outputs];
  const users = Array.from({ length: taps }, (): Operand[] => []);
  pairsOf(sizes).forEach((sources, m) => {
    for (const tap of sources) users[tap].push(block(dmerged, m, size));
  });
  withSpace(taps * size, (turned) => {
    users.forEach((blocks, tap) => addBlocks(block(turned, tap, size), blocks, size));
    transpose(turned, dw, taps, outputs, channels);
  });
}
