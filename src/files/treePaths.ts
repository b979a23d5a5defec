// Trees as flat records of tensors, as files hold them: `encoder/0/kernel` for `tree.encoder[0].kernel`.
//
// Digits alone are an index of an array. In names `~` is written `~0` and `/` is written `~1`, as in JSON pointers
// (RFC 6901); names that would read as something else (digits, nothing, `__metadata__`) begin with `~2`.

import { refuseKind, refuseValue } from "../check/check.js";
import { checkTensor, isSameShape, Tensor } from "../tensor/tensor.js";
import {
  isPlainObject,
  leavesOf,
  mapTree,
  MAX_DEPTH,
  type Path,
  showPath,
  type Tree,
} from "../tensor/tree.js";
import { brief, placeOf } from "./brief.js";

function writeSegment(name: string | number): string {
  if (typeof name === "number") return String(name);
  const escaped = name.replaceAll("~", "~0").replaceAll("/", "~1");
  return /^(\d*|__metadata__)$/.test(name) ? `~2${escaped}` : escaped;
}

/** A path as files hold it. */
export const writePath = (path: Path): string => path.map(writeSegment).join("/");

function readPath(where: string, text: string): Path {
  if (text === "") return [];
  const segments = text.split("/", MAX_DEPTH + 1);
  if (segments.length > MAX_DEPTH) {
    refuseValue(where, "tensors", `have paths of at most ${MAX_DEPTH} names`, brief(text));
  }
  const path = segments.map((segment) => {
    if (/^(0|[1-9]\d{0,8})$/.test(segment)) return Number(segment);
    return segment.replace(/^~2/, "").replaceAll("~1", "/").replaceAll("~0", "~");
  });
  if (writePath(path) !== text) {
    refuseValue(where, "tensors", "have paths as flattenTree writes them", brief(text));
  }
  return path;
}

/**
 * The tensors of a tree by their paths, for a file to hold. Empty arrays and objects leave no trace.
 *
 * @param tree - tensors in nested arrays and plain objects, as parameters are
 * @returns the tensors, in the tree's order; the object has no prototype
 * @throws {TypeError} when something in the tree is neither tensor, array nor plain object
 * @throws {RangeError} when it is nested more than 64 deep
 * @example
 * const flat = flattenTree({ encoder: [{ kernel: ones([2]) }] });
 * Object.keys(flat); // ["encoder/0/kernel"]
 */
export function flattenTree(tree: Tree): Record<string, Tensor> {
  const where = "flattenTree";
  checkTree(where, "tree", tree);
  const tensors = Object.create(null) as Record<string, Tensor>;
  for (const { path, tensor } of leavesOf(tree)) tensors[writePath(path)] = tensor;
  return tensors;
}

/** Checks that a tree holds tensors alone: what else stands in it would be lost. */
function checkTree(where: string, argument: string, tree: unknown, path: Path = []): void {
  if (path.length > MAX_DEPTH)
    refuseValue(where, argument, `nest at most ${MAX_DEPTH} deep`, path.slice(0, 7));
  if (tree instanceof Tensor) return;
  if (Array.isArray(tree)) {
    for (const [i, entry] of tree.entries()) checkTree(where, argument, entry, [...path, i]);
  } else if (isPlainObject(tree)) {
    for (const [name, entry] of Object.entries(tree)) checkTree(where, argument, entry, [...path, name]);
  } else {
    const place = path.map((name) => (typeof name === "string" ? brief(name) : name)).slice(0, 8);
    refuseKind(where, showPath([argument, ...place]), "be a tensor, an array or a plain object", tree);
  }
}

/**
 * The tree whose tensors have these paths, where nothing is left out of them.
 *
 * @param tensors - by path
 * @returns the tree
 * @throws {TypeError} when an entry is not a tensor
 * @throws {RangeError} when a path is malformed, two paths contradict each other, or an array has gaps
 */
export function unflattenTree(tensors: Readonly<Record<string, Tensor>>): Tree;
/**
 * The tree whose tensors have these paths: the inverse of {@link flattenTree}.
 *
 * @param tensors - by path
 * @param like - a tree of the same structure and shapes, as a model's fresh parameters: it restores what leaves no
 *   trace in paths (entries of layers without parameters), and lets no other file through
 * @returns the tree
 * @throws {TypeError} when an entry is not a tensor
 * @throws {RangeError} when a path is malformed, two paths contradict each other, an array has gaps, or the
 *   tensors are not those of `like` in name and shape
 * @example
 * const params = [{ kernel: ones([2]) }, {}];
 * const restored = unflattenTree(flattenTree(params), params);
 * restored.length; // 2
 */
export function unflattenTree<T extends Tree>(tensors: Readonly<Record<string, Tensor>>, like: T): T;
export function unflattenTree(tensors: Readonly<Record<string, Tensor>>, like?: Tree): Tree {
  const where = "unflattenTree";
  if (typeof tensors !== "object" || tensors === null || Array.isArray(tensors)) {
    refuseKind(where, "tensors", "be an object of tensors", tensors);
  }
  for (const [path, t] of Object.entries(tensors)) checkTensor(where, placeOf("tensors", path), t);
  return like === undefined ? grow(where, tensors) : fill(where, tensors, like);
}

/** A copy of `like` with the tensors of the same paths. */
function fill(where: string, tensors: Readonly<Record<string, Tensor>>, like: Tree): Tree {
  checkTree(where, "like", like);
  const wanted = flattenTree(like);
  const names = Object.keys(tensors);
  const unexpected = names.find((name) => !Object.hasOwn(wanted, name));
  if (unexpected !== undefined)
    refuseValue(where, "tensors", "have only the paths of like", brief(unexpected));
  const paths = Object.keys(wanted);
  for (const path of paths) {
    if (!Object.hasOwn(tensors, path)) {
      refuseValue(where, "tensors", `have ${JSON.stringify(brief(path))}, as like has`, names.map(brief));
    }
    const { shape } = wanted[path];
    if (!isSameShape(tensors[path].shape, shape)) {
      const rule = `be [${shape.join(", ")}], as in like`;
      refuseValue(where, `${placeOf("tensors", path)}.shape`, rule, tensors[path].shape);
    }
  }
  const leaves = leavesOf(like).values();
  return mapTree(like, () => tensors[writePath(leaves.next().value!.path)]);
}

type Branch = Map<string | number, Branch | Tensor>;

/** The smallest tree that has the tensors. */
function grow(where: string, tensors: Readonly<Record<string, Tensor>>): Tree {
  const root: Branch = new Map();
  for (const [text, t] of Object.entries(tensors)) {
    // The root stands in a branch of its own, so that it may be a tensor.
    const path = ["", ...readPath(where, text)];
    const last = path.pop()!;
    let branch = root;
    for (const name of path) {
      const next = branch.get(name) ?? new Map();
      if (next instanceof Tensor) return refuseContradiction(where, text);
      branch.set(name, next);
      branch = next;
    }
    if (branch.has(last)) return refuseContradiction(where, text);
    branch.set(last, t);
  }
  return treeOf(where, root.get("") ?? new Map());
}

function refuseContradiction(where: string, path: string): never {
  return refuseValue(where, "tensors", "have no path that leads through a tensor", brief(path));
}

function treeOf(where: string, branch: Branch | Tensor): Tree {
  if (branch instanceof Tensor) return branch;
  const names = [...branch.keys()];
  const entries = [...branch].map(([name, entry]) => [name, treeOf(where, entry)] as const);
  if (names.every((name) => typeof name === "string")) return Object.fromEntries(entries);
  const array: Tree[] = [];
  for (const [name, entry] of entries.sort(([a], [b]) => Number(a) - Number(b))) {
    if (name !== array.length) {
      const rule = "have every index of an array from 0 on (or be given with like), and no names beside";
      refuseValue(
        where,
        "tensors",
        rule,
        names.map((name) => (typeof name === "string" ? brief(name) : name)),
      );
    }
    array.push(entry);
  }
  return array;
}
