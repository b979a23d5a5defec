// The form in which a model sees data: reshaped, and shifted and scaled where its numbers need it; and the way back.

import type { Model } from "../models/model.js";
import * as ops from "../ops/index.js";
import { adoptArray, isSameShape, type Shape, type Tensor } from "../tensor.js";
import { fail } from "./command.js";
import type { Data } from "./data.js";

/** How data become a model's input; plain data, which the model's file keeps. */
export interface Form {
  /** The shape of one example as the data have it. */
  readonly dataShape: Shape;
  /** What is taken off, and then divided by: a number per column, or one for all. */
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** Values as they are. */
export const asTheyAre = (dataShape: Shape): Form => ({ dataShape, mean: [0], deviation: [1] });

/** Values from 0 to 1 become −1 to 1. */
export const symmetric = (dataShape: Shape): Form => ({ dataShape, mean: [0.5], deviation: [0.5] });

/** Every column of a table gets mean 0 and deviation 1; a constant one only the former. */
export function standardized(table: Tensor): Form {
  const [count, columns] = table.shape;
  const mean = Array.from({ length: columns }, () => 0);
  const square = Array.from({ length: columns }, () => 0);
  table.data.forEach((value, i) => (mean[i % columns] += value / count));
  table.data.forEach((value, i) => (square[i % columns] += (value - mean[i % columns]) ** 2 / count));
  return { dataShape: [columns], mean, deviation: square.map((value) => Math.sqrt(value) || 1) };
}

/** Data as the model takes them. */
export function toModel(values: Tensor, { mean, deviation }: Form, { inputShape }: Model): Tensor {
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

/** Refuses data that a model was not made for, and says what to do. */
export function checkFits(source: string, { values }: Data, { dataShape }: Form): void {
  const shape = values.shape.slice(1);
  if (isSameShape(shape, dataShape)) return;
  const show = (sizes: Shape) => sizes.join("×");
  const [height, width, channels] = dataShape;
  const isSize = shape.length === 3 && dataShape.length === 3 && shape[2] === channels;
  const isColour = shape.length === 3 && dataShape.length === 3 && channels === 1;
  const size = height === width ? height : `${height}x${width}`;
  const cure = isSize ? `: add --size ${size}` : isColour ? `: add --grey --size ${size}` : "";
  fail(`the model takes ${show(dataShape)}, ${source} has ${show(shape)}${cure}`);
}
