// What training has seen: plain data, which JSON can hold.

import type { StepResult } from "./trainer.js";

/** A step with its place and speed. */
export interface StepRecord extends StepResult {
  readonly epoch: number;
  /** Examples in the batch. */
  readonly examples: number;
  /** These by the seconds that the step took. */
  readonly imagesPerSecond: number;
}

/** Loss and terms, averaged over examples. */
export interface Averages {
  readonly loss: number;
  readonly terms: Readonly<Record<string, number>>;
  /** The weight of the KL term, averaged likewise; absent where it is always 1, or there is no such term. */
  readonly beta?: number;
  /**
   * The loss with the final weight of the KL term: what epochs are compared by. It is the loss itself where that weight
   * never changes; absent where `beta` is, and then the loss too.
   */
  readonly objective?: number;
}

/** The loss and terms of some examples. */
export interface Part extends Omit<Averages, "objective"> {
  readonly examples: number;
}

/** The objective, given the final weight of the KL term where that weight changes. */
export function objectiveOf({ loss, terms }: Omit<Averages, "objective">, goal: number | undefined): number {
  return goal === undefined ? loss : terms.reconstruction + goal * (terms.paidKl ?? terms.kl);
}

/** An epoch: averages over its steps as they went, and over the validation data after it. */
export interface EpochRecord {
  readonly epoch: number;
  /** Steps taken until its end, from the first epoch on. */
  readonly steps: number;
  readonly training: Averages;
  readonly validation?: Averages;
  readonly imagesPerSecond: number;
  /** What is worth a warning: collapsed latents, for example. */
  readonly warnings: readonly string[];
}

/** All steps and epochs of a training. */
export interface History {
  readonly steps: readonly StepRecord[];
  readonly epochs: readonly EpochRecord[];
}

/** The averages of steps or evaluations, weighted by their examples. */
export function averageOf(parts: readonly Part[], goal: number | undefined): Averages {
  const examples = parts.reduce((sum, part) => sum + part.examples, 0);
  const mean = (f: (part: Part) => number) =>
    parts.reduce((sum, part) => sum + f(part) * part.examples, 0) / examples;
  const names = Object.keys(parts[0].terms);
  const averages = {
    loss: mean((part) => part.loss),
    terms: Object.fromEntries(names.map((name) => [name, mean((part) => part.terms[name])])),
  };
  const [{ beta }] = parts;
  // The mean of equal numbers may differ from them by its rounding.
  const isSteady = parts.every((part) => part.beta === beta);
  return {
    ...averages,
    ...(beta !== undefined && {
      beta: isSteady ? beta : mean((part) => part.beta as number),
      objective: objectiveOf(averages, goal),
    }),
  };
}
