// Trees: tensors in nested arrays and plain objects, as parameters, gradients and results are. Other values may
// stand in a tree; they are passed by.

import { refuseValue } from "../check/check.js";
import { emptyTensor, Tensor, viewOf } from "./tensor.js";

/** Tensors nested in arrays and objects. */
export type Tree = Tensor | readonly Tree[] | { readonly [name: string]: Tree };

/** Whether a value is an object that may hold entries of a tree: none of a class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Whether a value is an object with named entries, as JSON has them: no array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Deepest tree that is walked: deeper ones, and those that hold themselves, would end in a stack overflow. */
export const MAX_DEPTH = 64;

/** Whose argument a tree is, for the refusal of one that is too deep, and how deep it may be where not as others. */
export type Argument = readonly [where: string, argument: string, deepest?: number];

const UNNAMED: Argument = ["tree", "tree"];

/** Longest array that is walked: arrays without entries can be longer than anyone can wait for. */
const MAX_LENGTH = 2 ** 27;

/** Checks that a value in a tree, so deep, can be walked. */
function checkPlace(
  value: unknown,
  depth: number,
  tree: unknown,
  [where, argument, deepest = MAX_DEPTH]: Argument,
): void {
  if (depth > deepest)
    refuseValue(where, argument, `nest at most ${deepest} deep, and not hold itself`, tree);
  if (Array.isArray(value) && value.length > MAX_LENGTH) {
    refuseValue(where, argument, `have at most ${MAX_LENGTH} entries in an array`, value.length);
  }
}

/** The tensors of a tree, in order. */
export function tensorsOf(tree: unknown, argument: Argument = UNNAMED): Tensor[] {
  // Every operation asks for those of its result: a walk would take longer than small operations do.
  if (tree instanceof Tensor) return [tree];
  const found: Tensor[] = [];
  const walk = (value: unknown, depth: number): void => {
    checkPlace(value, depth, tree, argument);
    if (value instanceof Tensor) found.push(value);
    else if (Array.isArray(value)) {
      for (const entry of value) walk(entry, depth + 1);
    } else if (isPlainObject(value)) {
      for (const name of Object.keys(value)) walk(value[name], depth + 1);
    }
  };
  walk(tree, 0);
  return found;
}

/** The tree with every tensor replaced, other values kept. */
export function mapTree<T>(tree: T, f: (leaf: Tensor) => Tensor, argument: Argument = UNNAMED): T {
  const walk = (value: unknown, depth: number): unknown => {
    checkPlace(value, depth, tree, argument);
    if (value instanceof Tensor) return f(value);
    if (Array.isArray(value)) {
      return value.map((entry) => walk(entry, depth + 1));
    }
    if (!isPlainObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, walk(entry, depth + 1)]));
  };
  return walk(tree, 0) as T;
}

/** The names and indices that lead from a tree's root to a place in it. */
export type Path = readonly (string | number)[];

/** A tensor of a tree, and where it stands. */
export interface Leaf {
  readonly path: Path;
  readonly tensor: Tensor;
}

/** The tensors of a tree with their paths, in the order of {@link tensorsOf}. */
export function leavesOf(tree: unknown, argument: Argument = UNNAMED): Leaf[] {
  const found: Leaf[] = [];
  const walk = (value: unknown, path: Path): void => {
    checkPlace(value, path.length, tree, argument);
    if (value instanceof Tensor) found.push({ path, tensor: value });
    else if (Array.isArray(value)) {
      value.forEach((entry, i) => walk(entry, [...path, i]));
    } else if (isPlainObject(value)) {
      for (const name of Object.keys(value)) walk(value[name], [...path, name]);
    }
  };
  walk(tree, []);
  return found;
}

/** What stands at a path of a tree; undefined where nothing does. */
export function valueAt(tree: unknown, path: Path): unknown {
  let place = tree;
  for (const name of path) {
    if (!Array.isArray(place) && !isPlainObject(place)) return undefined;
    place = Object.hasOwn(place, name) ? (place as Record<string | number, unknown>)[name] : undefined;
  }
  return place;
}

/** A path as code writes it: `encoder[0].kernel`. */
export function showPath(path: Path): string {
  return path
    .map((name, i) => {
      if (typeof name === "number") return `[${name}]`;
      if (!/^[\w$]+$/.test(name)) return `[${JSON.stringify(name)}]`;
      return i === 0 ? name : `.${name}`;
    })
    .join("");
}

/** A place in the tree that an argument is, as code writes it: `links[0].update` and `[0, "kernel"]` make `links[0].update[0].kernel`. */
export function placeIn(argument: string, path: Path): string {
  return argument + showPath(["_", ...path]).slice(1);
}

/** The tree with every tensor copied to the heap of the current frame: for kernels to overwrite. */
export function copyTree<T>(tree: T, argument: Argument = UNNAMED): T {
  const copy = (leaf: Tensor): Tensor => {
    const fresh = emptyTensor(leaf.shape);
    viewOf(fresh).set(viewOf(leaf));
    return fresh;
  };
  return mapTree(tree, copy, argument);
}
