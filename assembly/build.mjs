// Compiles the kernels, with an entry for each (assembly/entries.ts), into the two binaries, packs both into
// src/wasm/binaries.ts, and writes how to call them to src/wasm/generated.ts; inlines the worker's program into
// src/wasm/threads/workerText.ts. Knows no kernel.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { setFlagsFromString } from "node:v8";
import { gzipSync } from "node:zlib";
import { bindings } from "./bindings.mjs";
import { readKernels, readShared } from "./facts.mjs";
import { entries } from "./jobs.mjs";
import { compile as compilePacking } from "./packing/compile.mjs";
import { pack } from "./packing/pack.mjs";

/** What a user downloads for both binaries, in bytes. */
const SIZE_LIMIT = 24 * 1024;
const TARGETS = ["simd", "relaxed"];
/** What importing a file gives where it gives a module, as in Cloudflare Workers. */
const MODULE_TYPE = `import type { CompiledModule } from "./binary.js";

/** The compiled kernels, for configure({ module }). */
declare const module: CompiledModule;
export default module;
`;

const root = new URL("../", import.meta.url);
const compiler = createRequire(import.meta.url).resolve("assemblyscript/bin/asc.js");

/** Compiles one target of asconfig.json and returns the binary. */
async function compile(target) {
  const run = promisify(execFile)(process.execPath, [compiler, "--target", target], { cwd: root });
  const { stdout, stderr } = await run.catch((error) => {
    throw new Error(`asc --target ${target} failed:\n${error.stdout}${error.stderr}`);
  });
  process.stdout.write(stdout + stderr);
  return readFile(new URL(`dist/wasm/${target}.wasm`, root));
}

/** Refuses any import but the memory: one bounds check left in a kernel already imports `env.abort`. */
function checkImports(target, binary) {
  // Node 20 has relaxed SIMD behind a flag.
  if (!WebAssembly.validate(binary)) setFlagsFromString("--experimental-wasm-relaxed-simd");
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(binary));
  const names = imports.map(({ module, name, kind }) => `${kind} ${module}.${name}`);
  if (names.join() !== "memory env.memory") {
    throw new Error(`${target}.wasm must import the memory env.memory only, got: ${names.join(", ")}`);
  }
}

/** Refuses a binary that does not export the entries first and in order: callers know kernels by their number. */
function checkExports(target, binary, kernels) {
  const exports = WebAssembly.Module.exports(new WebAssembly.Module(binary)).map(({ name }) => name);
  const names = kernels.map(({ name }) => name);
  if (exports.slice(0, names.length).join() !== names.join()) {
    throw new Error(`${target}.wasm must export the entries first and in order, got: ${exports.join(", ")}`);
  }
}

/** Names a binary and the build in a custom section, so that a module says what it is: `relaxed 5f3a0c12`. */
function stamped(binary, target, build) {
  const text = Buffer.from(`${target} ${build}`);
  const name = Buffer.from("reparam");
  const content = Buffer.concat([Buffer.of(name.length), name, text]);
  return Buffer.concat([binary, Buffer.of(0, content.length), content]);
}

/** The same binary for a memory that is not shared: one bit of the import's limits. */
function withOrdinaryMemory(binary) {
  const shared = Buffer.from("\x03env\x06memory\x02\x03", "latin1");
  const place = binary.indexOf(shared) + shared.length - 1;
  const copy = Buffer.from(binary);
  copy[place] &= ~2;
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(copy), { env: { memory } });
  // Where that was another bit, the instance has failed already.
  if (typeof exports.heapBase !== "function") throw new Error("the binaries must export heapBase");
  return copy;
}

/** The program of a file without comments and indentation. */
const withoutComments = (text) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^(\/\/|\/\*\*)/.test(line))
    .join("\n");

const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} KB`;

const kernels = readKernels();
const shared = await readShared();
await writeFile(new URL("assembly/entries.ts", root), entries(kernels, shared));
const compiled = await Promise.all(TARGETS.map(compile));
const build = createHash("sha256").update(Buffer.concat(compiled)).digest("hex").slice(0, 8);
const binaries = compiled.map((binary, index) => stamped(binary, TARGETS[index], build));

for (const [index, target] of TARGETS.entries()) {
  const binary = binaries[index];
  checkImports(target, binary);
  checkExports(target, binary, kernels);
  console.log(`${target}.wasm  ${kilobytes(binary.length)}, gzip ${kilobytes(gzipSync(binary).length)}`);
}

const [unpacker, replay] = await Promise.all(["unpack", "replay"].map(compilePacking));
// The baseline comes first: who needs it alone stops behind it, and what the other one has of its own follows.
const packed = pack(Buffer.concat(binaries), new WebAssembly.Module(replay));
// The annotations keep the declaration file from repeating the strings as literal types.
const generated = `// Generated by assembly/build.mjs: the compiled kernels. Not kept under version control.

/** What both binaries say of themselves beside their names. */
export const build: string = "${build}";
/** Bytes of each; they are packed in this order. */
export const sizes: { readonly simd: number; readonly relaxed: number } = { simd: ${binaries[0].length}, relaxed: ${binaries[1].length} };
/** Both in one stream, in base64. */
export const packed: string =
  "${packed.toString("base64")}";
/** The module that unpacks them, in base64. */
export const unpacker: string =
  "${unpacker.toString("base64")}";
`;
const inlined = gzipSync(generated, { level: 9 }).length;
console.log(`both, as inlined  ${kilobytes(generated.length)}, gzip ${kilobytes(inlined)}`);
if (inlined > SIZE_LIMIT) throw new Error(`the binaries must stay within ${kilobytes(SIZE_LIMIT)} of gzip`);
await writeFile(new URL("src/wasm/binaries.ts", root), generated);
await writeFile(new URL("src/wasm/generated.ts", root), bindings(kernels, shared));

const worker = await readFile(new URL("src/wasm/threads/worker.js", root), "utf8");
await writeFile(
  new URL("src/wasm/threads/workerText.ts", root),
  `// Generated by assembly/build.mjs: the program in worker.js. Not kept under version control.

export const workerText: string = ${JSON.stringify(withoutComments(worker))};
`,
);
await writeFile(new URL("dist/wasm/worker.js", root), worker);

// Platforms that compile on their own terms take the files, and ordinary memory is what all of them have.
for (const [index, target] of TARGETS.entries()) {
  const file = new URL(`dist/wasm/${target}.wasm`, root);
  await writeFile(file, withOrdinaryMemory(binaries[index]));
  await writeFile(new URL(`${file}.d.ts`), MODULE_TYPE);
}
