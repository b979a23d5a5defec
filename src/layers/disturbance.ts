// What layers that disturb their input in training share.

import { refuseKind } from "../check/check.js";
import { checkKey, type Key } from "../random/keys.js";
import { inScope } from "../tensor/scope.js";
import { checkTensor, type Shape, type Tensor } from "../tensor/tensor.js";
import type { ApplyContext } from "./layer.js";

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
