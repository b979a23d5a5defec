// Folders made with those that they lie in.

import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { namingFile } from "./fileErrors.js";

const isThere = (folder: string) =>
  stat(folder).then(
    () => true,
    () => false,
  );

/**
 * Makes a folder; returns those that were not there, the innermost first. One after the other: Node's way to make them
 * all says of a read-only disk that there is no such folder.
 */
export async function makeFolder(path: string): Promise<string[]> {
  const missing: string[] = [];
  for (let folder = resolve(path); !(await isThere(folder)); folder = dirname(folder)) {
    missing.push(folder);
    if (dirname(folder) === folder) break;
  }
  for (const folder of [...missing].reverse()) {
    await namingFile(path, () => mkdir(folder)).catch((error: { code?: unknown }) => {
      // Another process was faster.
      if (error.code !== "EEXIST") throw error;
    });
  }
  return missing;
}
