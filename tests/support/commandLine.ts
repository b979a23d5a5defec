// Runs the command line in a process of its own, as a person would, and keeps what it said.

import { type ChildProcess, spawn } from "node:child_process";
import { bundled } from "./bundler.js";
import type { Ended } from "./inProcess.js";

/** The program, as one file. */
export const PROGRAM = bundled("src/cli/main.ts");

/** A command that runs; `ended` resolves when it is over. */
export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Starts `reparam …` in a folder; `onText` hears everything that is said so far on standard error. */
export function start(
  folder: string,
  args: readonly string[],
  onText: (text: string, child: ChildProcess) => void = () => {},
): Running {
  const child = spawn("node", [PROGRAM, ...args], { cwd: folder });
  let [out, err] = ["", ""];
  child.stdout.on("data", (part: Buffer) => (out += part.toString()));
  child.stderr.on("data", (part: Buffer) => onText((err += part.toString()), child));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out, err }));
  });
  return { process: child, ended };
}

/** Runs `reparam …` in a folder to its end. */
export const reparam = (folder: string, ...args: string[]): Promise<Ended> => start(folder, args).ended;
