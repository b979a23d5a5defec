// Laws of the stream that the binaries are packed in: it gives back what was packed, and ends where it is told to.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sizes } from "../../src/wasm/binaries.js";
import { unpack as unpackBinary } from "../../src/wasm/binary.js";

const folder = new URL("../../assembly/packing/", import.meta.url);
const { compile } = (await import(new URL("compile.mjs", folder).href)) as {
  compile(name: "unpack" | "replay"): Promise<Uint8Array<ArrayBuffer>>;
};
const { pack } = (await import(new URL("pack.mjs", folder).href)) as {
  pack(bytes: Uint8Array, replay: WebAssembly.Module): Uint8Array;
};
const replay = new WebAssembly.Module(await compile("replay"));
const unpacker = new WebAssembly.Module(await compile("unpack"));

interface Unpacker {
  readonly memory: WebAssembly.Memory;
  unpack(length: number): void;
  unpackedAt(): number;
}

function unpack(packed: Uint8Array, length: number): Uint8Array {
  const { exports } = new WebAssembly.Instance(unpacker);
  const { memory, unpack, unpackedAt } = exports as unknown as Unpacker;
  new Uint8Array(memory.buffer).set(packed);
  unpack(length);
  return new Uint8Array(memory.buffer, unpackedAt(), length).slice();
}

/** Random bytes of which pieces come again, near and far, long and short. */
const repetitive = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 60 }), fc.nat(7), fc.nat(70)), { minLength: 1 })
  .map((pieces) => {
    const bytes: number[] = [];
    for (const [fresh, back, count] of pieces) {
      bytes.push(...fresh);
      const distance = Math.ceil(bytes.length / (1 + back));
      for (let k = 0; k < count; k++) bytes.push(bytes[bytes.length - distance]!);
    }
    return Buffer.from(bytes);
  });

describe("the packed stream", () => {
  it("gives back what was packed", () => {
    fc.assert(
      fc.property(repetitive, (bytes) => {
        expect(unpack(pack(bytes, replay), bytes.length)).toEqual(Uint8Array.from(bytes));
      }),
    );
  });

  it.each([
    ["one byte", Buffer.of(7)],
    ["one byte many times", Buffer.alloc(5000, 255)],
    ["bytes in a ring", Buffer.from(Array.from({ length: 3000 }, (_, i) => i % 251))],
    [
      "bytes that look random",
      Buffer.from(Array.from({ length: 3000 }, (_, i) => ((i + 1) * 2654435761) >>> 24)),
    ],
  ])("gives back %s", (_, bytes) => {
    expect(unpack(pack(bytes, replay), bytes.length)).toEqual(Uint8Array.from(bytes));
  });

  it("can be read up to any byte", () => {
    fc.assert(
      fc.property(repetitive, fc.nat(), (bytes, at) => {
        const length = at % (bytes.length + 1);
        expect(unpack(pack(bytes, replay), length)).toEqual(Uint8Array.from(bytes.subarray(0, length)));
      }),
      { numRuns: 30 },
    );
  });

  it("takes few bytes for what repeats", () => {
    expect(pack(Buffer.alloc(5000, 1), replay).length).toBeLessThan(20);
  });

  it("holds both binaries, each of its length", () => {
    expect(unpackBinary("simd")).toHaveLength(sizes.simd);
    expect(unpackBinary("relaxed")).toHaveLength(sizes.relaxed);
  });
});
