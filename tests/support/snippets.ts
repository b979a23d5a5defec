// Finds the code that documentation shows: fenced blocks of the README and the @examples of docstrings.

import { readFileSync } from "node:fs";
import { sourcesBelow } from "./sources.js";

/** A piece of code with where it stands. */
export interface Snippet {
  readonly place: string;
  readonly code: string;
}

/** TypeScript blocks of the README. */
export function readmeSnippets(): Snippet[] {
  const text = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code], i) => ({
    place: `README.md, block ${i + 1}`,
    code,
  }));
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
      return `__check(${logged}, ${JSON.stringify(comment)});`;
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
  return `${ndarray}${head.join("")}declare const __check: (value: unknown, text: string) => void;\n${checked}`;
}
