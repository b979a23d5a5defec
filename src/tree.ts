// Trees: tensors in nested arrays and plain objects, as parameters, gradients and results are. Other values may
// stand in a tree; they are passed by.

import { refuseValue } from "./check.js";
import { emptyTensor, Tensor } from "./tensor.js";

/** Tensors nested in arrays and objects. */
export type Tree = Tensor | readonly Tree[] | { readonly [name: string]: Tree };

/** Whether a value is an object that may hold entries of a tree: none of a class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Deepest tree that is walked: what holds itself would end in a stack overflow. */
const MAX_DEPTH = 256;

function checkDepth(depth: number, tree: unknown): void {
  if (depth > MAX_DEPTH)
    refuseValue("tree", "tree", `nest at most ${MAX_DEPTH} deep, and not hold itself`, tree);
}

/** The tensors of a tree, in order. */
export function tensorsOf(tree: unknown, found: Tensor[] = [], depth = 0): Tensor[] {
  checkDepth(depth, tree);
  if (tree instanceof Tensor) found.push(tree);
  else if (Array.isArray(tree)) for (const entry of tree) tensorsOf(entry, found, depth + 1);
  else if (isPlainObject(tree)) for (const name of Object.keys(tree)) tensorsOf(tree[name], found, depth + 1);
  return found;
}

/** The tree with every tensor replaced, other values kept. */
export function mapTree<T>(tree: T, f: (leaf: Tensor) => Tensor, depth = 0): T {
  checkDepth(depth, tree);
  if (tree instanceof Tensor) return f(tree) as T;
  if (Array.isArray(tree)) return tree.map((entry) => mapTree(entry, f, depth + 1)) as T;
  if (!isPlainObject(tree)) return tree;
  return Object.fromEntries(
    Object.entries(tree).map(([name, entry]) => [name, mapTree(entry, f, depth + 1)]),
  ) as T;
}

/** The names and indices that lead from a tree's root to a place in it. */
export type Path = readonly (string | number)[];

/** A tensor of a tree, and where it stands. */
export interface Leaf {
  readonly path: Path;
  readonly tensor: Tensor;
}

/** The tensors of a tree with their paths, in the order of {@link tensorsOf}. */
export function leavesOf(tree: unknown, path: Path = [], found: Leaf[] = []): Leaf[] {
  checkDepth(path.length, tree);
  if (tree instanceof Tensor) found.push({ path, tensor: tree });
  else if (Array.isArray(tree)) tree.forEach((entry, i) => leavesOf(entry, [...path, i], found));
  else if (isPlainObject(tree)) {
    for (const name of Object.keys(tree)) leavesOf(tree[name], [...path, name], found);
  }
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

/** The tree with every tensor copied to the heap of the current frame: for kernels to overwrite. */
export function copyTree<T>(tree: T): T {
  return mapTree(tree, (leaf) => {
    const copy = emptyTensor(leaf.shape);
    copy.data.set(leaf.data);
    return copy;
  });
}
