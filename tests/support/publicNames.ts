// The public names of the library, by its entries, with the docstrings that stand above their declarations.

import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { sourcesBelow } from "./sources.js";

/** A name that programs can import. */
export interface PublicName {
  /** `reparam: ops.conv2d`, for messages. */
  readonly place: string;
  /** The text of its docstring, without tags; undefined where there is none. */
  readonly docstring: string | undefined;
}

/** The entries of package.json by what programs import, with their sources. */
export function entrySources(): readonly (readonly [entry: string, path: string])[] {
  const { exports } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    exports: Record<string, string | { readonly default: string }>;
  };
  return Object.entries(exports).flatMap(([path, target]) => {
    const built = typeof target === "string" ? target : target.default;
    if (!/^\.\/dist\/.*\.js$/.test(built)) return [];
    return [[`reparam${path.slice(1)}`, built.replace("./dist/", "src/").replace(/\.js$/, ".ts")] as const];
  });
}

/** The text of a docstring up to its first tag, as one line. */
const textOf = (docstring: string): string =>
  docstring
    .replace(/^\/\*\*|\*\/$/g, "")
    .replace(/^\s*\* ?/gm, "")
    .replace(/^@[\s\S]*/m, "")
    .trim()
    .replace(/\s+/g, " ");

/** The docstring above the declaration of a name in a source. */
function docstringOf(name: string, source: string): string | undefined {
  const escaped = name.replaceAll("$", "\\$");
  const declared = new RegExp(
    `(/\\*\\*(?:(?!\\*/)[\\s\\S])*\\*/)\\n(?:// .*\\n)*export (?:declare |abstract |async )*(?:function|const|class|interface|type) ${escaped}\\b`,
  ).exec(source);
  return declared?.[1] === undefined ? undefined : textOf(declared[1]);
}

/** The names that a source exports, following what it hands on. */
export function publicNamesOf(
  entry: string,
  path: string,
  read: (path: string) => string,
  prefix = "",
): PublicName[] {
  const source = read(path);
  const resolve = (target: string) => posix.join(posix.dirname(path), target).replace(/\.js$/, ".ts");
  const handedOn = [...source.matchAll(/^export (type )?\{([^}]*)\} from "(\.[^"]+)";/gm)];
  const namespaces = [...source.matchAll(/^export \* as (\w+) from "(\.[^"]+)";/gm)];
  const wholes = [...source.matchAll(/^export \* from "(\.[^"]+)";/gm)];
  const declared = [
    ...source.matchAll(
      /^export (?:declare |abstract |async )*(?:function|const|class|interface|type) (\w+)/gm,
    ),
  ];
  const described = (name: string, text: string) => ({
    place: `${entry}: ${prefix}${name}`,
    docstring: docstringOf(name, text),
  });
  return [
    ...handedOn.flatMap(([, , list = "", target = ""]) =>
      list
        .replace(/\/\/.*$/gm, "")
        .split(",")
        .map((item) => item.trim().replace(/^type /, ""))
        .filter((item) => item !== "")
        .flatMap((item) => {
          const [name = "", alias = name] = item.split(" as ");
          const found = publicNamesOf(entry, resolve(target), read, prefix);
          const [one] = found.filter(({ place }) => place === `${entry}: ${prefix}${name}`);
          return [{ place: `${entry}: ${prefix}${alias}`, docstring: one?.docstring }];
        }),
    ),
    ...namespaces.flatMap(([, name = "", target = ""]) =>
      publicNamesOf(entry, resolve(target), read, `${prefix}${name}.`),
    ),
    ...wholes.flatMap(([, target = ""]) => publicNamesOf(entry, resolve(target), read, prefix)),
    ...[...new Set(declared.map(([, name = ""]) => name))].map((name) => described(name, source)),
  ];
}

/** All public names of the library. */
export function publicNames(): PublicName[] {
  const texts = new Map(sourcesBelow("src").map(({ path, text }) => [path, text]));
  return entrySources().flatMap(([entry, path]) =>
    publicNamesOf(entry, path, (path) => texts.get(path) ?? ""),
  );
}

/** Whether a docstring begins with a sentence, or with a formula as long as one. */
export const beginsWithSentence = (docstring: string | undefined): boolean =>
  docstring !== undefined && /^\S[^]*?[.:](\s|$)/.test(docstring);
