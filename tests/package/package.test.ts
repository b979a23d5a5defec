// Laws of the packed library: what is in the tarball, and that a stranger's project can use it.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { install, pack, root, run } from "./pack.js";

const tool = (name: string): string => join(root, "node_modules", ".bin", name);

describe("the packed library", () => {
  const folder = mkdtempSync(join(tmpdir(), "reparam-"));
  let tarball: string;
  let project: string;

  beforeAll(() => {
    tarball = pack(folder);
    project = install(folder, tarball);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("holds the build, the licence and the readme, and no more", () => {
    const paths = run(root, "tar", "-tzf", tarball).trim().split("\n");
    const others = paths.filter((path) => !/^package\/dist\/.*(\.js|\.d\.ts|\.wasm)$/.test(path));
    expect(others.sort()).toEqual(["package/LICENSE", "package/README.md", "package/package.json"]);
    expect(paths).toContain("package/dist/wasm/simd.wasm");
    expect(paths).toContain("package/dist/wasm/relaxed.wasm");
  });

  it("passes publint", () => {
    expect(() => run(root, tool("publint"), "run", tarball, "--strict")).not.toThrow();
  });

  it("passes attw", () => {
    // What importing a binary means differs from platform to platform: no one type would be true.
    const binaries = ["wasm/simd", "wasm/relaxed"];
    const options = ["--profile", "esm-only", "--exclude-entrypoints", ...binaries];
    expect(() => run(root, tool("attw"), tarball, ...options)).not.toThrow();
  });

  it("brings ndarray and fast-png, what these stand on, and nothing else", () => {
    const installed = run(project, "npm", "ls", "--omit=dev", "--parseable", "--all").trim().split("\n");
    expect(installed.map((path) => path.split("node_modules/").slice(1).join()).sort()).toEqual([
      "",
      "fast-png",
      "fflate",
      "iobuffer",
      "iota-array",
      "is-buffer",
      "ndarray",
      "reparam",
    ]);
  });

  it("runs in an empty project", () => {
    writeFileSync(
      join(project, "use.js"),
      `import { ops, tensor } from "reparam";
       const image = tensor([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1]);
       const filter = tensor([1, 2, 3, 4], [2, 2, 1, 1]);
       const forward = ops.conv2d(image, filter, { padding: "valid" });
       const back = ops.conv2dTranspose(forward, filter, { padding: "valid" });
       console.log(JSON.stringify([forward, back].map(({ shape, data }) => [shape, [...data]])));`,
    );
    expect(JSON.parse(run(project, process.execPath, "use.js"))).toEqual([
      [
        [1, 2, 2, 1],
        [37, 47, 67, 77],
      ],
      [
        [1, 3, 3, 1],
        [37, 121, 94, 178, 500, 342, 201, 499, 308],
      ],
    ]);
  });

  it("reads and writes files through reparam/node", () => {
    writeFileSync(
      join(project, "disk.js"),
      `import { tensor, writePng } from "reparam";
       import { loadData, writeFileAtomic } from "reparam/node";
       const path = new URL("picture.png", import.meta.url);
       await writeFileAtomic(path, writePng(tensor([0, 0.2, 0.6, 1], [2, 2, 1])));
       const { kind, images, names } = await loadData(path);
       console.log(JSON.stringify([kind, images.shape, Array.from(images.data, (x) => Math.round(255 * x)), names]));`,
    );
    const printed = JSON.parse(run(project, process.execPath, "disk.js"));
    expect(printed).toEqual(["png", [1, 2, 2, 1], [0, 51, 153, 255], ["picture.png"]]);
  });

  it("offers both binaries as files", () => {
    writeFileSync(
      join(project, "files.js"),
      `import { readFileSync } from "node:fs";
       for (const name of ["simd", "relaxed"]) {
         const file = new URL(import.meta.resolve("reparam/wasm/" + name));
         console.log(readFileSync(file).subarray(0, 4).toString("hex"));
       }`,
    );
    expect(run(project, process.execPath, "files.js")).toBe("0061736d\n0061736d\n");
  });

  it.each([
    { module: "nodenext", moduleResolution: "nodenext" },
    { module: "esnext", moduleResolution: "bundler" },
  ])("has types that compile without any other types, resolved by $moduleResolution", (options) => {
    writeFileSync(
      join(project, "use.ts"),
      `import { ops, tensor } from "reparam";
       import { type LoadedData, loadData, writeFileAtomic } from "reparam/node";
       export const loaded: Promise<LoadedData> = loadData("images", { size: [64, 64], broken: "skip" });
       export const written: Promise<void> = writeFileAtomic("a.bin", new Uint8Array(1));
       // @ts-expect-error: neither is a number a path
       loadData(5);
       const forward = ops.conv2d(tensor([1], [1, 1, 1, 1]), tensor([2], [1, 1, 1, 1]), { padding: "valid" });
       export const data: Float32Array = ops.conv2dTranspose(forward, tensor([2], [1, 1, 1, 1])).data;
       // @ts-expect-error: padding has no such value, and the checker sees it
       ops.conv2d(forward, forward, { padding: "most" });`,
    );
    const compilerOptions = {
      ...options,
      target: "es2022",
      lib: ["es2022"],
      types: [],
      strict: true,
      noEmit: true,
    };
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["use.ts"] }));
    expect(run(project, tool("tsc"))).toBe("");
  });
});
