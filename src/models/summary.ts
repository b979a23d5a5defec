// A layer or a model as a table: what is in it, the shapes, the parameters, the work. The work is read from a trace.

import { multiplyAddsOf, trace } from "../autodiff/trace.js";
import { checkFunction, checkSizes, refuseKind } from "../check/check.js";
import { layerOf } from "../layers/given.js";
import type { Layer } from "../layers/layer.js";
import { key } from "../random/keys.js";
import { type Shape, type Tensor, zeros } from "../tensor/tensor.js";
import { type Tree, tensorsOf } from "../tensor/tree.js";
import { checkModel, initialParams, type Model, type Part } from "./model.js";
import { anyLabels } from "./vae/condition.js";

type AnyLayer = Layer<Tree, Tree, unknown>;

interface Row {
  readonly name: string;
  readonly outputShape?: Shape;
  readonly parameters: number;
  readonly multiplyAdds: number;
}

/** What a function that is applied to one example costs, and how many numbers it has learned. */
function rowOf(name: string, params: Tree, inputShape: Shape, apply: (input: Tensor) => unknown): Row {
  return {
    name,
    parameters: tensorsOf(params).reduce((sum, { size }) => sum + size, 0),
    multiplyAdds: multiplyAddsOf(trace(apply, zeros([1, ...inputShape]))),
  };
}

/** A whole layer, with all that is inside. */
function layerRow(layer: AnyLayer, inputShape: Shape, name: string): Row {
  const { params, state, outputShape } = layer.init(key(0), inputShape);
  const row = rowOf(name, params, inputShape, (input) => layer.apply(params, state, input).output);
  return { ...row, outputShape };
}

/** The rows of a layer at a path, which reads as in error messages: `[1].residual[0].dense`. */
function rowsOf(layer: AnyLayer, inputShape: Shape, path: string): Row[] {
  const { children, spec } = layer;
  if (children === undefined) return [layerRow(layer, inputShape, joinPath(path, spec.type))];
  const parts: unknown = (children as Partial<typeof children> | null)?.parts;
  if (!Array.isArray(parts) || parts.some((part) => typeof part !== "object" || part === null)) {
    refuseKind(
      "summary",
      "layer.children",
      "be { joined, parts }, with the place and the layer of each part",
      children,
    );
  }
  let shape = inputShape;
  return children.parts.flatMap(({ place, layer }) => {
    const child = layerOf("summary", `layer at ${joinPath(path, place)}`, layer);
    const rows = rowsOf(child, shape, joinPath(path, place));
    if (children.joined === "sequence") shape = child.outputShape(shape);
    return rows;
  });
}

function joinPath(path: string, place: string): string {
  return path === "" || place.startsWith("[") ? path + place : `${path}.${place}`;
}

/** Whole digits in groups of three: `1 234 567`. */
export const grouped = (value: number | string, separator = " "): string =>
  String(value).replace(/\B(?=(\d{3})+$)/g, separator);

/** What the whole has and does beside its parts: a learned variance, products between layers. */
function restOf(whole: Row, rows: readonly Row[]): Row[] {
  const parameters = rows.reduce((left, row) => left - row.parameters, whole.parameters);
  const multiplyAdds = rows.reduce((left, row) => left - row.multiplyAdds, whole.multiplyAdds);
  return parameters > 0 || multiplyAdds > 0 ? [{ name: "rest", parameters, multiplyAdds }] : [];
}

function print(inputShape: Shape, rows: readonly Row[], whole: Row): string {
  const table = [
    ["layer", "output", "parameters", "multiply-adds"],
    ["input", `[${inputShape.join(", ")}]`, "", ""],
    ...[...rows, ...restOf(whole, rows)].map(({ name, outputShape, parameters, multiplyAdds }) => [
      name,
      outputShape === undefined ? "" : `[${outputShape.join(", ")}]`,
      grouped(parameters),
      multiplyAdds === 0 ? "" : grouped(multiplyAdds),
    ]),
    ["total", "", grouped(whole.parameters), grouped(whole.multiplyAdds)],
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column].length)));
  const line = (row: string[]) =>
    row
      .map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join("  ")
      .trimEnd();
  return table.map(line).join("\n");
}

/**
 * A table of the parts of a layer or a model: output shape without the batch, parameters, and multiply-adds for one
 * example, of a model those of `reconstruct`. They are counted as one example of zeros passes, so that what a layer of
 * your own multiplies counts too.
 *
 * @param what - any layer or model
 * @param inputShape - of one input, for a layer
 * @returns text of several lines
 * @throws {TypeError} when it is neither a layer nor a model
 * @throws {RangeError} when the layer does not take that shape
 * @example
 * summary(sequential(flatten(), dense(10)), [28, 28, 1]);
 * summary(lectures.convVae());
 */
export function summary(what: Model): string;
export function summary(what: Layer<Tree, Tree, unknown>, inputShape: Shape): string;
export function summary(what: Model | AnyLayer, inputShape?: Shape): string {
  const where = "summary";
  if (typeof (what as Partial<Model> | null | undefined)?.loss === "function") return ofModel(where, what);
  return ofLayer(where, what as AnyLayer, inputShape as Shape);
}

function ofLayer(where: string, what: AnyLayer, inputShape: Shape): string {
  const layer = layerOf(where, "what", what);
  checkSizes(where, "inputShape", inputShape);
  // A shape that does not fit is refused here, with the place where it does not.
  layer.outputShape(inputShape);
  return print(inputShape, rowsOf(layer, inputShape, ""), layerRow(layer, inputShape, "total"));
}

function ofModel(where: string, model: unknown): string {
  checkModel(where, model);
  checkFunction(where, "model.reconstruct", model.reconstruct);
  const { inputShape, parts: given = [], condition } = model;
  if (!Array.isArray(given)) refuseKind(where, "model.parts", "be { place, layer, inputShape } each", given);
  const parts = Array.from(given as readonly Part[], (part: Part | undefined, i) => {
    checkSizes(where, `model.parts[${i}].inputShape`, part?.inputShape);
    return { ...(part as Part), layer: layerOf(where, `model.parts[${i}].layer`, (part as Part).layer) };
  });
  const params = initialParams(where, model, key(0));
  const whole = rowOf("total", params.weights, inputShape, (input) =>
    condition
      ? model.reconstruct(params, input, { labels: anyLabels(condition, 1) })
      : model.reconstruct(params, input),
  );
  const rows = parts.flatMap((part) => rowsOf(part.layer, part.inputShape, part.place));
  return print(inputShape, rows, whole);
}
