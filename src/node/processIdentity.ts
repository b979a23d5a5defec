// Which process wrote a file, told so that another process can find out whether that one still runs.

import { createHash, randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** A process, told apart from others of the same number. */
export interface ProcessIdentity {
  /** Where the number counts: one host, one start of it, one container; 8 hexadecimal digits. */
  readonly place: string;
  readonly pid: number;
  /** When it started, in the system's own measure; empty where that cannot be known. */
  readonly started: string;
}

/** What `read` gives, or nothing where the platform has no such thing or does not allow to ask. */
function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}

/** The host's name; empty where a process may not know it, as in Deno without a permission. */
export const hostHere = (): string => orEmpty(hostname);

let place: string | undefined;

/** A name of the host, its start and the container; one of this process alone where none of them can be known. */
function placeHere(): string {
  const parts = () => [
    hostHere(),
    orEmpty(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")),
    orEmpty(() => readlinkSync("/proc/self/ns/pid")),
  ];
  place ??= createHash("sha256")
    .update(parts().join("\n").trim() || randomUUID())
    .digest("hex")
    .slice(0, 8);
  return place;
}

/** The state and the start of a process, from its line in /proc; its name, in brackets, may hold anything. */
function statOf(pid: number): { readonly state: string; readonly started: string } {
  const line = orEmpty(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  return line === "" ? { state: "", started: "" } : { state: fields[0], started: fields[19] };
}

/** The process that asks. */
export function thisProcess(): ProcessIdentity {
  const { pid } = process;
  return { place: placeHere(), pid, started: statOf(pid).started };
}

/**
 * Whether a process runs; `"unknown"` for those of another host, container or start of the host, and where a process
 * may not ask.
 */
export function stateOf({ place, pid, started }: ProcessIdentity): "running" | "ended" | "unknown" {
  if (place !== placeHere()) return "unknown";
  try {
    process.kill(pid, 0);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === "ESRCH") return "ended";
    // A process of another user may not be asked, but is there.
    if (code !== "EPERM") return pid === process.pid ? "running" : "unknown";
  }
  const found = statOf(pid);
  // One that was killed keeps its number until its parent has heard of it; a number is given again after a while.
  const isOver = found.state === "Z" || found.state === "X";
  const isAnother = started !== "" && found.started !== "" && found.started !== started;
  return isOver || isAnother ? "ended" : "running";
}
