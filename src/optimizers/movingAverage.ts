// The exponential moving average of the parameters (Polyak averaging).

import { tensorsLike } from "../tensor/asLike.js";
import { checkInteger } from "../check/check.js";
import { copyTree, mapTree, type Tree, valueAt } from "../tensor/tree.js";
import { moveTowards } from "../wasm/optimizer.js";
import {
  checkOptimizer,
  defineOptimizer,
  initialState,
  type Optimizer,
  parametersOf,
  updateInPlace,
} from "./optimizer.js";
import { checkKeptShare } from "./elementwise.js";

/** State of {@link movingAverage}. */
export interface MovingAverageState<State> {
  readonly step: number;
  /** The averaged parameters, see {@link averageOf}. */
  readonly average: Tree;
  /** The optimizer's own. */
  readonly optimizer: State;
}

/**
 * An optimizer that also averages the parameters over its updates, the weight of an update decaying by `decay` with
 * every later one: `a = a + (1 − decay) / (1 − decayᵗ) · (p − a)`, `t` from 1. The divisor makes the weights sum to
 * 1, so the initial parameters have no part in it. Averaged parameters often score better than the last ones.
 *
 * @param optimizer - what updates
 * @param decay - in [0, 1), about 1 − 1 / (updates to average over)
 * @returns the optimizer; {@link averageOf} reads the average
 * @throws {TypeError} when `optimizer` is not one
 * @throws {RangeError} when `decay` lies outside [0, 1)
 * @example
 * const optimizer = movingAverage(adam(), 0.999);
 * const params = { w: tensor([1, 2]) };
 * averageOf(optimizer.init(params), params).w.data; // [1, 2]: before the first update, the parameters
 * @see Polyak and Juditsky 1992, Acceleration of stochastic approximation by averaging
 */
export function movingAverage<State>(
  optimizer: Optimizer<State>,
  decay: number,
): Optimizer<MovingAverageState<State>> {
  const where = "movingAverage";
  checkOptimizer(where, "optimizer", optimizer);
  checkKeptShare(where, "decay", decay);
  return defineOptimizer<MovingAverageState<State>>({
    inner: optimizer as Optimizer,
    init(params) {
      parametersOf(`${where}.init`, params);
      return {
        step: 0,
        average: copyTree(params) as Tree,
        optimizer: initialState([`${where}.init`, "optimizer"], optimizer, params),
      };
    },
    updateInPlace(grads, state, params) {
      const whereUpdate = `${where}.update`;
      const before = parametersOf(whereUpdate, params);
      const averages = tensorsLike(whereUpdate, "state.average", valueAt(state, ["average"]), before);
      checkInteger(whereUpdate, "state.step", state.step, 0);
      const step = state.step + 1;
      const share = (1 - decay) / (1 - decay ** step);
      const given = [whereUpdate, "optimizer"] as const;
      const [next, inner] = updateInPlace(given, optimizer, grads, state.optimizer, params);
      const after = tensorsLike(whereUpdate, "params", next, before);
      averages.forEach((average, i) => moveTowards(average, after[i], average.size, share));
      return [next, { step, average: state.average, optimizer: inner }];
    },
  });
}

/**
 * The averaged parameters of a {@link movingAverage}.
 *
 * @param state - its state
 * @param params - the parameters, whose structure and type the average has
 * @returns the average, a tree like `params`
 * @throws {TypeError} when the state holds no average of such parameters
 * @throws {RangeError} when shapes differ
 * @example
 * const optimizer = movingAverage(sgd({ learningRate: 1 }), 0);
 * let params = { w: tensor([1, 2]) };
 * let state = optimizer.init(params);
 * [params, state] = optimizer.update({ w: tensor([1, 1]) }, state, params);
 * averageOf(state, params).w.data; // [0, 1]
 */
export function averageOf<Params>(state: MovingAverageState<unknown>, params: Params): Params {
  const parameters = parametersOf("averageOf", params);
  const averages = tensorsLike("averageOf", "state.average", valueAt(state, ["average"]), parameters);
  let next = 0;
  return mapTree(params, () => averages[next++]);
}
