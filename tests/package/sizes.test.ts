// What a program takes to a page: the table of sizes in docs/platforms.md, measured anew.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { buildSync } from "../support/bundler.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (path: string): string => readFileSync(root + path, "utf8");

/** A program, bundled and minified. */
function bundleOf(program: string): Uint8Array {
  const { outputFiles } = buildSync({
    stdin: { contents: program, resolveDir: root },
    alias: { reparam: `${root}src/index.ts`, "reparam/ops": `${root}src/ops/index.ts` },
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
  });
  return outputFiles[0]?.contents ?? new Uint8Array();
}

/** Bytes of a program, minified and gzipped. */
function sizesOf(program: string): { readonly minified: number; readonly gzip: number } {
  const contents = bundleOf(program);
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
  "a VAE that trains by steps": `
    import { adam, createTrainer, imageVae, key, random } from "reparam";
    const trainer = createTrainer(imageVae({ inputShape: [28, 28, 1] }), { key: key(1), optimizer: adam() });
    console.log(trainer.step(random.uniform(key(2), [64, 28, 28, 1])));`,
  "a VAE that trains by `fit`": `
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

  it.each<[keyof typeof PROGRAMS, number]>([
    ["`conv2d` of `reparam/ops`", 43_000],
    ["a VAE that trains by steps", 69_000],
    ["a VAE that trains by `fit`", 74_000],
  ])("%s is at most %d bytes of gzip", (name, most) => {
    expect(sizesOf(PROGRAMS[name]).gzip).toBeLessThan(most);
  });

  it("holds no operation that it does not call, and nothing of files", () => {
    const text = new TextDecoder().decode(bundleOf(PROGRAMS["a VAE that trains by `fit`"]));
    for (const absent of ["readSafetensors", "maxPool2d", "checksum", '"erf"', '"layerNorm"']) {
      expect(text).not.toContain(absent);
    }
    expect(text).toContain('"conv2dTranspose"');
  });

  it("is the same in the README", () => {
    const [minified, gzip] = shownIn(read("docs/platforms.md"), "a VAE that trains by steps");
    expect(read("README.md")).toContain(`${minified / 1000} KB, ${gzip / 1000} KB gzip`);
  });
});
