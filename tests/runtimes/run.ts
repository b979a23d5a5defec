// Runs the packed library's smoke tests on every supported runtime, and a small program bundled by every bundler and on
// Cloudflare's workerd, all installed from npm. Prints two tables.

import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { install, pack, root, run } from "../package/pack.js";

/** A runtime's name and the command that starts it. */
interface Runtime {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** Parameters without which a program may not read and write files. */
  readonly forFiles?: readonly string[];
}

/** The first Node that is supported, and the newest of each line. */
const NODE_VERSIONS = ["20.0", "20", "22", "24", "26"];
const MODES = ["default", "simd", "relaxed"];
const BUNDLERS = ["esbuild", "parcel", "rollup", "vite", "webpack"];
/** Where a bundle is run, as the program beside it has them. */
const PLACES = ["page", "worklet", "jsdom"];
/** Dates whose behaviour workerd is asked for: the first knows no FinalizationRegistry. */
const WORKER_DATES = ["2024-01-01", "2026-04-01"];

/** Installs the runtimes, without their install scripts, into a cache outside the project. */
function installRuntimes(): Runtime[] {
  const folder = join(tmpdir(), "reparam-runtimes");
  const modules = join(folder, "node_modules");
  const nodePackage = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  const nodes = NODE_VERSIONS.map((version) => `node${version}@npm:${nodePackage}@${version}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
  run(folder, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", ...nodes, "deno@2", "bun@1");

  // Deno and Bun keep their executables in a package for each platform; npm has installed the one that fits.
  const platformPackage = (scope: string): string =>
    join(modules, scope, readdirSync(join(modules, scope))[0]!);
  return [
    ...NODE_VERSIONS.map((version): Runtime => {
      const [major] = version.split(".");
      return { name: `Node ${major}`, command: [join(modules, `node${version}`, "bin", "node")] };
    }),
    {
      name: "Node without eval",
      command: [process.execPath, "--disallow-code-generation-from-strings"],
    },
    // Without any --allow: imports are read, everything else is refused.
    {
      name: "Deno",
      command: [join(platformPackage("@deno"), "deno"), "run", "--no-prompt"],
      forFiles: ["--allow-read=.", "--allow-write=."],
    },
    { name: "Bun", command: [join(platformPackage("@oven"), "bin", "bun")] },
  ];
}

const runtimes = installRuntimes();
const folder = mkdtempSync(join(tmpdir(), "reparam-"));
process.once("exit", () => rmSync(folder, { recursive: true }));
const tarball = pack(folder);
const project = install(folder, tarball);
for (const name of ["smoke.mjs", "training.mjs", "files.mjs", "messages.mjs", "channel.mjs"]) {
  copyFileSync(join(root, "tests", "runtimes", name), join(project, name));
}

const failures: string[] = [];
/** Node before 20.16 cannot switch relaxed SIMD on, and says so. */
const CANNOT_RELAX =
  /relaxedSimd: true must find relaxed SIMD in this runtime, which has none \(Node 20 before 20\.16/;
/** What the baseline binary's training came to, and where. */
const trained = new Map<string, string[]>();

/** Runs a program; what it printed and how long it took, or that it failed. */
function attempt(where: string, [executable, ...parameters]: Runtime["command"]): string {
  const start = performance.now();
  try {
    const printed = run(project, executable, ...parameters).trim();
    const [binary, sum = ""] = printed.split(" ");
    if (binary === "simd") trained.set(sum, [...(trained.get(sum) ?? []), where]);
    return `${printed}, ${(performance.now() - start).toFixed(0)} ms`;
  } catch (error) {
    const { message } = error as Error;
    if (/\(20\.([0-9]|1[0-5])\.\d+\), relaxed$/.test(where) && CANNOT_RELAX.test(message))
      return "says why not";
    failures.push(`${where}: ${message}`);
    return "failed";
  }
}

const rows = runtimes.map(({ name, command, forFiles = [] }) => {
  const [version = ""] = /\d+\.\d+\.\d+/.exec(run(project, command[0], "--version")) ?? [];
  const runtime = `${name} (${version})`;
  const cells = MODES.map((mode) => [mode, attempt(`${runtime}, ${mode}`, [...command, "smoke.mjs", mode])]);
  const files = attempt(`${runtime}, files`, [...command, ...forFiles, "files.mjs", `files of ${name}`]);
  const messages = attempt(`${runtime}, messages`, [...command, "channel.mjs"]);
  return { runtime, ...Object.fromEntries(cells), files, messages };
});

// The baseline's instructions leave a processor no choice: one key, one model, wherever it was trained.
if (trained.size !== 1) {
  const results = [...trained].map(([sum, places]) => `${sum} on ${places.join(" and ")}`);
  failures.push(`simd: the same training must give the same model, got ${results.join("; ") || "none"}`);
}

/** Installs bundlers and workerd beside the library; the folder with them and the program. */
function installBundlers(): string {
  const workshop = join(folder, "bundlers");
  cpSync(join(root, "tests", "runtimes", "bundlers"), workshop, { recursive: true });
  copyFileSync(join(root, "tests", "runtimes", "program.mjs"), join(workshop, "program.mjs"));
  // Their install scripts only check what npm has installed.
  run(workshop, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", tarball);
  return workshop;
}

const workshop = installBundlers();
/** What the program printed, and where: one key, one model, so it is the same everywhere. */
const programs = new Map<string, string[]>();

/** Runs a program of the workshop and keeps what it printed. */
function perform(where: string, ...parameters: string[]): string {
  try {
    const printed = run(workshop, process.execPath, ...parameters).trim();
    programs.set(printed, [...(programs.get(printed) ?? []), where]);
    return printed;
  } catch (error) {
    failures.push(`${where}: ${(error as Error).message}`);
    return "failed";
  }
}

const bundles = BUNDLERS.map((bundler) => {
  const path = join(workshop, "built", bundler, "bundle.js");
  try {
    run(workshop, process.execPath, "build.mjs", bundler);
  } catch (error) {
    failures.push(`${bundler}: ${(error as Error).message}`);
    return { where: bundler, ...Object.fromEntries(PLACES.map((place) => [place, "not built"])) };
  }
  const cells = PLACES.map((place) => [place, perform(`${bundler}, ${place}`, "run.mjs", path, place)]);
  return { where: bundler, ...Object.fromEntries(cells) };
});
const workers = WORKER_DATES.map((date) => {
  return { where: `workerd of ${date}`, worker: perform(`workerd of ${date}`, "worker.mjs", date) };
});
if (programs.size !== 1) {
  const results = [...programs].map(([printed, places]) => `${printed} on ${places.join(" and ")}`);
  failures.push(`the same program must print the same, got ${results.join("; ") || "nothing"}`);
}

console.table(rows);
console.table([...bundles, ...workers]);
for (const failure of failures) console.error(failure);
process.exitCode = failures.length > 0 ? 1 : 0;
