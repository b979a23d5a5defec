// Laws of the packed library: what is in the tarball, and that a stranger's project can use it.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { install, pack, root, run } from "./pack.js";
import { describeTypes } from "./types.js";

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
    expect(paths).toContain("package/dist/wasm/simd.wasm.d.ts");
    const others = paths.filter((path) => !/^package\/dist\/.*(\.js|\.d\.ts|\.wasm)$/.test(path));
    expect(others.sort()).toEqual(["package/LICENSE", "package/README.md", "package/package.json"]);
    expect(paths).toContain("package/dist/wasm/simd.wasm");
    expect(paths).toContain("package/dist/wasm/relaxed.wasm");
  });

  it("passes publint", () => {
    expect(() => run(root, tool("publint"), "run", tarball, "--strict")).not.toThrow();
  });

  it("passes attw", () => {
    // What importing a binary means differs from platform to platform: no one type would be true. Nobody imports worker.js.
    const binaries = ["worker.js", "wasm/simd", "wasm/relaxed", "wasm/simd.wasm", "wasm/relaxed.wasm"];
    const options = ["--profile", "esm-only", "--exclude-entrypoints", ...binaries];
    expect(() => run(root, tool("attw"), tarball, ...options)).not.toThrow();
  });

  it("has no script that an installation would run or warn of", () => {
    const { scripts } = JSON.parse(readFileSync(join(project, "node_modules/reparam/package.json"), "utf8"));
    const ofInstallations = /^(pre|post)?(install|prepare|uninstall)$|^dependencies$/;
    expect(Object.keys(scripts).filter((name) => ofInstallations.test(name))).toEqual([]);
    const lock = JSON.parse(readFileSync(join(project, "package-lock.json"), "utf8"));
    expect(lock.packages["node_modules/reparam"].hasInstallScript).toBeUndefined();
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
      `import { tensor } from "reparam";
       import { writePng } from "reparam/images";
       import { loadData, writeFileAtomic } from "reparam/node";
       const path = new URL("picture.png", import.meta.url);
       await writeFileAtomic(path, writePng(tensor([0, 0.2, 0.6, 1], [2, 2, 1])));
       const { kind, inputs, names } = await loadData(path);
       console.log(JSON.stringify([kind, inputs.shape, Array.from(inputs.data, (x) => Math.round(255 * x)), names]));`,
    );
    const printed = JSON.parse(run(project, process.execPath, "disk.js"));
    expect(printed).toEqual(["png", [1, 2, 2, 1], [0, 51, 153, 255], ["picture.png"]]);
  });

  it("offers both binaries as files", () => {
    writeFileSync(
      join(project, "files.js"),
      `import { readFileSync } from "node:fs";
       for (const name of ["simd", "relaxed", "simd.wasm", "relaxed.wasm"]) {
         const file = new URL(import.meta.resolve("reparam/wasm/" + name));
         console.log(readFileSync(file).subarray(0, 4).toString("hex"));
       }`,
    );
    expect(run(project, process.execPath, "files.js")).toBe("0061736d\n".repeat(4));
  });

  it("runs by itself, without its packages", () => {
    const alone = join(folder, "alone");
    cpSync(join(project, "node_modules/reparam"), join(alone, "node_modules/reparam"), { recursive: true });
    writeFileSync(
      join(alone, "use.mjs"),
      `import { fit, lectures, key, ones } from "reparam";
       await fit(lectures.denseVae({ latentSize: 2 }), ones([4, 784]), { epochs: 1, key: key(1) });`,
    );
    expect(run(alone, process.execPath, "use.mjs")).toBe("");
  });

  it.each([
    ["smoke.mjs", "simd", /^simd [0-9a-f]{8}\n$/],
    ["files.mjs", "files", /^(simd|relaxed) [0-9a-f]{8}\n$/],
    ["channel.mjs", "", /^\d+ numbers\n$/],
  ])("does what runtimes are tried with: %s", (name, parameter, printed) => {
    const programs = join(root, "tests", "runtimes");
    cpSync(programs, project, {
      recursive: true,
      filter: (path) => path === programs || path.endsWith(".mjs"),
    });
    expect(run(project, process.execPath, name, parameter)).toMatch(printed);
  });

  const ABSENT = [
    "TextEncoder",
    "TextDecoder",
    "atob",
    "performance",
    "setTimeout",
    "setImmediate",
    "crypto",
  ];
  ABSENT.push(
    "MessageChannel",
    "FinalizationRegistry",
    "WeakRef",
    "SharedArrayBuffer",
    "queueMicrotask",
    "Buffer",
  );
  const CORE = `
    import { adam, fit, key, lectures, loadModel, random, saveModel, tensor } from "reparam";
    import { fromNdarray, toNdarray } from "reparam/ndarray";
    const examples = random.uniform(key(1), [8, 784]);
    const model = lectures.denseVae({ latentSize: 2 });
    const { params } = await fit(model, examples, { epochs: 2, key: key(2), optimizer: adam() });
    const loaded = loadModel(saveModel(model, params));
    console.log(fromNdarray(toNdarray(tensor([[1, 2, 3], [4, 5, 6]])).transpose(1, 0)).data.join());`;
  // What fast-png stands on needs a TextEncoder.
  const PICTURES = `
    import { readPng, writePng } from "reparam/images";
    import { createReport } from "reparam/report";
    createReport(loaded.model, loaded.params, examples, { imageShape: [28, 28, 1] });
    readPng(writePng(tensor([0, 1], [1, 2, 1])));`;

  it.each([
    {
      place: "where code may not be made from strings",
      flags: ["--disallow-code-generation-from-strings"],
      code: CORE + PICTURES,
    },
    { place: `without ${ABSENT.join(", ")}`, flags: ["--import", "./bare.mjs"], code: CORE },
  ])("is imported and runs $place", ({ flags, code }) => {
    // Node's loader keeps what it needs for itself.
    writeFileSync(join(project, "bare.mjs"), ABSENT.map((name) => `delete globalThis.${name};\n`).join(""));
    writeFileSync(join(project, "bareUse.mjs"), code);
    expect(run(project, process.execPath, ...flags, "bareUse.mjs")).toBe("1,4,2,5,3,6\n");
  });

  describe("its types", () => {
    describeTypes(() => project);
  });
});
