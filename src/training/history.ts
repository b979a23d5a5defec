// What training has seen: plain data, which JSON can hold, and the columns in which files hold it.

import { refuseValue } from "../check.js";
import { checkTensor, type Tensor, tensor } from "../tensor.js";
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
export function averageOf(parts: readonly (Averages & { readonly examples: number })[]): Averages {
  const examples = parts.reduce((sum, part) => sum + part.examples, 0);
  const mean = (f: (part: Averages) => number) =>
    parts.reduce((sum, part) => sum + f(part) * part.examples, 0) / examples;
  const names = Object.keys(parts[0].terms);
  const terms = names.map((name) => [name, mean((part) => part.terms[name])]);
  return { loss: mean((part) => part.loss), terms: Object.fromEntries(terms) };
}

const NUMBERS = ["epoch", "examples", "loss", "gradientNorm", "imagesPerSecond"] as const;

/** Steps as one tensor for each of their numbers: as JSON, long histories would be larger than models. */
export interface StepColumns {
  readonly numbers: Readonly<Record<(typeof NUMBERS)[number], Tensor>>;
  readonly terms: Readonly<Record<string, Tensor>>;
}

/** The columns of steps, whose numbers are all float32; null where there are none. */
export function columnsOf(steps: readonly StepRecord[]): StepColumns | null {
  if (steps.length === 0) return null;
  const column = (f: (record: StepRecord) => number) => tensor(steps.map(f));
  const columns = (names: readonly string[], f: (record: StepRecord, name: string) => number) =>
    Object.fromEntries(names.map((name) => [name, column((record) => f(record, name))]));
  return {
    numbers: columns(NUMBERS, (record, name) => record[name as (typeof NUMBERS)[number]]),
    terms: columns(Object.keys(steps[0].terms), ({ terms }, name) => terms[name]),
  } as StepColumns;
}

/** The steps of columns that a file held. */
export function stepsOf(where: string, columns: StepColumns | null, count: number): StepRecord[] {
  const values = (names: readonly string[], tensors: Readonly<Record<string, Tensor>> | undefined) =>
    names.map((name) => {
      const column = tensors?.[name];
      const place = `resume.history.${name}`;
      checkTensor(where, place, column, 1);
      if (column.size !== count) refuseValue(where, place, `hold ${count} steps`, column.size);
      return [name, column.data] as const;
    });
  if (count === 0) return [];
  const numbers = values(NUMBERS, columns?.numbers);
  const terms = values(Object.keys(columns?.terms ?? {}), columns?.terms);
  const at = (column: typeof numbers, i: number) =>
    Object.fromEntries(column.map(([name, data]) => [name, data[i]]));
  return Array.from(
    { length: count },
    (_, step) => ({ step, ...at(numbers, step), terms: at(terms, step) }) as unknown as StepRecord,
  );
}
