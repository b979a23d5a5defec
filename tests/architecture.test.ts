// Laws of the source tree: who may import whom, and how a file opens. Cycles and `any` are the linter's.

import { describe, expect, it } from "vitest";
import { importsOf, type Source, sourcesBelow } from "./support/sources.js";

/** The layers of src from the bottom up: each may import itself and what stands on lines above it. */
const LAYERS = [
  ["check"],
  ["geometry"],
  ["wasm"],
  ["tensor"],
  ["random"],
  ["autodiff"],
  ["ops", "ndarray"],
  ["layers", "losses", "optimizers"],
  ["distributions"],
  ["models", "statistics"],
  ["files", "latent"],
  ["coding", "data", "images", "training"],
  ["report"],
  ["node"],
  ["cli"],
  ["index"],
];

/** Packages that a layer may import; nothing else leaves src. */
const PACKAGES: Record<string, RegExp> = {
  ndarray: /^ndarray$/,
  images: /^fast-png$/,
  node: /^node:/,
  cli: /^node:/,
};

/** The file or folder directly below src that a path belongs to. */
const layerOf = (path: string): string => /^src\/([^/.]+)/.exec(path)?.[1] ?? path;
const heightOf = (layer: string): number => LAYERS.findIndex((layers) => layers.includes(layer));

/** What is wrong with the imports of a file in src. */
function wrongImports(source: Source): string[] {
  const layer = layerOf(source.path);
  if (heightOf(layer) < 0) return [`${source.path}: "${layer}" must stand in LAYERS of this test`];
  return importsOf(source).flatMap((target) => {
    if (!target.startsWith("src/")) {
      const allowed = PACKAGES[layer]?.test(target) ?? false;
      return allowed ? [] : [`${source.path}: ${layer} must not import "${target}"`];
    }
    const below = heightOf(layerOf(target));
    const allowed = layerOf(target) === layer || (below >= 0 && below < heightOf(layer));
    return allowed
      ? []
      : [`${source.path}: ${layer} must not import ${target}, which stands above or beside it`];
  });
}

/** Whether a file opens with a sentence: a comment whose first paragraph ends with a full stop. */
function opensWithSentence({ text }: Source): boolean {
  // A program's first line names its interpreter.
  const [opening = ""] = text.replace(/^#!.*\n/, "").split(/\n(?!\/\/| ?\*)/);
  const words = opening.replace(/^(\/\*\*?|\/\/| ?\*\/?)/gm, "").trim();
  const [paragraph = ""] = words.split(/\n\s*\n/);
  return /^(\/\/|\/\*)/.test(opening) && paragraph.endsWith(".");
}

const file = (path: string, ...lines: string[]): Source => ({ path, text: lines.join("\n") });

describe("src", () => {
  it("imports only downwards", () => {
    expect(sourcesBelow("src").flatMap(wrongImports)).toEqual([]);
  });

  it("imports only downwards, and a planted wrong import is caught", () => {
    const wrong = [
      file("src/autodiff/defineOp.ts", 'import { conv2d } from "../ops/conv2d.js";'),
      file("src/wasm/heap.ts", "import {", "  type Tensor,", '} from "../tensor.js";'),
      file("src/layers/dense.ts", 'export * from "../optimizers/adam.js";'),
      file("src/tensor/tree.ts", 'import "../random/keys.js";'),
      file("src/ops/relu.ts", 'const late = await import("../models/vae.js");'),
      file("src/check/check.ts", 'import { readFile } from "node:fs/promises";'),
      file("src/helpers.ts", 'import { check } from "./check/check.js";'),
    ];
    for (const source of wrong) expect(wrongImports(source), source.path).toHaveLength(1);

    const right = [
      file(
        "src/ops/relu.ts",
        'import type { Tensor } from "../tensor/tensor.js";',
        'import { apply } from "./pointwise.js";',
      ),
      file(
        "src/ndarray/index.ts",
        'import ndarray from "ndarray";',
        '// import { fit } from "../training/fit.js";',
      ),
      file("src/index.ts", 'export { fit } from "./training/fit.js";'),
    ];
    for (const source of right) expect(wrongImports(source), source.path).toEqual([]);
  });
});

/** All packages that a file imports, itself or through others. */
function packagesOf(sources: readonly Source[], path: string): string[] {
  const found = new Set<string>();
  const reached = new Set([path]);
  for (const place of reached) {
    const source = sources.find((source) => source.path === `${place}.ts`);
    for (const target of source ? importsOf(source) : []) {
      if (target.startsWith("src/")) reached.add(target);
      else found.add(target);
    }
  }
  return [...found].sort();
}

describe("an entry", () => {
  const sources = sourcesBelow("src");

  it.each([
    { path: "src/index", packages: [] },
    { path: "src/coding/index", packages: [] },
    { path: "src/images/index", packages: ["fast-png"] },
    { path: "src/ndarray/index", packages: ["ndarray"] },
    { path: "src/report/index", packages: ["fast-png"] },
  ])("$path imports $packages, itself and all that it stands on", ({ path, packages }) => {
    expect(packagesOf(sources, path)).toEqual(packages);
  });

  it("that imports a package through others is caught", () => {
    const planted = [
      file("src/index.ts", 'export { a } from "./a.js";'),
      file("src/a.ts", 'import { b } from "./b/c.js";'),
      file("src/b/c.ts", 'import type { d } from "../index.js";', 'import { encode } from "fast-png";'),
    ];
    expect(packagesOf(planted, "src/index")).toEqual(["fast-png"]);
  });
});

describe("assembly", () => {
  it("imports nothing outside itself", () => {
    const outside = sourcesBelow("assembly").flatMap((source) =>
      importsOf(source)
        .filter((target) => !target.startsWith("assembly/"))
        .map((target) => `${source.path}: ${target}`),
    );
    expect(outside).toEqual([]);
  });
});

describe("a source file", () => {
  it("opens with a sentence that says what lives there", () => {
    const sources = ["src", "assembly", "bench", "tests/support"].flatMap(sourcesBelow);
    expect(sources.filter((source) => !opensWithSentence(source)).map(({ path }) => path)).toEqual([]);
  });

  it("without such a sentence is caught", () => {
    expect(opensWithSentence(file("a.ts", "// Words errors.", "", "export {};"))).toBe(true);
    expect(opensWithSentence(file("a.ts", "/**", " * Words errors,", " * and only here.", " */"))).toBe(true);
    expect(opensWithSentence(file("a.ts", "// Kernels of sums.", "//", "// Layout: n float32"))).toBe(true);
    expect(opensWithSentence(file("a.ts", "// Kernels of sums", "//", "// Layout: n float32."))).toBe(false);
    expect(opensWithSentence(file("a.ts", "export {};"))).toBe(false);
    expect(opensWithSentence(file("a.ts", "// errors", "export {};"))).toBe(false);
  });
});
