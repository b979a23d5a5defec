// Laws of the entropy coder: it is the inverse of itself, costs what symbols are improbable, and is exact in integers.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeSymbols, encodeSymbols, frequencyTable, type SymbolModel } from "../../src/coding/index.js";
import { symbolAt, uniformAt, uniformStart } from "../../src/coding/tables.js";
import { uniforms } from "../support/arbitraries.js";
import { expectResultOrRefusal } from "../support/hostile.js";
import { expectRefused } from "../support/refusals.js";

const weights = fc.oneof(
  fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { minLength: 1, maxLength: 40 }),
  fc.array(fc.constantFrom(0, 1, 2 ** 31 - 1), { minLength: 1, maxLength: 300 }),
);
const model = fc.oneof(
  weights.map(frequencyTable),
  fc.integer({ min: 1, max: 9 }).map((bits) => ({ bits })),
);
const sizeOf = (model: SymbolModel) => ("bits" in model ? 2 ** model.bits : model.cumulative.length - 1);

/** Models that take turns, with symbols of theirs. */
const messages = fc
  .tuple(fc.array(model, { minLength: 1, maxLength: 4 }), fc.array(fc.nat(), { maxLength: 200 }))
  .map(([models, numbers]) => ({
    models,
    symbols: numbers.map((number, i) => number % sizeOf(models[i % models.length]!)),
  }));

/** Symbols drawn by a table, and their cost in bits by it. */
function drawn(cumulative: Uint32Array, count: number, seed: number) {
  const next = uniforms(seed);
  const symbols = Uint32Array.from({ length: count }, () =>
    symbolAt({ cumulative }, Math.floor(next() * 65536)),
  );
  const bits = symbols.reduce((sum, s) => sum - Math.log2((cumulative[s + 1]! - cumulative[s]!) / 65536), 0);
  return { symbols, bits };
}

describe("the coder of symbols", () => {
  it("is the inverse of itself for any probabilities and symbols", () => {
    fc.assert(
      fc.property(messages, ({ models, symbols }) => {
        const bytes = encodeSymbols(symbols, models);
        expect([...decodeSymbols(bytes, symbols.length, models)]).toEqual(symbols);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ["even", Array.from({ length: 256 }, () => 1)],
    ["of two symbols, one of them nearly sure", [1, 999]],
    ["of one symbol in front that is nearly sure", [65000, 1, 1, 1]],
    ["of one symbol behind that is nearly sure", [1, 1, 1, 65000]],
    ["like a bell", Array.from({ length: 64 }, (_, i) => Math.round(1e6 * Math.exp(-((i - 31) ** 2) / 50)))],
    ["of powers of two", Array.from({ length: 12 }, (_, i) => 2 ** i)],
  ])("stays within a thousandth of the entropy where probabilities are %s", (_, list) => {
    const table = frequencyTable(list);
    const { symbols, bits } = drawn(table.cumulative, 400_000, 7);
    const written = 8 * encodeSymbols(symbols, [table]).length;
    expect(written).toBeGreaterThan(bits * 0.999);
    expect(written).toBeLessThan(bits * 1.001 + 32);
  });

  it("that learns comes within a hundredth of the entropy that it did not know", () => {
    const table = frequencyTable([1, 5, 20, 40, 20, 10, 3, 1]);
    const { symbols, bits } = drawn(table.cumulative, 50_000, 3);
    expect(8 * encodeSymbols(symbols, [{ bits: 3 }]).length).toBeLessThan(bits * 1.01);
  });

  it("writes bytes that are known", () => {
    // By hand: the state 2²³ takes the symbol of [32768, 65536) to 2²³ / 2¹⁵ · 2¹⁶ + 32768 = 0x01008000.
    expect([...encodeSymbols([1], [frequencyTable([1, 1])])]).toEqual([0x00, 0x80, 0x00, 0x01]);
    expect([...encodeSymbols([], [{ bits: 1 }])]).toEqual([0, 0, 0x80, 0]);
  });

  it("refuses bytes that are cut, changed or too many, and any bytes within their memory", async () => {
    const models = [frequencyTable([1, 2, 3]), { bits: 5 }];
    const symbols = Array.from({ length: 90 }, (_, i) => (i % 2 === 0 ? i % 3 : i % 32));
    const bytes = encodeSymbols(symbols, models);
    const read = (changed: Uint8Array) => decodeSymbols(changed, 90, models);
    for (let length = 0; length < bytes.length; length++) {
      expectRefused(() => read(bytes.slice(0, length)), RangeError, "decodeSymbols: bytes");
    }
    expectRefused(() => read(Uint8Array.from([7, ...bytes])), RangeError, "decodeSymbols: bytes");
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), (noise) => expectResultOrRefusal(read, noise)),
    );
  });

  it("refuses what no model has", () => {
    const table = frequencyTable([1, 1]);
    expectRefused(() => encodeSymbols([2], [table]), RangeError, "encodeSymbols: symbols[0]");
    expectRefused(() => encodeSymbols([0, 8], [{ bits: 3 }]), RangeError, "encodeSymbols: symbols[1]");
    expectRefused(() => encodeSymbols([0], []), RangeError, "encodeSymbols: models.length");
    expectRefused(() => encodeSymbols([0], [{ bits: 17 }]), RangeError, "encodeSymbols: models[0].bits");
    const many = Array.from({ length: 60_000 }, () => ({ bits: 16 }));
    expectRefused(() => encodeSymbols([0], many), RangeError, "encodeSymbols: models");
    const falling = { cumulative: Uint32Array.of(0, 9, 9, 65536) };
    expectRefused(() => encodeSymbols([0], [falling]), RangeError, "encodeSymbols: models[0].cumulative");
    expectRefused(() => decodeSymbols(new Uint8Array(4), -1, [table]), RangeError, "decodeSymbols: count");
  });
});

describe("a table of symbols", () => {
  it("rises strictly from 0 to 65536, in proportion to its weights", () => {
    fc.assert(
      fc.property(weights, (list) => {
        const { cumulative } = frequencyTable(list);
        expect([cumulative[0], cumulative[list.length]]).toEqual([0, 65536]);
        const sum = list.reduce((a, b) => a + b, 0);
        list.forEach((weight, s) => {
          const count = cumulative[s + 1]! - cumulative[s]!;
          expect(count).toBeGreaterThanOrEqual(1);
          const share = sum === 0 ? 1 / list.length : weight / sum;
          expect(Math.abs(count - 1 - (65536 - list.length) * share)).toBeLessThanOrEqual(1.01);
        });
      }),
    );
  });

  it("finds the symbol of every place", () => {
    const table = frequencyTable([5, 0, 1, 100, 0]);
    for (let place = 0; place < 65536; place += 13) {
      const symbol = symbolAt(table, place);
      expect(table.cumulative[symbol]!).toBeLessThanOrEqual(place);
      expect(table.cumulative[symbol + 1]!).toBeGreaterThan(place);
    }
  });

  it("of equal probabilities needs no table: every number's interval is its own", () => {
    for (const range of [1, 2, 3, 1000, 4095, 4096]) {
      for (let value = 0; value < range; value += Math.ceil(range / 100)) {
        const [start, end] = [uniformStart(value, range), uniformStart(value + 1, range)];
        expect([start, end - 1].map((place) => uniformAt(place, range))).toEqual([value, value]);
      }
    }
  });

  it("refuses weights that are no counts, and too many", () => {
    expectRefused(() => frequencyTable([]), RangeError, "frequencyTable: weights.length");
    expectRefused(() => frequencyTable(new Uint8Array(4097)), RangeError, "frequencyTable: weights.length");
    expectRefused(() => frequencyTable([1, 0.5]), RangeError, "frequencyTable: weights[1]");
    expectRefused(() => frequencyTable([-1]), RangeError, "frequencyTable: weights[0]");
    expectRefused(() => frequencyTable("11" as unknown as number[]), TypeError, "frequencyTable: weights");
  });
});
