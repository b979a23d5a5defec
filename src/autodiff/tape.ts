// Tapes: what notes down the calls of operations while a function is differentiated or traced.

import { refuseUse } from "../check/check.js";
import { releaseAtEnd } from "../tensor/scope.js";
import { type Tensor, watchReads } from "../tensor/tensor.js";
import type { GradientContext, Inputs, OpDefinition } from "./opDefinition.js";

/** Options of {@link valueAndGrad} and {@link grad}. */
export interface GradOptions {
  /** Refuse the first operation whose result is not finite, by name (default false; costs a pass per result). */
  readonly checkNumerics?: boolean | undefined;
  /**
   * Refuse to read the values (`data`, `item`, `toNdarray`) of tensors that depend on the parameters, by which gradients
   * are lost without a word (default false). `stopGradient(t).data` reads nevertheless.
   */
  readonly checkReads?: boolean | undefined;
}

/** A call of an operation. */
export interface Note {
  readonly definition: OpDefinition<Inputs, unknown, unknown>;
  readonly context: GradientContext<Inputs, unknown>;
}

/** What one differentiation has seen: the tensors that depend on its parameters, and the calls, in order. */
export interface Tape {
  readonly dependent: Set<Tensor>;
  readonly notes: Note[];
  /** The differentiation around it. */
  readonly outer: Tape | undefined;
  /** What is looked at. */
  readonly checks: GradOptions;
  /** Whether every call is noted, whatever it depends on. */
  readonly isTracing: boolean;
  /** Whether it, or one around it, is tracing. */
  readonly isInTrace: boolean;
  /** Whether it, or one around it, checks reads. */
  readonly isWatching: boolean;
}

function newTape(parameters: Set<Tensor>, checks: GradOptions, isTracing = false): Tape {
  const isWatching = checks.checkReads === true || tape?.isWatching === true;
  const isInTrace = isTracing || tape?.isInTrace === true;
  return { dependent: parameters, notes: [], outer: tape, checks, isTracing, isInTrace, isWatching };
}

/** The innermost differentiation or trace that runs. */
let tape: Tape | undefined;

/** Whether calls are being noted, so that what they compute must stay whole. */
export const isDifferentiating = (): boolean => tape !== undefined;

function dependsOnAny(inputs: Inputs, { dependent }: Tape): boolean {
  for (const input of inputs) if (input !== undefined && dependent.has(input)) return true;
  return false;
}

/** The innermost differentiation, past the traces in it. */
export function innermostDifferentiation(): Tape | undefined {
  let each = tape;
  while (each?.isTracing) each = each.outer;
  return each;
}

/** Whether the innermost differentiation notes a call on these inputs: one depends on its parameters. */
export function isDependent(inputs: Inputs): boolean {
  const differentiation = innermostDifferentiation();
  return differentiation !== undefined && dependsOnAny(inputs, differentiation);
}

/** Whether any trace runs: it notes every call. */
export const isTraced = (): boolean => tape?.isInTrace === true;

/** Notes a call on every trace and, if it is dependent, on the innermost differentiation. */
export function noteDown(note: Note, dependent: boolean): void {
  let isInnermost = true;
  for (let each = tape; each !== undefined; each = each.outer) {
    if (each.isTracing) each.notes.push(note);
    else {
      if (isInnermost && dependent) {
        each.dependent.add(note.context.output);
        each.notes.push(note);
      }
      isInnermost = false;
    }
  }
}

/** A call as a trace has it. */
export interface Call {
  readonly name: string;
  readonly inputs: Inputs;
  readonly options: unknown;
  readonly output: Tensor;
  readonly multiplyAdds: number;
}

/** Runs f and hands out every call of an operation in it, in order. */
export function callsOf<Result>(f: () => Result): [Result, readonly Call[]] {
  const own = newTape(new Set(), {}, true);
  const result = withTape(own, f);
  const calls = own.notes.map(({ definition: { name, multiplyAdds }, context }) => ({
    name,
    multiplyAdds: multiplyAdds?.(context.options) ?? 0,
    ...context,
  }));
  return [result, calls];
}

/** Refuses to differentiate a gradient: the rules call kernels, which leave no notes. */
export function checkFirstOrder(tensors: Inputs, innermost = tape): void {
  for (let each = innermost; each !== undefined; each = each.outer) {
    if (dependsOnAny(tensors, each)) {
      refuseUse(
        "vjp",
        "must not depend on the parameters of a vjp around it, gradients of gradients are not computed; " +
          "stopGradient makes a tensor a constant",
      );
    }
  }
}

/** Runs f without notes of its calls. */
export function unnoted<Result>(f: () => Result): Result {
  return withTape(undefined, f);
}

/** Runs f with its calls noted on a tape, or nowhere. */
function withTape<Result>(own: Tape | undefined, f: () => Result): Result {
  const outer = tape;
  hold(own);
  try {
    return f();
  } finally {
    hold(outer);
  }
}

function hold(next: Tape | undefined): void {
  tape = next;
  releaseAtEnd(next === undefined);
  watchReads(next?.isWatching ? checkRead : undefined);
}

/** Refuses to hand out values from which a loss could be computed past the tape. */
function checkRead(t: Tensor): void {
  for (let each = tape; each !== undefined; each = each.outer) {
    if (!each.checks.checkReads || !each.dependent.has(t)) continue;
    const rule =
      "must not be read inside the function that is differentiated (checkReads): no gradient flows through what is " +
      "computed from its numbers; use operations on it, or stopGradient(t).data where constants are meant";
    refuseUse("Tensor.data", `a tensor [${t.shape.join(", ")}] that depends on the parameters ${rule}`);
  }
}

/** Runs f with a tape that follows `parameters`. */
export function record<Result>(
  parameters: Set<Tensor>,
  f: () => Result,
  checks: GradOptions = {},
): [Result, Tape] {
  const own = newTape(new Set(parameters), checks);
  return [withTape(own, f), own];
}
