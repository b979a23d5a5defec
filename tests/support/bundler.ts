// esbuild, which tsx brings along: programs of the sources as one file, which starts far quicker than by tsx.

import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

interface Bundler {
  buildSync(options: Readonly<Record<string, unknown>>): {
    readonly outputFiles: readonly { contents: Uint8Array }[];
  };
}

/** esbuild's call of this name. */
export const { buildSync } = createRequire(createRequire(import.meta.url).resolve("tsx"))(
  "esbuild",
) as Bundler;

const root = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Bundles a program for Node, until the end of the test file that calls this while it loads.
 *
 * @param entry - the program's path from the root
 * @returns the path of the bundle, two folders below a copy of `package.json`, as in `dist`
 */
export function bundled(entry: string): string {
  const folder = mkdtempSync(join(tmpdir(), "reparam-program-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  copyFileSync(join(root, "package.json"), join(folder, "package.json"));
  const outfile = join(folder, "dist", "bundle", "program.js");
  buildSync({ entryPoints: [join(root, entry)], outfile, bundle: true, platform: "node", format: "esm" });
  return outfile;
}
