// Everything that the documentation shows runs, and gives the values that stand beside it.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as images from "../src/images.js";
import * as library from "../src/index.js";
import * as ndarray from "../src/ndarray.js";
import * as report from "../src/report/index.js";
import { exampleSnippets, moduleOf, readmeSnippets } from "./support/snippets.js";

/** The entries whose names an example may use without importing them. */
const ENTRIES = {
  reparam: library,
  "reparam/images": images,
  "reparam/ndarray": ndarray,
  "reparam/report": report,
};

const folder = fileURLToPath(new URL("./.snippets", import.meta.url));

/** What a value shows: typed arrays and tensors as lists. */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return [...(value as Float32Array)];
  return value instanceof library.Tensor ? [...value.data] : value;
}

/** Compares a value with the text beside it, where that is JSON. */
function expectShown(value: unknown, text: string): void {
  const digits = text.startsWith("about ") ? 0 : text.includes("…") ? 2 : 4;
  let shown: unknown;
  try {
    shown = JSON.parse(text.replace(/^(about |Float32Array )/, "").replaceAll("…", ""));
  } catch {
    return;
  }
  const got = plain(value);
  if (typeof shown === "number") expect(got).toBeCloseTo(shown, digits);
  else if (Array.isArray(shown) && shown.every((entry) => typeof entry === "number")) {
    expect(got).toHaveLength(shown.length);
    shown.forEach((entry: number, i) => expect((got as number[])[i]).toBeCloseTo(entry, digits));
  } else expect(got).toEqual(shown);
}

describe("documentation", () => {
  beforeAll(() => {
    mkdirSync(folder, { recursive: true });
    (globalThis as { __check?: typeof expectShown }).__check = expectShown;
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([...readmeSnippets(), ...exampleSnippets()].map((snippet, i) => ({ ...snippet, i })))(
    "runs $place",
    async (snippet) => {
      const path = join(folder, `snippet${snippet.i}.ts`);
      writeFileSync(path, moduleOf(snippet, ENTRIES));
      await import(path);
      expect(snippet.code).not.toBe("");
    },
  );
});
