// What several layer files share.

import { refuseKind, refuseValue } from "../check.js";
import { checkPadding, checkPair, type WindowOptions } from "../geometry.js";
import { checkKey, fold, type Key } from "../random/keys.js";
import { inScope } from "../scope.js";
import { checkTensor, type Shape, type Tensor } from "../tensor.js";
import type { ApplyContext, Layer } from "./layer.js";

/** An object without its undefined entries. */
export function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}

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

/** Checks what can be told of a window without an image, so that a mistake is reported where it was made. */
export function checkWindow(where: string, { stride, dilation, padding }: WindowOptions): void {
  checkPair(where, "stride", stride ?? 1, 1);
  checkPair(where, "dilation", dilation ?? 1, 1);
  checkPadding(where, padding ?? "valid");
}

/** Checks that one input is an image. */
export function checkImage(where: string, inputShape: Shape): void {
  if (inputShape.length !== 3) {
    refuseValue(where, "input shape", "be [height, width, channels]: put reshape() before", inputShape);
  }
}

/** What a layer that is random in training gives: its input itself in inference and where it has nothing to do. */
export function disturbed(
  where: string,
  isIdle: boolean,
  input: Tensor,
  { training = false, key }: ApplyContext,
  disturb: (input: Tensor, key: Key) => Tensor,
): Tensor {
  checkTensor(where, "input", input);
  if (!training || isIdle) return input;
  if (key === undefined) refuseKind(where, "key", "be given in training", key);
  checkKey(where, "key", key);
  return inScope(() => disturb(input, key));
}

/** The shape of one value per pixel, where pixels have channels, else per element. */
export function pixelShape(shape: Shape): Shape {
  return shape.length === 4 ? [...shape.slice(0, 3), 1] : shape;
}
