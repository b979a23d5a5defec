// Trees: tensors in nested arrays and plain objects, as parameters, gradients and results are. Other values may
// stand in a tree; they are passed by.

import { Tensor } from "./tensor.js";

/** Tensors nested in arrays and objects. */
export type Tree = Tensor | readonly Tree[] | { readonly [name: string]: Tree };

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The tensors of a tree, in order. */
export function tensorsOf(tree: unknown, found: Tensor[] = []): Tensor[] {
  if (tree instanceof Tensor) found.push(tree);
  else if (Array.isArray(tree)) for (const entry of tree) tensorsOf(entry, found);
  else if (isPlainObject(tree)) for (const name of Object.keys(tree)) tensorsOf(tree[name], found);
  return found;
}

/** The tree with every tensor replaced, other values kept. */
export function mapTree<T>(tree: T, f: (leaf: Tensor) => Tensor): T {
  if (tree instanceof Tensor) return f(tree) as T;
  if (Array.isArray(tree)) return tree.map((entry) => mapTree(entry, f)) as T;
  if (!isPlainObject(tree)) return tree;
  return Object.fromEntries(Object.entries(tree).map(([name, entry]) => [name, mapTree(entry, f)])) as T;
}
