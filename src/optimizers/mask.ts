// Masks: which parameters an optimizer's option applies to.

import { checkBoolean, refuseKind } from "../check/check.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Leaf, type Path, showPath, valueAt } from "../tensor/tree.js";

/** Booleans in the place of parameters; one in the place of a whole branch stands for all below it. */
export type MaskTree = boolean | readonly MaskTree[] | { readonly [name: string]: MaskTree };

/**
 * Which parameters are meant: a tree of booleans, or a function of a parameter's path (`"encoder[0].kernel"`) and
 * the parameter.
 */
export type Mask = MaskTree | ((path: string, parameter: Tensor) => boolean);

/** Checks a mask, and makes it a function of the leaf; without a mask all parameters are meant. */
export function maskTest(where: string, mask: Mask | undefined): (leaf: Leaf) => boolean {
  if (mask === undefined) return () => true;
  if (typeof mask === "function") {
    return ({ path, tensor }) => {
      const name = showPath(path);
      const isMeant: unknown = mask(name, tensor);
      checkBoolean(where, `mask(${JSON.stringify(name)})`, isMeant);
      return isMeant;
    };
  }
  if (typeof mask !== "boolean" && (typeof mask !== "object" || mask === null)) {
    refuseKind(where, "mask", "be a tree of booleans or a function of a parameter's path", mask);
  }
  return ({ path }) => {
    const isMeant = firstBoolean(mask, path);
    checkBoolean(where, showPath(["mask", ...path]), isMeant);
    return isMeant;
  };
}

/** The boolean on the way to a place; otherwise what stands there instead. */
function firstBoolean(mask: MaskTree, path: Path): unknown {
  for (let length = 0; length < path.length; length++) {
    const value = valueAt(mask, path.slice(0, length));
    if (typeof value === "boolean") return value;
  }
  return valueAt(mask, path);
}
