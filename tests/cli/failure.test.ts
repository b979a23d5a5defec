// Errors in words: mistakes and the disk's troubles in one line with exit code 2, faults of reparam with stack and 70.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { UsageError } from "../../src/cli/command.js";
import { COMMANDS } from "../../src/cli/commandLine.js";
import { failureOf } from "../../src/cli/failure.js";
import { DivergenceError, key, lectures, ops, saveModel, tensor, zeros } from "../../src/index.js";
import { PROGRAM } from "../support/commandLine.js";
import { reparam } from "../support/inProcess.js";

const folder = mkdtempSync(join(tmpdir(), "reparam-failure-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...path: string[]) => join(folder, ...path);

const caught = (f: () => unknown): unknown => {
  try {
    f();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
};
const tell = (error: unknown) => failureOf(error, ["train", "x.csv"], ["train"]);
const system = (code: string, more: object = {}) =>
  Object.assign(new Error(`${code}: as Node says it`), { code, ...more });

describe("a mistake", () => {
  it.each<[string, unknown, string]>([
    ["of the command line", new UsageError("--epochs must be"), "--epochs must be"],
    ["refused by the library", caught(() => ops.add(zeros([2]), zeros([3]))), "add: "],
    ["refused with a TypeError", caught(() => tensor("x" as never)), "tensor: "],
    [
      "a training that diverged",
      Object.create(DivergenceError.prototype, { message: { value: "not finite" } }),
      "not finite",
    ],
    ["no room for an array", new RangeError("Array buffer allocation failed"), "out of memory: Array buffer"],
    ["of several lines", new UsageError("one\ntwo"), "one"],
  ])("is told in one line: %s", (_, error, words) => {
    const { text, code } = tell(error);
    expect(code).toBe(2);
    expect(text).toMatch(/^reparam train: [^\n]+$/);
    expect(text.startsWith(`reparam train: ${words}`), text).toBe(true);
  });

  it.each([
    ["ENOENT", "there is no such file or folder"],
    ["EACCES", "there is no permission"],
    ["EPERM", "it is not permitted"],
    ["EISDIR", "it is a folder"],
    ["ENOTDIR", "a part of the path is a file, not a folder"],
    ["EROFS", "the disk is read-only"],
    ["ENOSPC", "the disk is full"],
    ["EIO", "the disk failed"],
    ["EUNHEARDOF", "as Node says it"],
    ["ERR_FS_FILE_TOO_LARGE", "as Node says it"],
  ])("of the file system is told with the file's name: %s", (code, words) => {
    const told = { text: `reparam train: /data/x.npy: ${words} (${code})`, code: 2 };
    expect(tell(system(code, { path: "/data/x.npy" }))).toEqual(told);
    const moved = { path: "/data/.reparam-0.tmp", dest: "/data/x.npy" };
    expect(tell(system(code, moved))).toEqual(told);
  });

  it("of the file system names no temporary file, and no path longer than can be read", () => {
    expect(tell(system("EACCES", { path: "/data/.reparam-7.tmp" })).text).toBe(
      "reparam train: /data: there is no permission (EACCES)",
    );
    expect(tell(system("ENAMETOOLONG", { path: "x".repeat(5000) })).text.length).toBeLessThan(300);
    expect(tell(system("ENOSPC")).text).toBe("reparam train: a file: the disk is full (ENOSPC)");
  });

  it("of a path that is nearly one that is there names that one", () => {
    writeFileSync(at("wine.csv"), "1,2\n");
    expect(tell(system("ENOENT", { path: at("wnie.csv") })).text).toMatch(
      /\(did you mean .*\/wine\.csv\?\)$/,
    );
    expect(tell(system("ENOENT", { path: "face" })).text).toMatch(
      /face: there is .* \(did you mean faces\?\)$/,
    );
    expect(tell(system("ENOENT", { path: at("nothing", "like.it") })).text).not.toContain("mean");
  });
});

describe("a fault of reparam", () => {
  it.each<[string, unknown]>([
    ["a TypeError", caught(() => (undefined as unknown as { x: number }).x)],
    ["a RangeError of the engine", caught(() => new Float32Array(-1))],
    ["an overflow of the stack", caught(function deeper(): unknown { return [deeper()]; })], // prettier-ignore
    ["an error without more", new Error("unforeseen")],
    ["a wrong call of Node", caught(() => readFileSync({} as never))],
  ])("is never shown as the user's: %s", (_, error) => {
    const { text, code } = tell(error);
    expect(code).toBe(70);
    expect(text).toContain("\n    at ");
    expect(text).toContain("This is a fault of reparam itself, not of what you asked for. Please report it");
    expect(text).toContain("command: reparam train x.csv");
    expect(text).toMatch(/reparam \d+\.\d+\.\d+, Node v\d+\.\d+\.\d+, \w+ \w+$/);
  });

  it.each(["a string", undefined, null, 7, {}])("is also what is thrown and no error: %j", (thrown) => {
    expect(tell(thrown)).toMatchObject({
      code: 70,
      text: expect.stringContaining("This is a fault of reparam"),
    });
  });

  it.each(COMMANDS)("in $name ends with code 70", async (command) => {
    const spy = vi.spyOn(command, "run").mockRejectedValue(new TypeError("planted"));
    const args = command.takes.split(" ").filter((word) => /^[A-Z]/.test(word));
    const { code, out, err } = await reparam([command.name, ...args]);
    spy.mockRestore();
    expect([code, out]).toEqual([70, ""]);
    expect(err).toMatch(new RegExp(`^reparam ${command.name}: TypeError: planted\\n    at `));
  });
});

describe("a report that fails after training", () => {
  it("says that the model is saved", async () => {
    const tiny = ["train", "shapes", "--count", "20", "--size", "8", "--epochs", "1", "--out", at("run")];
    const { code, err } = await reparam(tiny, (said) => {
      // In the report's place lies something that no file can replace.
      if (said.includes("trained in")) mkdirSync(at("run", "report.html", "full"), { recursive: true });
    });
    expect(code).toBe(2);
    const [saved, reason] = err.trimEnd().split("\n").slice(-2);
    expect(saved).toBe(
      `the model is saved in ${at("run")}, but not its report; reparam report ${at("run")} tries that again`,
    );
    expect(reason).toMatch(/^reparam train: .*report\.html/);
    expect(statSync(at("run", "model.safetensors")).size).toBeGreaterThan(1000);
    rmSync(at("run", "report.html"), { recursive: true });
    expect((await reparam(["report", at("run")])).code).toBe(0);
    expect(existsSync(at("run", "report.html"))).toBe(true);
  });
});

describe.skipIf(process.platform === "win32")("the program", () => {
  const shell = (command: string, preload = "") => {
    const reparam = `node ${preload === "" ? "" : `--import ${preload}`} ${PROGRAM}`;
    const { status, stdout, stderr } = spawnSync("bash", ["-c", command.replace("reparam", reparam)], {
      cwd: folder,
    });
    return { code: status, out: String(stdout), err: String(stderr) };
  };
  const model = lectures.linear({ features: 3 });
  writeFileSync(at("m.safetensors"), saveModel(model, model.init(key(1))));

  it("ends quietly where its reader leaves", () => {
    expect(shell("reparam info m.safetensors | head -c 1; exit ${PIPESTATUS[0]}")).toEqual({
      code: 0,
      out: "a",
      err: "",
    });
    expect(shell("set -o pipefail; reparam info m.safetensors | true")).toEqual({
      code: 0,
      out: "",
      err: "",
    });
    expect(shell("set -o pipefail; reparam nothing 2>&1 >/dev/null | true").code).toBe(2);
  });

  it.skipIf(!existsSync("/dev/full"))("says that its output cannot be written", () => {
    expect(shell("reparam info m.safetensors > /dev/full")).toEqual({
      code: 2,
      out: "",
      err: "reparam info: the output: the disk is full (ENOSPC)\n",
    });
    expect(shell("reparam nothing 2> /dev/full").code).toBe(2);
  });

  it.each(["Promise.reject(new TypeError('planted'))", "(() => { throw new TypeError('planted') })()"])(
    "ends with code 70 where nobody awaits the fault: %s",
    (fault) => {
      writeFileSync(
        at("fault.mjs"),
        `const timer = setInterval(() => {
          if (process.listenerCount("uncaughtException") === 0) return;
          clearInterval(timer);
          ${fault};
        }, 1);`,
      );
      const { code, err } = shell("reparam info m.safetensors", at("fault.mjs"));
      expect(code).toBe(70);
      expect(err).toMatch(/^reparam info: TypeError: planted\n {4}at [^]*This is a fault of reparam itself/);
    },
  );
});
