// Activations by name, as options of other layers and as layers.

import { checkNumber, checkOneOf, checkOptions, given } from "../check/check.js";
import * as ops from "../ops/index.js";
import { ALPHA } from "../ops/pointwise.js";
import { FUSED_ACTIVATIONS } from "../ops/epilogue.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Layer, type None, plainLayer, specArgs } from "./layer.js";

const FUNCTIONS = {
  linear: (x: Tensor) => x,
  relu: ops.relu,
  leakyRelu: ops.leakyRelu,
  elu: ops.elu,
  gelu: ops.gelu,
  geluTanh: ops.geluTanh,
  silu: ops.silu,
  sigmoid: ops.sigmoid,
  tanh: ops.tanh,
  softplus: ops.softplus,
  softsign: ops.softsign,
  mish: ops.mish,
  softmax: (x: Tensor) => ops.softmax(x),
};

/** Names of activations; `"linear"` is none. */
export type ActivationName = keyof typeof FUNCTIONS;

const functions: Record<
  ActivationName,
  (x: Tensor, options: { readonly alpha?: number | undefined }) => Tensor
> = FUNCTIONS;

/** An activation as options of a layer. */
export interface ActivationOptions {
  /** Applied to the output (default `"linear"`). */
  readonly activation?: ActivationName | undefined;
  /** Slope of `"leakyRelu"` (default 0.01), scale of `"elu"` (default 1). */
  readonly alpha?: number | undefined;
}

/** An activation as completed options. */
export interface Activation {
  readonly activation: ActivationName;
  /** Absent where the activation has none and none was given. */
  readonly alpha?: number;
}

/** The activation among a layer's options, checked and completed. */
export function activationOf(where: string, { activation = "linear", alpha }: ActivationOptions): Activation {
  checkOneOf(where, "activation", activation, Object.keys(functions) as ActivationName[]);
  if (alpha !== undefined) checkNumber(where, "alpha", alpha, 0);
  return { activation, ...given({ alpha: alpha ?? ALPHA[activation as keyof typeof ALPHA] }) };
}

const isFused = (name: string): name is ops.FusedActivation =>
  (FUSED_ACTIVATIONS as readonly string[]).includes(name);

/** Runs a product with its activation fused where the kernels can, applied afterwards where they cannot. */
export function activated(
  { activation, alpha }: Activation,
  product: (fused: ops.EpilogueOptions) => Tensor,
): Tensor {
  const slope = alpha === undefined ? {} : { alpha };
  if (isFused(activation)) return product({ activation, ...slope });
  return functions[activation](product({}), slope);
}

/** An activation as a layer. */
function activationLayer(
  type: ActivationName,
  options: { readonly alpha?: number | undefined } = {},
): Layer<None, None> {
  checkOptions(type, options, ["alpha"]);
  const { alpha } = activationOf(type, { activation: type, ...options });
  const completed = given({ alpha });
  return plainLayer(
    type,
    specArgs([], completed),
    (shape) => shape,
    (x) => functions[type](x, completed),
  );
}

/** max(x, 0). */
export const relu = (): Layer<None, None> => activationLayer("relu");
/** x above 0, alpha·x below (alpha default 0.01). */
export const leakyRelu = (options: { readonly alpha?: number | undefined } = {}): Layer<None, None> =>
  activationLayer("leakyRelu", options);
/** x above 0, alpha·(eˣ − 1) below (alpha default 1). */
export const elu = (options: { readonly alpha?: number | undefined } = {}): Layer<None, None> =>
  activationLayer("elu", options);
/** x·Φ(x). */
export const gelu = (): Layer<None, None> => activationLayer("gelu");
/** The tanh approximation of {@link gelu}. */
export const geluTanh = (): Layer<None, None> => activationLayer("geluTanh");
/** x·sigmoid(x). */
export const silu = (): Layer<None, None> => activationLayer("silu");
/** 1 / (1 + e⁻ˣ). */
export const sigmoid = (): Layer<None, None> => activationLayer("sigmoid");
/** Hyperbolic tangent. */
export const tanh = (): Layer<None, None> => activationLayer("tanh");
/** log(1 + eˣ). */
export const softplus = (): Layer<None, None> => activationLayer("softplus");
/** x / (1 + |x|). */
export const softsign = (): Layer<None, None> => activationLayer("softsign");
/** x·tanh(softplus(x)). */
export const mish = (): Layer<None, None> => activationLayer("mish");
/** Softmax over the last axis. */
export const softmax = (): Layer<None, None> => activationLayer("softmax");
