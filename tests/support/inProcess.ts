// Runs the command line in this process, which takes no time to start, and keeps what it said.

import { vi } from "vitest";
import { commandLine } from "../../src/cli/commandLine.js";

/** What a command ended with. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `reparam …` to its end; `onText` hears everything that is said so far on standard error. */
export async function reparam(
  args: readonly string[],
  onText: (text: string) => void = () => {},
): Promise<Ended> {
  let [out, err] = ["", ""];
  const spies = [
    vi.spyOn(process.stdout, "write").mockImplementation((text) => ((out += String(text)), true)),
    vi.spyOn(process.stderr, "write").mockImplementation((text) => (onText((err += String(text))), true)),
  ];
  try {
    const code = await commandLine(args);
    return { code, out, err };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
