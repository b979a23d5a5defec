// How errors are told: mistakes and the disk's troubles in one line, faults of reparam itself with all that helps to
// mend them.

import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { inspect } from "node:util";
import { closest, isRefusal } from "../check/check.js";
import { describeFileError, type FileError, isFileError, placeOf } from "../node/fileErrors.js";
import { DivergenceError } from "../training/divergence.js";
import { UsageError } from "./command.js";

/** Exit codes: of what the caller, the data or the machine must change; and of faults of reparam (EX_SOFTWARE). */
export const [MISTAKE, FAULT] = [2, 70];

/** What is told of an error, and what the process ends with. */
export interface Failure {
  readonly text: string;
  readonly code: number;
}

/** Characters of a word of the command that are shown. */
const LONGEST = 200;
const cut = (text: string) => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

/** The name in the same folder, or of built-in data, that a misspelt path was probably meant to be. */
function neighbourOf(path: string): string | undefined {
  const folder = dirname(path);
  try {
    const builtIn = folder === "." ? ["faces", "shapes"] : [];
    const name = closest(basename(path), [...builtIn, ...readdirSync(folder)]);
    return name === undefined || builtIn.includes(name) ? name : join(folder, name);
  } catch {
    // The folder is missing too, or may not be read.
    return undefined;
  }
}

/** What is wrong with a file, and with ENOENT what was probably meant. */
function wordsOfFile(error: FileError): string {
  const words = describeFileError(error);
  const place = placeOf(error);
  const meant = error.code === "ENOENT" && place !== undefined ? neighbourOf(place) : undefined;
  return meant === undefined ? words : `${words} (did you mean ${meant}?)`;
}

/** The words of an error that is no fault of reparam's; undefined for those that are. */
function mistakeOf(error: unknown): string | undefined {
  if (isRefusal(error) || error instanceof UsageError || error instanceof DivergenceError)
    return error.message;
  if (isFileError(error)) return wordsOfFile(error);
  // The engine's own words where there is no room for an array.
  if (error instanceof RangeError && /allocation failed|could not allocate/i.test(error.message)) {
    return `out of memory: ${error.message}`;
  }
  return undefined;
}

function version(): string {
  try {
    const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
    return String((JSON.parse(text) as { version?: unknown }).version);
  } catch {
    return "of unknown version";
  }
}

const quoted = (word: string) => (/^[\w./=:@%+-]+$/.test(word) ? word : JSON.stringify(cut(word)));

/** What to tell of an error of `reparam args…`. */
export function failureOf(error: unknown, args: readonly string[], commands: readonly string[]): Failure {
  const isKnown = args.length > 0 && commands.includes(args[0]);
  const where = isKnown ? `reparam ${args[0]}` : "reparam";
  const mistake = mistakeOf(error);
  if (mistake !== undefined) return { text: `${where}: ${mistake.split("\n")[0]}`, code: MISTAKE };
  const { platform, arch, version: node } = process;
  const text = [
    `${where}: ${inspect(error)}`,
    "This is a fault of reparam itself, not of what you asked for. Please report it, with the lines above and these:",
    `  command: ${["reparam", ...args].map(quoted).join(" ")}`,
    `  reparam ${version()}, Node ${node}, ${platform} ${arch}`,
  ];
  return { text: text.join("\n"), code: FAULT };
}
