// Laws of unpacking: it undoes zlib, whatever way that packs, and takes no more than was asked for.

import { constants, deflateSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inflate } from "../../src/images/inflate.js";
import { forAll } from "../support/laws.js";

const { Z_DEFAULT_STRATEGY, Z_FILTERED, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE } = constants;

/** Bytes as pictures have them: noise, runs, and repetitions near and far. */
const contents = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }),
  fc
    .array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 700 })), { maxLength: 30 })
    .map((runs) => Uint8Array.from(runs.flatMap(([value, length]) => Array<number>(length).fill(value)))),
  fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.integer({ min: 1, max: 400 }))
    .map(([part, times]) => Uint8Array.from(Array.from({ length: times }, () => [...part]).flat())),
);
const ways = fc.record({
  level: fc.integer({ min: 0, max: 9 }),
  strategy: fc.constantFrom(Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED),
  memLevel: fc.integer({ min: 1, max: 9 }),
  windowBits: fc.integer({ min: 9, max: 15 }),
});

describe("inflate", () => {
  it("undoes zlib at every level, strategy and window", () => {
    forAll(fc.record({ content: contents, way: ways }), 200, ({ content, way }) => {
      expect(inflate(deflateSync(content, way), content.length)).toEqual(content);
    });
  });

  it("stops at the length asked for, and refuses one that is not there", () => {
    forAll(
      fc.record({ content: contents, way: ways, share: fc.double({ min: 0, max: 1, noNaN: true }) }),
      100,
      ({ content, way, share }) => {
        const packed = deflateSync(content, way);
        const length = Math.floor(share * content.length);
        expect(inflate(packed, length)).toEqual(content.slice(0, length));
        expect(inflate(packed, content.length + 1)).toBeUndefined();
      },
    );
  });

  it("takes no time and memory for what a bomb holds beyond it", () => {
    const bomb = deflateSync(new Uint8Array(2 ** 25), { level: 9 });
    const before = process.memoryUsage().arrayBuffers;
    const start = performance.now();
    expect(inflate(bomb, 1000)).toEqual(new Uint8Array(1000));
    expect(performance.now() - start).toBeLessThan(200);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  });

  it("refuses a flood of blocks that hold nothing", () => {
    // Blocks of fixed codes with an end alone are ten bits: 0 (more follow), 1, 0, and seven zeros.
    const flood = new Uint8Array(2 ** 22);
    flood.set([0x78, 0x01]);
    for (let bit = 17; bit < 8 * flood.length; bit += 10) flood[bit >> 3]! |= 1 << (bit & 7);
    const start = performance.now();
    expect(inflate(flood, 1000)).toBeUndefined();
    expect(performance.now() - start).toBeLessThan(500);
  });

  it("gives bytes of the length or nothing, whatever the bytes", () => {
    const seed = deflateSync(Uint8Array.from({ length: 500 }, (_, i) => (i * i) % 61));
    forAll(
      fc.record({
        at: fc.nat({ max: seed.length - 1 }),
        change: fc.integer({ min: 1, max: 255 }),
        noise: fc.uint8Array({ maxLength: 60 }),
      }),
      2000,
      ({ at, change, noise }) => {
        const changed = Uint8Array.from(seed);
        changed[at]! ^= change;
        for (const bytes of [changed, Uint8Array.of(0x78, 0x9c, ...noise), seed.subarray(0, at)]) {
          const result = inflate(bytes, 500);
          expect([undefined, 500]).toContain(result?.length);
        }
      },
    );
  });
});
