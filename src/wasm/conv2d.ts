// Runs a convolution and its two gradients: chooses between the depthwise kernels and planned correlations.

import type { Conv2dGeometry } from "../geometry.js";
import {
  type Correlation,
  planForward,
  planInputGradient,
  RECORD_WORDS,
  writeRecord,
} from "./correlation.js";
import { clip, fit } from "./correlationParts.js";
import { activate, type Epilogue, FUSED, writeGeometry } from "./kernels.js";
import { currentKernels, currentRuntime, integers, SCRATCH_BYTES } from "./runtime.js";
import { addressOf, type Operand } from "./storage.js";

/** What one call of `correlate` can take, from the layout of its scratch. */
const LIMITS = { taps: 4096, depth: 32768, window: 1 << 17 };
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
    const bias = epilogue.bias === undefined ? 0 : addressOf(epilogue.bias);
    currentKernels().depthwise(addressOf(x), addressOf(w), bias, addressOf(y), writeGeometry(geometry));
    activate(y, batch * outHeight * outWidth * outChannels, epilogue);
    return;
  }
  correlate("correlate", planForward(geometry).flatMap(inPlaceWhereWorth), x, w, y, epilogue);
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
    const bias = epilogue.bias === undefined ? 0 : addressOf(epilogue.bias);
    const kernel = currentKernels().depthwiseInputGradient;
    kernel(addressOf(dy), addressOf(w), bias, addressOf(dx), writeGeometry(geometry));
    activate(dx, batch * inHeight * inWidth * inChannels, epilogue);
    return;
  }
  correlate("correlate", planInputGradient(geometry).flatMap(inPlaceWhereWorth), dy, w, dx, epilogue);
}

/** dw = the gradient of x ∗ w by w, given dy. */
export function conv2dFilterGradient(x: Operand, dy: Operand, dw: Operand, geometry: Conv2dGeometry): void {
  if (isDepthwise(geometry)) {
    currentKernels().depthwiseFilterGradient(
      addressOf(x),
      addressOf(dy),
      addressOf(dw),
      writeGeometry(geometry),
    );
    return;
  }
  const { kernelHeight, kernelWidth, inChannels, outChannels, groups } = geometry;
  // Parts see different taps, so all of them add to zeros.
  currentKernels().fill(addressOf(dw), (kernelHeight * kernelWidth * inChannels * outChannels) / groups, 0);
  const parts = planForward(geometry).flatMap(inPlaceWhereWorth);
  const adding = parts.filter(({ channels }) => channels > 0).map((part) => ({ ...part, first: false }));
  const epilogue: Epilogue = { bias: undefined, activation: "linear", alpha: 0 };
  correlate("correlateFilterGradient", adding, x, dw, dy, epilogue);
}

/** One input and one output channel a group. */
function isDepthwise({ groups, inChannels, outChannels }: Conv2dGeometry): boolean {
  return groups > 1 && groups === inChannels && groups === outChannels;
}

function inPlaceWhereWorth(part: Correlation): Correlation[] {
  return part.outputs <= FEW_OUTPUTS && part.channels >= 8 ? clip(part) : [part];
}

function correlate(
  kernel: "correlate" | "correlateFilterGradient",
  parts: readonly Correlation[],
  source: Operand,
  filter: Operand,
  target: Operand,
  { bias, activation, alpha }: Epilogue,
): void {
  const addresses = {
    source: addressOf(source),
    filter: addressOf(filter),
    target: addressOf(target),
    bias: bias === undefined ? 0 : addressOf(bias),
    scratch: currentRuntime().scratch,
    scratchBytes: SCRATCH_BYTES,
  };
  const { records } = currentRuntime();
  const record = integers.subarray(records / 4, records / 4 + RECORD_WORDS);
  for (const part of parts.flatMap((whole) => fit(whole, LIMITS))) {
    writeRecord(record, part, addresses, FUSED[activation], alpha);
    currentKernels()[kernel](records);
  }
}
