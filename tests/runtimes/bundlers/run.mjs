// Runs a bundle as a page or a worklet would, in a context of its own: node run.mjs PATH PLACE prints what came out.
//
// `page`: with the globals that pages have, and no leave to make code from strings. `worklet`: with those of the language
// and WebAssembly alone, as in audio worklets. `jsdom`: in a window of jsdom, as tests of pages have it.

import { readFileSync } from "node:fs";
import { createContext, runInContext } from "node:vm";

const [, , path, place] = globalThis.process.argv;
const code = readFileSync(path, "utf8");

/** A context that forbids to make code from strings. */
function runStrictly(globals) {
  const context = createContext(globals, { codeGeneration: { strings: false, wasm: true } });
  runInContext(code, context, { filename: path });
  return context.result;
}

const PLACES = {
  page() {
    const names = [
      "TextEncoder",
      "TextDecoder",
      "atob",
      "performance",
      "setTimeout",
      "MessageChannel",
      "crypto",
    ];
    // As routes of some frameworks have it: there, but only to say that it is not.
    const setImmediate = () => {
      throw new Error("setImmediate is not available here");
    };
    return runStrictly({
      ...Object.fromEntries(names.map((name) => [name, globalThis[name]])),
      setImmediate,
    });
  },
  worklet: () => runStrictly({}),
  async jsdom() {
    const { JSDOM } = await import("jsdom");
    const { window } = new JSDOM("<!doctype html>", { runScripts: "outside-only" });
    window.eval(code);
    return window.result;
  },
};

globalThis.console.log(await PLACES[place]());
