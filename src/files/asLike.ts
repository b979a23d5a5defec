// Trees from elsewhere, brought to the form that is wanted.

import { tensorsLike } from "../optimizers/optimizer.js";
import type { Tensor } from "../tensor.js";
import { leavesOf, mapTree } from "../tree.js";

/**
 * The tensors of a tree in the structure of another, with what else stands in that one.
 *
 * @throws {TypeError} when a tensor is missing, or one too many
 * @throws {RangeError} when a shape differs
 */
export function asLike<T>(where: string, argument: string, tree: unknown, like: T): T {
  const tensors = tensorsLike(where, argument, tree, leavesOf(like)).values();
  return mapTree(like, () => tensors.next().value as Tensor);
}
