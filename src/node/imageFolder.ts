// Folders of PNG files as one tensor. One picture at a time is held in its full size.

import { open, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { checkShape, refuseValue, within } from "../check.js";
import { readPng } from "../files/png.js";
import { isPng } from "../files/pngFile.js";
import { adoptArray, isSameShape, type Shape, type Tensor } from "../tensor.js";
import { compareNames } from "./paths.js";
import { type ImageOptions, prepareImages } from "./prepareImages.js";

/** A file that was left out. */
export interface Skipped {
  readonly name: string;
  readonly reason: string;
}

export interface ImageFolder {
  readonly images: Tensor;
  readonly names: readonly string[];
  readonly classes?: readonly string[];
  readonly labels?: Tensor;
  readonly skipped: readonly Skipped[];
}

/** Reads all pictures below a folder. */
export async function readImageFolder(
  where: string,
  folder: string,
  options: ImageOptions,
  isSkipping: boolean,
): Promise<ImageFolder> {
  const skipped: Skipped[] = [];
  const pictures: string[] = [];
  for (const name of (await namesBelow(folder)).sort(compareNames)) {
    if (/\.png$/i.test(name) || (await beginsAsPng(join(folder, name)))) pictures.push(name);
    else skipped.push({ name, reason: "not a PNG file" });
  }
  if (pictures.length === 0) refuseValue(where, "path", "hold at least one PNG file", folder);

  const names: string[] = [];
  let shape: Shape | undefined;
  let values = new Float32Array(0);
  for (const name of pictures) {
    const path = `${where}(${JSON.stringify(name)})`;
    const bytes = await readFile(join(folder, name));
    let image: Tensor;
    try {
      image = within(path, () => prepareImages(readPng(bytes), options));
    } catch (error) {
      if (!isSkipping) throw error;
      skipped.push({ name, reason: (error as Error).message });
      continue;
    }
    if (shape === undefined) {
      ({ shape } = image);
      values = new Float32Array(checkShape(where, "images", [pictures.length, ...shape]));
    }
    if (!isSameShape(image.shape, shape)) {
      const rule = `be [${shape.join(", ")}], as of the first picture (the options size and grey make them alike)`;
      refuseValue(path, "shape", rule, image.shape);
    }
    values.set(image.data, names.length * image.size);
    names.push(name);
  }
  if (shape === undefined) {
    return refuseValue(where, "path", `hold at least one whole PNG file (${skipped[0].reason})`, folder);
  }
  const used =
    names.length < pictures.length
      ? values.slice(0, (values.length / pictures.length) * names.length)
      : values;
  skipped.sort((a, b) => compareNames(a.name, b.name));
  return { images: adoptArray(used, [names.length, ...shape]), names, ...classesOf(names), skipped };
}

/** Names of all files, with `/` between folders; hidden ones, and folders behind links, are left out. */
async function namesBelow(folder: string, prefix = ""): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await readdir(join(folder, prefix), { withFileTypes: true })) {
    const name = prefix + entry.name;
    if (entry.name.startsWith(".")) continue;
    if (entry.isDirectory()) names.push(...(await namesBelow(folder, `${name}/`)));
    else if (entry.isFile() || (await isLinkToFile(join(folder, name)))) names.push(name);
  }
  return names;
}

async function isLinkToFile(path: string): Promise<boolean> {
  return stat(path).then(
    (status) => status.isFile(),
    () => false,
  );
}

async function beginsAsPng(path: string): Promise<boolean> {
  const handle = await open(path, "r");
  const { buffer } = await handle.read(new Uint8Array(8), 0, 8, 0).finally(() => handle.close());
  return isPng(buffer);
}

/** Where every picture lies in a subfolder, these are classes: their names in order, and the class of each. */
function classesOf(names: readonly string[]): Pick<ImageFolder, "classes" | "labels"> {
  if (!names.every((name) => name.includes("/"))) return {};
  const classNames = names.map((name) => name.slice(0, name.indexOf("/")));
  const classes = [...new Set(classNames)].sort(compareNames);
  const labels = Float32Array.from(classNames, (name) => classes.indexOf(name));
  return { classes, labels: adoptArray(labels, [names.length]) };
}
