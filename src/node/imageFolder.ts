// Folders of PNG files as one tensor. One picture at a time is held in its full size.

import { open, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { checkShape, refuseValue, within } from "../check/check.js";
import { toColour } from "../images/resize.js";
import { type PngReadOptions, readPng } from "../images/png.js";
import { isPng } from "../images/pngFile.js";
import { adoptArray, isSameShape, type Shape, type Tensor } from "../tensor/tensor.js";
import { compareNames } from "./paths.js";
import { type ImageOptions, prepareImages } from "./prepareImages.js";

/** A file that was left out. */
export interface Skipped {
  readonly name: string;
  readonly reason: string;
}

export interface ImageFolder {
  readonly inputs: Tensor;
  readonly names: readonly string[];
  readonly classes?: readonly string[];
  readonly labels?: Tensor;
  readonly skipped: readonly Skipped[];
}

/** Pictures of one size in one array, which grows from grey to colour with the first that has colour. */
interface Stack {
  shape: Shape;
  values: Float32Array;
}

/** Memory for so many pictures. */
function room(where: string, count: number, shape: Shape): Float32Array {
  const size = checkShape(where, "images (the options size and grey make them smaller)", [count, ...shape]);
  try {
    return new Float32Array(size);
  } catch {
    return refuseValue(where, "images", "fit into memory (the options size and grey make them smaller)", [
      count,
      ...shape,
    ]);
  }
}

const isGrey = (shape: Shape) => shape[2] === 1;

/** Gives `used` grey pictures three channels. */
function coloured(where: string, { shape: [height, width], values }: Stack, used: number): Stack {
  const area = height * width;
  const shape = [height, width, 3];
  const colours = room(where, values.length / area, shape);
  for (let i = 0; i < used * area; i++) colours.fill(values[i], 3 * i, 3 * i + 3);
  return { shape, values: colours };
}

/** Reads all pictures below a folder. */
export async function readImageFolder(
  where: string,
  folder: string,
  options: ImageOptions,
  pngOptions: PngReadOptions,
  isSkipping: boolean,
): Promise<ImageFolder> {
  const { names: found, skipped } = await namesBelow(folder);
  const pictures: string[] = [];
  for (const name of found.sort(compareNames)) {
    const reason = await reasonAgainst(join(folder, name), name);
    if (reason === undefined) pictures.push(name);
    else skipped.push({ name, reason });
  }
  if (pictures.length === 0) refuseValue(where, "path", "hold at least one PNG file", folder);

  const cure = isSkipping ? undefined : 'the option broken: "skip" leaves such pictures out';
  const names: string[] = [];
  let stack: Stack | undefined;
  for (const name of pictures) {
    const path = `${where}(${JSON.stringify(name)})`;
    let image: Tensor;
    try {
      const bytes = await readFile(join(folder, name));
      image = within(path, () => prepareImages(readPng(bytes, pngOptions), options), cure);
    } catch (error) {
      if (!isSkipping) throw error;
      skipped.push({ name, reason: (error as Error).message });
      continue;
    }
    stack ??= { shape: image.shape, values: room(where, pictures.length, image.shape) };
    if (!isSameShape(image.shape.slice(0, 2), stack.shape.slice(0, 2))) {
      const rule = `be [${stack.shape.join(", ")}], as of the first picture (the option size makes them alike)`;
      refuseValue(path, "shape", rule, image.shape);
    }
    if (isGrey(stack.shape) && !isGrey(image.shape)) stack = coloured(where, stack, names.length);
    else if (!isGrey(stack.shape)) image = toColour(image);
    stack.values.set(image.data, names.length * image.size);
    names.push(name);
  }
  if (stack === undefined) {
    return refuseValue(where, "path", `hold at least one whole PNG file (${skipped[0].reason})`, folder);
  }
  const { shape, values } = stack;
  const used =
    names.length < pictures.length
      ? values.slice(0, (values.length / pictures.length) * names.length)
      : values;
  skipped.sort((a, b) => compareNames(a.name, b.name));
  return { inputs: adoptArray(used, [names.length, ...shape]), names, ...classesOf(names), skipped };
}

/** The names of all files, with `/` between folders, and what is passed over: folders end in `/`. */
async function namesBelow(folder: string): Promise<{ names: string[]; skipped: Skipped[] }> {
  const names: string[] = [];
  const skipped: Skipped[] = [];
  const walk = async (prefix: string): Promise<void> => {
    for (const entry of await readdir(join(folder, prefix), { withFileTypes: true })) {
      const name = prefix + entry.name;
      if (entry.name.startsWith("."))
        skipped.push({ name: entry.isDirectory() ? `${name}/` : name, reason: "hidden" });
      else if (entry.isDirectory()) await walk(`${name}/`);
      else if (entry.isFile()) names.push(name);
      else if (!entry.isSymbolicLink()) skipped.push({ name, reason: "neither a file nor a folder" });
      else {
        const reason = await reasonAgainstLink(join(folder, name));
        if (reason === undefined) names.push(name);
        else skipped.push({ name, reason });
      }
    }
  };
  await walk("");
  return { names, skipped };
}

/** Why a link is not followed; undefined where it leads to a file. */
async function reasonAgainstLink(path: string): Promise<string | undefined> {
  try {
    const status = await stat(path);
    if (status.isFile()) return undefined;
    return status.isDirectory() ? "a link to a folder" : "a link to what is neither a file nor a folder";
  } catch {
    return "a link that leads nowhere";
  }
}

/** Why a file is no picture; undefined where its name or its first bytes say that it is one. */
async function reasonAgainst(path: string, name: string): Promise<string | undefined> {
  if (/\.png$/i.test(name)) return undefined;
  try {
    const handle = await open(path, "r");
    const { buffer } = await handle.read(new Uint8Array(8), 0, 8, 0).finally(() => handle.close());
    return isPng(buffer) ? undefined : "not a PNG file";
  } catch (error) {
    return `cannot be read: ${(error as Error).message}`;
  }
}

/** Where every picture lies in a subfolder, these are classes: their names in order, and the class of each. */
function classesOf(names: readonly string[]): Pick<ImageFolder, "classes" | "labels"> {
  if (!names.every((name) => name.includes("/"))) return {};
  const classNames = names.map((name) => name.slice(0, name.indexOf("/")));
  const classes = [...new Set(classNames)].sort(compareNames);
  const labels = Float32Array.from(classNames, (name) => classes.indexOf(name));
  return { classes, labels: adoptArray(labels, [names.length]) };
}
