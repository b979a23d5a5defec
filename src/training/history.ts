// What training has seen: plain data, which JSON can hold, and the columns in which files hold it.

import { checkInteger, checkNumber, refuseKind, refuseValue } from "../check/check.js";
import { checkTensor, type Tensor, tensor } from "../tensor/tensor.js";
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

const NUMBERS = ["epoch", "examples", "loss", "gradientNorm", "imagesPerSecond"] as const;

/** Steps as one tensor for each of their numbers: as JSON, long histories would be larger than models. */
export interface StepColumns {
  readonly numbers: Readonly<Record<(typeof NUMBERS)[number], Tensor>>;
  readonly terms: Readonly<Record<string, Tensor>>;
  /** The weights of the KL term in full precision: how many steps had one, that one, and so on. */
  readonly beta?: readonly number[];
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
    ...(steps[0].beta !== undefined && { beta: runsOf(steps) }),
  } as unknown as StepColumns;
}

function runsOf(steps: readonly StepRecord[]): number[] {
  const runs: number[] = [];
  for (const { beta } of steps) {
    if (runs.at(-1) === beta) runs[runs.length - 2]++;
    else runs.push(1, beta as number);
  }
  return runs;
}

/** The weights of the KL term, one per step; undefined where a file has none. */
function betasOf(where: string, runs: unknown, count: number): number[] | undefined {
  if (runs === undefined) return undefined;
  const place = "resume.history.beta";
  if (!Array.isArray(runs)) refuseKind(where, place, "be an array of numbers", runs);
  const betas: number[] = [];
  for (let i = 0; i < runs.length; i += 2) {
    checkInteger(where, `${place}[${i}]`, runs[i], 1, count - betas.length);
    checkNumber(where, `${place}[${i + 1}]`, runs[i + 1], 0);
    for (let k = 0; k < runs[i]; k++) betas.push(runs[i + 1]);
  }
  if (betas.length !== count) refuseValue(where, place, `hold ${count} steps`, betas.length);
  return betas;
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
  const betas = betasOf(where, columns?.beta, count);
  const at = (column: typeof numbers, i: number) =>
    Object.fromEntries(column.map(([name, data]) => [name, data[i]]));
  return Array.from(
    { length: count },
    (_, step) =>
      ({
        step,
        ...at(numbers, step),
        terms: at(terms, step),
        ...(betas !== undefined && { beta: betas[step] }),
      }) as unknown as StepRecord,
  );
}
