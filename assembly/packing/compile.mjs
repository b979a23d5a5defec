// Compiles the two modules of this folder, in memory.

import { readFile } from "node:fs/promises";
import { main } from "assemblyscript/asc";

const folder = new URL("./", import.meta.url);
const OPTIONS = "--optimizeLevel 3 --shrinkLevel 2 --converge --runtime stub --noAssert --initialMemory 64";

/** The binary of `unpack` or `replay`. */
export async function compile(name) {
  let binary;
  const { error, stderr } = await main([`${name}.ts`, ...OPTIONS.split(" "), "--outFile", "binary.wasm"], {
    readFile: (path) => readFile(new URL(path, folder), "utf8").catch(() => null),
    writeFile: (_, contents) => void (binary = contents),
    listFiles: () => [],
  });
  if (error) throw new Error(`${name}.ts does not compile: ${stderr.toString()}`);
  return Buffer.from(binary);
}
