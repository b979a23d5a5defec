// Reads the project's own source files for the tests that judge them. Judges nothing.

import { readFileSync, readdirSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";

/** A source file: its path from the project's root, with slashes, and its text. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Files that the build writes. */
const GENERATED = ["src/wasm/binaries.ts", "src/wasm/generated.ts"];

/** The TypeScript files below a folder, except the generated ones. */
export function sourcesBelow(folder: string): Source[] {
  return readdirSync(`${root}${folder}`, { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(".ts") && !GENERATED.includes(path) && !path.includes("node_modules"))
    .map((path) => ({ path, text: readFileSync(`${root}${path}`, "utf8") }));
}

/** What a file imports or re-exports, types included: project paths without extension, or package names. */
export function importsOf({ path, text }: Source): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const statements =
    /^\s*(?:import|export)\s(?:[^"';]*?\sfrom\s)?\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/gm;
  return [...code.matchAll(statements)].map(([, named, dynamic]) => {
    const target = named ?? dynamic ?? "";
    if (!target.startsWith(".")) return target;
    return posix.join(posix.dirname(path), target).replace(/\.[jt]s$/, "");
  });
}
