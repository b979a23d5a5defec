// What functions of a user's making may give back instead of what was asked for.

import { ops, scope, type Tensor, tensor } from "../../src/index.js";

/** Values by what they are, made anew for each use. */
export type Rubbish = Readonly<Record<string, () => unknown>>;

/** A tensor whose scope has ended. */
export const released = () => {
  let t: Tensor | undefined;
  scope(() => void (t = ops.scale(tensor([1]), 2)));
  return t;
};
const circular = () => {
  const tree: Record<string, unknown> = {};
  return Object.assign(tree, { tree });
};

/** What is neither a tensor nor plain data. */
export const STRANGE: Rubbish = {
  undefined: () => undefined,
  "a function": () => () => 0,
  "a promise": () => Promise.resolve({}),
  "a promise that fails": () => Promise.reject(new Error("late")),
  "a map": () => new Map(),
  "a date": () => new Date(0),
  "a typed array": () => new Float32Array(1),
  "a symbol": () => Symbol("s"),
  "a BigInt": () => 1n,
  "an object of a class": () => new (class Weights {})(),
  "a tensor sent elsewhere": () => structuredClone({ shape: [1], data: new Float32Array(1) }),
  "a tree that holds itself": circular,
};
/** Plain data that is no tensor. */
export const PLAIN: Rubbish = { null: () => null, "a number": () => 3, text: () => "w", true: () => true };

/** What no state may hold, alone or inside. */
export const STATES: Rubbish = {
  ...STRANGE,
  ...Object.fromEntries(Object.entries(STRANGE).map(([name, make]) => [`${name} in a list`, () => [make()]])),
  "a function in an object": () => ({ a: { b: () => 0 } }),
  "a hole": () => Object.assign([], { length: 2 }),
};
/** What is no tensor of shape [1]. */
export const NO_WEIGHTS: Rubbish = {
  ...STRANGE,
  ...PLAIN,
  "a list": () => [tensor([1])],
  "an object": () => ({ a: tensor([1]) }),
  "another shape": () => tensor([1, 2]),
};

/** Runs a check on all of some rubbish; a failure tells on which. */
export async function forEvery(
  rubbish: Rubbish,
  check: (make: () => unknown, name: string) => void | Promise<void>,
): Promise<void> {
  for (const [name, make] of Object.entries(rubbish)) {
    try {
      await check(make, name);
    } catch (error) {
      throw new Error(`${name}: ${String(error)}`, { cause: error });
    }
  }
}
