// Laws of a run's folder: one process at a time, nothing overwritten unasked, and never a mixture of two runs.

import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { claimFolder } from "../../src/cli/claim.js";
import { Options, UsageError } from "../../src/cli/command.js";
import { settingsOf } from "../../src/cli/run.js";
import { train } from "../../src/cli/train.js";
import { writeNpy } from "../../src/data/index.js";
import { writePng } from "../../src/images/index.js";
import { key, loadModel, random, tensor } from "../../src/index.js";
import { lockFolder } from "../../src/node/folderLock.js";
import { thisProcess } from "../../src/node/processIdentity.js";
import { tensorsOf } from "../../src/tensor/tree.js";

const root = mkdtempSync(join(tmpdir(), "reparam-claim-"));
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

const TINY = { count: "20", size: "8", latent: "2", epochs: "1", batch: "9", model: "linear" };
const trained = (options: Record<string, string | boolean>, data = "shapes") =>
  train.run({ positionals: [data], options: new Options({ ...TINY, ...options }) });
beforeAll(async () => {
  listen();
  await trained({ out: at("first") });
});

let copies = 0;
const copy = () => {
  const path = at(`copy${copies++}`);
  cpSync(at("first"), path, { recursive: true });
  return path;
};
const contents = (path: string) =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name)).toString("base64")]);
/** The refusal's words, after which everything is as it was. */
const refusalOf = async (path: string, options: Record<string, string | boolean> = {}, data = "shapes") => {
  const before = existsSync(path) ? contents(path) : undefined;
  const error = await trained({ out: path, ...options }, data).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(Error);
  expect(existsSync(path) ? contents(path) : undefined).toEqual(before);
  return (error as Error).message.replaceAll(path, "OUT").replaceAll(root, "ROOT");
};
const weightsOf = (path: string) => {
  const { params } = loadModel(readFileSync(join(path, "model.safetensors")));
  return tensorsOf(params.weights).map(({ data }) => [...data]);
};
const modelOf = (path: string) => loadModel(readFileSync(join(path, "model.safetensors"))).model;

describe("a folder", () => {
  it("with a run is not overwritten unasked, whichever of its files is there", async () => {
    const cure = "--overwrite puts the new one in its place, --out names another folder";
    expect(await refusalOf(copy())).toBe(
      `OUT holds a run already (model.safetensors): --resume OUT goes on with it, ${cure}`,
    );
    for (const name of ["settings.json", "history.json", "report.html", "samples.png", "model.safetensors"]) {
      const path = at(`only-${name}`);
      mkdirSync(path);
      writeFileSync(join(path, name), "mine");
      expect(await refusalOf(path)).toContain(`OUT holds a run already (${name}): `);
    }
    const path = at("only-checkpoints");
    mkdirSync(join(path, "checkpoints"), { recursive: true });
    writeFileSync(join(path, "checkpoints", "checkpoint-00009999.safetensors"), "of another model");
    expect(await refusalOf(path)).toBe(`OUT holds a run already (checkpoints): ${cure}`);
    expect(await trained({ out: path, overwrite: true })).toBe(0);
    expect(readdirSync(join(path, "checkpoints"))).toEqual(["checkpoint-00000002.safetensors"]);
  });

  it("gives its run up to the one that was asked to take its place, and keeps what is not of a run", async () => {
    const path = copy();
    mkdirSync(join(path, "checkpoints", "mine"));
    writeFileSync(join(path, "notes.txt"), "mine");
    writeFileSync(join(path, "photo.png"), writePng(tensor([0.5], [1, 1, 1])));
    const old = readdirSync(path).filter((name) => name.endsWith(".png") && name !== "photo.png");
    expect(old.length).toBeGreaterThan(0);
    const table = at("table.csv");
    writeFileSync(table, `a,b\n${Array.from({ length: 20 }, (_, i) => `${i},${i % 7}`).join("\n")}\n`);
    const options = { out: path, overwrite: true, latent: "1", epochs: "1", batch: "9", model: "linear" };
    expect(await train.run({ positionals: [table], options: new Options(options) })).toBe(0);
    // A table has no pictures: those of the images that were there before are gone.
    expect(readdirSync(path).sort()).toEqual([
      "checkpoints",
      "history.json",
      "model.safetensors",
      "notes.txt",
      "photo.png",
      "report.html",
      "settings.json",
    ]);
    expect(readdirSync(join(path, "checkpoints"))).toEqual(["checkpoint-00000002.safetensors", "mine"]);
    expect(modelOf(path)).toMatchObject({ codeShape: [1], inputShape: [2] });
    const settings = JSON.parse(readFileSync(join(path, "settings.json"), "utf8")) as { options: object };
    expect(Object.keys(settings.options)).not.toContain("overwrite");
  });

  it("that is not of a run is not overwritten at all", async () => {
    for (const name of ["settings.json", "history.json", "report.html", "model.safetensors"]) {
      const path = at(`foreign-${name}`);
      mkdirSync(path);
      writeFileSync(join(path, name), '{ "editor.tabSize": 2 }');
      const words = `OUT/${name} is not of a run, and not overwritten: choose another folder with --out`;
      expect(await refusalOf(path, { overwrite: true })).toBe(words);
    }
  });

  it("that is a file, or lies behind one, is refused", async () => {
    writeFileSync(at("file"), "mine");
    for (const options of [{}, { overwrite: true }]) {
      await expect(trained({ out: at("file"), ...options })).rejects.toThrow(
        new UsageError(`--out ${at("file")} is a file: choose a folder`),
      );
    }
    await expect(trained({ out: at("file", "run") })).rejects.toThrow(
      `${at("file", "run")}: a part of the path is a file, not a folder (ENOTDIR)`,
    );
    expect(readFileSync(at("file"), "utf8")).toBe("mine");
  });

  it("is not that of the data, nor in it", async () => {
    mkdirSync(at("pictures"));
    for (const i of [0, 1, 2])
      writeFileSync(at("pictures", `${i}.png`), writePng(random.uniform(key(i), [8, 8, 1])));
    const { count: _, size: __, ...options } = TINY;
    for (const [out, words] of [
      [at("pictures"), "would take the place of"],
      [at("pictures", "run"), "lies in"],
      [at("pictures", "a", "..", "b", "run"), "lies in"],
    ] as const) {
      const all = { ...options, out, overwrite: true };
      const training = train.run({ positionals: [at("pictures")], options: new Options(all) });
      await expect(training).rejects.toThrow(
        new RegExp(`^--out .* ${words} .*pictures, which is read: choose`),
      );
    }
    expect(readdirSync(at("pictures"))).toEqual(["0.png", "1.png", "2.png"]);
  });

  it("is not there where nothing came of the training", async () => {
    const path = at("new", "deep", "run");
    expect(await refusalOf(path, { labels: "none.npy" })).toContain("--labels has no effect");
    expect(await refusalOf(path, {}, at("nothing.npy"))).toContain("there is no such file or folder");
    expect(await refusalOf(path, { lr: "1e30", epochs: "3" })).toContain("a smaller --lr may help");
    expect(existsSync(at("new"))).toBe(false);
  });
});

describe("a run that diverges", () => {
  it("leaves the run whose place it should take", async () => {
    expect(await refusalOf(copy(), { overwrite: true, lr: "1e30", epochs: "9" })).toMatch(
      /^the loss is not finite at step \d+; a smaller --lr may help$/,
    );
    for (const model of ["linear", "conv-ae", "conv-vae"]) {
      for (const lr of model === "linear" ? ["1e30"] : ["1e6", "1e30"]) {
        const words = await refusalOf(copy(), { overwrite: true, lr, epochs: "1", model });
        expect(words).toMatch(
          /^the (loss|parameters).* not finite (at|after) step \d; a smaller --lr may help$/,
        );
      }
    }
  });

  it("leaves nothing of the run whose place it took when it came as far as a checkpoint", async () => {
    const path = copy();
    const settings = { data: "shapes", options: { ...TINY, latent: "3" } };
    const claim = await claimFolder({ out: path, settings, isOverwriting: true });
    await claim.begin();
    expect(readdirSync(path).sort()).toEqual([".reparam.lock", "settings.json"]);
    mkdirSync(join(path, "checkpoints"));
    writeFileSync(join(path, "checkpoints", "checkpoint-00000050.safetensors"), "new");
    claim.keep();
    await claim.release(true);
    expect(readdirSync(path).sort()).toEqual(["checkpoints", "settings.json"]);
    expect(await settingsOf(path)).toEqual(settings);
  });

  it("leaves a run that epochs were added to with the settings of its model", async () => {
    const path = copy();
    const before = await settingsOf(path);
    const settings = { ...before, options: { ...before.options, epochs: "9" } };
    const old = contents(path);
    const claim = await claimFolder({ out: path, settings, before, isOverwriting: false });
    await claim.begin();
    expect(await settingsOf(path)).toEqual(settings);
    claim.keep();
    await claim.release(true);
    expect(contents(path)).toEqual(old);
  });
});

describe("data that are not finite", () => {
  it.each([NaN, Infinity, -Infinity])("are refused with the example of the file: %d", async (value) => {
    const images = random.uniform(key(5), [30, 8, 8, 1]).data.slice();
    images[17 * 64 + 3 * 8 + 2] = value;
    writeFileSync(at("bad.npy"), writeNpy(tensor(images, [30, 8, 8, 1])));
    const options = { latent: "2", out: at("bad") };
    const training = train.run({ positionals: [at("bad.npy")], options: new Options(options) });
    await expect(training).rejects.toThrow(
      new UsageError(`${at("bad.npy")}: example 17 must be finite, got ${value} at [3, 2, 0]`),
    );
    const table = tensor(images.slice(0, 1280), [20, 64]);
    writeFileSync(at("bad-table.npy"), writeNpy(table));
    const other = train.run({ positionals: [at("bad-table.npy")], options: new Options(options) });
    await expect(other).rejects.toThrow(
      `bad-table.npy: example 17 must be finite, got ${value} at column 26`,
    );
    expect(existsSync(at("bad"))).toBe(false);
  });
});

describe("two processes", () => {
  it("do not write into one folder: the second is told of the first", async () => {
    const path = copy();
    const lock = (await lockFolder(path)) as { release: () => Promise<void> };
    for (const options of [{}, { overwrite: true }]) {
      expect(await refusalOf(path, options)).toBe(
        `OUT is in use by process ${process.pid} on ${hostname()}: wait for its end, or choose another folder`,
      );
    }
    const more = new Options({ resume: path, epochs: "3" });
    await expect(train.run({ positionals: [], options: more })).rejects.toThrow(`process ${process.pid} on`);
    await lock.release();
    expect(await train.run({ positionals: [], options: more })).toBe(0);
  });

  it("may follow each other, also where the first was killed: its lock and its halves of files go", async () => {
    const path = copy();
    const { pid } = spawnSync(process.execPath, ["--version"]);
    const { place } = thisProcess();
    writeFileSync(
      join(path, ".reparam.lock"),
      JSON.stringify({ place, pid, started: "5", host: hostname() }),
    );
    for (const name of [`.reparam-${place}-${pid}-5-0.tmp`, ".reparam-0.tmp"]) {
      writeFileSync(join(path, name), "half");
      writeFileSync(join(path, "checkpoints", name), "half");
    }
    expect(await train.run({ positionals: [], options: new Options({ resume: path, epochs: "2" }) })).toBe(0);
    const left = readdirSync(path, { recursive: true, encoding: "utf8" });
    expect(left.filter((name) => name.includes(".reparam"))).toEqual([]);
  });
});

/** Runs `f` with a small disk mounted at a path; nothing where that is not allowed. */
async function withDisk(name: string, options: string, f: (path: string) => Promise<void>): Promise<void> {
  const path = at(name);
  mkdirSync(path);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", path], { stdio: "ignore" });
  } catch {
    return;
  }
  try {
    await f(path);
  } finally {
    execFileSync("umount", [path]);
  }
}

describe("a disk", () => {
  it("that is read-only is told of, with the name of what cannot be written", async () => {
    await withDisk("read-only", "size=1m,ro", async (path) => {
      expect(await refusalOf(join(path, "run"))).toBe("OUT: the disk is read-only (EROFS)");
      expect(await refusalOf(path)).toBe("OUT/.reparam.lock: the disk is read-only (EROFS)");
    });
  });

  it("that is full leaves no half of a run", async () => {
    await withDisk("full", "size=64k", async (path) => {
      const run = join(path, "deep", "run");
      const words = await refusalOf(run, { model: "dense-ae" });
      expect(words).toMatch(/^OUT\/checkpoints\/checkpoint-\d+\.safetensors: the disk is full \(ENOSPC\)$/);
      expect(readdirSync(path)).toEqual([]);
    });
  });

  it("that is full when the run is nearly done leaves it to be gone on with", async () => {
    // Room for a checkpoint, not for the report.
    await withDisk("small", "size=40k", async (path) => {
      const run = join(path, "run");
      await expect(trained({ out: run })).rejects.toThrow(/: the disk is full \(ENOSPC\)$/);
      expect(readdirSync(run)).toEqual(expect.arrayContaining(["checkpoints", "settings.json"]));
      expect(readdirSync(run, { recursive: true, encoding: "utf8" }).join()).not.toContain(".reparam");
      execFileSync("mount", ["-o", "remount,size=20m", path]);
      expect(await train.run({ positionals: [], options: new Options({ resume: run }) })).toBe(0);
      expect(weightsOf(run)).toEqual(weightsOf(at("first")));
    });
  });
});
