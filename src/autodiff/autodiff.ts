// Reverse-mode differentiation: operations note down how they were called, and the notes are read backwards. This
// room names no operation; each brings its gradient to `defineOp`.

import { checkBoolean, checkFunction, checkOptions, refuseKind, refuseValue } from "../check/check.js";
import { checkNoStrangers } from "../tensor/plain.js";
import { scope } from "../tensor/scope.js";
import { adoptArray, checkTensor, isSameShape, Tensor } from "../tensor/tensor.js";
import { mapTree, tensorsOf } from "../tensor/tree.js";
import { Gradients } from "./gradients.js";
import { checkFirstOrder, type GradOptions, record, type Tape } from "./tape.js";

export { defineOp } from "./defineOp.js";
export type { Gradient, GradientContext, Inputs, OpDefinition } from "./opDefinition.js";
export { type GradOptions, isDifferentiating } from "./tape.js";

/** Whether a rule has returned what it must; the words of a refusal are only made where it has not. */
function isGradientOf(input: Tensor, value: unknown): value is Tensor {
  return value instanceof Tensor && value.storage !== undefined && isSameShape(value.shape, input.shape);
}

function refuseGradient(name: string, i: number, gradient: unknown, input: Tensor): never {
  const argument = `gradients[${i}]`;
  checkTensor(name, argument, gradient);
  return refuseValue(name, argument, `return the input's shape [${input.shape.join(", ")}]`, gradient.shape);
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
    const { gradients: rules } = definition;
    const { inputs } = context;
    for (let i = 0; i < inputs.length; i++) {
      const input = inputs[i];
      if (input === undefined || !dependent.has(input)) continue;
      const rule = typeof rules === "function" ? rules(i) : rules[i];
      if (rule === null) continue;
      if (typeof rule !== "function") checkFunction(definition.name, `gradients[${i}]`, rule);
      const gradInput: unknown = rule(gradient, context, shared as Tensor);
      if (!isGradientOf(input, gradInput)) refuseGradient(definition.name, i, gradInput, input);
      gradients.add(input, gradInput);
    }
    if (shared !== gradient) gradients.dropUnheld(tensorsOf(shared));
    gradients.drop(gradient);
  }
  return gradients;
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
      checkFirstOrder([gradOutput, ...parameters]);
      const [value, notes] = record(parameters, () => f(params, ...rest));
      if (!(value instanceof Tensor)) refuseKind(where, "f", "return a tensor", value);
      if (!isSameShape(value.shape, gradOutput.shape)) {
        const rule = `equal the value's [${value.shape.join(", ")}]`;
        refuseValue(where, "gradOutput.shape", rule, gradOutput.shape);
      }
      return { value, grads: collect(params, notes, value, gradOutput) };
    });
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
      checkFirstOrder([...parameters]);
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
