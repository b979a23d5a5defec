// What several layer files share.

import { refuseValue } from "../check.js";
import { checkPadding, checkPair, type WindowOptions } from "../geometry.js";
import type { Shape } from "../tensor.js";

/** An object without its undefined entries. */
export function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
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
