// Runs a bundle as a page or a worklet would, in a context of its own: node run.mjs PATH [bare] prints what came out.
// `bare` leaves out all globals but those of the language and WebAssembly, as audio worklets do, and forbids making
// code from strings.

import { readFileSync } from "node:fs";
import { createContext, runInContext } from "node:vm";

const [, , path, mode] = globalThis.process.argv;
const names = ["TextEncoder", "TextDecoder", "atob", "performance", "setTimeout", "MessageChannel", "crypto"];
const globals = mode === "bare" ? {} : Object.fromEntries(names.map((name) => [name, globalThis[name]]));
// As routes of some frameworks have it: there, but only to say that it is not.
if (mode !== "bare") {
  globals.setImmediate = () => {
    throw new Error("setImmediate is not available here");
  };
}
const context = createContext(globals, { codeGeneration: { strings: false, wasm: true } });
runInContext(readFileSync(path, "utf8"), context, { filename: path });
globalThis.console.log(await context.result);
