// The folder that a training's checkpoints lie in: it survives whatever ends the process.

import { readdir, readFile, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { checkFunction, checkInteger, checkOptions } from "../check/check.js";
import type { Checkpoint } from "../training/checkpoint.js";
import { readCheckpoint, writeCheckpoint } from "../training/checkpointFile.js";
import { namingFile } from "./fileErrors.js";
import type { Skipped } from "./imageFolder.js";
import { makeFolder } from "./makeFolder.js";
import { type FilePath, pathOf } from "./paths.js";
import { removeLeftOvers } from "./temporaryFiles.js";
import { writeFileAtomic } from "./writeFileAtomic.js";

/** Options of {@link checkpointFolder}. */
export interface CheckpointFolderOptions {
  /** Checkpoints that stay, integer ≥ 1 (default 2: should the newest be damaged, there is another). */
  readonly keep?: number | undefined;
  /** Told of every damaged file that `load` passes over (default: nobody). */
  readonly onSkip?: ((skipped: Skipped) => void) | undefined;
}

/** Where checkpoints go and come from; made by {@link checkpointFolder}. */
export interface CheckpointFolder {
  /** Writes a checkpoint, `checkpoint-00000100.safetensors` after step 100, and removes those that need not stay. */
  save(checkpoint: Checkpoint, step: number): Promise<void>;
  /** The newest checkpoint that is whole; undefined where there is none. */
  load(): Promise<Checkpoint | undefined>;
}

const nameOf = (step: number) => `checkpoint-${String(step).padStart(8, "0")}.safetensors`;

/** The steps of the checkpoints among names, the last first. */
function stepsIn(names: readonly string[]): number[] {
  return names
    .flatMap((name) => /^checkpoint-(\d{8,})\.safetensors$/.exec(name)?.[1] ?? [])
    .map(Number)
    .filter((step) => names.includes(nameOf(step)))
    .sort((a, b) => b - a);
}

/** What lies in a folder; nothing where it does not exist. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(String((error as { code?: unknown }).code))) return [];
    throw error;
  }
}

/**
 * A folder for the checkpoints of one training, made when it is needed. Each file is written in one step, so that
 * whatever kills the process, and whenever, a whole checkpoint is there to go on from.
 *
 * @param path - the folder, a path or a URL
 * @param options.keep - how many checkpoints stay, integer ≥ 1 (default 2)
 * @param options.onSkip - called with `{ name, reason }` for every damaged file that `load` passes over
 * @returns `save` and `load`, for {@link fit}
 * @throws {TypeError} when an option is unknown or of the wrong kind
 * @throws {RangeError} when `keep` is not an integer ≥ 1
 * @example
 * import { fit, key, lectures, random } from "reparam";
 * import { checkpointFolder } from "reparam/node";
 * const folder = checkpointFolder("checkpoints");
 * const train = async () =>
 *   fit(lectures.shallow(), random.uniform(key(1), [64, 784]), {
 *     key: key(2),
 *     checkpoint: { every: 100, save: folder.save },
 *     resume: await folder.load(),
 *   });
 */
export function checkpointFolder(path: FilePath, options: CheckpointFolderOptions = {}): CheckpointFolder {
  const where = "checkpointFolder";
  checkOptions(where, options, ["keep", "onSkip"]);
  const { keep = 2, onSkip } = options;
  checkInteger(where, "keep", keep, 1);
  if (onSkip !== undefined) checkFunction(where, "onSkip", onSkip);

  async function write(bytes: Uint8Array, step: number): Promise<void> {
    checkInteger(`${where}.save`, "step", step, 0);
    const folder = await pathOf(where, path);
    await makeFolder(folder);
    await writeFileAtomic(join(folder, nameOf(step)), bytes);
    const names = await namesIn(folder);
    // Later ones are of a training that came farther, or damaged: the one at hand must not give way to them.
    const old = stepsIn(names)
      .filter((other) => other <= step)
      .slice(keep);
    await Promise.all(old.map((other) => rm(join(folder, nameOf(other)), { force: true })));
    await removeLeftOvers(folder, true);
  }

  let last: Promise<void> = Promise.resolve();
  return {
    async save(checkpoint, step) {
      const bytes = writeCheckpoint(checkpoint);
      // One after the other: what is left over is told from what is being written.
      last = last.catch(() => {}).then(() => write(bytes, step));
      return last;
    },
    async load() {
      return newestCheckpoint(await pathOf(where, path), onSkip);
    },
  };
}

/** The newest checkpoint of a folder that is whole. */
export async function newestCheckpoint(
  folder: string,
  onSkip?: (skipped: Skipped) => void,
): Promise<Checkpoint | undefined> {
  for (const name of stepsIn(await namesIn(folder)).map(nameOf)) {
    const path = join(folder, name);
    try {
      return readCheckpoint(new Uint8Array(await namingFile(path, () => readFile(path))));
    } catch (error) {
      onSkip?.({ name, reason: (error as Error).message });
    }
  }
  return undefined;
}

/** Whether a folder holds checkpoints, whole or damaged. */
export async function hasCheckpoints(folder: string): Promise<boolean> {
  return stepsIn(await namesIn(folder)).length > 0;
}

/** Removes the checkpoints of a folder, and the folder where nothing else is in it. */
export async function removeCheckpoints(folder: string): Promise<void> {
  // The oldest first: whenever this ends, what is left is the newest.
  for (const step of stepsIn(await namesIn(folder)).reverse()) {
    await rm(join(folder, nameOf(step)), { force: true });
  }
  await removeLeftOvers(folder, true);
  await rmdir(folder).catch(() => {});
}
