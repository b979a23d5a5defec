// Laws of passing any number of examples through a model: order, joining, and memory that stays flat.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { autoencoder, dense, key, ops, random, sequential, tensor, vae } from "../../src/index.js";
import { mapBatches, mapRanges, rowsOf } from "../../src/models/batches.js";
import { reals, seed } from "../support/arbitraries.js";
import { expectSame, forAll } from "../support/laws.js";
import { loadLibrary } from "../support/library.js";
import { expectNothingHeld } from "../support/refusals.js";

const cases = fc.record({
  count: fc.integer({ min: 1, max: 30 }),
  batchSize: fc.integer({ min: 1, max: 40 }),
  shape: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
  seed,
});

describe("mapBatches", () => {
  it("joins tensors and trees of them in order, whatever the batch size", () => {
    forAll(cases, 80, ({ count, batchSize, shape, seed }) => {
      const images = reals([count, ...shape], seed);
      const joined = mapBatches(images, batchSize, (batch) => ({
        same: batch,
        all: [ops.scale(batch, 2), ops.reshape(ops.scale(batch, 1), [batch.shape[0], -1])],
      }));
      expectSame(joined.same, images);
      expectSame(joined.all[0], ops.scale(images, 2));
      expectSame(joined.all[1], ops.reshape(images, [count, -1]));
    });
    expectNothingHeld();
  });

  it("takes inputs apart without copies, and gives back an array of its own", () => {
    const images = reals([10, 3], 1);
    expect(rowsOf(images, 2, 5).data.buffer).toBe(images.data.buffer);
    const joined = mapBatches(images, 4, (batch) => batch);
    expect(joined.data.buffer).not.toBe(images.data.buffer);
  });
});

describe("mapRanges", () => {
  it("covers every example once", () => {
    const ranges: [number, number][] = [];
    const joined = mapRanges(10, 4, (start, end) => {
      ranges.push([start, end]);
      return tensor(Float32Array.from({ length: end - start }, (_, i) => start + i));
    });
    expect(ranges).toEqual([
      [0, 4],
      [4, 8],
      [8, 10],
    ]);
    expect([...joined.data]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("releases what a failing part took", () => {
    const call = () =>
      mapBatches(reals([10, 3], 1), 4, (batch) => {
        if (batch.shape[0] < 4) throw new Error("no more");
        return ops.scale(batch, 2);
      });
    expect(call).toThrow("no more");
    expectNothingHeld();
  });
});

describe("memory", () => {
  const COUNT = 100_000;
  const MEGABYTE = 2 ** 20;

  it("does not grow with the number of examples", async () => {
    // An instance of its own: its peak is that of this test alone.
    const library = await loadLibrary("shared");
    const { runtimeInfo } = library;
    const images = library.random.uniform(library.key(1), [COUNT, 8]);
    const before = runtimeInfo().memory;
    const plain = library.autoencoder({
      inputShape: [8],
      encoder: library.dense(4),
      decoder: library.dense(8),
    });
    const variational = library.vae({
      inputShape: [8],
      latentSize: 4,
      encoder: library.dense(6),
      decoder: library.dense(8),
    });
    const params = plain.init(library.key(2));
    const own = variational.init(library.key(2));
    expect(plain.encode(params, images).shape).toEqual([COUNT, 4]);
    expect(plain.score(params, images).shape).toEqual([COUNT]);
    expect(variational.encode(own, images).logVar.shape).toEqual([COUNT, 4]);
    expect(variational.reconstruct(own, images).shape).toEqual([COUNT, 8]);
    expect(variational.elbo(own, images).klPerDimension).toHaveLength(4);
    const after = runtimeInfo().memory;
    // Drawing the images took as much as they do; 100,000 codes alone would be 1.5 MB more.
    expect(after.reserved).toBe(before.reserved);
    expect(after.peak).toBe(before.peak);
    expect(after.used).toBe(0);
    expect(before.peak).toBeLessThan(4 * MEGABYTE);
  });

  it("of one batch is all that is taken on the heap", async () => {
    const { autoencoder, dense, key, runtimeInfo, tensor } = await loadLibrary("shared");
    const model = autoencoder({ inputShape: [8], encoder: dense(4), decoder: dense(8) });
    const params = model.init(key(2));
    const images = tensor(new Float32Array(COUNT * 8), [COUNT, 8]);
    const { peak } = runtimeInfo().memory;
    model.encode(params, images);
    model.reconstruct(params, images);
    model.score(params, images);
    expect(runtimeInfo().memory.peak - peak).toBeLessThan(64 * 1024);
  });

  it("may grow and move, in a scope that holds the inputs there", async () => {
    const library = await loadLibrary("ordinary");
    const model = library.vae({
      inputShape: [8],
      latentSize: 3,
      encoder: library.dense(6),
      decoder: library.sequential(library.dense(1000), library.dense(8)),
      likelihood: { type: "gaussian", gamma: 1 },
    });
    const params = model.init(library.key(1));
    const x = library.random.normal(library.key(2), [2000, 8]);
    const { reserved } = library.runtimeInfo().memory;
    const options = { batchSize: 1000 };
    const inScope = <Result>(f: (images: typeof x) => Result) =>
      library.scope(() => f(library.ops.scale(x, 1)));
    const elbo = inScope((images) => model.elbo(params, images, options));
    expect(library.runtimeInfo().memory.reserved).toBeGreaterThan(reserved);
    expect(elbo).toEqual(model.elbo(params, x, options));
    const bigger = { batchSize: 1900, steps: 2 };
    const refined = inScope((images) => model.refinePosterior(params, images, bigger).mean);
    expect(refined.data).toEqual(model.refinePosterior(params, x, bigger).mean.data);
  });

  it("is left as it was by every function of a model", () => {
    const x = random.uniform(key(1), [200, 5]);
    const layers = { inputShape: [5], encoder: sequential(dense(4)), decoder: dense(5) };
    const plain = autoencoder(layers);
    plain.loss(plain.init(key(1)), x);
    plain.reconstruct(plain.init(key(1)), x);
    const model = vae({ ...layers, latentSize: 2 });
    const params = model.init(key(1));
    model.loss(params, x, { key: key(2) });
    model.sampleLatent(params, x, { key: key(2) });
    model.generate(params, { count: 200, key: key(3) });
    model.logLikelihood(params, x, { samples: 3 });
    model.refinePosterior(params, x, { steps: 2 });
    model.score(params, x, { by: "reconstruction" });
    expectNothingHeld();
  });
});
