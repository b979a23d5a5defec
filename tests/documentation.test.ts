// Everything that the documentation shows runs, and gives the values that stand beside it; what it links to is there.

import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "../src/cli/command.js";
import { COMMON } from "../src/cli/command.js";
import { COMMANDS } from "../src/cli/commandLine.js";
import * as coding from "../src/coding/index.js";
import * as data from "../src/data/index.js";
import * as images from "../src/images/index.js";
import * as library from "../src/index.js";
import * as latent from "../src/latent/index.js";
import * as ndarray from "../src/ndarray/index.js";
import * as report from "../src/report/index.js";
import { beginsWithSentence, publicNames, publicNamesOf } from "./support/publicNames.js";
import { sourcesBelow } from "./support/sources.js";
import {
  brokenLinks,
  exampleSnippets,
  guides,
  guideSnippets,
  moduleOf,
  shownCommands,
} from "./support/snippets.js";

/** The entries whose names an example may use without importing them. */
const ENTRIES = {
  reparam: library,
  "reparam/coding": coding,
  "reparam/data": data,
  "reparam/images": images,
  "reparam/latent": latent,
  "reparam/ndarray": ndarray,
  "reparam/report": report,
};

const root = fileURLToPath(new URL("../", import.meta.url));
const folder = join(root, "tests", ".snippets");

/** The files that guides speak of: a folder of pictures in two classes, a table, an array and a packed IDX file. */
function writeFiles(): void {
  const { images: pictures } = data.faces({ count: 8, size: 32, key: library.key(1) });
  for (let i = 0; i < 8; i++) {
    const place = join(folder, "photographs", i % 2 === 0 ? "indoors" : "outdoors");
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, `${i}.png`), images.writePng(library.ops.slice(pictures, i, i + 1)));
  }
  const rows = library.random.normal(library.key(2), [32, 3]).data;
  const lines = Array.from({ length: 32 }, (_, i) => `${rows.slice(3 * i, 3 * i + 3).join()},${i % 3}`);
  writeFileSync(join(folder, "wine.csv"), ["alcohol,acid,sugar,class", ...lines, ""].join("\n"));
  const digits = library.random.uniform(library.key(3), [16, 28, 28]);
  writeFileSync(join(folder, "digits.npy"), data.writeNpy(digits));
  const header = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 16, 0, 0, 0, 28, 0, 0, 0, 28);
  const pixels = digits.data.map((value) => Math.floor(256 * value));
  writeFileSync(join(folder, "digits.idx.gz"), gzipSync(Buffer.concat([header, Uint8Array.from(pixels)])));
}

/** What a value shows: typed arrays and tensors as lists. */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return [...(value as Float32Array)];
  return value instanceof library.Tensor ? [...value.data] : value;
}

/** Compares a value, or several that are logged together, with the text beside it, where that is JSON. */
function expectShown(text: string, value: unknown, ...more: readonly unknown[]): void {
  if (more.length > 0) return expectShown(`[${text}]`, [value, ...more].map(plain));
  const digits = text.startsWith("about ") ? 0 : text.includes("…") ? 2 : 4;
  let shown: unknown;
  try {
    shown = JSON.parse(text.replace(/^(about |Float32Array )/, "").replaceAll("…", ""));
  } catch {
    return;
  }
  compare(plain(value), shown, digits);
}

/** Compares what was computed with what is shown, down to the numbers. */
function compare(got: unknown, shown: unknown, digits: number): void {
  if (typeof shown === "number") expect(got).toBeCloseTo(shown, digits);
  else if (Array.isArray(shown) && shown.every((entry) => typeof entry === "number")) {
    expect(got).toHaveLength(shown.length);
    shown.forEach((entry: number, i) => expect((got as number[])[i]).toBeCloseTo(entry, digits));
  } else if (Array.isArray(shown) && Array.isArray(got)) {
    expect(got).toHaveLength(shown.length);
    shown.forEach((entry, i) => compare(got[i], entry, digits));
  } else expect(got).toEqual(shown);
}

describe("documentation", () => {
  const before = process.cwd();
  beforeAll(() => {
    mkdirSync(folder, { recursive: true });
    writeFiles();
    process.chdir(folder);
    (globalThis as { __check?: typeof expectShown }).__check = expectShown;
  });
  afterAll(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  });

  it.each([...guideSnippets(), ...exampleSnippets()].map((snippet, i) => ({ ...snippet, i })))(
    "runs $place",
    async (snippet) => {
      const path = join(folder, `snippet${snippet.i}.ts`);
      writeFileSync(path, moduleOf(snippet, ENTRIES));
      await import(path);
      expect(snippet.code).not.toBe("");
    },
  );
});

describe("the guides", () => {
  const all = guides();
  const textOf = (path: string) => all.find((guide) => guide.path === path)?.text ?? "";

  it("link to files and headings that are there", () => {
    expect(brokenLinks(all, (path) => existsSync(join(root, path)))).toEqual([]);
  });

  it("name source files that there are", () => {
    const names = new Set(
      ["src", "assembly", "tests"].flatMap((folder) =>
        sourcesBelow(folder).map(({ path }) => basename(path)),
      ),
    );
    const named = [...textOf("CONTRIBUTING.md").matchAll(/`((?:[\w.]+\/)*\w[\w.]*\.ts)`/g)].map(
      ([, path]) => path,
    );
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((path) => !names.has(basename(path)) && !path.endsWith("generated.ts"))).toEqual([]);
  });

  it("that link to nothing are caught", () => {
    const planted = [
      { path: "docs/a.md", text: "# A way\n[b](b.md) [c](../C.md#the-sea) [here](#a-way) [there](#away)" },
      { path: "C.md", text: "## The sea\n[out](https://example.org)" },
    ];
    const exists = (path: string) => planted.some((guide) => guide.path === path);
    expect(brokenLinks(planted, exists)).toEqual(["docs/a.md: b.md", "docs/a.md: #away"]);
  });

  it.each([
    ["README.md", 120],
    ["CONTRIBUTING.md", 150],
  ])("keep %s within %i lines", (path, most) => {
    expect(textOf(path).split("\n").length - 1).toBeGreaterThan(20);
    expect(textOf(path).split("\n").length - 1).toBeLessThanOrEqual(most);
  });

  it.each(shownCommands())("show a command that there is: $place", ({ words: [name, ...rest] }) => {
    const command = COMMANDS.find((command) => command.name === name);
    // The help is shown with a word in the place of a command.
    const isShown = name === "COMMAND" || (command !== undefined && parse(command, rest) !== undefined);
    expect(isShown).toBe(true);
  });

  it("name every command and option of the command line, and no other", () => {
    const text = textOf("docs/command-line.md");
    const shown = new Set([...text.matchAll(/--([a-z]+(?:-[a-z]+)*)/g)].map(([, name]) => name));
    const options = new Set([
      ...COMMANDS.flatMap(({ options }) => Object.keys(options)),
      ...Object.keys(COMMON),
    ]);
    expect([...shown].sort()).toEqual([...options].sort());
    for (const { name } of COMMANDS) expect(text).toContain(`reparam ${name}`);
  });
});

describe("every public name", () => {
  it("has a docstring that begins with a sentence", () => {
    const names = publicNames();
    expect(names.length).toBeGreaterThan(300);
    const bare = names.filter(({ docstring }) => !beginsWithSentence(docstring));
    expect(bare.map(({ place }) => place)).toEqual([]);
  });

  it("without one is caught, wherever it is declared", () => {
    const files: Record<string, string> = {
      "src/index.ts": 'export { a, type B } from "./a.js";\nexport * as n from "./n/index.js";',
      "src/a.ts": "/** Adds. */\nexport function a(): void {}\nexport interface B {}",
      "src/n/index.ts": 'export { c as d } from "./c.js";\nexport * from "../e.js";',
      "src/n/c.ts": "/** no end */\nexport const c = 1;",
      "src/e.ts": "/**\n * E: one of\n * many.\n *\n * @see nobody\n */\nexport type E = 1;",
    };
    const names = publicNamesOf("reparam", "src/index.ts", (path) => files[path] ?? "");
    expect(names.map(({ place, docstring }) => [place, docstring, beginsWithSentence(docstring)])).toEqual([
      ["reparam: a", "Adds.", true],
      ["reparam: B", undefined, false],
      ["reparam: n.d", "no end", false],
      ["reparam: n.E", "E: one of many.", true],
    ]);
  });
});
