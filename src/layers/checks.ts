// What several layer files check, and complete.

import { refuseKind, refuseValue } from "../check/check.js";
import { checkPadding, checkPair, type Padding, type WindowOptions } from "../geometry/conv2d.js";
import { fold } from "../random/keys.js";
import type { Shape } from "../tensor/tensor.js";
import type { ApplyContext, Layer } from "./layer.js";

/** Checks that an argument is a layer, of any output. */
export function checkLayer(where: string, argument: string, layer: unknown): void {
  const { init, apply, spec, outputShape } = (layer ?? {}) as Partial<Layer>;
  const functions = [init, apply, outputShape];
  if (functions.some((f) => typeof f !== "function") || typeof spec !== "object" || spec === null) {
    refuseKind(where, argument, "be a layer, such as sequential(…)", layer);
  }
}

/** The context of the i-th part: the same, with a key of its own. */
export function contextOf(context: ApplyContext, i: number): ApplyContext {
  return context.key === undefined ? context : { ...context, key: fold(context.key, i) };
}

/** How a window moves, completed. */
export interface Window {
  readonly stride: readonly [number, number];
  readonly padding: Padding;
  readonly dilation: readonly [number, number];
}

/**
 * The options of a window, completed, and checked as far as can be told without an image: a mistake is reported where
 * it was made.
 */
export function windowOf(
  where: string,
  { stride = 1, dilation = 1, padding = "valid" }: WindowOptions,
): Window {
  checkPadding(where, padding);
  return {
    stride: checkPair(where, "stride", stride, 1),
    padding:
      typeof padding === "object"
        ? (padding.map(([before, after]) => [before, after] as const) as never)
        : padding,
    dilation: checkPair(where, "dilation", dilation, 1),
  };
}

/** Checks that one input is an image. */
export function checkImage(where: string, inputShape: Shape): void {
  if (inputShape.length !== 3) {
    refuseValue(where, "input shape", "be [height, width, channels]: put reshape() before", inputShape);
  }
}
