// Laws of options: each that a model or a kind of data takes changes something there, and any other is refused.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { helpOf, Options, UsageError } from "../../src/cli/command.js";
import { readData } from "../../src/cli/data.js";
import { dataKey, effectiveOn, MODEL_NAMES } from "../../src/cli/effects.js";
import { planOf } from "../../src/cli/plan.js";
import { train } from "../../src/cli/train.js";
import { writeNpy } from "../../src/data/index.js";
import { writePng } from "../../src/images/index.js";
import { type EncodingModel, fold, key, ops, random, type Tensor, tensor } from "../../src/index.js";

const folder = mkdtempSync(join(tmpdir(), "reparam-effects-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

const grey = ops.add(ops.scale(random.uniform(key(1), [20, 28, 28, 1]), 0.6), 0.2);
beforeAll(() => {
  const write = (name: string, values: Tensor) => writeFileSync(at(name), writeNpy(values));
  write("grey.npy", grey);
  write(
    "ink.npy",
    tensor(
      [...grey.data].map((value) => Number(value > 0.5)),
      [20, 28, 28, 1],
    ),
  );
  write("labels.npy", tensor(Array.from({ length: 20 }, (_, i) => i % 3)));
  writeFileSync(
    at("table.csv"),
    `a,kind\n${Array.from({ length: 20 }, (_, i) => `${i},${i % 2}`).join("\n")}\n`,
  );
  mkdirSync(at("pictures"));
  for (const i of [0, 1, 2]) {
    writeFileSync(join(at("pictures"), `${i}.png`), writePng(random.uniform(key(i), [8, 10, 3])));
  }
});

const VALUES = {
  latent: "7",
  beta: "3",
  likelihood: "gaussian",
  gamma: "0.25",
  codebook: "40",
  denoise: "0.2",
  mask: "0.5",
  levels: "5",
  hidden: "6",
  layers: "2",
} as const;
const DISTURBED = ["denoise", "mask"] as const;
const PIXELS = ["levels", "hidden", "layers"] as const;
const TAKES: Record<string, readonly (keyof typeof VALUES)[]> = {
  "conv-vae": ["latent", "beta", "likelihood", "gamma", ...DISTURBED],
  "conv-ae": ["latent", ...DISTURBED],
  "dense-vae": ["latent", "beta", "likelihood", "gamma", ...DISTURBED],
  "dense-ae": ["latent", ...DISTURBED],
  "vq-vae": ["latent", "codebook", ...DISTURBED],
  "pixel-rnn": PIXELS,
  "pixel-cnn": PIXELS,
  linear: ["latent", ...DISTURBED],
  pca: ["latent"],
  shallow: DISTURBED,
  stacked: DISTURBED,
  convolutional: DISTURBED,
  strided: DISTURBED,
  denseVae: ["latent", ...DISTURBED],
  convVae: ["latent", ...DISTURBED],
};
const cases = Object.entries(TAKES).flatMap(([model, taken]) =>
  (Object.keys(VALUES) as (keyof typeof VALUES)[]).map((option) => ({
    model,
    option,
    isTaken: taken.includes(option),
  })),
);
const plan = (data: string, options: Record<string, string | boolean>) => planOf({ data: at(data), options });

describe("an option of a model", () => {
  it("is known for every model", () => {
    expect(Object.keys(TAKES)).toEqual(MODEL_NAMES);
  });

  it.each(cases.filter(({ isTaken }) => isTaken))("--$option changes $model", async ({ model, option }) => {
    // Ink is drawn by probabilities unless told; the deviation is that of grey images.
    const data = option === "likelihood" ? "ink.npy" : "grey.npy";
    const specOf = async (options: Record<string, string>) =>
      plan(data, { model, ...options }).then(({ model, corrupt }) =>
        JSON.stringify([model.spec, corrupt?.spec]),
      );
    expect(await specOf({ [option]: VALUES[option] })).not.toBe(await specOf({}));
  });

  // What is computed, not trained, says so.
  const isTold = ({ model, option }: (typeof cases)[number]) =>
    model !== "pca" || !(DISTURBED as readonly string[]).includes(option);
  it.each(cases.filter((one) => !one.isTaken && isTold(one)))(
    "--$option is refused by $model",
    async ({ model, option }) => {
      const takers = MODEL_NAMES.filter((name) => TAKES[name]!.includes(option)).join(", ");
      const words = `--${option} has no effect on --model ${model}: it is for ${takers}`;
      // Also where it says what is so anyway, and before any data are read.
      for (const value of [VALUES[option], option === "likelihood" ? "bernoulli" : "1"]) {
        await expect(plan("nothing.npy", { model, [option]: value })).rejects.toThrow(new UsageError(words));
      }
    },
  );

  it("is told with its models in the help", () => {
    const help = helpOf(train).replaceAll(/\s+/g, " ");
    for (const option of ["latent", "beta", "likelihood", ...PIXELS] as const) {
      const takers = MODEL_NAMES.filter((name) => TAKES[name]!.includes(option)).join(", ");
      expect(help).toMatch(new RegExp(`--${option} .[^-]*.*?of ${takers}`));
    }
  });
});

describe("--model pca", () => {
  it.each(["epochs", "batch", "lr", "denoise", "mask"])(
    "refuses --%s, before any data are read",
    async (option) => {
      await expect(plan("nothing.npy", { model: "pca", [option]: "1" })).rejects.toThrow(
        new UsageError(`--${option} has no effect on --model pca, which is computed, not trained`),
      );
    },
  );

  it("has no more components than there are numbers, and says so where more are asked for", async () => {
    const { model } = await plan("table.csv", { model: "pca" });
    expect((model as EncodingModel).codeShape).toEqual([2]);
    await expect(plan("table.csv", { model: "pca", latent: "3" })).rejects.toThrow(
      new UsageError(
        "--latent of --model pca must be at most 2, the lesser of examples and their numbers, got 3",
      ),
    );
  });
});

describe("--gamma", () => {
  const words = "--gamma is the deviation of the gaussian likelihood; ";

  it("is refused with the bernoulli likelihood, before any data are read", async () => {
    await expect(plan("nothing.npy", { gamma: "0.1", likelihood: "bernoulli" })).rejects.toThrow(
      new UsageError(`${words}it goes with --likelihood gaussian`),
    );
  });

  it("is refused where the data chose that likelihood", async () => {
    await expect(plan("ink.npy", { gamma: "0.1" })).rejects.toThrow(
      new UsageError(`${words}these data are ink, for which it is bernoulli: add --likelihood gaussian`),
    );
    const { model } = await plan("ink.npy", { gamma: "0.1", likelihood: "gaussian" });
    expect(model.spec.options.likelihood).toEqual({ type: "gaussian", gamma: 0.1 });
  });
});

describe("an option of data", () => {
  const read = (source: string, options: Record<string, string | boolean>, ...more: ["columns"] | []) =>
    readData(
      source.includes(".") || source === "pictures" ? at(source) : source,
      new Options(options),
      key(1),
      ...more,
    );
  const refusals: [source: string, options: Record<string, string | boolean>, words: string][] = [
    ["shapes", { grey: true }, "--grey has no effect on shapes: it is for a folder and a file"],
    ["faces", { fit: "pad", size: "8" }, "--fit has no effect on faces: it is for a folder and a file"],
    ["faces", { skip: true }, "--skip has no effect on faces: it is for a folder"],
    ["shapes", { labels: "kind" }, "--labels has no effect on shapes: it is for a folder and a file"],
    ["grey.npy", { skip: true }, "--skip has no effect on ./grey.npy: it is for a folder"],
    ["table.csv", { skip: true }, "--skip has no effect on ./table.csv: it is for a folder"],
    ["table.csv", { size: "4" }, "--size is for images, ./table.csv is a table"],
    ["table.csv", { grey: true }, "--grey is for images, ./table.csv is a table"],
    ["grey.npy", { fit: "crop" }, "--fit has no effect without --size"],
    ["pictures", { fit: "stretch", grey: true }, "--fit has no effect without --size"],
    ["table.csv", { fit: "pad" }, "--fit has no effect without --size"],
  ];

  it.each(refusals)("of %s: %j is refused", async (source, options, words) => {
    const error = await read(source, options).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message.replaceAll(folder, ".")).toBe(words);
  });

  it.each<[string, Record<string, string | boolean>]>([
    ["shapes", { size: "8", count: "4" }],
    ["grey.npy", { size: "8x10", fit: "pad", count: "4" }],
    ["grey.npy", { labels: "labels.npy" }],
    ["table.csv", { count: "4", labels: "kind" }],
    ["pictures", { size: "8", fit: "pad", grey: true, skip: true, count: "2" }],
  ])("of %s: %j is taken", async (source, options) => {
    const { labels, ...rest } = options;
    const own = labels === "labels.npy" ? { labels: at("labels.npy") } : options;
    const { values } = await read(source, { ...rest, ...own });
    expect(values.shape[0]).toBeGreaterThan(1);
  });

  it("--labels is a column where labels are not shown", async () => {
    await expect(read("grey.npy", { labels: at("labels.npy") }, "columns")).rejects.toThrow(
      /^--labels .*labels\.npy has no effect: it is no column of .*grey\.npy, and only train and report show labels$/,
    );
    expect((await read("table.csv", { labels: "kind" }, "columns")).columns).toEqual(["a"]);
  });

  it("--seed is of built-in images where nothing else is drawn", () => {
    expect(dataKey("faces", new Options({ seed: "3" }))).toEqual(fold(key(3), 0));
    expect(dataKey("x.npy", new Options({}))).toEqual(fold(key(1), 0));
    expect(() => dataKey("x.npy", new Options({ seed: "3" }))).toThrow(
      new UsageError("--seed has no effect on x.npy: it is for built-in images"),
    );
  });

  it("is handed on to other data where it has an effect on them", async () => {
    const options = {
      size: "8",
      fit: "pad",
      grey: true,
      skip: true,
      labels: "kind",
      model: "linear",
      epochs: "3",
    };
    expect(await effectiveOn("shapes", options)).toEqual({ size: "8", model: "linear", epochs: "3" });
    const { skip: _, ...rest } = options;
    expect(await effectiveOn(at("grey.npy"), options)).toEqual(rest);
    expect(await effectiveOn(at("pictures"), options)).toEqual(options);
  });
});
