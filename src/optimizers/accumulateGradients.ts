// Gradient accumulation: large batches in small pieces.

import { tensorsLike } from "../tensor/asLike.js";
import { checkInteger } from "../check/check.js";
import { copyTree, tensorsOf, type Tree, valueAt } from "../tensor/tree.js";
import type { Tensor } from "../tensor/tensor.js";
import { fill } from "../wasm/kernels.js";
import { axpy } from "../wasm/generated.js";
import {
  checkOptimizer,
  defineOptimizer,
  filledLike,
  initialState,
  type Optimizer,
  parametersOf,
  updateInPlace,
} from "./optimizer.js";

/** State of {@link accumulateGradients}. */
export interface AccumulateState<State> {
  /** Gradients seen since the last update, from 0 to steps − 1. */
  readonly count: number;
  /** Their sum, divided by the number that an update takes. */
  readonly mean: Tree;
  /** The optimizer's own. */
  readonly optimizer: State;
}

/**
 * An optimizer that updates once in `steps` calls, with the mean of the gradients it was given; in between the
 * parameters stay as they are. With batches of equal size and mean losses this is one update on all of them, at
 * the memory of one.
 *
 * @param optimizer - what updates; its schedule counts updates, not calls
 * @param steps - gradients per update, integer ≥ 1
 * @returns the optimizer
 * @throws {TypeError} when `optimizer` is not one; later, when trees differ in structure
 * @throws {RangeError} when `steps` is not an integer ≥ 1; later, when shapes differ
 * @example
 * const optimizer = accumulateGradients(chain(clipByGlobalNorm(1), adam()), 4); // clips the mean of four
 */
export function accumulateGradients<State>(
  optimizer: Optimizer<State>,
  steps: number,
): Optimizer<AccumulateState<State>> {
  const where = "accumulateGradients";
  checkOptimizer(where, "optimizer", optimizer);
  checkInteger(where, "steps", steps, 1);
  return defineOptimizer<AccumulateState<State>>({
    inner: optimizer as Optimizer,
    init(params) {
      parametersOf(`${where}.init`, params);
      return {
        count: 0,
        mean: filledLike(params, 0),
        optimizer: initialState([`${where}.init`, "optimizer"], optimizer, params),
      };
    },
    updateInPlace<Params>(grads: Params, state: AccumulateState<State>, params: Params) {
      const whereUpdate = `${where}.update`;
      const parameters = parametersOf(whereUpdate, params);
      const gradients = tensorsLike(whereUpdate, "grads", grads, parameters);
      const means = tensorsLike(whereUpdate, "state.mean", valueAt(state, ["mean"]), parameters);
      checkInteger(whereUpdate, "state.count", state.count, 0, steps - 1);
      const addTo = (sums: readonly Tensor[]) =>
        sums.forEach((sum, i) => axpy({ alpha: 1 / steps, x: gradients[i], y: sum, n: sum.size }));
      const count = state.count + 1;
      if (count < steps) {
        addTo(means);
        return [params, { ...state, count }];
      }
      // A copy: an update that is refused leaves the state as it was.
      const mean = copyTree(state.mean) as Params;
      addTo(tensorsOf(mean));
      const given = [whereUpdate, "optimizer"] as const;
      const [next, inner] = updateInPlace(given, optimizer, mean, state.optimizer, params);
      for (const mean of means) fill(mean, mean.size, 0);
      return [next, { count: 0, mean: state.mean, optimizer: inner }];
    },
  });
}
