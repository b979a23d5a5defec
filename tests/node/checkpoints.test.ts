// Laws of folders of checkpoints: the newest whole one is found, whatever lies beside it.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { type Checkpoint, fit, key, writeCheckpoint } from "../../src/index.js";
import { checkpointFolder } from "../../src/node/index.js";
import { expectRefused } from "../support/refusals.js";
import { imagesFor, smallAutoencoder } from "../support/training.js";

const root = mkdtempSync(join(tmpdir(), "reparam-checkpoints-"));
afterAll(() => rmSync(root, { recursive: true }));
let made = 0;
const freshPath = () => join(root, `folder${made++}`, "inner");

const model = smallAutoencoder();
let trained: Checkpoint | undefined;
await fit(model, imagesFor(model, 4), {
  key: key(1),
  steps: 1,
  checkpoint: { every: 1, save: (checkpoint) => void (trained = checkpoint) },
});
/** A checkpoint that can be told from the others. */
const numbered = (epoch: number): Checkpoint => ({ ...trained!, epoch });
/** The file of a checkpoint that was found. */
const loaded = async (found: Promise<Checkpoint | undefined>) => writeCheckpoint((await found)!);
const fileOf = (epoch: number) => writeCheckpoint(numbered(epoch));
const nameOf = (step: number) => `checkpoint-${String(step).padStart(8, "0")}.safetensors`;

describe("checkpointFolder", () => {
  it("is made when it is first written to, and empty before", async () => {
    const folder = checkpointFolder(freshPath());
    expect(await folder.load()).toBeUndefined();
    await folder.save(numbered(7), 7);
    expect(await loaded(folder.load())).toEqual(fileOf(7));
  });

  it("keeps the newest files, and no others of its own", async () => {
    const path = freshPath();
    const folder = checkpointFolder(path, { keep: 3 });
    for (const step of [2, 4, 9, 10, 99_999_999, 100_000_000]) await folder.save(numbered(step), step);
    const kept = [10, 99_999_999, 100_000_000].map(nameOf);
    expect(readdirSync(path).sort()).toEqual(kept.sort());
    expect((await folder.load())!.epoch).toBe(100_000_000);
  });

  it("passes over damaged files and says so", async () => {
    const path = freshPath();
    const skipped: string[] = [];
    const folder = checkpointFolder(path, {
      keep: 4,
      onSkip: ({ name, reason }) => skipped.push(name, reason),
    });
    for (const step of [1, 2, 3, 4]) await folder.save(numbered(step), step);
    writeFileSync(join(path, nameOf(4)), fileOf(4).subarray(0, 90));
    const flipped = readFileSync(join(path, nameOf(3)));
    flipped[60]! ^= 1;
    writeFileSync(join(path, nameOf(3)), flipped);
    expect(await loaded(folder.load())).toEqual(fileOf(2));
    expect(skipped).toEqual([
      nameOf(4),
      expect.stringContaining("must"),
      nameOf(3),
      expect.stringContaining("must"),
    ]);
    expect(await loaded(checkpointFolder(path).load())).toEqual(fileOf(2));
  });

  it("has nothing where every file is damaged", async () => {
    const path = freshPath();
    await mkdir(path, { recursive: true });
    writeFileSync(join(path, nameOf(4)), "");
    expect(await checkpointFolder(path).load()).toBeUndefined();
  });

  it("never removes what it has just written, though files of later steps lie there", async () => {
    const path = freshPath();
    const folder = checkpointFolder(path, { keep: 1 });
    await folder.save(numbered(50), 50);
    await folder.save(numbered(3), 3);
    expect(readdirSync(path)).toEqual([3, 50].map(nameOf));
  });

  it("removes what a killed process left of a file, and nothing that is not its own", async () => {
    const path = freshPath();
    await mkdir(path, { recursive: true });
    const others = ["checkpoint-1.safetensors", "checkpoint-000000001.safetensors", "notes.txt"];
    for (const name of [...others, ".reparam-0.tmp", ".reparam-12.tmp"]) writeFileSync(join(path, name), "");
    const folder = checkpointFolder(path, { keep: 1 });
    await folder.save(numbered(2), 2);
    expect(readdirSync(path).sort()).toEqual([...others, nameOf(2)].sort());
    expect(await loaded(folder.load())).toEqual(fileOf(2));
  });

  it("writes one after the other, also when nobody waits, and after a failure", async () => {
    const folder = checkpointFolder(freshPath());
    const failing = folder.save("x" as never, 1);
    const saved = [2, 3, 4].map((step) => folder.save(numbered(step), step));
    await expect(failing).rejects.toThrow(TypeError);
    await Promise.all(saved);
    expect(await loaded(folder.load())).toEqual(fileOf(4));
  });

  it("takes the URL of a folder, and serves fit", async () => {
    const path = freshPath();
    await mkdir(path, { recursive: true });
    const folder = checkpointFolder(pathToFileURL(path));
    const run = async (steps: number) => {
      const options = { key: key(1), batchSize: 3, steps, resume: await folder.load() };
      return fit(model, imagesFor(model, 9), { ...options, checkpoint: { every: 2, save: folder.save } });
    };
    expect((await run(5)).steps).toBe(5);
    expect((await run(8)).history.steps.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(readdirSync(path)).toEqual([6, 8].map(nameOf));
  });

  it.each<[string, () => unknown, ErrorConstructor, string]>([
    ["no file to keep", () => checkpointFolder("x", { keep: 0 }), RangeError, "checkpointFolder: keep"],
    [
      "an unknown option",
      () => checkpointFolder("x", { kept: 2 } as never),
      TypeError,
      "checkpointFolder: options",
    ],
    [
      "a list to be told",
      () => checkpointFolder("x", { onSkip: [] as never }),
      TypeError,
      "checkpointFolder: onSkip",
    ],
  ])("refuses %s", (_, call, kind, start) => {
    expectRefused(call, kind, start);
  });

  it("refuses a path that is none, and a step that is no number, when it is used", async () => {
    await expect(checkpointFolder(3 as never).load()).rejects.toThrow("checkpointFolder: path must be");
    await expect(checkpointFolder(freshPath()).save(numbered(1), -1)).rejects.toThrow(
      "step must be an integer ≥ 0",
    );
  });
});
