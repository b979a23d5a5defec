// A folder claimed for a training: nobody else writes there, nothing is overwritten unasked, and what lies there is of
// one run at every moment.

import { readdir, readFile, rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { hasCheckpoints, removeCheckpoints } from "../node/checkpoints.js";
import { lockFolder } from "../node/folderLock.js";
import { makeFolder } from "../node/makeFolder.js";
import { removeLeftOvers } from "../node/temporaryFiles.js";
import { fail } from "./command.js";
import { checkApart } from "./output.js";
import { exists, RUN, type Settings, settingsOf, writeSettings } from "./run.js";

/** What a training writes into. */
export interface Claim {
  /** Puts the settings in the place of what was there, now that there is more to come; only the first call does. */
  begin(): Promise<void>;
  /** Says that there is something to go on from, or to use: from now on a failure leaves it. */
  keep(): void;
  /** Ends the claim; of a training that failed with nothing to keep, no trace is left. */
  release(isFailed: boolean): Promise<void>;
}

/** A training and where it goes. */
export interface Destination {
  readonly out: string;
  readonly settings: Settings;
  /** The settings that it began with, where it goes on. */
  readonly before?: Settings | undefined;
  /** Whether it may take the place of another run. */
  readonly isOverwriting: boolean;
}

/** What lies in a folder that a run would write over. */
async function runIn(folder: string): Promise<string | undefined> {
  const names = await readdir(folder);
  return (
    Object.values(RUN).find((name) => names.includes(name)) ?? names.find((name) => name.endsWith(".png"))
  );
}

/** Whether what has the names of a run's files is one. */
async function isRun(folder: string): Promise<boolean> {
  if (await hasCheckpoints(join(folder, RUN.checkpoints))) return true;
  return settingsOf(folder).then(
    () => true,
    () => false,
  );
}

/** Removes a report, and the pictures that are in it; others are not its own. */
export async function removeReport(folder: string): Promise<void> {
  const page = join(folder, RUN.report);
  if (!(await exists(page))) return;
  const html = await readFile(page, "utf8");
  for (const name of (await readdir(folder)).filter((name) => name.endsWith(".png"))) {
    const picture = join(folder, name);
    if (html.includes((await readFile(picture)).toString("base64"))) await rm(picture);
  }
  await rm(page);
}

/** Removes a run, so that what is left is of that run until nothing is: the settings give way to the new ones. */
async function removeRun(folder: string): Promise<void> {
  await removeReport(folder);
  for (const name of [RUN.history, RUN.model]) await rm(join(folder, name), { force: true });
  await removeCheckpoints(join(folder, RUN.checkpoints));
}

async function checkIsFree(out: string, isOverwriting: boolean): Promise<void> {
  const found = await runIn(out);
  if (found === undefined) return;
  if (isOverwriting) {
    if (found.endsWith(".png") || (await isRun(out))) return;
    fail(`${join(out, found)} is not of a run, and not overwritten: choose another folder with --out`);
  }
  const goOn = (await exists(join(out, RUN.settings))) ? `--resume ${out} goes on with it, ` : "";
  fail(
    `${out} holds a run already (${found}): ${goOn}--overwrite puts the new one in its place, --out names another folder`,
  );
}

/** Claims the folder of a training, and refuses where another process or another run has it. */
export async function claimFolder({ out, settings, before, isOverwriting }: Destination): Promise<Claim> {
  if ((await exists(out)) && !(await stat(out)).isDirectory()) {
    fail(`--out ${out} is a file: choose a folder`);
  }
  await checkApart(out, settings.data);
  const made = await makeFolder(out);
  const removeMade = async () => {
    for (const folder of made) await rmdir(folder);
  };
  let [isBegun, isKept] = [false, before !== undefined];
  const isOther = JSON.stringify(before) !== JSON.stringify(settings);
  let unlock: (() => Promise<void>) | undefined;

  /** Back to what was there; where even that fails, the first error counts. */
  const undo = async () => {
    if (isBegun && before !== undefined && isOther) await writeSettings(out, before);
    if (isBegun && !isKept) {
      await rmdir(join(out, RUN.checkpoints)).catch(() => {});
      await rm(join(out, RUN.settings), { force: true });
    }
  };
  const release = async (isFailed: boolean) => {
    if (isFailed) await undo().catch(() => {});
    await unlock?.();
    if (isFailed) await removeMade().catch(() => {});
  };

  try {
    const lock = await lockFolder(out);
    if ("holder" in lock) {
      const { pid, host } = lock.holder;
      fail(`${out} is in use by process ${pid} on ${host}: wait for its end, or choose another folder`);
    }
    unlock = lock.release;
    if (before === undefined) await checkIsFree(out, isOverwriting);
    await removeLeftOvers(out, true);
    await removeLeftOvers(join(out, RUN.checkpoints), true);
  } catch (error) {
    await release(true);
    throw error;
  }
  return {
    async begin() {
      if (isBegun) return;
      isBegun = true;
      if (before === undefined) await removeRun(out);
      if (isOther) await writeSettings(out, settings);
    },
    keep() {
      isKept = true;
    },
    release,
  };
}
