// The team: the workers that share the grains of jobs with the thread that the library runs on; how many there shall
// be, when they start and when they end. How a job is shared is the matter of share.ts.

import type { CompiledModule } from "../binary.js";
import { type Block, giveBack, setAside } from "../heap.js";
import { currentRuntime } from "../runtime.js";
import { Backoff } from "./backoff.js";
import { ENDED, WORDS } from "./control.js";
import { coreCount, isInWorker, obstacle, startWorker, warn, type WorkerHandle } from "./platform.js";

/** Most threads that `"auto"` takes. */
const MOST_BY_ITSELF = 8;
/** Milliseconds that a worker without work stays awake: longer than the pauses within a training step. */
const PATIENCE = 3;

/** The workers, and what this thread knows of them. */
export interface Team {
  readonly module: CompiledModule;
  readonly words: Int32Array;
  readonly workers: WorkerHandle[];
  readonly backoff: Backoff;
  /** The workers' scratch. */
  scratch: Block[];
}

/** What is known of the threads, see {@link threadsInfo}. */
export interface ThreadsInfo {
  /** Threads that share the work now: this one, and the workers that are ready. */
  readonly ready: number;
  /** As many as there shall be. Workers start at the first work that is worth it. */
  readonly wanted: number;
  /** Why there are not as many as the machine has cores, or as many as were asked for; absent where there are. */
  readonly note?: string;
}

let threads: number | "auto" = "auto";
/** The file of the worker's program, where it shall not be made from its inlined text. */
let workerUrl: string | undefined;
/** The team; `"none"` where there shall be none, undefined before the first work that is worth one. */
export let team: Team | "none" | undefined;
/** Why workers could not be started, or have ended. */
let failure: string | undefined;

const self = {};
const REGISTRY = Symbol.for("reparam.threads");

/** The threads that each copy of the library in this process has started, for the others to know. */
const everyone = (): Map<object, number> =>
  ((globalThis as { [REGISTRY]?: Map<object, number> })[REGISTRY] ??= new Map());

function othersHave(): number {
  let sum = 0;
  for (const [copy, count] of everyone()) if (copy !== self) sum += count;
  return sum;
}

/** How many threads there shall be, and why not more. */
function plan(): { wanted: number; note?: string } {
  if (threads === 1) return { wanted: 1 };
  const reason = failure ?? obstacle();
  if (reason !== undefined) return { wanted: 1, note: `one thread only, since ${reason}` };
  if (threads !== "auto") return { wanted: threads };
  const ask = "configure({ threads }) asks for more";
  if (isInWorker()) return { wanted: 1, note: `one thread only, since this is a worker itself; ${ask}` };
  const others = othersHave();
  if (others > 0) {
    const note = `one thread only, since another copy of reparam in this process has ${others}; ${ask}`;
    return { wanted: 1, note };
  }
  return { wanted: Math.min(MOST_BY_ITSELF, coreCount()) };
}

/** What is known of the threads now. */
export function threadsInfo(): ThreadsInfo {
  const ready = typeof team === "object" ? 1 + Atomics.load(team.words, WORDS.ready) : 1;
  return { ready, ...plan() };
}

/** Ends the team, if there is one; the next one is as wished for, or as before where nothing is. */
export function wishThreads(nextThreads = threads, nextUrl = workerUrl): void {
  disband();
  [threads, workerUrl] = [nextThreads, nextUrl];
  failure = undefined;
  const { note } = plan();
  if (nextThreads !== "auto" && note !== undefined) warnOnce(`configure: ${note}`);
}

let hasWarned = false;

/** Whoever asks for threads and gets none should not have to look for the reason. */
function warnOnce(text: string): void {
  if (!hasWarned) warn(text);
  hasWarned = true;
}

/** Ends the team: nobody is inside a job, so nothing is lost. A new one starts with the next work that is worth it. */
export function disband(): void {
  const present = team;
  team = undefined;
  everyone().delete(self);
  if (typeof present !== "object") return;
  Atomics.store(present.words, WORDS.phase, ENDED);
  Atomics.notify(present.words, WORDS.phase);
  for (const worker of present.workers) void worker.terminate();
  for (const block of present.scratch) giveBack(block);
}

/** Ends the team for good, until other threads are wished for. */
export function giveUp(reason: string): void {
  disband();
  failure = reason;
  team = "none";
}

/** Starts workers, if there shall be any. */
export function recruit(): void {
  const { wanted } = plan();
  const { memory, shared, module, job, entries, scratchBytes } = currentRuntime();
  team = "none";
  if (!shared) failure = "the memory in use is not shared";
  if (wanted === 1 || !shared) return;
  const control = new SharedArrayBuffer(4 * WORDS.length);
  const made: Team = {
    module,
    words: new Int32Array(control),
    workers: [],
    backoff: new Backoff(),
    scratch: [],
  };
  team = made;
  everyone().set(self, wanted);
  try {
    const onEnd = (reason: string): void => {
      if (team === made) giveUp(`a worker failed (${reason})`);
    };
    const common = {
      module,
      memory,
      control,
      words: WORDS,
      kernels: entries.length,
      job,
      // Threads that must share cores do best to leave them at once.
      patience: wanted > coreCount() ? 0 : PATIENCE,
    };
    for (let i = 1; i < wanted; i++) {
      const scratch = setAside(scratchBytes);
      made.scratch.push(scratch);
      const start = { ...common, scratch: scratch.start };
      made.workers.push(startWorker(start, workerUrl || undefined, onEnd));
    }
  } catch (error) {
    giveUp(`workers cannot be started (${error instanceof Error ? error.message : String(error)})`);
  }
}
