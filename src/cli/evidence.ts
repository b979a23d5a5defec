// What training examples say of the examples to come: how much evidence a model with classes has for them.

import type { AnyModel } from "../models/fromSpec.js";
import type { ModelParams } from "../models/model.js";
import { classify } from "../models/vae/classify.js";
import * as ops from "../ops/index.js";
import { affordable } from "../report/conditional.js";
import { quantile } from "../statistics/classification.js";
import { classNames } from "./condition.js";
import { toModel } from "./form.js";
import type { Plan } from "./plan.js";

/** Parts between the quantiles that are kept. */
const PERCENT = 100;

/** Quantiles of the evidence that a model with classes has for what it was trained on, for whom rejects a share of it. */
export function evidenceOf(
  model: AnyModel,
  params: ModelParams,
  { rest, form }: Plan,
): { readonly evidence?: readonly number[] } {
  if (model.type !== "vae" || model.condition === undefined) return {};
  const count = affordable(model.inputShape, classNames(model.condition).length);
  const some = ops.slice(rest.values, 0, Math.min(rest.values.shape[0], count));
  const { logEvidence } = classify(model, params, toModel(some, form, model));
  const share = (_: unknown, percent: number) => quantile(logEvidence, percent / PERCENT);
  return { evidence: Array.from({ length: PERCENT + 1 }, share) };
}
