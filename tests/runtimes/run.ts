// Runs the packed library's smoke tests on every supported runtime, all installed from npm. Prints a table.

import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
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

const NODE_MAJORS = ["20", "22", "24", "26"];
const MODES = ["default", "simd", "relaxed"];

/** Installs the runtimes, without their install scripts, into a cache outside the project. */
function installRuntimes(): Runtime[] {
  const folder = join(tmpdir(), "reparam-runtimes");
  const modules = join(folder, "node_modules");
  const nodePackage = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  const nodes = NODE_MAJORS.map((major) => `node${major}@npm:${nodePackage}@${major}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
  run(folder, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", ...nodes, "deno@2", "bun@1");

  // Deno and Bun keep their executables in a package for each platform; npm has installed the one that fits.
  const platformPackage = (scope: string): string =>
    join(modules, scope, readdirSync(join(modules, scope))[0]!);
  return [
    ...NODE_MAJORS.map((major): Runtime => {
      return { name: `Node ${major}`, command: [join(modules, `node${major}`, "bin", "node")] };
    }),
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
const project = install(folder, pack(folder));
for (const name of ["smoke.mjs", "training.mjs", "files.mjs"]) {
  copyFileSync(join(root, "tests", "runtimes", name), join(project, name));
}

const failures: string[] = [];
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
    failures.push(`${where}: ${(error as Error).message}`);
    return "failed";
  }
}

const rows = runtimes.map(({ name, command, forFiles = [] }) => {
  const [version = ""] = /\d+\.\d+\.\d+/.exec(run(project, command[0], "--version")) ?? [];
  const runtime = `${name} (${version})`;
  const cells = MODES.map((mode) => [mode, attempt(`${runtime}, ${mode}`, [...command, "smoke.mjs", mode])]);
  const files = attempt(`${runtime}, files`, [...command, ...forFiles, "files.mjs", `files of ${name}`]);
  return { runtime, ...Object.fromEntries(cells), files };
});

// The baseline's instructions leave a processor no choice: one key, one model, wherever it was trained.
if (trained.size !== 1) {
  const results = [...trained].map(([sum, places]) => `${sum} on ${places.join(" and ")}`);
  failures.push(`simd: the same training must give the same model, got ${results.join("; ") || "none"}`);
}

console.table(rows);
for (const failure of failures) console.error(failure);
process.exitCode = failures.length > 0 ? 1 : 0;
