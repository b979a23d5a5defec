// Trees from elsewhere, brought to the form that is wanted.

import { refuseKind, refuseValue } from "../check/check.js";
import { isSameShape, Tensor } from "./tensor.js";
import { type Leaf, leavesOf, mapTree, showPath, tensorsOf, valueAt } from "./tree.js";

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

function nameOf(argument: string, path: Leaf["path"]): string {
  // The argument's own name is the first of the path.
  return showPath([...argument.split("."), ...path]);
}

/** The tensors of a tree in the order of the parameters, whose structure and shapes it must have. */
export function tensorsLike(
  where: string,
  argument: string,
  tree: unknown,
  parameters: readonly Leaf[],
): Tensor[] {
  const tensors = parameters.map(({ path, tensor }) => {
    const value = valueAt(tree, path);
    if (value instanceof Tensor && isSameShape(value.shape, tensor.shape)) return value;
    const refuse = value instanceof Tensor ? refuseValue : refuseKind;
    return refuse(
      where,
      nameOf(argument, path),
      `be a tensor of shape [${tensor.shape.join(", ")}] as in params`,
      value,
    );
  });
  if (tensorsOf(tree, [where, argument]).length === tensors.length) return tensors;
  const known = new Set(parameters.map(({ path }) => showPath(path)));
  const surplus = leavesOf(tree).find(({ path }) => !known.has(showPath(path))) as Leaf;
  return refuseKind(where, nameOf(argument, surplus.path), "be absent as in params", surplus.tensor);
}
