// What a model is: layers joined into something that can be trained, with its parameters outside of it, as plain data.

import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkOptions,
  checkSizes,
  refuseKind,
  refuseValue,
  within,
} from "../check/check.js";
import type { Applied, ApplyContext, Layer, LayerSpec } from "../layers/layer.js";
import { checkKey, type Key } from "../random/keys.js";
import { checkTree, tensorsLike } from "../tensor/asLike.js";
import { checkTensor, type Shape, type Tensor } from "../tensor/tensor.js";
import { isPlainObject, leavesOf, type Tree } from "../tensor/tree.js";
import type { BatchLike } from "./batch.js";
import { type BetaSchedule, checkedBeta } from "./vae/beta.js";
import type { Condition, LabelOptions } from "./vae/condition.js";

/** What a model has learned, for every part of it by name. */
export interface ModelParams {
  /** What gradients change. */
  readonly weights: Readonly<Record<string, Tree>>;
  /** What training changes by use: the moving averages of batch norm. */
  readonly state: Readonly<Record<string, Tree>>;
}

/** How a model's loss is taken. */
export interface LossOptions {
  /** For the parts that draw random numbers. */
  readonly key?: Key | undefined;
  /** Whether dropout, noise and batch norm behave as in training (default false). */
  readonly training?: boolean | undefined;
  /** Number of the step, from 0: what a schedule is asked about (default 0). */
  readonly step?: number | undefined;
  /** 1 where the loss counts and 0 where it does not, of the targets' shape or with one channel (default: all). */
  readonly hidden?: Tensor | undefined;
}

/** A model's loss on a batch. */
export interface LossResult {
  /** One number: what training makes small. */
  readonly loss: Tensor;
  /** The numbers that it is made of, by name: `"reconstruction"`; for a VAE also `"kl"`, and with free bits `"paidKl"`; of
   *  pixels `"nll"` alone. */
  readonly terms: Readonly<Record<string, Tensor>>;
  /** The state after this use. */
  readonly state: ModelParams["state"];
}

/** How a model was made, as JSON can hold it. */
export interface ModelSpec<Type extends string = string> {
  readonly type: Type;
  readonly inputShape: Shape;
  /** The layers of models that are made from two. */
  readonly encoder?: LayerSpec;
  readonly decoder?: LayerSpec;
  /** The other options of the maker. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** How a model with an encoder and a decoder was made. */
export interface AutoencoderSpec<Type extends string = string> extends ModelSpec<Type> {
  readonly encoder: LayerSpec;
  readonly decoder: LayerSpec;
}

/** When in training a model is looked at. */
export interface Moment {
  /** Number of the step. */
  readonly step: number;
  /** Whether the reconstruction still gets better. */
  readonly isImproving: boolean;
}

/** A layer in its place in a model; parameters and state have an entry of that name. */
export interface Part {
  readonly place: string;
  readonly layer: Layer<Tree, Tree, unknown>;
  /** The shape of one of its inputs. */
  readonly inputShape: Shape;
}

/** What the training loop needs to know of a model. */
export interface Model {
  readonly spec: ModelSpec;
  /** Its layers, as {@link summary} lists them (absent: not told). */
  readonly parts?: readonly Part[];
  /** The shape of one input. */
  readonly inputShape: Shape;
  /** The weight of the term "kl" ("paidKl" where there is one) in the loss, where it has one. */
  readonly beta?: number | BetaSchedule;
  init(key: Key): ModelParams;
  loss(params: ModelParams, batch: BatchLike, options?: LossOptions): LossResult;
  /** What it knows of every example besides its input; batches then are `{ inputs, labels }` (absent: nothing). */
  readonly condition?: Condition;
  /** The inputs as the model gives them back. */
  reconstruct(params: ModelParams, inputs: Tensor, options?: LabelOptions): Tensor;
  /** What is worth a warning, seen in some examples (absent: nothing). */
  warnings?(params: ModelParams, batch: BatchLike, moment: Moment): readonly string[];
}

/** Checks that an argument is a model. */
export function checkModel(where: string, model: unknown): asserts model is Model {
  const { loss, init, inputShape, beta, warnings } = (model ?? {}) as Partial<Model>;
  if (typeof loss !== "function" || typeof init !== "function") {
    refuseKind(where, "model", "be a model, such as vae(…) or autoencoder(…)", model);
  }
  if (beta !== undefined) checkedBeta(where, beta, "model.beta");
  if (warnings !== undefined) checkFunction(where, "model.warnings", warnings);
  checkSizes(where, "model.inputShape", inputShape);
}

/**
 * Fresh parameters. A model of the caller's making may give anything: only tensors can be trained and kept, other
 * values would be passed by.
 */
export function initialParams(where: string, model: Model, key: Key): ModelParams {
  const params: unknown = model.init(key);
  const { weights, state } = checkRecord(where, "model.init", "weights, state", params);
  checkTree(where, "model.init.weights", checkRecord(where, "model.init.weights", NAMED, weights));
  checkTree(where, "model.init.state", checkRecord(where, "model.init.state", NAMED, state));
  return params as ModelParams;
}

/** The loss on a batch, checked as {@link initialParams} checks parameters. */
export function lossOf(
  where: string,
  model: Model,
  params: ModelParams,
  batch: BatchLike,
  options: LossOptions,
): LossResult {
  const result: unknown = model.loss(params, batch, options);
  const argument = "model.loss";
  const { loss, terms, state } = checkRecord(where, argument, "loss, terms, state", result);
  checkScalar(where, `${argument}.loss`, loss);
  const named = checkRecord(where, `${argument}.terms`, "name: tensor", terms);
  for (const [name, term] of Object.entries(named)) checkScalar(where, `${argument}.terms.${name}`, term);
  checkTree(where, `${argument}.state`, checkRecord(where, `${argument}.state`, NAMED, state));
  tensorsLike(where, `${argument}.state`, state, leavesOf(params.state));
  return result as LossResult;
}

/** The form of weights and state. */
const NAMED = "name: tensors";

function checkRecord(where: string, argument: string, names: string, value: unknown) {
  if (!isPlainObject(value)) refuseKind(where, argument, `give { ${names} }`, value);
  return value;
}

function checkScalar(where: string, argument: string, value: unknown): void {
  checkTensor(where, argument, value);
  if (value.size !== 1) refuseValue(where, `${argument}.shape`, "have one element", value.shape);
}

/** The shape that a layer gives, of which errors name the place; a layer of the caller's making may give none. */
export function outputShapeOf(place: string, layer: Layer<Tree, Tree, unknown>, inputShape: Shape): Shape {
  return within(place, () => {
    const shape = layer.outputShape(inputShape);
    checkSizes("outputShape", "result", shape);
    return shape;
  });
}

/** Applies a part with its parameters; errors from inside name it. */
export function applyPart<Output>(
  { place, layer }: { readonly place: string; readonly layer: Layer<Tree, Tree, Output> },
  { weights, state }: ModelParams,
  input: Tensor,
  context: ApplyContext = {},
): Applied<Output, Tree> {
  return within(place, () => layer.apply(weights[place], state[place], input, context));
}

/** Checks that an argument has the parameters of all parts. */
export function checkParams(where: string, params: unknown, names: readonly string[]): void {
  const { weights, state } = (params ?? {}) as Partial<ModelParams>;
  for (const [part, trees] of Object.entries({ weights, state })) {
    const isWhole =
      typeof trees === "object" && trees !== null && names.every((name) => Object.hasOwn(trees, name));
    if (!isWhole) {
      const rule = `have the entries ${names.join(", ")}, as model.init and fit give them`;
      refuseKind(where, `params.${part}`, rule, trees);
    }
  }
}

/** Checks a moment in training. */
export function checkMoment(where: string, moment: Moment): Moment {
  checkOptions(where, moment, ["step", "isImproving"]);
  checkInteger(where, "step", moment.step, 0);
  checkBoolean(where, "isImproving", moment.isImproving);
  return moment;
}

/** Checks how a loss is to be taken; `more` are the names of further options. */
export function checkLossOptions(where: string, options: LossOptions, more: readonly string[] = []): void {
  checkOptions(where, options, ["key", "training", "step", "hidden", ...more]);
  const { key, training = false, step = 0 } = options;
  if (key !== undefined) checkKey(where, "key", key);
  checkBoolean(where, "training", training);
  checkInteger(where, "step", step, 0);
}
