// Runs a convolution and its two gradients: chooses between the depthwise kernels and planned correlations.

import type { Conv2dGeometry } from "../geometry.js";
import { type Correlation, planForward, planInputGradient, recordOf } from "./correlation.js";
import { clip, fit } from "./correlationParts.js";
import * as kernels from "./generated.js";
import { fill } from "./generated.js";
import type { Epilogue } from "./kernels.js";
import { currentRuntime, SCRATCH_BYTES } from "./runtime.js";
import { addressOf, addressOrNone, type Operand } from "./storage.js";

/** What one call of a correlation can take. */
const LIMITS = { taps: kernels.MAX_TAPS, depth: kernels.MAX_DEPTH, window: kernels.MAX_WINDOW };
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
  correlate(kernels.correlate, planForward(geometry).flatMap(inPlaceWhereWorth), x, w, y, epilogue);
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
  correlate(kernels.correlate, planInputGradient(geometry).flatMap(inPlaceWhereWorth), dy, w, dx, epilogue);
}

/** dw = the gradient of x ∗ w by w, given dy. */
export function conv2dFilterGradient(x: Operand, dy: Operand, dw: Operand, geometry: Conv2dGeometry): void {
  if (isDepthwise(geometry)) {
    kernels.depthwiseFilterGradient({ x, dy, dw, geometry });
    return;
  }
  const { kernelHeight, kernelWidth, inChannels, outChannels, groups } = geometry;
  // Parts see different taps, so all of them add to zeros.
  const n = (kernelHeight * kernelWidth * inChannels * outChannels) / groups;
  fill({ y: dw, n, value: 0 });
  const parts = planForward(geometry).flatMap(inPlaceWhereWorth);
  const adding = parts.filter(({ channels }) => channels > 0).map((part) => ({ ...part, first: false }));
  const epilogue: Epilogue = { bias: undefined, activation: "linear", alpha: 0 };
  correlate(kernels.correlateFilterGradient, adding, x, dw, dy, epilogue);
}

/** One input and one output channel a group. */
function isDepthwise({ groups, inChannels, outChannels }: Conv2dGeometry): boolean {
  return groups > 1 && groups === inChannels && groups === outChannels;
}

function inPlaceWhereWorth(part: Correlation): Correlation[] {
  return part.outputs <= FEW_OUTPUTS && part.channels >= 8 ? clip(part) : [part];
}

function correlate(
  kernel: typeof kernels.correlate,
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
  const rest = { alpha, scratch: currentRuntime().scratch, scratchBytes: SCRATCH_BYTES };
  for (const part of parts.flatMap((whole) => fit(whole, LIMITS))) {
    const applied = kernels.ACTIVATION[part.last ? activation : "linear"];
    kernel({ job: { ...recordOf(part, arrays), ...rest, activation: applied } });
  }
}
