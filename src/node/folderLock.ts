// Locks of folders: one process at a time writes there, and a lock that its process could not take away is recognised.

import { readFileSync, unlinkSync } from "node:fs";
import { link, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { uptime } from "node:os";
import { join } from "node:path";
import { namingFile } from "./fileErrors.js";
import { hostHere, type ProcessIdentity, stateOf, thisProcess } from "./processIdentity.js";
import { openTemporary, temporaryName } from "./temporaryFiles.js";

/** The file that says which process writes in its folder. */
export const LOCK = ".reparam.lock";

/** Milliseconds after which a lock is touched again, and after which an untouched one of elsewhere counts for nothing. */
const TOUCH = 5_000;
const SILENCE = 120_000;

/** Who holds a lock. */
export interface Holder extends ProcessIdentity {
  readonly host: string;
}

/** A lock that was got, or who holds it. */
export type Lock = { readonly release: () => Promise<void> } | { readonly holder: Holder };

/** Takes the lock of a folder, unless a process that runs has it. */
export async function lockFolder(folder: string): Promise<Lock> {
  const path = join(folder, LOCK);
  const own = `${JSON.stringify({ ...thisProcess(), host: hostHere() })}\n`;
  for (;;) {
    if (await namingFile(path, () => create(folder, path, own))) return held(path, own);
    const found = await settled(path);
    if (found === undefined) continue;
    const holder = holderOf(found);
    if (holder !== undefined && (await isHeld(path, holder))) return { holder };
    await takeAway(folder, path, found);
  }
}

/** Makes the lock's file, whole from its first moment on; false where there is one. */
async function create(folder: string, path: string, text: string): Promise<boolean> {
  const { path: temporary, handle } = await openTemporary(folder);
  try {
    await handle.writeFile(text).finally(() => handle.close());
    await link(temporary, path);
    return true;
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === "EEXIST") return false;
    // Not every file system has links.
    if (!["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EMLINK"].includes(String(code))) throw error;
    return writeFile(path, text, { flag: "wx" }).then(
      () => true,
      (error: { code?: unknown }) => {
        if (error.code === "EEXIST") return false;
        throw error;
      },
    );
  } finally {
    await rm(temporary, { force: true });
  }
}

/** What a lock says; given a moment, where it is being written. */
async function settled(path: string): Promise<string | undefined> {
  for (let tries = 0; ; tries++) {
    const text = await readFile(path, "utf8").catch((error: { code?: unknown }) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (text === undefined || holderOf(text) !== undefined || tries === 10) return text;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function holderOf(text: string): Holder | undefined {
  try {
    const { place, pid, started, host } = JSON.parse(text) as Partial<Holder>;
    const texts = [place, started, host].every((part) => typeof part === "string");
    return texts && Number.isSafeInteger(pid) && pid! > 0 ? (JSON.parse(text) as Holder) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the holder still runs, as far as that can be known from here. */
async function isHeld(path: string, holder: Holder): Promise<boolean> {
  const state = stateOf(holder);
  if (state !== "unknown") return state === "running";
  const touched = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  // No process outlives the start of its host. Elsewhere one cannot be asked for; while it runs, it touches its lock.
  const started = holder.host !== "" && holder.host === hostHere() ? Date.now() - 1000 * uptime() : 0;
  return touched > started && Date.now() - touched < SILENCE;
}

/** Removes a lock that counts for nothing; not one that another process has put in its place meanwhile. */
async function takeAway(folder: string, path: string, text: string): Promise<void> {
  const aside = temporaryName(folder);
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return;
    throw error;
  }
  if ((await readFile(aside, "utf8")) !== text) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}

/** Keeps a lock until it is released, or the process ends. */
function held(path: string, text: string): Lock {
  const touching = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, TOUCH);
  touching.unref();
  const onExit = () => {
    try {
      if (readFileSync(path, "utf8") === text) unlinkSync(path);
    } catch {
      return;
    }
  };
  process.once("exit", onExit);
  return {
    async release() {
      clearInterval(touching);
      process.off("exit", onExit);
      const found = await readFile(path, "utf8").catch(() => undefined);
      if (found === text) await rm(path, { force: true });
    },
  };
}
