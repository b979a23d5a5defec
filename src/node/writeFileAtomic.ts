// Writing files so that nobody ever sees half of one.

import { open, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { checkBytes } from "../files/bytes.js";
import { namingFile } from "./fileErrors.js";
import { type FilePath, pathOf } from "./paths.js";
import { openTemporary, removeLeftOvers } from "./temporaryFiles.js";

/** Folders that this process has looked through for what others left. */
const tidied = new Set<string>();

/**
 * Writes a file in one step: whoever reads it, and whatever happens meanwhile, finds either the old content or the
 * new one, whole. The bytes go to a temporary file in the same folder (`.reparam-….tmp`), to the disk, and only
 * then under the name. A file that was there keeps its permissions; a link leads to the new content. What a process
 * that was killed left of such files is removed by the next that writes there.
 *
 * @param path - where to, a path or the URL of a file; its folder exists
 * @param bytes - the content, as the writers of files return it
 * @returns promise that is fulfilled when the file is on the disk
 * @throws {TypeError} when `path` or `bytes` is of the wrong kind
 * @throws {RangeError} when the path is empty, or the URL not one of a file
 * @throws {Error} of the file system, with its `code` and the file's name; what stood there is untouched, and nothing
 *   is left behind
 * @example
 * import { tensor } from "reparam";
 * import { writeNpy } from "reparam/data";
 * import { writeFileAtomic } from "reparam/node";
 * const save = () => writeFileAtomic("latents.npy", writeNpy(tensor([1, 2, 3])));
 */
export async function writeFileAtomic(path: FilePath, bytes: Uint8Array): Promise<void> {
  const where = "writeFileAtomic";
  checkBytes(where, bytes);
  const given = await pathOf(where, path);
  await namingFile(given, () => write(given, bytes));
}

async function write(path: string, bytes: Uint8Array): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const mode = await stat(target).then(
    ({ mode }) => mode & 0o777,
    () => undefined,
  );
  const folder = dirname(target);
  if (!tidied.has(folder)) {
    tidied.add(folder);
    await removeLeftOvers(folder);
  }
  const { path: temporary, handle } = await openTemporary(folder);
  try {
    try {
      await handle.writeFile(bytes);
      if (mode !== undefined) await handle.chmod(mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

/** Brings the new name to the disk. Not every platform can: the file itself is safe already. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, "r");
    await handle.sync().finally(() => handle.close());
  } catch {
    return;
  }
}
