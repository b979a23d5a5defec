// Laws of what the build makes from the kernels' sources: every export has a caller, every argument and every field its
// name, and records are written where kernels read them.

import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configure } from "../../src/index.js";
import * as generated from "../../src/wasm/generated.js";
import { type Layout, writeRecord } from "../../src/wasm/records.js";
import { currentJob, withRunner } from "../../src/wasm/run.js";
import { currentEntries, floats, integers } from "../../src/wasm/runtime.js";
import { withArrays } from "../support/heapArrays.js";

const LAYOUTS: Record<string, Layout<Record<string, number>>> = {
  correlation: generated.CORRELATION as never,
  geometry: generated.GEOMETRY as never,
};

describe("generated callers", () => {
  beforeAll(() => configure({ relaxedSimd: false }));
  afterAll(() => configure({ relaxedSimd: "auto" }));

  it("are there for every entry of the binary", () => {
    const callers = Object.values(generated).filter((value) => typeof value === "function");
    expect(callers).toHaveLength(currentEntries().length);
  });

  it("know their entries by the order of names, and entries are all alike", () => {
    const source = readFileSync(new URL("../../src/wasm/generated.ts", import.meta.url), "utf8");
    const numbers = [...source.matchAll(/^export function (\w+)[\s\S]*?^ {2}run\((\d+), /gm)];
    expect(numbers.map(([, , number]) => Number(number))).toEqual(currentEntries().map((_, i) => i));
    const names = numbers.map(([, name]) => name!);
    expect(names).toEqual([...names].sort());
    for (const entry of currentEntries()) expect(entry).toHaveLength(4);
  });

  it("write what the entries read: words, floats and addresses in order, float64 on multiples of eight", () => {
    withArrays([new Float32Array(3), new Float32Array(3)], (x, y) => {
      withRunner(
        (_, count, grain) => {
          const at = currentJob();
          expect(at % 2).toBe(0);
          expect([integers[at], integers[at + 1]].map((address) => address! >>> 0)).toEqual(
            [x!, y!].map(({ storage, offset }) => storage.address + 4 * offset),
          );
          expect([floats[at + 2], floats[at + 3], count]).toEqual([-0.5, 0.25, 3]);
          expect(grain).toBeGreaterThan(3);
        },
        undefined,
        () => generated.clip({ x: x!, y: y!, n: 3, low: -0.5, high: 0.25 }),
      );
    });
  });

  it("do not take a number for an operand, nor leave one out", () => {
    // @ts-expect-error a number is no operand
    expect(() => generated.exp({ x: 1, y: 2, n: 1 })).toThrow(TypeError);
    // @ts-expect-error y is missing
    expect(() => generated.exp({ x: undefined, n: 1 })).toThrow(TypeError);
    // @ts-expect-error x is an operand, geometry a record
    expect(() => generated.im2col({ x: {}, columns: {}, geometry: 7 })).toThrow(TypeError);
  });
});

describe.each(Object.entries(LAYOUTS))("the record %s", (_, layout) => {
  it("has a word for every field, and a field for every word", () => {
    const words = Object.values(layout.fields).map(({ word }) => word);
    expect(words.sort((a, b) => a - b)).toEqual(Array.from({ length: layout.bytes / 4 }, (_, i) => i));
  });

  it("is written field by field, whatever the order of the values, and no further", () => {
    const names = Object.keys(layout.fields).reverse();
    const values = Object.fromEntries(names.map((name, i) => [name, i + 0.5]));
    const begin = currentJob() + 5;
    const end = begin + layout.bytes / 4;
    integers[end] = 123456;
    writeRecord(layout, begin, values);
    for (const [name, { word, isFloat }] of Object.entries(layout.fields)) {
      const at = begin + word;
      expect(isFloat ? floats[at] : integers[at], name).toBe(
        isFloat ? values[name] : Math.trunc(values[name]!),
      );
    }
    expect(integers[end]).toBe(123456);
  });
});
