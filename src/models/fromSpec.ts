// Models from their specs, as files carry them.

import { checkOneOf, checkOptions, refuseKind, within } from "../check/check.js";
import { layerFromSpec, type LayerMakers } from "../layers/fromSpec.js";
import type { LayerSpec } from "../layers/layer.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Autoencoder, autoencoder, type AutoencoderOptions } from "./autoencoder.js";
import type { ModelParams, ModelSpec } from "./model.js";
import { pixelCnn } from "./pixels/pixelCnn.js";
import { pixelRnn } from "./pixels/pixelRnn.js";
import type { PixelModel } from "./pixels/types.js";
import type { ReconstructionLoss } from "./reconstructionLoss.js";
import type { LabelOptions } from "./vae/condition.js";
import { vae } from "./vae/vae.js";
import type { Vae, VaeOptions } from "./vae/types.js";
import { type VqVae, vqVae, type VqVaeOptions } from "./vqVae.js";

/** What a spec cannot hold. */
export interface CustomParts {
  /** Makers of layers that are not built in, by type. */
  readonly layers?: LayerMakers | undefined;
  /** The reconstruction loss of an autoencoder that was made with a function. */
  readonly loss?: ReconstructionLoss | undefined;
}

/** A model as loaded: `model.type` tells which, to the compiler too. */
export type AnyModel = EncodingModel | PixelModel;

/** A model that makes codes of inputs, and inputs of codes. */
export type EncodingModel = Autoencoder | Vae | VqVae;

/** Whether a model has codes: models of pixels have none. */
export const isEncoding = (model: AnyModel): model is EncodingModel => "encode" in model;

/**
 * The codes of inputs: of a VAE its posterior's means, of a VQ-VAE vectors of its codebook. Only conditional models take
 * labels.
 */
export function codesOf(
  model: EncodingModel,
  params: ModelParams,
  inputs: Tensor,
  options: LabelOptions = {},
): Tensor {
  return model.type === "vae"
    ? model.encode(params, inputs, options).mean
    : model.encode(params, inputs, options);
}

/**
 * The model that a spec describes, built from its layers' specs.
 *
 * @param spec - `model.spec`, from JSON for example
 * @param custom.layers - makers of layers that are not built in
 * @param custom.loss - the loss of an autoencoder whose loss was a function
 * @returns the model, without parameters
 * @throws {TypeError} when the spec is not one, or a part is missing in `custom`
 * @throws {RangeError} when a layer or an option is not as its maker demands
 * @example
 * const model = modelFromSpec(JSON.parse(JSON.stringify(lectures.denseVae().spec)));
 * model.inputShape; // [784]
 */
export function modelFromSpec(spec: ModelSpec, custom: CustomParts = {}): AnyModel {
  const where = "modelFromSpec";
  checkOptions(where, custom, ["layers", "loss"]);
  if (typeof spec !== "object" || spec === null) refuseKind(where, "spec", "be a model's spec", spec);
  checkOneOf(where, "spec.type", spec.type, ["autoencoder", "vae", "vqVae", "pixelRnn", "pixelCnn"]);
  const { options } = spec;
  if (typeof options !== "object" || options === null) {
    refuseKind(where, "spec.options", "be an object", options);
  }
  const own = ["inputShape", "encoder", "decoder"].find((name) => Object.hasOwn(options, name));
  if (own !== undefined) refuseKind(where, "spec.options", "have only names that the spec has not", own);
  const { inputShape } = spec;
  if (spec.type === "pixelRnn") return pixelRnn({ inputShape, ...options });
  if (spec.type === "pixelCnn") return pixelCnn({ inputShape, ...options });
  const partOf = (name: "encoder" | "decoder") =>
    within(name, () => layerFromSpec(spec[name] as LayerSpec, custom.layers));
  const parts = { inputShape, encoder: partOf("encoder"), decoder: partOf("decoder") };
  if (spec.type === "vae") {
    const { freeBits, ...rest } = options as { freeBits?: unknown };
    return vae({ ...parts, ...rest, ...(freeBits ? { freeBits } : {}) } as VaeOptions);
  }
  if (spec.type === "vqVae") return vqVae({ ...parts, ...options } as VqVaeOptions);
  if (options.loss !== "custom") return autoencoder({ ...parts, ...options } as AutoencoderOptions);
  if (custom.loss === undefined) {
    refuseKind(
      where,
      "custom.loss",
      "be given: this model was made with a function as its loss",
      custom.loss,
    );
  }
  return autoencoder({ ...parts, ...options, loss: custom.loss } as AutoencoderOptions);
}
