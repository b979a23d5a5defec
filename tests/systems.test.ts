// Every system of the lectures runs, by the line of code and by the command that stand for it in docs/systems.md.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeNpy } from "../src/data/index.js";
import { Tensor, tensor } from "../src/index.js";
import * as entries from "./support/entries.js";
import { reparam } from "./support/inProcess.js";

const guide = readFileSync(new URL("../docs/systems.md", import.meta.url), "utf8");

/** The systems of the lectures; those beyond them come and go. */
const SYSTEMS = [
  "A1 A2 A3 A4 A5 A6 A7",
  "B1 B2 B3 B4 B5 B6 B7 B8 B9 B10",
  "C1 C2 C3 C4 C5 C6 C7 C8",
  "D1 D2 D3 D4 D5 E",
].flatMap((rows) => rows.split(" "));

const ROWS = [...guide.matchAll(/^\| ([A-F]\d*) +\| (.*?) +\| `(.*?)` +\| `(.*?)` +\|$/gm)].map(
  ([, row, system, code, command]) => ({ row: row!, system: system!, code: code!, command: command! }),
);

type Names = Readonly<Record<string, unknown>>;

/** Runs code in which names are known; what it returns. */
function evaluate(code: string, names: Names): unknown {
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (
    ...args: string[]
  ) => (...values: unknown[]) => unknown;
  return new AsyncFunction(...Object.keys(names), code)(...Object.values(names));
}

/** What the lines above the table define. */
async function defined(): Promise<Names> {
  const [, block] = /^```ts\n([\s\S]*?)^```$/m.exec(guide)!;
  const lines = block!.replace(/^import .*$/gm, "").replaceAll(": Tensor", "");
  const own = [...lines.matchAll(/^const (?:\{ (.*?) \}|(\w+)) =/gm)].map(([, many, one]) => many ?? one);
  const result = `{ ${own.join(", ")} }`;
  return { ...entries, ...((await evaluate(`${lines}; return ${result};`, entries)) as Names) };
}

/** All numbers in a result, as far as plain data go. */
function numbersIn(value: unknown, depth = 0): number[] {
  if (typeof value === "number") return [value];
  if (value instanceof Tensor) return [...value.data];
  if (ArrayBuffer.isView(value)) return [...(value as Uint8Array)];
  if (typeof value !== "object" || value === null || depth > 6) return [];
  return Object.values(value).flatMap((entry) => numbersIn(entry, depth + 1));
}

const folder = mkdtempSync(join(tmpdir(), "reparam-systems-"));
afterAll(() => rmSync(folder, { recursive: true }));
let names: Names = {};
beforeAll(async () => {
  names = await defined();
  mkdirSync(join(folder, "data"));
  for (const name of ["images", "codes"]) {
    writeFileSync(join(folder, "data", `${name}.npy`), writeNpy(names[name] as Tensor));
  }
  const labels = tensor(Array.from({ length: (names["images"] as Tensor).shape[0] }, (_, i) => i % 3));
  writeFileSync(join(folder, "data", "labels.npy"), writeNpy(labels));
});

describe("docs/systems.md", () => {
  it("has every system of the lectures", () => {
    expect(ROWS.map(({ row }) => row)).toEqual(expect.arrayContaining(SYSTEMS));
    expect(ROWS).toHaveLength(guide.match(/^\| [A-F]\d* /gm)!.length);
  });

  it.each(ROWS)("$row, $system: $code", async ({ code }) => {
    const numbers = numbersIn(await evaluate(`return (${code});`, names));
    expect(numbers.length).toBeGreaterThan(0);
    expect(numbers.filter((value) => !Number.isFinite(value))).toEqual([]);
  });

  // What commands need, trainings make.
  const isTraining = ({ command }: (typeof ROWS)[number]) => command.startsWith("reparam train");
  const orderly = [...ROWS.filter(isTraining), ...ROWS.filter((row) => !isTraining(row))];

  it.each(orderly)("$row, $system: $command", async ({ command }) => {
    const words = command.replaceAll(/\b(runs|data)\//g, `${folder}/$1/`).split(" ");
    const { code, out, err } = await reparam(words.slice(1));
    expect([code, code === 0 ? "" : err]).toEqual([0, ""]);
    // `info` writes no file: what it says is its result.
    const size = words.includes("--out") ? statSync(words[words.indexOf("--out") + 1]!).size : out.length;
    expect(size).toBeGreaterThan(0);
  });
});
