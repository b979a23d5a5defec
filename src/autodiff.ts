// Reverse-mode differentiation: operations note down how they were called, and the notes are read backwards. This
// file names no operation; each brings its gradient to `defineOp`.

import { checkFunction, refuseKind, refuseUse, refuseValue } from "./check.js";
import { inScope, scope } from "./scope.js";
import { adoptArray, checkTensor, emptyTensor, isSameShape, Tensor } from "./tensor.js";
import { mapTree, tensorsOf } from "./tree.js";
import { arithmetic } from "./wasm/kernels.js";
import { isOfInnermostFrame, releaseEarly, type Storage } from "./wasm/storage.js";

/** Inputs of an operation; optional ones may be absent. */
export type Inputs = readonly (Tensor | undefined)[];

/** What a gradient may look at. */
export interface GradientContext<In extends Inputs, Options> {
  readonly inputs: In;
  readonly output: Tensor;
  readonly options: Options;
}

/** d loss / d input, given d loss / d output; of the input's shape. */
export type Gradient<In extends Inputs, Options> = (
  gradOutput: Tensor,
  context: GradientContext<In, Options>,
) => Tensor;

/** An operation: its kernel call and, per input, its gradient. */
export interface OpDefinition<In extends Inputs, Options> {
  /** The name in error messages. */
  readonly name: string;
  /** Computes the output from checked arguments. */
  readonly forward: (inputs: In, options: Options) => Tensor;
  /** Each input's gradient, or null where none exists; a function of the index where inputs vary in number. Only
   *  those that are needed run. */
  readonly gradients:
    { readonly [I in keyof In]: Gradient<In, Options> | null } | ((index: number) => Gradient<In, Options>);
}

interface Note {
  readonly definition: OpDefinition<Inputs, unknown>;
  readonly context: GradientContext<Inputs, unknown>;
}

/** What one differentiation has seen: the tensors that depend on its parameters, and the calls, in order. */
interface Tape {
  readonly dependent: Set<Tensor>;
  readonly notes: Note[];
  /** The differentiation around it. */
  readonly outer: Tape | undefined;
}

let tape: Tape | undefined;

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
export function defineOp<In extends Inputs, Options>(
  definition: OpDefinition<In, Options>,
): (inputs: In, options: Options) => Tensor {
  return (inputs, options) =>
    inScope(() => {
      checkFirstOrder(tape?.outer, inputs);
      const output = untaped(() => definition.forward(inputs, options));
      if (tape !== undefined && inputs.some((input) => input !== undefined && tape?.dependent.has(input))) {
        tape.dependent.add(output);
        const context = { inputs, output, options };
        tape.notes.push({ definition, context } as unknown as Note);
      }
      return output;
    });
}

/** Refuses to differentiate a gradient: the rules call kernels, which leave no notes. */
function checkFirstOrder(outer: Tape | undefined, tensors: Inputs): void {
  for (let tape = outer; tape !== undefined; tape = tape.outer) {
    if (tensors.some((t) => t !== undefined && tape?.dependent.has(t))) {
      refuseUse(
        "vjp",
        "must not depend on the parameters of a vjp around it, gradients of gradients are not computed; " +
          "stopGradient makes a tensor a constant",
      );
    }
  }
}

/** Runs f without taking notes. */
function untaped<Result>(f: () => Result): Result {
  const outer = tape;
  tape = undefined;
  try {
    return f();
  } finally {
    tape = outer;
  }
}

/** Gradients on their way back, and how many of them share each storage. */
class Gradients {
  private readonly byTensor = new Map<Tensor, Tensor>();
  private readonly holders = new Map<Storage, number>();

  add(tensor: Tensor, gradient: Tensor): void {
    const present = this.byTensor.get(tensor);
    if (present === undefined) return this.hold(tensor, gradient);
    // Added to in place only where nobody else reads it: a rule may also return a constant of its maker.
    const isOwn =
      this.holders.get(present.storage) === 1 &&
      present.storage !== gradient.storage &&
      isOfInnermostFrame(present.storage);
    const sum = isOwn ? present : emptyTensor(tensor.shape);
    arithmetic("add", present, sum.size, gradient, sum.size, sum, sum.size);
    if (isOwn) {
      if (!this.holders.has(gradient.storage)) releaseEarly(gradient.storage);
      return;
    }
    this.hold(tensor, sum);
    this.drop(present);
  }

  /** Hands the gradient over; `release` it once it is used up. */
  takeOut(tensor: Tensor): Tensor | undefined {
    const gradient = this.byTensor.get(tensor);
    this.byTensor.delete(tensor);
    return gradient;
  }

  get(tensor: Tensor): Tensor | undefined {
    return this.byTensor.get(tensor);
  }

  drop(gradient: Tensor): void {
    const holders = (this.holders.get(gradient.storage) as number) - 1;
    this.holders.set(gradient.storage, holders);
    if (holders > 0) return;
    this.holders.delete(gradient.storage);
    releaseEarly(gradient.storage);
  }

  private hold(tensor: Tensor, gradient: Tensor): void {
    this.byTensor.set(tensor, gradient);
    this.holders.set(gradient.storage, (this.holders.get(gradient.storage) ?? 0) + 1);
  }
}

/** Reads the notes backwards from `output`, whose gradient is given; parameters' gradients stay. */
function pullBack(
  { notes, dependent }: Tape,
  output: Tensor,
  gradOutput: Tensor,
  parameters: Set<Tensor>,
): Gradients {
  const gradients = new Gradients();
  if (dependent.has(output)) gradients.add(output, gradOutput);
  for (let note = notes.pop(); note !== undefined; note = notes.pop()) {
    const { definition, context } = note;
    const kept = parameters.has(context.output);
    const gradient = kept ? gradients.get(context.output) : gradients.takeOut(context.output);
    if (gradient === undefined) continue;
    context.inputs.forEach((input, i) => {
      if (input === undefined || !dependent.has(input)) return;
      const { gradients: rules } = definition;
      const rule = typeof rules === "function" ? rules(i) : rules[i];
      if (rule === null) return;
      const gradInput = rule(gradient, context);
      checkTensor(definition.name, `gradients[${i}]`, gradInput);
      if (!isSameShape(gradInput.shape, input.shape)) {
        const rule = `return the input's shape [${input.shape.join(", ")}]`;
        refuseValue(definition.name, `gradients[${i}]`, rule, gradInput.shape);
      }
      gradients.add(input, gradInput);
    });
    if (!kept) gradients.drop(gradient);
  }
  return gradients;
}

/** Runs f with a tape that follows `parameters`. */
function record<Result>(parameters: Set<Tensor>, f: () => Result): [Result, Tape] {
  const outer = tape;
  const own: Tape = { dependent: new Set(parameters), notes: [], outer };
  tape = own;
  try {
    return [f(), own];
  } finally {
    tape = outer;
  }
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
  checkFunction("vjp", "f", f);
  return (gradOutput, params, ...rest) =>
    scope(() => {
      checkTensor("vjp", "gradOutput", gradOutput);
      const parameters = new Set(tensorsOf(params));
      checkFirstOrder(tape, [gradOutput, ...parameters]);
      const [value, notes] = record(parameters, () => f(params, ...rest));
      if (!(value instanceof Tensor)) refuseKind("vjp", "f", "return a tensor", value);
      if (!isSameShape(value.shape, gradOutput.shape)) {
        refuseValue(
          "vjp",
          "gradOutput.shape",
          `equal the value's [${value.shape.join(", ")}]`,
          gradOutput.shape,
        );
      }
      const zero = (t: Tensor) => adoptArray(new Float32Array(t.size), t.shape);
      // In a scope of their own, the gradients that rules computed are told from tensors they merely returned.
      const grads = scope(() => {
        const gradients = pullBack(notes, value, gradOutput, parameters);
        return mapTree(params, (t) => gradients.get(t) ?? zero(t));
      });
      return { value, grads };
    });
}

/**
 * The same values, seen as a constant: no gradient flows through.
 *
 * @param t - tensor
 * @returns tensor that shares its values
 * @throws {TypeError} when `t` is not a tensor
 * @example
 * const target = stopGradient(ops.square(x));
 */
export function stopGradient(t: Tensor): Tensor {
  checkTensor("stopGradient", "t", t);
  return new Tensor(t.storage, t.shape, t.offset);
}
