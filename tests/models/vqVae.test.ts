// Laws of autoencoders with a codebook: nearest vectors, gradients past them, moving averages, k-means and restarts.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compress, decompress } from "../../src/coding/index.js";
import { faces } from "../../src/data/index.js";
import {
  adam,
  codebookUsage,
  dense,
  fit,
  fold,
  grad,
  imageVqVae,
  item,
  key,
  loadModel,
  type ModelParams,
  ops,
  random,
  reshape,
  saveModel,
  sequential,
  squaredError,
  tensor,
  type Tensor,
  vqVae,
} from "../../src/index.js";
import { begun, type CodebookState, moved, nearest } from "../../src/models/codebook.js";
import { integers } from "../support/arbitraries.js";
import { expectNear, expectSame } from "../support/laws.js";
import { expectRefused } from "../support/refusals.js";

const upTo = (max: number) => fc.integer({ min: 1, max });

/** The nearest vector of every row, by the definition. */
function naiveNearest(rows: Tensor, vectors: Tensor): number[] {
  const [size, width] = vectors.shape as [number, number];
  return Array.from({ length: rows.shape[0]! }, (_, row) => {
    const distances = Array.from({ length: size }, (_, k) => {
      let sum = 0;
      for (let j = 0; j < width; j++)
        sum += (rows.data[row * width + j]! - vectors.data[k * width + j]!) ** 2;
      return sum;
    });
    return distances.indexOf(Math.min(...distances));
  });
}

const stateOf = (vectors: Tensor, share: number): CodebookState => ({
  vectors,
  counts: tensor(new Float32Array(vectors.shape[0]!).fill(share)),
  sums: ops.scale(vectors, share),
  isPlaced: tensor(1),
});

describe("a codebook", () => {
  it("gives every row its nearest vector, of equally near ones the first", () => {
    fc.assert(
      fc.property(upTo(40), upTo(20), upTo(5), fc.nat(), (rows, size, width, seed) => {
        // Of integers every distance is exact.
        const [a, b] = [integers([rows, width], seed), integers([size, width], seed + 1)];
        expect([...nearest(a, b)]).toEqual(naiveNearest(a, b));
      }),
      { numRuns: 200 },
    );
  });

  it("moves by averages of counts and sums", () => {
    const rows = integers([30, 2], 1);
    const before = stateOf(integers([4, 2], 2), 7);
    const indices = nearest(rows, before.vectors);
    const { vectors, counts, sums } = moved(key(1), before, rows, indices, 0.9);
    for (let k = 0; k < 4; k++) {
      const own = [...indices.keys()].filter((row) => indices[row] === k);
      const count = 0.9 * 7 + 0.1 * own.length;
      expect(counts.data[k]).toBeCloseTo(count, 5);
      for (let j = 0; j < 2; j++) {
        const added = own.reduce((sum, row) => sum + rows.data[2 * row + j]!, 0);
        const sum = 0.9 * 7 * before.vectors.data[2 * k + j]! + 0.1 * added;
        expect(sums.data[2 * k + j]).toBeCloseTo(sum, 4);
        expect(vectors.data[2 * k + j]).toBeCloseTo(sum / count, 4);
      }
    }
  });

  it("puts vectors that are hardly used where codes are, and leaves the others", () => {
    const rows = ops.add(integers([20, 3], 1), tensor([100, 0, 0]));
    const vectors = tensor(
      [
        [100, 0, 0],
        [-500, 0, 0],
        [101, 1, 1],
      ].flat(),
      [3, 3],
    );
    const state = { ...stateOf(vectors, 10), counts: tensor([10, 0.01, 10]) };
    const after = moved(key(3), state, rows, nearest(rows, vectors), 0.99);
    const restarted = Array.from(after.vectors.data.subarray(3, 6));
    const all = Array.from({ length: 20 }, (_, row) => Array.from(rows.data.subarray(3 * row, 3 * row + 3)));
    expect(all).toContainEqual(restarted);
    expect(Math.abs(after.vectors.data[0]! - 100)).toBeLessThan(3);
    expect(after.counts.data[1]).toBeCloseTo(20 / 3, 5);
  });

  it("begins at the middles of clusters, once", () => {
    const centres = tensor(
      [
        [0, 0],
        [50, 0],
        [0, 50],
        [50, 50],
      ].flat(),
      [4, 2],
    );
    const noise = random.normal(key(1), [200, 2]);
    const rows = tensor(
      noise.data.map((value, i) => value + centres.data[i % 8]!),
      [200, 2],
    );
    const fresh = { ...stateOf(random.normal(key(2), [8, 2]), 0), isPlaced: tensor(0) };
    const state = begun(key(5), fresh, rows);
    // Every cluster has a vector within its noise.
    const used = new Set(nearest(centres, state.vectors));
    expect(used.size).toBe(4);
    const found = ops.embedding(nearest(centres, state.vectors), state.vectors);
    expect(Math.max(...ops.abs(ops.sub(found, centres)).data)).toBeLessThan(3);
    expect(begun(key(6), state, rows)).toBe(state);
  });
});

describe("codebookUsage", () => {
  it("gives the exponential of the entropy, and the vectors that are not used", () => {
    const { perplexity, dead, shares } = codebookUsage(tensor([0, 0, 1, 3]), 6);
    expect(perplexity).toBeCloseTo(Math.exp(0.5 * Math.log(2) + 0.5 * Math.log(4)), 10);
    expect(dead).toBe(3);
    expect([...shares]).toEqual([0.5, 0.25, 0, 0.25, 0, 0]);
    expectRefused(() => codebookUsage(tensor([6]), 6), RangeError, "codebookUsage: indices.data[0]");
    expectRefused(() => codebookUsage([0] as unknown as Tensor, 6), TypeError, "codebookUsage: indices");
  });
});

const small = () =>
  vqVae({
    inputShape: [6],
    latentSize: 2,
    codebook: 5,
    encoder: sequential(dense(4), reshape([2, 2])),
    decoder: sequential(reshape([4]), dense(6)),
    commitment: 0.5,
  });

describe("a VQ-VAE", () => {
  it("passes the gradient of the decoder to the encoder as if nothing were replaced, and pulls it to its vectors", () => {
    const model = small();
    const { weights, state } = model.init(key(1));
    const x = random.uniform(key(2), [7, 6]);
    type Dense = { readonly kernel: Tensor; readonly bias: Tensor };
    const [{ kernel, bias }] = weights.encoder as unknown as [Dense];
    const [, decoder] = weights.decoder as unknown as [unknown, Dense];
    const code = ops.dense(x, kernel, { bias });
    const vectors = ops.reshape(model.encode({ weights, state }, x), [7, 4]);
    // By hand: the mean squared error's gradient by what the decoder sees, and the commitment's by the code.
    const byDecoder = grad((z: Tensor) =>
      squaredError(ops.dense(z, decoder.kernel, { bias: decoder.bias }), x, { reduction: "mean" }),
    )(vectors);
    const pull = ops.scale(ops.sub(code, vectors), (0.5 * 2) / code.size);
    const wanted = ops.matmul(x, ops.add(byDecoder, pull), { transposeA: true });
    const grads = grad((w: ModelParams["weights"]) => model.loss({ weights: w, state }, x).loss)(weights);
    const [{ kernel: got }] = grads.encoder as unknown as [Dense];
    expectNear(got, wanted, tensor(new Float32Array(24).fill(1e-6), [6, 4]));
  });

  it("has its terms by the definition, and moves its codebook in training alone", () => {
    const model = small();
    const params = model.init(key(1));
    const x = random.uniform(key(2), [7, 6]);
    const { loss, terms, state } = model.loss(params, x);
    expect(item(loss)).toBeCloseTo(item(terms.reconstruction!) + item(terms.commitment!), 6);
    expect(item(terms.reconstruction!)).toBeCloseTo(
      item(squaredError(model.reconstruct(params, x), x, { reduction: "mean" })),
      6,
    );
    expect((state.codebook as { vectors: Tensor }).vectors).toBe(
      (params.state.codebook as { vectors: Tensor }).vectors,
    );
    const trained = model.loss(params, x, { key: key(3), training: true }).state.codebook;
    expect(item((trained as unknown as CodebookState).isPlaced)).toBe(1);
  });

  it("refuses examples that are not finite, which are near to no vector", () => {
    const model = small();
    const params = model.init(key(1));
    for (const value of [NaN, Infinity, -Infinity]) {
      const x = random.uniform(key(2), [9, 6]).data.slice();
      x[50] = value;
      for (const name of ["encode", "indices", "reconstruct", "score"] as const) {
        const call = () => model[name](params, tensor(x, [9, 6]), { batchSize: 4 });
        expectRefused(call, RangeError, "vqVae: inputs must give codes that are finite, got ");
      }
    }
  });

  it("gives vectors by numbers, and codes that are such vectors", () => {
    const model = small();
    const params = model.init(key(1));
    const x = random.uniform(key(2), [9, 6]);
    const indices = model.indices(params, x, { batchSize: 4 });
    expect(indices.shape).toEqual([9, 2]);
    expectSame(model.vectorsOf(params, indices), model.encode(params, x));
    expectSame(model.decode(params, model.encode(params, x)), model.reconstruct(params, x));
  });

  it("learns, uses its codebook, and comes back from its file", async () => {
    const { images } = faces({ count: 200, size: 16, key: key(1) });
    const model = imageVqVae({ inputShape: [16, 16, 1], codebook: 32, latentSize: 4, channels: [8, 16] });
    const { params, history } = await fit(model, images, {
      key: key(2),
      epochs: 12,
      batchSize: 20,
      optimizer: adam({ learningRate: 3e-3 }),
    });
    const losses = history.epochs.map(({ training }) => training.terms.reconstruction!);
    expect(losses.at(-1)).toBeLessThan(0.5 * losses[0]!);
    const { perplexity, dead } = codebookUsage(model.indices(params, images), 32);
    expect(perplexity).toBeGreaterThan(4);
    expect(dead).toBeLessThan(16);
    const loaded = loadModel(saveModel(model, params));
    expectSame(loaded.model.reconstruct(loaded.params, images), model.reconstruct(params, images));
  });

  it("is compressed to the numbers of its vectors, without loss of these", () => {
    const model = small();
    const params = model.init(key(1));
    const x = random.uniform(key(2), [300, 6]);
    const file = compress(model, params, x, { blockSize: 100 });
    expectSame(decompress(model, params, file), model.reconstruct(params, x));
    const { perplexity } = codebookUsage(model.indices(params, x), 5);
    expect(8 * file.length).toBeLessThan(600 * Math.log2(perplexity) + 900);
    expectSame(
      decompress(model, params, file, { start: 150, end: 155 }),
      model.reconstruct(params, ops.slice(x, 150, 155)),
    );
    expectRefused(() => compress(model, params, x, { bits: 4 }), TypeError, "compress: bits");
  });

  it("draws the same codebook from the same key", () => {
    const model = small();
    const params = model.init(key(1));
    const x = random.uniform(key(2), [30, 6]);
    const step = (seed: number) =>
      (
        model.loss(params, x, { key: fold(key(3), seed), training: true }).state
          .codebook as unknown as CodebookState
      ).vectors;
    expectSame(step(1), step(1));
    expect([...step(1).data]).not.toEqual([...step(2).data]);
  });

  it("refuses layers that do not fit, and numbers out of range", () => {
    const layers = { inputShape: [4], encoder: dense(2), decoder: dense(4) };
    const make = (options: object) => () => vqVae({ latentSize: 2, ...layers, ...options });
    expectRefused(make({ latentSize: 3 }), RangeError, "vqVae: encoder must give vectors of latentSize = 3");
    expectRefused(make({ decoder: dense(5) }), RangeError, "vqVae: decoder must give the input's shape [4]");
    expectRefused(make({ codebook: 1 }), RangeError, "vqVae: codebook");
    expectRefused(make({ codebook: 4097 }), RangeError, "vqVae: codebook");
    expectRefused(make({ decay: 1.1 }), RangeError, "vqVae: decay");
    expectRefused(make({ commitment: -1 }), RangeError, "vqVae: commitment");
    expectRefused(make({ codeSize: 1 }), TypeError, "vqVae: options");
    const model = vqVae({ latentSize: 2, ...layers, codebook: 8 });
    const params = model.init(key(1));
    const x = random.uniform(key(1), [2, 4]);
    expectRefused(() => model.loss(params, x, { training: true }), TypeError, "vqVae.loss: key");
    expectRefused(() => model.vectorsOf(params, tensor([8])), RangeError, "vqVae.vectorsOf: indices");
    expectRefused(() => model.encode(params, tensor([[1]])), RangeError, "vqVae.encode: inputs.shape");
    expectRefused(() => imageVqVae({ inputShape: [28, 28] }), RangeError, "imageVqVae: inputShape");
  });
});
