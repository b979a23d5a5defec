// Laws of runs that go on: as they were asked for, from what is whole, and with nothing changed where they are refused.

import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { Options, UsageError } from "../../src/cli/command.js";
import { destinationOf } from "../../src/cli/resume.js";
import { train } from "../../src/cli/train.js";
import { loadModel } from "../../src/index.js";

const root = mkdtempSync(join(tmpdir(), "reparam-resume-"));
afterAll(() => rmSync(root, { recursive: true }));
const at = (...path: string[]) => join(root, ...path);

/** What was said on either stream. */
let said: string[];
const listen = () => {
  said = [];
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, "write").mockImplementation((text) => said.push(String(text)) > 0);
  }
};
beforeEach(listen);
afterEach(() => void vi.restoreAllMocks());

const given = (positionals: string[], options: Record<string, string | boolean>) => ({
  positionals,
  options: new Options(options),
});
/** 54 steps: one checkpoint after 50 of them, one after the last. */
const ASKED = { count: "20", size: "8", latent: "2", epochs: "27", batch: "9", model: "linear" };
beforeAll(async () => {
  listen();
  await train.run(given(["shapes"], { ...ASKED, out: at("done") }));
});

let copies = 0;
/** A copy of the finished run; unfinished, as if the process had been killed before the model was written. */
function copy(isFinished = false): string {
  const path = at(`copy${copies++}`);
  cpSync(at("done"), path, { recursive: true });
  if (!isFinished) rmSync(join(path, "model.safetensors"));
  return path;
}
const contents = (path: string) =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name)).toString("base64")]);
const expectRefused = async (
  path: string,
  options: Record<string, string | boolean>,
  words: string | RegExp,
) => {
  const before = contents(path);
  const error = await train.run(given([], { resume: path, ...options })).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(UsageError);
  expect((error as Error).message.replaceAll(path, "RUN")).toMatch(words);
  expect(contents(path)).toEqual(before);
};
const checkpoint = (step: number) => `checkpoint-${String(step).padStart(8, "0")}.safetensors`;

describe("what is asked for", () => {
  it("is a new run, of faces where no data are named", async () => {
    expect(await destinationOf(given(["x.npy"], { latent: "3", out: "there", overwrite: true }))).toEqual({
      out: "there",
      settings: { data: "x.npy", options: { latent: "3", out: "there" } },
      isOverwriting: true,
    });
    expect(await destinationOf(given([], {}))).toEqual({
      out: "run",
      settings: { data: "faces", options: {} },
      isOverwriting: false,
    });
  });

  it("is what a run began with where it goes on, with more epochs if these are asked for", async () => {
    const path = copy();
    const options = { ...ASKED, out: at("done") };
    const before = { data: "shapes", options };
    const same = { out: path, settings: before, before, isOverwriting: false };
    expect(await destinationOf(given([], { resume: path }))).toEqual(same);
    const agreeing = {
      latent: "2.0",
      epochs: "27",
      batch: "9",
      seed: "1",
      lr: "0.002",
      beta: "1",
      out: `${path}/`,
    };
    expect(await destinationOf(given(["shapes"], { resume: path, ...agreeing }))).toEqual(same);
    const more = { ...before, options: { ...options, epochs: "30" } };
    expect(await destinationOf(given([], { resume: path, epochs: "30" }))).toEqual({
      ...same,
      settings: more,
    });
  });

  it.each<[Record<string, string | boolean>, RegExp]>([
    [
      { latent: "3" },
      /^--latent 3 contradicts RUN, which began with --latent 2: for another begin a new run/,
    ],
    [{ model: "dense-ae" }, /^--model dense-ae contradicts RUN, which began with --model linear/],
    [{ seed: "2" }, /^--seed 2 contradicts RUN, which began with --seed 1:/],
    [{ lr: "1e-3" }, /^--lr 1e-3 contradicts RUN, which began with --lr 0.002:/],
    [{ batch: "16" }, /^--batch 16 contradicts RUN, which began with --batch 9:/],
    [{ grey: true }, /^--grey contradicts RUN, which began without --grey:/],
    [{ mask: "0.5" }, /^--mask 0.5 contradicts RUN, which began without --mask:/],
    [{ likelihood: "gaussian" }, /^--likelihood gaussian contradicts RUN, which began without --likelihood/],
    [
      { epochs: "26" },
      /^--epochs 26 contradicts RUN, which began with --epochs 27: epochs can only be added$/,
    ],
    [{ epochs: "-1" }, /^--epochs -1 contradicts RUN/],
    [{ epochs: "99.5" }, /^--epochs must be an integer ≥ 1, got "99.5"$/],
    [{ out: "elsewhere" }, /^--out elsewhere contradicts --resume RUN: a run goes on in its own folder$/],
    [{ overwrite: true }, /^give either --resume or --overwrite/],
  ])("is refused where it is %j, with nothing changed", async (options, words) => {
    await expectRefused(copy(), options, words);
  });

  it("is of the same data, and of a run", async () => {
    const path = copy();
    await expect(destinationOf(given(["faces"], { resume: path }))).rejects.toThrow(
      new UsageError("--resume goes on with shapes; for faces begin a new run"),
    );
    await expect(destinationOf(given([], { resume: root }))).rejects.toThrow(
      new UsageError(`${root} is no folder of a run: it has no settings.json`),
    );
  });

  it.each<[string, RegExp]>([
    ["", /^RUN\/settings\.json is damaged: it is not JSON, but empty$/],
    ["{", /^RUN\/settings\.json is damaged: it is not JSON$/],
    ['{"data":"shapes","opt', /^RUN\/settings\.json is damaged: it is not JSON$/],
    ["null", /^RUN\/settings\.json is damaged: it must hold \{ "data"/],
    ["3", /^RUN\/settings\.json is damaged/],
    ["[]", /^RUN\/settings\.json is damaged/],
    ['{"data":"shapes"}', /^RUN\/settings\.json is damaged/],
    ['{"data":3,"options":{}}', /^RUN\/settings\.json is damaged/],
    ['{"data":"shapes","options":[]}', /^RUN\/settings\.json is damaged/],
    ['{"data":"shapes","options":{"epochs":null}}', /^RUN\/settings\.json is damaged/],
    ['{"data":"shapes","options":{"epochs":"few"}}', /^--epochs must be a number, got "few"/],
  ])("is told from settings.json, which must be whole: %j", async (text, words) => {
    const path = copy();
    writeFileSync(join(path, "settings.json"), text);
    await expectRefused(path, {}, words);
  });
});

describe("a finished run", () => {
  it("is not trained again", async () => {
    for (const options of [{}, { epochs: "27" }] as const) {
      await expectRefused(
        copy(true),
        options,
        /^RUN is finished, all its 27 epochs are done: to train on, add epochs \(--resume RUN --epochs 54\), or begin a new run with --out$/,
      );
    }
  });

  it("goes on from its last step where epochs are added", async () => {
    const path = copy(true);
    expect(await train.run(given([], { resume: path, epochs: "28" }))).toBe(0);
    expect(said.join("")).toMatch(/^going on from step 54\n(.*\n)*epoch 28\/28/);
    expect(said.join("")).not.toContain("epoch 27");
    const { epochs } = JSON.parse(readFileSync(join(path, "history.json"), "utf8")) as { epochs: object[] };
    expect(epochs).toHaveLength(28);
    expect(loadModel(readFileSync(join(path, "model.safetensors"))).info).toMatchObject({
      settings: { options: { epochs: "28" } },
    });
    await expectRefused(path, {}, /^RUN is finished, all its 28 epochs are done/);
  });

  it("is finished by what was asked for where the process died before the report was written", async () => {
    for (const name of ["report.html", "history.json", "model.safetensors"]) {
      const path = copy(true);
      rmSync(join(path, name));
      expect(await train.run(given([], { resume: path }))).toBe(0);
      expect(readFileSync(join(path, "model.safetensors"))).toEqual(
        readFileSync(at("done", "model.safetensors")),
      );
      expect(readdirSync(path)).toEqual(readdirSync(at("done")));
    }
  });

  it("says which file is damaged", async () => {
    const path = copy(true);
    for (const [text, words] of [
      ["{", /^RUN\/history\.json is damaged: it is not JSON$/],
      ["null", /^RUN\/history\.json is damaged: it must hold the steps and epochs of a training$/],
      ['{"steps":[],"epochs":[null]}', /^RUN\/history\.json is damaged: it must hold/],
    ] as const) {
      writeFileSync(join(path, "history.json"), text);
      await expectRefused(path, {}, words);
    }
  });
});

describe("the checkpoint of a run that goes on", () => {
  const damage = (path: string, step: number) => {
    const file = join(path, "checkpoints", checkpoint(step));
    const bytes = readFileSync(file);
    bytes[bytes.length - 9]! ^= 1;
    writeFileSync(file, bytes);
  };

  it("is the newest one that is whole; what is damaged is told", async () => {
    const path = copy();
    damage(path, 54);
    expect(await train.run(given([], { resume: path }))).toBe(0);
    const [first, second] = said.join("").replaceAll(path, "RUN").split("\n");
    expect(first).toMatch(new RegExp(`^RUN/checkpoints/${checkpoint(54)} is damaged \\(.*checksum.*\\)$`));
    expect(second).toBe("going on from step 50");
    // The same steps again: the same model.
    expect(readFileSync(join(path, "model.safetensors"))).toEqual(
      readFileSync(at("done", "model.safetensors")),
    );
  });

  it("is missed in words where none is whole, and nothing begins at step 0", async () => {
    const path = copy();
    damage(path, 54);
    writeFileSync(join(path, "checkpoints", checkpoint(50)), "");
    await expectRefused(
      path,
      {},
      /^RUN has no checkpoint to go on from, RUN\/.*54\.safetensors is damaged \(.*\), RUN\/.*50\.safetensors is damaged \(.*\); begin again with its options: reparam train shapes … --out RUN --overwrite$/,
    );
  });

  it("is missed in words where there is none", async () => {
    const path = copy();
    rmSync(join(path, "checkpoints"), { recursive: true });
    await expectRefused(
      path,
      {},
      /^RUN has no checkpoint to go on from, there is none in RUN\/checkpoints; begin/,
    );
    mkdirSync(join(path, "checkpoints"));
    writeFileSync(join(path, "checkpoints", "notes.txt"), "");
    await expectRefused(path, {}, /there is none in RUN\/checkpoints/);
  });
});
