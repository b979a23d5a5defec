// Reading data from the disk, whatever its format.

import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { kindHint, ownBytes } from "../files/bytes.js";
import { checkBoolean, checkInteger, checkOneOf, checkOptions, refuseValue, within } from "../check/check.js";
import { type CsvOptions, readCsv, type Separator, SEPARATORS } from "../files/csv.js";
import { isGzip, unpacked } from "../files/gzip.js";
import { loadIdx } from "../files/idx.js";
import { readTypedNpy } from "../files/npy.js";
import { type PngReadOptions, readPng } from "../images/png.js";
import { isPng } from "../images/pngFile.js";
import * as ops from "../ops/index.js";
import { adoptArray, type Tensor } from "../tensor/tensor.js";
import { readImageFolder, type Skipped } from "./imageFolder.js";
import { type FilePath, pathOf } from "./paths.js";
import { checkImageOptions, IMAGE_OPTIONS, type ImageOptions, prepareImages } from "./prepareImages.js";

/** Options of {@link loadData}. */
export interface LoadOptions extends ImageOptions {
  /** Whether a damaged picture of a folder ends the loading, or is left out and reported (default `"refuse"`). */
  readonly broken?: "refuse" | "skip" | undefined;
  /** Of a table: whether the first line names the columns (default: told by its cells). */
  readonly header?: boolean | undefined;
  /** Of a table: what stands between cells (default: told by the first line). */
  readonly separator?: Separator | undefined;
  /** Most bytes that one picture may take, 4 for every value (default 2²⁸: 256 MiB). */
  readonly maxBytes?: number | undefined;
}

/** Options that are for tables only. */
const TABLE_OPTIONS = ["header", "separator"] as const;

/** The formats that {@link loadData} knows. */
export type DataKind = "idx" | "npy" | "csv" | "png" | "folder";

/** What {@link loadData} found. */
export interface LoadedData {
  /** Images `[count, height, width, channels]`, or of other data, the array as it is. */
  readonly inputs: Tensor;
  readonly kind: DataKind;
  /** Of a table: what its header calls the columns. */
  readonly columns?: readonly string[];
  /** Of pictures: their files' names, within the folder, in the order of `inputs`. */
  readonly names?: readonly string[];
  /** Of a folder whose pictures all lie in subfolders: the names of these. */
  readonly classes?: readonly string[];
  /** Then also: the number of every picture's class, shape `[count]`. */
  readonly labels?: Tensor;
  /** Of a folder: all that was left out, and why; of a hidden folder, or one behind a link, the folder alone. */
  readonly skipped?: readonly Skipped[];
}

/**
 * Loads data of any kind that the library reads, told by the content of the file, not by its name: IDX (plain or
 * packed with gzip), npy, CSV, one PNG, or a folder of PNGs.
 *
 * Pixels come as values from 0 to 1: those of PNG files always, and those of IDX and npy files where they are whole
 * bytes and have three or more axes. Labels and other arrays stay as they are. Images of IDX files get their
 * channel axis. Pictures of PNG files lose their alpha: what is transparent shows a background.
 *
 * Folders are read with all their subfolders; names are in the order in which people count (2 before 10), the same on
 * every machine. Where one picture has colour, grey ones get three equal channels. What is no PNG file, is hidden or
 * lies behind a link to a folder is not read, but listed. Only one picture at a time is in memory in its full size.
 *
 * @param path - the file or folder, a path or a `URL`
 * @param options.size - `[height, width]` that images get; without it, those of a folder must agree
 * @param options.fit - where the proportions differ: `"crop"` (default), `"stretch"` or `"pad"`, as for
 *   {@link resizeImages}
 * @param options.grey - whether images of colour become grey (default false)
 * @param options.background - what stands behind transparent pixels (default `"white"`) and around padded images
 *   (default 0, black): a number for all channels, `"white"`, `"black"`, or a colour `"#rrggbb"`
 * @param options.broken - whether a damaged picture in a folder is refused (default), or left out and listed in
 *   `skipped`; files that are no PNGs are listed there in either case
 * @param options.header - of a table: whether the first line names the columns, as for {@link readCsv}
 * @param options.separator - of a table: what stands between cells, as for {@link readCsv}
 * @param options.maxBytes - most bytes that one picture may take (default 2²⁸), as for {@link readPng}
 * @returns promise of `inputs`, shape `[count, height, width, channels]` or that of the file's array; `kind`; and
 *   for tables `columns`, for pictures `names`, for folders `skipped` and, where all pictures lie in subfolders,
 *   their `classes` and `labels` (shape `[count]`)
 * @throws {TypeError} when an argument or option is of the wrong kind
 * @throws {RangeError} when the file is of no known kind, is damaged, is not what an option is for
 *   (images, a table), or pictures of a folder differ in shape
 * @throws {Error} of the file system, with its `code`
 * @example
 * import { loadData } from "reparam/node";
 * const load = async () => (await loadData("photographs", { size: [64, 64], broken: "skip" })).inputs;
 */
export async function loadData(path: FilePath, options: LoadOptions = {}): Promise<LoadedData> {
  const where = "loadData";
  checkOptions(where, options, [...IMAGE_OPTIONS, ...TABLE_OPTIONS, "broken", "maxBytes"]);
  const { broken = "refuse", header, separator, maxBytes, ...imageOptions } = options;
  checkImageOptions(where, imageOptions);
  checkOneOf(where, "broken", broken, ["refuse", "skip"]);
  if (header !== undefined) checkBoolean(where, "header", header);
  if (separator !== undefined) checkOneOf(where, "separator", separator, SEPARATORS);
  if (maxBytes !== undefined) checkInteger(where, "maxBytes", maxBytes, 1);
  const pngOptions = maxBytes === undefined ? {} : { maxBytes };
  const tableOption = TABLE_OPTIONS.find((name) => options[name] !== undefined);
  const file = await pathOf(where, path);
  if ((await stat(file)).isDirectory()) {
    if (tableOption) refuseValue(where, "path", `be a table (CSV) for the option ${tableOption}`, "a folder");
    const folder = await readImageFolder(where, file, imageOptions, pngOptions, broken === "skip");
    return { kind: "folder", ...folder };
  }
  const name = basename(file);
  const csv = { ...(header !== undefined && { header }), ...(separator && { separator }) };
  const place = `${where}(${JSON.stringify(name)})`;
  const loaded = await decode(
    place,
    ownBytes(where, await readFile(file)),
    name,
    imageOptions,
    pngOptions,
    csv,
  );
  if (tableOption && loaded.kind !== "csv") {
    refuseValue(place, "file", `be a table (CSV) for the option ${tableOption}`, loaded.kind);
  }
  return loaded;
}

/** Runs a reader; where it refuses, the message tells which file that was. */
async function reading<Result>(where: string, read: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    return within(where, () => {
      throw error;
    });
  }
}

async function decode(
  where: string,
  bytes: Uint8Array,
  name: string,
  options: ImageOptions,
  pngOptions: PngReadOptions,
  csvOptions: CsvOptions,
): Promise<LoadedData> {
  if (isPng(bytes)) {
    const image = await reading(where, () => readPng(bytes, pngOptions));
    const stack = ops.reshape(image, [1, ...image.shape]);
    return { kind: "png", inputs: prepareImages(stack, options), names: [name] };
  }
  const start = isGzip(bytes) ? await unpackedStart(where, bytes) : bytes.subarray(0, 4);
  if (start[0] === 0 && start[1] === 0) {
    const isStack = start[3] === 3;
    const array = await reading(where, () => loadIdx(bytes, { channelAxis: isStack }));
    return { kind: "idx", inputs: prepareArray(where, scaled(array, start[2] === 8), options) };
  }
  if (bytes[0] === 0x93) {
    const { array, type } = await reading(where, () => readTypedNpy(bytes));
    return { kind: "npy", inputs: prepareArray(where, scaled(array, type === "uint8"), options) };
  }
  if (bytes.subarray(0, 1024).some((byte) => byte < 9)) {
    const shown = [...bytes.subarray(0, 4)];
    const rule = "begin as IDX (plain or in gzip), npy, PNG or text (CSV) does";
    refuseValue(where, "bytes", rule, shown, kindHint(bytes));
  }
  const { columns, data } = await reading(where, () => readCsv(bytes, csvOptions));
  return { kind: "csv", inputs: prepareArray(where, data, options), ...(columns && { columns }) };
}

/** The first bytes inside gzip; two zeros where it is damaged, which whoever reads the whole will tell. */
async function unpackedStart(where: string, bytes: Uint8Array): Promise<Uint8Array> {
  const refuse = () => refuseValue(where, "bytes", "be a whole gzip file", bytes);
  try {
    for await (const start of unpacked(where, bytes, refuse, 1024)) return start;
  } catch {
    // Told by `loadIdx`, which reads the whole.
  }
  return new Uint8Array(2);
}

/** Pixels in whole bytes from 0 to 1; labels, and numbers of other types, as they are. */
function scaled(array: Tensor, isByte: boolean): Tensor {
  if (!isByte || array.shape.length < 3) return array;
  // Divided, as pixels of PNG files are: the product with 1 / 255 is another float32 here and there.
  return adoptArray(
    array.data.map((value) => value / 255),
    array.shape,
  );
}

/** Brings images that came as an array to the form wanted; of other arrays nothing may be wanted. */
function prepareArray(where: string, array: Tensor, options: ImageOptions): Tensor {
  const unwanted = IMAGE_OPTIONS.find((name) => options[name] !== undefined);
  if (unwanted === undefined) return array;
  if (array.shape.length !== 4) {
    const rule = `be images [count, height, width, channels] for the option ${unwanted}`;
    refuseValue(where, "array", rule, array.shape);
  }
  return prepareImages(array, options);
}
