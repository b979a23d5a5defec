// What a differentiable operation is made from: its kernel call, and a gradient per input.

import type { Tensor } from "../tensor/tensor.js";

/** Inputs of an operation; optional ones may be absent. */
export type Inputs = readonly (Tensor | undefined)[];

/** What a gradient may look at. */
export interface GradientContext<In extends Inputs, Options> {
  readonly inputs: In;
  readonly output: Tensor;
  readonly options: Options;
}

/** d loss / d input, given d loss / d output and what the definition's `shared` made of it; of the input's shape. */
export type Gradient<In extends Inputs, Options, Shared = Tensor> = (
  gradOutput: Tensor,
  context: GradientContext<In, Options>,
  shared: Shared,
) => Tensor;

/** An operation: its kernel call and, per input, its gradient. */
export interface OpDefinition<In extends Inputs, Options, Shared = Tensor> {
  /** The name in error messages. */
  readonly name: string;
  /** Computes the output from checked arguments. */
  readonly forward: (inputs: In, options: Options) => Tensor;
  /** Each input's gradient, or null where none exists; a function of the index where inputs vary in number. Only
   *  those that are needed run. */
  readonly gradients:
    | { readonly [I in keyof In]: Gradient<In, Options, Shared> | null }
    | ((index: number) => Gradient<In, Options, Shared>);
  /** Multiply-adds of a call with these options, which traces tell (absent: none worth counting). */
  readonly multiplyAdds?: ((options: Options) => number) | undefined;
  /** What all gradients need, computed once and released after them (absent: the gradient of the output). */
  readonly shared?: ((gradOutput: Tensor, context: GradientContext<In, Options>) => Shared) | undefined;
}
