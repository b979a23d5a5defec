// Layers made of layers: one after another, around a shortcut, side by side.

import { refuseKind, refuseValue, within } from "../check/check.js";
import * as ops from "../ops/index.js";
import { fold } from "../random/keys.js";
import { isSameShape, type Shape, type Tensor } from "../tensor/tensor.js";
import type { Tree } from "../tensor/tree.js";
import { defineLayer, type Layer } from "./layer.js";
import { contextOf } from "./checks.js";
import { layerOf } from "./given.js";

type AnyLayer = Layer<Tree, Tree, unknown>;
type ParamsOf<L> = L extends { init(...args: never): { params: infer Params } } ? Params : never;
type StateOf<L> = L extends { init(...args: never): { state: infer State } } ? State : never;
/** What the last of some layers gives: a tensor, unless the layers end in heads. */
type OutputOf<L> = L extends readonly [...unknown[], { apply(...args: never): { output: infer Output } }]
  ? Output
  : Tensor;

/** Checks that parameters or state have an entry per layer inside, under the names that `init` gave them. */
function checkEntries(where: string, argument: string, tree: unknown, names: readonly string[]): void {
  const isWhole =
    typeof tree === "object" && tree !== null && names.every((name) => Object.hasOwn(tree, name));
  if (!isWhole || Object.keys(tree).length !== names.length) {
    refuseKind(where, argument, `have the entries ${names.join(", ")}, as init gives them`, tree);
  }
}

/**
 * Layers one after another.
 *
 * @param layers - at least one; each takes the output of the one before; the last may be {@link parallel} heads
 * @returns layer whose parameters and state are arrays, one entry per layer
 * @throws {TypeError} when an argument is not a layer
 * @example
 * const encoder = sequential(flatten(), dense(32, { activation: "relu" }));
 * encoder.outputShape([28, 28, 1]); // [32]
 */
export function sequential<const L extends readonly Layer[] | readonly [...Layer[], AnyLayer]>(
  ...layers: L
): Layer<
  { -readonly [I in keyof L]: ParamsOf<L[I]> },
  { -readonly [I in keyof L]: StateOf<L[I]> },
  OutputOf<L>
> {
  const where = "sequential";
  // Heads can only stand at the end: nothing takes their output for a tensor.
  const parts = (layers as readonly Layer[]).map((layer, i) => layerOf(where, `layers[${i}]`, layer));
  if (parts.length === 0) refuseValue(where, "layers", "be at least one", layers);
  const indices = parts.map((_, i) => `${i}`);
  const chain: Layer<Tree[], Tree[]> = {
    spec: { type: where, args: parts.map(({ spec }) => spec) },
    children: { joined: "sequence", parts: parts.map((layer, i) => ({ place: `[${i}]`, layer })) },
    outputShape: (inputShape) =>
      parts.reduce<Shape>((shape, layer, i) => within(`[${i}]`, () => layer.outputShape(shape)), inputShape),
    init: (key, inputShape) => {
      const params: Tree[] = [];
      const state: Tree[] = [];
      let shape = inputShape;
      parts.forEach((layer, i) => {
        const initialized = within(`[${i}]`, () => layer.init(fold(key, i), shape));
        params.push(initialized.params);
        state.push(initialized.state);
        shape = initialized.outputShape;
      });
      return { params, state, outputShape: shape };
    },
    apply: (params, state, input, context = {}) => {
      checkEntries(where, "params", params, indices);
      checkEntries(where, "state", state, indices);
      const states: Tree[] = [];
      let output = input;
      parts.forEach((layer, i) => {
        const applied = within(`[${i}]`, () =>
          layer.apply(params[i], state[i], output, contextOf(context, i)),
        );
        states.push(applied.state);
        output = applied.output;
      });
      return { output, state: states };
    },
  };
  return defineLayer(chain) as never;
}

/**
 * `x + f(x)`: a layer with a shortcut around it.
 *
 * @param inner - a layer that keeps the shape
 * @returns layer with the parameters of `inner`
 * @throws {TypeError} when `inner` is not a layer
 * @throws {RangeError} in `init`, when `inner` changes the shape
 * @example
 * residual(dense(32, { activation: "relu" })).outputShape([32]); // [32]
 * @see He et al., "Deep residual learning" (2015)
 */
export function residual<Params extends Tree, State extends Tree>(
  inner: Layer<Params, State>,
): Layer<Params, State> {
  return residualOf(layerOf("residual", "inner", inner as AnyLayer) as Layer<Params, State>);
}

function residualOf<Params extends Tree, State extends Tree>(
  inner: Layer<Params, State>,
): Layer<Params, State> {
  const outputShape = (inputShape: Shape) => {
    const shape = within("residual", () => inner.outputShape(inputShape));
    if (!isSameShape(shape, inputShape)) {
      refuseValue("residual", "inner", `keep the shape [${inputShape.join(", ")}]`, shape);
    }
    return shape;
  };
  return defineLayer<Params, State, Tensor>({
    spec: { type: "residual", args: [inner.spec] },
    children: { joined: "sum", parts: [{ place: "residual", layer: inner }] },
    outputShape,
    init: (key, inputShape) => {
      outputShape(inputShape);
      return within("residual", () => inner.init(key, inputShape));
    },
    apply: (params, state, input, context) => {
      const applied = within("residual", () => inner.apply(params, state, input, context));
      return { output: ops.add(input, applied.output), state: applied.state };
    },
  });
}

/** Tensors by the names of the heads. */
export type Heads<L> = { readonly [Name in keyof L]: Tensor };

/**
 * Several layers on the same input, as the two heads of a VAE's encoder.
 *
 * @param heads - layers by name
 * @returns layer whose output, parameters and state are objects with those names
 * @throws {TypeError} when an entry is not a layer
 * @throws {RangeError} when there is none
 * @example
 * const heads = parallel({ mean: dense(16), logVar: dense(16) });
 */
export function parallel<L extends Readonly<Record<string, Layer>>>(
  heads: L,
): Layer<{ readonly [N in keyof L]: ParamsOf<L[N]> }, { readonly [N in keyof L]: StateOf<L[N]> }, Heads<L>> {
  const where = "parallel";
  if (typeof heads !== "object" || heads === null) refuseKind(where, "heads", "be layers by name", heads);
  const names = Object.keys(heads);
  const parts: Readonly<Record<string, Layer>> = Object.fromEntries(
    names.map((name) => [name, layerOf(where, `heads.${name}`, heads[name])]),
  );
  if (names.length === 0) refuseValue(where, "heads", "be at least one", heads);
  const collect = <T>(f: (name: string, i: number) => T) =>
    Object.fromEntries(names.map((name, i) => [name, within(name, () => f(name, i))]));
  type Trees = Readonly<Record<string, Tree>>;
  const layer: Layer<Trees, Trees, Readonly<Record<string, Tensor>>> = {
    spec: { type: where, args: [Object.fromEntries(names.map((name) => [name, parts[name].spec]))] },
    children: { joined: "heads", parts: names.map((place) => ({ place, layer: parts[place] })) },
    outputShape: (inputShape) => {
      const shapes = names.map((name) => within(name, () => parts[name].outputShape(inputShape)));
      return shapes[0];
    },
    init: (key, inputShape) => {
      const all = collect((name, i) => parts[name].init(fold(key, i), inputShape));
      return {
        params: collect((name) => all[name].params),
        state: collect((name) => all[name].state),
        outputShape: all[names[0]].outputShape,
      };
    },
    apply: (params, state, input, context = {}) => {
      checkEntries(where, "params", params, names);
      checkEntries(where, "state", state, names);
      const all = collect((name, i) =>
        parts[name].apply(params[name], state[name], input, contextOf(context, i)),
      );
      return { output: collect((name) => all[name].output), state: collect((name) => all[name].state) };
    },
  };
  return defineLayer(layer) as never;
}
