// What the ready-made optimizers share: rate, weight decay and mask, a counted step, one kernel pass per parameter.

import { tensorsLike } from "../tensor/asLike.js";
import { checkInteger, checkNumber, checkOptions, given, refuseValue } from "../check/check.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Tree, valueAt } from "../tensor/tree.js";
import type { StepSettings } from "../wasm/optimizer.js";
import { type Mask, maskTest } from "./mask.js";
import { defineOptimizer, filledLike, type Optimizer, parametersOf } from "./optimizer.js";
import { asSchedule, type Schedule } from "./schedule.js";

/** Options of every ready-made optimizer. */
export interface OptimizerOptions {
  /** Step size, ≥ 0: a number or a function of the step, counted from 0. */
  readonly learningRate?: number | Schedule | undefined;
  /** Weight decay w ≥ 0: the gradient becomes g + w·p, the gradient of ½w‖p‖² more (default 0). */
  readonly weightDecay?: number | undefined;
  /** Which parameters decay (default: all). */
  readonly mask?: Mask | undefined;
}

/** {@link OptimizerOptions}, completed and checked. */
interface CompletedOptions {
  readonly learningRate: Schedule;
  readonly weightDecay: number;
  /** Whether a parameter decays. */
  readonly decays: ReturnType<typeof maskTest>;
}

/**
 * The options of an optimizer with every default, those that all share checked. The names that it knows are those of
 * its defaults, and the mask.
 */
export function completedOptions<Defaults extends { learningRate: number; weightDecay: number }>(
  name: string,
  options: OptimizerOptions & { readonly [Name in keyof Defaults]?: unknown },
  defaults: Defaults,
): Omit<Defaults, "learningRate" | "weightDecay"> & CompletedOptions {
  checkOptions(name, options, [...Object.keys(defaults), "mask"]);
  const { mask, learningRate, weightDecay, ...own } = { ...defaults, ...given(options) };
  checkNumber(name, "weightDecay", weightDecay, 0);
  return {
    ...(own as Omit<Defaults, "learningRate" | "weightDecay">),
    learningRate: asSchedule(name, "learningRate", learningRate),
    weightDecay,
    decays: maskTest(name, mask),
  };
}

/** A number of updates, and trees like the parameters; some only where the options ask for them. */
export type StepState<Slot extends string, Optional extends string = never> = {
  readonly step: number;
} & { readonly [name in Slot]: Tree } & { readonly [name in Optional]?: Tree };

interface Rule<Slot extends string, Optional extends string> {
  readonly name: string;
  readonly options: CompletedOptions;
  /** Whether the decay is taken off the parameter instead of joining the gradient (default false). */
  readonly decoupled?: boolean;
  /** What is kept for each parameter, by name, and the value it begins with; undefined for nothing. */
  readonly slots: { readonly [name in Slot]: number } & { readonly [name in Optional]: number | undefined };
  /** Overwrites a parameter and its slots; `count` is 1 in the first update. */
  readonly apply: (
    parameter: Tensor,
    grad: Tensor,
    slots: { readonly [name in Slot]: Tensor } & { readonly [name in Optional]?: Tensor },
    settings: StepSettings,
    count: number,
  ) => void;
}

/** An optimizer that treats every parameter by itself. */
export function elementwise<Slot extends string, Optional extends string = never>(
  rule: Rule<Slot, Optional>,
): Optimizer<StepState<Slot, Optional>> {
  type State = StepState<Slot, Optional>;
  const { name, options, decoupled = false, apply } = rule;
  const { learningRate: rateAt, weightDecay, decays } = options;
  const where = `${name}.update`;
  const slots = Object.entries<number | undefined>(rule.slots).flatMap(([slot, value]) =>
    value === undefined ? [] : [{ slot, value }],
  );

  return defineOptimizer<State>({
    init(params) {
      parametersOf(`${name}.init`, params);
      const trees = slots.map(({ slot, value }) => [slot, filledLike(params, value)] as const);
      return { step: 0, ...Object.fromEntries(trees) } as State;
    },
    updateInPlace(grads, state, params) {
      const parameters = parametersOf(where, params);
      const gradients = tensorsLike(where, "grads", grads, parameters);
      const kept = slots.map(({ slot }) =>
        tensorsLike(where, `state.${slot}`, valueAt(state, [slot]), parameters),
      );
      const step = valueAt(state, ["step"]);
      checkInteger(where, "state.step", step, 0);
      const rate = rateAt(step);
      checkNumber(name, `learningRate(${step})`, rate, 0);
      // Everything that can be refused has been, before the first value is overwritten.
      const decay = parameters.map((leaf) => (decays(leaf) ? weightDecay : 0));
      parameters.forEach(({ tensor }, i) => {
        const own = Object.fromEntries(slots.map(({ slot }, at) => [slot, kept[at][i]]));
        const settings = { rate, weightDecay: decay[i], decoupled };
        apply(tensor, gradients[i], own as Parameters<typeof apply>[2], settings, step + 1);
      });
      return [params, { ...state, step: step + 1 }];
    },
  });
}

/** Checks the share of an average that is kept: in [0, 1). */
export function checkKeptShare(where: string, argument: string, value: unknown): asserts value is number {
  checkNumber(where, argument, value, 0, 1);
  if (value === 1) refuseValue(where, argument, "be below 1", value);
}
