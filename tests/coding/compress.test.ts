// Laws of compressed images: what comes back is what the quantized code decodes to, any range of it by itself, and no
// file that was changed is read.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compress, decompress, dequantize, quantize } from "../../src/coding/index.js";
import {
  autoencoder,
  configure,
  dense,
  equals,
  key,
  ops,
  random,
  type Tensor,
  tensor,
  vae,
  zeros,
  vqVae,
} from "../../src/index.js";
import { codesOf } from "../../src/models/fromSpec.js";
import { expectToWithstandCorruption, expectToWithstandNoise } from "../support/hostile.js";
import { autoencoders, imagesOf, vaes } from "../support/modelCases.js";
import { expectNothingHeld, expectRefused } from "../support/refusals.js";

const bits = fc.integer({ min: 2, max: 16 });

const small = () => {
  const model = autoencoder({ inputShape: [4], encoder: dense(2), decoder: dense(4) });
  return { model, params: model.init(key(1)), images: random.uniform(key(2), [20, 4]) };
};

const largest = (t: Tensor) => t.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

describe("quantize", () => {
  it("keeps every code within half a step, in at most 2^bits levels", () => {
    fc.assert(
      fc.property(
        bits,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 30 }),
        fc.nat(),
        fc.boolean(),
        (count, dimensions, rows, seed, isEven) => {
          const codes = random.normal(key(seed), [rows, dimensions], { deviation: 3 });
          const steps = Array.from({ length: dimensions }, (_, j) => 1 + j);
          const quantized = quantize(codes, { bits: count, ...(isEven ? {} : { steps }) });
          const { symbols, quantizer } = quantized;
          const back = dequantize(quantized);
          expect(back.shape).toEqual(codes.shape);
          symbols.forEach((symbol, i) => {
            const j = i % dimensions;
            const rounding = 2 ** -21 * Math.max(1, largest(codes));
            expect(symbol).toBeLessThan(quantizer.levels[j]!);
            expect(quantizer.levels[j]!).toBeLessThanOrEqual(2 ** count);
            expect(Math.abs(back.data[i]! - codes.data[i]!)).toBeLessThanOrEqual(
              0.5 * quantizer.step[j]! + rounding,
            );
          });
        },
      ),
      { numRuns: 300 },
    );
  });

  it("gives the widest dimension 2^bits levels, and steps in the proportion that was asked for", () => {
    fc.assert(
      fc.property(bits, fc.integer({ min: 1, max: 5 }), fc.nat(), (count, dimensions, seed) => {
        const codes = random.normal(key(seed), [10, dimensions]);
        const steps = Array.from({ length: dimensions }, (_, j) => 1 + j);
        const { quantizer } = quantize(codes, { bits: count, steps });
        expect(Math.max(...quantizer.levels)).toBeGreaterThanOrEqual(2 ** count - 2);
        expect(Math.max(...quantizer.levels)).toBeLessThanOrEqual(2 ** count);
        quantizer.step.forEach((step, j) => expect(step / quantizer.step[0]!).toBeCloseTo(1 + j, 4));
      }),
    );
  });

  it("keeps codes finite whatever the steps, where one is far wider than its dimension too", () => {
    fc.assert(
      fc.property(fc.tuple(fc.nat(99), fc.nat(99)), bits, fc.nat(), (powers, count, seed) => {
        const codes = random.normal(key(seed), [10, 2]);
        const steps = powers.map((power) => 10 ** (2 * power - 99));
        const { quantizer, symbols } = quantize(codes, { bits: count, steps });
        const back = dequantize({ quantizer, symbols }).data;
        back.forEach((value, i) => {
          const step = quantizer.step[i % 2]!;
          expect(Math.abs(value - codes.data[i]!)).toBeLessThanOrEqual(0.5 * step + 1e-6);
        });
        expect(Math.max(...quantizer.levels)).toBeGreaterThan(1);
      }),
      { numRuns: 300 },
    );
  });

  it("refuses what is no code, no number of bits and no step", () => {
    const codes = tensor([[0, 1]]);
    expectRefused(() => quantize(codes, { bits: 1 }), RangeError, "quantize: bits");
    expectRefused(() => quantize(codes, { bits: 17 }), RangeError, "quantize: bits");
    expectRefused(() => quantize(codes, { bits: 4, steps: [1] }), TypeError, "quantize: steps");
    expectRefused(() => quantize(codes, { bits: 4, steps: [1, 0] }), RangeError, "quantize: steps[1]");
    for (const step of [1e-101, 1e101, 5e-324, 1.7e308]) {
      const call = () => quantize(codes, { bits: 4, steps: [step, 1] });
      expectRefused(call, RangeError, "quantize: steps[0] must be from 1e-100 to ");
    }
    expectRefused(() => quantize(tensor([[NaN]]), { bits: 4 }), RangeError, "quantize: codes");
    const { symbols, quantizer } = quantize(codes, { bits: 4 });
    const short = { symbols: symbols.subarray(1), quantizer };
    expectRefused(() => dequantize(short), RangeError, "dequantize: codes.symbols");
  });
});

describe("a compressed file", () => {
  it("gives back what the quantized codes decode to, for any model", () => {
    fc.assert(
      fc.property(
        fc.oneof(autoencoders, vaes),
        bits,
        fc.integer({ min: 1, max: 9 }),
        ({ model, seed }, count, blockSize) => {
          const params = model.init(key(seed));
          const images = imagesOf(model.inputShape, 7, seed + 1);
          const file = compress(model, params, images, { bits: count, steps: "range", blockSize });
          const back = decompress(model, params, file);
          const codes = dequantize(quantize(codesOf(model, params, images), { bits: count }));
          expect(back.shape).toEqual(images.shape);
          expect(equals(back, model.decode(params, codes), 1e-4)).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("loses next to nothing at 16 bits, whatever the steps", () => {
    fc.assert(
      fc.property(
        fc.oneof(autoencoders, vaes),
        fc.constantFrom("fitted" as const, "range" as const),
        ({ model, seed }, steps) => {
          const params = model.init(key(seed));
          const images = imagesOf(model.inputShape, 7, seed + 1);
          const back = decompress(model, params, compress(model, params, images, { bits: 16, steps }));
          const exact = model.decode(params, codesOf(model, params, images));
          expect(largest(ops.sub(back, exact))).toBeLessThan(2e-3 * Math.max(1, largest(exact)));
        },
      ),
      { numRuns: 100 },
    );
  });

  it("gives any range of its images by itself, the same bits", () => {
    const { model, params, images } = small();
    const file = compress(model, params, images, { bits: 5, blockSize: 6 });
    const whole = decompress(model, params, file);
    for (let start = 0; start < 20; start++) {
      for (let end = start + 1; end <= 20; end += 3) {
        const part = decompress(model, params, file, { start, end });
        expect([...part.data]).toEqual([...ops.slice(whole, start, end).data]);
      }
    }
  });

  it("is the same bytes whichever binary is configured", () => {
    const { model, params, images } = small();
    const file = compress(model, params, images);
    configure({ relaxedSimd: false });
    const other = compress(model, params, images);
    configure({ relaxedSimd: "auto" });
    expect([...other]).toEqual([...file]);
  });

  it("takes less room with fewer bits, and errs more", () => {
    const { model, params } = small();
    const images = random.uniform(key(5), [2000, 4]);
    const exact = model.reconstruct(params, images);
    const files = [3, 6, 9].map((count) => compress(model, params, images, { bits: count }));
    const errors = files.map((file) => largest(ops.sub(decompress(model, params, file), exact)));
    expect(files.map(({ length }) => length)).toEqual(
      files.map(({ length }) => length).sort((a, b) => a - b),
    );
    expect(errors).toEqual([...errors].sort((a, b) => b - a));
    // Codes of even images take about their bits: no more than the tables and blocks beside them.
    expect(files[1]!.length).toBeLessThan((2000 * 2 * 6) / 8 + 300);
  });

  it("is refused with any byte changed or cut, without memory held", async () => {
    const { model, params, images } = small();
    const file = compress(model, params, images, { bits: 3, blockSize: 7 });
    const read = (bytes: Uint8Array) => decompress(model, params, bytes);
    for (let i = 0; i < file.length; i++) {
      const changed = file.slice();
      changed[i]! ^= 1 + (i % 255);
      expectRefused(() => read(changed), RangeError, "decompress: bytes");
    }
    await expectToWithstandCorruption(read, file, [1, 128]);
    await expectToWithstandNoise(read, file, 200);
    expectNothingHeld();
  });

  it("that is damaged in one block gives the images of all others, and says which are lost", () => {
    const { model, params, images } = small();
    const file = compress(model, params, images, { blockSize: 7 });
    const whole = decompress(model, params, file);
    file[file.length - 1]! ^= 1;
    const rest = decompress(model, params, file, { end: 14 });
    expect([...rest.data]).toEqual([...ops.slice(whole, 0, 14).data]);
    expect(() => decompress(model, params, file)).toThrow("block 2, images 14 to 19");
  });

  it("is not made of images that are not finite, whatever the model", () => {
    const image = { inputShape: [4], latentSize: 2, decoder: dense(4) };
    const { model, params } = small();
    const others = [
      vae({ ...image, encoder: dense(3) }),
      vqVae({ ...image, encoder: dense(2), codebook: 4 }),
    ];
    for (const [coder, own] of [
      [model, params] as const,
      ...others.map((m) => [m, m.init(key(1))] as const),
    ]) {
      for (const value of [NaN, Infinity, -Infinity]) {
        const call = () => compress(coder, own, tensor([[1, 2, 3, 4], [1, value, 3, 4]])); // prettier-ignore
        expectRefused(call, RangeError, `compress: inputs.data[5] must be finite, got ${value}`);
      }
    }
  });

  it("is refused where a model's decode gives no input for each of its codes", () => {
    const { model, params, images } = small();
    const file = compress(model, params, images);
    for (const given of [undefined, zeros([1, ...model.inputShape]), zeros([20, 2])]) {
      const odd = { ...model, decode: () => given } as never;
      expect(() => compress(odd, params, images)).toThrow(/^compress: what model\.decode gives/);
      expect(() => decompress(odd, params, file)).toThrow(/^decompress: what model\.decode gives/);
    }
  });

  it("is decoded in batches of the size that is asked for", () => {
    const { model, params, images } = small();
    const file = compress(model, params, images);
    const sizes: unknown[] = [];
    const watched = {
      ...model,
      decode: (...[weights, codes, options]: Parameters<typeof model.decode>) => {
        sizes.push(options?.batchSize);
        return model.decode(weights, codes, options);
      },
    };
    decompress(watched, params, file, { batchSize: 3 });
    expect(sizes).toEqual([3]);
  });

  it("is refused by another model, other parameters and for images that it has not", () => {
    const { model, params, images } = small();
    const file = compress(model, params, images);
    const read = (...args: Parameters<typeof decompress>) => decompress(...args);
    expectRefused(() => read(model, model.init(key(9)), file), RangeError, "decompress: bytes");
    const other = autoencoder({
      inputShape: [4],
      encoder: dense(2),
      decoder: dense(4, { activation: "tanh" }),
    });
    expectRefused(() => read(other, params, file), RangeError, "decompress: bytes");
    expectRefused(() => read(model, params, file, { end: 21 }), RangeError, "decompress: end");
    expectRefused(() => read(model, params, file, { start: 20 }), RangeError, "decompress: start");
    expectRefused(() => read(model, params, new Uint8Array(30)), RangeError, "decompress: bytes");
    expectRefused(() => compress(model, params, images, { bits: 1 }), RangeError, "compress: bits");
    expectRefused(() => compress(model, params, images, { blockSize: 0 }), RangeError, "compress: blockSize");
    expectRefused(() => compress(model, params, tensor([[1]])), RangeError, "compress: inputs.shape");
  });

  it("is known by what decodes it alone: how a model was trained does not count", () => {
    const { params, images } = small();
    const make = (reduction: "mean" | "perExample") =>
      autoencoder({ inputShape: [4], encoder: dense(2), decoder: dense(4), reduction });
    const file = compress(make("mean"), params, images);
    expect(decompress(make("perExample"), params, file).shape).toEqual([20, 4]);
  });
});
