// The form in which a model sees data: reshaped, and shifted and scaled where its numbers need it; and the way back.

import type { Model } from "../models/model.js";
import * as ops from "../ops/index.js";
import { adoptArray, isSameShape, type Shape, type Tensor } from "../tensor/tensor.js";
import { fail } from "./command.js";
import type { Data } from "./data.js";

/** From the lowest value to the highest. */
export type Range = readonly [low: number, high: number];

/** How data become a model's input; plain data, which the model's file keeps. */
export interface Form {
  /** The shape of one example as the data have it. */
  readonly dataShape: Shape;
  /** What is taken off, and then divided by: a number per column, or one for all. */
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
  /** Where values lie as the model sees them; absent where they have no bounds. */
  readonly range?: Range;
  /** What a table calls its columns. */
  readonly columns?: readonly string[];
}

const UNIT: Range = [0, 1];

/** Values of one range, such as 0 to 255, become values of another; none given, they stay as they are. */
export function ranged(dataShape: Shape, from: Range = UNIT, to: Range = UNIT): Form {
  const deviation = (from[1] - from[0]) / (to[1] - to[0]) || 1;
  return { dataShape, mean: [from[0] - to[0] * deviation], deviation: [deviation], range: to };
}

/** Neighbouring float32 numbers differ by less, relative to the larger. */
const ROUNDING = 2 ** -23;

/** Every column of a table gets mean 0 and deviation 1; one that is constant up to rounding only the former. */
export function standardized(table: Tensor): Form {
  const [, columns] = table.shape;
  const moments = Array.from({ length: columns }, (_, column) => momentsOf(table, column));
  return {
    dataShape: [columns],
    mean: moments.map(({ mean }) => mean),
    deviation: moments.map(({ deviation }) => deviation),
  };
}

/** Of the finite numbers of a column, so that one that is not spoils no other. */
function momentsOf(
  { data, shape: [, columns] }: Tensor,
  column: number,
): { mean: number; deviation: number } {
  let [low, high, count, sum, squares] = [Infinity, -Infinity, 0, 0, 0];
  // From some number of the column on: sums of large numbers that differ little, or not at all, then lose nothing.
  let origin = 0;
  for (let i = column; i < data.length; i += columns) {
    const value = data[i];
    if (!Number.isFinite(value)) continue;
    if (count === 0) origin = value;
    count++;
    sum += value - origin;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (count === 0) return { mean: 0, deviation: 1 };
  const mean = origin + sum / count;
  for (let i = column; i < data.length; i += columns) {
    if (Number.isFinite(data[i])) squares += (data[i] - mean) ** 2;
  }
  const isConstant = high - low <= ROUNDING * Math.max(Math.abs(low), Math.abs(high));
  return { mean, deviation: isConstant ? 1 : Math.sqrt(squares / count) };
}

/** Where values lie in the data's own units; undefined where they have no bounds. */
export function dataRange({ mean, deviation, range }: Form): Range | undefined {
  return range && [range[0] * deviation[0] + mean[0], range[1] * deviation[0] + mean[0]];
}

/** Data as the model takes them. */
export function toModel(
  values: Tensor,
  { mean, deviation }: Form,
  { inputShape }: Pick<Model, "inputShape">,
): Tensor {
  const columns = mean.length;
  const data = values.data.map((value, i) => (value - mean[i % columns]) / deviation[i % columns]);
  return ops.reshape(adoptArray(data, values.shape), [values.shape[0], ...inputShape]);
}

/** The model's output as data. */
export function fromModel(values: Tensor, { dataShape, mean, deviation }: Form): Tensor {
  const columns = mean.length;
  const data = values.data.map((value, i) => value * deviation[i % columns] + mean[i % columns]);
  return adoptArray(data, [values.shape[0], ...dataShape]);
}

/** What to add to the command so that the data fit, where there is such a thing. */
function cureOf(shape: Shape, columns: readonly string[] | undefined, form: Form): string {
  const [height, width, channels] = form.dataShape;
  if (shape.length === 3 && form.dataShape.length === 3) {
    const size = height === width ? height : `${height}x${width}`;
    if (shape[2] === channels) return `: add --size ${size}`;
    return channels === 1 ? `: add --grey --size ${size}` : "";
  }
  const extra = columns?.filter((name) => !form.columns?.includes(name)) ?? [];
  return form.columns && extra.length === 1 ? `: add --labels ${extra[0]}` : "";
}

/** Refuses data that a model was not made for, and says what to do. */
export function checkFits(source: string, { values, columns }: Data, form: Form): void {
  const shape = values.shape.slice(1);
  if (isSameShape(shape, form.dataShape)) return;
  const show = (sizes: Shape) => (sizes.length === 1 ? `${sizes[0]} columns` : sizes.join("×"));
  fail(
    `the model takes ${show(form.dataShape)}, ${source} has ${show(shape)}${cureOf(shape, columns, form)}`,
  );
}
