// Runs a convolution and its two gradients: chooses between the depthwise kernels and planned correlations.

import type { Conv2dGeometry } from "../geometry/conv2d.js";
import { type Correlation, planForward, planInputGradient, recordOf } from "./correlation.js";
import { clip, fit } from "./correlationParts.js";
import * as kernels from "./generated.js";
import { fill } from "./generated.js";
import type { Epilogue } from "./kernels.js";
import { addUp, withSpace } from "./partials.js";
import { grainOfProducts, grainOfSums } from "./run.js";
import { addressOf, addressOrNone, type Operand } from "./storage.js";
import { isForWinograd, isGradientForWinograd, runWinograd } from "./winograd.js";

/** What one call of a correlation can take. */
const LIMITS = { taps: kernels.MAX_TAPS, depth: kernels.MAX_DEPTH, window: kernels.MAX_WINDOW };
/** Grid points of a grain, at least: fewer would show that each grain looks up its windows, and pads them. */
const LEAST_POINTS = 8192;
/** Floats of a filter that are packed once for all grains, at most; a larger one is packed by one grain, for itself. */
const MOST_PACKED = 1 << 20;
/** Below so many outputs a padded copy of the source costs as much as the products; see `clip`. */
const FEW_OUTPUTS = 4;

/** y = f(x ∗ w + bias). */
export function conv2d(
  x: Operand,
  w: Operand,
  y: Operand,
  geometry: Conv2dGeometry,
  epilogue: Epilogue,
): void {
  if (isDepthwise(geometry)) {
    const { batch, outHeight, outWidth, outChannels } = geometry;
    const { bias, activation, alpha } = epilogue;
    kernels.depthwise({ x, w, bias, y, geometry });
    kernels.activate({ x: y, n: batch * outHeight * outWidth * outChannels, activation, alpha });
    return;
  }
  correlate(planForward(geometry).flatMap(inPlaceWhereWorth), x, w, y, epilogue);
}

/** dx = f(the gradient of x ∗ w by x, given dy, + bias): with an epilogue, the transposed convolution. */
export function conv2dInputGradient(
  dy: Operand,
  w: Operand,
  dx: Operand,
  geometry: Conv2dGeometry,
  epilogue: Epilogue,
): void {
  if (isDepthwise(geometry)) {
    const { batch, inHeight, inWidth, inChannels } = geometry;
    const { bias, activation, alpha } = epilogue;
    kernels.depthwiseInputGradient({ dy, w, bias, dx, geometry });
    kernels.activate({ x: dx, n: batch * inHeight * inWidth * inChannels, activation, alpha });
    return;
  }
  correlate(planInputGradient(geometry).flatMap(inPlaceWhereWorth), dy, w, dx, epilogue);
}

/** dw = the gradient of x ∗ w by w, given dy. */
export function conv2dFilterGradient(x: Operand, dy: Operand, dw: Operand, geometry: Conv2dGeometry): void {
  const { batch, outHeight, outWidth, kernelHeight, kernelWidth, inChannels, outChannels, groups } = geometry;
  const size = (kernelHeight * kernelWidth * inChannels * outChannels) / groups;
  const points = outHeight * outWidth;
  const least = grainOfProducts(points * size, LEAST_POINTS / points);
  const grain = grainOfSums(batch, least, size);
  addUp(dw, size, Math.ceil(batch / grain), 1, (sums) => {
    if (isDepthwise(geometry)) {
      kernels.depthwiseFilterGradient({ x, dy, dw: sums, geometry, images: batch, grain });
      return;
    }
    // Parts see different taps, so all of them add to zeros.
    fill({ y: sums, n: size * Math.ceil(batch / grain), value: 0 });
    const parts = planForward(geometry).flatMap(inPlaceWhereWorth);
    const adding = parts.filter(({ channels }) => channels > 0).map((part) => ({ ...part, first: false }));
    const arrays = { source: addressOf(x), filter: addressOf(sums), target: addressOf(dy), bias: 0 };
    for (const part of adding.flatMap((whole) => fit(whole, LIMITS))) {
      const job = recordOf(part, arrays, kernels.ACTIVATION.linear, 0);
      const run = isGradientForWinograd(part)
        ? kernels.winogradFilterGradient
        : kernels.correlateFilterGradient;
      run({ job, size, images: batch, grain });
    }
  });
}

/** One input and one output channel a group. */
function isDepthwise({ groups, inChannels, outChannels }: Conv2dGeometry): boolean {
  return groups > 1 && groups === inChannels && groups === outChannels;
}

function inPlaceWhereWorth(part: Correlation): Correlation[] {
  return part.outputs <= FEW_OUTPUTS && part.channels >= 8 ? clip(part) : [part];
}

function correlate(
  parts: readonly Correlation[],
  source: Operand,
  filter: Operand,
  target: Operand,
  { bias, activation, alpha }: Epilogue,
): void {
  const arrays = {
    source: addressOf(source),
    filter: addressOf(filter),
    target: addressOf(target),
    bias: addressOrNone(bias),
  };
  for (const part of parts.flatMap((whole) => fit(whole, LIMITS))) {
    const applied = kernels.ACTIVATION[part.last ? activation : "linear"];
    runPart(part, recordOf(part, arrays, applied, alpha));
  }
}

function runPart(part: Correlation, job: kernels.Correlation): void {
  if (isForWinograd(part)) return runWinograd(part, job);
  const { batch, rows, outputs, channels } = part;
  const depth = part.tapsHeight.count * part.tapsWidth.count * channels;
  const lines = batch * rows;
  const grain = grainOfLines(part, depth);
  const panels = Math.ceil(outputs / 8);
  const space = panels * 8 * depth;
  if (grain >= lines || outputs <= kernels.NARROW || space === 0 || space > MOST_PACKED) {
    kernels.correlate({ job, packed: undefined, lines, grain: space > MOST_PACKED ? lines : grain });
    return;
  }
  withSpace(space, (packed) => {
    kernels.packFilter({ job, packed, panels, depth });
    kernels.correlate({ job, packed, lines, grain });
  });
}

/** Lines of a grain: whole images where it has more than one. */
function grainOfLines({ rows, columns, outputs }: Correlation, depth: number): number {
  const lines = grainOfProducts(columns * outputs * Math.max(1, depth), LEAST_POINTS / columns);
  return lines < rows ? lines : Math.ceil(lines / rows) * rows;
}
