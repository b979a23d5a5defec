// The model that a file stands on, which may be of the caller's making: what it must have, and what it must give.

import { checkInteger, checkSizes, refuseKind, refuseValue } from "../check/check.js";
import { checkBatch } from "../models/batch.js";
import type { BatchOptions } from "../models/batches.js";
import type { EncodingModel } from "../models/fromSpec.js";
import type { ModelParams } from "../models/model.js";
import { MOST_VECTORS } from "../models/vqVae.js";
import type { Tensor } from "../tensor/tensor.js";
import { isObject } from "../tensor/tree.js";

/** Checks that an argument is a model that has codes, with these methods beside, and a spec that a checksum can be made of. */
export function checkCoder(
  where: string,
  model: unknown,
  methods: readonly string[] = [],
): asserts model is EncodingModel {
  const given = (model ?? {}) as Partial<EncodingModel>;
  const needed = [
    "encode",
    "decode",
    ...(given.type === "vqVae" ? ["indices", "vectorsOf"] : []),
    ...methods,
  ];
  const whole = needed.every((name) => typeof (given as Record<string, unknown>)[name] === "function");
  if (!whole || !isObject(given.spec) || !isObject(given.spec.options)) {
    refuseKind(where, "model", "be a model, such as vae(…) or autoencoder(…)", model);
  }
  if (given.condition !== undefined) {
    refuseValue(where, "model", "have no condition: files hold no labels", given.condition);
  }
  checkSizes(where, "model.inputShape", given.inputShape);
  checkSizes(where, "model.codeShape", given.codeShape);
  if (given.type === "vqVae") checkInteger(where, "model.codebook", given.codebook, 2, MOST_VECTORS);
}

/** What a model decodes codes to, checked. */
export function decodedBy(
  where: string,
  model: EncodingModel,
  params: ModelParams,
  codes: Tensor,
  options: BatchOptions = {},
): Tensor {
  const outputs: unknown = model.decode(params, codes, options);
  checkBatch(where, "what model.decode gives", outputs, model.inputShape, codes.shape[0]);
  return outputs;
}
