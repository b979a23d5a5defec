// Laws of safetensors files: byte-exact writing, round trips, every departure from the format refused.

import { readdirSync, readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ones,
  readSafetensors,
  scope,
  type Tensor,
  tensor,
  writeSafetensors,
  zeros,
} from "../../src/index.js";
import { ALL_CHANGES, expectToWithstandCorruption, expectToWithstandNoise } from "../support/hostile.js";
import { expectRefused } from "../support/refusals.js";
import { readSafetensors as readTrusted } from "../support/safetensors.js";

/** A file with a header as text and any data. */
function fileOf(header: string | Uint8Array, data: ArrayLike<number> = []): Uint8Array {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const file = new Uint8Array(8 + text.length + data.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  file.set(data, 8 + text.length);
  return file;
}

const entry = (dtype: string, shape: unknown, begin: unknown, end: unknown) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});
const fileWith = (header: object, length: number) => fileOf(JSON.stringify(header), new Uint8Array(length));
const bitsOf = (t: Tensor) => [...new Uint32Array(t.data.slice().buffer)];

const tensors = fc
  .uniqueArray(
    fc.record({
      name: fc.oneof(
        fc.string({ unit: "binary" }),
        fc.constantFrom("__proto__", "constructor", "toString", "", "0", "10", "9", 'a"b\\', "\u0000", "😀"),
      ),
      values: fc.float32Array({ minLength: 1, maxLength: 12 }),
      rank: fc.integer({ min: 1, max: 4 }),
    }),
    { selector: ({ name }) => name },
  )
  .map((parts) =>
    Object.fromEntries(
      parts.map(({ name, values, rank }) => {
        const axes = Array.from({ length: rank }, (_, axis) => (axis === rank - 1 ? values.length : 1));
        return [name, tensor(values, axes)];
      }),
    ),
  );
const texts = fc
  .array(fc.tuple(fc.string({ unit: "binary" }), fc.string({ unit: "binary" })), { maxLength: 3 })
  .map((entries) => Object.fromEntries(entries));

describe("writeSafetensors", () => {
  it("writes the header's length, the header, spaces up to a multiple of 8, and the values", () => {
    const header = '{"__metadata__":{"a":"b"},"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';
    expect(header).toHaveLength(79);
    const file = [...writeSafetensors({ x: tensor([1, -2]) }, { a: "b" })];
    expect(file.slice(0, 8)).toEqual([80, 0, 0, 0, 0, 0, 0, 0]);
    expect(String.fromCharCode(...file.slice(8, 88))).toBe(`${header} `);
    expect(file.slice(88)).toEqual([0, 0, 128, 63, 0, 0, 0, 192]);
  });

  it("writes what the reference implementation writes", () => {
    const header = '{"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}}';
    const values = Float32Array.of(0, 1, 2, 3, 4, 5);
    expect([...writeSafetensors({ "attn.0": tensor(values, [1, 2, 3]) })]).toEqual([
      ...fileOf(header, new Uint8Array(values.buffer)),
    ]);
    expect([...writeSafetensors({})]).toEqual([8, 0, 0, 0, 0, 0, 0, 0, 123, 125, 32, 32, 32, 32, 32, 32]);
  });

  it("gives the same bytes whatever the order of names", () => {
    const [a, b] = [ones([2]), zeros([3])];
    expect(writeSafetensors({ a, b, 0: a }, { c: "", d: "" })).toEqual(
      writeSafetensors({ 0: a, b, a }, { d: "", c: "" }),
    );
  });

  it("writes tensors of an open scope, and slices of the heap", () => {
    const file = scope(() => new Uint8Array(writeSafetensors({ a: zeros([3]) })));
    expect([...readSafetensors(file).tensors.a!.data]).toEqual([0, 0, 0]);
  });

  it.each<[string, () => unknown, ErrorConstructor, string]>([
    ["a list", () => writeSafetensors([] as never), TypeError, "writeSafetensors: tensors must be an object"],
    ["nothing", () => writeSafetensors(null as never), TypeError, "writeSafetensors: tensors"],
    [
      "what is not a tensor",
      () => writeSafetensors({ a: [1] as never }),
      TypeError,
      'writeSafetensors: tensors["a"] must be a tensor',
    ],
    [
      "the name of the metadata",
      () => writeSafetensors({ __metadata__: ones([1]) }),
      RangeError,
      "writeSafetensors: tensors must leave the name __metadata__ free",
    ],
    [
      "half a surrogate pair as name",
      () => writeSafetensors({ "\ud800": ones([1]) }),
      RangeError,
      'writeSafetensors: the name of tensors["\\ud800"] must be well-formed',
    ],
    [
      "a number as metadata",
      () => writeSafetensors({}, { a: 1 as never }),
      TypeError,
      'writeSafetensors: metadata["a"] must be a string',
    ],
    [
      "half a surrogate pair as metadata",
      () => writeSafetensors({}, { a: "\udc00" }),
      RangeError,
      'writeSafetensors: metadata["a"] must be well-formed',
    ],
    ["text as metadata", () => writeSafetensors({}, "a" as never), TypeError, "writeSafetensors: metadata"],
  ])("refuses %s", (_, call, kind, start) => {
    expectRefused(call, kind, start);
  });
});

describe("readSafetensors", () => {
  it("reads back what was written, bit by bit, whatever the names", () => {
    fc.assert(
      fc.property(tensors, texts, (named, metadata) => {
        const file = writeSafetensors(named, metadata);
        expect((8 + new DataView(file.buffer).getUint32(0, true)) % 8).toBe(0);
        const back = readSafetensors(file);
        expect(Object.entries(back.metadata).sort()).toEqual(Object.entries(metadata).sort());
        expect(Object.keys(back.tensors).sort()).toEqual(Object.keys(named).sort());
        for (const [name, t] of Object.entries(named)) {
          expect(back.tensors[name]!.shape).toEqual(t.shape);
          expect(bitsOf(back.tensors[name]!)).toEqual(bitsOf(t));
        }
      }),
      { numRuns: 300 },
    );
  });

  const folder = new URL("../reference/", import.meta.url);
  it.each(readdirSync(folder).filter((name) => name.endsWith(".safetensors")))("reads %s", (name) => {
    const path = new URL(name, folder).pathname;
    const { tensors, metadata } = readSafetensors(readFileSync(path));
    const trusted = readTrusted(path);
    expect(Object.keys(tensors).sort()).toEqual([...trusted.keys()].sort());
    for (const [key, t] of trusted) {
      expect(tensors[key]!.shape).toEqual(t.shape);
      expect(bitsOf(tensors[key]!)).toEqual(bitsOf(t));
    }
    expect(metadata.group).toBe(name.replace(".safetensors", ""));
  });

  it("reads data at any address, and leaves the file unchanged", () => {
    const file = fileWith({ a: entry("U8", [1], 0, 1), b: entry("F32", [1], 1, 5) }, 5);
    file.set([7, 0, 0, 128, 63], file.length - 5);
    const shifted = new Uint8Array(file.length + 3).subarray(3);
    shifted.set(file);
    const { tensors } = readSafetensors(shifted);
    expect([tensors.a!.data[0], tensors.b!.data[0]]).toEqual([7, 1]);
    expect(shifted).toEqual(file);
  });

  it.each<[string, ArrayBufferView, number[]]>([
    ["BOOL", Uint8Array.of(0, 1, 2), [0, 1, 1]],
    ["U8", Uint8Array.of(0, 255), [0, 255]],
    ["I8", Int8Array.of(-128, 127), [-128, 127]],
    ["U16", Uint16Array.of(65535), [65535]],
    ["I16", Int16Array.of(-32768, 1), [-32768, 1]],
    ["U32", Uint32Array.of(2 ** 32 - 1), [2 ** 32]],
    ["I32", Int32Array.of(-(2 ** 31), 2 ** 24 + 1), [-(2 ** 31), 2 ** 24]],
    ["U64", BigUint64Array.of(2n ** 64n - 1n, 3n), [2 ** 64, 3]],
    ["I64", BigInt64Array.of(-1n, -(2n ** 63n), 2n ** 40n), [-1, -(2 ** 63), 2 ** 40]],
    ["F16", Uint16Array.of(0x3c00, 0xc000, 0x8000, 0x7c00, 1), [1, -2, -0, Infinity, 2 ** -24]],
    ["BF16", Uint16Array.of(0x3f80, 0xc000, 0x8000, 0xff80), [1, -2, -0, -Infinity]],
    ["F32", Float32Array.of(1.5, -0), [1.5, -0]],
    ["F64", Float64Array.of(0.1, 1e300, -1e300), [Math.fround(0.1), Infinity, -Infinity]],
  ])("reads %s", (dtype, array, values) => {
    const data = new Uint8Array(array.buffer);
    const header = { t: entry(dtype, [values.length], 0, data.length) };
    expect([...readSafetensors(fileOf(JSON.stringify(header), data)).tensors.t!.data]).toEqual(values);
  });

  it("reads every F16 and BF16 as its definition says", () => {
    const all = Uint16Array.from({ length: 2 ** 16 }, (_, i) => i);
    const values = (dtype: string) => {
      const header = JSON.stringify({ t: entry(dtype, [2 ** 16], 0, 2 ** 17) });
      return readSafetensors(fileOf(header, new Uint8Array(all.buffer))).tensors.t!;
    };
    const widened = Uint32Array.from(all, (half) => {
      const [sign, exponent, fraction] = [half >> 15, (half >> 10) & 31, half & 1023];
      if (exponent === 31) return (sign << 31) | (255 << 23) | (fraction << 13);
      if (exponent > 0) return (sign << 31) | ((exponent + 112) << 23) | (fraction << 13);
      return (sign << 31) | new Uint32Array(Float32Array.of(fraction * 2 ** -24).buffer)[0]!;
    });
    expect(values("F16").data).toEqual(new Float32Array(widened.buffer));
    expect(bitsOf(values("BF16"))).toEqual([...all].map((bits) => bits * 2 ** 16));
  });

  it("reads scalars, tensors in any order, spaces at the header's end, and entries it does not know", () => {
    const header = { b: { ...entry("U8", [2], 1, 3), note: { made: [1, {}] } }, a: entry("U8", [], 0, 1) };
    const { tensors } = readSafetensors(fileOf(`${JSON.stringify(header)}   `, [5, 6, 7]));
    expect(Object.entries(tensors).map(([name, { shape, data }]) => [name, shape, [...data]])).toEqual([
      ["b", [2], [6, 7]],
      ["a", [], [5]],
    ]);
  });

  it("lets no name reach the prototypes of objects", () => {
    const header = `{"__metadata__":{"__proto__":"x"},"__proto__":${JSON.stringify(entry("U8", [1], 0, 1))}}`;
    const { tensors, metadata } = readSafetensors(fileOf(header, [1]));
    expect(Object.keys(tensors)).toEqual(["__proto__"]);
    expect(Object.keys(metadata)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(tensors)).toBeNull();
    expect(({} as { dtype?: unknown }).dtype).toBeUndefined();
    expect(tensors.toString).toBeUndefined();
  });
});

describe("readSafetensors refuses", () => {
  const good = entry("F32", [2], 0, 8);
  const lengths = (length: bigint) => {
    const file = fileOf("{}");
    new DataView(file.buffer).setBigUint64(0, length, true);
    return file;
  };
  const deep = `{"a":${"[".repeat(20)}${"]".repeat(20)}}`;

  it.each<[string, Uint8Array, string]>([
    ["an empty file", new Uint8Array(0), "bytes must hold at least 8"],
    ["seven bytes", new Uint8Array(7), "bytes must hold at least 8"],
    ["a header longer than the file", lengths(3n), "header length must be at most the 2 bytes that follow"],
    ["a header of more than 100 MB", lengths(100_000_001n), "header length must be at most 100000000"],
    ["a header of 2⁶⁴ − 1 bytes", lengths(2n ** 64n - 1n), "header length must be at most 100000000"],
    ["no header", fileOf(""), 'header must begin with "{"'],
    ["a space before the header", fileOf(" {}"), 'header must begin with "{"'],
    ["a byte order mark before the header", fileOf("\ufeff{}"), 'header must begin with "{"'],
    ["a list as header", fileOf("[]"), 'header must begin with "{"'],
    ["invalid UTF-8", fileOf(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), "header must be UTF-8"],
    ["invalid JSON", fileOf("{a:1}"), "header must be JSON"],
    ["two headers", fileOf("{}{}"), "header must be JSON"],
    ["zeros after the header", fileOf("{}\0\0"), "header must be JSON"],
    [
      "a name twice",
      fileOf(`{"a":${JSON.stringify(good)},"a":${JSON.stringify(good)}}`, new Uint8Array(8)),
      'header must have every name once, got "a"',
    ],
    [
      "a name twice, once escaped",
      fileOf(`{"a":${JSON.stringify(good)},"\\u0061" :${JSON.stringify(good)}}`, new Uint8Array(8)),
      'header must have every name once, got "a"',
    ],
    [
      "a shape twice",
      fileOf('{"a":{"dtype":"U8","shape":[9],"shape":[1],"data_offsets":[0,1]}}', [0]),
      'header must have every name once, got "shape"',
    ],
    ["metadata twice", fileOf('{"__metadata__":{},"__metadata__":{}}'), "header must have every name once"],
    ["a text of metadata twice", fileOf('{"__metadata__":{"a":"","a":""}}'), "header must have every name"],
    ["deep nesting", fileOf(deep), "header must nest at most 8 deep"],
    [
      "half a surrogate pair",
      fileOf(`{"\\ud800":${JSON.stringify(entry("U8", [1], 0, 1))}}`, [0]),
      'the name of header["\\ud800"] must be well-formed',
    ],
    ["a number as metadata", fileWith({ __metadata__: 1 }, 0), "header.__metadata__ must be an object"],
    ["null as metadata", fileWith({ __metadata__: null }, 0), "header.__metadata__ must be an object"],
    ["a list as metadata", fileWith({ __metadata__: ["a"] }, 0), "header.__metadata__ must be an object"],
    [
      "numbers in metadata",
      fileWith({ __metadata__: { a: 1 } }, 0),
      'header.__metadata__["a"] must be a string',
    ],
    ["a number as entry", fileWith({ a: 1 }, 0), 'header["a"] must be an object, got 1'],
    ["null as entry", fileWith({ a: null }, 0), 'header["a"] must be an object'],
    ["a list as entry", fileWith({ a: [] }, 0), 'header["a"] must be an object'],
    [
      "an unknown dtype",
      fileWith({ a: entry("F8_E4M3", [8], 0, 8) }, 8),
      'header["a"].dtype must be one of BOOL',
    ],
    [
      "a dtype in lower case",
      fileWith({ a: entry("f32", [2], 0, 8) }, 8),
      'header["a"].dtype must be one of',
    ],
    ["no dtype", fileWith({ a: { shape: [2], data_offsets: [0, 8] } }, 8), 'header["a"].dtype'],
    ["no shape", fileWith({ a: { dtype: "F32", data_offsets: [0, 8] } }, 8), 'header["a"].shape'],
    ["no offsets", fileWith({ a: { dtype: "F32", shape: [2] } }, 8), 'header["a"].data_offsets'],
    ["a number as shape", fileWith({ a: entry("F32", 2, 0, 8) }, 8), 'header["a"].shape must be an array'],
    [
      "a text in the shape",
      fileWith({ a: entry("F32", ["2"], 0, 8) }, 8),
      'header["a"].shape must be an array',
    ],
    ["a negative size", fileWith({ a: entry("F32", [-2], 0, 8) }, 8), 'header["a"].shape must be an array'],
    [
      "sizes of −1 · −2",
      fileWith({ a: entry("F32", [-1, -2], 0, 8) }, 8),
      'header["a"].shape must be an array',
    ],
    ["a broken size", fileWith({ a: entry("F32", [1.5], 0, 6) }, 6), 'header["a"].shape must be an array'],
    [
      "a size beyond 2⁵³",
      fileWith({ a: entry("F32", [2 ** 60], 0, 8) }, 8),
      'header["a"].shape must be an array',
    ],
    [
      "a large size",
      fileWith({ a: entry("F32", [2 ** 30], 0, 8) }, 8),
      'header["a"].shape must have at most',
    ],
    [
      "no elements",
      fileWith({ a: entry("F32", [2, 0], 0, 0) }, 0),
      'header["a"].shape[1] must be an integer ≥ 1',
    ],
    [
      "33 axes",
      fileWith({ a: entry("F32", Array(33).fill(1), 0, 4) }, 4),
      'header["a"].shape must have at most',
    ],
    [
      "one offset",
      fileWith({ a: { ...good, data_offsets: [0] } }, 8),
      'header["a"].data_offsets must be two',
    ],
    [
      "three offsets",
      fileWith({ a: { ...good, data_offsets: [0, 8, 8] } }, 8),
      'header["a"].data_offsets must',
    ],
    [
      "a text as offset",
      fileWith({ a: entry("F32", [2], "0", 8) }, 8),
      'header["a"].data_offsets must be two',
    ],
    [
      "a negative offset",
      fileWith({ a: entry("F32", [2], -8, 0) }, 8),
      'header["a"].data_offsets must be two',
    ],
    [
      "offsets in the wrong order",
      fileWith({ a: entry("F32", [2], 8, 0) }, 8),
      'header["a"].data_offsets must span the 8',
    ],
    [
      "too short a span",
      fileWith({ a: entry("F32", [2], 0, 7) }, 7),
      'header["a"].data_offsets must span the 8',
    ],
    [
      "too long a span",
      fileWith({ a: entry("F32", [2], 0, 12) }, 12),
      'header["a"].data_offsets must span the 8',
    ],
    ["missing data", fileWith({ a: good }, 7), 'header["a"].data_offsets must stay within the 7 bytes'],
    [
      "an overlap",
      fileWith({ a: good, b: entry("F32", [2], 4, 12) }, 12),
      'header["b"].data_offsets must begin at 8',
    ],
    ["the same data twice", fileWith({ a: good, b: good }, 8), 'header["b"].data_offsets must begin at 8'],
    [
      "a gap",
      fileWith({ a: good, b: entry("U8", [1], 9, 10) }, 10),
      'header["b"].data_offsets must begin at 8',
    ],
    [
      "a gap before the first",
      fileWith({ a: entry("U8", [1], 1, 2) }, 2),
      'header["a"].data_offsets must begin at 0',
    ],
    ["bytes after the last tensor", fileWith({ a: good }, 9), "bytes must end at "],
    ["bytes without tensors", fileWith({}, 1), "bytes must end at 10"],
  ])("%s", (_, file, start) => {
    expectRefused(() => readSafetensors(file), RangeError, `readSafetensors: ${start}`);
  });

  it.each<[string, () => string, string]>([
    ["20 million brackets", () => `{"a":${"[".repeat(2e7)}`, "header must nest at most 8 deep"],
    ["20 million braces", () => `{"a":${'{"":'.repeat(5e6)}`, "header must nest at most 8 deep"],
    [
      "arrays beside each other",
      () => `{"a":[${"[],".repeat(5e6)}[]]}`,
      "header must have arrays of at most 64",
    ],
    [
      "a long shape",
      () => `{"a":${JSON.stringify(entry("U8", Array(1e6).fill(1), 0, 1))}}`,
      "header must have arrays",
    ],
    [
      "300,000 tensors",
      () =>
        `{${Array.from({ length: 300_000 }, (_, i) => `"${i}":${JSON.stringify(entry("U8", [1], i, i + 1))}`).join()}}`,
      "header must hold at most 1500000 values",
    ],
    [
      "objects in few arrays",
      () => `{"a":{${Array.from({ length: 1e6 }, (_, i) => `"${i}":{}`).join()}}}`,
      "header must",
    ],
  ])("%s, by a scan that takes no memory", (_, header, start) => {
    const file = fileOf(header());
    const before = process.memoryUsage();
    expectRefused(() => readSafetensors(file), RangeError, `readSafetensors: ${start}`);
    const after = process.memoryUsage();
    const taken = after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers;
    expect(taken).toBeLessThan(3 * file.length + 2 ** 24);
  });

  it("brackets and commas in names and texts are none of its own", () => {
    const text = '[{,"\\'.repeat(1000);
    const { metadata, tensors } = readSafetensors(writeSafetensors({ [text]: ones([1]) }, { [text]: text }));
    expect([metadata[text], Object.keys(tensors)]).toEqual([text, [text]]);
  });

  it("what is not bytes of its own", () => {
    for (const stranger of [undefined, null, "x", [1], {}, new ArrayBuffer(16), new Float32Array(4)]) {
      expectRefused(() => readSafetensors(stranger as never), TypeError, "readSafetensors: bytes must be a");
    }
    const shared = new Uint8Array(new SharedArrayBuffer(64));
    expectRefused(() => readSafetensors(shared), TypeError, "readSafetensors: bytes must not lie in shared");
  });

  it("values that would mislead or flood an error message", () => {
    const hostile = { constructor: { name: { toString: 1, valueOf: 1 } }, shape: ["x"] };
    const long = "x".repeat(1e6);
    for (const value of [hostile, [hostile], long, [long], { [long]: 1 }, { shape: [long] }]) {
      for (const a of [
        value,
        entry(value as never, [1], 0, 1),
        entry("U8", value, 0, 1),
        entry("U8", [1], value, 1),
      ]) {
        for (const name of ["a", "__metadata__", long]) {
          const call = () => readSafetensors(fileWith({ [name]: a }, 1));
          expectRefused(call, RangeError, "readSafetensors: header");
          expect(call).toThrow(/^.{1,1000}$/s);
        }
      }
    }
  });
});

describe("readSafetensors under attack", () => {
  const file = writeSafetensors({ a: tensor([1, 2]), b: tensor([[3]]) }, { m: "n" });

  it("gives a result or refuses when any byte is changed to any other, or the end is cut", async () => {
    await expectToWithstandCorruption(readSafetensors, file, ALL_CHANGES);
  });

  it("gives a result or refuses whatever the bytes", async () => {
    await expectToWithstandNoise((bytes) => readSafetensors(bytes), file);
    await expectToWithstandNoise((bytes) => readSafetensors(fileOf(bytes)), file.slice(8));
  });

  it("takes no longer than the header's length allows", () => {
    const million = 2 ** 20;
    for (const header of [
      `{"a":${"[".repeat(million)}`,
      `{"a":${"[".repeat(million)}${"]".repeat(million)}}`,
      `${'{"a":'.repeat(million)}1${"}".repeat(million)}`,
      `{"${"\\\\".repeat(million)}":1}`,
      `{${" ".repeat(million)}x`,
    ]) {
      expectRefused(() => readSafetensors(fileOf(header)), RangeError, "readSafetensors: header");
    }
  });
});
