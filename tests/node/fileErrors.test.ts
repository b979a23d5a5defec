// Laws of file errors: each names its file and says in words what is the matter.

import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { open, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { describeFileError, isFileError, namingFile } from "../../src/node/fileErrors.js";
import { makeFolder } from "../../src/node/makeFolder.js";

const folder = mkdtempSync(join(tmpdir(), "reparam-file-errors-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...names: string[]) => join(folder, ...names);
const refused = (f: () => Promise<unknown>) =>
  f().then(
    () => undefined,
    (error: unknown) => error,
  );

writeFileSync(at("file"), "");
mkdirSync(at("sub"));
symlinkSync("loop", at("loop"));

describe("namingFile", () => {
  it.each<[string, () => Promise<unknown>, string]>([
    ["a file that is not there", () => readFile(at("none")), "there is no such file or folder (ENOENT)"],
    ["a folder", () => readFile(at("sub")), "it is a folder (EISDIR)"],
    [
      "a path through a file",
      () => readFile(at("file", "x")),
      "a part of the path is a file, not a folder (ENOTDIR)",
    ],
    ["links in a circle", () => readFile(at("loop")), "its links lead in a circle (ELOOP)"],
    ["a name that is too long", () => readFile(at("x".repeat(300))), "the name is too long (ENAMETOOLONG)"],
    [
      "what is there already",
      () => writeFile(at("file"), "", { flag: "wx" }),
      "it is there already (EEXIST)",
    ],
  ])("names %s", async (_, f, words) => {
    const error = await refused(() => namingFile("its/name", f));
    expect(isFileError(error)).toBe(true);
    expect(error).toMatchObject({ message: `its/name: ${words}`, path: "its/name" });
    expect((error as { code?: string }).code).toBe(/\((\w+)\)/.exec(words)![1]);
  });

  it("says of a full disk that it is full", async () => {
    const full = await open("/dev/full", "w").catch(() => undefined);
    if (full === undefined) return;
    const error = await refused(() => namingFile("run/model", () => full.writeFile("x")));
    await full.close();
    expect((error as Error).message).toBe("run/model: the disk is full (ENOSPC)");
  });

  it("words what it does not know as the system does", () => {
    const error = Object.assign(new Error("EXOTIC: a strange thing, open 'x'"), {
      code: "EXOTIC",
      syscall: "open",
    });
    expect(describeFileError(error)).toBe("open: a strange thing (EXOTIC)");
  });

  it("leaves other errors as they are", async () => {
    const others = [new TypeError("mine"), Object.assign(new Error("coded"), { code: "ERR_X" }), "text"];
    for (const other of others) {
      expect(await refused(() => namingFile("name", () => Promise.reject(other as Error)))).toBe(other);
    }
    expect((others[0] as Error).message).toBe("mine");
    expect(await namingFile("name", () => Promise.resolve(3))).toBe(3);
  });
});

describe("makeFolder", () => {
  it("makes what is missing and tells what that was, the innermost first", async () => {
    expect(await makeFolder(at("a", "b", "c"))).toEqual([at("a", "b", "c"), at("a", "b"), at("a")]);
    expect(await makeFolder(at("a", "b", "c"))).toEqual([]);
    expect(await makeFolder(at("a", "d"))).toEqual([at("a", "d")]);
    expect(readdirSync(at("a")).sort()).toEqual(["b", "d"]);
  });

  it("can be called by many at once", async () => {
    await Promise.all(Array.from({ length: 10 }, () => makeFolder(at("many", "deep"))));
    expect(readdirSync(at("many"))).toEqual(["deep"]);
  });

  it("says why it cannot", async () => {
    await expect(makeFolder(at("file", "x"))).rejects.toThrow(
      `${at("file", "x")}: a part of the path is a file`,
    );
    if (process.getuid?.() === 0) return;
    chmodSync(at("sub"), 0o500);
    await expect(makeFolder(at("sub", "x"))).rejects.toThrow("there is no permission (EACCES)");
  });
});
