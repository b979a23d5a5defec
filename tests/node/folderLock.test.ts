// Laws of locks: one process at a time has a folder, and a lock whose process is gone counts for nothing.

import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir, uptime } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type Holder, LOCK, lockFolder } from "../../src/node/folderLock.js";
import { type ProcessIdentity, stateOf, thisProcess } from "../../src/node/processIdentity.js";

const root = mkdtempSync(join(tmpdir(), "reparam-lock-"));
afterAll(() => rmSync(root, { recursive: true }));
let made = 0;
const fresh = () => {
  const folder = join(root, `${made++}`);
  mkdirSync(folder);
  return folder;
};

const own: Holder = { ...thisProcess(), host: hostname() };
/** Writes a lock as another process would have left it. */
const plant = (folder: string, holder: object | string) =>
  writeFileSync(join(folder, LOCK), typeof holder === "string" ? holder : JSON.stringify(holder));
const taken = async (folder: string) => {
  const lock = await lockFolder(folder);
  if ("holder" in lock) return lock.holder;
  expect(JSON.parse(readFileSync(join(folder, LOCK), "utf8"))).toEqual(own);
  await lock.release();
  expect(readdirSync(folder)).toEqual([]);
  return "taken";
};

/** The number of a process that has ended. */
const endedPid = () => spawnSync(process.execPath, ["--version"]).pid;

describe("lockFolder", () => {
  it("gives a folder to one, and tells the others who has it", async () => {
    const folder = fresh();
    const lock = await lockFolder(folder);
    expect(readdirSync(folder)).toEqual([LOCK]);
    expect(await lockFolder(folder)).toEqual({ holder: own });
    await (lock as { release: () => Promise<void> }).release();
    expect(await taken(folder)).toBe("taken");
  });

  it("gives it to exactly one of many who ask at once, also where a dead one left a lock", async () => {
    for (const isStale of [false, true]) {
      const folder = fresh();
      if (isStale) plant(folder, { ...own, pid: endedPid() });
      const locks = await Promise.all(Array.from({ length: 8 }, () => lockFolder(folder)));
      expect(locks.filter((lock) => "release" in lock)).toHaveLength(1);
      expect(readdirSync(folder)).toEqual([LOCK]);
    }
  });

  it.each<[string, () => object | string]>([
    ["of a process that has ended", () => ({ ...own, pid: endedPid() })],
    ["of a process whose number another one has now", () => ({ ...own, started: "1" })],
    ["with nothing in it", () => ""],
    ["with half of what it should say", () => JSON.stringify(own).slice(0, 30)],
    ["of another kind", () => JSON.stringify({ ...own, pid: "12" })],
  ])("takes a lock %s", async (_, holder) => {
    if (own.started === "" && _.includes("whose number")) return;
    const folder = fresh();
    plant(folder, holder());
    expect(await taken(folder)).toBe("taken");
  });

  it("respects a process of another host while it touches its lock, and takes the lock of a silent one", async () => {
    const folder = fresh();
    const far: Holder = { ...own, place: "00000000", host: "elsewhere", pid: 7 };
    plant(folder, far);
    expect(await taken(folder)).toEqual(far);
    const silent = Date.now() / 1000 - 600;
    utimesSync(join(folder, LOCK), silent, silent);
    expect(await taken(folder)).toBe("taken");
  });

  it("takes a lock from before this host started", async () => {
    const folder = fresh();
    plant(folder, { ...own, place: "00000000" });
    const before = Date.now() / 1000 - uptime() - 5;
    utimesSync(join(folder, LOCK), before, before);
    expect(await taken(folder)).toBe("taken");
  });

  it("does not release what another has taken meanwhile", async () => {
    const folder = fresh();
    const lock = (await lockFolder(folder)) as { release: () => Promise<void> };
    const other = JSON.stringify({ ...own, pid: 1 });
    plant(folder, other);
    await lock.release();
    expect(readFileSync(join(folder, LOCK), "utf8")).toBe(other);
  });

  it("says where it cannot write", async () => {
    await expect(lockFolder(join(root, "none"))).rejects.toThrow(
      `${join(root, "none", LOCK)}: there is no such`,
    );
  });
});

describe("stateOf", () => {
  it("tells processes that run from those that have ended, and from their successors", async () => {
    const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"]);
    await new Promise((resolve) => child.once("spawn", resolve));
    const other: ProcessIdentity = { ...thisProcess(), pid: child.pid!, started: "" };
    expect(stateOf(thisProcess())).toBe("running");
    expect(stateOf(other)).toBe("running");
    // Elsewhere than on Linux nobody knows when a process started.
    const isKnown = existsSync("/proc/self/stat");
    expect(stateOf({ ...other, started: "1" })).toBe(isKnown ? "ended" : "running");
    expect(stateOf({ ...other, place: "elsewher" })).toBe("unknown");
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("close", resolve));
    expect(stateOf(other)).toBe("ended");
  });
});
