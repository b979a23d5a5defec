// Trees from elsewhere, brought to the form that is wanted.

import { refuseKind, refuseValue } from "../check/check.js";
import { checkNoStrangers } from "./plain.js";
import { isSameShape, Tensor, viewOf } from "./tensor.js";
import {
  isPlainObject,
  type Leaf,
  type Path,
  leavesOf,
  mapTree,
  placeIn,
  showPath,
  tensorsOf,
  type Tree,
  valueAt,
} from "./tree.js";

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

/** Checks that a tree holds tensors, whose values are there, and nothing else. */
export function checkTree(where: string, argument: string, tree: unknown): asserts tree is Tree {
  checkNoStrangers(where, argument, tree);
  tensorsOf(tree, [where, argument]).forEach(viewOf);
  const walk = (value: unknown, path: Path): void => {
    if (value instanceof Tensor) return;
    if (Array.isArray(value)) Array.from(value, (entry, i) => walk(entry, [...path, i]));
    else if (isPlainObject(value)) {
      for (const [name, entry] of Object.entries(value)) walk(entry, [...path, name]);
    } else refuseKind(where, placeIn(argument, path), TENSORS, value);
  };
  walk(tree, []);
}

const TENSORS = "be a tensor, or an array or object of tensors";

/** Refuses what stands on the way to a place and holds nothing by name: a promise of a tree, a map, a class's object. */
function checkWay(where: string, argument: string, tree: unknown, path: Path): void {
  path.forEach((_, length) => {
    const way = path.slice(0, length);
    const value = valueAt(tree, way);
    const isTree = value instanceof Tensor || Array.isArray(value) || isPlainObject(value);
    if (typeof value !== "object" || value === null || isTree) return;
    refuseKind(where, placeIn(argument, way), TENSORS, value);
  });
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
    checkWay(where, argument, tree, path);
    const refuse = value instanceof Tensor ? refuseValue : refuseKind;
    return refuse(
      where,
      placeIn(argument, path),
      `be a tensor of shape [${tensor.shape.join(", ")}] as in params`,
      value,
    );
  });
  if (tensorsOf(tree, [where, argument]).length === tensors.length) return tensors;
  const known = new Set(parameters.map(({ path }) => showPath(path)));
  const surplus = leavesOf(tree).find(({ path }) => !known.has(showPath(path))) as Leaf;
  return refuseKind(where, placeIn(argument, surplus.path), "be absent as in params", surplus.tensor);
}
