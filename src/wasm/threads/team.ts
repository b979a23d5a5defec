// The threads that share the grains of a job. The thread that the library runs on opens a job, takes grains like
// everybody else, closes the job when none is left, and goes on when nobody is inside. Who takes which grain makes no
// difference to any bit: see `run.ts`.

import { refuseUse } from "../../check/check.js";
import type { CompiledModule } from "../binary.js";
import { type Block, give, take } from "../heap.js";
import { currentRuntime } from "../runtime.js";
import { ENDED, phaseAfter, WORDS } from "./control.js";
import { coreCount, isInWorker, obstacle, startWorker, warn, type WorkerHandle } from "./platform.js";

/** Most threads that `"auto"` takes. */
const MOST_BY_ITSELF = 8;
/** Milliseconds that a job of several grains has taken when workers are started for the next one. */
const WORTH_STARTING = 0.1;
/** Milliseconds that a worker without work stays awake: longer than the pauses within a training step. */
const PATIENCE = 3;
/** How often the main thread looks whether the others have finished before it lets another program run. */
const POLLS = 1 << 14;
/** Milliseconds of one rest, and how many rests without an end mean that a worker has died inside. */
const REST = 100;
/** As many looks take about as long, for threads that may not sleep. */
const POLLS_OF_REST = 1e7;
const MOST_RESTS = 300;

interface Team {
  readonly module: CompiledModule;
  readonly words: Int32Array;
  readonly workers: WorkerHandle[];
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
let team: Team | "none" | undefined;
/** Why workers could not be started, or have ended. */
let failure: string | undefined;

/** The threads that each copy of the library in this process has started, for the others to know. */
const everyone = ((globalThis as { [key: symbol]: unknown })[Symbol.for("reparam.threads")] ??=
  new Map()) as Map<object, number>;
const self = {};

function othersHave(): number {
  let sum = 0;
  for (const [copy, count] of everyone) if (copy !== self) sum += count;
  return sum;
}

/** How many threads there shall be, and why not more. */
function plan(): { wanted: number; note?: string } {
  const asked = threads === "auto" ? Math.min(MOST_BY_ITSELF, coreCount()) : threads;
  if (asked === 1) return { wanted: 1 };
  const reason = failure ?? obstacle();
  if (reason !== undefined) return { wanted: 1, note: `one thread only, since ${reason}` };
  if (threads !== "auto") return { wanted: asked };
  const ask = "configure({ threads }) asks for more";
  if (isInWorker()) return { wanted: 1, note: `one thread only, since this is a worker itself; ${ask}` };
  const others = othersHave();
  if (others > 0) {
    const note = `one thread only, since another copy of reparam in this process has ${others}; ${ask}`;
    return { wanted: 1, note };
  }
  return { wanted: asked };
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
  everyone.delete(self);
  if (typeof present !== "object") return;
  Atomics.store(present.words, WORDS.phase, ENDED);
  Atomics.notify(present.words, WORDS.phase);
  for (const worker of present.workers) void worker.terminate();
  for (const block of present.scratch) give(block);
}

/** Ends the team for good, until other threads are wished for. */
function giveUp(reason: string): void {
  disband();
  failure = reason;
  team = "none";
}

/** Milliseconds of any clock. */
const now = (): number => (typeof performance === "undefined" ? Date.now() : performance.now());

function recruit(): void {
  const { wanted } = plan();
  const { memory, shared, module, job, entries, scratchBytes } = currentRuntime();
  team = "none";
  if (wanted === 1 || !shared) return;
  const control = new SharedArrayBuffer(4 * WORDS.length);
  const made: Team = { module, words: new Int32Array(control), workers: [], scratch: [] };
  team = made;
  everyone.set(self, wanted);
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
      const scratch = take(scratchBytes);
      made.scratch.push(scratch);
      const start = { ...common, scratch: scratch.start };
      made.workers.push(startWorker(start, workerUrl || undefined, onEnd));
    }
  } catch (error) {
    giveUp(`workers cannot be started (${error instanceof Error ? error.message : String(error)})`);
  }
}

/** Runs all grains of the job that lies in memory, in order and on this thread. */
export function runInOrder(kernel: number, count: number, grain: number): void {
  const { entries, job, scratch } = currentRuntime();
  const entry = entries[kernel];
  for (let first = 0; first < count; first += grain) {
    entry(job, first, Math.min(grain, count - first), scratch);
  }
}

/** Runs all grains of the job that lies in memory, on as many threads as are ready. */
export function runShared(kernel: number, count: number, grain: number): void {
  if (count <= grain || team === "none") return runInOrder(kernel, count, grain);
  if (team === undefined) return runAndRecruit(kernel, count, grain);
  // Workers that are not ready yet are not waited for, and know no binary but the one that they have begun with.
  const canHelp = team.module === currentRuntime().module && Atomics.load(team.words, WORDS.ready) > 0;
  if (canHelp) runInTeam(team, kernel, count, grain);
  else runInOrder(kernel, count, grain);
}

/** Runs a job alone, and starts workers if that has taken long enough. */
function runAndRecruit(kernel: number, count: number, grain: number): void {
  const begin = now();
  runInOrder(kernel, count, grain);
  if (now() - begin >= WORTH_STARTING) recruit();
}

function runInTeam({ words }: Team, kernel: number, count: number, grain: number): void {
  const { entries, job, scratch } = currentRuntime();
  const entry = entries[kernel];
  words[WORDS.kernel] = kernel;
  words[WORDS.count] = count;
  words[WORDS.grain] = grain;
  words[WORDS.next] = 0;
  const open = phaseAfter(words[WORDS.phase]);
  Atomics.store(words, WORDS.phase, open);
  if (Atomics.load(words, WORDS.parked) > 0) Atomics.notify(words, WORDS.phase);
  try {
    for (;;) {
      const first = Atomics.add(words, WORDS.next, 1) * grain;
      if (first >= count) break;
      entry(job, first, Math.min(grain, count - first), scratch);
    }
  } finally {
    Atomics.store(words, WORDS.phase, phaseAfter(open));
    waitUntilEmpty(words, kernel);
  }
  if (Atomics.load(words, WORDS.failed) === 1) {
    giveUp("a kernel failed on a worker");
    const name = nameOf(kernel);
    refuseUse(name, "the kernel must end, and it failed on a worker; from now on there is one thread");
  }
}

const nameOf = (kernel: number): string =>
  WebAssembly.Module.exports(currentRuntime().module as WebAssembly.Module)[kernel].name;

/** Waits until nobody is inside the job, which is closed. */
function waitUntilEmpty(words: Int32Array, kernel: number): void {
  for (let polls = 0; polls < POLLS; polls++) if (Atomics.load(words, WORDS.inside) === 0) return;
  for (let rests = 0; Atomics.load(words, WORDS.inside) !== 0; rests++) {
    if (rests === MOST_RESTS) {
      // It may still write to its scratch, which therefore is nobody's from now on.
      if (typeof team === "object") team.scratch = [];
      giveUp("a worker died");
      const seconds = (REST * MOST_RESTS) / 1000;
      refuseUse(nameOf(kernel), `the kernel must end, and its worker has not answered for ${seconds} s`);
    }
    rest(words);
  }
}

/** Sleeps until nobody is inside, a while at most; polls for that while where this thread may not sleep, as in pages. */
function rest(words: Int32Array): void {
  try {
    Atomics.store(words, WORDS.waiting, 1);
    const inside = Atomics.load(words, WORDS.inside);
    if (inside !== 0) Atomics.wait(words, WORDS.inside, inside, REST);
  } catch {
    for (let polls = 0; polls < POLLS_OF_REST; polls++) if (Atomics.load(words, WORDS.inside) === 0) return;
  } finally {
    Atomics.store(words, WORDS.waiting, 0);
  }
}
