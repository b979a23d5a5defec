// Laws of what the build makes from the kernels' sources: every export has a caller, every argument and every field its
// name, and records are written where kernels read them.

import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configure } from "../../src/index.js";
import * as generated from "../../src/wasm/generated.js";
import { type Layout, writeRecord } from "../../src/wasm/records.js";
import { currentKernels, currentRuntime, floats, integers } from "../../src/wasm/runtime.js";

const LAYOUTS: Record<string, Layout<Record<string, number>>> = {
  correlation: generated.CORRELATION as never,
  geometry: generated.GEOMETRY as never,
};

describe("generated callers", () => {
  beforeAll(() => configure({ relaxedSimd: false }));
  afterAll(() => configure({ relaxedSimd: "auto" }));

  it("are there for every kernel of the binary but its heap's begin", () => {
    const kernels = Object.entries(currentKernels())
      .filter(([, value]) => typeof value === "function")
      .map(([name]) => name);
    const callers = Object.entries(generated)
      .filter(([, value]) => typeof value === "function")
      .map(([name]) => name);
    expect([...callers, "heapBase"].sort()).toEqual(kernels.sort());
  });

  it("hand on as many arguments as the binary takes", () => {
    const source = readFileSync(new URL("../../src/wasm/generated.ts", import.meta.url), "utf8");
    for (const [name, kernel] of Object.entries(currentKernels())) {
      const parameters = new RegExp(`^  ${name}\\((.*)\\): `, "m").exec(source)?.[1] ?? "missing";
      expect(parameters.split(", ").filter(Boolean), name).toHaveLength((kernel as () => void).length);
    }
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
    const { records } = currentRuntime();
    const end = (records + layout.bytes) / 4;
    integers[end] = 123456;
    expect(writeRecord(layout, values)).toBe(records);
    for (const [name, { word, isFloat }] of Object.entries(layout.fields)) {
      const at = records / 4 + word;
      expect(isFloat ? floats[at] : integers[at], name).toBe(
        isFloat ? values[name] : Math.trunc(values[name]!),
      );
    }
    expect(integers[end]).toBe(123456);
  });
});
