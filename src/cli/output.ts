// What commands write: arrays by the ending of the file's name, as npy, CSV or a picture.

import { realpath } from "node:fs/promises";
import { dirname, extname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { writeNpy } from "../files/npy.js";
import { writePng } from "../images/png.js";
import { montage } from "../images/montage.js";
import { writeFileAtomic } from "../node/writeFileAtomic.js";
import type { Tensor } from "../tensor/tensor.js";
import { fail } from "./command.js";
import { isBuiltIn } from "./effects.js";
import { dataRange, type Form, type Range } from "./form.js";

/** What a file says about its values, beside them. */
export interface Labelling {
  /** What the columns are called: a letter before their numbers (`x0, x1, …`), or their names. */
  readonly columns: string | readonly string[];
  /** Names of the examples. */
  readonly names?: readonly string[] | undefined;
  /** Black and white of images (default 0 and 1). */
  readonly range?: Range | undefined;
}

/** How a model's outputs are labelled: as its data were. */
export const labelled = (form: Form, names?: readonly string[]): Labelling => ({
  columns: form.columns ?? "x",
  range: dataRange(form),
  names,
});

/** A header line and rows of texts and numbers. */
export function csvOf(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return [header, ...rows].map((row) => `${row.map((cell) => quoted(String(cell))).join(",")}\n`).join("");
}

/** Numbers with a header line, and names in front where there are any. */
export function toCsv(columns: readonly string[], values: Tensor, names?: readonly string[]): string {
  const width = columns.length;
  const rows = Array.from({ length: values.shape[0] }, (_, row) => [
    ...(names ? [names[row]] : []),
    ...values.data.subarray(row * width, (row + 1) * width),
  ]);
  return csvOf([...(names ? ["name"] : []), ...columns], rows);
}

/** Checks the ending of an output's name before anything is computed. */
export function checkOutput(path: string, endings: readonly string[]): void {
  if (!endings.includes(extname(path))) {
    fail(`--out must end in ${endings.join(", ")}, got ${JSON.stringify(path)}`);
  }
}

/** Where a path leads, also one whose end is not there yet. */
async function placeOf(path: string): Promise<string> {
  const whole = resolve(path);
  for (let folder = whole; ; folder = dirname(folder)) {
    const place = await realpath(folder).catch(() => undefined);
    if (place !== undefined) return join(place, relative(folder, whole));
    if (dirname(folder) === folder) return whole;
  }
}

/** Refuses an output in the place of a file that is read, and pictures among those of a folder. */
export async function checkApart(out: string, ...inputs: readonly (string | undefined)[]): Promise<void> {
  for (const input of inputs) {
    if (input === undefined || isBuiltIn(input)) continue;
    const way = relative(await placeOf(input), await placeOf(out));
    if (way === "") fail(`--out ${out} would take the place of ${input}, which is read: choose another name`);
    const isOutside = way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way);
    if (!isOutside && !/\.(npy|csv)$/.test(out))
      fail(`--out ${out} lies in ${input}, which is read: choose a place outside`);
  }
}

/** Writes values: `.npy` as they are, `.csv` a row per example, `.png` as one picture of all images. */
export async function writeValues(
  path: string,
  values: Tensor,
  { columns, names, range: [low, high] = [0, 1] }: Labelling,
): Promise<void> {
  const ending = extname(path);
  if (ending === ".npy") return writeFileAtomic(path, writeNpy(values));
  if (ending === ".csv") {
    const width = values.size / values.shape[0];
    const header =
      typeof columns === "string" ? Array.from({ length: width }, (_, i) => `${columns}${i}`) : columns;
    return writeFileAtomic(path, new TextEncoder().encode(toCsv(header, values, names)));
  }
  if (values.shape.length !== 4) fail(`${path}: only images become a picture; use .npy or .csv`);
  return writeFileAtomic(path, writePng(montage(values, { background: high }), { low, high }));
}
