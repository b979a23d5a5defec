// A run on the command line survives SIGKILL: whenever it comes, what is left goes on and ends with the same bits.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { reparam, start } from "../support/commandLine.js";
import type { Ended } from "../support/inProcess.js";

const folder = mkdtempSync(join(tmpdir(), "reparam-cli-kill-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...path: string[]) => join(folder, ...path);

const ASKED = [
  "train",
  "shapes",
  "--count",
  "60",
  "--size",
  "8",
  "--latent",
  "2",
  "--batch",
  "2",
  "--epochs",
  "6",
];

/** Runs a command and kills it some milliseconds after it has said something. */
async function killed(args: readonly string[], says: string, delay: number): Promise<Ended> {
  let isKilled = false;
  return start(folder, args, (said, child) => {
    if (isKilled || !said.includes(says)) return;
    isKilled = true;
    setTimeout(() => child.kill("SIGKILL"), delay);
  }).ended;
}

describe("reparam train", () => {
  it("goes on after every SIGKILL, says from where, and ends with the same model", async () => {
    const whole = reparam(folder, ...ASKED, "--out", "run");
    // The settings tell the folder, and the model holds them: both runs have the same name.
    const wholeModel = whole.then(() => readFileSync(at("run", "model.safetensors")));
    expect((await whole).code).toBe(0);
    rmSync(at("run"), { recursive: true });

    const first = await killed([...ASKED, "--out", "run"], "held out", 0);
    expect(first.code).toBeNull();
    // Nothing was worth keeping yet: the same command begins, without being told to overwrite.
    expect(existsSync(at("run", "settings.json"))).toBe(false);
    await killed([...ASKED, "--out", "run"], "epoch 2/6", 10);
    const resume = ["train", "--resume", "run"];
    for (const [says, delay] of [
      ["going on from step 50", 0],
      ["epoch 3/6", 5],
      ["epoch 5/6", 15],
      ["trained in", 20],
    ] as const) {
      const { err, code } = await killed(resume, says, delay);
      expect([code, err]).toEqual([null, expect.stringMatching(/^going on from step (50|100|150|162)\n/)]);
    }
    const { code, err } = await reparam(folder, ...resume);
    expect([code, err]).toEqual([0, expect.stringMatching(/^going on from step 162\n/)]);
    expect(readFileSync(at("run", "model.safetensors")).equals(await wholeModel)).toBe(true);
    const left = readdirSync(at("run"), { recursive: true, encoding: "utf8" });
    expect(left.filter((name) => name.includes(".reparam"))).toEqual([]);
    expect((await reparam(folder, ...resume)).err).toMatch(/run is finished, all its 6 epochs are done/);
  });
});
