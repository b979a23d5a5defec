// Laws of files of trees: everything comes back as it was, and no damaged or forged file gets through.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  flattenTree,
  ones,
  readSafetensors,
  readTree,
  type Tensor,
  tensor,
  writeSafetensors,
  writeTree,
  zeros,
} from "../../src/index.js";
import { crc32 } from "../../src/files/crc32.js";
import { forged, nested } from "../support/forgedFiles.js";
import { expectToWithstandNoise } from "../support/hostile.js";
import { expectRefused } from "../support/refusals.js";
import { bitsOf, wholeOf } from "../support/training.js";

const name = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 6 }),
  fc.constantFrom("__proto__", "constructor", "toString", "", "0", "10", "007", "a/b", "~2", "__metadata__"),
);
const leaf = fc.oneof(
  fc.float32Array({ minLength: 1, maxLength: 4 }).map((values) => tensor(values)),
  fc.double(),
  fc.constantFrom(-0, NaN, -Infinity, null, true, false, 2 ** 53),
  fc.string({ unit: "binary", maxLength: 8 }),
);
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.array(tie("tree"), { maxLength: 4 }),
    fc.dictionary(name, tie("tree"), { maxKeys: 4, noNullPrototype: false }),
  ),
}));

describe("a file of a tree", () => {
  it("gives back what it was made of, every number, name and bit", () => {
    fc.assert(
      fc.property(tree, (value) => {
        const back = readTree(writeTree(value));
        expect(bitsOf(back)).toEqual(bitsOf(value));
        expect(wholeOf(back)).toEqual(wholeOf(value));
      }),
      { numRuns: 1000 },
    );
  });

  it("keeps names that JavaScript objects have of their own", () => {
    const odd = JSON.parse('{"__proto__":{"constructor":1},"toString":[],"":{},"0":-0}');
    const back = readTree(writeTree(odd)) as Record<string, unknown>;
    expect(Object.keys(back)).toEqual(["0", "__proto__", "toString", ""]);
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
    expect(Object.is(back["0"], -0)).toBe(true);
  });

  it("is a safetensors file with the tensors under their paths", () => {
    const { tensors, metadata } = readSafetensors(writeTree({ params: [{ kernel: ones([2]) }], step: 3 }));
    expect(Object.keys(tensors)).toEqual(["params/0/kernel"]);
    expect(JSON.parse(metadata.reparam!)).toEqual({
      params: [{ kernel: { $tensor: "params/0/kernel" } }],
      step: 3,
    });
  });

  it("may be a single tensor, and holds a tensor that stands twice as two", () => {
    const t = tensor([1, -0, NaN]);
    expect(bitsOf(readTree(writeTree(t)))).toEqual(bitsOf(t));
    expect(bitsOf(readTree(writeTree([t, t])))).toEqual(bitsOf([t, t]));
  });

  it("leaves out entries that are undefined", () => {
    expect(readTree(writeTree({ a: undefined, b: 1 }))).toEqual({ b: 1 });
  });

  it("ends in the checksum of zip files, taken while its own digits are 0", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  });
});

describe("writeTree", () => {
  const deep = (depth: number, inner: unknown = 1) => JSON.parse(nested(depth, JSON.stringify(inner)));
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;

  it("takes trees 64 deep", () => {
    expect(readTree(writeTree(deep(64)))).toEqual(deep(64));
    const tensorBelow = Array.from({ length: 64 }).reduce((tree: unknown) => [tree], zeros([1]));
    expect(bitsOf(readTree(writeTree(tensorBelow)))).toEqual(bitsOf(tensorBelow));
  });

  it.each<[string, unknown, ErrorConstructor, string]>([
    ["a tree 65 deep", deep(65), RangeError, "writeTree: tree must nest at most 64 deep"],
    ["a tree that holds itself", cycle, RangeError, "writeTree: tree must nest at most 64 deep"],
    ["a function", { a: [() => 0] }, TypeError, "writeTree: tree.a[0] must be a tensor, plain data"],
    ["a typed array", { a: new Float32Array(2) }, TypeError, "writeTree: tree.a must be a tensor"],
    ["a date", new Date(0), TypeError, "writeTree: tree must be a tensor"],
    ["a bigint", [1n], TypeError, "writeTree: tree[0] must be a tensor"],
    ["undefined in an array", [undefined], TypeError, "writeTree: tree[0] must be a tensor"],
    ["a gap in an array", Array(2), TypeError, "writeTree: tree[0] must be a tensor"],
    ["a mark", { a: { $tensor: "b" } }, TypeError, "writeTree: tree.a must have no entry $tensor"],
    ["a mark of a number", { $number: "NaN" }, TypeError, "writeTree: tree must have no entry $number"],
    ["half a surrogate pair", { "\ud800": zeros([1]) }, RangeError, "writeSafetensors: the name of"],
  ])("refuses %s", (_, value, kind, start) => {
    expectRefused(() => writeTree(value), kind, start);
  });
});

describe("readTree", () => {
  const file = writeTree({ a: [1, { b: tensor([0.5, -2]) }], text: "é", n: null });

  it("refuses a file with any byte changed, whichever bit", () => {
    for (let i = 0; i < file.length; i++) {
      for (let bit = 0; bit < 8; bit++) {
        const damaged = file.slice();
        damaged[i]! ^= 1 << bit;
        expect(() => readTree(damaged), `byte ${i}, bit ${bit}`).toThrow(RangeError);
      }
    }
  });

  it("refuses a file cut anywhere, and one with a byte more anywhere", () => {
    for (let i = 0; i < file.length; i++) {
      expect(() => readTree(file.slice(0, i)), `cut at ${i}`).toThrow(RangeError);
      const longer = Uint8Array.from([...file.slice(0, i), i & 255, ...file.slice(i)]);
      expect(() => readTree(longer), `longer at ${i}`).toThrow(RangeError);
    }
  });

  it("withstands noise", () => expectToWithstandNoise(readTree, file));

  const two = { a: zeros([1]), b: zeros([1]) };
  const a = '{"$tensor":"a"}';
  it.each<[string, Record<string, Tensor>, string, string]>([
    ["two marks for one tensor", { a: zeros([1]) }, `[${a},${a}]`, "readTree: $tensor must name a tensor"],
    ["a mark for no tensor", {}, a, "readTree: $tensor must name a tensor of the file, once"],
    ["a mark for what objects inherit", {}, '{"$tensor":"toString"}', "readTree: $tensor must name"],
    [
      "a mark of arrays in each other",
      {},
      `{"$tensor":${nested(50_000, "")}}`,
      "readTree: $tensor must name",
    ],
    ["a mark that is a number", {}, '{"$tensor":0}', "readTree: $tensor must name"],
    ["a tensor without a mark", two, a, "readTree: metadata.reparam must name every tensor"],
    [
      "a mark with more beside it",
      { a: zeros([1]) },
      '{"$tensor":"a","b":1}',
      "readTree: metadata.reparam must have",
    ],
    ["an unknown number", {}, '{"$number":"1"}', "readTree: metadata.reparam must have only marks"],
    ["a number that objects inherit", {}, '{"$number":"constructor"}', "readTree: metadata.reparam must"],
    ["no JSON", {}, '{"a":', "readTree: metadata.reparam must be JSON"],
    ["65 arrays in each other", {}, nested(66, ""), "readTree: metadata.reparam must nest at most 64 deep"],
    ["100,000 arrays in each other", {}, nested(100_000, ""), "readTree: metadata.reparam must"],
    [
      "100,000 objects in each other",
      {},
      `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`,
      "readTree: metadata.reparam must",
    ],
  ])("refuses %s under the right checksum", (_, tensors, json, start) => {
    expectRefused(() => readTree(forged(tensors, json)), RangeError, start);
  });

  it("refuses JSON of more values than memory should hold, by a scan", () => {
    for (const json of [`[${"[],".repeat(2.2e6)}0]`, "[".repeat(1e6)]) {
      expectRefused(() => readTree(forged({}, json)), RangeError, "readTree: metadata.reparam must");
    }
    expectRefused(
      () => writeTree(Array.from({ length: 4.2e6 }, () => 0)),
      RangeError,
      "writeTree: tree must hold at most 4194304 values",
    );
  });

  it("shows only the beginning of names", () => {
    const long = "x".repeat(1_000_000);
    for (const tree of [
      { [long]: new Set() },
      { a: { [long]: { [long]: new Map() } } },
      { [long]: { $tensor: 1 } },
    ]) {
      for (const write of [writeTree, flattenTree] as ((tree: never) => unknown)[]) {
        let message = "";
        try {
          write(tree as never);
        } catch (error) {
          ({ message } = error as Error);
        }
        expect(message.length).toBeGreaterThan(0);
        expect(message.length).toBeLessThan(400);
      }
    }
  });

  it("refuses safetensors files of others", () => {
    expectRefused(
      () => readTree(writeSafetensors({ a: ones([1]) })),
      RangeError,
      "readTree: bytes must be a file of",
    );
    expectRefused(() => readTree([] as never), TypeError, "readSafetensors: bytes must be a Uint8Array");
  });
});
