// Runs the packed library's smoke test on every supported runtime, all installed from npm. Prints a table.

import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { install, pack, root, run } from "../package/pack.js";

/** A runtime's name and the command that starts it. */
interface Runtime {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
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
    { name: "Deno", command: [join(platformPackage("@deno"), "deno"), "run", "--no-prompt"] },
    { name: "Bun", command: [join(platformPackage("@oven"), "bin", "bun")] },
  ];
}

const runtimes = installRuntimes();
const folder = mkdtempSync(join(tmpdir(), "reparam-"));
process.once("exit", () => rmSync(folder, { recursive: true }));
const project = install(folder, pack(folder));
copyFileSync(join(root, "tests", "runtimes", "smoke.mjs"), join(project, "smoke.mjs"));

const failures: string[] = [];
const rows = runtimes.map(({ name, command: [executable, ...parameters] }) => {
  const [version = ""] = /\d+\.\d+\.\d+/.exec(run(project, executable, "--version")) ?? [];
  const cells = MODES.map((mode) => {
    const start = performance.now();
    try {
      const binary = run(project, executable, ...parameters, "smoke.mjs", mode).trim();
      return [mode, `${binary}, ${(performance.now() - start).toFixed(0)} ms`];
    } catch (error) {
      failures.push(`${name} ${version}, ${mode}: ${(error as Error).message}`);
      return [mode, "failed"];
    }
  });
  return { runtime: `${name} (${version})`, ...Object.fromEntries(cells) };
});

console.table(rows);
for (const failure of failures) console.error(failure);
process.exitCode = failures.length > 0 ? 1 : 0;
