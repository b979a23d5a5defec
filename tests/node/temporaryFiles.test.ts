// Laws of temporary files: those of dead processes are removed, those of the living and of others stay.

import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { writeFileAtomic } from "../../src/node/index.js";
import { thisProcess } from "../../src/node/processIdentity.js";
import { openTemporary, removeLeftOvers } from "../../src/node/temporaryFiles.js";

const root = mkdtempSync(join(tmpdir(), "reparam-temporary-"));
afterAll(() => rmSync(root, { recursive: true }));
let made = 0;
const fresh = () => {
  const folder = join(root, `${made++}`);
  mkdirSync(folder);
  return folder;
};

const { place, started } = thisProcess();
const dead = () => `.reparam-${place}-${spawnSync(process.execPath, ["--version"]).pid}-5-0.tmp`;
const plant = (folder: string, name: string, hoursOld = 0) => {
  writeFileSync(join(folder, name), "half");
  const time = Date.now() / 1000 - 3600 * hoursOld;
  utimesSync(join(folder, name), time, time);
};

describe("removeLeftOvers", () => {
  it("removes what dead processes left, and nothing else", async () => {
    const folder = fresh();
    const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"]);
    await new Promise((resolve) => child.once("spawn", resolve));
    const { path, handle } = await openTemporary(folder);
    const kept = [
      basename(path),
      `.reparam-${place}-${child.pid}--0.tmp`,
      `.reparam-00000000-${process.pid}-${started}-0.tmp`,
      ".reparam-3.tmp",
      ".reparam-x.tmp",
      "reparam-3.tmp",
      ".reparam.lock",
      "data.npy",
    ];
    for (const name of kept.slice(1)) plant(folder, name);
    plant(folder, dead());
    await removeLeftOvers(folder);
    expect(readdirSync(folder).sort()).toEqual([...kept].sort());
    child.kill("SIGKILL");
    await handle.close();
  });

  it("removes files that cannot be asked for when they are old", async () => {
    const folder = fresh();
    for (const name of [".reparam-0.tmp", `.reparam-00000000-${process.pid}-${started}-0.tmp`]) {
      plant(folder, name, 2);
    }
    await removeLeftOvers(folder);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("removes files without a process at once where nobody else writes", async () => {
    const folder = fresh();
    plant(folder, ".reparam-12.tmp");
    await removeLeftOvers(folder);
    expect(readdirSync(folder)).toEqual([".reparam-12.tmp"]);
    await removeLeftOvers(folder, true);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("has nothing to do in a folder that is not there", async () => {
    await expect(removeLeftOvers(join(root, "none"))).resolves.toBeUndefined();
  });
});

describe("writeFileAtomic", () => {
  it("removes what a killed process left of its file", async () => {
    const folder = fresh();
    const script = `
      const { openTemporary } = await import(${JSON.stringify(new URL("../../src/node/temporaryFiles.ts", import.meta.url).href)});
      const { handle } = await openTemporary(${JSON.stringify(folder)});
      await handle.writeFile("half");
      process.kill(process.pid, "SIGKILL");
    `;
    spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script]);
    expect(readdirSync(folder)).toEqual([expect.stringMatching(/^\.reparam-.*\.tmp$/)]);
    await writeFileAtomic(join(folder, "a"), Uint8Array.of(1));
    expect(readdirSync(folder)).toEqual(["a"]);
  });
});
