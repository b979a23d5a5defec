// Training that left the finite numbers: where it happened first, and what was good until then.

import type { Batch } from "../models/batch.js";
import type { ModelParams } from "../models/model.js";
import { scope } from "../tensor/scope.js";
import { type Tensor, viewOf } from "../tensor/tensor.js";
import { countNonFinite } from "../wasm/kernels.js";

/** Where a loss or gradient was not finite. */
export interface DivergenceDetails {
  /** Number of the step, from 0. */
  readonly step: number;
  /** Whether the batch itself was finite; if not, nothing else is to blame. */
  readonly isBatchFinite: boolean;
  /** Which data the loss was of. */
  readonly data: "training" | "validation";
  /**
   * The first example that is not finite: its index in the data that the user passed, its row in the batch for a
   * trainer's step and for batches of an iterable; undefined where all are finite.
   */
  readonly example: number | undefined;
  /** The number of its batch in the epoch, for batches of an iterable. */
  readonly batch?: number | undefined;
  /** What it holds: NaN, Infinity or -Infinity. */
  readonly value: number | undefined;
  /** The first term of the loss that is not finite; undefined where only a gradient is. */
  readonly term: string | undefined;
  /**
   * The first operation whose result is not finite, with its message; undefined where only a gradient is;
   * `"optimizer.update"` where a finite step left parameters that are not.
   */
  readonly operation: string | undefined;
  /** The path of the first parameter that is not finite, or whose gradient is not. */
  readonly parameter: string | undefined;
  /**
   * The parameters that the last finite step began with, for what it made of them is not good; those before the bad
   * step where the batch is to blame.
   */
  readonly params: ModelParams;
}

/**
 * Thrown by training when a loss, one of its terms or a gradient is NaN or infinite. Nothing is lost: `params` are the
 * last good ones, and a trainer goes on from them, its optimizer begun anew unless the batch was to blame. Data that are
 * not finite are named by their first example; {@link fit} tells validation from training.
 *
 * @example
 * try {
 *   createTrainer(lectures.linear(), { key: key(1) }).step(full([1, 3], NaN));
 * } catch (error) {
 *   if (error instanceof DivergenceError) error.step; // 0
 * }
 */
export class DivergenceError extends Error implements DivergenceDetails {
  override readonly name = "DivergenceError";
  declare readonly step: number;
  declare readonly isBatchFinite: boolean;
  declare readonly data: "training" | "validation";
  declare readonly example: number | undefined;
  declare readonly batch: number | undefined;
  declare readonly value: number | undefined;
  declare readonly term: string | undefined;
  declare readonly operation: string | undefined;
  declare readonly parameter: string | undefined;
  declare readonly params: ModelParams;

  /** @internal */
  constructor(where: string, details: DivergenceDetails) {
    super(
      `${where}: ${messageOf(where, details)}. The last good parameters are in error.params${adviceOf(details)}`,
    );
    const { params, ...rest } = details;
    Object.assign(this, rest);
    // Not enumerable: whoever logs the error does not want to read all parameters.
    Object.defineProperty(this, "params", { value: params });
  }
}

/** Where loss and gradients were finite, and the parameters made of them are not. */
export const UPDATE = "optimizer.update";

function messageOf(where: string, details: DivergenceDetails): string {
  const { step, data, isBatchFinite, example, batch, value, term, operation, parameter } = details;
  const isOwnStep = where === "Trainer.step";
  const place = batch === undefined ? (isOwnStep ? " of the batch" : "") : ` of batch ${batch} of the epoch`;
  const bad = `example ${example}${place} holds ${value}`;
  const whole = data === "validation" ? "the validation data are" : "the data are";
  const facts = [
    ...(isBatchFinite ? [] : [isOwnStep ? "the batch is not finite" : `${whole} not finite: ${bad}`]),
    ...(operation === UPDATE ? ["what the optimizer made of the parameters is not finite"] : []),
    ...(operation === UPDATE
      ? []
      : [term === undefined ? "a gradient is not finite" : `the term ${term} is not finite`]),
    ...(operation === undefined || operation === UPDATE ? [] : [`first in ${operation}`]),
    ...(parameter === undefined ? [] : [`first parameter: ${parameter}`]),
    ...(isOwnStep && !isBatchFinite ? [`the data are not finite: ${bad}`] : []),
  ];
  const subject = data === "validation" ? `validation after step ${step}` : `step ${step}`;
  return `${subject} must be finite, but ${facts.join("; ")}`;
}

/** What may help: nothing where the data are to blame. */
function adviceOf({ isBatchFinite }: DivergenceDetails): string {
  return isBatchFinite ? "; a smaller learning rate or clipByGlobalNorm may help" : "";
}

/** The first example of which something is not finite, and what it holds; undefined where all are. */
export function firstBad(batch: Batch): { readonly row: number; readonly value: number } | undefined {
  const { inputs, targets, labels, weights } = batch;
  const found = [inputs, targets, labels, weights].flatMap((t) =>
    t === undefined ? [] : (firstBadRow(t) ?? []),
  );
  return found.sort((a, b) => a.row - b.row)[0];
}

function firstBadRow(t: Tensor): { readonly row: number; readonly value: number } | undefined {
  if (scope(() => countNonFinite(t, t.size)) === 0) return undefined;
  const values = viewOf(t);
  const index = values.findIndex((value) => !Number.isFinite(value));
  return { row: Math.floor(index / (t.size / t.shape[0])), value: values[index] };
}
