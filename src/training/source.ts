// Where batches come from: a tensor that is shuffled anew in every epoch, or any iterable of batches.

import { refuseKind, refuseUse, refuseValue } from "../check/check.js";
import { type Batch, batchOf, isBatchObject, mapBatch } from "../models/batch.js";
import { fromNdarray, type NdArrayLike } from "../tensor/ndarrayLike.js";
import { permutation } from "../random/draws.js";
import { fold, type Key } from "../random/keys.js";
import { adoptArray, emptyTensor, type Shape, Tensor, viewOf } from "../tensor/tensor.js";

/** Examples in memory: a tensor or ndarray `[n, ...inputShape]`, or an object of such with one entry per example. */
export type Examples =
  Tensor | NdArrayLike | { readonly [Name in keyof Batch]: Exclude<Batch[Name], undefined> | NdArrayLike };

/** Batches one after the other. */
export type Batches = Iterable<Examples> | AsyncIterable<Examples>;

/**
 * What a model is trained on: all examples as a tensor or ndarray `[n, ...inputShape]`, or as
 * `{ inputs, targets, labels, weights }`; or batches as an iterable or
 * async iterable, or as a function that returns one for each epoch, for data that is larger than memory.
 */
export type TrainingData = Examples | Batches | ((epoch: number) => Batches);

/** Training data as the loop takes it. */
export interface Source {
  /** Batches of one epoch, where that is known beforehand. */
  readonly batchCount: number | undefined;
  /** Examples to look at; undefined where they are not at hand. */
  readonly sample: Batch | undefined;
  /** The batches of an epoch from the given one on. */
  batches(epoch: number, from: number): AsyncIterable<Drawn> | Iterable<Drawn>;
}

/** A batch that is still to be made, and where its rows come from. */
export interface Drawn {
  /** The examples; on the heap of the open scope, where they are gathered. */
  take(): Batch;
  /** The place of a row in the data that the user gave. */
  placeOf(row: number): Place;
}

/** Where an example stands. */
export interface Place {
  /** Its index in the data; for batches of an iterable its row in the batch. */
  readonly example: number;
  /** The number of the batch in its epoch, for those. */
  readonly batch?: number;
}

/** Where the data comes from and how it is cut. */
export interface SourceOptions {
  readonly inputShape: Shape;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly dropLast: boolean;
  readonly key: Key;
  /** The indices of the examples in the data that they were chosen from (absent: all, in order). */
  readonly indices?: Uint32Array | undefined;
}

function isNdarray(value: unknown): value is NdArrayLike {
  const { shape, stride, data } = (value ?? {}) as Partial<NdArrayLike>;
  return Array.isArray(shape) && Array.isArray(stride) && data !== undefined;
}

/** A tensor as it is, an ndarray as a tensor; undefined for anything else. */
export function asTensor(value: unknown): Tensor | undefined {
  if (value instanceof Tensor) return value;
  return isNdarray(value) ? fromNdarray(value) : undefined;
}

/** Examples in memory as a checked batch; undefined for anything else. */
export function asExamples(where: string, argument: string, value: unknown, shape: Shape): Batch | undefined {
  const tensor = asTensor(value);
  if (tensor !== undefined) return batchOf(where, argument, tensor, shape);
  if (!isBatchObject(value)) return undefined;
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  const tensors = entries.map(([name, entry]) => [name, asTensor(entry) ?? entry]);
  return batchOf(where, argument, Object.fromEntries(tensors), shape);
}

function copyRows(inputs: Tensor, indices: Uint32Array, into: Float32Array): void {
  const length = inputs.size / inputs.shape[0];
  const values = viewOf(inputs);
  indices.forEach((index, row) => {
    into.set(values.subarray(index * length, (index + 1) * length), row * length);
  });
}

/** Rows of a tensor by their indices, copied into an array. */
export function gatherRows(inputs: Tensor, indices: Uint32Array): Tensor {
  const values = new Float32Array((inputs.size / inputs.shape[0]) * indices.length);
  copyRows(inputs, indices, values);
  return adoptArray(values, [indices.length, ...inputs.shape.slice(1)]);
}

/** The same rows on the heap of the open scope. */
function gatherInScope(inputs: Tensor, indices: Uint32Array): Tensor {
  const rows = emptyTensor([indices.length, ...inputs.shape.slice(1)]);
  copyRows(inputs, indices, viewOf(rows));
  return rows;
}

function examplesSource(examples: Batch, options: SourceOptions): Source {
  const { batchSize, shuffle, dropLast, key, indices } = options;
  const count = examples.inputs.shape[0];
  const batchCount = (dropLast ? Math.floor : Math.ceil)(count / batchSize);
  return {
    batchCount,
    sample: examples,
    *batches(epoch, from) {
      const order = shuffle
        ? permutation(fold(key, epoch), count)
        : Uint32Array.from({ length: count }, (_, i) => i);
      for (let batch = from; batch < batchCount; batch++) {
        const rows = order.subarray(batch * batchSize, (batch + 1) * batchSize);
        yield {
          take: () => mapBatch(examples, (t) => gatherInScope(t, rows)),
          placeOf: (row) => ({ example: indices?.[rows[row]] ?? rows[row] }),
        };
      }
    },
  };
}

function streamSource(where: string, data: Batches | ((epoch: number) => Batches), shape: Shape): Source {
  let used: unknown;
  const open = (epoch: number): Batches => {
    if (typeof data !== "function") return data;
    const batches = data(epoch);
    if (!isIterable(batches)) refuseKind(where, "data", "return an iterable of batches", batches);
    return batches;
  };
  return {
    batchCount: undefined,
    sample: undefined,
    async *batches(epoch, from) {
      const batches = open(epoch);
      // A generator gives what it has once: a second epoch of it would be empty without a word.
      if (used === batches && isExhaustible(batches)) {
        refuseUse(
          where,
          "data must be iterable anew for every epoch: give a function that returns an iterable",
        );
      }
      used = batches;
      let index = 0;
      for await (const item of batches) {
        const batch = asExamples(where, `data[${index}]`, item, shape);
        if (batch === undefined) {
          refuseKind(where, `data[${index}]`, "be a tensor or ndarray, or an object with inputs", item);
        }
        const number = index++;
        if (number >= from) {
          yield { take: () => batch, placeOf: (row) => ({ example: row, batch: number }) };
        }
      }
      if (index === 0) refuseValue(where, "data", "have at least one batch in every epoch", index);
    },
  };
}

function isIterable(value: unknown): value is Batches {
  return (
    typeof value === "object" && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value)
  );
}

/** Whether iterating once uses something up: iterators are their own iterator. */
function isExhaustible(batches: Batches): boolean {
  const self: unknown =
    Symbol.asyncIterator in batches ? batches[Symbol.asyncIterator]() : batches[Symbol.iterator]();
  return self === batches;
}

/** The checked source of training data. */
export function sourceOf(where: string, data: unknown, options: SourceOptions): Source {
  const examples = asExamples(where, "data", data, options.inputShape);
  if (examples === undefined) {
    if (typeof data !== "function" && !isIterable(data)) {
      refuseKind(
        where,
        "data",
        "be a tensor, an ndarray, an object with inputs, an iterable of batches, or a function to one",
        data,
      );
    }
    return streamSource(where, data as Batches, options.inputShape);
  }
  const source = examplesSource(examples, options);
  if (source.batchCount === 0) {
    refuseValue(
      where,
      "batchSize",
      `be at most the ${examples.inputs.shape[0]} examples with dropLast`,
      options.batchSize,
    );
  }
  return source;
}
