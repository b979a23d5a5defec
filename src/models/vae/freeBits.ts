// Free bits: a part of the KL term that costs nothing, so that latents are not given up early in training.

import { checkNumber, checkOptions, refuseKind } from "../../check/check.js";
import * as ops from "../../ops/index.js";
import type { Tensor } from "../../tensor/tensor.js";
import { sharesOf } from "../batch.js";

/** Nats of KL that are not paid for: in every latent dimension by itself, or in all of them together. */
export type FreeBits = { readonly perDimension: number } | { readonly total: number };

/** Checks free bits. */
export function checkFreeBits(where: string, freeBits: unknown): void {
  checkOptions(`${where}.freeBits`, freeBits, ["perDimension", "total"]);
  const [name, ...others] = Object.keys(freeBits as object);
  if (name === undefined || others.length > 0) {
    refuseKind(where, "freeBits", "have either perDimension or total, in nats", freeBits);
  }
  checkNumber(where, `freeBits.${name}`, (freeBits as Record<string, unknown>)[name], 0);
}

/** max(x, floor); below it, no gradient. */
const atLeast = (x: Tensor, floor: number) => ops.scale(ops.relu(ops.scale(x, 1, -floor)), 1, floor);

/**
 * What is paid for KL values `[n, latent]`: the mean over the batch, weighted where there are weights, at least the free nats.
 *
 * @see Kingma et al., "Improving variational inference with inverse autoregressive flow" (2016), appendix C.8
 */
export function penalty(klElements: Tensor, freeBits: FreeBits | undefined, weights?: Tensor): Tensor {
  const perDimension =
    weights === undefined
      ? ops.mean(klElements, { axis: 0 })
      : ops.sum(ops.mul(klElements, sharesOf(weights, 2)), { axis: 0 });
  if (freeBits === undefined) return ops.sum(perDimension);
  if ("total" in freeBits) return atLeast(ops.sum(perDimension), freeBits.total);
  return ops.sum(atLeast(perDimension, freeBits.perDimension));
}
