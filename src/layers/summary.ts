// A layer as a table: what is in it, the shapes, the parameters, the work.

import { checkSizes, refuseKind } from "../check/check.js";
import { key } from "../random/keys.js";
import type { Shape } from "../tensor/tensor.js";
import { type Tree, tensorsOf } from "../tensor/tree.js";
import type { Layer } from "./layer.js";
import { checkLayer } from "./checks.js";

interface Row {
  readonly name: string;
  readonly outputShape: Shape;
  readonly parameters: number;
  readonly multiplyAdds: number;
}

function countOf(params: Tree): number {
  return tensorsOf(params).reduce((sum, { size }) => sum + size, 0);
}

/** The rows of a layer at a path, which reads as in error messages: `[1].residual[0].dense`. */
function rowsOf(layer: Layer<Tree, Tree, unknown>, inputShape: Shape, path: string): Row[] {
  const { children, spec } = layer;
  if (children === undefined) {
    const { params, outputShape } = layer.init(key(0), inputShape);
    return [
      {
        name: joinPath(path, spec.type),
        outputShape,
        parameters: countOf(params),
        multiplyAdds: layer.multiplyAdds?.(inputShape) ?? 0,
      },
    ];
  }
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
  return children.parts.flatMap(({ place, layer: child }) => {
    checkLayer("summary", `layer at ${joinPath(path, place)}`, child);
    const rows = rowsOf(child, shape, joinPath(path, place));
    if (children.joined === "sequence") shape = child.outputShape(shape);
    return rows;
  });
}

function joinPath(path: string, place: string): string {
  return path === "" || place.startsWith("[") ? path + place : `${path}.${place}`;
}

/** All rows; a shape that does not fit is refused here, with the place where it does not. */
function tableOf(layer: Layer<Tree, Tree, unknown>, inputShape: Shape): Row[] {
  layer.outputShape(inputShape);
  return rowsOf(layer, inputShape, "");
}

function workOf(rows: readonly Row[]): number {
  return rows.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0);
}

/** Multiply-adds of one example's forward pass. */
export function multiplyAddsOf(layer: Layer<Tree, Tree, unknown>, inputShape: Shape): number {
  return workOf(tableOf(layer, inputShape));
}

/** Whole digits in groups of three: `1 234 567`. */
export const grouped = (value: number | string, separator = " "): string =>
  String(value).replace(/\B(?=(\d{3})+$)/g, separator);

/**
 * A table of a layer's parts: output shape without the batch, parameters, and multiply-adds for one example.
 *
 * @param layer - any layer
 * @param inputShape - of one input
 * @returns text of several lines
 * @throws {RangeError} when the layer does not take that shape
 * @example
 * summary(sequential(flatten(), dense(10)), [28, 28, 1]);
 */
export function summary(layer: Layer<Tree, Tree, unknown>, inputShape: Shape): string {
  checkLayer("summary", "layer", layer);
  checkSizes("summary", "inputShape", inputShape);
  const rows = tableOf(layer, inputShape);
  const parameters = rows.reduce((sum, row) => sum + row.parameters, 0);
  const table = [
    ["layer", "output", "parameters", "multiply-adds"],
    ["input", `[${inputShape.join(", ")}]`, "", ""],
    ...rows.map((row) => [
      row.name,
      `[${row.outputShape.join(", ")}]`,
      grouped(row.parameters),
      row.multiplyAdds === 0 ? "" : grouped(row.multiplyAdds),
    ]),
    ["total", "", grouped(parameters), grouped(workOf(rows))],
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column].length)));
  const print = (row: string[]) =>
    row
      .map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join("  ")
      .trimEnd();
  return table.map(print).join("\n");
}
