// Training survives SIGKILL: whenever it comes, the next process goes on and ends with the same bits.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readTree } from "../../src/index.js";
import { bundled } from "../support/bundler.js";
import { wholeOf } from "../support/training.js";

const child = bundled("tests/training/killedChild.ts");
const folder = mkdtempSync(join(tmpdir(), "reparam-kill-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the child, kills it some milliseconds after it has told so many steps, and returns the steps that it told. */
function train(
  path: string,
  kill?: { readonly afterSteps: number; readonly delay: number },
): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const process = spawn("node", [child, path], { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    const stepsTold = () => [...text.matchAll(/^step (\d+)\n/gm)].map(([, step]) => Number(step));
    let isKilled = false;
    process.stdout.on("data", (part: Buffer) => {
      text += part.toString();
      if (kill === undefined || isKilled || stepsTold().length < kill.afterSteps) return;
      isKilled = true;
      setTimeout(() => process.kill("SIGKILL"), kill.delay);
    });
    process.on("close", (code, signal) => {
      if (code === 0 || signal === "SIGKILL") resolve(stepsTold());
      else reject(new Error(`the child ended with ${code ?? signal}:\n${text}`));
    });
  });
}

const namesIn = (path: string) => (existsSync(path) ? readdirSync(path) : []);
const resultOf = (path: string) => readTree(new Uint8Array(readFileSync(join(path, "result"))));

describe("fit with checkpoints in a folder", () => {
  it("ends with the same bits, however often SIGKILL ended the process", async () => {
    const [whole, parts] = [join(folder, "whole"), join(folder, "parts")];
    const uninterrupted = train(join(folder, "whole"), undefined);
    const firstSteps: number[] = [];
    for (const kill of [
      { afterSteps: 1, delay: 0 },
      { afterSteps: 5, delay: 3 },
      { afterSteps: 8, delay: 7 },
      { afterSteps: 2, delay: 11 },
    ]) {
      const steps = await train(parts, kill);
      if (steps.length > 0) firstSteps.push(steps[0]!);
      // Two stay, and one more where the kill came before the oldest was removed.
      const names = namesIn(join(parts, "checkpoints")).filter((name) => name.startsWith("checkpoint-"));
      expect(names.length).toBeLessThanOrEqual(3);
    }
    await train(parts);
    expect(await uninterrupted).toHaveLength(40);
    // Each went on where a checkpoint was, not from the beginning.
    expect(firstSteps).toEqual([...firstSteps].sort((a, b) => a - b));
    expect(firstSteps.at(-1)).toBeGreaterThan(0);
    expect(wholeOf(resultOf(parts))).toEqual(wholeOf(resultOf(whole)));
    expect(readdirSync(join(parts, "checkpoints"))).toEqual([
      "checkpoint-00000038.safetensors",
      "checkpoint-00000040.safetensors",
    ]);
  });
});
