// Finds what documentation shows: the fenced blocks, commands and links of the guides, and the @examples of docstrings.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { sourcesBelow } from "./sources.js";

/** A piece of code with where it stands. */
export interface Snippet {
  readonly place: string;
  readonly code: string;
}

/** A text in Markdown with its path from the root. */
export interface Guide {
  readonly path: string;
  readonly text: string;
}

/** The README, the other texts beside it, and the guides. */
export function guides(): Guide[] {
  const root = new URL("../../", import.meta.url);
  const paths = ["", "docs/"].flatMap((folder) =>
    readdirSync(new URL(`./${folder}`, root))
      .filter((name) => name.endsWith(".md"))
      .sort()
      .map((name) => folder + name),
  );
  return paths.map((path) => ({ path, text: readFileSync(fileURLToPath(new URL(path, root)), "utf8") }));
}

/** TypeScript blocks of the guides. */
export function guideSnippets(): Snippet[] {
  return guides().flatMap(({ path, text }) =>
    [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code], i) => ({
      place: `${path}, block ${i + 1}`,
      code,
    })),
  );
}

/** A line of a shell with where it stands. */
export interface ShellLine {
  readonly place: string;
  readonly words: readonly string[];
}

/** Calls of the command line in shell blocks (indented by four, or fenced as `sh`), as words after `reparam`. */
export function shownCommands(): ShellLine[] {
  return guides().flatMap(({ path, text }) =>
    [...text.matchAll(/^ *(?:npx reparam|npm run reparam --) (.+)$/gm)].map(([line, rest]) => ({
      place: `${path}: ${line.trim()}`,
      words: rest
        .replace(/ +#.*$/, "")
        .trim()
        .split(/ +/),
    })),
  );
}

/** What a heading is linked by, as GitHub makes it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

/** Links of the guides that lead to no file of the repository, or to no heading in it. */
export function brokenLinks(all: readonly Guide[], exists: (path: string) => boolean): string[] {
  const anchorsIn = (path: string): string[] => {
    const { text = "" } = all.find((guide) => guide.path === path) ?? {};
    const prose = text.replace(/^```[\s\S]*?^```$/gm, "");
    return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading));
  };
  return all.flatMap(({ path, text }) =>
    [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link]) => {
      if (/^[a-z]+:/.test(link)) return [];
      const [file, anchor] = link.split("#");
      const target = file === "" ? path : new URL(file, `file:///${path}`).pathname.slice(1);
      const isThere = exists(target) && (anchor === undefined || anchorsIn(target).includes(anchor));
      return isThere ? [] : [`${path}: ${link}`];
    }),
  );
}

/** The @examples of all public docstrings. */
export function exampleSnippets(): Snippet[] {
  return sourcesBelow("src").flatMap(({ path, text }) =>
    [...text.matchAll(/@example\n([\s\S]*?)(?=\n \* @|\n \*\/)/g)].map(([, block], i) => ({
      place: `${path}, example ${i + 1}`,
      code: block.replace(/^ \* ?/gm, ""),
    })),
  );
}

/**
 * The snippet as a module, in which the names of `entries` (modules by what they are imported by) are known where it
 * imports nothing itself. Statements that end in `// value` are compared with the value where that is JSON
 * (numbers to five digits; a list that ends in … is compared as far as it goes).
 */
export function moduleOf({ code }: Snippet, entries: Readonly<Record<string, object>>): string {
  const checked = code.replace(
    /^(?!const |let |import |\/\/| )(.+?);[ \t]*\/\/ (.+)$/gm,
    (_, expression: string, comment: string) => {
      const logged = /^console\.log\((.*)\)$/.exec(expression)?.[1] ?? expression;
      return `__check(${JSON.stringify(comment)}, ${logged});`;
    },
  );
  const own = [...code.matchAll(/^(?:const|let) (?:\{([^}]*)\}|\[([^\]]*)\]|(\w+))/gm)]
    .flatMap(([, fields, items, name]) => (fields ?? items ?? name).split(","))
    .map((name) => name.split(":").pop()?.trim());
  const isImporting = /^import /m.test(code);
  const head = Object.entries(isImporting ? {} : entries).map(([entry, names]) => {
    const imported = Object.keys(names).filter((name) => !own.includes(name));
    return `import { ${imported.join(", ")} } from "${entry}";\n`;
  });
  const ndarray = code.includes("ndarray(") ? 'import ndarray from "ndarray";\n' : "";
  return `${ndarray}${head.join("")}declare const __check: (text: string, ...values: unknown[]) => void;\n${checked}`;
}
