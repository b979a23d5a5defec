// Laws of npy files: NumPy's own bytes, every type and order of numbers, every departure from the format refused.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readNpy, writeNpy } from "../../src/data/index.js";
import { ops, tensor } from "../../src/index.js";
import { ALL_CHANGES, expectToWithstandCorruption, expectToWithstandNoise } from "../support/hostile.js";
import { expectRefused } from "../support/refusals.js";

/** A file with any header, of a version. */
function fileOf(header: string, data: ArrayLike<number> = [], version = [1, 0]): Uint8Array {
  const count = header.length;
  const length = version[0] === 1 ? [count, count >> 8] : [count, count >> 8, count >> 16, count >> 24];
  const text = Array.from(header, (character) => character.charCodeAt(0));
  return Uint8Array.from([
    0x93,
    ...Buffer.from("NUMPY"),
    ...version,
    ...length,
    ...text,
    ...Array.from(data),
  ]);
}

const headerOf = (descr: string, shape: string, order = "False") =>
  `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }\n`;

const tensors = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }).chain((shape) => {
  const size = shape.reduce((product, length) => product * length, 1);
  return fc.float32Array({ minLength: size, maxLength: size }).map((values) => tensor(values, shape));
});

/** Types with one value each, and its bytes from the highest to the lowest. */
const TYPES: readonly (readonly [descr: string, bytes: number[], value: number])[] = [
  ["b1", [1], 1],
  ["b1", [0], 0],
  ["u1", [0xfe], 254],
  ["i1", [0xfe], -2],
  ["u2", [0xff, 0xfe], 65534],
  ["i2", [0xff, 0xfe], -2],
  ["u4", [0x80, 0, 0, 0], 2 ** 31],
  ["i4", [0x80, 0, 0, 0], -(2 ** 31)],
  ["i4", [0, 0, 1, 2], 258],
  ["u8", [0x80, 0, 0, 0, 0, 0, 0, 0], 2 ** 63],
  ["i8", [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe], -2],
  ["i8", [0, 0, 0, 1, 0, 0, 0, 0], 2 ** 32],
  ["f2", [0xc1, 0x00], -2.5],
  ["f4", [0x3f, 0xc0, 0, 0], 1.5],
  ["f8", [0xbf, 0xf8, 0, 0, 0, 0, 0, 0], -1.5],
  ["f8", [0x7f, 0xe0, 0, 0, 0, 0, 0, 0], Infinity],
];

describe("writeNpy", () => {
  it("writes NumPy's bytes", () => {
    // numpy.save(file, numpy.float32([[1, 2], [3, 4]])) of NumPy 2.4
    const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }";
    const values = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);
    const file = writeNpy(tensor([[1, 2], [3, 4]])); // prettier-ignore
    expect(file).toEqual(fileOf(`${header.padEnd(117)}\n`, values));
    expect(file).toHaveLength(128 + 16);
  });

  it.each([
    [[], "()"],
    [[3], "(3,)"],
    [[1, 2, 3], "(1, 2, 3)"],
  ])("writes the shape %j as Python does", (shape, text) => {
    const size = shape.reduce((product, length) => product * length, 1);
    expect(Buffer.from(writeNpy(tensor(new Float32Array(size), shape))).toString("latin1")).toContain(
      `'shape': ${text}, }`,
    );
  });

  it("refuses what is not a tensor", () => {
    expectRefused(() => writeNpy([1] as never), TypeError, "writeNpy: t must be a tensor");
  });
});

describe("readNpy", () => {
  it("reads back what was written, bit by bit", () => {
    fc.assert(
      fc.property(tensors, (t) => {
        const file = writeNpy(t);
        expect((file.length - 4 * t.size) % 64).toBe(0);
        const back = readNpy(file);
        expect(back.shape).toEqual(t.shape);
        expect(new Uint32Array(back.data.buffer)).toEqual(new Uint32Array(t.data.slice().buffer));
      }),
    );
  });

  it.each(TYPES)("reads %s in either byte order: %j is %d", (descr, bytes, value) => {
    // A byte of another array before, so that addresses are odd.
    const read = (order: string, data: number[]) => {
      const file = fileOf(headerOf(`${order}${descr}`, "(2,)"), [...data, ...data]);
      return [...readNpy(Uint8Array.from([0, ...file]).subarray(1)).data];
    };
    expect(read(">", bytes)).toEqual([value, value]);
    expect(read("<", [...bytes].reverse())).toEqual([value, value]);
  });

  it.each(TYPES.filter(([, bytes]) => bytes.length === 1))(
    "reads %s without byte order",
    (descr, bytes, value) => {
      expect([...readNpy(fileOf(headerOf(`|${descr}`, "(1,)"), bytes)).data]).toEqual([value]);
    },
  );

  it("reads Fortran's order", () => {
    fc.assert(
      fc.property(tensors, (t) => {
        const transposed = t.shape.length < 2 ? t : ops.transpose(t, [...t.shape.keys()].reverse());
        const sizes = t.shape.map((size) => `${size},`).join(" ");
        const file = fileOf(
          headerOf("<f4", `(${sizes})`, "True"),
          new Uint8Array(transposed.data.slice().buffer),
        );
        const back = readNpy(file);
        expect(back.shape).toEqual(t.shape);
        expect([...back.data]).toEqual([...t.data]);
      }),
    );
  });

  it("reads versions 1, 2 and 3", () => {
    for (const major of [1, 2, 3]) {
      expect([...readNpy(fileOf(headerOf("|u1", "(2,)"), [5, 6], [major, 0])).data]).toEqual([5, 6]);
    }
  });

  it.each([
    ["any order of entries", "{'shape': (2,), 'fortran_order': False, 'descr': '|u1'}"],
    ["double quotes", `{"descr": "|u1", "fortran_order": False, "shape": (2,)}`],
    ["no spaces", "{'descr':'|u1','fortran_order':False,'shape':(2,)}"],
    ["many spaces", "  { 'descr' : '|u1' , 'fortran_order' : False , 'shape' : ( 2 , ) , }   \n"],
    ["Python 2's long integers", "{'descr': '|u1', 'fortran_order': False, 'shape': (2L,), }"],
    ["axes of size 1", "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2, 1), }"],
  ])("reads headers with %s", (_, header) => {
    expect([...readNpy(fileOf(header, [5, 6])).data]).toEqual([5, 6]);
  });
});

describe("readNpy refuses", () => {
  const good = headerOf("|u1", "(2,)");
  const data = [5, 6];

  it.each<[string, Uint8Array, string]>([
    ["an empty file", new Uint8Array(0), "bytes must hold at least 12"],
    ["eleven bytes", fileOf(good).slice(0, 11), "bytes must hold at least 12"],
    ["another magic", fileOf(good, data).fill(0x92, 0, 1), "bytes must begin with"],
    ["version 0", fileOf(good, data, [0, 0]), "version must be 1.0, 2.0 or 3.0"],
    ["version 4", fileOf(good, data, [4, 0]), "version must be 1.0, 2.0 or 3.0"],
    ["version 1.1", fileOf(good, data, [1, 1]), "version must be 1.0, 2.0 or 3.0"],
    ["a cut header", fileOf(good).slice(0, 40), "header length must be at most 30"],
    ["a header of 4 GiB", fileOf(good, data, [2, 0]).fill(255, 8, 12), "header length must be at most"],
    ["a long header", fileOf(" ".repeat(10_001), data), "header length must be at most 10000"],
    ["an empty header", fileOf("", data), "header must be a dictionary"],
    ["a list", fileOf("[1]", data), "header must be a dictionary"],
    ["no dictionary's end", fileOf(good.replace("}", ""), data), "header must be a dictionary"],
    ["text after the dictionary", fileOf(`${good}x`, data), "header must be a dictionary"],
    ["a missing entry", fileOf("{'descr': '|u1', 'shape': (2,)}", data), "header must be a dictionary"],
    ["one entry more", fileOf(good.replace("{", "{'a': 'b', "), data), "header must be a dictionary"],
    [
      "an entry twice",
      fileOf(good.replace("{", "{'descr': '|u1', "), data),
      "header must have every name once",
    ],
    ["entries without a comma", fileOf(good.replace(",", " "), data), "header must be a dictionary"],
    ["code", fileOf(good.replace("(2,)", "__import__('os')"), data), "header must be a dictionary"],
    [
      "a structured type",
      fileOf(good.replace("'|u1'", "[('a', '<f4')]"), data),
      "header must be a dictionary",
    ],
    ["objects", fileOf(headerOf("|O", "(2,)"), data), 'header["descr"] must be'],
    ["texts", fileOf(headerOf("<U1", "(2,)"), Array(8).fill(0)), 'header["descr"] must be'],
    ["complex numbers", fileOf(headerOf("<c8", "(1,)"), Array(8).fill(0)), 'header["descr"] must be'],
    ["long doubles", fileOf(headerOf("<f16", "(1,)"), Array(16).fill(0)), 'header["descr"] must be'],
    ["no byte order", fileOf(headerOf("|f4", "(1,)"), Array(4).fill(0)), 'header["descr"] must be'],
    ["a tuple as type", fileOf(good.replace("'|u1'", "(1,)"), data), 'header["descr"] must be'],
    [
      "a text as order",
      fileOf(good.replace("False", "'C'"), data),
      'header["fortran_order"] must be True or',
    ],
    ["a number as shape", fileOf(headerOf("|u1", "(2)"), data), 'header["shape"] must be a tuple'],
    ["a truth value as shape", fileOf(headerOf("|u1", "True"), data), 'header["shape"] must be a tuple'],
    ["a comma alone", fileOf(headerOf("|u1", "(,)"), data), 'header["shape"] must be a tuple'],
    ["two commas", fileOf(headerOf("|u1", "(2,,)"), data), 'header["shape"] must be a tuple'],
    ["sizes without a comma", fileOf(headerOf("|u1", "(1 2,)"), data), 'header["shape"] must be a tuple'],
    ["zeros before a size", fileOf(headerOf("|u1", "(02,)"), data), 'header["shape"] must be a tuple'],
    ["a negative size", fileOf(headerOf("|u1", "(-2,)"), data), "header must be a dictionary"],
    ["no elements", fileOf(headerOf("|u1", "(2, 0)")), 'header["shape"][1] must be an integer ≥ 1'],
    ["a large size", fileOf(headerOf("|u1", "(99999999999,)"), data), 'header["shape"] must have at most'],
    ["an endless size", fileOf(headerOf("|u1", `(${"9".repeat(400)},)`), data), 'header["shape"][0] must be'],
    [
      "33 axes",
      fileOf(headerOf("|u1", `(${"1,".repeat(33)})`), data),
      'header["shape"] must have at most 32',
    ],
    ["missing data", fileOf(good, [5]), "bytes must be "],
    ["bytes after the data", fileOf(good, [5, 6, 7]), "bytes must be "],
  ])("%s", (_, file, start) => {
    expectRefused(() => readNpy(file), RangeError, `readNpy: ${start}`);
  });

  it("what is not bytes of its own", () => {
    expectRefused(() => readNpy("x" as never), TypeError, "readNpy: bytes must be a Uint8Array");
    const shared = new Uint8Array(new SharedArrayBuffer(64));
    expectRefused(() => readNpy(shared), TypeError, "readNpy: bytes must not lie in shared");
  });
});

describe("readNpy under attack", () => {
  it("gives a result or refuses when any byte is changed to any other, or the end is cut", async () => {
    await expectToWithstandCorruption(readNpy, fileOf(headerOf("<f4", "(1, 1)"), [0, 0, 0, 0]), ALL_CHANGES);
  });

  it("gives a result or refuses whatever the bytes", async () => {
    const file = writeNpy(tensor([1, 2]));
    await expectToWithstandNoise(readNpy, file);
    await expectToWithstandNoise((bytes) => readNpy(fileOf(String.fromCharCode(...bytes))), file.slice(10));
  });

  it("takes no longer than the header's length allows", () => {
    const most = 9_900;
    for (const inside of [
      " ".repeat(most),
      `'a':(${" ".repeat(most)}x`,
      `'${"a".repeat(most)}`,
      "1,".repeat(most / 2),
    ]) {
      for (const header of [
        inside,
        `{${inside}`,
        `{${inside}}`,
        headerOf("|u1", `(${inside})`).slice(0, 10_000),
      ]) {
        expectRefused(() => readNpy(fileOf(header)), RangeError, "readNpy: ");
      }
    }
  });
});
