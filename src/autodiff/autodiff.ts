// Reverse-mode differentiation: operations note down how they were called, and the notes are read backwards. This
// file names no operation; each brings its gradient to `defineOp`.

import {
  checkBoolean,
  checkFunction,
  checkOptions,
  refuseKind,
  refuseUse,
  refuseValue,
} from "../check/check.js";
import { Gradients } from "./gradients.js";
import { checkNoStrangers } from "../tensor/plain.js";
import type { GradientContext, Inputs, OpDefinition } from "./opDefinition.js";
import { inScope, releaseAtEnd, scope } from "../tensor/scope.js";
import { adoptArray, checkTensor, isSameShape, Tensor, viewOf, watchReads } from "../tensor/tensor.js";
import { mapTree, tensorsOf } from "../tensor/tree.js";
import { countNonFinite } from "../wasm/kernels.js";

export type { Gradient, GradientContext, Inputs, OpDefinition } from "./opDefinition.js";

interface Note {
  readonly definition: OpDefinition<Inputs, unknown, unknown>;
  readonly context: GradientContext<Inputs, unknown>;
}

/** What one differentiation has seen: the tensors that depend on its parameters, and the calls, in order. */
interface Tape {
  readonly dependent: Set<Tensor>;
  readonly notes: Note[];
  /** The differentiation around it. */
  readonly outer: Tape | undefined;
  /** What is looked at. */
  readonly checks: GradOptions;
  /** Whether every call is noted, whatever it depends on. */
  readonly isTracing: boolean;
  /** Whether it, or one around it, checks reads. */
  readonly isWatching: boolean;
}

function newTape(parameters: Set<Tensor>, checks: GradOptions, isTracing = false): Tape {
  const isWatching = checks.checkReads === true || tape?.isWatching === true;
  return { dependent: parameters, notes: [], outer: tape, checks, isTracing, isWatching };
}

let tape: Tape | undefined;

/** Whether calls are being noted, so that what they compute must stay whole. */
export const isDifferentiating = (): boolean => tape !== undefined;

/**
 * Makes a differentiable operation. Outside a scope it runs in one of its own.
 *
 * @param definition - name, forward computation and gradients, see {@link OpDefinition}
 * @returns the operation: `(inputs, options) => output`
 * @example
 * const double = defineOp<[Tensor], undefined>({
 *   name: "double",
 *   forward: ([x]) => ops.scale(x, 2),
 *   gradients: [(gradOutput) => ops.scale(gradOutput, 2)],
 * });
 */
export function defineOp<In extends Inputs, Options, Shared = Tensor>(
  definition: OpDefinition<In, Options, Shared>,
): (inputs: In, options: Options) => Tensor {
  checkDefinition(definition);
  return (inputs, options) =>
    inScope(() => {
      if (!Array.isArray(inputs)) refuseKind(definition.name, "inputs", "be an array of tensors", inputs);
      const differentiation = differentiationAt(tape);
      checkFirstOrder(differentiation?.outer, inputs);
      const result =
        tape === undefined
          ? definition.forward(inputs, options)
          : withTape(undefined, () => definition.forward(inputs, options));
      if (!(result instanceof Tensor)) refuseKind(definition.name, "forward", "return a tensor", result);
      if (differentiation?.checks.checkNumerics) checkFinite(definition.name, result);
      if (tape === undefined) return result;
      const isDependent = differentiation !== undefined && dependsOnAny(inputs, differentiation);
      const tapes = tapesThatNote(isDependent ? differentiation : undefined);
      if (tapes.length === 0) return result;
      // A tensor of its own: the result may be an input, or what another call returned too.
      const output = new Tensor(result.storage, result.shape, result.offset);
      const note = { definition, context: { inputs, output, options } } as unknown as Note;
      for (const each of tapes) {
        if (!each.isTracing) each.dependent.add(output);
        each.notes.push(note);
      }
      return output;
    });
}

function dependsOnAny(inputs: Inputs, { dependent }: Tape): boolean {
  for (const input of inputs) if (input !== undefined && dependent.has(input)) return true;
  return false;
}

/** The differentiation that a call is noted for, if any, and every trace around it. */
function tapesThatNote(differentiation: Tape | undefined): Tape[] {
  const found: Tape[] = [];
  for (let each = tape; each !== undefined; each = each.outer) {
    if (each.isTracing || each === differentiation) found.push(each);
  }
  return found;
}

/** The innermost differentiation, past the traces in it. */
function differentiationAt(innermost: Tape | undefined): Tape | undefined {
  let each = innermost;
  while (each?.isTracing) each = each.outer;
  return each;
}

/** A call as a trace has it. */
export interface Call {
  readonly name: string;
  readonly inputs: Inputs;
  readonly options: unknown;
  readonly output: Tensor;
}

/** Runs f and hands out every call of an operation in it, in order. */
export function callsOf<Result>(f: () => Result): [Result, readonly Call[]] {
  const own = newTape(new Set(), {}, true);
  const result = withTape(own, f);
  return [result, own.notes.map(({ definition: { name }, context }) => ({ name, ...context }))];
}

function checkDefinition(definition: unknown): void {
  const where = "defineOp";
  if (typeof definition !== "object" || definition === null) {
    refuseKind(where, "definition", "be an object with name, forward and gradients", definition);
  }
  const { name, forward, gradients, shared } = definition as Partial<OpDefinition<Inputs, unknown>>;
  if (typeof name !== "string") refuseKind(where, "name", "be a string, for error messages", name);
  checkFunction(where, "forward", forward);
  if (typeof gradients !== "function" && !Array.isArray(gradients)) {
    refuseKind(where, "gradients", "be an array with a function or null per input, or a function", gradients);
  }
  if (shared !== undefined) checkFunction(where, "shared", shared);
}

/** Refuses a result with NaN or infinity, telling where the first one is. */
function checkFinite(name: string, output: Tensor): void {
  const count = countNonFinite(output, output.size);
  if (count === 0) return;
  const values = viewOf(output);
  const first = values.findIndex((value) => !Number.isFinite(value));
  const place = `at element ${first} of [${output.shape.join(", ")}], ${count} not finite in all`;
  refuseUse(name, `result must be finite (checkNumerics), got ${values[first]} ${place}`);
}

/** Refuses to differentiate a gradient: the rules call kernels, which leave no notes. */
function checkFirstOrder(outer: Tape | undefined, tensors: Inputs): void {
  for (let each = outer; each !== undefined; each = each.outer) {
    if (dependsOnAny(tensors, each)) {
      refuseUse(
        "vjp",
        "must not depend on the parameters of a vjp around it, gradients of gradients are not computed; " +
          "stopGradient makes a tensor a constant",
      );
    }
  }
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

/** Reads the notes backwards from `output`, whose gradient is given; the parameters' gradients are left. */
function pullBack({ notes, dependent }: Tape, output: Tensor, gradOutput: Tensor): Gradients {
  const gradients = new Gradients();
  if (dependent.has(output)) gradients.add(output, gradOutput);
  for (let note = notes.pop(); note !== undefined; note = notes.pop()) {
    const { definition, context } = note;
    const gradient = gradients.takeOut(context.output);
    if (gradient === undefined) continue;
    const shared = definition.shared?.(gradient, context) ?? gradient;
    context.inputs.forEach((input, i) => {
      if (input === undefined || !dependent.has(input)) return;
      const rules = definition.gradients;
      const rule = typeof rules === "function" ? rules(i) : rules[i];
      if (rule === null) return;
      if (typeof rule !== "function") checkFunction(definition.name, `gradients[${i}]`, rule);
      const gradInput = rule(gradient, context, shared as Tensor);
      checkTensor(definition.name, `gradients[${i}]`, gradInput);
      if (!isSameShape(gradInput.shape, input.shape)) {
        const rule = `return the input's shape [${input.shape.join(", ")}]`;
        refuseValue(definition.name, `gradients[${i}]`, rule, gradInput.shape);
      }
      gradients.add(input, gradInput);
    });
    gradients.dropUnheld(tensorsOf(shared));
    gradients.drop(gradient);
  }
  return gradients;
}

/** Runs f with a tape that follows `parameters`. */
function record<Result>(parameters: Set<Tensor>, f: () => Result, checks: GradOptions = {}): [Result, Tape] {
  const own = newTape(new Set(parameters), checks);
  return [withTape(own, f), own];
}

/** The gradients of `parameters`' tree, read back from `output`; zeros where it does not depend on a parameter. */
function collect<Params>(params: Params, notes: Tape, output: Tensor, gradOutput: Tensor): Params {
  // In a scope of their own, the gradients that rules computed are told from tensors they merely returned.
  return scope(() => {
    const gradients = pullBack(notes, output, gradOutput);
    return mapTree(params, (t) => gradients.get(t) ?? adoptArray(new Float32Array(t.size), t.shape));
  });
}

/**
 * The vector-Jacobian product of a function with a tensor result: value and gradients for a given gradient of the
 * result.
 *
 * @param f - function of a tree of tensors (and anything else), to a tensor
 * @returns `(gradOutput, params, ...rest) => { value, grads }`; `grads` is a tree like `params`
 * @throws {TypeError} when f is not a function or does not return a tensor
 * @throws {RangeError} when `gradOutput` has another shape than the value
 * @throws {Error} when it depends on the parameters of a vjp around it: gradients of gradients are not computed
 * @example
 * const { grads } = vjp((x: Tensor) => ops.exp(x))(ones([2]), tensor([0, 1]));
 * grads.data; // [1, 2.718…]
 */
export function vjp<Params, Rest extends unknown[]>(
  f: (params: Params, ...rest: Rest) => Tensor,
): (gradOutput: Tensor, params: Params, ...rest: Rest) => { value: Tensor; grads: Params } {
  const where = "vjp";
  checkFunction(where, "f", f);
  return (gradOutput, params, ...rest) =>
    scope(() => {
      checkTensor(where, "gradOutput", gradOutput);
      checkNoStrangers(where, "params", params);
      const parameters = new Set(tensorsOf(params, [where, "params"]));
      checkFirstOrder(tape, [gradOutput, ...parameters]);
      const [value, notes] = record(parameters, () => f(params, ...rest));
      if (!(value instanceof Tensor)) refuseKind(where, "f", "return a tensor", value);
      if (!isSameShape(value.shape, gradOutput.shape)) {
        const rule = `equal the value's [${value.shape.join(", ")}]`;
        refuseValue(where, "gradOutput.shape", rule, gradOutput.shape);
      }
      return { value, grads: collect(params, notes, value, gradOutput) };
    });
}

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

/** A scalar loss, alone or with other results, as `[loss, aux]`. */
export type Loss<Aux> = Tensor | readonly [Tensor, Aux];

/** What a function from {@link valueAndGrad} gives. */
export interface ValueAndGrad<Params, Aux> {
  /** The loss. */
  readonly value: Tensor;
  /** Its gradient by every tensor of the first argument, as a tree of the same form. */
  readonly grads: Params;
  /** What `f` returned beside the loss. */
  readonly aux: Aux;
}

/**
 * Turns a loss into the function that gives its value and its gradients.
 *
 * The gradients are those by every tensor of the first argument, whatever its form (objects, arrays, tuples). All
 * else is constant and costs nothing: also numbers that `f` reads from tensors (`data`, `item`, `toNdarray`) and
 * whatever it computes from them. Intermediate results live in a scope and are released at its end.
 *
 * @param f - `(params, ...rest) => loss`, a tensor with one element; or `[loss, aux]` to hand out more results
 * @param options.checkNumerics - name the first operation whose result is NaN or infinite (default false)
 * @param options.checkReads - refuse to read values that depend on the parameters inside `f` (default false); for a log
 *   there is `stopGradient(t).data`
 * @returns `(params, ...rest) => { value, grads, aux }`
 * @throws {TypeError} when f is not a synchronous function or does not return a tensor
 * @throws {RangeError} when the loss has more than one element
 * @throws {Error} with checkNumerics, when a result is not finite; with checkReads, when `f` reads values that depend on
 *   the parameters
 * @example
 * const lossOf = (params: { w: Tensor }, x: Tensor) => ops.sum(ops.square(ops.matmul(x, params.w)));
 * const { value, grads } = valueAndGrad(lossOf)({ w: ones([2, 1]) }, tensor([[1, 2]]));
 * grads.w.data; // [6, 12]
 * @see Griewank & Walther, "Evaluating derivatives" (2008), chapter 3
 */
export function valueAndGrad<Params, Rest extends unknown[], Aux = undefined>(
  f: (params: Params, ...rest: Rest) => Loss<Aux>,
  options: GradOptions = {},
): (params: Params, ...rest: Rest) => ValueAndGrad<Params, Aux> {
  const where = "valueAndGrad";
  checkFunction(where, "f", f);
  checkOptions(where, options, ["checkNumerics", "checkReads"]);
  const { checkNumerics = false, checkReads = false } = options;
  checkBoolean(where, "checkNumerics", checkNumerics);
  checkBoolean(where, "checkReads", checkReads);
  return (params, ...rest) =>
    scope(() => {
      checkNoStrangers(where, "params", params);
      const parameters = new Set(tensorsOf(params, [where, "params"]));
      checkFirstOrder(tape, [...parameters]);
      const [result, notes] = record(parameters, () => f(params, ...rest), { checkNumerics, checkReads });
      const [value, aux] = (Array.isArray(result) ? result : [result, undefined]) as readonly [Tensor, Aux];
      if (!(value instanceof Tensor)) {
        refuseKind(where, "f", "return a tensor (synchronously), or [tensor, aux]", value);
      }
      if (value.size !== 1) refuseValue(where, "loss.shape", "have one element", value.shape);
      const one = adoptArray(Float32Array.of(1), value.shape);
      return { value, grads: collect(params, notes, value, one), aux };
    });
}

/**
 * Turns a loss into the function that gives its gradients; see {@link valueAndGrad}. Numbers that `f` reads from tensors
 * (`data`, `item`) are constants: no gradient flows through what it computes from them.
 *
 * @param f - `(params, ...rest) => loss`
 * @param options.checkNumerics - as there
 * @param options.checkReads - as there
 * @returns `(params, ...rest) => grads`
 * @throws {TypeError} when f is not a synchronous function or does not return a tensor
 * @throws {RangeError} when the loss has more than one element
 * @example
 * grad((x: Tensor) => ops.sum(ops.square(x)))(tensor([1, 2])).data; // [2, 4]
 */
export function grad<Params, Rest extends unknown[]>(
  f: (params: Params, ...rest: Rest) => Loss<unknown>,
  options: GradOptions = {},
): (params: Params, ...rest: Rest) => Params {
  const both = valueAndGrad(f, options);
  return (params, ...rest) => both(params, ...rest).grads;
}

/**
 * The same values, seen as a constant: no gradient flows through.
 *
 * @param t - tensor
 * @returns tensor that shares its values
 * @throws {TypeError} when `t` is not a tensor
 * @example
 * grad((x: Tensor) => ops.sum(ops.mul(x, stopGradient(x))))(tensor([3])).data; // [3]
 */
export function stopGradient(t: Tensor): Tensor {
  checkTensor("stopGradient", "t", t);
  return new Tensor(t.storage, t.shape, t.offset);
}
