// What an optimizer is, and the one way in which all are made: from a rule that overwrites, given copies.

import { checkFunction, refuseKind } from "../check/check.js";
import { tensorsLike } from "../tensor/asLike.js";
import { checkNoStrangers } from "../tensor/plain.js";
import { inScope } from "../tensor/scope.js";
import { emptyTensor, Tensor, viewOf } from "../tensor/tensor.js";
import {
  copyTree,
  isPlainObject,
  type Leaf,
  leavesOf,
  mapTree,
  type Path,
  placeIn,
  tensorsOf,
  type Tree,
} from "../tensor/tree.js";
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
}

/** What an optimizer of the library is made from. */
interface Rule<State> {
  init<Params>(params: Params): State;
  /** `update` on the given memory: the tensors of `state` and `params`, heap-only and referred to by nobody else, are
   *  overwritten and returned. */
  updateInPlace<Params>(grads: Params, state: State, params: Params): [params: Params, state: State];
  /** The optimizer inside, where there is one. */
  readonly inner?: Optimizer;
}

/** The rules by the `update` made from them: an optimizer whose `update` was replaced by its user's has none. */
const RULES = new WeakMap<Optimizer["update"], Rule<unknown>>();

/** An optimizer from its in-place rule: `update` is the rule on copies. */
export function defineOptimizer<State>(rule: Rule<State>): Optimizer<State> {
  const where = "optimizer.update";
  const update: Optimizer<State>["update"] = (grads, state, params) =>
    inScope(() =>
      rule.updateInPlace(grads, copyTree(state, [where, "state"]), copyTree(params, [where, "params"])),
    );
  RULES.set(update as Optimizer["update"], rule as Rule<unknown>);
  return { init: (params) => inScope(() => rule.init(params)), update };
}

/** Whether the state has its form from the beginning; an optimizer of one's own may make it when it first updates. */
export function isStateKnown(optimizer: Optimizer): boolean {
  const rule = RULES.get(optimizer.update);
  return rule !== undefined && (rule.inner === undefined || isStateKnown(rule.inner));
}

/** Whose optimizer it is: the function that was given it, and the name of the argument. */
type Given = readonly [where: string, argument: string];

/** The state before the first update; an optimizer of the caller's making may give anything. */
export function initialState<State>(
  [where, argument]: Given,
  optimizer: Optimizer<State>,
  params: unknown,
): State {
  const state = optimizer.init(params);
  if (!RULES.has(optimizer.update as Optimizer["update"])) checkState(where, `${argument}.init`, state);
  return state;
}

/**
 * Updates in place where the optimizer can; otherwise what is returned lies elsewhere, and is checked. Keeps no `grads`.
 */
export function updateInPlace<Params, State>(
  [where, argument]: Given,
  optimizer: Optimizer<State>,
  grads: Params,
  state: State,
  params: Params,
): [params: Params, state: State] {
  const rule = RULES.get(optimizer.update as Optimizer["update"]) as Rule<State> | undefined;
  if (rule !== undefined) return rule.updateInPlace(grads, state, params);
  const name = `${argument}.update`;
  // A user's own optimizer may keep the gradients in its state, as a first velocity for example.
  const result: unknown = optimizer.update(copyTree(grads, [name, "grads"]), state, params);
  if (!Array.isArray(result) || result.length !== 2) refuseKind(where, name, "give [params, state]", result);
  const [updated, next] = result as [Params, State];
  const tensors = tensorsLike(where, name, updated, leavesOf(params));
  checkAlive(tensors);
  checkState(where, `${name}.state`, next);
  const values = tensors.values();
  return [mapTree(params, () => values.next().value as Tensor), next];
}

/** Checks that a state is plain data, as it is kept from step to step and in files. */
export function checkState(where: string, argument: string, state: unknown): void {
  checkNoStrangers(where, argument, state);
  checkAlive(tensorsOf(state, [where, argument]));
  const walk = (value: unknown, path: Path): void => {
    if (value instanceof Tensor || value === null || PLAIN.has(typeof value)) return;
    if (Array.isArray(value)) Array.from(value, (entry, i) => walk(entry, [...path, i]));
    else if (isPlainObject(value)) {
      for (const [name, entry] of Object.entries(value))
        if (entry !== undefined) walk(entry, [...path, name]);
    } else {
      const rule = "be a tensor, plain data, or an array or object of these";
      refuseKind(where, placeIn(argument, path), rule, value);
    }
  };
  walk(state, []);
}

const PLAIN = new Set(["number", "string", "boolean"]);

/** Throws where values are gone: before those of others are overwritten. */
function checkAlive(tensors: readonly Tensor[]): void {
  tensors.forEach(viewOf);
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
