// Laws of the allocator, against a model that only remembers which bytes are taken.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Block, give, heapUse, take } from "../../src/wasm/heap.js";
import { currentRuntime, memoryBytes } from "../../src/wasm/runtime.js";

interface Taken {
  readonly block: Block;
  readonly bytes: number;
}

const steps = fc.array(
  fc.record({
    isTake: fc.boolean(),
    bytes: fc.oneof(
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 20_000 }),
      fc.integer({ min: 1, max: 600_000 }),
    ),
    choice: fc.nat(),
  }),
  { minLength: 1, maxLength: 120 },
);

function expectApart(blocks: readonly Taken[]): void {
  const inOrder = [...blocks].sort((a, b) => a.block.start - b.block.start);
  let end = currentRuntime().heap;
  for (const { block, bytes } of inOrder) {
    expect(block.start % 64).toBe(0);
    expect(block.start).toBeGreaterThanOrEqual(end);
    end = block.start + bytes;
  }
  expect(end).toBeLessThanOrEqual(memoryBytes().present - 64);
}

/** Expects the heap to be one free block: all of it can be taken at once without growing. */
function expectWhole(): void {
  const { present } = memoryBytes();
  const { heap } = currentRuntime();
  const lines = Math.floor((present - 64 - heap) / 64);
  const block = take((lines % 2 === 0 ? lines - 1 : lines) * 64);
  expect(block.start).toBe(heap);
  expect(memoryBytes().present).toBe(present);
  give(block);
}

describe("heap", () => {
  it("hands out aligned blocks that never overlap, and is whole again when all are back", () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const blocks: Taken[] = [];
        for (const { isTake, bytes, choice } of sequence) {
          const before = heapUse().used;
          const taken = isTake || blocks.length === 0;
          const one = taken ? { block: take(bytes), bytes } : blocks.splice(choice % blocks.length, 1)[0]!;
          if (taken) blocks.push(one);
          else give(one.block);
          const change = Math.abs(heapUse().used - before);
          expect(change).toBeGreaterThanOrEqual(one.bytes);
          expect(change).toBeLessThan(one.bytes + 128);
          expect(heapUse().used < before).toBe(!taken);
          expectApart(blocks);
        }
        for (const { block } of blocks) give(block);
        expect(heapUse().used).toBe(0);
        expectWhole();
      }),
      { numRuns: 150 },
    );
  });

  it("uses a returned block again before it grows", () => {
    const blocks = Array.from({ length: 50 }, (_, i) => take(100_000 + 64 * i));
    const { present } = memoryBytes();
    for (let round = 0; round < 20; round++) {
      for (const block of blocks.splice(0)) give(block);
      for (let i = 0; i < 50; i++) blocks.push(take(100_000 + 64 * i));
    }
    expect(memoryBytes().present).toBe(present);
    for (const block of blocks) give(block);
    expectWhole();
  });

  it("finds every block that was given back between others, large enough or not", () => {
    const sizes = [1152, 1088, 1024, 192, 64];
    const blocks = Array.from({ length: 100 }, (_, i) => take(sizes[i % 5]));
    const holes = blocks.filter((_, i) => i % 2 === 1);
    for (const block of holes) give(block);
    const { used } = heapUse();
    const filled = sizes.flatMap((size) => Array.from({ length: 10 }, () => take(size)));
    const starts = (list: readonly Block[]) => list.map(({ start }) => start).sort((a, b) => a - b);
    expect(starts(filled)).toEqual(starts(holes));
    expect(heapUse().used - used).toBe(10 * sizes.reduce((sum, size) => sum + size, 0));
    for (const block of [...filled, ...blocks.filter((_, i) => i % 2 === 0)]) give(block);
    expectWhole();
  });

  it("keeps the last cache line of the memory empty", () => {
    const { present } = memoryBytes();
    const blocks = [take(present - currentRuntime().heap - 3 * 64)];
    const firstFresh = () => memoryBytes().present !== present;
    while (!firstFresh()) blocks.push(take(64));
    for (const { start } of blocks.slice(1, -1)) expect(start + 64).toBeLessThanOrEqual(present - 64);
    for (const block of blocks) give(block);
    expectWhole();
  });

  it("remembers the most that was in use", () => {
    const { peak } = heapUse();
    const block = take(peak + 64);
    expect(heapUse().peak).toBeGreaterThan(peak);
    const highest = heapUse().peak;
    give(block);
    expect(heapUse()).toEqual({ used: 0, peak: highest });
  });

  it("begins large blocks at different offsets of a page", () => {
    const blocks = Array.from({ length: 8 }, () => take(65_536));
    expect(new Set(blocks.map(({ start }) => start % 4096)).size).toBe(8);
    for (const block of blocks) give(block);
  });
});
