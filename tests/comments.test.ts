// Comments name what exists: a name in backticks stands in the code of its file, in what that imports, or in the
// public entries; a file's name is that of a file.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import * as library from "./support/entries.js";
import { importsOf, type Source, sourcesBelow } from "./support/sources.js";

const COMMENT = /\/\*[\s\S]*?\*\/|(?<=^|[\s;{(,])\/\/.*$/gm;
const sources = [...sourcesBelow("src"), ...sourcesBelow("assembly")];
const codeOf = new Map(sources.map(({ path, text }) => [path, text.replace(COMMENT, "")]));

/** Words that a text is made of. */
const wordsOf = (text: string) => new Set(text.match(/[\p{L}_$][\p{L}\p{N}_$]*/gu));

/** Names that the library and its namespaces export. */
const PUBLIC = new Set(
  Object.entries(library).flatMap(([name, value]) =>
    typeof value === "object" && value !== null ? [name, ...Object.keys(value)] : [name],
  ),
);

/** Words that are in some file's code. */
const ANYWHERE = wordsOf([...codeOf.values()].join("\n"));

/** Of the language, and of the frameworks whose rules are cited. */
const ELSEWHERE = new Set(["null", "true", "false", "this", "number", "OneCycleLR", "postMessage"]);
const FRAMEWORKS = /^(jax|numpy|torch|keras|tf)\./;

/** The code of a file, of what it imports, and of files that its comments name. */
function visibleFrom(source: Source): Set<string> {
  const imported = importsOf(source).flatMap((target) =>
    [`${target}.ts`, `${target}/index.ts`].map((path) => codeOf.get(path) ?? ""),
  );
  // A comment's own examples count: they run, and declare what they speak of.
  const examples = [...source.text.matchAll(/@example\n([\s\S]*?)\*\//g)].map(([, code]) => code);
  const mentioned = [...source.text.matchAll(/`([\w/]+)\.ts`/g)].map(
    ([, name]) => codeOf.get(`${name}.ts`) ?? codeOf.get(source.path.replace(/[^/]*$/, `${name}.ts`)),
  );
  return wordsOf([source.text.replace(COMMENT, ""), ...imported, ...mentioned, ...examples].join("\n"));
}

const root = fileURLToPath(new URL("../", import.meta.url));
const isFile = (name: string, { path }: Source) =>
  [root, `${root}src/`, `${root}${path.replace(/[^/]*$/, "")}`].some((folder) => existsSync(folder + name));

/** What stands in backticks in a file's comments and names nothing. */
export function lostNames(source: Source): string[] {
  const visible = visibleFrom(source);
  const comments = (source.text.match(COMMENT) ?? []).join("\n").replace(/@example\n[\s\S]*?\*\//g, "");
  const quoted = [...comments.matchAll(/`([^`\n]+)`/g)].map(([, text]) => text);
  const isKnown = (name: string) =>
    visible.has(name) || PUBLIC.has(name) || ELSEWHERE.has(name) || name in globalThis || name.length === 1;
  return quoted.filter((text) => {
    if (/^[\w/]+\.(ts|mjs|md)$/.test(text)) return !isFile(text, source);
    // A name alone, a path of names, or a call; everything else is a formula or a value, as single letters are.
    const names = /^([\p{L}_$][\p{L}\p{N}_$]*(?:\.[\p{L}_$][\p{L}\p{N}_$]*)*)(?:\(.*\))?$/u.exec(text)?.[1];
    if (names === undefined || FRAMEWORKS.test(names) || isKnown(names)) return false;
    const [first, ...members] = names.split(".");
    // What a path begins with may be a value of a type that another file declares.
    const isPath =
      members.length > 0 && (first in globalThis || [first, ...members].every((name) => ANYWHERE.has(name)));
    return !isPath;
  });
}

describe("comments", () => {
  it("name in backticks what the code has", () => {
    const lost = sources.flatMap((source) => lostNames(source).map((name) => `${source.path}: \`${name}\``));
    expect(lost).toEqual([]);
  });

  it.each([
    ["// Calls `gone`.\nconst here = 1;", ["gone"]],
    ["/** Reads `here` and `here.zzz`. */\nconst here = 1;", ["here.zzz"]],
    ["// See `nowhere.ts` and `check/check.ts`.", ["nowhere.ts"]],
    ['// Runs `conv2d` for `"same"`, `a + b`, `NaN`.', []],
    ["// `absent(here)`\nconst here = 1;", ["absent(here)"]],
  ])("are searched: %s", (text, lost) => {
    expect(lostNames({ path: "src/somewhere.ts", text })).toEqual(lost);
  });
});
