// The data of a command: built-in images by name, or files and folders, as one tensor of values that models take.

import { stat } from "node:fs/promises";
import { faces } from "../data/synthetic/faces.js";
import { shapes } from "../data/synthetic/shapes.js";
import type { CsvOptions } from "../files/csv.js";
import type { Background } from "../images/resize.js";
import type { Skipped } from "../node/imageFolder.js";
import { loadData } from "../node/loadData.js";
import { type ImageOptions, prepareImages } from "../node/prepareImages.js";
import * as ops from "../ops/index.js";
import { permutation } from "../random/draws.js";
import type { Key } from "../random/keys.js";
import { adoptArray, type Tensor } from "../tensor/tensor.js";
import { gatherRows } from "../training/source.js";
import { fail, type OptionHelp, type Options } from "./command.js";
import { needData } from "./kinds.js";
import { checkDataOptions, isBuiltIn } from "./effects.js";
import { inOwnWords, ownWords } from "./ownWords.js";
import { tell } from "./terminal.js";
import { counted } from "../report/section.js";

/** Data ready for a model. */
export interface Data {
  /** `[n, height, width, channels]` or `[n, features]`. */
  readonly values: Tensor;
  /** Numbers that say what is seen, `[n]` each, by name. */
  readonly factors?: Readonly<Record<string, Tensor>>;
  readonly labels?: Tensor;
  readonly labelNames?: readonly string[];
  /** Names of the examples. */
  readonly names?: readonly string[];
  /** What a table calls its columns. */
  readonly columns?: readonly string[];
}

/** Options of commands that take data. */
export const DATA_OPTIONS: Readonly<Record<string, OptionHelp>> = {
  size: { type: "string", value: "N|HxW", help: "size that images get (built-in images: default 32)" },
  grey: { type: "boolean", help: "turn colour images grey" },
  fit: { type: "string", value: "HOW", help: "crop (default), stretch or pad images of other proportions" },
  skip: { type: "boolean", help: "leave out damaged pictures of a folder instead of refusing" },
  background: {
    type: "string",
    value: "C",
    help: "behind transparent pixels (default white) and around padded images (default black): white, black, #rrggbb or 0 to 1",
  },
  "max-bytes": {
    type: "string",
    value: "N",
    help: "most memory that one picture may take, 4 bytes for every value (default 268435456, 256 MiB)",
  },
  header: { type: "string", value: "yes|no", help: "whether the first line of a table names its columns" },
  separator: { type: "string", value: "S", help: "what stands between the cells of a table: , or ; or tab" },
  count: {
    type: "string",
    value: "N",
    help: "how many built-in images (default 4096), or most examples of a file",
  },
  labels: {
    type: "string",
    value: "WHICH",
    help: "integers, to colour the report, and classes for --condition: a file with one for each example (IDX, npy, CSV), or a column of the table by its name",
  },
};

function sizeOption(options: Options): readonly [number, number] | undefined {
  const text = options.text("size");
  if (text === undefined) return undefined;
  const match = /^(\d+)(?:x(\d+))?$/.exec(text);
  const [height, width = height] = match ? [Number(match[1]), match[2] && Number(match[2])] : [];
  if (!height || !width)
    return fail(`--size must be N or HxW, such as 32 or 48x64, got ${JSON.stringify(text)}`);
  return [height, width];
}

function backgroundOption(options: Options): Background | undefined {
  const text = options.text("background");
  if (text === undefined) return undefined;
  if (/^(white|black|#[\da-f]{6})$/i.test(text)) return text.toLowerCase() as Background;
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1)) {
    fail(`--background must be white, black, #rrggbb or a number from 0 to 1, got ${JSON.stringify(text)}`);
  }
  return value;
}

/** How a table is read, where that is said. */
function tableOptions(options: Options): CsvOptions {
  const header = options.choice("header", ["yes", "no"]);
  const separator = options.choice("separator", [",", ";", "tab"]);
  return {
    ...(header && { header: header === "yes" }),
    ...(separator && { separator: separator === "tab" ? "\t" : separator }),
  };
}

/** The rows of data with given indices. */
export function pick(data: Data, indices: Uint32Array): Data {
  const { factors, labels, names } = data;
  return {
    ...data,
    values: gatherRows(data.values, indices),
    ...(factors && {
      factors: Object.fromEntries(Object.entries(factors).map(([name, t]) => [name, gatherRows(t, indices)])),
    }),
    ...(labels && { labels: gatherRows(labels, indices) }),
    ...(names && { names: [...indices].map((index) => names[index]) }),
  };
}

/** Data in two parts, chosen by a key: the share that is set aside, and the rest. */
export function divide(data: Data, share: number, key: Key): { readonly rest: Data; readonly aside: Data } {
  const count = data.values.shape[0];
  if (count < 2) fail(`needs at least 2 examples, got ${count}`);
  const order = permutation(key, count);
  const size = Math.min(count - 1, Math.max(1, Math.round(share * count)));
  return { rest: pick(data, order.subarray(size)), aside: pick(data, order.subarray(0, size)) };
}

/** Refuses labels that are not integers from 0: other numbers are measurements, and no classes. */
function checkLabels(source: string, { data }: Tensor): void {
  const at = data.findIndex((value) => !Number.isInteger(value) || value < 0);
  if (at < 0) return;
  const rule = Number.isInteger(data[at]) ? "integers from 0 on" : "integers";
  fail(`${source} must be ${rule}: number ${at + 1} of ${data.length} is ${data[at]}`);
}

/** Labels of a file: exactly one integer for each of the examples. */
async function readLabels(
  path: string,
  count: number,
  columns: readonly string[] | undefined,
): Promise<Tensor> {
  const isThere = await stat(path).then(
    () => true,
    (error: unknown) => (error as { code?: unknown }).code !== "ENOENT",
  );
  if (!isThere && columns) {
    const known = columns.slice(0, 12).join(", ");
    fail(
      `--labels ${path} is neither a file nor a column of the table (${known}${columns.length > 12 ? ", …" : ""})`,
    );
  }
  const { inputs: labels, columns: names } = await loadData(path);
  const { shape, size } = labels;
  if (shape.length > 2 || (shape.length === 2 && shape[1] !== 1)) {
    const columnNames = names ? ` (columns ${names.slice(0, 12).join(", ")})` : "";
    fail(
      `${path} has the shape [${shape.join(", ")}]${columnNames}: labels are one integer per example, [${count}]`,
    );
  }
  if (size !== count) fail(`${path} has ${counted(size, "label")} for ${counted(count, "example")}`);
  checkLabels(path, labels);
  return ops.reshape(labels, [size]);
}

/** A table without the column of a name, and that column as labels. */
function splitColumn({ shape: [count, width], data }: Tensor, columns: readonly string[], name: string) {
  if (width === 1) fail(`--labels ${name} leaves no column to train on`);
  const at = columns.indexOf(name);
  if (columns.indexOf(name, at + 1) >= 0) fail(`--labels ${name} is the name of more than one column`);
  const others = data.filter((_, i) => i % width !== at);
  const own = data.filter((_, i) => i % width === at);
  const labels = adoptArray(own, [count]);
  checkLabels(`--labels ${name}`, labels);
  return {
    values: adoptArray(others, [count, width - 1]),
    labels,
    columns: columns.filter((_, i) => i !== at),
  };
}

const MAX_BYTES = "max-bytes";

/** Most files that were left out of a folder and are named. */
const MOST_NAMED = 10;

function tellSkipped(skipped: readonly Skipped[]): void {
  for (const { name, reason } of skipped.slice(0, MOST_NAMED)) tell(`left out ${name}: ${ownWords(reason)}`);
  const more = skipped.length - MOST_NAMED;
  if (more > 0) tell(`left out ${more} more`);
}

/** An array as images `[n, height, width, channels]` in the form that was asked for, or as the table that it is. */
function imagesOf(source: string, array: Tensor, asked: ImageOptions): Tensor {
  const { shape } = array;
  const [option] = Object.keys(asked);
  if (shape.length === 2) {
    if (option !== undefined) fail(`--${option} is for images, ${source} is a table`);
    return array;
  }
  if (shape.length !== 3 && shape.length !== 4) {
    fail(`${source} has the shape [${shape.join(", ")}]: images or a table of numbers are needed`);
  }
  const images = shape.length === 4 ? array : ops.reshape(array, [...shape, 1]);
  const channels = images.shape[3];
  if (channels % 2 === 0 && channels <= 4 && asked.background === undefined) {
    const meaning = channels === 2 ? "grey and alpha" : "colour and alpha";
    fail(`${source} has ${channels} channels: if these are ${meaning}, add --background white (or another)`);
  }
  if (channels > 4) fail(`${source} has ${channels} channels: images have 1 (grey) or 3 (colour)`);
  return option === undefined ? images : prepareImages(images, asked);
}

/** Where labels may come from: commands that do not show them can take a column out of a table, no more. */
type LabelsFrom = "anywhere" | "columns";

/** Reads a file or folder: its first `count` examples, or all. */
async function readFiles(
  source: string,
  asked: ImageOptions,
  count: number,
  options: Options,
  labelsFrom: LabelsFrom,
): Promise<Data> {
  await needData(source);
  // Pictures of a folder may differ in size, and are brought to one while they are read.
  const isFolder = (await stat(source)).isDirectory();
  const broken = options.flag("skip") ? "skip" : "refuse";
  const table = tableOptions(options);
  const maxBytes = options.integer(MAX_BYTES, 1);
  const loaded = await inOwnWords(() =>
    loadData(source, { ...(isFolder && { ...asked, broken }), ...table, maxBytes }),
  );
  tellSkipped(loaded.skipped ?? []);
  const { kind, names, classes, columns } = loaded;
  if (maxBytes !== undefined && kind !== "png" && kind !== "folder") {
    fail(`--${MAX_BYTES} has no effect on ${source}: it is for pictures (PNG)`);
  }
  const values = isFolder ? loaded.inputs : imagesOf(source, loaded.inputs, asked);
  const most = Math.min(count, values.shape[0]);
  const wanted = options.text("labels");
  const split =
    wanted !== undefined && columns?.includes(wanted) ? splitColumn(values, columns, wanted) : undefined;
  if (wanted !== undefined && !split && labelsFrom === "columns") {
    fail(
      `--labels ${wanted} has no effect: it is no column of ${source}, and only train and report show labels`,
    );
  }
  // Labels of one's own come before those of subfolders.
  const labels =
    wanted === undefined || split ? loaded.labels : await readLabels(wanted, values.shape[0], columns);
  const first = Uint32Array.from({ length: most }, (_, i) => i);
  return pick(
    {
      values,
      ...(labels && { labels }),
      ...(names && { names }),
      ...(columns && { columns }),
      ...(classes && labels === loaded.labels && { labelNames: classes }),
      ...split,
    },
    first,
  );
}

/** Loads what a command was given: `faces`, `shapes`, or a path. */
export async function readData(
  source: string,
  options: Options,
  key: Key,
  labelsFrom: LabelsFrom = "anywhere",
): Promise<Data> {
  await checkDataOptions(source, options);
  const size = sizeOption(options);
  const fit = options.choice("fit", ["crop", "stretch", "pad"]);
  const count = options.integer("count", 2);
  if (!isBuiltIn(source)) {
    const grey = options.flag("grey");
    const background = backgroundOption(options);
    const asked = {
      ...(size && { size }),
      ...(fit && { fit }),
      ...(grey && { grey }),
      ...(background !== undefined && { background }),
    };
    return readFiles(source, asked, count ?? Infinity, options, labelsFrom);
  }
  if (size !== undefined && size[0] !== size[1]) fail(`--size of ${source} must be one number`);
  const request = { count: count ?? 4096, key, size: size?.[0] ?? 32 };
  const { images, factors } = source === "faces" ? faces(request) : shapes(request);
  return { values: images, factors: { ...factors } };
}
