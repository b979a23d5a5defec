// Laws of keys: the numbers that they stand for are JAX's, and depend on nothing but the key.

import { afterEach, describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { fold, type Key, key, random, scope, split } from "../../src/index.js";
import { withBothBinaries } from "../support/laws.js";
import { expectNothingHeld, expectRefused } from "../support/refusals.js";
import { threefry, threefryWords, type Words } from "../support/threefry.js";

afterEach(expectNothingHeld);

const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const keys = fc.tuple(word, word).map((words): Key => ({ words }));
const wordsOf = (list: readonly Key[]) => list.map(({ words }) => words);

describe("key", () => {
  it("holds the seed's upper and lower 32 bits, as jax.random.PRNGKey", () => {
    const seeds: [number, Words][] = [
      [0, [0, 0]],
      [42, [0, 42]],
      [2 ** 32 - 1, [0, 2 ** 32 - 1]],
      [2 ** 32, [1, 0]],
      [2 ** 32 + 5, [1, 5]],
      [Number.MAX_SAFE_INTEGER, [2 ** 21 - 1, 2 ** 32 - 1]],
    ];
    for (const [seed, words] of seeds) expect(key(seed).words).toEqual(words);
  });

  it("is frozen, plain data that JSON holds", () => {
    const original = split(key(7))[1];
    const copy = JSON.parse(JSON.stringify(original)) as Key;
    expect(copy).toEqual(original);
    expect(random.bits(copy, 9)).toEqual(random.bits(original, 9));
    expect(wordsOf([fold(copy, 3), ...split(copy)])).toEqual(
      wordsOf([fold(original, 3), ...split(original)]),
    );
    expect(Object.isFrozen(original) && Object.isFrozen(original.words)).toBe(true);
  });
});

describe("bits", () => {
  // One word in 256 looks like a NaN, whose bits a copy by number would not keep.
  it("are the words of the key, however few, also those that look like NaN", () => {
    for (let seed = 0; seed < 400; seed++) {
      const count = 1 + (seed % 70);
      const words = threefryWords(key(seed).words, count);
      expect([...random.bits(key(seed), count)]).toEqual(words);
      expect([...scope(() => random.bits(key(seed), count))]).toEqual(words);
    }
  });
});

describe("split", () => {
  // Printed in JAX's "Common gotchas", and by its releases before 0.5.
  it("gives the keys that JAX gives", () => {
    const [first, second] = split(key(0));
    expect(wordsOf([first, second])).toEqual([
      [4146024105, 967050713],
      [2718843009, 1272950319],
    ]);
    expect(wordsOf(split(first))).toEqual([
      [2384771982, 3928867769],
      [1278412471, 2182328957],
    ]);
    expect(wordsOf(split(key(42)))).toEqual([
      [2465931498, 3679230171],
      [255383827, 267815257],
    ]);
  });

  it("cuts the key's own words into pairs, for every count", () => {
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 40 }), (from, count) => {
        const stream = threefryWords(from.words, 2 * count);
        expect(wordsOf(split(from, count)).flat()).toEqual(stream);
      }),
    );
  });

  it("gives keys that all differ, from each other and from their parent's", () => {
    const generations = [key(1), ...split(key(1), 500)];
    for (const child of split(key(1), 20)) generations.push(...split(child, 50));
    const names = generations.map(({ words }) => words.join());
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("fold", () => {
  it("enciphers the number with the key, as jax.random.fold_in", () => {
    fc.assert(
      fc.property(keys, word, (from, data) => {
        expect(fold(from, data).words).toEqual(threefry(from.words, [0, data]));
      }),
    );
  });

  it("gives a key of its own for every number", () => {
    const names = Array.from({ length: 2000 }, (_, i) => fold(key(1), i).words.join());
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("bits", () => {
  // JAX's own test of its streams, tests/random_test.py: testRngRandomBits.
  it("gives the words that JAX's tests fix", () => {
    expect([...random.bits(key(1701), 3)]).toEqual([56197195, 4200222568, 961309823]);
  });

  it("gives the words of the definition, for every key and count", () => {
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 200 }), (from, count) => {
        expect([...random.bits(from, count)]).toEqual(threefryWords(from.words, count));
      }),
    );
  });

  it("sets every bit half of the time", () => {
    const count = 40_000;
    const words = random.bits(key(5), count);
    for (let bit = 0; bit < 32; bit++) {
      const ones = words.reduce((sum, word) => sum + ((word >>> bit) & 1), 0);
      expect(Math.abs(ones - count / 2)).toBeLessThan(4 * Math.sqrt(count / 4));
    }
  });

  it("outlives the scope in which it is drawn", () => {
    const inside = scope(() => random.bits(key(5), 7));
    expect(inside).toEqual(random.bits(key(5), 7));
  });

  it("of split and folded keys are the same on both binaries", () => {
    const { simd, relaxed } = withBothBinaries(() => {
      const children = [...split(key(11), 5), ...[0, 1, 2 ** 32 - 1].map((data) => fold(key(11), data))];
      return children.map((child) => [child.words, random.bits(child, 33)]);
    });
    expect(relaxed).toEqual(simd);
  });
});

describe("keys", () => {
  it("are refused by name where they are none", () => {
    const broken = [
      undefined,
      null,
      7,
      [0, 1],
      {},
      { words: [1] },
      { words: [1, 2, 3] },
      { words: [1, 2.5] },
      { words: [1, -1] },
      { words: [0, 2 ** 32] },
      { words: ["0", 1] },
      { words: "01" },
    ];
    for (const from of broken as Key[]) {
      expectRefused(() => split(from), TypeError, "split: key must be a key");
      expectRefused(() => fold(from, 1), TypeError, "fold: key must be a key");
      expectRefused(() => random.bits(from, 1), TypeError, "bits: key must be a key");
      expectRefused(() => random.uniform(from, [1]), TypeError, "uniform: key must be a key");
    }
  });

  it("are refused a seed, a count or a number out of range", () => {
    for (const seed of [-1, 0.5, NaN, 2 ** 53, Infinity]) {
      expectRefused(() => key(seed), RangeError, "key: seed must be an integer");
    }
    expectRefused(() => key("1" as never), TypeError, "key: seed");
    expectRefused(() => key(1n as never), TypeError, "key: seed");
    for (const count of [0, -1, 1.5, 2 ** 29]) {
      expectRefused(() => split(key(1), count), RangeError, "split: count must be an integer");
    }
    for (const data of [-1, 0.5, 2 ** 32]) {
      expectRefused(() => fold(key(1), data), RangeError, "fold: data must be an integer");
    }
    for (const count of [0, 2 ** 30]) {
      expectRefused(() => random.bits(key(1), count), RangeError, "bits: count must be an integer");
    }
  });
});
