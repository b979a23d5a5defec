// The training step: loss, gradients, update, with all parameters on the WASM heap from one step to the next.

import { tensorsLike } from "../tensor/asLike.js";
import { valueAndGrad } from "../autodiff/autodiff.js";
import { checkInteger, checkOptions } from "../check/check.js";
import { asLike } from "../tensor/asLike.js";
import { type Batch, type BatchLike, batchOf } from "../models/batch.js";
import { initialParams, lossOf, type Model, type ModelParams } from "../models/model.js";
import { betaAt, checkedBeta } from "../models/vae/beta.js";
import { checkState, initialState, isStateKnown, updateInPlace } from "../optimizers/optimizer.js";
import { globalNorm } from "../optimizers/transforms.js";
import { fold, type Key } from "../random/keys.js";
import { scope } from "../tensor/scope.js";
import { item, type Tensor } from "../tensor/tensor.js";
import { leavesOf, showPath } from "../tensor/tree.js";
import { countNonFinite } from "../wasm/kernels.js";
import { Residence } from "../wasm/residence.js";
import { claim } from "../wasm/storage.js";
import { corruption, type Prepared } from "./corruption.js";
import { DivergenceError, firstBad, UPDATE } from "./divergence.js";
import { STEP_DRAWS, TRAINER_DRAWS } from "./draws.js";
import { overwrite, release, toArrays, toResident } from "./resident.js";
import {
  type CompletedTrainerOptions,
  TRAINER_OPTIONS,
  type TrainerOptions,
  trainerOptionsOf,
} from "./trainerOptions.js";

/** What a training step tells. */
export interface StepResult {
  /** Number of the step, from 0. */
  readonly step: number;
  readonly loss: number;
  /**
   * The loss's terms by name: `"reconstruction"`, for a VAE also `"kl"`, in nats per example, and with free bits `"paidKl"`,
   * what is paid for it.
   */
  readonly terms: Readonly<Record<string, number>>;
  /**
   * The weight of the KL term; absent where it is always 1, or there is no such term. The loss is
   * reconstruction + beta·kl, with free bits reconstruction + beta·paidKl.
   */
  readonly beta?: number;
  /** The norm of all gradients together, before any clipping. */
  readonly gradientNorm: number;
}

/** Everything that training goes on from: plain data and tensors. */
export interface TrainerState {
  /** Steps taken. */
  readonly step: number;
  readonly params: ModelParams;
  /** The optimizer's state. */
  readonly optimizer: unknown;
}

/** Trains a model step by step; made by {@link createTrainer}. */
export interface Trainer {
  /** One update on a batch `[n, ...inputShape]`, or a {@link Batch}; n may change from step to step. */
  step(batch: BatchLike): StepResult;
  /**
   * Loss and terms on a batch without an update, as in inference; disturbed as in training, with fixed noise; with the
   * weights of schedules at the last step that was taken.
   */
  evaluate(batch: BatchLike): Pick<StepResult, "loss" | "terms" | "beta">;
  /** A copy of the parameters as they are. */
  params(): ModelParams;
  /** A copy of everything, to go on from later with `restore`. */
  state(): TrainerState;
  /** Goes on from a state of the same model and optimizer. */
  restore(state: TrainerState): void;
}

const numbersOf = (terms: Readonly<Record<string, Tensor>>): Record<string, number> =>
  Object.fromEntries(Object.entries(terms).map(([name, t]) => [name, item(t)]));

type Numbers = Readonly<Record<string, number>>;

const isBad = (t: Tensor): boolean => countNonFinite(t, t.size) > 0;

/** Where a step that is not finite became so: the term, the operation (asked by running it again), the parameter. */
function causeOf(runChecked: () => unknown, terms: Numbers, trees: readonly unknown[]) {
  const term = Object.keys(terms).find((name) => !Number.isFinite(terms[name]));
  let operation: string | undefined;
  try {
    runChecked();
  } catch (error) {
    operation = (error as Error).message;
  }
  const leaf = trees.flatMap((tree) => leavesOf(tree)).find(({ tensor }) => isBad(tensor));
  return { term, operation, parameter: leaf && showPath(leaf.path) };
}

/**
 * Makes a trainer, for loops that you write: {@link fit} is such a loop. Between steps the parameters, the optimizer's
 * state and the moving averages stay on the WASM heap; nobody has to free them.
 *
 * @param model - a model
 * @param options.key - for fresh parameters, and all noise in training
 * @param options.optimizer - default `adam()`
 * @param options.params - parameters to go on from (default: fresh ones)
 * @param options.corrupt - layer that disturbs the input, not the target
 * @param options.lossOn - `"all"` (default) or `"hidden"`, with `maskPatches`
 * @returns the trainer; its `step` is synchronous
 * @throws {TypeError} when an option is unknown or of the wrong kind, or `params` are not the model's
 * @throws {RangeError} when `params` have other shapes than the model's, or `corrupt` changes the shape
 * @throws {DivergenceError} from `step`, when the loss or a gradient is not finite
 * @example
 * const trainer = createTrainer(lectures.shallow(), { key: key(1), optimizer: adam({ learningRate: 0.01 }) });
 * const batch = random.uniform(key(2), [32, 784]);
 * const before = trainer.step(batch).loss;
 * const after = trainer.step(batch).loss; // lower
 */
export function createTrainer(model: Model, options: TrainerOptions): Trainer {
  const where = "createTrainer";
  checkOptions(where, options, TRAINER_OPTIONS);
  return makeTrainer(where, model, trainerOptionsOf(where, model, options)).trainer;
}

/** A trainer from checked options, and the function that gives its memory back before it is garbage. */
export function makeTrainer(
  where: string,
  model: Model,
  options: CompletedTrainerOptions,
): {
  readonly trainer: Trainer;
  readonly release: () => void;
  /** Throws where the last update has left the finite numbers: no step will follow that tells. */
  readonly checkUpdated: (where: string) => void;
} {
  const { key, optimizer } = options;
  const prepare = corruption(options, model);

  const fresh = initialParams(where, model, fold(key, TRAINER_DRAWS.init));
  const { weights, state } = options.params ? asLike(where, "params", options.params, fresh) : fresh;
  /** What stays on the heap. */
  const residence = new Residence();
  const stateOf = (whereInit: string, from: unknown) =>
    initialState([whereInit, "optimizer"], optimizer, from);
  let kept = scope(() =>
    toResident({ params: { weights, state }, optimizer: stateOf(where, weights) }, residence),
  );
  // The parameters that the last step began with: known to be good, since that step was finite.
  let lastGood: ModelParams = toResident(kept.params, residence);
  let step = 0;

  const beta = model.beta === undefined ? undefined : checkedBeta(where, model.beta, "model.beta");
  const weightAt = (at: number) => (beta === undefined || beta === 1 ? {} : { beta: betaAt(beta, at) });

  const stepLoss = (weights: ModelParams["weights"], { batch, ...rest }: Prepared, stepKey: Key) => {
    const given = { ...rest, key: stepKey, training: true, step };
    const result = lossOf("Trainer.step", model, { weights, state: kept.params.state }, batch, given);
    return [result.loss, result] as const;
  };
  const gradientOf = valueAndGrad(stepLoss);

  /** Goes back to the last good parameters, where the batch is not to blame, and throws. */
  function diverge(given: Batch, prepared: Prepared, stepKey: Key, terms: Numbers, grads: unknown): never {
    const checkedOf = valueAndGrad(stepLoss, { checkNumerics: true });
    const cause = causeOf(() => checkedOf(kept.params.weights, prepared, stepKey), terms, [
      kept.params.weights,
      grads,
    ]);
    const bad = firstBad(given);
    const isBatchFinite = bad === undefined;
    if (isBatchFinite) {
      // The step before led here. What the optimizer has gathered leads here again.
      kept = overwrite(kept, { params: lastGood, optimizer: stateOf("Trainer.step", lastGood.weights) });
    }
    throw new DivergenceError("Trainer.step", {
      ...cause,
      step,
      data: "training",
      isBatchFinite,
      example: bad?.row,
      value: bad?.value,
      params: toArrays(kept.params),
    });
  }

  const trainer: Trainer = {
    step(value) {
      const batch = batchOf("Trainer.step", "batch", value, model.inputShape);
      return scope(() => {
        claim(residence);
        const stepKey = fold(key, step);
        const prepared = prepare(batch, fold(stepKey, STEP_DRAWS.corruption));
        const lossKey = fold(stepKey, STEP_DRAWS.loss);
        const { weights, state } = kept.params;
        const { value, grads, aux } = gradientOf(weights, prepared, lossKey);
        const loss = item(value);
        const terms = numbersOf(aux.terms);
        // As float32, which files hold without loss, as the loss is.
        const gradientNorm = Math.fround(globalNorm(grads));
        const numbers = { ...terms, loss };
        if (![...Object.values(numbers), gradientNorm].every(Number.isFinite)) {
          diverge(batch, prepared, lossKey, numbers, grads);
        }
        const weight = weightAt(step);
        lastGood = overwrite(lastGood, { weights, state });
        const given = ["Trainer.step", "optimizer"] as const;
        const [updated, optimizerState] = updateInPlace(given, optimizer, grads, kept.optimizer, weights);
        const params = { weights: updated, state: aux.state };
        kept = overwrite(kept, { params, optimizer: optimizerState });
        return { step: step++, loss, terms, ...weight, gradientNorm };
      });
    },
    evaluate(value) {
      const given = batchOf("Trainer.evaluate", "batch", value, model.inputShape);
      return scope(() => {
        const evaluationKey = fold(key, TRAINER_DRAWS.evaluation);
        const { batch, ...rest } = prepare(given, fold(evaluationKey, STEP_DRAWS.corruption));
        // A schedule is asked only at steps that are trained.
        const how = { ...rest, key: fold(evaluationKey, STEP_DRAWS.loss), step: Math.max(step - 1, 0) };
        const { loss, terms } = lossOf("Trainer.evaluate", model, kept.params, batch, how);
        return { loss: item(loss), terms: numbersOf(terms), ...weightAt(how.step) };
      });
    },
    params: () => toArrays(kept.params),
    state: () => ({ step, params: toArrays(kept.params), optimizer: toArrays(kept.optimizer) }),
    restore(state) {
      const whereRestore = "Trainer.restore";
      checkInteger(whereRestore, "state.step", state?.step, 0);
      const params = asLike(whereRestore, "state.params", state.params, kept.params);
      const own = leavesOf(kept.optimizer);
      if (isStateKnown(optimizer)) tensorsLike(whereRestore, "state.optimizer", state.optimizer, own);
      else checkState(whereRestore, "state.optimizer", state.optimizer);
      kept = overwrite(kept, { params, optimizer: state.optimizer });
      lastGood = overwrite(lastGood, kept.params);
      step = state.step;
    },
  };
  const checkUpdated = (whereAsked: string) => {
    const bad = scope(() => {
      claim(residence);
      return leavesOf(kept.params).find(({ tensor }) => isBad(tensor))?.path;
    });
    if (bad === undefined) return;
    throw new DivergenceError(whereAsked, {
      step: step - 1,
      data: "training",
      isBatchFinite: true,
      example: undefined,
      value: undefined,
      term: undefined,
      operation: UPDATE,
      parameter: showPath(bad),
      params: toArrays(lastGood),
    });
  };
  return { trainer, release: () => release([kept, lastGood]), checkUpdated };
}
