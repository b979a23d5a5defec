// Reading data from the disk, whatever its format.

import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { checkOneOf, checkOptions, refuseValue, within } from "../check.js";
import { readCsv } from "../data/csv.js";
import { loadIdx } from "../data/idx.js";
import { readNpy } from "../files/npy.js";
import { readPng } from "../files/png.js";
import { isPng } from "../files/pngFile.js";
import * as ops from "../ops/index.js";
import { adoptArray, type Tensor } from "../tensor.js";
import { readImageFolder, type Skipped } from "./imageFolder.js";
import { type FilePath, pathOf } from "./paths.js";
import { checkImageOptions, IMAGE_OPTIONS, type ImageOptions, prepareImages } from "./prepareImages.js";

export interface LoadOptions extends ImageOptions {
  /** Whether a damaged picture of a folder ends the loading, or is left out and reported (default `"refuse"`). */
  readonly broken?: "refuse" | "skip";
}

export type DataKind = "idx" | "npy" | "csv" | "png" | "folder";

export interface LoadedData {
  /** Images `[count, height, width, channels]`, or of other data, the array as it is. */
  readonly images: Tensor;
  readonly kind: DataKind;
  /** Of a table: what its header calls the columns. */
  readonly columns?: readonly string[];
  /** Of pictures: their files' names, within the folder, in the order of `images`. */
  readonly names?: readonly string[];
  /** Of a folder whose pictures all lie in subfolders: the names of these. */
  readonly classes?: readonly string[];
  /** Then also: the number of every picture's class, shape `[count]`. */
  readonly labels?: Tensor;
  /** Of a folder: the files that were left out, and why. */
  readonly skipped?: readonly Skipped[];
}

/**
 * Loads data of any kind that the library reads, told by the content of the file, not by its name: IDX (plain or
 * packed with gzip), npy, CSV, one PNG, or a folder of PNGs.
 *
 * Pixels come as values from 0 to 1: those of PNG files always, and those of IDX and npy files where they are whole
 * bytes and have three or more axes. Labels and other arrays stay as they are. Images of IDX files get their
 * channel axis. Of pictures in PNG files alpha is removed.
 *
 * Folders are read with all their subfolders, but without hidden files; names are in the order in which people
 * count (2 before 10), the same on every machine. Only one picture at a time is in memory in its full size.
 *
 * @param path - the file or folder, a path or a `URL`
 * @param options.size - `[height, width]` that images get; without it, those of a folder must agree
 * @param options.fit - where the proportions differ: `"crop"` (default), `"stretch"` or `"pad"`, as for
 *   {@link resizeImages}
 * @param options.grey - whether images of colour become grey (default false)
 * @param options.background - what stands behind transparent pixels, and around padded images (default 0)
 * @param options.broken - whether a damaged picture in a folder is refused (default), or left out and listed in
 *   `skipped`; files that are no PNGs are listed there in either case
 * @returns promise of `images`, shape `[count, height, width, channels]` or that of the file's array; `kind`; and
 *   for tables `columns`, for pictures `names`, for folders `skipped` and, where all pictures lie in subfolders,
 *   their `classes` and `labels` (shape `[count]`)
 * @throws {TypeError} when an argument or option is of the wrong kind
 * @throws {RangeError} when the file is of no known kind, is damaged, holds no images and an option is for images
 *   only, or pictures of a folder differ in shape
 * @throws {Error} of the file system, with its `code`
 * @example
 * import { loadData } from "reparam/node";
 * const load = async () => (await loadData("photographs", { size: [64, 64], broken: "skip" })).images;
 */
export async function loadData(path: FilePath, options: LoadOptions = {}): Promise<LoadedData> {
  const where = "loadData";
  checkOptions(where, options, [...IMAGE_OPTIONS, "broken"]);
  const { broken = "refuse", ...imageOptions } = options;
  checkImageOptions(where, imageOptions);
  checkOneOf(where, "broken", broken, ["refuse", "skip"]);
  const file = await pathOf(where, path);
  if ((await stat(file)).isDirectory()) {
    return { kind: "folder", ...(await readImageFolder(where, file, imageOptions, broken === "skip")) };
  }
  const name = basename(file);
  return decode(`${where}(${JSON.stringify(name)})`, await readFile(file), name, imageOptions);
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
): Promise<LoadedData> {
  if (isPng(bytes)) {
    const image = await reading(where, () => readPng(bytes));
    const stack = ops.reshape(image, [1, ...image.shape]);
    return { kind: "png", images: prepareImages(stack, options), names: [name] };
  }
  const start = bytes[0] === 0x1f && bytes[1] === 0x8b ? await unpackedStart(bytes) : bytes.subarray(0, 4);
  if (start[0] === 0 && start[1] === 0) {
    const isStack = start[3] === 3;
    const array = await reading(where, () => loadIdx(bytes, { channelAxis: isStack }));
    return { kind: "idx", images: prepareArray(where, scaled(array, start[2] === 8), options) };
  }
  if (bytes[0] === 0x93) {
    const isByte = /'\|u1'|"\|u1"/.test(String.fromCharCode(...bytes.subarray(0, 200)));
    const array = await reading(where, () => readNpy(bytes));
    return { kind: "npy", images: prepareArray(where, scaled(array, isByte), options) };
  }
  if (bytes.subarray(0, 1024).some((byte) => byte < 9)) {
    const shown = [...bytes.subarray(0, 4)];
    refuseValue(where, "bytes", "begin as IDX (plain or in gzip), npy, PNG or text (CSV) does", shown);
  }
  const { columns, data } = await reading(where, () => readCsv(bytes));
  return { kind: "csv", images: prepareArray(where, data, options), ...(columns && { columns }) };
}

/** The first bytes inside gzip; two zeros where it is damaged, which whoever reads the whole will tell. */
async function unpackedStart(bytes: Uint8Array): Promise<Uint8Array> {
  if (typeof DecompressionStream === "undefined") return new Uint8Array(2);
  const { readable, writable } = new DecompressionStream("gzip");
  // The reader hears of every failure too; an unheard one here would end the process.
  feed(writable.getWriter(), bytes).catch(() => {});
  const reader = readable.getReader();
  const { value = new Uint8Array(2) } = await reader.read().catch(() => ({ value: undefined }));
  reader.cancel().catch(() => {});
  return value;
}

/** Writes in small pieces until the reader has what it wants: a piece is unpacked as a whole. */
async function feed(writer: ReturnType<DecompressionStream["writable"]["getWriter"]>, bytes: Uint8Array) {
  for (let start = 0; start < bytes.length; start += 1024) {
    await writer.write(bytes.slice(start, start + 1024));
  }
  await writer.close();
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
