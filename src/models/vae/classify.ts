// Labels by Bayes' rule: p(y | x) from the bounds of a conditional model under each of its classes.

import { checkFunction, checkInteger, checkNumber, refuseKind, refuseValue } from "../../check/check.js";
import { checkKey, type Key } from "../../random/keys.js";
import { adoptArray, checkTensor, type Tensor } from "../../tensor/tensor.js";
import { checkBatch } from "../batch.js";
import { type BatchOptions, batchSizeOf } from "../batches.js";
import type { ModelParams } from "../model.js";
import { checkedCondition } from "./condition.js";
import type { Vae } from "./types.js";

/** Options of {@link classify}. */
export interface ClassifyOptions extends BatchOptions {
  /** For the samples of the posteriors, the same for every class (default `key(0)`). */
  readonly key?: Key | undefined;
  /** Samples per example and class (default 10). */
  readonly samples?: number | undefined;
  /** How frequent each class is, ≥ 0; only the proportions count (default: all the same). */
  readonly prior?: readonly number[] | undefined;
  /** Examples with less evidence than this are rejected, in nats; a quantile of that of training examples, say. */
  readonly reject?: number | undefined;
}

/** What Bayes' rule tells of every example. */
export interface Classification {
  /** The most probable class, `[n]`. */
  readonly labels: Tensor;
  /** log p(y | x) of every class, `[n, classes]`. */
  readonly logPosterior: Tensor;
  /** log p(x) = log Σ p(y) p(x | y), `[n]`, of the bounds: a lower bound, in nats. */
  readonly logEvidence: Tensor;
  /** 1 where the evidence is less than `reject`, else 0, `[n]`; only with that option. */
  readonly rejected?: Tensor;
}

/** The logarithms of a prior, normalised. */
function logPriorOf(where: string, prior: unknown, classes: number): number[] {
  if (prior === undefined) return Array.from({ length: classes }, () => -Math.log(classes));
  const rule = `be an array of ${classes} numbers ≥ 0, not all 0`;
  if (!Array.isArray(prior)) refuseKind(where, "prior", rule, prior);
  if (prior.length !== classes) refuseValue(where, "prior", rule, prior);
  for (let i = 0; i < classes; i++) checkNumber(where, `prior[${i}]`, prior[i], 0);
  // Divided by the greatest first, so that no sum is beyond what numbers reach.
  const most = Math.max(...(prior as number[]));
  if (most === 0) refuseValue(where, "prior", rule, prior);
  const shares = (prior as number[]).map((share) => share / most);
  const total = shares.reduce((a, b) => a + b);
  return shares.map((share) => Math.log(share / total));
}

/** log Σ exp of some numbers; −∞ where all are. */
function logSumExp(values: readonly number[]): number {
  const most = Math.max(...values);
  if (!Number.isFinite(most)) return most;
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
}

/** How many classes a model knows; others are refused. */
function classesOf(where: string, model: unknown): number {
  const { condition, score } = (model ?? {}) as Partial<Vae>;
  const known = checkedCondition(`${where}.model`, condition);
  if (known === undefined || !("classes" in known)) {
    return refuseKind(where, "model", "know classes: vae({ condition: { classes } })", model);
  }
  checkFunction(where, "model.score", score);
  return known.classes;
}

/**
 * The class of every input by Bayes' rule, p(y | x) ∝ p(y) p(x | y), where the bound under each class stands for
 * log p(x | y).
 *
 * @param model - a VAE that knows classes
 * @param params - its parameters
 * @param inputs - any number of examples, `[n, ...inputShape]`
 * @param options.key - for the samples of the posteriors, the same for every class (default `key(0)`)
 * @param options.samples - per example and class (default 10)
 * @param options.prior - how frequent each class is, ≥ 0; only the proportions count (default: all the same)
 * @param options.reject - evidence in nats below which an example is rejected, such as a {@link quantile} of that of
 *   training examples
 * @param options.batchSize - pairs of example and sample computed at once (default 128)
 * @returns labels `[n]`, log-posterior `[n, classes]`, log-evidence `[n]`, and with `reject` what is rejected, `[n]`
 * @throws {TypeError} when the model knows no classes, or an argument is of the wrong kind
 * @throws {RangeError} when an option or a shape is out of range
 * @example
 * const model = lectures.denseVae({ condition: { classes: 3 } });
 * const images = random.uniform(key(1), [4, 784]);
 * classify(model, model.init(key(2)), images, { samples: 2 }).logPosterior.shape; // [4, 3]
 * @see Chow, "On optimum recognition error and reject tradeoff" (1970)
 */
export function classify(
  model: Vae,
  params: ModelParams,
  inputs: Tensor,
  options: ClassifyOptions = {},
): Classification {
  const where = "classify";
  const classes = classesOf(where, model);
  batchSizeOf(where, options, ["key", "samples", "prior", "reject"]);
  const { prior, reject, samples = 10, ...others } = options;
  checkInteger(where, "samples", samples, 1);
  if (others.key !== undefined) checkKey(where, "key", others.key);
  if (reject !== undefined) checkNumber(where, "reject", reject);
  const logPrior = logPriorOf(where, prior, classes);
  checkTensor(where, "inputs", inputs);
  const [count = 0] = inputs.shape;
  const scores = logPrior.map((_, labels) => {
    const given: unknown = model.score(params, inputs, { ...others, samples, labels });
    // The method may be of the caller's making.
    checkBatch(where, "what model.score gives", given, [], count);
    return given.data;
  });
  const labels = new Float32Array(count);
  const logPosterior = new Float32Array(count * classes);
  const logEvidence = new Float32Array(count);
  for (let example = 0; example < count; example++) {
    const joint = logPrior.map((share, label) => share - scores[label][example]);
    const evidence = logSumExp(joint);
    labels[example] = joint.indexOf(Math.max(...joint));
    logPosterior.set(
      joint.map((value) => value - evidence),
      example * classes,
    );
    logEvidence[example] = evidence;
  }
  const rejected = reject === undefined ? undefined : logEvidence.map((value) => Number(value < reject));
  return {
    labels: adoptArray(labels, [count]),
    logPosterior: adoptArray(logPosterior, [count, classes]),
    logEvidence: adoptArray(logEvidence, [count]),
    ...(rejected && { rejected: adoptArray(rejected, [count]) }),
  };
}
