// What a layer is: `init` from a key and an input shape to parameters, state and output shape; `apply` from
// parameters, state and input to output and new state. Shapes leave out the batch axis.

import { checkBoolean, checkSizes, refuseKind } from "../check/check.js";
import type { Key } from "../random/keys.js";
import type { Shape, Tensor } from "../tensor/tensor.js";
import type { Tree } from "../tensor/tree.js";

/** How a layer is applied. */
export interface ApplyContext {
  /** Whether dropout, noise and batch norm behave as in training (default false). */
  readonly training?: boolean;
  /** For layers that draw random numbers in training. */
  readonly key?: Key;
}

/** What `init` gives. */
export interface Initialized<Params, State> {
  readonly params: Params;
  /** What changes by applying rather than by gradients: moving averages. */
  readonly state: State;
  readonly outputShape: Shape;
}

/** What `apply` gives. */
export interface Applied<Output, State> {
  readonly output: Output;
  readonly state: State;
}

/**
 * How a layer was made, as JSON can hold it: the maker's name and its arguments, completed with every default, layers
 * among them as specs.
 */
export interface LayerSpec {
  readonly type: string;
  readonly args: readonly unknown[];
}

/** No parameters or no state. */
export type None = Readonly<Record<never, never>>;

/** The layers inside a layer. */
export interface Children {
  /** `"sequence"`: each takes what the one before gives; `"sum"`: x + f(x); `"heads"`: all take the same input. */
  readonly joined: "sequence" | "sum" | "heads";
  /** By the name of their place. */
  readonly parts: readonly { readonly place: string; readonly layer: Layer<Tree, Tree, unknown> }[];
}

/** A pure function with parameters; see the head of this file. */
export interface Layer<Params = Tree, State = Tree, Output = Tensor> {
  readonly spec: LayerSpec;
  /** The layers inside and how they are joined. */
  readonly children?: Children;
  /** The shape of one output, from that of one input. */
  outputShape(inputShape: Shape): Shape;
  init(key: Key, inputShape: Shape): Initialized<Params, State>;
  apply(params: Params, state: State, input: Tensor, context?: ApplyContext): Applied<Output, State>;
}

/** A layer whose methods refuse what they cannot take: they are called by users and by layers around it. */
export function defineLayer<Params, State, Output>(
  layer: Layer<Params, State, Output>,
): Layer<Params, State, Output> {
  const where = layer.spec.type;
  const { children } = layer;
  const checked = <Result>(inputShape: Shape, f: (inputShape: Shape) => Result): Result => {
    // How many elements there may be is said where they are made.
    checkSizes(where, "input shape", inputShape, Infinity);
    // A copy, which stays as it was checked.
    return f(Array.from(inputShape));
  };
  const outputShape = (inputShape: Shape) => checked(inputShape, layer.outputShape);
  const made: Layer<Params, State, Output> = {
    ...layer,
    outputShape,
    init: (key: Key, inputShape: Shape) => {
      outputShape(inputShape);
      return checked(inputShape, (shape) => layer.init(key, shape));
    },
    apply: (params: Params, state: State, input: Tensor, context?: ApplyContext) => {
      // Layers made of layers know the names of their entries.
      if (children === undefined) {
        checkEntriesOf(where, "params", params);
        checkEntriesOf(where, "state", state);
      }
      if (context !== undefined) checkContext(where, context);
      return layer.apply(params, state, input, context);
    },
  };
  MADE_HERE.add(made);
  return made;
}

const MADE_HERE = new WeakSet<object>();

/** Whether a layer is as {@link defineLayer} made it: what it gives needs no checks. */
export const isMadeHere = (layer: object): boolean => MADE_HERE.has(layer);

function checkEntriesOf(where: string, argument: string, tree: unknown): void {
  if (typeof tree !== "object" || tree === null) refuseKind(where, argument, "be what init gives", tree);
}

function checkContext(where: string, context: unknown): void {
  if (typeof context !== "object" || context === null) refuseKind(where, "context", "be an object", context);
  const { training } = context as ApplyContext;
  if (training !== undefined) checkBoolean(where, "training", training);
}

/** A layer without parameters and state, from its function and shape rule. */
export function plainLayer(
  type: string,
  args: readonly unknown[],
  outputShape: (inputShape: Shape) => Shape,
  f: (input: Tensor, context: ApplyContext) => Tensor,
): Layer<None, None> {
  return defineLayer<None, None, Tensor>({
    spec: { type, args },
    outputShape,
    init: (_, inputShape) => ({ params: {}, state: {}, outputShape: outputShape(inputShape) }),
    apply: (_, state, input, context = {}) => ({ output: f(input, context), state }),
  });
}

/** Drops trailing options that were left at `{}`. */
export function specArgs(first: readonly unknown[], options: object): readonly unknown[] {
  return Object.keys(options).length === 0 ? first : [...first, options];
}
