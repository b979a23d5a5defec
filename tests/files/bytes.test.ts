// Laws of bytes: those of every realm are read alike, none are written to, and what are no bytes are refused.

import { createContext, runInContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { isBytes, kindHint } from "../../src/files/bytes.js";
import { loadIdx, readCsv, readIdx, readNpy, writeNpy } from "../../src/data/index.js";
import { readPng, writePng } from "../../src/images/index.js";
import {
  key,
  lectures,
  loadModel,
  readSafetensors,
  readTree,
  saveModel,
  tensor,
  writeSafetensors,
  writeTree,
} from "../../src/index.js";
import { expectRefused } from "../support/refusals.js";

const realm = createContext({});
const foreign = (bytes: Uint8Array): Uint8Array => {
  const copy = runInContext(`new Uint8Array(${bytes.length})`, realm) as Uint8Array;
  copy.set(bytes);
  return copy;
};

const model = lectures.linear({ features: 3 });
const READERS: readonly (readonly [name: string, read: (bytes: Uint8Array) => unknown, file: Uint8Array])[] =
  [
    ["readNpy", readNpy, writeNpy(tensor([[1, 2]]))],
    ["readPng", readPng, writePng(tensor([0, 1], [1, 2, 1]))],
    ["readIdx", readIdx, Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 9)],
    ["readCsv", (bytes) => readCsv(bytes), new TextEncoder().encode("ä,b\n1,2\n")],
    ["readSafetensors", readSafetensors, writeSafetensors({ a: tensor([1]) }, { b: "c" })],
    ["readTree", readTree, writeTree({ a: tensor([1]), b: [1, "c"] })],
    ["loadModel", (bytes) => loadModel(bytes).params, saveModel(model, model.init(key(1)))],
  ];

describe.each(READERS)("%s", (name, read, file) => {
  it("reads bytes of another realm, Buffers and parts of larger memory alike", () => {
    const wanted = read(file);
    const shifted = Buffer.concat([Buffer.of(1, 2, 3), file, Buffer.of(9)]).subarray(3, -1);
    for (const bytes of [foreign(file), Buffer.from(file), shifted]) expect(read(bytes)).toEqual(wanted);
  });

  it("writes to none of them: a second reading gives the same", () => {
    for (const bytes of [foreign(file), Buffer.from(file), file.slice()]) {
      read(bytes);
      expect(Buffer.compare(bytes, file)).toBe(0);
      expect(read(bytes)).toEqual(read(file));
    }
  });

  it("refuses detached and shared bytes, of either realm, and what only looks like bytes", () => {
    const start = /^(loadModel|readTree)$/.test(name) ? "readSafetensors: " : `${name}: `;
    for (const bytes of [file.slice(), foreign(file)]) {
      structuredClone(bytes.buffer, { transfer: [bytes.buffer as ArrayBuffer] });
      expectRefused(() => read(bytes), TypeError, `${start}bytes must be attached to their buffer`);
    }
    const shared = runInContext("new Uint8Array(new SharedArrayBuffer(64))", realm) as Uint8Array;
    for (const bytes of [shared, new Uint8Array(new SharedArrayBuffer(64))]) {
      expectRefused(() => read(bytes), TypeError, `${start}bytes must not lie in shared memory`);
    }
    const liar = { [Symbol.toStringTag]: "Uint8Array", length: 3, buffer: new ArrayBuffer(3) };
    const strangers = [
      liar,
      new Float32Array(4),
      new Uint8ClampedArray(4),
      new DataView(new ArrayBuffer(4)),
      null,
      [1],
    ];
    for (const stranger of strangers) expectRefused(() => read(stranger as never), TypeError, start);
  });
});

describe("loadIdx", () => {
  it("reads bytes of another realm", async () => {
    const packed = Buffer.from("1f8b08000000000000036360e06064606060622f0400", "hex");
    await expect(loadIdx(foreign(packed))).rejects.toThrow(/^loadIdx: bytes must/);
    expect((await loadIdx(foreign(READERS[2]![2]))).shape).toEqual([2]);
  });
});

describe("isBytes", () => {
  it("knows a Uint8Array of any realm, and nothing else", () => {
    expect([new Uint8Array(2), Buffer.alloc(2), foreign(new Uint8Array(2))].every(isBytes)).toBe(true);
    for (const other of [new Int8Array(2), "ab", undefined, null, 3, {}, new Proxy(new Uint8Array(2), {})]) {
      expect(isBytes(other)).toBe(false);
    }
  });
});

describe("a file of another kind", () => {
  it("is called by its name where it is refused", () => {
    const csv = new TextEncoder().encode("fixed acidity;alcohol\n7.4;9.4\n");
    const png = writePng(tensor([0, 1], [1, 2, 1]));
    expect(() => loadModel(csv)).toThrow(/\(these bytes are text\)$/);
    expect(() => loadModel(png)).toThrow(/\(these bytes are a PNG file\)$/);
    expect(() => readNpy(png)).toThrow(/\(these bytes are a PNG file\)$/);
    expect(() => readPng(csv)).toThrow(/\(these bytes are text\)$/);
    expect(() => readIdx(writeNpy(tensor([1])))).toThrow(/\(these bytes are an npy file\)$/);
    expect(kindHint(writeSafetensors({ a: tensor([1]) }))).toBe("these bytes are a safetensors file");
    expect([kindHint(new Uint8Array(0)), kindHint(Uint8Array.of(1, 2, 3))]).toEqual([undefined, undefined]);
  });
});
