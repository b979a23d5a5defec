// Opens pages with the packed library in the browsers of this machine, and prints what came of each beside what Node makes
// of the same program.

import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { install, pack, root, run } from "../package/pack.js";
import { buildSync } from "../support/bundler.js";
import { findBrowsers, type Visitor } from "./browsers.js";
import { type Place, serve } from "./server.js";

/** What a page does, under which headers, and what must come of it: that, or a text that has this in it. */
interface Case {
  readonly name: string;
  readonly place: Place;
  readonly task: string;
  readonly wanted: string | RegExp;
}

/** How long a page may take to load and train, in milliseconds. */
const PATIENCE = 60_000;

/** A folder with the installed library and all that pages ask for. */
function prepare(folder: string): string {
  const project = install(folder, pack(folder));
  for (const name of ["page.mjs", "listener.mjs", "worker.mjs", "worklet.mjs"]) {
    copyFileSync(join(root, "tests", "browsers", name), join(project, name));
  }
  for (const name of ["program.mjs", "messages.mjs"]) {
    copyFileSync(join(root, "tests", "runtimes", name), join(project, name));
  }
  copyFileSync(join(root, "examples", "pictures", "reconstructions.png"), join(project, "picture.png"));
  for (const name of ["worker", "worklet"]) {
    buildSync({
      entryPoints: [join(project, `${name}.mjs`)],
      outfile: join(project, `${name}.js`),
      bundle: true,
      format: "esm",
      platform: "browser",
    });
  }
  return project;
}

/** The import map that the guide shows: what a page copies from there must do. */
function importMapOfGuide(): string {
  const guide = readFileSync(join(root, "docs", "platforms.md"), "utf8");
  const [, text] = /<script type="importmap">([\s\S]*?)<\/script>/.exec(guide) ?? [];
  if (text === undefined) throw new Error("docs/platforms.md shows no import map");
  return text;
}

const folder = mkdtempSync(join(tmpdir(), "reparam-browsers-"));
process.once("exit", () => rmSync(folder, { recursive: true }));
const project = prepare(folder);
const inNode = (code: string): string => {
  writeFileSync(join(project, "node.mjs"), code);
  return run(project, process.execPath, "node.mjs").trim();
};
const program = inNode('import { run } from "./program.mjs"; console.log(await run());');
const messages = inNode(`
  import * as library from "reparam";
  import { answer, ask } from "./messages.mjs";
  console.log(await ask(library, async (message) => structuredClone(await answer(library, structuredClone(message)))));`);
const size = inNode(`
  import { readFileSync } from "node:fs";
  import { readPng } from "reparam/images";
  console.log(readPng(readFileSync("picture.png")).shape.join("×"));`);

const CASES: readonly Case[] = [
  { name: "a page with an import map", place: "open", task: "program", wanted: program },
  { name: "a strict policy", place: "strict", task: "program", wanted: program },
  { name: "a policy without WASM", place: "closed", task: "refusal", wanted: /add 'wasm-unsafe-eval' to/ },
  { name: "a cross-origin isolated page", place: "isolated", task: "isolated", wanted: program },
  { name: "a module worker", place: "open", task: "worker", wanted: program },
  { name: "a module worker, strict policy", place: "strict", task: "worker", wanted: program },
  { name: "an audio worklet", place: "open", task: "worklet", wanted: program },
  { name: "parameters to a worker and back", place: "open", task: "messages", wanted: messages },
  { name: "the same, isolated", place: "isolated", task: "messages", wanted: messages },
  { name: "pictures", place: "strict", task: "pictures", wanted: size },
];

const server = await serve(project, importMapOfGuide());
const failures: string[] = [];

/** Lets a browser do one thing; what it said, or that it failed. */
async function perform(browser: Visitor, { name, place, task, wanted }: Case): Promise<string> {
  const answer = server.answer(PATIENCE);
  const leave = await browser.visit(`${server.origin}/${place}/page.html#${task}`);
  const text = await answer;
  const said = await leave();
  if (typeof wanted === "string" ? text === wanted : wanted.test(text)) {
    return typeof wanted === "string" ? text : "says why not";
  }
  failures.push(`${browser.name}, ${name}: wanted ${wanted}, got ${text}\n${said.join("\n")}`);
  return "failed";
}

const rows: Record<string, Record<string, string>> = Object.fromEntries(
  CASES.map(({ name, wanted }) => [name, { Node: typeof wanted === "string" ? wanted : "" }]),
);
let count = 0;
for (const open of findBrowsers()) {
  const browser = await open();
  count++;
  for (const one of CASES) rows[one.name]![browser.name] = await perform(browser, one);
  await browser.close();
}
server.close();
console.table(rows);
if (count === 0) failures.push("no browser was found");
for (const failure of failures) console.error(failure);
process.exitCode = failures.length > 0 ? 1 : 0;
