// The data of a command: built-in images by name, or files and folders, as one tensor of values that models take.

import { tell } from "./terminal.js";
import { faces } from "../data/faces.js";
import { shapes } from "../data/shapes.js";
import { loadData } from "../node/loadData.js";
import * as ops from "../ops/index.js";
import { permutation } from "../random/draws.js";
import type { Key } from "../random/keys.js";
import type { Tensor } from "../tensor.js";
import { gatherRows } from "../training/source.js";
import { fail, type OptionHelp, type Options } from "./command.js";

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
}

/** Options of commands that take data. */
export const DATA_OPTIONS: Readonly<Record<string, OptionHelp>> = {
  size: { type: "string", value: "N|HxW", help: "size that images get (built-in images: default 32)" },
  grey: { type: "boolean", help: "turn colour images grey" },
  fit: { type: "string", value: "HOW", help: "crop (default), stretch or pad images of other proportions" },
  skip: { type: "boolean", help: "leave out damaged pictures of a folder instead of refusing" },
  count: {
    type: "string",
    value: "N",
    help: "how many built-in images (default 4096), or most examples of a file",
  },
  labels: {
    type: "string",
    value: "FILE",
    help: "labels of the examples, to colour the report (IDX, npy, CSV)",
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

async function readLabels(path: string | undefined, count: number): Promise<{ labels?: Tensor }> {
  if (path === undefined) return {};
  const { images: labels } = await loadData(path);
  if (labels.size < count) fail(`${path} has ${labels.size} labels for ${count} examples`);
  return { labels: ops.slice(ops.reshape(labels, [labels.size]), 0, count) };
}

/** Loads what a command was given: `faces`, `shapes`, or a path. */
export async function readData(source: string, options: Options, key: Key): Promise<Data> {
  const size = sizeOption(options);
  const count = options.integer("count", 2);
  if (source === "faces" || source === "shapes") {
    if (size !== undefined && size[0] !== size[1]) fail(`--size of ${source} must be one number`);
    const request = { count: count ?? 4096, key, size: size?.[0] ?? 32 };
    const { images, factors } = source === "faces" ? faces(request) : shapes(request);
    return { values: images, factors: { ...factors } };
  }
  const fit = options.choice("fit", ["crop", "stretch", "pad"]);
  const loaded = await loadData(source, {
    ...(size && { size }),
    ...(fit && { fit }),
    ...(options.flag("grey") && { grey: true }),
    ...(options.flag("skip") && { broken: "skip" as const }),
  });
  for (const { name, reason } of loaded.skipped ?? []) tell(`left out ${name}: ${reason}`);
  const { images, names, classes } = loaded;
  if (images.shape.length !== 2 && images.shape.length !== 4) {
    fail(`${source} has the shape [${images.shape.join(", ")}]: images or a table of numbers are needed`);
  }
  const most = Math.min(count ?? Infinity, images.shape[0]);
  const labels = loaded.labels ? { labels: loaded.labels } : await readLabels(options.text("labels"), most);
  return pick(
    { values: images, ...labels, ...(names && { names }), ...(classes && { labelNames: classes }) },
    Uint32Array.from({ length: most }, (_, i) => i),
  );
}
