// A codebook: vectors that codes are replaced by, moved by averages of what they replace; no gradient reaches them.

import { checkInteger, refuseKind, refuseValue } from "../check/check.js";
import { matmul } from "../ops/index.js";
import { bits, fold, type Key } from "../random/keys.js";
import { permutation } from "../random/draws.js";
import { inScope } from "../tensor/scope.js";
import { adoptArray, checkTensor, isSameShape, Tensor, viewOf } from "../tensor/tensor.js";
import { CODEBOOK_DRAWS as DRAWS } from "./draws.js";

/** What is known of a codebook between steps. */
export interface CodebookState {
  /** The vectors, `[size, latentSize]`. */
  readonly vectors: Tensor;
  /** Moving averages of how many codes each vector replaces in a step, `[size]`, and of their sums. */
  readonly counts: Tensor;
  readonly sums: Tensor;
  /** 1 once the vectors have been placed among codes; `[]`. */
  readonly isPlaced: Tensor;
}

/** The codebook of a model's state, checked: so many vectors of so many numbers. */
export function checkBook(where: string, book: unknown, size: number, latentSize: number): CodebookState {
  const state = (book ?? {}) as Partial<CodebookState>;
  const shapes = { vectors: [size, latentSize], counts: [size], sums: [size, latentSize], isPlaced: [] };
  for (const [name, shape] of Object.entries(shapes)) {
    const part: unknown = state[name as keyof CodebookState];
    checkTensor(where, `params.state.codebook.${name}`, part);
    if (!isSameShape(part.shape, shape)) {
      const rule = `be [${shape.join(", ")}], as model.init and fit give it`;
      refuseValue(where, `params.state.codebook.${name}.shape`, rule, part.shape);
    }
  }
  return state as CodebookState;
}

/** Rounds of k-means at the start. */
const ROUNDS = 10;
/** Share of the codes per vector below which a vector is dead, and put somewhere else. */
const DEAD_SHARE = 0.02;
/** Added to counts, so that none is 0. */
const SMOOTHING = 1e-5;

/** The place of the nearest vector for every row of `[rows, latentSize]`; of equally near ones the first. */
export function nearest(rows: Tensor, vectors: Tensor): Uint32Array {
  return inScope(() => {
    const size = vectors.shape[0];
    const lengths = new Float32Array(size);
    const width = vectors.shape[1];
    vectors.data.forEach((value, i) => (lengths[Math.floor(i / width)] += value * value));
    const products = viewOf(matmul(rows, vectors, { transposeB: true }));
    return Uint32Array.from({ length: rows.shape[0] }, (_, row) => {
      let [best, least] = [0, Infinity];
      for (let k = 0; k < size; k++) {
        const distance = lengths[k] - 2 * products[row * size + k];
        if (distance < least) [best, least] = [k, distance];
      }
      return best;
    });
  });
}

/** How many rows have each index, and the sums of these. */
function totalsOf(rows: Tensor, indices: Uint32Array, size: number) {
  const width = rows.shape[1];
  const counts = new Float32Array(size);
  const sums = new Float32Array(size * width);
  const values = rows.data;
  indices.forEach((index, row) => {
    counts[index]++;
    for (let j = 0; j < width; j++) sums[index * width + j] += values[row * width + j];
  });
  return { counts, sums };
}

/** Vectors of sums and counts; where nothing was counted, the vectors as they were. */
function averages(sums: Float32Array, counts: Float32Array, before: Float32Array): Float32Array {
  const width = sums.length / counts.length;
  return sums.map((sum, i) => {
    const count = counts[Math.floor(i / width)];
    return count > 0 ? sum / (count + SMOOTHING) : before[i];
  });
}

/** Rows drawn without repetition, as long as there are enough. */
function drawnRows(key: Key, rows: Tensor, count: number): Float32Array {
  const width = rows.shape[1];
  const order = permutation(key, rows.shape[0]);
  const values = rows.data;
  return Float32Array.from({ length: count * width }, (_, i) => {
    const row = order[Math.floor(i / width) % order.length];
    return values[row * width + (i % width)];
  });
}

/** Vectors among the rows of a first batch, by k-means (Lloyd 1982). */
function placed(key: Key, rows: Tensor, size: number): CodebookState {
  const width = rows.shape[1];
  let vectors = drawnRows(fold(key, DRAWS.place), rows, size);
  let totals = totalsOf(rows, nearest(rows, adoptArray(vectors, [size, width])), size);
  for (let round = 0; round < ROUNDS; round++) {
    vectors = averages(totals.sums, totals.counts, vectors);
    totals = totalsOf(rows, nearest(rows, adoptArray(vectors, [size, width])), size);
  }
  return {
    vectors: adoptArray(vectors, [size, width]),
    counts: adoptArray(totals.counts, [size]),
    sums: adoptArray(totals.sums, [size, width]),
    isPlaced: adoptArray(Float32Array.of(1), []),
  };
}

/** The codebook that a training step begins with: on the first, placed among its codes. */
export function begun(key: Key, state: CodebookState, rows: Tensor): CodebookState {
  return state.isPlaced.data[0] === 1 ? state : placed(key, rows, state.vectors.shape[0]);
}

/**
 * The codebook after a step: counts and sums by moving averages (van den Oord et al. 2017, appendix A), and vectors that
 * have hardly been used put where a code of this batch is.
 */
export function moved(
  key: Key,
  state: CodebookState,
  rows: Tensor,
  indices: Uint32Array,
  decay: number,
): CodebookState {
  const [size, width] = state.vectors.shape;
  const { counts, sums } = totalsOf(rows, indices, size);
  const [oldCounts, oldSums] = [state.counts.data, state.sums.data];
  const mix = (old: Float32Array) => (value: number, i: number) => decay * old[i] + (1 - decay) * value;
  const [newCounts, newSums] = [counts.map(mix(oldCounts)), sums.map(mix(oldSums))];
  const vectors = averages(newSums, newCounts, state.vectors.data);
  const share = rows.shape[0] / size;
  const places = bits(fold(key, DRAWS.restart), size);
  const values = rows.data;
  for (let k = 0; k < size; k++) {
    if (newCounts[k] >= DEAD_SHARE * share) continue;
    const row = places[k] % rows.shape[0];
    newCounts[k] = share;
    for (let j = 0; j < width; j++) {
      vectors[k * width + j] = values[row * width + j];
      newSums[k * width + j] = share * vectors[k * width + j];
    }
  }
  return {
    vectors: adoptArray(vectors, [size, width]),
    counts: adoptArray(newCounts, [size]),
    sums: adoptArray(newSums, [size, width]),
    isPlaced: state.isPlaced,
  };
}

/** How a codebook is used. */
export interface CodebookUsage {
  /** exp of the entropy of the indices: as if so many vectors were used equally often. */
  readonly perplexity: number;
  /** Vectors that are not used at all. */
  readonly dead: number;
  /** How often each is used, from 0 to 1; together 1. */
  readonly shares: Float64Array;
}

/**
 * How often the vectors of a codebook are used. Ask it for a whole data set: batches are too small to use all vectors,
 * and mislead.
 *
 * @param indices - of any shape, integers from 0 to size − 1, as `VqVae.indices` gives them
 * @param size - how many vectors there are
 * @returns perplexity, dead vectors, and the share of each
 * @throws {TypeError} when an argument is of the wrong kind
 * @throws {RangeError} when an index names no vector
 * @example
 * codebookUsage(tensor([0, 1, 1, 0]), 3).perplexity; // 2
 */
export function codebookUsage(indices: Tensor, size: number): CodebookUsage {
  const where = "codebookUsage";
  if (!(indices instanceof Tensor)) refuseKind(where, "indices", "be a tensor", indices);
  checkInteger(where, "size", size, 1, 2 ** 24);
  const shares = new Float64Array(size);
  const values = indices.data;
  for (let i = 0; i < values.length; i++) {
    const index = values[i];
    if (!Number.isInteger(index) || index < 0 || index >= size) {
      refuseValue(where, `indices.data[${i}]`, `be an integer from 0 to ${size - 1}`, index);
    }
    shares[index] += 1 / values.length;
  }
  let [entropy, dead] = [0, 0];
  for (const share of shares) {
    if (share > 0) entropy -= share * Math.log(share);
    else dead++;
  }
  return { perplexity: Math.exp(entropy), dead, shares };
}
