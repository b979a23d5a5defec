// Trees that stay on the WASM heap between training steps: parameters, optimizer state, moving averages.

import { adoptArray, isSameShape, Tensor, viewOf } from "../tensor/tensor.js";
import { mapTree, tensorsOf } from "../tensor/tree.js";
import { Residence } from "../wasm/residence.js";
import { allocateResident, releaseResident } from "../wasm/storage.js";

const toArray = (t: Tensor): Tensor => adoptArray(new Float32Array(viewOf(t)), t.shape);

/** The tree with every tensor copied to a residence on the heap, whatever frames open and close. */
export function toResident<T>(tree: T, residence = new Residence()): T {
  return mapTree(tree, (t) => {
    const copy = new Tensor(allocateResident(t.size, residence), t.shape);
    viewOf(copy).set(viewOf(t));
    return copy;
  });
}

/**
 * Writes a tree's values over those of a resident one and returns that, with what else stands in the new tree
 * (counted steps). Tensors that have changed in number or shape move to new places in the residence.
 */
export function overwrite<T>(before: T, tree: T): T {
  const places = tensorsOf(before);
  const values = tensorsOf(tree);
  const isAlike =
    places.length === values.length && places.every((place, i) => isSameShape(place.shape, values[i].shape));
  if (!isAlike) {
    const moved = toResident(tree, places[0]?.storage.residence);
    release(before);
    return moved;
  }
  const positions = new Map(places.map(({ storage }, i) => [storage, i]));
  // What lies in the place of another, as where an optimizer keeps the parameters it was given, is saved from it.
  const safe = values.map((t, i) => ((positions.get(t.storage) ?? i) === i ? t : toArray(t)));
  let next = 0;
  return mapTree(tree, () => {
    const i = next++;
    if (places[i].storage !== safe[i].storage) viewOf(places[i]).set(viewOf(safe[i]));
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
