// Laws of IDX files, plain and packed: every type of numbers read, every departure from the format refused.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { type IdxOptions, loadIdx, readIdx } from "../../src/data/index.js";
import { type Tensor } from "../../src/index.js";
import { ALL_CHANGES, expectToWithstandCorruption, expectToWithstandNoise } from "../support/hostile.js";
import { expectRefused } from "../support/refusals.js";

/** A file of a type, sizes and data. */
function fileOf(code: number, shape: readonly number[], data: ArrayLike<number>): Uint8Array {
  const sizes = shape.flatMap((size) => [size >>> 24, size >>> 16, size >>> 8, size]);
  return Uint8Array.from([0, 0, code, shape.length, ...sizes, ...Array.from(data)]);
}

const images = fileOf(8, [2, 2, 3], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255]);
const pixels = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255];

/** Every way to read a plain file. */
const READERS: [string, (bytes: Uint8Array, options?: IdxOptions) => Tensor | Promise<Tensor>][] = [
  ["readIdx", readIdx],
  ["loadIdx", loadIdx],
  ["loadIdx of gzip", (bytes, options) => loadIdx(gzipSync(bytes), options)],
];

describe.each(READERS)("%s", (_, read) => {
  it("reads images, with a channel axis when asked", async () => {
    const plain = await read(images);
    expect([plain.shape, [...plain.data]]).toEqual([[2, 2, 3], pixels]);
    const withChannel = await read(images, { channelAxis: true });
    expect([withChannel.shape, [...withChannel.data]]).toEqual([[2, 2, 3, 1], pixels]);
    expect((await read(images, { channelAxis: false })).shape).toEqual([2, 2, 3]);
  });

  it.each<[string, number, number[], number[]]>([
    ["unsigned bytes", 8, [0, 254], [0, 254]],
    ["signed bytes", 9, [1, 254], [1, -2]],
    ["shorts", 11, [1, 2, 0xff, 0xfe], [258, -2]],
    ["integers", 12, [0, 1, 0, 0, 0x80, 0, 0, 0], [65536, -(2 ** 31)]],
    ["floats", 13, [0x3f, 0xc0, 0, 0, 0xc0, 0, 0, 0], [1.5, -2]],
    ["doubles", 14, [0xbf, 0xf8, 0, 0, 0, 0, 0, 0, 0x7f, 0xe0, 0, 0, 0, 0, 0, 0], [-1.5, Infinity]],
  ])("reads %s", async (_, code, data, values) => {
    expect([...(await read(fileOf(code, [2], data))).data]).toEqual(values);
  });

  it("reads any shape and length", async () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(shapes, fc.integer(), async (shape, seed) => {
        const size = shape.reduce((product, length) => product * length, 1);
        const data = Uint8Array.from({ length: size }, (_, i) => Math.imul(i + 1, seed) >>> 9);
        const t = await read(fileOf(8, shape, data));
        expect(t.shape).toEqual(shape);
        expect(t.data).toEqual(new Float32Array(data));
      }),
    );
  });
});

const good = fileOf(8, [2], [5, 6]);
const DEPARTURES: [string, Uint8Array, string][] = [
  ["three bytes", new Uint8Array(3), "bytes must hold at least 4"],
  ["another beginning", good.slice().fill(1, 0, 1), "bytes must begin with two zeros"],
  ["another second byte", good.slice().fill(1, 1, 2), "bytes must begin with two zeros"],
  ["an unknown type", fileOf(0x0a, [2], [5, 6]), "type (byte 2) must be one of 8, 9, 11, 12, 13, 14, got 10"],
  ["a cut header", fileOf(8, [2, 2], []).slice(0, 11), "bytes must hold 2 sizes"],
  ["33 axes", fileOf(8, Array(33).fill(1), [5]), "shape must have at most 32 axes"],
  [
    "255 axes",
    Uint8Array.from([0, 0, 8, 255, ...Array(255 * 4).fill(255)]),
    "shape must have at most 32 axes",
  ],
  ["no elements", fileOf(8, [2, 0], []), "shape[1] must be an integer ≥ 1"],
  ["large sizes", fileOf(8, [2 ** 32 - 1, 2 ** 32 - 1], [5]), "shape must have at most"],
  ["missing data", fileOf(8, [3], [5, 6]), "bytes must be 11 long"],
  ["missing data of many bytes", fileOf(14, [2 ** 28], Array(200)), "bytes must be 2147483656 long"],
  ["bytes after the data", fileOf(8, [1], [5, 6]), "bytes must be 9 long"],
  ["many bytes after the data", fileOf(8, [1], Array(100_000).fill(0)), "bytes must be 9 long"],
];

/** A call that throws what a promise is rejected with. */
async function settled(promise: Promise<unknown>): Promise<() => unknown> {
  try {
    const value = await promise;
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

describe("readIdx refuses", () => {
  it.each([...DEPARTURES, ["an empty file", new Uint8Array(0), "bytes must hold at least 4"] as const])(
    "%s",
    (_, file, start) => {
      expectRefused(() => readIdx(file), RangeError, `readIdx: ${start}`);
    },
  );

  it("a packed file", () => {
    expectRefused(() => readIdx(gzipSync(good)), RangeError, "readIdx: bytes must begin with two zeros");
  });

  it("a channel axis for what are not images", () => {
    const call = () => readIdx(good, { channelAxis: true });
    expectRefused(
      call,
      RangeError,
      "readIdx: bytes must hold images [count, height, width] with channelAxis",
    );
  });

  it("wrong kinds", () => {
    expectRefused(() => readIdx([0, 0, 8, 1] as never), TypeError, "readIdx: bytes must be a Uint8Array");
    expectRefused(
      () => readIdx(good, { channels: 1 } as never),
      TypeError,
      "readIdx: options must have only",
    );
    expectRefused(() => readIdx(good, { channelAxis: 1 as never }), TypeError, "readIdx: channelAxis");
  });
});

describe("loadIdx refuses", () => {
  it.each(DEPARTURES)("%s, plain and packed", async (_, file, start) => {
    expectRefused(await settled(loadIdx(file)), RangeError, `loadIdx: ${start}`);
    expectRefused(await settled(loadIdx(gzipSync(file))), RangeError, `loadIdx: ${start}`);
  });

  it("damaged gzip", async () => {
    const packed = gzipSync(images);
    const whole = "loadIdx: bytes must be a whole gzip file";
    for (const end of [2, 10, packed.length - 9, packed.length - 1]) {
      expectRefused(await settled(loadIdx(packed.subarray(0, end))), RangeError, whole);
    }
    const wrongSum = Uint8Array.from(packed, (byte, i) => (i === packed.length - 8 ? byte ^ 1 : byte));
    expectRefused(await settled(loadIdx(wrongSum)), RangeError, whole);
  });

  it("a small file that unpacks to much more than its header says", async () => {
    const bomb = gzipSync(Buffer.concat([fileOf(8, [1], [5]), Buffer.alloc(2 ** 28)]));
    expect(bomb.length).toBeLessThan(300_000);
    const before = process.memoryUsage().arrayBuffers;
    expectRefused(await settled(loadIdx(bomb)), RangeError, "loadIdx: bytes must be 9 long");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 26);
  });

  it("wrong kinds, by a rejected promise", async () => {
    expectRefused(await settled(loadIdx("x" as never)), TypeError, "loadIdx: bytes must be a Uint8Array");
    expectRefused(await settled(loadIdx(good, 1 as never)), TypeError, "loadIdx: options must be an object");
  });

  it("gzip where the platform cannot unpack it", async () => {
    vi.stubGlobal("DecompressionStream", undefined);
    await expect(loadIdx(gzipSync(good))).rejects.toThrow(/^loadIdx: this platform cannot unpack gzip/);
    vi.unstubAllGlobals();
    expect((await loadIdx(gzipSync(good))).shape).toEqual([2]);
  });
});

describe("under attack", () => {
  it("readIdx gives a result or refuses", async () => {
    await expectToWithstandCorruption(readIdx, images, ALL_CHANGES);
    await expectToWithstandNoise((bytes) => readIdx(bytes), images);
  });

  it("loadIdx gives a result or refuses", async () => {
    const packed = Uint8Array.from(gzipSync(images));
    await expectToWithstandCorruption(loadIdx, packed, [1, 2, 4, 8, 16, 32, 64, 128, 255]);
    await expectToWithstandNoise((bytes) => loadIdx(bytes), packed, 200);
  });
});

const folder = process.env.FASHION_MNIST_DIR;

describe.skipIf(folder === undefined)("Fashion-MNIST's own files", () => {
  const names = folder === undefined ? [] : readdirSync(folder).filter((name) => /idx\d-ubyte/.test(name));

  it.each(names)("%s", async (name) => {
    const bytes = readFileSync(join(folder!, name));
    const unpacked = name.endsWith(".gz") ? gunzipSync(bytes) : bytes;
    const count = unpacked.readUInt32BE(4);
    const isImages = name.includes("idx3");
    const t = await loadIdx(bytes, { channelAxis: isImages });
    expect(t.shape).toEqual(isImages ? [count, 28, 28, 1] : [count]);
    expect(t.data.every((pixel, i) => pixel === unpacked[i + (isImages ? 16 : 8)])).toBe(true);
  });
});
