// Training that left the finite numbers: where it happened first, and what was good until then.

import type { ModelParams } from "../models/model.js";

/** Where a loss or gradient was not finite. */
export interface DivergenceDetails {
  /** Number of the step, from 0. */
  readonly step: number;
  /** Whether the batch itself was finite; if not, nothing else is to blame. */
  readonly isBatchFinite: boolean;
  /** The first term of the loss that is not finite; undefined where only a gradient is. */
  readonly term: string | undefined;
  /** The first operation whose result is not finite, with its message; undefined where only a gradient is. */
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
 * last good ones, and a trainer goes on from them, its optimizer begun anew unless the batch was to blame.
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
  declare readonly term: string | undefined;
  declare readonly operation: string | undefined;
  declare readonly parameter: string | undefined;
  declare readonly params: ModelParams;

  /** @internal */
  constructor(where: string, details: DivergenceDetails) {
    const { step, isBatchFinite, term, operation, parameter } = details;
    const facts = [
      ...(isBatchFinite ? [] : ["the batch is not finite"]),
      term === undefined ? "a gradient is not finite" : `the term ${term} is not finite`,
      ...(operation === undefined ? [] : [`first in ${operation}`]),
      ...(parameter === undefined ? [] : [`first parameter: ${parameter}`]),
    ];
    const advice = isBatchFinite ? "; a smaller learning rate or clipByGlobalNorm may help" : "";
    super(
      `${where}: step ${step} must be finite, but ${facts.join("; ")}. ` +
        `The last good parameters are in error.params${advice}`,
    );
    const { params, ...rest } = details;
    Object.assign(this, rest);
    // Not enumerable: whoever logs the error does not want to read all parameters.
    Object.defineProperty(this, "params", { value: params });
  }
}
