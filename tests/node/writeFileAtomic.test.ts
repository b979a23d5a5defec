// Laws of atomic writing: the whole content or the old one, and nothing left behind.

import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeFileAtomic } from "../../src/node/index.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "reparam-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const bytes = Uint8Array.of(1, 2, 3);
const contentOf = (name: string) => [...readFileSync(join(folder, name))];

describe("writeFileAtomic", () => {
  it("writes new files and replaces old ones, by path or URL", async () => {
    await writeFileAtomic(join(folder, "a"), bytes);
    expect(contentOf("a")).toEqual([1, 2, 3]);
    await writeFileAtomic(pathToFileURL(join(folder, "a")), Uint8Array.of(9));
    await writeFileAtomic(pathToFileURL(join(folder, "new ä%.bin")), new Uint8Array(0));
    expect([contentOf("a"), contentOf("new ä%.bin")]).toEqual([[9], []]);
    expect(readdirSync(folder).sort()).toEqual(["a", "new ä%.bin"]);
  });

  it("writes only the part of a buffer that it is given", async () => {
    await writeFileAtomic(join(folder, "a"), bytes.subarray(1, 2));
    expect(contentOf("a")).toEqual([2]);
  });

  it("puts a new file under the name, so that who reads the old one goes on reading it", async () => {
    writeFileSync(join(folder, "a"), "old");
    const { ino } = statSync(join(folder, "a"));
    await writeFileAtomic(join(folder, "a"), bytes);
    expect(statSync(join(folder, "a")).ino).not.toBe(ino);
  });

  it("keeps permissions, and links", async () => {
    writeFileSync(join(folder, "a"), "old");
    chmodSync(join(folder, "a"), 0o640);
    symlinkSync("a", join(folder, "link"));
    await writeFileAtomic(join(folder, "link"), bytes);
    expect(contentOf("a")).toEqual([1, 2, 3]);
    expect(statSync(join(folder, "a")).mode & 0o777).toBe(0o640);
  });

  it("lets many write at the same time", async () => {
    const writes = Array.from({ length: 20 }, (_, i) => new Uint8Array(1000).fill(i));
    await Promise.all(writes.map((content) => writeFileAtomic(join(folder, "a"), content)));
    const found = contentOf("a");
    expect(found).toEqual(Array(1000).fill(found[0]));
    expect(readdirSync(folder)).toEqual(["a"]);
  });

  it("leaves what was there, and nothing else, when it fails", async () => {
    mkdirSync(join(folder, "full"));
    writeFileSync(join(folder, "full", "x"), "old");
    await expect(writeFileAtomic(join(folder, "full"), bytes)).rejects.toThrow(/EISDIR|ENOTEMPTY|EPERM/);
    await expect(writeFileAtomic(join(folder, "none", "a"), bytes)).rejects.toThrow("ENOENT");
    expect(readdirSync(folder)).toEqual(["full"]);
    expect(readdirSync(join(folder, "full"))).toEqual(["x"]);
  });

  it("passes by what a killed process left", async () => {
    writeFileSync(join(folder, ".reparam-0.tmp"), "left");
    await writeFileAtomic(join(folder, "a"), bytes);
    expect([contentOf("a"), readdirSync(folder).sort()]).toEqual([
      [1, 2, 3],
      [".reparam-0.tmp", "a"],
    ]);
  });

  it("refuses wrong arguments", async () => {
    const path = join(folder, "a");
    await expect(writeFileAtomic(path, "x" as never)).rejects.toThrow(
      /^writeFileAtomic: bytes must be a Uint8Array/,
    );
    await expect(writeFileAtomic(3 as never, bytes)).rejects.toThrow(
      /^writeFileAtomic: path must be a text or/,
    );
    await expect(writeFileAtomic("", bytes)).rejects.toThrow(/^writeFileAtomic: path must name a file/);
    expect(readdirSync(folder)).toEqual([]);
  });
});
