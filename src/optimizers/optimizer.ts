// What an optimizer is, and the one way in which all are made: from a rule that overwrites, given copies.

import { checkFunction, refuseKind } from "../check/check.js";
import { checkNoStrangers } from "../tensor/plain.js";
import { inScope } from "../tensor/scope.js";
import { emptyTensor } from "../tensor/tensor.js";
import { copyTree, type Leaf, leavesOf, mapTree, type Tree } from "../tensor/tree.js";
import { fill } from "../wasm/kernels.js";

/**
 * From gradients to better parameters. Both functions are pure; parameters are any tree of tensors, the state is
 * plain data (trees of tensors, and numbers) that can be saved and loaded.
 */
export interface Optimizer<State = unknown> {
  /** The state before the first update. */
  init<Params>(params: Params): State;
  /** One step: `[params, state] = optimizer.update(grads, state, params)`. */
  update<Params>(grads: Params, state: State, params: Params): [params: Params, state: State];
  /** @internal `update` on the given memory: the tensors of `state` and `params`, heap-only and referred to by
   *  nobody else, are overwritten and returned. */
  updateInPlace?<Params>(grads: Params, state: State, params: Params): [params: Params, state: State];
}

/** @internal An optimizer from its in-place rule: `update` is the rule on copies. */
export function defineOptimizer<State>(
  rule: Required<Pick<Optimizer<State>, "init" | "updateInPlace">>,
): Optimizer<State> {
  const where = "optimizer.update";
  return {
    init: (params) => inScope(() => rule.init(params)),
    update: (grads, state, params) =>
      inScope(() =>
        rule.updateInPlace(grads, copyTree(state, [where, "state"]), copyTree(params, [where, "params"])),
      ),
    updateInPlace: (grads, state, params) => rule.updateInPlace(grads, state, params),
  };
}

/** Updates in place where the optimizer can; otherwise what is returned lies elsewhere. Keeps no `grads`. */
export function updateInPlace<Params, State>(
  optimizer: Optimizer<State>,
  grads: Params,
  state: State,
  params: Params,
): [params: Params, state: State] {
  if (optimizer.updateInPlace !== undefined) return optimizer.updateInPlace(grads, state, params);
  // A user's own optimizer may keep the gradients in its state, as a first velocity for example.
  return optimizer.update(copyTree(grads, ["optimizer.update", "grads"]), state, params);
}

/** Checks that an argument is an optimizer. */
export function checkOptimizer(
  where: string,
  argument: string,
  value: unknown,
): asserts value is Optimizer<unknown> {
  if (typeof value !== "object" || value === null) {
    refuseKind(where, argument, "be an optimizer, such as adam()", value);
  }
  checkFunction(where, `${argument}.init`, (value as Partial<Optimizer>).init);
  checkFunction(where, `${argument}.update`, (value as Partial<Optimizer>).update);
}

/** The parameters with their paths. */
export function parametersOf(where: string, params: unknown): Leaf[] {
  const isTree = typeof params === "object" && params !== null && !ArrayBuffer.isView(params);
  if (!isTree) refuseKind(where, "params", "be a tensor, or arrays and objects of tensors", params);
  checkNoStrangers(where, "params", params);
  return leavesOf(params, [where, "params"]);
}

/** A tree like the parameters, filled with one value. */
export function filledLike(params: unknown, value: number): Tree {
  return mapTree(params, (parameter) => {
    const filled = emptyTensor(parameter.shape);
    fill(filled, filled.size, value);
    return filled;
  }) as Tree;
}
