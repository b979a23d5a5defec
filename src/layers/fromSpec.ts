// Layers from their descriptions: the way back from `layer.spec`, which files of models hold as JSON. Files are
// not trusted: nothing but the functions of index.ts is ever called, and they check every argument.

import { checkFunction, refuseKind, refuseValue, within } from "../check/check.js";
import type { Tensor } from "../tensor/tensor.js";
import { isObject, type Tree } from "../tensor/tree.js";
import * as layers from "./index.js";
import type { Layer, LayerSpec } from "./layer.js";
import { layerOf } from "./given.js";

type AnyLayer = Layer<Tree, Tree, unknown>;

/** Functions that make layers, by the type in their layers' specs. */
export type LayerMakers = Readonly<Record<string, (...args: never[]) => Layer<Tree, Tree, unknown>>>;

/** The built-in ones. */
export const MAKERS = layers satisfies LayerMakers;

/** Deepest nesting: more would end in a stack overflow, here or in who walks the layers. */
const MAX_DEPTH = 64;

/** Most arguments of a maker: far more would overflow the stack in the call. */
const MAX_ARGS = 10_000;

/** Most characters of a head's name in an error message. */
const SHOWN = 60;

/** Layers among whose arguments are specs. */
const containers = new Set(["sequential", "residual", "parallel"]);

/** Arguments with `f` of each spec among them, without those that the maker would not look at. */
function withSpecs(
  type: string,
  args: readonly unknown[],
  f: (place: string, spec: unknown) => unknown,
): readonly unknown[] {
  const [first] = args;
  if (type === "sequential") return args.map((spec, i) => f(`[${i}]`, spec));
  if (type === "residual") return [f("residual", first)];
  if (type !== "parallel" || !isObject(first)) return args;
  const heads = Object.entries(first).map(([name, spec]) => [name, f(name.slice(0, SHOWN), spec)] as const);
  return [Object.fromEntries(heads)];
}

/** Refuses arguments that the maker took no notice of. */
function checkNoneIgnored(type: string, args: readonly unknown[], layer: AnyLayer): void {
  const taken = layer.spec.args.length;
  // Options without an entry are left out of specs.
  const ignored = args.slice(taken).filter((arg) => !isObject(arg) || Object.keys(arg).length > 0);
  if (ignored.length > 0) refuseKind(type, "args", `have at most ${taken} entries here`, args);
}

function checkSpec(where: string, spec: unknown, depth: number): asserts spec is LayerSpec {
  const rule = 'be a layer\'s spec, { "type": name, "args": [...] }';
  if (!isObject(spec)) refuseKind(where, "spec", rule, spec);
  const isWhole =
    Object.keys(spec).length === 2 && Object.hasOwn(spec, "type") && Object.hasOwn(spec, "args");
  if (!isWhole) refuseKind(where, "spec", rule, spec);
  if (typeof spec.type !== "string") refuseKind(where, "type", "be a layer's name", spec.type);
  if (!Array.isArray(spec.args)) refuseKind(where, "args", "be an array of arguments", spec.args);
  if (spec.args.length > MAX_ARGS) {
    refuseValue(where, "args", `be at most ${MAX_ARGS}`, spec.args.length);
  }
  if (depth > MAX_DEPTH) refuseValue(where, "spec", `nest at most ${MAX_DEPTH} layers deep`, spec);
}

/**
 * A spec as it would be written now: files of earlier versions leave out options that were not given. What cannot be
 * built stays as it is.
 */
export function completedSpec(spec: unknown): unknown {
  const complete = (given: unknown, depth: number): unknown => {
    if (!isObject(given) || typeof given.type !== "string" || !Array.isArray(given.args)) return given;
    const { type, args } = given as unknown as LayerSpec;
    if (!Object.hasOwn(MAKERS, type) || depth > MAX_DEPTH) return given;
    if (containers.has(type)) {
      return { type, args: withSpecs(type, args, (_, inner) => complete(inner, depth + 1)) };
    }
    try {
      return (MAKERS[type as keyof typeof MAKERS] as (...args: unknown[]) => AnyLayer)(...args).spec;
    } catch {
      return given;
    }
  };
  return complete(spec, 1);
}

function rebuild(spec: unknown, makers: LayerMakers, depth: number): AnyLayer {
  const where = "layerFromSpec";
  checkSpec(where, spec, depth);
  const { type, args } = spec;
  const call = (from: LayerMakers, args: readonly unknown[]) =>
    (from[type] as (...args: unknown[]) => AnyLayer)(...args);
  // Own names only: "constructor" must not find what every object inherits.
  if (Object.hasOwn(makers, type)) {
    checkFunction(where, `makers.${type}`, makers[type]);
    return layerOf(where, `what makers.${type} returns`, call(makers, args));
  }
  if (!Object.hasOwn(MAKERS, type)) {
    const known = Object.keys(MAKERS).sort().join(", ");
    refuseValue(where, "type", `be one of ${known}, or a name among makers (the second argument)`, type);
  }
  const build = (place: string, inner: unknown) => within(place, () => rebuild(inner, makers, depth + 1));
  const layer = call(MAKERS, withSpecs(type, args, build));
  checkNoneIgnored(type, args, layer);
  return layer;
}

/**
 * The layer that a spec describes: `layerFromSpec(layer.spec)` is made as `layer` was, and does the same. The spec
 * may come from an untrusted file.
 *
 * @typeParam Output - what the layer gives; to be said where it ends in {@link parallel} heads (default `Tensor`)
 * @param spec - a layer's name and arguments, layers among these as specs
 * @param makers - makers of layers that are not built in, by the type in their specs; each is called with the spec's `args` as
 *   they stand, and goes before a built-in one of the same name (default none)
 * @returns the layer
 * @throws {TypeError} when the spec is none, an argument is of the wrong kind or more than the maker takes, or a maker
 *   returns no layer
 * @throws {RangeError} when a type is unknown, an argument out of range, or layers nest more than 64 deep; the
 *   message tells the place: `[3].conv2d: filters must …`
 * @example
 * const { spec } = sequential(flatten(), dense(10));
 * const layer = layerFromSpec(JSON.parse(JSON.stringify(spec)));
 * layer.outputShape([28, 28, 1]); // [10]
 */
export function layerFromSpec<Output = Tensor>(
  spec: LayerSpec,
  makers: LayerMakers = {},
): Layer<Tree, Tree, Output> {
  if (!isObject(makers)) refuseKind("layerFromSpec", "makers", "be an object of functions by name", makers);
  return rebuild(spec, makers, 1) as Layer<Tree, Tree, Output>;
}
