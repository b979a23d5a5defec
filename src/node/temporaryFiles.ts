// Temporary files, named after the process that writes them: what a dead one left behind is known and removed.

import { type FileHandle, open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { stateOf, thisProcess } from "./processIdentity.js";

/** `.reparam-PLACE-PID-STARTED-N.tmp`; a name without a process is of a version that did not tell it. */
const NAME = /^\.reparam-(?:([0-9a-f]{8})-(\d+)-(\d*)-)?\d+\.tmp$/;

/** After so many milliseconds nobody is writing a file any more whose process cannot be asked for. */
const OLD = 3_600_000;

let made = 0;

/** A name for a temporary file of this process. */
export function temporaryName(folder: string): string {
  const { place, pid, started } = thisProcess();
  return join(folder, `.reparam-${place}-${pid}-${started}-${made++}.tmp`);
}

/** A new file in a folder; of several writers at the same time, each gets its own. */
export async function openTemporary(
  folder: string,
): Promise<{ readonly path: string; readonly handle: FileHandle }> {
  for (;;) {
    const path = temporaryName(folder);
    try {
      return { path, handle: await open(path, "wx") };
    } catch (error) {
      // Another thread of this process counts for itself.
      if ((error as { code?: unknown }).code !== "EEXIST") throw error;
    }
  }
}

/**
 * Removes the temporary files of processes that have ended. Files without a process, and those of other hosts, go when
 * they are old; the former at once in a folder where nobody else can be writing.
 */
export async function removeLeftOvers(folder: string, isAlone = false): Promise<void> {
  for (const name of await readdir(folder).catch((): string[] => [])) {
    const match = NAME.exec(name);
    if (match === null) continue;
    const [, place, pid, started] = match;
    const state = place === undefined ? "unknown" : stateOf({ place, pid: Number(pid), started });
    const isOver = state === "ended" || (place === undefined && isAlone);
    const path = join(folder, name);
    if (isOver || (state === "unknown" && (await isOld(path)))) await rm(path, { force: true });
  }
}

async function isOld(path: string): Promise<boolean> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs < Date.now() - OLD,
    () => false,
  );
}
