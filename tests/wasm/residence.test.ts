// Residences: they move out of the heap when memory is short, come back, and are garbage when nobody can reach them.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configure, ops, runtimeInfo, scope, tensor, Tensor, zeros } from "../../src/index.js";
import { Residence } from "../../src/wasm/residence.js";
import { allocateResident, claim, releaseResident, type Storage } from "../../src/wasm/storage.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const used = () => runtimeInfo().memory.used;
/** Most that the heap may hold here, and an eighth of it in numbers. */
const LIMIT = 32 << 20;
const EIGHTH = LIMIT / 4 / 8;

beforeAll(() => configure({ maxMemory: LIMIT }));
afterAll(() => configure({ maxMemory: 2 ** 32 }));

const filled = (value: number, length: number, residence?: Residence): Storage => {
  const storage = allocateResident(length, residence);
  storage.values.fill(value);
  return storage;
};
const holds = (storage: Storage, value: number) => storage.values.every((each) => each === value);
const isOut = (storage: Storage) => storage.address === 0;

describe("residences when memory is short", () => {
  it("move out, the one that was longest unused first, and keep their values", () => {
    const before = used();
    const all = Array.from({ length: 6 }, (_, i) => filled(i, EIGHTH));
    scope(() => claim(all[0]!.residence!));
    scope(() => zeros([EIGHTH]) && ops.add(zeros([EIGHTH]), 1));
    const more = [filled(6, EIGHTH), filled(7, EIGHTH)];
    expect(isOut(all[0]!)).toBe(false);
    expect(isOut(all[1]!)).toBe(true);
    expect([...all, ...more].map((storage, i) => holds(storage, i))).toEqual(Array(8).fill(true));
    for (const storage of [...all, ...more]) releaseResident(storage);
    expect(used()).toBe(before);
  });

  it("move as a whole, and come back as a whole", () => {
    const residence = new Residence();
    const group = [1, 2, 3].map((value) => filled(value, EIGHTH / 2, residence));
    const others = Array.from({ length: 9 }, (_, i) => filled(i, EIGHTH));
    expect(group.map(isOut)).toEqual([true, true, true]);
    scope(() => {
      claim(residence);
      expect(group.map(isOut)).toEqual([false, false, false]);
      expect(group.map(({ array }) => array)).toEqual([undefined, undefined, undefined]);
      expect(group.map((storage, i) => holds(storage, i + 1))).toEqual([true, true, true]);
    });
    for (const storage of [...group, ...others]) releaseResident(storage);
  });

  it("stay while a frame has claimed them, also through frames inside; then the memory is out", () => {
    const all = Array.from({ length: 3 }, (_, i) => filled(i, EIGHTH));
    scope(() => {
      for (const { residence } of all) claim(residence!);
      scope(() => claim(all[0]!.residence!));
      expect(() => Array.from({ length: 8 }, () => ops.add(zeros([EIGHTH]), 1))).toThrow("out of memory");
      expect(all.map(isOut)).toEqual([false, false, false]);
    });
    expect(all.map((storage, i) => holds(storage, i))).toEqual([true, true, true]);
    scope(() => Array.from({ length: 2 }, () => ops.add(zeros([EIGHTH]), 1)) && 0);
    expect(all.some(isOut)).toBe(true);
    for (const storage of all) releaseResident(storage);
  });

  it("stay while they are an operand in an open frame", () => {
    const storage = filled(3, EIGHTH);
    const t = new Tensor(storage, [EIGHTH]);
    scope(() => {
      const sum = ops.sum(ops.scale(t, 1));
      expect(() => Array.from({ length: 8 }, () => ops.add(t, 1))).toThrow("out of memory");
      expect(isOut(storage)).toBe(false);
      expect(sum.data[0]).toBe(3 * EIGHTH);
    });
    releaseResident(storage);
  });

  it("can be read and computed with while they are out, and come back over a frame's own copy", () => {
    const storage = filled(5, EIGHTH);
    const t = new Tensor(storage, [EIGHTH]);
    const others = Array.from({ length: 8 }, (_, i) => filled(i, EIGHTH));
    expect(isOut(storage)).toBe(true);
    expect(t.data[7]).toBe(5);
    for (const other of others.splice(0)) releaseResident(other);
    const before = used();
    scope(() => {
      expect(ops.scale(t, 2).data[7]).toBe(10);
      expect(isOut(storage)).toBe(false);
      scope(() => {
        claim(storage.residence!);
        storage.values.fill(6);
      });
      expect(ops.scale(t, 2).data[7]).toBe(12);
    });
    expect(holds(storage, 6)).toBe(true);
    expect(isOut(storage)).toBe(false);
    expect(used() - before).toBeGreaterThanOrEqual(EIGHTH * 4);
    releaseResident(storage);
    expect(used()).toBe(before);
  });

  it("are released once, in or out", () => {
    const before = used();
    const all = Array.from({ length: 9 }, (_, i) => filled(i, EIGHTH));
    expect(all.some(isOut)).toBe(true);
    for (const storage of all) releaseResident(storage);
    expect(used()).toBe(before);
    for (const storage of all) expect(() => storage.values).toThrow("memory is released");
  });

  it("keep all values through any order of uses", () => {
    const before = used();
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(4), fc.integer({ min: 1, max: 3 })), { maxLength: 30 }),
        fc.array(fc.integer({ min: 1, max: EIGHTH }), { minLength: 5, maxLength: 5 }),
        (uses, lengths) => {
          const residences = lengths.map(() => new Residence());
          const storages = lengths.map((length, i) => [
            filled(i, length, residences[i]),
            filled(-i, length, residences[i]),
          ]);
          const want = lengths.map((_, i) => i);
          for (const [which, temporaries] of uses) {
            scope(() => {
              claim(residences[which]!);
              for (let i = 0; i < temporaries; i++) ops.add(zeros([EIGHTH / 2]), 1);
              storages[which]![0]!.values.fill((want[which] = want[which]! + 10));
            });
          }
          storages.forEach(([a, b], i) => {
            expect([holds(a!, want[i]!), holds(b!, -i)]).toEqual([true, true]);
          });
          for (const storage of storages.flat()) releaseResident(storage);
          expect(used()).toBe(before);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("are not enough for what is larger than all memory; they still hold afterwards", () => {
    const all = Array.from({ length: 3 }, (_, i) => filled(i, EIGHTH));
    expect(() => ops.add(tensor(new Float32Array(8 * EIGHTH)), 1)).toThrow("out of memory");
    expect(all.map((storage, i) => holds(storage, i))).toEqual([true, true, true]);
    for (const storage of all) releaseResident(storage);
  });
});

describe("residences that nobody can reach", () => {
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 4; i++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };

  it("are given back at the end of a job, also where some had moved out", async () => {
    await settle();
    const before = used();
    (() => Array.from({ length: 12 }, (_, i) => filled(i, EIGHTH)))();
    expect(used()).toBeGreaterThan(before);
    await settle();
    expect(used()).toBe(before);
  });

  it("are garbage within a job once they have moved out", () => {
    // Weak references that were made or asked in this job do not hold them either.
    const count = 200;
    const external = () => process.memoryUsage().arrayBuffers;
    collect();
    const before = external();
    let most = 0;
    for (let i = 0; i < count; i++) {
      filled(i, EIGHTH);
      if (i % 50 === 49) {
        collect();
        most = Math.max(most, external() - before);
      }
    }
    expect(most).toBeLessThan((count / 4) * EIGHTH * 4);
  });
});
