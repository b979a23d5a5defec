// Builds the kernels where what is built is missing or older than the sources, so that a clone runs at once.

import { existsSync, readdirSync, statSync } from "node:fs";

const root = new URL("../", import.meta.url);
const timeOf = (path) => statSync(new URL(path, root)).mtimeMs;

const sources = [
  "asconfig.json",
  "src/wasm/threads/worker.js",
  ...readdirSync(new URL("assembly", root), { recursive: true }).map((name) => `assembly/${name}`),
];
const built = ["src/wasm/binaries.ts", "src/wasm/generated.ts", "src/wasm/threads/workerText.ts"];

const isFresh =
  built.every((path) => existsSync(new URL(path, root))) &&
  Math.min(...built.map(timeOf)) >= Math.max(...sources.map(timeOf));
if (!isFresh) await import("./build.mjs");
