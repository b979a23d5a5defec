// Trees that stay on the WASM heap between training steps: parameters, optimizer state, moving averages.

import { adoptArray, isSameShape, Tensor } from "../tensor.js";
import { mapTree, tensorsOf } from "../tree.js";
import { allocateResident, releaseResident } from "../wasm/storage.js";

function resident(t: Tensor): Tensor {
  const copy = new Tensor(allocateResident(t.size), t.shape);
  copy.data.set(t.data);
  return copy;
}

const toArray = (t: Tensor): Tensor => adoptArray(new Float32Array(t.data), t.shape);

/** The tree with every tensor copied to the heap, where it stays whatever frames open and close. */
export function toResident<T>(tree: T): T {
  return mapTree(tree, resident);
}

/**
 * Writes a tree's values over those of a resident one and returns that, with what else stands in the new tree
 * (counted steps). Tensors that have changed in number or shape move to blocks of their own.
 */
export function overwrite<T>(before: T, tree: T): T {
  const places = tensorsOf(before);
  const values = tensorsOf(tree);
  const isAlike =
    places.length === values.length && places.every((place, i) => isSameShape(place.shape, values[i].shape));
  if (!isAlike) {
    const moved = toResident(tree);
    release(before);
    return moved;
  }
  const positions = new Map(places.map(({ storage }, i) => [storage, i]));
  // What lies in the place of another, as where an optimizer keeps the parameters it was given, is saved from it.
  const safe = values.map((t, i) => ((positions.get(t.storage) ?? i) === i ? t : toArray(t)));
  let next = 0;
  return mapTree(tree, () => {
    const i = next++;
    if (places[i].storage !== safe[i].storage) places[i].data.set(safe[i].data);
    return places[i];
  });
}

/** The tree in ordinary arrays. */
export function toArrays<T>(tree: T): T {
  return mapTree(tree, toArray);
}

/** Gives a resident tree's memory back at once. */
export function release(tree: unknown): void {
  for (const { storage } of tensorsOf(tree)) releaseResident(storage);
}
