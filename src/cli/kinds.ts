// What lies at a path, told by its content, so that a model given for data, or data for a model, is met with words.

import { open, readdir, stat } from "node:fs/promises";
import { namingFile } from "../node/fileErrors.js";
import { fail } from "./command.js";
import { isBuiltIn } from "./effects.js";
import { RUN } from "./run.js";

/** What a path leads to. */
interface Kind {
  /** `an npy file`, as a part of a sentence. */
  readonly words: string;
  /** Whether it is a model, or the folder of a run with one; whether it may be data. */
  readonly isModel: boolean;
  readonly isData: boolean;
}

const model = (words: string): Kind => ({ words, isModel: true, isData: false });
const data = (words: string): Kind => ({ words, isModel: false, isData: true });
const neither = (words: string): Kind => ({ words, isModel: false, isData: false });

const compressed = neither("a compressed file, which reparam decompress reads");

/** Bytes that are looked at. */
const LOOKED_AT = 2 ** 16;

async function startOf(path: string): Promise<Uint8Array> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(LOOKED_AT), 0, LOOKED_AT, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** The kind of a file, from how it begins. */
function kindOfBytes(bytes: Uint8Array): Kind {
  const begins = (...start: number[]) => start.every((byte, i) => bytes[i] === byte);
  if (bytes.length === 0) return neither("an empty file");
  if (begins(0x93, 0x4e, 0x55, 0x4d)) return data("an npy file");
  if (begins(0x89, 0x50, 0x4e, 0x47)) return data("a picture");
  if (begins(0xff, 0xd8, 0xff)) return data("a picture (JPEG)");
  if (begins(0x89, 0x52, 0x50, 0x5a)) return compressed;
  if (begins(0x1f, 0x8b)) return data("a file packed with gzip");
  if (begins(0, 0) && bytes.length > 4 && bytes[3] >= 1 && bytes[3] <= 8 && bytes[8] !== 0x7b)
    return data("an IDX file");
  // The length of a header, and then its JSON.
  if (bytes[8] === 0x7b && bytes[7] === 0) return model("a model");
  if (bytes.some((byte) => byte < 9)) return neither("a file of unknown kind");
  const text = Buffer.from(bytes).toString("utf8").trimStart();
  if (/^[{[]/.test(text)) return neither("a JSON file");
  const [line] = text.split("\n");
  return data(/[,;\t]/.test(line) ? "a table (CSV)" : "a text file");
}

async function kindOfFolder(path: string): Promise<Kind> {
  const names = await readdir(path);
  if (names.includes(RUN.model)) return model("the folder of a run");
  if (names.includes(RUN.checkpoints) && names.includes(RUN.settings)) {
    return neither(`the folder of a run that has no model yet (go on with: reparam train --resume ${path})`);
  }
  if (names.includes(RUN.settings)) {
    return neither(`the folder of a run without a model (${RUN.model} is not there)`);
  }
  return data(names.length === 0 ? "an empty folder" : `a folder without ${RUN.model}`);
}

/** What lies at a path. */
async function kindOf(path: string): Promise<Kind> {
  return (await stat(path)).isDirectory() ? kindOfFolder(path) : kindOfBytes(await startOf(path));
}

const MODEL = `a model is needed: a file like ${RUN.model}, or the folder of a run, as reparam train writes it`;

/** Refuses a path that leads to no model; `other` is what was given for data, perhaps in the wrong order. */
export async function needModel(path: string, other?: string): Promise<void> {
  const { words, isModel } = await kindOf(path);
  if (isModel) return;
  const isSwapped = other !== undefined && (await kindOf(other).catch(() => undefined))?.isModel === true;
  fail(`${path} is ${words}; ${MODEL}${isSwapped ? ` (${other} is one: it comes first)` : ""}`);
}

/** Whether a path leads to a model, or to the folder of a run. */
export const leadsToModel = async (path: string): Promise<boolean> =>
  !isBuiltIn(path) && (await namingFile(path, () => kindOf(path))).isModel;

/** Refuses data that are none: a model, or the folder of a run, whose pictures nobody means. */
export async function needData(path: string): Promise<void> {
  const { words, isData } = await kindOf(path);
  if (!isData) fail(`${path} is ${words}; data are needed: images, a folder of pictures or a table`);
}
