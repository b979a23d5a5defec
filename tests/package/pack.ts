// Packs and installs the library as a user would get it. Tests nothing.

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's root. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

// Everything that the build reads and the tarball holds.
const INGREDIENTS = [
  "package.json",
  "tsconfig.json",
  "asconfig.json",
  "README.md",
  "LICENSE",
  "assembly",
  "src",
];

/** Runs a command in a folder and returns what it printed; throws with the whole output when it fails. */
export function run(folder: string, command: string, ...parameters: string[]): string {
  const { status, error, stdout, stderr } = spawnSync(command, parameters, { cwd: folder, encoding: "utf8" });
  if (status === 0) return stdout;
  throw new Error(`${[command, ...parameters].join(" ")}:\n${error ?? `${stdout}${stderr}`}`);
}

/**
 * Builds and packs a copy of the sources, so that neither a stale dist nor a build beside running tests
 * can blur the result.
 *
 * @param folder - where the copy and the tarball may be written
 * @returns the path of the tarball
 */
export function pack(folder: string): string {
  const copy = join(folder, "copy");
  for (const name of INGREDIENTS) cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"), "junction");
  run(copy, "npm", "pack", "--pack-destination", folder);
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  if (tarball === undefined) throw new Error(`npm pack left no tarball in ${folder}`);
  return join(folder, tarball);
}

/**
 * Installs a tarball into an empty project.
 *
 * @param folder - where the project may be written
 * @returns the project's folder
 */
export function install(folder: string, tarball: string): string {
  const project = join(folder, "project");
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  run(project, "npm", "install", "--prefer-offline", "--no-audit", "--no-fund", tarball);
  return project;
}
