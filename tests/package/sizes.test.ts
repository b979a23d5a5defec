// What a program takes to a page: the table of sizes in docs/platforms.md, measured anew.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { buildSync } from "../support/bundler.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (path: string): string => readFileSync(root + path, "utf8");

/** Bytes of a program, minified and gzipped. */
function sizesOf(program: string): { readonly minified: number; readonly gzip: number } {
  const { outputFiles } = buildSync({
    stdin: { contents: program, resolveDir: root },
    alias: { reparam: `${root}src/index.ts`, "reparam/ops": `${root}src/ops/index.ts` },
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
  });
  const contents = outputFiles[0]?.contents ?? new Uint8Array();
  return { minified: contents.length, gzip: gzipSync(contents, { level: 9 }).length };
}

/** The programs of the table, by the first words of their rows. */
const PROGRAMS = {
  "`conv2d` of `reparam/ops`": `
    import * as ops from "reparam/ops";
    import { tensor } from "reparam";
    console.log(ops.conv2d(tensor([1], [1, 1, 1, 1]), tensor([2], [1, 1, 1, 1])).data);`,
  "`ops.conv2d` of `reparam`": `
    import { ops, tensor } from "reparam";
    console.log(ops.conv2d(tensor([1], [1, 1, 1, 1]), tensor([2], [1, 1, 1, 1])).data);`,
  "a VAE that trains": `
    import { adam, fit, imageVae, key, random } from "reparam";
    const model = imageVae({ inputShape: [28, 28, 1] });
    fit(model, random.uniform(key(1), [64, 28, 28, 1]), { key: key(2), optimizer: adam() }).then(console.log);`,
};

/** The two numbers of a row, in bytes of KB = 1000. */
function shownIn(text: string, name: string): readonly [minified: number, gzip: number] {
  const row = text.split("\n").find((line) => line.startsWith(`| ${name}`)) ?? "";
  const [minified = NaN, gzip = NaN] = [...row.matchAll(/(\d+) KB/g)].map(([, digits]) => Number(digits));
  return [minified * 1000, gzip * 1000];
}

describe("the size of a program", () => {
  it.each(Object.entries(PROGRAMS))("%s is what the table says", (name, program) => {
    const sizes = sizesOf(program);
    const [minified, gzip] = shownIn(read("docs/platforms.md"), name);
    // 2 %: what a small change costs need not be written down.
    expect(Math.abs(sizes.minified / minified - 1), `${sizes.minified} bytes`).toBeLessThan(0.02);
    expect(Math.abs(sizes.gzip / gzip - 1), `${sizes.gzip} bytes gzipped`).toBeLessThan(0.02);
  });

  it("is at most 45 KB for one operation", () => {
    expect(sizesOf(PROGRAMS["`conv2d` of `reparam/ops`"]).gzip).toBeLessThan(45_000);
  });

  it("is the same in the README", () => {
    const [minified, gzip] = shownIn(read("docs/platforms.md"), "a VAE that trains");
    expect(read("README.md")).toContain(`${minified / 1000} KB, ${gzip / 1000} KB gzip`);
  });
});
