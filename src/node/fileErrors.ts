// Errors of the file system in words: which file, and what is the matter with it.

import { basename, dirname } from "node:path";

/** The causes that people meet. */
const CAUSES: Readonly<Record<string, string>> = {
  EACCES: "there is no permission",
  EBUSY: "it is in use by another program",
  EDQUOT: "the disk quota is used up",
  EEXIST: "it is there already",
  EFBIG: "the file would be too large for the disk",
  EINVAL: "the disk does not take this",
  EIO: "the disk failed",
  EISDIR: "it is a folder",
  ELOOP: "its links lead in a circle",
  EMFILE: "too many files are open",
  ENAMETOOLONG: "the name is too long",
  ENFILE: "too many files are open",
  ENODEV: "the device is gone",
  ENOENT: "there is no such file or folder",
  ENOSPC: "the disk is full",
  ENOTDIR: "a part of the path is a file, not a folder",
  ENOTEMPTY: "the folder is not empty",
  ENXIO: "the device is gone",
  EPERM: "it is not permitted",
  EROFS: "the disk is read-only",
  ESTALE: "the network disk lost it",
  ETIMEDOUT: "the network disk does not answer",
  ETXTBSY: "it is a program that runs",
};

/** An error of the file system, as Node makes them. */
export interface FileError extends Error {
  readonly code: string;
  readonly syscall?: string;
  path?: string;
  readonly dest?: string;
}

/** Whether an error is one of the file system; codes like ERR_INVALID_ARG_TYPE tell of a wrong call instead. */
export function isFileError(error: unknown): error is FileError {
  if (!(error instanceof Error)) return false;
  const { code } = error as Partial<FileError>;
  return typeof code === "string" && /^(E(?!RR_)[A-Z0-9]+|ERR_FS_.+)$/.test(code);
}

/** The path that an error is about; files are written under another name first, which nobody asked for. */
export function placeOf({ path, dest }: FileError): string | undefined {
  const isTemporary = path !== undefined && /^\.reparam-.*\.tmp$/.test(basename(path));
  return dest ?? (isTemporary ? dirname(path) : path);
}

/** Characters of a path that are shown. */
const LONGEST = 200;

/** `run/model.safetensors: the disk is full (ENOSPC)`. */
export function describeFileError(error: FileError): string {
  const { code, syscall, message } = error;
  const cause = Object.hasOwn(CAUSES, code) ? CAUSES[code] : message.replace(/^E\w+: /, "").split(",")[0];
  const place = placeOf(error) ?? syscall ?? "a file";
  const shown = place.length > LONGEST ? `${place.slice(0, LONGEST)}…` : place;
  return `${shown}: ${cause} (${code})`;
}

/** Runs `f`; where the file system fails, the error names this file and says in words what is the matter. */
export async function namingFile<Result>(path: string, f: () => Promise<Result>): Promise<Result> {
  try {
    return await f();
  } catch (error) {
    if (isFileError(error)) {
      error.path = path;
      error.message = describeFileError(error);
    }
    throw error;
  }
}
