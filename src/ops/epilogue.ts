// What several operation files share: checks of options and the epilogue of products.

import { isDifferentiating } from "../autodiff/autodiff.js";
import { checkNumber, checkOneOf, refuseValue } from "../check/check.js";
import { checkTensor, emptyTensor, type Tensor } from "../tensor/tensor.js";
import { ACTIVATION, activateGradient } from "../wasm/generated.js";
import type { Epilogue } from "../wasm/kernels.js";
import { ALPHA, mish, softsign } from "./pointwise.js";

/**
 * An activation that a product applies while it writes; `"linear"` is none.
 */
export type FusedActivation = keyof typeof ACTIVATION;

/** Their names. */
export const FUSED_ACTIVATIONS = Object.keys(ACTIVATION) as FusedActivation[];

/** Options of every product that can add a bias and apply an activation. */
export interface EpilogueOptions {
  /** One value per output channel, shape `[channels]`, added to the product. */
  readonly bias?: Tensor | undefined;
  /** Applied after the bias (default `"linear"`). */
  readonly activation?: FusedActivation | undefined;
  /** Slope of `"leakyRelu"` (default 0.01) or scale of `"elu"` (default 1), ≥ 0. */
  readonly alpha?: number | undefined;
}

/** The checked activation of a product. */
export interface Activation {
  readonly activation: FusedActivation;
  readonly alpha: number;
}

/** Checks bias and activation against the number of output channels. */
export function checkEpilogue(
  where: string,
  options: EpilogueOptions,
  channels: number,
  whose: string,
): Activation {
  const { bias, activation = "linear" } = options;
  if (bias !== undefined) {
    checkTensor(where, "bias", bias, 1);
    if (bias.shape[0] !== channels) {
      refuseValue(where, "bias.shape[0]", `equal ${whose} = ${channels} (output channels)`, bias.shape[0]);
    }
  }
  checkOneOf(where, "activation", activation, FUSED_ACTIVATIONS);
  const alpha = options.alpha ?? ALPHA[activation as keyof typeof ALPHA] ?? 1;
  checkNumber(where, "alpha", alpha, 0);
  return { activation, alpha };
}

/** Those whose derivative is no function of their output as separate operations. */
const FROM_INPUT: { readonly [Name in FusedActivation]?: (x: Tensor) => Tensor } = { mish, softsign };

/** Runs a product with its activation fused, or behind it where a gradient will ask what it was applied to. */
export function withActivation(wanted: Activation, product: (fused: Activation) => Tensor): Tensor {
  const separate = FROM_INPUT[wanted.activation];
  if (separate === undefined || !isDifferentiating()) return product(wanted);
  return separate(product({ ...wanted, activation: "linear" }));
}

/** A product without bias and activation, as gradients are. */
export const PLAIN: Epilogue = { bias: undefined, activation: "linear", alpha: 0 };

/** The gradient before the activation, from the gradient behind it and the output. */
export function throughActivation(
  gradOutput: Tensor,
  output: Tensor,
  { activation, alpha }: Activation,
): Tensor {
  if (activation === "linear") return gradOutput;
  const grad = emptyTensor(output.shape);
  activateGradient({ y: output, dy: gradOutput, dx: grad, n: output.size, activation, alpha });
  return grad;
}
