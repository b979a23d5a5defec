// Laws of lossless files: every bit comes back, the size is what the bound says, and no file that was changed is read.

import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { compress, compressLossless, decompress, decompressLossless } from "../../src/coding/index.js";
import { shapes } from "../../src/data/index.js";
import {
  adam,
  configure,
  dense,
  fit,
  flatten,
  key,
  type ModelParams,
  ops,
  reshape,
  runtimeInfo,
  sequential,
  type Shape,
  tensor,
  type Tensor,
  vae,
  type Vae,
  zeros,
} from "../../src/index.js";
import { integers } from "../support/arbitraries.js";
import { expectToWithstandNoise } from "../support/hostile.js";
import { vaes } from "../support/modelCases.js";
import { expectNothingHeld, expectRefused } from "../support/refusals.js";

/** Images whose values are k / (levels − 1). */
const onLevels = (shape: Shape, count: number, levels: number, seed: number): Tensor => {
  const numbers = integers([count, ...shape], seed, 1000).data;
  return tensor(
    numbers.map((n) => (Math.abs(n) % levels) / (levels - 1)),
    [count, ...shape],
  );
};

const levelVaes = vaes.filter(
  ({ options: { likelihood } }) =>
    typeof likelihood === "object" && likelihood.type === "discretizedLogistic",
);
const levelsOf = (likelihood: unknown) => (likelihood as { levels?: number }).levels ?? 256;

const small = (levels = 16) =>
  vae({
    inputShape: [6],
    latentSize: 3,
    encoder: dense(8, { activation: "tanh" }),
    decoder: dense(12),
    likelihood: { type: "discretizedLogistic", levels },
  });

describe("a lossless file", () => {
  it("gives back every bit, for any model of levels and any images", () => {
    fc.assert(
      fc.property(
        levelVaes,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 4 }),
        ({ model, options, seed }, count, blockSize) => {
          const params = model.init(key(seed));
          const images = onLevels(model.inputShape, count, levelsOf(options.likelihood), seed);
          const file = compressLossless(model, params, images, { blockSize });
          expect([...decompressLossless(model, params, file).data]).toEqual([...images.data]);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("gives any range of its images by itself", () => {
    const model = small();
    const params = model.init(key(1));
    const images = onLevels([6], 20, 16, 3);
    const file = compressLossless(model, params, images, { blockSize: 6 });
    for (let start = 0; start < 20; start += 3) {
      for (let end = start + 1; end <= 20; end += 4) {
        const part = decompressLossless(model, params, file, { start, end });
        expect([...part.data]).toEqual([...ops.slice(images, start, end).data]);
      }
    }
  });

  it("is the same bytes, and is read, whichever binary is configured and whatever the batch", () => {
    const model = small();
    const params = model.init(key(1));
    const images = onLevels([6], 20, 16, 3);
    configure({ relaxedSimd: false });
    const file = compressLossless(model, params, images);
    configure({ relaxedSimd: true });
    expect([...compressLossless(model, params, images, { batchSize: 7 })]).toEqual([...file]);
    expect(runtimeInfo().binary).toBe("relaxed");
    expect([...decompressLossless(model, params, file, { batchSize: 3 }).data]).toEqual([...images.data]);
    configure({ relaxedSimd: "auto" });
  });

  it("is refused with any byte changed, cut, or with anything in the place of its bytes", async () => {
    const model = small();
    const params = model.init(key(1));
    const images = onLevels([6], 5, 16, 3);
    const file = compressLossless(model, params, images, { blockSize: 2 });
    const read = (bytes: Uint8Array) => decompressLossless(model, params, bytes);
    for (let i = 0; i < file.length; i++) {
      const changed = file.slice();
      changed[i]! ^= 1 + (i % 255);
      expectRefused(() => read(changed), RangeError, "decompressLossless: bytes");
      expectRefused(() => read(file.slice(0, i)), RangeError, "decompressLossless: bytes");
    }
    await expectToWithstandNoise(read, file, 100);
    expectNothingHeld();
  });

  it("is refused where a model's methods give what does not fit the rest of it", () => {
    const model = small();
    const params = model.init(key(1));
    const images = onLevels([6], 5, 16, 3);
    for (const [changes, method] of [
      [{ latentSize: 1e9 }, "encode"],
      [{ encode: () => undefined }, "encode"],
      // As many numbers, but in one row.
      [{ encode: () => ({ mean: zeros([1, 15]), logVar: zeros([1, 15]) }) }, "encode"],
      [{ decoderOutputs: () => tensor([1]) }, "decoderOutputs"],
    ] as const) {
      const odd = { ...model, ...changes } as unknown as Vae;
      const call = () => compressLossless(odd, params, images);
      expect(call).toThrow(`compressLossless: what model.${method} gives must`);
    }
    expectNothingHeld();
  });

  it("is refused by other models, and other files and likelihoods by it", () => {
    const model = small();
    const params = model.init(key(1));
    const images = onLevels([6], 5, 16, 3);
    const file = compressLossless(model, params, images);
    const where = "compressLossless";
    const gaussian = vae({ inputShape: [6], latentSize: 3, encoder: dense(8), decoder: dense(6) });
    expectRefused(() => decompressLossless(model, model.init(key(2)), file), RangeError, `de${where}: bytes`);
    expectRefused(() => decompress(model, params, file), RangeError, "decompress: bytes");
    const lossy = compress(model, params, images);
    expectRefused(() => decompressLossless(model, params, lossy), RangeError, `de${where}: bytes`);
    expectRefused(
      () => compressLossless(gaussian, gaussian.init(key(1)), images),
      RangeError,
      `${where}: model`,
    );
    expectRefused(
      () => compressLossless(model, params, ops.scale(images, 0.97)),
      RangeError,
      `${where}: inputs.data[`,
    );
    expectRefused(
      () => compressLossless(model, params, ops.scale(images, 1, 1)),
      RangeError,
      `${where}: inputs.data[`,
    );
    expectRefused(
      () => compressLossless(model, params, images, { blockSize: 2000 }),
      RangeError,
      `${where}: blockSize`,
    );
  });
});

describe("the size of a lossless file", () => {
  const size = 12;
  const model = vae({
    inputShape: [size, size, 1],
    latentSize: 4,
    encoder: sequential(flatten(), dense(48, { activation: "relu" })),
    decoder: sequential(dense(48, { activation: "relu" }), dense(2 * size * size), reshape([size, size, 2])),
    likelihood: { type: "discretizedLogistic" },
  });
  let params: ModelParams;
  let images: Tensor;
  beforeAll(async () => {
    const drawn = ops.slice(shapes({ count: 600, size: 24, key: key(1) }).images, 0, 600);
    const halved = ops.avgPool2d(drawn, 2);
    images = tensor(
      halved.data.map((value) => Math.round(255 * value) / 255),
      halved.shape,
    );
    ({ params } = await fit(model, images, {
      key: key(2),
      epochs: 30,
      batchSize: 50,
      optimizer: adam({ learningRate: 3e-3 }),
    }));
  });

  it("is the negative bound in bits, within three hundredths", () => {
    const { elbo, kl } = model.elbo(params, images, { samples: 8 });
    const bits = (-elbo / Math.LN2) * 600;
    // Latents that tell something: bits back are got back.
    expect(kl).toBeGreaterThan(4);
    const file = compressLossless(model, params, images, { blockSize: 100 });
    expect(8 * file.length).toBeGreaterThan(0.99 * bits);
    expect(8 * file.length).toBeLessThan(1.03 * bits);
    expect([...decompressLossless(model, params, file, { start: 95, end: 105 }).data]).toEqual([
      ...ops.slice(images, 95, 105).data,
    ]);
  });
});
