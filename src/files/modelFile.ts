// Models in files: description and parameters together, so that a file needs nothing else to be used.

import { refuseValue, withAllowance, within } from "../check/check.js";
import { type AnyModel, type CustomParts, modelFromSpec } from "../models/fromSpec.js";
import { checkModel, initialParams, type Model, type ModelParams, type ModelSpec } from "../models/model.js";
import { key } from "../random/keys.js";
import { tensorsOf } from "../tensor/tree.js";
import { asLike } from "../tensor/asLike.js";
import { briefValue } from "./brief.js";
import { readTree, writeTree } from "./treeFile.js";

/** A model as a file held it. */
export interface LoadedModel {
  readonly model: AnyModel;
  readonly params: ModelParams;
  /** What was kept beside it. */
  readonly info: unknown;
}

/**
 * The bytes of a file with a model and its parameters: a safetensors file that {@link loadModel} reads back.
 *
 * @param model - a model
 * @param params - its parameters
 * @param info - plain data to keep beside it, such as what it was trained on (default null)
 * @returns the file
 * @throws {TypeError} when parameters are missing, or `info` holds something else than plain data
 * @throws {RangeError} when parameters have other shapes than the model's
 * @example
 * const model = lectures.linear({ latentSize: 2 });
 * const file = saveModel(model, model.init(key(1)), { trainedOn: "nothing yet" });
 * loadModel(file).info; // { trainedOn: "nothing yet" }
 */
export function saveModel(model: Model, params: ModelParams, info: unknown = null): Uint8Array {
  checkModel("saveModel", model);
  const whole = asLike("saveModel", "params", params, initialParams("saveModel", model, key(0)));
  return writeTree({ kind: "model", version: 1, model: model.spec, params: whole, info });
}

/** The spec with initialisers that cost no time: orthogonal matrices of a large layer take minutes. */
function cheapened(spec: ModelSpec): ModelSpec {
  const isCostly = (name: string, value: unknown) => name === "kernelInitializer" && value === "orthogonal";
  return JSON.parse(JSON.stringify(spec), (name, value) => (isCostly(name, value) ? "zeros" : value));
}

/** The model and parameters of a tree that a file held, checked against each other. */
export function modelOf(where: string, tree: unknown, custom: CustomParts): Omit<LoadedModel, "info"> {
  const { model: spec, params } = (tree ?? {}) as { model: ModelSpec; params: ModelParams };
  const model = modelFromSpec(spec, custom);
  const stored = tensorsOf(params).reduce((sum, { size }) => sum + size, 0);
  // A spec is a few bytes and may ask for gigabytes. What the file itself holds is enough for layers of this library;
  // others may pass a shape through more than one check, or make tensors that they do not keep.
  const allowed = 8 * stored + 2 ** 16;
  const cheap = modelFromSpec(cheapened(spec), custom);
  const like = within(`${where}.model`, () => withAllowance(allowed, () => cheap.init(key(0))));
  return { model, params: asLike(where, "params", params, like) };
}

/**
 * The model of a file from {@link saveModel}, or of a checkpoint from {@link fit}, ready to use.
 *
 * @param bytes - the file
 * @param custom.layers - makers of the model's layers that are not built in
 * @param custom.loss - the loss of an autoencoder whose loss was a function
 * @returns model, parameters, and the info that was kept beside them
 * @throws {TypeError} when a part that only `custom` can tell is missing there, or parameters are missing in the file
 * @throws {RangeError} when the file is damaged, not of a model, or its model does not have its parameters
 * @example
 * const model = lectures.shallow();
 * const file = saveModel(model, model.init(key(1)));
 * const loaded = loadModel(file);
 * loaded.model.reconstruct(loaded.params, zeros([2, 784])).shape; // [2, 784]
 */
export function loadModel(bytes: Uint8Array, custom: CustomParts = {}): LoadedModel {
  const where = "loadModel";
  const tree = readTree(bytes) as { kind?: unknown; version?: unknown; info?: unknown };
  if (tree?.version !== 1 || (tree.kind !== "model" && tree.kind !== "checkpoint")) {
    refuseValue(where, "bytes", "be a model or checkpoint of version 1", briefValue(tree?.kind));
  }
  return { ...modelOf(where, tree, custom), info: tree.info ?? null };
}
