// Laws of the packed library's types: they compile strictly, by all TypeScripts and resolutions that are in use.

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { root, run } from "./pack.js";

/** TypeScripts beside the project's own, the oldest first: installed for `npm run test:types` alone. */
const VERSIONS = process.env.ALL_TYPESCRIPTS ? ["5.2", "5.4", "5.9", "6"] : [];

/** Installs them into a cache outside the project; gives where a version is. */
function installVersions(): (version: string) => string {
  const folder = join(tmpdir(), "reparam-typescripts");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
  const pathOf = (version: string) => join(folder, "node_modules", `typescript${version}`, "bin", "tsc");
  if (VERSIONS.every((version) => existsSync(pathOf(version)))) return pathOf;
  const aliases = VERSIONS.map((version) => `typescript${version}@npm:typescript@${version}`);
  run(
    folder,
    "npm",
    "install",
    "--prefer-offline",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    ...aliases,
  );
  return pathOf;
}

const USE = `
  import { configure, type Configuration, fit, ops, tensor } from "reparam";
  import { readPng, writePng } from "reparam/images";
  import { type Float32NdArray, fromNdarray, toNdarray } from "reparam/ndarray";
  import { type LoadedData, loadData, writeFileAtomic } from "reparam/node";
  import { createReport } from "reparam/report";
  import relaxed from "reparam/wasm/relaxed.wasm";
  import simd from "reparam/wasm/simd.wasm";

  export const configuration: Configuration = { module: simd, maxMemory: undefined };
  configure({ module: relaxed });
  // @ts-expect-error: a path is no module
  configure({ module: "reparam/wasm/simd.wasm" });
  export const loaded: Promise<LoadedData> = loadData("images", { size: [64, 64], broken: "skip" });
  export const written: Promise<void> = writeFileAtomic("a.bin", new Uint8Array(1));
  // @ts-expect-error: neither is a number a path
  loadData(5);
  const forward = ops.conv2d(tensor([1], [1, 1, 1, 1]), tensor([2], [1, 1, 1, 1]), { padding: "valid" });
  export const data: Float32Array = ops.conv2dTranspose(forward, tensor([2], [1, 1, 1, 1])).data;
  // @ts-expect-error: padding has no such value, and the checker sees it
  ops.conv2d(forward, forward, { padding: "most" });
  export const view: Float32NdArray = toNdarray(fromNdarray({ data: [1], shape: [1], stride: [1], offset: 0 }));
  export const all = [createReport, fit, readPng, writePng];`;

/** A page's and a worker's `WebAssembly.Module` is the type of what is imported. */
const USE_OF_MODULES = `
  import simd from "reparam/wasm/simd.wasm";
  export const module: WebAssembly.Module = simd;`;

/** Describes the types of the library that is installed in a project; `projectOf` is asked when the tests run. */
export function describeTypes(projectOf: () => string): void {
  let project: string;
  let compilerOf: (version: string) => string;

  beforeAll(() => {
    project = projectOf();
    compilerOf = installVersions();
    writeFileSync(join(project, "use.ts"), USE);
    writeFileSync(join(project, "modules.ts"), USE_OF_MODULES);
    // Four compilers are some 100 MB.
  }, 900_000);

  const own = join(root, "node_modules", "typescript", "bin", "tsc");
  const resolutions = ["nodenext", "bundler", "node10"];
  const cases = [...VERSIONS, "own"].flatMap((version) =>
    // TypeScript 7 has no node10 any more.
    resolutions.filter((name) => version !== "own" || name !== "node10").map((name) => ({ version, name })),
  );

  it.each(cases)(
    "compile by TypeScript $version, resolved by $name, library files checked",
    ({ version, name }) => {
      const compile = (lib: string[], files: string[]) => {
        const compilerOptions = {
          module: name === "nodenext" ? "nodenext" : "esnext",
          moduleResolution: name,
          ...(version === "6" && name === "node10" && { ignoreDeprecations: "6.0" }),
          target: "es2022",
          lib,
          types: [],
          strict: true,
          exactOptionalPropertyTypes: true,
          skipLibCheck: false,
          noEmit: true,
        };
        writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
        return run(project, process.execPath, version === "own" ? own : compilerOf(version));
      };
      expect(compile(["es2022"], ["use.ts"])).toBe("");
      expect(compile(["es2022", "dom"], ["use.ts", "modules.ts"])).toBe("");
    },
  );
}
