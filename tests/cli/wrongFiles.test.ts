// What is given in the wrong place: every kind of file where a model is needed, models where data are, misspelt names.

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/commandLine.js";
import { LIKELIHOODS, MODEL_NAMES } from "../../src/cli/models.js";
import { writeNpy } from "../../src/data/index.js";
import { writePng } from "../../src/images/index.js";
import { key, lectures, saveModel, writeTree, zeros } from "../../src/index.js";
import { reparam } from "../support/inProcess.js";

const folder = mkdtempSync(join(tmpdir(), "reparam-wrong-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...path: string[]) => join(folder, ...path);

const model = lectures.linear({ features: 3 });
const file = saveModel(model, model.init(key(1)));
const write = (path: string, content: Uint8Array | string) => {
  mkdirSync(at(path, ".."), { recursive: true });
  writeFileSync(at(path), content);
};
write("model.safetensors", file);
write("run/model.safetensors", file);
write("run/settings.json", "{}");
write("run/samples.png", writePng(zeros([2, 2, 1])));
write("pictures/one.png", writePng(zeros([2, 2, 1])));

/** Everything that is no model, with the words for it. */
const NO_MODELS: Record<string, [content: Uint8Array | string | undefined, words: string]> = {
  "wine.csv": ["alcohol,acid,sugar\n1,2,3\n4,5,6\n", "a table (CSV)"],
  "tabs.txt": ["1\t2\n", "a table (CSV)"],
  "data.npy": [writeNpy(zeros([4, 3])), "an npy file"],
  "digits.idx": [Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 7), "an IDX file"],
  "digits.gz": [gzipSync(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 7)), "a file packed with gzip"],
  "cat.png": [writePng(zeros([2, 2, 1])), "a picture"],
  "cat.jpg": [Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 1, 2, 3), "a picture (JPEG)"],
  "settings.json": ['{ "data": "faces" }', "a JSON file"],
  "notes.txt": ["remember the milk\n", "a text file"],
  empty: ["", "an empty file"],
  "random.bin": [Uint8Array.of(7, 1, 2, 3, 4, 5, 6, 99, 8), "a file of unknown kind"],
  nothing: [undefined, "an empty folder"],
  "half/settings.json": ["{}", "the folder of a run without a model (model.safetensors is not there)"],
  "cut/settings.json": [
    "{}",
    "the folder of a run that has no model yet (go on with: reparam train --resume ",
  ],
  "cats/1.png": [writePng(zeros([2, 2, 1])), "a folder without model.safetensors"],
};
for (const [name, [content]] of Object.entries(NO_MODELS)) {
  if (content === undefined) mkdirSync(at(name));
  else write(name, content);
}
mkdirSync(at("cut", "checkpoints"));
const pathOf = (name: string) => at(name.split("/")[0]!);

/** A mistake's only line. */
async function refused(...args: string[]): Promise<string> {
  const { code, out, err } = await reparam(args);
  expect([code, out], err).toEqual([2, ""]);
  expect(err).toMatch(new RegExp(`^reparam[^\\n]*\\n$`));
  return err.trimEnd();
}

describe("what is no model", () => {
  it.each(Object.entries(NO_MODELS))("is told by its kind: %s", async (name, [, words]) => {
    const path = pathOf(name);
    const before = readdirSync(folder);
    for (const args of [
      ["info", path],
      ["generate", path],
      ["encode", path, "shapes"],
      ["reconstruct", path, at("wine.csv")],
      ["score", path, "faces"],
      ["report", path],
    ]) {
      const line = await refused(...args);
      expect(line).toContain(`${path} is ${words}`);
      expect(line).toContain("; a model is needed: a file like model.safetensors, or the folder of a run");
      expect(line).not.toMatch(/readSafetensors|loadModel|bytes must/);
    }
    expect(readdirSync(folder)).toEqual(before);
  });

  it("is told from a model that is damaged, or of another kind of file", async () => {
    write("damaged.safetensors", file.subarray(0, file.length - 40));
    write("tree.safetensors", writeTree({ kind: "weights", values: zeros([2]) }));
    for (const name of ["damaged", "tree"]) {
      const path = at(`${name}.safetensors`);
      expect(await refused("info", path)).toContain(`${path} is not the whole file of a model (`);
    }
  });

  it("is told that it was given in the model's place", async () => {
    const line = await refused("score", at("wine.csv"), at("model.safetensors"));
    expect(line).toContain("wine.csv is a table (CSV); a model is needed");
    expect(line).toMatch(/\(\S+model\.safetensors is one: it comes first\)$/);
  });

  it("is a file where report needs the folder of a run", async () => {
    expect(await refused("report", at("run", "model.safetensors"))).toBe(
      `reparam report: ${at("run", "model.safetensors")} is a file; RUN is the folder of a run: ${at("run")}`,
    );
    expect(await refused("report", at("run"))).toContain("tells nothing of its data: name some after RUN");
  });
});

describe("what is no data", () => {
  it.each([
    ["model.safetensors", "a model"],
    ["run", "the folder of a run"],
    ["settings.json", "a JSON file"],
    ["empty", "an empty file"],
    ["half", "the folder of a run without a model"],
  ])("is told by its kind: %s", async (name, words) => {
    for (const args of [
      ["train", at(name), "--out", at("never")],
      ["encode", at("model.safetensors"), at(name)],
      ["reconstruct", at("model.safetensors"), at(name)],
      ["score", at("run"), at(name)],
      ["report", at("run"), at(name)],
    ]) {
      const line = await refused(...args);
      expect(line).toContain(`${at(name)} is ${words}`);
      expect(line).toContain("; data are needed: images, a folder of pictures or a table");
    }
    expect(readdirSync(folder)).not.toContain("never");
  });
});

/** A name with two letters swapped, and without its last letter. */
const misspelt = (name: string) => {
  const at = name.length > 3 ? 1 : 0;
  const swapped = name.slice(0, at) + name[at + 1]! + name[at]! + name.slice(at + 2);
  return [swapped, ...(name.length > 3 ? [name.slice(0, -1), `${name}s`] : [])].filter((one) => one !== name);
};

describe("a misspelt name", () => {
  it.each(COMMANDS.map(({ name }) => name))("of a command is answered with %s", async (name) => {
    for (const wrong of misspelt(name)) {
      expect(await refused(wrong)).toBe(
        `reparam: there is no command "${wrong}" (did you mean ${name}?); see reparam --help`,
      );
    }
  });

  it.each(COMMANDS)("of an option of $name is answered with the option", async ({ name, options }) => {
    for (const option of Object.keys(options)) {
      for (const wrong of misspelt(option)) {
        expect(await refused(name, `--${wrong}`, "1")).toBe(
          `reparam ${name}: Unknown option '--${wrong}' (did you mean --${option}?); see reparam ${name} --help`,
        );
      }
    }
  });

  it.each<[string, readonly string[], string[]]>([
    [
      "model",
      MODEL_NAMES.filter((name) => name.startsWith("dense-") || name === "shallow"),
      ["train", "shapes"],
    ],
    ["likelihood", LIKELIHOODS, ["train", "shapes"]],
    ["fit", ["crop", "stretch"], ["train", at("pictures"), "--size", "8"]],
    ["by", ["elbo", "reconstruction", "logLikelihood"], ["score", at("model.safetensors"), at("wine.csv")]],
  ])("among the values of --%s is answered with the value", async (option, values, args) => {
    for (const value of values) {
      for (const wrong of misspelt(value)) {
        const line = await refused(...args, `--${option}`, wrong);
        expect(line).toMatch(
          new RegExp(`--${option} must be one of .*, got "${wrong}" \\(did you mean ${value}\\?\\)$`),
        );
      }
    }
  });

  it("that is near to none is answered without a guess", async () => {
    expect(await refused("fly")).toBe('reparam: there is no command "fly"; see reparam --help');
    expect(await refused("train", "--bogus", "1")).not.toContain("mean");
    expect(await refused("train", "--model", "gan")).not.toContain("mean");
  });

  it("of data or of a file is answered with the one that is there", async () => {
    expect(await refused("train", "shaped")).toContain(
      "shaped: there is no such file or folder (ENOENT) (did you mean shapes?)",
    );
    expect(await refused("info", at("modle.safetensors"))).toContain(
      `(did you mean ${at("model.safetensors")}?)`,
    );
  });
});
