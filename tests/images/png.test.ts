// Laws of PNG files: every kind of the standard read, what was written read back, every departure refused.

import { deflateSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readPng, writePng } from "../../src/images/index.js";
import { ones, tensor } from "../../src/index.js";
import {
  expectResultOrRefusal,
  expectToWithstandCorruption,
  expectToWithstandNoise,
} from "../support/hostile.js";
import { CHANNELS, chunk, fileOf, header, type Image, pngOf } from "../support/pngFiles.js";
import { expectRefused } from "../support/refusals.js";

const KINDS = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [2, 8], [2, 16], [4, 8], [4, 16], [6, 8], [6, 16]] as const; // prettier-ignore

/** Images of a kind, of any size, filter and interlacing. */
function imagesOf(colorType: number, depth: number): fc.Arbitrary<Image> {
  const size = fc.integer({ min: 1, max: 19 });
  return fc
    .record({ width: size, height: size, filter: fc.integer({ min: 0, max: 4 }), isInterlaced: fc.boolean() })
    .chain(({ width, height, filter, isInterlaced }) => {
      const count = width * height * CHANNELS[colorType]!;
      const sample = fc.integer({ min: 0, max: 2 ** depth - 1 });
      return fc.array(sample, { minLength: count, maxLength: count }).map((samples) => {
        return { width, height, depth, colorType, samples, filter, isInterlaced };
      });
    });
}

const grey: Image = { width: 3, height: 2, depth: 8, colorType: 0, samples: [0, 1, 2, 3, 254, 255] };

describe("writePng", () => {
  it("is read back exactly, for multiples of 1/255 and every number of channels", () => {
    const sizes = fc.tuple(...[9, 9, 4].map((max) => fc.integer({ min: 1, max })));
    const images = sizes.chain((shape) => {
      const size = shape.reduce((product, length) => product * length, 1);
      return fc
        .uint8Array({ minLength: size, maxLength: size })
        .map(
          (bytes) =>
            tensor(
              Array.from(bytes, (byte) => byte / 255),
              [size],
            ).data,
        )
        .map((values) => tensor(values, shape));
    });
    fc.assert(
      fc.property(images, (image) => {
        const back = readPng(writePng(image));
        expect(back.shape).toEqual(image.shape);
        expect(back.data).toEqual(image.data);
      }),
    );
  });

  it("keeps all 256 levels apart", () => {
    const levels = tensor(Array.from({ length: 256 }, (_, i) => i / 255)).data;
    expect(readPng(writePng(tensor(levels, [1, 256, 1]))).data).toEqual(levels);
  });

  it("rounds to the nearest level and clips, infinities too", () => {
    const values = [-Infinity, -0.1, 0.49 / 255, 0.51 / 255, 254.49 / 255, 254.51 / 255, 1.2, Infinity];
    const back = readPng(writePng(tensor(values, [1, 8, 1])));
    expect(Array.from(back.data, (value) => Math.round(255 * value))).toEqual([
      0, 0, 0, 1, 254, 255, 255, 255,
    ]);
  });

  it("takes another range", () => {
    const file = writePng(tensor([-1, 0.2, 1, 9], [2, 2, 1]), { low: -1, high: 1 });
    expect(file).toEqual(writePng(tensor([0, 0.6, 1, 1], [2, 2, 1])));
  });

  it("takes a stack of one", () => {
    expect(writePng(ones([1, 2, 3, 4]))).toEqual(writePng(ones([2, 3, 4])));
  });

  it("writes by the standard, down to the checksums", () => {
    const file = writePng(tensor(grey.samples.map((sample) => sample / 255), [2, 3, 1])); // prettier-ignore
    expect(file.slice(0, 33)).toEqual(fileOf(header(3, 2, 8, 0, 0, 0, 0)));
    expect(file.slice(-12)).toEqual(Uint8Array.from(chunk("IEND", [])));
    expect(file.buffer.byteLength).toBe(file.length);
  });

  it.each<[string, () => unknown, ErrorConstructor, string]>([
    ["a list", () => writePng([1] as never), TypeError, "writePng: image must be a tensor"],
    ["a matrix", () => writePng(ones([2, 2])), RangeError, "writePng: image.shape must be [height"],
    ["two images", () => writePng(ones([2, 2, 2, 1])), RangeError, "writePng: image.shape must be [height"],
    ["five channels", () => writePng(ones([2, 2, 5])), RangeError, "writePng: image.shape must be [height"],
    [
      "NaN, with its place",
      () => writePng(tensor([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NaN, 0], [2, 3, 2])),
      RangeError,
      "writePng: image[1, 2, 0] must be a number, got NaN",
    ],
    [
      "an empty range",
      () => writePng(ones([1, 1, 1]), { low: 1 }),
      RangeError,
      "writePng: high must be above low = 1",
    ],
    [
      "a text as bound",
      () => writePng(ones([1, 1, 1]), { low: "0" as never }),
      TypeError,
      "writePng: low must",
    ],
    ["NaN as bound", () => writePng(ones([1, 1, 1]), { high: NaN }), RangeError, "writePng: high must"],
    [
      "a misspelt option",
      () => writePng(ones([1, 1, 1]), { hi: 1 } as never),
      TypeError,
      "writePng: options must",
    ],
  ])("refuses %s", (_, call, kind, start) => {
    expectRefused(call, kind, start);
  });
});

describe("readPng", () => {
  it.each(KINDS)("reads colour type %d of %d bits: samples over the largest", (colorType, depth) => {
    fc.assert(
      fc.property(imagesOf(colorType, depth), (image) => {
        const { shape, data } = readPng(pngOf(image));
        expect(shape).toEqual([image.height, image.width, CHANNELS[colorType]]);
        expect(data).toEqual(Float32Array.from(image.samples, (sample) => sample / (2 ** depth - 1)));
      }),
      { numRuns: 60 },
    );
  });

  it.each([1, 2, 4, 8])("reads palettes of %d bits, opaque and with alpha", (depth) => {
    const colors = Math.min(2 ** depth, 200);
    const palette = Array.from({ length: 3 * colors }, (_, i) => (i * 37) % 256);
    fc.assert(
      fc.property(imagesOf(3, depth), (any) => {
        const image = { ...any, samples: any.samples.map((index) => index % colors) };
        const opaque = readPng(pngOf({ ...image, before: [["PLTE", palette]] }));
        expect(opaque.shape).toEqual([image.height, image.width, 3]);
        const wanted = image.samples.flatMap((index) => palette.slice(3 * index, 3 * index + 3));
        expect(opaque.data).toEqual(Float32Array.from(wanted, (value) => value / 255));

        const before = [["PLTE", palette], ["tRNS", [128]]] as const; // prettier-ignore
        const { shape, data } = readPng(pngOf({ ...image, before }));
        expect(shape).toEqual([image.height, image.width, 4]);
        const alphas = image.samples.map((index) => Math.fround(index === 0 ? 128 / 255 : 1));
        expect(Array.from(data).filter((_, i) => i % 4 === 3)).toEqual(alphas);
      }),
      { numRuns: 40 },
    );
  });

  it("makes the one transparent grey or colour alpha 0", () => {
    const one = readPng(pngOf({ ...grey, before: [["tRNS", [0, 254]]] }));
    expect([one.shape, Array.from(one.data).filter((_, i) => i % 2 === 1)]).toEqual([
      [2, 3, 2],
      [1, 1, 1, 1, 0, 1],
    ]);
    const colour: Image = { ...grey, width: 1, colorType: 2, depth: 16, samples: [1, 2, 300, 1, 2, 299] };
    const two = readPng(pngOf({ ...colour, before: [["tRNS", [0, 1, 0, 2, 1, 44]]] }));
    expect([two.shape, two.data[3], two.data[7]]).toEqual([[2, 1, 4], 0, 1]);
    expect(two.data[2]).toBe(Math.fround(300 / 65535));
  });

  it("passes over texts, profiles and whatever else changes no sample, and over what follows the end", () => {
    const before = [["tEXt", [1, 2]], ["iCCP", [0]], ["pHYs", [1]], ["abCd", []]] as const; // prettier-ignore
    const file = pngOf({ ...grey, before });
    expect(readPng(file)).toEqual(readPng(pngOf(grey)));
    expect(readPng(Uint8Array.from([...file, 1, 2, 3]))).toEqual(readPng(pngOf(grey)));
  });

  it("reads bytes anywhere in their buffer", () => {
    const file = pngOf(grey);
    expect(readPng(Uint8Array.from([7, ...file, 7]).subarray(1, -1))).toEqual(readPng(file));
  });
});

const data = (...bytes: number[]) => chunk("IDAT", deflateSync(Uint8Array.from(bytes)));
const end = chunk("IEND", []);
const one = header(1, 1, 8, 0, 0, 0, 0);
const indexed = header(1, 1, 8, 3, 0, 0, 0);

describe("readPng refuses", () => {
  it.each<[string, Uint8Array, string]>([
    ["an empty file", new Uint8Array(0), "bytes must begin with PNG's signature"],
    ["a JPEG", Uint8Array.of(255, 216, 255, 224, 0, 0, 0, 0, 0, 0), "bytes must begin with PNG's signature"],
    ["a signature alone", fileOf(), "bytes must go on until the chunk IEND"],
    ["no end", fileOf(one, data(0, 5)), "bytes must go on until the chunk IEND"],
    ["no header", fileOf(data(0, 5), end), "chunk 0 must be IHDR of 13 bytes"],
    ["a short header", fileOf(chunk("IHDR", [0, 0, 0, 1]), data(0, 5), end), "chunk 0 must be IHDR"],
    [
      "a length beyond the file",
      fileOf(Buffer.from("ffffffff49484452", "hex"), one),
      "chunk 0 length must be at most",
    ],
    ["no width", fileOf(header(0, 1, 8, 0, 0, 0, 0), data(0), end), "width and height must be ≥ 1"],
    ["no height", fileOf(header(1, 0, 8, 0, 0, 0, 0), data(0), end), "width and height must be ≥ 1"],
    ["depth 3", fileOf(header(1, 1, 3, 0, 0, 0, 0), data(0, 5), end), "depth and colour type must"],
    [
      "a palette of 16 bits",
      fileOf(header(1, 1, 16, 3, 0, 0, 0), data(0, 5), end),
      "depth and colour type must",
    ],
    ["colour type 5", fileOf(header(1, 1, 8, 5, 0, 0, 0), data(0, 5), end), "depth and colour type must"],
    ["compression 1", fileOf(header(1, 1, 8, 0, 1, 0, 0), data(0, 5), end), "compression, filter and inter"],
    [
      "filter method 1",
      fileOf(header(1, 1, 8, 0, 0, 1, 0), data(0, 5), end),
      "compression, filter and inter",
    ],
    ["interlacing 2", fileOf(header(1, 1, 8, 0, 0, 0, 2), data(0, 5), end), "compression, filter and inter"],
    ["a critical chunk unknown", fileOf(one, chunk("Abcd", []), data(0, 5), end), "chunks must be those of"],
    ["a second header", fileOf(one, one, data(0, 5), end), "chunks must be those of"],
    ["no pixels", fileOf(one, end), "image data (IDAT) must be from 1 to"],
    [
      "pixels of no packing",
      fileOf(one, chunk("IDAT", [1, 2, 3, 4]), end),
      "image data (IDAT) must unpack to",
    ],
    [
      "too few pixels",
      fileOf(header(1, 2, 8, 0, 0, 0, 0), data(0, 5), end),
      "image data (IDAT) must unpack to",
    ],
    ["filter 5", fileOf(one, data(5, 5), end), "image data (IDAT) must unpack to 1 × 1 pixels"],
    ["no palette", fileOf(indexed, data(0, 0), end), "PLTE must hold 1 to 256 colours"],
    ["half a colour", fileOf(indexed, chunk("PLTE", [1, 2]), data(0, 0), end), "PLTE must hold"],
    ["257 colours", fileOf(indexed, chunk("PLTE", Array(771).fill(0)), data(0, 0), end), "PLTE must hold"],
    [
      "an index too large",
      fileOf(indexed, chunk("PLTE", [1, 2, 3]), data(0, 1), end),
      "pixels must be below the 1 colours",
    ],
    [
      "alpha for more colours than there are",
      fileOf(indexed, chunk("PLTE", [1, 2, 3]), chunk("tRNS", [1, 2]), data(0, 0), end),
      "tRNS must hold at most one byte per colour",
    ],
    [
      "a transparent colour for grey",
      fileOf(one, chunk("tRNS", [0, 1, 0, 2, 0, 3]), data(0, 5), end),
      "tRNS must hold one",
    ],
    [
      "a transparent colour beside alpha",
      fileOf(header(1, 1, 8, 4, 0, 0, 0), chunk("tRNS", [0, 1, 0, 2]), data(0, 5, 6), end),
      "tRNS must hold one",
    ],
  ])("%s", (_, file, start) => {
    expectRefused(() => readPng(file), RangeError, `readPng: ${start}`);
  });

  it("a wrong checksum", () => {
    const file = pngOf(grey);
    file[file.length - 1]! ^= 1;
    expectRefused(() => readPng(file), RangeError, "readPng: chunk 3 must agree with its checksum");
  });

  it("a header of more pixels than the file can hold, before memory is taken", () => {
    const before = process.memoryUsage().arrayBuffers;
    const huge = fileOf(header(100_000, 100_000, 8, 2, 0, 0, 0), data(0, 5), end);
    expectRefused(() => readPng(huge), RangeError, "readPng: width and height must be ≥ 1 and multiply");
    const large = fileOf(header(10_000, 10_000, 8, 2, 0, 0, 0), data(0, 5), end);
    expectRefused(() => readPng(large), RangeError, "readPng: image data (IDAT) must be from 290698 to");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  });

  it("much data for few pixels, before memory is taken", () => {
    const bomb = fileOf(one, chunk("IDAT", deflateSync(new Uint8Array(2 ** 26))), end);
    expect(bomb.length).toBeLessThan(2 ** 17);
    const before = process.memoryUsage().arrayBuffers;
    expectRefused(() => readPng(bomb), RangeError, "readPng: image data (IDAT) must be from 1 to 4112");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
  });

  it("what is not bytes of its own", () => {
    expectRefused(() => readPng("x" as never), TypeError, "readPng: bytes must be a Uint8Array");
    const shared = new Uint8Array(new SharedArrayBuffer(64));
    expectRefused(() => readPng(shared), TypeError, "readPng: bytes must not lie in shared");
  });
});

describe("readPng under attack", () => {
  it("gives a result or refuses when a byte is changed, or the end is cut", async () => {
    const flips = [1, 2, 4, 8, 16, 32, 64, 128, 255];
    await expectToWithstandCorruption(readPng, pngOf(grey), flips);
    const image = { ...grey, width: 6, height: 1, depth: 8, colorType: 3 };
    await expectToWithstandCorruption(
      readPng,
      pngOf({ ...image, before: [["PLTE", Array(768).fill(9)]] }),
      [1, 255],
    );
  });

  it("gives a result or refuses when the checksums are right and everything else is not", async () => {
    const packed = deflateSync(Uint8Array.of(0, 0, 1, 2, 0, 3, 254, 255));
    const bytes = fc.uint8Array({ maxLength: 40 });
    const body = [3, 2, 8, 0, 0, 0, 0];
    const place = fc.nat({ max: 6 });
    const types = fc.constantFrom("PLTE", "tRNS", "IDAT", "tEXt", "iCCP", "IHDR");
    await fc.assert(
      fc.asyncProperty(
        place,
        fc.nat({ max: 17 }),
        fc.nat(packed.length),
        bytes,
        types,
        async (at, value, cut, noise, type) => {
          const [width = 1, height = 1, ...rest] = body.map((number, i) => (i === at ? value : number));
          const pixels = [...packed.subarray(0, cut), ...noise];
          const file = fileOf(header(width, height, ...rest), chunk(type, noise), chunk("IDAT", pixels), end);
          await expectResultOrRefusal(readPng, file);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("gives a result or refuses whatever the bytes", async () => {
    await expectToWithstandNoise(readPng, pngOf(grey));
  });
});
