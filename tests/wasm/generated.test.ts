// Laws of what the build makes from the kernels' sources: every export has a caller, every argument and every field its
// name, and records are written where kernels read them.

import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configure } from "../../src/index.js";
import * as generated from "../../src/wasm/generated.js";
import { currentJob, withRunner } from "../../src/wasm/run.js";
import { currentRuntime, floats, integers } from "../../src/wasm/runtime.js";
import { withArrays } from "../support/heapArrays.js";

/** What the build knows of a record. */
interface RecordFacts {
  readonly name: string;
  readonly bytes: number;
  readonly fields: readonly { readonly name: string; readonly offset: number; readonly type: string }[];
}

/** The records as their sources declare them, and what writes them. */
const facts = (await import(new URL("../../assembly/facts.mjs", import.meta.url).href)) as {
  readShared(): Promise<{ readonly records: readonly RecordFacts[] }>;
};
const { records: RECORDS } = await facts.readShared();
const WRITERS: Record<string, (at: number, record: never) => void> = {
  Correlation: generated.writeCorrelation,
  Geometry: generated.writeGeometry,
};

describe("generated callers", () => {
  beforeAll(() => configure({ relaxedSimd: false }));
  afterAll(() => configure({ relaxedSimd: "auto" }));

  it("are there for every entry of the binary", () => {
    const functions = Object.entries(generated).filter(([, value]) => typeof value === "function");
    const callers = functions.filter(([name]) => !name.startsWith("write"));
    expect(callers).toHaveLength(currentRuntime().entries.length);
  });

  it("know their entries by the order of names, and entries are all alike", () => {
    const source = readFileSync(new URL("../../src/wasm/generated.ts", import.meta.url), "utf8");
    const numbers = [...source.matchAll(/^export function (?!write)(\w+)[\s\S]*?^ {2}run\((\d+), /gm)];
    expect(numbers.map(([, , number]) => Number(number))).toEqual(currentRuntime().entries.map((_, i) => i));
    const names = numbers.map(([, name]) => name!);
    expect(names).toEqual([...names].sort());
    for (const entry of currentRuntime().entries) expect(entry).toHaveLength(4);
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

describe.each(RECORDS)("the record $name", ({ name, fields, bytes }) => {
  it("has a word for every field, and a field for every word", () => {
    const words = fields.map(({ offset }) => offset / 4);
    expect(words.sort((a, b) => a - b)).toEqual(Array.from({ length: bytes / 4 }, (_, i) => i));
  });

  it("is written field by field, whatever the order of the values, and no further", () => {
    const values = Object.fromEntries([...fields].reverse().map((field, i) => [field.name, i + 0.5]));
    const begin = currentJob() + 5;
    const end = begin + bytes / 4;
    integers[end] = 123456;
    WRITERS[name]!(begin, values as never);
    for (const { name: field, offset, type } of fields) {
      const at = begin + offset / 4;
      const isFloat = type === "f32";
      expect(isFloat ? floats[at] : integers[at], field).toBe(
        isFloat ? values[field] : Math.trunc(values[field]!),
      );
    }
    expect(integers[end]).toBe(123456);
  });
});
